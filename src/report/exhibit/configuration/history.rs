//! The configuration of the endpoints of an account and Region over time: snapshots compared one after the other, without I/O.
//!
//! A part that is not known at a snapshot is no change: its next known values are compared with the last known ones.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

/// Most endpoints of an account and Region that are followed.
const MOST_ENDPOINTS: usize = 10_000;

/// The value of an endpoint that is listed.
pub(super) const THERE: &str = "there";

/// Separates the values of one name, if AWS gave several.
pub(super) const SEPARATOR: &str = " | ";

/// A part of an endpoint, which is known at a snapshot or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report::exhibit) enum ConfigurationPart {
    /// Its place in the list of endpoints.
    Listing,
    Rules,
    Routes,
    Policy,
    RevocationList,
    Options,
    /// Its associations with networks, which EC2 answers for in a call of its own.
    Networks,
}

impl ConfigurationPart {
    pub(in crate::report::exhibit) const ALL: [ConfigurationPart; 7] = [
        ConfigurationPart::Listing,
        ConfigurationPart::Rules,
        ConfigurationPart::Routes,
        ConfigurationPart::Policy,
        ConfigurationPart::RevocationList,
        ConfigurationPart::Options,
        ConfigurationPart::Networks,
    ];

    /// Returns the kind of its values, as `configuration_changes.sql` names it.
    pub(in crate::report::exhibit) fn kind(self) -> &'static str {
        match self {
            ConfigurationPart::Listing => "endpoint",
            ConfigurationPart::Rules => "authorization_rule",
            ConfigurationPart::Routes => "route",
            ConfigurationPart::Policy => "authorization_policy",
            ConfigurationPart::RevocationList => "revocation_list",
            ConfigurationPart::Options | ConfigurationPart::Networks => "option",
        }
    }

    /// Returns `true` if its names are those of columns, so that each of them always has a value or none.
    fn has_columns(self) -> bool {
        !matches!(self, ConfigurationPart::Listing | ConfigurationPart::Rules | ConfigurationPart::Routes)
    }
}

/// The values of each name as AWS gave them: more than one if it gave several rows. `None` if AWS sent no value.
pub(super) type GivenValues = BTreeMap<String, BTreeSet<Option<String>>>;

/// A part that is known at a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GivenPart {
    /// Time of EC2's answer.
    pub captured_at: Timestamp,
    pub values: GivenValues,
}

/// The parts of an endpoint that are known at a snapshot.
pub(super) type GivenParts = BTreeMap<ConfigurationPart, GivenPart>;

/// A snapshot of the configuration of an account and Region.
#[derive(Debug)]
pub(super) struct GivenConfiguration {
    pub snapshot_time: Timestamp,
    /// Time of EC2's answer that has the endpoints; `None` if it had none.
    pub listed_at: Option<Timestamp>,
    /// The listed endpoints that are not deleted, by their ids.
    pub endpoints: BTreeMap<String, GivenParts>,
    /// `true` if an endpoint without an id is listed. It may be any.
    pub has_nameless: bool,
}

impl GivenConfiguration {
    /// Returns what the snapshot shows of one endpoint.
    pub(super) fn of_endpoint(mut self, endpoint_id: &str) -> GivenConfiguration {
        self.endpoints.retain(|id, _| id == endpoint_id);
        self
    }
}

/// The times of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report::exhibit) struct ConfigurationTimes {
    pub snapshot_time: Timestamp,
    /// Time of EC2's answer; `None` if no row has it.
    pub captured_at: Option<Timestamp>,
}

impl ConfigurationTimes {
    /// Returns the times that snapshots are ordered by: a snapshot that was tried again can arrive after later ones.
    fn order(&self) -> (Timestamp, Timestamp) {
        (self.captured_at.unwrap_or(self.snapshot_time), self.snapshot_time)
    }
}

/// The last known values of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
struct KnownPart {
    times: ConfigurationTimes,
    values: BTreeMap<String, Option<String>>,
}

type KnownParts = BTreeMap<ConfigurationPart, KnownPart>;

/// A value that differs between two snapshots that follow one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report::exhibit) struct ConfigurationChange {
    pub endpoint_id: String,
    pub part: ConfigurationPart,
    /// A column of `endpoints`, a rule, a route, or the id of the endpoint.
    pub name: String,
    /// `added`, `removed` or `changed`.
    pub change: &'static str,
    pub from_value: Option<String>,
    pub to_value: Option<String>,
    /// The last snapshot that shows `from_value`.
    pub from: ConfigurationTimes,
    /// The first that shows `to_value`.
    pub to: ConfigurationTimes,
}

/// A value of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report::exhibit) struct StateValue {
    pub endpoint_id: String,
    pub part: ConfigurationPart,
    /// Times of the last snapshot at which the part was known; `None` if it is not known.
    pub times: Option<ConfigurationTimes>,
    /// Name and value; `None` if the part is not known, or has no value.
    pub value: Option<(String, String)>,
}

/// The configuration at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report::exhibit) struct ConfigurationState {
    /// The last snapshot before it.
    pub snapshot_time: Timestamp,
    pub values: Vec<StateValue>,
}

/// The history of an account and Region.
#[derive(Debug)]
pub(super) struct ConfigurationHistory {
    from: Timestamp,
    endpoints: BTreeMap<String, KnownParts>,
    /// The last listing that names each of its endpoints.
    last_listing: Option<ConfigurationTimes>,
    last_snapshot: Option<Timestamp>,
    beginning: Option<ConfigurationState>,
    pub counts: HistoryCounts,
}

/// The counts of a history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::report::exhibit) struct HistoryCounts {
    /// Snapshots after the beginning of the period and before its end.
    pub snapshots: u64,
    /// The two snapshots that follow one another with the longest time between them.
    pub longest: Option<(Timestamp, Timestamp)>,
    /// Endpoints in all of these snapshots, and how often each part was not known.
    pub endpoints: u64,
    pub not_known: BTreeMap<ConfigurationPart, u64>,
    /// Snapshots whose answers are older than those of a snapshot before them. They are not compared.
    pub out_of_order: u64,
    /// Sights of endpoints beyond the limit. They are not compared.
    pub beyond_limit: u64,
}

impl ConfigurationHistory {
    /// Starts a history of a period that begins at `from`.
    pub(super) fn new(from: Timestamp) -> ConfigurationHistory {
        ConfigurationHistory {
            from,
            endpoints: BTreeMap::new(),
            last_listing: None,
            last_snapshot: None,
            beginning: None,
            counts: HistoryCounts::default(),
        }
    }

    /// Adds a snapshot. Returns the changes that it shows first, if it is after the beginning of the period.
    pub(super) fn add(&mut self, given: GivenConfiguration) -> Vec<ConfigurationChange> {
        let is_of_period = given.snapshot_time > self.from;
        if is_of_period && self.beginning.is_none() {
            self.beginning = self.state();
        }
        if is_of_period {
            self.count(&given);
        }
        let snapshot_time = given.snapshot_time;
        let changes = self.compare(given);
        self.last_snapshot = self.last_snapshot.max(Some(snapshot_time));
        if is_of_period && self.beginning.is_none() {
            self.beginning = self.state();
        }
        if is_of_period { changes } else { Vec::new() }
    }

    /// Returns the state after the last snapshot; `None` without one.
    pub(super) fn state(&self) -> Option<ConfigurationState> {
        let snapshot_time = self.last_snapshot?;
        let there = self.endpoints.iter().filter(|(_, parts)| is_there(parts));
        Some(ConfigurationState {
            snapshot_time,
            values: there.flat_map(|(id, parts)| state_of(id, parts)).collect(),
        })
    }

    /// Returns the state at the beginning: after the last snapshot at or before it, else after the first of the period.
    pub(super) fn beginning(&self) -> Option<ConfigurationState> {
        self.beginning.clone().or_else(|| self.state())
    }

    fn count(&mut self, given: &GivenConfiguration) {
        self.counts.snapshots += 1;
        let length = |(one, next): (Timestamp, Timestamp)| next.duration_since(one);
        let since_last = self.last_snapshot.map(|last| (last, given.snapshot_time));
        if since_last.map(length) > self.counts.longest.map(length) {
            self.counts.longest = since_last;
        }
        for parts in given.endpoints.values() {
            self.counts.endpoints += 1;
            let others =
                ConfigurationPart::ALL.into_iter().filter(|part| *part != ConfigurationPart::Listing);
            for part in others.filter(|part| !parts.contains_key(part)) {
                *self.counts.not_known.entry(part).or_default() += 1;
            }
        }
    }

    fn compare(&mut self, given: GivenConfiguration) -> Vec<ConfigurationChange> {
        let GivenConfiguration { snapshot_time, listed_at, endpoints, has_nameless } = given;
        let listing = ConfigurationTimes { snapshot_time, captured_at: listed_at };
        let mut changes = Vec::new();
        if self.last_listing.is_some_and(|last| listing.order() <= last.order()) {
            self.counts.out_of_order += 1;
        }
        if !has_nameless {
            let absent: Vec<String> =
                self.endpoints.keys().filter(|id| !endpoints.contains_key(*id)).cloned().collect();
            for endpoint_id in absent {
                self.follow(
                    &endpoint_id,
                    ConfigurationPart::Listing,
                    listing,
                    GivenValues::new(),
                    &mut changes,
                );
            }
        }
        for (endpoint_id, parts) in endpoints {
            if !self.endpoints.contains_key(&endpoint_id) {
                if self.endpoints.len() >= MOST_ENDPOINTS {
                    self.counts.beyond_limit += 1;
                    continue;
                }
                self.start(&endpoint_id);
            }
            let there = BTreeSet::from([Some(THERE.to_owned())]);
            let listed = GivenValues::from([(endpoint_id.clone(), there)]);
            self.follow(&endpoint_id, ConfigurationPart::Listing, listing, listed, &mut changes);
            for (part, GivenPart { captured_at, values }) in parts {
                let times = ConfigurationTimes { snapshot_time, captured_at: Some(captured_at) };
                self.follow(&endpoint_id, part, times, values, &mut changes);
            }
        }
        if !has_nameless && self.last_listing.is_none_or(|last| last.order() < listing.order()) {
            self.last_listing = Some(listing);
        }
        changes
    }

    /// Starts to follow an endpoint, which the listing before did not have.
    fn start(&mut self, endpoint_id: &str) {
        let absent = self.last_listing.map(|times| KnownPart { times, values: BTreeMap::new() });
        let parts = absent.map(|absent| (ConfigurationPart::Listing, absent)).into_iter().collect();
        self.endpoints.insert(endpoint_id.to_owned(), parts);
    }

    /// Replaces the last known values of a part, and adds the differences. The first known values are no change.
    fn follow(
        &mut self,
        endpoint_id: &str,
        part: ConfigurationPart,
        times: ConfigurationTimes,
        given: GivenValues,
        changes: &mut Vec<ConfigurationChange>,
    ) {
        let Some(parts) = self.endpoints.get_mut(endpoint_id) else { return };
        let mut values: BTreeMap<_, _> =
            given.into_iter().map(|(name, given)| (name, joined(given))).collect();
        let Some(before) = parts.get_mut(&part) else {
            parts.insert(part, KnownPart { times, values });
            return;
        };
        if times.order() <= before.times.order() {
            return;
        }
        if part.has_columns() {
            // An object without a column says nothing of it.
            for (name, value) in &before.values {
                values.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        let names: BTreeSet<&String> = before.values.keys().chain(values.keys()).collect();
        for name in names {
            let (old, new) = (before.values.get(name), values.get(name));
            let is_first = part.has_columns() && old.is_none();
            if old.cloned().flatten() == new.cloned().flatten() || is_first {
                continue;
            }
            let change = match (old, new) {
                _ if part.has_columns() => "changed",
                (None, _) => "added",
                (_, None) => "removed",
                _ => "changed",
            };
            changes.push(ConfigurationChange {
                endpoint_id: endpoint_id.to_owned(),
                part,
                name: name.clone(),
                change,
                from_value: old.cloned().flatten(),
                to_value: new.cloned().flatten(),
                from: before.times,
                to: times,
            });
        }
        *before = KnownPart { times, values };
    }
}

/// Returns several values of one name as one text; `None` if AWS sent none.
fn joined(given: BTreeSet<Option<String>>) -> Option<String> {
    if given.iter().all(Option::is_none) {
        return None;
    }
    // Null comes last, as in the saved query.
    let (nulls, values): (Vec<_>, Vec<_>) = given.into_iter().partition(Option::is_none);
    let null = nulls.first().map(|_| "no value".to_owned());
    Some(values.into_iter().flatten().chain(null).collect::<Vec<_>>().join(SEPARATOR))
}

fn is_there(parts: &KnownParts) -> bool {
    parts.get(&ConfigurationPart::Listing).is_some_and(|listing| !listing.values.is_empty())
}

fn state_of(endpoint_id: &str, parts: &KnownParts) -> Vec<StateValue> {
    let mut state = Vec::new();
    for part in ConfigurationPart::ALL {
        let known = parts.get(&part);
        let times = known.map(|known| known.times);
        let row = |value| StateValue { endpoint_id: endpoint_id.to_owned(), part, times, value };
        let values = known.iter().flat_map(|known| &known.values);
        let values = values.filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
        let before = state.len();
        state.extend(values.map(Some).map(row));
        if state.len() == before {
            state.push(row(None));
        }
    }
    state
}

#[cfg(test)]
mod tests;
