//! The snapshot of one endpoint's connections in the making.

use jiff::Timestamp;

use super::metadata::{identity_of_connections, page_times};
use super::temporary::TemporarySpace;
use super::writer::{ObjectWriter, Snapshot, SnapshotError};
use crate::aws::ec2::PageTimes;
use crate::snapshot_time::SnapshotTime;
use crate::tables::connections::columns::COLUMNS;
use crate::tables::connections::rows::{PageColumns, Rows};
use crate::target::EndpointId;

/// Checks that the temporary directory has room for the snapshots of `targets` that are captured at a time.
///
/// # Errors
/// If there is no room, or no such directory.
pub fn check_temporary_space(targets: usize) -> Result<(), SnapshotError> {
    let space = TemporarySpace::of(targets).map_err(SnapshotError::TemporaryFile)?;
    if space.suffices() { Ok(()) } else { Err(SnapshotError::TemporarySpace(space)) }
}

/// A writer of the pages of one listing.
pub struct SnapshotWriter {
    object: ObjectWriter,
    snapshot_time: Timestamp,
    endpoint_id: EndpointId,
}

impl SnapshotWriter {
    /// Starts an object in a temporary file.
    ///
    /// # Errors
    /// If the temporary directory cannot be written.
    pub fn create(snapshot_time: SnapshotTime, endpoint_id: &EndpointId) -> Result<Self, SnapshotError> {
        Ok(SnapshotWriter {
            object: ObjectWriter::create(COLUMNS, &identity_of_connections(snapshot_time, endpoint_id))?,
            snapshot_time: snapshot_time.timestamp(),
            endpoint_id: endpoint_id.clone(),
        })
    }

    /// Appends connections of one page, in their order.
    ///
    /// # Errors
    /// If they cannot be encoded or written; the snapshot is then useless.
    pub fn append(
        &mut self,
        captured_at: Timestamp,
        request_id: Option<&str>,
        rows: &Rows,
    ) -> Result<(), SnapshotError> {
        let page = PageColumns {
            snapshot_time: self.snapshot_time,
            captured_at,
            request_id,
            endpoint_id: self.endpoint_id.as_str(),
        };
        self.object.write(|schema| rows.record_batch(schema, &page))
    }

    /// Returns the rows encoded so far, as the row groups themselves count them. Ends the row group.
    ///
    /// # Errors
    /// If the row group cannot be written.
    pub fn encoded_rows(&mut self) -> Result<u64, SnapshotError> {
        self.object.encoded_rows()
    }

    /// Ends the object, and records in it the outcome of the capture and the times of its pages.
    ///
    /// # Errors
    /// If the rest cannot be written.
    pub fn finish(self, outcome: &str, times: &PageTimes) -> Result<Snapshot, SnapshotError> {
        self.object.finish([("outcome", outcome.to_owned())].into_iter().chain(page_times(times)))
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use sha2::{Digest, Sha256};

    use super::*;
    use crate::lake::parquet::footer::Ends;
    use crate::lake::parquet::metadata::{MetadataError, ObjectMetadata};
    use crate::tables::connections::Connection;
    use crate::tables::connections::rows::RowsBuilder;

    const TIMES: PageTimes = PageTimes {
        first_page_requested_at: Timestamp::UNIX_EPOCH,
        first_page_at: Timestamp::UNIX_EPOCH,
        last_page_at: Timestamp::MAX,
    };

    fn writer() -> SnapshotWriter {
        let time = SnapshotTime::parse("2026-11-23T09:00:00Z").unwrap();
        let endpoint_id = EndpointId::parse("cvpn-endpoint-0123456789abcdef0").unwrap();
        SnapshotWriter::create(time, &endpoint_id).unwrap()
    }

    fn rows(ids: Range<u32>) -> Rows {
        let mut rows = RowsBuilder::default();
        for id in ids {
            rows.append(&Connection {
                connection_id: Some(format!("cvpn-connection-{id:017x}").into()),
                ingress_bytes: Some(i64::from(id)),
                unparsed: [("egressBytes".into(), "many".into())].into(),
                ..Connection::default()
            });
        }
        rows.finish()
    }

    #[test]
    fn the_hash_and_size_are_those_of_the_file() {
        let mut writer = writer();
        writer.append(Timestamp::UNIX_EPOCH, Some("id"), &rows(0..2)).unwrap();
        let snapshot = writer.finish("complete", &TIMES).unwrap();
        let bytes = std::fs::read(snapshot.path()).unwrap();
        assert_eq!(snapshot.bytes, bytes.len() as u64);
        assert_eq!(snapshot.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)));
        assert_eq!(snapshot.rows, 2);
    }

    #[test]
    fn the_metadata_is_read_back_from_the_end_of_the_file() {
        let mut writer = writer();
        writer.append(Timestamp::UNIX_EPOCH, Some("id"), &rows(0..20_000)).unwrap();
        let times = PageTimes { last_page_at: "2026-11-23T09:00:01.25Z".parse().unwrap(), ..TIMES };
        let snapshot = writer.finish("complete", &times).unwrap();
        let bytes = std::fs::read(snapshot.path()).unwrap();
        let tail = &bytes[bytes.len() / 2..];
        let ends = Ends { bytes: bytes.len() as u64, head: &bytes[..4], tail };
        let metadata = ObjectMetadata::read(ends).unwrap();
        assert_eq!((metadata.rows, metadata.times()), (20_000, Some(times)));
        let time = |text| SnapshotTime::parse(text).unwrap();
        let id = |digit: u32| EndpointId::parse(&format!("cvpn-endpoint-{digit:017x}")).unwrap();
        let ours = EndpointId::parse("cvpn-endpoint-0123456789abcdef0").unwrap();
        for (expected, time, id) in [
            (None, time("2026-11-23T09:00:00Z"), &ours),
            (Some("snapshot_time"), time("2026-11-23T09:15:00Z"), &ours),
            (Some("endpoint_id"), time("2026-11-23T09:00:00Z"), &id(1)),
        ] {
            let identity = identity_of_connections(time, id);
            assert_eq!(metadata.difference(&identity, "complete"), expected);
            assert_eq!(metadata.difference(&identity, "partial"), Some("outcome"));
        }
        let partial = self::writer().finish("partial", &TIMES).unwrap();
        let partial = std::fs::read(partial.path()).unwrap();
        let partial = ObjectMetadata::read(Ends::of_all(&partial)).unwrap();
        let identity = identity_of_connections(time("2026-11-23T09:00:00Z"), &ours);
        assert_eq!((partial.rows, partial.difference(&identity, "complete")), (0, Some("outcome")));
    }

    #[test]
    fn a_footer_of_other_bytes_is_none() {
        let mut writer = writer();
        writer.append(Timestamp::UNIX_EPOCH, Some("id"), &rows(0..20_000)).unwrap();
        let snapshot = writer.finish("complete", &TIMES).unwrap();
        let object = std::fs::read(snapshot.path()).unwrap();
        assert_eq!(ObjectMetadata::read(Ends::of_all(&object)).unwrap().rows, 20_000);
        let length = object.last_chunk::<8>().unwrap().first_chunk::<4>().unwrap();
        let begin = object.len() - 8 - usize::try_from(u32::from_le_bytes(*length)).unwrap();
        let (data, footer) = object.split_at(begin);
        let middle = data.len() / 2;
        let with = |at: usize, bytes: &[u8]| {
            let mut data = data.to_vec();
            data[at..at + bytes.len()].copy_from_slice(bytes);
            data
        };
        for (name, data) in [
            ("no data", Vec::new()),
            ("the magic alone", b"PAR1".to_vec()),
            ("zeros", vec![0; data.len()]),
            ("zeros behind the magic", with(4, &vec![0; data.len() - 4])),
            ("zeros in the second half", with(middle, &vec![0; data.len() - middle])),
            ("junk", vec![b'x'; 400]),
            ("junk before the data", [&[b'x'; 400], data].concat()),
            ("junk behind the data", [data, &[b'x'; 400]].concat()),
            ("a byte less", data[..data.len() - 1].to_vec()),
            ("a byte more", [data, b"x"].concat()),
            ("another magic", with(0, b"PAR2")),
        ] {
            let object = [&data, footer].concat();
            let found = ObjectMetadata::read(Ends::of_all(&object));
            assert!(matches!(found, Err(MetadataError::Layout)), "{name}: {found:?}");
        }
        // Of a large object, only the ends are known.
        let (bytes, head) = (object.len() as u64, &object[..4]);
        let tail = [&with(middle, &vec![0; data.len() - middle])[middle..], footer].concat();
        for (name, ends, is_refused) in [
            ("as it is", Ends { bytes, head, tail: &object[middle..] }, false),
            ("the footer alone", Ends { bytes, head, tail: footer }, false),
            ("another magic", Ends { bytes, head: b"PAR2", tail: footer }, true),
            ("another size", Ends { bytes: bytes - 1, head, tail: footer }, true),
            ("zeros before the footer", Ends { bytes, head, tail: &tail }, true),
        ] {
            assert_eq!(ObjectMetadata::read(ends).is_err(), is_refused, "{name}");
        }
    }

    #[test]
    fn the_same_pages_give_the_same_bytes() {
        let hash = || {
            let mut writer = writer();
            writer.append(Timestamp::UNIX_EPOCH, None, &rows(0..2_000)).unwrap();
            writer.append(Timestamp::UNIX_EPOCH, None, &rows(0..0)).unwrap();
            writer.finish("complete", &TIMES).unwrap().sha256
        };
        assert_eq!(hash(), hash());
    }
}
