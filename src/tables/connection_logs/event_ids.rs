//! The ids of events that are known, as hashes: an id may be long, and an hour may have a million.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use sha2::{Digest, Sha256};

/// A set of ids of events, each as the beginning of its SHA-256.
#[derive(Debug, Clone, Default)]
pub struct EventIds(HashSet<u128, BuildHasherDefault<FirstBytes>>);

impl EventIds {
    /// Adds an id; returns `true` if it is new.
    pub fn insert(&mut self, id: &str) -> bool {
        self.0.insert(hash(id))
    }

    /// Returns `true` if the id was added.
    pub fn contains(&self, id: &str) -> bool {
        self.0.contains(&hash(id))
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

fn hash(id: &str) -> u128 {
    let sha256: [u8; 32] = Sha256::digest(id).into();
    sha256.first_chunk().copied().map_or(0, u128::from_ne_bytes)
}
