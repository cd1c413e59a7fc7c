//! The objects of two days in the lake, and those of them that no digest lists yet.

use std::collections::{BTreeMap, HashSet};

use jiff::civil::Date;
use tracing::warn;

use crate::hour::Hour;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::{Found, Store, StoreError};
use crate::proof::digest::WrittenDigest;
use crate::target::AccountRegion;

/// The current day and the one before it, listed when they are first needed.
#[derive(Debug)]
pub struct Days<'a> {
    store: &'a Store,
    place: &'a AccountRegion,
    found: BTreeMap<Date, Vec<(ObjectKey, Found)>>,
    /// Keys that digests list, by day.
    listed: BTreeMap<Date, HashSet<String>>,
    /// The first day that is needed.
    from: Date,
}

impl<'a> Days<'a> {
    /// Returns the days of `place` that digests of `first` and later hours are about, with nothing listed.
    pub fn new(store: &'a Store, place: &'a AccountRegion, first: Hour) -> Days<'a> {
        Days { store, place, found: BTreeMap::new(), listed: BTreeMap::new(), from: first.date_before() }
    }

    /// Notes the objects that a digest lists.
    pub fn listed(&mut self, digest: &WrittenDigest) {
        for (key, _) in digest.objects() {
            let date = key.hour.date();
            if date >= self.from {
                self.listed.entry(date).or_default().insert(key.to_string());
            }
        }
    }

    /// Lists the objects that no digest lists yet, of `hour`, of the hours of its day before it, and of the day before, in any
    /// order.
    pub async fn unlisted(&mut self, hour: Hour) -> Result<Vec<(ObjectKey, Found)>, StoreError> {
        let dates = [hour.date_before(), hour.date()];
        self.from = hour.date_before();
        self.found.retain(|date, _| dates.contains(date));
        self.listed.retain(|date, _| *date >= self.from);
        let missing = dates.iter().find(|date| !self.found.contains_key(date));
        if let Some(first) = missing {
            self.find(*first, hour.date()).await?;
        }
        let mut unlisted = Vec::new();
        for (date, found) in &self.found {
            let listed = self.listed.get(date);
            let is_listed = |key: &ObjectKey| listed.is_some_and(|listed| listed.contains(key.as_str()));
            let is_due = |(key, _): &&(ObjectKey, Found)| key.hour <= hour && !is_listed(key);
            unlisted.extend(found.iter().filter(is_due).cloned());
        }
        Ok(unlisted)
    }

    /// Lists the objects of the day `first` to the day `last`.
    async fn find(&mut self, first: Date, last: Date) -> Result<(), StoreError> {
        for date in [first, last] {
            self.found.insert(date, Vec::new());
        }
        for table in Table::SEALED {
            for found in self.store.find_days(table, self.place, first, Some(last)).await? {
                let Some(key) = ObjectKey::parse(&found.key).filter(|key| key.table == table) else {
                    warn!(%table, "not sealed: an object whose name is none of this program's");
                    continue;
                };
                self.found.entry(key.hour.date()).or_default().push((key, found));
            }
        }
        Ok(())
    }
}
