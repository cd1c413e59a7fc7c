//! The complete pipeline in one command: a simulated fleet, three snapshots fifteen simulated minutes apart through the
//! real client and the real handler, and a summary of the written record.

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
use client_vpn_audit::lake::ledger::Trigger;
use client_vpn_audit::lake::store::Location;
use client_vpn_audit::snapshot_time::SnapshotTime;
use client_vpn_sim::{Config, Simulator, TimeSource};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use super::args::Demo;
use super::output::{print, report_text};
use summary::Summary;

const SNAPSHOTS: i32 = 3;
const INTERVAL: SignedDuration = SignedDuration::from_mins(15);
const ENDPOINTS: usize = 3;
const CONNECTIONS_EACH: usize = 1_200;
const SEED: u64 = 7;

/// Runs the demo and prints it. Returns `true` if every snapshot was complete.
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
    let (account_id, region) = (config.account_id.clone(), config.region.clone());
    let simulator = Simulator::start(config, 0).await.map_err(|error| unusable(&error))?;
    let variables = [
        ("AUDIT_LAKE", lake.display().to_string()),
        ("AUDIT_TARGETS", simulator.endpoint_ids().join(",")),
        ("AUDIT_ACCOUNT_ID", account_id),
    ];
    let settings = Settings::parse(variables.map(|(name, value)| (name.to_owned(), value)))
        .map_err(|faults| InvocationError::InvalidSettings(faults.renamed(super::args::flag_name)))?;
    let sdk = sdk_config(&simulator, region);
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
            if !json {
                print(&format!("{}\n", report_text(&report)));
            }
            reports.push(report);
        }
    }
    let summary = Summary::of(&lake, &reports).map_err(|error| unusable(&error))?;
    print_summary(&lake, &reports, &summary, json);
    Ok(reports.iter().all(|report| report.record.all_captured()))
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
fn sdk_config(simulator: &Simulator, region: String) -> SdkConfig {
    let credentials = Credentials::new("demo", "demo", None, None, "demo");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .endpoint_url(simulator.url())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
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
        summary.files_text(),
    ));
}
