//! The ids of events that are known, as hashes: an id may be long, and an hour may have a million.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

/// A set of ids of events, each as a hash of 128 bits: two of SipHash, with keys that nobody knows. A million ids have the same hash
/// as another with a probability of 10⁻²⁷.
#[derive(Debug, Clone, Default)]
pub struct EventIds {
    keys: [RandomState; 2],
    hashes: HashSet<u128, BuildHasherDefault<FirstBytes>>,
}

impl EventIds {
    /// Adds an id; returns `true` if it is new.
    pub fn insert(&mut self, id: &str) -> bool {
        self.hashes.insert(self.hash(id))
    }

    /// Returns `true` if the id was added.
    pub fn contains(&self, id: &str) -> bool {
        self.hashes.contains(&self.hash(id))
    }

    fn hash(&self, id: &str) -> u128 {
        let [high, low] = &self.keys;
        u128::from(high.hash_one(id)) << 64 | u128::from(low.hash_one(id))
    }
}

/// A hasher of hashes, whose first bytes need no further hashing.
#[derive(Debug, Clone, Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn write(&mut self, hash: &[u8]) {
        self.0 = hash.first_chunk().copied().map_or(0, u64::from_ne_bytes);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
