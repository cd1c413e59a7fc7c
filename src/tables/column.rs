//! The description of a column. Arrow schemas, Glue columns, `docs/schema.md` and the tests follow from the lists of columns of each
//! table. Columns are only ever added, nullable, at the end.

use std::sync::Arc;

use arrow_array::builder::{MapBuilder, MapFieldNames, StringBuilder};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

/// Version of the schema, in each object's key-value metadata. It grows when a column is added.
pub const SCHEMA_VERSION: &str = "1";

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// UTC, `TIMESTAMP(MILLIS, isAdjustedToUTC=true)`; Athena reads `timestamp(3)`.
    Timestamp,
    /// UTF-8 text.
    String,
    /// 64-bit signed.
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
    /// The field of `DescribeClientVpnConnections` that it comes from; none for what the capture itself adds.
    pub source: Option<&'static str>,
    /// Its meaning, with its unit.
    pub doc: &'static str,
    /// The meaning of null; `None` if it is never null.
    pub null: Option<&'static str>,
}

/// Describes a column.
pub(super) const fn column(
    name: &'static str,
    column_type: ColumnType,
    source: Option<&'static str>,
    doc: &'static str,
    null: Option<&'static str>,
) -> Column {
    Column { name, column_type, source, doc, null }
}

/// Returns the Arrow schema of a table's columns. Lists and maps bear the names of the Parquet standard.
pub fn arrow_schema(columns: &[Column]) -> SchemaRef {
    let field = |column: &Column| Field::new(column.name, column.column_type.arrow(), column.null.is_some());
    Arc::new(Schema::new(columns.iter().map(field).collect::<Fields>()))
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

    /// The type as Athena's DDL writes it.
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

/// Makes a column of maps from text to text, under the names of the Parquet standard.
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
