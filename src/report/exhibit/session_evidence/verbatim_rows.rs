//! The rows of an object that are about one connection, as they stand in it.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMillisecondType};
use arrow_array::{Array, ArrayRef, RecordBatch};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::lake::parquet::RowsError;
use crate::lake::store::Store;
use crate::report::exhibit::output_folder::time_value;
use crate::report::table_objects::TableObject;

/// Most rows of one object that are about one connection. A capture has one, and a window of the connection logs a few.
const MOST_ROWS: usize = 10_000;

/// A row of an object.
#[derive(Debug, Clone)]
pub(in crate::report::exhibit) struct VerbatimRow {
    /// The object.
    pub object_key: String,
    /// The values of the columns that were asked for, in that order; null also for a column that the object does not have.
    pub values: Vec<Value>,
}

/// Reads the rows of an object that have this id in the column `connection_id`.
///
/// # Errors
/// Returns the reason, in words, why the object could not be read.
pub(super) async fn read_rows(
    store: &Store,
    object: &TableObject,
    columns: &'static [&'static str],
    connection_id: &str,
) -> Result<Vec<VerbatimRow>, String> {
    let batches = object.read(store, columns).await?;
    let rows = batches.iter().map(|batch| rows_of(batch, columns, connection_id));
    let rows: Vec<Vec<Value>> =
        rows.collect::<Result<Vec<_>, RowsError>>().map_err(|error| error.to_string())?.concat();
    if rows.len() > MOST_ROWS {
        return Err(RowsError::Limit(format!("{MOST_ROWS} rows of one connection")).to_string());
    }
    let object_key = &object.found.key;
    Ok(rows.into_iter().map(|values| VerbatimRow { object_key: object_key.clone(), values }).collect())
}

fn rows_of(
    batch: &RecordBatch,
    columns: &'static [&'static str],
    connection_id: &str,
) -> Result<Vec<Vec<Value>>, RowsError> {
    const ID: &str = "connection_id";
    let Some(ids) = batch.column_by_name(ID) else { return Ok(Vec::new()) };
    let ids = ids.as_string_opt::<i32>().ok_or(RowsError::ColumnType(ID))?;
    let is_it = |row: &usize| ids.is_valid(*row) && ids.value(*row) == connection_id;
    let row_of = |row| {
        let values = columns.iter().map(|name| match batch.column_by_name(name) {
            Some(column) => value(column, row).ok_or(RowsError::ColumnType(name)),
            None => Ok(Value::Null),
        });
        values.collect()
    };
    (0..batch.num_rows()).filter(is_it).take(MOST_ROWS + 1).map(row_of).collect()
}

/// Returns a value as JSON; `None` if no column of the lake has its type.
fn value(column: &ArrayRef, row: usize) -> Option<Value> {
    if column.is_null(row) {
        return Some(Value::Null);
    }
    if let Some(texts) = column.as_string_opt::<i32>() {
        return Some(json!(texts.value(row)));
    }
    if let Some(numbers) = column.as_primitive_opt::<Int64Type>() {
        return Some(json!(numbers.value(row)));
    }
    if let Some(times) = column.as_primitive_opt::<TimestampMillisecondType>() {
        let time = Timestamp::from_millisecond(times.value(row));
        // A number beyond the years that can be written.
        return Some(time.map_or_else(|_| json!(times.value(row)), |time| time_value(Some(time))));
    }
    if let Some(flags) = column.as_boolean_opt() {
        return Some(json!(flags.value(row)));
    }
    if let Some(lists) = column.as_list_opt::<i32>() {
        let list = lists.value(row);
        return (0..list.len()).map(|at| value(&list, at)).collect::<Option<Vec<Value>>>().map(Value::Array);
    }
    let entries = column.as_map_opt()?.value(row);
    let (names, values) = (entries.columns().first()?.as_string_opt::<i32>()?, entries.columns().get(1)?);
    let entries = (0..entries.len()).map(|at| Some((names.value(at).to_owned(), value(values, at)?)));
    entries.collect::<Option<Map<String, Value>>>().map(Value::Object)
}
