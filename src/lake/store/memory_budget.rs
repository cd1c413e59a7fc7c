//! Bytes of run records and digests that are in memory at a time, for all readers of one lake.
//!
//! A permit is held from before the first byte is read until the bytes are used, which waits for nothing. So each document that
//! has its permits is completed, whatever the others do. A stream of reads must be read on without waiting for another read: a
//! read that has a permit and is not polled keeps it.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::LARGEST_DOCUMENT;

/// Bytes of one permit.
const BYTES_OF_A_PERMIT: u64 = 1 << 10;

/// Bytes of documents of more than [`SMALL_DOCUMENT_BYTES`] that may be read at a time: one of the largest size.
const MAX_CONCURRENT_LARGE_BYTES: u64 = LARGEST_DOCUMENT;

/// Largest document that does not wait for large ones, whoever made those and however slow they are.
const SMALL_DOCUMENT_BYTES: u64 = 256 << 10;

/// Bytes of small documents that may be read at a time.
const MAX_CONCURRENT_SMALL_BYTES: u64 = 4 << 20;

/// Permits for the bytes of documents.
#[derive(Debug, Clone)]
pub(super) struct DocumentBudget {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

impl Default for DocumentBudget {
    fn default() -> DocumentBudget {
        let semaphore = |bytes: u64| Arc::new(Semaphore::new(permits(bytes) as usize));
        DocumentBudget {
            small: semaphore(MAX_CONCURRENT_SMALL_BYTES),
            large: semaphore(MAX_CONCURRENT_LARGE_BYTES),
        }
    }
}

impl DocumentBudget {
    /// Waits until a document of `bytes`, at most [`LARGEST_DOCUMENT`], may be read. It may be until the permit is dropped.
    pub(super) async fn take(&self, bytes: u64) -> Option<SemaphorePermit<'_>> {
        let semaphore = if bytes <= SMALL_DOCUMENT_BYTES { &self.small } else { &self.large };
        semaphore.acquire_many(permits(bytes)).await.ok()
    }
}

fn permits(bytes: u64) -> u32 {
    let most = MAX_CONCURRENT_LARGE_BYTES / BYTES_OF_A_PERMIT;
    u32::try_from(bytes.div_ceil(BYTES_OF_A_PERMIT).clamp(1, most)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn no_more_bytes_are_read_at_a_time_than_one_largest_document_and_some_small_ones() {
        for (name, bytes, expected) in [
            ("the largest", LARGEST_DOCUMENT, 1),
            ("a byte less", LARGEST_DOCUMENT - 1, 1),
            ("more than half", LARGEST_DOCUMENT / 2 + 1, 1),
            ("half", LARGEST_DOCUMENT / 2, 2),
            ("the smallest that is large", SMALL_DOCUMENT_BYTES + 1, 63),
            ("the largest that is small", SMALL_DOCUMENT_BYTES, 16),
            ("a byte", 1, 4096),
            ("nothing", 0, 4096),
        ] {
            let budget = DocumentBudget::default();
            let mut taken = Vec::new();
            while let Some(permit) = budget.take(bytes).now_or_never() {
                taken.push(permit);
            }
            assert_eq!(taken.len(), expected, "{name}");
            taken.pop();
            assert!(budget.take(bytes).now_or_never().is_some(), "{name}: when one is done");
        }
    }

    #[test]
    fn a_large_document_keeps_no_small_one_waiting() {
        let budget = DocumentBudget::default();
        let _large = budget.take(LARGEST_DOCUMENT).now_or_never().unwrap();
        assert!(budget.take(LARGEST_DOCUMENT).now_or_never().is_none());
        assert!(budget.take(SMALL_DOCUMENT_BYTES).now_or_never().is_some());
    }
}
