//! The entry of a target: the result of one run for it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::text::millisecond_times;
use super::{CaptureError, Outcome, Restriction, Written};
use crate::aws::ec2::PageTimes;
use crate::aws::ec2::resume_token::ResumeToken;
use crate::target::Target;

/// The result of one run for one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The target's account.
    pub account_id: String,
    /// The target's Region.
    pub region: String,
    /// The target's endpoint.
    pub endpoint_id: String,
    /// The outcome.
    pub outcome: Outcome,
    /// The reasons why it is partial though nothing failed; empty otherwise.
    pub restrictions: Vec<Restriction>,
    /// The facts about the listing that was written. For `already_captured`, the times are those that its object states.
    pub tally: Tally,
    /// Duration of the capture, in milliseconds.
    pub capture_millis: u64,
    /// The object; for `already_captured`, the object found. `None` if none was written. Unless a write failed or was not
    /// needed, it has the rows that were read.
    pub object: Option<Written>,
    /// The rows of a listing whose token expired, if they are not all in the object of the one that replaced it.
    pub superseded: Option<Written>,
    /// The error.
    pub error: Option<CaptureError>,
    /// The point from which the next capture can resume.
    pub resume_token: Option<ResumeToken>,
}

/// The facts about the pages and rows of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Pages read.
    pub pages: u64,
    /// Connections read, after `max_items` and those that a resumed listing skips.
    pub rows_read: u64,
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
    /// Times of the first page, in the attempt that succeeded, and of the last page. Coverage follows from these times.
    pub times: Option<PageTimes>,
    /// Seconds by which the clock here was ahead of EC2's, by the page where they differed most; negative if it was behind.
    /// `None` if nothing was read, or EC2 gave no time.
    pub clock_difference_seconds: Option<i64>,
    /// Names of elements beside the connections in EC2's answers that this program does not know.
    pub unknown_elements: BTreeSet<String>,
}

impl Entry {
    /// Returns an entry for a target of which nothing has been read.
    pub fn new(target: &Target, outcome: Outcome) -> Entry {
        Entry {
            account_id: target.account_id.to_string(),
            region: target.region.to_string(),
            endpoint_id: target.endpoint_id.to_string(),
            outcome,
            restrictions: Vec::new(),
            tally: Tally::default(),
            capture_millis: 0,
            object: None,
            superseded: None,
            error: None,
            resume_token: None,
        }
    }

    /// Returns the entry of a target that could not be captured.
    pub fn failed(target: &Target, error: CaptureError) -> Entry {
        Entry { error: Some(error), ..Entry::new(target, Outcome::Failed) }
    }

    /// Returns `true` if somebody must look: it failed, or was cut short though all was requested.
    pub fn has_failed(&self) -> bool {
        self.outcome == Outcome::Failed || self.error.is_some()
    }

    /// Returns the number of rows in its object; 0 if there is none.
    pub fn rows(&self) -> u64 {
        self.object.as_ref().map_or(0, |object| object.rows)
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        EntryFields::of(self).serialize(serializer)
    }
}

/// The fields of an entry in the ledger. The rows of the object are among the counts of the listing, so the two cannot be
/// flattened one after the other.
#[derive(Serialize)]
struct EntryFields<'a> {
    account_id: &'a str,
    region: &'a str,
    endpoint_id: &'a str,
    outcome: Outcome,
    restrictions: &'a [Restriction],
    pages: u64,
    rows_read: u64,
    rows: u64,
    active: u64,
    unparsed_values: u64,
    duplicates: u64,
    first_request_id: Option<&'a str>,
    last_request_id: Option<&'a str>,
    #[serde(serialize_with = "millisecond_times")]
    first_page_requested_at: Option<Timestamp>,
    #[serde(serialize_with = "millisecond_times")]
    first_page_at: Option<Timestamp>,
    #[serde(serialize_with = "millisecond_times")]
    last_page_at: Option<Timestamp>,
    clock_difference_seconds: Option<i64>,
    unknown_elements: &'a BTreeSet<String>,
    capture_millis: u64,
    bytes: Option<u64>,
    object_key: Option<&'a str>,
    sha256: Option<&'a str>,
    superseded: Option<&'a Written>,
    error: Option<&'a CaptureError>,
    resume_token: Option<&'a ResumeToken>,
}

impl EntryFields<'_> {
    fn of(entry: &Entry) -> EntryFields<'_> {
        // Without `..`: a field that is left out here would be missing in the ledger.
        let Entry {
            account_id,
            region,
            endpoint_id,
            outcome,
            restrictions,
            tally,
            capture_millis,
            object,
            superseded,
            error,
            resume_token,
        } = entry;
        let Tally {
            pages,
            rows_read,
            active,
            unparsed_values,
            duplicates,
            first_request_id,
            last_request_id,
            times,
            clock_difference_seconds,
            unknown_elements,
        } = tally;
        let object = object.as_ref();
        EntryFields {
            account_id,
            region,
            endpoint_id,
            outcome: *outcome,
            restrictions,
            pages: *pages,
            rows_read: *rows_read,
            rows: entry.rows(),
            active: *active,
            unparsed_values: *unparsed_values,
            duplicates: *duplicates,
            first_request_id: first_request_id.as_deref(),
            last_request_id: last_request_id.as_deref(),
            first_page_requested_at: times.map(|times| times.first_page_requested_at),
            first_page_at: times.map(|times| times.first_page_at),
            last_page_at: times.map(|times| times.last_page_at),
            clock_difference_seconds: *clock_difference_seconds,
            unknown_elements,
            capture_millis: *capture_millis,
            bytes: object.map(|object| object.bytes),
            object_key: object.map(|object| object.object_key.as_str()),
            sha256: object.map(|object| object.sha256.as_str()),
            superseded: superseded.as_ref(),
            error: error.as_ref(),
            resume_token: resume_token.as_ref(),
        }
    }
}
