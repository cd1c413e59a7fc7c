//! The text of a reading of connection logs: each log group in a table, and notes.

use std::collections::BTreeSet;

use client_vpn_audit::capture::run::Report;
use client_vpn_audit::lake::ledger::{Outcome, WindowEntry};
use indicatif::HumanCount;

use super::output::new_table;

/// Renders the log groups of a run as a table, followed by notes.
pub fn text(report: &Report) -> String {
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
