//! A lake in an S3 bucket. Every put carries `If-None-Match: *` and a SHA-256 that S3 checks and keeps.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumMode, DeleteMarkerEntry, EncodingType, ServerSideEncryption};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::bucket_owner::BucketOwner;
use super::bucket_policy::{self, Protection};
use super::time::DateReader;
use super::{
    Content, Examination, Examined, Found, Hashed, LARGEST_DOCUMENT, Level, Look, Object, Put, StoreError,
    TAIL, impossible_size, name,
};
use crate::aws_errors::{AwsError, Call, LIMIT_EXCEEDED, describe, is_denial, region_named};
use crate::causes;
use crate::https::Body;
use crate::layout::{EVIDENCE, Key, ObjectKey};
use crate::target::{AccountId, Region};

/// How often a put is tried again that S3 answered with 409: another put of the same key was under way.
const CONFLICT_ATTEMPTS: u32 = 5;

/// Waited before such a try, times its number.
const CONFLICT_PAUSE: Duration = Duration::from_millis(200);

/// Largest page of a listing, in bytes: a thousand keys of 1,024 bytes, each byte as three of a URL, make half of it.
const LARGEST_PAGE: usize = 8 << 20;

/// Largest policy of a bucket, in bytes: S3 takes 20 KiB.
const LARGEST_POLICY: usize = 256 << 10;

/// Most pages without anything on them that may follow each other.
const EMPTY_PAGES: usize = 1_000;

/// Most entries that are read of one listing.
const LONGEST_LISTING: usize = 10_000_000;

/// Longest token or marker of a listing, in bytes.
const LONGEST_TOKEN: usize = 16 << 10;

/// Time for reading an object, for its first byte and for each further [`SLOWEST`] of them.
const READING: Duration = Duration::from_secs(60);
const SLOWEST: u64 = 1 << 20;

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
        let key = String::from_utf8_lossy(&name::bytes(key)).into_owned();
        if self.prefix.is_empty() { key } else { format!("{}/{key}", self.prefix) }
    }

    /// The key in the lake of one in the bucket.
    fn in_the_lake(&self, key: &str) -> String {
        let rest = key.strip_prefix(&self.prefix).unwrap_or(key);
        let rest = if self.prefix.is_empty() { key } else { rest.strip_prefix('/').unwrap_or(rest) };
        name::printable(rest.as_bytes())
    }

    /// Whether an object is there. It is listed and not asked for by HEAD, whose answers have no body: they cannot
    /// tell a missing bucket from a missing object.
    pub(super) async fn contains(&self, key: Key<'_>) -> Result<bool, StoreError> {
        let key = self.object_key(key);
        let listed = self.client.list_objects_v2().bucket(&self.bucket).prefix(&key).max_keys(1);
        let listed = listed.encoding_type(EncodingType::Url).customize();
        let listed = listed.interceptor(Body::AtMost(LARGEST_PAGE)).send().await;
        let listed = listed.map_err(|error| self.failed("looking for", "s3:ListBucket", &key, &error))?;
        let encoding = listed.encoding_type.as_ref();
        let is_it = |found: &str| decoded(found, encoding) == key;
        Ok(listed.contents().iter().any(|object| object.key().is_some_and(is_it)))
    }

    /// Returns the `Date` of an answer that S3 is asked for just for that. The seal's role may list no more than the folders of
    /// the evidence.
    pub(super) async fn time(&self) -> Result<Timestamp, StoreError> {
        let (prefix, date) = (self.prefixed("digests/"), DateReader::default());
        let listed = self.client.list_objects_v2().bucket(&self.bucket).prefix(&prefix).max_keys(1);
        let listed = listed.customize().interceptor(date.clone()).send().await;
        listed.map_err(|error| self.failed("asking for the time of", "s3:ListBucket", &prefix, &error))?;
        date.time().ok_or_else(|| StoreError {
            code: "MalformedResponse".to_owned(),
            doing: "asking for the time of",
            object: self.url(&prefix),
            problem: "S3 answered without a date that can be read".to_owned(),
        })
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
            // An answer to HEAD has no body: a listing says what is wrong, or that nothing is there. One of versions also shows a
            // delete marker that the answer did not name; not everybody may list them.
            let is_there = match self.newest_is_a_marker(&name).await {
                Ok(true) => return Ok(Look::Foreign("a delete marker".to_owned())),
                Ok(false) => self.contains(key).await?,
                Err(error) if error.code == "AccessDenied" => self.contains(key).await?,
                Err(error) => return Err(error),
            };
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

    /// Returns if the newest version of an object is a delete marker. It is the first of a listing.
    async fn newest_is_a_marker(&self, key: &str) -> Result<bool, StoreError> {
        let listed =
            self.client.list_object_versions().bucket(&self.bucket).prefix(key).max_keys(1).send().await;
        let listed =
            listed.map_err(|error| self.failed("looking for", "s3:ListBucketVersions", key, &error))?;
        let is_hidden =
            |marker: &DeleteMarkerEntry| marker.key() == Some(key) && marker.is_latest() == Some(true);
        Ok(listed.delete_markers().iter().any(is_hidden))
    }

    /// Reads the last bytes of an object of `bytes` bytes.
    async fn tail(&self, key: &str, bytes: u64) -> Result<Vec<u8>, StoreError> {
        let range = format!("bytes={}-", bytes.saturating_sub(TAIL));
        let asked = self.client.get_object().bucket(&self.bucket).key(key).range(range).customize();
        let object = asked.interceptor(Body::Streamed).send().await;
        let object = object.map_err(|error| self.failed("reading", "s3:GetObject", key, &error))?;
        let mut tail = Vec::new();
        self.each_chunk(key, TAIL, TAIL, object.body, |chunk| tail.extend_from_slice(chunk)).await?;
        Ok(tail)
    }

    pub(super) async fn keys(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let prefix = self.prefixed(folder);
        let mut keys = Vec::new();
        let (mut token, mut progress) = (None, Progress::default());
        loop {
            let page = self.client.list_objects_v2().bucket(&self.bucket).prefix(&prefix);
            let page =
                page.encoding_type(EncodingType::Url).set_continuation_token(token.clone()).customize();
            let page = page.interceptor(Body::AtMost(LARGEST_PAGE)).send().await;
            let page = page.map_err(|error| self.failed("listing", "s3:ListBucket", &prefix, &error))?;
            let encoding = page.encoding_type.as_ref();
            let found = page.contents().iter().filter_map(|object| object.key());
            keys.extend(found.map(|key| self.in_the_lake(&decoded(key, encoding))));
            if page.is_truncated != Some(true) {
                return Ok(keys);
            }
            token = page.next_continuation_token.clone();
            let next = token.as_deref().map(|token| [token, ""]);
            progress.page(page.contents().len(), next).map_err(|stop| self.stopped(stop, &prefix))?;
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
        let asked = self.client.get_bucket_policy().bucket(&self.bucket).customize();
        let policy = match asked.interceptor(Body::AtMost(LARGEST_POLICY)).send().await {
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
        let (mut markers, mut progress): (Markers, _) = ((None, None), Progress::default());
        loop {
            let page = self.client.list_object_versions().bucket(&self.bucket).prefix(&prefix).delimiter("/");
            let page = page.set_key_marker(markers.0.clone()).set_version_id_marker(markers.1.clone());
            let page = page.encoding_type(EncodingType::Url).customize();
            let page = page.interceptor(Body::AtMost(LARGEST_PAGE)).send().await;
            let page =
                page.map_err(|error| self.failed("listing", "s3:ListBucketVersions", &prefix, &error))?;
            let encoding = page.encoding_type.clone();
            let entries = page.common_prefixes().len() + page.versions().len() + page.delete_markers().len();
            let name = |folder: &str| {
                let folder = decoded(folder, encoding.as_ref());
                Some(name::printable(folder.strip_prefix(&prefix)?.strip_suffix('/')?.as_bytes()))
            };
            folders.extend(page.common_prefixes().iter().filter_map(|folder| name(folder.prefix()?)));
            let keys = page.versions().iter().filter_map(|version| version.key());
            objects.extend(keys.map(|key| self.in_the_lake(&decoded(key, encoding.as_ref()))));
            if page.is_truncated() != Some(true) {
                break;
            }
            markers = next_of(&page);
            progress.page(entries, place(&markers)).map_err(|stop| self.stopped(stop, &prefix))?;
        }
        Ok(Level { folders: folders.into_iter().collect(), objects: objects.into_iter().collect() })
    }

    /// Versions are listed and not objects, so that what a delete marker hides is found too. Of a key with several, the
    /// oldest is what was put: this program writes once.
    pub(super) async fn find(&self, folder: &str) -> Result<Vec<Found>, StoreError> {
        let prefix = self.prefixed(folder);
        let mut found: BTreeMap<String, Found> = BTreeMap::new();
        let mut hidden: Vec<String> = Vec::new();
        let (mut markers, mut progress): (Markers, _) = ((None, None), Progress::default());
        loop {
            let page = self.client.list_object_versions().bucket(&self.bucket).prefix(&prefix);
            let page = page.set_key_marker(markers.0.clone()).set_version_id_marker(markers.1.clone());
            let page = page.encoding_type(EncodingType::Url).customize();
            let page = page.interceptor(Body::AtMost(LARGEST_PAGE)).send().await;
            let page =
                page.map_err(|error| self.failed("listing", "s3:ListBucketVersions", &prefix, &error))?;
            let encoding = page.encoding_type.clone();
            let entries = page.versions().len() + page.delete_markers().len();
            for version in page.versions() {
                let Some(key) = version.key() else {
                    continue;
                };
                let key = &decoded(key, encoding.as_ref());
                let versions = found.get(key).map_or(0, |found| found.versions) + 1;
                // Versions come newest first, so the last is the oldest.
                let oldest = Found {
                    key: self.in_the_lake(key),
                    bytes: version.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                    version_id: version.version_id().map(str::to_owned),
                    hidden: false,
                    versions,
                    irregular: None,
                };
                found.insert(key.clone(), oldest);
            }
            let markers_found =
                page.delete_markers().iter().filter(|marker| marker.is_latest() == Some(true));
            let markers_found = markers_found.filter_map(|marker| marker.key());
            hidden.extend(markers_found.map(|key| decoded(key, encoding.as_ref())));
            if page.is_truncated() != Some(true) {
                break;
            }
            markers = next_of(&page);
            progress.page(entries, place(&markers)).map_err(|stop| self.stopped(stop, &prefix))?;
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

    /// Returns the error of a listing that is not read on.
    fn stopped(&self, stop: Stop, prefix: &str) -> StoreError {
        let (code, problem) = match stop {
            Stop::Stuck => {
                ("ListingStuck", "S3 answered that there is more, but not where; try again".to_owned())
            }
            Stop::Limit(limit) => (LIMIT_EXCEEDED, format!("the listing goes beyond the limit of {limit}")),
        };
        StoreError { code: code.to_owned(), doing: "listing", object: self.url(prefix), problem }
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
        self.examine(key, version_id, u64::MAX, false).await.map(|examined| examined.hashed)
    }

    /// Reads a version, or what lies there now, until there are more than `at_most` bytes.
    pub(super) async fn examine(
        &self,
        key: &str,
        version_id: Option<String>,
        at_most: u64,
        keep: bool,
    ) -> Result<Examined, StoreError> {
        let key = self.prefixed(key);
        let object = self.client.get_object().bucket(&self.bucket).key(&key).set_version_id(version_id);
        let object = object.customize().interceptor(Body::Streamed).send().await;
        let object = object.map_err(|error| self.failed("reading", "s3:GetObject", &key, &error))?;
        let claimed = object.content_length().and_then(|bytes| u64::try_from(bytes).ok());
        let claimed = claimed.ok_or_else(|| self.limit(&key, "its size: S3 gives none"))?;
        let mut examination = Examination::new(keep);
        self.each_chunk(&key, claimed, at_most, object.body, |chunk| examination.add(chunk)).await?;
        Ok(examination.end())
    }

    /// Passes on the bytes of an object that claims to have `claimed` of them; returns how many there were. An answer that goes on
    /// beyond that, or slower than [`SLOWEST`] in each [`READING`], is given up. Reading ends where there are more than `at_most`.
    async fn each_chunk(
        &self,
        key: &str,
        claimed: u64,
        at_most: u64,
        mut body: ByteStream,
        mut chunk: impl FnMut(&[u8]),
    ) -> Result<u64, StoreError> {
        let patience = READING.saturating_mul(u32::try_from(1 + claimed / SLOWEST).unwrap_or(u32::MAX));
        let reading = async {
            let mut bytes = 0;
            while bytes <= at_most
                && let Some(read) = body.next().await
            {
                let read = read.map_err(|error| self.cut(key, &error))?;
                bytes += read.len() as u64;
                if bytes > claimed {
                    return Err(self.limit(key, &format!("{claimed} bytes, the size that S3 gave first")));
                }
                chunk(&read);
            }
            Ok(bytes)
        };
        let late = || self.limit(key, &format!("{} seconds for {claimed} bytes", patience.as_secs()));
        tokio::time::timeout(patience, reading).await.unwrap_or_else(|_| Err(late()))
    }

    /// Returns the error of an object that is not read to its end.
    fn limit(&self, key: &str, limit: &str) -> StoreError {
        StoreError {
            code: LIMIT_EXCEEDED.to_owned(),
            doing: "reading",
            object: self.url(key),
            problem: format!("it goes beyond the limit of {limit}"),
        }
    }

    pub(super) async fn read(&self, key: &ObjectKey) -> Result<Option<Vec<u8>>, StoreError> {
        let key = self.prefixed(key.as_str());
        let asked = self.client.get_object().bucket(&self.bucket).key(&key).customize();
        let object = match asked.interceptor(Body::Streamed).send().await {
            Ok(object) => object,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(self.failed("reading", "s3:GetObject", &key, &error)),
        };
        let bytes = object.content_length().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(u64::MAX);
        if bytes > LARGEST_DOCUMENT {
            return Err(StoreError::too_large(self.url(&key), bytes));
        }
        let mut document = Vec::new();
        self.each_chunk(&key, bytes, bytes, object.body, |chunk| document.extend_from_slice(chunk)).await?;
        Ok(Some(document))
    }

    fn cut(&self, key: &str, error: &(dyn Error + 'static)) -> StoreError {
        StoreError {
            code: "StorageFailed".to_owned(),
            doing: "reading",
            object: self.url(key),
            problem: format!("the answer was cut off{}; try again", of_the_system(error)),
        }
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
        let problem = match described.code.as_str() {
            "NoSuchBucket" => {
                format!(
                    "the bucket {bucket} does not exist; create it and allow {permission}, or correct the lake's name"
                )
            }
            code if is_denial(code) => {
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

/// Returns the SHA-256 that S3 keeps. That of a multipart upload is none of the bytes, and is no base64 of 32 bytes either.
fn checksum(head: &HeadObjectOutput) -> Option<[u8; 32]> {
    BASE64_STANDARD.decode(head.checksum_sha256()?).ok()?.try_into().ok()
}

/// The key that S3 has sent. In XML 1.0 not every key can be sent as it is.
fn decoded(key: &str, encoding: Option<&EncodingType>) -> String {
    match encoding {
        Some(EncodingType::Url) => String::from_utf8_lossy(&name::from_url(key)).into_owned(),
        _ => key.to_owned(),
    }
}

/// Where a page says that the next one goes on.
fn next_of(page: &ListObjectVersionsOutput) -> Markers {
    let key = page.next_key_marker().map(|key| decoded(key, page.encoding_type()));
    (key, page.next_version_id_marker().map(str::to_owned))
}

/// Returns S3's code, or one of ours that names a cause; what only says that there was no usable answer is of the storage.
fn code_in_the_ledger(error: AwsError) -> String {
    if error.names_its_cause() { error.code } else { "StorageFailed".to_owned() }
}

/// Returns the cause of a connection that broke off, as far as the system gives one.
fn of_the_system(error: &(dyn Error + 'static)) -> String {
    causes::of_the_system(error).map(|cause| format!(": {cause}")).unwrap_or_default()
}

/// Returns the Region that S3 says a bucket is in, when it sends a request elsewhere.
fn region_of<E>(error: &SdkError<E>) -> Option<Region> {
    let answer = error.raw_response().filter(|answer| matches!(answer.status().as_u16(), 301 | 307 | 400))?;
    let in_body = || {
        let body = std::str::from_utf8(answer.body().bytes()?).ok()?;
        Some(body.split_once("<Region>")?.1.split_once("</Region>")?.0)
    };
    region_named(answer.headers().get("x-amz-bucket-region").or_else(in_body)?)
}

/// Returns where a listing of versions goes on; `None` if S3 does not say.
fn place(markers: &Markers) -> Option<[&str; 2]> {
    Some([markers.0.as_deref()?, markers.1.as_deref().unwrap_or_default()])
}

/// Reason for which a listing is not read on.
#[derive(Debug, PartialEq, Eq)]
enum Stop {
    /// The next page is one that was read, or none.
    Stuck,
    /// This much is enough.
    Limit(String),
}

/// Pages of one listing so far. The SDK's own paginators stop at a place that repeats, as if that were the end.
#[derive(Debug, Default)]
struct Progress {
    /// Hashes of the places where the pages began.
    places: HashSet<u64>,
    entries: usize,
    empty: usize,
}

impl Progress {
    /// Takes note of a page with `entries`, after which the listing goes on at `next`.
    fn page(&mut self, entries: usize, next: Option<[&str; 2]>) -> Result<(), Stop> {
        let next = next.ok_or(Stop::Stuck)?;
        if next.iter().any(|part| part.len() > LONGEST_TOKEN) {
            return Err(Stop::Limit(format!("{LONGEST_TOKEN} bytes for a token")));
        }
        let mut hasher = DefaultHasher::new();
        next.hash(&mut hasher);
        if !self.places.insert(hasher.finish()) {
            return Err(Stop::Stuck);
        }
        self.entries += entries;
        self.empty = if entries == 0 { self.empty + 1 } else { 0 };
        if self.empty >= EMPTY_PAGES {
            return Err(Stop::Limit(format!("{EMPTY_PAGES} empty pages in a row")));
        }
        if self.entries > LONGEST_LISTING {
            return Err(Stop::Limit(format!("{LONGEST_LISTING} entries")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_ends_where_it_gets_nowhere() {
        let mut progress = Progress::default();
        assert_eq!(progress.page(1, None), Err(Stop::Stuck));
        assert_eq!(progress.page(1, Some(["a", ""])), Ok(()));
        assert_eq!(progress.page(1, Some(["b", ""])), Ok(()));
        assert_eq!(progress.page(1, Some(["b", "version"])), Ok(()));
        assert_eq!(progress.page(1, Some(["a", ""])), Err(Stop::Stuck), "not only the last one");
    }

    #[test]
    fn a_listing_has_limits() {
        let limit = |text: &str| Err(Stop::Limit(text.to_owned()));
        let mut progress = Progress::default();
        let mut empty = |place: usize| progress.page(0, Some([&place.to_string(), ""]));
        for place in 1..EMPTY_PAGES {
            assert_eq!(empty(place), Ok(()), "{place}");
        }
        assert_eq!(empty(EMPTY_PAGES), limit("1000 empty pages in a row"));
        let mut progress = Progress { empty: EMPTY_PAGES - 1, ..Progress::default() };
        assert_eq!(progress.page(1, Some(["a", ""])), Ok(()), "one entry is progress");
        assert_eq!(progress.page(0, Some(["b", ""])), Ok(()));
        let longest = "x".repeat(LONGEST_TOKEN + 1);
        assert_eq!(progress.page(1, Some(["", &longest])), limit("16384 bytes for a token"));
        assert_eq!(progress.page(LONGEST_LISTING, Some(["c", ""])), limit("10000000 entries"));
    }
}
