//! The ledger of each endpoint: the attempts at it, the listings of all endpoints, and from these the times at which it existed.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::Timestamp;

use super::Unreadable;
use super::clock_stepped::ClockStepped;
use super::record_times::contradicting_time;
use crate::lake::keys::ObjectKey;
use crate::lake::ledger::Outcome;
use crate::lake::ledger::recorded::{
    Captured, Proof, RecordedDiscovery, RecordedError, RecordedPlace, RecordedRun, RecordedTarget,
};
use crate::target::AccountRegion;

/// Stand-in for an endpoint's id if the listing of endpoints was requested, and not an endpoint.
pub const LISTING: &str = "*";

/// Longest code of an error that is repeated, in bytes.
pub(super) const LONGEST_CODE: usize = 100;

/// Most endpoints that the ledger of an account and Region has over the years. AWS allows a few in a Region at a time.
const MOST_ENDPOINTS: usize = 10_000;

/// An account and a Region, as records write them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PlaceName {
    pub account_id: String,
    pub region: String,
}

impl PlaceName {
    fn of(place: &AccountRegion) -> PlaceName {
        PlaceName { account_id: place.account_id.to_string(), region: place.region.to_string() }
    }
}

/// An endpoint, as records write it; [`LISTING`] stands for the listing of all.
struct EndpointName {
    place: PlaceName,
    endpoint_id: String,
}

/// The times of a listing, as a record states them.
#[derive(Clone, Copy)]
struct StatedTimes {
    first_page_requested_at: Option<Timestamp>,
    first_page_at: Option<Timestamp>,
    last_page_at: Option<Timestamp>,
}

/// The times of a run, and its trigger.
#[derive(Clone, Copy)]
struct RunTimes {
    start: Timestamp,
    snapshot_time: Timestamp,
    is_scheduled: bool,
}

/// One attempt at an endpoint.
#[derive(Debug)]
pub(super) struct Attempt {
    /// Time of the request of the first page; of an attempt without a page, the beginning of its run.
    pub at: Timestamp,
    /// Its outcome.
    pub outcome: Outcome,
    /// Code of the error.
    pub code: Option<Arc<str>>,
    /// Its proof.
    pub proof: Proof,
    /// Connections that AWS calls active.
    pub active: u64,
    /// `true` if its run was scheduled, and not started by hand.
    is_scheduled: bool,
    /// Hash of the object's key: entries of one object are one capture.
    object: Option<u64>,
    /// The time of its snapshot, which the object's key bears.
    snapshot_time: Timestamp,
}

impl Attempt {
    /// Returns the time of the snapshot whose complete object is in the lake by this entry; `None` if none is.
    pub(super) fn written(&self) -> Option<Timestamp> {
        self.object.filter(|_| self.proof.captured().is_some()).map(|_| self.snapshot_time)
    }

    fn of_target(
        RunTimes { start, snapshot_time, is_scheduled }: RunTimes,
        target: &RecordedTarget,
        code: Option<Arc<str>>,
    ) -> Attempt {
        Attempt {
            is_scheduled,
            snapshot_time,
            at: target.first_page_requested_at.unwrap_or(start),
            outcome: target.outcome,
            code,
            proof: target.proof(start),
            active: target.active,
            object: target.object_key.as_deref().map(hash),
        }
    }

    fn of_listing(
        RunTimes { start, snapshot_time, is_scheduled }: RunTimes,
        discovery: &RecordedDiscovery,
        code: Option<Arc<str>>,
    ) -> Attempt {
        Attempt {
            is_scheduled,
            snapshot_time,
            at: discovery.first_page_requested_at.unwrap_or(start),
            outcome: if discovery.is_listed() { Outcome::Complete } else { Outcome::Failed },
            code,
            proof: discovery.proof(start),
            active: 0,
            object: None,
        }
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Returns the captures among `attempts`, in order. Entries of one object are one capture, from the earliest beginning to the
/// latest end that they name.
pub(super) fn captures(attempts: &[Attempt]) -> Vec<Captured> {
    let mut captures = Vec::new();
    let mut of_object: BTreeMap<u64, Captured> = BTreeMap::new();
    for attempt in attempts {
        match (attempt.proof.captured(), attempt.object) {
            (Some(captured), Some(object)) => {
                let known = of_object.entry(object).or_insert(captured);
                known.begins = known.begins.min(captured.begins);
                known.ends = known.ends.max(captured.ends);
            }
            (Some(captured), None) => captures.push(captured),
            (None, _) => {}
        }
    }
    captures.extend(of_object.into_values());
    captures.sort();
    captures
}

/// A complete listing of the endpoints of a place.
#[derive(Debug)]
pub(super) struct CompleteListing {
    /// Its times.
    pub captured: Captured,
    /// The endpoints that it has.
    pub endpoints: Arc<BTreeSet<String>>,
}

/// The ledger of one account and Region.
#[derive(Debug, Default)]
pub(super) struct PlaceAttempts {
    /// Attempts by endpoint; under [`LISTING`] those at listing the endpoints. One that was listed and never tried has none.
    of_endpoint: BTreeMap<String, Vec<Attempt>>,
    /// The complete listings of endpoints.
    pub(super) listings: Vec<CompleteListing>,
}

/// The time in which an endpoint existed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Presence {
    /// The earliest time at which it may have existed.
    pub beginning: Timestamp,
    /// Time of the first listing without it after the last sign of it; `None` if it may still exist.
    pub gone: Option<Timestamp>,
}

impl PlaceAttempts {
    /// Returns every endpoint that was ever tried or listed, in order, with the attempts at it.
    pub(super) fn endpoints(&self) -> impl Iterator<Item = (&str, &[Attempt])> {
        self.of_endpoint.iter().map(|(id, attempts)| (id.as_str(), attempts.as_slice()))
    }

    /// Returns the time in which an endpoint existed; `None` if nothing is known of it.
    ///
    /// The time begins with the last complete listing without the endpoint before it was first tried or listed, or else with that
    /// first time. It ends with the first complete listing without the endpoint that began after the last attempt at it and after
    /// the last listing with it. The listing itself is expected from the first scheduled run that asked for it on: a run by hand
    /// is not followed by another.
    pub(super) fn presence(&self, endpoint_id: &str) -> Option<Presence> {
        let attempts = self.of_endpoint.get(endpoint_id)?;
        let tried = || attempts.iter().map(|attempt| attempt.at);
        let of_endpoint = |is_with: bool| {
            let is_wanted =
                move |listing: &&CompleteListing| listing.endpoints.contains(endpoint_id) == is_with;
            self.listings.iter().filter(is_wanted).map(|listing| listing.captured.begins)
        };
        let (first_tried, first_listed) = (tried().min(), of_endpoint(true).min());
        let first_known = first_tried.into_iter().chain(first_listed).min()?;
        if endpoint_id == LISTING {
            let scheduled = attempts.iter().filter(|attempt| attempt.is_scheduled).map(|attempt| attempt.at);
            return Some(Presence { beginning: scheduled.min()?, gone: None });
        }
        let last_known = tried().chain(of_endpoint(true)).max()?;
        let last_without = of_endpoint(false).filter(|begins| *begins < first_known).max();
        Some(Presence {
            beginning: last_without.or(first_tried).unwrap_or(first_known),
            gone: of_endpoint(false).filter(|begins| *begins > last_known).min(),
        })
    }

    /// Removes attempts and listings that began after `latest`.
    pub(super) fn forget_after(&mut self, latest: Timestamp) {
        self.of_endpoint.values_mut().for_each(|attempts| attempts.retain(|attempt| attempt.at <= latest));
        self.listings.retain(|listing| listing.captured.begins <= latest);
    }

    /// Returns `true` if no earlier record can change what is proven from `from` on: a complete listing at `from` or before names
    /// every endpoint that existed then, and no other one came later that may have existed before.
    fn is_enough(&self, from: Timestamp) -> bool {
        let is_known = |endpoint_id: &String| {
            let attempts = self.of_endpoint.get(endpoint_id).into_iter().flatten();
            let counts = |attempt: &&Attempt| endpoint_id != LISTING || attempt.is_scheduled;
            let tried = attempts.filter(counts).map(|attempt| attempt.at);
            let with = self.listings.iter().filter(|listing| listing.endpoints.contains(endpoint_id));
            tried.chain(with.map(|listing| listing.captured.begins)).any(|known| known <= from)
        };
        self.listings.iter().any(|listing| listing.captured.begins <= from)
            && self.of_endpoint.keys().all(is_known)
    }
}

/// Every attempt that is on record.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    places: BTreeMap<PlaceName, PlaceAttempts>,
    clock_stepped: Vec<ClockStepped>,
    /// Records that state a capture of another time than their snapshot's.
    pub(super) of_another_time: Vec<Unreadable>,
    codes: BTreeSet<Arc<str>>,
    lists: BTreeSet<Arc<BTreeSet<String>>>,
}

impl Attempts {
    /// Notes the content of a record.
    pub(super) fn note(&mut self, run_key: &str, record: RecordedRun) {
        let RecordedRun { start, snapshot_time, targets, places, scheduled, .. } = record;
        let times_of_run = RunTimes { start, snapshot_time, is_scheduled: scheduled };
        for target in targets {
            let attempt = Attempt::of_target(times_of_run, &target, self.code(target.error.as_ref()));
            let times = StatedTimes {
                first_page_requested_at: target.first_page_requested_at,
                first_page_at: target.first_page_at,
                last_page_at: target.last_page_at,
            };
            let RecordedTarget { account_id, region, endpoint_id, .. } = target;
            let place = PlaceName { account_id, region };
            self.push(EndpointName { place, endpoint_id }, run_key, start, times, attempt);
        }
        for RecordedPlace { account_id, region, discovery, .. } in places {
            let Some(discovery) = discovery else { continue };
            let attempt = Attempt::of_listing(times_of_run, &discovery, self.code(discovery.error.as_ref()));
            let captured = attempt.proof.captured();
            let times = StatedTimes {
                first_page_requested_at: discovery.first_page_requested_at,
                first_page_at: discovery.first_page_at,
                last_page_at: discovery.last_page_at,
            };
            let name = PlaceName { account_id, region };
            let listing = EndpointName { place: name.clone(), endpoint_id: LISTING.to_owned() };
            self.push(listing, run_key, start, times, attempt);
            let endpoints = self.list(discovery.endpoints.unwrap_or_default());
            let place = self.places.entry(name).or_default();
            if let Some(captured) = captured {
                for endpoint_id in endpoints.iter() {
                    if !place.of_endpoint.contains_key(endpoint_id) {
                        place.of_endpoint.insert(endpoint_id.clone(), Vec::new());
                    }
                }
                place.listings.push(CompleteListing { captured, endpoints });
            }
        }
    }

    fn push(
        &mut self,
        EndpointName { place, endpoint_id }: EndpointName,
        run_key: &str,
        start: Timestamp,
        times: StatedTimes,
        attempt: Attempt,
    ) {
        if attempt.proof == Proof::ClockStepped {
            self.clock_stepped.push(ClockStepped {
                run_key: run_key.to_owned(),
                account_id: place.account_id.clone(),
                region: place.region.clone(),
                endpoint_id: endpoint_id.clone(),
                start,
                first_page_requested_at: times.first_page_requested_at,
                first_page_at: times.first_page_at,
                last_page_at: times.last_page_at,
            });
        }
        let place = self.places.entry(place).or_default();
        place.of_endpoint.entry(endpoint_id).or_default().push(attempt);
    }

    /// Keeps each code once.
    fn code(&mut self, error: Option<&RecordedError>) -> Option<Arc<str>> {
        let code = &error?.code;
        // A forged record may have a code of any length.
        let code = if code.len() > LONGEST_CODE { "a code of another form" } else { code };
        let known = self.codes.get(code).cloned();
        Some(known.unwrap_or_else(|| {
            let code: Arc<str> = code.into();
            self.codes.insert(code.clone());
            code
        }))
    }

    /// Keeps each list once: most listings have the endpoints of the one before.
    fn list(&mut self, endpoints: Vec<String>) -> Arc<BTreeSet<String>> {
        let list: BTreeSet<String> = endpoints.into_iter().collect();
        let known = self.lists.get(&list).cloned();
        known.unwrap_or_else(|| {
            let list = Arc::new(list);
            self.lists.insert(list.clone());
            list
        })
    }

    /// Returns every account and Region, in order.
    pub(super) fn places(&self) -> impl Iterator<Item = (&PlaceName, &PlaceAttempts)> {
        self.places.iter()
    }

    /// Takes the ledger of an account and Region; one without attempts if nothing of it was noted.
    pub(super) fn take(&mut self, place: &AccountRegion) -> PlaceAttempts {
        self.places.remove(&PlaceName::of(place)).unwrap_or_default()
    }

    /// Returns the captures that prove nothing, in the order in which they were noted.
    pub(super) fn clock_stepped(&self) -> &[ClockStepped] {
        &self.clock_stepped
    }

    /// Returns `true` if no record of `place` that is older than those noted can change what is proven from `from` on.
    pub(super) fn is_enough(&self, place: &AccountRegion, from: Timestamp) -> bool {
        self.places.get(&PlaceName::of(place)).is_some_and(|place| place.is_enough(from))
    }

    /// Notes the record under `run_key`, or returns why it is refused.
    pub(super) fn note_record(&mut self, run_key: &ObjectKey, record: RecordedRun) -> Result<(), String> {
        if let Some(problem) = contradicting_time(&record) {
            self.of_another_time.push(Unreadable { object_key: run_key.to_string(), problem });
        }
        if self.endpoints_with(&run_key.place, &record) > MOST_ENDPOINTS {
            return Err(format!(
                "LimitExceeded: with it, the ledger of its account and Region would have more than {MOST_ENDPOINTS} endpoints"
            ));
        }
        self.note(run_key.as_str(), record);
        Ok(())
    }

    /// Counts the endpoints of `place` that were noted, together with those of a record.
    fn endpoints_with(&self, place: &AccountRegion, record: &RecordedRun) -> usize {
        let known = self.places.get(&PlaceName::of(place));
        let is_known = |id: &&str| known.is_some_and(|known| known.of_endpoint.contains_key(*id));
        let new: BTreeSet<&str> = record.endpoint_ids().filter(|id| !is_known(id)).collect();
        known.map_or(0, |known| known.of_endpoint.len()) + new.len()
    }
}

#[cfg(test)]
mod tests;
