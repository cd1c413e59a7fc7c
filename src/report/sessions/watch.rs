//! The captures of one endpoint as a session needs them: those around it, and the times between them in which it may have been missed.

use jiff::Timestamp;

use super::Millis;
use crate::proof::coverage::record::{EndpointRecord, PlaceRecord};

/// Time for which AWS lists a connection after its end.
pub(super) const LISTED_AFTER_END: Millis = 60 * 60 * 1000;

/// A complete capture, or a complete listing of endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LookTimes {
    begins: Millis,
    ends: Millis,
}

/// The time between two captures if it is a hole, or if it may become one since no capture came after it yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OpenOrHole {
    pub begins: Millis,
    pub ends: Millis,
    pub is_hole: bool,
    /// `true` if no capture came after it.
    pub is_open: bool,
}

/// The captures of one endpoint.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// The earliest time at which the endpoint may have existed; `None` if nothing is known of it.
    pub beginning: Option<Millis>,
    /// The first attempt at it.
    pub first_attempt: Option<Millis>,
    /// Captures of it in the order in which they began, each with the least end of it and of those after it.
    captures: Vec<(LookTimes, Millis)>,
    /// Captures in the order in which they ended, each with the latest beginning of it and of those before it.
    by_end: Vec<(Millis, Millis)>,
    /// Complete listings without it in the order in which they began, each with the least end of it and of those after it.
    listings_without: Vec<(LookTimes, Millis)>,
    /// Times between captures, in the order in which they begin.
    gaps: Vec<OpenOrHole>,
}

impl Watch {
    /// Returns the watch over an endpoint, by the record up to `now`.
    pub(super) fn new(endpoint_id: &str, record: &PlaceRecord, now: Timestamp) -> Watch {
        let Some(endpoint) = record.endpoints.get(endpoint_id) else {
            return Watch::default();
        };
        let look = |begins: Timestamp, ends: Timestamp| LookTimes {
            begins: begins.as_millisecond(),
            ends: ends.as_millisecond(),
        };
        let captures: Vec<LookTimes> =
            endpoint.captures.iter().map(|captured| look(captured.begins, captured.ends)).collect();
        let without = record.listings.iter().filter(|listing| !listing.endpoints.contains(endpoint_id));
        let without = without.map(|listing| look(listing.captured.begins, listing.captured.ends)).collect();
        let mut by_end: Vec<(Millis, Millis)> =
            captures.iter().map(|capture| (capture.ends, capture.begins)).collect();
        by_end.sort_unstable();
        let mut latest = Millis::MIN;
        for (_, begins) in &mut by_end {
            latest = latest.max(*begins);
            *begins = latest;
        }
        let captures = with_least_end(captures);
        Watch {
            beginning: Some(endpoint.beginning.as_millisecond()),
            first_attempt: endpoint.first_attempt.map(Timestamp::as_millisecond),
            gaps: gaps(endpoint, &captures, now),
            captures,
            by_end,
            listings_without: with_least_end(without),
        }
    }

    /// Returns the first end of a capture or listing without the endpoint that began after `time`, at which the connection was last
    /// seen: it does not show it. `None` if there is none.
    pub(super) fn missed_by(&self, time: Millis) -> Option<Millis> {
        let captured = first_end_after(&self.captures, time);
        let listed = first_end_after(&self.listings_without, time);
        captured.into_iter().chain(listed).min()
    }

    /// Returns the latest beginning of a capture that had ended at `time`; `None` if there is none.
    pub(super) fn preceded_by(&self, time: Millis) -> Option<Millis> {
        let after = self.by_end.partition_point(|(ends, _)| *ends <= time);
        let (_, begins) = self.by_end.get(after.checked_sub(1)?)?;
        Some(*begins)
    }

    /// Returns when the first capture after `time` began; `None` if there is none.
    pub(super) fn followed_by(&self, time: Millis) -> Option<Millis> {
        let after = self.captures.partition_point(|(capture, _)| capture.begins <= time);
        self.captures.get(after).map(|(capture, _)| capture.begins)
    }

    /// Returns the gaps that end after `from` and begin at `to` or before; with `None`, all that begin later.
    pub(super) fn gaps(&self, from: Millis, to: Option<Millis>) -> impl Iterator<Item = OpenOrHole> + Clone {
        let begin = to.map_or(self.gaps.len(), |to| self.gaps.partition_point(|gap| gap.begins <= to));
        let gaps = self.gaps.get(..begin).unwrap_or_default();
        gaps.iter().copied().filter(move |gap| gap.ends > from)
    }
}

/// Sorts looks by their beginning, and adds to each the least end of it and of those after it.
fn with_least_end(mut looks: Vec<LookTimes>) -> Vec<(LookTimes, Millis)> {
    looks.sort_unstable_by_key(|look| (look.begins, look.ends));
    let mut least = Millis::MAX;
    let mut with: Vec<(LookTimes, Millis)> = looks
        .into_iter()
        .rev()
        .map(|look| {
            least = least.min(look.ends);
            (look, least)
        })
        .collect();
    with.reverse();
    with
}

/// Returns the least end of the looks that began after `time`.
fn first_end_after(looks: &[(LookTimes, Millis)], time: Millis) -> Option<Millis> {
    let after = looks.partition_point(|(look, _)| look.begins <= time);
    looks.get(after).map(|(_, ends)| *ends)
}

/// Returns the times from each capture, and from the beginning, to the first end of those that began later.
fn gaps(endpoint: &EndpointRecord, captures: &[(LookTimes, Millis)], now: Timestamp) -> Vec<OpenOrHole> {
    let beginning = endpoint.beginning.as_millisecond();
    let gone = endpoint.gone.map(Timestamp::as_millisecond);
    let later = captures.iter().map(|(capture, _)| capture.begins).filter(|begins| *begins > beginning);
    let mut begins: Vec<Millis> = [beginning].into_iter().chain(later).collect();
    begins.dedup();
    let gap = |begins| {
        let next = first_end_after(captures, begins);
        let ends = next.or(gone).unwrap_or(now.as_millisecond());
        let is_hole = ends - begins >= LISTED_AFTER_END || (next.is_none() && gone.is_some());
        let is_open = next.is_none() && gone.is_none();
        (is_hole || is_open).then_some(OpenOrHole { begins, ends, is_hole, is_open })
    };
    begins.into_iter().filter_map(gap).collect()
}
