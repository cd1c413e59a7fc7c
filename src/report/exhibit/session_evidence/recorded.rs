//! The captures around a session by their run records, and what of the lake is not as these state it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::around::CapturesAround;
use crate::hour::Hour;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::ledger::Outcome;
use crate::lake::store::{ReadObject, Store, StoreError};
use crate::proof::coverage::Unreadable;
use crate::report::exhibit::claims::CLOCK_LIMIT_SECONDS;
use crate::report::exhibit::recorded_objects::RecordedObjects;
use crate::report::exhibit::run_records::{ReportedRun, ReportedTarget, StatedObject, read_runs};
use crate::report::sessions::SessionsRead;
use crate::target::AccountRegion;

/// A capture of the endpoint, by its run record.
#[derive(Debug, Clone)]
pub(in crate::report::exhibit) struct RecordedCapture {
    pub run_key: ObjectKey,
    pub target: ReportedTarget,
}

/// The captures of an endpoint from the first to the last that was read.
#[derive(Debug, Default)]
pub(super) struct RecordedCaptures {
    /// By the keys of their objects: of several entries of one, that of the run that wrote it.
    pub captures: BTreeMap<String, RecordedCapture>,
    /// The times of the first and the last snapshot that counts.
    time: Option<(Timestamp, Timestamp)>,
    /// Everything that entries state of each object.
    stated: BTreeMap<String, Vec<StatedObject>>,
    /// Objects of the configuration and of connection logs that run records of these days name.
    pub others: RecordedObjects,
    /// Run records that could not be read, and those whose clock was wrong.
    problems: Vec<Unreadable>,
}

impl RecordedCaptures {
    /// Reads the run records of the snapshots from `first` to `last`.
    ///
    /// # Errors
    /// Returns an error if they cannot be listed.
    pub(super) async fn read(
        store: &Store,
        place: &AccountRegion,
        endpoint_id: &str,
        (first, last): (Timestamp, Timestamp),
    ) -> Result<RecordedCaptures, StoreError> {
        let mut recorded = RecordedCaptures { time: Some((first, last)), ..RecordedCaptures::default() };
        let on_run = |run_key: &ObjectKey, run: ReportedRun| {
            recorded.others.add(&run);
            if (first..=last).contains(&run.snapshot_time) {
                recorded.add(run_key, run, endpoint_id);
            }
        };
        // A snapshot that was tried again has its run record on the day of the snapshot.
        let days = (Hour::containing(first).date(), Hour::containing(last).date());
        let unreadable = read_runs(store, place, days.0, days.1, on_run).await?;
        recorded.problems.extend(unreadable);
        Ok(recorded)
    }

    fn add(&mut self, run_key: &ObjectKey, run: ReportedRun, endpoint_id: &str) {
        let has_stepped = run.has_stepped_clock();
        let listings =
            run.places.iter().filter_map(|place| place.discovery.as_ref()?.clock_difference_seconds);
        let wrong = listings.filter(|seconds| seconds.unsigned_abs() > CLOCK_LIMIT_SECONDS);
        self.problems.extend(wrong.map(|seconds| clock_problem(run_key, seconds)));
        for target in run.targets.into_iter().filter(|target| target.endpoint_id == endpoint_id) {
            for (key, stated) in target.objects() {
                self.stated.entry(key.to_string()).or_default().push(stated);
            }
            if has_stepped || target.has_stepped_clock() {
                let problem = "states times that contradict each other: the clock stepped".to_owned();
                self.problems.push(Unreadable { object_key: run_key.to_string(), problem });
            } else {
                let wrong =
                    target.clock_difference_seconds.filter(|of| of.unsigned_abs() > CLOCK_LIMIT_SECONDS);
                self.problems.extend(wrong.map(|seconds| clock_problem(run_key, seconds)));
            }
            let Some(key) = target.object_key() else { continue };
            let is_writer = matches!(target.outcome, Outcome::Complete | Outcome::Partial);
            if is_writer || !self.captures.contains_key(key.as_str()) {
                self.captures.insert(key.to_string(), RecordedCapture { run_key: run_key.clone(), target });
            }
        }
    }

    /// Returns what is not as these records state it, what the reading of the sessions could not read around the session, and what could not
    /// be relied on.
    pub(super) fn problems(
        &self,
        around: &CapturesAround,
        read: &SessionsRead,
        inputs: &BTreeMap<String, ReadObject>,
    ) -> Vec<Unreadable> {
        let mut problems = self.problems.clone();
        let mut add = |key: &str, problem: &str| {
            problems.push(Unreadable { object_key: key.to_owned(), problem: problem.to_owned() });
        };
        for key in &around.read {
            let Some(stated) = self.stated.get(key) else {
                add(key, "is in no run record, so nothing says who wrote it; run `verify`");
                continue;
            };
            let sha256 = inputs.get(key).map(|object| hex::encode(object.hashed.sha256));
            let rows = read.rows_by_object.get(key);
            let is_as_stated = |stated: &StatedObject| {
                rows.is_none_or(|rows| {
                    stated.is_as_found(rows, sha256.as_deref()) && stated.is_of_its_pages(rows)
                })
            };
            if stated.iter().any(|one| stated.iter().any(|other| one.contradicts(other))) {
                add(key, "is in two run records that state different things of it; run `verify`");
            } else if !stated.iter().all(is_as_stated) {
                add(
                    key,
                    "is not as its run record states: other rows, another SHA-256, or pages of other times; run `verify`",
                );
            }
        }
        for key in self.stated.keys().filter(|key| !around.listed.contains(*key)) {
            add(key, "is not there, although a run record says that it was written; run `verify`");
        }
        let is_around = |of: &&Unreadable| {
            let Some(key) = ObjectKey::parse(&of.object_key) else { return false };
            let is_of_endpoint = around.listed.contains(&of.object_key)
                || self.stated.contains_key(&of.object_key)
                || key.table == Table::Runs;
            let hours = self.time.map(|(first, last)| (Hour::containing(first), Hour::containing(last)));
            is_of_endpoint && hours.is_some_and(|(first, last)| first <= key.hour && key.hour <= last)
        };
        problems.extend(read.unreadable.iter().filter(is_around).cloned());
        problems
    }
}

fn clock_problem(run_key: &ObjectKey, seconds: i64) -> Unreadable {
    let problem = format!("states a clock that differed from EC2's by {seconds} seconds");
    Unreadable { object_key: run_key.to_string(), problem }
}
