//! Claims that depend on when captures were made, by which clock, and when the report is made.

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::claims::{AGAINST, LITTLE, OPEN, SHOWN, assert_claims, edit, find, rewrite};
use super::{Asked, Record, report, seal_by_the_clock, time};
use crate::harness::cases::Cases;
use crate::harness::{copy, files_under, fleet};

const FIRST: &str = "2025-11-22T20:00:00Z";
const FROM: &str = "2025-11-22T21:00:00Z";
const TO: &str = "2025-11-22T23:00:00Z";
const SEALED_AT: &str = "2025-11-23T03:00:00Z";

/// Minutes after [`FIRST`].
fn at(minutes: i64) -> Timestamp {
    time(FIRST) + SignedDuration::from_mins(minutes)
}

async fn record() -> Record {
    Record::new(fleet(2, 6), at(0)).await
}

fn asked(record: &Record) -> Asked<'static> {
    Asked::period(FROM, TO).with_key(&record.keys)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hole_is_on_the_cover_with_its_minutes() {
    let cases = Cases::default();
    let record = record().await;
    for minutes in [0, 30, 60, 90, 165, 195, 225] {
        record.capture(at(minutes)).await;
    }
    record.seal(time(SEALED_AT)).await;
    let made = report(&record.lake(), &asked(&record)).await;
    assert_claims(&cases, "75 minutes", &made, [SHOWN, OPEN, SHOWN, SHOWN], 1);
    // Of two endpoints, and of the list of endpoints.
    let sentence = "Not shown. 3 holes, over 75 minutes of the period: a connection that began and ended in one can have been missed.";
    assert_eq!(made.sentences["missed"], sentence);
    let holes = made.rows("holes");
    let of = |hole: &Value| ["from", "to", "seconds"].map(|name| hole[name].clone());
    let expected = [json!("2025-11-22T21:30:00.000Z"), json!("2025-11-22T22:45:00.000Z"), json!(4500)];
    assert_eq!(holes.iter().map(of).collect::<Vec<_>>(), vec![expected; 3]);

    // Half an hour of it lies in the period.
    let until = Asked { to: "2025-11-22T22:00:00Z", ..asked(&record) };
    let made = report(&record.lake(), &until).await;
    assert_claims(&cases, "the beginning of a hole", &made, [SHOWN, OPEN, SHOWN, SHOWN], 1);
    assert!(
        made.sentences["missed"].contains("3 holes, over 30 minutes of the period"),
        "{:?}",
        made.sentences
    );
    // Without a hole before or after it.
    for (name, from, to) in
        [("before it", FROM, "2025-11-22T21:30:00Z"), ("after it", "2025-11-22T22:45:00Z", TO)]
    {
        let made = report(&record.lake(), &Asked { from, to, ..asked(&record) }).await;
        assert_claims(&cases, name, &made, [SHOWN; 4], 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn partial_captures_show_sessions_and_not_that_none_was_missed() {
    let cases = Cases::default();
    let record = record().await;
    for minutes in (0..=240).step_by(30) {
        record.capture_with(at(minutes), json!({"max_items": 2})).await;
    }
    record.seal(time(SEALED_AT)).await;
    let made = report(&record.lake(), &asked(&record)).await;
    assert_claims(&cases, "only partial captures", &made, [SHOWN, OPEN, SHOWN, SHOWN], 1);
    let counts = [
        "complete",
        "partial",
        "attempted",
        "that overlap the period, or may",
        "shown by partial captures only",
    ];
    let counts = counts.map(|line| made.count(line).unwrap());
    assert_eq!(counts[..3], [0, 8, 8]);
    assert!(counts[3] > 0 && counts[3] == counts[4], "{counts:?}");
    assert!(
        made.sentences["missed"].contains("2 holes, over 120 minutes of the period"),
        "{:?}",
        made.sentences
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_over_or_sealed_yet_is_not_shown() {
    let cases = Cases::default();
    let record = record().await;
    record.every(30, at(0), at(180)).await;
    for (name, to, now, words, status) in [
        ("ended ten minutes ago", TO, "2025-11-22T23:10:00Z", [SHOWN, LITTLE, OPEN, SHOWN], 0),
        ("ends in an hour", "2025-11-23T00:10:00Z", "2025-11-22T23:10:00Z", [SHOWN, LITTLE, OPEN, SHOWN], 0),
        (
            "ended, and the next capture is late",
            "2025-11-22T23:10:00Z",
            "2025-11-23T00:20:00Z",
            [SHOWN, OPEN, OPEN, SHOWN],
            1,
        ),
    ] {
        let made = report(&record.lake(), &Asked { to, now, ..asked(&record) }).await;
        assert_claims(&cases, name, &made, words, status);
    }
    record.every(30, at(210), at(240)).await;
    // The hours up to 22:00 are closed.
    record.seal(at(225)).await;
    let made = report(&record.lake(), &Asked { now: "2025-11-23T00:20:00Z", ..asked(&record) }).await;
    assert_claims(&cases, "the last hours are not sealed yet", &made, [SHOWN, SHOWN, OPEN, SHOWN], 0);
    let unsealed: u64 =
        made.rows("verified").iter().map(|scope| scope["not_sealed_yet"].as_u64().unwrap()).sum();
    // Of two captures: two objects of connections, three of the configuration and a run record each.
    assert_eq!(unsealed, 2 * 6);
    // And what was read of the third one, an hour after the period: two objects of connections, and one of the endpoints.
    assert!(made.sentences["changed"].contains("but 15 objects are not sealed"), "{:?}", made.sentences);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_independent_count_that_is_higher_contradicts_the_record() {
    let cases = Cases::default();
    let record = record().await;
    record.every(30, at(0), at(240)).await;
    record.seal(time(SEALED_AT)).await;
    let endpoint_id = record.world.simulator.endpoint_ids()[0].clone();
    let made = report(&record.lake(), &asked(&record)).await;
    let captures = made.rows("captures");
    let captures: Vec<&Value> =
        captures.iter().filter(|row| row["endpoint_id"] == json!(endpoint_id)).collect();
    assert_eq!(captures.len(), 4);
    for (name, more, word) in [("as many", 0, SHOWN), ("one more", 1, AGAINST), ("one less", -1, SHOWN)] {
        let count = |(index, row): (usize, &&Value)| {
            let more = if index == 2 { more } else { 0 };
            format!("{},{}\n", row["snapshot_time"].as_str().unwrap(), row["active"].as_i64().unwrap() + more)
        };
        let file = record.lake().with_file_name("witness.csv");
        fs::write(&file, captures.iter().enumerate().map(count).collect::<String>()).unwrap();
        let witnesses = vec![(endpoint_id.clone(), file)];
        let made = report(&record.lake(), &Asked { witnesses, ..asked(&record) }).await;
        assert_claims(&cases, name, &made, [SHOWN, word, SHOWN, SHOWN], i32::from(word == AGAINST));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_is_on_the_cover() {
    let cases = Cases::default();
    for (name, ahead, word) in
        [("400 seconds ahead", 400, AGAINST), ("400 behind", -400, AGAINST), ("200 ahead", 200, SHOWN)]
    {
        let record = record().await;
        for minutes in (0..=240).step_by(30) {
            record.world.simulator.set_time(at(minutes));
            let wrong = at(minutes) + SignedDuration::from_secs(ahead);
            record.capture_by_the_clock(wrong, json!({})).await;
        }
        record.seal(time(SEALED_AT)).await;
        let made = report(&record.lake(), &asked(&record)).await;
        assert_claims(&cases, name, &made, [SHOWN, SHOWN, SHOWN, word], i32::from(word == AGAINST));
    }
    let record = record().await;
    record.every(30, at(0), at(240)).await;
    seal_by_the_clock(&record.lake(), Some(&record.keys), time(SEALED_AT), -400).await;
    let made = report(&record.lake(), &asked(&record)).await;
    assert_claims(&cases, "the clock of the seal", &made, [SHOWN, SHOWN, SHOWN, AGAINST], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_later_hours_that_sessions_have_values_of_are_verified() {
    let cases = Cases::default();
    let config = client_vpn_sim::Config { region: "us-east-1".to_owned(), ..fleet(1, 12) };
    let record = Record::new(config, at(0)).await;
    record.every(30, at(0), at(240)).await;
    // Each hour is read again a day later.
    let later = at(30 * 60);
    record.read_logs(&[at(300), later]).await;
    record.seal(later + SignedDuration::from_hours(3)).await;
    let made = report(&record.lake(), &asked(&record)).await;
    assert_claims(&cases, "with connection logs", &made, [SHOWN; 4], 0);
    assert_eq!(made.states["agreement"], SHOWN, "{:?}", made.sentences);
    let events: Vec<String> =
        files_under(&record.lake()).into_iter().filter(|file| file.starts_with("connection_logs/")).collect();
    let newest = events.last().unwrap().clone();
    let last_capture = at(240).strftime("%Y%m%dT%H%M%SZ").to_string();
    assert!(newest.rsplit('/').next().unwrap() > last_capture.as_str(), "{newest}");
    let path = find(&record.lake(), "connection_logs", newest.rsplit('/').next().unwrap());
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    rewrite(&path, &bytes);
    let made = report(&record.lake(), &asked(&record)).await;
    assert_claims(&cases, "an event changed", &made, [SHOWN, LITTLE, AGAINST, SHOWN], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_is_held_against_the_connection_logs_and_itself() {
    let cases = Cases::default();
    let config = client_vpn_sim::Config { region: "us-east-1".to_owned(), ..fleet(1, 12) };
    let record = Record::new(config, at(0)).await;
    let endpoint_id = record.world.simulator.endpoint_ids()[0].clone();
    for minutes in [0, 30, 60, 75, 90, 120, 150, 180, 210, 240] {
        record.capture(at(minutes)).await;
    }
    record.capture_with(at(100), json!({"max_items": 2})).await;
    record.read_logs(&[at(300), at(30 * 60)]).await;
    let changed = async |change: &dyn Fn(&Path)| {
        let directory = TempDir::new().unwrap();
        copy(&record.lake(), directory.path());
        change(directory.path());
        report(directory.path(), &Asked::period(FROM, TO)).await
    };
    let remove = |table: &'static str, text: &'static str| {
        move |lake: &Path| fs::remove_file(find(lake, table, text)).unwrap()
    };
    let set = |snapshot: &'static str, name: &'static str, value: Value| {
        move |lake: &Path| edit(lake, snapshot, |run| run["targets"][0][name] = value.clone())
    };
    let none = |_: &Path| ();
    let object = remove("connections", "20251122T220000Z");
    let run = remove("runs", "20251122T211500Z");
    let partial = remove("partials", "20251122T214000Z");
    let log = remove("connection_logs", "20251122T223000Z");
    let clock = set("20251122T220000Z", "clock_difference_seconds", json!(i64::MIN));
    let rows = set("20251122T220000Z", "rows", json!(u64::MAX));
    let times = set("20251122T220000Z", "first_page_at", Value::Null);
    for (name, change, words, agreement, status) in [
        ("as it is", &none as &dyn Fn(&Path), [SHOWN, SHOWN, OPEN, SHOWN], SHOWN, 0),
        ("an object removed", &object, [LITTLE, LITTLE, OPEN, SHOWN], LITTLE, 1),
        ("a run record removed", &run, [SHOWN, LITTLE, OPEN, SHOWN], SHOWN, 0),
        ("a partial object removed", &partial, [LITTLE, LITTLE, OPEN, SHOWN], LITTLE, 1),
        ("a window of the logs removed", &log, [SHOWN, SHOWN, OPEN, SHOWN], LITTLE, 1),
        ("an extreme clock", &clock, [SHOWN, SHOWN, OPEN, AGAINST], SHOWN, 1),
        ("extreme rows", &rows, [AGAINST, LITTLE, OPEN, SHOWN], SHOWN, 1),
        ("no time of a page", &times, [SHOWN, OPEN, OPEN, SHOWN], SHOWN, 1),
    ] {
        let made = changed(change).await;
        assert_claims(&cases, name, &made, words, status);
        cases.assert_eq(
            format!("{name}: {:?}", made.sentences),
            &made.states["agreement"].as_str(),
            &agreement,
        );
    }
    // A count of CloudWatch of an endpoint that nobody captured.
    let file = record.lake().with_file_name("witness.csv");
    for (count, word) in [(3, AGAINST), (0, SHOWN)] {
        fs::write(&file, format!("{FROM},{count}\n")).unwrap();
        let witnesses = vec![(format!("{endpoint_id}0"), file.clone())];
        let made = report(&record.lake(), &Asked { witnesses, ..Asked::period(FROM, TO) }).await;
        let status = i32::from(word == AGAINST);
        assert_claims(&cases, "another endpoint", &made, [SHOWN, word, OPEN, SHOWN], status);
        assert!(
            made.page_text().contains("not on record in this period. The count was compared with nothing")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_endpoints_that_begins_later_leaves_the_time_before_it_open() {
    let cases = Cases::default();
    let record = record().await;
    let endpoints = record.world.simulator.endpoint_ids();
    for minutes in (0..=240).step_by(30) {
        let targets = if minutes < 120 { json!(endpoints) } else { json!(["*"]) };
        record.capture_with(at(minutes), json!({"targets": targets})).await;
    }
    let made = report(&record.lake(), &asked(&record)).await;
    assert_claims(&cases, "listed since 22:00", &made, [SHOWN, OPEN, OPEN, SHOWN], 0);
    assert!(
        made.sentences["missed"].contains("The record of the list of endpoints of"),
        "{:?}",
        made.sentences
    );
}
