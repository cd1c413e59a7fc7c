//! The object that already exists at a key: it counts as captured only if this program would have put it there.

use crate::aws::ec2::PageTimes;
use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};

use crate::error_code::ErrorCode;
use crate::lake::keys::Key;
use crate::lake::ledger::{CaptureError, Outcome, Written};
use crate::lake::parquet::{Ends, Identity, ObjectMetadata};
use crate::lake::store::{Look, Store};
use crate::snapshot_time::SnapshotTime;

/// Maximum difference between the clocks of two runs. An event may be as far ahead.
const MAX_CLOCK_DIFFERENCE: SignedDuration = SignedDuration::from_secs(60);

/// An object of the snapshot that is already in the lake.
#[derive(Debug)]
pub(crate) struct Existing {
    pub object: Written,
    /// Its outcome.
    pub outcome: Outcome,
    /// Times of its pages; `None` if the object does not state them.
    pub times: Option<PageTimes>,
}

/// Returns the times at which pages of a snapshot can have been requested and have arrived, if it is `now`.
pub(crate) fn possible_times(snapshot_time: SnapshotTime, now: Timestamp) -> RangeInclusive<Timestamp> {
    let first = snapshot_time.timestamp();
    first.saturating_sub(MAX_CLOCK_DIFFERENCE).unwrap_or(first)
        ..=now.saturating_add(MAX_CLOCK_DIFFERENCE).unwrap_or(now)
}

/// Returns the object at `key`, which must have one of these `outcomes` and this `identity`, with pages of these `times`; `None` if there is
/// none.
///
/// # Errors
/// If something else is there (`ForeignObject`), or if it cannot be read.
pub(crate) async fn find_existing(
    store: &Store,
    key: Key<'_>,
    identity: &Identity,
    outcomes: &[Outcome],
    times: RangeInclusive<Timestamp>,
) -> Result<Option<Existing>, CaptureError> {
    let object_key = store.object_key(key);
    let (hashed, head, tail) = match store.look(key).await? {
        Look::Nothing => return Ok(None),
        Look::Foreign(found) => return Err(foreign(&object_key, &found)),
        Look::Object { hashed, head, tail } => (hashed, head, tail),
    };
    let ends = Ends { bytes: hashed.bytes, head: &head, tail: &tail };
    let metadata = ObjectMetadata::read(ends).map_err(|error| foreign(&object_key, &error.to_string()))?;
    let outcome = outcomes.iter().find(|outcome| metadata.has_outcome(outcome.as_str())).copied();
    let outcome = outcome.unwrap_or(Outcome::Complete);
    if let Some(field) = metadata.difference(identity, outcome.as_str()) {
        return Err(foreign(&object_key, &format!("its metadata has another {field}")));
    }
    if metadata.pages().iter().flatten().any(|time| !times.contains(time)) {
        return Err(foreign(&object_key, "its metadata has times that no capture of this snapshot can have"));
    }
    Ok(Some(Existing {
        object: Written {
            object_key,
            rows: metadata.rows,
            bytes: hashed.bytes,
            sha256: hex::encode(hashed.sha256),
        },
        outcome,
        times: metadata.times(),
    }))
}

fn foreign(object_key: &str, found: &str) -> CaptureError {
    let message = format!(
        "looking at {object_key}: this program did not put what lies there ({found}); find out who put it there and keep \
         it elsewhere, then this snapshot can be repeated"
    );
    CaptureError::new(ErrorCode::ForeignObject, message)
}
