//! The captures of the session's endpoint from the one before the session to the one after it, and which of them decide what is known of
//! it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::verbatim_rows::{VerbatimRow, read_rows};
use super::{CAPTURE_COLUMNS, LONGEST_SESSION, ObjectRole};
use crate::lake::keys::Table;
use crate::lake::store::{Store, StoreError};
use crate::proof::coverage::{LONGEST_CAPTURE, Unreadable};
use crate::report::exhibit::widened;
use crate::report::sessions::{Session, day_of, placed_at};
use crate::report::table_objects::{DayRange, TableObject, TableObjects};
use crate::target::AccountRegion;

/// The captures around a session that were read.
#[derive(Debug, Default)]
pub(super) struct CapturesAround {
    /// Every row that shows the connection, in the order of the snapshots.
    pub rows: Vec<VerbatimRow>,
    /// The objects that decide, by their keys.
    pub deciding: BTreeMap<String, Vec<ObjectRole>>,
    /// The keys of all objects of the endpoint on these days.
    pub listed: BTreeSet<String>,
    /// The keys of the objects that were read.
    pub read: BTreeSet<String>,
    /// The times of the first and the last snapshot that were read; `None` if there was none.
    pub snapshots: Option<(Timestamp, Timestamp)>,
    /// Objects that could not be read, and why.
    pub unreadable: Vec<Unreadable>,
}

/// Returns the days on which captures before, of and after a session can lie, counted from 1970.
pub(super) fn days_around(session: &Session) -> DayRange {
    let (first, _) = widened((session.first_seen, session.first_seen), LONGEST_CAPTURE);
    let first = session.began_after.map_or(first, |time| time.min(first));
    let day_before = session.first_seen.saturating_sub(LONGEST_SESSION).unwrap_or(first);
    let first = first.min(session.connection_established_time.max(day_before));
    let last = session.last_seen.max(session.as_of);
    let last = session.ended_before.map_or(last, |time| time.max(last));
    let day = |time: Timestamp| day_of(time.as_millisecond());
    DayRange { first: Some(day(first)), last: Some(day(last)) }.and_around(1, 1)
}

impl CapturesAround {
    /// Reads the captures that can show the session, and the nearest complete one on each side.
    ///
    /// # Errors
    /// Returns an error if the objects cannot be listed.
    pub(super) async fn read(
        store: &Store,
        place: &AccountRegion,
        session: &Session,
    ) -> Result<CapturesAround, StoreError> {
        let mut around = CapturesAround::default();
        let mut objects = TableObjects::default();
        for table in [Table::Connections, Table::Partials] {
            objects.append(TableObjects::list(store, table, place, days_around(session)).await?);
        }
        around.unreadable.append(&mut objects.unreadable);
        let is_of_endpoint =
            |object: &TableObject| object.endpoint_id().is_some_and(|id| id.as_str() == session.endpoint_id);
        objects.objects.retain(is_of_endpoint);
        around.listed = objects.objects.iter().map(|object| object.found.key.clone()).collect();
        // A row counts as seen up to two hours after the time of its snapshot.
        let (earliest, _) = widened((session.first_seen, session.first_seen), LONGEST_CAPTURE);
        let (earliest, latest) = (earliest.as_millisecond(), session.last_seen.as_millisecond());
        let is_complete = |object: &TableObject| object.key.table == Table::Connections;
        let before = objects.objects.iter().rposition(|of| is_complete(of) && of.time() < earliest);
        let after = objects.objects.iter().position(|of| is_complete(of) && of.time() > latest);
        let first = before.unwrap_or(0);
        let count = after.map_or(usize::MAX, |after| after + 1).saturating_sub(first);
        // Without and with the connection, in the order of the snapshots.
        let mut shows: Vec<(TableObject, bool)> = Vec::new();
        for object in objects.objects.into_iter().skip(first).take(count) {
            match read_rows(store, &object, &CAPTURE_COLUMNS, &session.connection_id).await {
                Ok(rows) => {
                    around.read.insert(object.found.key.clone());
                    shows.push((object, !rows.is_empty()));
                    around.rows.extend(rows);
                }
                Err(problem) => around.unreadable.push(object.unreadable(problem)),
            }
        }
        let time = |of: &(TableObject, bool)| Timestamp::from_millisecond(of.0.time()).ok();
        around.snapshots = shows.first().and_then(time).zip(shows.last().and_then(time));
        around.decide(session, &shows);
        Ok(around)
    }

    /// Names the objects that decide.
    fn decide(&mut self, session: &Session, shows: &[(TableObject, bool)]) {
        let first = shows.iter().position(|(_, shows)| *shows);
        let last = shows.iter().rposition(|(_, shows)| *shows);
        let is_complete = |of: &&(TableObject, bool)| of.0.key.table == Table::Connections && !of.1;
        let before = first.and_then(|first| shows.get(..first)?.iter().rev().find(is_complete));
        let after = last.and_then(|last| shows.get(last + 1..)?.iter().find(is_complete));
        let mut decide = |key: &str, role| self.deciding.entry(key.to_owned()).or_default().push(role);
        for (object, role) in [(before, ObjectRole::CaptureBefore), (after, ObjectRole::CaptureAfter)] {
            object.iter().for_each(|(object, _)| decide(&object.found.key, role));
        }
        for (seen, role) in [
            (Some(session.first_seen), ObjectRole::FirstRow),
            (session.last_active, ObjectRole::LastRowWithoutEnd),
            (session.first_seen_ended, ObjectRole::FirstRowWithEnd),
            (Some(session.last_seen), ObjectRole::LastRow),
        ] {
            let row = self.rows.iter().find(|row| seen.is_some() && seen_at(row) == seen);
            row.iter().for_each(|row| decide(&row.object_key, role));
        }
    }
}

/// Returns the time at which a row counts as seen.
fn seen_at(row: &VerbatimRow) -> Option<Timestamp> {
    let time = |column: &str| {
        let place = CAPTURE_COLUMNS.iter().position(|name| *name == column)?;
        row.values.get(place).and_then(Value::as_str)?.parse::<Timestamp>().ok()
    };
    let (snapshot_time, captured_at) = (time("snapshot_time")?, time("captured_at")?);
    let placed = placed_at(snapshot_time.as_millisecond(), captured_at.as_millisecond());
    Timestamp::from_millisecond(placed).ok()
}
