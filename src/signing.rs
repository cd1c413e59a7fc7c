//! Signatures of digests: by an asymmetric KMS key, or outside AWS by a key in a file; and public keys to check them.
//!
//! All are ECDSA on P-256 over SHA-256. The public key is what an auditor holds, so it is named by its own SHA-256.

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
use crate::causes;
use crate::digest::WrittenDigest;

use kms::KmsSigner;

/// What a key in a file is called in a digest. Which key it is, says the SHA-256 of its public part.
pub const LOCAL: &str = "local";

/// Largest file with a key, in bytes; one with a P-256 key has a few hundred.
const LARGEST_KEY: u64 = 64 << 10;

/// Which key signs, as a setting says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningKey {
    /// A KMS key's ARN, or `alias/` and an alias.
    Kms(String),
    /// A file with a private key in PEM.
    File(PathBuf),
}

impl SigningKey {
    /// Reads the setting. Every text names a file that does not name a KMS key; whether there is one, is seen when it is
    /// read.
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

/// Why nothing could be signed, or a key could not be used.
#[derive(Debug, thiserror::Error)]
#[error("{doing} {key}: {problem}")]
pub struct SigningError {
    /// Stable word: KMS's error code, or one of ours.
    pub code: String,
    doing: &'static str,
    key: String,
    problem: String,
}

fn invalid_key(doing: &'static str, key: impl ToString, problem: impl Into<String>) -> SigningError {
    SigningError { code: "InvalidKey".to_owned(), doing, key: key.to_string(), problem: problem.into() }
}

/// Who a signature is of, as digests say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identification {
    /// ARN of the KMS key, or [`LOCAL`].
    pub key_id: String,
    /// SHA-256 of the public key in hexadecimal.
    pub public_key_sha256: String,
}

/// Signs digests.
#[derive(Debug)]
pub enum Signer {
    /// Nobody: digests are chained and not signed.
    Unsigned,
    /// With a KMS key, which never leaves KMS.
    Kms(KmsSigner),
    /// With a key in a file.
    Local(LocalSigner),
}

impl Signer {
    /// The signer with `key`; none for no signatures.
    ///
    /// # Errors
    /// When the file cannot be read or holds no such key. A KMS key is not asked for before it signs.
    pub fn new(key: Option<&SigningKey>, sdk: &SdkConfig) -> Result<Signer, SigningError> {
        match key {
            None => Ok(Signer::Unsigned),
            Some(SigningKey::Kms(key)) => Ok(Signer::Kms(KmsSigner::new(sdk, key.clone()))),
            Some(SigningKey::File(path)) => LocalSigner::read(path).map(Signer::Local),
        }
    }

    /// Who signs; none where nobody does.
    ///
    /// # Errors
    /// When KMS does not tell the public key.
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

    /// Whether a digest may be ours: one that names our key has to be signed with it.
    ///
    /// # Errors
    /// When KMS does not tell the public key.
    pub async fn recognises(&self, written: &WrittenDigest) -> Result<bool, SigningError> {
        let key = match self {
            Signer::Unsigned => return Ok(true),
            Signer::Kms(signer) => signer.public_key().await?,
            Signer::Local(signer) => &signer.public_key,
        };
        let names_it = written.digest.public_key_sha256.as_deref() == Some(&key.sha256);
        let signature = written.signature.as_deref().unwrap_or_default();
        Ok(!names_it || key.verifies(&written.signed_text, signature))
    }

    /// The signature of `text` in base64; none where nobody signs.
    ///
    /// # Errors
    /// When KMS refuses.
    pub async fn sign(&self, text: &str) -> Result<Option<String>, SigningError> {
        match self {
            Signer::Unsigned => Ok(None),
            Signer::Kms(signer) => signer.sign(text).await.map(Some),
            Signer::Local(signer) => signer.sign(text).map(Some),
        }
    }
}

/// Signs with a key in a file.
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
        let der = PrivateKeyDer::from_pem_slice(&pem)
            .map_err(|error| invalid(&format!("found no private key in PEM ({error})")))?;
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
        let signature = signature
            .map_err(|error| invalid_key("signing with", self.path.display(), causes::in_words(&error)))?;
        Ok(BASE64_STANDARD.encode(signature))
    }
}

/// A public key that signatures are checked with.
#[derive(Debug, Clone)]
pub struct PublicKey {
    key: ParsedPublicKey,
    /// SHA-256 of the key (DER, SubjectPublicKeyInfo), in hexadecimal.
    pub sha256: String,
}

impl PublicKey {
    /// Reads a file in PEM, or in DER as KMS gives it.
    ///
    /// # Errors
    /// When there is none, or no P-256 public key in it.
    pub fn read(path: &Path) -> Result<PublicKey, SigningError> {
        let doing = "reading the public key";
        let bytes = bounded_file::read(path, LARGEST_KEY)
            .map_err(|error| invalid_key(doing, path.display(), error.to_string()))?;
        let der = match SubjectPublicKeyInfoDer::from_pem_slice(&bytes) {
            Ok(der) => der.to_vec(),
            Err(_) => bytes,
        };
        PublicKey::from_der(&der).ok_or_else(|| {
            let allowed = "found no public key of the curve P-256; allowed: one in PEM or DER, as `aws kms \
                           get-public-key` gives it or `openssl ec -pubout` makes it";
            invalid_key(doing, path.display(), allowed)
        })
    }

    /// Reads a SubjectPublicKeyInfo; none when it is no P-256 key.
    fn from_der(der: &[u8]) -> Option<PublicKey> {
        // A bare point would be taken too, but its SHA-256 is another one.
        if der.first() != Some(&0x30) {
            return None;
        }
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, der).ok()?;
        Some(PublicKey { key, sha256: hex::encode(Sha256::digest(der)) })
    }

    /// Whether `signature`, in base64, is one of `text`.
    pub fn verifies(&self, text: &str, signature: &str) -> bool {
        let signature = BASE64_STANDARD.decode(signature);
        signature.is_ok_and(|signature| self.key.verify_sig(text.as_bytes(), &signature).is_ok())
    }
}
