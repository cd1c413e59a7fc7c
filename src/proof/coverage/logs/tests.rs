//! Records and objects in, missing readings out. Times are of November 2025, such as `23T10:00`.

mod cases;
mod later;
mod not_known;

use serde_json::{Value, json};

use super::*;
use crate::lake::keys::{Key, ObjectKey};
use crate::lake::ledger::recorded::RecordedRun;
use crate::log_group::LogGroup;
use crate::log_window::{Reading, Window};
use crate::proof::coverage::RequestedTimes;
use crate::target::{AccountId, AccountRegion, Region};

const GROUP: &str = "arn:aws:logs:eu-central-1:123456789012:log-group:/vpn";
const OTHER: &str = "arn:aws:logs:eu-central-1:123456789012:log-group:/other";
const PATTERN: &str = "arn:aws:logs:*:*:log-group:/*";

fn at(text: &str) -> Timestamp {
    format!("2025-11-{text}:00Z").parse().unwrap()
}

fn place() -> AccountRegion {
    AccountRegion {
        account_id: AccountId::parse("123456789012").unwrap(),
        region: Region::parse("eu-central-1").unwrap(),
    }
}

/// A run record in the making.
struct Run(Value);

/// A scheduled snapshot whose settings allow these log groups.
fn snapshot(start: &str, allowed: &[&str]) -> Run {
    Run(json!({
        "start": at(start),
        "snapshot_time": at(start),
        "scheduled": true,
        "settings_in_force": {"connection_log_groups": allowed},
        "targets": [],
        "places": [],
    }))
}

/// A run of connection logs that names these log groups.
fn logs(start: &str, groups: &[Value]) -> Run {
    let mut run = snapshot(start, &[PATTERN]);
    run.0["scheduled"] = json!(false);
    let logs = json!({"groups": groups, "error": null});
    run.0["places"] =
        json!([{"account_id": "123456789012", "region": "eu-central-1", "discovery": null, "logs": logs}]);
    run
}

impl Run {
    fn by_hand(mut self) -> Run {
        self.0["scheduled"] = json!(false);
        self
    }

    /// Lets it not know the log groups.
    fn failed(mut self, code: &str) -> Run {
        self.0["places"][0]["logs"]["error"] = json!({"code": code});
        self
    }

    fn settings(mut self, name: &str, value: &[&str]) -> Run {
        self.0["settings_in_force"][name] = json!(value);
        self
    }

    fn record(&self) -> RecordedRun {
        RecordedRun::parse(self.0.to_string().as_bytes()).unwrap()
    }
}

/// A log group to which these endpoints log, of a run that is not the first.
fn group(arn: &str, endpoint_ids: &[&str]) -> Value {
    json!({
        "log_group": arn,
        "endpoint_ids": endpoint_ids,
        "retention_days": null,
        "since": at("01T00:00"),
        "complete_before": at("02T00:00"),
        "windows": [],
        "error": null,
    })
}

/// The same with other fields.
fn with(mut group: Value, fields: Value) -> Value {
    group.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    group
}

fn window(start: &str, outcome: &str, code: Option<&str>) -> Value {
    json!({"start": at(start), "late": false, "outcome": outcome, "error": code.map(|code| json!({"code": code}))})
}

/// The first readings of a time.
fn first(arn: &str, from: &str, to: &str) -> Vec<String> {
    let mut window = Window::containing(at(from));
    let mut keys = Vec::new();
    while window.start() < at(to) {
        keys.push(key(arn, Reading::First(window)));
        window = window.next();
    }
    keys
}

fn key(arn: &str, reading: Reading) -> String {
    let group = LogGroup::of_arn(&place(), arn).unwrap().id();
    let (due, is_late) = (reading.due(), reading.is_late());
    Key::ConnectionLogs { place: &place(), due, group: &group, is_late }.to_string()
}

fn ledger(runs: &[Run]) -> LogLedger {
    let mut ledger = LogLedger::default();
    runs.iter().for_each(|run| ledger.note(&run.record()).unwrap());
    ledger
}

/// Assesses a lake with these objects, which the records of their log group name.
fn assess(runs: &[Run], objects: &[String], window: RequestedTimes) -> Vec<LogCoverage> {
    let named: Vec<Run> = runs.iter().map(|run| naming(run, objects)).collect();
    assess_as_recorded(&named, objects, window)
}

/// Assesses a lake with these objects.
fn assess_as_recorded(runs: &[Run], objects: &[String], window: RequestedTimes) -> Vec<LogCoverage> {
    ledger(runs).assess(&place(), window, &in_lake(objects))
}

fn in_lake(objects: &[String]) -> ReadingsInLake {
    let mut in_lake = ReadingsInLake::default();
    objects.iter().for_each(|key| in_lake.add(&ObjectKey::parse(key).unwrap()));
    in_lake
}

trait ConcatRuns {
    fn concat_runs(self) -> Vec<Run>;
}

impl<const N: usize> ConcatRuns for [Vec<Run>; N] {
    fn concat_runs(self) -> Vec<Run> {
        self.into_iter().flatten().collect()
    }
}

/// The run with these objects among the readings of their log group.
fn naming(run: &Run, objects: &[String]) -> Run {
    let mut run = Run(run.0.clone());
    let Some(groups) = run.0.pointer_mut("/places/0/logs/groups") else { return run };
    for group in groups.as_array_mut().unwrap() {
        let id = LogGroup::of_arn(&place(), group["log_group"].as_str().unwrap()).unwrap().id();
        for key in objects.iter().map(|key| ObjectKey::parse(key).unwrap()) {
            let (found, late) = key.log_group().unwrap();
            let start = Reading::of_due(key.time().unwrap(), late).unwrap().start();
            let window = json!({"start": start, "late": late, "outcome": "complete", "error": null});
            if found == id {
                group["windows"].as_array_mut().unwrap().push(window);
            }
        }
    }
    run
}

fn until(to: &str) -> RequestedTimes {
    RequestedTimes { from: None, to: at(to), now: at(to) }
}

/// Returns the hours in the lake, missing and pending.
fn hours(coverage: &LogCoverage) -> [f64; 3] {
    [coverage.hours_in_lake, coverage.hours_missing, coverage.hours_pending]
}

/// Returns the missing readings in short: their times, and in words what else there is to know.
fn missing(coverage: &LogCoverage) -> Vec<String> {
    let text = |missing: &MissingLog| {
        let time = |time: Timestamp| time.strftime("%dT%H:%M").to_string();
        let late = if missing.late { "late " } else { "" };
        let lost = if missing.lost { ", lost" } else { "" };
        let allowed = if missing.allowed { "" } else { ", not allowed" };
        format!("{late}{} to {}: {}{lost}{allowed}", time(missing.from), time(missing.to), missing.reason)
    };
    coverage.missing.iter().map(text).collect()
}
