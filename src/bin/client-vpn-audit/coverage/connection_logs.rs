//! The text about connection logs: what is in the lake, and what is missing.

use client_vpn_audit::proof::coverage::{Coverage, LogCoverage, LogGroupsNotKnown, MissingLog};
use comfy_table::CellAlignment;

use super::super::output::new_table;
use super::{duration, escaped, short};

/// Returns the parts of the text; none if no endpoint is known to log to a log group that may be read.
pub(super) fn parts(coverage: &Coverage) -> Vec<String> {
    let logs = &coverage.connection_logs;
    let mut parts = Vec::new();
    parts.extend(in_lake(logs));
    parts.extend(missing(logs));
    parts.extend(coverage.log_groups_not_known.iter().map(not_known));
    if !logs.is_empty() || !parts.is_empty() {
        parts.push(summary(coverage));
    }
    parts
}

fn in_lake(logs: &[LogCoverage]) -> Option<String> {
    let mut table = new_table([
        "Connection log of",
        "Log group",
        "From",
        "In lake",
        "Missing",
        "Not read again",
        "Pending",
    ]);
    for column in table.column_iter_mut().skip(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for log in logs {
        table.add_row([
            escaped(&log.endpoint_id),
            name(log),
            short(log.from),
            hours(log.hours_in_lake),
            hours(log.hours_missing),
            hours(log.hours_not_read_again),
            hours(log.hours_pending),
        ]);
    }
    (!logs.is_empty()).then(|| table.to_string())
}

fn missing(logs: &[LogCoverage]) -> Option<String> {
    let mut table = new_table(["Missing log of", "From", "To", "Length", "Reading", "Why"]);
    for log in logs {
        for missing in &log.missing {
            table.add_row([
                escaped(&log.endpoint_id),
                short(missing.from),
                short(missing.to),
                duration(missing.to.duration_since(missing.from).as_secs()),
                if missing.late { "second" } else { "first" }.to_owned(),
                why(missing),
            ]);
        }
    }
    (table.row_count() > 0).then(|| table.to_string())
}

fn why(missing: &MissingLog) -> String {
    let lost = missing.lost.then_some("no longer retained").filter(|lost| !missing.reason.starts_with(lost));
    let not_allowed = (!missing.allowed).then_some("not allowed at that time");
    let reason = escaped(&missing.reason);
    std::iter::once(reason.as_str()).chain(lost).chain(not_allowed).collect::<Vec<_>>().join("; ")
}

fn not_known(not_known: &LogGroupsNotKnown) -> String {
    let LogGroupsNotKnown { account_id, region, from, to, reason } = not_known;
    let (account_id, region, reason) = (escaped(account_id), escaped(region), escaped(reason));
    format!(
        "From {} to {}, it is not known which log groups of {account_id} {region} there were to read: {reason}.",
        short(*from),
        short(*to)
    )
}

fn summary(coverage: &Coverage) -> String {
    let logs = &coverage.connection_logs;
    let sum = |of: fn(&LogCoverage) -> f64| logs.iter().map(of).sum::<f64>();
    let (missing, not_read_again) = (sum(|log| log.hours_missing), sum(|log| log.hours_not_read_again));
    if missing + not_read_again > 0.0 {
        let (missing, again) = (hours(missing), hours(not_read_again));
        return format!(
            "Connection logs: {missing} missing, and {again} not read again for events that came late."
        );
    }
    if coverage.has_every_window() {
        return "Connection logs: everything that was due is in the lake.".to_owned();
    }
    "Connection logs: not proven that everything that was due is in the lake.".to_owned()
}

/// Returns the name in the log group's ARN: the rest repeats the endpoint's account and Region.
fn name(log: &LogCoverage) -> String {
    escaped(log.log_group.splitn(7, ':').last().unwrap_or(&log.log_group))
}

fn hours(hours: f64) -> String {
    format!("{hours} h")
}
