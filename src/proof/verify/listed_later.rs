//! Objects and run records of days that were verified before the digest that lists them was read: one of a much later day.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::{Keep, LARGEST_DOCUMENT, StoreError};

use super::chain::DigestReading;
use super::content::FooterContent;
use super::digest_reader;
use super::listed_objects::Day;
use super::records::{Known, Records};
use super::walk::{Walk, WalkedPlace};

impl<F: Fn(u64, u64)> Walk<'_, F> {
    /// Searches the digests after the range for late objects of the range.
    pub async fn after_the_range(
        &mut self,
        of_place: &mut WalkedPlace<'_>,
        dates: &BTreeSet<Date>,
    ) -> Result<(), StoreError> {
        if of_place.unlisted.is_empty() {
            return Ok(());
        }
        for date in dates.iter().copied().filter(|date| self.range.is_after_the_walk(*date)) {
            for hour in digest_reader::of_day(self.verifier, of_place.place, date).await?.into_keys() {
                let key = ObjectKey::of_digest(of_place.place, hour);
                // Faults of these digests are not reported; one that may be forged vouches for nothing.
                if let DigestReading::Digest(written) = digest_reader::read(self.verifier.store, &key).await
                    && of_place.chain.vouches(&written)
                {
                    let WalkedPlace { listed, unlisted, .. } = of_place;
                    listed.add_after(&written, hour, |key| unlisted.contains_key(key));
                }
            }
            if of_place.unlisted.keys().all(|key| of_place.listed.has_after(key)) {
                break;
            }
        }
        Ok(())
    }

    /// Verifies the objects that digests list of days that were done before them, and the run records among these.
    pub async fn much_later(&mut self, of_place: &mut WalkedPlace<'_>) -> Result<(), StoreError> {
        for (date, mut sealed) in of_place.listed.take_after() {
            sealed.retain(|key, _| self.range.contains(key.hour));
            let mut readable = Vec::new();
            for (key, listed) in &mut sealed {
                of_place.unlisted.remove(key);
                for found in self.find(key.as_str()).await? {
                    if found.key != key.as_str() || found.hidden && self.verifier.has_expired(listed.since) {
                        continue;
                    }
                    listed.is_there = true;
                    // Both are reported already.
                    if !found.hidden && found.irregular.is_none() {
                        readable.push((found, key.clone()));
                    }
                }
            }
            let mut records = Records::default();
            self.read(&readable, &sealed, &mut of_place.scope, &mut records, |_| false).await;
            for (key, listed) in &sealed {
                if !listed.is_there {
                    self.not_found(key, listed, &mut of_place.scope);
                }
            }
            self.records_of_done_days(of_place, date, &sealed, records).await?;
        }
        Ok(())
    }

    /// Compares run records that were sealed much later with the other ones of their snapshots and with the objects.
    async fn records_of_done_days(
        &mut self,
        of_place: &mut WalkedPlace<'_>,
        date: Date,
        sealed: &Day,
        mut records: Records,
    ) -> Result<(), StoreError> {
        let store = self.verifier.store;
        let times: BTreeSet<_> =
            sealed.keys().filter(|key| key.table == Table::Runs).map(ObjectKey::time).collect();
        if times.is_empty() {
            return Ok(());
        }
        for found in self.find(&of_place.place.day(Table::Runs, date)).await? {
            if let Some(key) = ObjectKey::parse(&found.key)
                && times.contains(&key.time())
                && !sealed.contains_key(&key)
                && let Ok(examined) =
                    store.examine(&found, LARGEST_DOCUMENT, Keep::AllUpTo(LARGEST_DOCUMENT)).await
            {
                records.add(&key, examined.kept.as_deref(), |_| false);
            }
        }
        let objects: Vec<ObjectKey> = records.objects().cloned().collect();
        let mut read: BTreeMap<ObjectKey, Option<(u64, String, FooterContent)>> = BTreeMap::new();
        for key in objects {
            self.verification.recorded(key.as_str(), &mut of_place.scope);
            for found in self.find(key.as_str()).await?.into_iter().filter(|found| found.key == key.as_str())
            {
                let examined = store.examine(&found, u64::MAX, Keep::Tail).await.ok();
                let examined = examined.map(|examined| {
                    let hashed = examined.hashed;
                    (hashed.bytes, hex::encode(hashed.sha256), FooterContent::read(&key, &examined))
                });
                read.insert(key.clone(), examined);
            }
        }
        let known = |key: &ObjectKey| match read.get(key) {
            Some(Some((bytes, sha256, content))) => {
                Known::As { bytes: *bytes, sha256, content: Some(content) }
            }
            None if !sealed.contains_key(key) && !self.verifier.has_expired(key.hour) => Known::Absent,
            _ => Known::Unknown,
        };
        let faults = records.faults(known);
        self.verification.faults.extend(faults);
        Ok(())
    }
}
