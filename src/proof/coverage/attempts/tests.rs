//! Limits of a forged ledger.

use serde_json::{Value, json};

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_763_856_000 + seconds).unwrap()
}

#[test]
fn made_up_endpoints_are_refused_above_a_limit() {
    let place = "account_id=123456789012/region=eu-central-1";
    let mut attempts = Attempts::default();
    let note = |attempts: &mut Attempts, record: u32, ids: u32| {
        let key = format!("runs/{place}/snapshot_date=2025-11-23/20251123T{record:06}Z_r.json");
        let targets = (0..ids).map(|id| {
            json!({
                "account_id": "123456789012", "region": "eu-central-1", "outcome": "failed", "active": 0,
                "endpoint_id": format!("cvpn-endpoint-{record:08x}{id:09x}"),
            })
        });
        let record = json!({
            "start": at(0), "snapshot_time": at(0), "targets": targets.collect::<Vec<_>>(), "places": [],
        });
        attempts.note_record(
            &ObjectKey::parse(&key).unwrap(),
            RecordedRun::parse(record.to_string().as_bytes()).unwrap(),
        )
    };
    for record in 0..5 {
        assert_eq!(note(&mut attempts, record, 2_000), Ok(()), "10,000 endpoints are allowed");
        assert_eq!(note(&mut attempts, record, 2_000), Ok(()), "the same ones again");
    }
    let refused = note(&mut attempts, 5, 1).unwrap_err();
    assert!(refused.starts_with("LimitExceeded: ") && refused.contains("10000 endpoints"), "{refused}");
    assert_eq!(note(&mut attempts, 0, 1), Ok(()), "one that is known");
}

#[test]
fn every_capture_whose_clock_stepped_is_kept_beside_the_others_of_its_record() {
    let mut attempts = Attempts::default();
    let note = |attempts: &mut Attempts, record: u32, ids: u32, first: i64| {
        let place = "account_id=123456789012/region=eu-central-1";
        let key = format!("runs/{place}/snapshot_date=2025-11-23/20251123T{record:06}Z_r.json");
        let target = |id: u32| {
            json!({
                "account_id": "123456789012", "region": "eu-central-1", "outcome": "complete", "active": 0,
                "endpoint_id": format!("cvpn-endpoint-{id:017x}"), "object_key": format!("{record}/{id}"),
                "first_page_requested_at": at(10), "first_page_at": at(first), "last_page_at": at(12),
            })
        };
        let targets: Vec<Value> = (0..ids).map(target).collect();
        let record = json!({"start": at(0), "snapshot_time": at(0), "targets": targets, "places": []});
        attempts.note_record(
            &ObjectKey::parse(&key).unwrap(),
            RecordedRun::parse(record.to_string().as_bytes()).unwrap(),
        )
    };
    assert_eq!(note(&mut attempts, 0, 1_500, 5), Ok(()));
    assert_eq!(note(&mut attempts, 1, 1, 11), Ok(()), "its clock did not step");
    assert_eq!(note(&mut attempts, 2, 1, 5), Ok(()));
    assert_eq!(attempts.clock_stepped().len(), 1_501);
}

#[test]
fn a_code_of_more_than_100_bytes_is_replaced() {
    let code = |length: usize| "c".repeat(length);
    let replacement = || "a code of another form".to_owned();
    for (length, expected) in [(99, code(99)), (100, code(100)), (101, replacement()), (102, replacement())] {
        let error = RecordedError { code: code(length) };
        let found = Attempts::default().code(Some(&error));
        assert_eq!(found.as_deref(), Some(expected.as_str()), "{length} bytes");
    }
}
