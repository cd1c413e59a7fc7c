//! The tables with the configuration of endpoints: each column that is a field of AWS's answers is described once, in
//! `configuration_fields!`. The raw and the typed row, the decoder's names, the typing and the Arrow arrays follow from that.
//! The rows own their values: a listing of them is small, and outlives the answer that it came in.

pub mod endpoint_row;
pub(in crate::tables) mod object;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, ListBuilder, MapBuilder, StringBuilder};
use arrow_array::{ArrayRef, Int64Array, StringArray, TimestampMillisecondArray};
use jiff::Timestamp;

use super::column::{Column, ColumnType, list_element, map_builder};
use super::typing::unparsed::Unparsed;
use super::typing::{TextMeaning, counter, timestamp, typed};
use super::unknown::Unknown;
use super::xml::DecodeError;
use super::xml::document::Document;
use super::xml::fields::{fields, keep, text};
use crate::snapshot_time::SnapshotTime;
use crate::target::EndpointId;

/// A row of a table with configuration.
pub trait ConfigurationRow {
    /// The columns of the table.
    const COLUMNS: &'static [Column];

    /// Returns the values of each column, with its name.
    fn arrays(snapshot_time: SnapshotTime, rows: &[Self]) -> Vec<(&'static str, ArrayRef)>
    where
        Self: Sized;
}

/// A kind of field: the conversion of its text to a value, and of the values to an array.
pub trait OwnedKind {
    /// The type of the column.
    const COLUMN_TYPE: ColumnType;
    /// The meaning of null.
    const NULL: &'static str;
    /// A value.
    type Value;

    /// Types a text; one that cannot be typed exactly goes to `unparsed` under the name of the field.
    fn read<'a>(
        unparsed: &mut Unparsed<'a>,
        field: &'static str,
        text: Option<Cow<'a, str>>,
    ) -> Option<Self::Value>;

    /// Returns the values as an array.
    fn array<'r>(values: impl Iterator<Item = Option<&'r Self::Value>>) -> ArrayRef
    where
        Self::Value: 'r;
}

/// A text.
#[derive(Debug)]
pub struct OwnedText;

/// A time, as RFC 3339 writes it.
#[derive(Debug)]
pub struct OwnedTime;

/// A whole number that is not negative.
#[derive(Debug)]
pub struct Number;

/// `true` or `false`.
#[derive(Debug)]
pub struct Flag;

/// The id of an endpoint.
#[derive(Debug)]
pub struct Id;

const NO_TEXT: &str = "AWS sent no value";
const NO_VALUE: &str = "AWS sent no value, or in `unparsed`";

impl OwnedKind for OwnedText {
    const COLUMN_TYPE: ColumnType = ColumnType::String;
    const NULL: &'static str = NO_TEXT;
    type Value = String;

    fn read<'a>(
        unparsed: &mut Unparsed<'a>,
        field: &'static str,
        text: Option<Cow<'a, str>>,
    ) -> Option<String> {
        unparsed.column(field, text?).map(Cow::into_owned)
    }

    fn array<'r>(values: impl Iterator<Item = Option<&'r String>>) -> ArrayRef {
        Arc::new(values.collect::<StringArray>())
    }
}

impl OwnedKind for OwnedTime {
    const COLUMN_TYPE: ColumnType = ColumnType::Timestamp;
    const NULL: &'static str = NO_VALUE;
    type Value = Timestamp;

    fn read<'a>(
        unparsed: &mut Unparsed<'a>,
        field: &'static str,
        text: Option<Cow<'a, str>>,
    ) -> Option<Timestamp> {
        typed(unparsed, field, text, |text| timestamp::read(text, b'T'))
    }

    fn array<'r>(values: impl Iterator<Item = Option<&'r Timestamp>>) -> ArrayRef {
        let millis = values.map(|time| time.map(|time| time.as_millisecond()));
        Arc::new(millis.collect::<TimestampMillisecondArray>().with_timezone("UTC"))
    }
}

impl OwnedKind for Number {
    const COLUMN_TYPE: ColumnType = ColumnType::Bigint;
    const NULL: &'static str = NO_VALUE;
    type Value = i64;

    fn read<'a>(unparsed: &mut Unparsed<'a>, field: &'static str, text: Option<Cow<'a, str>>) -> Option<i64> {
        exact(unparsed, field, text, counter::read)
    }

    fn array<'r>(values: impl Iterator<Item = Option<&'r i64>>) -> ArrayRef {
        Arc::new(values.map(Option::<&i64>::copied).collect::<Int64Array>())
    }
}

impl OwnedKind for Flag {
    const COLUMN_TYPE: ColumnType = ColumnType::Boolean;
    const NULL: &'static str = NO_VALUE;
    type Value = bool;

    fn read<'a>(
        unparsed: &mut Unparsed<'a>,
        field: &'static str,
        text: Option<Cow<'a, str>>,
    ) -> Option<bool> {
        exact(unparsed, field, text, boolean)
    }

    fn array<'r>(values: impl Iterator<Item = Option<&'r bool>>) -> ArrayRef {
        let mut builder = BooleanBuilder::new();
        values.for_each(|value| builder.append_option(value.copied()));
        Arc::new(builder.finish())
    }
}

impl OwnedKind for Id {
    const COLUMN_TYPE: ColumnType = ColumnType::String;
    const NULL: &'static str = "AWS sent no id of the API's form; what it sent is in `unparsed`";
    type Value = EndpointId;

    fn read<'a>(
        unparsed: &mut Unparsed<'a>,
        field: &'static str,
        text: Option<Cow<'a, str>>,
    ) -> Option<EndpointId> {
        let id = |text: &str| EndpointId::parse(text).map_or(TextMeaning::Unparsed, TextMeaning::Value);
        exact(unparsed, field, text, id)
    }

    fn array<'r>(values: impl Iterator<Item = Option<&'r EndpointId>>) -> ArrayRef {
        Arc::new(values.map(|id| id.map(EndpointId::as_str)).collect::<StringArray>())
    }
}

/// Returns the value of a text. Every text without a value goes to `unparsed`, even an empty one.
fn exact<'a, T>(
    unparsed: &mut Unparsed<'a>,
    field: &'static str,
    raw: Option<Cow<'a, str>>,
    read: impl Fn(&str) -> TextMeaning<T>,
) -> Option<T> {
    let raw = raw?;
    let reading = read(&raw);
    unparsed.read(field, raw, reading)
}

fn boolean(text: &str) -> TextMeaning<bool> {
    match text {
        "true" => TextMeaning::Value(true),
        "false" => TextMeaning::Value(false),
        _ => TextMeaning::Unparsed,
    }
}

/// A row as it was decoded, whose fields have paths, such as `status.code`.
pub(in crate::tables) trait RawFields<'a> {
    /// Returns `true` if the paths of some of its fields begin with `within`, which ends with a dot.
    fn is_structure(&self, within: &str) -> bool;

    /// Returns the text of the field with this path; `None` if there is no such field.
    fn text_mut(&mut self, path: &str) -> Option<&mut Option<Cow<'a, str>>>;
}

/// Reads the element that was entered last: a field, or a structure that has fields, or else an unknown element. `within` is the
/// path of the element around it, with a dot at its end.
pub(in crate::tables) fn field<'a, R: RawFields<'a>>(
    document: &mut Document<'a>,
    unknown: &mut Unknown<'a>,
    raw: &mut R,
    within: &str,
    name: &str,
) -> Result<(), DecodeError> {
    // An element may have a dot in its name, and is then not the field of that path.
    if name.contains('.') {
        return keep(document, unknown, within, name);
    }
    let path = format!("{within}{name}");
    if let Some(field) = raw.text_mut(&path) {
        return text(document, unknown, within, name, field);
    }
    let within_it = format!("{path}.");
    if !raw.is_structure(&within_it) {
        return keep(document, unknown, within, name);
    }
    fields(document, unknown, &within_it, |document, unknown, child| {
        field(document, unknown, raw, &within_it, child)
    })
}

/// Describes the fields of a table, each as `column: Kind, "path in the API", "meaning";`. Defines the raw row, the typed row and
/// the table's columns. Adds the fields of the rows and the columns that are written out.
macro_rules! configuration_fields {
    (
        $(#[$raw_doc:meta])* $raw:ident { $($raw_fields:tt)* }
        $(#[$row_doc:meta])* $row:ident { $($row_fields:tt)* }
        $(#[$columns_doc:meta])* $columns:ident {
            before { $($before:expr,)* }
            fields { $($column:ident: $kind:ident, $field:literal, $meaning:literal;)+ }
            after { $($after:expr,)* }
        }
    ) => {
        $(#[$raw_doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct $raw<'a> {
            $(#[doc = concat!("`", $field, "`")] pub $column: Option<Cow<'a, str>>,)+
            $($raw_fields)*
        }

        impl<'a> RawFields<'a> for $raw<'a> {
            fn is_structure(&self, within: &str) -> bool {
                [$($field,)+].iter().any(|path| path.starts_with(within))
            }

            fn text_mut(&mut self, path: &str) -> Option<&mut Option<Cow<'a, str>>> {
                match path {
                    $($field => Some(&mut self.$column),)+
                    _ => None,
                }
            }
        }

        impl<'a> $raw<'a> {
            /// Types the texts.
            #[allow(clippy::needless_update, reason = "only endpoints have other fields")]
            pub(super) fn typed(self, unparsed: &mut Unparsed<'a>) -> $row {
                $row {
                    $($column: <$kind as OwnedKind>::read(unparsed, $field, self.$column),)+
                    ..$row::default()
                }
            }
        }

        $(#[$row_doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
        pub struct $row {
            $(#[doc = $meaning] pub $column: Option<<$kind as OwnedKind>::Value>,)+
            $($row_fields)*
        }

        impl $row {
            /// Returns the columns of the fields, as arrays.
            pub(super) fn field_arrays(rows: &[&$row]) -> Vec<(&'static str, ArrayRef)> {
                vec![$((
                    stringify!($column),
                    <$kind as OwnedKind>::array(rows.iter().map(|row| row.$column.as_ref())),
                ),)+]
            }
        }

        $(#[$columns_doc])*
        pub const $columns: &[Column] = &[
            $($before,)*
            $(column(
                stringify!($column),
                <$kind as OwnedKind>::COLUMN_TYPE,
                Some($field),
                $meaning,
                Some(<$kind as OwnedKind>::NULL),
            ),)+
            $($after,)*
        ];
    };
}

pub(in crate::tables) use configuration_fields;

/// Returns a column of lists.
pub(super) fn lists<'r>(values: impl Iterator<Item = Option<&'r Vec<String>>>) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(list_element());
    values.for_each(|list| builder.append_option(list.map(|list| list.iter().map(Some))));
    Arc::new(builder.finish())
}

/// Returns a column of maps; an empty one is null.
pub(super) fn maps<'r>(values: impl Iterator<Item = &'r BTreeMap<String, String>>) -> ArrayRef {
    let mut builder = map_builder();
    values.for_each(|map| append_map(&mut builder, map));
    Arc::new(builder.finish())
}

fn append_map(builder: &mut MapBuilder<StringBuilder, StringBuilder>, map: &BTreeMap<String, String>) {
    for (key, value) in map {
        builder.keys().append_value(key);
        builder.values().append_value(value);
    }
    // It fails if keys and values differ in number, and here they come in pairs.
    let _ = builder.append(!map.is_empty());
}

/// Returns the entries of `unparsed` as texts of their own.
pub(super) fn owned(unparsed: Unparsed<'_>) -> BTreeMap<String, String> {
    let map = unparsed.into_map().into_iter();
    map.map(|(key, text)| (key.into_owned(), text.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use arrow_array::Array;
    use arrow_array::cast::AsArray;

    use super::*;

    #[test]
    fn a_map_has_its_entries_and_an_empty_one_is_null() {
        let mut builder = map_builder();
        append_map(&mut builder, &BTreeMap::new());
        append_map(
            &mut builder,
            &BTreeMap::from([("k", "v"), ("l", "w")].map(|(k, v)| (k.into(), v.into()))),
        );
        let maps = builder.finish();
        assert_eq!((maps.is_null(0), maps.is_null(1)), (true, false));
        let entries = maps.value(1);
        let texts = |column: usize| -> Vec<Option<&str>> {
            entries.column(column).as_string::<i32>().iter().collect()
        };
        assert_eq!((texts(0), texts(1)), (vec![Some("k"), Some("l")], vec![Some("v"), Some("w")]));
    }
}
