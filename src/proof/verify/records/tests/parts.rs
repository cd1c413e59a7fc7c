//! Records that contradict their key or themselves.

use super::*;

#[test]
fn a_record_that_contradicts_its_key_or_itself_is_named() {
    let object = connections();
    let record_key = run_key(RUN);
    let other_key = run_key("8f5a-00000002");
    check(vec![
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
                record["places"][0]["discovery"] =
                    json!({"endpoints": [ENDPOINT, OTHER_ENDPOINT], "error": null});
            })],
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
    ]);
}

#[test]
fn a_record_with_fields_of_other_types_is_unreadable() {
    let record_key = run_key(RUN);
    check(vec![
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
    ]);
}
