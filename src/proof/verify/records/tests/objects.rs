//! Objects that a record names wrongly.

use super::*;

#[test]
fn an_object_that_another_source_describes_otherwise_is_named() {
    let object = connections();
    let record_key = run_key(RUN);
    let missing = connections().replace(ENDPOINT, OTHER_ENDPOINT);
    let absent = |record: &mut Value| {
        record["targets"][0]["endpoint_id"] = json!(OTHER_ENDPOINT);
        record["targets"][0]["object_key"] = json!(format!("vpn/{missing}"));
    };
    check(vec![
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
            vec![with(record(), |record| absent(record))],
            vec![(Kind::RecordedMissing, &missing)],
        ),
        (
            "a repeat of an object that is not there",
            vec![with(repeat(), |record| absent(record))],
            vec![(Kind::RecordedMissing, &missing)],
        ),
    ]);
}

#[test]
fn an_object_of_another_place_time_or_run_is_named() {
    let record_key = run_key(RUN);
    let object = connections();
    let at = |text: &str| json!(format!("vpn/{}", object.replace("20251122T210000Z", text)));
    check(vec![
        (
            "the object of the snapshot before",
            vec![target("object_key", at("20251122T200000Z"))],
            vec![(Kind::ObjectMisplaced, &record_key)],
        ),
        (
            "the object of another endpoint",
            vec![target("endpoint_id", json!(OTHER_ENDPOINT))],
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
    ]);
}

#[test]
fn an_outcome_without_what_belongs_to_it_is_named() {
    let object = connections();
    let record_key = run_key(RUN);
    let other_key = run_key("8f5a-00000002");
    check(vec![
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
    ]);
}
