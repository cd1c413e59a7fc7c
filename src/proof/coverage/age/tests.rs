use serde_json::{Value, json};

use super::*;
use crate::target::{AccountRegion, EndpointId};

const E: &str = "cvpn-endpoint-0000000e";
const F: &str = "cvpn-endpoint-0000000f";

/// From the beginning of yesterday to now.
const SINCE_YESTERDAY: i64 = (24 + 10) * 60;

fn now() -> Timestamp {
    "2025-11-23T10:00:00Z".parse().unwrap()
}

/// A time some seconds before now.
fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

/// Returns an entry of a capture whose first page was requested some seconds ago.
fn entry(id: &str, outcome: &str, seconds: i64) -> Value {
    json!({
        "account_id": "a", "region": "r", "endpoint_id": id, "outcome": outcome, "active": 0,
        "first_page_requested_at": ago(seconds), "first_page_at": ago(seconds), "last_page_at": ago(seconds),
    })
}

fn complete(id: &str, seconds: i64) -> Value {
    entry(id, "complete", seconds)
}

fn listing(ids: &[&str], seconds: i64) -> Value {
    json!({
        "endpoints": ids,
        "first_page_requested_at": ago(seconds), "first_page_at": ago(seconds), "last_page_at": ago(seconds),
    })
}

fn record(discovery: &Value, targets: &[Value]) -> RecordedRun {
    let places = [json!({"account_id": "a", "region": "r", "discovery": discovery})];
    let record = json!({"start": ago(0), "snapshot_time": ago(0), "targets": targets, "places": places});
    RecordedRun::parse(record.to_string().as_bytes()).unwrap()
}

#[test]
fn the_age_is_that_of_the_endpoint_whose_newest_capture_is_oldest() {
    let none = Value::Null;
    let failed_listing = || {
        let mut listing = listing(&[E], 5 * 60);
        listing["error"] = json!({"code": "Timeout"});
        listing
    };
    for (name, wanted, all, records, expected) in [
        ("nothing is wanted", vec![], false, vec![], (true, 0)),
        ("captured", vec![E], false, vec![record(&none, &[complete(E, 12 * 60)])], (true, 12)),
        ("captured now", vec![E], false, vec![record(&none, &[complete(E, 0)])], (true, 0)),
        (
            "a second less than 13 minutes",
            vec![E],
            false,
            vec![record(&none, &[complete(E, 13 * 60 - 1)])],
            (true, 12),
        ),
        (
            "one of two is older",
            vec![E, F],
            false,
            vec![record(&none, &[complete(E, 60), complete(F, 44 * 60)])],
            (true, 44),
        ),
        (
            "failed after a complete one",
            vec![E],
            false,
            vec![record(&none, &[entry(E, "failed", 60)]), record(&none, &[complete(E, 40 * 60)])],
            (true, 40),
        ),
        (
            "never complete",
            vec![E],
            false,
            vec![record(&none, &[entry(E, "partial", 60)])],
            (false, SINCE_YESTERDAY),
        ),
        ("no record", vec![E], false, vec![], (false, SINCE_YESTERDAY)),
        (
            "of another endpoint",
            vec![E],
            false,
            vec![record(&none, &[complete(F, 60)])],
            (false, SINCE_YESTERDAY),
        ),
        (
            "of a time that has not come",
            vec![E],
            false,
            vec![record(&none, &[complete(E, -1)]), record(&none, &[complete(E, 30 * 60)])],
            (true, 30),
        ),
        (
            "two in one record",
            vec![E],
            false,
            vec![record(&none, &[complete(E, 20 * 60), complete(E, 40 * 60)])],
            (true, 20),
        ),
        (
            "all, and the listing names one",
            vec![],
            true,
            vec![record(&listing(&[E], 5 * 60), &[complete(E, 20 * 60)])],
            (true, 20),
        ),
        (
            "all, and the listing is older",
            vec![],
            true,
            vec![record(&listing(&[], 25 * 60), &[])],
            (true, 25),
        ),
        (
            "all, and one that is listed was never captured",
            vec![],
            true,
            vec![record(&listing(&[E], 60), &[])],
            (false, SINCE_YESTERDAY),
        ),
        (
            "all, and no listing",
            vec![],
            true,
            vec![record(&none, &[complete(E, 60)])],
            (false, SINCE_YESTERDAY),
        ),
        (
            "all, and the newest listing failed",
            vec![],
            true,
            vec![
                record(&failed_listing(), &[complete(E, 5 * 60)]),
                record(&listing(&[E, F], 20 * 60), &[complete(E, 20 * 60), complete(F, 20 * 60)]),
            ],
            (true, 20),
        ),
        (
            "all, and an older listing names one that is gone",
            vec![],
            true,
            vec![
                record(&listing(&[E], 5 * 60), &[complete(E, 5 * 60)]),
                record(&listing(&[E, F], 20 * 60), &[complete(E, 20 * 60)]),
            ],
            (true, 5),
        ),
        (
            "not all, so a listing names none",
            vec![E],
            false,
            vec![record(&listing(&[E, F], 60), &[complete(E, 60)])],
            (true, 1),
        ),
    ] {
        let place = AccountRegion::parse("account_id=123456789012", "region=eu-central-1").unwrap();
        let mut targets = PlaceTargets::of(place);
        targets.all = all;
        wanted.into_iter().for_each(|id| targets.add(EndpointId::parse(id).as_ref()));
        let mut newest = NewestCaptures::new(&targets, now());
        records.into_iter().for_each(|record| newest.note(record));
        assert_eq!((newest.is_known(), newest.age_in_minutes()), expected, "{name}");
    }
}
