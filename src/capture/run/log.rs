//! The log lines of a run.

use tracing::{error, info, warn};

use crate::lake::ledger::{CaptureError, Discovery, Entry, PlaceEntry, Tally};

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

/// Logs the errors of an account and Region, and the endpoints that appeared or no longer exist.
pub(super) fn place(place: &PlaceEntry) {
    let PlaceEntry { account_id, region, .. } = place;
    if let Some(CaptureError { code: error_code, message: error_message, .. }) = place.discovery_error() {
        error!(account_id, region, %error_code, error_message, "it is not known which endpoints there are");
    }
    if let Some(CaptureError { code: error_code, message: error_message, .. }) = place.endpoints_error() {
        error!(
            account_id,
            region, %error_code, error_message, "the configuration of the endpoints is not on record"
        );
    }
    if let Some(Discovery { discovered, gone, .. }) = &place.discovery
        && !(discovered.is_empty() && gone.is_empty())
    {
        info!(account_id, region, ?discovered, ?gone, "endpoints appeared or are gone");
    }
}
