//! Objects older than yesterday: at the beginning of a chain all of them, and after that those that newly sealed run records
//! name.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use crate::error_code::ErrorCode;
use crate::hour::Hour;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::{Found, Store, StoreError};
use crate::proof::digest::{OlderLeft, SealedObject, WrittenDigest};
use crate::snapshot_time::FIRST_DATE;
use crate::target::AccountRegion;

use super::due_hours::is_retried;
use super::error::SealError;
use super::{Sealer, named};

/// Most run records of an account and Region that are read at a time.
const CONCURRENT_RECORDS: usize = 4;

/// The objects that run records name, and the problems that kept others from being looked for.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// Those that no digest lists.
    pub objects: Vec<(ObjectKey, Found)>,
    /// Records that could not be read now and are left for the next digest.
    pub unread_records: BTreeSet<String>,
    /// The problems.
    pub problems: Vec<String>,
}

/// Lists the next `room` objects of those `left` from before the chain, and what is left after them.
pub(super) async fn next(
    store: &Store,
    place: &AccountRegion,
    left: &OlderLeft,
    room: usize,
) -> Result<(Vec<(ObjectKey, Found)>, Option<OlderLeft>), StoreError> {
    let mut all_dates = BTreeSet::new();
    for table in Table::SEALED {
        let dates = store.days(table, place).await?;
        all_dates.extend(dates.into_iter().filter(|date| *date < left.before));
    }
    let after = left.after.as_deref().and_then(ObjectKey::parse);
    let first_date = after.as_ref().map_or(FIRST_DATE, |after| after.hour.date());
    let mut objects: Vec<(ObjectKey, Found)> = Vec::new();
    for date in all_dates.into_iter().filter(|date| *date >= first_date) {
        for (key, found) in of_day(store, place, date).await? {
            if date == first_date && after.as_ref().is_some_and(|after| key <= *after) {
                continue;
            }
            if objects.len() == room {
                let last = objects.last().map(|(key, _)| key.to_string());
                let after = last.or_else(|| left.after.clone());
                return Ok((objects, Some(OlderLeft { after, before: left.before })));
            }
            objects.push((key, found));
        }
    }
    Ok((objects, None))
}

/// Lists the objects of a day, in the order of their keys.
async fn of_day(
    store: &Store,
    place: &AccountRegion,
    date: Date,
) -> Result<Vec<(ObjectKey, Found)>, StoreError> {
    let mut objects = Vec::new();
    for table in Table::SEALED {
        let found = store.find(&place.day(table, date)).await?.into_iter();
        let keys = found.filter_map(|found| Some((ObjectKey::parse(&found.key)?, found)));
        objects.extend(keys.filter(|(key, _)| key.table == table));
    }
    objects.sort();
    Ok(objects)
}

impl Sealer<'_> {
    /// Lists the objects of the days before yesterday that the run records among `sealed` name; if something is `left` of the
    /// time before the chain, only those after that time.
    pub(super) async fn named(
        &self,
        place: &AccountRegion,
        hour: Hour,
        sealed: &[SealedObject],
        left: Option<&OlderLeft>,
    ) -> Result<Named, SealError> {
        let mut named = Named::default();
        // At the beginning of a chain, all older objects are listed without being named.
        if left.is_some_and(|left| left.before >= hour.date_before()) {
            return Ok(named);
        }
        let keys = self.names(place, sealed, left, &mut named).await;
        let is_older = |key: &ObjectKey| {
            let date = key.hour.date();
            date < hour.date_before() && left.is_none_or(|left| date >= left.before)
        };
        let mut folders: BTreeMap<String, BTreeSet<ObjectKey>> = BTreeMap::new();
        for key in keys.into_iter().filter(is_older) {
            let folder =
                key.as_str().rsplit_once('/').map_or_else(String::new, |(folder, _)| format!("{folder}/"));
            folders.entry(folder).or_default().insert(key);
        }
        let mut there = BTreeMap::new();
        for (folder, keys) in folders {
            for found in self.store.find(&folder).await? {
                let key = ObjectKey::parse(&found.key).filter(|key| keys.contains(key));
                there.extend(key.map(|key| (key, found)));
            }
        }
        let Some(oldest) = there.keys().map(|key| key.hour).min() else {
            return Ok(named);
        };
        // An object that was sealed before is not listed again, and so every digest since its day is needed.
        let mut each = |listed: &WrittenDigest| {
            for (key, _) in listed.objects() {
                there.remove(&key);
            }
        };
        match self.check_chain(place, oldest, None, &mut each).await {
            Ok(_) => named.objects = there.into_iter().collect(),
            Err(SealError::Store(error)) => return Err(error.into()),
            Err(error) => {
                named.problems.push(format!("what a run record names of {oldest} is not sealed: {error}"))
            }
        }
        Ok(named)
    }

    /// Lists the objects that the run records among `sealed` name. Records from before the chain name only objects from before
    /// it.
    async fn names(
        &self,
        place: &AccountRegion,
        sealed: &[SealedObject],
        left: Option<&OlderLeft>,
        named: &mut Named,
    ) -> BTreeSet<ObjectKey> {
        let mut records = Vec::new();
        for record in sealed {
            let key = ObjectKey::parse(&record.object_key).filter(|key| key.table == Table::Runs);
            let key = key.filter(|key| left.is_none_or(|left| key.hour.date() >= left.before));
            records.extend(key.map(|key| (key, record.sha256.clone())));
        }
        let read = async |(key, sha256): (ObjectKey, String)| {
            let names = |bytes: &[u8]| {
                // A later version than the one that is sealed names nothing.
                let is_sealed = hex::encode(Sha256::digest(bytes)) == sha256;
                if is_sealed { named::objects(bytes, place) } else { Vec::new() }
            };
            (self.store.read_with(&key, names).await, key)
        };
        let mut records = std::pin::pin!(stream::iter(records).map(read).buffered(CONCURRENT_RECORDS));
        let mut keys = BTreeSet::new();
        while let Some((names, key)) = records.next().await {
            match names {
                Ok(names) => keys.extend(names.into_iter().flatten()),
                Err(error) => {
                    named.problems.push(error.to_string());
                    // A record that is too large is sealed anyway.
                    if is_retried(key.hour, self.clock.now()) && error.code != ErrorCode::LimitExceeded {
                        named.unread_records.insert(key.to_string());
                    }
                }
            }
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use aws_config::SdkConfig;
    use jiff::civil::date;

    use super::*;
    use crate::lake::store::Location;

    #[tokio::test]
    async fn what_is_older_is_listed_bit_by_bit_each_object_once() {
        let directory = tempfile::TempDir::new().unwrap();
        let place = AccountRegion::parse("account_id=123456789012", "region=eu-central-1").unwrap();
        let mut keys = Vec::new();
        for (table, date, rest) in [
            (Table::Connections, FIRST_DATE, "_x.parquet"),
            (Table::Connections, date(2025, 11, 20), "_x.parquet"),
            (Table::Endpoints, date(2025, 11, 20), ".parquet"),
            (Table::Runs, date(2025, 11, 20), "_x.json"),
            (Table::Connections, date(2025, 11, 21), "_x.parquet"),
            // Not older.
            (Table::Connections, date(2025, 11, 22), "_x.parquet"),
        ] {
            let key = format!("{}{}T090000Z{rest}", place.day(table, date), date.strftime("%Y%m%d"));
            let path = directory.path().join(&key);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, date.to_string()).unwrap();
            keys.push(key);
        }
        keys.pop();
        std::fs::write(
            directory.path().join(place.day(Table::Runs, date(2025, 11, 20))).join("notes.txt"),
            "x",
        )
        .unwrap();
        let store = Store::new(
            &Location::Directory(directory.path().to_owned()),
            &SdkConfig::builder().build(),
            None,
        );
        for room in [0, 1, 2, 3, 4, 5, 6] {
            let mut left = Some(OlderLeft { after: None, before: date(2025, 11, 22) });
            let (mut listed, mut rounds) = (Vec::new(), 0);
            while let Some(of_before) = left {
                let (objects, of_after) = next(&store, &place, &of_before, room).await.unwrap();
                listed.extend(objects.into_iter().map(|(key, _)| key.to_string()));
                rounds += 1;
                left = of_after;
                if room == 0 {
                    assert_eq!(left.as_ref(), Some(&of_before));
                    break;
                }
            }
            let expected = if room == 0 { &[][..] } else { &keys };
            assert_eq!(
                (listed.as_slice(), rounds),
                (expected, if room == 0 { 1 } else { 5_usize.div_ceil(room) })
            );
        }
    }
}
