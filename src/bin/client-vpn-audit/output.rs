//! Output for people and machines: tables and progress, or JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use client_vpn_audit::capture::preflight::Check;
use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::capture::run::Report;
use client_vpn_audit::hour::Hour;
use client_vpn_audit::invocation::answer::Answer;
use client_vpn_audit::invocation::handler::InvocationError;
use client_vpn_audit::lake::ledger::{Entry, Outcome, PlaceEntry, WindowEntry};
use client_vpn_audit::proof::seal::SealReport;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table};
use indicatif::{HumanCount, ProgressBar};
use serde_json::json;

use super::exit_status::Failure;

/// Seconds that a clock may be behind without a note.
const CLOCK_NOTE_SECONDS: i64 = 300;

/// Formats a number with the noun that it counts.
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", HumanCount(number))
}

/// Prints to standard output. A pipe that its reader closed is no error.
pub fn print(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Prints the rest of a file to standard output. A pipe that its reader closed is no error.
pub fn print_file(file: &mut File) -> io::Result<()> {
    match io::copy(file, &mut io::stdout().lock()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Prints a note to standard error, beside an answer for machines.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints an answer.
pub fn answer(answer: &Answer, json: bool) {
    if json {
        return print(&json!(answer).to_string());
    }
    match answer {
        Answer::Snapshot(report) => print(&report_text(report)),
        Answer::Logs(report) => print(&logs_text(report)),
        Answer::Preflight { checks } => print(&checks_table(checks).to_string()),
        Answer::Seal(report) => print(&seal_text(report)),
        Answer::Plan(spread) => print(&json!(spread).to_string()),
    }
}

/// Prints the error that prevented an answer: to standard error for people, to standard output for machines.
pub fn error(failure: &Failure, json: bool) {
    if json {
        let mut answer = json!({"error": {"code": failure.code(), "message": failure.to_string()}});
        if let (Failure::Invocation(InvocationError::RunRecord { report, .. }), Some(answer)) =
            (failure, answer.as_object_mut())
        {
            answer.insert("run".to_owned(), json!(report));
        }
        return print(&answer.to_string());
    }
    let mut stderr = io::stderr().lock();
    let _ = match failure {
        Failure::Invocation(
            InvocationError::InvalidSettings(faults) | InvocationError::InvalidEvent(faults),
        ) => {
            let lines: Vec<String> = faults.iter().map(|fault| format!("error: {fault}")).collect();
            writeln!(stderr, "{}\nNothing was written. See `client-vpn-audit --help`.", lines.join("\n"))
        }
        Failure::Invocation(InvocationError::Identity(_) | InvocationError::Signing(_)) => {
            writeln!(stderr, "error: {failure}\nNothing was written.")
        }
        Failure::Invocation(InvocationError::RunRecord { report, .. }) => {
            writeln!(stderr, "{}\nerror: {failure}", report_text(report))
        }
        Failure::Invocation(InvocationError::Lake(_))
        | Failure::NotVerifiable(_)
        | Failure::NoSessions(_)
        | Failure::NoExhibit(_)
        | Failure::Answer(_) => {
            writeln!(stderr, "error: {failure}")
        }
    };
}

/// Prints the location of a panic without its text, which can quote a row.
pub fn panic(info: &PanicHookInfo<'_>) {
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    let _ = writeln!(io::stderr().lock(), "error: a fault of this program at {location}; please report it");
}

/// Renders a run's targets as a table, followed by notes.
pub fn report_text(report: &Report) -> String {
    let record = &report.record;
    let mut table = new_table([
        "Account",
        "Region",
        "Endpoint",
        "Outcome",
        "Rows",
        "Active",
        "Pages",
        "Kept as text",
        "Seconds",
    ]);
    for column in 4..9 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for entry in &record.targets {
        let count = |number: u64| HumanCount(number).to_string();
        table.add_row([
            entry.account_id.clone(),
            entry.region.clone(),
            entry.endpoint_id.clone(),
            entry.outcome.as_str().to_owned(),
            count(entry.rows()),
            count(entry.tally.active),
            count(entry.tally.pages),
            count(entry.tally.unparsed_values),
            format!("{:.1}", Duration::from_millis(entry.capture_millis).as_secs_f64()),
        ]);
    }
    let mut lines = vec![format!("Snapshot of {}", record.snapshot_time), table.to_string()];
    lines.extend(record.places.iter().flat_map(place_notes));
    lines.extend(record.targets.iter().flat_map(notes));
    let twice = record.settings_in_force.named_twice.iter();
    lines.extend(twice.map(|arn| format!("{arn}: named in two ways, captured once")));
    lines.extend(report.run_keys.iter().map(|key| format!("Run record: {key}")));
    lines.join("\n")
}

/// Renders the log groups of a run as a table, followed by notes.
pub fn logs_text(report: &Report) -> String {
    let mut table = new_table([
        "Log group",
        "Windows",
        "Written",
        "Rows",
        "Other messages",
        "Masked fields",
        "Not tried",
    ]);
    let mut notes = Vec::new();
    for place in &report.record.places {
        for group in place.logs.iter().flat_map(|logs| &logs.groups) {
            let written = group.windows.iter().filter(|window| window.outcome == Outcome::Complete);
            let sum = |of: fn(&WindowEntry) -> u64| -> u64 { group.windows.iter().map(of).sum() };
            let masked: BTreeSet<&str> =
                group.windows.iter().flat_map(|window| window.tally.masked.iter().copied()).collect();
            table.add_row([
                group.log_group.clone(),
                group.windows.len().to_string(),
                written.clone().count().to_string(),
                HumanCount(
                    written.filter_map(|window| window.object.as_ref()).map(|object| object.rows).sum(),
                )
                .to_string(),
                HumanCount(sum(|window| window.tally.foreign_rows + window.tally.foreign_left_out))
                    .to_string(),
                masked.into_iter().collect::<Vec<_>>().join(", "),
                group.not_tried.to_string(),
            ]);
        }
        let at = format!("{} {}", place.account_id, place.region);
        notes.extend(place.logs_errors().map(|error| format!("{at}: {}: {}", error.code, error.message)));
    }
    if report.record.places.is_empty() {
        return "No setting allows a log group of these accounts and Regions: set --log-group.".to_owned();
    }
    let keys = report.run_keys.iter().map(|key| format!("Run record: {key}"));
    [table.to_string()].into_iter().chain(notes).chain(keys).collect::<Vec<_>>().join("\n")
}

/// Lists the notes on an account and Region.
fn place_notes(place: &PlaceEntry) -> Vec<String> {
    let at = format!("{} {}", place.account_id, place.region);
    let mut notes = Vec::new();
    if let Some(error) = place.discovery_error() {
        notes.push(format!(
            "{at}: it is not known which endpoints there are: {}: {}",
            error.code, error.message
        ));
    }
    for (table, error) in place.configuration_errors() {
        notes.push(format!(
            "{at}: the configuration of the endpoints is not fully on record in {}: {}: {}",
            table.table(),
            error.code,
            error.message
        ));
    }
    if let Some(discovery) = &place.discovery {
        let known = |ids: &[String]| !ids.is_empty() && discovery.known_since.is_some();
        if known(&discovery.discovered) {
            notes.push(format!("{at}: new since the last snapshot: {}", discovery.discovered.join(", ")));
        }
        if known(&discovery.gone) {
            notes.push(format!("{at}: gone since the last snapshot: {}", discovery.gone.join(", ")));
        }
        if discovery.error.is_none() && discovery.endpoints.as_ref().is_some_and(Vec::is_empty) {
            notes.push(format!("{at}: no Client VPN endpoints"));
        }
    }
    notes
}

/// Lists the notes on a target beyond its row in the table.
fn notes(entry: &Entry) -> Vec<String> {
    let id = &entry.endpoint_id;
    let mut notes = Vec::new();
    if let Some(error) = &entry.error {
        let request = error.request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default();
        notes.push(format!("{id}: {}: {}{request}", error.code, error.message));
    } else if !entry.restrictions.is_empty() {
        let words = json!(entry.restrictions).to_string().replace(['[', ']', '"'], "").replace(',', " and ");
        notes.push(format!(
            "{id}: asked for in part ({words}), so it is not in `connections` but in `partials`"
        ));
    }
    if let Some(token) = &entry.resume_token {
        notes.push(format!("{id}: go on with --starting-token {token}"));
    }
    notes
}

/// Renders a seal as a table, followed by notes.
fn seal_text(report: &SealReport) -> String {
    let mut table = new_table([
        "Account",
        "Region",
        "First hour",
        "Last hour",
        "Digests",
        "Objects",
        "Late",
        "Newest digest",
    ]);
    for sealed in &report.sealed {
        let hour = |hour: Option<Hour>| hour.map(|hour| hour.to_string()).unwrap_or_default();
        table.add_row([
            sealed.account_id.clone(),
            sealed.region.clone(),
            hour(sealed.first_hour),
            hour(sealed.last_hour),
            sealed.digests.to_string(),
            sealed.objects.to_string(),
            sealed.late.to_string(),
            sealed
                .digest_sha256
                .as_deref()
                .and_then(|sha256| sha256.get(..16))
                .unwrap_or_default()
                .to_owned(),
        ]);
    }
    let mut lines = vec![table.to_string()];
    lines.extend(report.failure().map(|failure| format!("error: {failure}")));
    lines.extend(clock_note(report));
    if !report.signed {
        let advice = "Not signed: digests without a signature are no proof against whoever may write the lake. Set \
                      --signing-key.";
        lines.push(advice.to_owned());
    }
    lines.join("\n")
}

/// Returns a line about a clock that is far behind; one that is far ahead is an error.
fn clock_note(report: &SealReport) -> Option<String> {
    let behind = report.sealed.iter().find_map(|sealed| sealed.clock_ahead_seconds)?.checked_neg()?;
    (behind > CLOCK_NOTE_SECONDS).then(|| {
        let seconds = HumanCount(u64::try_from(behind).unwrap_or_default());
        format!("The clock is {seconds} seconds behind the store's own. Hours are sealed later for it. Set the clock.")
    })
}

fn checks_table(checks: &[Check]) -> Table {
    let mut table = new_table(["Check", "Resource", "Passed", "Problem or note"]);
    for check in checks {
        let passed = if check.ok { "yes" } else { "no" };
        let words: Vec<&str> =
            [&check.problem, &check.note].into_iter().flatten().map(String::as_str).collect();
        table.add_row([check.action, &check.resource, passed, &words.join("; ")]);
    }
    table
}

/// Returns an empty table with a header.
pub fn new_table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()))
        .set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header);
    table
}

/// A spinner that shows on a terminal that pages arrive; elsewhere it is silent.
pub struct Spinner(ProgressBar);

impl Spinner {
    /// Returns a spinner, hidden if the output is for machines.
    pub fn new(json: bool) -> Spinner {
        let bar = if json { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        bar.enable_steady_tick(Duration::from_millis(120));
        Spinner(bar)
    }

    /// Returns the callback that the handler calls for each page.
    pub fn on_progress(&self) -> Progress {
        let bar = self.0.clone();
        let rows_of = Mutex::new(BTreeMap::new());
        Progress::new(move |target, rows| {
            let mut rows_of = rows_of.lock().unwrap_or_else(PoisonError::into_inner);
            rows_of.insert(target.endpoint_id.clone(), rows);
            let (endpoints, rows) = (rows_of.len() as u64, rows_of.values().sum());
            bar.set_message(format!("{} of {}", counted(rows, "connection"), counted(endpoints, "endpoint")));
        })
    }

    /// Shows the progress.
    pub fn message(&self, message: String) {
        self.0.set_message(message);
    }

    /// Removes the spinner from the terminal.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}
