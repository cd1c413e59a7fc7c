//! The coverage of a time that is past, whose windows were read a day later or after an outage: run records of later days name them.

use std::fs;

use client_vpn_audit::lake::store::{DirectoryStore, Store};
use client_vpn_audit::proof::coverage::{Coverage, LogCoverage, RequestedTimes};
use client_vpn_sim::LogGroup;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{ACCOUNT, GROUP, PATTERN, REGION, config, move_to, read};
use crate::harness::{World, command_line, handle, snapshot};

/// The requested time. Its last second reading is due on 25 November, and the records of 24 November are the last that can show a
/// capture for it.
const FROM: &str = "2025-11-23T10:00:00Z";
const TO: &str = "2025-11-23T23:45:00Z";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Takes a snapshot and reads the connection logs at each of these times.
async fn run_at(world: &World, times: &[&str]) {
    let auditor = world.auditor(&[("AUDIT_CONNECTION_LOG_GROUPS", PATTERN)]);
    for text in times {
        move_to(world, time(text));
        snapshot(&auditor, json!({"time": text})).await;
        read(world, &[]).await;
    }
}

/// The coverage of the requested time.
async fn of_the_past(world: &World) -> Coverage {
    let store = Store::from(DirectoryStore::new(world.lake()));
    let window = RequestedTimes { from: Some(time(FROM)), to: time(TO), now: world.clock.now() };
    Coverage::read(&store, window, &[], |_| ()).await.unwrap()
}

/// The missing readings: their beginning and end, and the reason.
fn missing(coverage: &Coverage) -> Vec<String> {
    let [log] = coverage.connection_logs.as_slice() else { panic!("{:?}", coverage.connection_logs) };
    let text = |time: Timestamp| time.strftime("%dT%H:%M").to_string();
    let missing = log.missing.iter().map(|missing| {
        let late = if missing.late { "late " } else { "" };
        format!("{late}{} to {}: {}", text(missing.from), text(missing.to), missing.reason)
    });
    missing.collect()
}

/// The hours in the lake, missing, pending and not read again.
fn hours(coverage: &Coverage) -> [f64; 4] {
    let LogCoverage { hours_in_lake, hours_missing, hours_pending, hours_not_read_again, .. } =
        &coverage.connection_logs[0];
    [*hours_in_lake, *hours_missing, *hours_pending, *hours_not_read_again]
}

/// Everything but the connection logs: what records of later days must not change.
fn of_the_connections(coverage: &Coverage) -> Value {
    let mut coverage = json!(coverage);
    coverage.as_object_mut().unwrap().remove("connection_logs");
    coverage
}

/// The first file of the lake whose name has all of these texts in it.
fn file(world: &World, texts: &[&str]) -> String {
    let files = world.files();
    files.into_iter().find(|file| texts.iter().all(|text| file.contains(text))).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn second_readings_that_are_recorded_a_day_later_are_in_the_lake() {
    let world = World::new(config(1)).await;
    run_at(&world, &["2025-11-23T09:00:00Z", "2025-11-24T01:00:00Z"]).await;
    let before = of_the_past(&world).await;
    assert_eq!(missing(&before), [""; 0], "they are not due");
    move_to(&world, time("2025-11-25T01:30:00Z"));
    let nothing_was_due = of_the_past(&world).await;
    assert_eq!(
        missing(&nothing_was_due),
        ["late 23T10:00 to 24T00:00: no run of connection logs read the log group after it was due"]
    );
    run_at(&world, &["2025-11-25T01:30:00Z"]).await;
    let found = of_the_past(&world).await;
    assert_eq!(missing(&found), [""; 0]);
    assert_eq!(hours(&found), [13.75, 0.0, 0.0, 0.0]);
    assert!(found.has_every_window());
    assert_eq!(of_the_connections(&found), of_the_connections(&before));
    let lake = world.lake().display().to_string();
    let output = command_line(&world, &["coverage", "--lake", &lake, "--from", FROM, "--to", TO]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("Connection logs: everything that was due is in the lake."), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_that_are_recorded_five_days_later_are_in_the_lake() {
    let world = World::new(config(1)).await;
    let week = LogGroup { retention_days: Some(7), ..LogGroup::new(GROUP) };
    world.simulator.put_log_group(ACCOUNT, REGION, week);
    run_at(&world, &["2025-11-23T09:00:00Z"]).await;
    move_to(&world, time("2025-11-28T12:00:00Z"));
    let outage = of_the_past(&world).await;
    assert_eq!(
        missing(&outage),
        ["23T10:00 to 23T23:45: no run of connection logs read the log group after it was due"]
    );
    // The second run has the hours whose windows the first one read.
    run_at(&world, &["2025-11-28T12:00:00Z", "2025-11-28T12:15:00Z"]).await;
    let found = of_the_past(&world).await;
    assert_eq!(missing(&found), [""; 0]);
    assert_eq!(hours(&found), [13.75, 0.0, 0.0, 0.0]);
    assert_eq!(of_the_connections(&found), of_the_connections(&outage), "later captures fill no hole");
    // What is taken away is missing, however late it was recorded.
    for (due, name) in [("20251123T180000Z", ".parquet"), ("20251124T203000Z", "_late.parquet")] {
        let object = file(&world, &["connection_logs/", due, name]);
        fs::remove_file(world.lake().join(object)).unwrap();
    }
    let removed = of_the_past(&world).await;
    assert_eq!(
        missing(&removed),
        [
            "23T17:15 to 23T17:30: its object is on record, and is not in the lake",
            "late 23T19:00 to 23T20:00: its object is on record, and is not in the lake",
        ]
    );
    assert_eq!((hours(&removed), removed.has_every_window()), ([13.5, 0.25, 0.0, 1.0], false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_a_later_day_that_names_a_reading_counts_like_any_other() {
    let world = World::new(config(1)).await;
    run_at(&world, &["2025-11-23T09:00:00Z", "2025-11-24T01:00:00Z", "2025-11-25T01:30:00Z"]).await;
    let of_the_day = ["logs-1", "8f5a2c9e"].map(|run| file(&world, &["runs/", "20251125T013000Z", run]));
    let paths = of_the_day.clone().map(|key| world.lake().join(key));
    let records = paths.clone().map(|path| fs::read(path).unwrap());
    // Nobody can read it: what it names is in no other record.
    fs::write(&paths[0], "half a rec").unwrap();
    let unread = of_the_past(&world).await;
    assert_eq!(
        missing(&unread),
        [
            "late 23T10:00 to 24T00:00: what lies at its key is in no record; run records of later days could not be read"
        ]
    );
    assert_eq!((unread.unreadable.len(), unread.has_every_window()), (0, false));
    // Somebody adds it after its hour was sealed, and the snapshot of that time, which does not matter here.
    paths.iter().for_each(|path| fs::remove_file(path).unwrap());
    move_to(&world, time("2025-11-28T12:00:00Z"));
    handle(&world.auditor(&[]), &json!({"action": "seal"}), "seal-1", None).await.unwrap();
    paths.iter().zip(&records).for_each(|(path, record)| fs::write(path, record).unwrap());
    let added = of_the_past(&world).await;
    assert_eq!((missing(&added), &added.not_sealed[..]), (vec![], &of_the_day[..1]));
}
