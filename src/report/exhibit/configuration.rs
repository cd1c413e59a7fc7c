//! The configuration of the endpoints in the period: the state at its beginning and at its end, and each change.
//!
//! `rows` and `columns` make values of the objects, and `history` compares them, without I/O. This file reads the objects and writes the
//! data files.

mod both_states;
mod columns;
mod history;
mod options;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::ExhibitError;
use super::output_folder::{DataFile, OutputFolder, time_value};
use super::run_records::ReportedEndpoint;
use crate::lake::keys::Table;
use crate::lake::store::{Store, StoreError};
use crate::proof::coverage::Unreadable;
use crate::report::table_objects::{DayRange, TableObject, TableObjects};
use crate::target::AccountRegion;
use both_states::both_states;
use history::{ConfigurationHistory, GivenConfiguration};
use options::ENDPOINT_COLUMNS;
use rows::{ROUTE_COLUMNS, RULE_COLUMNS};

pub(super) use both_states::{BothStates, StateText};
pub(super) use history::{
    ConfigurationChange, ConfigurationPart, ConfigurationTimes, HistoryCounts, StateValue,
};

/// Snapshots that are read and decoded ahead.
const CONCURRENT_SNAPSHOTS: usize = 2;

/// Most changes that are kept for the page. The data file has all.
pub(super) const MOST_SHOWN: usize = 300;

/// Columns of the data file `configuration_states`.
const STATE_COLUMNS: [&str; 10] = [
    "account_id",
    "region",
    "endpoint_id",
    "at",
    "kind",
    "name",
    "value",
    "known",
    "snapshot_time",
    "captured_at",
];

/// Columns of the data file `configuration_changes`.
const CHANGE_COLUMNS: [&str; 12] = [
    "account_id",
    "region",
    "endpoint_id",
    "kind",
    "name",
    "change",
    "from_value",
    "to_value",
    "from_snapshot",
    "to_snapshot",
    "from_captured_at",
    "to_captured_at",
];

/// The configuration of the endpoints in the period.
#[derive(Debug, Default)]
pub(super) struct ConfigurationFigures {
    /// The accounts and Regions that have snapshots.
    pub places: Vec<PlaceConfiguration>,
    /// The endpoints that were listed at the beginning of the period or in it.
    pub endpoints: BTreeSet<ReportedEndpoint>,
    /// Changes of each kind.
    pub changes: BTreeMap<&'static str, u64>,
    /// The first of them.
    pub first_changes: Vec<ConfigurationChange>,
    /// Endpoints at the end.
    pub endpoints_at_end: u64,
    /// Values that are there at the beginning or at the end, and parts that are not known.
    pub states: usize,
    /// The first of them.
    pub first_states: Vec<BothStates>,
    /// Objects that could not be read, and why.
    pub unreadable: Vec<Unreadable>,
}

/// The configuration of an account and Region.
#[derive(Debug)]
pub(super) struct PlaceConfiguration {
    pub place: AccountRegion,
    pub counts: HistoryCounts,
    /// The snapshot that shows the state at the beginning.
    pub beginning: Timestamp,
    /// The snapshot that shows the state at the end.
    pub end: Timestamp,
}

impl ConfigurationFigures {
    /// Reads the snapshots from the day before `from` until before `until`, and writes the data files: of one endpoint if `only` is given.
    ///
    /// # Errors
    /// Returns an error if the objects cannot be listed, or a file cannot be written.
    pub(super) async fn read(
        store: &Store,
        places: &[AccountRegion],
        (from, until): (Timestamp, Timestamp),
        (first, last): (Date, Date),
        only: Option<&str>,
        folder: &mut OutputFolder,
    ) -> Result<ConfigurationFigures, ExhibitError> {
        let mut figures = ConfigurationFigures::default();
        let mut changes = DataFile::create(folder, "configuration_changes", CHANGE_COLUMNS.to_vec())?;
        let mut states = DataFile::create(folder, "configuration_states", STATE_COLUMNS.to_vec())?;
        // A day earlier: for the state at the beginning.
        let days = DayRange::of(first, last).and_around(1, 0);
        for place in places {
            let mut history = ConfigurationHistory::new(from);
            let objects = SnapshotObjects::list(store, place, days, until, &mut figures.unreadable).await?;
            let read = async |objects: SnapshotObjects| objects.read(store).await;
            let mut snapshots =
                std::pin::pin!(stream::iter(objects).map(read).buffered(CONCURRENT_SNAPSHOTS));
            while let Some((given, unreadable)) = snapshots.next().await {
                figures.unreadable.extend(unreadable);
                let given = given.map(|given| match only {
                    Some(only) => given.of_endpoint(only),
                    None => given,
                });
                if let Some(given) = given.as_ref().filter(|given| given.snapshot_time >= from) {
                    figures.endpoints.extend(given.endpoints.keys().map(|id| endpoint(place, id)));
                }
                for change in given.into_iter().flat_map(|given| history.add(given)) {
                    changes.add(change_row(place, &change))?;
                    *figures.changes.entry(change.part.kind()).or_default() += 1;
                    if figures.first_changes.len() < MOST_SHOWN {
                        figures.first_changes.push(change);
                    }
                }
            }
            let (Some(beginning), Some(end)) = (history.beginning(), history.state()) else { continue };
            let at_beginning = beginning.values.iter().map(|value| endpoint(place, &value.endpoint_id));
            figures.endpoints.extend(at_beginning);
            for (at, state) in [("beginning", &beginning), ("end", &end)] {
                state.values.iter().try_for_each(|value| states.add(state_row(place, at, value)))?;
            }
            figures.places.push(PlaceConfiguration {
                place: place.clone(),
                counts: history.counts,
                beginning: beginning.snapshot_time,
                end: end.snapshot_time,
            });
            let is_listed = |of: &&StateValue| of.part == ConfigurationPart::Listing && of.value.is_some();
            figures.endpoints_at_end += end.values.iter().filter(is_listed).count() as u64;
            let both = both_states(&beginning, &end);
            figures.states += both.len();
            let free = MOST_SHOWN - figures.first_states.len();
            figures.first_states.extend(both.into_iter().take(free));
        }
        folder.finish(changes)?;
        folder.finish(states)?;
        Ok(figures)
    }

    /// Returns the snapshots of the period.
    pub(super) fn snapshots(&self) -> u64 {
        self.places.iter().map(|place| place.counts.snapshots).sum()
    }
}

/// The objects of a snapshot of an account and Region.
struct SnapshotObjects {
    endpoints: TableObject,
    rules: Option<TableObject>,
    routes: Option<TableObject>,
}

impl SnapshotObjects {
    /// Lists those of these days, in the order of their times. A snapshot without an object of `endpoints` shows nothing: only that says
    /// which rules and routes are known.
    async fn list(
        store: &Store,
        place: &AccountRegion,
        days: DayRange,
        until: Timestamp,
        unreadable: &mut Vec<Unreadable>,
    ) -> Result<Vec<SnapshotObjects>, StoreError> {
        let mut by_time = Vec::new();
        for table in [Table::Endpoints, Table::AuthorizationRules, Table::Routes] {
            let listed = TableObjects::list(store, table, place, days).await?;
            unreadable.extend(listed.unreadable);
            let is_before = |object: &TableObject| object.time() < until.as_millisecond();
            let objects = listed.objects.into_iter().filter(is_before);
            by_time.push(objects.map(|object| (object.time(), object)).collect::<BTreeMap<_, _>>());
        }
        let mut tables = by_time.into_iter();
        let (endpoints, mut rules, mut routes) = (
            tables.next().unwrap_or_default(),
            tables.next().unwrap_or_default(),
            tables.next().unwrap_or_default(),
        );
        let snapshot = |(time, endpoints)| SnapshotObjects {
            endpoints,
            rules: rules.remove(&time),
            routes: routes.remove(&time),
        };
        Ok(endpoints.into_iter().map(snapshot).collect())
    }

    /// Reads the snapshot; `None` if its endpoints cannot be read. Everything that cannot be read is in the list.
    async fn read(self, store: &Store) -> (Option<GivenConfiguration>, Vec<Unreadable>) {
        let mut unreadable = Vec::new();
        let rules = match &self.rules {
            Some(object) => {
                let read = object.read(store, &RULE_COLUMNS).await;
                readable(object, read.and_then(|batches| worded(rows::rules(&batches))), &mut unreadable)
            }
            None => None,
        };
        let routes = match &self.routes {
            Some(object) => {
                let read = object.read(store, &ROUTE_COLUMNS).await;
                readable(object, read.and_then(|batches| worded(rows::routes(&batches))), &mut unreadable)
            }
            None => None,
        };
        let read = self.endpoints.read(store, &ENDPOINT_COLUMNS).await;
        let given = self
            .endpoints
            .key
            .time()
            .ok_or("its key has no time".to_owned())
            .and_then(|time| worded(rows::snapshot(time.timestamp(), &read?, rules, routes)));
        (readable(&self.endpoints, given, &mut unreadable), unreadable)
    }
}

fn endpoint(place: &AccountRegion, endpoint_id: &str) -> ReportedEndpoint {
    ReportedEndpoint {
        account_id: place.account_id.to_string(),
        region: place.region.to_string(),
        endpoint_id: endpoint_id.to_owned(),
    }
}

fn worded<T, E: ToString>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

fn readable<T>(object: &TableObject, read: Result<T, String>, unreadable: &mut Vec<Unreadable>) -> Option<T> {
    read.map_err(|problem| unreadable.push(object.unreadable(problem))).ok()
}

fn change_row(place: &AccountRegion, change: &ConfigurationChange) -> Vec<Value> {
    vec![
        json!(place.account_id.as_str()),
        json!(place.region.as_str()),
        json!(change.endpoint_id),
        json!(change.part.kind()),
        json!(change.name),
        json!(change.change),
        json!(change.from_value),
        json!(change.to_value),
        time_value(Some(change.from.snapshot_time)),
        time_value(Some(change.to.snapshot_time)),
        time_value(change.from.captured_at),
        time_value(change.to.captured_at),
    ]
}

fn state_row(place: &AccountRegion, at: &str, of: &StateValue) -> Vec<Value> {
    let (name, value) = of.value.as_ref().map(|(name, value)| (name, value)).unzip();
    vec![
        json!(place.account_id.as_str()),
        json!(place.region.as_str()),
        json!(of.endpoint_id),
        json!(at),
        json!(of.part.kind()),
        json!(name),
        json!(value),
        json!(of.times.is_some()),
        time_value(of.times.map(|times| times.snapshot_time)),
        time_value(of.times.and_then(|times: ConfigurationTimes| times.captured_at)),
    ]
}
