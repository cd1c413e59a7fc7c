//! Run records read back from the lake. They may be of an earlier or a later version, so fields that are not needed are
//! ignored.

mod known_endpoints;
mod log_groups;

use std::fmt;
use std::marker::PhantomData;

use futures_util::{Stream, StreamExt, stream};
use jiff::Timestamp;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Outcome;
use crate::error_code::ErrorCode;
use crate::lake::keys::ObjectKey;
use crate::lake::store::{Store, StoreError};
use crate::target::AccountRegion;

pub use known_endpoints::{KnownEndpoints, known_endpoints};
pub(crate) use log_groups::MOST_WINDOWS;
pub use log_groups::{RecordedLogGroup, RecordedLogs, RecordedSettings, RecordedWindow, known_log_groups};

/// Maximum targets of a record, and endpoints of a listing: far more than AWS allows in a Region.
pub(crate) const MOST_TARGETS: usize = 2_000;

/// Maximum accounts and Regions of a record, which has one.
pub(crate) const MOST_PLACES: usize = 10;

/// Longest id of an endpoint, in bytes: three times as long as AWS's.
const LONGEST_ID: usize = 96;

/// Longest text of a record that is kept, in bytes: a key of S3 may have 1,024.
const LONGEST_TEXT: usize = 1_024;

/// Maximum records that are read at a time if the newest is most often the one that is needed.
const CONCURRENT_READS: usize = 2;

/// The parts of a run record that coverage needs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RecordedRun {
    /// Time of the run's start.
    pub start: Timestamp,
    /// The time that the snapshot bears.
    pub snapshot_time: Timestamp,
    /// `false` for a run by hand. A record of a version without the field counts as one of a schedule.
    #[serde(default = "yes")]
    pub scheduled: bool,
    /// The settings in force; those of no log group in a record of a version without the field.
    #[serde(default)]
    pub settings_in_force: RecordedSettings,
    /// The result of each target.
    #[serde(deserialize_with = "limited::<MOST_TARGETS, _, _>")]
    pub targets: Vec<RecordedTarget>,
    /// The findings about each account and Region; empty in records of a version that captured only in its own.
    #[serde(default, deserialize_with = "limited::<MOST_PLACES, _, _>")]
    pub places: Vec<RecordedPlace>,
}

impl RecordedRun {
    /// Reads a record.
    ///
    /// # Errors
    /// If it is no record, or has more targets or places than a record may have.
    pub fn parse(bytes: &[u8]) -> Result<RecordedRun, RecordError> {
        Ok(serde_json::from_slice(bytes)?)
    }

    /// Reads the record under a key.
    ///
    /// # Errors
    /// As [`RecordedRun::parse`], and if it names another account or Region than those of the key.
    pub fn of_key(key: &ObjectKey, bytes: &[u8]) -> Result<RecordedRun, RecordError> {
        let run = RecordedRun::parse(bytes)?;
        if run.is_of(&key.place) { Ok(run) } else { Err(RecordError::Misplaced) }
    }

    /// Returns the ids of its targets and of the endpoints that it lists; one id can occur more than once.
    pub fn endpoint_ids(&self) -> impl Iterator<Item = &str> {
        let listed = self.places.iter().filter_map(|place| place.discovery.as_ref()?.endpoints.as_ref());
        let targets = self.targets.iter().map(|target| target.endpoint_id.as_str());
        targets.chain(listed.flatten().map(String::as_str))
    }

    /// Returns `true` if everything that it names is of that account and Region.
    fn is_of(&self, place: &AccountRegion) -> bool {
        let is_it = |account_id: &str, region: &str| {
            account_id == place.account_id.as_str() && region == place.region.as_str()
        };
        self.targets.iter().all(|target| is_it(&target.account_id, &target.region))
            && self.places.iter().all(|found| is_it(&found.account_id, &found.region))
    }
}

/// The findings of one run about an account and Region.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RecordedPlace {
    /// The account.
    #[serde(deserialize_with = "short_id")]
    pub account_id: String,
    /// The Region.
    #[serde(deserialize_with = "short_id")]
    pub region: String,
    /// The discovery of endpoints; `None` if no `*` asked for it.
    pub discovery: Option<RecordedDiscovery>,
    /// The connection logs; `None` for a snapshot.
    #[serde(default)]
    pub logs: Option<RecordedLogs>,
}

/// The endpoints that existed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RecordedDiscovery {
    /// The endpoints; `None` if they were not known.
    #[serde(default, deserialize_with = "limited_or_null")]
    pub endpoints: Option<Vec<String>>,
    /// Time of the request for the listing's first page.
    pub first_page_requested_at: Option<Timestamp>,
    /// Arrival time of the listing's first page.
    pub first_page_at: Option<Timestamp>,
    /// Arrival time of the listing's last page.
    pub last_page_at: Option<Timestamp>,
    /// The error; `None` if EC2 listed them.
    pub error: Option<RecordedError>,
}

/// The proof that one entry of a record gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Everything that existed was listed in this time.
    Capture(Captured),
    /// It states that all was listed, but its times contradict each other: the clock stepped meanwhile.
    ClockStepped,
    /// It proves nothing.
    Nothing,
}

/// The time in which everything that existed was listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Captured {
    /// Time of the request for the first page.
    pub begins: Timestamp,
    /// Arrival time of the last page.
    pub ends: Timestamp,
}

impl Proof {
    /// Returns the capture; `None` if the entry is not one.
    pub fn captured(self) -> Option<Captured> {
        match self {
            Proof::Capture(captured) => Some(captured),
            Proof::ClockStepped | Proof::Nothing => None,
        }
    }

    /// Reads the times of a complete listing, of a run that began at `start`. Without the time of the request, the run's
    /// beginning stands for it, which is earlier.
    fn of_times(
        start: Timestamp,
        requested_at: Option<Timestamp>,
        first_page_at: Option<Timestamp>,
        last_page_at: Option<Timestamp>,
    ) -> Proof {
        let begins = requested_at.unwrap_or(start);
        match (first_page_at, last_page_at) {
            (Some(first_page_at), Some(ends)) if begins <= first_page_at && first_page_at <= ends => {
                Proof::Capture(Captured { begins, ends })
            }
            (Some(_), Some(_)) => Proof::ClockStepped,
            _ => Proof::Nothing,
        }
    }
}

impl RecordedDiscovery {
    /// Returns `true` if EC2 listed the endpoints. Without a list, nothing shows that there was none. With
    /// [`ErrorCode::LedgerUnreadable`], they were listed and not compared.
    pub fn is_listed(&self) -> bool {
        self.error.as_ref().is_none_or(|error| error.is(&ErrorCode::LedgerUnreadable))
            && self.endpoints.is_some()
    }

    /// Returns the listing of endpoints as a proof, of a run that began at `start`.
    pub fn proof(&self, start: Timestamp) -> Proof {
        if self.is_listed() {
            Proof::of_times(start, self.first_page_requested_at, self.first_page_at, self.last_page_at)
        } else {
            Proof::Nothing
        }
    }
}

/// The result of one run for one target.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RecordedTarget {
    /// The target's account.
    #[serde(deserialize_with = "short_id")]
    pub account_id: String,
    /// The target's Region.
    #[serde(deserialize_with = "short_id")]
    pub region: String,
    /// The target's endpoint.
    #[serde(deserialize_with = "short_id")]
    pub endpoint_id: String,
    /// The outcome.
    pub outcome: Outcome,
    /// Connections that AWS calls active.
    pub active: u64,
    /// Time of the request for the first page.
    pub first_page_requested_at: Option<Timestamp>,
    /// Arrival time of the first page.
    pub first_page_at: Option<Timestamp>,
    /// Arrival time of the last page.
    pub last_page_at: Option<Timestamp>,
    /// The object's key, or its path within the lake's directory.
    #[serde(default, deserialize_with = "short_text_or_null")]
    pub object_key: Option<String>,
    /// The error.
    pub error: Option<RecordedError>,
}

impl RecordedTarget {
    /// Returns the entry as a proof, of a run that began at `start`. An object that already existed proves what its own
    /// times show.
    pub fn proof(&self, start: Timestamp) -> Proof {
        match self.outcome {
            Outcome::Complete | Outcome::AlreadyCaptured => {
                Proof::of_times(start, self.first_page_requested_at, self.first_page_at, self.last_page_at)
            }
            Outcome::Partial | Outcome::Failed => Proof::Nothing,
        }
    }
}

/// The error of a target.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RecordedError {
    /// The code, as the record has it: in a record of another version, or in a forged one, it may be any text of a length that
    /// this program could have written.
    #[serde(deserialize_with = "short_text")]
    pub code: String,
}

impl RecordedError {
    /// Returns `true` if it has this code.
    pub fn is(&self, code: &ErrorCode) -> bool {
        self.code == code.as_str()
    }
}

/// The reason why a run record could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is listed but does not exist.
    #[error("is listed and not there, as after a delete marker")]
    Gone,
    /// It is not a run record.
    #[error("is no run record: {0}")]
    NotARecord(#[from] serde_json::Error),
    /// It names an account or Region that it is not filed under.
    #[error("speaks of another account or Region than its key; find out who put it there")]
    Misplaced,
}

/// Reads the records under `keys`, in their order, `max_concurrency` of them at a time.
pub fn read<'a>(
    store: &'a Store,
    keys: impl IntoIterator<Item = ObjectKey> + 'a,
    max_concurrency: usize,
) -> impl Stream<Item = (ObjectKey, Result<RecordedRun, RecordError>)> + 'a {
    let read = async |key: ObjectKey| {
        let run = read_one(store, &key).await;
        (key, run)
    };
    stream::iter(keys).map(read).buffered(max_concurrency)
}

async fn read_one(store: &Store, key: &ObjectKey) -> Result<RecordedRun, RecordError> {
    store.read_with(key, |bytes| RecordedRun::of_key(key, bytes)).await?.ok_or(RecordError::Gone)?
}

fn yes() -> bool {
    true
}

/// Reads a list of at most `MOST` entries, so that no record takes more memory than it should.
pub(crate) fn limited<'de, const MOST: usize, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct Limited<T, const MOST: usize>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Limited<T, MOST> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of at most {MOST} entries")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = list.next_element()? {
                if entries.len() == MOST {
                    return Err(A::Error::custom(format_args!(
                        "LimitExceeded: a list has more than {MOST} entries"
                    )));
                }
                entries.push(entry);
            }
            Ok(entries)
        }
    }
    deserializer.deserialize_seq(Limited::<T, MOST>(PhantomData))
}

/// An id, as [`short_id`] reads it.
#[derive(Deserialize)]
struct ShortId(#[serde(deserialize_with = "short_id")] String);

/// Reads an id, so that no record takes more memory than it should.
pub(crate) fn short_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = String::deserialize(deserializer)?;
    if id.len() > LONGEST_ID {
        return Err(D::Error::custom(format_args!("LimitExceeded: an id has more than {LONGEST_ID} bytes")));
    }
    Ok(id)
}

/// A text, as [`short_text`] reads it.
#[derive(Deserialize)]
struct ShortText(#[serde(deserialize_with = "short_text")] String);

/// Reads a text, and no more of it than a key or a code of this program may have. A longer one is not its own.
fn short_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let mut text = String::deserialize(deserializer)?;
    if text.len() > LONGEST_TEXT {
        text.truncate(text.floor_char_boundary(LONGEST_TEXT));
        text.shrink_to_fit();
    }
    Ok(text)
}

pub(crate) fn short_text_or_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Ok(Option::<ShortText>::deserialize(deserializer)?.map(|ShortText(text)| text))
}

/// Reads the endpoints of a listing, or null.
fn limited_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    struct Endpoints(#[serde(deserialize_with = "limited::<MOST_TARGETS, _, _>")] Vec<ShortId>);
    let endpoints = Option::<Endpoints>::deserialize(deserializer)?;
    Ok(endpoints.map(|Endpoints(ids)| ids.into_iter().map(|ShortId(id)| id).collect()))
}
