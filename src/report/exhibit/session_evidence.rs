//! The evidence about one session, read from the lake: the rows that show it, the captures that decide it, what the connection logs and
//! the configuration say of it, and the proof of the objects.

mod around;
mod copies;
mod recorded;
mod uncertainties;
mod verbatim_rows;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::SignedDuration;
use jiff::civil::Date;

use super::claims::CLOCK_LIMIT_SECONDS;
use super::configuration::ConfigurationFigures;
use super::digests::{DigestFigures, read_digests};
use super::output_folder::OutputFolder;
use super::verification::{VerifiedHours, verify_hours};
use super::{ExhibitError, ExhibitProgress, ExhibitRequest};
use crate::hour::Hour;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::{ReadObject, ReadObjects, Store, StoreError};
use crate::proof::coverage::{Coverage, RequestedTimes, Unreadable};
use crate::proof::verify::Verification;
use crate::report::sessions::{Selection, Session, SessionsRead, read_sessions};
use crate::report::table_objects::{DayRange, TableObjects};
use crate::tables::column::Column;
use crate::tables::{connection_logs, connections};
use crate::target::AccountRegion;
use around::{CapturesAround, days_around};
use recorded::RecordedCaptures;
use uncertainties::{refused_by_the_log, time_around, unproven};
use verbatim_rows::read_rows;

pub(super) use copies::ObjectCopy;
pub(super) use recorded::RecordedCapture;
pub(super) use verbatim_rows::VerbatimRow;

/// Longest time for which AWS lets a session last.
const LONGEST_SESSION: SignedDuration = SignedDuration::from_hours(24);

/// Columns of the rows that show the session.
pub(super) static CAPTURE_COLUMNS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| names(connections::columns::COLUMNS));

/// Columns of the events of the connection logs.
pub(super) static EVENT_COLUMNS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| names(connection_logs::columns::COLUMNS));

fn names(columns: &[Column]) -> Vec<&'static str> {
    columns.iter().map(|column| column.name).collect()
}

/// The reason why an object is in the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ObjectRole {
    CaptureBefore,
    FirstRow,
    LastRowWithoutEnd,
    FirstRowWithEnd,
    LastRow,
    CaptureAfter,
    ConfigurationAtBeginning,
    ConfigurationAtEnd,
    LoggedEvent,
    RunRecord,
    Digest,
}

impl ObjectRole {
    /// Returns the words of data files and of the page.
    pub(super) fn words(self) -> &'static str {
        match self {
            ObjectRole::CaptureBefore => "last complete capture before it",
            ObjectRole::FirstRow => "first shows it",
            ObjectRole::LastRowWithoutEnd => "last shows it without an end",
            ObjectRole::FirstRowWithEnd => "first shows its end",
            ObjectRole::LastRow => "last shows it",
            ObjectRole::CaptureAfter => "first complete capture after it",
            ObjectRole::ConfigurationAtBeginning => "configuration when it began",
            ObjectRole::ConfigurationAtEnd => "configuration when it ended or was last seen",
            ObjectRole::LoggedEvent => "has events of it",
            ObjectRole::RunRecord => "run record of one of these captures",
            ObjectRole::Digest => "digest that lists one of these objects",
        }
    }
}

/// The evidence about one session.
pub(super) struct SessionEvidence {
    pub session: Session,
    /// Every row that shows it, in the order of the snapshots.
    pub rows: Vec<VerbatimRow>,
    /// The events of the connection logs that name it.
    pub events: Vec<VerbatimRow>,
    /// The captures of its endpoint around it, by the keys of their objects.
    pub captures: BTreeMap<String, RecordedCapture>,
    /// The objects that are copied whole.
    pub objects: Vec<ObjectCopy>,
    pub configuration: ConfigurationFigures,
    pub digests: DigestFigures,
    /// The last hour of the copied objects that digests list.
    pub last_hour: Hour,
    /// The hours that were verified.
    pub verified_hours: VerifiedHours,
    /// The result of `verify`, or the reason why nothing could be verified.
    pub verification: Result<Verification, String>,
    /// Every object that was read.
    pub inputs: BTreeMap<String, ReadObject>,
    /// Everything that could not be read, is not there, or is not as its run record states, and why.
    pub unreadable: Vec<Unreadable>,
}

/// Finds the session of a connection in the period, and returns the reading of the sessions too.
///
/// # Errors
/// Returns an error if the lake cannot be listed, or if there is no such session or more than one.
pub(super) async fn find_session(
    request: &ExhibitRequest<'_>,
    store: &Store,
    connection_id: &str,
    on_progress: impl Fn(ExhibitProgress),
) -> Result<(Session, SessionsRead), ExhibitError> {
    let selection = Selection { from: Some(request.from), to: Some(request.to), ..Selection::default() };
    let on_read = |progress| on_progress(ExhibitProgress::Sessions(progress));
    let mut found: Vec<Session> = Vec::new();
    let on_session = |session: Session| {
        if session.connection_id == connection_id {
            found.push(session);
        }
    };
    let read = read_sessions(store, &selection, request.now, on_read, on_session).await?;
    match <[Session; 1]>::try_from(found) {
        Ok([session]) => Ok((session, read)),
        Err(found) if found.is_empty() => Err(ExhibitError::NoSession {
            connection_id: connection_id.to_owned(),
            from: request.from,
            to: request.to,
            unreadable: read.unreadable.len(),
        }),
        Err(found) => Err(ExhibitError::SeveralSessions {
            connection_id: connection_id.to_owned(),
            endpoints: found.iter().map(|session| session.endpoint_id.clone()).collect(),
        }),
    }
}

impl SessionEvidence {
    /// Reads the evidence about a session, noting each object in `read_objects`, and writes the data files of the configuration and the copies of objects.
    ///
    /// # Errors
    /// Returns an error if the lake cannot be listed or a file cannot be written. What cannot be read is in the result.
    pub(super) async fn read(
        request: &ExhibitRequest<'_>,
        read_objects: &ReadObjects,
        (session, read): (Session, SessionsRead),
        folder: &mut OutputFolder,
        on_progress: impl Fn(ExhibitProgress),
    ) -> Result<SessionEvidence, ExhibitError> {
        let store = request.store.clone().noting_reads(read_objects.clone());
        let places = store.places().await?;
        let is_of_session = |place: &&AccountRegion| {
            place.account_id.as_str() == session.account_id && place.region.as_str() == session.region
        };
        let place = places.iter().find(is_of_session).ok_or_else(|| ExhibitError::NoSession {
            connection_id: session.connection_id.clone(),
            from: request.from,
            to: request.to,
            unreadable: 0,
        })?;

        let mut around = CapturesAround::read(&store, place, &session).await?;
        let mut unreadable = std::mem::take(&mut around.unreadable);
        let (events, log_objects) = events_of(&store, place, &session, &mut unreadable).await?;
        let (began, ended) = (session.connection_established_time, session.ends_at);
        let config_days = (Hour::containing(began).date(), Hour::containing(ended).date());
        let only = Some(session.endpoint_id.as_str());
        // A session of no length has a configuration too.
        let until = ended.max(began).saturating_add(SignedDuration::from_millis(1)).unwrap_or(ended);
        let of_place = std::slice::from_ref(place);
        let configuration =
            ConfigurationFigures::read(&store, of_place, (began, until), config_days, only, folder).await?;
        unreadable.extend(configuration.unreadable.iter().cloned());

        let mut objects: BTreeMap<String, BTreeSet<ObjectRole>> = BTreeMap::new();
        let mut add = |key: &str, role| {
            objects.entry(key.to_owned()).or_default().insert(role);
        };
        for (key, roles) in &around.deciding {
            roles.iter().for_each(|role| add(key, *role));
        }
        log_objects.iter().for_each(|key| add(key, ObjectRole::LoggedEvent));
        for (key, role) in configuration_objects(&store, place, &configuration).await? {
            add(&key, role);
        }
        let time = time_around(&session, &around, request.now);
        let recorded = RecordedCaptures::read(&store, place, &session.endpoint_id, time).await?;
        unreadable.extend(recorded.problems(&around, &read, &read_objects.to_map()));
        unreadable.extend(recorded.others.problems(&store, &read_objects.to_map(), (began, until)).await?);
        unreadable.extend(refused_by_the_log(&events));
        let times = RequestedTimes { from: Some(time.0), to: time.1, now: request.now };
        unreadable.extend(unproven(Coverage::read(&store, times, &[], |_| ()).await?, &session));
        let captures = recorded.captures;
        let runs = around.deciding.keys().filter_map(|key| captures.get(key));
        runs.for_each(|capture| add(capture.run_key.as_str(), ObjectRole::RunRecord));

        let keys: BTreeSet<String> = objects.keys().cloned().collect();
        let hours: BTreeSet<Hour> =
            keys.iter().filter_map(|key| ObjectKey::parse(key)).map(|key| key.hour).collect();
        let began_in = Hour::containing(began);
        let (first, last) =
            (hours.first().copied().unwrap_or(began_in), hours.last().copied().unwrap_or(began_in));
        let digests = read_digests(&store, of_place, (first.date(), last.date()), &keys).await?;
        for digest in digests.listing.values() {
            objects.entry(digest.clone()).or_default().insert(ObjectRole::Digest);
        }
        let verified_hours = VerifiedHours::of((first.min(Hour::containing(time.0)), last));
        let on_verified = |objects| on_progress(ExhibitProgress::Verified(objects));
        let verification = verify_hours(request, &store, verified_hours, on_verified).await?;
        let objects = copies::copy(&store, objects, folder, &mut unreadable).await?;
        unreadable.sort_by(|one, other| one.object_key.cmp(&other.object_key));
        unreadable.dedup_by(|one, other| one.object_key == other.object_key);
        Ok(SessionEvidence {
            session,
            rows: around.rows,
            events,
            captures,
            objects,
            configuration,
            digests,
            last_hour: last,
            verified_hours,
            verification,
            inputs: read_objects.to_map(),
            unreadable,
        })
    }

    /// Returns `true` if the rows that were found are those of the session, and everything around it could be read and is as its run record
    /// states.
    pub(super) fn is_certain(&self) -> bool {
        let snapshots = self.values_of("snapshot_time").len();
        let clock = self
            .digests
            .clock
            .range
            .map(|(least, greatest)| least.unsigned_abs().max(greatest.unsigned_abs()));
        self.unreadable.is_empty()
            && clock.is_none_or(|seconds| seconds <= CLOCK_LIMIT_SECONDS)
            && i64::try_from(snapshots).ok() == Some(self.session.snapshots)
    }

    /// Returns the different values of a column in the rows, as texts.
    pub(super) fn values_of(&self, column: &str) -> Vec<String> {
        let place = CAPTURE_COLUMNS.iter().position(|name| *name == column);
        let values = self.rows.iter().filter_map(|row| row.values.get(place?)?.as_str().map(str::to_owned));
        values.collect::<BTreeSet<String>>().into_iter().collect()
    }

    /// Returns `true` if a capture has more than one row of the session.
    pub(super) fn has_two_rows_of_a_capture(&self) -> bool {
        let objects: BTreeSet<&str> = self.rows.iter().map(|row| row.object_key.as_str()).collect();
        objects.len() < self.rows.len()
    }
}

/// Returns the events of the connection logs that name a session, with the objects that have them.
async fn events_of(
    store: &Store,
    place: &AccountRegion,
    session: &Session,
    unreadable: &mut Vec<Unreadable>,
) -> Result<(Vec<VerbatimRow>, BTreeSet<String>), StoreError> {
    // A window is due later than its events, and its hour is read once more a day later.
    let days = days_around(session).and_around(1, 1);
    let listed = TableObjects::list(store, Table::ConnectionLogs, place, days).await?;
    unreadable.extend(listed.unreadable);
    let endpoint = EVENT_COLUMNS.iter().position(|name| *name == "endpoint_id");
    let mut events = Vec::new();
    for object in listed.objects {
        match read_rows(store, &object, &EVENT_COLUMNS, &session.connection_id).await {
            Ok(rows) => events.extend(rows),
            Err(problem) => unreadable.push(object.unreadable(problem)),
        }
    }
    let of_endpoint = |row: &VerbatimRow| {
        endpoint.and_then(|place| row.values.get(place)?.as_str()) == Some(session.endpoint_id.as_str())
    };
    events.retain(of_endpoint);
    let objects = events.iter().map(|row| row.object_key.clone()).collect();
    Ok((events, objects))
}

/// Returns the objects of the snapshots that show the configuration when the session began and when it ended.
async fn configuration_objects(
    store: &Store,
    place: &AccountRegion,
    configuration: &ConfigurationFigures,
) -> Result<Vec<(String, ObjectRole)>, StoreError> {
    let Some(of) = configuration.places.first() else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for (time, role) in
        [(of.beginning, ObjectRole::ConfigurationAtBeginning), (of.end, ObjectRole::ConfigurationAtEnd)]
    {
        let date: Date = Hour::containing(time).date();
        let days = DayRange::of(date, date);
        for table in [Table::Endpoints, Table::AuthorizationRules, Table::Routes] {
            let objects = TableObjects::list(store, table, place, days).await?.objects;
            let of_time = objects.into_iter().filter(|object| object.time() == time.as_millisecond());
            found.extend(of_time.map(|object| (object.found.key, role)));
        }
    }
    Ok(found)
}
