//! Reports what the ledger proves, and where a connection could have been missed.

mod connection_logs;

use std::path::Path;

use client_vpn_audit::clock::Clock;
use client_vpn_audit::invalid_input::{InvalidInput, InvalidInputs};
use client_vpn_audit::proof::coverage::cloudwatch_counts::{Difference, Witness};
use client_vpn_audit::proof::coverage::{
    ClockStepped, Coverage, EndpointCoverage, Hole, LISTING, RequestedTimes,
};
use client_vpn_audit::report::plain_text::escaped;
use comfy_table::CellAlignment;
use jiff::Timestamp;
use serde_json::json;

use super::args::CoverageArgs;
use super::exit_status::Failure;
use super::lake::open;
use super::moment::Moments;
use super::output::{Spinner, counted, new_table, print};

/// Differences to a witness that are printed for each endpoint, the largest first.
const PRINTED_DIFFERENCES: usize = 10;

/// Runs the command. Returns `true` if there is no hole and no connection log is missing.
pub async fn run(args: &CoverageArgs, json: bool) -> Result<bool, Failure> {
    let now = Clock::system().now();
    let mut moments = Moments::default();
    let from = moments.read("--from", args.from.as_deref());
    let to = moments.read("--to", args.to.as_deref()).map_or(now, |to| to.min(now));
    moments.check_order(from, Some(to));
    let mut faults = moments.faults();
    let witnesses = witnesses(&args.witnesses, &mut faults);
    let (_, store) = open(args.lake.as_deref(), args.region.as_deref(), faults).await?;
    let spinner = Spinner::new(json);
    let on_progress = |runs| spinner.message(counted(runs, "run record"));
    let coverage = Coverage::read(&store, RequestedTimes { from, to, now }, &witnesses, on_progress).await;
    spinner.clear();
    let coverage = coverage?;
    if json {
        print(&json!(coverage).to_string());
    } else {
        print(&text(&coverage));
    }
    Ok(coverage.is_whole())
}

/// Reads the files of the witnesses, one for an endpoint.
pub fn witnesses(texts: &[String], faults: &mut InvalidInputs) -> Vec<Witness> {
    let mut witnesses: Vec<Witness> = Vec::new();
    for text in texts {
        let Some(witness) = faults.keep(witness(text)) else { continue };
        if witnesses.iter().any(|other| other.endpoint_id == witness.endpoint_id) {
            faults.push(InvalidInput::new("--witness", text, "one file for each endpoint"));
        }
        witnesses.push(witness);
    }
    witnesses
}

/// Reads the file of a witness, as ENDPOINT=FILE names it.
fn witness(text: &str) -> Result<Witness, InvalidInput> {
    let allowed = "ENDPOINT=FILE, such as cvpn-endpoint-0123456789abcdef0=connections.json";
    let fault = |problem: String| InvalidInput::new("--witness", text, problem);
    let (endpoint_id, path) = text.split_once('=').ok_or_else(|| fault(allowed.to_owned()))?;
    Witness::read(endpoint_id, Path::new(path)).map_err(|error| fault(format!("{allowed}; the file {error}")))
}

fn text(coverage: &Coverage) -> String {
    let Coverage { endpoints, unreadable, clock_stepped: stepped, not_sealed: added, .. } = coverage;
    let logs = connection_logs::parts(coverage);
    if [endpoints.len(), unreadable.len(), stepped.len(), added.len(), logs.len()] == [0; 5] {
        return format!("No attempt is on record up to {}.", short(coverage.to));
    }
    let mut table =
        new_table(["Endpoint", "From", "Complete", "Other attempts", "Longest gap", "Holes", "Proven"]);
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for endpoint in &coverage.endpoints {
        let complete = endpoint.outcomes.get("complete").copied().unwrap_or(0);
        let all: u64 = endpoint.outcomes.values().sum();
        table.add_row([
            name_of(endpoint),
            short(endpoint.from),
            complete.to_string(),
            (all - complete).to_string(),
            duration(endpoint.longest_gap.seconds),
            endpoint.holes.len().to_string(),
            percent(endpoint.proven),
        ]);
    }
    let mut parts = vec![table.to_string()];
    parts.extend(holes(&coverage.endpoints));
    parts.extend(differences(&coverage.endpoints));
    for unreadable in &coverage.unreadable {
        parts.push(format!("Not read: {} {}", unreadable.object_key, escaped(&unreadable.problem)));
    }
    for of in &coverage.of_another_time {
        parts.push(format!("Contradicts itself: {} {}", of.object_key, escaped(&of.problem)));
    }
    parts.extend(clock_stepped(&coverage.clock_stepped));
    parts.extend(sealed_late(&coverage.sealed_late));
    parts.extend(not_sealed(&coverage.not_sealed));
    parts.extend(logs);
    let holes: usize = coverage.endpoints.iter().map(|endpoint| endpoint.holes.len()).sum();
    parts.push(match holes {
        0 => no_hole(coverage),
        holes => format!(
            "{}: a connection that began and ended in one may have been missed.",
            counted(holes as u64, "hole")
        ),
    });
    parts.join("\n\n")
}

/// States what the lack of holes proves: everything only if every record could be read and relied on.
fn no_hole(coverage: &Coverage) -> String {
    let records = counted(coverage.runs, "run record");
    let to = short(coverage.to);
    if coverage.is_every_connection_seen() {
        return format!(
            "No hole up to {to}, by {records}: no gap of 60 minutes between complete captures. If AWS lists ended connections for 60 \
             minutes, as it says, none was missed, or will be if the next capture is complete in time."
        );
    }
    let count_of = |length: usize, noun: &str| (length > 0).then(|| counted(length as u64, noun));
    let reasons = [
        count_of(coverage.unreadable.len(), "object").map(|count| format!("{count} could not be read")),
        count_of(coverage.clock_stepped.len(), "capture")
            .map(|count| format!("the clock stepped in {count}")),
        count_of(coverage.of_another_time.len(), "run record")
            .map(|count| format!("{count} stated a capture of another time")),
        count_of(coverage.not_sealed.len(), "run record").map(|count| format!("{count} not sealed")),
    ];
    let reasons = reasons.into_iter().flatten().collect::<Vec<_>>().join("; ");
    format!(
        "Not proven that every connection was seen up to {to}: {reasons}. {records} could be read and show no hole."
    )
}

/// Returns a name. An endpoint's id identifies its account and Region; a listing of endpoints must name them.
fn name(account_id: &str, region: &str, endpoint_id: &str) -> String {
    match endpoint_id {
        LISTING => format!("{LISTING} of {} {}", escaped(account_id), escaped(region)),
        id => escaped(id),
    }
}

fn name_of(endpoint: &EndpointCoverage) -> String {
    name(&endpoint.account_id, &endpoint.region, &endpoint.endpoint_id)
}

/// Lists captures that prove nothing, by name.
fn clock_stepped(captures: &[ClockStepped]) -> Option<String> {
    let mut table =
        new_table(["Clock stepped in", "First page requested", "First page", "Last page", "Run record"]);
    for capture in captures {
        let time = |time: Option<Timestamp>| time.map(short).unwrap_or_default();
        let ClockStepped { first_page_requested_at, first_page_at, last_page_at, .. } = capture;
        table.add_row([
            name(&capture.account_id, &capture.region, &capture.endpoint_id),
            time(*first_page_requested_at),
            time(*first_page_at),
            time(*last_page_at),
            capture.run_key.clone(),
        ]);
    }
    let count = counted(captures.len() as u64, "capture");
    (!captures.is_empty())
        .then(|| format!("{count} whose times contradict each other, which proves nothing:\n{table}"))
}

/// Lists run records that came after their hour was sealed, by name.
fn sealed_late(keys: &[String]) -> Option<String> {
    let count = counted(keys.len() as u64, "run record");
    let advice = "sealed late, so written or added after the digest of its hour";
    (!keys.is_empty()).then(|| format!("{count} {advice}:\n{}", keys.join("\n")))
}

/// Lists run records that no digest lists, by name.
fn not_sealed(keys: &[String]) -> Option<String> {
    let count = counted(keys.len() as u64, "run record");
    let advice = "not sealed, although the hour is: no digest lists it, so somebody may have added it since. Run `seal`, then \
                  `verify`, and find out who put it there";
    (!keys.is_empty()).then(|| format!("{count} {advice}:\n{}", keys.join("\n")))
}

fn holes(endpoints: &[EndpointCoverage]) -> Option<String> {
    let mut table = new_table(["Hole of", "From", "To", "Length", "Why", "Witness's most"]);
    for endpoint in endpoints {
        for Hole { gap, reason, witness_maximum, .. } in &endpoint.holes {
            let to = if gap.open { "still open".to_owned() } else { short(gap.to) };
            table.add_row([
                name_of(endpoint),
                short(gap.from),
                to,
                duration(gap.seconds),
                escaped(reason),
                witness_maximum.map(|most| most.to_string()).unwrap_or_default(),
            ]);
        }
    }
    (table.row_count() > 0).then(|| table.to_string())
}

/// Describes the differences between captures and witnesses.
fn differences(endpoints: &[EndpointCoverage]) -> Vec<String> {
    let of_endpoint = |endpoint: &EndpointCoverage| {
        let mut differences: Vec<&Difference> = endpoint.witness.as_ref()?.iter().collect();
        let count = differences.len() as u64;
        differences.sort_by(|one, other| by_how_much(other).total_cmp(&by_how_much(one)));
        let mut table = new_table(["Capture", "Active", "Witness"]);
        for difference in differences.into_iter().take(PRINTED_DIFFERENCES) {
            let witness =
                difference.witness.map_or_else(|| "no number".to_owned(), |number| number.to_string());
            table.add_row([short(difference.first_page_at), difference.active.to_string(), witness]);
        }
        let endpoint_id = &endpoint.endpoint_id;
        Some(match count {
            0 => format!("The witness of {endpoint_id} agrees with every capture."),
            count => {
                format!("The witness of {endpoint_id} differs from {}:\n{table}", counted(count, "capture"))
            }
        })
    };
    endpoints.iter().filter_map(of_endpoint).collect()
}

/// Returns the size of a difference; zero if the witness has no number for the time of the capture.
fn by_how_much(difference: &Difference) -> f64 {
    let active = u32::try_from(difference.active).map_or(f64::MAX, f64::from);
    difference.witness.map_or(0.0, |number| (number - active).abs())
}

/// Returns a time in whole seconds.
pub fn short(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// Returns a length in hours and minutes.
pub fn duration(seconds: i64) -> String {
    match (seconds / 3600, seconds % 3600 / 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, _) => format!("{minutes} min"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

/// Formats a share, rounded down: no time with a hole in it shows as 100 %.
fn percent(share: f64) -> String {
    format!("{:.2} %", (share * 10_000.0).floor() / 100.0)
}
