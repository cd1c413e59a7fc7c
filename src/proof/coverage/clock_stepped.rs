//! Captures whose times contradict each other.

use jiff::Timestamp;
use serde::Serialize;

/// A capture that proves nothing, because the clock stepped while its pages arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClockStepped {
    /// Key of the run record that has it, relative to the lake's prefix.
    pub run_key: String,
    /// The account.
    pub account_id: String,
    /// The Region.
    pub region: String,
    /// The endpoint; [`LISTING`](super::LISTING) for the listing of endpoints.
    pub endpoint_id: String,
    /// Time of the beginning of its run.
    pub start: Timestamp,
    /// Time of the request of its first page, by the clock at that time.
    pub first_page_requested_at: Option<Timestamp>,
    /// Time of arrival of its first page, by the clock at that time.
    pub first_page_at: Option<Timestamp>,
    /// Time of arrival of its last page, by the clock at that time.
    pub last_page_at: Option<Timestamp>,
}

impl ClockStepped {
    /// Returns `true` if any of its times lies between these two.
    pub(super) fn touches(&self, from: Timestamp, to: Timestamp) -> bool {
        let times = [self.first_page_requested_at, self.first_page_at, self.last_page_at];
        times.into_iter().flatten().chain([self.start]).any(|time| (from..=to).contains(&time))
    }
}
