//! The columns of a table that are fields of AWS's answers. [`typed_fields!`] describes each of them once. The raw and the typed
//! row, the decoder's names, the typing and the Arrow arrays follow from that, by the column's name and never by its position.

use std::borrow::Cow;

use arrow_array::builder::{ArrayBuilder, Int64Builder, StringBuilder, TimestampMillisecondBuilder};
use arrow_array::{Array, Int64Array, StringArray, TimestampMillisecondArray};
use jiff::Timestamp;

use super::column::ColumnType;
use super::typing::placeholder::{said, stated};
use super::typing::unparsed::Unparsed;
use super::typing::{counter, timestamp, typed};

/// A kind of field: the conversion of its text to a value, and of a page's values to an array.
pub trait FieldKind {
    /// The type of the column.
    const COLUMN_TYPE: ColumnType;
    /// The meaning of null.
    const NULL: &'static str;
    /// `true` if most values of a snapshot occur more than once, so a dictionary of them saves space.
    const REPEATS: bool;
    /// A value.
    type Value<'a>;
    /// Builder of an array.
    type Builder: ArrayBuilder;
    /// The values of a page.
    type Array: Array + Clone + 'static;

    /// Returns an empty builder.
    fn builder() -> Self::Builder;

    /// Types a text; one that cannot be typed exactly goes to `unparsed` under the name of the field.
    fn read<'a>(
        unparsed: &mut Unparsed<'a>,
        field: &'static str,
        text: Option<Cow<'a, str>>,
    ) -> Option<Self::Value<'a>>;

    /// Appends a value.
    fn append(builder: &mut Self::Builder, value: Option<&Self::Value<'_>>);

    /// Returns the values that were appended.
    fn finish(builder: Self::Builder) -> Self::Array;

    /// Returns `length` values from `offset` on.
    fn slice(array: &Self::Array, offset: usize, length: usize) -> Self::Array;
}

/// A text that differs in most rows, such as a name or an address.
#[derive(Debug)]
pub struct Text;

/// A text with few different values, such as a status.
#[derive(Debug)]
pub struct Word;

/// A text that differs in most rows, of a source that writes `NA` for no value.
#[derive(Debug)]
pub struct EventText;

/// A text with few different values, of a source that writes `NA` for no value.
#[derive(Debug)]
pub struct EventWord;

/// A time.
#[derive(Debug)]
pub struct Time;

/// A count of bytes or packets, or another whole number that is not negative.
#[derive(Debug)]
pub struct Count;

/// Rows for which a builder has room at first, those of most pages, and the bytes of each text.
const PAGE_ROWS: usize = 1_024;
const TEXT_BYTES: usize = 16;

const NO_TEXT: &str = "absent, empty or `-`";
const NO_WORD: &str = "absent or a placeholder (empty, `-`, `NA`, `N/A`)";
const NO_VALUE: &str = "absent, a placeholder (empty, `-`, `NA`, `N/A`), or in `unparsed`";

macro_rules! kind_of_text {
    ($kind:ident, repeats: $repeats:literal, null: $null:ident, value: $value:ident) => {
        impl FieldKind for $kind {
            const COLUMN_TYPE: ColumnType = ColumnType::String;
            const NULL: &'static str = $null;
            const REPEATS: bool = $repeats;
            type Value<'a> = Cow<'a, str>;
            type Builder = StringBuilder;
            type Array = StringArray;

            fn builder() -> StringBuilder {
                StringBuilder::with_capacity(PAGE_ROWS, PAGE_ROWS * TEXT_BYTES)
            }

            fn read<'a>(
                unparsed: &mut Unparsed<'a>,
                field: &'static str,
                text: Option<Cow<'a, str>>,
            ) -> Option<Cow<'a, str>> {
                unparsed.column(field, $value(text)?)
            }

            fn append(builder: &mut StringBuilder, value: Option<&Cow<'_, str>>) {
                builder.append_option(value.map(Cow::as_ref));
            }

            fn finish(mut builder: StringBuilder) -> StringArray {
                builder.finish()
            }

            fn slice(array: &StringArray, offset: usize, length: usize) -> StringArray {
                array.slice(offset, length)
            }
        }
    };
}

kind_of_text!(Text, repeats: false, null: NO_TEXT, value: said);
kind_of_text!(Word, repeats: true, null: NO_TEXT, value: said);
kind_of_text!(EventText, repeats: false, null: NO_WORD, value: stated);
kind_of_text!(EventWord, repeats: true, null: NO_WORD, value: stated);

impl FieldKind for Time {
    const COLUMN_TYPE: ColumnType = ColumnType::Timestamp;
    const NULL: &'static str = NO_VALUE;
    const REPEATS: bool = true;
    type Value<'a> = Timestamp;
    type Builder = TimestampMillisecondBuilder;
    type Array = TimestampMillisecondArray;

    fn builder() -> TimestampMillisecondBuilder {
        TimestampMillisecondBuilder::with_capacity(PAGE_ROWS).with_timezone("UTC")
    }

    fn read<'a>(
        unparsed: &mut Unparsed<'a>,
        field: &'static str,
        text: Option<Cow<'a, str>>,
    ) -> Option<Timestamp> {
        typed(unparsed, field, text, |text| timestamp::read(text, b' '))
    }

    fn append(builder: &mut TimestampMillisecondBuilder, value: Option<&Timestamp>) {
        builder.append_option(value.map(|time| time.as_millisecond()));
    }

    fn finish(mut builder: TimestampMillisecondBuilder) -> TimestampMillisecondArray {
        builder.finish()
    }

    fn slice(array: &TimestampMillisecondArray, offset: usize, length: usize) -> TimestampMillisecondArray {
        array.slice(offset, length)
    }
}

impl FieldKind for Count {
    const COLUMN_TYPE: ColumnType = ColumnType::Bigint;
    const NULL: &'static str = NO_VALUE;
    const REPEATS: bool = false;
    type Value<'a> = i64;
    type Builder = Int64Builder;
    type Array = Int64Array;

    fn builder() -> Int64Builder {
        Int64Builder::with_capacity(PAGE_ROWS)
    }

    fn read<'a>(unparsed: &mut Unparsed<'a>, field: &'static str, text: Option<Cow<'a, str>>) -> Option<i64> {
        typed(unparsed, field, text, counter::read)
    }

    fn append(builder: &mut Int64Builder, value: Option<&i64>) {
        builder.append_option(value.copied());
    }

    fn finish(mut builder: Int64Builder) -> Int64Array {
        builder.finish()
    }

    fn slice(array: &Int64Array, offset: usize, length: usize) -> Int64Array {
        array.slice(offset, length)
    }
}

/// Describes the fields of a table, each as `column: Kind, "field of the API", "meaning";`. Defines the raw row, the typed row,
/// the table's columns, and the builders and arrays of a page. Adds the fields of the rows and the columns that are written out.
macro_rules! typed_fields {
    (
        $(#[$raw_doc:meta])* $raw:ident { $($raw_fields:tt)* }
        $(#[$typed_doc:meta])* $typed:ident { $($typed_fields:tt)* }
        $(#[$columns_doc:meta])* $columns:ident {
            before { $($before:expr,)* }
            fields { $($column:ident: $kind:ident, $field:literal, $meaning:literal;)+ }
            after { $($after:expr,)* }
        }
        $builders:ident, $arrays:ident
    ) => {
        $(#[$raw_doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct $raw<'a> {
            $(#[doc = concat!("`", $field, "`")] pub $column: Option<Cow<'a, str>>,)+
            $($raw_fields)*
        }

        impl<'a> $raw<'a> {
            /// Returns the text of an element by its path, such as `status.code`; `None` if the element has no column.
            pub fn text_mut(&mut self, path: &str) -> Option<&mut Option<Cow<'a, str>>> {
                match path {
                    $($field => Some(&mut self.$column),)+
                    _ => None,
                }
            }

            /// Takes the texts and types them.
            pub(super) fn typed(&mut self, unparsed: &mut Unparsed<'a>) -> $typed<'a> {
                $typed {
                    $($column: <$kind as FieldKind>::read(unparsed, $field, self.$column.take()),)+
                    ..$typed::default()
                }
            }
        }

        $(#[$typed_doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct $typed<'a> {
            $(#[doc = $meaning] pub $column: Option<<$kind as FieldKind>::Value<'a>>,)+
            $($typed_fields)*
        }

        $(#[$columns_doc])*
        pub const $columns: &[Column] = &[
            $($before,)*
            $(Column {
                name: stringify!($column),
                column_type: <$kind as FieldKind>::COLUMN_TYPE,
                source: Some($field),
                doc: $meaning,
                null: Some(<$kind as FieldKind>::NULL),
                repeats: <$kind as FieldKind>::REPEATS,
            },)+
            $($after,)*
        ];

        /// Builders of the columns of the fields.
        #[derive(Debug)]
        pub(super) struct $builders {
            $($column: <$kind as FieldKind>::Builder,)+
        }

        impl $builders {
            pub(super) fn new() -> $builders {
                $builders { $($column: <$kind as FieldKind>::builder(),)+ }
            }

            pub(super) fn append(&mut self, row: &$typed<'_>) {
                $(<$kind as FieldKind>::append(&mut self.$column, row.$column.as_ref());)+
            }

            pub(super) fn finish(self) -> $arrays {
                $arrays { $($column: <$kind as FieldKind>::finish(self.$column),)+ }
            }
        }

        /// The columns of the fields, as arrays.
        #[derive(Debug, Clone)]
        pub(super) struct $arrays {
            $(pub(super) $column: <$kind as FieldKind>::Array,)+
        }

        impl $arrays {
            #[allow(dead_code, reason = "only connections are read in parts of a page")]
            pub(super) fn slice(&self, offset: usize, length: usize) -> $arrays {
                $arrays { $($column: <$kind as FieldKind>::slice(&self.$column, offset, length),)+ }
            }

            /// Returns each array with the name of its column.
            pub(super) fn named(&self) -> Vec<(&'static str, ArrayRef)> {
                vec![$((stringify!($column), Arc::new(self.$column.clone()) as ArrayRef),)+]
            }
        }
    };
}

pub(super) use typed_fields;
