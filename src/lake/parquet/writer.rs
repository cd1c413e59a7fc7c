//! A Parquet object in the making: a temporary file that grows by pages.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use sha2::{Digest, Sha256};

use super::metadata::Identity;
use super::temporary::{Temporary, TemporarySpace};
use crate::tables::column::{Column, SCHEMA_VERSION, arrow_schema};

/// Rows of a row group. Its pages lie compressed in memory until the group is written, so this bounds memory.
const ROW_GROUP_ROWS: usize = 16_384;

/// Bytes of a row group's pages in memory from which the group is written, whatever its rows.
const ROW_GROUP_BYTES: usize = 16 * 1024 * 1024;

/// Maximum rows of a page of a column, whose values stay in memory as they are until the page is full.
const PAGE_ROWS: usize = 2_048;

/// The reason why a snapshot could not be encoded. None of these texts contains a row.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The temporary file could not be made or written.
    #[error(
        "the temporary file of the snapshot could not be written; is the temporary directory there, and is it full?"
    )]
    TemporaryFile(#[source] io::Error),
    /// The temporary directory has too little space, so nothing is read.
    #[error(
        "{} bytes are free in the temporary directory and {} are needed; give the function more ephemeral storage, or lower \
         AUDIT_CONCURRENCY", .0.free, .0.needed
    )]
    TemporarySpace(TemporarySpace),
    /// The rows did not fit the schema, which is a fault of this program.
    #[error("the rows could not be laid out as columns")]
    Columns(#[source] ArrowError),
    /// Parquet could not be written.
    #[error("the snapshot could not be encoded into its temporary file; is the temporary directory full?")]
    Parquet(#[source] ParquetError),
}

/// A complete Parquet object in a temporary file, which is deleted with this value.
#[derive(Debug)]
pub struct Snapshot {
    file: Temporary,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// Rows in it.
    pub rows: u64,
}

/// A writer of the batches of one object.
pub(super) struct ObjectWriter {
    writer: ArrowWriter<HashingWriter>,
    file: Temporary,
    schema: SchemaRef,
}

impl ObjectWriter {
    /// Starts an object with these `columns` in a temporary file.
    ///
    /// # Errors
    /// If the temporary directory cannot be written.
    pub(super) fn create(columns: &[Column], identity: &Identity) -> Result<ObjectWriter, SnapshotError> {
        let (file, handle) = Temporary::create().map_err(SnapshotError::TemporaryFile)?;
        let schema = arrow_schema(columns);
        // The embedded Arrow schema would add nothing to the Parquet schema.
        let options = ArrowWriterOptions::new()
            .with_properties(writer_properties(columns, identity))
            .with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(HashingWriter::new(handle), schema.clone(), options)
            .map_err(SnapshotError::Parquet)?;
        Ok(ObjectWriter { writer, file, schema })
    }

    /// Appends the batch that `rows` makes for the schema.
    ///
    /// # Errors
    /// If it cannot be encoded or written; the object is then useless.
    pub(super) fn write(
        &mut self,
        rows: impl FnOnce(SchemaRef) -> Result<RecordBatch, ArrowError>,
    ) -> Result<(), SnapshotError> {
        let batch = rows(self.schema.clone()).map_err(SnapshotError::Columns)?;
        self.writer.write(&batch).map_err(SnapshotError::Parquet)?;
        if self.writer.in_progress_size() > ROW_GROUP_BYTES {
            self.writer.flush().map_err(SnapshotError::Parquet)?;
        }
        Ok(())
    }

    /// Returns the rows encoded so far, as the row groups themselves count them. Ends the row group.
    ///
    /// # Errors
    /// If the row group cannot be written.
    pub(super) fn encoded_rows(&mut self) -> Result<u64, SnapshotError> {
        self.writer.flush().map_err(SnapshotError::Parquet)?;
        let rows = self.writer.flushed_row_groups().iter().map(|group| group.num_rows());
        Ok(rows.map(i64::unsigned_abs).sum())
    }

    /// Ends the object, and adds these fields to its metadata.
    ///
    /// # Errors
    /// If the rest cannot be written.
    pub(super) fn finish(
        mut self,
        fields: impl Iterator<Item = (&'static str, String)>,
    ) -> Result<Snapshot, SnapshotError> {
        let rows = self.encoded_rows()?;
        for (name, value) in fields {
            self.writer.append_key_value_metadata(KeyValue::new(name.to_owned(), value));
        }
        let (bytes, sha256) = self
            .writer
            .into_inner()
            .map_err(SnapshotError::Parquet)?
            .finish()
            .map_err(SnapshotError::TemporaryFile)?;
        Ok(Snapshot { file: self.file, bytes, sha256, rows })
    }
}

impl Snapshot {
    /// Returns the path of the object until it is stored.
    pub fn path(&self) -> &Path {
        self.file.path()
    }
}

fn writer_properties(columns: &[Column], identity: &Identity) -> WriterProperties {
    let without_dictionary = columns.iter().filter(|column| !column.repeats);
    let builder = without_dictionary.fold(properties(), |builder, column| {
        builder.set_column_dictionary_enabled(ColumnPath::from(column.name), false)
    });
    builder
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_key_value_metadata(Some(metadata(identity)))
        .build()
}

/// Returns the properties that the objects of all tables share.
pub(super) fn properties() -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        // Without it lists and maps bear Arrow's names instead of the Parquet standard's.
        .set_coerce_types(true)
}

/// Returns the key-value metadata: the versions, and `more`.
pub(super) fn metadata(more: &[(&str, String)]) -> Vec<KeyValue> {
    let versions =
        [("schema_version", SCHEMA_VERSION.to_owned()), ("tool_version", crate::TOOL_VERSION.to_owned())];
    let all = versions.iter().chain(more);
    all.map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone())).collect()
}

/// A file that hashes and counts the bytes that it is given, so that nothing is read again.
struct HashingWriter {
    file: BufWriter<File>,
    sha256: Sha256,
    bytes: u64,
}

impl HashingWriter {
    fn new(file: File) -> HashingWriter {
        HashingWriter { file: BufWriter::new(file), sha256: Sha256::new(), bytes: 0 }
    }

    fn finish(mut self) -> io::Result<(u64, [u8; 32])> {
        self.file.flush()?;
        Ok((self.bytes, self.sha256.finalize().into()))
    }
}

impl Write for HashingWriter {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.write_all(buffer).map(|()| buffer.len())
    }

    fn write_all(&mut self, buffer: &[u8]) -> io::Result<()> {
        self.file.write_all(buffer)?;
        self.sha256.update(buffer);
        self.bytes += buffer.len() as u64;
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
