//! The digests of the period: differences of the sealing clock, keys, the ends of the chains, and which digest lists an object.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use super::run_records::ClockDifferences;
use crate::hour::Hour;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::{Store, StoreError};
use crate::proof::digest::WrittenDigest;
use crate::proof::signing::Identification;
use crate::target::AccountRegion;

/// Digests that are read at a time.
const CONCURRENT_READS: usize = 16;

/// The figures of the digests.
#[derive(Debug, Default)]
pub(super) struct DigestFigures {
    /// Seconds by which the sealing clock was ahead of the store's.
    pub clock: ClockDifferences,
    /// Keys that the digests name as theirs, by the SHA-256 of the public key.
    pub keys: BTreeMap<String, String>,
    /// Digests without a signature.
    pub unsigned: u64,
    /// The newest digest of each account and Region.
    pub newest: BTreeMap<AccountRegion, NewestDigest>,
    /// The hour of the newest digest of each account and Region in the lake, read or not.
    pub newest_hours: Vec<Hour>,
    /// Digests by the key of the object that they list, of the objects that were asked for.
    pub listing: BTreeMap<String, String>,
}

/// The newest digest of an account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewestDigest {
    pub key: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// Reads the digests of these days and of the two that follow, which may list late objects. Those that cannot be read are left to
/// `verify`, which reports them.
///
/// # Errors
/// Returns an error if they cannot be listed.
pub(super) async fn read_digests(
    store: &Store,
    places: &[AccountRegion],
    (first, last): (Date, Date),
    wanted: &BTreeSet<String>,
) -> Result<DigestFigures, StoreError> {
    let mut figures = DigestFigures::default();
    let last = last.checked_add(jiff::Span::new().days(2)).unwrap_or(last);
    for place in places {
        let dates = store.days(Table::Digests, place).await?;
        if let Some(newest) = dates.last() {
            let found = store.find(&place.day(Table::Digests, *newest)).await?;
            let hours = found.iter().filter_map(|found| ObjectKey::parse(&found.key)).map(|key| key.hour);
            figures.newest_hours.extend(hours.max());
        }
        for date in dates {
            if date < first || date > last {
                continue;
            }
            let found = store.find(&place.day(Table::Digests, date)).await?;
            let keys = found.into_iter().filter(|found| !found.hidden);
            let keys = keys.filter_map(|found| ObjectKey::parse(&found.key));
            let read = async |key: ObjectKey| {
                let parse = |bytes: &[u8]| {
                    let digest = WrittenDigest::parse(&key, bytes).ok()?;
                    Some((digest, hex::encode(Sha256::digest(bytes))))
                };
                let parsed = store.read_with(&key, parse).await.ok().flatten().flatten();
                (key, parsed)
            };
            let mut digests = std::pin::pin!(stream::iter(keys).map(read).buffered(CONCURRENT_READS));
            while let Some((key, parsed)) = digests.next().await {
                if let Some((digest, sha256)) = parsed {
                    figures.add(place, &key, &digest, sha256, wanted);
                }
            }
        }
    }
    Ok(figures)
}

impl DigestFigures {
    fn add(
        &mut self,
        place: &AccountRegion,
        key: &ObjectKey,
        written: &WrittenDigest,
        sha256: String,
        wanted: &BTreeSet<String>,
    ) {
        self.clock.add(Some(written.digest.clock_ahead_seconds));
        match &written.digest.signed_with {
            Some(Identification { key_id, public_key_sha256 }) => {
                self.keys.insert(public_key_sha256.clone(), key_id.clone());
            }
            None => self.unsigned += 1,
        }
        for (object, _) in written.objects() {
            if wanted.contains(object.as_str()) {
                self.listing.entry(object.to_string()).or_insert_with(|| key.to_string());
            }
        }
        self.newest.insert(place.clone(), NewestDigest { key: key.to_string(), sha256 });
    }
}
