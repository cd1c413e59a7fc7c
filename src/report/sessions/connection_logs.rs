//! The events of each connection in the connection logs, and the log group that each endpoint logged to. The rules are those of
//! `sessions/merge_logs.sql`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch, StringArray};

use super::columns::Session;
use super::session::timestamp;
use super::sights::CLOCK_TOLERANCE;
use super::{Millis, day_of};
use crate::lake::parquet::RowsError;
use crate::log_window::Window;

/// Time after which a configuration says nothing of the log group any more.
const LATEST_CONFIGURATION: Millis = 60 * 60 * 1000;

/// Days before the first sight of a connection whose events count.
const DAYS_BEFORE: Millis = 2;

/// The columns of `connection_logs` that are read.
pub(super) const EVENT_COLUMNS: [&str; 9] = [
    "event_id",
    "event_time",
    "endpoint_id",
    "connection_id",
    "device_ip",
    "device_type",
    "port",
    "transport_protocol",
    "policy_result",
];

/// The columns of `endpoints` that are read.
pub(super) const CONFIGURATION_COLUMNS: [&str; 4] =
    ["captured_at", "endpoint_id", "connection_log_enabled", "connection_log_group"];

/// Fields of events of which the last value counts.
const FIELDS: usize = 5;

/// Most bytes of events that are kept: of connections, days, ids and values.
const MOST_BYTES: usize = 1 << 30;

/// Bytes that a connection on a day, and a denial, take beside their texts, about.
const ENTRY_BYTES: usize = 512;

/// The result of the authorization policy that is counted.
const DENY: &str = "deny";

/// A value of an event. The later one counts, of one moment that of the greater event id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct EventValue {
    event_time: Option<Millis>,
    event_id: Arc<str>,
    value: Box<str>,
}

/// The events of a connection on one day.
#[derive(Debug, Default)]
struct EventsOfDay {
    last: [Option<EventValue>; FIELDS],
    denials: BTreeSet<Arc<str>>,
}

/// The events of all connections of an account and Region, by endpoint, connection and day since 1970.
#[derive(Debug, Default)]
pub(super) struct Events {
    by_endpoint: HashMap<Box<str>, HashMap<Box<str>, EventDays>>,
    /// Bytes that were added, which is more than are kept if values were replaced.
    bytes: usize,
}

/// The events of one connection by day since 1970, in order: one or two, for which a map would take ten times as much.
#[derive(Debug, Default)]
struct EventDays(Vec<(i64, EventsOfDay)>);

impl EventDays {
    /// Returns the events of a day, and `true` if it had none before.
    fn of(&mut self, day: i64) -> Option<(&mut EventsOfDay, bool)> {
        let place = self.0.binary_search_by_key(&day, |(day, _)| *day);
        let index = place.unwrap_or_else(|index| index);
        if place.is_err() {
            self.0.reserve_exact(1);
            self.0.insert(index, (day, EventsOfDay::default()));
        }
        self.0.get_mut(index).map(|(_, events)| (events, place.is_err()))
    }
}

impl Events {
    /// Adds the events of an object whose key is of a day, counted from 1970.
    ///
    /// # Errors
    /// Returns an error if a column has another type, or if more bytes would be kept than the limit.
    pub(super) fn add(&mut self, batch: &RecordBatch, day: i64, only: Option<&str>) -> Result<(), RowsError> {
        let text = |name: &'static str| text(batch, name);
        let [ids, endpoints, connections] = [text("event_id")?, text("endpoint_id")?, text("connection_id")?];
        let (Some(ids), Some(endpoints), Some(connections)) = (ids, endpoints, connections) else {
            return Ok(());
        };
        let [device_ip, device_type, protocol, result] =
            [text("device_ip")?, text("device_type")?, text("transport_protocol")?, text("policy_result")?];
        let times = match batch.column_by_name("event_time") {
            Some(column) => Some(
                column
                    .as_primitive_opt::<TimestampMillisecondType>()
                    .ok_or(RowsError::ColumnType("event_time"))?,
            ),
            None => None,
        };
        let ports = match batch.column_by_name("port") {
            Some(column) => {
                Some(column.as_primitive_opt::<Int64Type>().ok_or(RowsError::ColumnType("port"))?)
            }
            None => None,
        };
        for row in 0..batch.num_rows() {
            let of = |array: Option<&'_ StringArray>| {
                array.filter(|array| array.is_valid(row)).map(|array| array.value(row).to_owned())
            };
            let (Some(endpoint_id), Some(connection_id), Some(event_id)) =
                (of(Some(endpoints)), of(Some(connections)), of(Some(ids)))
            else {
                continue;
            };
            if only.is_some_and(|only| only != endpoint_id) {
                continue;
            }
            let event_time = times.filter(|times| times.is_valid(row)).map(|times| times.value(row));
            let of_time = event_time.map(day_of).filter(|of_time| (day - 2..=day).contains(of_time));
            if self.bytes > MOST_BYTES {
                return Err(RowsError::Limit(format!("{MOST_BYTES} bytes of events of all connections")));
            }
            let connection_bytes = connection_id.len();
            let days = self
                .by_endpoint
                .entry(endpoint_id.into())
                .or_default()
                .entry(connection_id.into())
                .or_default();
            let Some((events, is_new)) = days.of(of_time.unwrap_or(day)) else { continue };
            if is_new {
                self.bytes += ENTRY_BYTES + connection_bytes;
            }
            let port = ports.filter(|ports| ports.is_valid(row)).map(|ports| ports.value(row).to_string());
            let policy_result = of(result);
            let event_id: Arc<str> = event_id.into();
            if policy_result.as_deref() == Some(DENY) {
                self.bytes += ENTRY_BYTES + event_id.len();
                events.denials.insert(event_id.clone());
            }
            let values = [of(device_ip), of(device_type), port, of(protocol), policy_result];
            for (last, value) in events.last.iter_mut().zip(values) {
                let Some(value) = value else { continue };
                let new = EventValue { event_time, event_id: event_id.clone(), value: value.into() };
                if last.as_ref() < Some(&new) {
                    self.bytes += new.value.len() + new.event_id.len();
                    self.bytes -= last.as_ref().map_or(0, |last| last.value.len() + last.event_id.len());
                    *last = Some(new);
                }
            }
        }
        Ok(())
    }
}

fn text<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<Option<&'a StringArray>, RowsError> {
    let column = batch.column_by_name(name);
    column.map(|column| column.as_string_opt::<i32>().ok_or(RowsError::ColumnType(name))).transpose()
}

/// The log group that an endpoint logged to, by one snapshot; `None` if it did not log.
#[derive(Debug)]
struct ConfiguredLogGroup {
    day: i64,
    captured_at: Millis,
    log_group: Option<Arc<str>>,
}

/// The log groups of the endpoints of an account and Region, by endpoint.
#[derive(Debug, Default)]
pub(super) struct LogGroups(HashMap<Box<str>, Vec<ConfiguredLogGroup>>);

impl LogGroups {
    /// Adds the configurations of an object whose key is of a day, counted from 1970.
    pub(super) fn add(&mut self, batch: &RecordBatch, day: i64) -> Result<(), RowsError> {
        let endpoints = text(batch, "endpoint_id")?.ok_or(RowsError::Value("endpoint_id"))?;
        let groups = text(batch, "connection_log_group")?;
        let times = batch.column_by_name("captured_at");
        let times = times.and_then(|times| times.as_primitive_opt::<TimestampMillisecondType>());
        let times = times.filter(|times| times.null_count() == 0).ok_or(RowsError::Value("captured_at"))?;
        let enabled = batch.column_by_name("connection_log_enabled");
        let enabled = enabled
            .map(|array| array.as_boolean_opt().ok_or(RowsError::ColumnType("connection_log_enabled")));
        let enabled = enabled.transpose()?;
        for row in 0..batch.num_rows() {
            let is_on = enabled.is_some_and(|enabled| enabled.is_valid(row) && enabled.value(row));
            let group = groups.filter(|groups| groups.is_valid(row)).map(|groups| groups.value(row));
            let log_group = group.filter(|group| is_on && !group.is_empty()).map(Into::into);
            let endpoint_id = if endpoints.is_valid(row) { endpoints.value(row) } else { continue };
            let one = ConfiguredLogGroup { day, captured_at: times.value(row), log_group };
            match self.0.get_mut(endpoint_id) {
                Some(known) => known.push(one),
                None => {
                    self.0.insert(endpoint_id.into(), vec![one]);
                }
            }
        }
        Ok(())
    }

    /// Sorts the configurations by their time. Must be called before they are asked.
    pub(super) fn sort(&mut self) {
        self.0.values_mut().for_each(|all| all.sort_by_key(|one| one.captured_at));
    }

    /// Returns the log group by the last configuration before the first sight, if it is less than an hour older, and since when the
    /// snapshots of that day and the day before show no other.
    fn at(&self, endpoint_id: &str, first_seen: Millis) -> Option<(Arc<str>, Option<Millis>)> {
        let all = self.0.get(endpoint_id)?;
        let end = all.partition_point(|one| one.captured_at <= first_seen + CLOCK_TOLERANCE);
        let day = day_of(first_seen);
        let before =
            || all.get(..end).unwrap_or_default().iter().filter(|one| (day - 1..=day).contains(&one.day));
        let last = before().max_by_key(|one| (one.captured_at, one.log_group.clone()))?;
        if last.captured_at <= first_seen - LATEST_CONFIGURATION {
            return None;
        }
        let log_group = last.log_group.clone()?;
        let others = before().filter(|one| one.log_group.as_ref() != Some(&log_group));
        let other = others.map(|one| one.captured_at).max();
        let since = before().map(|one| one.captured_at).filter(|time| other < Some(*time)).min();
        Some((log_group, since))
    }
}

/// The connection logs of an account and Region, as far as sessions need them.
#[derive(Debug, Default)]
pub(super) struct ConnectionLogs {
    pub events: Events,
    pub groups: LogGroups,
}

impl ConnectionLogs {
    /// Fills the columns of a session that come from connection logs. `readings` are the windows that were read, by log group.
    pub(super) fn fill(&self, session: &mut Session, readings: &BTreeMap<String, BTreeSet<Window>>) {
        let first_seen = session.first_seen.as_millisecond();
        let counts_from = day_of(first_seen) - DAYS_BEFORE;
        let of_endpoint = self.events.by_endpoint.get(&*session.endpoint_id);
        let days = of_endpoint.and_then(|of_endpoint| of_endpoint.get(&*session.connection_id));
        let days = || days.into_iter().flat_map(|days| &days.0);
        let days = || days().filter(|(day, _)| *day >= counts_from).map(|(_, events)| events);
        let last = |field: usize| {
            let values = days().filter_map(|day| day.last.get(field)?.as_ref());
            values.max().map(|value| value.value.to_string())
        };
        session.device_ip = last(0);
        session.device_type = last(1);
        session.port = last(2).and_then(|port| port.parse().ok());
        session.transport_protocol = last(3);
        session.policy_result = last(4);
        let log_group = self.groups.at(&session.endpoint_id, first_seen);
        let is_read = |log_group: &str, time: Millis| {
            let windows = readings.get(log_group);
            windows.is_some_and(|windows| windows.contains(&Window::containing(timestamp(time))))
        };
        let begins = session.connection_established_time.as_millisecond();
        session.logged = if days().next().is_some() {
            Some(true)
        } else {
            // The log lacks it if it has no event in the windows around its beginning.
            let is_lacking = |(log_group, since): &(Arc<str>, Option<Millis>)| {
                since.is_some_and(|since| since <= begins)
                    && is_read(log_group, begins - CLOCK_TOLERANCE)
                    && is_read(log_group, begins + CLOCK_TOLERANCE)
            };
            (session.begin_seen && log_group.as_ref().is_some_and(is_lacking)).then_some(false)
        };
        let denials: usize = days().map(|day| day.denials.len()).sum();
        session.policy_denials = session.logged.and_then(|_| i64::try_from(denials).ok());
        session.log_group_since = log_group.as_ref().and_then(|(_, since)| since.map(timestamp));
        session.log_group = log_group.map(|(log_group, _)| log_group.to_string());
    }
}
