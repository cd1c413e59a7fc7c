//! Contradictions of a record with its key and within itself.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::lake::keys::ObjectKey;
use crate::lake::ledger::Outcome;
use crate::lake::ledger::recorded::RecordedDiscovery;
use crate::snapshot_time::SnapshotTime;

use super::{
    Contradiction, Kind, Pages, Record, RecordedConfigurationEntry, RecordedTargetEntry, RecordedWindowEntry,
    shortened,
};

/// Returns the contradictions of a record with its key.
pub(super) fn misplaced(key: &ObjectKey, record: &Record) -> Vec<Contradiction> {
    let mut wrong = Vec::new();
    let mut misplaced = |message: String| wrong.push((Kind::RecordMisplaced, message));
    if record.run_id != key.after_time() {
        misplaced(format!(
            "is the record of the run {}, and not of that in its key",
            shortened(&record.run_id)
        ));
    }
    if key.time().map(SnapshotTime::timestamp) != Some(record.snapshot_time) {
        misplaced(format!(
            "is the record of the snapshot of {}, and not of that in its key",
            record.snapshot_time
        ));
    }
    let places = record.places.iter().map(|place| (&place.account_id, &place.region));
    let targets = record.targets.iter().map(|target| (&target.account_id, &target.region));
    for (account_id, region) in places.chain(targets) {
        if *account_id != key.place.account_id.as_str() || *region != key.place.region.as_str() {
            let (account_id, region) = (shortened(account_id), shortened(region));
            misplaced(format!("speaks of {region} of {account_id}, and not of the place in its key"));
        }
    }
    wrong
}

/// Tolerance for the times of a record: clocks of an event and of a run differ.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_secs(120);

/// Longest time from a snapshot's own time to the beginning of its run.
const MAX_START_DELAY: SignedDuration = SignedDuration::from_mins(60);

/// Returns the contradictions between the parts of a record.
pub(super) fn contradictions(record: &Record) -> Vec<String> {
    let Record { snapshot_time, start, end, targets, places, .. } = record;
    let mut found = Vec::new();
    let after = start.duration_since(*snapshot_time);
    if after < -CLOCK_TOLERANCE || after > MAX_START_DELAY + CLOCK_TOLERANCE {
        found.push(format!(
            "begins at {start}, and no run begins so far from the time {snapshot_time} of its snapshot"
        ));
    }
    if end.is_some_and(|end| end < *start) {
        found.push("ends before it begins".to_owned());
    }
    let mut ids = BTreeSet::new();
    if let Some(twice) = targets.iter().find(|target| !ids.insert(target.endpoint_id.as_str())) {
        found.push(format!("has two entries of {}", shortened(&twice.endpoint_id)));
    }
    if places.len() > 1 {
        found.push("has two entries of its account and Region".to_owned());
    }
    let listed = places.iter().filter_map(|place| place.discovery.as_ref()?.endpoints.as_ref()).flatten();
    if let Some(left_out) = listed.into_iter().find(|id| !ids.contains(id.as_str())) {
        found.push(format!("lists {} among the endpoints and has no entry of it", shortened(left_out)));
    }
    for place in places {
        if let Some(discovery) = &place.discovery {
            found.extend(of_listing(record, discovery, place.endpoints.as_ref()));
        }
    }
    found
}

/// Returns the contradictions between the listing of endpoints and the rest of its record.
fn of_listing(
    record: &Record,
    discovery: &RecordedDiscovery,
    configuration: Option<&RecordedConfigurationEntry>,
) -> Vec<String> {
    let mut found = Vec::new();
    let pages = [discovery.first_page_requested_at, discovery.first_page_at, discovery.last_page_at];
    if let Some(outside) = first_outside(record, record.start, &pages) {
        found.push(page_outside("the listing of endpoints", outside));
    }
    let Some(listed) = discovery.endpoints.as_ref().filter(|_| discovery.is_listed()) else { return found };
    if pages.iter().any(Option::is_none) {
        found.push("lists the endpoints and does not have the times of its pages".to_owned());
    }
    let listed: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
    // The endpoints are listed before any of them is captured, so one created in between was configured by its id.
    let is_unlisted = |target: &&RecordedTargetEntry| {
        target.outcome != Outcome::Failed
            && !listed.contains(target.endpoint_id.as_str())
            && !record.settings_in_force.names(&target.endpoint_id)
    };
    if let Some(RecordedTargetEntry { endpoint_id, outcome, .. }) = record.targets.iter().find(is_unlisted) {
        let id = shortened(endpoint_id);
        found.push(format!("calls {id} {} and does not list it among the endpoints", outcome.as_str()));
    }
    // Both are of one listing, and the configuration is also of endpoints that were deleted.
    let is_of_it = |entry: &&RecordedConfigurationEntry| entry.outcome == Outcome::Complete;
    if let Some(RecordedConfigurationEntry { rows, .. }) = configuration.filter(is_of_it)
        && *rows < listed.len() as u64
    {
        let count = listed.len();
        found.push(format!("lists {count} endpoints and has the configuration of {rows}"));
    }
    found
}

/// Returns the first of these times that is outside the time from `earliest` to the end of the run.
fn first_outside(record: &Record, earliest: Timestamp, pages: &Pages) -> Option<Timestamp> {
    let is_outside = |time: &Timestamp| {
        time.duration_since(earliest) < -CLOCK_TOLERANCE
            || record.end.is_some_and(|end| time.duration_since(end) > CLOCK_TOLERANCE)
    };
    pages.iter().copied().flatten().find(is_outside)
}

fn page_outside(of: &str, time: Timestamp) -> String {
    format!(
        "has a page of {of} at {time}, which is outside the time of its run: the clock stepped, or somebody changed it"
    )
}

/// Returns why the pages of an entry cannot have arrived at the times that it states.
pub(super) fn outside_the_run(record: &Record, entry: &RecordedTargetEntry) -> Option<String> {
    let earliest = match entry.outcome {
        Outcome::Complete | Outcome::Partial => record.start,
        // The object can be of an earlier run of the same snapshot.
        Outcome::AlreadyCaptured => record.snapshot_time,
        Outcome::Failed => return None,
    };
    let outside = first_outside(record, earliest, &entry.pages())?;
    Some(page_outside(&shortened(&entry.endpoint_id), outside))
}

/// Returns why the pages of a window of a connection log cannot have arrived at the times that its entry states.
pub(super) fn window_outside_the_run(record: &Record, entry: &RecordedWindowEntry) -> Option<String> {
    let earliest = match entry.outcome {
        Outcome::Complete | Outcome::Partial => record.start,
        // The object can be of any earlier run.
        Outcome::AlreadyCaptured => entry.end,
        Outcome::Failed => return None,
    };
    let outside = first_outside(record, earliest, &entry.pages())?;
    Some(page_outside("a connection log", outside))
}
