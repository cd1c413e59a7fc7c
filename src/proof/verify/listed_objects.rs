//! Objects that digests list, compared with those in the lake.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::hour::Hour;
use crate::lake::keys::ObjectKey;
use crate::lake::store::{Found, Hashed};
use crate::proof::digest::{SealedObject, WrittenDigest};

use super::report::{Fault, Kind};

/// An object as a digest lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    pub bytes: u64,
    pub sha256: String,
    pub late: bool,
    /// An hour before which it was not put: its own, or if it came late the hour of the digest that lists it.
    pub since: Hour,
    /// `true` if it was found.
    pub is_there: bool,
}

impl ListedObject {
    fn new(key: &ObjectKey, object: &SealedObject, digest: &WrittenDigest, hour: Hour) -> ListedObject {
        let SealedObject { bytes, sha256, late, .. } = object;
        // The first digest lists objects of any age.
        let is_first = digest.digest.previous.is_none();
        let since = if *late && !is_first { hour } else { key.hour };
        ListedObject { bytes: *bytes, sha256: sha256.clone(), late: *late, since, is_there: false }
    }
}

/// Objects of one day.
pub type Day = BTreeMap<ObjectKey, ListedObject>;

/// Objects that the digests read so far list, by day, except for days that are done.
#[derive(Debug, Default)]
pub struct ListedObjects {
    days: BTreeMap<Date, Day>,
    done: Option<Date>,
    /// Objects of days that were done already: a digest of a much later day lists them.
    after: BTreeMap<Date, Day>,
}

impl ListedObjects {
    /// Adds the objects that a digest of `hour` lists. The first listing of an object counts.
    pub fn add(&mut self, digest: &WrittenDigest, hour: Hour) {
        for (key, object) in digest.objects() {
            let date = key.hour.date();
            let is_done = self.done.is_some_and(|done| date <= done);
            let days = if is_done { &mut self.after } else { &mut self.days };
            let sealed = ListedObject::new(&key, object, digest, hour);
            days.entry(date).or_default().entry(key).or_insert(sealed);
        }
    }

    /// Adds the `wanted` objects of days that are done that a digest of `hour` lists.
    pub fn add_after(&mut self, digest: &WrittenDigest, hour: Hour, wanted: impl Fn(&ObjectKey) -> bool) {
        for (key, object) in digest.objects().filter(|(key, _)| wanted(key)) {
            let sealed = ListedObject::new(&key, object, digest, hour);
            self.after.entry(key.hour.date()).or_default().entry(key).or_insert(sealed);
        }
    }

    /// Returns `true` for an object of a day that was done before it was listed.
    pub fn has_after(&self, key: &ObjectKey) -> bool {
        self.after.get(&key.hour.date()).is_some_and(|day| day.contains_key(key))
    }

    /// Takes the listed objects of a day, which is done then.
    pub fn take_day(&mut self, date: Date) -> Day {
        self.done = self.done.max(Some(date));
        self.days.remove(&date).unwrap_or_default()
    }

    /// Returns the days that are listed and not done.
    pub fn dates(&self) -> Vec<Date> {
        self.days.keys().copied().collect()
    }

    /// Takes the listed objects of days that were done.
    pub fn take_after(&mut self) -> BTreeMap<Date, Day> {
        std::mem::take(&mut self.after)
    }
}

/// Returns what is wrong with the bytes of an object, of which no more than one byte too many was read.
pub fn difference(found: &Found, sealed: &ListedObject, hashed: Hashed) -> Option<Fault> {
    let sha256 = hex::encode(hashed.sha256);
    if hashed.bytes == sealed.bytes && sha256 == sealed.sha256 {
        return None;
    }
    let versions = match found.versions {
        0 | 1 => String::new(),
        versions => format!("; it has {versions} versions, and the oldest may be the one that was sealed"),
    };
    if hashed.bytes < sealed.bytes {
        let message = format!("has {} bytes, and {} were sealed{versions}", hashed.bytes, sealed.bytes);
        return Some(Fault::new(Kind::Truncated, &found.key, message));
    }
    let message = if hashed.bytes > sealed.bytes {
        format!("has more bytes than the {} that were sealed{versions}", sealed.bytes)
    } else {
        format!(
            "has {} bytes of SHA-256 {sha256}, and {} bytes of SHA-256 {} were sealed{versions}",
            hashed.bytes, sealed.bytes, sealed.sha256
        )
    };
    Some(Fault::new(Kind::Changed, &found.key, message))
}

/// Objects that were listed and not found, or found and not listed: kept until the end, because one can be the other renamed.
#[derive(Debug, Default)]
pub struct Unaccounted {
    missing: Vec<(ObjectKey, ListedObject)>,
    extra: Vec<(Found, &'static str)>,
}

impl Unaccounted {
    /// Notes an object that no digest lists.
    pub fn extra(&mut self, found: Found, advice: &'static str) {
        self.extra.push((found, advice));
    }

    /// Notes a listed object that was not found.
    pub fn missing(&mut self, key: ObjectKey, sealed: ListedObject) {
        self.missing.push((key, sealed));
    }

    /// Returns the resulting faults. `hash` reads an object.
    pub async fn faults(self, hash: impl AsyncFn(&Found) -> Option<Hashed>) -> Vec<Fault> {
        let Unaccounted { mut missing, extra } = self;
        let mut faults = Vec::new();
        for (found, advice) in extra {
            let same_size = |(_, sealed): &(ObjectKey, ListedObject)| sealed.bytes == found.bytes;
            let sha256 = if missing.iter().any(same_size) {
                hash(&found).await.map(|hashed| hex::encode(hashed.sha256))
            } else {
                None
            };
            let was = missing.iter().position(|(_, sealed)| Some(&sealed.sha256) == sha256.as_ref());
            match was.map(|index| missing.remove(index)) {
                Some((key, _)) => {
                    let message = format!("is not there, and {:?} has its bytes", found.key);
                    faults.push(Fault::new(Kind::Renamed, key.as_str(), message));
                }
                None => faults.push(Fault::new(Kind::Extra, found.key, advice)),
            }
        }
        let message = "is not there";
        faults.extend(missing.into_iter().map(|(key, _)| Fault::new(Kind::Missing, key.as_str(), message)));
        faults
    }
}
