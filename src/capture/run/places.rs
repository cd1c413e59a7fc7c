//! All accounts and Regions of a run, and their common report.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Recorded, Report, Run};
use crate::capture::request::CaptureRequest;
use crate::error_code::ErrorCode;
use crate::lake::ledger::{CaptureError, Discovery, Entry, PlaceEntry, RunRecord};
use crate::target::PlaceTargets;

impl Run {
    /// Captures all accounts and Regions concurrently; the permits limit the targets that are captured at a time. Returns the
    /// records of all in one, in the order in which they are wanted, and the reasons why some are not in the lake.
    pub async fn places(self: Arc<Self>, wanted: Vec<PlaceTargets>) -> (Report, Vec<String>) {
        let mut places = JoinSet::new();
        let mut recorded: Vec<Result<Recorded, PlaceTargets>> = wanted.iter().cloned().map(Err).collect();
        for (index, wanted) in wanted.into_iter().enumerate() {
            let run = self.clone();
            places.spawn(async move { (index, run.place(&wanted).await) });
        }
        while let Some(captured) = places.join_next().await {
            if let Ok((index, of_place)) = captured
                && let Some(place) = recorded.get_mut(index)
            {
                *place = Ok(of_place);
            }
        }
        let mut report = Report { run_keys: Vec::new(), record: self.empty_record() };
        let mut problems = Vec::new();
        for place in recorded {
            match place {
                Ok(recorded) => problems.extend(add(&mut report, recorded)),
                Err(wanted) => problems.push(add_panicked(&mut report, &wanted)),
            }
        }
        (report, problems)
    }

    fn empty_record(&self) -> RunRecord {
        let CaptureRequest { snapshot_time, run_id, .. } = &*self.plan;
        RunRecord {
            run_id: run_id.clone(),
            snapshot_time: *snapshot_time,
            start: self.start,
            end: self.start,
            trigger: self.trigger,
            scheduled: self.is_scheduled,
            tool_version: crate::TOOL_VERSION,
            settings_in_force: self.settings.clone(),
            targets: Vec::new(),
            places: Vec::new(),
        }
    }
}

/// Adds the record of one account and Region; returns the reason why it is not in the lake, or `None`.
fn add(report: &mut Report, recorded: Recorded) -> Option<String> {
    let Recorded { record: of_place, run_key, problem } = recorded;
    let record = &mut report.record;
    record.end = record.end.max(of_place.end);
    record.settings_in_force.targets.extend(of_place.settings_in_force.targets);
    record.settings_in_force.named_twice.extend(of_place.settings_in_force.named_twice);
    record.targets.extend(of_place.targets);
    record.places.extend(of_place.places);
    // A record that was not written has no key.
    report.run_keys.extend(problem.is_none().then_some(run_key));
    problem
}

/// Adds an account and Region that ended in a panic, of which there is no record.
fn add_panicked(report: &mut Report, wanted: &PlaceTargets) -> String {
    let message = "ended in a panic, which is a fault of this program; its log says where";
    let error = CaptureError::new(ErrorCode::Panic, message);
    let record = &mut report.record;
    record.targets.extend(wanted.named().iter().map(|target| Entry::failed(target, error.clone())));
    let discovery = Discovery { error: Some(error), ..Discovery::default() };
    record.places.push(PlaceEntry { discovery: Some(discovery), ..PlaceEntry::new(&wanted.place) });
    format!("{} {} {message}", wanted.place.account_id, wanted.place.region)
}
