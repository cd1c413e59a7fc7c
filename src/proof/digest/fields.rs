//! The fields of a digest as they are written, one by one, and their checks. What is read may be hostile.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Digest, DigestError, OlderLeft, Predecessor, SIGNATURE_ALGORITHM, SealedObject};
use crate::lake::keys::{ObjectKey, Table};
use crate::proof::signing::Identification;

/// The fields of a digest without its signature, in the order in which they are written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fields<'a> {
    pub schema_version: u64,
    pub lake: Cow<'a, str>,
    pub object_key: Cow<'a, str>,
    pub start: Timestamp,
    pub end: Timestamp,
    pub sealed_at: Timestamp,
    pub clock_ahead_seconds: i64,
    pub tool_version: Cow<'a, str>,
    pub objects: Cow<'a, [SealedObject]>,
    pub older_left: Option<Cow<'a, OlderLeft>>,
    /// Key of the digest of the hour before; null for the first.
    pub previous_object_key: Option<Cow<'a, str>>,
    /// SHA-256 of that digest's bytes; null for the first.
    pub previous_sha256: Option<Cow<'a, str>>,
    /// That digest's signature; null for the first, and if that one is not signed.
    pub previous_signature: Option<Cow<'a, str>>,
    /// [`SIGNATURE_ALGORITHM`]; null if it is not signed.
    pub signature_algorithm: Option<Cow<'a, str>>,
    /// Null if it is not signed.
    pub key_id: Option<Cow<'a, str>>,
    /// Null if it is not signed.
    pub public_key_sha256: Option<Cow<'a, str>>,
}

impl<'a> Fields<'a> {
    /// Returns the fields of a digest.
    pub(super) fn of(digest: &'a Digest) -> Fields<'a> {
        let (previous, signed_with) = (digest.previous.as_ref(), digest.signed_with.as_ref());
        Fields {
            schema_version: digest.schema_version,
            lake: Cow::from(&digest.lake),
            object_key: Cow::from(&digest.object_key),
            start: digest.start,
            end: digest.end,
            sealed_at: digest.sealed_at,
            clock_ahead_seconds: digest.clock_ahead_seconds,
            tool_version: Cow::from(&digest.tool_version),
            objects: Cow::from(&digest.objects),
            older_left: digest.older_left.as_ref().map(Cow::Borrowed),
            previous_object_key: previous.map(|previous| Cow::from(&previous.object_key)),
            previous_sha256: previous.map(|previous| Cow::from(&previous.sha256)),
            previous_signature: previous.and_then(|previous| previous.signature.as_ref()).map(Cow::from),
            signature_algorithm: signed_with.map(|_| Cow::from(SIGNATURE_ALGORITHM)),
            key_id: signed_with.map(|signed_with| Cow::from(&signed_with.key_id)),
            public_key_sha256: signed_with.map(|signed_with| Cow::from(&signed_with.public_key_sha256)),
        }
    }

    /// Returns the digest under `key`, which is signed or not.
    ///
    /// # Errors
    /// Returns an error if this program would not have written it there.
    pub(super) fn validate(self, key: &ObjectKey, is_signed: bool) -> Result<Digest, DigestError> {
        self.check_hour(key)?;
        self.check_objects(key)?;
        let previous = self.predecessor(key)?;
        let signed_with = self.signed_with(is_signed)?;
        Ok(Digest {
            schema_version: self.schema_version,
            lake: self.lake.into_owned(),
            object_key: self.object_key.into_owned(),
            start: self.start,
            end: self.end,
            sealed_at: self.sealed_at,
            clock_ahead_seconds: self.clock_ahead_seconds,
            tool_version: self.tool_version.into_owned(),
            objects: self.objects.into_owned(),
            older_left: self.older_left.map(Cow::into_owned),
            previous,
            signed_with,
        })
    }

    fn check_hour(&self, key: &ObjectKey) -> Result<(), DigestError> {
        if self.object_key != key.as_str() {
            return Err(DigestError::OtherKey(shortened(&self.object_key)));
        }
        if (self.start, self.end) != (key.hour.start(), key.hour.end()) {
            return Err(DigestError::OtherHour(self.start, self.end));
        }
        Ok(())
    }

    fn check_objects(&self, key: &ObjectKey) -> Result<(), DigestError> {
        let mut last = "";
        for object in self.objects.iter() {
            let outside = || DigestError::Outside(shortened(&object.object_key));
            let found = ObjectKey::parse(&object.object_key).ok_or_else(outside)?;
            if found.table == Table::Digests || found.place != key.place || found.hour > key.hour {
                return Err(outside());
            }
            if object.object_key.as_str() <= last {
                return Err(DigestError::Order(object.object_key.clone()));
            }
            if object.late != (found.hour < key.hour) {
                return Err(DigestError::Late(object.object_key.clone()));
            }
            check_sha256(&object.sha256)?;
            last = &object.object_key;
        }
        Ok(())
    }

    /// Returns the digest of the hour before, of which all is named or nothing.
    fn predecessor(&self, key: &ObjectKey) -> Result<Option<Predecessor>, DigestError> {
        let owned = |text: &Option<Cow<'_, str>>| text.as_deref().map(str::to_owned);
        let signature = owned(&self.previous_signature);
        match (owned(&self.previous_object_key), owned(&self.previous_sha256)) {
            (None, None) if signature.is_none() => Ok(None),
            (Some(object_key), Some(sha256)) => {
                if object_key != ObjectKey::of_digest(&key.place, key.hour.previous()).as_str() {
                    return Err(DigestError::Previous(shortened(&object_key)));
                }
                check_sha256(&sha256)?;
                Ok(Some(Predecessor { object_key, sha256, signature }))
            }
            (object_key, _) => {
                Err(DigestError::Previous(shortened(object_key.as_deref().unwrap_or("nothing"))))
            }
        }
    }

    /// Returns the key that signed the digest: all of it is named if there is a signature, and otherwise nothing.
    fn signed_with(&self, is_signed: bool) -> Result<Option<Identification>, DigestError> {
        match (&self.signature_algorithm, &self.key_id, &self.public_key_sha256) {
            (None, None, None) if !is_signed => Ok(None),
            (Some(algorithm), Some(key_id), Some(sha256))
                if is_signed && algorithm == SIGNATURE_ALGORITHM =>
            {
                let (key_id, public_key_sha256) = (key_id.to_string(), sha256.to_string());
                Ok(Some(Identification { key_id, public_key_sha256 }))
            }
            _ => Err(DigestError::HalfSigned),
        }
    }
}

fn check_sha256(text: &str) -> Result<(), DigestError> {
    let fits = text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if fits { Ok(()) } else { Err(DigestError::Sha256(shortened(text))) }
}

/// Shortens and escapes a text that may be hostile or huge, for an error.
fn shortened(text: &str) -> String {
    text.chars().take(200).flat_map(char::escape_debug).collect()
}
