//! Documents of the lake, many at a time.

use futures_util::{Stream, StreamExt, stream};

use crate::lake::keys::ObjectKey;
use crate::lake::store::{Found, Store};

/// Most documents that are read at a time. The store bounds their bytes; a parsed one is much smaller.
const CONCURRENT_READS: usize = 16;

/// Reads the digests or run records among `found` with `parse`, in their order, or returns why one could not be read.
pub(super) fn read<'a, T: 'a>(
    store: &'a Store,
    found: Vec<Found>,
    parse: impl Fn(&ObjectKey, &[u8]) -> Result<T, String> + Copy + 'a,
) -> impl Stream<Item = (ObjectKey, Result<T, String>)> + 'a {
    let keys = found.into_iter().filter_map(|found| ObjectKey::parse(&found.key));
    let read = move |key: ObjectKey| async move {
        let parsed = match store.read_with(&key, |bytes| parse(&key, bytes)).await {
            Ok(Some(parsed)) => parsed,
            Ok(None) => Err("is listed and not there, as after a delete marker".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        (key, parsed)
    };
    stream::iter(keys).map(read).buffered(CONCURRENT_READS)
}
