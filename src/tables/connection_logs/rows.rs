//! The rows of a page, laid out as the columns of the schema while they are read.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::builder::{ArrayBuilder, MapBuilder, StringBuilder, TimestampMillisecondBuilder};
use arrow_array::{Array, ArrayRef, MapArray, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow_schema::{ArrowError, SchemaRef};
use jiff::Timestamp;

use super::LoggedEvent;
use super::columns::{Arrays, Builders};
use super::typing::Typed;
use crate::tables::column::{map_builder, record_batch};
use crate::tables::connections::rows::{text, time};
use crate::target::EndpointId;

/// Most bytes of messages in a window that are no events of a connection log and get rows.
pub const FOREIGN_BYTES: usize = 64 * 1024;

/// Events for which a builder has room at first, those of most pages, and the bytes of each id and name of a log stream.
const PAGE_EVENTS: usize = 1_536;
const TEXT_BYTES: usize = 64;

/// Builder of events in columns: those of the schema that an event fills.
#[derive(Debug)]
pub struct EventRowsBuilder {
    fields: Builders,
    endpoint_id: StringBuilder,
    event_id: StringBuilder,
    event_time: TimestampMillisecondBuilder,
    ingestion_time: TimestampMillisecondBuilder,
    log_stream: StringBuilder,
    device_token_status: MapBuilder<StringBuilder, StringBuilder>,
    policy_context: StringBuilder,
    unparsed: MapBuilder<StringBuilder, StringBuilder>,
    counts: Counts,
    /// Bytes of foreign messages that still get rows.
    foreign_room: usize,
}

/// The counts of a page or of a window.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Rows whose message is no event of a connection log.
    pub foreign_rows: u64,
    /// Bytes of the messages of these rows.
    pub foreign_bytes: usize,
    /// Such messages that got no row, because the others have used up the room.
    pub foreign_left_out: u64,
    /// Names of fields that were masked.
    pub masked: BTreeSet<&'static str>,
    /// Values that are kept as text, of events of a connection log.
    pub unparsed_values: u64,
}

impl Counts {
    /// Adds the counts of another page.
    pub fn add(&mut self, other: Counts) {
        self.foreign_rows += other.foreign_rows;
        self.foreign_bytes += other.foreign_bytes;
        self.foreign_left_out += other.foreign_left_out;
        self.masked.extend(other.masked);
        self.unparsed_values += other.unparsed_values;
    }
}

impl EventRowsBuilder {
    /// Returns a builder of a page, with room for this many bytes of foreign messages.
    pub fn new(foreign_room: usize) -> EventRowsBuilder {
        let texts = || StringBuilder::with_capacity(PAGE_EVENTS, PAGE_EVENTS * TEXT_BYTES);
        let times = || TimestampMillisecondBuilder::with_capacity(PAGE_EVENTS).with_timezone("UTC");
        EventRowsBuilder {
            fields: Builders::new(),
            endpoint_id: texts(),
            event_id: texts(),
            event_time: times(),
            ingestion_time: times(),
            log_stream: texts(),
            device_token_status: map_builder(),
            policy_context: StringBuilder::new(),
            unparsed: map_builder(),
            counts: Counts::default(),
            foreign_room,
        }
    }

    /// Appends one event, or counts it if it is foreign and there is no room.
    pub fn append(&mut self, typed: &Typed<'_>) {
        if let Some(bytes) = typed.foreign_bytes {
            if self.counts.foreign_bytes + bytes > self.foreign_room {
                // Without room, none that comes later gets a row either: those that do are the first ones.
                self.foreign_room = 0;
                self.counts.foreign_left_out += 1;
                return;
            }
            self.counts.foreign_rows += 1;
            self.counts.foreign_bytes += bytes;
        } else {
            self.counts.unparsed_values += typed.event.unparsed.len() as u64;
        }
        self.counts.masked.extend(&typed.masked);
        self.append_row(&typed.event);
    }

    fn append_row(&mut self, event: &LoggedEvent<'_>) {
        self.fields.append(event);
        self.endpoint_id.append_option(event.endpoint_id.as_ref().map(EndpointId::as_str));
        self.event_id.append_value(&event.event_id);
        self.event_time.append_option(event.event_time.map(Timestamp::as_millisecond));
        self.ingestion_time.append_option(event.ingestion_time.map(Timestamp::as_millisecond));
        self.log_stream.append_option(event.log_stream.as_deref());
        self.policy_context.append_option(event.policy_context.as_deref());
        append_map(&mut self.device_token_status, event.device_token_status.iter());
        append_map(&mut self.unparsed, event.unparsed.iter());
    }

    /// Returns the number of values of the events that are kept as text so far, and the bytes of their names and texts.
    pub fn unparsed_size(&mut self) -> (usize, usize) {
        let (keys, values) = self.unparsed.entries();
        (keys.len(), keys.values_slice().len() + values.values_slice().len())
    }

    /// Returns the events that were appended.
    pub fn finish(mut self) -> EventRows {
        EventRows {
            fields: self.fields.finish(),
            endpoint_id: self.endpoint_id.finish(),
            event_id: self.event_id.finish(),
            event_time: self.event_time.finish(),
            ingestion_time: self.ingestion_time.finish(),
            log_stream: self.log_stream.finish(),
            device_token_status: self.device_token_status.finish(),
            policy_context: self.policy_context.finish(),
            unparsed: self.unparsed.finish(),
            counts: self.counts,
        }
    }
}

/// Appends a map; an empty one is null.
fn append_map<K: AsRef<str>, V: AsRef<str>>(
    builder: &mut MapBuilder<StringBuilder, StringBuilder>,
    entries: impl ExactSizeIterator<Item = (K, V)>,
) {
    let is_some = entries.len() > 0;
    for (key, value) in entries {
        builder.keys().append_value(key);
        builder.values().append_value(value);
    }
    // It fails if keys and values differ in number, and here they come in pairs.
    let _ = builder.append(is_some);
}

/// Events in columns, in the order of the answer.
#[derive(Debug, Clone)]
pub struct EventRows {
    fields: Arrays,
    endpoint_id: StringArray,
    event_id: StringArray,
    event_time: TimestampMillisecondArray,
    ingestion_time: TimestampMillisecondArray,
    log_stream: StringArray,
    device_token_status: MapArray,
    policy_context: StringArray,
    unparsed: MapArray,
    /// The counts of the page.
    pub counts: Counts,
}

/// The values that the rows of one page have in common.
#[derive(Debug, Clone, Copy)]
pub struct EventPageColumns<'a> {
    /// The time at which the window was due.
    pub snapshot_time: Timestamp,
    /// Arrival time of the page.
    pub captured_at: Timestamp,
    /// ARN of the log group.
    pub log_group: &'a str,
}

impl EventRows {
    /// Returns the number of events.
    pub fn len(&self) -> usize {
        self.event_id.len()
    }

    /// Returns `true` if there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the ids of the events.
    pub fn event_ids(&self) -> impl Iterator<Item = &str> {
        self.event_id.iter().flatten()
    }

    /// Returns all columns of `schema`.
    pub(crate) fn record_batch(
        &self,
        schema: SchemaRef,
        page: &EventPageColumns<'_>,
    ) -> Result<RecordBatch, ArrowError> {
        let rows = self.len();
        let mut columns = self.fields.named();
        let array = |array: &dyn Array| array.slice(0, rows);
        columns.extend([
            ("snapshot_time", time(page.snapshot_time, rows)),
            ("captured_at", time(page.captured_at, rows)),
            ("log_group", text(Some(page.log_group), rows)),
            ("endpoint_id", array(&self.endpoint_id)),
            ("event_id", array(&self.event_id)),
            ("event_time", array(&self.event_time)),
            ("ingestion_time", array(&self.ingestion_time)),
            ("log_stream", array(&self.log_stream)),
            ("device_token_status", array(&self.device_token_status)),
            ("policy_context", array(&self.policy_context)),
            ("unparsed", Arc::new(self.unparsed.clone()) as ArrayRef),
        ]);
        record_batch(schema, &columns)
    }
}
