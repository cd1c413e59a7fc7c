//! Rows to columns: one Arrow builder per column of the schema, filled page by page.

use arrow_array::builder::{
    Int64Builder, ListBuilder, MapBuilder, MapFieldNames, StringBuilder, TimestampMillisecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, SchemaRef};
use jiff::Timestamp;
use std::sync::Arc;

use super::schema::{MAP_ENTRY, list_element, map_key, map_value};
use crate::connection::Connection;

/// What the rows of one page have in common.
pub(super) struct PageColumns<'a> {
    pub snapshot_time: Timestamp,
    pub captured_at: Timestamp,
    pub request_id: Option<&'a str>,
    pub endpoint_id: &'a str,
}

/// Lays the connections of one page out as the columns of `schema`.
pub(super) fn record_batch(
    schema: SchemaRef,
    page: &PageColumns<'_>,
    connections: &[Connection],
) -> Result<RecordBatch, ArrowError> {
    let every_time = |time: Timestamp| times(connections, |_| Some(time));
    let columns = vec![
        every_time(page.snapshot_time),
        every_time(page.captured_at),
        texts(connections, |_| page.request_id),
        texts(connections, |_| Some(page.endpoint_id)),
        texts(connections, |c| c.connection_id.as_deref()),
        texts(connections, |c| c.username.as_deref()),
        texts(connections, |c| c.common_name.as_deref()),
        texts(connections, |c| c.client_ip.as_deref()),
        texts(connections, |c| c.client_ipv6_address.as_deref()),
        texts(connections, |c| c.status_code.as_deref()),
        texts(connections, |c| c.status_message.as_deref()),
        times(connections, |c| c.connection_timestamp),
        times(connections, |c| c.connection_established_time),
        times(connections, |c| c.connection_end_time),
        times(connections, |c| c.authorization_policy_last_evaluated_time),
        counts(connections, |c| c.ingress_bytes),
        counts(connections, |c| c.egress_bytes),
        counts(connections, |c| c.ingress_packets),
        counts(connections, |c| c.egress_packets),
        posture_compliance_statuses(connections),
        unparsed(connections)?,
    ];
    RecordBatch::try_new(schema, columns)
}

fn times(connections: &[Connection], value: impl Fn(&Connection) -> Option<Timestamp>) -> ArrayRef {
    let mut builder = TimestampMillisecondBuilder::with_capacity(connections.len()).with_timezone("UTC");
    for connection in connections {
        builder.append_option(value(connection).map(Timestamp::as_millisecond));
    }
    Arc::new(builder.finish())
}

fn texts<'a>(connections: &'a [Connection], value: impl Fn(&'a Connection) -> Option<&'a str>) -> ArrayRef {
    let mut builder = StringBuilder::new();
    for connection in connections {
        builder.append_option(value(connection));
    }
    Arc::new(builder.finish())
}

fn counts(connections: &[Connection], value: impl Fn(&Connection) -> Option<i64>) -> ArrayRef {
    let mut builder = Int64Builder::with_capacity(connections.len());
    for connection in connections {
        builder.append_option(value(connection));
    }
    Arc::new(builder.finish())
}

fn posture_compliance_statuses(connections: &[Connection]) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(list_element());
    for connection in connections {
        let statuses = connection.posture_compliance_statuses.as_ref();
        builder.append_option(statuses.map(|statuses| statuses.iter().map(Some)));
    }
    Arc::new(builder.finish())
}

fn unparsed(connections: &[Connection]) -> Result<ArrayRef, ArrowError> {
    let names = MapFieldNames {
        entry: MAP_ENTRY.to_owned(),
        key: map_key().name().clone(),
        value: map_value().name().clone(),
    };
    let mut builder = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new())
        .with_keys_field(map_key())
        .with_values_field(map_value());
    for connection in connections {
        for (field, text) in &connection.unparsed {
            builder.keys().append_value(field);
            builder.values().append_value(text);
        }
        builder.append(!connection.unparsed.is_empty())?;
    }
    Ok(Arc::new(builder.finish()))
}
