//! The complete pipeline in one command: a simulated fleet, three simulated hours of snapshots and its connection logs through
//! the real clients and the real handler, and a summary of the written record.

mod summary;

use std::io;
use std::path::{Path, PathBuf};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::capture::run::Report;
use client_vpn_audit::clock::Clock;
use client_vpn_audit::invalid_input::InvalidInput;
use client_vpn_audit::invocation::answer::Answer;
use client_vpn_audit::invocation::handler::{Auditor, InvocationError};
use client_vpn_audit::invocation::request::{Invocation, SnapshotRequest};
use client_vpn_audit::invocation::settings::Settings;
use client_vpn_audit::lake::ledger::{Outcome, Trigger};
use client_vpn_audit::lake::store::Location;
use client_vpn_audit::snapshot_time::SnapshotTime;
use client_vpn_sim::{Config, Simulator, TimeSource};
use comfy_table::Table;
use indicatif::HumanCount;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use super::args::Demo;
use super::output::{counted, logs_text, new_table, print};
use summary::Summary;

/// Those of three hours.
const SNAPSHOTS: i32 = 13;
const INTERVAL: SignedDuration = SignedDuration::from_mins(15);
const ENDPOINTS: usize = 3;
const CONNECTIONS_EACH: usize = 400;
const SEED: u64 = 2;
/// The Region with the largest quota of CloudWatch Logs, half of which is used.
const REGION: &str = "us-east-1";
const LOG_GROUPS: &str = "arn:aws:logs:*:*:log-group:client-vpn";

/// Runs the demo and prints it. Returns `true` if every snapshot and every window of connection logs was complete.
pub async fn run(demo: &Demo, json: bool) -> Result<bool, InvocationError> {
    let lake = match &demo.lake {
        Some(lake) => lake.clone(),
        None => new_directory().map_err(|error| unusable(&error))?,
    };
    if !matches!(Location::parse(&lake.display().to_string()), Ok(Location::Directory(_))) {
        let fault = InvalidInput::new("--lake", &lake.display().to_string(), "a directory");
        return Err(InvocationError::InvalidSettings(fault.into()));
    }
    // The last of the snapshots is of this minute.
    let last = SnapshotTime::truncated(Clock::system().now()).timestamp();
    let times: Vec<Timestamp> = (0..SNAPSHOTS).rev().map(|back| last - INTERVAL * back).collect();
    let clock = Clock::manual(last);
    let mut config = Config::fleet(SEED, ENDPOINTS, CONNECTIONS_EACH);
    config.time = TimeSource::Manual(last);
    config.region = REGION.to_owned();
    let account_id = config.account_id.clone();
    let simulator = Simulator::start(config, 0).await.map_err(|error| unusable(&error))?;
    let variables = [
        ("AUDIT_LAKE", lake.display().to_string()),
        ("AUDIT_TARGETS", simulator.endpoint_ids().join(",")),
        ("AUDIT_ACCOUNT_ID", account_id),
        ("AUDIT_CONNECTION_LOG_GROUPS", LOG_GROUPS.to_owned()),
    ];
    let settings = Settings::parse(variables.map(|(name, value)| (name.to_owned(), value)))
        .map_err(|faults| InvocationError::InvalidSettings(faults.renamed(super::args::flag_name)))?;
    let sdk = sdk_config(&simulator);
    let auditor = Auditor::new(settings, sdk, clock.clone(), Progress::silent());

    let mut reports = Vec::new();
    for time in times {
        clock.set(time);
        simulator.set_time(time);
        let request = SnapshotRequest::new(Trigger::Action, Some(SnapshotTime::truncated(time)));
        let invocation = Invocation::Snapshot(request);
        if let Answer::Snapshot(report) =
            auditor.handle(invocation, &Uuid::new_v4().to_string(), None).await?
        {
            reports.push(report);
        }
    }
    if !json {
        print(&format!("{}\n", snapshots_table(&reports)));
    }
    if let Answer::Logs(report) = auditor.handle(Invocation::Logs, &Uuid::new_v4().to_string(), None).await? {
        if !json {
            print(&format!("{}\n", logs_text(&report)));
        }
        reports.push(report);
    }
    let summary = Summary::of(&lake, &reports).map_err(|error| unusable(&error))?;
    print_summary(&lake, &reports, &summary, json);
    Ok(reports.iter().all(|report| {
        report.record.all_captured()
            && report.record.places.iter().all(|place| place.logs_errors().next().is_none())
    }))
}

/// Creates a directory that is kept, to inspect the record.
fn new_directory() -> io::Result<PathBuf> {
    tempfile::Builder::new().prefix("client-vpn-audit-demo-").tempdir().map(tempfile::TempDir::keep)
}

fn unusable(error: &dyn std::error::Error) -> InvocationError {
    InvocationError::InvalidSettings(
        InvalidInput::without_value("demo", format!("could not run: {error}")).into(),
    )
}

/// Returns a configuration for the simulator alone, whatever profiles and endpoints this machine has.
fn sdk_config(simulator: &Simulator) -> SdkConfig {
    let credentials = Credentials::new("demo", "demo", None, None, "demo");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(simulator.url())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// Renders the snapshots as a table, a row each.
fn snapshots_table(reports: &[Box<Report>]) -> Table {
    let mut table = new_table(["Snapshot", "Complete", "Connections"]);
    for Report { record, .. } in reports.iter().map(AsRef::as_ref) {
        let complete = record.targets.iter().filter(|entry| entry.outcome == Outcome::Complete);
        let rows =
            record.targets.iter().filter_map(|entry| entry.object.as_ref()).map(|object| object.rows).sum();
        table.add_row([
            record.snapshot_time.to_string(),
            format!("{} of {}", complete.count(), counted(record.targets.len() as u64, "endpoint")),
            HumanCount(rows).to_string(),
        ]);
    }
    table
}

fn print_summary(lake: &Path, reports: &[Box<Report>], summary: &Summary, json: bool) {
    if json {
        return print(&json!({"lake": lake, "runs": reports, "summary": summary}).to_string());
    }
    let lake = lake.display();
    print(&format!(
        "What the record says:\n{summary}\n\n\
         Written to {lake}:\n{}\n\n\
         Ask it yourself, for instance with DuckDB:\n  \
         SELECT snapshot_time, endpoint_id, count(*) FILTER (status_code = 'active') AS active\n  \
         FROM read_parquet('{lake}/connections/**/*.parquet')\n  \
         GROUP BY ALL ORDER BY ALL;",
        summary.folders_text(),
    ));
}
