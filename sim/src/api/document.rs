//! An answer of EC2 before faults spoil its bytes.

use crate::served::AnyPage;

/// An answer of EC2 before faults spoil its bytes.
pub(crate) struct Document {
    pub(crate) body: Vec<u8>,
    /// The end of an unframed body that is cut: right after the row in the middle, or after the list's opening tag if there are
    /// no rows.
    pub(crate) middle: usize,
    /// The page to be recorded once it was served.
    pub(crate) page: Option<AnyPage>,
}
