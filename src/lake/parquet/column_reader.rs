//! Rows of an object, read back column by column. The object may be anybody's.

use arrow_array::RecordBatch;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;

use super::metadata::{Identity, ObjectMetadata};

/// Largest object whose rows are read, in bytes: four times that of the most connections that AWS allows an endpoint.
pub const LARGEST_READ_OBJECT: u64 = 64 << 20;

/// Most rows of an object that are read: several times the connections that AWS allows an endpoint. Source: AWS Client VPN
/// Administrator Guide, "Client VPN quotas".
const MOST_ROWS: u64 = 1_000_000;

/// Most bytes of the decoded values of the columns that are read: a thousand for each connection that AWS allows an endpoint.
const MOST_DECODED_BYTES: usize = 128 << 20;

/// Rows that are decoded at a time. One value may have 64 KiB, and a page may have it once for all of them.
const BATCH_ROWS: usize = 1_024;

/// The reason why the rows of an object could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// It is of another snapshot than its key names.
    #[error("its metadata has another {0} than its key")]
    AnotherKey(&'static str),
    /// It goes beyond a limit.
    #[error("LimitExceeded: it has more than {0}")]
    Limit(String),
    /// It is no Parquet file, or its pages cannot be decoded.
    #[error("it cannot be read as Parquet: {0}")]
    Parquet(#[from] ParquetError),
    /// A column has another type than the table's.
    #[error("its column {0} has another type than the table's")]
    ColumnType(&'static str),
    /// A value that every row has is missing or lies outside all times.
    #[error("its column {0} has a value that no row can have")]
    Value(&'static str),
}

/// Reads these columns of an object that has `identity` and one of these outcomes in its metadata. A column that it does not have is in
/// no batch.
///
/// # Errors
/// Returns an error if the object is of another snapshot, goes beyond a limit, or cannot be decoded.
pub fn read_columns(
    object: Vec<u8>,
    identity: &Identity,
    outcomes: &[&str],
    columns: &[&str],
) -> Result<Vec<RecordBatch>, RowsError> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(object))?;
    let metadata = ObjectMetadata::of_footer(reader.metadata().file_metadata());
    let outcome = outcomes.iter().find(|outcome| metadata.has_outcome(outcome));
    let outcome = outcome.ok_or(RowsError::AnotherKey("outcome"))?;
    if let Some(field) = metadata.difference(identity, outcome) {
        return Err(RowsError::AnotherKey(field));
    }
    if metadata.rows > MOST_ROWS {
        return Err(RowsError::Limit(format!("{MOST_ROWS} rows")));
    }
    let mask = ProjectionMask::columns(reader.parquet_schema(), columns.iter().copied());
    let mut batches = Vec::new();
    let mut bytes = 0;
    for batch in reader.with_projection(mask).with_batch_size(BATCH_ROWS).build()? {
        let batch = batch.map_err(ParquetError::from)?;
        bytes += batch.get_array_memory_size();
        if bytes > MOST_DECODED_BYTES {
            return Err(RowsError::Limit(format!("{MOST_DECODED_BYTES} bytes in the columns that are read")));
        }
        batches.push(batch);
    }
    Ok(batches)
}
