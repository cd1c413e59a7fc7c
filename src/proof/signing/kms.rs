//! Signatures by an asymmetric KMS key.

use std::error::Error;

use aws_config::SdkConfig;
use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use tokio::sync::OnceCell;

use super::{Identification, PublicKey, SigningError, encoded, invalid_key};
use crate::aws::errors::{Call, describe};
use crate::error_code::{AwsCode, ErrorCode};

/// A signer with a KMS key.
#[derive(Debug)]
pub struct KmsSigner {
    client: Client,
    key: String,
    asked: OnceCell<(Identification, PublicKey)>,
}

impl KmsSigner {
    pub(super) fn new(sdk: &SdkConfig, key: String) -> KmsSigner {
        KmsSigner { client: Client::new(sdk), key, asked: OnceCell::new() }
    }

    /// Returns the key's ARN and the SHA-256 of its public part. Asks KMS once.
    pub(super) async fn identification(&self) -> Result<Identification, SigningError> {
        Ok(self.asked.get_or_try_init(|| self.ask()).await?.0.clone())
    }

    /// Returns its public part.
    pub(super) async fn public_key(&self) -> Result<&PublicKey, SigningError> {
        Ok(&self.asked.get_or_try_init(|| self.ask()).await?.1)
    }

    async fn ask(&self) -> Result<(Identification, PublicKey), SigningError> {
        let doing = "asking for the public part of";
        let answer = self.client.get_public_key().key_id(&self.key).send().await;
        let answer = answer.map_err(|error| self.failed(doing, "kms:GetPublicKey", &error))?;
        let public = answer.public_key.map(Blob::into_inner).unwrap_or_default();
        let key = PublicKey::from_der(&public).ok_or_else(|| {
            invalid_key(doing, &self.key, "it is no key of the spec ECC_NIST_P256; the template's SealKey is")
        })?;
        let identification = Identification {
            key_id: answer.key_id.unwrap_or_else(|| self.key.clone()),
            public_key_sha256: key.sha256.clone(),
        };
        Ok((identification, key))
    }

    /// Signs `text` as it is: KMS takes up to 4,096 bytes, and the text has a tenth of that.
    pub(super) async fn sign(&self, text: &str) -> Result<String, SigningError> {
        let signed = self
            .client
            .sign()
            .key_id(&self.key)
            .message(Blob::new(text))
            .message_type(MessageType::Raw)
            .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256)
            .send()
            .await;
        let signed = signed.map_err(|error| self.failed("signing with", "kms:Sign", &error))?;
        let signature = signed.signature.map(Blob::into_inner).unwrap_or_default();
        encoded(&signature).ok_or_else(|| {
            invalid_key("signing with", &self.key, "KMS returned no signature of ECDSA on P-256")
        })
    }

    fn failed<E>(&self, doing: &'static str, permission: &'static str, error: &SdkError<E>) -> SigningError
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        let error = describe(error, Call { service: "KMS", permission, resource: &self.key });
        let problem = if error.code == AwsCode::KEY_NOT_FOUND {
            "there is no such key in this account and Region".to_owned()
        } else {
            error.message
        };
        let code = if error.code.names_a_cause() { error.code } else { ErrorCode::SigningFailed };
        SigningError { code, doing, key: self.key.clone(), problem }
    }
}
