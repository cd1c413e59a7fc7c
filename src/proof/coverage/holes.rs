//! The proof of one endpoint: captures in, holes out.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::attempts::{Attempt, PlaceName, Presence, captures};
use super::cloudwatch_counts::Witness;
use super::{EndpointCoverage, Gap, Hole, LISTED_AFTER_END, RequestedTimes};
use crate::lake::ledger::Outcome;
use crate::lake::ledger::recorded::{Captured, Proof};

/// Reason for the hole after the last capture of an endpoint that no longer exists.
const GONE: &str = "the endpoint is gone, so that no later capture could show what came after the last one";

/// Returns the proof that `attempts` give of an endpoint that existed at the times of `presence`; `None` if it did not exist in
/// the window.
pub(super) fn cover(
    place: &PlaceName,
    endpoint_id: &str,
    attempts: &[Attempt],
    presence: Presence,
    window: RequestedTimes,
    witness: Option<&Witness>,
) -> Option<EndpointCoverage> {
    let from = window.from.map_or(presence.beginning, |from| from.max(presence.beginning));
    let gone = presence.gone.filter(|gone| *gone < window.horizon());
    let (to, horizon) = gone.map_or((window.to, window.horizon()), |gone| (window.to.min(gone), gone));
    if from > to || gone.is_some_and(|gone| gone <= from) {
        return None;
    }
    let gaps = gaps(&captures(attempts), from, to, horizon);
    let longest_gap = gaps.iter().copied().max_by_key(|gap| gap.length())?;
    let longest_gap = Gap { open: longest_gap.open && gone.is_none(), ..longest_gap };
    let holes: Vec<Hole> = gaps
        .iter()
        .filter_map(|gap| {
            if gone.is_some() && gap.open {
                // However short: no later capture could show what came after the last one.
                let hole = || hole(Gap { open: false, ..*gap }, attempts, witness);
                gap.length().is_positive().then(|| Hole { reason: GONE.to_owned(), ..hole() })
            } else {
                (gap.length() >= LISTED_AFTER_END).then(|| hole(*gap, attempts, witness))
            }
        })
        .collect();
    let mut outcomes = BTreeMap::new();
    for attempt in attempts.iter().filter(|attempt| (from..=to).contains(&attempt.at)) {
        *outcomes.entry(attempt.outcome.as_str()).or_insert(0) += 1;
    }
    let witness = witness.map(|witness| {
        // An object that already existed does not show how many connections were active.
        let of_complete = attempts.iter().filter(|attempt| attempt.outcome == Outcome::Complete);
        let seen = of_complete.filter_map(|attempt| Some((attempt.proof.captured()?.begins, attempt.active)));
        witness.differences(seen.filter(|(begins, _)| (from..=to).contains(begins)))
    });
    let proven = proven(&holes, from, to);
    Some(EndpointCoverage {
        account_id: place.account_id.clone(),
        region: place.region.clone(),
        endpoint_id: endpoint_id.to_owned(),
        from,
        outcomes,
        longest_gap,
        holes,
        proven,
        witness,
    })
}

/// Returns the times between `captures`, which are in order, that reach into the time from `from` on. The last one ends at
/// `horizon` if no capture follows.
///
/// A capture that begins after a time and ends less than 60 minutes after that time shows what existed at that time or later. So
/// a gap begins with a capture, or at `from`, and ends with the first end of any capture that begins later.
fn gaps(captures: &[Captured], from: Timestamp, to: Timestamp, horizon: Timestamp) -> Vec<Gap> {
    let after = captures.partition_point(|captured| captured.begins <= from);
    let captures = captures.get(after..).unwrap_or_default();
    // The smallest end of each capture and those that follow it.
    let mut ends: Vec<Timestamp> = Vec::with_capacity(captures.len());
    for captured in captures.iter().rev() {
        ends.push(ends.last().map_or(captured.ends, |end| captured.ends.min(*end)));
    }
    let mut begin = from;
    let mut gaps = Vec::new();
    for (captured, end) in captures.iter().zip(ends.into_iter().rev()) {
        // Of captures that begin at the same time, only the first ends a gap.
        if captured.begins == begin {
            continue;
        }
        gaps.push(Gap::new(begin, end, false));
        begin = captured.begins;
        if begin >= to {
            return gaps;
        }
    }
    gaps.push(Gap::new(begin, horizon.max(begin), true));
    gaps
}

fn hole(gap: Gap, attempts: &[Attempt], witness: Option<&Witness>) -> Hole {
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    let in_it = attempts
        .iter()
        .filter(|attempt| attempt.proof.captured().is_none() && (gap.from..=gap.to).contains(&attempt.at));
    for attempt in in_it {
        let outcome = attempt.outcome.as_str();
        let why = match (&attempt.code, attempt.proof) {
            (_, Proof::ClockStepped) => ", the clock stepped".to_owned(),
            (Some(code), _) => format!(", {code}"),
            (None, _) => String::new(),
        };
        *reasons.entry(format!("{outcome}{why}")).or_default() += 1;
    }
    let attempts = reasons.values().sum();
    let reasons: Vec<String> = reasons.iter().map(|(reason, times)| format!("{times} × {reason}")).collect();
    let reason = if reasons.is_empty() { "no attempt is on record".to_owned() } else { reasons.join("; ") };
    let witness_maximum = witness.and_then(|witness| witness.maximum(gap.from, gap.to));
    Hole { gap, attempts, reason, witness_maximum }
}

/// Returns the share of the time that lies in no hole. Holes are in order, and one may begin before the other ends.
pub(super) fn proven(holes: &[Hole], from: Timestamp, to: Timestamp) -> f64 {
    let (mut until, mut open) = (from, SignedDuration::ZERO);
    for Hole { gap, .. } in holes {
        let begin = gap.from.max(until);
        let end = gap.to.min(to);
        // `>=` would give the same: an empty part adds nothing, and no later hole begins before it.
        if end > begin {
            open += end.duration_since(begin);
            until = end;
        }
    }
    let all = to.duration_since(from).as_secs_f64();
    if all <= 0.0 { 1.0 } else { 1.0 - open.as_secs_f64() / all }
}
