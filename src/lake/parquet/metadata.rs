//! The key-value metadata of an object: its identity, the outcome of its capture, and the times of its pages.

use std::collections::BTreeMap;

use jiff::Timestamp;
use parquet::errors::ParquetError;
use parquet::file::metadata::{FileMetaData, FooterTail, ParquetMetaDataReader};

use super::footer::{Ends, rows};
use crate::aws::ec2::PageTimes;
use crate::log_group::LogGroupId;
use crate::snapshot_time::SnapshotTime;
use crate::target::{AccountRegion, EndpointId};

/// Bytes at the end of a Parquet file: the length of the footer, and `PAR1`.
const FOOTER_END_BYTES: usize = 8;

/// The fields that identify an object, with their values. All of them are in its metadata.
pub type Identity = Vec<(&'static str, String)>;

/// Returns the fields that identify an object in `connections` or `partials`.
pub fn identity_of_connections(snapshot_time: SnapshotTime, endpoint_id: &EndpointId) -> Identity {
    vec![("snapshot_time", snapshot_time.to_string()), ("endpoint_id", endpoint_id.to_string())]
}

/// Returns the fields that identify an object in a table with configuration, beside its key.
pub fn identity_of_configuration(snapshot_time: SnapshotTime, place: &AccountRegion) -> Identity {
    vec![
        ("snapshot_time", snapshot_time.to_string()),
        ("account_id", place.account_id.to_string()),
        ("region", place.region.to_string()),
    ]
}

/// Returns the fields that identify an object in `connection_logs`, of the reading that was due at `due`.
pub fn identity_of_connection_logs(
    due: SnapshotTime,
    place: &AccountRegion,
    group: &LogGroupId,
    is_late: bool,
) -> Identity {
    let reading = if is_late { "late" } else { "first" };
    let mut identity = identity_of_configuration(due, place);
    identity.extend([("log_group_id", group.to_string()), ("reading", reading.to_owned())]);
    identity
}

/// The fields that have the times of the pages.
const PAGE_TIMES: [&str; 3] = ["first_page_requested_at", "first_page_at", "last_page_at"];

/// Returns the fields of the metadata that have the times of the pages.
pub(super) fn page_times(times: &PageTimes) -> impl Iterator<Item = (&'static str, String)> {
    let times = [times.first_page_requested_at, times.first_page_at, times.last_page_at];
    PAGE_TIMES.into_iter().zip(times.map(|time| format!("{time:.3}")))
}

/// The metadata of an object in the lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectMetadata {
    /// Rows in the object.
    pub rows: u64,
    fields: BTreeMap<String, String>,
}

/// The reason why the end of an object is not that of a Parquet file.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// It does not end like one.
    #[error("it is not a Parquet file")]
    NotParquet,
    /// Its footer cannot be read.
    #[error("its Parquet footer cannot be read")]
    Footer(#[from] ParquetError),
    /// Its bytes are not those that the footer was written for.
    #[error("its bytes are not as its Parquet footer says")]
    Layout,
}

impl ObjectMetadata {
    /// Reads the footer from the last bytes of an object, and compares it with the other bytes that are known.
    ///
    /// # Errors
    /// If they do not end with the footer of a Parquet file, or have only a part of it, or if the object contradicts its footer.
    pub fn read(ends: Ends<'_>) -> Result<ObjectMetadata, MetadataError> {
        let (rest, end) =
            ends.tail.split_last_chunk::<FOOTER_END_BYTES>().ok_or(MetadataError::NotParquet)?;
        let end = FooterTail::try_new(end)?;
        let begin = rest.len().checked_sub(end.metadata_length()).ok_or(MetadataError::NotParquet)?;
        let footer = rest.get(begin..).filter(|footer| !footer.is_empty() && !end.is_encrypted_footer());
        let metadata = ParquetMetaDataReader::decode_metadata(footer.ok_or(MetadataError::NotParquet)?)?;
        let footer_begin = ends.bytes.checked_sub((FOOTER_END_BYTES + end.metadata_length()) as u64);
        let rows = rows(&metadata, ends, footer_begin.ok_or(MetadataError::NotParquet)?);
        let rows = rows.ok_or(MetadataError::Layout)?;
        Ok(ObjectMetadata { rows, ..ObjectMetadata::of_footer(metadata.file_metadata()) })
    }

    /// Returns the metadata in a footer, which is not compared with the object's bytes.
    pub(super) fn of_footer(footer: &FileMetaData) -> ObjectMetadata {
        let mut fields = BTreeMap::new();
        for pair in footer.key_value_metadata().into_iter().flatten() {
            // If a field exists twice, neither value can be relied on.
            let value = pair.value.clone().filter(|_| !fields.contains_key(&pair.key));
            fields.insert(pair.key.clone(), value.unwrap_or_default());
        }
        ObjectMetadata { rows: u64::try_from(footer.num_rows()).unwrap_or_default(), fields }
    }

    /// Returns `true` if it has the fields that every object of this program has.
    pub fn is_ours(&self) -> bool {
        ["schema_version", "snapshot_time"].iter().all(|name| self.fields.contains_key(*name))
    }

    /// Returns the name of the first field that differs from `identity` or `outcome`.
    pub fn difference(&self, identity: &Identity, outcome: &str) -> Option<&'static str> {
        let outcome = (!self.has_outcome(outcome)).then_some("outcome");
        let mut others = identity.iter().filter(|(name, value)| !self.has(name, value));
        outcome.or_else(|| others.next().map(|(name, _)| *name))
    }

    /// Returns `true` if it has this outcome.
    pub fn has_outcome(&self, outcome: &str) -> bool {
        self.has("outcome", outcome)
    }

    fn has(&self, name: &str, value: &str) -> bool {
        self.fields.get(name).is_some_and(|found| found == value)
    }

    /// Returns the times of the pages; `None` if the object does not have all of them.
    pub fn times(&self) -> Option<PageTimes> {
        let [first_page_requested_at, first_page_at, last_page_at] = self.pages();
        Some(PageTimes {
            first_page_requested_at: first_page_requested_at?,
            first_page_at: first_page_at?,
            last_page_at: last_page_at?,
        })
    }

    /// Returns the times of the request and the arrival of the first page, and of the arrival of the last page, as far as the
    /// object has them.
    pub fn pages(&self) -> [Option<Timestamp>; 3] {
        PAGE_TIMES.map(|name| self.fields.get(name)?.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_like_a_parquet_file_is_refused() {
        let footer =
            |length: u32, magic: &[u8]| [b"PAR1".as_slice(), &[0; 4], &length.to_le_bytes(), magic].concat();
        for (name, tail) in [
            ("nothing", Vec::new()),
            ("less than an end", b"PAR1".to_vec()),
            ("text", b"not a parquet file at all".to_vec()),
            ("no footer", footer(0, b"PAR1")),
            ("a footer that is longer than the file", footer(9, b"PAR1")),
            ("a footer of the largest length", footer(u32::MAX, b"PAR1")),
            ("a footer of zeros", footer(8, b"PAR1")),
            ("an encrypted footer", footer(8, b"PARE")),
            ("another magic", footer(8, b"PAR2")),
        ] {
            assert!(ObjectMetadata::read(Ends::of_all(&tail)).is_err(), "{name}");
        }
    }
}
