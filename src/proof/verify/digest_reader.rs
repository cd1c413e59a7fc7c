//! Digests as they are read from the lake.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use crate::hour::Hour;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::{Found, Store, StoreError};
use crate::proof::digest::WrittenDigest;
use crate::target::AccountRegion;

use super::Verifier;
use super::chain::DigestReading;
use super::report::{HIDDEN, Kind};

/// Returns the first and the newest hour of the days `dates` that has a digest.
pub async fn ends(
    verifier: &Verifier<'_>,
    place: &AccountRegion,
    dates: &BTreeSet<Date>,
) -> Result<Option<(Hour, Hour)>, StoreError> {
    let mut first = None;
    for date in dates.iter().copied() {
        first = of_day(verifier, place, date).await?.keys().next().copied();
        if first.is_some() {
            break;
        }
    }
    let mut newest = None;
    for date in dates.iter().copied().rev() {
        newest = of_day(verifier, place, date).await?.keys().next_back().copied();
        if newest.is_some() {
            break;
        }
    }
    Ok(first.zip(newest))
}

/// Returns the digests of a day by their hour, except those of hours that are not closed: they are none of ours.
pub async fn of_day(
    verifier: &Verifier<'_>,
    place: &AccountRegion,
    date: Date,
) -> Result<BTreeMap<Hour, Found>, StoreError> {
    let found = verifier.store.find(&place.day(Table::Digests, date)).await;
    // A folder that cannot be listed is reported among the strays.
    let found = if verifier.is_directory() { found.unwrap_or_default() } else { found? };
    let digests = found.into_iter().filter_map(|found| {
        let key = ObjectKey::parse(&found.key).filter(|key| verifier.expects(key))?;
        Some((key.hour, found))
    });
    Ok(digests.collect())
}

/// Reads a digest.
pub async fn read(store: &Store, key: &ObjectKey) -> DigestReading {
    let parse = |bytes: &[u8]| match WrittenDigest::parse(key, bytes) {
        Ok(written) => DigestReading::Digest(Box::new(written)),
        Err(problem) => DigestReading::Invalid(hex::encode(Sha256::digest(bytes)), problem),
    };
    match store.read_with(key, parse).await {
        Ok(Some(reading)) => reading,
        Ok(None) => DigestReading::Nothing(Kind::HiddenByDeleteMarker, HIDDEN.to_owned()),
        Err(error) => DigestReading::Nothing(Kind::Unreadable, error.to_string()),
    }
}
