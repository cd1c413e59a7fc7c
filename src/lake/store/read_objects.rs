//! The objects whose content was read, for reports that name each of their inputs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Hashed;

/// The objects that were read, by their keys relative to the lake's prefix. Clones share one list.
#[derive(Debug, Clone, Default)]
pub struct ReadObjects(Arc<Mutex<BTreeMap<String, ReadObject>>>);

/// An object that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadObject {
    /// Its size and SHA-256 at the first reading.
    pub hashed: Hashed,
    /// `true` if a later reading found other bytes.
    pub has_changed: bool,
}

impl ReadObjects {
    /// Notes a complete reading of an object.
    pub(super) fn note(&self, key: &str, hashed: Hashed) {
        let mut objects = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match objects.get_mut(key) {
            Some(known) => known.has_changed |= known.hashed != hashed,
            None => {
                objects.insert(key.to_owned(), ReadObject { hashed, has_changed: false });
            }
        }
    }

    /// Returns all that were read so far.
    pub fn to_map(&self) -> BTreeMap<String, ReadObject> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
