//! Failures of the lake.

use super::{Found, LARGEST_DOCUMENT, LARGEST_PUT};
use crate::error_code::ErrorCode;

/// The reason why the lake could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{doing} {object}: {problem}")]
pub struct StoreError {
    /// S3's error code, or one of ours.
    pub code: ErrorCode,
    /// The operation.
    pub(super) doing: &'static str,
    /// The object.
    pub(super) object: String,
    /// The problem, and the remedy.
    pub(super) problem: String,
}

impl StoreError {
    pub(super) fn too_large(object: String, bytes: u64) -> StoreError {
        StoreError {
            code: ErrorCode::LimitExceeded,
            doing: "reading",
            object,
            problem: format!(
                "it has {bytes} bytes; the limit of a digest or run record is {LARGEST_DOCUMENT} bytes (16 MiB); find out who wrote it"
            ),
        }
    }

    pub(super) fn none_of_ours(found: &Found) -> StoreError {
        let Found { key, bytes, .. } = found;
        StoreError {
            code: ErrorCode::LimitExceeded,
            doing: "hashing",
            object: key.clone(),
            problem: format!(
                "it has {bytes} bytes; the limit of an object is {LARGEST_PUT} bytes (5 GiB); find out who wrote it"
            ),
        }
    }

    pub(super) fn panicked(key: &str, error: &dyn std::error::Error) -> StoreError {
        StoreError {
            code: ErrorCode::StorageFailed,
            doing: "hashing",
            object: key.to_owned(),
            problem: error.to_string(),
        }
    }
}
