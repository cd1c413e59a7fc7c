//! One target, from the search for its existing object to its entry in the ledger.

use crate::aws::ec2::PageTimes;
use crate::error_causes;
use crate::error_code::ErrorCode;
use crate::lake::keys::Key;
use crate::lake::ledger::{CaptureError, Entry, Outcome, Tally, Written};
use crate::lake::parquet::{SnapshotError, SnapshotWriter, identity_of_connections};
use crate::lake::store::{Content, Object, Put, StoreError};
use crate::target::Target;

use super::existing_object::{Existing, find_existing, possible_times};
use super::listing::{End, Listing};
use super::request::{CaptureRequest, Tools};

const PARQUET: &str = "application/vnd.apache.parquet";

/// Captures one target. It does not fail: errors are in the entry.
pub async fn capture(tools: &Tools, plan: &CaptureRequest, target: &Target) -> Entry {
    let start = tools.clock.now();
    let mut entry = match capture_once(tools, plan, target).await {
        Ok(entry) => entry,
        Err(error) => Entry::failed(target, error),
    };
    entry.restrictions = plan.restrictions();
    entry.capture_millis = u64::try_from(tools.clock.now().duration_since(start).as_millis()).unwrap_or(0);
    entry
}

async fn capture_once(tools: &Tools, plan: &CaptureRequest, target: &Target) -> Result<Entry, CaptureError> {
    let key = Key::Connections { target, snapshot_time: plan.snapshot_time };
    if plan.restrictions().is_empty()
        && let Some(existing) = existing(tools, plan, target, key).await?
    {
        return Ok(already_captured(Entry::new(target, Outcome::AlreadyCaptured), existing));
    }
    plan.temporary_space.as_ref()?;
    let first = Listing::read(tools, plan, target).await?;
    if !first.can_restart(plan) {
        return Ok(store(tools, plan, target, first).await);
    }
    let second = match Listing::read(tools, plan, target).await {
        Ok(second) => second,
        Err(error) => return Ok(store(tools, plan, target, first.cut_by(error)).await),
    };
    let adds_nothing = second.is_contained_in(&first);
    let second = match second.end {
        End::Cut { error, .. } if adds_nothing => {
            return Ok(store(tools, plan, target, first.cut_by(error)).await);
        }
        End::Unencoded { error } => return Ok(store(tools, plan, target, first.cut_by(error)).await),
        end => Listing { end, ..second },
    };
    let superseded = (!first.is_contained_in(&second)).then_some(first);
    let mut entry = store(tools, plan, target, second).await;
    if let Some(listing) = superseded {
        match store_superseded(tools, plan, target, listing).await {
            Ok(written) => entry.superseded = Some(written),
            Err(error) => entry.error = entry.error.or(Some(error)),
        }
    }
    Ok(entry)
}

/// Returns the object of the snapshot, if it is in the lake.
async fn existing(
    tools: &Tools,
    plan: &CaptureRequest,
    target: &Target,
    key: Key<'_>,
) -> Result<Option<Existing>, CaptureError> {
    let identity = identity_of_connections(plan.snapshot_time, &target.endpoint_id);
    let times = possible_times(plan.snapshot_time, tools.clock.now());
    find_existing(&tools.store, key, &identity, &[Outcome::Complete], times).await
}

/// Returns `entry` with the values of the object of an earlier run.
fn already_captured(entry: Entry, existing: Existing) -> Entry {
    let Existing { object, times, .. } = existing;
    let tally = Tally { times, ..entry.tally };
    Entry { outcome: Outcome::AlreadyCaptured, tally, object: Some(object), ..entry }
}

/// Stores the rows that a listing read, and returns the entry.
async fn store(tools: &Tools, plan: &CaptureRequest, target: &Target, listing: Listing) -> Entry {
    let Listing { mut writer, tally, end, .. } = listing;
    let mut outcome = match &end {
        End::LastPage if plan.restrictions().is_empty() => Outcome::Complete,
        End::Cut { .. } if tally.rows_read == 0 => Outcome::Failed,
        End::Unencoded { .. } => Outcome::Failed,
        End::LastPage | End::Limit { .. } | End::Cut { .. } => Outcome::Partial,
    };
    let (mut error, resume_token) = match end {
        End::LastPage => (None, None),
        End::Limit { resume_token } => (None, Some(resume_token)),
        End::Cut { error, resume_token, .. } => (Some(error), resume_token),
        End::Unencoded { error } => (Some(error), None),
    };
    if outcome != Outcome::Failed {
        match writer.encoded_rows() {
            Ok(encoded) if encoded == tally.rows_read => {}
            Ok(encoded) => {
                outcome = Outcome::Partial;
                error = Some(counts_differ(tally.rows_read, encoded));
            }
            Err(failed) => {
                outcome = Outcome::Failed;
                error = Some(failed.into());
            }
        }
    }
    let entry = Entry { tally, error, resume_token, ..Entry::new(target, outcome) };
    let Some(times) = entry.tally.times.filter(|_| outcome != Outcome::Failed) else {
        return entry;
    };
    let key = match outcome {
        Outcome::Complete => Key::Connections { target, snapshot_time: plan.snapshot_time },
        _ => Key::Partial { target, snapshot_time: plan.snapshot_time, run_id: &plan.run_id },
    };
    match write(tools, key, writer, outcome, &times).await {
        Ok((Put::Written, written)) => Entry { object: Some(written), ..entry },
        // Another capture of the same snapshot was quicker: the first write wins.
        Ok((Put::AlreadyThere, written)) if outcome == Outcome::Complete => {
            match existing(tools, plan, target, key).await {
                Ok(Some(existing)) => already_captured(entry, existing),
                Ok(None) => {
                    Entry { outcome: Outcome::Failed, error: Some(vanished(&written.object_key)), ..entry }
                }
                Err(error) => Entry { outcome: Outcome::Failed, error: Some(error), ..entry },
            }
        }
        Ok((Put::AlreadyThere, written)) => {
            Entry { outcome: Outcome::Failed, error: Some(key_exists(&written.object_key)), ..entry }
        }
        Err(error) => Entry { outcome: Outcome::Failed, error: Some(error), ..entry },
    }
}

/// Stores rows that the listing which replaced theirs does not have: they left AWS's list meanwhile.
async fn store_superseded(
    tools: &Tools,
    plan: &CaptureRequest,
    target: &Target,
    listing: Listing,
) -> Result<Written, CaptureError> {
    let run_id = plan.run_id.again();
    let key = Key::Partial { target, snapshot_time: plan.snapshot_time, run_id: &run_id };
    let times = listing.tally.times.ok_or_else(|| counts_differ(listing.tally.rows_read, 0))?;
    match write(tools, key, listing.writer, Outcome::Partial, &times).await? {
        (Put::Written, written) => Ok(written),
        (Put::AlreadyThere, written) => Err(key_exists(&written.object_key)),
    }
}

/// Finishes an object and puts it.
async fn write(
    tools: &Tools,
    key: Key<'_>,
    writer: SnapshotWriter,
    outcome: Outcome,
    times: &PageTimes,
) -> Result<(Put, Written), CaptureError> {
    let snapshot = writer.finish(outcome.as_str(), times)?;
    let content = Content::File(snapshot.path());
    let object = Object { content, sha256: snapshot.sha256, content_type: PARQUET };
    let put = tools.store.put_if_absent(key, object).await?;
    let written = Written {
        object_key: tools.store.object_key(key),
        rows: snapshot.rows,
        bytes: snapshot.bytes,
        sha256: hex::encode(snapshot.sha256),
    };
    Ok((put, written))
}

pub(crate) fn counts_differ(read: u64, encoded: u64) -> CaptureError {
    let message = format!("{read} rows were read and {encoded} encoded, which is a fault of this program");
    CaptureError::new(ErrorCode::CountsDiffer, message)
}

fn key_exists(object_key: &str) -> CaptureError {
    CaptureError::new(
        ErrorCode::KeyExists,
        format!("{object_key} exists and was not overwritten; its id was drawn twice"),
    )
}

/// Returns the error of a put that met an object which could not be found afterwards.
pub(crate) fn vanished(object_key: &str) -> CaptureError {
    let message =
        format!("{object_key} existed when it was to be written and is not there now; repeat the snapshot");
    CaptureError::new(ErrorCode::StorageFailed, message)
}

impl From<StoreError> for CaptureError {
    fn from(error: StoreError) -> CaptureError {
        CaptureError::new(error.code.clone(), error.to_string())
    }
}

impl From<SnapshotError> for CaptureError {
    fn from(error: SnapshotError) -> CaptureError {
        CaptureError::from(&error)
    }
}

impl From<&SnapshotError> for CaptureError {
    fn from(error: &SnapshotError) -> CaptureError {
        let code = match error {
            SnapshotError::TemporarySpace(_) => ErrorCode::TemporarySpace,
            _ => ErrorCode::SnapshotFailed,
        };
        CaptureError::new(code, error_causes::in_words(error))
    }
}
