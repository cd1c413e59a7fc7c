//! The store of the lake: an S3 bucket or a directory. Both put an object only if there is none, both list and read
//! objects, and neither has a way to overwrite or delete one.

mod bucket_owner;
mod bucket_policy;
mod directory;
mod error;
mod examination;
mod found;
mod location;
mod memory_budget;
mod name;
mod partitions;
mod read_objects;
mod s3;
mod time;

use std::path::Path;

use aws_config::SdkConfig;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::error_code::ErrorCode;
use crate::lake::keys::{Key, ObjectKey};
use crate::target::AccountId;

pub use bucket_policy::Protection;
pub use directory::DirectoryStore;
pub use error::StoreError;
pub use examination::{Examined, Keep};
pub use found::{Found, Irregular};
pub use location::{Location, LocationError};
pub use read_objects::{ReadObject, ReadObjects};
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

/// The bytes of an object.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// In a file.
    File(&'a Path),
    /// In memory.
    Bytes(&'a [u8]),
}

impl<'a> Object<'a> {
    /// Returns an object in memory.
    pub fn from_bytes(bytes: &'a [u8], content_type: &'static str) -> Object<'a> {
        Object { content: Content::Bytes(bytes), sha256: Sha256::digest(bytes).into(), content_type }
    }
}

/// The outcome of a put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The object exists, and is this one.
    Written,
    /// Another object existed first, and still does.
    AlreadyThere,
}

/// The folders and objects directly in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FolderListing {
    /// Names of folders, in order.
    pub folders: Vec<String>,
    /// Keys of objects, relative to the lake's prefix, in order.
    pub objects: Vec<String>,
}

/// The size and the hash of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashed {
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// The result of a look under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Nothing.
    Nothing,
    /// A description of something that no put of this program leaves.
    Foreign(String),
    /// An object that a put could have left.
    Object {
        /// Its size and SHA-256.
        hashed: Hashed,
        /// Its first bytes, at most [`HEAD_BYTES`].
        head: Vec<u8>,
        /// Its last bytes, or all of them if there are not more than [`TAIL_BYTES`].
        tail: Vec<u8>,
    },
}

/// Bytes at the end of an object that a look reads: the footer of a Parquet file with three million rows fits in.
pub const TAIL_BYTES: u64 = 1 << 20;

/// Bytes at the beginning of an object that a look reads: the magic of a Parquet file.
pub const HEAD_BYTES: usize = 4;

/// Largest object that a single put can leave, in bytes. Source: Amazon S3 User Guide, "Uploading objects".
const LARGEST_PUT: u64 = 5 << 30;

/// Largest digest or run record that is read, in bytes.
pub const LARGEST_DOCUMENT: u64 = 16 << 20;

/// Returns the reason why an object of this size is not one of this program; `None` if it may be.
fn impossible_size(bytes: u64) -> Option<Look> {
    match bytes {
        0 => Some(Look::Foreign("an object without a byte".to_owned())),
        1..=LARGEST_PUT => None,
        _ => {
            Some(Look::Foreign(format!("an object of {bytes} bytes, and no put has more than {LARGEST_PUT}")))
        }
    }
}

/// A lake.
#[derive(Debug, Clone)]
pub struct Store {
    backend: Backend,
    /// The list of what is read; `None` if nobody asked for it.
    read_objects: Option<ReadObjects>,
}

/// The place of a lake.
#[derive(Debug, Clone)]
enum Backend {
    S3(S3Store),
    Directory(DirectoryStore),
}

impl From<S3Store> for Store {
    fn from(store: S3Store) -> Store {
        Store { backend: Backend::S3(store), read_objects: None }
    }
}

impl From<DirectoryStore> for Store {
    fn from(store: DirectoryStore) -> Store {
        Store { backend: Backend::Directory(store), read_objects: None }
    }
}

impl Store {
    /// Returns the lake at `location`, with a client of `sdk` if it is a bucket. Objects in S3 are encrypted with `kms_key`, or
    /// as the bucket is configured.
    pub fn new(location: &Location, sdk: &SdkConfig, kms_key: Option<KmsKey>) -> Store {
        match location {
            Location::Directory(path) => DirectoryStore::new(path.clone()).into(),
            Location::S3 { bucket, prefix } => {
                let client = aws_sdk_s3::Client::new(sdk);
                S3Store::new(client, bucket.clone(), prefix.clone(), kms_key).into()
            }
        }
    }

    /// Returns the same lake, for which S3 refuses every request unless its bucket belongs to `account_id`. `None` for any
    /// owner; a directory has none.
    #[must_use]
    pub fn owned_by(self, account_id: Option<&AccountId>) -> Store {
        let backend = match (self.backend, account_id) {
            (Backend::S3(store), Some(account_id)) => Backend::S3(store.owned_by(account_id)),
            (backend, _) => backend,
        };
        Store { backend, ..self }
    }

    /// Returns the same lake, which notes in `read_objects` each object whose content it reads.
    #[must_use]
    pub fn noting_reads(self, read_objects: ReadObjects) -> Store {
        Store { read_objects: Some(read_objects), ..self }
    }

    /// Returns `true` for a directory.
    pub fn is_directory(&self) -> bool {
        matches!(self.backend, Backend::Directory(_))
    }

    /// Lists the entries directly in `folder`, whose name ends with a slash or is empty for the entire lake. A folder that does
    /// not exist is empty.
    ///
    /// # Errors
    /// If that cannot be determined.
    pub async fn list_folder(&self, folder: &str) -> Result<FolderListing, StoreError> {
        match &self.backend {
            Backend::S3(store) => store.list_folder(folder).await,
            Backend::Directory(store) => store.list_folder(folder),
        }
    }

    /// Lists the visible keys in `folder` and below it, in order. [`Store::find`] lists the hidden ones too.
    ///
    /// # Errors
    /// If not all could be listed.
    pub async fn keys(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        match &self.backend {
            Backend::S3(store) => store.keys(folder).await,
            Backend::Directory(store) => Ok(store.find(folder)?.into_iter().map(|found| found.key).collect()),
        }
    }

    /// Lists every object in `folder` and below it, or the one object of that key, in the order of the keys, including those that
    /// a delete marker hides.
    ///
    /// # Errors
    /// If not all could be listed.
    pub async fn find(&self, folder: &str) -> Result<Vec<Found>, StoreError> {
        match &self.backend {
            Backend::S3(store) => store.find(folder).await,
            Backend::Directory(store) => store.find(folder),
        }
    }

    /// Returns the SHA-256 of the first object under the key: the one that S3 keeps, or if it keeps none, by reading.
    ///
    /// # Errors
    /// If it cannot be determined.
    pub async fn sha256(&self, found: &Found) -> Result<Hashed, StoreError> {
        match &self.backend {
            Backend::S3(store) => store.sha256(found).await,
            Backend::Directory(_) if found.bytes > LARGEST_PUT => Err(StoreError::none_of_ours(found)),
            Backend::Directory(_) => self.hash(found).await,
        }
    }

    /// Reads all bytes of the current object under the key and hashes them.
    ///
    /// # Errors
    /// If it does not exist or cannot be read.
    pub async fn hash(&self, found: &Found) -> Result<Hashed, StoreError> {
        self.examine(found, u64::MAX, Keep::Nothing).await.map(|examined| examined.hashed)
    }

    /// Reads the current object under the key and hashes it, at most one byte more than `at_most`. Keeps the bytes that
    /// `keep` asks for.
    ///
    /// # Errors
    /// If it does not exist, cannot be read, or is not a file.
    pub async fn examine(&self, found: &Found, at_most: u64, keep: Keep) -> Result<Examined, StoreError> {
        let examined = match &self.backend {
            Backend::S3(store) => store.examine(&found.key, None, at_most, keep).await?,
            Backend::Directory(store) => {
                let (store, key) = (store.clone(), found.key.clone());
                let examined = tokio::task::spawn_blocking(move || store.examine(&key, at_most, keep)).await;
                examined.unwrap_or_else(|error| Err(StoreError::panicked(&found.key, &error)))?
            }
        };
        if let Some(read_objects) = &self.read_objects
            && examined.hashed.bytes <= at_most
        {
            read_objects.note(&found.key, examined.hashed);
        }
        Ok(examined)
    }

    /// Reads a digest or a run record and returns the result of `using` for its bytes; `None` if there is no such object.
    /// However many are read at a time, few of their bytes are in memory, so nothing waits in `using` and a stream of reads is
    /// read on without waiting for another read.
    ///
    /// # Errors
    /// If it cannot be read, or is larger than any that this program writes.
    pub async fn read_with<T>(
        &self,
        key: &ObjectKey,
        using: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, StoreError> {
        let using = |bytes: &[u8]| {
            if let Some(read_objects) = &self.read_objects {
                let hashed = Hashed { bytes: bytes.len() as u64, sha256: Sha256::digest(bytes).into() };
                read_objects.note(key.as_str(), hashed);
            }
            using(bytes)
        };
        match &self.backend {
            Backend::S3(store) => store.read_with(key, using).await,
            Backend::Directory(store) => store.read_with(key, using).await,
        }
    }

    /// Reads a digest or a run record, alone; `None` if there is no such object.
    ///
    /// # Errors
    /// As [`Store::read_with`].
    pub async fn read(&self, key: &ObjectKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.read_with(key, <[u8]>::to_vec).await
    }

    /// Returns the time by the store's own clock: that of an answer of S3, or that of a new file, which is removed.
    ///
    /// # Errors
    /// If S3 cannot be asked or answers without a time, or if no file can be created.
    pub async fn time(&self) -> Result<Timestamp, StoreError> {
        match &self.backend {
            Backend::S3(store) => store.time().await,
            Backend::Directory(store) => {
                let root = store.root();
                time::of_file_system(root).map_err(|error| StoreError {
                    code: ErrorCode::StorageFailed,
                    doing: "reading the clock of the file system of",
                    object: root.display().to_string(),
                    problem: format!("{error}; check the directory, its permissions and the space left"),
                })
            }
        }
    }

    /// Returns the key in the bucket, or the path within the directory.
    pub fn object_key(&self, key: Key<'_>) -> String {
        match &self.backend {
            Backend::S3(store) => store.object_key(key),
            Backend::Directory(_) => key.to_string(),
        }
    }

    /// Returns `true` if the object exists.
    ///
    /// # Errors
    /// If that cannot be determined.
    pub async fn contains(&self, key: Key<'_>) -> Result<bool, StoreError> {
        match &self.backend {
            Backend::S3(store) => store.contains(key).await,
            Backend::Directory(store) => store.contains(key),
        }
    }

    /// Looks at the object under a key. Links are not followed, and only files are opened.
    ///
    /// # Errors
    /// If that cannot be determined.
    pub async fn look(&self, key: Key<'_>) -> Result<Look, StoreError> {
        match &self.backend {
            Backend::S3(store) => store.look(key).await,
            Backend::Directory(store) => {
                let (store, key) = (store.clone(), key.to_string());
                let look = tokio::task::spawn_blocking({
                    let key = key.clone();
                    move || store.look(&key)
                });
                look.await.unwrap_or_else(|error| Err(StoreError::panicked(&key, &error)))
            }
        }
    }

    /// Puts an object if there is none.
    ///
    /// # Errors
    /// If it could not be written completely; no part of it is then under the key. If the directory's entry could not be
    /// made durable, or if S3 never answered, the complete object may be.
    pub async fn put_if_absent(&self, key: Key<'_>, object: Object<'_>) -> Result<Put, StoreError> {
        match &self.backend {
            Backend::S3(store) => store.put_if_absent(key, object).await,
            Backend::Directory(store) => store.put_if_absent(key, object),
        }
    }

    /// Returns the protections that the bucket's policy lacks; `None` for a directory, which has no policy.
    ///
    /// # Errors
    /// If the policy cannot be read.
    pub async fn missing_protections(&self) -> Result<Option<Vec<Protection>>, StoreError> {
        match &self.backend {
            Backend::S3(store) => store.missing_protections().await.map(Some),
            Backend::Directory(_) => Ok(None),
        }
    }
}
