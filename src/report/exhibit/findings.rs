//! The rules over the sessions and failed attempts of the period. A finding is an observation, and not a judgement.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use super::log_events::LogEvents;
use super::population::counted;
use super::users::UserList;
use crate::report::sessions::Session;

/// Most findings of a rule that are listed. The rest is counted.
const MOST_OF_A_RULE: usize = 100_000;

/// Hours after which a session is long.
const LONG_HOURS: i64 = 12;

/// Seconds that an overlap must exceed: a client whose connection broke connects again before AWS notices.
const LEAST_OVERLAP_SECONDS: i64 = 60;

/// Working hours of Monday to Friday: from the first hour until before the last.
const WORKING_HOURS: (i8, i8) = (8, 18);

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rule {
    FailedAttempt,
    OutsideWorkingHours,
    LongSession,
    OverlappingSessions,
    SeveralAddresses,
    PostureNotCompliant,
    PolicyDenied,
    FailedToTerminate,
    NotInUserList,
    WithoutSession,
}

impl Rule {
    /// Every rule.
    pub(super) const ALL: [Rule; 10] = [
        Rule::FailedAttempt,
        Rule::OutsideWorkingHours,
        Rule::LongSession,
        Rule::OverlappingSessions,
        Rule::SeveralAddresses,
        Rule::PostureNotCompliant,
        Rule::PolicyDenied,
        Rule::FailedToTerminate,
        Rule::NotInUserList,
        Rule::WithoutSession,
    ];

    /// Returns the name in the data file.
    pub(super) fn name(self) -> &'static str {
        match self {
            Rule::FailedAttempt => "failed_attempt",
            Rule::OutsideWorkingHours => "outside_working_hours",
            Rule::LongSession => "long_session",
            Rule::OverlappingSessions => "overlapping_sessions",
            Rule::SeveralAddresses => "several_addresses",
            Rule::PostureNotCompliant => "posture_not_compliant",
            Rule::PolicyDenied => "policy_denied",
            Rule::FailedToTerminate => "failed_to_terminate",
            Rule::NotInUserList => "not_in_user_list",
            Rule::WithoutSession => "without_session",
        }
    }

    /// Returns the rule with its threshold.
    pub(super) fn text(self) -> String {
        match self {
            Rule::FailedAttempt => "An attempt to connect failed, by the connection logs.".to_owned(),
            Rule::OutsideWorkingHours => format!(
                "A session began outside Monday to Friday, {:02}:00 to {:02}:00 of the time zone.",
                WORKING_HOURS.0, WORKING_HOURS.1
            ),
            Rule::LongSession => format!("A session lasted {LONG_HOURS} hours or more, at the least."),
            Rule::OverlappingSessions => format!(
                "Two sessions of one identity overlapped by more than {LEAST_OVERLAP_SECONDS} seconds."
            ),
            Rule::SeveralAddresses => {
                "The same, from two public addresses, by the connection logs.".to_owned()
            }
            Rule::PostureNotCompliant => {
                "A posture status that is not the word compliant was shown, by the client connect handler."
                    .to_owned()
            }
            Rule::PolicyDenied => {
                "The authorization policy denied a session at some time, in shadow mode too.".to_owned()
            }
            Rule::FailedToTerminate => "A session was shown as failed-to-terminate.".to_owned(),
            Rule::NotInUserList => "An identity is not in the list of current users.".to_owned(),
            Rule::WithoutSession => "A user of that list had no session in the period.".to_owned(),
        }
    }

    /// Returns what the rule cannot see.
    pub(super) fn escapes(self) -> &'static str {
        match self {
            Rule::FailedAttempt => {
                "Attempts while logging was off, windows that were not read, and mutual authentication that fails, which AWS does not log."
            }
            Rule::OutsideWorkingHours => {
                "Public holidays; sessions that began earlier and went on; those whose beginning is not known."
            }
            Rule::LongSession => "Sessions that were longer than is known: no end, or a hole.",
            Rule::OverlappingSessions => "Sessions without a name; times of a session that are not proven.",
            Rule::SeveralAddresses => {
                "Sessions whose address is not known or masked; two people behind one address."
            }
            Rule::PostureNotCompliant => {
                "Endpoints without a client connect handler: no status is no finding."
            }
            Rule::PolicyDenied => "Denials that no event has: logging off, or a window that was not read.",
            Rule::FailedToTerminate => "A state that AWS showed only between two captures.",
            Rule::NotInUserList => "People who use another's name; sessions without a name.",
            Rule::WithoutSession => "Sessions in holes; users whose name in the VPN differs from the list's.",
        }
    }
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub rule: Rule,
    pub identity: Option<String>,
    pub endpoint_id: Option<String>,
    pub connection_id: Option<String>,
    pub at: Option<Timestamp>,
    pub detail: String,
}

/// The counts of one rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RuleCounts {
    pub tested: u64,
    pub found: u64,
    /// Findings that are counted and not listed.
    pub suppressed: u64,
}

/// The findings of all rules.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Counts by rule; a rule that could not be tested has none.
    pub counts: BTreeMap<Rule, RuleCounts>,
    pub list: Vec<Finding>,
    times: HashMap<Box<str>, Vec<SessionTimes>>,
}

/// The times of a session that are proven, for comparison with others of the same identity.
#[derive(Debug, Clone)]
struct SessionTimes {
    begin: Timestamp,
    end: Timestamp,
    device_ip: Option<Box<str>>,
    endpoint_id: Box<str>,
    connection_id: Box<str>,
}

impl Findings {
    fn test(&mut self, rule: Rule, finding: Option<Finding>) {
        let counts = self.counts.entry(rule).or_default();
        counts.tested += 1;
        let Some(finding) = finding else { return };
        counts.found += 1;
        if counts.found > MOST_OF_A_RULE as u64 {
            counts.suppressed += 1;
        } else {
            self.list.push(finding);
        }
    }

    /// Tests a session by itself, and keeps its times for the comparison with others. Beginnings count from `from` until before `to`.
    pub(super) fn add_session(
        &mut self,
        session: &Session,
        from: Timestamp,
        to: Timestamp,
        time_zone: &TimeZone,
    ) {
        let begin = session.connection_established_time;
        let finding = |rule: Rule, detail: String| Finding {
            rule,
            identity: session.identity.clone(),
            endpoint_id: Some(session.endpoint_id.clone()),
            connection_id: Some(session.connection_id.clone()),
            at: Some(begin),
            detail,
        };
        if session.begin_seen && (from..to).contains(&begin) {
            let local = time_zone.to_datetime(begin);
            let is_working_day = !matches!(local.date().weekday(), Weekday::Saturday | Weekday::Sunday);
            let is_within = is_working_day && (WORKING_HOURS.0..WORKING_HOURS.1).contains(&local.hour());
            let rule = Rule::OutsideWorkingHours;
            let detail =
                || format!("began on {} at {:02}:{:02}", weekday(local.date()), local.hour(), local.minute());
            self.test(rule, (!is_within).then(|| finding(rule, detail())));
        }
        let rule = Rule::LongSession;
        let hours = session.duration_seconds / 3_600;
        self.test(rule, (hours >= LONG_HOURS).then(|| finding(rule, format!("{hours} hours at the least"))));
        if let Some(statuses) = &session.posture_compliance_statuses {
            let rule = Rule::PostureNotCompliant;
            let others: Vec<&str> =
                statuses.iter().map(String::as_str).filter(|status| *status != "compliant").collect();
            self.test(rule, (!others.is_empty()).then(|| finding(rule, others.join(", "))));
        }
        if let Some(denials) = session.policy_denials {
            let rule = Rule::PolicyDenied;
            self.test(rule, (denials > 0).then(|| finding(rule, counted(denials.unsigned_abs(), "denial"))));
        }
        let rule = Rule::FailedToTerminate;
        self.test(rule, session.failed_to_terminate.then(|| finding(rule, String::new())));
        if let Some(key) = &session.identity_key {
            self.times.entry(key.as_str().into()).or_default().push(SessionTimes {
                begin,
                end: session.ends_at,
                device_ip: session.device_ip.as_deref().map(Into::into),
                endpoint_id: session.endpoint_id.as_str().into(),
                connection_id: session.connection_id.as_str().into(),
            });
        }
    }

    /// Tests what needs all sessions, the events and the list of users.
    pub(super) fn finish(&mut self, events: &LogEvents, users: Option<&UserList>) {
        let mut times: Vec<(Box<str>, Vec<SessionTimes>)> =
            std::mem::take(&mut self.times).into_iter().collect();
        times.sort_by(|one, other| one.0.cmp(&other.0));
        for (identity, sessions) in &mut times {
            self.test_overlaps(identity, sessions);
        }
        if events.objects > 0 {
            self.counts
                .insert(Rule::FailedAttempt, RuleCounts { tested: events.attempts, ..RuleCounts::default() });
            for failed in &events.failed {
                let address = failed.device_ip.as_deref().unwrap_or("an address that is not known");
                let finding = Finding {
                    rule: Rule::FailedAttempt,
                    identity: failed.identity.clone(),
                    endpoint_id: Some(failed.endpoint_id.clone()),
                    connection_id: failed.connection_id.clone(),
                    at: Some(failed.event_time),
                    detail: format!(
                        "from {address}: {}",
                        failed.reason.as_deref().unwrap_or("no reason given")
                    ),
                };
                self.test(Rule::FailedAttempt, Some(finding));
            }
            if let Some(counts) = self.counts.get_mut(&Rule::FailedAttempt) {
                counts.tested = events.attempts;
            }
        }
        if let Some(users) = users {
            let identities: BTreeSet<&str> = times.iter().map(|(key, _)| &**key).collect();
            let finding = |rule: Rule, identity: &str| Finding {
                rule,
                identity: Some(identity.to_owned()),
                endpoint_id: None,
                connection_id: None,
                at: None,
                detail: String::new(),
            };
            for (identity, sessions) in &times {
                let rule = Rule::NotInUserList;
                let is_missing = !users.has(identity);
                self.test(
                    rule,
                    is_missing.then(|| Finding {
                        at: sessions.first().map(|session| session.begin),
                        ..finding(rule, identity)
                    }),
                );
            }
            for user in users.without(&identities) {
                self.test(Rule::WithoutSession, Some(finding(Rule::WithoutSession, user)));
            }
            self.counts.entry(Rule::WithoutSession).or_default().tested = users.len();
        }
        self.list.sort_by(|one, other| {
            (one.rule, one.at, &one.identity).cmp(&(other.rule, other.at, &other.identity))
        });
    }

    /// Compares the sessions of one identity: each with those that began before it.
    fn test_overlaps(&mut self, identity: &str, sessions: &mut [SessionTimes]) {
        sessions
            .sort_by(|one, other| (one.begin, &one.connection_id).cmp(&(other.begin, &other.connection_id)));
        let is_still_there = |before: &SessionTimes, session: &SessionTimes| {
            before.end.min(session.end).duration_since(session.begin).as_secs() > LEAST_OVERLAP_SECONDS
        };
        // Of those before, the one that ends last, and of two addresses those that end last.
        let mut last: Option<SessionTimes> = None;
        let mut last_of_addresses: [Option<SessionTimes>; 2] = [None, None];
        for session in sessions.iter() {
            let finding = |rule: Rule, before: &SessionTimes, detail: String| Finding {
                rule,
                identity: Some(identity.to_owned()),
                endpoint_id: Some(session.endpoint_id.to_string()),
                connection_id: Some(session.connection_id.to_string()),
                at: Some(session.begin),
                detail: format!("beside {}{detail}", before.connection_id),
            };
            let before = last.as_ref().filter(|before| is_still_there(before, session));
            let found = before.map(|before| finding(Rule::OverlappingSessions, before, String::new()));
            self.test(Rule::OverlappingSessions, found);
            if let Some(address) = &session.device_ip {
                let is_other = |before: &&SessionTimes| before.device_ip.as_ref() != Some(address);
                let other = last_of_addresses.iter().flatten().find(is_other);
                let found = other.filter(|before| is_still_there(before, session)).map(|before| {
                    let other = before.device_ip.as_deref().unwrap_or_default();
                    finding(Rule::SeveralAddresses, before, format!(", from {address} and {other}"))
                });
                self.test(Rule::SeveralAddresses, found);
                keep_last(&mut last_of_addresses, session);
            }
            if last.as_ref().is_none_or(|last| last.end < session.end) {
                last = Some(session.clone());
            }
        }
    }
}

/// Keeps the sessions that end last, of two addresses, in that order.
fn keep_last(last: &mut [Option<SessionTimes>; 2], session: &SessionTimes) {
    let ends_later =
        |known: &Option<SessionTimes>| known.as_ref().is_none_or(|known| known.end < session.end);
    let is_of_address = |known: &Option<SessionTimes>| {
        known.as_ref().is_some_and(|known| known.device_ip == session.device_ip)
    };
    let [first, second] = last;
    if is_of_address(first) {
        if ends_later(first) {
            *first = Some(session.clone());
        }
    } else if ends_later(first) {
        *second = first.replace(session.clone());
    } else if ends_later(second) {
        *second = Some(session.clone());
    }
}

fn weekday(date: Date) -> &'static str {
    match date.weekday() {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

#[cfg(test)]
mod tests;
