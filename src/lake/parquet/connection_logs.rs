//! The events of one window of a log group as a Parquet object.

use arrow_array::cast::AsArray;
use bytes::Bytes;
use jiff::Timestamp;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;

use super::metadata::{identity_of_connection_logs, page_times};
use super::writer::{ObjectWriter, Snapshot, SnapshotError};
use crate::aws::ec2::PageTimes;
use crate::log_group::LogGroup;
use crate::snapshot_time::SnapshotTime;
use crate::tables::connection_logs::columns::COLUMNS;
use crate::tables::connection_logs::event_ids::EventIds;
use crate::tables::connection_logs::rows::{EventPageColumns, EventRows};

/// A writer of the pages of one window.
pub struct LogWriter {
    object: ObjectWriter,
    snapshot_time: Timestamp,
    log_group: String,
}

impl LogWriter {
    /// Starts the object of the reading that was due at `due`, in a temporary file.
    ///
    /// # Errors
    /// If the temporary directory cannot be written.
    pub fn create(due: SnapshotTime, group: &LogGroup, is_late: bool) -> Result<LogWriter, SnapshotError> {
        let log_group = group.arn();
        let mut identity = identity_of_connection_logs(due, group.place(), &group.id(), is_late);
        identity.push(("log_group", log_group.clone()));
        let object = ObjectWriter::create(COLUMNS, &identity)?;
        Ok(LogWriter { object, snapshot_time: due.timestamp(), log_group })
    }

    /// Appends the events of one page, in their order.
    ///
    /// # Errors
    /// If they cannot be encoded or written; the object is then useless.
    pub fn append(&mut self, captured_at: Timestamp, rows: &EventRows) -> Result<(), SnapshotError> {
        let page =
            EventPageColumns { snapshot_time: self.snapshot_time, captured_at, log_group: &self.log_group };
        self.object.write(|schema| rows.record_batch(schema, &page))
    }

    /// Ends the object, and records in it that it is complete, and the times of its pages.
    ///
    /// # Errors
    /// If the rest cannot be written.
    pub fn finish(self, times: &PageTimes) -> Result<Snapshot, SnapshotError> {
        self.object.finish([("outcome", "complete".to_owned())].into_iter().chain(page_times(times)))
    }
}

/// Adds the ids of the events of an object to `ids`.
///
/// # Errors
/// If the object cannot be read, or has no such column.
pub fn read_event_ids(object: Vec<u8>, ids: &mut EventIds) -> Result<(), ParquetError> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(object))?;
    let mask = ProjectionMask::columns(reader.parquet_schema(), ["event_id"]);
    for batch in reader.with_projection(mask).build()? {
        let batch = batch.map_err(|error| ParquetError::ArrowError(error.to_string()))?;
        let column = batch.column_by_name("event_id").and_then(|column| column.as_string_opt::<i32>());
        let column = column.ok_or_else(|| ParquetError::General("it has no column event_id".to_owned()))?;
        column.iter().flatten().for_each(|id| {
            ids.insert(id);
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::parquet::{Ends, ObjectMetadata};
    use crate::tables::connection_logs::decoder::RawEvent;
    use crate::tables::connection_logs::rows::EventRowsBuilder;
    use crate::tables::connection_logs::typing::normalise;
    use crate::target::AccountRegion;

    fn object(messages: &[&str], is_late: bool) -> (Snapshot, Vec<u8>) {
        let place = AccountRegion::parse("account_id=111122223333", "region=eu-central-1").unwrap();
        let group = LogGroup::new(&place, "/vpn").unwrap();
        let due = SnapshotTime::parse("2026-11-23T09:00:00Z").unwrap();
        let mut writer = LogWriter::create(due, &group, is_late).unwrap();
        let mut rows = EventRowsBuilder::new(1_000);
        for message in messages {
            let timestamp = Some("1".into());
            let mut raw = RawEvent {
                event_id: "1".into(),
                timestamp,
                message: (*message).into(),
                ..RawEvent::default()
            };
            rows.append(&normalise(&mut raw));
        }
        writer.append(Timestamp::UNIX_EPOCH, &rows.finish()).unwrap();
        let time = Timestamp::UNIX_EPOCH;
        let times = PageTimes { first_page_requested_at: time, first_page_at: time, last_page_at: time };
        let snapshot = writer.finish(&times).unwrap();
        let bytes = std::fs::read(snapshot.path()).unwrap();
        let metadata = ObjectMetadata::read(Ends::of_all(&bytes)).unwrap();
        for (other, expected) in [(is_late, None), (!is_late, Some("reading"))] {
            let identity = identity_of_connection_logs(due, &place, &group.id(), other);
            assert_eq!(metadata.difference(&identity, "complete"), expected);
        }
        (snapshot, bytes)
    }

    #[test]
    fn a_window_without_events_is_an_object_too_and_the_same_events_give_the_same_bytes() {
        for (messages, is_late) in
            [(&[][..], false), (&[][..], true), (&["{\"connection-log-type\":\"a\"}", "text"], false)]
        {
            let (snapshot, bytes) = object(messages, is_late);
            assert_eq!(snapshot.rows, messages.len() as u64);
            assert_eq!(object(messages, is_late).1, bytes);
            let mut ids = EventIds::default();
            read_event_ids(bytes, &mut ids).unwrap();
            assert_eq!((ids.contains("1"), ids.contains("2")), (!messages.is_empty(), false));
        }
        for bytes in [Vec::new(), b"PAR1".to_vec()] {
            assert!(read_event_ids(bytes, &mut EventIds::default()).is_err());
        }
    }
}
