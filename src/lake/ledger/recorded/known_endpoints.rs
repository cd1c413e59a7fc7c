//! The endpoints that earlier run records list.

use futures_util::StreamExt;

use super::{CONCURRENT_READS, RecordError, RecordedRun, read};
use crate::error_code::ErrorCode;
use crate::hour::Hour;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::Store;
use crate::snapshot_time::SnapshotTime;
use crate::target::{AccountRegion, EndpointId};

/// The endpoints that were known of an account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownEndpoints {
    /// The endpoints.
    pub endpoints: Vec<EndpointId>,
    /// The snapshot whose record has them.
    pub since: SnapshotTime,
}

/// Returns the endpoints at `place` by the newest record of an earlier snapshot, of that day or the one before; `None` if no
/// such record knows. Also returns the reason why a newer record, which may have known better, could not be read.
///
/// # Errors
/// If the ledger cannot be listed.
pub async fn known_endpoints(
    store: &Store,
    place: &AccountRegion,
    snapshot_time: SnapshotTime,
) -> Result<(Option<KnownEndpoints>, Option<RecordError>), RecordError> {
    let (mut unreadable, mut compared_with_nothing) = (None, None);
    for date in [snapshot_time.date(), snapshot_time.date_before()] {
        let keys = store.keys(&place.day(Table::Runs, date)).await?;
        let keys: Vec<ObjectKey> = keys.iter().rev().filter_map(|key| ObjectKey::parse(key)).collect();
        // Those of this snapshot and of later ones are as many as there were retries and replays.
        let earlier = keys.into_iter().filter(|key| key.hour <= Hour::containing(snapshot_time.timestamp()));
        let mut records = std::pin::pin!(read(store, earlier, CONCURRENT_READS));
        while let Some((_, record)) = records.next().await {
            match record.map(|record| known(record, snapshot_time)) {
                Ok(None) => {}
                Ok(Some((known, true))) => return Ok((Some(known), unreadable)),
                Ok(Some((known, false))) => compared_with_nothing = compared_with_nothing.or(Some(known)),
                // A newer record was compared with nothing because of this one, and states so.
                Err(_) if compared_with_nothing.is_some() => return Ok((compared_with_nothing, unreadable)),
                Err(error) => unreadable = unreadable.or(Some(error)),
            }
        }
    }
    Ok((compared_with_nothing, unreadable))
}

/// Returns the endpoints that a record knows, if it is of an earlier snapshot, and `false` if they were compared with no
/// previous record: earlier endpoints can have been missed.
fn known(record: RecordedRun, snapshot_time: SnapshotTime) -> Option<(KnownEndpoints, bool)> {
    let since = SnapshotTime::truncated(record.snapshot_time);
    let discovery = record.places.into_iter().find_map(|place| place.discovery)?;
    let was_compared = discovery.error.is_none_or(|error| !error.is(&ErrorCode::LedgerUnreadable));
    let endpoints = discovery.endpoints?;
    let endpoints = endpoints.iter().filter_map(|id| EndpointId::parse(id)).collect();
    (since < snapshot_time).then_some((KnownEndpoints { endpoints, since }, was_compared))
}
