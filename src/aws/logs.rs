//! CloudWatch Logs: pages of the events of a log group, and what there is to know about the group.

mod client;
mod groups;
mod sources;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::answer_limits::Limit;
use crate::error_code::ErrorCode;
use crate::log_group::LogGroup;
use crate::tables::connection_logs::event_ids::EventIds;
use crate::tables::connection_logs::rows::EventRows;

use super::ec2::PageError;

pub use client::LogSource;
pub use groups::GroupDescription;
pub use sources::LogPlaces;

/// A request for one page of events.
#[derive(Debug, Clone)]
pub struct EventsRequest<'a> {
    /// The log group.
    pub group: &'a LogGroup,
    /// Time of the first event, inclusive.
    pub start: Timestamp,
    /// Time of the last event, inclusive.
    pub end: Timestamp,
    /// Token of the page; `None` for the first page.
    pub token: Option<&'a str>,
    /// `true` to ask for masked fields as they were logged.
    pub unmask: bool,
    /// Maximum events of the page; `None` for as many as CloudWatch Logs sends.
    pub limit: Option<i32>,
    /// Bytes of messages of other events that still get rows.
    pub foreign_room: usize,
    /// Events that are in the lake already, and get no rows; `None` for none.
    pub known: Option<Arc<EventIds>>,
}

/// One page of events.
#[derive(Debug)]
pub struct EventsPage {
    /// CloudWatch Logs' request id.
    pub request_id: Option<String>,
    /// Time at which the request was sent, in the attempt that succeeded.
    pub requested_at: Timestamp,
    /// Time at which the page arrived.
    pub arrived_at: Timestamp,
    /// Token of the next page; `None` on the last page.
    pub next_token: Option<String>,
    /// Names of fields beside the events that this program does not know.
    pub unknown_elements: BTreeSet<String>,
    /// The events, typed, in the answer's order, without those that are known.
    pub rows: EventRows,
    /// Events in the answer, with those that got no row.
    pub events: u64,
}

/// Returns the error for a listing that has no end.
pub(crate) fn repeated_token() -> PageError {
    let message = "CloudWatch Logs gave a token that leads to a page read before, so the listing has no end; the next run reads \
                   the window again";
    PageError::new(ErrorCode::RepeatedToken, message)
}

/// Returns the error for an answer or a listing that exceeds a limit.
pub(crate) fn over_limit(limit: Limit) -> PageError {
    let message = format!("CloudWatch Logs' answers exceed a limit of this program: {limit}");
    PageError::new(ErrorCode::LimitExceeded, message)
}

/// Returns the error for an answer that cannot be read.
fn malformed() -> PageError {
    let message = "an answer of CloudWatch Logs came that is cut off or is not of the form of this API; the next run begins again";
    PageError::new(ErrorCode::MalformedResponse, message)
}

/// Returns the error for a window whose reading the invocation had no time to finish.
pub(crate) fn deadline() -> PageError {
    let message = "the invocation's time was running out; the next run reads the window whole";
    PageError::new(ErrorCode::Deadline, message)
}
