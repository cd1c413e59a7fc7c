//! Signatures of digests: by an asymmetric KMS key, or outside AWS by a key in a file; and public keys to check them.
//!
//! All are ECDSA on P-256 over SHA-256, with the lower of the two values of `s` that verify: a signature then has only one form.
//! An auditor holds the public key, so it is named by its own SHA-256.

mod ecdsa;
mod kms;
mod local;
mod public_key;

use std::fmt;
use std::path::PathBuf;

use aws_config::SdkConfig;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::error_code::ErrorCode;

use ecdsa::Signature;
use kms::KmsSigner;
use local::LocalSigner;
pub use public_key::PublicKey;

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
                public_key_sha256: signer.public_key().sha256.clone(),
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
            Signer::Local(signer) => Ok(Some(signer.public_key())),
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

/// Writes a signature in its low form, in base64; `None` if `der` is not a signature.
fn encoded(der: &[u8]) -> Option<String> {
    Signature::parse(der).map(|signature| BASE64_STANDARD.encode(signature.into_low().to_der()))
}

#[cfg(test)]
mod tests;

#[cfg(test)]
pub mod testing {
    //! A key pair that tests sign with.

    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

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
