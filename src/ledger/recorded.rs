//! Run records read back from the lake. They may be of an earlier or a later version, so fields that are not needed are
//! passed over.

use futures_util::{Stream, StreamExt, stream};
use jiff::Timestamp;
use serde::Deserialize;

use super::Outcome;
use crate::layout::ObjectKey;
use crate::store::{Store, StoreError};

/// Most records that are read at a time.
const AT_A_TIME: usize = 16;

/// A run record, as far as coverage is told by it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RecordedRun {
    /// When the run began.
    pub start: Timestamp,
    /// What came of each target.
    pub targets: Vec<RecordedTarget>,
}

/// What one run did with one target.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RecordedTarget {
    /// The target's account.
    pub account_id: String,
    /// The target's Region.
    pub region: String,
    /// The target's endpoint.
    pub endpoint_id: String,
    /// How it came out.
    pub outcome: Outcome,
    /// Connections that AWS calls active.
    pub active: u64,
    /// When the first page arrived.
    pub first_page_at: Option<Timestamp>,
    /// When the last page arrived.
    pub last_page_at: Option<Timestamp>,
    /// What went wrong.
    pub error: Option<RecordedError>,
}

/// What went wrong with a target.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RecordedError {
    /// Stable word.
    pub code: String,
}

/// Why a run record could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is listed and not there.
    #[error("is listed and not there, as after a delete marker")]
    Gone,
    /// It is no run record.
    #[error("is no run record: {0}")]
    NotARecord(#[from] serde_json::Error),
}

/// Reads the records under `keys`, in their order, some at a time.
pub fn read<'a>(
    store: &'a Store,
    keys: impl IntoIterator<Item = ObjectKey> + 'a,
) -> impl Stream<Item = (ObjectKey, Result<RecordedRun, RecordError>)> + 'a {
    let read = async |key: ObjectKey| {
        let run = read_one(store, &key).await;
        (key, run)
    };
    stream::iter(keys).map(read).buffered(AT_A_TIME)
}

async fn read_one(store: &Store, key: &ObjectKey) -> Result<RecordedRun, RecordError> {
    let bytes = store.read(key).await?.ok_or(RecordError::Gone)?;
    Ok(serde_json::from_slice(&bytes)?)
}
