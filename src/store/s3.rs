//! A lake in an S3 bucket. Every put carries `If-None-Match: *` and a SHA-256 that S3 checks and keeps.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumMode, ServerSideEncryption};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::bucket_owner::BucketOwner;
use super::bucket_policy::{self, Protection};
use super::{
    Content, Found, Hashed, LARGEST_DOCUMENT, Level, Look, Object, Put, StoreError, TAIL, impossible_size,
};
use crate::causes;
use crate::layout::{EVIDENCE, Key, ObjectKey};
use crate::target::AccountId;

/// How often a put is tried again that S3 answered with 409: another put of the same key was under way.
const CONFLICT_ATTEMPTS: u32 = 5;

/// Waited before such a try, times its number.
const CONFLICT_PAUSE: Duration = Duration::from_millis(200);

/// Where a listing of versions goes on: a key, and a version of it.
type Markers = (Option<String>, Option<String>);

type PutError = SdkError<aws_sdk_s3::operation::put_object::PutObjectError>;

/// The KMS key that objects are encrypted with, as S3 takes it: an id, an alias or an ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsKey(String);

impl KmsKey {
    /// A key's id, alias or ARN; none when the text cannot be one.
    pub fn parse(text: &str) -> Option<KmsKey> {
        let fits = (1..=2048).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_/:".contains(&b));
        fits.then(|| KmsKey(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A bucket and what all keys of the lake begin with.
#[derive(Debug, Clone)]
pub struct S3Store {
    client: Client,
    bucket: String,
    prefix: String,
    kms_key: Option<KmsKey>,
}

impl S3Store {
    /// The lake under `prefix` in `bucket`.
    pub fn new(client: Client, bucket: String, prefix: String, kms_key: Option<KmsKey>) -> S3Store {
        S3Store { client, bucket, prefix, kms_key }
    }

    /// Returns the same lake, with each request sent for a bucket of this account only.
    pub(super) fn owned_by(self, account_id: &AccountId) -> S3Store {
        let config = self.client.config().to_builder().interceptor(BucketOwner::new(account_id)).build();
        S3Store { client: Client::from_conf(config), ..self }
    }

    pub(super) fn object_key(&self, key: Key<'_>) -> String {
        self.prefixed(&key.to_string())
    }

    /// The key in the bucket of one in the lake.
    fn prefixed(&self, key: &str) -> String {
        if self.prefix.is_empty() { key.to_owned() } else { format!("{}/{key}", self.prefix) }
    }

    /// The key in the lake of one in the bucket.
    fn in_the_lake(&self, key: &str) -> String {
        let rest = key.strip_prefix(&self.prefix).unwrap_or(key);
        if self.prefix.is_empty() {
            key.to_owned()
        } else {
            rest.strip_prefix('/').unwrap_or(rest).to_owned()
        }
    }

    /// Whether an object is there. It is listed and not asked for by HEAD, whose answers have no body: they cannot
    /// tell a missing bucket from a missing object.
    pub(super) async fn contains(&self, key: Key<'_>) -> Result<bool, StoreError> {
        let key = self.object_key(key);
        let listed = self.client.list_objects_v2().bucket(&self.bucket).prefix(&key).max_keys(1).send().await;
        let listed = listed.map_err(|error| self.failed("looking for", "s3:ListBucket", &key, &error))?;
        Ok(listed.contents().iter().any(|object| object.key() == Some(&key)))
    }

    /// Looks at what lies under a key, and at whether a delete marker hides it.
    pub(super) async fn look(&self, key: Key<'_>) -> Result<Look, StoreError> {
        let name = self.object_key(key);
        let mut is_first = true;
        let head = loop {
            let head = self.client.head_object().bucket(&self.bucket).key(&name);
            let error = match head.checksum_mode(ChecksumMode::Enabled).send().await {
                Ok(head) => break head,
                Err(error) => error,
            };
            let raw = error.raw_response().filter(|raw| raw.status().as_u16() == 404);
            if raw.is_some_and(|raw| raw.headers().get("x-amz-delete-marker") == Some("true")) {
                return Ok(Look::Foreign("a delete marker".to_owned()));
            }
            // An answer to HEAD has no body: a listing says what is wrong, or that nothing is there.
            let is_there = self.contains(key).await?;
            if raw.is_some() && !is_there {
                return Ok(Look::Nothing);
            }
            if raw.is_none() || !is_first {
                return Err(self.failed("looking at", "s3:GetObject", &name, &error));
            }
            is_first = false;
        };
        let bytes = head.content_length().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0);
        if let Some(foreign) = impossible_size(bytes) {
            return Ok(foreign);
        }
        let tail = self.tail(&name, bytes).await?;
        let hashed = match checksum(&head) {
            Some(sha256) => Hashed { bytes, sha256 },
            None if tail.len() as u64 == bytes => Hashed { bytes, sha256: Sha256::digest(&tail).into() },
            None => self.hash(&key.to_string(), None).await?,
        };
        Ok(Look::Object { hashed, tail })
    }

    /// Reads the last bytes of an object of `bytes` bytes.
    async fn tail(&self, key: &str, bytes: u64) -> Result<Vec<u8>, StoreError> {
        let range = format!("bytes={}-", bytes.saturating_sub(TAIL));
        let object = self.client.get_object().bucket(&self.bucket).key(key).range(range).send().await;
        let mut body =
            object.map_err(|error| self.failed("reading", "s3:GetObject", key, &error))?.body;
        let mut tail = Vec::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| self.cut(key, &error))?;
            if tail.len() as u64 + chunk.len() as u64 > TAIL {
                return Err(StoreError {
                    code: "LimitExceeded".to_owned(),
                    doing: "reading",
                    object: self.url(key),
                    problem: format!("S3 sent more than the {TAIL} bytes that were asked for"),
                });
            }
            tail.extend_from_slice(&chunk);
        }
        Ok(tail)
    }

    pub(super) async fn keys(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let prefix = self.prefixed(folder);
        let mut keys = Vec::new();
        let mut token = None;
        loop {
            let page = self.client.list_objects_v2().bucket(&self.bucket).prefix(&prefix);
            let page = page.set_continuation_token(token.clone()).send().await;
            let page = page.map_err(|error| self.failed("listing", "s3:ListBucket", &prefix, &error))?;
            keys.extend(page.contents().iter().filter_map(|object| Some(self.in_the_lake(object.key()?))));
            let next = page.next_continuation_token.filter(|_| page.is_truncated == Some(true));
            match next {
                None => return Ok(keys),
                Some(next) if Some(&next) == token.as_ref() => return Err(self.listing_stuck(&prefix)),
                next => token = next,
            }
        }
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
            // Where no answer ever came, the object may be there all the same.
            if status.is_none()
                && let Ok(Some(Put::Written)) = self.is_there(&key, &object.sha256).await
            {
                return Ok(Put::Written);
            }
            // After a 412 nothing is there either when the put that was first has failed.
            if !matches!(status, Some(409 | 412)) || attempt == CONFLICT_ATTEMPTS {
                return Err(self.failed("writing", "s3:PutObject", &key, &error));
            }
            tokio::time::sleep(CONFLICT_PAUSE * attempt).await;
            attempt += 1;
        }
    }

    /// One put. The outer error is a file that cannot be read; the inner one is S3's.
    async fn put(&self, key: &str, object: Object<'_>) -> Result<Result<(), PutError>, StoreError> {
        let body = match object.content {
            Content::Bytes(bytes) => ByteStream::from(bytes.to_vec()),
            Content::File(path) => ByteStream::from_path(path).await.map_err(|error| StoreError {
                code: "StorageFailed".to_owned(),
                doing: "reading the temporary file of",
                object: self.url(key),
                problem: causes::in_words(&error),
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

    /// After a refusal because the key exists: a put that was cut off after it succeeded is tried again by the SDK
    /// and then meets its own object, which the checksum tells. None where there is no object after all.
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

    /// What the bucket's policy does not protect the evidence from. A bucket without a policy protects from nothing.
    pub(super) async fn missing_protections(&self) -> Result<Vec<Protection>, StoreError> {
        let policy = match self.client.get_bucket_policy().bucket(&self.bucket).send().await {
            Ok(answer) => answer.policy,
            Err(error) if error.code() == Some("NoSuchBucketPolicy") => None,
            // Whatever the policy allows, S3 shows it to the account of the bucket only.
            Err(error) if error.code() == Some("MethodNotAllowed") => {
                return Err(StoreError {
                    code: "MethodNotAllowed".to_owned(),
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
            EVIDENCE.map(|table| format!("{}/{prefix}{table}/account_id=111122223333/any", self.bucket));
        Ok(bucket_policy::missing(&policy, &self.bucket, &objects))
    }

    /// Of versions too, so that a folder of which a delete marker hides everything is seen.
    pub(super) async fn level(&self, folder: &str) -> Result<Level, StoreError> {
        let prefix = self.prefixed(folder);
        let (mut folders, mut objects) = (BTreeSet::new(), BTreeSet::new());
        let mut markers: Markers = (None, None);
        loop {
            let page = self.client.list_object_versions().bucket(&self.bucket).prefix(&prefix).delimiter("/");
            let page = page.set_key_marker(markers.0.clone()).set_version_id_marker(markers.1.clone());
            let page = page.send().await;
            let page =
                page.map_err(|error| self.failed("listing", "s3:ListBucketVersions", &prefix, &error))?;
            let name = |folder: &str| Some(folder.strip_prefix(&prefix)?.strip_suffix('/')?.to_owned());
            folders.extend(page.common_prefixes().iter().filter_map(|folder| name(folder.prefix()?)));
            let keys = page.versions().iter().filter_map(|version| version.key());
            objects.extend(keys.map(|key| self.in_the_lake(key)));
            if page.is_truncated() != Some(true) {
                break;
            }
            markers =
                self.next_markers(&prefix, &markers, (page.next_key_marker, page.next_version_id_marker))?;
        }
        Ok(Level { folders: folders.into_iter().collect(), objects: objects.into_iter().collect() })
    }

    /// Where a listing goes on. The SDK's own paginators stop at a place that repeats, as if that were the end.
    fn next_markers(&self, prefix: &str, last: &Markers, next: Markers) -> Result<Markers, StoreError> {
        if next.0.is_none() || next == *last { Err(self.listing_stuck(prefix)) } else { Ok(next) }
    }

    /// Versions are listed and not objects, so that what a delete marker hides is found too. Of a key with several, the
    /// oldest is what was put: this program writes once.
    pub(super) async fn find(&self, folder: &str) -> Result<Vec<Found>, StoreError> {
        let prefix = self.prefixed(folder);
        let mut found: BTreeMap<String, Found> = BTreeMap::new();
        let mut hidden: Vec<String> = Vec::new();
        let mut markers: Markers = (None, None);
        loop {
            let page = self.client.list_object_versions().bucket(&self.bucket).prefix(&prefix);
            let page = page.set_key_marker(markers.0.clone()).set_version_id_marker(markers.1.clone());
            let page = page.send().await;
            let page =
                page.map_err(|error| self.failed("listing", "s3:ListBucketVersions", &prefix, &error))?;
            for version in page.versions() {
                let Some(key) = version.key() else {
                    continue;
                };
                let versions = found.get(key).map_or(0, |found| found.versions) + 1;
                // Versions come newest first, so the last is the oldest.
                let oldest = Found {
                    key: self.in_the_lake(key),
                    bytes: version.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                    version_id: version.version_id().map(str::to_owned),
                    hidden: false,
                    versions,
                };
                found.insert(key.to_owned(), oldest);
            }
            let markers_found =
                page.delete_markers().iter().filter(|marker| marker.is_latest() == Some(true));
            hidden.extend(markers_found.filter_map(|marker| marker.key().map(str::to_owned)));
            if page.is_truncated() != Some(true) {
                break;
            }
            markers =
                self.next_markers(&prefix, &markers, (page.next_key_marker, page.next_version_id_marker))?;
        }
        // Without versions, each object is one of the name `null`, which need not be asked for by it.
        let alone = found.values_mut().filter(|found| found.versions == 1);
        alone.for_each(|found| found.version_id = found.version_id.take().filter(|id| id != "null"));
        for key in hidden {
            if let Some(object) = found.get_mut(&key) {
                object.hidden = true;
            }
        }
        Ok(found.into_values().collect())
    }

    fn listing_stuck(&self, prefix: &str) -> StoreError {
        StoreError {
            code: "ListingStuck".to_owned(),
            doing: "listing",
            object: self.url(prefix),
            problem: "S3 said that there is more and not where; try again".to_owned(),
        }
    }

    pub(super) async fn sha256(&self, found: &Found) -> Result<Hashed, StoreError> {
        let key = self.prefixed(&found.key);
        let head = self.client.head_object().bucket(&self.bucket).key(&key);
        let head = head.set_version_id(found.version_id.clone()).checksum_mode(ChecksumMode::Enabled);
        let head =
            head.send().await.map_err(|error| self.failed("looking at", "s3:GetObject", &key, &error))?;
        let bytes = head.content_length().and_then(|bytes| u64::try_from(bytes).ok());
        match (bytes, checksum(&head)) {
            (Some(bytes), Some(sha256)) => Ok(Hashed { bytes, sha256 }),
            _ => self.hash(&found.key, found.version_id.clone()).await,
        }
    }

    /// Reads a version, or what lies there now.
    pub(super) async fn hash(&self, key: &str, version_id: Option<String>) -> Result<Hashed, StoreError> {
        let key = self.prefixed(key);
        let object = self.client.get_object().bucket(&self.bucket).key(&key).set_version_id(version_id);
        let object =
            object.send().await.map_err(|error| self.failed("reading", "s3:GetObject", &key, &error))?;
        let (mut body, mut sha256, mut bytes) = (object.body, Sha256::new(), 0);
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| self.cut(&key, &error))?;
            sha256.update(&chunk);
            bytes += chunk.len() as u64;
        }
        Ok(Hashed { bytes, sha256: sha256.finalize().into() })
    }

    pub(super) async fn read(&self, key: &ObjectKey) -> Result<Option<Vec<u8>>, StoreError> {
        let key = self.prefixed(key.as_str());
        let object = match self.client.get_object().bucket(&self.bucket).key(&key).send().await {
            Ok(object) => object,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(self.failed("reading", "s3:GetObject", &key, &error)),
        };
        let bytes = object.content_length().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(u64::MAX);
        if bytes > LARGEST_DOCUMENT {
            return Err(StoreError::too_large(self.url(&key), bytes));
        }
        let body = object.body.collect().await.map_err(|error| self.cut(&key, &error))?;
        Ok(Some(body.to_vec()))
    }

    fn cut(&self, key: &str, error: &(dyn Error + 'static)) -> StoreError {
        StoreError {
            code: "StorageFailed".to_owned(),
            doing: "reading",
            object: self.url(key),
            problem: format!("the answer was cut off: {}; try again", causes::in_words(error)),
        }
    }

    fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    fn failed<E>(&self, doing: &'static str, permission: &str, key: &str, error: &SdkError<E>) -> StoreError
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        let bucket = &self.bucket;
        let code = error.code().map(str::to_owned).or_else(|| code_of_status(error));
        let problem = match code.as_deref() {
            Some("NoSuchBucket") => {
                format!(
                    "the bucket {bucket} does not exist; create it and allow {permission}, or correct the lake's name"
                )
            }
            Some("AccessDenied") => format!(
                "the bucket {bucket} refused; the permission {permission} is missing (with a KMS key also \
                 kms:GenerateDataKey and kms:Decrypt), a policy denies it, or AUDIT_LAKE_ACCOUNT is not its owner"
            ),
            Some(code) => format!("S3 answered {code}: {}", error.message().unwrap_or("no more is said")),
            None if error.raw_response().is_some() => "S3 answered with no error code".to_owned(),
            None => {
                let check = "check the credentials, the network, the Region and AWS_ENDPOINT_URL_S3";
                format!("S3 could not be asked: {}; {check}", causes::in_words(error))
            }
        };
        StoreError {
            code: code.unwrap_or_else(|| "StorageFailed".to_owned()),
            doing,
            object: self.url(key),
            problem,
        }
    }
}

/// Returns the SHA-256 that S3 keeps. That of a multipart upload is none of the bytes, and is no base64 of 32 bytes either.
fn checksum(head: &HeadObjectOutput) -> Option<[u8; 32]> {
    BASE64_STANDARD.decode(head.checksum_sha256()?).ok()?.try_into().ok()
}

/// S3 answers HEAD without a body, and so without a code.
fn code_of_status<E>(error: &SdkError<E>) -> Option<String> {
    match error.raw_response()?.status().as_u16() {
        403 => Some("AccessDenied".to_owned()),
        _ => None,
    }
}
