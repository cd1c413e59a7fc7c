//! The age of the newest complete captures, which an alarm watches.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use super::{LISTING, date};
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::ledger::recorded::{self, Proof, RecordedRun};
use crate::lake::store::{Store, StoreError};
use crate::target::PlaceTargets;

/// Most accounts and Regions whose records are read at a time.
const CONCURRENT_PLACES: usize = 16;

/// Most records of one account and Region that are read at a time: the newest usually has all.
const CONCURRENT_READS: usize = 2;

/// Period before now in which the ledger is read.
const DAY: SignedDuration = SignedDuration::from_hours(24);

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

/// The newest complete capture of each endpoint of an account and Region. It takes records from the newest on.
struct NewestCaptures {
    now: Timestamp,
    yesterday: Timestamp,
    /// By endpoint; under [`LISTING`] the newest listing of the endpoints.
    begins: BTreeMap<String, Option<Timestamp>>,
}

impl NewestCaptures {
    /// Returns those of the wanted endpoints, of which none is known yet.
    fn new(wanted: &PlaceTargets, now: Timestamp) -> NewestCaptures {
        let mut begins: BTreeMap<String, Option<Timestamp>> =
            wanted.endpoint_ids.iter().map(|id| (id.to_string(), None)).collect();
        // The newest listing names the endpoints. Until there is one, some may exist that were never captured.
        if wanted.all {
            begins.insert(LISTING.to_owned(), None);
        }
        NewestCaptures { now, yesterday: now.saturating_sub(DAY).unwrap_or(now), begins }
    }

    /// Takes a record, which is older than those before it.
    fn note(&mut self, record: RecordedRun) {
        let RecordedRun { start, targets, places, .. } = record;
        // A time in the future is of a clock that was wrong, and would keep the alarm quiet.
        let now = self.now;
        let begins = |proof: Proof| Some(proof.captured()?.begins).filter(|begins| *begins <= now);
        let discovery = places.into_iter().find_map(|place| place.discovery);
        if let (Some(discovery), Some(None)) = (discovery, self.begins.get(LISTING).copied()) {
            if let Some(begins) = begins(discovery.proof(start)) {
                self.begins.insert(LISTING.to_owned(), Some(begins));
            }
            for id in discovery.endpoints.unwrap_or_default() {
                self.begins.entry(id).or_insert(None);
            }
        }
        for target in targets {
            if let Some(known) = self.begins.get_mut(&target.endpoint_id) {
                *known = (*known).max(begins(target.proof(start)));
            }
        }
    }

    /// Returns `true` if a complete capture of every endpoint is known.
    fn is_known(&self) -> bool {
        self.begins.values().all(Option::is_some)
    }

    /// Returns the age of the oldest of them. An endpoint without one counts from the beginning of yesterday.
    fn age_in_minutes(&self) -> i64 {
        let start_of_yesterday =
            Timestamp::from_second(self.yesterday.as_second().div_euclid(86_400) * 86_400);
        let start_of_yesterday = start_of_yesterday.unwrap_or(self.yesterday);
        let since = self.begins.values().map(|at| at.unwrap_or(start_of_yesterday));
        since.map(|at| self.now.duration_since(at).as_mins()).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
