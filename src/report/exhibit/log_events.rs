//! The events of AWS's own connection logs in the period: attempts that failed, and connections that began.

use std::collections::{HashMap, HashSet};

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMillisecondType;
use arrow_array::{Array, RecordBatch, StringArray, TimestampMillisecondArray};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use jiff::civil::Date;

use super::widened;
use crate::hour::Hour;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::parquet::RowsError;
use crate::lake::store::{Store, StoreError};
use crate::log_window::Reading;
use crate::proof::coverage::Unreadable;
use crate::report::sessions::TRACE_TOLERANCE;
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

/// The type of an event that is the end of a connection.
const RESET: &str = "connection-reset";

/// Statuses of an attempt. Another word may mean anything.
const STATUSES: [&str; 3] = ["successful", "failed", "waiting-for-assertion"];

/// The columns that are read.
const COLUMNS: [&str; 12] = [
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
    "connection_start_time",
    "connection_end_time",
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
    /// Connections that ended and were there in the period, with the time of the end.
    pub ended: HashMap<LoggedConnection, Timestamp>,
    /// Connections whose attempt failed.
    pub refused: HashSet<LoggedConnection>,
    /// Events beyond the limit, which are counted only.
    pub beyond_limit: u64,
    /// Events that cannot be told apart or compared: without an id, a time, an endpoint or a connection, with a result that is not known, or
    /// of a time at which their object was not due.
    pub left_out: u64,
    /// Objects that could not be read, and why.
    pub unreadable: Vec<Unreadable>,
    pub seen: SeenAttempts,
}

/// The endpoint and the status of an attempt.
type SeenAttempt = (Box<str>, Box<str>);

/// The attempts so far, and the bytes that are kept of them.
#[derive(Debug, Default)]
pub(super) struct SeenAttempts {
    /// Event ids and connections: an event with the id of another is not the same.
    ids: HashMap<(Box<str>, Option<Box<str>>), SeenAttempt>,
    bytes: usize,
}

impl LogEvents {
    /// Reads the events from `from` until before `to`, of windows that were due up to two days later. Of connections that ended within an
    /// hour after `to` too, which were there in the period.
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
                    let reading = object.key.log_group().zip(object.key.time());
                    let reading = reading.and_then(|((_, is_late), due)| Reading::of_due(due, is_late));
                    batches
                        .try_for_each(|batch| events.add(batch, reading, from, to))
                        .map_err(|error| error.to_string())
                });
                match added {
                    Ok(()) => events.objects += 1,
                    Err(problem) => events.unreadable.push(object.unreadable(problem)),
                }
            }
        }
        events.seen = SeenAttempts::default();
        let LogEvents { began, ended, refused, .. } = &mut events;
        ended.retain(|connection, _| !began.contains_key(connection));
        // Somebody who signs in after a first attempt.
        refused.retain(|connection| !began.contains_key(connection) && !ended.contains_key(connection));
        events.failed.sort_by(|one, other| {
            (one.event_time, &one.endpoint_id, &one.identity).cmp(&(
                other.event_time,
                &other.endpoint_id,
                &other.identity,
            ))
        });
        Ok(events)
    }

    /// Returns `true` if, at `now`, every object that can have an event of a time could be read, and the second reading of its hour was due.
    pub(super) fn has_read_all_around(&self, time: Timestamp, now: Timestamp) -> bool {
        let around = widened((time, time), TRACE_TOLERANCE);
        let keys = self.unreadable.iter().filter_map(|of| ObjectKey::parse(&of.object_key));
        let readings = keys.map(|key| {
            let (_, is_late) = key.log_group()?;
            Reading::of_due(key.time()?, is_late)
        });
        let mut may_have_it = readings.map(|reading| {
            reading.is_none_or(|reading| reading.start() <= around.1 && around.0 < reading.end())
        });
        let second = Reading::Late(Hour::containing(around.1)).due().timestamp();
        !may_have_it.any(|may| may) && second <= now
    }

    /// Adds the end of a connection that was there from `from` until before `to`. One without both times is none: a client went to sign in.
    fn add_end(
        &mut self,
        connection: Option<LoggedConnection>,
        times: (Option<Timestamp>, Option<Timestamp>),
        (from, to): (Timestamp, Timestamp),
    ) {
        let (start, end) = match times {
            (None, None) => return,
            (start, end) => (start.or(end), end.or(start)),
        };
        let is_of_period = start.is_some_and(|start| start < to) && end.is_some_and(|end| end > from);
        let Some(end) = end.filter(|_| is_of_period && start <= end) else { return };
        let is_whole = times.0.is_some() && times.1.is_some();
        let Some(connection) = connection.filter(|_| is_whole) else {
            self.left_out += 1;
            return;
        };
        if self.seen.bytes >= MOST_BYTES {
            self.beyond_limit += 1;
            return;
        }
        self.seen.bytes += connection.endpoint_id.len() + connection.connection_id.len();
        self.ended.entry(connection).or_insert(end);
    }

    fn add(
        &mut self,
        batch: &RecordBatch,
        reading: Option<Reading>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(), RowsError> {
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
        let [times, starts, ends] = [
            times_of(batch, "event_time")?,
            times_of(batch, "connection_start_time")?,
            times_of(batch, "connection_end_time")?,
        ];
        for row in 0..batch.num_rows() {
            let of = |array: Option<&StringArray>| {
                array.filter(|array| array.is_valid(row)).map(|array| array.value(row).to_owned())
            };
            let at = |times: Option<&TimestampMillisecondArray>| {
                let millis = times.filter(|times| times.is_valid(row)).map(|times| times.value(row));
                millis.and_then(|millis| Timestamp::from_millisecond(millis).ok())
            };
            let time = at(times);
            let (status, connection_id) = (of(statuses), of(connections));
            let is_of_period = time.is_none_or(|time| (from..to).contains(&time));
            let of_type = of(types);
            if of_type.as_deref() == Some(RESET) {
                let connection = of(endpoints)
                    .zip(connection_id)
                    .map(|(endpoint_id, connection_id)| LoggedConnection { endpoint_id, connection_id });
                self.add_end(connection, (at(starts), at(ends)), (from, to));
                continue;
            }
            let is_of_reading = time
                .zip(reading)
                .is_none_or(|(time, reading)| (reading.start()..reading.end()).contains(&time));
            // An event of another time than its window's may be one of the period that somebody dated back.
            let may_be_of_period = is_of_period
                || !is_of_reading
                    && reading.is_some_and(|reading| reading.start() < to && from < reading.end());
            if !may_be_of_period {
                continue;
            }
            let is_known = status.as_deref().is_none_or(|status| STATUSES.contains(&status));
            let is_attempt = of_type.as_deref().is_none_or(|of_type| of_type == ATTEMPT);
            if !is_known || (is_attempt && !is_of_reading) || (!is_attempt && connection_id.is_some()) {
                self.left_out += 1;
                continue;
            }
            if !is_attempt || !matches!(status.as_deref(), None | Some("failed" | "successful")) {
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
            let of_attempt: SeenAttempt = (endpoint_id.as_str().into(), status.as_str().into());
            if let Some(known) = self.seen.ids.get(&attempt) {
                // The second reading repeats nothing: an id that names two things hides one of them.
                self.left_out += u64::from(*known != of_attempt);
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
            self.seen.ids.insert(attempt, of_attempt);
            self.attempts += 1;
            match (failed, connection_id) {
                (Some(failed), connection_id) => {
                    let refused = |connection_id| LoggedConnection { endpoint_id, connection_id };
                    self.refused.extend(connection_id.map(refused));
                    self.failed.push(failed);
                }
                (None, Some(connection_id)) => {
                    self.began.entry(LoggedConnection { endpoint_id, connection_id }).or_insert(event_time);
                }
                (None, None) => self.left_out += 1,
            }
        }
        Ok(())
    }
}

fn times_of<'a>(
    batch: &'a RecordBatch,
    name: &'static str,
) -> Result<Option<&'a TimestampMillisecondArray>, RowsError> {
    let column = batch.column_by_name(name);
    let times = column
        .map(|times| times.as_primitive_opt::<TimestampMillisecondType>().ok_or(RowsError::ColumnType(name)));
    times.transpose()
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

#[cfg(test)]
mod tests;
