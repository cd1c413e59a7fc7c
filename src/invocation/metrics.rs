//! CloudWatch metrics in Embedded Metric Format: lines of JSON that CloudWatch reads out of the log. A line about each target is
//! also a metric if each endpoint has metrics of its own.
//!
//! Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format".
//!
//! To add a metric, see CONTRIBUTING.md, "Add a metric".

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::lake::ledger::{Entry, Outcome, PlaceEntry, RunRecord};
use crate::proof::seal::SealReport;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "ClientVpnAudit";

/// The dimension that keeps the metrics of two stacks in one account and Region apart. Without the setting there is none.
pub const STACK: &str = "Stack";

/// The other dimensions of a target's metrics, in the order that CloudWatch shows them.
pub const DIMENSIONS: [&str; 3] = ["AccountId", "Region", "EndpointId"];

/// A name, a unit of CloudWatch and a value.
type Metric = (&'static str, &'static str, u64);

/// Returns the lines for one snapshot by `stack`: one for each target, then one for the run. Without `endpoint_metrics`, those of the
/// targets are only log lines: CloudWatch charges for each metric of each endpoint.
pub fn snapshot_lines(record: &RunRecord, stack: Option<&str>, endpoint_metrics: bool) -> Vec<Value> {
    let targets = record.targets.iter().map(|entry| target_line(record.end, stack, entry, endpoint_metrics));
    let complete: Vec<&Entry> =
        record.targets.iter().filter(|entry| entry.outcome == Outcome::Complete).collect();
    let mut of_run = run_metrics(totals(record));
    of_run.push(("CompleteEndpoints", "Count", complete.len() as u64));
    // Without a complete listing the sum is not known, and it is not zero.
    if !complete.is_empty() {
        let active = complete.iter().map(|entry| entry.tally.active).sum();
        of_run.push(("ActiveConnections", "Count", active));
    }
    targets.chain([metric_line(record.end, stack, &[], &of_run)]).collect()
}

/// Returns the line for one run of connection logs by `stack`; `None` if there is nothing to report. The alarm `NoCapture` counts
/// the lines of snapshots, and a line of such a run would keep it quiet.
pub fn connection_logs_line(record: &RunRecord, stack: Option<&str>) -> Option<Value> {
    let totals = totals(record);
    (totals != [0, 0]).then(|| metric_line(record.end, stack, &[], &run_metrics(totals)))
}

fn run_metrics([failed, unparsed]: [u64; 2]) -> Vec<Metric> {
    vec![("FailedTargets", "Count", failed), ("UnparsedValues", "Count", unparsed)]
}

/// Returns the numbers of failed targets and of unparsed values.
fn totals(record: &RunRecord) -> [u64; 2] {
    // An account and Region with an error counts as a failed target.
    let errors = |place: &PlaceEntry| {
        place.discovery_error().is_some() || place.configuration_errors().next().is_some()
    };
    let places = record.places.iter().filter(|place| errors(place)).count();
    // So does each log group and window with an error.
    let of_logs: usize = record.places.iter().map(|place| place.logs_errors().count()).sum();
    let failed = (record.failed_targets().count() + places + of_logs) as u64;
    // An alarm reads one metric, so a metric that alarms watch over all targets has no dimension of a target.
    let of_targets: u64 = record.targets.iter().map(|entry| entry.tally.unparsed_values).sum();
    let groups = record.places.iter().filter_map(|place| place.logs.as_ref()).flat_map(|logs| &logs.groups);
    let windows = groups.flat_map(|group| &group.windows);
    [failed, of_targets + windows.map(|window| window.tally.unparsed_values).sum::<u64>()]
}

/// Returns the line for one seal by `stack`. An alarm watches its age, so it has no dimension of a target. `None` if no
/// targets are configured.
pub fn seal_line(time: Timestamp, report: &SealReport, stack: Option<&str>) -> Option<Value> {
    let age = report.oldest_complete_age_minutes?;
    Some(metric_line(time, stack, &[], &[("OldestCompleteAgeMinutes", "Count", age)]))
}

fn target_line(time: Timestamp, stack: Option<&str>, entry: &Entry, is_metric: bool) -> Value {
    let complete = u64::from(entry.outcome == Outcome::Complete);
    // Rows of an object that already existed were counted by the run that wrote it.
    let rows = if entry.outcome == Outcome::AlreadyCaptured { 0 } else { entry.rows() };
    let mut metrics = vec![
        ("Rows", "Count", rows),
        ("Pages", "Count", entry.tally.pages),
        ("UnparsedValues", "Count", entry.tally.unparsed_values),
        ("CaptureMillis", "Milliseconds", entry.capture_millis),
        ("CompleteSnapshots", "Count", complete),
    ];
    // For a truncated listing the number would be too small, and without a listing it would be zero.
    if entry.outcome == Outcome::Complete {
        metrics.push(("ActiveConnections", "Count", entry.tally.active));
    }
    let values = [&entry.account_id, &entry.region, &entry.endpoint_id].map(String::as_str);
    let dimensions: Vec<(&str, &str)> = DIMENSIONS.into_iter().zip(values).collect();
    if is_metric {
        metric_line(time, stack, &dimensions, &metrics)
    } else {
        plain_line(&with_stack(stack, &dimensions), &metrics).into()
    }
}

fn metric_line(
    time: Timestamp,
    stack: Option<&str>,
    dimensions: &[(&str, &str)],
    metrics: &[Metric],
) -> Value {
    let dimensions = with_stack(stack, dimensions);
    let names: Vec<&str> = dimensions.iter().map(|(name, _)| *name).collect();
    let definitions: Vec<Value> =
        metrics.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
    let mut line = plain_line(&dimensions, metrics);
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": time.as_millisecond(),
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [names], "Metrics": definitions}],
        }),
    );
    line.into()
}

fn with_stack<'a>(stack: Option<&'a str>, dimensions: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let of_stack = stack.map(|stack| (STACK, stack));
    of_stack.into_iter().chain(dimensions.iter().copied()).collect()
}

/// Returns the names and values alone, which CloudWatch takes for no metric.
fn plain_line(dimensions: &[(&str, &str)], metrics: &[Metric]) -> Map<String, Value> {
    let dimensions = dimensions.iter().map(|&(name, value)| (name.to_owned(), json!(value)));
    dimensions.chain(metrics.iter().map(|&(name, _, value)| (name.to_owned(), json!(value)))).collect()
}
