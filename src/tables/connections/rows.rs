//! The rows of a page, laid out as the columns of the schema while they are read.

use std::sync::Arc;

use arrow_array::builder::{ArrayBuilder, ListBuilder, MapBuilder, StringBuilder};
use arrow_array::{
    Array, ArrayRef, ListArray, MapArray, RecordBatch, StringArray, TimestampMillisecondArray,
};
use arrow_schema::{ArrowError, SchemaRef};
use jiff::Timestamp;

use super::Connection;
use super::columns::{Arrays, Builders};
use crate::tables::column::{list_element, map_builder, record_batch};

/// Builder of connections in columns: those of the schema that a connection fills.
#[derive(Debug)]
pub struct RowsBuilder {
    fields: Builders,
    posture_compliance_statuses: ListBuilder<StringBuilder>,
    unparsed: MapBuilder<StringBuilder, StringBuilder>,
}

impl Default for RowsBuilder {
    fn default() -> RowsBuilder {
        RowsBuilder {
            fields: Builders::new(),
            posture_compliance_statuses: ListBuilder::new(StringBuilder::new()).with_field(list_element()),
            unparsed: map_builder(),
        }
    }
}

impl RowsBuilder {
    /// Appends one connection.
    pub fn append(&mut self, connection: &Connection<'_>) {
        self.fields.append(connection);
        let statuses = connection.posture_compliance_statuses.as_ref();
        self.posture_compliance_statuses.append_option(statuses.map(|statuses| statuses.iter().map(Some)));
        for (field, text) in &connection.unparsed {
            self.unparsed.keys().append_value(field);
            self.unparsed.values().append_value(text);
        }
        // It fails if keys and values differ in number, and here they come in pairs.
        let _ = self.unparsed.append(!connection.unparsed.is_empty());
    }

    /// Returns the number of values of the connections that are kept as text so far, and the bytes of their names and texts.
    pub fn unparsed_size(&mut self) -> (usize, usize) {
        let (keys, values) = self.unparsed.entries();
        (keys.len(), keys.values_slice().len() + values.values_slice().len())
    }

    /// Returns the connections that were appended.
    pub fn finish(mut self) -> Rows {
        Rows {
            fields: self.fields.finish(),
            posture_compliance_statuses: self.posture_compliance_statuses.finish(),
            unparsed: self.unparsed.finish(),
        }
    }
}

/// Connections in columns, in AWS's order.
#[derive(Debug, Clone)]
pub struct Rows {
    fields: Arrays,
    posture_compliance_statuses: ListArray,
    unparsed: MapArray,
}

impl Rows {
    /// Returns the number of connections.
    pub fn len(&self) -> usize {
        self.unparsed.len()
    }

    /// Returns `true` if there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the ids of the connections; `None` for a connection without an id.
    pub fn connection_ids(&self) -> impl Iterator<Item = Option<&str>> {
        self.fields.connection_id.iter()
    }

    /// Returns the number of connections that AWS calls active.
    pub fn active(&self) -> usize {
        self.fields.status_code.iter().filter(|code| *code == Some("active")).count()
    }

    /// Returns the number of values that are kept as text.
    pub fn unparsed_values(&self) -> usize {
        let offsets = self.unparsed.value_offsets();
        let end = |offset: Option<&i32>| offset.and_then(|&offset| usize::try_from(offset).ok()).unwrap_or(0);
        end(offsets.last()) - end(offsets.first())
    }

    /// Returns at most `room` connections after the first `skip`.
    pub fn slice(&self, skip: usize, room: usize) -> Rows {
        let skip = skip.min(self.len());
        let room = room.min(self.len() - skip);
        Rows {
            fields: self.fields.slice(skip, room),
            posture_compliance_statuses: self.posture_compliance_statuses.slice(skip, room),
            unparsed: self.unparsed.slice(skip, room),
        }
    }

    /// Returns all columns of `schema`.
    pub(crate) fn record_batch(
        &self,
        schema: SchemaRef,
        page: &PageColumns<'_>,
    ) -> Result<RecordBatch, ArrowError> {
        let rows = self.len();
        let mut columns = self.fields.named();
        columns.extend([
            ("snapshot_time", time(page.snapshot_time, rows)),
            ("captured_at", time(page.captured_at, rows)),
            ("request_id", text(page.request_id, rows)),
            ("endpoint_id", text(Some(page.endpoint_id), rows)),
            ("posture_compliance_statuses", Arc::new(self.posture_compliance_statuses.clone()) as ArrayRef),
            ("unparsed", Arc::new(self.unparsed.clone()) as ArrayRef),
        ]);
        record_batch(schema, &columns)
    }
}

/// The values that the rows of one page have in common.
pub(crate) struct PageColumns<'a> {
    pub snapshot_time: Timestamp,
    pub captured_at: Timestamp,
    pub request_id: Option<&'a str>,
    pub endpoint_id: &'a str,
}

pub(crate) fn time(time: Timestamp, rows: usize) -> ArrayRef {
    Arc::new(TimestampMillisecondArray::from_value(time.as_millisecond(), rows).with_timezone("UTC"))
}

pub(crate) fn text(text: Option<&str>, rows: usize) -> ArrayRef {
    match text {
        Some(text) => Arc::new(StringArray::new_repeated(text, rows)),
        None => Arc::new(StringArray::new_null(rows)),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;

    use super::*;
    use crate::tables::column::{ColumnType, arrow_schema};
    use crate::tables::connections::RawConnection;
    use crate::tables::connections::columns::COLUMNS;
    use crate::tables::connections::typing::normalise;
    use crate::target::EndpointId;

    const ENDPOINT: &str = "cvpn-endpoint-0123456789abcdef0";

    #[test]
    fn each_text_is_in_the_column_of_its_field() {
        let mut raw = RawConnection::default();
        let texts: Vec<_> = COLUMNS
            .iter()
            .filter(|column| column.column_type == ColumnType::String)
            .filter_map(|column| Some((column.name, column.source?)))
            .collect();
        for (_, field) in &texts {
            *raw.text_mut(field).unwrap() = Some((*field).into());
        }
        let mut rows = RowsBuilder::default();
        rows.append(&normalise(raw, &EndpointId::parse(ENDPOINT).unwrap()));
        let time = Timestamp::UNIX_EPOCH;
        let page =
            PageColumns { snapshot_time: time, captured_at: time, request_id: None, endpoint_id: ENDPOINT };
        let batch = rows.finish().record_batch(arrow_schema(COLUMNS), &page).unwrap();
        assert!(texts.contains(&("client_ip", "clientIp")), "{texts:?}");
        for (name, field) in texts {
            assert_eq!(batch.column_by_name(name).unwrap().as_string::<i32>().value(0), field, "{name}");
        }
        assert_eq!(batch.column_by_name("endpoint_id").unwrap().as_string::<i32>().value(0), ENDPOINT);
    }

    #[test]
    fn rows_have_a_length_ids_and_slices() {
        let ids = ["a", "b", "c", "d"];
        let mut builder = RowsBuilder::default();
        for id in ids {
            let raw = RawConnection {
                connection_id: Some(id.into()),
                connection_established_time: Some("soon".into()),
                ingress_bytes: Some("many".into()),
                ..RawConnection::default()
            };
            builder.append(&normalise(raw, &EndpointId::parse(ENDPOINT).unwrap()));
        }
        let bytes = "connectionEstablishedTime".len() + "soon".len() + "ingressBytes".len() + "many".len();
        assert_eq!(builder.unparsed_size(), (8, 4 * bytes));
        let rows = builder.finish();
        assert_eq!((rows.len(), rows.is_empty(), rows.unparsed_values()), (4, false, 8));
        assert_eq!(rows.connection_ids().flatten().collect::<Vec<_>>(), ids);
        for (skip, room, expected) in
            [(0, 9, &ids[..]), (1, 2, &["b", "c"]), (3, 9, &["d"]), (4, 1, &[]), (9, 9, &[])]
        {
            let slice = rows.slice(skip, room);
            assert_eq!(slice.connection_ids().flatten().collect::<Vec<_>>(), expected, "{skip}, {room}");
            assert_eq!(slice.unparsed_values(), 2 * expected.len(), "{skip}, {room}");
        }
    }
}
