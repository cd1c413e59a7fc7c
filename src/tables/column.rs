//! The description of a column. Arrow schemas, Glue columns, `docs/schema.md` and the tests follow from the lists of columns of
//! each table. Columns are only ever added, and are nullable; readers find them by name.

use std::sync::Arc;

use arrow_array::builder::{MapBuilder, MapFieldNames, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

/// Version of the schema, in each object's key-value metadata. It increases when a column is added.
pub const SCHEMA_VERSION: &str = "1";

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// UTC, `TIMESTAMP(MILLIS, isAdjustedToUTC=true)`; Athena reads `timestamp(3)`.
    Timestamp,
    /// UTF-8 text.
    String,
    /// A signed 64-bit integer.
    Bigint,
    /// True or false.
    Boolean,
    /// A list of texts.
    StringList,
    /// A map from text to text.
    StringMap,
}

/// One column of the lake.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Name, as queries use it.
    pub name: &'static str,
    /// Type.
    pub column_type: ColumnType,
    /// The field of `DescribeClientVpnConnections` that it comes from; `None` if the capture itself adds it.
    pub source: Option<&'static str>,
    /// Its meaning, with its unit.
    pub doc: &'static str,
    /// The meaning of null; `None` if it is never null.
    pub null: Option<&'static str>,
    /// `true` if most values of a snapshot occur more than once. If not, a dictionary takes more time and space than the values.
    pub repeats: bool,
}

/// Describes a column whose values repeat.
pub(super) const fn column(
    name: &'static str,
    column_type: ColumnType,
    source: Option<&'static str>,
    doc: &'static str,
    null: Option<&'static str>,
) -> Column {
    Column { name, column_type, source, doc, null, repeats: true }
}

/// Returns the Arrow schema of a table's columns. Lists and maps use the names of the Parquet standard.
pub fn arrow_schema(columns: &[Column]) -> SchemaRef {
    let field = |column: &Column| Field::new(column.name, column.column_type.arrow(), column.null.is_some());
    Arc::new(Schema::new(columns.iter().map(field).collect::<Fields>()))
}

/// Puts each array into the column of its name.
///
/// # Errors
/// If a column has no array or more than one, an array has no column, or an array does not have the column's type.
pub(crate) fn record_batch(
    schema: SchemaRef,
    arrays: &[(&str, ArrayRef)],
) -> Result<RecordBatch, ArrowError> {
    let array_of = |column: &Arc<Field>| {
        let mut named = arrays.iter().filter(|(name, _)| name == column.name());
        match (named.next(), named.next()) {
            (Some((_, array)), None) => Ok(array.clone()),
            (None, _) => Err(ArrowError::SchemaError(format!("no array of the column {}", column.name()))),
            (Some(_), Some(_)) => {
                Err(ArrowError::SchemaError(format!("two arrays of the column {}", column.name())))
            }
        }
    };
    let columns = schema.fields().iter().map(array_of).collect::<Result<Vec<ArrayRef>, ArrowError>>()?;
    if let Some((name, _)) = arrays.iter().find(|(name, _)| schema.field_with_name(name).is_err()) {
        return Err(ArrowError::SchemaError(format!("no column of the array {name}")));
    }
    RecordBatch::try_new(schema, columns)
}

impl ColumnType {
    fn arrow(self) -> DataType {
        match self {
            ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
            ColumnType::String => DataType::Utf8,
            ColumnType::Bigint => DataType::Int64,
            ColumnType::Boolean => DataType::Boolean,
            ColumnType::StringList => DataType::List(list_element()),
            ColumnType::StringMap => {
                let entries = Fields::from(vec![map_key(), map_value()]);
                DataType::Map(Arc::new(Field::new_struct(MAP_ENTRY, entries, false)), false)
            }
        }
    }

    /// Returns the type as Athena's DDL writes it.
    pub fn athena(self) -> &'static str {
        match self {
            ColumnType::Timestamp => "timestamp",
            ColumnType::String => "string",
            ColumnType::Bigint => "bigint",
            ColumnType::Boolean => "boolean",
            ColumnType::StringList => "array<string>",
            ColumnType::StringMap => "map<string,string>",
        }
    }
}

const MAP_ENTRY: &str = "key_value";

pub(crate) fn list_element() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Utf8, false))
}

fn map_key() -> Arc<Field> {
    Arc::new(Field::new("key", DataType::Utf8, false))
}

fn map_value() -> Arc<Field> {
    Arc::new(Field::new("value", DataType::Utf8, false))
}

/// Returns a builder of a column of maps from text to text, with the names of the Parquet standard.
pub(crate) fn map_builder() -> MapBuilder<StringBuilder, StringBuilder> {
    let names = MapFieldNames {
        entry: MAP_ENTRY.to_owned(),
        key: map_key().name().clone(),
        value: map_value().name().clone(),
    };
    MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new())
        .with_keys_field(map_key())
        .with_values_field(map_value())
}

#[cfg(test)]
mod tests {
    use arrow_array::{Int64Array, StringArray};

    use super::*;

    #[test]
    fn arrays_are_placed_by_name_and_one_that_is_missing_is_named() {
        let columns = [
            column("first", ColumnType::String, None, "", Some("")),
            column("second", ColumnType::String, None, "", Some("")),
        ];
        let text = |text: &str| Arc::new(StringArray::from(vec![text])) as ArrayRef;
        let number = Arc::new(Int64Array::from(vec![1])) as ArrayRef;
        let batch = |arrays: &[(&str, ArrayRef)]| {
            let batch = record_batch(arrow_schema(&columns), arrays).map_err(|error| error.to_string());
            batch.map(|batch| format!("{:?}", batch.column(0)).contains('a'))
        };
        assert_eq!(batch(&[("second", text("b")), ("first", text("a"))]), Ok(true));
        for (case, arrays, named) in [
            ("none", vec![("first", text("a"))], "no array of the column second"),
            (
                "two",
                vec![("first", text("a")), ("first", text("b")), ("second", text("c"))],
                "two arrays of the column first",
            ),
            (
                "another",
                vec![("first", text("a")), ("second", text("b")), ("third", text("c"))],
                "no column of the array third",
            ),
            ("another type", vec![("first", number), ("second", text("b"))], "column types must match"),
        ] {
            let error = batch(&arrays).unwrap_err();
            assert!(error.contains(named), "{case}: {error}");
        }
    }
}
