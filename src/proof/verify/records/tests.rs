use serde_json::{Value, json};

use super::*;

const PLACE: &str = "account_id=123456789012/region=eu-central-1/snapshot_date=2025-11-22";
const ENDPOINT: &str = "cvpn-endpoint-0123456789abcdef0";
const RUN: &str = "8f5a-00000001";

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
fn footer() -> Content {
    let time = |text: &str| Some(text.parse().unwrap());
    let pages =
        [time("2025-11-22T21:00:01.1Z"), time("2025-11-22T21:00:01.2Z"), time("2025-11-22T21:00:01.3Z")];
    Content::OfItsKey { rows: 3, pages }
}

/// Returns the faults of these records, if digests and footers describe the objects as the first record does.
fn faults(records: &[Value]) -> Vec<(Kind, String)> {
    faults_beside(records, &footer())
}

/// Returns the same if the connections have that footer.
fn faults_beside(records: &[Value], content: &Content) -> Vec<(Kind, String)> {
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
fn every_contradiction_is_named() {
    let (object, record_key, other_key) = (connections(), run_key(RUN), run_key("8f5a-00000002"));
    let target =
        |field: &'static str, value: Value| with(record(), move |record| record["targets"][0][field] = value);
    let endpoints_entry = |field: &'static str, value: Value| {
        with(record(), move |record| record["places"][0]["endpoints"][field] = value)
    };
    let listing_with = |field: &'static str, value: Value| {
        with(listing(&[ENDPOINT]), move |record| record["places"][0]["discovery"][field] = value)
    };
    let top = |field: &'static str, value: Value| with(record(), move |record| record[field] = value);
    let repeated = |field: &'static str, value: Value| {
        vec![record(), with(repeat(), move |repeat| repeat["targets"][0][field] = value)]
    };
    let at = |text: &str| json!(format!("vpn/{}", object.replace("20251122T210000Z", text)));
    let absent = |record: &mut Value, endpoint: &str| {
        record["targets"][0]["endpoint_id"] = json!(endpoint);
        record["targets"][0]["object_key"] =
            json!(format!("vpn/{}", connections().replace(ENDPOINT, endpoint)));
    };
    let missing = "cvpn-endpoint-0123456789abcdef1";
    let cases: Vec<Case<'_>> = vec![
        (
            "another SHA-256 than the digest",
            vec![target("sha256", json!(sha256("c")))],
            vec![(Kind::RecordedOtherwise, &object)],
        ),
        (
            "another size than the digest",
            vec![target("bytes", json!(99))],
            vec![(Kind::RecordedOtherwise, &object)],
        ),
        (
            "a repeat with another SHA-256",
            repeated("sha256", json!(sha256("c"))),
            vec![(Kind::RecordedOtherwise, &object)],
        ),
        ("a repeat with another size", repeated("bytes", json!(7)), vec![(Kind::RecordedOtherwise, &object)]),
        ("a repeat with other rows", repeated("rows", json!(4)), vec![(Kind::RecordedOtherwise, &object)]),
        (
            "a repeat with another time",
            repeated("last_page_at", json!("2025-11-22T21:44:00.000Z")),
            vec![(Kind::RecordedOtherwise, &object)],
        ),
        (
            "a repeat with another time of the request",
            repeated("first_page_requested_at", json!("2025-11-22T20:59:00.000Z")),
            vec![(Kind::RecordedOtherwise, &object)],
        ),
        (
            "two that wrote it",
            vec![
                record(),
                with(record(), |record| {
                    record["run_id"] = json!("8f5a-00000002");
                    record["places"] = json!([]);
                }),
            ],
            vec![(Kind::WrittenTwice, &object)],
        ),
        (
            "one record that wrote it twice",
            vec![with(record(), |record| {
                let entry = record["targets"][0].clone();
                record["targets"].as_array_mut().unwrap().push(entry);
            })],
            vec![(Kind::WrittenTwice, &object), (Kind::RecordInconsistent, &record_key)],
        ),
        (
            "an object that is not there",
            vec![with(record(), |record| absent(record, missing))],
            vec![(Kind::RecordedMissing, "connections/…")],
        ),
        (
            "a repeat of an object that is not there",
            vec![with(repeat(), |record| absent(record, missing))],
            vec![(Kind::RecordedMissing, "connections/…")],
        ),
        (
            "complete without an object",
            vec![target("object_key", Value::Null)],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "complete without a SHA-256",
            vec![target("sha256", Value::Null)],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "complete without a size",
            vec![target("bytes", Value::Null)],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "complete with fewer rows than were read",
            vec![target("rows", json!(2))],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "complete and filtered",
            vec![target("restrictions", json!(["filtered"]))],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "no endpoint",
            vec![target("endpoint_id", json!("../../etc"))],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "a repeat that names nothing",
            vec![with(repeat(), |repeat| repeat["targets"][0]["object_key"] = Value::Null)],
            vec![(Kind::RecordInconsistent, &other_key)],
        ),
        (
            "endpoints without SHA-256",
            vec![endpoints_entry("sha256", Value::Null)],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "the object of the snapshot before",
            vec![target("object_key", at("20251122T200000Z"))],
            vec![(Kind::ObjectMisplaced, &record_key)],
        ),
        (
            "the object of another endpoint",
            vec![target("endpoint_id", json!(missing))],
            vec![(Kind::ObjectMisplaced, &record_key)],
        ),
        (
            "an object of another lake's prefix",
            vec![target("object_key", json!(format!("other/{object}")))],
            vec![(Kind::ObjectMisplaced, &record_key)],
        ),
        (
            "the key of a part",
            vec![target("outcome", json!("partial"))],
            vec![(Kind::ObjectMisplaced, &record_key)],
        ),
        (
            "a path outside",
            vec![target("object_key", json!("vpn/connections/../../etc/passwd"))],
            vec![(Kind::ObjectMisplaced, &record_key)],
        ),
        (
            "superseded of another run",
            vec![target(
                "superseded",
                json!({"rows": 1, "bytes": 1, "sha256": sha256("c"), "object_key":
            format!("vpn/{}", key("partials", &format!("20251122T210000Z_{ENDPOINT}_other-1.parquet")))}),
            )],
            vec![(Kind::ObjectMisplaced, &record_key)],
        ),
        (
            "endpoints of another snapshot",
            vec![endpoints_entry(
                "object_key",
                json!(format!("vpn/{}", key("endpoints", "20251122T200000Z.parquet"))),
            )],
            vec![(Kind::ObjectMisplaced, &record_key)],
        ),
        (
            "the record of another run",
            vec![with(top("run_id", json!("other")), |record| record["file"] = json!(RUN))],
            vec![(Kind::RecordMisplaced, &record_key)],
        ),
        (
            "the record of another time",
            vec![top("snapshot_time", json!("2025-11-22T20:00:00Z"))],
            vec![(Kind::RecordMisplaced, &record_key)],
        ),
        (
            "a target of another account",
            vec![target("account_id", json!("999999999999"))],
            vec![(Kind::RecordMisplaced, &record_key)],
        ),
        (
            "a target of another Region",
            vec![target("region", json!("eu-west-1"))],
            vec![(Kind::RecordMisplaced, &record_key)],
        ),
        (
            "a place of another Region",
            vec![with(record(), |record| record["places"][0]["region"] = json!("eu-west-1"))],
            vec![(Kind::RecordMisplaced, &record_key)],
        ),
        (
            "begins hours after the time that it bears",
            vec![with(record(), |record| {
                record["start"] = json!("2025-11-22T23:00:00.000Z");
                record["end"] = json!("2025-11-22T23:00:01.000Z");
                for time in ["first_page_requested_at", "first_page_at", "last_page_at"] {
                    record["targets"][0][time] = Value::Null;
                }
            })],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "begins before the time that it bears",
            vec![top("start", json!("2025-11-22T20:50:00.000Z"))],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "ends before it begins",
            vec![top("end", json!("2025-11-22T21:00:00.000Z"))],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "two entries of its place",
            vec![with(record(), |record| {
                let place =
                    json!({"account_id": "123456789012", "region": "eu-central-1", "endpoints": null});
                record["places"].as_array_mut().unwrap().push(place);
            })],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "an endpoint that it lists and has no entry of",
            vec![with(record(), |record| {
                record["places"][0]["discovery"] = json!({"endpoints": [ENDPOINT, missing], "error": null});
            })],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "complete with a token",
            vec![target("resume_token", json!("t"))],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "complete without a page",
            vec![target("pages", json!(0))],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "more active connections than rows",
            vec![target("active", json!(4))],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "a capture of a repeat before the snapshot",
            vec![with(repeat(), |repeat| {
                repeat["targets"][0]["first_page_requested_at"] = json!("2025-11-22T17:00:00.000Z");
            })],
            vec![(Kind::RecordedOtherwise, &object), (Kind::RecordInconsistent, &other_key)],
        ),
        (
            "an endpoint that was captured and is not listed",
            vec![listing(&[])],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "an endpoint that was there already and is not listed",
            vec![with(listing(&[]), |record| {
                record["targets"][0]["outcome"] = json!("already_captured");
            })],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "an endpoint that is not listed, in a ledger that could not be read",
            vec![with(listing(&[]), |record| {
                record["places"][0]["discovery"]["error"] = json!({"code": "LedgerUnreadable"});
            })],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "fewer endpoints described than listed",
            vec![with(listing(&[ENDPOINT]), |record| record["places"][0]["endpoints"]["rows"] = json!(0))],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "a listing before its run",
            vec![listing_with("first_page_requested_at", json!("2025-11-22T20:00:00.000Z"))],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "a listing after its run",
            vec![listing_with("last_page_at", json!("2025-11-22T22:00:00.000Z"))],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "a listing without a time",
            vec![listing_with("first_page_at", Value::Null)],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "a repeat without SHA-256",
            repeated("sha256", Value::Null),
            vec![(Kind::RecordInconsistent, &other_key)],
        ),
        (
            "a repeat without size",
            repeated("bytes", Value::Null),
            vec![(Kind::RecordInconsistent, &other_key)],
        ),
        (
            "a repeat without the time of its request",
            repeated("first_page_requested_at", Value::Null),
            vec![(Kind::RecordedOtherwise, &object)],
        ),
        (
            "a repeat alone with another time than the object",
            vec![with(repeat(), |repeat| {
                repeat["targets"][0]["last_page_at"] = json!("2025-11-22T21:44:00.000Z");
            })],
            vec![(Kind::RecordedOtherwise, &object)],
        ),
        (
            "a repeat alone without times",
            vec![with(repeat(), |repeat| {
                for time in ["first_page_requested_at", "first_page_at", "last_page_at"] {
                    repeat["targets"][0][time] = Value::Null;
                }
            })],
            vec![(Kind::RecordedOtherwise, &object)],
        ),
        (
            "endpoints of a repeat without SHA-256",
            vec![record(), with(repeat(), |repeat| repeat["places"][0]["endpoints"]["sha256"] = Value::Null)],
            vec![(Kind::RecordInconsistent, &other_key)],
        ),
        (
            "failed with an object",
            vec![target("outcome", json!("failed"))],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "failed with a SHA-256",
            vec![with(target("outcome", json!("failed")), |record| {
                record["targets"][0]["object_key"] = Value::Null;
                record["targets"][0]["bytes"] = Value::Null;
            })],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "endpoints that failed with an object",
            vec![endpoints_entry("outcome", json!("failed"))],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "complete without the time of the request",
            vec![target("first_page_requested_at", Value::Null)],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "complete without the arrival of the first page",
            vec![target("first_page_at", Value::Null)],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        (
            "a part without the arrival of the last page",
            vec![with(target("last_page_at", Value::Null), |record| {
                record["targets"][0]["outcome"] = json!("partial");
                let name = format!("20251122T210000Z_{ENDPOINT}_{RUN}.parquet");
                record["targets"][0]["object_key"] = json!(format!("vpn/{}", key("partials", &name)));
            })],
            vec![(Kind::RecordInconsistent, &record_key)],
        ),
        ("no beginning", vec![top("start", Value::Null)], vec![(Kind::RecordUnreadable, &record_key)]),
        (
            "an active count that is none",
            vec![target("active", json!("many"))],
            vec![(Kind::RecordUnreadable, &record_key)],
        ),
        ("no targets", vec![top("targets", Value::Null)], vec![(Kind::RecordUnreadable, &record_key)]),
        (
            "an unknown outcome",
            vec![target("outcome", json!("perfect"))],
            vec![(Kind::RecordUnreadable, &record_key)],
        ),
        ("no lake", vec![top("settings_in_force", json!({}))], vec![(Kind::RecordUnreadable, &record_key)]),
    ];
    for (case, records, expected) in cases {
        let is_absent = |key: &str| key == "connections/…";
        let expected: Vec<(Kind, String)> = expected
            .into_iter()
            .map(|(kind, key)| {
                (kind, if is_absent(key) { object.replace(ENDPOINT, missing) } else { key.to_owned() })
            })
            .collect();
        assert_eq!(faults(&records), expected, "{case}");
        let backwards: Vec<Value> = records.into_iter().rev().collect();
        assert_eq!(faults(&backwards), expected, "{case}, read backwards");
    }
}

#[test]
fn a_footer_that_contradicts_the_records_is_named() {
    let Content::OfItsKey { rows, pages } = footer() else { unreachable!() };
    let later = |index: usize| {
        let mut pages = pages;
        pages[index] = Some("2025-11-22T21:30:00Z".parse().unwrap());
        Content::OfItsKey { rows, pages }
    };
    let other = Some(Kind::RecordedOtherwise);
    for (case, content, expected) in [
        ("as the record says", footer(), None),
        ("without times", Content::OfItsKey { rows, pages: [None; 3] }, other),
        ("other rows", Content::OfItsKey { rows: 2, pages }, other),
        ("no rows", Content::OfItsKey { rows: 0, pages }, other),
        ("requested at another time", later(0), other),
        ("its first page at another time", later(1), other),
        ("its last page at another time", later(2), other),
        ("no Parquet", Content::Foreign("it is not a Parquet file".to_owned()), Some(Kind::ObjectInvalid)),
        ("another snapshot", Content::OfAnotherKey("snapshot_time"), Some(Kind::ObjectInvalid)),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|kind| (kind, connections())).collect();
        for records in [vec![record()], vec![record(), repeat()], vec![repeat()]] {
            assert_eq!(faults_beside(&records, &content), expected, "{case}");
        }
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
