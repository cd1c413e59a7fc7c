//! The chain that a seal continues: each digest is checked before the next one is built on it. It takes parsed digests and
//! returns the link for the next digest or the reason to stop.

use crate::error_code::ErrorCode;
use crate::hour::Hour;
use crate::lake::keys::ObjectKey;
use crate::proof::digest::{OlderLeft, Predecessor, WrittenDigest};
use crate::proof::signing::PublicKey;

/// The digest that the next one follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealLink {
    /// Its key.
    pub key: ObjectKey,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its signature in base64; `None` if it is not signed.
    pub signature: Option<String>,
    /// The objects older than the chain that it left.
    pub older_left: Option<OlderLeft>,
}

impl SealLink {
    /// Returns it as the next digest names it.
    pub fn as_predecessor(&self) -> Predecessor {
        let SealLink { key, sha256, signature, .. } = self;
        Predecessor { object_key: key.to_string(), sha256: sha256.clone(), signature: signature.clone() }
    }
}

/// Reason why a chain cannot be continued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// A digest is missing.
    #[error(
        "checking the chain: the digest {missing} is not there, and {next} is; nothing was sealed, find out who removed it and \
         restore it"
    )]
    Gone {
        /// The one that is missing.
        missing: String,
        /// The one after it.
        next: String,
    },
    /// A digest that this seal could not have written there.
    #[error("checking the chain: the digest {key} {problem}; nothing was sealed, find out who wrote it")]
    Forged {
        /// The digest.
        key: String,
        /// The reason.
        problem: String,
    },
    /// The chain is signed, and this seal has no key.
    #[error(
        "checking the chain: the digest {key} is signed, and no signing key is configured, so that the next one would not be; \
         nothing was sealed, configure the key of the chain"
    )]
    KeyMissing {
        /// The digest.
        key: String,
    },
    /// A digest is of another lake.
    #[error(
        "checking the chain: the digest {key} is of the lake {found}, and not of {lake}; nothing was sealed"
    )]
    OtherLake {
        /// The digest.
        key: String,
        /// The lake that it names.
        found: String,
        /// The lake of the chain.
        lake: String,
    },
}

impl ChainError {
    /// Returns the error's stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            ChainError::Gone { .. } => ErrorCode::DigestGone,
            ChainError::Forged { .. } => ErrorCode::DigestForged,
            ChainError::KeyMissing { .. } => ErrorCode::SigningKeyMissing,
            ChainError::OtherLake { .. } => ErrorCode::OtherLake,
        }
    }
}

/// A chain that is checked digest by digest, in order.
#[derive(Debug, Clone)]
pub struct SealChain<'a> {
    /// The public part of the key that signs; `None` if nobody signs.
    key: Option<&'a PublicKey>,
    /// The lake that each digest must name; `None` until the first one has named it.
    lake: Option<String>,
    /// SHA-256 of the key of the digests before the first that our key signed.
    former_key: Option<String>,
    /// `true` if a digest that our key signed has come.
    has_ours: bool,
    newest: Option<SealLink>,
}

impl<'a> SealChain<'a> {
    /// Returns a chain of which no digest is known, for the owner of `key`. Digests must be of `lake`; `None` to let the first
    /// one name it, since a directory may be moved.
    pub fn new(key: Option<&'a PublicKey>, lake: Option<String>) -> SealChain<'a> {
        SealChain { key, lake, former_key: None, has_ours: false, newest: None }
    }

    /// Returns the digest that came last.
    pub fn newest(&self) -> Option<&SealLink> {
        self.newest.as_ref()
    }

    /// Returns the lake that the digests name.
    pub fn lake(&self) -> Option<&str> {
        self.lake.as_deref()
    }

    /// Returns the objects older than the chain that the digest of `hour`, the next one, begins with: all at the beginning of a
    /// chain, and then those that the newest left. `None` if all of them are listed.
    pub fn older_left(&self, hour: Hour) -> Option<OlderLeft> {
        match &self.newest {
            None => Some(OlderLeft { after: None, before: hour.date_before() }),
            Some(newest) => newest.older_left.clone(),
        }
    }

    /// Returns `true` if our key has signed the digest that came last.
    pub fn is_ours(&self) -> bool {
        self.has_ours
    }

    /// Takes a digest whose own predecessor is not checked.
    ///
    /// # Errors
    /// Returns an error if it is not signed as this chain is, or is of another lake.
    pub fn begin(&mut self, key: &ObjectKey, written: &WrittenDigest) -> Result<(), ChainError> {
        self.check_lake(key, written)?;
        self.check_signature(key, written)?;
        self.newest = Some(SealLink {
            key: key.clone(),
            sha256: written.sha256.clone(),
            signature: written.signature().map(str::to_owned),
            older_left: written.digest.older_left.clone(),
        });
        Ok(())
    }

    /// Takes the next digest, which must follow the one before it, or be the first of all.
    ///
    /// # Errors
    /// Returns an error if it is not the one of the next hour, does not follow the one before it, is not signed as this chain is,
    /// or is of another lake.
    pub fn follow(&mut self, key: &ObjectKey, written: &WrittenDigest) -> Result<(), ChainError> {
        let before = self.newest.take();
        self.begin(key, written)?;
        let digest = &written.digest;
        let forged = |problem: String| Err(ChainError::Forged { key: key.to_string(), problem });
        match (before, &digest.previous) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(gone(key)),
            (Some(before), _) if before.key.hour.next() != key.hour => Err(gone(key)),
            (Some(before), None) => {
                forged(format!("says that it is the first, and {} lies before it", before.key))
            }
            (Some(before), Some(previous)) if before.sha256 != previous.sha256 => forged(format!(
                "follows a digest of SHA-256 {}, and {} has {}",
                previous.sha256, before.key, before.sha256
            )),
            (Some(before), Some(previous)) if before.signature != previous.signature => {
                forged(format!("names another signature than {} has", before.key))
            }
            (Some(_), _) => Ok(()),
        }
    }

    fn check_lake(&mut self, key: &ObjectKey, written: &WrittenDigest) -> Result<(), ChainError> {
        let found = &written.digest.lake;
        let lake = self.lake.get_or_insert_with(|| found.clone());
        if lake == found {
            return Ok(());
        }
        let found = found.chars().take(200).flat_map(char::escape_debug).collect();
        Err(ChainError::OtherLake { key: key.to_string(), found, lake: lake.clone() })
    }

    /// Checks who signed a digest. One that another key signed cannot be verified here: it is taken for a digest of the time
    /// before the key was changed, if one such key has signed all digests up to the first that ours has signed.
    fn check_signature(&mut self, key: &ObjectKey, written: &WrittenDigest) -> Result<(), ChainError> {
        let forged = |problem: String| Err(ChainError::Forged { key: key.to_string(), problem });
        match (self.key, written.signed_with()) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(ChainError::KeyMissing { key: key.to_string() }),
            (Some(_), None) => forged("is not signed, and this seal signs".to_owned()),
            (Some(ours), Some((named, signature))) if named == ours.sha256 => {
                if !ours.verifies(&written.signed_text, signature) {
                    return forged(
                        "names the key that signs here, but its signature does not verify".to_owned(),
                    );
                }
                self.has_ours = true;
                Ok(())
            }
            (Some(_), Some((named, _))) if self.has_ours => {
                forged(format!("names the key {named}, and a digest before it has the key that signs here"))
            }
            (Some(_), Some((named, _))) => match &self.former_key {
                Some(former) if former != named => {
                    forged(format!("names the key {named}, and the digest before it names {former}"))
                }
                _ => {
                    self.former_key = Some(named.to_owned());
                    Ok(())
                }
            },
        }
    }
}

/// Returns the error that the digest before `next` is missing.
fn gone(next: &ObjectKey) -> ChainError {
    let missing = ObjectKey::of_digest(&next.place, next.hour.previous());
    ChainError::Gone { missing: missing.to_string(), next: next.to_string() }
}

#[cfg(test)]
mod tests;
