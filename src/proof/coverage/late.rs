//! Run records that were sealed late: they came after the digest of their hour, so somebody may have added them.

use futures_util::StreamExt;
use jiff::Timestamp;

use super::{Unreadable, Window, date, documents};
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::{Store, StoreError};
use crate::proof::digest::WrittenDigest;
use crate::snapshot_time::FIRST_DATE;
use crate::target::AccountRegion;

/// Days after the window whose digests may list its run records: late objects are those of the day before.
const DAYS_AFTER: i64 = 2;

/// Returns the keys of the run records of the window that a digest lists as late, in order.
///
/// # Errors
/// If the digests cannot be listed. Those that cannot be read are noted in `unreadable`.
pub(super) async fn sealed_late(
    store: &Store,
    place: &AccountRegion,
    window: Window,
    unreadable: &mut Vec<Unreadable>,
) -> Result<Vec<String>, StoreError> {
    let after = jiff::SignedDuration::from_hours(24 * DAYS_AFTER);
    let until = window.horizon();
    let first = window.from.map_or(FIRST_DATE, date);
    let last = date(until.saturating_add(after).unwrap_or(until));
    let mut late = Vec::new();
    let days = store.days(Table::Digests, place).await?;
    for day in days.into_iter().filter(|day| (first..=last).contains(day)) {
        let found = store.find(&place.day(Table::Digests, day)).await?;
        let parse = |key: &ObjectKey, bytes: &[u8]| late_records(key, bytes, window.from, until);
        let mut digests = std::pin::pin!(documents::read(store, found, parse));
        while let Some((key, records)) = digests.next().await {
            match records {
                Ok(records) => late.extend(records),
                Err(problem) => unreadable.push(Unreadable { object_key: key.to_string(), problem }),
            }
        }
    }
    late.sort();
    late.dedup();
    Ok(late)
}

/// Lists the run records of the window that the digest under `key` marks as late.
fn late_records(
    key: &ObjectKey,
    bytes: &[u8],
    from: Option<Timestamp>,
    until: Timestamp,
) -> Result<Vec<String>, String> {
    let is_of_window =
        |key: &ObjectKey| from.is_none_or(|from| key.hour.end() > from) && key.hour.start() <= until;
    let digest = WrittenDigest::parse(key, bytes).map_err(|error| error.to_string())?;
    let late = digest
        .objects()
        .filter(|(key, object)| object.late && key.table == Table::Runs && is_of_window(key))
        .map(|(key, _)| key.to_string());
    Ok(late.collect())
}
