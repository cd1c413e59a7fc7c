//! Reasons why an account and Region could not be sealed.

use jiff::Timestamp;

use crate::error_code::ErrorCode;
use crate::hour::Hour;
use crate::lake::store::StoreError;
use crate::proof::digest::DigestError;
use crate::proof::signing::SigningError;

use super::chain::ChainError;
use super::due_hours::PlanError;

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Signing(#[from] SigningError),
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error("making the digest {key}: {problem}")]
    Unwritable { key: String, problem: serde_json::Error },
    #[error("reading the digest {key}: it {problem}; nothing was sealed after it, find out who changed it")]
    Digest { key: String, problem: DigestError },
    #[error(
        "reading the digest {key}: it is listed and not there, as after a delete marker; nothing was sealed after it, find \
         out who removed it and bring it back"
    )]
    Hidden { key: String },
    #[error(
        "reading the digest {key}: its hour is not closed yet, so it is none of ours; nothing was sealed after it"
    )]
    ToCome { key: String },
    #[error(
        "reading the digest {key}: its hour is not closed yet, and our key has signed it, so the clock was ahead when it was made; \
         nothing was sealed after it, see docs/operate.md, ClockAhead"
    )]
    MadeAhead { key: String },
    #[error(
        "comparing the clock with the store's own: it says {ours}, and the store's {stores}, which is {seconds} seconds less and \
         5 minutes are allowed; nothing was sealed, set the clock"
    )]
    ClockAhead { ours: Timestamp, stores: Timestamp, seconds: i64 },
    #[error("sealing {hour}: it lies before the first digest, which cannot get one before it any more")]
    BeforeTheChain { hour: Hour },
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl SealError {
    /// Returns the error's stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            SealError::Store(error) => error.code.clone(),
            SealError::Signing(error) => error.code.clone(),
            SealError::Chain(error) => error.code(),
            SealError::Unwritable { .. } => ErrorCode::DigestUnwritable,
            SealError::Digest { .. } => ErrorCode::DigestInvalid,
            SealError::Hidden { .. } => ErrorCode::DigestGone,
            SealError::ToCome { .. } => ErrorCode::DigestForged,
            SealError::MadeAhead { .. } | SealError::ClockAhead { .. } => ErrorCode::ClockAhead,
            SealError::BeforeTheChain { .. } | SealError::Plan(PlanError::BeforeTheRecord { .. }) => {
                ErrorCode::BeforeTheChain
            }
            SealError::Plan(PlanError::Unreadable { .. }) => ErrorCode::ObjectUnreadable,
            SealError::Plan(PlanError::Deadline { .. }) => ErrorCode::DeadlineExceeded,
        }
    }
}
