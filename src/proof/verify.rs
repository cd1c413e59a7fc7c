//! Verifies a sealed lake: walks the chain of digests and reads every object that they list. Trusts nothing but the public
//! keys that it is given.

mod chain;
mod content;
mod digest_reader;
mod listed_later;
mod listed_objects;
mod object_reader;
mod outside_days;
mod range;
mod record;
mod records;
mod report;
mod walk;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::hour::Hour;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::{Location, Store, StoreError};
use crate::proof::signing::PublicKey;

pub use report::{Fault, Kind, Scope, Verification};
use walk::Walk;

const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// The lake to verify, and the terms to verify it by.
#[derive(Debug)]
pub struct Verifier<'a> {
    /// The store that the lake is read from.
    pub store: &'a Store,
    /// The lake's location.
    pub lake: &'a Location,
    /// Public keys that signatures are checked with.
    pub keys: &'a [PublicKey],
    /// The first hour; `None` for the beginning of each chain.
    pub from: Option<Hour>,
    /// The last hour; `None` for the newest that is closed.
    pub to: Option<Hour>,
    /// The last of the hours after `to` that count too, as far as an account and Region has digests of them; `None` for none.
    pub up_to: Option<Hour>,
    /// SHA-256 of digests, by their keys, that were noted elsewhere.
    pub known: BTreeMap<String, String>,
    /// Number of days after which evidence expires; `None` for never.
    pub retention_days: Option<u32>,
    /// The current time: a digest is expected of every hour that is closed.
    pub now: Timestamp,
    /// Most objects that are read at a time.
    pub max_concurrency: usize,
}

/// Reason why nothing could be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The lake could not be listed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no digest.
    #[error(
        "verifying {lake}: there is no digest in it, so nothing was ever sealed and nothing can be verified; check the place, \
         or seal it with `client-vpn-audit seal --lake {lake}`"
    )]
    NotSealed {
        /// The lake.
        lake: String,
    },
    /// No requested hour has a digest, or must have one.
    #[error("verifying {lake}: none of the hours asked for is sealed or closed; ask for others")]
    NothingAskedFor {
        /// The lake.
        lake: String,
    },
}

impl Verifier<'_> {
    /// Verifies every account and Region of the lake. `on_progress` gets the objects and the bytes that were read so far.
    ///
    /// # Errors
    /// Returns an error if the lake cannot be listed, or holds no digest. Faults of its content are in the result.
    pub async fn verify(&self, on_progress: impl Fn(u64, u64)) -> Result<Verification, VerifyError> {
        let places = self.store.places().await?;
        let mut walk = Walk::new(self, on_progress);
        let mut is_sealed = false;
        for place in &places {
            is_sealed |= walk.place(place).await?;
        }
        walk.strays(&places).await?;
        let is_irregular = |fault: &Fault| matches!(fault.kind, Kind::Irregular | Kind::Unreadable);
        if !is_sealed && !walk.verification.faults.iter().any(is_irregular) {
            return Err(VerifyError::NotSealed { lake: self.lake.to_string() });
        }
        walk.known().await;
        let verification = walk.finish().await;
        let nothing = |scope: &Scope| scope.digests == 0 && scope.objects == 0;
        if verification.scopes.iter().all(nothing) && verification.faults.is_empty() {
            return Err(VerifyError::NothingAskedFor { lake: self.lake.to_string() });
        }
        Ok(verification)
    }

    fn is_directory(&self) -> bool {
        matches!(self.lake, Location::Directory(_))
    }

    /// Returns the lake that digests must be of; `None` for a directory, because a copy may lie anywhere.
    fn lake_of_digests(&self) -> Option<String> {
        match self.lake {
            Location::S3 { .. } => Some(self.lake.to_string()),
            Location::Directory(_) => None,
        }
    }

    /// Returns `true` for the key of a digest of an hour that is closed.
    fn expects(&self, key: &ObjectKey) -> bool {
        key.table == Table::Digests && key.hour <= Hour::newest_closed(self.now)
    }

    /// Returns `true` if an object that was put in this hour or later may have expired by now. S3 adds the days to the moment of
    /// the put, and waits for the next midnight in UTC.
    fn has_expired(&self, hour: Hour) -> bool {
        let Some(days) = self.retention_days else {
            return false;
        };
        let seconds = hour.start().as_second();
        let midnight = seconds - seconds.rem_euclid(A_DAY.as_secs());
        let kept = (i64::from(days) + 1).saturating_mul(A_DAY.as_secs());
        self.now.as_second() >= midnight.saturating_add(kept)
    }
}

#[cfg(test)]
mod tests;
