//! What digests list, held against what was found.

use std::collections::BTreeMap;

use crate::digest::SealedObject;
use crate::layout::ObjectKey;
use crate::store::{Found, Hashed};

use super::Verifier;
use super::report::{Fault, Kind, Scope};

/// What a digest says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub bytes: u64,
    pub sha256: String,
    pub late: bool,
}

/// What the digests of two days list and no object was found for yet, by day.
#[derive(Debug, Default)]
pub struct Listed(BTreeMap<String, BTreeMap<ObjectKey, Sealed>>);

impl Listed {
    /// Adds what a digest lists. What was listed first counts.
    pub fn add(&mut self, key: ObjectKey, object: &SealedObject) {
        let SealedObject { bytes, sha256, late, .. } = object;
        let sealed = Sealed { bytes: *bytes, sha256: sha256.clone(), late: *late };
        self.0.entry(key.hour.date()).or_default().entry(key).or_insert(sealed);
    }

    /// Takes what is listed of an object that was found.
    pub fn take(&mut self, key: &ObjectKey) -> Option<Sealed> {
        self.0.get_mut(&key.hour.date())?.remove(key)
    }

    /// Takes what is left of a day: no object was found for it.
    pub fn take_day(&mut self, date: &str) -> BTreeMap<ObjectKey, Sealed> {
        self.0.remove(date).unwrap_or_default()
    }
}

/// What is wrong with the bytes of an object; none when nothing is.
pub fn difference(found: &Found, sealed: &Sealed, hashed: Hashed) -> Option<Fault> {
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
    let message = format!(
        "has {} bytes of SHA-256 {sha256}, and {} bytes of SHA-256 {} were sealed{versions}",
        hashed.bytes, sealed.bytes, sealed.sha256
    );
    Some(Fault::new(Kind::Changed, &found.key, message))
}

/// What was listed and not found, and what was found and not listed: until the end, since one can be the other renamed.
#[derive(Debug, Default)]
pub struct Unaccounted {
    missing: Vec<(ObjectKey, Sealed)>,
    extra: Vec<(Found, &'static str)>,
}

impl Unaccounted {
    /// Takes note of an object that no digest lists.
    pub fn extra(&mut self, found: Found, advice: &'static str) {
        self.extra.push((found, advice));
    }

    /// Takes note of a listed object that was not found, unless it has expired.
    pub fn not_found(&mut self, key: ObjectKey, sealed: Sealed, verifier: &Verifier<'_>, scope: &mut Scope) {
        if verifier.has_expired(key.hour) {
            scope.expired += 1;
        } else {
            self.missing.push((key, sealed));
        }
    }

    /// Takes note of all that is left, of days that have no folder.
    pub fn missing(&mut self, listed: Listed, verifier: &Verifier<'_>, scope: &mut Scope) {
        for (key, sealed) in listed.0.into_values().flatten() {
            if verifier.asks_for(key.hour) {
                self.not_found(key, sealed, verifier, scope);
            }
        }
    }

    /// The faults that this comes to. `hash` reads an object.
    pub async fn faults(self, hash: impl AsyncFn(&Found) -> Option<Hashed>) -> Vec<Fault> {
        let Unaccounted { mut missing, extra } = self;
        let mut faults = Vec::new();
        for (found, advice) in extra {
            let same_size = |(_, sealed): &(ObjectKey, Sealed)| sealed.bytes == found.bytes;
            let sha256 = match missing.iter().any(same_size) {
                true => hash(&found).await.map(|hashed| hex::encode(hashed.sha256)),
                false => None,
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
