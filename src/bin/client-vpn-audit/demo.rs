//! The complete pipeline in one command: a simulated fleet, twelve simulated hours of snapshots and its connection logs through the real
//! clients and the real handler, sealed and signed, and the exhibit of it for an auditor.

mod files;
mod simulation;
mod summary;

use client_vpn_audit::capture::run::Report;
use client_vpn_audit::clock::Clock;
use client_vpn_audit::invalid_input::InvalidInput;
use client_vpn_audit::invocation::handler::InvocationError;
use client_vpn_audit::lake::ledger::Outcome;
use client_vpn_audit::lake::store::{Location, Store};
use client_vpn_audit::proof::signing::PublicKey;
use client_vpn_audit::report::exhibit::{ExhibitRequest, SampleRequest, WrittenExhibit, make_exhibit};
use comfy_table::Table;
use indicatif::HumanCount;
use jiff::tz::TimeZone;
use serde_json::json;

use super::args::Demo;
use super::exit_status::Failure;
use super::logs;
use super::output::{counted, new_table, print};
use super::report::make;
use super::verify::max_concurrency;
use files::DemoFiles;
use simulation::SimulatedTime;
use summary::Summary;

/// Sessions of the sample, of each endpoint.
const SAMPLE: usize = 3;

/// Runs the demo and prints it. Returns `true` if everything but the faults that it plays was complete.
pub async fn run(demo: &Demo, json: bool) -> Result<bool, Failure> {
    let files = match &demo.lake {
        Some(lake) => DemoFiles::beside(lake),
        None => DemoFiles::temporary(),
    };
    let files = files.map_err(|error| unusable(&error))?;
    if !matches!(Location::parse(&files.lake.display().to_string()), Ok(Location::Directory(_))) {
        let fault = InvalidInput::new("--lake", &files.lake.display().to_string(), "a directory");
        return Err(InvocationError::InvalidSettings(fault.into()).into());
    }
    files.write_keys().map_err(|error| unusable(&error))?;
    let played = SimulatedTime::play(&files).await?;
    if !json {
        print(&format!("{}\n", snapshots_table(&played.snapshots)));
        print(&format!("{}\n", logs::text(&played.logs)));
    }
    let exhibit = exhibit(&files, &played).await?;
    let summary = Summary::of(&files.lake, played.reports()).map_err(|error| unusable(&error))?;
    print_summary(&files, &played, &summary, &exhibit, json);
    Ok(played.is_as_planned() && exhibit.faults == 0 && exhibit.unreadable == 0)
}

fn unusable(error: &dyn std::error::Error) -> InvocationError {
    InvocationError::InvalidSettings(
        InvalidInput::without_value("demo", format!("could not run: {error}")).into(),
    )
}

/// Makes the exhibit of the simulated time, as `report` does.
async fn exhibit(files: &DemoFiles, played: &SimulatedTime) -> Result<WrittenExhibit, Failure> {
    let lake = Location::Directory(files.lake.clone());
    let store = Store::new(&lake, &aws_config::SdkConfig::builder().build(), None);
    let keys = PublicKey::read_all(&files.public_key).map_err(InvocationError::Signing)?;
    let clock = Clock::system();
    let request = ExhibitRequest {
        store: &store,
        lake: &lake,
        from: played.from,
        to: played.to,
        now: clock.now(),
        clock: &clock,
        time_zone: TimeZone::UTC,
        keys,
        known: std::collections::BTreeMap::new(),
        witnesses: Vec::new(),
        protection: None,
        retention_days: None,
        prepared_by: Some("the demo".to_owned()),
        pseudonyms: None,
        sample: Some(SampleRequest { size: SAMPLE, seed: "demo".to_owned() }),
        users: None,
        files: Vec::new(),
        program: make::program(),
        max_concurrency: max_concurrency(&lake),
    };
    Ok(make_exhibit(&request, &files.exhibit, |_| ()).await?)
}

/// Renders the snapshots as a table: each hour, and each that was not complete.
fn snapshots_table(reports: &[Report]) -> Table {
    let mut table = new_table(["Snapshot", "Complete", "Connections"]);
    for (index, Report { record, .. }) in reports.iter().enumerate() {
        let complete = record.targets.iter().filter(|entry| entry.outcome == Outcome::Complete).count();
        if index % 4 > 0 && complete == record.targets.len() {
            continue;
        }
        let rows =
            record.targets.iter().filter_map(|entry| entry.object.as_ref()).map(|object| object.rows).sum();
        table.add_row([
            record.snapshot_time.to_string(),
            format!("{complete} of {}", counted(record.targets.len() as u64, "endpoint")),
            HumanCount(rows).to_string(),
        ]);
    }
    table
}

fn print_summary(
    files: &DemoFiles,
    played: &SimulatedTime,
    summary: &Summary,
    exhibit: &WrittenExhibit,
    json: bool,
) {
    if json {
        let runs: Vec<&Report> = played.reports().collect();
        let answer = json!({
            "lake": files.lake,
            "runs": runs,
            "summary": summary,
            "exhibit": files.exhibit,
            "public_key": files.public_key,
        });
        return print(&answer.to_string());
    }
    let lake = files.lake.display();
    print(&format!(
        "What the record says:\n{summary}\n\n\
         Written to {lake}:\n{}\n\n\
         Ask it yourself, for instance with DuckDB:\n  \
         SELECT snapshot_time, endpoint_id, count(*) FILTER (status_code = 'active') AS active\n  \
         FROM read_parquet('{lake}/connections/**/*.parquet')\n  \
         GROUP BY ALL ORDER BY ALL;\n\n\
         Played on purpose: {}\n\n\
         {}",
        summary.folders_text(),
        played.in_words(),
        make::text(exhibit, &files.exhibit),
    ));
}
