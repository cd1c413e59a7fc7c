//! Objects of a bucket: a look under a key, the hash and the bytes, never more than S3 claimed first.

use std::error::Error;
use std::ops::Range;

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumMode;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::S3Store;
use crate::aws::https::BodyHandling;
use crate::aws::timeouts::for_body;
use crate::error_causes;
use crate::error_code::{AwsCode, ErrorCode};
use crate::lake::keys::{Key, ObjectKey};
use crate::lake::store::{
    Examined, Found, HEAD_BYTES, Hashed, Keep, LARGEST_DOCUMENT, Look, StoreError, TAIL_BYTES,
    examination::Examination, impossible_size,
};

/// The name of the server that names a delete marker in its answer to HEAD. Others that speak S3's protocol may answer as if nothing were
/// there.
const AMAZON_S3: &str = "AmazonS3";

/// The newest version under a key.
enum Newest {
    Object,
    /// A delete marker, which hides the versions before it.
    Marker,
}

impl S3Store {
    /// Looks at the object under a key, and for a delete marker that hides it.
    pub(in crate::lake::store) async fn look(&self, key: Key<'_>) -> Result<Look, StoreError> {
        let name = self.object_key(key);
        let mut is_first = true;
        let head = loop {
            let head = self.client.head_object().bucket(&self.bucket).key(&name);
            let error = match head.checksum_mode(ChecksumMode::Enabled).send().await {
                Ok(head) => break head,
                Err(error) => error,
            };
            let raw = error.raw_response().filter(|raw| raw.status().as_u16() == 404);
            let header = |name| raw.and_then(|raw| raw.headers().get(name));
            if header("x-amz-delete-marker") == Some("true") {
                return Ok(Look::Foreign("a delete marker".to_owned()));
            }
            // Source: Amazon S3 API Reference, HeadObject, "x-amz-delete-marker". If the bucket is missing, the put fails.
            if header("server") == Some(AMAZON_S3) {
                return Ok(Look::Nothing);
            }
            // An answer to HEAD has no body: a listing shows the problem, or that nothing exists. One of versions also shows a
            // delete marker that the answer did not name; not everybody may list them.
            let is_there = match self.newest(&name).await {
                Ok(Some(Newest::Marker)) => return Ok(Look::Foreign("a delete marker".to_owned())),
                Ok(newest) if raw.is_some() => newest.is_some(),
                // Without the permission to list, S3 does not say that nothing is there.
                Ok(_) => self.contains(key).await?,
                Err(error) if error.code == AwsCode::ACCESS_DENIED => self.contains(key).await?,
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
        let sha256 = checksum(&head);
        if let Some(foreign) = impossible_size(bytes) {
            return Ok(foreign);
        }
        let tail = self.part(&name, bytes.saturating_sub(TAIL_BYTES)..bytes).await?;
        let head = match tail.get(..HEAD_BYTES).filter(|_| tail.len() as u64 == bytes) {
            Some(head) => head.to_vec(),
            None => self.part(&name, 0..bytes.min(HEAD_BYTES as u64)).await?,
        };
        let hashed = match sha256 {
            Some(sha256) => Hashed { bytes, sha256 },
            None if tail.len() as u64 == bytes => Hashed { bytes, sha256: Sha256::digest(&tail).into() },
            None => self.hash(&key.to_string(), None).await?,
        };
        Ok(Look::Object { hashed, head, tail })
    }

    /// Returns the newest version under a key, which is the first of a listing; `None` if there is none.
    async fn newest(&self, key: &str) -> Result<Option<Newest>, StoreError> {
        let listed =
            self.client.list_object_versions().bucket(&self.bucket).prefix(key).max_keys(1).send().await;
        let listed =
            listed.map_err(|error| self.failed("looking for", "s3:ListBucketVersions", key, &error))?;
        let is_newest =
            |found: Option<&str>, is_latest: Option<bool>| found == Some(key) && is_latest == Some(true);
        let mut markers = listed.delete_markers().iter();
        if markers.any(|marker| is_newest(marker.key(), marker.is_latest())) {
            return Ok(Some(Newest::Marker));
        }
        let mut versions = listed.versions().iter();
        Ok(versions.any(|version| is_newest(version.key(), version.is_latest())).then_some(Newest::Object))
    }

    /// Reads the bytes of an object at these places.
    async fn part(&self, key: &str, places: Range<u64>) -> Result<Vec<u8>, StoreError> {
        let most = places.end.saturating_sub(places.start);
        let range = format!("bytes={}-{}", places.start, places.end.saturating_sub(1));
        let asked = self.client.get_object().bucket(&self.bucket).key(key).range(range).customize();
        let object = asked.interceptor(BodyHandling::Streamed).send().await;
        let object = object.map_err(|error| self.failed("reading", "s3:GetObject", key, &error))?;
        let mut part = Vec::new();
        self.each_chunk(key, most, most, object.body, |chunk| part.extend_from_slice(chunk)).await?;
        Ok(part)
    }

    pub(in crate::lake::store) async fn sha256(&self, found: &Found) -> Result<Hashed, StoreError> {
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

    /// Reads a version, or the current object, and hashes it.
    pub(in crate::lake::store) async fn hash(
        &self,
        key: &str,
        version_id: Option<String>,
    ) -> Result<Hashed, StoreError> {
        self.examine(key, version_id, u64::MAX, Keep::Nothing).await.map(|examined| examined.hashed)
    }

    /// Reads a version, or the current object, until there are more than `at_most` bytes.
    pub(in crate::lake::store) async fn examine(
        &self,
        key: &str,
        version_id: Option<String>,
        at_most: u64,
        keep: Keep,
    ) -> Result<Examined, StoreError> {
        let key = self.prefixed(key);
        let object = self.client.get_object().bucket(&self.bucket).key(&key).set_version_id(version_id);
        let object = object.customize().interceptor(BodyHandling::Streamed).send().await;
        let object = object.map_err(|error| self.failed("reading", "s3:GetObject", &key, &error))?;
        let claimed = object.content_length().and_then(|bytes| u64::try_from(bytes).ok());
        let claimed = claimed.ok_or_else(|| self.limit(&key, "its size: S3 gives none"))?;
        let mut examination = Examination::new(keep);
        self.each_chunk(&key, claimed, at_most, object.body, |chunk| examination.add(chunk)).await?;
        Ok(examination.end())
    }

    /// Passes on the bytes of an object that claims to have `claimed` of them; returns their number. An answer that goes beyond
    /// that, or that takes longer than [`for_body`] allows, fails. Reading ends if there are more than `at_most`.
    async fn each_chunk(
        &self,
        key: &str,
        claimed: u64,
        at_most: u64,
        mut body: ByteStream,
        mut chunk: impl FnMut(&[u8]),
    ) -> Result<u64, StoreError> {
        let patience = for_body(claimed);
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
            code: ErrorCode::LimitExceeded,
            doing: "reading",
            object: self.url(key),
            problem: format!("it goes beyond the limit of {limit}"),
        }
    }

    pub(in crate::lake::store) async fn read_with<T>(
        &self,
        key: &ObjectKey,
        using: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, StoreError> {
        let key = self.prefixed(key.as_str());
        let asked = self.client.get_object().bucket(&self.bucket).key(&key).customize();
        let object = match asked.interceptor(BodyHandling::Streamed).send().await {
            Ok(object) => object,
            Err(error) if AwsCode::NO_SUCH_KEY.is(error.code()) => return Ok(None),
            Err(error) => return Err(self.failed("reading", "s3:GetObject", &key, &error)),
        };
        let bytes = object.content_length().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(u64::MAX);
        if bytes > LARGEST_DOCUMENT {
            return Err(StoreError::too_large(self.url(&key), bytes));
        }
        let _permit = self.documents.take(bytes).await;
        let mut document = Vec::with_capacity(usize::try_from(bytes).unwrap_or_default());
        self.each_chunk(&key, bytes, bytes, object.body, |chunk| document.extend_from_slice(chunk)).await?;
        Ok(Some(using(&document)))
    }

    fn cut(&self, key: &str, error: &(dyn Error + 'static)) -> StoreError {
        StoreError {
            code: ErrorCode::StorageFailed,
            doing: "reading",
            object: self.url(key),
            problem: format!("the answer was cut off{}; try again", of_the_system(error)),
        }
    }
}

/// Returns the SHA-256 that S3 keeps. That of a multipart upload is not of the bytes, and not base64 of 32 bytes either.
fn checksum(head: &HeadObjectOutput) -> Option<[u8; 32]> {
    BASE64_STANDARD.decode(head.checksum_sha256()?).ok()?.try_into().ok()
}

/// Returns the cause of a connection that broke off, as far as the system gives one.
fn of_the_system(error: &(dyn Error + 'static)) -> String {
    error_causes::of_the_system(error).map(|cause| format!(": {cause}")).unwrap_or_default()
}
