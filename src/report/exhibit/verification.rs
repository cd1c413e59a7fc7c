//! The part of the lake that an exhibit is made of, checked against what was sealed.

use super::ExhibitRequest;
use crate::hour::Hour;
use crate::lake::store::{Store, StoreError};
use crate::proof::verify::{Kind, Verification, Verifier, VerifyError};

/// Hours on each side of those whose objects were read that are verified too, as objects that were removed are not among those that were
/// read. AWS ends a session after 24 hours, so earlier and later ones say nothing of it. Source: Client VPN administrator guide, "Maximum
/// VPN session duration".
const NEIGHBOURING_HOURS: i32 = 24;

/// The hours that an exhibit is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct VerifiedHours {
    pub first: Hour,
    /// The last hour of which a digest must be there.
    pub last: Hour,
    /// The last hour of an object that was read.
    last_read: Hour,
}

impl VerifiedHours {
    /// Returns the hours from the first to the last of the objects that were read.
    pub(super) fn of((first, last): (Hour, Hour)) -> VerifiedHours {
        VerifiedHours { first, last, last_read: last }
    }

    /// Returns the same hours, of which digests must be there up to `hour` at most.
    pub(super) fn expected_up_to(self, hour: Hour) -> VerifiedHours {
        VerifiedHours { last: self.last.min(hour), ..self }
    }

    /// Returns the first hour that is verified.
    pub(super) fn begin(self) -> Hour {
        self.first.earlier(NEIGHBOURING_HOURS)
    }

    /// Returns the last hour that is verified, if there are digests up to it.
    fn end(self) -> Hour {
        (0..NEIGHBOURING_HOURS).fold(self.last_read, |hour, _| hour.next())
    }
}

/// Verifies these hours, those before them, and those after them that have digests: a copy of a lake may end soon after the period. Returns
/// the reason, in words, if nothing of them could be verified.
///
/// # Errors
/// Returns an error if the lake cannot be listed.
pub(super) async fn verify_hours(
    request: &ExhibitRequest<'_>,
    store: &Store,
    hours: VerifiedHours,
    on_progress: impl Fn(u64),
) -> Result<Result<Verification, String>, StoreError> {
    let verifier = Verifier {
        store,
        lake: request.lake,
        keys: &request.keys,
        from: Some(hours.begin()),
        to: Some(hours.last),
        up_to: Some(hours.end()),
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
