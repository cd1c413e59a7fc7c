//! The run record: what was tried, what came of it, and what it rests on. One line of JSON for each attempt, written
//! last, so that a crash leaves an object without a record and never a record without its object.

pub mod recorded;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use crate::aws::ec2::PageError;
use crate::aws::ec2::resume_token::ResumeToken;
use crate::aws::errors::Denial;
use crate::error_code::ErrorCode;
use crate::run_id::RunId;
use crate::snapshot_time::SnapshotTime;
use crate::target::{AccountRegion, EndpointId, Target};

/// The trigger of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// EventBridge's `Scheduled Event`.
    ScheduledEvent,
    /// `{"action":"snapshot"}`, from EventBridge Scheduler or by hand.
    Action,
}

/// How the capture of one target came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every connection that AWS lists is in the object.
    Complete,
    /// The object of this snapshot was there already; nothing was read, or it was not needed.
    AlreadyCaptured,
    /// Rows were written, and they are not all, or not known to be all.
    Partial,
    /// No row was written.
    Failed,
}

impl Outcome {
    /// The word in the ledger and in an object's metadata.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Complete => "complete",
            Outcome::AlreadyCaptured => "already_captured",
            Outcome::Partial => "partial",
            Outcome::Failed => "failed",
        }
    }
}

/// Why a capture is partial though nothing failed: it was asked for so.
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

/// What went wrong with a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaptureError {
    /// EC2's or S3's error code, or one of ours.
    pub code: ErrorCode,
    /// What happened, and what to do.
    pub message: String,
    /// EC2's request id, where it answered.
    pub request_id: Option<String>,
    /// What was denied; left out if it is not that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denial: Option<Box<Denial>>,
}

impl CaptureError {
    /// An error of our own.
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

/// An object that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Its key, or its path within the lake's directory.
    pub object_key: String,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// What one run did with one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The target's account.
    pub account_id: String,
    /// The target's Region.
    pub region: String,
    /// The target's endpoint.
    pub endpoint_id: String,
    /// How it came out.
    pub outcome: Outcome,
    /// Why it is partial though nothing failed; empty otherwise.
    pub restrictions: Vec<Restriction>,
    /// Pages read of the listing that was written.
    pub pages: u64,
    /// Connections read of that listing, after `max_items` and those that a resumed listing skips.
    pub rows_read: u64,
    /// Connections written; unless a write failed or was not needed, the same number.
    pub rows: u64,
    /// Connections that AWS calls active.
    pub active: u64,
    /// Values that could not be typed and are kept as text.
    pub unparsed_values: u64,
    /// Connections whose id came before in the same listing.
    pub duplicates: u64,
    /// EC2's request id of the first page.
    pub first_request_id: Option<String>,
    /// EC2's request id of the last page.
    pub last_request_id: Option<String>,
    /// When the request of the first page was sent, in the attempt that succeeded; of `already_captured`, as its object says.
    #[serde(serialize_with = "millisecond_times")]
    pub first_page_requested_at: Option<Timestamp>,
    /// When the first page arrived; of `already_captured`, as its object says.
    #[serde(serialize_with = "millisecond_times")]
    pub first_page_at: Option<Timestamp>,
    /// When the last page arrived; of `already_captured`, as its object says. Coverage follows from these times.
    #[serde(serialize_with = "millisecond_times")]
    pub last_page_at: Option<Timestamp>,
    /// Seconds by which the clock here was ahead of EC2's, by the page where they differed most; negative if it was behind.
    /// `None` if nothing was read, or EC2 did not say.
    pub clock_difference_seconds: Option<i64>,
    /// Names of elements that this program does not know beside the connections in EC2's answers.
    pub unknown_elements: BTreeSet<String>,
    /// How long the capture took.
    pub capture_millis: u64,
    /// Size of the object; none when none was written.
    pub bytes: Option<u64>,
    /// The object's key, or its path within the lake's directory; of `already_captured`, of the object found.
    pub object_key: Option<String>,
    /// SHA-256 of the object, in hexadecimal; of `already_captured`, of the object found.
    pub sha256: Option<String>,
    /// The rows of a listing whose token expired, where they are not all in the object of the one that replaced it.
    pub superseded: Option<Written>,
    /// What went wrong.
    pub error: Option<CaptureError>,
    /// Where the next capture can go on.
    pub resume_token: Option<ResumeToken>,
}

impl Entry {
    /// An entry for a target of which nothing has been read.
    pub fn new(target: &Target, outcome: Outcome) -> Entry {
        Entry {
            account_id: target.account_id.to_string(),
            region: target.region.to_string(),
            endpoint_id: target.endpoint_id.to_string(),
            outcome,
            restrictions: Vec::new(),
            pages: 0,
            rows_read: 0,
            rows: 0,
            active: 0,
            unparsed_values: 0,
            duplicates: 0,
            first_request_id: None,
            last_request_id: None,
            first_page_requested_at: None,
            first_page_at: None,
            last_page_at: None,
            clock_difference_seconds: None,
            unknown_elements: BTreeSet::new(),
            capture_millis: 0,
            bytes: None,
            object_key: None,
            sha256: None,
            superseded: None,
            error: None,
            resume_token: None,
        }
    }

    /// The entry of a target that could not be captured.
    pub fn failed(target: &Target, error: CaptureError) -> Entry {
        Entry { error: Some(error), ..Entry::new(target, Outcome::Failed) }
    }

    /// Whether somebody must look: it failed, or was cut short though all was asked for.
    pub fn has_failed(&self) -> bool {
        self.outcome == Outcome::Failed || self.error.is_some()
    }
}

/// What one run found out of one account and Region, beyond the connections of its endpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlaceEntry {
    /// The account.
    pub account_id: String,
    /// The Region.
    pub region: String,
    /// Which endpoints there are; none where no `*` asked for it.
    pub discovery: Option<Discovery>,
    /// The object with their configuration; none of a run that was asked for in part.
    pub endpoints: Option<EndpointsEntry>,
}

impl PlaceEntry {
    /// Nothing found out yet.
    pub fn new(place: &AccountRegion) -> PlaceEntry {
        PlaceEntry {
            account_id: place.account_id.to_string(),
            region: place.region.to_string(),
            discovery: None,
            endpoints: None,
        }
    }

    /// Why it is not known which endpoints there are, so that some may have been missed.
    pub fn discovery_error(&self) -> Option<&CaptureError> {
        self.discovery.as_ref()?.error.as_ref()
    }

    /// Why the configuration of its endpoints is not on record.
    pub fn endpoints_error(&self) -> Option<&CaptureError> {
        self.endpoints.as_ref()?.error.as_ref()
    }
}

/// Which endpoints there are in an account and Region.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Discovery {
    /// Those that EC2 lists; where that failed, those of the record before, and none where there was none.
    pub endpoints: Option<Vec<EndpointId>>,
    /// Those among them that the record before did not have.
    pub discovered: Vec<String>,
    /// Those of the record before that EC2 lists no longer.
    pub gone: Vec<String>,
    /// The snapshot whose record that was; none where there was none, today or yesterday.
    pub known_since: Option<SnapshotTime>,
    /// When the request of the listing's first page was sent; `None` if EC2 did not list them.
    #[serde(serialize_with = "millisecond_times")]
    pub first_page_requested_at: Option<Timestamp>,
    /// When the listing's first page arrived.
    #[serde(serialize_with = "millisecond_times")]
    pub first_page_at: Option<Timestamp>,
    /// When the listing's last page arrived.
    #[serde(serialize_with = "millisecond_times")]
    pub last_page_at: Option<Timestamp>,
    /// Seconds by which the clock here was ahead of EC2's; negative if it was behind. `None` if EC2 did not say.
    pub clock_difference_seconds: Option<i64>,
    /// Names of elements that this program does not know beside the endpoints in EC2's answers.
    pub unknown_elements: BTreeSet<String>,
    /// What went wrong. Endpoints whose id is not of the API's form are not among `endpoints`, and are an error.
    pub error: Option<CaptureError>,
}

/// The object that has the configuration of the endpoints of an account and Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndpointsEntry {
    /// `complete`, `already_captured` or `failed`.
    pub outcome: Outcome,
    /// Rows in it: one for each endpoint, also for one that is not known in all.
    pub rows: u64,
    /// Its size; none when none was written.
    pub bytes: Option<u64>,
    /// Its key, or its path within the lake's directory; of `already_captured`, of the object found.
    pub object_key: Option<String>,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: Option<String>,
    /// Names of elements that this program does not know beside the endpoints or networks in EC2's answers.
    pub unknown_elements: BTreeSet<String>,
    /// What went wrong: why there is no object, or what is not known of the endpoints in it.
    pub error: Option<CaptureError>,
}

impl EndpointsEntry {
    /// An entry of which nothing was written.
    pub fn new(outcome: Outcome) -> EndpointsEntry {
        EndpointsEntry {
            outcome,
            rows: 0,
            bytes: None,
            object_key: None,
            sha256: None,
            unknown_elements: BTreeSet::new(),
            error: None,
        }
    }

    /// The entry of an object that could not be made.
    pub fn failed(error: CaptureError) -> EndpointsEntry {
        EndpointsEntry { error: Some(error), ..EndpointsEntry::new(Outcome::Failed) }
    }
}

/// What the run was told to do. Values of filters name people, so they are counted and not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingsInForce {
    /// Where the lake lies.
    pub lake: String,
    /// The targets, as ARNs; `*` as id is for all endpoints there.
    pub targets: Vec<String>,
    /// Those among them that were named in two ways, and are captured once.
    pub named_twice: Vec<String>,
    /// Most connections of a page.
    pub page_size: u16,
    /// Most targets captured at a time.
    pub concurrency: usize,
    /// Longest time of one attempt at a call, in seconds.
    pub call_timeout_seconds: u64,
    /// Attempts at a call.
    pub max_attempts: u32,
    /// The KMS key of the objects; none for the bucket's own encryption.
    pub kms_key: Option<String>,
    /// Filters, and how many values each had.
    pub filters: Vec<FilterInForce>,
    /// Most connections of each target; none for all.
    pub max_items: Option<u64>,
}

/// A filter, without its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FilterInForce {
    /// Its name.
    pub name: &'static str,
    /// How many values it had.
    pub values: usize,
}

/// One attempt at a snapshot: of one account and Region in the ledger, of all of a run in its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunRecord {
    /// The request and the attempt, as in the record's key.
    #[serde(serialize_with = "as_text")]
    pub run_id: RunId,
    /// The time that the snapshot bears.
    pub snapshot_time: SnapshotTime,
    /// When the run began.
    #[serde(serialize_with = "millisecond_time")]
    pub start: Timestamp,
    /// When it ended.
    #[serde(serialize_with = "millisecond_time")]
    pub end: Timestamp,
    /// What set it off.
    pub trigger: Trigger,
    /// `true` if the event has a time, as a schedule's has; `false` of a run by hand.
    pub scheduled: bool,
    /// Version of this program.
    pub tool_version: &'static str,
    /// What it was told to do.
    pub settings_in_force: SettingsInForce,
    /// What came of each target, in the order they were named or found.
    pub targets: Vec<Entry>,
    /// What was found out of each account and Region.
    pub places: Vec<PlaceEntry>,
}

impl RunRecord {
    /// The targets that somebody must look at.
    pub fn failed_targets(&self) -> impl Iterator<Item = &Entry> {
        self.targets.iter().filter(|entry| entry.has_failed())
    }

    /// Whether every target is `complete` or `already_captured`, and none can have been missed.
    pub fn all_captured(&self) -> bool {
        let captured = |entry: &Entry| matches!(entry.outcome, Outcome::Complete | Outcome::AlreadyCaptured);
        self.targets.iter().all(captured) && self.places.iter().all(|place| place.discovery_error().is_none())
    }

    /// The record as one line of JSON.
    ///
    /// # Errors
    /// Never in practice: every field has a form in JSON.
    pub fn to_line(&self) -> serde_json::Result<String> {
        serde_json::to_string(self).map(|line| line + "\n")
    }
}

fn as_text<S: Serializer>(run_id: &RunId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(run_id.as_str())
}

/// Always with three digits after the second, so that texts sort as times do.
fn millisecond_time<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{time:.3}"))
}

fn millisecond_times<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => millisecond_time(time, serializer),
        None => serializer.serialize_none(),
    }
}
