//! The run records of the period: attempts, rows as the ledger states them, differences of the clocks, and the versions that wrote.

use futures_util::{StreamExt, stream};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::widened;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::ledger::Outcome;
use crate::lake::ledger::recorded::{
    MOST_PLACES, MOST_TARGETS, MOST_WINDOWS, RecordedError, limited, short_id, short_text_or_null,
};
use crate::lake::store::{Store, StoreError};
use crate::proof::coverage::Unreadable;
use crate::report::sessions::ObjectRows;
use crate::target::AccountRegion;

/// Run records that are read at a time.
const CONCURRENT_READS: usize = 16;

/// An endpoint of an account and Region, as records name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ReportedEndpoint {
    pub account_id: String,
    pub region: String,
    pub endpoint_id: String,
}

/// A run record, as far as the report needs it.
#[derive(Debug, Deserialize)]
pub(super) struct ReportedRun {
    pub snapshot_time: Timestamp,
    pub start: Option<Timestamp>,
    pub end: Option<Timestamp>,
    #[serde(default, deserialize_with = "short_text_or_null")]
    pub tool_version: Option<String>,
    #[serde(deserialize_with = "limited::<MOST_TARGETS, _, _>")]
    pub targets: Vec<ReportedTarget>,
    #[serde(default, deserialize_with = "limited::<MOST_PLACES, _, _>")]
    pub places: Vec<ReportedPlace>,
}

/// An attempt at an endpoint.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ReportedTarget {
    #[serde(deserialize_with = "short_id")]
    pub endpoint_id: String,
    pub outcome: Outcome,
    #[serde(default)]
    pub rows: u64,
    #[serde(default)]
    pub active: u64,
    pub first_page_requested_at: Option<Timestamp>,
    pub first_page_at: Option<Timestamp>,
    pub last_page_at: Option<Timestamp>,
    pub clock_difference_seconds: Option<i64>,
    #[serde(default, deserialize_with = "short_text_or_null")]
    pub first_request_id: Option<String>,
    #[serde(default, deserialize_with = "short_text_or_null")]
    pub last_request_id: Option<String>,
    #[serde(default, deserialize_with = "short_text_or_null")]
    object_key: Option<String>,
    #[serde(default, deserialize_with = "short_text_or_null")]
    pub sha256: Option<String>,
    superseded: Option<ReportedSuperseded>,
    pub error: Option<RecordedError>,
}

/// The rows of a listing whose token expired.
#[derive(Debug, Clone, Deserialize)]
struct ReportedSuperseded {
    #[serde(default, deserialize_with = "short_text_or_null")]
    object_key: Option<String>,
    #[serde(default)]
    rows: u64,
    #[serde(default, deserialize_with = "short_text_or_null")]
    sha256: Option<String>,
}

/// An object with rows of connections, as a run record states it. `None` for what it does not state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StatedObject {
    pub rows: u64,
    pub sha256: Option<String>,
    /// Rows that AWS calls active.
    pub active: Option<u64>,
    /// Arrival of the first and of the last page.
    pub pages: Option<(Timestamp, Timestamp)>,
}

/// Differences of the arrival of a row from that of its page that are of no account: records have milliseconds.
const PAGE_TOLERANCE: SignedDuration = SignedDuration::from_secs(1);

impl StatedObject {
    /// Returns `true` if another statement about the same object cannot be right too.
    pub(super) fn contradicts(&self, other: &StatedObject) -> bool {
        let is_other = |one: &Option<String>, other: &Option<String>| {
            one.as_ref().zip(other.as_ref()).is_some_and(|(one, other)| one != other)
        };
        self.rows != other.rows || is_other(&self.sha256, &other.sha256)
    }

    /// Returns `true` if an object that was read has the rows and the SHA-256 that are stated.
    pub(super) fn is_as_found(&self, found: &ObjectRows, sha256: Option<&str>) -> bool {
        let is_sha256 = self.sha256.as_deref().zip(sha256).is_none_or(|(stated, found)| stated == found);
        let is_active = self.active.is_none_or(|active| active == found.active);
        self.rows == found.rows && is_sha256 && is_active
    }

    /// Returns `true` if the rows of an object that was read arrived when its pages are stated to have arrived.
    pub(super) fn is_of_its_pages(&self, found: &ObjectRows) -> bool {
        // Pages of a clock that stepped say nothing.
        let pages = self.pages.filter(|(first, last)| first <= last);
        pages.zip(found.captured).is_none_or(|(pages, (first, last))| {
            let (earliest, latest) = widened(pages, PAGE_TOLERANCE);
            earliest <= first && last <= latest
        })
    }
}

/// The findings about an account and Region.
#[derive(Debug, Deserialize)]
pub(super) struct ReportedPlace {
    pub discovery: Option<ReportedDiscovery>,
    endpoints: Option<ReportedObject>,
    authorization_rules: Option<ReportedObject>,
    routes: Option<ReportedObject>,
    logs: Option<ReportedLogs>,
}

/// An object of the configuration, or of a window of connection logs.
#[derive(Debug, Deserialize)]
struct ReportedObject {
    #[serde(default, deserialize_with = "short_text_or_null")]
    object_key: Option<String>,
    #[serde(default, deserialize_with = "short_text_or_null")]
    sha256: Option<String>,
}

/// The connection logs that a run read.
#[derive(Debug, Deserialize)]
struct ReportedLogs {
    #[serde(default, deserialize_with = "limited::<MOST_TARGETS, _, _>")]
    groups: Vec<ReportedLogGroup>,
}

#[derive(Debug, Deserialize)]
struct ReportedLogGroup {
    #[serde(default, deserialize_with = "limited::<MOST_WINDOWS, _, _>")]
    windows: Vec<ReportedObject>,
}

impl ReportedPlace {
    /// Returns the objects of its configuration and of its connection logs, each with the SHA-256 that is stated.
    pub(super) fn objects(&self) -> impl Iterator<Item = (ObjectKey, Option<String>)> {
        let configuration = [&self.endpoints, &self.authorization_rules, &self.routes].into_iter().flatten();
        let windows = self.logs.iter().flat_map(|logs| &logs.groups).flat_map(|group| &group.windows);
        let objects = configuration.chain(windows);
        objects.filter_map(|of| Some((without_prefix(of.object_key.as_deref()?)?, of.sha256.clone())))
    }
}

/// A listing of endpoints.
#[derive(Debug, Deserialize)]
pub(super) struct ReportedDiscovery {
    pub clock_difference_seconds: Option<i64>,
}

impl ReportedRun {
    /// Returns `true` if it ended before it began.
    pub(super) fn has_stepped_clock(&self) -> bool {
        self.start.zip(self.end).is_some_and(|(start, end)| end < start)
    }
}

impl ReportedTarget {
    /// Returns the key of its object relative to the lake's prefix.
    pub(super) fn object_key(&self) -> Option<ObjectKey> {
        without_prefix(self.object_key.as_deref()?)
    }

    /// Returns its object, and that of a listing whose token expired, with their keys.
    pub(super) fn objects(&self) -> impl Iterator<Item = (ObjectKey, StatedObject)> {
        // Of a listing that was begun again, or in part, the count may be of other rows.
        let is_whole = self.outcome == Outcome::Complete && self.superseded.is_none();
        let own = self.object_key().map(|key| {
            let stated = StatedObject {
                rows: self.rows,
                sha256: self.sha256.clone(),
                active: Some(self.active).filter(|_| is_whole),
                pages: self.first_page_at.zip(self.last_page_at),
            };
            (key, stated)
        });
        let superseded = self.superseded.as_ref().and_then(|superseded| {
            let key = without_prefix(superseded.object_key.as_deref()?)?;
            let (rows, sha256) = (superseded.rows, superseded.sha256.clone());
            Some((key, StatedObject { rows, sha256, active: None, pages: None }))
        });
        own.into_iter().chain(superseded)
    }

    /// Returns `true` if it states that rows were captured, and names no object that has them.
    pub(super) fn lacks_object(&self) -> bool {
        let has_object = match self.outcome {
            Outcome::Complete | Outcome::AlreadyCaptured => true,
            Outcome::Partial => self.rows > 0,
            Outcome::Failed => false,
        };
        has_object && self.object_key().is_none()
    }

    /// Returns `true` if its pages arrived before they were requested, or in another order: the clock stepped.
    pub(super) fn has_stepped_clock(&self) -> bool {
        let times = [self.first_page_requested_at, self.first_page_at, self.last_page_at];
        !times.into_iter().flatten().is_sorted()
    }
}

/// Returns a key relative to the lake's prefix: the record of a bucket has the prefix too.
fn without_prefix(key: &str) -> Option<ObjectKey> {
    let begin = key.rmatch_indices('/').nth(4).map_or(0, |(slash, _)| slash + 1);
    ObjectKey::parse(key.get(begin..)?)
}

/// Reads the run records of `place` from the day `first` to the day `last`, and passes each to `on_run` in the order of the keys.
/// Those that cannot be read are returned.
///
/// # Errors
/// Returns an error if they cannot be listed.
pub(super) async fn read_runs(
    store: &Store,
    place: &AccountRegion,
    first: Date,
    last: Date,
    mut on_run: impl FnMut(&ObjectKey, ReportedRun),
) -> Result<Vec<Unreadable>, StoreError> {
    let mut unreadable = Vec::new();
    for date in store.days(Table::Runs, place).await? {
        if date < first || date > last {
            continue;
        }
        let found = store.find(&place.day(Table::Runs, date)).await?;
        let keys = found.into_iter().filter(|found| !found.hidden);
        let keys = keys.filter_map(|found| ObjectKey::parse(&found.key));
        let read = async |key: ObjectKey| {
            let parse = |bytes: &[u8]| serde_json::from_slice::<ReportedRun>(bytes);
            let run = match store.read_with(&key, parse).await {
                Ok(Some(run)) => run.map_err(|error| format!("is no run record: {error}")),
                Ok(None) => Err("is listed and not there".to_owned()),
                Err(error) => Err(error.to_string()),
            };
            (key, run)
        };
        let mut runs = std::pin::pin!(stream::iter(keys).map(read).buffered(CONCURRENT_READS));
        while let Some((key, run)) = runs.next().await {
            match run {
                Ok(run) => on_run(&key, run),
                Err(problem) => unreadable.push(Unreadable { object_key: key.to_string(), problem }),
            }
        }
    }
    Ok(unreadable)
}

/// The least and the greatest difference of a clock, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ClockDifferences {
    /// Least and greatest; `None` if none was measured.
    pub range: Option<(i64, i64)>,
    /// Measurements.
    pub measured: u64,
    /// Answers whose time was not measured.
    pub not_measured: u64,
}

impl ClockDifferences {
    /// Adds a measurement; `None` for an answer whose time was not measured.
    pub(super) fn add(&mut self, seconds: Option<i64>) {
        match seconds {
            None => self.not_measured += 1,
            Some(seconds) => {
                self.measured += 1;
                let (least, greatest) = self.range.unwrap_or((seconds, seconds));
                self.range = Some((least.min(seconds), greatest.max(seconds)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_a_record_is_found_with_and_without_the_prefix_of_its_bucket() {
        let key = "connections/account_id=111122223333/region=eu-central-1/snapshot_date=2026-11-01/\
                   20261101T000000Z_cvpn-endpoint-0123456789abcdef0.parquet";
        for (text, expected) in [
            (key.to_owned(), Some(key)),
            (format!("a/b/{key}"), Some(key)),
            ("../../etc/passwd".to_owned(), None),
            ("é".repeat(40), None),
        ] {
            let target = serde_json::json!({
                "endpoint_id": "cvpn-endpoint-0123456789abcdef0", "outcome": "complete", "object_key": text, "error": null
            });
            let target: ReportedTarget = serde_json::from_value(target).unwrap();
            assert_eq!(target.object_key().as_ref().map(ObjectKey::as_str), expected);
        }
    }
}
