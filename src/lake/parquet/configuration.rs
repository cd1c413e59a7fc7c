//! Configuration of the endpoints of an account and Region as a Parquet object: one table of it.

use std::marker::PhantomData;

use super::metadata::identity_of_configuration;
use super::writer::{ObjectWriter, Snapshot, SnapshotError};
use crate::snapshot_time::SnapshotTime;
use crate::tables::column::record_batch;
use crate::tables::configuration::ConfigurationRow;
use crate::target::AccountRegion;

/// A writer of the rows of one table.
pub struct ConfigurationWriter<R> {
    object: ObjectWriter,
    snapshot_time: SnapshotTime,
    rows: PhantomData<R>,
}

impl<R: ConfigurationRow> ConfigurationWriter<R> {
    /// Starts an object in a temporary file.
    ///
    /// # Errors
    /// If the temporary directory cannot be written.
    pub fn create(
        snapshot_time: SnapshotTime,
        place: &AccountRegion,
    ) -> Result<ConfigurationWriter<R>, SnapshotError> {
        let object = ObjectWriter::create(R::COLUMNS, &identity_of_configuration(snapshot_time, place))?;
        Ok(ConfigurationWriter { object, snapshot_time, rows: PhantomData })
    }

    /// Appends rows, in their order.
    ///
    /// # Errors
    /// If they cannot be encoded or written; the object is then useless.
    pub fn append(&mut self, rows: &[R]) -> Result<(), SnapshotError> {
        self.object.write(|schema| record_batch(schema, &R::arrays(self.snapshot_time, rows)))
    }

    /// Ends the object, and records its outcome in it.
    ///
    /// # Errors
    /// If the rest cannot be written.
    pub fn finish(self, outcome: &str) -> Result<Snapshot, SnapshotError> {
        self.object.finish(std::iter::once(("outcome", outcome.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::parquet::{Ends, ObjectMetadata};
    use crate::tables::endpoints::Endpoint;

    #[test]
    fn no_rows_are_an_object_too_and_the_same_rows_give_the_same_bytes() {
        let time = SnapshotTime::parse("2026-11-23T09:00:00Z").unwrap();
        let place = AccountRegion::parse("account_id=111122223333", "region=eu-central-1").unwrap();
        let object = || {
            let mut writer = ConfigurationWriter::<Endpoint>::create(time, &place).unwrap();
            writer.append(&[]).unwrap();
            std::fs::read(writer.finish("complete").unwrap().path()).unwrap()
        };
        let bytes = object();
        assert_eq!((&bytes[..4], &bytes[bytes.len() - 4..]), (&b"PAR1"[..], &b"PAR1"[..]));
        assert_eq!(object(), bytes);
        let metadata = ObjectMetadata::read(Ends::of_all(&bytes)).unwrap();
        assert_eq!(metadata.difference(&identity_of_configuration(time, &place), "complete"), None);
        assert_eq!((metadata.rows, metadata.times()), (0, None));
    }
}
