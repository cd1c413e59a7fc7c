//! What lies in the lake of two days, and what of it no digest lists yet.

use std::collections::{BTreeMap, HashSet};

use tracing::warn;

use crate::digest::WrittenDigest;
use crate::hour::Hour;
use crate::layout::{ObjectKey, ObjectKind, SEALED};
use crate::store::{Found, Store, StoreError};
use crate::target::AccountRegion;

/// The current day and the one before it, listed when they are first asked for. Objects of earlier days are not looked
/// for: no retry is that late.
#[derive(Debug)]
pub struct Days<'a> {
    store: &'a Store,
    place: &'a AccountRegion,
    found: BTreeMap<String, Vec<(ObjectKey, Found)>>,
    listed: HashSet<String>,
}

impl<'a> Days<'a> {
    /// Of `place`, with nothing listed.
    pub fn new(store: &'a Store, place: &'a AccountRegion) -> Days<'a> {
        Days { store, place, found: BTreeMap::new(), listed: HashSet::new() }
    }

    /// Takes note of what a digest lists.
    pub fn listed(&mut self, digest: &WrittenDigest) {
        self.listed.extend(digest.digest.objects.iter().map(|object| object.object_key.clone()));
    }

    /// What no digest lists yet of `hour`, the hours of its day before it, and the day before, in the order of the keys.
    pub async fn unlisted(&mut self, hour: Hour) -> Result<Vec<(ObjectKey, Found)>, StoreError> {
        let dates = [hour.date_before(), hour.date()];
        self.found.retain(|date, _| dates.contains(date));
        for date in dates {
            if !self.found.contains_key(&date) {
                let found = self.find(&date).await?;
                self.found.insert(date, found);
            }
        }
        let is_due = |(key, _): &&(ObjectKey, Found)| key.hour <= hour && !self.listed.contains(key.as_str());
        let mut unlisted: Vec<_> = self.found.values().flatten().filter(is_due).cloned().collect();
        unlisted.sort();
        Ok(unlisted)
    }

    async fn find(&self, date: &str) -> Result<Vec<(ObjectKey, Found)>, StoreError> {
        let mut objects = Vec::new();
        for table in SEALED {
            for found in self.store.find(&self.place.day(table, date)).await? {
                match ObjectKey::parse(&found.key).filter(|key| key.kind == ObjectKind::Sealed) {
                    Some(key) => objects.push((key, found)),
                    None => warn!(table, date, "not sealed: an object whose name is none of this program's"),
                }
            }
        }
        Ok(objects)
    }
}
