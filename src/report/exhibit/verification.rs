//! The part of the lake that an exhibit is made of, checked against what was sealed.

use super::ExhibitRequest;
use super::digests::DigestFigures;
use crate::hour::Hour;
use crate::lake::keys::ObjectKey;
use crate::lake::store::{Store, StoreError};
use crate::proof::verify::{Kind, Verification, Verifier, VerifyError};

/// Hours on each side of those whose objects were read that are verified too. Objects that were removed are not among those that were
/// read: the digests of the hours beside them list them.
const NEIGHBOURING_HOURS: i32 = 2;

/// Returns the hours with their neighbours. Later hours count as far as every account and Region has digests: a copy of a lake may end soon
/// after the period.
pub(super) fn with_neighbours((first, last): (Hour, Hour), digests: &DigestFigures) -> (Hour, Hour) {
    let later = (0..NEIGHBOURING_HOURS).fold(last, |hour, _| hour.next());
    let newest =
        digests.newest.values().filter_map(|digest| ObjectKey::parse(&digest.key)).map(|key| key.hour);
    let later = newest.min().map_or(last, |newest| later.min(newest).max(last));
    (first.earlier(NEIGHBOURING_HOURS), later)
}

/// Verifies the hours from `first` to `last`. Returns the reason, in words, if nothing of them could be verified.
///
/// # Errors
/// Returns an error if the lake cannot be listed.
pub(super) async fn verify_hours(
    request: &ExhibitRequest<'_>,
    store: &Store,
    (first, last): (Hour, Hour),
    on_progress: impl Fn(u64),
) -> Result<Result<Verification, String>, StoreError> {
    let verifier = Verifier {
        store,
        lake: request.lake,
        keys: &request.keys,
        from: Some(first),
        to: Some(last),
        known: request.known.clone(),
        retention_days: request.retention_days,
        now: request.now,
        max_concurrency: request.max_concurrency,
    };
    let mut verification = match verifier.verify(|objects, _| on_progress(objects)).await {
        Ok(verification) => verification,
        Err(VerifyError::Store(error)) => return Err(error),
        Err(VerifyError::NotSealed { .. }) => {
            return Ok(Err(
                "no digest is in the lake: nothing was ever sealed, or the digests were removed".to_owned()
            ));
        }
        Err(VerifyError::NothingAskedFor { .. }) => {
            return Ok(Err("no hour of the snapshots is sealed or closed".to_owned()));
        }
    };
    if request.keys.is_empty() {
        // The claim states that no key was given.
        verification.faults.retain(|fault| fault.kind != Kind::KeyUnknown);
    }
    Ok(Ok(verification))
}
