//! The report of a seal.

use serde::Serialize;

use crate::error_code::ErrorCode;
use crate::hour::Hour;
use crate::lake::keys::ObjectKey;
use crate::proof::digest::WrittenDigest;
use crate::target::AccountRegion;

/// The report of a seal.
#[derive(Debug, Serialize)]
pub struct SealReport {
    /// Every account and Region.
    pub sealed: Vec<Sealed>,
    /// `true` if digests are signed. Unsigned digests are no proof against somebody who may write them.
    pub signed: bool,
    /// Minutes since the first page of the newest complete capture arrived, for the endpoint with the longest such time;
    /// `null` if no targets are configured.
    pub oldest_complete_age_minutes: Option<u64>,
}

impl SealReport {
    /// Returns the faults in one line; `None` if there are none.
    pub fn failure(&self) -> Option<String> {
        let describe = |sealed: &Sealed| {
            let SealFailure { code, message } = sealed.error.as_ref()?;
            Some(format!("{} {}, {code}: {message}", sealed.account_id, sealed.region))
        };
        if self.sealed.is_empty() {
            return Some("nothing to seal: nothing was ever written there; check the lake's name".to_owned());
        }
        let failed: Vec<String> = self.sealed.iter().filter_map(describe).collect();
        let text = || format!("{} of {} not sealed: {}", failed.len(), self.sealed.len(), failed.join("; "));
        (!failed.is_empty()).then(text)
    }
}

/// The result of sealing one account and Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sealed {
    /// The account.
    pub account_id: String,
    /// The Region.
    pub region: String,
    /// The first hour of which a digest was written; null if none was.
    pub first_hour: Option<Hour>,
    /// The last one.
    pub last_hour: Option<Hour>,
    /// Number of digests written.
    pub digests: u64,
    /// Number of objects that they list.
    pub objects: u64,
    /// Number of these that came after the digest of their hour.
    pub late: u64,
    /// Key of the newest digest, relative to the lake's prefix; null if there is none, or if the chain could not be checked.
    pub digest_key: Option<String>,
    /// SHA-256 of its bytes, in hexadecimal. A copy kept elsewhere shows later if the chain was recreated.
    pub digest_sha256: Option<String>,
    /// Seconds by which the clock was ahead of the store's own; negative if it was behind; null if there was nothing to seal.
    pub clock_ahead_seconds: Option<i64>,
    /// Reason why not every hour was sealed; null if all were.
    pub error: Option<SealFailure>,
}

/// The error that stopped the sealing of an account and Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SealFailure {
    /// The code.
    pub code: ErrorCode,
    /// The problem, and the remedy.
    pub message: String,
}

impl Sealed {
    /// Returns the report on `place`, of which nothing was sealed.
    pub(super) fn nothing(place: &AccountRegion) -> Sealed {
        Sealed {
            account_id: place.account_id.to_string(),
            region: place.region.to_string(),
            first_hour: None,
            last_hour: None,
            digests: 0,
            objects: 0,
            late: 0,
            digest_key: None,
            digest_sha256: None,
            clock_ahead_seconds: None,
            error: None,
        }
    }

    /// Notes the newest digest.
    pub(super) fn note(&mut self, key: &ObjectKey, sha256: &str) {
        self.digest_key = Some(key.to_string());
        self.digest_sha256 = Some(sha256.to_owned());
    }

    /// Counts a digest that was written.
    pub(super) fn count(&mut self, hour: Hour, written: &WrittenDigest) {
        let objects = &written.digest.objects;
        self.first_hour.get_or_insert(hour);
        self.last_hour = Some(hour);
        self.digests += 1;
        self.objects += objects.len() as u64;
        self.late += objects.iter().filter(|object| object.late).count() as u64;
    }
}
