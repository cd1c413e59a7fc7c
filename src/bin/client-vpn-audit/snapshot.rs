//! The text of a snapshot: each target in a table, and notes.

use std::time::Duration;

use client_vpn_audit::capture::run::Report;
use client_vpn_audit::lake::ledger::{Entry, PlaceEntry};
use comfy_table::CellAlignment;
use indicatif::HumanCount;
use serde_json::json;

use super::output::new_table;

/// Renders a run's targets as a table, followed by notes.
pub fn text(report: &Report) -> String {
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
