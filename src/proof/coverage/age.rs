//! The age of the newest complete captures of an account and Region: records in, their age out.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::LISTING;
use crate::lake::ledger::recorded::{Proof, RecordedRun};
use crate::target::PlaceTargets;

/// Period before now in which the ledger is read.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The newest complete capture of each endpoint of an account and Region. It takes records from the newest on.
pub(super) struct NewestCaptures {
    now: Timestamp,
    /// A day before now.
    pub yesterday: Timestamp,
    /// By endpoint; under [`LISTING`] the newest listing of the endpoints.
    begins: BTreeMap<String, Option<Timestamp>>,
}

impl NewestCaptures {
    /// Returns those of the wanted endpoints, of which none is known yet.
    pub(super) fn new(wanted: &PlaceTargets, now: Timestamp) -> NewestCaptures {
        let mut begins: BTreeMap<String, Option<Timestamp>> =
            wanted.endpoint_ids.iter().map(|id| (id.to_string(), None)).collect();
        // The newest listing names the endpoints. Until there is one, some may exist that were never captured.
        if wanted.all {
            begins.insert(LISTING.to_owned(), None);
        }
        NewestCaptures { now, yesterday: now.saturating_sub(DAY).unwrap_or(now), begins }
    }

    /// Takes a record, which is older than those before it.
    pub(super) fn note(&mut self, record: RecordedRun) {
        let RecordedRun { start, targets, places, .. } = record;
        // A time in the future is of a clock that was wrong, and would keep the alarm quiet.
        let now = self.now;
        let begins = |proof: Proof| Some(proof.captured()?.begins).filter(|begins| *begins <= now);
        let discovery = places.into_iter().find_map(|place| place.discovery);
        if let (Some(discovery), Some(None)) = (discovery, self.begins.get(LISTING).copied()) {
            if let Some(begins) = begins(discovery.proof(start)) {
                self.begins.insert(LISTING.to_owned(), Some(begins));
            }
            for id in discovery.endpoints.unwrap_or_default() {
                self.begins.entry(id).or_insert(None);
            }
        }
        for target in targets {
            if let Some(known) = self.begins.get_mut(&target.endpoint_id) {
                *known = (*known).max(begins(target.proof(start)));
            }
        }
    }

    /// Returns `true` if a complete capture of every endpoint is known.
    pub(super) fn is_known(&self) -> bool {
        self.begins.values().all(Option::is_some)
    }

    /// Returns the age of the oldest of them. An endpoint without one counts from the beginning of yesterday.
    pub(super) fn age_in_minutes(&self) -> i64 {
        let start_of_yesterday =
            Timestamp::from_second(self.yesterday.as_second().div_euclid(86_400) * 86_400);
        let start_of_yesterday = start_of_yesterday.unwrap_or(self.yesterday);
        let since = self.begins.values().map(|at| at.unwrap_or(start_of_yesterday));
        since.map(|at| self.now.duration_since(at).as_mins()).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
