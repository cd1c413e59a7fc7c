//! Digests: the name, size and SHA-256 of every object of one account and Region in one hour, signed and chained to the digest of
//! the hour before.
//!
//! A digest is one line of JSON whose last field is `signature`. All bytes before that field are its content. The signature is of
//! [`Digest::signed_text`], which contains the content's SHA-256. Checking it needs no re-serialization.

mod fields;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::lake::keys::ObjectKey;
use crate::proof::signing::Identification;

use fields::Fields;

/// Version of the format.
pub const SCHEMA_VERSION: u64 = 1;

/// The algorithm of every signature, as KMS names it: ECDSA on P-256 over the SHA-256 of the text, in ASN.1 DER.
pub const SIGNATURE_ALGORITHM: &str = "ECDSA_SHA_256";

/// Text that ends the content.
const SIGNATURE_FIELD: &str = ",\"signature\":";

/// Most objects that a digest lists, to keep it within two thirds of the 16 MiB that are read of one.
pub const MAX_OBJECTS: usize = 20_000;

/// An object that a digest vouches for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedObject {
    /// Its key, relative to the lake's prefix.
    pub object_key: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// `true` if it is of an earlier hour and came too late for that hour's digest.
    pub late: bool,
}

/// The objects older than the chain that digests do not list yet: too many for one digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OlderLeft {
    /// Key of the last object listed, in the order of days and then of keys; the next digest continues after it. Null before the
    /// first.
    pub after: Option<String>,
    /// The first day that is no longer part of it.
    pub before: Date,
}

/// The digest of the hour before, as the next one names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predecessor {
    /// Its key, relative to the lake's prefix.
    pub object_key: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its signature in base64; `None` if it is not signed.
    pub signature: Option<String>,
}

/// A digest without its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// Version of this format.
    pub schema_version: u64,
    /// The lake, as it was named when the chain began: `s3://bucket/prefix`, or `file://` and a directory.
    pub lake: String,
    /// The digest's own key, relative to the lake's prefix.
    pub object_key: String,
    /// The first moment of the hour.
    pub start: Timestamp,
    /// The first moment of the next one.
    pub end: Timestamp,
    /// Time of sealing.
    pub sealed_at: Timestamp,
    /// Seconds by which the sealing clock was ahead of the store's own; negative if it was behind.
    pub clock_ahead_seconds: i64,
    /// Version of the program that made it.
    pub tool_version: String,
    /// The objects that no earlier digest lists, in the order of their keys.
    pub objects: Vec<SealedObject>,
    /// The objects older than the chain that are left for the next digest; `None` if there are none.
    pub older_left: Option<OlderLeft>,
    /// The digest of the hour before; `None` for the first.
    pub previous: Option<Predecessor>,
    /// The key that signs it; `None` if it is not signed.
    pub signed_with: Option<Identification>,
}

/// A digest as it is stored in the lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenDigest {
    /// Its fields.
    pub digest: Digest,
    /// The text that is signed.
    pub signed_text: String,
    /// The signature in base64; `None` if the digest names no key.
    signature: Option<String>,
    /// SHA-256 of all its bytes, in hexadecimal.
    pub sha256: String,
}

/// Reason why the bytes under a digest's key are not a digest that this program could have written there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Bytes that are not one line of JSON with a signature at its end.
    #[error("is not one line of JSON with a signature as its last field")]
    NotADigest,
    /// A digest made by a later version.
    #[error("has the schema version {0}, and this program knows {SCHEMA_VERSION}; use a newer one")]
    SchemaVersion(u64),
    /// A field is missing, unknown or of another type.
    #[error("has other fields than a digest: {0}")]
    Fields(String),
    /// The digest of another key.
    #[error("says that it is {0}")]
    OtherKey(String),
    /// Times that are not those of its key.
    #[error("is of the time from {0} to {1}, not of the hour of its key")]
    OtherHour(Timestamp, Timestamp),
    /// An object that no digest of this account, Region and hour may list.
    #[error("lists {0:?}, which is no object of this account and Region up to this hour")]
    Outside(String),
    /// The list is not in order, or names an object twice.
    #[error("lists {0} out of order or twice")]
    Order(String),
    /// A SHA-256 that is not 64 digits of lower-case hexadecimal.
    #[error("has {0:?} for a SHA-256")]
    Sha256(String),
    /// An object that is marked late and is not, or the reverse.
    #[error("is wrong about whether {0} was late")]
    Late(String),
    /// A predecessor that is not the digest of the hour before.
    #[error("follows {0}, which is not the digest of the hour before")]
    Previous(String),
    /// A digest with only some of the fields of a signature.
    #[error("is signed with an algorithm or key that it does not name, or the other way round")]
    HalfSigned,
}

/// The field that every version has.
#[derive(Deserialize)]
struct Version {
    schema_version: u64,
}

impl Digest {
    /// Returns the digest as it is written, without `signature` and everything after it.
    ///
    /// # Errors
    /// Never in practice: every field can be written as JSON.
    pub fn content(&self) -> serde_json::Result<String> {
        let mut content = serde_json::to_string(&Fields::of(self))?;
        content.pop();
        Ok(content)
    }

    /// Returns the text that is signed: five lines that bind the digest's own key, its hour, its content and the signature before
    /// it.
    pub fn signed_text(&self, content: &str) -> String {
        let sha256 = hex::encode(Sha256::digest(content));
        let previous =
            self.previous.as_ref().and_then(|previous| previous.signature.as_deref()).unwrap_or("-");
        format!(
            "client-vpn-audit digest {}\n{}\n{}/{}\n{sha256}\n{previous}\n",
            self.schema_version, self.object_key, self.start, self.end
        )
    }

    /// Returns the digest as one line of JSON: its content and its signature, which is `None` if it is not signed.
    pub fn to_line(content: &str, signature: Option<&str>) -> String {
        // Base64 needs no escapes.
        let signature = signature.map_or_else(|| "null".to_owned(), |signature| format!("\"{signature}\""));
        format!("{content}{SIGNATURE_FIELD}{signature}}}\n")
    }
}

impl WrittenDigest {
    /// Parses the bytes under `key`, which is a digest's. They may be hostile.
    ///
    /// # Errors
    /// Returns an error if they are not what this program writes there, whoever signed them.
    pub fn parse(key: &ObjectKey, bytes: &[u8]) -> Result<WrittenDigest, DigestError> {
        let text = std::str::from_utf8(bytes).ok().and_then(|text| text.strip_suffix("}\n"));
        let (content, signature) =
            text.and_then(|text| text.rsplit_once(SIGNATURE_FIELD)).ok_or(DigestError::NotADigest)?;
        let signature: Option<String> =
            serde_json::from_str(signature).ok().ok_or(DigestError::NotADigest)?;
        let whole = format!("{content}}}");
        let Version { schema_version } = serde_json::from_str(&whole).ok().ok_or(DigestError::NotADigest)?;
        if schema_version != SCHEMA_VERSION {
            return Err(DigestError::SchemaVersion(schema_version));
        }
        // No other form is accepted: until a digest follows it, nothing else would show the change.
        if Digest::to_line(content, signature.as_deref()).as_bytes() != bytes {
            return Err(DigestError::NotADigest);
        }
        // Parsed from the text, in which a duplicate field is an error.
        let fields: Fields<'_> =
            serde_json::from_str(&whole).map_err(|error| DigestError::Fields(error.to_string()))?;
        let digest = fields.validate(key, signature.is_some())?;
        let signed_text = digest.signed_text(content);
        Ok(WrittenDigest { digest, signed_text, signature, sha256: hex::encode(Sha256::digest(bytes)) })
    }

    /// Returns its signature in base64; `None` if it is not signed.
    pub fn signature(&self) -> Option<&str> {
        self.signature.as_deref()
    }

    /// Returns the SHA-256 of the public key that it names, and its signature by that key; `None` if it is not signed.
    pub fn signed_with(&self) -> Option<(&str, &str)> {
        let key = self.digest.signed_with.as_ref()?;
        Some((&key.public_key_sha256, self.signature()?))
    }

    /// Returns the objects that it vouches for.
    pub fn objects(&self) -> impl Iterator<Item = (ObjectKey, &SealedObject)> {
        let keys = self.digest.objects.iter().map(|object| ObjectKey::parse(&object.object_key));
        keys.zip(&self.digest.objects).filter_map(|(key, object)| Some((key?, object)))
    }
}

#[cfg(test)]
mod tests;
