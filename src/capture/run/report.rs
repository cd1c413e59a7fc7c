//! The report of a run: its records, and its failures in one line.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::lake::ledger::{CaptureError, Entry, PlaceEntry, RunRecord};

/// The report of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The keys of the records, one for each account and Region, or their paths within the lake's directory.
    pub run_keys: Vec<String>,
    /// Everything that was tried in all of them, and its outcome.
    #[serde(flatten)]
    pub record: RunRecord,
}

impl Report {
    /// Returns the failures of all targets, in one line; `None` if nothing failed. A capture that was requested in part
    /// and is partial is no failure.
    pub fn failure(&self) -> Option<String> {
        let unknown: Vec<String> = self.record.places.iter().filter_map(describe_place).collect();
        let failed: Vec<String> = self.record.failed_targets().map(describe).collect();
        let unknown_places = match unknown.len() {
            0 => String::new(),
            1 => "1 account and Region not known, ".to_owned(),
            places => format!("{places} accounts and Regions not known, "),
        };
        let (count, of) = (failed.len(), self.record.targets.len());
        let all = [unknown, failed].concat();
        let (failures, keys) = (all.join("; "), self.keys_of_failures().join(", "));
        let text =
            || format!("{unknown_places}{count} of {of} targets failed: {failures}; run record: {keys}");
        (!all.is_empty()).then(text)
    }

    /// Returns the keys of the records of the accounts and Regions that have failures.
    fn keys_of_failures(&self) -> Vec<&str> {
        let of_targets = self.record.failed_targets().map(|entry| (&entry.account_id, &entry.region));
        let unknown = self.record.places.iter().filter(|place| place.discovery_error().is_some());
        let of_places = unknown.map(|place| (&place.account_id, &place.region));
        let folders: BTreeSet<String> = of_targets
            .chain(of_places)
            .map(|(account_id, region)| format!("account_id={account_id}/region={region}/"))
            .collect();
        let is_of_failure = |key: &&String| folders.iter().any(|folder| key.contains(folder));
        self.run_keys.iter().filter(is_of_failure).map(String::as_str).collect()
    }
}

fn describe(entry: &Entry) -> String {
    let error = entry.error.as_ref().map(|error| format!(", {}", in_words(error)));
    format!("{} {}{}", entry.endpoint_id, entry.outcome.as_str(), error.unwrap_or_default())
}

fn describe_place(place: &PlaceEntry) -> Option<String> {
    let error = in_words(place.discovery_error()?);
    Some(format!("endpoints of {} {} not known, {error}", place.account_id, place.region))
}

fn in_words(error: &CaptureError) -> String {
    format!("{}: {}", error.code, error.message)
}
