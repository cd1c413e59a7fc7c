//! The ids of events that are known, as hashes: an id may be long, and an hour may have a million.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

/// Bytes of a hash that are kept.
const HASH_BYTES: usize = 16;

/// A set of ids of events.
#[derive(Debug, Clone, Default)]
pub struct EventIds(HashSet<[u8; HASH_BYTES]>);

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

fn hash(id: &str) -> [u8; HASH_BYTES] {
    let sha256: [u8; 32] = Sha256::digest(id).into();
    sha256.first_chunk().copied().unwrap_or_default()
}
