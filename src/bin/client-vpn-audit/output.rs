//! Output for people and machines: answers and errors, as text or JSON, and progress.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::invocation::answer::Answer;
use client_vpn_audit::invocation::handler::InvocationError;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, LineStyle, Table};
use indicatif::{HumanCount, ProgressBar};
use serde_json::json;

use super::exit_status::Failure;
use super::{logs, preflight, seal, snapshot};

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
        Answer::Snapshot(report) => print(&snapshot::text(report)),
        Answer::Logs(report) => print(&logs::text(report)),
        Answer::Preflight { checks } => print(&preflight::text(checks)),
        Answer::Seal(report) => print(&seal::text(report)),
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
            writeln!(stderr, "{}\nerror: {failure}", snapshot::text(report))
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
