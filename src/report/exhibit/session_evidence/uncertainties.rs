//! Reasons to doubt the evidence about a session, beside its own objects: the run records around it, and the connection logs.

use jiff::Timestamp;

use super::around::CapturesAround;
use super::verbatim_rows::VerbatimRow;
use super::{EVENT_COLUMNS, LONGEST_SESSION};
use crate::proof::coverage::{Coverage, LISTING, LONGEST_CAPTURE, Unreadable};
use crate::report::exhibit::widened;
use crate::report::sessions::Session;

/// Returns the time whose captures decide what is known of a session: that of the captures that were read, and at least that of the
/// session itself. AWS ends a session after 24 hours, so an earlier beginning is none. Source: Client VPN administrator guide, "Maximum VPN
/// session duration".
pub(super) fn time_around(
    session: &Session,
    around: &CapturesAround,
    now: Timestamp,
) -> (Timestamp, Timestamp) {
    let day_before = session.first_seen.saturating_sub(LONGEST_SESSION).unwrap_or(session.first_seen);
    let began = session.connection_established_time.clamp(day_before, session.first_seen);
    let ended = session.ended_before.unwrap_or(session.last_seen).max(session.last_seen);
    let (from, to) = widened((began, ended), LONGEST_CAPTURE);
    let (first, last) = around.snapshots.unwrap_or((from, to));
    (from.min(first), to.max(last).min(now))
}

/// Returns what the run records around a session prove nothing by.
pub(super) fn unproven(coverage: Coverage, session: &Session) -> Vec<Unreadable> {
    let place = format!("account_id={}/region={}/", session.account_id, session.region);
    let is_of_place = |key: &str| key.contains(&place);
    let problem = |object_key: String, problem: &str| Unreadable { object_key, problem: problem.to_owned() };
    let stepped = coverage.clock_stepped.into_iter();
    let stepped = stepped.filter(|of| of.endpoint_id == session.endpoint_id || of.endpoint_id == LISTING);
    let stepped =
        stepped.map(|of| problem(of.run_key, "states times that contradict each other: the clock stepped"));
    let not_sealed = coverage.not_sealed.into_iter();
    let not_sealed =
        not_sealed.map(|key| problem(key, "is in no digest, although its hour is sealed; run `verify`"));
    let others = coverage.unreadable.into_iter().chain(coverage.of_another_time);
    others.chain(stepped).chain(not_sealed).filter(|of| is_of_place(&of.object_key)).collect()
}

/// Returns the object with a failed attempt of a session of which the log has no successful one.
pub(super) fn refused_by_the_log(events: &[VerbatimRow]) -> Option<Unreadable> {
    let place = EVENT_COLUMNS.iter().position(|name| *name == "connection_attempt_status")?;
    let has = |row: &&VerbatimRow, status: &str| {
        row.values.get(place).and_then(|value| value.as_str()) == Some(status)
    };
    let failed = events.iter().find(|row| has(row, "failed"))?;
    let problem = "has a failed attempt of this connection, and no event says that one succeeded";
    let is_successful = events.iter().any(|row| has(&row, "successful"));
    (!is_successful)
        .then(|| Unreadable { object_key: failed.object_key.clone(), problem: problem.to_owned() })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(object_key: &str, status: Option<&str>) -> VerbatimRow {
        let value =
            |name: &&str| if *name == "connection_attempt_status" { json!(status) } else { Value::Null };
        VerbatimRow { object_key: object_key.to_owned(), values: EVENT_COLUMNS.iter().map(value).collect() }
    }

    #[test]
    fn a_session_that_the_log_only_refused_is_uncertain() {
        for (case, events, expected) in [
            ("no event", vec![], None),
            ("one that succeeded", vec![event("a", Some("successful"))], None),
            ("an end alone", vec![event("a", None)], None),
            ("one that failed", vec![event("a", None), event("b", Some("failed"))], Some("b")),
            ("a second attempt", vec![event("a", Some("failed")), event("b", Some("successful"))], None),
        ] {
            let found = refused_by_the_log(&events).map(|of| of.object_key);
            assert_eq!(found.as_deref(), expected, "{case}");
        }
    }

    #[test]
    fn a_beginning_that_no_session_can_have_is_not_looked_for() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let session = |began: &str| Session {
            connection_established_time: time(began),
            first_seen: time("2026-11-02T12:00:00Z"),
            last_seen: time("2026-11-02T13:00:00Z"),
            ..Session::default()
        };
        let now = time("2026-11-02T14:30:00Z");
        for (began, from) in [
            ("2026-11-02T11:50:00Z", "2026-11-02T09:50:00Z"),
            ("2018-01-01T00:00:00Z", "2026-11-01T10:00:00Z"),
            ("2026-11-02T12:30:00Z", "2026-11-02T10:00:00Z"),
        ] {
            let found = time_around(&session(began), &CapturesAround::default(), now);
            assert_eq!(found, (time(from), now), "{began}");
        }
    }
}
