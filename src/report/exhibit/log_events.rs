//! The events of AWS's own connection logs in the period: attempts that failed, and connections that began.

use std::collections::{HashMap, HashSet};

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMillisecondType;
use arrow_array::{Array, RecordBatch, StringArray};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::lake::keys::Table;
use crate::lake::parquet::RowsError;
use crate::lake::store::{Store, StoreError};
use crate::proof::coverage::Unreadable;
use crate::report::table_objects::{DayRange, TableObject, TableObjects};
use crate::target::AccountRegion;

/// Objects that are read and decoded ahead.
const CONCURRENT_OBJECTS: usize = 4;

/// Most failed attempts and beginnings that are kept. The rest is counted.
const MOST_EVENTS: usize = 1_000_000;

/// Most bytes of their texts that are kept.
const MOST_BYTES: usize = 512 << 20;

/// The type of an event that is an attempt. Source: AWS Client VPN Administrator Guide, "Connection logging".
const ATTEMPT: &str = "connection-attempt";

/// The columns that are read.
const COLUMNS: [&str; 10] = [
    "event_id",
    "event_time",
    "connection_log_type",
    "endpoint_id",
    "connection_id",
    "connection_attempt_status",
    "connection_attempt_failure_reason",
    "username",
    "common_name",
    "device_ip",
];

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FailedConnection {
    /// The time of the event, by AWS.
    pub event_time: Timestamp,
    pub endpoint_id: String,
    pub connection_id: Option<String>,
    /// The user name, or the common name if there is none.
    pub identity: Option<String>,
    /// Public address of the client.
    pub device_ip: Option<String>,
    /// AWS's reason.
    pub reason: Option<String>,
}

/// A connection that began, by the connection logs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct LoggedConnection {
    pub endpoint_id: String,
    pub connection_id: String,
}

/// The events of the period.
#[derive(Debug, Default)]
pub(super) struct LogEvents {
    /// Objects read.
    pub objects: u64,
    /// Attempts, each event once.
    pub attempts: u64,
    /// Those that failed, in order.
    pub failed: Vec<FailedConnection>,
    /// Connections whose attempt succeeded, with its time.
    pub began: HashMap<LoggedConnection, Timestamp>,
    /// Events beyond the limit, which are counted only.
    pub beyond_limit: u64,
    /// Attempts that cannot be told apart or compared: without an id, a time, an endpoint, a result or a connection.
    pub left_out: u64,
    /// Objects that could not be read, and why.
    pub unreadable: Vec<Unreadable>,
    pub seen: SeenAttempts,
}

/// The attempts so far, and the bytes that are kept of them.
#[derive(Debug, Default)]
pub(super) struct SeenAttempts {
    /// Event ids and connections: an event with the id of another is not the same.
    ids: HashSet<(Box<str>, Option<Box<str>>)>,
    bytes: usize,
}

impl LogEvents {
    /// Reads the events from `from` until before `to`, of windows that were due up to two days later.
    ///
    /// # Errors
    /// Returns an error if the objects cannot be listed.
    pub(super) async fn read(
        store: &Store,
        places: &[AccountRegion],
        (from, to): (Timestamp, Timestamp),
        (first, last): (Date, Date),
    ) -> Result<LogEvents, StoreError> {
        let mut events = LogEvents::default();
        let days = DayRange::of(first, last).and_around(0, 2);
        for place in places {
            let listed = TableObjects::list(store, Table::ConnectionLogs, place, days).await?;
            events.unreadable.extend(listed.unreadable);
            let read = async |object: TableObject| {
                let batches = object.read(store, &COLUMNS).await;
                (object, batches)
            };
            let mut objects =
                std::pin::pin!(stream::iter(listed.objects).map(read).buffered(CONCURRENT_OBJECTS));
            while let Some((object, batches)) = objects.next().await {
                let added = batches.and_then(|batches| {
                    let mut batches = batches.iter();
                    batches
                        .try_for_each(|batch| events.add(batch, from, to))
                        .map_err(|error| error.to_string())
                });
                match added {
                    Ok(()) => events.objects += 1,
                    Err(problem) => events.unreadable.push(object.unreadable(problem)),
                }
            }
        }
        events.seen = SeenAttempts::default();
        events.failed.sort_by(|one, other| {
            (one.event_time, &one.endpoint_id, &one.identity).cmp(&(
                other.event_time,
                &other.endpoint_id,
                &other.identity,
            ))
        });
        Ok(events)
    }

    fn add(&mut self, batch: &RecordBatch, from: Timestamp, to: Timestamp) -> Result<(), RowsError> {
        let texts = |name: &'static str| -> Result<Option<&StringArray>, RowsError> {
            let column = batch.column_by_name(name);
            column.map(|column| column.as_string_opt::<i32>().ok_or(RowsError::ColumnType(name))).transpose()
        };
        let [ids, types, endpoints, connections, statuses] = [
            texts("event_id")?,
            texts("connection_log_type")?,
            texts("endpoint_id")?,
            texts("connection_id")?,
            texts("connection_attempt_status")?,
        ];
        let others = [
            texts("connection_attempt_failure_reason")?,
            texts("username")?,
            texts("common_name")?,
            texts("device_ip")?,
        ];
        let times = batch.column_by_name("event_time");
        let times = times.map(|times| {
            times.as_primitive_opt::<TimestampMillisecondType>().ok_or(RowsError::ColumnType("event_time"))
        });
        let times = times.transpose()?;
        for row in 0..batch.num_rows() {
            let of = |array: Option<&StringArray>| {
                array.filter(|array| array.is_valid(row)).map(|array| array.value(row).to_owned())
            };
            let time = times.filter(|times| times.is_valid(row)).map(|times| times.value(row));
            let time = time.and_then(|millis| Timestamp::from_millisecond(millis).ok());
            let (status, connection_id) = (of(statuses), of(connections));
            let is_of_period = time.is_none_or(|time| (from..to).contains(&time));
            let is_attempt = of(types).is_none_or(|of_type| of_type == ATTEMPT)
                && matches!(status.as_deref(), None | Some("failed" | "successful"));
            if !is_of_period || !is_attempt {
                continue;
            }
            let known = (time, of(endpoints), status, of(ids));
            let (Some(event_time), Some(endpoint_id), Some(status), Some(event_id)) = known else {
                self.left_out += 1;
                continue;
            };
            if self.seen.ids.len() >= MOST_EVENTS || self.seen.bytes >= MOST_BYTES {
                self.beyond_limit += 1;
                continue;
            }
            let attempt = (event_id.into(), connection_id.as_deref().map(Into::into));
            if self.seen.ids.contains(&attempt) {
                continue;
            }
            let failed = (status == "failed").then(|| {
                let [reason, username, common_name, device_ip] = others.map(of);
                let (endpoint_id, connection_id) = (endpoint_id.clone(), connection_id.clone());
                let identity = username.or(common_name);
                FailedConnection { event_time, endpoint_id, connection_id, identity, device_ip, reason }
            });
            self.seen.bytes +=
                length(&attempt) + endpoint_id.len() + failed.as_ref().map_or(0, FailedConnection::length);
            self.seen.ids.insert(attempt);
            self.attempts += 1;
            match (failed, connection_id) {
                (Some(failed), _) => self.failed.push(failed),
                (None, Some(connection_id)) => {
                    self.began.entry(LoggedConnection { endpoint_id, connection_id }).or_insert(event_time);
                }
                (None, None) => self.left_out += 1,
            }
        }
        Ok(())
    }
}

impl FailedConnection {
    /// Returns the bytes of its texts.
    fn length(&self) -> usize {
        let texts = [&self.connection_id, &self.identity, &self.device_ip, &self.reason];
        self.endpoint_id.len() + texts.into_iter().flatten().map(String::len).sum::<usize>()
    }
}

/// Returns the bytes of the texts of an attempt, which are kept twice if it succeeded.
fn length((event_id, connection_id): &(Box<str>, Option<Box<str>>)) -> usize {
    event_id.len() + 2 * connection_id.as_deref().map_or(0, str::len)
}
