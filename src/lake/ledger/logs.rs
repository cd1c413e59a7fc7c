//! The entries of connection logs: a log group, and each of its windows that a run read.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::object::or_nulls;
use super::text::page_times;
use super::{CaptureError, Outcome, Written};
use crate::aws::ec2::PageTimes;
use crate::snapshot_time::SnapshotTime;
use crate::target::EndpointId;

/// The findings of one run about the connection logs of an account and Region.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct LogsEntry {
    /// The log groups that were read.
    pub groups: Vec<LogGroupEntry>,
    /// The reason why it is not known which log groups there are to read; `None` if it is.
    pub error: Option<CaptureError>,
    /// The error for targets that are named by their ids and that EC2 does not list; `None` if it lists all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets_error: Option<CaptureError>,
}

impl LogsEntry {
    /// Returns the errors of the entry, of its log groups and of their windows.
    pub fn errors(&self) -> impl Iterator<Item = &CaptureError> {
        let of_groups = self.groups.iter().flat_map(|group| {
            group.error.iter().chain(group.windows.iter().filter_map(|window| window.error.as_ref()))
        });
        self.error.iter().chain(&self.targets_error).chain(of_groups)
    }
}

/// A log group and the windows that a run read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogGroupEntry {
    /// Its ARN.
    pub log_group: String,
    /// The targets that log to it; empty if the last one has been deleted, or logs elsewhere now.
    pub endpoint_ids: Vec<EndpointId>,
    /// Days for which it keeps events; `None` for ever, or if it is not known.
    pub retention_days: Option<i64>,
    /// Start of the oldest window that the record is to have; `None` if it is not known.
    pub since: Option<SnapshotTime>,
    /// Every reading from `since` on that begins before this is in the lake, or is lost; `None` if it is not known.
    pub complete_before: Option<SnapshotTime>,
    /// Times from `complete_before` on at which the windows in the lake were due. The next run reads the others, or examines what
    /// lies at their keys.
    pub first_in_lake: Vec<SnapshotTime>,
    /// The same for second readings.
    pub late_in_lake: Vec<SnapshotTime>,
    /// Time of the first run that no longer found an endpoint that logs to it, or of this one if it found some. It is read until
    /// everything up to then is in the lake.
    pub logged_until: Option<SnapshotTime>,
    /// Time of its creation; `None` if it is not known.
    pub created_at: Option<Timestamp>,
    /// Time of its creation if a run before found it with another one: it was deleted meanwhile, and what it had before is lost.
    pub recreated_at: Option<Timestamp>,
    /// The readings of this run, in the order in which they were made.
    pub windows: Vec<WindowEntry>,
    /// Readings that were due and that this run did not try: its time was over, or the log group cannot be read.
    pub not_tried: u64,
    /// The reason why the log group was not read; `None` if it was.
    pub error: Option<CaptureError>,
}

impl LogGroupEntry {
    /// Returns an entry without findings.
    pub fn new(log_group: String, endpoint_ids: Vec<EndpointId>) -> LogGroupEntry {
        LogGroupEntry {
            log_group,
            endpoint_ids,
            retention_days: None,
            since: None,
            complete_before: None,
            first_in_lake: Vec::new(),
            late_in_lake: Vec::new(),
            logged_until: None,
            created_at: None,
            recreated_at: None,
            windows: Vec::new(),
            not_tried: 0,
            error: None,
        }
    }
}

/// One reading of a window: a quarter of an hour, or for a second reading an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WindowEntry {
    /// Its first moment.
    pub start: SnapshotTime,
    /// The first moment after it.
    pub end: SnapshotTime,
    /// `true` for the second reading of an hour, for events that came late.
    pub late: bool,
    /// `complete`, `already_captured` or `failed`.
    pub outcome: Outcome,
    /// The object, with one row for each event; for `already_captured`, the object found. `None` if there is none.
    #[serde(flatten, serialize_with = "or_nulls")]
    pub object: Option<Written>,
    /// The facts about the pages that were read.
    #[serde(flatten)]
    pub tally: WindowTally,
    /// The reason why there is no object.
    pub error: Option<CaptureError>,
}

/// The facts about the pages and events of a window.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct WindowTally {
    /// Pages read.
    pub pages: u64,
    /// Events read: those with a row, those that were left out, and those that the first objects have.
    pub events_read: u64,
    /// Events of a second reading that are in first objects.
    pub known_events: u64,
    /// Rows whose message is no event of a connection log.
    pub foreign_rows: u64,
    /// Such messages that got no row.
    pub foreign_left_out: u64,
    /// Rows whose event came before in the same window.
    pub duplicates: u64,
    /// Values that could not be typed and are kept as text.
    pub unparsed_values: u64,
    /// Names of fields that a data protection policy masked.
    pub masked: BTreeSet<&'static str>,
    /// CloudWatch Logs' request id of the first page.
    pub first_request_id: Option<String>,
    /// CloudWatch Logs' request id of the last page.
    pub last_request_id: Option<String>,
    /// Times of the first and the last page; for `already_captured`, those that the object states.
    #[serde(flatten, serialize_with = "page_times")]
    pub times: Option<PageTimes>,
    /// Names of fields beside the events in the answers that this program does not know.
    pub unknown_elements: BTreeSet<String>,
}
