//! The times of a run record against that of its snapshot, which its key bears.

use jiff::{SignedDuration, Timestamp};

use super::LONGEST_CAPTURE;
use crate::lake::ledger::recorded::{Proof, RecordedRun};

/// By which the clock of an event may be ahead of that of its run.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_secs(120);

/// Returns the problem, in words, if a record proves a capture that is not of its snapshot.
pub(super) fn contradicting_time(record: &RecordedRun) -> Option<String> {
    let time = time_of_another_snapshot(record)?;
    let snapshot_time = record.snapshot_time;
    Some(format!(
        "states a capture at {time}, which no run of the snapshot of {snapshot_time} can have made: the clock stepped, or somebody changed it"
    ))
}

/// Returns a time of a capture that the record proves and that is not of its snapshot: before it, or longer after it than any capture takes.
/// Otherwise a record that is added to an open hour could prove captures of another hour, which is sealed already.
fn time_of_another_snapshot(record: &RecordedRun) -> Option<Timestamp> {
    let targets = record.targets.iter().map(|target| target.proof(record.start));
    let listings = record.places.iter().filter_map(|place| place.discovery.as_ref());
    let proofs = targets.chain(listings.map(|listing| listing.proof(record.start)));
    let earliest = record.snapshot_time.saturating_sub(CLOCK_TOLERANCE).unwrap_or(Timestamp::MIN);
    let latest = record.snapshot_time.saturating_add(LONGEST_CAPTURE).unwrap_or(Timestamp::MAX);
    let times = proofs.filter_map(Proof::captured).flat_map(|captured| [captured.begins, captured.ends]);
    times.into_iter().find(|time| *time < earliest || *time > latest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record of the snapshot of noon with one complete capture and the listing of endpoints.
    fn record(requested: &str, last: &str, listed: &str) -> RecordedRun {
        let target = serde_json::json!({
            "account_id": "111122223333", "region": "eu-central-1", "endpoint_id": "cvpn-endpoint-1", "outcome": "complete", "active": 0,
            "first_page_requested_at": requested, "first_page_at": last, "last_page_at": last, "error": null
        });
        let listing = serde_json::json!({
            "endpoints": [], "first_page_requested_at": listed, "first_page_at": listed, "last_page_at": listed, "error": null
        });
        let place =
            serde_json::json!({"account_id": "111122223333", "region": "eu-central-1", "discovery": listing});
        let record = serde_json::json!({
            "snapshot_time": "2026-11-01T12:00:00Z", "start": "2026-11-01T12:00:01Z", "targets": [target], "places": [place],
            "settings_in_force": {"log_groups": []}
        });
        RecordedRun::parse(record.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_capture_is_of_the_snapshot_of_its_record_or_refused() {
        let noon = "2026-11-01T12:00:05Z";
        for (case, record, refused) in [
            ("as it is", record(noon, noon, noon), None),
            ("a clock that is behind", record("2026-11-01T11:58:00Z", noon, noon), None),
            ("two hours", record(noon, "2026-11-01T14:00:00Z", noon), None),
            ("earlier", record("2026-11-01T11:57:59Z", noon, noon), Some("2026-11-01T11:57:59Z")),
            ("later", record(noon, "2026-11-01T14:00:01Z", noon), Some("2026-11-01T14:00:01Z")),
            (
                "of another hour",
                record("2026-11-01T02:00:00Z", "2026-11-01T02:00:00Z", noon),
                Some("2026-11-01T02:00:00Z"),
            ),
            ("the listing", record(noon, noon, "2026-10-31T12:00:00Z"), Some("2026-10-31T12:00:00Z")),
        ] {
            let refused: Option<Timestamp> = refused.map(|time| time.parse().unwrap());
            assert_eq!(time_of_another_snapshot(&record), refused, "{case}");
        }
    }
}
