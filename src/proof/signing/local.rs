//! Signatures by a private key in a file.

use std::path::{Path, PathBuf};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

use super::{LARGEST_KEY, PublicKey, SigningError, encoded, invalid_key};
use crate::bounded_file;
use crate::error_causes;

/// A signer with a key in a file.
#[derive(Debug)]
pub struct LocalSigner {
    key_pair: EcdsaKeyPair,
    path: PathBuf,
    public_key: PublicKey,
}

impl LocalSigner {
    pub(super) fn read(path: &Path) -> Result<LocalSigner, SigningError> {
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

    pub(super) fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    pub(super) fn sign(&self, text: &str) -> Result<String, SigningError> {
        let signature = self.key_pair.sign(&SystemRandom::new(), text.as_bytes());
        let signature = signature.map_err(|error| {
            invalid_key("signing with", self.path.display(), error_causes::in_words(&error))
        })?;
        encoded(signature.as_ref())
            .ok_or_else(|| invalid_key("signing with", self.path.display(), "its signature is no DER of one"))
    }
}
