//! Listings of a bucket, page by page, each with a limit.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::types::EncodingType;

use super::S3Store;
use crate::aws::https::BodyHandling;
use crate::error_code::ErrorCode;
use crate::lake::keys::Key;
use crate::lake::store::{FolderListing, Found, StoreError, name};

/// Largest page of a listing, in bytes: a thousand keys of 1,024 bytes, each byte as three of a URL, make half of it.
const LARGEST_PAGE: usize = 8 << 20;

/// Number of empty pages in a row at which a listing stops.
const MAX_EMPTY_PAGES: usize = 1_000;

/// Maximum bytes of names that one listing may have, with [`ENTRY_BYTES`] for each: two days of 2,000 endpoints with a
/// snapshot every 15 minutes fit in.
const LARGEST_LISTING: usize = 128 << 20;

/// Bytes that an entry counts for beside its name.
const ENTRY_BYTES: usize = 128;

/// Longest token or marker of a listing, in bytes.
const LONGEST_TOKEN: usize = 16 << 10;

/// The point at which a listing of versions continues: a key, and a version of it.
type Markers = (Option<String>, Option<String>);

impl S3Store {
    /// Returns `true` if the object exists. It is listed and not requested by HEAD, whose answers have no body: they cannot
    /// distinguish a missing bucket from a missing object.
    pub(in crate::lake::store) async fn contains(&self, key: Key<'_>) -> Result<bool, StoreError> {
        let key = self.object_key(key);
        let listed = self.client.list_objects_v2().bucket(&self.bucket).prefix(&key).max_keys(1);
        let listed = listed.encoding_type(EncodingType::Url).customize();
        let listed = listed.interceptor(BodyHandling::AtMost(LARGEST_PAGE)).send().await;
        let listed = listed.map_err(|error| self.failed("looking for", "s3:ListBucket", &key, &error))?;
        let encoding = listed.encoding_type.as_ref();
        let is_it = |found: &str| decoded(found, encoding) == key;
        Ok(listed.contents().iter().any(|object| object.key().is_some_and(is_it)))
    }

    pub(in crate::lake::store) async fn keys(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let prefix = self.prefixed(folder);
        let mut keys = Vec::new();
        let (mut token, mut progress) = (None, PageProgress::default());
        loop {
            let page = self.client.list_objects_v2().bucket(&self.bucket).prefix(&prefix);
            let page =
                page.encoding_type(EncodingType::Url).set_continuation_token(token.clone()).customize();
            let page = page.interceptor(BodyHandling::AtMost(LARGEST_PAGE)).send().await;
            let page = page.map_err(|error| self.failed("listing", "s3:ListBucket", &prefix, &error))?;
            let encoding = page.encoding_type.as_ref();
            let found = || page.contents().iter().filter_map(|object| object.key());
            keys.extend(found().map(|key| self.in_the_lake(&decoded(key, encoding))));
            let bytes = found().map(str::len).sum();
            if page.is_truncated != Some(true) {
                return Ok(keys);
            }
            token = page.next_continuation_token.clone();
            let next = token.as_deref().map(|token| [token, ""]);
            progress.page(page.contents().len(), bytes, next).map_err(|stop| self.stopped(stop, &prefix))?;
        }
    }

    /// Lists versions too, so that a folder of which a delete marker hides everything is seen.
    pub(in crate::lake::store) async fn list_folder(
        &self,
        folder: &str,
    ) -> Result<FolderListing, StoreError> {
        let prefix = self.prefixed(folder);
        let (mut folders, mut objects) = (BTreeSet::new(), BTreeSet::new());
        let (mut markers, mut progress): (Markers, _) = ((None, None), PageProgress::default());
        loop {
            let page = self.client.list_object_versions().bucket(&self.bucket).prefix(&prefix).delimiter("/");
            let page = page.set_key_marker(markers.0.clone()).set_version_id_marker(markers.1.clone());
            let page = page.encoding_type(EncodingType::Url).customize();
            let page = page.interceptor(BodyHandling::AtMost(LARGEST_PAGE)).send().await;
            let page =
                page.map_err(|error| self.failed("listing", "s3:ListBucketVersions", &prefix, &error))?;
            let encoding = page.encoding_type.clone();
            let entries = page.common_prefixes().len() + page.versions().len() + page.delete_markers().len();
            let prefixes = page.common_prefixes().iter().filter_map(|folder| folder.prefix());
            let bytes = prefixes.map(str::len).sum::<usize>() + bytes_of(&page);
            let name = |folder: &str| {
                let folder = decoded(folder, encoding.as_ref());
                Some(name::printable(folder.strip_prefix(&prefix)?.strip_suffix('/')?.as_bytes()))
            };
            folders.extend(page.common_prefixes().iter().filter_map(|folder| name(folder.prefix()?)));
            let keys = page.versions().iter().filter_map(|version| version.key());
            objects.extend(keys.map(|key| self.in_the_lake(&decoded(key, encoding.as_ref()))));
            if page.is_truncated() != Some(true) {
                break;
            }
            markers = next_of(&page);
            progress.page(entries, bytes, place(&markers)).map_err(|stop| self.stopped(stop, &prefix))?;
        }
        Ok(FolderListing { folders: folders.into_iter().collect(), objects: objects.into_iter().collect() })
    }

    /// Lists versions and not objects, to find objects that a delete marker hides too. Of a key with several, the oldest is
    /// the one that was put: this program writes once.
    pub(in crate::lake::store) async fn find(&self, folder: &str) -> Result<Vec<Found>, StoreError> {
        self.find_between(folder, None, None).await
    }

    /// Lists as [`find`](S3Store::find), but only the keys in the folder after `after` and before `before`; `None` for no limit.
    pub(in crate::lake::store) async fn find_between(
        &self,
        folder: &str,
        after: Option<&str>,
        before: Option<&str>,
    ) -> Result<Vec<Found>, StoreError> {
        let prefix = self.prefixed(folder);
        let before = before.map(|key| self.prefixed(key));
        let is_before = |key: &str| before.as_deref().is_none_or(|before| key < before);
        let mut found: BTreeMap<String, Found> = BTreeMap::new();
        let mut hidden: Vec<String> = Vec::new();
        let mut markers: Markers = (after.map(|key| self.prefixed(key)), None);
        let mut progress = PageProgress::default();
        loop {
            let page = self.client.list_object_versions().bucket(&self.bucket).prefix(&prefix);
            let page = page.set_key_marker(markers.0.clone()).set_version_id_marker(markers.1.clone());
            let page = page.encoding_type(EncodingType::Url).customize();
            let page = page.interceptor(BodyHandling::AtMost(LARGEST_PAGE)).send().await;
            let page =
                page.map_err(|error| self.failed("listing", "s3:ListBucketVersions", &prefix, &error))?;
            let encoding = page.encoding_type.clone();
            let entries = page.versions().len() + page.delete_markers().len();
            let bytes = bytes_of(&page);
            for version in page.versions() {
                let Some(key) = version.key() else {
                    continue;
                };
                let key = &decoded(key, encoding.as_ref());
                let versions = found.get(key).map_or(0, |found| found.versions) + 1;
                // Versions come newest first, so the last is the oldest.
                let oldest = Found {
                    // It is filled in at the end, so that each key is kept once.
                    key: String::new(),
                    bytes: version.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                    version_id: version.version_id().map(str::to_owned),
                    hidden: false,
                    versions,
                    irregular: None,
                };
                found.insert(key.clone(), oldest);
            }
            let markers_found =
                page.delete_markers().iter().filter(|marker| marker.is_latest() == Some(true));
            let markers_found = markers_found.filter_map(|marker| marker.key());
            hidden.extend(markers_found.map(|key| decoded(key, encoding.as_ref())));
            if page.is_truncated() != Some(true) {
                break;
            }
            markers = next_of(&page);
            if !markers.0.as_deref().is_none_or(is_before) {
                break;
            }
            progress.page(entries, bytes, place(&markers)).map_err(|stop| self.stopped(stop, &prefix))?;
        }
        // Without versions, each object is one of the name `null`, which need not be requested by it.
        let alone = found.values_mut().filter(|found| found.versions == 1);
        alone.for_each(|found| found.version_id = found.version_id.take().filter(|id| id != "null"));
        for key in hidden {
            if let Some(object) = found.get_mut(&key) {
                object.hidden = true;
            }
        }
        let found = found.into_iter().filter(|(key, _)| is_before(key));
        let named = found.map(|(key, found)| Found { key: self.in_the_lake(&key), ..found });
        Ok(named.collect())
    }

    /// Returns the error of a listing that is not read on.
    fn stopped(&self, stop: Stop, prefix: &str) -> StoreError {
        let (code, problem) = match stop {
            Stop::Stuck => (
                ErrorCode::ListingStuck,
                "S3 answered that there is more, but not where; try again".to_owned(),
            ),
            Stop::Limit(limit) => {
                (ErrorCode::LimitExceeded, format!("the listing goes beyond the limit of {limit}"))
            }
        };
        StoreError { code, doing: "listing", object: self.url(prefix), problem }
    }
}

/// Decodes the key that S3 has sent. In XML 1.0 not every key can be sent as it is.
fn decoded(key: &str, encoding: Option<&EncodingType>) -> String {
    match encoding {
        Some(EncodingType::Url) => String::from_utf8_lossy(&name::from_url(key)).into_owned(),
        _ => key.to_owned(),
    }
}

/// Returns the bytes of the names on a page of versions.
fn bytes_of(page: &ListObjectVersionsOutput) -> usize {
    let length = |text: Option<&str>| text.map_or(0, str::len);
    let of_versions = page.versions().iter().map(|of| length(of.key()) + length(of.version_id()));
    let of_markers = page.delete_markers().iter().map(|of| length(of.key()));
    of_versions.chain(of_markers).sum()
}

/// Returns the point at which the next page continues, as this one states.
fn next_of(page: &ListObjectVersionsOutput) -> Markers {
    let key = page.next_key_marker().map(|key| decoded(key, page.encoding_type()));
    (key, page.next_version_id_marker().map(str::to_owned))
}

/// Returns the point at which a listing of versions continues; `None` if S3 does not state it.
fn place(markers: &Markers) -> Option<[&str; 2]> {
    Some([markers.0.as_deref()?, markers.1.as_deref().unwrap_or_default()])
}

/// Reason for which a listing is not read on.
#[derive(Debug, PartialEq, Eq)]
enum Stop {
    /// The next page was read before, or is not named.
    Stuck,
    /// This limit was exceeded.
    Limit(String),
}

/// Pages of one listing so far. The SDK's own paginators stop at a place that repeats, as if that were the end.
#[derive(Debug, Default)]
struct PageProgress {
    /// Hashes of the places where the pages began.
    places: HashSet<u64>,
    bytes: usize,
    empty: usize,
}

impl PageProgress {
    /// Records a page with `entries`, whose names have `bytes`, after which the listing continues at `next`.
    fn page(&mut self, entries: usize, bytes: usize, next: Option<[&str; 2]>) -> Result<(), Stop> {
        let next = next.ok_or(Stop::Stuck)?;
        if next.iter().any(|part| part.len() > LONGEST_TOKEN) {
            return Err(Stop::Limit(format!("{LONGEST_TOKEN} bytes for a token")));
        }
        let mut hasher = DefaultHasher::new();
        next.hash(&mut hasher);
        if !self.places.insert(hasher.finish()) {
            return Err(Stop::Stuck);
        }
        self.bytes += bytes + entries * ENTRY_BYTES;
        self.empty = if entries == 0 { self.empty + 1 } else { 0 };
        if self.empty >= MAX_EMPTY_PAGES {
            return Err(Stop::Limit(format!("{MAX_EMPTY_PAGES} empty pages in a row")));
        }
        if self.bytes > LARGEST_LISTING {
            return Err(Stop::Limit(format!("{LARGEST_LISTING} bytes of names")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_ends_where_it_gets_nowhere() {
        let mut progress = PageProgress::default();
        assert_eq!(progress.page(1, 1, None), Err(Stop::Stuck));
        assert_eq!(progress.page(1, 1, Some(["a", ""])), Ok(()));
        assert_eq!(progress.page(1, 1, Some(["b", ""])), Ok(()));
        assert_eq!(progress.page(1, 1, Some(["b", "version"])), Ok(()));
        assert_eq!(progress.page(1, 1, Some(["a", ""])), Err(Stop::Stuck), "not only the last one");
    }

    #[test]
    fn a_listing_has_limits() {
        let limit = |text: &str| Err(Stop::Limit(text.to_owned()));
        let mut progress = PageProgress::default();
        let mut empty = |place: usize| progress.page(0, 0, Some([&place.to_string(), ""]));
        for place in 1..MAX_EMPTY_PAGES {
            assert_eq!(empty(place), Ok(()), "{place}");
        }
        assert_eq!(empty(MAX_EMPTY_PAGES), limit("1000 empty pages in a row"));
        let mut progress = PageProgress { empty: MAX_EMPTY_PAGES - 1, ..PageProgress::default() };
        assert_eq!(progress.page(1, 1, Some(["a", ""])), Ok(()), "one entry is progress");
        assert_eq!(progress.page(0, 0, Some(["b", ""])), Ok(()));
        let longest = "x".repeat(LONGEST_TOKEN + 1);
        assert_eq!(progress.page(1, 1, Some(["", &longest])), limit("16384 bytes for a token"));
        let mut progress = PageProgress::default();
        assert_eq!(progress.page(1, LARGEST_LISTING - ENTRY_BYTES, Some(["a", ""])), Ok(()));
        assert_eq!(progress.page(0, 1, Some(["b", ""])), limit("134217728 bytes of names"));
        let mut progress = PageProgress::default();
        let entries = LARGEST_LISTING / ENTRY_BYTES;
        assert_eq!(progress.page(entries, 0, Some(["a", ""])), Ok(()), "names without a byte");
        assert_eq!(progress.page(1, 0, Some(["b", ""])), limit("134217728 bytes of names"));
    }
}
