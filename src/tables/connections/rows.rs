//! The rows of a page, laid out as the columns of the schema while they are read.

use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, Int64Builder, ListBuilder, MapBuilder, StringBuilder, TimestampMillisecondBuilder,
};
use arrow_array::{Array, ArrayRef, MapArray, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow_schema::{ArrowError, SchemaRef};
use jiff::Timestamp;

use super::Connection;
use crate::tables::column::{list_element, map_builder};

/// Connections in columns, those of the schema that a connection fills.
#[derive(Debug)]
pub struct RowsBuilder {
    connection_id: StringBuilder,
    status_code: StringBuilder,
    other_texts: [StringBuilder; 5],
    times: [TimestampMillisecondBuilder; 4],
    counts: [Int64Builder; 4],
    posture_compliance_statuses: ListBuilder<StringBuilder>,
    unparsed: MapBuilder<StringBuilder, StringBuilder>,
}

impl Default for RowsBuilder {
    fn default() -> RowsBuilder {
        let time = || TimestampMillisecondBuilder::new().with_timezone("UTC");
        RowsBuilder {
            connection_id: StringBuilder::new(),
            status_code: StringBuilder::new(),
            other_texts: Default::default(),
            times: [time(), time(), time(), time()],
            counts: Default::default(),
            posture_compliance_statuses: ListBuilder::new(StringBuilder::new()).with_field(list_element()),
            unparsed: map_builder(),
        }
    }
}

impl RowsBuilder {
    /// Appends one connection.
    pub fn append(&mut self, connection: &Connection<'_>) {
        let Connection { username, common_name, client_ip, client_ipv6_address, status_message, .. } =
            connection;
        self.connection_id.append_option(connection.connection_id.as_deref());
        self.status_code.append_option(connection.status_code.as_deref());
        let texts = [username, common_name, client_ip, client_ipv6_address, status_message];
        for (builder, text) in self.other_texts.iter_mut().zip(texts) {
            builder.append_option(text.as_deref());
        }
        let times = [
            connection.connection_timestamp,
            connection.connection_established_time,
            connection.connection_end_time,
            connection.authorization_policy_last_evaluated_time,
        ];
        for (builder, time) in self.times.iter_mut().zip(times) {
            builder.append_option(time.map(Timestamp::as_millisecond));
        }
        let counts = [
            connection.ingress_bytes,
            connection.egress_bytes,
            connection.ingress_packets,
            connection.egress_packets,
        ];
        for (builder, count) in self.counts.iter_mut().zip(counts) {
            builder.append_option(count);
        }
        let statuses = connection.posture_compliance_statuses.as_ref();
        self.posture_compliance_statuses.append_option(statuses.map(|statuses| statuses.iter().map(Some)));
        for (field, text) in &connection.unparsed {
            self.unparsed.keys().append_value(field);
            self.unparsed.values().append_value(text);
        }
        // It fails where keys and values differ in number, and here they come in pairs.
        let _ = self.unparsed.append(!connection.unparsed.is_empty());
    }

    /// How many values of the connections are kept as text so far, and the bytes of their names and texts.
    pub fn unparsed_size(&mut self) -> (usize, usize) {
        let (keys, values) = self.unparsed.entries();
        (keys.len(), keys.values_slice().len() + values.values_slice().len())
    }

    /// The connections that were appended.
    pub fn finish(mut self) -> Rows {
        let connection_id = self.connection_id.finish();
        let status_code = self.status_code.finish();
        let unparsed = self.unparsed.finish();
        let [username, common_name, client_ip, client_ipv6_address, status_message] =
            self.other_texts.map(|mut builder| Arc::new(builder.finish()) as ArrayRef);
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(connection_id.clone()),
            username,
            common_name,
            client_ip,
            client_ipv6_address,
            Arc::new(status_code.clone()),
            status_message,
        ];
        columns.extend(self.times.map(|mut builder| Arc::new(builder.finish()) as ArrayRef));
        columns.extend(self.counts.map(|mut builder| Arc::new(builder.finish()) as ArrayRef));
        columns.push(Arc::new(self.posture_compliance_statuses.finish()));
        columns.push(Arc::new(unparsed.clone()));
        Rows { connection_id, status_code, unparsed, columns }
    }
}

/// Connections in columns, in AWS's order.
#[derive(Debug, Clone)]
pub struct Rows {
    connection_id: StringArray,
    status_code: StringArray,
    unparsed: MapArray,
    columns: Vec<ArrayRef>,
}

impl Rows {
    /// How many connections there are.
    pub fn len(&self) -> usize {
        self.connection_id.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The ids of the connections; none of one that has none.
    pub fn connection_ids(&self) -> impl Iterator<Item = Option<&str>> {
        self.connection_id.iter()
    }

    /// How many of the connections AWS calls active.
    pub fn active(&self) -> usize {
        self.status_code.iter().filter(|code| *code == Some("active")).count()
    }

    /// How many values of the connections are kept as text.
    pub fn unparsed_values(&self) -> usize {
        let offsets = self.unparsed.value_offsets();
        let end = |offset: Option<&i32>| offset.and_then(|&offset| usize::try_from(offset).ok()).unwrap_or(0);
        end(offsets.last()) - end(offsets.first())
    }

    /// The connections without the first `skip` of them, at most `room`.
    pub fn slice(&self, skip: usize, room: usize) -> Rows {
        let skip = skip.min(self.len());
        let room = room.min(self.len() - skip);
        Rows {
            connection_id: self.connection_id.slice(skip, room),
            status_code: self.status_code.slice(skip, room),
            unparsed: self.unparsed.slice(skip, room),
            columns: self.columns.iter().map(|column| column.slice(skip, room)).collect(),
        }
    }

    /// All columns of `schema`.
    pub(crate) fn record_batch(
        &self,
        schema: SchemaRef,
        page: &PageColumns<'_>,
    ) -> Result<RecordBatch, ArrowError> {
        let rows = self.len();
        let mut columns = vec![
            time(page.snapshot_time, rows),
            time(page.captured_at, rows),
            text(page.request_id, rows),
            text(Some(page.endpoint_id), rows),
        ];
        columns.extend(self.columns.iter().cloned());
        RecordBatch::try_new(schema, columns)
    }
}

/// What the rows of one page have in common.
pub(crate) struct PageColumns<'a> {
    pub snapshot_time: Timestamp,
    pub captured_at: Timestamp,
    pub request_id: Option<&'a str>,
    pub endpoint_id: &'a str,
}

pub(crate) fn time(time: Timestamp, rows: usize) -> ArrayRef {
    Arc::new(TimestampMillisecondArray::from_value(time.as_millisecond(), rows).with_timezone("UTC"))
}

fn text(text: Option<&str>, rows: usize) -> ArrayRef {
    Arc::new(StringArray::from_iter(std::iter::repeat_n(text, rows)))
}
