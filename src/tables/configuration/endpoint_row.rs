//! The rows of a listing of one endpoint: its authorization rules, or its routes.

use std::collections::BTreeMap;

use arrow_array::ArrayRef;
use jiff::Timestamp;

use super::{ConfigurationRow, Id, OwnedKind, OwnedText, OwnedTime, RawFields, field, maps, owned};
use crate::snapshot_time::SnapshotTime;
use crate::tables::column::{Column, ColumnType, column};
use crate::tables::connections::rows::time;
use crate::tables::typing::unparsed::Unparsed;
use crate::tables::unknown::Unknown;
use crate::tables::xml::document::Document;
use crate::tables::xml::fields::row;
use crate::tables::xml::{Body, DecodeError, PageEnd, Shape, page};
use crate::target::EndpointId;

/// The columns of every listing of an endpoint that come before its own.
pub(in crate::tables) const SNAPSHOT_TIME: Column = column(
    "snapshot_time",
    ColumnType::Timestamp,
    None,
    "Time of the snapshot: the schedule's, whole seconds",
    None,
);
pub(in crate::tables) const CAPTURED_AT: Column =
    column("captured_at", ColumnType::Timestamp, None, "When the page that held the row arrived", None);
pub(in crate::tables) const REQUEST_ID: Column = column(
    "request_id",
    ColumnType::String,
    None,
    "EC2's request id of that page, the same id CloudTrail logs",
    Some("AWS sent none"),
);
pub(in crate::tables) const ENDPOINT_ID: Column =
    column("endpoint_id", ColumnType::String, Some(ENDPOINT_ID_FIELD), "The Client VPN endpoint", None);
/// The column that comes after them.
pub(in crate::tables) const UNPARSED: Column = column(
    "unparsed",
    ColumnType::StringMap,
    None,
    "API field name to the text that could not be typed, or to that of a field that has no column",
    Some("everything parsed"),
);

const ENDPOINT_ID_FIELD: &str = "clientVpnEndpointId";

/// The fields of a row that a listing has of its own.
pub trait EndpointFields: Default {
    /// The columns of the table.
    const COLUMNS: &'static [Column];
    /// The field that a row has once: with two, it would be two rows in one.
    const ONCE: &'static str;
    /// The row as it was decoded.
    type Raw<'a>: Default;

    /// Types a row.
    fn typed<'a>(raw: Self::Raw<'a>, unparsed: &mut Unparsed<'a>) -> Self;

    /// Returns the columns of the fields, as arrays.
    fn arrays(rows: &[&Self]) -> Vec<(&'static str, ArrayRef)>;
}

/// One row of a listing of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointRow<F> {
    /// The endpoint whose listing it is in.
    pub endpoint_id: EndpointId,
    /// EC2's request id of the page that listed it.
    pub request_id: Option<String>,
    /// Time at which that page arrived.
    pub captured_at: Timestamp,
    /// Its fields.
    pub fields: F,
    /// The API's field name to the text that could not be typed, or to that of a field that has no column.
    pub unparsed: BTreeMap<String, String>,
}

/// Reads a page of the listing of the endpoint `asked`. The time and the request id of its rows are not set yet.
pub(in crate::tables) fn rows<'a, F: EndpointFields>(
    body: &'a Body<'_>,
    shape: &'static Shape,
    asked: &EndpointId,
    mut each: impl FnMut(EndpointRow<F>) -> Result<(), DecodeError>,
) -> Result<PageEnd, DecodeError>
where
    F::Raw<'a>: RawFields<'a>,
{
    page(body, shape, |document| each(endpoint_row(document, asked)?))
}

fn endpoint_row<'a, F: EndpointFields>(
    document: &mut Document<'a>,
    asked: &EndpointId,
) -> Result<EndpointRow<F>, DecodeError>
where
    F::Raw<'a>: RawFields<'a>,
{
    let (mut raw, mut unknown, mut id) = (F::Raw::default(), Unknown::default(), None);
    row(document, &mut unknown, |document, unknown, name| match name {
        ENDPOINT_ID_FIELD => crate::tables::xml::fields::text(document, unknown, "", name, &mut id),
        _ if name == F::ONCE && raw.text_mut(name).is_some_and(|text| text.is_some()) => {
            Err(DecodeError::Malformed)
        }
        _ => field(document, unknown, &mut raw, "", name),
    })?;
    if let Some(id) = id.filter(|id| id != asked.as_str()) {
        unknown.push("", ENDPOINT_ID_FIELD, id);
    }
    let mut unparsed = Unparsed::new(document.is_odd());
    let fields = F::typed(raw, &mut unparsed);
    unparsed.keep(unknown);
    Ok(EndpointRow {
        endpoint_id: asked.clone(),
        request_id: None,
        captured_at: Timestamp::UNIX_EPOCH,
        fields,
        unparsed: owned(unparsed),
    })
}

impl<F: EndpointFields> ConfigurationRow for EndpointRow<F> {
    const COLUMNS: &'static [Column] = F::COLUMNS;

    fn arrays(snapshot_time: SnapshotTime, rows: &[EndpointRow<F>]) -> Vec<(&'static str, ArrayRef)> {
        let mut arrays = F::arrays(&rows.iter().map(|row| &row.fields).collect::<Vec<&F>>());
        arrays.extend([
            ("snapshot_time", time(snapshot_time.timestamp(), rows.len())),
            ("captured_at", OwnedTime::array(rows.iter().map(|row| Some(&row.captured_at)))),
            ("request_id", OwnedText::array(rows.iter().map(|row| row.request_id.as_ref()))),
            ("endpoint_id", Id::array(rows.iter().map(|row| Some(&row.endpoint_id)))),
            ("unparsed", maps(rows.iter().map(|row| &row.unparsed))),
        ]);
        arrays
    }
}

/// Implements [`EndpointFields`] for the row of `configuration_fields!`.
macro_rules! endpoint_fields {
    ($row:ident, $raw:ident, $columns:ident, once: $once:literal) => {
        impl EndpointFields for $row {
            const COLUMNS: &'static [Column] = $columns;
            const ONCE: &'static str = $once;
            type Raw<'a> = $raw<'a>;

            fn typed<'a>(raw: $raw<'a>, unparsed: &mut Unparsed<'a>) -> $row {
                raw.typed(unparsed)
            }

            fn arrays(rows: &[&$row]) -> Vec<(&'static str, ArrayRef)> {
                $row::field_arrays(rows)
            }
        }
    };
}

pub(in crate::tables) use endpoint_fields;
