//! Memory for the digests that a seal reads and writes at a time, of all accounts and Regions. A digest may have 16 MiB, and nearly
//! all have a few KiB. The keys of two days of objects of each account and Region, which are in memory too, are not counted here.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of all digests in memory: half of what the function has by default.
const DIGEST_MEMORY_BYTES: u64 = 256 << 20;

/// Bytes of one permit.
const BYTES_OF_A_PERMIT: u64 = 1 << 20;

/// Memory for digests.
#[derive(Debug)]
pub(super) struct DigestMemory(Arc<Semaphore>);

impl DigestMemory {
    pub(super) fn new() -> DigestMemory {
        DigestMemory(Arc::new(Semaphore::new(permits(DIGEST_MEMORY_BYTES) as usize)))
    }

    /// Waits until there is memory for digests of `bytes`, which is free again when the result is dropped. Memory is given in the order
    /// of the calls. So readers that keep it until digests before theirs are read must call this in the order of the digests.
    pub(super) async fn take(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        // It fails if the semaphore was closed, and nobody closes it.
        self.0.clone().acquire_many_owned(permits(bytes)).await.ok()
    }
}

fn permits(bytes: u64) -> u32 {
    let bytes = bytes.clamp(1, DIGEST_MEMORY_BYTES);
    u32::try_from(bytes.div_ceil(BYTES_OF_A_PERMIT)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, StreamExt, stream};

    use super::*;

    #[test]
    fn sixteen_of_the_largest_digests_fit_and_hundreds_of_small_ones() {
        for (bytes, expected) in
            [(0, 256), (2_000, 256), (1 << 20, 256), ((1 << 20) + 1, 128), (16 << 20, 16), (u64::MAX, 1)]
        {
            let memory = DigestMemory::new();
            let mut taken = Vec::new();
            while let Some(permit) = memory.take(bytes).now_or_never() {
                taken.push(permit.unwrap());
            }
            assert_eq!(taken.len(), expected, "{bytes}");
            taken.pop();
            assert!(memory.take(bytes).now_or_never().is_some(), "{bytes}: the memory of one is free again");
        }
    }

    #[tokio::test]
    async fn streams_that_keep_digests_until_earlier_ones_are_read_all_end() {
        let memory = DigestMemory::new();
        // The first of each eight takes longest.
        let read = async |number: usize| {
            let taken = memory.take(16 << 20).await;
            for _ in number % 8..8 {
                tokio::task::yield_now().await;
            }
            (number, taken)
        };
        let stream = async || {
            let mut numbers = Vec::new();
            let mut read = std::pin::pin!(stream::iter(0..48).map(read).buffered(8));
            while let Some((number, _taken)) = read.next().await {
                numbers.push(number);
            }
            numbers
        };
        let streams = futures_util::future::join_all((0..16).map(|_| stream())).await;
        assert!(streams.iter().all(|numbers| numbers.iter().copied().eq(0..48)));
    }
}
