//! Public keys, read from a file, and the check of a signature with one.

use std::path::Path;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;
use sha2::{Digest, Sha256};

use super::ecdsa::{Signature, is_public_key};
use super::{LARGEST_KEY, SigningError, invalid_key};
use crate::bounded_file;

/// A public key that signatures are checked with.
#[derive(Debug, Clone)]
pub struct PublicKey {
    key: ParsedPublicKey,
    /// SHA-256 of the key (DER, SubjectPublicKeyInfo), in hexadecimal.
    pub sha256: String,
}

impl PublicKey {
    /// Reads a file with one key or several in PEM, or with one in DER as KMS returns it.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, holds no public key, or holds one that is not of the curve P-256.
    pub fn read_all(path: &Path) -> Result<Vec<PublicKey>, SigningError> {
        let doing = "reading the public key";
        let allowed = "allowed: keys of the curve P-256 in PEM, or one in DER without more bytes, as `aws kms get-public-key` \
                       returns it or `openssl ec -pubout` makes it";
        let invalid = |problem: String| invalid_key(doing, path.display(), problem);
        let bytes = bounded_file::read(path, LARGEST_KEY).map_err(|error| invalid(error.to_string()))?;
        let keys: Result<Vec<_>, _> = SubjectPublicKeyInfoDer::pem_slice_iter(&bytes).collect();
        let keys = keys.map_err(|error| {
            invalid(format!("found a part of PEM that cannot be read ({error}); {allowed}"))
        })?;
        if keys.is_empty() {
            let key = PublicKey::from_der(&bytes);
            return key
                .map(|key| vec![key])
                .ok_or_else(|| invalid(format!("found no public key of the curve P-256; {allowed}")));
        }
        let number = keys.len();
        let keys: Option<Vec<PublicKey>> = keys.iter().map(|key| PublicKey::from_der(key)).collect();
        keys.ok_or_else(|| {
            let found = match number {
                1 => "found no public key of the curve P-256".to_owned(),
                number => format!("found {number} public keys, and not all are of the curve P-256"),
            };
            invalid(format!("{found}; {allowed}"))
        })
    }

    /// Reads a SubjectPublicKeyInfo; `None` if it is not that of a P-256 key, in the one form that KMS and `openssl` write.
    pub(super) fn from_der(der: &[u8]) -> Option<PublicKey> {
        // In another form, the same key would have another SHA-256.
        if !is_public_key(der) {
            return None;
        }
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, der).ok()?;
        Some(PublicKey { key, sha256: hex::encode(Sha256::digest(der)) })
    }

    /// Checks that `signature`, in base64, is one of `text`, in the one form that the seal writes.
    pub fn verifies(&self, text: &str, signature: &str) -> bool {
        let Ok(signature) = BASE64_STANDARD.decode(signature) else {
            return false;
        };
        Signature::parse(&signature).is_some_and(|signature| signature.is_low())
            && self.key.verify_sig(text.as_bytes(), &signature).is_ok()
    }

    /// Checks that `signature`, in DER, is one of `message`, with either value of `s`: other programs write both.
    pub fn verifies_der(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::parse(signature).is_some() && self.key.verify_sig(message, signature).is_ok()
    }
}
