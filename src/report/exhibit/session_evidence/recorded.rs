//! The captures around a session by their run records, and what of the lake is not as these state it.

use std::collections::BTreeMap;

use super::around::CapturesAround;
use crate::hour::Hour;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::ledger::Outcome;
use crate::lake::store::{ReadObject, Store, StoreError};
use crate::proof::coverage::Unreadable;
use crate::report::exhibit::claims::CLOCK_LIMIT_SECONDS;
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
    /// Everything that entries state of each object.
    stated: BTreeMap<String, Vec<StatedObject>>,
    /// Run records that could not be read, and those whose clock was wrong.
    problems: Vec<Unreadable>,
}

impl RecordedCaptures {
    /// Reads the run records of the snapshots that were read.
    ///
    /// # Errors
    /// Returns an error if they cannot be listed.
    pub(super) async fn read(
        store: &Store,
        place: &AccountRegion,
        endpoint_id: &str,
        around: &CapturesAround,
    ) -> Result<RecordedCaptures, StoreError> {
        let mut recorded = RecordedCaptures::default();
        let Some((first, last)) = around.snapshots else { return Ok(recorded) };
        let on_run = |run_key: &ObjectKey, run: ReportedRun| {
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
        for target in run.targets.into_iter().filter(|target| target.endpoint_id == endpoint_id) {
            for (key, stated) in target.objects() {
                self.stated.entry(key.to_string()).or_default().push(stated);
            }
            let problem = if has_stepped || target.has_stepped_clock() {
                Some("states times that contradict each other: the clock stepped".to_owned())
            } else {
                let seconds =
                    target.clock_difference_seconds.filter(|of| of.unsigned_abs() > CLOCK_LIMIT_SECONDS);
                seconds.map(|seconds| format!("states a clock that differed from EC2's by {seconds} seconds"))
            };
            self.problems
                .extend(problem.map(|problem| Unreadable { object_key: run_key.to_string(), problem }));
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
        let is_written =
            |of: &RecordedCapture| matches!(of.target.outcome, Outcome::Complete | Outcome::Partial);
        let missing =
            self.captures.iter().filter(|(key, of)| is_written(of) && !around.listed.contains(*key));
        missing.for_each(|(key, _)| {
            add(key, "is not there, although a run record says that it was written; run `verify`");
        });
        let is_around = |of: &&Unreadable| {
            let Some(key) = ObjectKey::parse(&of.object_key) else { return false };
            let is_of_endpoint = around.listed.contains(&of.object_key) || key.table == Table::Runs;
            let hours =
                around.snapshots.map(|(first, last)| (Hour::containing(first), Hour::containing(last)));
            is_of_endpoint && hours.is_some_and(|(first, last)| first <= key.hour && key.hour <= last)
        };
        problems.extend(read.unreadable.iter().filter(is_around).cloned());
        problems
    }
}
