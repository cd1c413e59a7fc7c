//! Documents of the lake, many at a time but few bytes at a time.

use std::sync::Arc;

use futures_util::{Stream, StreamExt, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::lake::keys::ObjectKey;
use crate::lake::store::{Found, LARGEST_DOCUMENT, Store, StoreError};

/// Most documents that are read at a time.
const AT_A_TIME: usize = 16;

/// A permit is for so many bytes.
const BYTES_OF_A_PERMIT: u64 = 1 << 10;

/// Bytes that may be read at a time, in permits: one document of the largest size.
const PERMITS: u32 = 1 << 14;

const _: () = assert!(PERMITS as u64 * BYTES_OF_A_PERMIT == LARGEST_DOCUMENT);

/// Reads the digests or run records among `found`, in their order. Of one that is listed and not there, the bytes are `None`.
pub(super) fn read<'a>(
    store: &'a Store,
    found: Vec<Found>,
) -> impl Stream<Item = (ObjectKey, Result<Option<Vec<u8>>, StoreError>)> + 'a {
    let free = Arc::new(Semaphore::new(PERMITS as usize));
    let keys = found.into_iter().filter_map(|found| Some((ObjectKey::parse(&found.key)?, found.bytes)));
    // The permits are taken in the order in which documents are handed out, so that each one that waits for its turn to be
    // handed out has them already.
    let permitted = move |(key, bytes): (ObjectKey, u64)| {
        let free = free.clone();
        async move { (key, free.acquire_many_owned(permits(bytes)).await.ok()) }
    };
    let read = async |(key, permit): (ObjectKey, Option<OwnedSemaphorePermit>)| {
        let bytes = store.read(&key).await;
        (key, bytes, permit)
    };
    stream::iter(keys).then(permitted).map(read).buffered(AT_A_TIME).map(|(key, bytes, _permit)| (key, bytes))
}

/// A document that is larger than the largest is not read.
fn permits(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(BYTES_OF_A_PERMIT)).unwrap_or(PERMITS).clamp(1, PERMITS)
}
