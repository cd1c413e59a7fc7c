//! Compares the bytes of an object with its footer: nothing exists beside the parts that the footer names, and if bytes are
//! known, pages are in the places that it names.

use std::io::Cursor;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use parquet::column::page::PageReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;

/// Bytes at the beginning of a Parquet file.
const MAGIC: &[u8] = b"PAR1";

/// The parts of an object that were read.
#[derive(Debug, Clone, Copy)]
pub struct Ends<'a> {
    /// Its size in bytes.
    pub bytes: u64,
    /// Its first bytes.
    pub head: &'a [u8],
    /// Its last bytes.
    pub tail: &'a [u8],
}

impl<'a> Ends<'a> {
    /// Returns the parts of an object of which every byte is known.
    pub fn of_all(object: &'a [u8]) -> Ends<'a> {
        Ends { bytes: object.len() as u64, head: object, tail: object }
    }

    /// Returns the beginning of the tail.
    fn tail_begin(&self) -> u64 {
        self.bytes.saturating_sub(self.tail.len() as u64)
    }
}

/// Returns the number of rows of an object whose footer begins at `footer_begin`; `None` if the object contradicts its footer.
///
/// The columns and their indexes must follow one another from the magic to the footer without a gap, row groups must have as
/// many rows as the object, and each column as many values as its pages. Pages before the tail are not checked; of the others,
/// headers are read, and no value.
pub(super) fn rows(metadata: &ParquetMetaData, ends: Ends<'_>, footer_begin: u64) -> Option<u64> {
    let groups = metadata.row_groups();
    let mut rows = 0_u64;
    for group in groups {
        rows = rows.checked_add(u64::try_from(group.num_rows()).ok()?)?;
    }
    let is_parquet =
        ends.head.starts_with(MAGIC) && metadata.file_metadata().num_rows().try_into() == Ok(rows);
    let is_filled = is_parquet && is_filled(groups, MAGIC.len() as u64..footer_begin)?;
    let known = Arc::new(KnownBytes { bytes: Bytes::copy_from_slice(ends.tail), begin: ends.tail_begin() });
    let columns = groups.iter().flat_map(RowGroupMetaData::columns);
    let mut columns = columns.filter(|column| column.byte_range().0 >= known.begin);
    (is_filled && columns.all(|column| has_its_pages(column, &known).unwrap_or(false))).then_some(rows)
}

/// Returns `true` if the parts that the footer names fill `room` without gap or overlap; `None` if that cannot be determined.
fn is_filled(groups: &[RowGroupMetaData], room: Range<u64>) -> Option<bool> {
    let mut parts = Vec::new();
    for column in groups.iter().flat_map(RowGroupMetaData::columns) {
        let begin = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
        parts.push((begin, Some(column.compressed_size())));
        let more = [
            (column.offset_index_offset(), column.offset_index_length()),
            (column.column_index_offset(), column.column_index_length()),
            (column.bloom_filter_offset(), column.bloom_filter_length()),
        ];
        parts.extend(more.into_iter().filter_map(|(begin, length)| Some((begin?, length.map(i64::from)))));
    }
    parts.sort_unstable();
    let mut end = room.start;
    for (begin, length) in parts {
        if u64::try_from(begin).ok()? != end {
            return Some(false);
        }
        end = end.checked_add(u64::try_from(length?).ok()?)?;
    }
    Some(end == room.end)
}

/// Returns `true` if the pages of a column have as many values as the column.
fn has_its_pages(column: &ColumnChunkMetaData, known: &Arc<KnownBytes>) -> Result<bool, ParquetError> {
    let mut pages = SerializedPageReader::new(known.clone(), column, 0, None)?;
    let mut values = 0_usize;
    while let Some(page) = pages.peek_next_page()? {
        values = values.saturating_add(page.num_levels.or(page.num_rows).unwrap_or(0));
        pages.skip_next_page()?;
    }
    Ok(usize::try_from(column.num_values()) == Ok(values))
}

/// The last bytes of an object, at their places in it.
struct KnownBytes {
    bytes: Bytes,
    begin: u64,
}

impl KnownBytes {
    fn from(&self, start: u64) -> Result<Bytes, ParquetError> {
        let start = start.checked_sub(self.begin).and_then(|start| usize::try_from(start).ok());
        let start = start.filter(|&start| start <= self.bytes.len());
        let start = start.ok_or_else(|| ParquetError::EOF("beyond the bytes that are known".to_owned()))?;
        Ok(self.bytes.slice(start..))
    }
}

impl Length for KnownBytes {
    fn len(&self) -> u64 {
        self.begin.saturating_add(self.bytes.len() as u64)
    }
}

impl ChunkReader for KnownBytes {
    type T = Cursor<Bytes>;

    fn get_read(&self, start: u64) -> Result<Cursor<Bytes>, ParquetError> {
        self.from(start).map(Cursor::new)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let bytes = self.from(start)?;
        if length <= bytes.len() {
            Ok(bytes.slice(..length))
        } else {
            Err(ParquetError::EOF("beyond the bytes that are known".to_owned()))
        }
    }
}
