//! Reads the ledger as far as the age of the newest complete captures needs it, which an alarm watches.

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use super::age::NewestCaptures;
use super::date;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::ledger::recorded;
use crate::lake::store::{Store, StoreError};
use crate::target::PlaceTargets;

/// Most accounts and Regions whose records are read at a time.
const CONCURRENT_PLACES: usize = 16;

/// Most records of one account and Region that are read at a time: the newest usually has all.
const CONCURRENT_READS: usize = 2;

/// Returns the minutes from the request of the newest complete capture to `now`, of the endpoint for which that is longest. An
/// endpoint without a complete capture in the records of today and yesterday counts from the beginning of yesterday. If all
/// endpoints of an account and Region are wanted, they are those that the newest record there knows.
///
/// # Errors
/// Returns an error if the ledger cannot be listed. A record that cannot be read proves nothing, so the alarm is raised.
pub async fn oldest_complete_age(
    store: &Store,
    wanted: &[PlaceTargets],
    now: Timestamp,
) -> Result<u64, StoreError> {
    let of_place = |wanted: PlaceTargets| {
        let store = store.clone();
        async move { age_of_place(&store, &wanted, now).await }
    };
    let ages = stream::iter(wanted.to_vec()).map(of_place).buffered(CONCURRENT_PLACES);
    let ages = ages.try_collect::<Vec<i64>>().await?;
    Ok(ages.into_iter().max().and_then(|minutes| u64::try_from(minutes).ok()).unwrap_or(0))
}

async fn age_of_place(store: &Store, wanted: &PlaceTargets, now: Timestamp) -> Result<i64, StoreError> {
    let mut newest = NewestCaptures::new(wanted, now);
    for date in [date(now), date(newest.yesterday)] {
        let found = store.find(&wanted.place.day(Table::Runs, date)).await?;
        let keys: Vec<ObjectKey> =
            found.iter().rev().filter_map(|found| ObjectKey::parse(&found.key)).collect();
        let mut records = std::pin::pin!(recorded::read(store, keys, CONCURRENT_READS));
        while let Some((_, record)) = records.next().await {
            if let Ok(record) = record {
                newest.note(record);
            }
            if newest.is_known() {
                return Ok(newest.age_in_minutes());
            }
        }
    }
    Ok(newest.age_in_minutes())
}
