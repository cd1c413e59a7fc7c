//! The parts of a run record that concern objects.

mod claim;
mod contradictions;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::lake::keys::{ConfigurationTable, ObjectKey};
use crate::lake::ledger::Outcome;
use crate::lake::ledger::recorded::{MOST_TARGETS, MOST_WINDOWS, RecordedDiscovery, limited};
use crate::run_id::RunId;

use super::report::{Kind, shortened};

pub use claim::Claim;
use claim::OfKey;
use contradictions::{contradictions, misplaced, outside_the_run, window_outside_the_run};

/// Most targets that a run is given by name, and one for a `*`.
const MOST_NAMED: usize = MOST_TARGETS + 1;

/// The times of an entry's pages: the request and the arrival of the first, and the arrival of the last.
pub type Pages = [Option<Timestamp>; 3];

/// A run record. Fields of other versions are ignored.
#[derive(Debug, Clone, Deserialize)]
pub struct Record {
    run_id: String,
    snapshot_time: Timestamp,
    start: Timestamp,
    end: Option<Timestamp>,
    settings_in_force: RecordedSettingsInForce,
    targets: Vec<RecordedTargetEntry>,
    #[serde(default)]
    places: Vec<RecordedPlaceEntry>,
}

#[derive(Debug, Clone, Deserialize)]
struct RecordedSettingsInForce {
    lake: String,
    #[serde(default, deserialize_with = "limited::<MOST_NAMED, _, _>")]
    targets: Vec<String>,
}

impl RecordedSettingsInForce {
    /// Returns `true` if the run was given the endpoint by its id, and not only by a `*`.
    fn names(&self, endpoint_id: &str) -> bool {
        self.targets.iter().any(|arn| arn.rsplit('/').next() == Some(endpoint_id))
    }
}

#[derive(Debug, Clone, Deserialize)]
struct RecordedTargetEntry {
    account_id: String,
    region: String,
    endpoint_id: String,
    outcome: Outcome,
    #[serde(default)]
    restrictions: Vec<IgnoredAny>,
    pages: Option<u64>,
    rows_read: u64,
    rows: u64,
    active: Option<u64>,
    resume_token: Option<IgnoredAny>,
    bytes: Option<u64>,
    object_key: Option<String>,
    sha256: Option<String>,
    superseded: Option<Superseded>,
    first_page_requested_at: Option<Timestamp>,
    first_page_at: Option<Timestamp>,
    last_page_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize)]
struct Superseded {
    object_key: String,
    rows: u64,
    bytes: u64,
    sha256: String,
}

#[derive(Debug, Clone, Deserialize)]
struct RecordedPlaceEntry {
    account_id: String,
    region: String,
    discovery: Option<RecordedDiscovery>,
    endpoints: Option<RecordedConfigurationEntry>,
    authorization_rules: Option<RecordedConfigurationEntry>,
    routes: Option<RecordedConfigurationEntry>,
    logs: Option<RecordedLogsEntry>,
}

impl RecordedPlaceEntry {
    fn configuration(&self) -> impl Iterator<Item = (ConfigurationTable, &RecordedConfigurationEntry)> {
        ConfigurationTable::ALL.into_iter().filter_map(|table| {
            let entry = match table {
                ConfigurationTable::Endpoints => &self.endpoints,
                ConfigurationTable::AuthorizationRules => &self.authorization_rules,
                ConfigurationTable::Routes => &self.routes,
            };
            Some((table, entry.as_ref()?))
        })
    }
}

#[derive(Debug, Clone, Deserialize)]
struct RecordedLogsEntry {
    #[serde(deserialize_with = "limited::<MOST_TARGETS, _, _>")]
    groups: Vec<RecordedLogGroupEntry>,
}

#[derive(Debug, Clone, Deserialize)]
struct RecordedLogGroupEntry {
    log_group: String,
    #[serde(deserialize_with = "limited::<MOST_WINDOWS, _, _>")]
    windows: Vec<RecordedWindowEntry>,
}

#[derive(Debug, Clone, Deserialize)]
struct RecordedWindowEntry {
    start: Timestamp,
    end: Timestamp,
    late: bool,
    outcome: Outcome,
    events_read: u64,
    known_events: u64,
    foreign_left_out: u64,
    rows: u64,
    bytes: Option<u64>,
    object_key: Option<String>,
    sha256: Option<String>,
    first_page_requested_at: Option<Timestamp>,
    first_page_at: Option<Timestamp>,
    last_page_at: Option<Timestamp>,
}

impl RecordedWindowEntry {
    fn pages(&self) -> Pages {
        [self.first_page_requested_at, self.first_page_at, self.last_page_at]
    }

    fn named(&self) -> EntryObject<'_> {
        EntryObject { key: self.object_key.as_deref(), bytes: self.bytes, sha256: self.sha256.as_deref() }
    }
}

#[derive(Debug, Clone, Deserialize)]
struct RecordedConfigurationEntry {
    outcome: Outcome,
    rows: u64,
    bytes: Option<u64>,
    object_key: Option<String>,
    sha256: Option<String>,
}

impl RecordedTargetEntry {
    fn pages(&self) -> Pages {
        [self.first_page_requested_at, self.first_page_at, self.last_page_at]
    }

    fn named(&self) -> EntryObject<'_> {
        EntryObject { key: self.object_key.as_deref(), bytes: self.bytes, sha256: self.sha256.as_deref() }
    }
}

impl RecordedConfigurationEntry {
    fn named(&self) -> EntryObject<'_> {
        EntryObject { key: self.object_key.as_deref(), bytes: self.bytes, sha256: self.sha256.as_deref() }
    }
}

/// The object of an entry, as far as the entry names it.
struct EntryObject<'a> {
    key: Option<&'a str>,
    bytes: Option<u64>,
    sha256: Option<&'a str>,
}

impl EntryObject<'_> {
    fn is_complete(&self) -> bool {
        self.key.is_some() && self.bytes.is_some() && self.sha256.is_some()
    }

    fn is_empty(&self) -> bool {
        self.key.is_none() && self.bytes.is_none() && self.sha256.is_none()
    }
}

/// A contradiction within a record.
pub type Contradiction = (Kind, String);

/// Returns the objects that the record under `key` names, and its contradictions with its key or itself.
pub fn claims(key: &ObjectKey, record: &Record) -> (Vec<Claim>, Vec<Contradiction>) {
    let mut wrong = misplaced(key, record);
    let mut claims = Vec::new();
    let (Some(time), Some(run_id)) = (key.time(), RunId::parse(key.after_time())) else {
        return (claims, wrong);
    };
    let of_key = OfKey::new(&key.place, time, run_id, &record.settings_in_force.lake);
    wrong.extend(contradictions(record).into_iter().map(inconsistent));
    for entry in &record.targets {
        match of_key.target(entry) {
            Ok(of_target) => claims.extend(of_target),
            Err(contradiction) => wrong.push(contradiction),
        }
        wrong.extend(outside_the_run(record, entry).map(inconsistent));
    }
    for (table, entry) in record.places.iter().flat_map(RecordedPlaceEntry::configuration) {
        match of_key.configuration(table, entry) {
            Ok(of_place) => claims.extend(of_place),
            Err(contradiction) => wrong.push(contradiction),
        }
    }
    let groups = record.places.iter().filter_map(|place| place.logs.as_ref()).flat_map(|logs| &logs.groups);
    for (group, window) in groups.flat_map(|group| group.windows.iter().map(move |window| (group, window))) {
        match of_key.window(&group.log_group, window) {
            Ok(of_window) => claims.extend(of_window),
            Err(contradiction) => wrong.push(contradiction),
        }
        wrong.extend(window_outside_the_run(record, window).map(inconsistent));
    }
    (claims, wrong)
}

fn inconsistent(message: String) -> Contradiction {
    (Kind::RecordInconsistent, message)
}

fn misplaced_object(key: &str, expected: &str) -> Contradiction {
    (Kind::ObjectMisplaced, format!("names {} as its object, which would be {expected}", shortened(key)))
}
