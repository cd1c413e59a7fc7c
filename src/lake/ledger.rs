//! The run record: the targets that were tried, their outcomes, and the basis of these. One line of JSON for each attempt,
//! written last, so that a crash leaves an object without a record and never a record without its object.

mod entry;
pub mod logs;
mod object;
pub mod recorded;
mod settings_in_force;
mod text;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::aws::ec2::{PageError, PageTimes};
use crate::aws::errors::Denial;
use crate::error_code::ErrorCode;
use crate::lake::keys::ConfigurationTable;
use crate::run_id::RunId;
use crate::snapshot_time::SnapshotTime;
use crate::target::{AccountRegion, EndpointId};

pub use entry::{Entry, Tally};
pub use logs::{LogGroupEntry, LogsEntry, WindowEntry};
pub use object::Written;
use object::or_nulls;
pub use settings_in_force::{FilterInForce, SettingsInForce};
use text::{as_text, millisecond_time, millisecond_times, page_times};

/// The trigger of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// EventBridge's `Scheduled Event`.
    ScheduledEvent,
    /// `{"action":"snapshot"}` or `{"action":"logs"}`, from EventBridge Scheduler or by hand.
    Action,
}

/// The outcome of the capture of one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every connection that AWS lists is in the object.
    Complete,
    /// The object of this snapshot already existed; nothing was read, or it was not needed.
    AlreadyCaptured,
    /// Rows were written, but they are not all, or not known to be all.
    Partial,
    /// No row was written.
    Failed,
}

impl Outcome {
    /// Returns the word in the ledger and in an object's metadata.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Complete => "complete",
            Outcome::AlreadyCaptured => "already_captured",
            Outcome::Partial => "partial",
            Outcome::Failed => "failed",
        }
    }
}

/// The reason why a capture is partial though nothing failed: it was requested so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Restriction {
    /// With filters.
    Filtered,
    /// With `max_items`.
    Limited,
    /// With `starting_token`.
    Resumed,
}

/// The error of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaptureError {
    /// EC2's or S3's error code, or one of ours.
    pub code: ErrorCode,
    /// The problem, and the remedy.
    pub message: String,
    /// EC2's request id, if it answered.
    pub request_id: Option<String>,
    /// The denied request; left out for other errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denial: Option<Box<Denial>>,
}

impl CaptureError {
    /// Returns an error of this program's own.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> CaptureError {
        CaptureError { code, message: message.into(), request_id: None, denial: None }
    }
}

impl From<PageError> for CaptureError {
    fn from(error: PageError) -> CaptureError {
        let PageError { code, message, request_id, denial, .. } = error;
        CaptureError { code, message, request_id, denial }
    }
}

/// The findings of one run about one account and Region, beyond the connections of its endpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlaceEntry {
    /// The account.
    pub account_id: String,
    /// The Region.
    pub region: String,
    /// The discovery of endpoints; `None` if no `*` asked for it.
    pub discovery: Option<Discovery>,
    /// The object with their configuration; `None` for a run that was requested in part.
    pub endpoints: Option<ConfigurationEntry>,
    /// The object with their authorization rules; `None` as for `endpoints`.
    pub authorization_rules: Option<ConfigurationEntry>,
    /// The object with their routes; `None` as for `endpoints`.
    pub routes: Option<ConfigurationEntry>,
    /// The windows of connection logs; `None` for a snapshot, and left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs: Option<LogsEntry>,
}

impl PlaceEntry {
    /// Returns an entry without findings.
    pub fn new(place: &AccountRegion) -> PlaceEntry {
        PlaceEntry {
            account_id: place.account_id.to_string(),
            region: place.region.to_string(),
            discovery: None,
            endpoints: None,
            authorization_rules: None,
            routes: None,
            logs: None,
        }
    }

    /// Returns the errors of its connection logs: of the listing of endpoints, of log groups and of windows.
    pub fn logs_errors(&self) -> impl Iterator<Item = &CaptureError> {
        self.logs.iter().flat_map(LogsEntry::errors)
    }

    /// Returns the reason why the endpoints are not all known, so that some may have been missed.
    pub fn discovery_error(&self) -> Option<&CaptureError> {
        self.discovery.as_ref()?.error.as_ref()
    }

    /// Adds the object of a table with configuration.
    pub fn set_configuration(&mut self, table: ConfigurationTable, entry: ConfigurationEntry) {
        let field = match table {
            ConfigurationTable::Endpoints => &mut self.endpoints,
            ConfigurationTable::AuthorizationRules => &mut self.authorization_rules,
            ConfigurationTable::Routes => &mut self.routes,
        };
        *field = Some(entry);
    }

    /// Records that no configuration could be written, in any of its tables.
    pub fn fail_configuration(&mut self, error: &CaptureError) {
        for table in ConfigurationTable::ALL {
            self.set_configuration(table, ConfigurationEntry::failed(error.clone()));
        }
    }

    /// Returns the object of a table with configuration; `None` for a run that was requested in part.
    pub fn configuration(&self, table: ConfigurationTable) -> Option<&ConfigurationEntry> {
        match table {
            ConfigurationTable::Endpoints => self.endpoints.as_ref(),
            ConfigurationTable::AuthorizationRules => self.authorization_rules.as_ref(),
            ConfigurationTable::Routes => self.routes.as_ref(),
        }
    }

    /// Returns the reasons why configuration of its endpoints is not on record, each with the table that lacks it.
    pub fn configuration_errors(&self) -> impl Iterator<Item = (ConfigurationTable, &CaptureError)> {
        let tables = ConfigurationTable::ALL.into_iter();
        tables.filter_map(|table| Some((table, self.configuration(table)?.error.as_ref()?)))
    }
}

/// The endpoints that exist in an account and Region.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Discovery {
    /// The endpoints that EC2 lists; if that failed, those of the previous record, and `None` if there was none.
    pub endpoints: Option<Vec<EndpointId>>,
    /// Those among them that the previous record did not have.
    pub discovered: Vec<String>,
    /// Those of the previous record that EC2 no longer lists.
    pub gone: Vec<String>,
    /// The snapshot of that record; `None` if there was none, today or yesterday.
    pub known_since: Option<SnapshotTime>,
    /// Time of the request for the listing's first page; `None` if EC2 did not list them.
    #[serde(serialize_with = "millisecond_times")]
    pub first_page_requested_at: Option<Timestamp>,
    /// Arrival time of the listing's first page.
    #[serde(serialize_with = "millisecond_times")]
    pub first_page_at: Option<Timestamp>,
    /// Arrival time of the listing's last page.
    #[serde(serialize_with = "millisecond_times")]
    pub last_page_at: Option<Timestamp>,
    /// Seconds by which the clock here was ahead of EC2's; negative if it was behind. `None` if EC2 gave no time.
    pub clock_difference_seconds: Option<i64>,
    /// Names of elements beside the endpoints in EC2's answers that this program does not know.
    pub unknown_elements: BTreeSet<String>,
    /// The error. Endpoints whose id is not of the API's form are not among `endpoints`, and are an error.
    pub error: Option<CaptureError>,
}

/// An object with configuration of the endpoints of an account and Region, in one of its tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigurationEntry {
    /// `complete`, `already_captured` or `failed`; `partial` for authorization rules and routes if those of an endpoint are not
    /// known.
    pub outcome: Outcome,
    /// The object; for `already_captured`, the object found. `None` if there is none. That of `endpoints` has one row for each
    /// endpoint, including one that is known only in part.
    #[serde(flatten, serialize_with = "or_nulls")]
    pub object: Option<Written>,
    /// Times of the first and the last page of EC2's answers; `None` if none was read for a new object.
    #[serde(flatten, serialize_with = "page_times")]
    pub times: Option<PageTimes>,
    /// Names of elements beside the rows in EC2's answers that this program does not know.
    pub unknown_elements: BTreeSet<String>,
    /// The reason why there is no object, or why it does not have everything.
    pub error: Option<CaptureError>,
}

impl ConfigurationEntry {
    /// Returns an entry for which nothing was written.
    pub fn new(outcome: Outcome) -> ConfigurationEntry {
        ConfigurationEntry {
            outcome,
            object: None,
            times: None,
            unknown_elements: BTreeSet::new(),
            error: None,
        }
    }

    /// Returns the entry of an object that could not be made.
    pub fn failed(error: CaptureError) -> ConfigurationEntry {
        ConfigurationEntry { error: Some(error), ..ConfigurationEntry::new(Outcome::Failed) }
    }
}

/// One attempt at a snapshot: of one account and Region in the ledger, of all of a run in its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunRecord {
    /// The request and the attempt, as in the record's key.
    #[serde(serialize_with = "as_text")]
    pub run_id: RunId,
    /// The time that the snapshot bears.
    pub snapshot_time: SnapshotTime,
    /// Time of the run's start.
    #[serde(serialize_with = "millisecond_time")]
    pub start: Timestamp,
    /// Time of its end.
    #[serde(serialize_with = "millisecond_time")]
    pub end: Timestamp,
    /// The trigger.
    pub trigger: Trigger,
    /// `true` if the event has a time, as a schedule's has; `false` for a run by hand.
    pub scheduled: bool,
    /// Version of this program.
    pub tool_version: &'static str,
    /// The settings of the run.
    pub settings_in_force: SettingsInForce,
    /// The result of each target, in the order they were named or found.
    pub targets: Vec<Entry>,
    /// The findings about each account and Region.
    pub places: Vec<PlaceEntry>,
}

impl RunRecord {
    /// Returns the targets that somebody must look at.
    pub fn failed_targets(&self) -> impl Iterator<Item = &Entry> {
        self.targets.iter().filter(|entry| entry.has_failed())
    }

    /// Returns `true` if every target is `complete` or `already_captured`, and none can have been missed.
    pub fn all_captured(&self) -> bool {
        let captured = |entry: &Entry| matches!(entry.outcome, Outcome::Complete | Outcome::AlreadyCaptured);
        self.targets.iter().all(captured) && self.places.iter().all(|place| place.discovery_error().is_none())
    }

    /// Returns the record as one line of JSON.
    ///
    /// # Errors
    /// Never in practice: every field has a form in JSON.
    pub fn to_line(&self) -> serde_json::Result<String> {
        serde_json::to_string(self).map(|line| line + "\n")
    }
}

#[cfg(test)]
mod tests;
