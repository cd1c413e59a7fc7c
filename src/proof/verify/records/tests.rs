mod objects;
mod parts;

use crate::lake::ledger::Outcome;
use serde_json::{Value, json};

use super::*;

const PLACE: &str = "account_id=123456789012/region=eu-central-1/snapshot_date=2025-11-22";
const ENDPOINT: &str = "cvpn-endpoint-0123456789abcdef0";
const RUN: &str = "8f5a-00000001";
const OTHER_ENDPOINT: &str = "cvpn-endpoint-0123456789abcdef1";

fn key(table: &str, name: &str) -> String {
    format!("{table}/{PLACE}/{name}")
}

fn run_key(run_id: &str) -> String {
    key("runs", &format!("20251122T210000Z_{run_id}.json"))
}

fn connections() -> String {
    key("connections", &format!("20251122T210000Z_{ENDPOINT}.parquet"))
}

fn endpoints() -> String {
    key("endpoints", "20251122T210000Z.parquet")
}

/// Returns the SHA-256 of the connections or that of the endpoints.
fn sha256(digit: &str) -> String {
    digit.repeat(64)
}

/// Returns a record of one complete target, with the endpoints' configuration, of a lake under the prefix `vpn`.
fn record() -> Value {
    json!({
        "run_id": RUN, "snapshot_time": "2025-11-22T21:00:00Z", "start": "2025-11-22T21:00:01.000Z",
        "end": "2025-11-22T21:00:02.000Z", "unknown": [1],
        "settings_in_force": {
            "lake": "s3://evidence/vpn", "targets": ["arn:aws:ec2:eu-central-1:123456789012:client-vpn-endpoint/*"],
        },
        "targets": [{
            "account_id": "123456789012", "region": "eu-central-1", "endpoint_id": ENDPOINT, "outcome": "complete",
            "restrictions": [], "pages": 1, "rows_read": 3, "rows": 3, "active": 2, "bytes": 100,
            "object_key": format!("vpn/{}", connections()), "sha256": sha256("a"), "superseded": null,
            "first_page_requested_at": "2025-11-22T21:00:01.100Z", "first_page_at": "2025-11-22T21:00:01.200Z",
            "last_page_at": "2025-11-22T21:00:01.300Z",
        }],
        "places": [{
            "account_id": "123456789012", "region": "eu-central-1", "discovery": null,
            "endpoints": {
                "outcome": "complete", "rows": 1, "bytes": 50, "object_key": format!("vpn/{}", endpoints()),
                "sha256": sha256("b"),
            },
        }],
    })
}

/// Returns the record of another run that found the objects there.
fn repeat() -> Value {
    let mut repeat = record();
    repeat["run_id"] = json!("8f5a-00000002");
    (repeat["start"], repeat["end"]) = (json!("2025-11-22T21:45:00.000Z"), json!("2025-11-22T21:45:01.000Z"));
    repeat["targets"][0]["outcome"] = json!("already_captured");
    repeat["targets"][0]["rows_read"] = json!(0);
    repeat["places"][0]["endpoints"] = json!({"outcome": "already_captured", "rows": 1, "bytes": 50, "object_key": format!("vpn/{}", endpoints()), "sha256": sha256("b")});
    repeat
}

/// Returns the record of a run that listed these endpoints before it captured the first.
fn listing(ids: &[&str]) -> Value {
    with(record(), |record| {
        record["places"][0]["discovery"] = json!({
            "endpoints": ids, "error": null, "first_page_requested_at": "2025-11-22T21:00:01.010Z",
            "first_page_at": "2025-11-22T21:00:01.020Z", "last_page_at": "2025-11-22T21:00:01.030Z",
        });
    })
}

/// Returns the footer of the connections.
fn footer() -> FooterContent {
    let time = |text: &str| Some(text.parse().unwrap());
    let pages =
        [time("2025-11-22T21:00:01.1Z"), time("2025-11-22T21:00:01.2Z"), time("2025-11-22T21:00:01.3Z")];
    FooterContent::OfItsKey { outcome: Outcome::Complete, rows: 3, pages }
}

/// Returns the faults of these records, if digests and footers describe the objects as the first record does.
fn faults(records: &[Value]) -> Vec<(Kind, String)> {
    faults_beside(records, &footer())
}

/// Returns the same if the connections have that footer.
fn faults_beside(records: &[Value], content: &FooterContent) -> Vec<(Kind, String)> {
    let mut machine = Records::default();
    for record in records {
        let key =
            ObjectKey::parse(&run_key(record["file"].as_str().unwrap_or(record["run_id"].as_str().unwrap())));
        machine.add(&key.unwrap(), Some(record.to_string().as_bytes()), |_| false);
    }
    let (a, b) = (sha256("a"), sha256("b"));
    let known = |key: &ObjectKey| match key.as_str() {
        text if text == connections() => Known::As { bytes: 100, sha256: &a, content: Some(content) },
        text if text == endpoints() => Known::As { bytes: 50, sha256: &b, content: None },
        _ => Known::Absent,
    };
    machine.faults(known).into_iter().map(|fault| (fault.kind, fault.object_key)).collect()
}

/// A name, records, and the faults that they must have.
type Case<'a> = (&'a str, Vec<Value>, Vec<(Kind, &'a str)>);

/// Returns the record after a change.
fn with(mut record: Value, change: impl FnOnce(&mut Value)) -> Value {
    change(&mut record);
    record
}

/// Returns the record with another value in its target.
fn target(field: &str, value: Value) -> Value {
    with(record(), |record| record["targets"][0][field] = value)
}

/// Returns the record, and a repeat with another value in its target.
fn repeated(field: &str, value: Value) -> Vec<Value> {
    vec![record(), with(repeat(), |repeat| repeat["targets"][0][field] = value)]
}

/// Returns the record with another value in the configuration of the endpoints.
fn endpoints_entry(field: &str, value: Value) -> Value {
    with(record(), |record| record["places"][0]["endpoints"][field] = value)
}

/// Returns the record of a listing with another value in it.
fn listing_with(field: &str, value: Value) -> Value {
    with(listing(&[ENDPOINT]), |record| record["places"][0]["discovery"][field] = value)
}

/// Returns the record with another value at its top.
fn top(field: &str, value: Value) -> Value {
    with(record(), |record| record[field] = value)
}

/// Checks that the records of each case have its faults, in whatever order they are read.
fn check(cases: Vec<Case<'_>>) {
    for (case, records, expected) in cases {
        let expected: Vec<(Kind, String)> =
            expected.into_iter().map(|(kind, key)| (kind, key.to_owned())).collect();
        assert_eq!(faults(&records), expected, "{case}");
        let backwards: Vec<Value> = records.into_iter().rev().collect();
        assert_eq!(faults(&backwards), expected, "{case}, read backwards");
    }
}

#[test]
fn what_agrees_is_no_fault() {
    let part = format!("20251122T210000Z_{ENDPOINT}_{RUN}.parquet");
    for (case, records) in [
        ("one record", vec![record()]),
        ("a repeat", vec![record(), repeat()]),
        ("a repeat that is read first", vec![repeat(), record()]),
        ("the endpoints listed", vec![listing(&[ENDPOINT])]),
        (
            "the endpoints listed, and one more described",
            vec![with(listing(&[ENDPOINT]), |record| {
                record["places"][0]["endpoints"]["rows"] = json!(2);
            })],
        ),
        (
            "an endpoint given by its id that was created after the listing",
            vec![with(listing(&[]), |record| {
                let named = format!("arn:aws:ec2:eu-central-1:123456789012:client-vpn-endpoint/{ENDPOINT}");
                record["settings_in_force"]["targets"].as_array_mut().unwrap().push(json!(named));
            })],
        ),
        (
            "a listing that failed, with the endpoints of the record before",
            vec![with(listing(&["cvpn-endpoint-0123456789abcdef1"]), |record| {
                let mut failed = record["targets"][0].clone();
                for field in ["bytes", "object_key", "sha256"] {
                    failed[field] = Value::Null;
                }
                failed["endpoint_id"] = json!("cvpn-endpoint-0123456789abcdef1");
                failed["outcome"] = json!("failed");
                record["targets"].as_array_mut().unwrap().push(failed);
                record["places"][0]["discovery"]["error"] = json!({"code": "Timeout"});
                for time in ["first_page_requested_at", "first_page_at", "last_page_at"] {
                    record["places"][0]["discovery"][time] = Value::Null;
                }
            })],
        ),
        (
            "a record of a directory",
            vec![with(record(), |record| {
                record["settings_in_force"]["lake"] = json!("/evidence");
                record["targets"][0]["object_key"] = json!(connections());
                record["places"][0]["endpoints"]["object_key"] = json!(endpoints());
            })],
        ),
        (
            "a bucket without prefix",
            vec![with(record(), |record| {
                record["settings_in_force"]["lake"] = json!("s3://evidence");
                record["targets"][0]["object_key"] = json!(connections());
                record["places"][0]["endpoints"]["object_key"] = json!(endpoints());
            })],
        ),
        (
            "no place",
            vec![with(record(), |record| {
                record.as_object_mut().unwrap().remove("places");
            })],
        ),
        (
            "a failed target",
            vec![with(record(), |record| {
                record["targets"][0]["outcome"] = json!("failed");
                for field in ["bytes", "object_key", "sha256"] {
                    record["targets"][0][field] = Value::Null;
                    record["places"][0]["endpoints"][field] = Value::Null;
                }
                record["places"][0]["endpoints"]["outcome"] = json!("failed");
            })],
        ),
        (
            "the same configuration put twice in one moment",
            vec![
                record(),
                with(record(), |record| {
                    record["run_id"] = json!("8f5a-00000002");
                    record["targets"] = json!([]);
                }),
            ],
        ),
    ] {
        assert_eq!(faults(&records), [], "{case}");
    }
    let mut machine = Records::default();
    let partial = with(record(), |record| {
        record["targets"][0]["outcome"] = json!("partial");
        record["targets"][0]["object_key"] = json!(format!("vpn/{}", key("partials", &part)));
        record["targets"][0]["superseded"] = json!({"rows": 2, "bytes": 7, "sha256": sha256("c"),
            "object_key": format!("vpn/{}", key("partials", &part.replace(".parquet", "-0a0b0c0d.parquet")))});
    });
    machine.add(&ObjectKey::parse(&run_key(RUN)).unwrap(), Some(partial.to_string().as_bytes()), |_| false);
    let named: Vec<&str> = machine.objects().map(ObjectKey::as_str).collect();
    let (part, again) =
        (key("partials", &part), key("partials", &part.replace(".parquet", "-0a0b0c0d.parquet")));
    assert_eq!(named, [endpoints().as_str(), again.as_str(), part.as_str()]);
    assert!(machine.faults(|_| Known::Unknown).is_empty());
}

#[test]
fn a_footer_that_contradicts_the_records_is_named() {
    let FooterContent::OfItsKey { outcome, rows, pages } = footer() else { unreachable!() };
    let later = |index: usize| {
        let mut pages = pages;
        pages[index] = Some("2025-11-22T21:30:00Z".parse().unwrap());
        FooterContent::OfItsKey { outcome, rows, pages }
    };
    let other = Some(Kind::RecordedOtherwise);
    for (case, content, expected) in [
        ("as the record says", footer(), None),
        ("without times", FooterContent::OfItsKey { outcome, rows, pages: [None; 3] }, other),
        ("other rows", FooterContent::OfItsKey { outcome, rows: 2, pages }, other),
        ("no rows", FooterContent::OfItsKey { outcome, rows: 0, pages }, other),
        ("requested at another time", later(0), other),
        ("its first page at another time", later(1), other),
        ("its last page at another time", later(2), other),
        (
            "no Parquet, which is reported elsewhere",
            FooterContent::Foreign("it is not Parquet".to_owned()),
            None,
        ),
        ("another snapshot, which is too", FooterContent::OfAnotherKey("snapshot_time"), None),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|kind| (kind, connections())).collect();
        for records in [vec![record()], vec![record(), repeat()], vec![repeat()]] {
            assert_eq!(faults_beside(&records, &content), expected, "{case}");
        }
    }
}

#[test]
fn an_outcome_that_contradicts_the_footer_is_named() {
    let (rules, hash) = (key("authorization_rules", "20251122T210000Z.parquet"), sha256("c"));
    for (recorded, of_footer, is_named) in [
        ("complete", Outcome::Complete, false),
        ("complete", Outcome::Partial, true),
        ("partial", Outcome::Complete, true),
        ("partial", Outcome::Partial, false),
        ("already_captured", Outcome::Partial, false),
    ] {
        let record = with(record(), |record| {
            record["places"][0]["authorization_rules"] =
                json!({"outcome": recorded, "rows": 3, "bytes": 70, "object_key": rules, "sha256": hash});
        });
        let mut machine = Records::default();
        machine
            .add(&ObjectKey::parse(&run_key(RUN)).unwrap(), Some(record.to_string().as_bytes()), |_| false);
        let content = FooterContent::OfItsKey { outcome: of_footer, rows: 3, pages: [None; 3] };
        let known = |key: &ObjectKey| match key.as_str() {
            text if text == rules => Known::As { bytes: 70, sha256: &hash, content: Some(&content) },
            _ => Known::Unknown,
        };
        let found: Vec<(Kind, String)> =
            machine.faults(known).into_iter().map(|fault| (fault.kind, fault.object_key)).collect();
        let expected = is_named.then(|| (Kind::RecordedOtherwise, rules.clone()));
        assert_eq!(found, Vec::from_iter(expected), "{recorded} {of_footer:?}");
    }
}

#[test]
fn bytes_that_are_no_record_are_named() {
    let key = ObjectKey::parse(&run_key(RUN)).unwrap();
    let text = record().to_string();
    let twice = text.replacen("{", "{\"run_id\":\"other\",", 1);
    for bytes in [
        b"".as_slice(),
        b"null",
        b"[]",
        b"\xff",
        twice.as_bytes(),
        [text.as_bytes(), b"x"].concat().as_slice(),
    ] {
        let mut records = Records::default();
        records.add(&key, Some(bytes), |_| false);
        let faults = records.faults(|_| Known::Unknown);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!((faults[0].kind, faults[0].object_key.as_str()), (Kind::RecordUnreadable, key.as_str()));
    }
    let mut records = Records::default();
    records.add(&key, None, |_| false);
    let faults = records.faults(|_| Known::Unknown);
    assert!(faults[0].message.contains("more than 16777216 bytes"), "{faults:?}");
}

#[test]
fn objects_that_are_not_there_are_named_up_to_a_limit() {
    let key = ObjectKey::parse(&run_key(RUN)).unwrap();
    for (count, expected) in [(1, 1), (1000, 1000), (1001, 1001), (2000, 1001)] {
        let entry = record()["targets"][0].clone();
        let targets = (0..count).map(|number| {
            let mut entry = entry.clone();
            let endpoint = format!("cvpn-endpoint-{number:017x}");
            entry["object_key"] = json!(format!("vpn/{}", connections().replace(ENDPOINT, &endpoint)));
            entry["endpoint_id"] = json!(endpoint);
            entry
        });
        let record = with(record(), |record| {
            record["targets"] = targets.collect();
            record["places"] = json!([]);
        });
        let mut records = Records::default();
        records.add(&key, Some(record.to_string().as_bytes()), |_| true);
        assert_eq!(records.objects().count(), 0, "none is kept");
        let faults = records.faults(|_| Known::Unknown);
        assert!(faults.iter().all(|fault| fault.kind == Kind::RecordedMissing));
        assert_eq!(faults.len(), expected, "{count} objects");
    }
}
