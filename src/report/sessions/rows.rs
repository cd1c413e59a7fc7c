//! The rows of an object of `connections` or `partials`, and the connections of an endpoint that they show.

use std::sync::LazyLock;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Int64Type, TimestampMillisecondType};
use arrow_array::{Array, ListArray, PrimitiveArray, RecordBatch, StringArray};
use indexmap::IndexMap;
use jiff::Timestamp;

use super::columns::TEXT_COLUMNS;
use super::counts::ObjectRows;
use super::session::timestamp;
use super::sights::{COUNTERS, EARLIEST, Sight, Sights, TEXTS};
use super::{Millis, SessionsError};
use crate::lake::parquet::RowsError;

/// Most connections of an endpoint that are in memory: those of a week of the largest endpoint are fewer.
const MOST_CONNECTIONS: usize = 2_000_000;

const COUNTER_COLUMNS: [&str; COUNTERS] =
    ["ingress_bytes", "egress_bytes", "ingress_packets", "egress_packets"];

/// AWS's word for a connection that goes on.
const ACTIVE: &str = "active";

const ID: &str = "connection_id";
const ENDPOINT: &str = "endpoint_id";
const SNAPSHOT: &str = "snapshot_time";
const CAPTURED: &str = "captured_at";
const STATUS: &str = "status_code";
const MESSAGE: &str = "status_message";
const UPDATED: &str = "connection_timestamp";
const BEGINNING: &str = "connection_established_time";
const END: &str = "connection_end_time";
const POSTURE: &str = "posture_compliance_statuses";

/// The columns that are read.
pub(super) static SIGHT_COLUMNS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let others = [ID, ENDPOINT, SNAPSHOT, CAPTURED, STATUS, MESSAGE, UPDATED, BEGINNING, END, POSTURE];
    others.into_iter().chain(TEXT_COLUMNS).chain(COUNTER_COLUMNS).collect()
});

/// The columns of some rows, checked.
pub(super) struct SightColumns {
    rows: usize,
    ids: Option<StringArray>,
    captured_at: PrimitiveArray<TimestampMillisecondType>,
    texts: [Option<StringArray>; TEXTS],
    status: Option<StringArray>,
    message: Option<StringArray>,
    times: [Option<PrimitiveArray<TimestampMillisecondType>>; 3],
    counters: [Option<PrimitiveArray<Int64Type>>; COUNTERS],
    posture: Option<(ListArray, StringArray)>,
}

impl SightColumns {
    /// Checks the columns of rows of a snapshot of an endpoint.
    pub(super) fn new(
        batch: &RecordBatch,
        endpoint_id: &str,
        snapshot_time: Millis,
    ) -> Result<SightColumns, RowsError> {
        let rows = batch.num_rows();
        let endpoints = text(batch, ENDPOINT)?.ok_or(RowsError::Value(ENDPOINT))?;
        if endpoints.null_count() > 0 || endpoints.iter().flatten().any(|id| id != endpoint_id) {
            return Err(RowsError::Value(ENDPOINT));
        }
        let snapshots =
            number::<TimestampMillisecondType>(batch, SNAPSHOT)?.ok_or(RowsError::Value(SNAPSHOT))?;
        if snapshots.null_count() > 0 || snapshots.values().iter().any(|time| *time != snapshot_time) {
            return Err(RowsError::Value(SNAPSHOT));
        }
        let captured_at =
            number::<TimestampMillisecondType>(batch, CAPTURED)?.ok_or(RowsError::Value(CAPTURED))?;
        let latest = Timestamp::MAX.as_millisecond();
        let is_possible = |time: &Millis| (EARLIEST..=latest).contains(time);
        if captured_at.null_count() > 0 || !captured_at.values().iter().all(is_possible) {
            return Err(RowsError::Value(CAPTURED));
        }
        let mut texts = [const { None }; TEXTS];
        for (array, name) in texts.iter_mut().zip(TEXT_COLUMNS) {
            *array = text(batch, name)?;
        }
        let mut counters = [const { None }; COUNTERS];
        for (array, name) in counters.iter_mut().zip(COUNTER_COLUMNS) {
            *array = number::<Int64Type>(batch, name)?;
        }
        let mut times = [const { None }; 3];
        for (array, name) in times.iter_mut().zip([UPDATED, BEGINNING, END]) {
            *array = number::<TimestampMillisecondType>(batch, name)?;
        }
        let (status, message) = (text(batch, STATUS)?, text(batch, MESSAGE)?);
        let (ids, posture) = (text(batch, ID)?, lists(batch, POSTURE)?);
        Ok(SightColumns { rows, ids, captured_at, texts, status, message, times, counters, posture })
    }

    /// Adds the rows to the counts of their object, but for those without an id.
    pub(super) fn count(&self, counts: &mut ObjectRows) {
        counts.rows += self.rows as u64;
        let codes = self.status.iter().flat_map(|codes| codes.iter().flatten());
        counts.active += codes.filter(|code| *code == ACTIVE).count() as u64;
        let times = self.captured_at.values();
        let range = times.iter().min().zip(times.iter().max());
        let range = range.map(|(first, last)| (timestamp(*first), timestamp(*last)));
        counts.captured = match (counts.captured, range) {
            (Some(known), Some(more)) => Some((known.0.min(more.0), known.1.max(more.1))),
            (known, more) => known.or(more),
        };
    }

    fn sight(&self, row: usize, snapshot_time: Millis, is_complete: bool) -> Sight<'_> {
        let [updated, beginning, end] = self.times.each_ref().map(|times| value(times.as_ref(), row));
        Sight {
            snapshot_time,
            captured_at: self.captured_at.value(row),
            is_complete,
            texts: self.texts.each_ref().map(|texts| word(texts.as_ref(), row)),
            status_code: word(self.status.as_ref(), row),
            status_message: word(self.message.as_ref(), row),
            connection_timestamp: updated,
            connection_established_time: beginning,
            connection_end_time: end,
            counters: self.counters.each_ref().map(|counters| value(counters.as_ref(), row)),
            posture_compliance_statuses: self.posture.as_ref().and_then(|(lists, words)| {
                let offsets = lists.value_offsets();
                let range = usize::try_from(*offsets.get(row)?).ok()?
                    ..usize::try_from(*offsets.get(row + 1)?).ok()?;
                lists.is_valid(row).then(|| range.filter_map(|at| word(Some(words), at)).collect())
            }),
        }
    }
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a arrow_array::ArrayRef> {
    batch.column_by_name(name)
}

fn text(batch: &RecordBatch, name: &'static str) -> Result<Option<StringArray>, RowsError> {
    let array = column(batch, name).map(|array| array.as_string_opt::<i32>().cloned());
    array.map(|array| array.ok_or(RowsError::ColumnType(name))).transpose()
}

fn number<T: ArrowPrimitiveType>(
    batch: &RecordBatch,
    name: &'static str,
) -> Result<Option<PrimitiveArray<T>>, RowsError> {
    let array = column(batch, name).map(|array| array.as_primitive_opt::<T>().cloned());
    array.map(|array| array.ok_or(RowsError::ColumnType(name))).transpose()
}

fn lists(batch: &RecordBatch, name: &'static str) -> Result<Option<(ListArray, StringArray)>, RowsError> {
    let Some(array) = column(batch, name) else { return Ok(None) };
    let lists = array.as_list_opt::<i32>().ok_or(RowsError::ColumnType(name))?;
    let words = lists.values().as_string_opt::<i32>().ok_or(RowsError::ColumnType(name))?;
    Ok(Some((lists.clone(), words.clone())))
}

fn word(array: Option<&StringArray>, row: usize) -> Option<&str> {
    array.filter(|array| row < array.len() && array.is_valid(row)).map(|array| array.value(row))
}

fn value<T: ArrowPrimitiveType>(array: Option<&PrimitiveArray<T>>, row: usize) -> Option<T::Native> {
    array.filter(|array| array.is_valid(row)).map(|array| array.value(row))
}

/// The connections of an endpoint, by their id.
#[derive(Debug, Default)]
pub(super) struct Connections {
    by_id: IndexMap<Box<str>, Sights>,
    /// By the place of a connection: the one that followed it in the last object. AWS lists connections in the same order again.
    next: Vec<usize>,
    last: usize,
}

impl Connections {
    /// Adds the rows of a snapshot, and returns the number of those without an id, which are of no session.
    pub(super) fn add(
        &mut self,
        endpoint_id: &str,
        columns: &SightColumns,
        snapshot_time: Millis,
        is_complete: bool,
    ) -> Result<u64, SessionsError> {
        let mut without_id = 0;
        for row in 0..columns.rows {
            let Some(id) = word(columns.ids.as_ref(), row) else {
                without_id += 1;
                continue;
            };
            let place = self.place_of(id);
            if self.by_id.len() > MOST_CONNECTIONS {
                return Err(SessionsError::TooManyConnections {
                    endpoint_id: endpoint_id.to_owned(),
                    most: MOST_CONNECTIONS,
                });
            }
            if let Some((_, sights)) = self.by_id.get_index_mut(place) {
                sights.add(&columns.sight(row, snapshot_time, is_complete));
            }
        }
        Ok(without_id)
    }

    /// Returns the number of connections.
    pub(super) fn len(&self) -> u64 {
        self.by_id.len() as u64
    }

    fn place_of(&mut self, id: &str) -> usize {
        let guess = self.next.get(self.last).copied();
        let place = match guess
            .filter(|guess| self.by_id.get_index(*guess).is_some_and(|(known, _)| **known == *id))
        {
            Some(place) => place,
            None => match self.by_id.get_index_of(id) {
                Some(place) => place,
                None => {
                    self.next.push(usize::MAX);
                    self.by_id.insert_full(id.into(), Sights::new()).0
                }
            },
        };
        if guess != Some(place)
            && let Some(next) = self.next.get_mut(self.last)
        {
            *next = place;
        }
        self.last = place;
        place
    }

    /// Returns the connections, one by one.
    pub(super) fn into_iter(self) -> impl Iterator<Item = (Box<str>, Sights)> {
        self.by_id.into_iter()
    }
}
