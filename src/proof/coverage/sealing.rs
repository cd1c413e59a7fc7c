//! Run records compared with the lists of the digests: those that were sealed late, and those that were not sealed. Somebody may
//! have added either.

use std::collections::BTreeSet;

use futures_util::StreamExt;
use jiff::Timestamp;
use jiff::civil::Date;

use super::{RequestedTimes, Unreadable, date, documents};
use crate::hour::Hour;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::{Store, StoreError};
use crate::proof::digest::WrittenDigest;
use crate::snapshot_time::FIRST_DATE;
use crate::target::AccountRegion;

/// Days after the window whose digests may list its run records: late objects are those of the day before.
const DAYS_AFTER: i64 = 2;

/// Run records of an account and Region that may have been added.
#[derive(Debug, Default)]
pub(super) struct Sealing {
    /// Keys of the records of the window, and of later ones that count, that a digest lists as late, in order.
    pub late: Vec<String>,
    /// Keys of the records that no digest lists although their hour is sealed, in order.
    pub not_sealed: Vec<String>,
}

impl Sealing {
    /// Compares the records that were `read`, and those of later days that count, with the digests.
    ///
    /// # Errors
    /// If the digests cannot be listed. Those that cannot be read are noted in `unreadable`.
    pub(super) async fn read(
        store: &Store,
        place: &AccountRegion,
        window: RequestedTimes,
        read: BTreeSet<ObjectKey>,
        later: BTreeSet<ObjectKey>,
        unreadable: &mut Vec<Unreadable>,
    ) -> Result<Sealing, StoreError> {
        let days = store.days(Table::Digests, place).await?;
        let Some(newest) = newest_hour(store, place, &days, window.now).await? else {
            return Ok(Sealing::default());
        };
        // What is younger may still be sealed.
        let read = read.into_iter().chain(later.iter().cloned());
        let mut not_listed: BTreeSet<ObjectKey> = read.filter(|key| key.hour <= newest).collect();
        let until = window.horizon();
        let after = jiff::SignedDuration::from_hours(24 * DAYS_AFTER);
        let last = date(until.saturating_add(after).unwrap_or(until));
        let first_read = not_listed.iter().map(|key| key.hour.date()).min();
        let first_of_window = window.from.map_or(FIRST_DATE, date);
        let first = first_read.map_or(first_of_window, |date| date.min(first_of_window));
        let mut late = BTreeSet::new();
        for day in days.into_iter().filter(|day| *day >= first) {
            // The first digests of a chain list records of any age.
            let may_list_one = || not_listed.first().is_some_and(|oldest| oldest.hour.date() <= day);
            if day > last && !may_list_one() {
                continue;
            }
            let is_wanted = |key: &ObjectKey, is_late: bool| {
                not_listed.contains(key) || is_late && is_of_window(key, window.from, until)
            };
            for (key, is_late) in listed_on(store, place, day, is_wanted, unreadable).await? {
                not_listed.remove(&key);
                if is_late && (is_of_window(&key, window.from, until) || later.contains(&key)) {
                    late.insert(key);
                }
            }
        }
        let keys = |keys: BTreeSet<ObjectKey>| keys.iter().map(ObjectKey::to_string).collect();
        Ok(Sealing { late: keys(late), not_sealed: keys(not_listed) })
    }
}

/// Returns the hour of the newest digest; `None` if the account and Region was never sealed.
async fn newest_hour(
    store: &Store,
    place: &AccountRegion,
    days: &[Date],
    now: Timestamp,
) -> Result<Option<Hour>, StoreError> {
    let closed = Hour::newest_closed(now);
    for day in days.iter().rev().filter(|day| **day <= closed.date()) {
        let found = store.find(&place.day(Table::Digests, *day)).await?;
        let hours = found.iter().filter_map(|found| ObjectKey::parse(&found.key)).map(|key| key.hour);
        let newest = hours.filter(|hour| *hour <= closed).max();
        if newest.is_some() {
            return Ok(newest);
        }
    }
    Ok(None)
}

fn is_of_window(key: &ObjectKey, from: Option<Timestamp>, until: Timestamp) -> bool {
    from.is_none_or(|from| key.hour.end() > from) && key.hour.start() <= until
}

/// Lists the run records that are wanted of those in the digests of a day, each with `true` if it is marked as late.
async fn listed_on(
    store: &Store,
    place: &AccountRegion,
    day: Date,
    is_wanted: impl Fn(&ObjectKey, bool) -> bool + Copy,
    unreadable: &mut Vec<Unreadable>,
) -> Result<Vec<(ObjectKey, bool)>, StoreError> {
    let parse = |key: &ObjectKey, bytes: &[u8]| listed_records(key, bytes, is_wanted);
    let found = store.find(&place.day(Table::Digests, day)).await?;
    let mut digests = std::pin::pin!(documents::read(store, found, parse));
    let mut listed = Vec::new();
    while let Some((key, records)) = digests.next().await {
        match records {
            Ok(records) => listed.extend(records),
            Err(problem) => unreadable.push(Unreadable { object_key: key.to_string(), problem }),
        }
    }
    Ok(listed)
}

/// Lists the run records that are wanted of those in the digest under `key`, each with `true` if it is marked as late.
fn listed_records(
    key: &ObjectKey,
    bytes: &[u8],
    is_wanted: impl Fn(&ObjectKey, bool) -> bool,
) -> Result<Vec<(ObjectKey, bool)>, String> {
    let digest = WrittenDigest::parse(key, bytes).map_err(|error| error.to_string())?;
    let records = digest.objects().map(|(key, object)| (key, object.late));
    Ok(records.filter(|(key, is_late)| key.table == Table::Runs && is_wanted(key, *is_late)).collect())
}
