//! The two records compared: sessions from the API, and attempts to connect from the connection logs.

mod difference_kind;

use std::collections::HashMap;

use jiff::Timestamp;

use super::log_events::{LogEvents, LoggedConnection};
use super::population::{counted, grouped};
use super::verdict::{EvidenceState, Verdict};
use crate::report::sessions::{Session, Visibility};

pub(super) use difference_kind::DifferenceKind;

/// Most sessions without an event that are listed. The rest is counted.
const MOST_LISTED: usize = 100_000;

/// The comparison in the making.
#[derive(Debug, Default)]
pub(super) struct Reconciliation {
    /// Sessions of the period that began in it.
    pub began: u64,
    /// Those with an event.
    pub with_event: u64,
    /// Those without one although the log was on and its windows are in the lake.
    pub without_event: u64,
    /// Those of which that is not known.
    pub not_comparable: u64,
    /// Differences, with the time of the beginning.
    pub differences: Vec<RecordDifference>,
    /// Every session that was read; with its beginning, if it is one of those with an event.
    ids: HashMap<LoggedConnection, Option<Timestamp>>,
    /// `true` if every object with rows of connections could be read.
    is_all_read: bool,
}

/// A connection that only one record has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RecordDifference {
    pub kind: DifferenceKind,
    pub endpoint_id: String,
    pub connection_id: String,
    pub began: Timestamp,
}

/// The facts about the record that decide what a difference shows, by endpoint and time.
pub(super) struct RecordFacts<'a> {
    /// Returns the chance that captures had to show a connection that began then.
    pub visibility: &'a dyn Fn(&str, Timestamp) -> Visibility,
    /// Returns `true` if the connection logs of that time are in the lake.
    pub is_logged: &'a dyn Fn(&str, Timestamp) -> bool,
    /// `true` if every object with rows of connections could be read.
    pub is_all_read: bool,
}

impl Reconciliation {
    /// Adds a session, which is compared if it began from `from` until before `to`.
    pub(super) fn add(&mut self, session: &Session, from: Timestamp, to: Timestamp) {
        let (endpoint_id, connection_id) = (session.endpoint_id.clone(), session.connection_id.clone());
        let began = session.connection_established_time;
        if (from..to).contains(&began) {
            self.began += 1;
            match session.logged {
                Some(true) => self.with_event += 1,
                None => self.not_comparable += 1,
                Some(false) => {
                    self.without_event += 1;
                    if self.differences.len() < MOST_LISTED {
                        let kind = DifferenceKind::WithoutEvent;
                        let (endpoint_id, connection_id) = (endpoint_id.clone(), connection_id.clone());
                        self.differences.push(RecordDifference { kind, endpoint_id, connection_id, began });
                    }
                }
            }
        }
        let is_compared = (from..to).contains(&began) && session.logged == Some(true);
        self.ids.insert(LoggedConnection { endpoint_id, connection_id }, is_compared.then_some(began));
    }

    /// Compares the logged connections with the sessions.
    pub(super) fn finish(&mut self, events: &LogEvents, facts: &RecordFacts<'_>) {
        let listed = self.differences.len();
        self.differences.retain(|of| (facts.is_logged)(&of.endpoint_id, of.began));
        let not_logged = (listed - self.differences.len()) as u64;
        self.without_event -= not_logged;
        self.not_comparable += not_logged;
        self.is_all_read = facts.is_all_read;
        let refused = events.refused.iter().filter_map(|of| Some((of, (*self.ids.get(of)?)?)));
        self.differences.extend(refused.map(|(of, began)| {
            let LoggedConnection { endpoint_id, connection_id } = of.clone();
            RecordDifference { kind: DifferenceKind::Refused, endpoint_id, connection_id, began }
        }));
        self.with_event -= self.count(DifferenceKind::Refused);
        let logged = events.began.iter().chain(&events.ended);
        let only_logged = logged.filter(|(connection, _)| !self.ids.contains_key(connection));
        self.differences.extend(only_logged.map(|(connection, began)| {
            let LoggedConnection { endpoint_id, connection_id } = connection.clone();
            // AWS lists a connection until an hour after its end, so the time of either decides.
            let kind = match (facts.visibility)(&endpoint_id, *began) {
                Visibility::Watched if facts.is_all_read => DifferenceKind::Missed,
                Visibility::Watched => DifferenceKind::Unread,
                Visibility::NotYet => DifferenceKind::NotYet,
                Visibility::InHole => DifferenceKind::InHole,
                Visibility::NotOnRecord => DifferenceKind::NotOnRecord,
            };
            RecordDifference { kind, endpoint_id, connection_id, began: *began }
        }));
        self.ids.clear();
        self.differences.sort_by(|one, other| {
            (one.kind, one.began, &one.connection_id).cmp(&(other.kind, other.began, &other.connection_id))
        });
    }

    /// Returns the number of differences of a kind.
    pub(super) fn count(&self, kind: DifferenceKind) -> u64 {
        match kind {
            DifferenceKind::WithoutEvent => self.without_event,
            _ => self.differences.iter().filter(|difference| difference.kind == kind).count() as u64,
        }
    }

    /// Returns the number of logged connections that are shown to be in no capture.
    pub(super) fn missed(&self) -> u64 {
        self.differences.iter().filter(|difference| difference.kind.is_missed()).count() as u64
    }

    /// Returns the verdict on the claim that the two records agree. `missing_windows` is the reason why not every window of the connection
    /// logs is in the lake; `None` if every one is.
    pub(super) fn verdict(&self, events: &LogEvents, missing_windows: Option<String>) -> Verdict {
        let logged = (events.began.len() + events.ended.len()) as u64;
        let compared = format!(
            "Of {} that began in the period, {} an event in the logs; of {} that began or ended in it, {} a session",
            counted(self.began, "session"),
            has(self.with_event),
            counted(logged, "logged connection"),
            has(logged.saturating_sub(self.only_logged()))
        );
        if self.without_event + self.count(DifferenceKind::Refused) + self.missed() > 0 {
            let kinds = DifferenceKind::ALL.into_iter().filter(|kind| self.count(*kind) > 0);
            let kinds = kinds.map(|kind| format!("{}: {}", kind.name(), grouped(self.count(kind))));
            let sentence = format!("{compared}. Differences: {}.", kinds.collect::<Vec<_>>().join("; "));
            return Verdict::new(EvidenceState::Contradicted, sentence);
        }
        if events.objects == 0 && events.unreadable.is_empty() {
            let sentence = "The lake has no connection logs of this period to compare with.";
            return Verdict::new(EvidenceState::NotShown, sentence);
        }
        let reasons = [
            (self.not_comparable, "session", "cannot be compared"),
            (self.count(DifferenceKind::NotYet), "logged connection", "may be in the next capture"),
            (
                self.count(DifferenceKind::Unread),
                "logged connection",
                "may be in a capture that could not be read",
            ),
            (events.unreadable.len() as u64, "object", "of the logs could not be read"),
            (
                events.left_out,
                "event",
                "of the logs without an id, a time, an endpoint or a connection, or with another result or time",
            ),
            (events.beyond_limit, "event", "beyond the limit of a report"),
        ];
        let reasons = reasons.iter().filter(|(count, ..)| *count > 0);
        let mut reasons: Vec<String> =
            reasons.map(|(count, noun, rest)| format!("{} {rest}", counted(*count, noun))).collect();
        if !self.is_all_read {
            reasons.push("captures could not be read, so sessions may be missing".to_owned());
        }
        reasons.extend(missing_windows);
        if !reasons.is_empty() {
            let sentence = format!("{compared}; but {}.", reasons.join(", "));
            return Verdict::new(EvidenceState::InsufficientEvidence, sentence);
        }
        if self.began + logged == 0 {
            let sentence = "No connection began in the period by either record, so nothing was compared.";
            return Verdict::new(EvidenceState::NotShown, sentence);
        }
        Verdict::new(EvidenceState::Shown, format!("{compared}."))
    }

    /// Returns the number of logged connections without a session.
    fn only_logged(&self) -> u64 {
        self.differences.iter().filter(|difference| !difference.kind.is_of_session()).count() as u64
    }
}

/// Returns a number, and the verb that it takes.
fn has(number: u64) -> String {
    format!("{} {}", grouped(number), if number == 1 { "has" } else { "have" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: &str = "2026-11-01T00:00:00Z";
    const TO: &str = "2026-11-02T00:00:00Z";
    const HOLE: &str = "2026-11-01T05:00:00Z";
    const NOT_IN_LAKE: &str = "2026-11-01T06:00:00Z";

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn session(id: &str, logged: Option<bool>, began: &str) -> Session {
        Session {
            endpoint_id: "one".to_owned(),
            connection_id: id.to_owned(),
            connection_established_time: time(began),
            logged,
            ..Session::default()
        }
    }

    fn events(began: &[(&str, &str, &str)]) -> LogEvents {
        let connection = |endpoint: &str, id: &str| LoggedConnection {
            endpoint_id: endpoint.to_owned(),
            connection_id: id.to_owned(),
        };
        let began =
            began.iter().map(|(endpoint, id, began)| (connection(endpoint, id), time(began))).collect();
        LogEvents { objects: 1, began, ..LogEvents::default() }
    }

    fn compared(sessions: &[Session], events: &LogEvents, facts: &RecordFacts<'_>) -> Reconciliation {
        let mut both = Reconciliation::default();
        sessions.iter().for_each(|session| both.add(session, time(FROM), time(TO)));
        both.finish(events, facts);
        both
    }

    fn visibility(endpoint: &str, began: Timestamp) -> Visibility {
        match endpoint {
            "one" if began == time(HOLE) => Visibility::InHole,
            "one" => Visibility::Watched,
            "open" => Visibility::NotYet,
            _ => Visibility::NotOnRecord,
        }
    }

    const FACTS: RecordFacts<'static> = RecordFacts {
        visibility: &visibility,
        is_logged: &|_, began| began != time(NOT_IN_LAKE),
        is_all_read: true,
    };

    #[test]
    fn the_records_agree_only_if_all_was_compared() {
        use EvidenceState::{Contradicted, InsufficientEvidence, NotShown, Shown};
        let both =
            [session("both", Some(true), FROM), session("earlier", Some(false), "2026-10-31T23:59:59Z")];
        let logged = || events(&[("one", "both", FROM)]);
        let with = |id, logged, began: &str| [&both[..], &[session(id, logged, began)]].concat();
        let connection =
            |id: &str| LoggedConnection { endpoint_id: "one".to_owned(), connection_id: id.to_owned() };
        let ended = |id| [(connection(id), time(FROM))].into_iter().collect();
        let refused = |id| [connection(id)].into_iter().collect();
        let more = |endpoint, id, began| events(&[("one", "both", FROM), (endpoint, id, began)]);
        for (name, sessions, events, facts, state) in [
            ("both", both.to_vec(), logged(), FACTS, Shown),
            ("no object", both.to_vec(), LogEvents::default(), FACTS, NotShown),
            ("nothing", vec![], events(&[]), FACTS, NotShown),
            ("not known", with("x", None, FROM), logged(), FACTS, InsufficientEvidence),
            ("API only", with("x", Some(false), FROM), logged(), FACTS, Contradicted),
            (
                "API only, log removed",
                with("x", Some(false), NOT_IN_LAKE),
                logged(),
                FACTS,
                InsufficientEvidence,
            ),
            ("log only", both.to_vec(), more("one", "x", FROM), FACTS, Contradicted),
            (
                "log only, a capture not read",
                both.to_vec(),
                more("one", "x", FROM),
                RecordFacts { is_all_read: false, ..FACTS },
                InsufficientEvidence,
            ),
            ("log only, in a hole", both.to_vec(), more("one", "x", HOLE), FACTS, Contradicted),
            (
                "log only, endpoint not on record",
                both.to_vec(),
                more("other", "x", FROM),
                FACTS,
                Contradicted,
            ),
            (
                "log only, since the last capture",
                both.to_vec(),
                more("open", "x", FROM),
                FACTS,
                InsufficientEvidence,
            ),
            ("session after the period", with("x", None, TO), more("one", "x", FROM), FACTS, Shown),
            (
                "ended in the log only",
                both.to_vec(),
                LogEvents { ended: ended("x"), ..logged() },
                FACTS,
                Contradicted,
            ),
            (
                "failed, by the log",
                with("x", Some(true), FROM),
                LogEvents { refused: refused("x"), ..logged() },
                FACTS,
                Contradicted,
            ),
            (
                "failed, and no session",
                both.to_vec(),
                LogEvents { refused: refused("x"), ..logged() },
                FACTS,
                Shown,
            ),
            (
                "nothing missing, a capture not read",
                both.to_vec(),
                logged(),
                RecordFacts { is_all_read: false, ..FACTS },
                InsufficientEvidence,
            ),
            (
                "event left out",
                both.to_vec(),
                LogEvents { left_out: 1, ..logged() },
                FACTS,
                InsufficientEvidence,
            ),
            (
                "event beyond the limit",
                both.to_vec(),
                LogEvents { beyond_limit: 1, ..logged() },
                FACTS,
                InsufficientEvidence,
            ),
        ] {
            assert_eq!(compared(&sessions, &events, &facts).verdict(&events, None).state, state, "{name}");
        }
        let agreeing = compared(&both, &logged(), &FACTS);
        assert_eq!(
            agreeing.verdict(&logged(), Some("a window is missing".to_owned())).state,
            InsufficientEvidence
        );
    }

    #[test]
    fn each_difference_has_its_kind() {
        let sessions = [
            session("both", Some(true), FROM),
            session("api only", Some(false), "2026-11-01T00:00:01Z"),
            session("log removed", Some(false), NOT_IN_LAKE),
            session("not known", None, "2026-11-01T00:00:02Z"),
        ];
        let events = events(&[
            ("one", "both", FROM),
            ("one", "log only", FROM),
            ("one", "in a hole", HOLE),
            ("two", "nowhere", FROM),
            ("open", "late", FROM),
        ]);
        let both = compared(&sessions, &events, &FACTS);
        let found: Vec<(&str, &str)> =
            both.differences.iter().map(|of| (of.kind.name(), of.connection_id.as_str())).collect();
        let expected = [
            ("no log event", "api only"),
            ("no session", "log only"),
            ("no session, in a hole", "in a hole"),
            ("no session, not on record then", "nowhere"),
            ("no session yet", "late"),
        ];
        assert_eq!(found, expected);
        assert_eq!((both.began, both.with_event, both.without_event, both.not_comparable), (4, 1, 1, 2));
        assert_eq!(both.missed(), 3);
    }
}
