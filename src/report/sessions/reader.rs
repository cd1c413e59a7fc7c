//! Reads the record and the objects of each account and Region, and passes on the sessions that are asked for.

use std::collections::{BTreeMap, BTreeSet};

use arrow_array::RecordBatch;
use futures_util::{Stream, StreamExt, stream};
use jiff::Timestamp;

use super::columns::Session;
use super::connection_logs::{CONFIGURATION_COLUMNS, ConnectionLogs, EVENT_COLUMNS};
use super::counts::{ObjectRows, ReadCounts, SessionProgress};
use super::rows::{Connections, SIGHT_COLUMNS, SightColumns};
use super::selection::Selection;
use super::session::{given_beginning, session, timestamp};
use super::sights::Sights;
use super::traced_logins::TRACE_TOLERANCE;
use super::watch::{OpenOrHole, Watch};
use super::{Millis, SessionsError, day_of};
use crate::lake::keys::{Key, Table};
use crate::lake::parquet::RowsError;
use crate::lake::store::Store;
use crate::proof::coverage::record::PlaceRecord;
use crate::proof::coverage::{LISTING, Unreadable};
use crate::report::table_objects::{DayRange, TableObject, TableObjects};
use crate::snapshot_time::SnapshotTime;
use crate::target::{AccountRegion, EndpointId, Target};

/// Objects that are read and decoded ahead.
const CONCURRENT_OBJECTS: usize = 4;

/// DayRange that are read further if a session is shown on the first or last of them.
const FURTHER_DAYS: i64 = 7;

/// DayRange before and after those of the sessions in which their events and configurations may lie.
const DAYS_AROUND: i64 = 3;

/// The result of a reading, beside the sessions.
#[derive(Debug, Default)]
pub struct SessionsRead {
    /// Run records read.
    pub runs: u64,
    /// Parquet objects read.
    pub objects: u64,
    /// Rows of connections read.
    pub rows: u64,
    /// The rows of each object with rows of connections, by its key.
    pub rows_by_object: BTreeMap<String, ObjectRows>,
    /// Different connections in these rows. Those that are not asked for were not passed on.
    pub connections: u64,
    /// Sessions passed on.
    pub sessions: u64,
    /// Everything that could not be read, and why. Sessions may be missing for it, or less may be known of them.
    pub unreadable: Vec<Unreadable>,
    /// The endpoints on record of which sessions were asked for.
    pub watched: Vec<WatchedEndpoint>,
}

/// The times in which an endpoint was captured.
#[derive(Debug)]
pub struct WatchedEndpoint {
    /// The endpoint.
    pub endpoint_id: String,
    /// The first capture, or the first listing of endpoints: what there was before is not known.
    pub record_begins: Timestamp,
    /// Its holes, and the time since the last capture.
    gaps: Vec<OpenOrHole>,
}

/// The chance that captures had to show a connection, by the time at which it began. The best comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) enum Visibility {
    /// It cannot have been missed.
    Watched,
    /// No capture came after it, and the next one can still show it.
    NotYet,
    /// It began in a hole.
    InHole,
    /// It began before anything is on record.
    NotOnRecord,
}

impl WatchedEndpoint {
    fn new(endpoint_id: &str, record: &PlaceRecord, now: Timestamp) -> Option<WatchedEndpoint> {
        let endpoint = record.endpoints.get(endpoint_id)?;
        let watch = Watch::new(endpoint_id, record, now);
        let looks = endpoint.captures.iter().chain(record.listings.iter().map(|listing| &listing.captured));
        Some(WatchedEndpoint {
            endpoint_id: endpoint_id.to_owned(),
            record_begins: looks.map(|look| look.begins).min().unwrap_or(Timestamp::MAX),
            gaps: watch.gaps(Millis::MIN, None).collect(),
        })
    }

    /// Returns the chance that captures had to show a connection that began within five minutes of a time.
    pub(in crate::report) fn visibility_around(&self, time: Timestamp) -> Visibility {
        let earliest = time.saturating_sub(TRACE_TOLERANCE).unwrap_or(time);
        let latest = time.saturating_add(TRACE_TOLERANCE).unwrap_or(time);
        if self.record_begins > earliest {
            return Visibility::NotOnRecord;
        }
        let ends = |gap: &OpenOrHole| if gap.is_open { Timestamp::MAX } else { timestamp(gap.ends) };
        let is_around = |gap: &&OpenOrHole| timestamp(gap.begins) <= latest && ends(gap) > earliest;
        let around = self.gaps.iter().filter(is_around);
        let visibility =
            around.map(|gap| if gap.is_hole { Visibility::InHole } else { Visibility::NotYet }).max();
        visibility.unwrap_or(Visibility::Watched)
    }
}

/// Makes the sessions of the lake in `store` as of `now`, and passes those that are asked for to `on_session`, by account, Region and
/// endpoint, and then in the order in which they began.
///
/// # Errors
/// Returns an error if the lake cannot be listed or an endpoint has too many connections. Objects that cannot be read are in the result.
pub async fn read_sessions(
    store: &Store,
    selection: &Selection,
    now: Timestamp,
    on_progress: impl Fn(SessionProgress),
    mut on_session: impl FnMut(Session),
) -> Result<SessionsRead, SessionsError> {
    let counts = ReadCounts::new(on_progress);
    let mut read = SessionsRead::default();
    for place in store.places().await? {
        let mut record = PlaceRecord::read(store, &place, now, || counts.add_run()).await?;
        read.unreadable.append(&mut record.unreadable);
        let in_lake = TableObjects::days(store, &[Table::Connections, Table::Partials], &place).await?;
        let reader = PlaceReader { store, place: &place, record, in_lake, now, selection, counts: &counts };
        reader.read(&mut read, &mut on_session).await?;
    }
    let (SessionProgress { runs, objects, rows }, rows_by_object) = counts.into_totals();
    (read.runs, read.objects, read.rows, read.rows_by_object) = (runs, objects, rows, rows_by_object);
    read.unreadable.sort_by(|one, other| one.object_key.cmp(&other.object_key));
    read.unreadable.dedup_by(|one, other| one.object_key == other.object_key);
    Ok(read)
}

/// The reader of one account and Region.
struct PlaceReader<'a, F> {
    store: &'a Store,
    place: &'a AccountRegion,
    record: PlaceRecord,
    /// The days that the lake has rows of connections of.
    in_lake: DayRange,
    now: Timestamp,
    selection: &'a Selection,
    counts: &'a ReadCounts<F>,
}

/// The sessions of one endpoint that are asked for.
#[derive(Default)]
struct EndpointSessions {
    sessions: Vec<Session>,
    /// Different connections in the rows that were read.
    connections: u64,
    unreadable: Vec<Unreadable>,
    /// The days that must be read to know these sessions fully; `None` if those that were read are enough.
    needs: Option<DayRange>,
}

impl<F: Fn(SessionProgress)> PlaceReader<'_, F> {
    async fn read(
        self,
        read: &mut SessionsRead,
        on_session: &mut impl FnMut(Session),
    ) -> Result<(), SessionsError> {
        let endpoints = || self.record.endpoints.keys().filter(|id| *id != LISTING);
        let days = endpoints().map(|id| self.days_of(id)).fold(self.days_asked(), DayRange::with);
        let is_asked =
            |id: &str| self.selection.endpoint_id.as_ref().is_none_or(|asked| asked.as_str() == id);
        let watched = endpoints().filter(|id| is_asked(id));
        read.watched.extend(watched.filter_map(|id| WatchedEndpoint::new(id, &self.record, self.now)));
        let logs = self.logs(days, read).await?;
        let mut objects = self.objects(days, read).await?;
        let ids: BTreeSet<EndpointId> =
            endpoints().filter_map(|id| EndpointId::parse(id)).chain(objects.keys().cloned()).collect();
        for endpoint_id in ids.into_iter().filter(|id| is_asked(id.as_str())) {
            let objects = objects.remove(&endpoint_id).unwrap_or_default();
            let mut of_endpoint = if self.record.endpoints.contains_key(endpoint_id.as_str()) {
                self.sessions_of(&endpoint_id, objects, self.days_of(endpoint_id.as_str()), &logs).await?
            } else {
                // Without a record, every snapshot may decide.
                EndpointSessions { needs: Some(DayRange::ALL), ..EndpointSessions::default() }
            };
            while let Some(days) = of_endpoint.needs {
                let logs = self.logs(days, read).await?;
                let objects = self.objects(days, read).await?.remove(&endpoint_id).unwrap_or_default();
                of_endpoint = self.sessions_of(&endpoint_id, objects, days, &logs).await?;
            }
            read.unreadable.append(&mut of_endpoint.unreadable);
            read.connections += of_endpoint.connections;
            read.sessions += of_endpoint.sessions.len() as u64;
            of_endpoint.sessions.into_iter().for_each(&mut *on_session);
        }
        Ok(())
    }

    /// Returns the days that are asked for, and one on each side.
    fn days_asked(&self) -> DayRange {
        let (from, to) = self.selection.period();
        let day = |time: Timestamp| day_of(time.as_millisecond());
        DayRange { first: from.map(day), last: to.map(day) }.and_around(1, 1)
    }

    /// Returns the days whose snapshots decide which sessions of an endpoint reached into the time that is asked for: from the last
    /// capture before it to the first after it, and a day on each side.
    fn days_of(&self, endpoint_id: &str) -> DayRange {
        let (from, to) = self.selection.period();
        let watch = Watch::new(endpoint_id, &self.record, self.now);
        let first = from.map(Timestamp::as_millisecond).and_then(|from| {
            let began_later = watch.beginning.is_some_and(|beginning| beginning >= from);
            watch.preceded_by(from - 1).or(began_later.then_some(from))
        });
        let last = to.and_then(|to| watch.followed_by(to.as_millisecond()));
        self.days_asked().with(DayRange { first: first.map(day_of), last: last.map(day_of) }.and_around(1, 1))
    }

    /// Lists the objects with rows of connections on these days, in the order of their times, by endpoint.
    async fn objects(
        &self,
        days: DayRange,
        read: &mut SessionsRead,
    ) -> Result<BTreeMap<EndpointId, Vec<TableObject>>, SessionsError> {
        let mut objects = TableObjects::default();
        for table in [Table::Connections, Table::Partials] {
            objects.append(TableObjects::list(self.store, table, self.place, days).await?);
        }
        read.unreadable.append(&mut objects.unreadable);
        Ok(objects.by_endpoint())
    }

    /// Reads what the connection logs and the configurations around these days have of connections.
    async fn logs(&self, days: DayRange, read: &mut SessionsRead) -> Result<ConnectionLogs, SessionsError> {
        let mut logs = ConnectionLogs::default();
        let days = days.and_around(DAYS_AROUND, DAYS_AROUND);
        let only = self.selection.endpoint_id.as_ref().map(EndpointId::as_str);
        let listed = TableObjects::list(self.store, Table::ConnectionLogs, self.place, days).await?;
        let add = |batch: &RecordBatch, object: &TableObject| logs.events.add(batch, object.day(), only);
        self.add_all(listed, &EVENT_COLUMNS, add, read).await;
        let listed = TableObjects::list(self.store, Table::Endpoints, self.place, days).await?;
        let add = |batch: &RecordBatch, object: &TableObject| logs.groups.add(batch, object.day());
        self.add_all(listed, &CONFIGURATION_COLUMNS, add, read).await;
        logs.groups.sort();
        Ok(logs)
    }

    /// Reads these objects, and adds their rows.
    async fn add_all(
        &self,
        listed: TableObjects,
        columns: &'static [&'static str],
        mut add: impl FnMut(&RecordBatch, &TableObject) -> Result<(), RowsError>,
        read: &mut SessionsRead,
    ) {
        read.unreadable.extend(listed.unreadable);
        let mut objects = std::pin::pin!(self.decoded(listed.objects, columns));
        while let Some((object, batches)) = objects.next().await {
            let added = batches.and_then(|batches| {
                let mut batches = batches.iter();
                batches.try_for_each(|batch| add(batch, &object)).map_err(|error| error.to_string())
            });
            match added {
                Ok(()) => self.counts.add_other(&object),
                Err(problem) => read.unreadable.push(object.unreadable(problem)),
            }
        }
    }

    /// Reads and decodes objects ahead, in their order.
    fn decoded(
        &self,
        objects: Vec<TableObject>,
        columns: &'static [&'static str],
    ) -> impl Stream<Item = (TableObject, Result<Vec<RecordBatch>, String>)> {
        let read = move |object: TableObject| async move {
            let batches = object.read(self.store, columns).await;
            (object, batches)
        };
        stream::iter(objects).map(read).buffered(CONCURRENT_OBJECTS)
    }

    async fn sessions_of(
        &self,
        endpoint_id: &EndpointId,
        objects: Vec<TableObject>,
        days: DayRange,
        logs: &ConnectionLogs,
    ) -> Result<EndpointSessions, SessionsError> {
        let mut connections = Connections::default();
        let unreadable = self.missing(endpoint_id, &objects, days);
        let mut of_endpoint = EndpointSessions { unreadable, ..EndpointSessions::default() };
        let objects = objects.into_iter().filter(|object| days.contains(object.day())).collect();
        let mut objects = std::pin::pin!(self.decoded(objects, &SIGHT_COLUMNS));
        while let Some((object, batches)) = objects.next().await {
            let time = object.time();
            let checked = batches.and_then(|batches| {
                let check = |batch| SightColumns::new(batch, endpoint_id.as_str(), time);
                let checked: Result<Vec<SightColumns>, RowsError> = batches.iter().map(check).collect();
                checked.map_err(|error| error.to_string())
            });
            match checked {
                Ok(batches) => {
                    let is_complete = object.key.table == Table::Connections;
                    let mut of_object = ObjectRows::default();
                    for batch in &batches {
                        batch.count(&mut of_object);
                        of_object.without_id +=
                            connections.add(endpoint_id.as_str(), batch, time, is_complete)?;
                    }
                    self.counts.add_rows(&object, of_object);
                }
                Err(problem) => of_endpoint.unreadable.push(object.unreadable(problem)),
            }
        }
        of_endpoint.connections = connections.len();
        let watch = Watch::new(endpoint_id.as_str(), &self.record, self.now);
        for (connection_id, sights) in connections.into_iter() {
            let mut session = session(self.place, endpoint_id.as_str(), &connection_id, &sights, &watch);
            if !self.selection.is_of_time(&session) || !self.selection.is_of_user(&session) {
                continue;
            }
            if let Some(needs) = self.needed(&sights, days) {
                of_endpoint.needs = Some(of_endpoint.needs.map_or(needs, |known| known.with(needs)));
            }
            logs.fill(&mut session, &self.record.readings);
            of_endpoint.sessions.push(session);
        }
        let order = |session: &Session| (session.connection_established_time, session.connection_id.clone());
        of_endpoint.sessions.sort_by_cached_key(order);
        Ok(of_endpoint)
    }

    /// Returns the complete objects of these days that a run record names and the lake does not have.
    fn missing(&self, endpoint_id: &EndpointId, objects: &[TableObject], days: DayRange) -> Vec<Unreadable> {
        let Some(endpoint) = self.record.endpoints.get(endpoint_id.as_str()) else { return Vec::new() };
        let complete = objects.iter().filter(|object| object.key.table == Table::Connections);
        let found: BTreeSet<Millis> = complete.map(TableObject::time).collect();
        let written = endpoint.written.iter().filter(|time| days.contains(day_of(time.as_millisecond())));
        let missing = written.filter(|time| !found.contains(&time.as_millisecond()));
        let unreadable = |time: &Timestamp| {
            let AccountRegion { account_id, region } = self.place.clone();
            let target = Target { account_id, region, endpoint_id: endpoint_id.clone() };
            let key = Key::Connections { target: &target, snapshot_time: SnapshotTime::truncated(*time) };
            let problem = "is not there, although a run record says that it was written; run `verify`";
            Unreadable { object_key: key.to_string(), problem: problem.to_owned() }
        };
        missing.map(unreadable).collect()
    }

    /// Returns the days that must be read to know a session fully; `None` if these are enough. It may have sights before the first
    /// day if it is shown on that or began earlier, and after the last day if it is shown on that.
    fn needed(&self, sights: &Sights, days: DayRange) -> Option<DayRange> {
        let first = days.first.map(|first| {
            let earlier = if day_of(sights.first_snapshot) <= first { first - FURTHER_DAYS } else { first };
            let began = given_beginning(sights).map_or(i64::MAX, day_of);
            earlier.min(began).max(self.in_lake.first.unwrap_or(first)).min(first)
        });
        let last = days.last.map(|last| {
            let later = if day_of(sights.last_snapshot) >= last { last + FURTHER_DAYS } else { last };
            later.min(self.in_lake.last.unwrap_or(last)).max(last)
        });
        let needed = DayRange { first, last };
        (needed != days).then_some(needed)
    }
}
