//! The endpoints of an account and Region as a Parquet object. There are few of them, so it is made in memory.

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;

use super::metadata::identity_of_endpoints;
use super::writer::{SnapshotError, metadata, properties};
use crate::snapshot_time::SnapshotTime;
use crate::tables::column::{arrow_schema, record_batch};
use crate::tables::endpoints::Endpoint;
use crate::tables::endpoints::columns::COLUMNS;
use crate::tables::endpoints::rows::columns;
use crate::target::AccountRegion;

/// Encodes the endpoints, in their order.
///
/// # Errors
/// If they cannot be encoded, which is a fault of this program.
pub fn encode_endpoints(
    snapshot_time: SnapshotTime,
    place: &AccountRegion,
    endpoints: &[Endpoint],
) -> Result<Vec<u8>, SnapshotError> {
    let schema = arrow_schema(COLUMNS);
    let batch =
        record_batch(schema.clone(), &columns(snapshot_time, endpoints)).map_err(SnapshotError::Columns)?;
    let mut identity = identity_of_endpoints(snapshot_time, place);
    identity.push(("outcome", "complete".to_owned()));
    let metadata = metadata(&identity);
    let options = ArrowWriterOptions::new()
        .with_properties(properties().set_key_value_metadata(Some(metadata)).build())
        .with_skip_arrow_metadata(true);
    let mut writer =
        ArrowWriter::try_new_with_options(Vec::new(), schema, options).map_err(SnapshotError::Parquet)?;
    writer.write(&batch).map_err(SnapshotError::Parquet)?;
    writer.into_inner().map_err(SnapshotError::Parquet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::parquet::Ends;

    #[test]
    fn no_endpoints_are_an_object_too_and_the_same_endpoints_give_the_same_bytes() {
        let time = SnapshotTime::parse("2026-11-23T09:00:00Z").unwrap();
        let place = AccountRegion::parse("account_id=111122223333", "region=eu-central-1").unwrap();
        let bytes = encode_endpoints(time, &place, &[]).unwrap();
        assert_eq!((&bytes[..4], &bytes[bytes.len() - 4..]), (&b"PAR1"[..], &b"PAR1"[..]));
        assert_eq!(encode_endpoints(time, &place, &[]).unwrap(), bytes);
        let metadata = crate::lake::parquet::ObjectMetadata::read(Ends::of_all(&bytes)).unwrap();
        assert_eq!(metadata.difference(&identity_of_endpoints(time, &place), "complete"), None);
        assert_eq!((metadata.rows, metadata.times()), (0, None));
    }
}
