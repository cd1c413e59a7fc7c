//! The two records compared: sessions from the API, and attempts to connect from the connection logs.

use std::collections::HashSet;

use jiff::Timestamp;

use super::log_events::{LogEvents, LoggedConnection};
use super::population::{counted, grouped};
use super::verdict::{EvidenceState, Verdict};
use crate::report::sessions::Session;

/// Most sessions without an event that are listed. The rest is counted.
const MOST_LISTED: usize = 100_000;

/// A session without an event, although the log was on and its windows were read.
pub(super) const NO_LOG_EVENT: &str = "no log event";

/// A logged connection that captures should have shown, and did not.
pub(super) const NO_SESSION: &str = "no session";

/// A logged connection that began in a hole, or before or after the record, and that no capture shows.
pub(super) const NO_SESSION_IN_HOLE: &str = "no session, in a hole or beside the record";

/// The comparison in the making.
#[derive(Debug, Default)]
pub(super) struct Reconciliation {
    /// Sessions of the period that began in it.
    pub began: u64,
    /// Those with an event.
    pub with_event: u64,
    /// Those without one although the log was on and its windows were read.
    pub without_event: u64,
    /// Those of which that is not known.
    pub not_comparable: u64,
    /// Differences, with the time of the beginning.
    pub differences: Vec<RecordDifference>,
    ids: HashSet<LoggedConnection>,
}

/// A connection that only one record has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RecordDifference {
    /// [`NO_LOG_EVENT`], [`NO_SESSION`] or [`NO_SESSION_IN_HOLE`].
    pub kind: &'static str,
    pub endpoint_id: String,
    pub connection_id: String,
    pub began: Timestamp,
}

impl Reconciliation {
    /// Adds a session of the period, which is compared if it began from `from` until before `to`.
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
                        let (endpoint_id, connection_id) = (endpoint_id.clone(), connection_id.clone());
                        self.differences.push(RecordDifference {
                            kind: NO_LOG_EVENT,
                            endpoint_id,
                            connection_id,
                            began,
                        });
                    }
                }
            }
        }
        self.ids.insert(LoggedConnection { endpoint_id, connection_id });
    }

    /// Compares the logged connections with the sessions. `is_watched` returns `true` if a connection of an endpoint that began at a
    /// time cannot have been missed.
    pub(super) fn finish(&mut self, events: &LogEvents, is_watched: impl Fn(&str, Timestamp) -> bool) {
        for (connection, began) in
            events.began.iter().filter(|(connection, _)| !self.ids.contains(connection))
        {
            let LoggedConnection { endpoint_id, connection_id } = connection.clone();
            let kind = if is_watched(&endpoint_id, *began) { NO_SESSION } else { NO_SESSION_IN_HOLE };
            self.differences.push(RecordDifference { kind, endpoint_id, connection_id, began: *began });
        }
        self.ids.clear();
        self.differences.sort_by(|one, other| {
            (one.kind, one.began, &one.connection_id).cmp(&(other.kind, other.began, &other.connection_id))
        });
    }

    /// Returns the number of differences of a kind.
    pub(super) fn count(&self, kind: &str) -> u64 {
        self.differences.iter().filter(|difference| difference.kind == kind).count() as u64
    }

    /// Returns the verdict on the claim that the two records agree.
    pub(super) fn verdict(&self, events: &LogEvents) -> Verdict {
        if events.objects == 0 {
            let sentence = "The lake has no connection logs of this period to compare with.";
            return Verdict::new(EvidenceState::NotShown, sentence);
        }
        let logged = events.began.len() as u64;
        if !self.differences.is_empty() {
            let sentence = format!(
                "Without an event in the logs: {}. Of {}, without a session although captures should have shown them: {}; begun in a hole, or before or \
                 after the record, and in no capture: {}.",
                counted(self.without_event, "session"),
                counted(logged, "logged connection"),
                grouped(self.count(NO_SESSION)),
                grouped(self.count(NO_SESSION_IN_HOLE))
            );
            return Verdict::new(EvidenceState::Contradicted, sentence);
        }
        let agree = format!(
            "{} have an event in the logs, and {} a session",
            counted(self.with_event, "session"),
            counted(logged, "logged connection")
        );
        if self.not_comparable > 0 || !events.unreadable.is_empty() || events.beyond_limit > 0 {
            let sentence =
                format!("{agree}; {} cannot be compared.", counted(self.not_comparable, "session"));
            return Verdict::new(EvidenceState::InsufficientEvidence, sentence);
        }
        Verdict::new(EvidenceState::Shown, format!("{agree}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_only_one_record_has_contradicts_it() {
        let (from, to) = ("2026-11-01T00:00:00Z".parse().unwrap(), "2026-11-02T00:00:00Z".parse().unwrap());
        let session = |id: &str, logged, began: &str| Session {
            endpoint_id: "one".to_owned(),
            connection_id: id.to_owned(),
            connection_established_time: began.parse().unwrap(),
            logged,
            ..Session::default()
        };
        let connection =
            |id: &str| LoggedConnection { endpoint_id: "one".to_owned(), connection_id: id.to_owned() };
        let mut events = LogEvents { objects: 1, ..LogEvents::default() };
        events.began.insert(connection("both"), from);
        let mut both = Reconciliation::default();
        both.add(&session("both", Some(true), "2026-11-01T00:00:00Z"), from, to);
        both.add(&session("earlier", Some(false), "2026-10-31T23:59:59Z"), from, to);
        both.finish(&events, |_, _| true);
        assert_eq!(both.verdict(&events).state, EvidenceState::Shown);
        assert_eq!(both.verdict(&LogEvents::default()).state, EvidenceState::NotShown);

        events.began.insert(connection("log only"), from);
        let mut differing = Reconciliation::default();
        differing.add(&session("both", Some(true), "2026-11-01T00:00:00Z"), from, to);
        differing.add(&session("api only", Some(false), "2026-11-01T00:00:01Z"), from, to);
        differing.add(&session("not known", None, "2026-11-01T00:00:02Z"), from, to);
        let hole = "2026-11-01T05:00:00Z".parse().unwrap();
        events.began.insert(connection("missed in a hole"), hole);
        differing.finish(&events, |_, began| began != hole);
        let found: Vec<(&str, &str)> =
            differing.differences.iter().map(|of| (of.kind, of.connection_id.as_str())).collect();
        assert_eq!(
            found,
            [(NO_LOG_EVENT, "api only"), (NO_SESSION, "log only"), (NO_SESSION_IN_HOLE, "missed in a hole")]
        );
        assert_eq!(differing.verdict(&events).state, EvidenceState::Contradicted);
        assert_eq!((differing.began, differing.with_event, differing.not_comparable), (3, 1, 1));
    }
}
