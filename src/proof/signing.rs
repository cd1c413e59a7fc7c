//! Signatures of digests: by an asymmetric KMS key, or outside AWS by a key in a file; and public keys to check them.
//!
//! All are ECDSA on P-256 over SHA-256, with the lower of the two values of `s` that verify: a signature then has only one form.
//! An auditor holds the public key, so it is named by its own SHA-256.

mod ecdsa;
mod kms;

use std::fmt;
use std::path::{Path, PathBuf};

use aws_config::SdkConfig;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivateKeyDer, SubjectPublicKeyInfoDer};
use sha2::{Digest, Sha256};

use crate::bounded_file;
use crate::error_causes;
use crate::error_code::ErrorCode;

use ecdsa::Signature;
use kms::KmsSigner;

/// Name that a digest gives to a key in a file. The SHA-256 of its public part identifies the key.
pub const LOCAL: &str = "local";

/// Largest file with a key, in bytes; one with a P-256 key has a few hundred.
const LARGEST_KEY: u64 = 64 << 10;

/// The signing key, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningKey {
    /// A KMS key's ARN, or `alias/` and an alias.
    Kms(String),
    /// A file with a private key in PEM.
    File(PathBuf),
}

impl SigningKey {
    /// Parses the setting. Every text that does not name a KMS key names a file; a missing file is detected when it is read.
    pub fn parse(text: &str) -> SigningKey {
        if text.starts_with("arn:") || text.starts_with("alias/") {
            SigningKey::Kms(text.to_owned())
        } else {
            SigningKey::File(text.into())
        }
    }
}

impl fmt::Display for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SigningKey::Kms(key) => f.write_str(key),
            SigningKey::File(path) => path.display().fmt(f),
        }
    }
}

/// A failure to sign, or to use a key.
#[derive(Debug, thiserror::Error)]
#[error("{doing} {key}: {problem}")]
pub struct SigningError {
    /// KMS's error code, or one of ours.
    pub code: ErrorCode,
    doing: &'static str,
    key: String,
    problem: String,
}

fn invalid_key(doing: &'static str, key: impl ToString, problem: impl Into<String>) -> SigningError {
    SigningError { code: ErrorCode::InvalidKey, doing, key: key.to_string(), problem: problem.into() }
}

/// The key of a signature, as digests name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identification {
    /// ARN of the KMS key, or [`LOCAL`].
    pub key_id: String,
    /// SHA-256 of the public key (DER, SubjectPublicKeyInfo), in hexadecimal.
    pub public_key_sha256: String,
}

/// A signer of digests.
#[derive(Debug)]
pub enum Signer {
    /// No signer: digests are chained and not signed.
    Unsigned,
    /// A KMS key, which never leaves KMS.
    Kms(KmsSigner),
    /// A key in a file.
    Local(LocalSigner),
}

impl Signer {
    /// Returns the signer with `key`; `None` for no signatures.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or holds no such key. A KMS key is not looked up before its first use.
    pub fn new(key: Option<&SigningKey>, sdk: &SdkConfig) -> Result<Signer, SigningError> {
        match key {
            None => Ok(Signer::Unsigned),
            Some(SigningKey::Kms(key)) => Ok(Signer::Kms(KmsSigner::new(sdk, key.clone()))),
            Some(SigningKey::File(path)) => LocalSigner::read(path).map(Signer::Local),
        }
    }

    /// Returns the key that signs; `None` if nobody signs.
    ///
    /// # Errors
    /// Returns an error if KMS does not return the public key.
    pub async fn identification(&self) -> Result<Option<Identification>, SigningError> {
        match self {
            Signer::Unsigned => Ok(None),
            Signer::Kms(signer) => signer.identification().await.map(Some),
            Signer::Local(signer) => Ok(Some(Identification {
                key_id: LOCAL.to_owned(),
                public_key_sha256: signer.public_key.sha256.clone(),
            })),
        }
    }

    /// Returns the public part of the key that signs; `None` if nobody signs.
    ///
    /// # Errors
    /// Returns an error if KMS does not return the public key.
    pub async fn public_key(&self) -> Result<Option<&PublicKey>, SigningError> {
        match self {
            Signer::Unsigned => Ok(None),
            Signer::Kms(signer) => signer.public_key().await.map(Some),
            Signer::Local(signer) => Ok(Some(&signer.public_key)),
        }
    }

    /// Returns the signature of `text` in base64; `None` if nobody signs.
    ///
    /// # Errors
    /// Returns an error if KMS refuses.
    pub async fn sign(&self, text: &str) -> Result<Option<String>, SigningError> {
        match self {
            Signer::Unsigned => Ok(None),
            Signer::Kms(signer) => signer.sign(text).await.map(Some),
            Signer::Local(signer) => signer.sign(text).map(Some),
        }
    }
}

/// A signer with a key in a file.
#[derive(Debug)]
pub struct LocalSigner {
    key_pair: EcdsaKeyPair,
    path: PathBuf,
    public_key: PublicKey,
}

impl LocalSigner {
    fn read(path: &Path) -> Result<LocalSigner, SigningError> {
        let doing = "reading the signing key";
        let allowed = "allowed: a private key of the curve P-256 in PEM, as `openssl ecparam -genkey -name prime256v1 \
                       -noout` makes it";
        let invalid = |found: &str| invalid_key(doing, path.display(), format!("{found}; {allowed}"));
        let pem = bounded_file::read(path, LARGEST_KEY).map_err(|error| {
            invalid(&format!("{error}; to sign with a KMS key, give its ARN or alias/NAME"))
        })?;
        let keys: Result<Vec<_>, _> = PrivateKeyDer::pem_slice_iter(&pem).collect();
        let keys = keys.map_err(|error| invalid(&format!("found no private key in PEM ({error})")))?;
        let der = match keys.as_slice() {
            [der] => der,
            [] => return Err(invalid("found no private key in PEM")),
            keys => {
                return Err(invalid(&format!("found {} private keys; leave the one that signs", keys.len())));
            }
        };
        let of_another_kind = |_| invalid("found a key of another kind");
        let key_pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, der.secret_der())
            .map_err(of_another_kind)?;
        let public = key_pair.public_key().as_der().ok();
        let public_key = public.and_then(|der| PublicKey::from_der(der.as_ref()));
        let public_key = public_key.ok_or_else(|| invalid("found a key without a public part"))?;
        Ok(LocalSigner { key_pair, path: path.to_owned(), public_key })
    }

    fn sign(&self, text: &str) -> Result<String, SigningError> {
        let signature = self.key_pair.sign(&SystemRandom::new(), text.as_bytes());
        let signature = signature.map_err(|error| {
            invalid_key("signing with", self.path.display(), error_causes::in_words(&error))
        })?;
        encoded(signature.as_ref())
            .ok_or_else(|| invalid_key("signing with", self.path.display(), "its signature is no DER of one"))
    }
}

/// Writes a signature in its low form, in base64; `None` if `der` is not a signature.
fn encoded(der: &[u8]) -> Option<String> {
    Signature::parse(der).map(|signature| BASE64_STANDARD.encode(signature.into_low().to_der()))
}

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
    fn from_der(der: &[u8]) -> Option<PublicKey> {
        // In another form, the same key would have another SHA-256.
        if !ecdsa::is_public_key(der) {
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
}

#[cfg(test)]
mod tests;

#[cfg(test)]
pub mod testing {
    //! A key pair that tests sign with.

    use super::*;

    /// A key pair.
    #[derive(Debug)]
    pub struct TestKey {
        key_pair: EcdsaKeyPair,
        /// Its public part.
        pub public: PublicKey,
    }

    impl TestKey {
        /// Makes a key pair.
        pub fn generate() -> TestKey {
            let key_pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
            let public = key_pair.public_key().as_der().unwrap();
            let public = PublicKey::from_der(public.as_ref()).unwrap();
            TestKey { key_pair, public }
        }

        /// Signs as the seal does.
        pub fn sign(&self, text: &str) -> String {
            encoded(self.key_pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap().as_ref()).unwrap()
        }
    }
}
