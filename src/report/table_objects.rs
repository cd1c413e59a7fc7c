//! The objects of an account and Region that reports are made of, and their rows.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use jiff::civil::Date;

use super::sessions::{DAY, Millis, day_of};
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::ledger::Outcome;
use crate::lake::parquet::{
    Identity, LARGEST_READ_OBJECT, RowsError, identity_of_configuration, identity_of_connection_logs,
    identity_of_connections, read_columns,
};
use crate::lake::store::{Found, Keep, Store, StoreError};
use crate::proof::coverage::Unreadable;
use crate::target::{AccountRegion, EndpointId};

/// The days of snapshots that are read; `None` for all before or after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DayRange {
    pub first: Option<i64>,
    pub last: Option<i64>,
}

impl DayRange {
    /// All days.
    pub(super) const ALL: DayRange = DayRange { first: None, last: None };

    /// Returns the days from one date to another.
    pub(super) fn of(first: Date, last: Date) -> DayRange {
        DayRange { first: Some(day_of_date(first)), last: Some(day_of_date(last)) }
    }

    /// Returns `true` if a day, counted from 1970, is one of them.
    pub(super) fn contains(self, day: i64) -> bool {
        self.first.is_none_or(|first| first <= day) && self.last.is_none_or(|last| day <= last)
    }

    /// Returns the days of both, and those between them.
    pub(super) fn with(self, other: DayRange) -> DayRange {
        let both = |one: Option<i64>, other: Option<i64>| Some((one?, other?));
        DayRange {
            first: both(self.first, other.first).map(|(one, other)| one.min(other)),
            last: both(self.last, other.last).map(|(one, other)| one.max(other)),
        }
    }

    /// Returns these days, and so many before and after them.
    pub(super) fn and_around(self, before: i64, after: i64) -> DayRange {
        DayRange { first: self.first.map(|first| first - before), last: self.last.map(|last| last + after) }
    }
}

/// An object of a snapshot, or of a reading of connection logs.
#[derive(Debug, Clone)]
pub(super) struct TableObject {
    pub found: Found,
    pub key: ObjectKey,
}

impl TableObject {
    /// Returns the time in its key.
    pub(super) fn time(&self) -> Millis {
        self.key.time().map_or(0, |time| time.timestamp().as_millisecond())
    }

    /// Returns the day of its key, counted from 1970.
    pub(super) fn day(&self) -> i64 {
        day_of(self.time())
    }

    /// Returns the endpoint that its key names.
    pub(super) fn endpoint_id(&self) -> Option<EndpointId> {
        EndpointId::parse(self.key.after_time().split('_').next()?)
    }

    /// Returns the fields of its metadata, and the outcomes that it may have.
    fn identity(&self) -> Option<(Identity, &'static [Outcome])> {
        let time = self.key.time()?;
        let complete = &[Outcome::Complete][..];
        Some(match self.key.table {
            Table::Connections => (identity_of_connections(time, &self.endpoint_id()?), complete),
            Table::Partials => (identity_of_connections(time, &self.endpoint_id()?), &[Outcome::Partial]),
            Table::ConnectionLogs => {
                let (group, is_late) = self.key.log_group()?;
                (identity_of_connection_logs(time, &self.key.place, &group, is_late), complete)
            }
            // The listing of one endpoint may have failed. Its row in `endpoints` says so.
            Table::AuthorizationRules | Table::Routes => {
                (identity_of_configuration(time, &self.key.place), &[Outcome::Complete, Outcome::Partial])
            }
            _ => (identity_of_configuration(time, &self.key.place), complete),
        })
    }

    /// Reads these columns.
    ///
    /// # Errors
    /// Returns the reason, in words, why the object could not be read.
    pub(super) async fn read(
        &self,
        store: &Store,
        columns: &'static [&'static str],
    ) -> Result<Vec<RecordBatch>, String> {
        if let Some(irregular) = self.found.irregular {
            return Err(irregular.to_string());
        }
        let (identity, outcomes) = self.identity().ok_or("its key names no endpoint")?;
        let keep = Keep::AllUpTo(LARGEST_READ_OBJECT);
        let examined = store.examine(&self.found, LARGEST_READ_OBJECT, keep).await;
        let object = examined.map_err(|error| error.to_string())?.kept;
        let object =
            object.ok_or_else(|| RowsError::Limit(format!("{LARGEST_READ_OBJECT} bytes")).to_string())?;
        let outcomes: Vec<&str> = outcomes.iter().map(|outcome| outcome.as_str()).collect();
        // A panic of the decoder, over an object that somebody forged, is the object's fault and no other's.
        let decoded = tokio::task::spawn_blocking(move || {
            read_columns(object, &identity, &outcomes, columns).map_err(|error| error.to_string())
        });
        decoded.await.unwrap_or_else(|_| Err("it cannot be read as Parquet".to_owned()))
    }

    /// Returns the object as one that could not be read.
    pub(super) fn unreadable(&self, problem: String) -> Unreadable {
        Unreadable { object_key: self.found.key.clone(), problem }
    }
}

/// The objects of a table on some days, in the order of their times.
#[derive(Debug, Default)]
pub(super) struct TableObjects {
    pub objects: Vec<TableObject>,
    /// Everything else in the folders of these days.
    pub unreadable: Vec<Unreadable>,
}

impl TableObjects {
    /// Lists the objects of a table on these days.
    ///
    /// # Errors
    /// Returns an error if they cannot be listed.
    pub(super) async fn list(
        store: &Store,
        table: Table,
        place: &AccountRegion,
        days: DayRange,
    ) -> Result<TableObjects, StoreError> {
        let mut listed = TableObjects::default();
        for date in store.days(table, place).await? {
            if !days.contains(day_of_date(date)) {
                continue;
            }
            for found in store.find(&place.day(table, date)).await? {
                // Queries do not see it either. `verify` reports it.
                if found.hidden {
                    continue;
                }
                match ObjectKey::parse(&found.key) {
                    Some(key) => listed.objects.push(TableObject { found, key }),
                    None => {
                        let problem =
                            format!("has no name of an object of {table}; find out who put it there");
                        listed.unreadable.push(Unreadable { object_key: found.key, problem });
                    }
                }
            }
        }
        listed.objects.sort_by_cached_key(|object| (object.time(), object.found.key.clone()));
        Ok(listed)
    }

    /// Returns the first and the last day on which the lake has folders of these tables; `None` for none.
    ///
    /// # Errors
    /// Returns an error if they cannot be listed.
    pub(super) async fn days(
        store: &Store,
        tables: &[Table],
        place: &AccountRegion,
    ) -> Result<DayRange, StoreError> {
        let mut days = Vec::new();
        for table in tables {
            days.extend(store.days(*table, place).await?.into_iter().map(day_of_date));
        }
        Ok(DayRange { first: days.iter().copied().min(), last: days.into_iter().max() })
    }

    /// Adds the objects of another table.
    pub(super) fn append(&mut self, mut other: TableObjects) {
        self.objects.append(&mut other.objects);
        self.unreadable.append(&mut other.unreadable);
        self.objects.sort_by_cached_key(|object| (object.time(), object.found.key.clone()));
    }

    /// Returns the objects by the endpoint that their key names.
    pub(super) fn by_endpoint(self) -> BTreeMap<EndpointId, Vec<TableObject>> {
        let mut of: BTreeMap<EndpointId, Vec<TableObject>> = BTreeMap::new();
        for object in self.objects {
            if let Some(endpoint_id) = object.endpoint_id() {
                of.entry(endpoint_id).or_default().push(object);
            }
        }
        of
    }
}

/// Returns a day, counted from 1970.
fn day_of_date(date: Date) -> i64 {
    let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).map(|zoned| zoned.timestamp().as_millisecond());
    midnight.unwrap_or(Millis::MIN).div_euclid(DAY)
}
