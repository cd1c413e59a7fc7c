//! Where the lake lies: an S3 bucket or a directory. Both put an object only where there is none, and neither has a
//! way to overwrite or delete one.

mod bucket_policy;
mod directory;
mod location;
mod s3;

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::layout::Key;

pub use bucket_policy::Protection;
pub use directory::DirectoryStore;
pub use location::{Location, LocationError};
pub use s3::{KmsKey, S3Store};

/// An object to be put.
#[derive(Debug, Clone, Copy)]
pub struct Object<'a> {
    /// Its bytes.
    pub content: Content<'a>,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// Its media type.
    pub content_type: &'static str,
}

/// Where an object's bytes are.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// In a file.
    File(&'a Path),
    /// In memory.
    Bytes(&'a [u8]),
}

impl<'a> Object<'a> {
    /// An object in memory.
    pub fn from_bytes(bytes: &'a [u8], content_type: &'static str) -> Object<'a> {
        Object { content: Content::Bytes(bytes), sha256: Sha256::digest(bytes).into(), content_type }
    }
}

/// What came of a put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The object is there, and is this one.
    Written,
    /// Another object was there first, and still is.
    AlreadyThere,
}

/// Why the lake could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{doing} {object}: {problem}")]
pub struct StoreError {
    /// Stable word for the ledger: `NoSuchBucket`, `AccessDenied`, another S3 code, or `StorageFailed`.
    pub code: String,
    /// What was being done.
    doing: &'static str,
    /// To which object.
    object: String,
    /// What went wrong, and what to do.
    problem: String,
}

/// A lake.
#[derive(Debug, Clone)]
pub enum Store {
    /// In S3.
    S3(S3Store),
    /// In a directory.
    Directory(DirectoryStore),
}

impl Store {
    /// The key as it stands in the bucket, or the path within the directory.
    pub fn object_key(&self, key: Key<'_>) -> String {
        match self {
            Store::S3(store) => store.object_key(key),
            Store::Directory(_) => key.to_string(),
        }
    }

    /// Whether an object is there.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub async fn contains(&self, key: Key<'_>) -> Result<bool, StoreError> {
        match self {
            Store::S3(store) => store.contains(key).await,
            Store::Directory(store) => store.contains(key),
        }
    }

    /// Puts an object where there is none.
    ///
    /// # Errors
    /// When it could not be written whole; no part of it is then under the key. After a directory whose entry could not
    /// be made durable, and after an S3 that never answered, the whole object may be.
    pub async fn put_if_absent(&self, key: Key<'_>, object: Object<'_>) -> Result<Put, StoreError> {
        match self {
            Store::S3(store) => store.put_if_absent(key, object).await,
            Store::Directory(store) => store.put_if_absent(key, object),
        }
    }

    /// What the bucket's policy does not protect the evidence from; none for a directory, which has no policy.
    ///
    /// # Errors
    /// When the policy cannot be read.
    pub async fn missing_protections(&self) -> Result<Option<Vec<Protection>>, StoreError> {
        match self {
            Store::S3(store) => store.missing_protections().await.map(Some),
            Store::Directory(_) => Ok(None),
        }
    }
}
