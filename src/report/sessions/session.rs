//! One session: the sights of a connection, judged by the captures around them. The rules are those of `sessions/merge.sql`, by which
//! Athena makes the table `sessions`.

use jiff::Timestamp;

use super::Millis;
use super::columns::Session;
use super::sights::{CLOCK_TOLERANCE, SightTime, Sights};
use super::watch::{LISTED_AFTER_END, OpenOrHole, Watch};
use crate::target::AccountRegion;

const HOUR: Millis = 60 * 60 * 1000;

/// Time before the first sight in which an end may lie, if no beginning is known: AWS lists what ended for an hour.
const LONGEST_SINCE_END: Millis = 24 * HOUR;

/// Time after its beginning from which a session that was first seen after a hole may not have begun then.
const LATE: Millis = 12 * HOUR;

/// The times of a session by what AWS gave, before captures are asked.
#[derive(Debug, Clone, Copy)]
struct GivenTimes {
    begin: Option<Millis>,
    end: Option<Millis>,
    /// The end that no later sight contradicts.
    fitting_end: Option<Millis>,
    established: Millis,
    /// Time from which the endpoint must have been watched: without a beginning, from before the first sight.
    watched_from: Millis,
}

impl GivenTimes {
    fn of(sights: &Sights) -> GivenTimes {
        let first_seen = sights.first_seen;
        let begin = sights.begins.range(..=first_seen + CLOCK_TOLERANCE).next_back().copied();
        // An end before the beginning cannot be right.
        let earliest = begin.unwrap_or(first_seen - LONGEST_SINCE_END) - CLOCK_TOLERANCE;
        let possible = || sights.ends.range(earliest..);
        let last = |ends: &mut dyn Iterator<Item = (&Millis, &SightTime)>| {
            ends.max_by_key(|(end, time)| (**time, **end)).map(|(end, _)| *end)
        };
        // An end does not stand if AWS showed the connection without one afterwards.
        let fits = |(end, _): &(&Millis, &SightTime)| {
            sights.last_active.is_none_or(|last_active| **end >= last_active - CLOCK_TOLERANCE)
        };
        let fitting_end = last(&mut possible().filter(fits));
        let end = fitting_end.or_else(|| last(&mut possible()));
        let established = begin.or(end).map_or(first_seen, |time| first_seen.min(time));
        let watched_from = if begin.is_some() { established } else { first_seen - 1 };
        GivenTimes { begin, end, fitting_end, established, watched_from }
    }
}

/// Returns the beginning that AWS gave; `None` if it is not known.
pub(super) fn given_beginning(sights: &Sights) -> Option<Millis> {
    GivenTimes::of(sights).begin
}

/// Returns the session of these sights, without what the connection logs have of it.
pub(super) fn session(
    place: &AccountRegion,
    endpoint_id: &str,
    connection_id: &str,
    sights: &Sights,
    watch: &Watch,
) -> Session {
    let GivenTimes { begin, end, fitting_end, established, watched_from } = GivenTimes::of(sights);
    let (first_seen, last_seen, last_active) = (sights.first_seen, sights.last_seen, sights.last_active);
    let is_shown_ended = last_active.is_none_or(|last_active| last_seen > last_active);
    let standing_end = fitting_end.filter(|_| is_shown_ended).map(|end| end.max(established));
    let missed_by = if is_shown_ended { None } else { watch.missed_by(last_seen) };
    let first_seen_ended = sights.first_seen_ended();
    let end_seen = match standing_end {
        Some(_) => Some(true),
        None => (is_shown_ended || missed_by.is_some()).then_some(false),
    };
    let ended_after = standing_end.or(last_active).or(begin.map(|_| established));
    let ended_before = standing_end.or(if is_shown_ended { first_seen_ended } else { missed_by });
    let ends_at = established.max(standing_end.or(last_active).unwrap_or(established));
    let preceded_by = watch.preceded_by(watched_from);
    let watched = Watched::of(
        watch,
        &SeenTimes {
            is_begin_seen: begin.is_some(),
            is_preceded: preceded_by.is_some(),
            first_seen,
            last_seen,
            watched_from,
            ended_before,
        },
    );
    // A capture after its end that did not show it contradicts AWS, and says nothing of its beginning.
    let began_after = preceded_by.filter(|time| begin.is_none() && *time < established);
    let [ingress_bytes, egress_bytes, ingress_packets, egress_packets] = sights.counters;
    let status = sights.status();
    let mut session = Session {
        account_id: place.account_id.to_string(),
        region: place.region.to_string(),
        endpoint_id: endpoint_id.to_owned(),
        connection_id: connection_id.to_owned(),
        first_seen: timestamp(first_seen),
        last_seen: timestamp(last_seen),
        connection_established_time: timestamp(established),
        connection_end_time: end.map(timestamp),
        end_seen,
        ingress_bytes,
        egress_bytes,
        ingress_packets,
        egress_packets,
        status_code: status.map(|status| status.code.to_string()),
        status_message: status.and_then(|status| Some(status.message.as_deref()?.to_owned())),
        failed_to_terminate: sights.failed_to_terminate,
        posture_compliance_statuses: sights
            .posture_compliance_statuses
            .as_ref()
            .map(|statuses| statuses.iter().map(ToString::to_string).collect()),
        snapshots: sights.snapshots,
        complete_snapshots: sights.complete_snapshots,
        covered: watched.is_covered && missed_by.is_none(),
        watched: watched.is_watched,
        last_active: last_active.map(timestamp),
        first_seen_ended: first_seen_ended.map(timestamp),
        begin_seen: begin.is_some(),
        began_after: began_after.map(timestamp),
        ended_after: ended_after.map(timestamp),
        ended_before: ended_before.map(timestamp),
        ends_at: timestamp(ends_at),
        duration_seconds: (ends_at - established) / 1000,
        as_of: timestamp(missed_by.unwrap_or(last_seen)),
        gaps: watched.gaps.into_iter().map(timestamp).collect(),
        ..Session::default()
    };
    session.fill_texts(|place| sights.text(place));
    session.identity = session.username.clone().or_else(|| session.common_name.clone());
    session.identity_key = session.identity.as_deref().map(identity_key);
    session
}

/// The times of a session that decide if it was covered.
struct SeenTimes {
    is_begin_seen: bool,
    /// `true` if a capture had ended before `watched_from`.
    is_preceded: bool,
    first_seen: Millis,
    last_seen: Millis,
    watched_from: Millis,
    ended_before: Option<Millis>,
}

/// If nothing of a session can have been missed, and the gaps that count.
struct Watched {
    is_watched: bool,
    is_covered: bool,
    gaps: Vec<Millis>,
}

impl Watched {
    fn of(watch: &Watch, seen: &SeenTimes) -> Watched {
        let &SeenTimes { first_seen, last_seen, watched_from, ended_before, .. } = seen;
        let until = ended_before.map(|ended| ended.max(watched_from));
        let gaps = watch.gaps(watched_from, until);
        // That the first attempt shows it does not mean that it began afterwards. A capture or a listing without the endpoint before
        // it does.
        let is_known = watch.beginning.is_some_and(|beginning| {
            let is_listed_before = watch.first_attempt.is_none_or(|attempt| beginning < attempt);
            beginning <= watched_from && (seen.is_begin_seen || seen.is_preceded || is_listed_before)
        });
        let begins_in_hole =
            gaps.clone().any(|gap| gap.is_hole && gap.begins <= watched_from - LISTED_AFTER_END);
        let was_watched = is_known && !begins_in_hole;
        // Of a session that was first seen long after its beginning, after a hole, nothing before that hole ends counts.
        let is_between = |gap: OpenOrHole| {
            gap.begins > watched_from - LISTED_AFTER_END && gap.begins <= first_seen - LISTED_AFTER_END
        };
        let is_late = first_seen > watched_from + LATE && (!was_watched || gaps.clone().any(is_between));
        let is_watched = was_watched && !is_late;
        let begin = if is_late { first_seen } else { watched_from } - LISTED_AFTER_END;
        let counting: Vec<OpenOrHole> = gaps.filter(|gap| gap.begins > begin).collect();
        let until = ended_before.unwrap_or(last_seen).max(watched_from);
        let is_touched = counting.iter().any(|gap| gap.is_hole && gap.begins <= until);
        Watched {
            is_watched,
            is_covered: is_watched && !is_touched,
            gaps: counting.into_iter().map(|gap| gap.begins).collect(),
        }
    }
}

/// Returns the name to group people by: in lower case, without a domain that ends in a backslash.
pub fn identity_key(identity: &str) -> String {
    let name = identity.split_once('\\').map_or(identity, |(_, name)| name);
    let name = if name.is_empty() { identity } else { name };
    // Athena lowers each character alone.
    name.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect()
}

pub(super) fn timestamp(time: Millis) -> Timestamp {
    Timestamp::from_millisecond(time).unwrap_or(if time < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

#[cfg(test)]
mod tests;
