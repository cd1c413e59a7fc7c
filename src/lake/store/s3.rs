//! A lake in an S3 bucket. Every put carries `If-None-Match: *` and a SHA-256 that S3 checks and keeps.

mod listing;
mod reading;

use std::error::Error;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumMode, ServerSideEncryption};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;

use super::bucket_owner::BucketOwner;
use super::bucket_policy::{self, Protection};
use super::memory_budget::DocumentBudget;
use super::time::DateReader;
use super::{Content, Object, Put, StoreError, name};
use crate::aws::errors::{AwsError, Call, describe, region_named};
use crate::aws::https::BodyHandling;
use crate::error_causes;
use crate::error_code::{AwsCode, ErrorCode};
use crate::lake::keys::{Key, Table};
use crate::target::{AccountId, Region};

/// Maximum attempts at a put that S3 answers with 409: another put of the same key was under way.
const CONFLICT_ATTEMPTS: u32 = 5;

/// Pause after such an attempt, multiplied by its number.
const CONFLICT_PAUSE: Duration = Duration::from_millis(200);

/// Largest policy of a bucket, in bytes: S3 accepts 20 KiB.
const LARGEST_POLICY: usize = 256 << 10;

type PutError = SdkError<aws_sdk_s3::operation::put_object::PutObjectError>;

/// The KMS key that objects are encrypted with, as S3 accepts it: an id, an alias or an ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsKey(String);

impl KmsKey {
    /// Reads a key's id, alias or ARN; `None` if the text cannot be one.
    pub fn parse(text: &str) -> Option<KmsKey> {
        let fits = (1..=2048).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_/:".contains(&b));
        fits.then(|| KmsKey(text.to_owned()))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A bucket and the prefix of all keys of the lake.
#[derive(Debug, Clone)]
pub struct S3Store {
    client: Client,
    bucket: String,
    prefix: String,
    kms_key: Option<KmsKey>,
    documents: DocumentBudget,
}

impl S3Store {
    /// Returns the lake under `prefix` in `bucket`.
    pub fn new(client: Client, bucket: String, prefix: String, kms_key: Option<KmsKey>) -> S3Store {
        S3Store { client, bucket, prefix, kms_key, documents: DocumentBudget::default() }
    }

    /// Returns the same lake, with each request sent for a bucket of this account only.
    pub(super) fn owned_by(self, account_id: &AccountId) -> S3Store {
        let config = self.client.config().to_builder().interceptor(BucketOwner::new(account_id)).build();
        S3Store { client: Client::from_conf(config), ..self }
    }

    pub(super) fn object_key(&self, key: Key<'_>) -> String {
        self.prefixed(&key.to_string())
    }

    /// Returns the key in the bucket of one in the lake.
    fn prefixed(&self, key: &str) -> String {
        let key = String::from_utf8_lossy(&name::bytes(key)).into_owned();
        if self.prefix.is_empty() { key } else { format!("{}/{key}", self.prefix) }
    }

    /// Returns the key in the lake of one in the bucket.
    fn in_the_lake(&self, key: &str) -> String {
        let rest = key.strip_prefix(&self.prefix).unwrap_or(key);
        let rest = if self.prefix.is_empty() { key } else { rest.strip_prefix('/').unwrap_or(rest) };
        name::printable(rest.as_bytes())
    }

    /// Returns the `Date` of an answer of S3 that is requested only for that. The seal's role may list no more than the folders
    /// of the evidence.
    pub(super) async fn time(&self) -> Result<Timestamp, StoreError> {
        let (prefix, date) = (self.prefixed("digests/"), DateReader::default());
        let listed = self.client.list_objects_v2().bucket(&self.bucket).prefix(&prefix).max_keys(1);
        let listed = listed.customize().interceptor(date.clone()).send().await;
        listed.map_err(|error| self.failed("asking for the time of", "s3:ListBucket", &prefix, &error))?;
        date.time().ok_or_else(|| StoreError {
            code: ErrorCode::MalformedResponse,
            doing: "asking for the time of",
            object: self.url(&prefix),
            problem: "S3 answered without a date that can be read".to_owned(),
        })
    }

    pub(super) async fn put_if_absent(&self, key: Key<'_>, object: Object<'_>) -> Result<Put, StoreError> {
        let key = self.object_key(key);
        let mut attempt = 1;
        loop {
            let error = match self.put(&key, object).await? {
                Ok(()) => return Ok(Put::Written),
                Err(error) => error,
            };
            let status = error.raw_response().map(|response| response.status().as_u16());
            if status == Some(412)
                && let Some(put) = self.is_there(&key, &object.sha256).await?
            {
                return Ok(put);
            }
            // If no answer ever came, the object may exist all the same.
            if status.is_none()
                && let Ok(Some(Put::Written)) = self.is_there(&key, &object.sha256).await
            {
                return Ok(Put::Written);
            }
            // After a 412, the object does not exist either if the put that was first has failed.
            if !matches!(status, Some(409 | 412)) || attempt == CONFLICT_ATTEMPTS {
                return Err(self.failed("writing", "s3:PutObject", &key, &error));
            }
            tokio::time::sleep(CONFLICT_PAUSE * attempt).await;
            attempt += 1;
        }
    }

    /// Puts once. The outer error is a file that cannot be read; the inner one is S3's.
    async fn put(&self, key: &str, object: Object<'_>) -> Result<Result<(), PutError>, StoreError> {
        let body = match object.content {
            Content::Bytes(bytes) => ByteStream::from(bytes.to_vec()),
            Content::File(path) => ByteStream::from_path(path).await.map_err(|error| StoreError {
                code: ErrorCode::StorageFailed,
                doing: "reading the temporary file of",
                object: self.url(key),
                problem: error_causes::in_words(&error),
            })?,
        };
        let encryption = self.kms_key.as_ref().map(|_| ServerSideEncryption::AwsKms);
        let put = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .if_none_match("*")
            .checksum_sha256(BASE64_STANDARD.encode(object.sha256))
            .content_type(object.content_type)
            .set_server_side_encryption(encryption)
            .set_ssekms_key_id(self.kms_key.as_ref().map(|key| key.as_str().to_owned()))
            .body(body);
        Ok(put.send().await.map(|_| ()))
    }

    /// Checks the object after a refusal because the key exists: the SDK retries a put that was cut off after it succeeded,
    /// which then meets its own object, as the checksum shows. `None` if there is no object after all.
    async fn is_there(&self, key: &str, sha256: &[u8; 32]) -> Result<Option<Put>, StoreError> {
        let head =
            self.client.head_object().bucket(&self.bucket).key(key).checksum_mode(ChecksumMode::Enabled);
        let head = match head.send().await {
            Ok(head) => head,
            Err(error) if error.raw_response().is_some_and(|raw| raw.status().as_u16() == 404) => {
                return Ok(None);
            }
            Err(error) => return Err(self.failed("looking at", "s3:GetObject", key, &error)),
        };
        let same = head.checksum_sha256() == Some(BASE64_STANDARD.encode(sha256).as_str());
        Ok(Some(if same { Put::Written } else { Put::AlreadyThere }))
    }

    /// Returns the protections that the bucket's policy lacks. A bucket without a policy lacks all.
    pub(super) async fn missing_protections(&self) -> Result<Vec<Protection>, StoreError> {
        let asked = self.client.get_bucket_policy().bucket(&self.bucket).customize();
        let policy = match asked.interceptor(BodyHandling::AtMost(LARGEST_POLICY)).send().await {
            Ok(answer) => answer.policy,
            Err(error) if AwsCode::NO_SUCH_BUCKET_POLICY.is(error.code()) => None,
            // Whatever the policy allows, S3 shows it to the account of the bucket only.
            Err(error) if AwsCode::METHOD_NOT_ALLOWED.is(error.code()) => {
                return Err(StoreError {
                    code: AwsCode::METHOD_NOT_ALLOWED.into(),
                    doing: "reading the policy of",
                    object: self.url(""),
                    problem:
                        "the bucket is of another account, and only that account may read its policy; run \
                              preflight there too"
                            .to_owned(),
                });
            }
            Err(error) => return Err(self.failed("reading the policy of", "s3:GetBucketPolicy", "", &error)),
        };
        // S3 keeps no policy that is not JSON.
        let policy = policy.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let prefix = if self.prefix.is_empty() { String::new() } else { format!("{}/", self.prefix) };
        let objects =
            Table::ALL.map(|table| format!("{}/{prefix}{table}/account_id=111122223333/any", self.bucket));
        Ok(bucket_policy::missing(&policy, &self.bucket, &objects))
    }

    fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    fn failed<E>(
        &self,
        doing: &'static str,
        permission: &'static str,
        key: &str,
        error: &SdkError<E>,
    ) -> StoreError
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        let bucket = &self.bucket;
        let resource = format!("arn:aws:s3:::{bucket}{}{key}", if key.is_empty() { "" } else { "/" });
        let described = describe(error, Call { service: "S3", permission, resource: &resource });
        let problem = match &described.code {
            code if *code == AwsCode::NO_SUCH_BUCKET => {
                format!(
                    "the bucket {bucket} does not exist; create it and allow {permission}, or correct the lake's name"
                )
            }
            code if code.is_denial() => {
                let message = &described.message;
                format!(
                    "the bucket {bucket} refused: {message} (with a KMS key also kms:GenerateDataKey and kms:Decrypt; if \
                     AUDIT_LAKE_ACCOUNT is set, it must be the bucket's owner)"
                )
            }
            _ => match region_of(error) {
                Some(region) => {
                    format!("the bucket {bucket} is in the Region {region}; set AWS_REGION to it")
                }
                None => described.message.clone(),
            },
        };
        StoreError { code: code_in_the_ledger(described), doing, object: self.url(key), problem }
    }
}

/// Returns S3's code, or one of this program that names a cause; a code for no usable answer becomes that of the storage.
fn code_in_the_ledger(error: AwsError) -> ErrorCode {
    if error.code.names_a_cause() { error.code } else { ErrorCode::StorageFailed }
}

/// Returns the Region that S3 names for a bucket, if it sends a request elsewhere.
fn region_of<E>(error: &SdkError<E>) -> Option<Region> {
    let answer = error.raw_response().filter(|answer| matches!(answer.status().as_u16(), 301 | 307 | 400))?;
    let in_body = || {
        let body = std::str::from_utf8(answer.body().bytes()?).ok()?;
        Some(body.split_once("<Region>")?.1.split_once("</Region>")?.0)
    };
    region_named(answer.headers().get("x-amz-bucket-region").or_else(in_body)?)
}
