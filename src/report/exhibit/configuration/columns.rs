//! The rows of `endpoints`, `authorization_rules` and `routes` as values to compare. The rules are those of
//! `sql_fragments/configuration.sql`.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMillisecondType};
use arrow_array::{Array, ArrayRef, MapArray, RecordBatch, StringArray};
use jiff::Timestamp;

use crate::lake::parquet::RowsError;

/// The columns of a batch, as texts.
pub(super) struct TextColumns<'a> {
    batch: &'a RecordBatch,
    unparsed: Option<(&'a MapArray, &'a StringArray, &'a StringArray)>,
}

const UNPARSED: &str = "unparsed";

impl<'a> TextColumns<'a> {
    pub(super) fn new(batch: &'a RecordBatch) -> Result<TextColumns<'a>, RowsError> {
        let wrong = || RowsError::ColumnType(UNPARSED);
        let unparsed = batch.column_by_name(UNPARSED).map(|column| {
            let map = column.as_map_opt().ok_or_else(wrong)?;
            let texts = |array: &'a ArrayRef| array.as_string_opt::<i32>().ok_or_else(wrong);
            Ok::<_, RowsError>((map, texts(map.keys())?, texts(map.values())?))
        });
        Ok(TextColumns { batch, unparsed: unparsed.transpose()? })
    }

    /// Returns `unparsed` of a row.
    pub(super) fn unparsed(&self, row: usize) -> BTreeMap<&'a str, &'a str> {
        let Some((map, keys, values)) = self.unparsed else { return BTreeMap::new() };
        if map.is_null(row) {
            return BTreeMap::new();
        }
        entries(map, row).map(|at| (keys.value(at), values.value(at))).collect()
    }

    /// Returns a time of a row; `None` for null.
    pub(super) fn time(&self, name: &'static str, row: usize) -> Result<Option<Timestamp>, RowsError> {
        let Some(column) = self.batch.column_by_name(name) else { return Ok(None) };
        let times =
            column.as_primitive_opt::<TimestampMillisecondType>().ok_or(RowsError::ColumnType(name))?;
        if times.is_null(row) {
            return Ok(None);
        }
        Timestamp::from_millisecond(times.value(row)).map(Some).or(Err(RowsError::Value(name)))
    }

    /// Returns a value of a row as text: times in UTC, lists and maps as JSON in alphabetical order. The outer `None` is for a column
    /// that the object does not have.
    pub(super) fn text(&self, name: &'static str, row: usize) -> Result<Option<Option<String>>, RowsError> {
        let Some(column) = self.batch.column_by_name(name) else { return Ok(None) };
        if column.is_null(row) {
            return Ok(Some(None));
        }
        let text = if let Some(texts) = column.as_string_opt::<i32>() {
            texts.value(row).to_owned()
        } else if let Some(flags) = column.as_boolean_opt() {
            flags.value(row).to_string()
        } else if let Some(numbers) = column.as_primitive_opt::<Int64Type>() {
            numbers.value(row).to_string()
        } else if let Some(lists) = column.as_list_opt::<i32>() {
            let list = lists.value(row);
            let list = list.as_string_opt::<i32>().ok_or(RowsError::ColumnType(name))?;
            let mut list: Vec<&str> = list.iter().flatten().collect();
            list.sort_unstable();
            serde_json::json!(list).to_string()
        } else if let Some(map) = column.as_map_opt() {
            let texts = |array: &'a ArrayRef| array.as_string_opt::<i32>().ok_or(RowsError::ColumnType(name));
            let (keys, values) = (texts(map.keys())?, texts(map.values())?);
            let map: BTreeMap<_, _> =
                entries(map, row).map(|at| (keys.value(at), values.value(at))).collect();
            serde_json::json!(map).to_string()
        } else {
            return self.time(name, row).map(|time| Some(time.map(|time| format!("{time:.3}"))));
        };
        Ok(Some(Some(text)))
    }

    /// Returns a text of a row; `None` for null, and if the object does not have the column.
    pub(super) fn any_text(&self, name: &'static str, row: usize) -> Result<Option<String>, RowsError> {
        self.text(name, row).map(Option::flatten)
    }

    /// Returns the id of the endpoint of a row.
    pub(super) fn endpoint_id(&self, row: usize) -> Result<Option<String>, RowsError> {
        self.any_text("endpoint_id", row)
    }
}

/// Returns the positions of the entries of a map.
fn entries(map: &MapArray, row: usize) -> std::ops::Range<usize> {
    let of = |index: usize| map.value_offsets().get(index).and_then(|at| usize::try_from(*at).ok());
    of(row).unwrap_or(0)..of(row + 1).unwrap_or(0)
}
