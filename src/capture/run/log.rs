//! The log lines of a run.

use tracing::{error, info, warn};

use crate::lake::ledger::{CaptureError, Discovery, Entry, LogGroupEntry, LogsEntry, PlaceEntry, Tally};

/// Logs one line for a target, with identifiers as fields and nothing of its rows.
pub(super) fn target(entry: &Entry) {
    let Entry { endpoint_id, outcome, tally, capture_millis, .. } = entry;
    let Tally { pages, unparsed_values, .. } = *tally;
    let (outcome, rows) = (outcome.as_str(), entry.rows());
    match &entry.error {
        None if unparsed_values > 0 => {
            warn!(
                endpoint_id,
                outcome,
                rows,
                pages,
                capture_millis,
                unparsed_values,
                "captured; some values are kept as text"
            );
        }
        None => info!(endpoint_id, outcome, rows, pages, capture_millis, "captured"),
        Some(CaptureError { code: error_code, message: error_message, request_id, .. }) => {
            error!(
                endpoint_id,
                outcome, rows, pages, capture_millis, %error_code, error_message, request_id, "capture failed"
            );
        }
    }
}

/// Logs one line for each log group, with the identifiers of its first error.
pub(super) fn logs(place: &PlaceEntry) {
    let PlaceEntry { account_id, region, logs, .. } = place;
    let Some(LogsEntry { groups, error, targets_error }) = logs else { return };
    if let Some(CaptureError { code: error_code, message: error_message, .. }) = error {
        error!(account_id, region, %error_code, error_message, "it is not known which log groups there are");
    }
    if let Some(CaptureError { code: error_code, message: error_message, .. }) = targets_error {
        error!(account_id, region, %error_code, error_message, "targets are not listed");
    }
    for group in groups {
        let LogGroupEntry { log_group, windows, not_tried, error, .. } = group;
        let rows: u64 =
            windows.iter().filter_map(|window| window.object.as_ref()).map(|object| object.rows).sum();
        let (windows, failed) = (windows.len(), windows.iter().find_map(|window| window.error.as_ref()));
        match error.as_ref().or(failed) {
            None => info!(log_group, windows, rows, not_tried, "connection log read"),
            Some(CaptureError { code: error_code, message: error_message, request_id, .. }) => {
                error!(
                    log_group,
                    windows, rows, not_tried, %error_code, error_message, request_id, "connection log failed"
                );
            }
        }
    }
}

/// Logs the errors of an account and Region, and the endpoints that appeared or no longer exist.
pub(super) fn place(place: &PlaceEntry) {
    let PlaceEntry { account_id, region, .. } = place;
    if let Some(CaptureError { code: error_code, message: error_message, .. }) = place.discovery_error() {
        error!(account_id, region, %error_code, error_message, "it is not known which endpoints there are");
    }
    for (table, CaptureError { code: error_code, message: error_message, .. }) in place.configuration_errors()
    {
        let table = table.table().name();
        error!(
            account_id,
            region, table, %error_code, error_message, "the configuration of the endpoints is not fully on record"
        );
    }
    if let Some(Discovery { discovered, gone, .. }) = &place.discovery
        && !(discovered.is_empty() && gone.is_empty())
    {
        info!(account_id, region, ?discovered, ?gone, "endpoints appeared or are gone");
    }
}
