//! Objects of the configuration and of connection logs that run records name, compared with the lake: one that was removed or changed would
//! otherwise be missing without a trace, as nothing else counts these.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::run_records::ReportedRun;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::{ReadObject, Store, StoreError};
use crate::log_window::Reading;
use crate::proof::coverage::Unreadable;

/// The objects that run records name, each with every SHA-256 that they state of it, in hexadecimal.
#[derive(Debug, Default)]
pub(super) struct RecordedObjects {
    sha256s: BTreeMap<ObjectKey, BTreeSet<String>>,
}

impl RecordedObjects {
    /// Notes what a run record names.
    pub(super) fn add(&mut self, run: &ReportedRun) {
        for (key, sha256) in run.places.iter().flat_map(|place| place.objects()) {
            self.sha256s.entry(key).or_default().extend(sha256);
        }
    }

    /// Returns the objects about the time from `from` until before `to` that are not there, or not as they are stated. `inputs` has those
    /// that were read.
    ///
    /// # Errors
    /// Returns an error if the objects of a day cannot be listed.
    pub(super) async fn problems(
        &self,
        store: &Store,
        inputs: &BTreeMap<String, ReadObject>,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<Unreadable>, StoreError> {
        let is_about =
            |key: &ObjectKey| times_of(key).is_some_and(|(begins, ends)| begins < to && ends >= from);
        let mut problems = Vec::new();
        let mut not_read: BTreeMap<String, Vec<&ObjectKey>> = BTreeMap::new();
        for (key, sha256s) in self.sha256s.iter().filter(|(key, _)| is_about(key)) {
            match inputs.get(key.as_str()) {
                Some(read) if sha256s.iter().all(|sha256| *sha256 == hex::encode(read.hashed.sha256)) => {}
                Some(_) => problems.push(problem(
                    key,
                    "is not as a run record states: it has another SHA-256; run `verify`",
                )),
                None => not_read.entry(key.place.day(key.table, key.hour.date())).or_default().push(key),
            }
        }
        for (folder, keys) in not_read {
            let found = store.find(&folder).await?;
            let there: BTreeSet<String> =
                found.into_iter().filter(|found| !found.hidden).map(|found| found.key).collect();
            let missing = keys.into_iter().filter(|key| !there.contains(key.as_str()));
            problems.extend(missing.map(|key| {
                problem(key, "is not there, although a run record says that it was written; run `verify`")
            }));
        }
        Ok(problems)
    }
}

/// Returns the first moment that an object is about, and the last.
fn times_of(key: &ObjectKey) -> Option<(Timestamp, Timestamp)> {
    let time = key.time()?;
    if key.table != Table::ConnectionLogs {
        return Some((time.timestamp(), time.timestamp()));
    }
    let (_, is_late) = key.log_group()?;
    let reading = Reading::of_due(time, is_late)?;
    Some((reading.start(), reading.last_millisecond()))
}

fn problem(key: &ObjectKey, problem: &str) -> Unreadable {
    Unreadable { object_key: key.to_string(), problem: problem.to_owned() }
}
