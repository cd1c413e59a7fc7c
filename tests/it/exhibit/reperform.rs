//! `reperform.sql` states each main figure beside the one that DuckDB computes from the lake: all of them agree, however broken the lake.

use std::fs;
use std::path::Path;

use client_vpn_sim::{Fault, FaultKind};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::claims::{find, rewrite};
use super::{Asked, Made, Record, report, time};
use crate::harness::cases::Cases;
use crate::harness::{copy, files_under, fleet, python};

const FIRST: &str = "2025-11-22T20:00:00Z";

fn at(minutes: i64) -> Timestamp {
    time(FIRST) + SignedDuration::from_mins(minutes)
}

/// Runs the script of each exhibit, all in one go, and returns the rows of each.
fn reperform(made: &[(String, Made)]) -> Value {
    let folders: Vec<String> = made.iter().map(|(_, made)| made.folder().display().to_string()).collect();
    let mut arguments = vec!["reperform"];
    arguments.extend(folders.iter().map(String::as_str));
    python("check_exhibit.py", &arguments, &[])
}

fn check(cases: &Cases, made: &[(String, Made)]) {
    let found = reperform(made);
    for ((name, _), rows) in made.iter().zip(found.as_array().unwrap()) {
        let rows = rows.as_array().unwrap();
        cases.assert_eq(format!("figures of {name}"), &rows.len(), &15);
        let wrong: Vec<&Value> = rows.iter().filter(|row| row[3] != json!(true)).collect();
        cases.assert_eq(format!("what differs in {name}"), &wrong, &Vec::new());
    }
}

async fn periods(name: &str, lake: &Path, periods: &[(&str, &str)], now: &str) -> Vec<(String, Made)> {
    let mut made = Vec::new();
    for (from, to) in periods {
        let asked = Asked { now, ..Asked::period(from, to) };
        made.push((format!("{name} from {from} to {to}"), report(lake, &asked).await));
    }
    made
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn every_figure_agrees_in_lakes_of_every_kind() {
    let cases = Cases::default();
    let record = Record::new(fleet(3, 6), at(0)).await;
    let ids = record.world.simulator.endpoint_ids();
    record.every(30, at(0), at(120)).await;
    // An endpoint is refused for two hours, with the listing for one of them; then nothing is captured for 100 minutes.
    record.world.simulator.inject(Fault::always(FaultKind::Unauthorized).at(&ids[1]));
    record.every(30, at(150), at(240)).await;
    record.world.simulator.clear_faults();
    record.capture(at(340)).await;
    // The same snapshot again, later: its object is there already.
    for later in [345, 350] {
        let again = at(later);
        record.world.clock.set(again);
        record.world.simulator.set_time(again);
        record.capture_by_the_clock(again, json!({"time": at(340).to_string()})).await;
    }
    record.capture_with(at(370), json!({"max_items": 3})).await;
    record.capture(at(371)).await;
    // One endpoint is deleted, and the listings are without it.
    record.world.simulator.remove_endpoint(&ids[2]);
    record.every(30, at(400), at(520)).await;
    let lake = record.lake();
    let outcomes = |made: &Made| {
        ["complete", "already captured by an earlier attempt", "partial", "failed"]
            .map(|line| made.count(line).unwrap())
    };
    let mut made = periods(
        "an eventful night",
        &lake,
        &[
            ("2025-11-22T20:00:00Z", "2025-11-23T05:00:00Z"),
            ("2025-11-22T22:10:00Z", "2025-11-23T01:00:00Z"),
            ("2025-11-23T01:45:00Z", "2025-11-23T02:20:00Z"),
            ("2025-11-23T03:00:00Z", "2025-11-23T09:00:00Z"),
            ("2025-11-22T18:00:00Z", "2025-11-22T19:00:00Z"),
        ],
        super::LONG_AFTER,
    )
    .await;
    assert_eq!(outcomes(&made[0].1), [39, 6, 3, 4]);
    assert_eq!(made[0].1.states["missed"], "Not shown");
    let holes = made[0].1.rows("holes");
    let is_gone = |hole: &&Value| {
        hole["endpoint_id"] == json!(ids[2])
            && hole["reason"].as_str().unwrap().starts_with("the endpoint is gone")
    };
    assert_eq!(holes.iter().filter(is_gone).count(), 1, "{holes:?}");
    made.extend(
        periods(
            "as of then",
            &lake,
            &[("2025-11-22T20:00:00Z", "2025-11-23T05:00:00Z")],
            "2025-11-23T05:10:00Z",
        )
        .await,
    );
    let empty = TempDir::new().unwrap();
    made.extend(
        periods(
            "an empty directory",
            empty.path(),
            &[("2025-11-22T20:00:00Z", "2025-11-23T05:00:00Z")],
            super::LONG_AFTER,
        )
        .await,
    );
    let damaged = TempDir::new().unwrap();
    copy(&lake, damaged.path());
    rewrite(&find(damaged.path(), "runs", "20251122T203000Z"), b"no JSON");
    rewrite(&find(damaged.path(), "runs", "20251122T210000Z"), b"{}");
    rewrite(&find(damaged.path(), "connections", "20251122T203000Z"), b"no Parquet");
    made.extend(
        periods(
            "objects that cannot be read",
            damaged.path(),
            &[("2025-11-22T20:00:00Z", "2025-11-23T05:00:00Z")],
            super::LONG_AFTER,
        )
        .await,
    );
    check(&cases, &made);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn every_figure_agrees_with_rows_without_ids_and_a_name_with_a_quote() {
    let cases = Cases::default();
    let record = Record::new(fleet(2, 6), at(0)).await;
    record.every(30, at(0), at(60)).await;
    record.world.simulator.inject(Fault::always(FaultKind::OddValues));
    record.every(30, at(90), at(150)).await;
    record.world.simulator.clear_faults();
    record.every(30, at(180), at(240)).await;
    let directory = TempDir::new().unwrap();
    let lake = directory.path().join("O'Brien {from}; -- [a]*?");
    copy(&record.lake(), &lake);
    let made =
        periods("odd values", &lake, &[("2025-11-22T20:00:00Z", "2025-11-23T00:00:00Z")], super::LONG_AFTER)
            .await;
    assert!(
        made[0].1.count("without the id of a connection").unwrap() > 0,
        "{:?}",
        made[0].1.rows("population")
    );
    check(&cases, &made);
}

/// Rewrites a file of an exhibit line by line; `None` leaves a line out.
fn forge(made: &Made, name: &str, change: impl Fn(&str) -> Option<String>) {
    let changed: String =
        made.read(name).lines().filter_map(change).map(|line| format!("{line}\n")).collect();
    assert_ne!(changed, made.read(name), "{name}");
    fs::write(made.folder().join(name), changed).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn an_exhibit_that_leaves_something_out_differs() {
    let cases = Cases::default();
    let record = Record::new(fleet(2, 6), at(0)).await;
    record.every(30, at(0), at(120)).await;
    record.capture(at(210)).await;
    let period = [("2025-11-22T20:00:00Z", "2025-11-22T23:30:00Z")];
    let forged = async |name: &str| periods(name, &record.lake(), &period, super::LONG_AFTER).await.remove(0);
    let without = |text: String| move |line: &str| (!line.contains(&text)).then(|| line.to_owned());

    let session = forged("a session left out").await;
    let id = session.1.rows("sessions")[0]["connection_id"].as_str().unwrap().to_owned();
    forge(&session.1, "sessions.jsonl", without(id));
    let object = forged("an object left out").await;
    let key = object.1.rows("objects")[0]["object_key"].as_str().unwrap().to_owned();
    for name in ["objects.jsonl", "objects.csv"] {
        forge(&object.1, name, without(key.clone()));
    }
    let hole = forged("a hole before which nothing is assessed").await;
    for name in ["holes.jsonl", "holes.csv"] {
        forge(&hole.1, name, without("22:00:00".to_owned()));
    }
    forge(&hole.1, "endpoints.csv", |line| Some(line.replace("20:00:00", "23:30:00")));
    let made = [session, object, hole];
    let rows = reperform(&made);
    let differ = |place: usize, figure: &str| {
        let mut rows = rows[place].as_array().unwrap().iter();
        rows.any(|row| row[0].as_str().unwrap().contains(figure) && row[3] == json!(false))
    };
    for (place, figure) in
        [(0, "shown as active"), (1, "in the lake, and named here"), (2, "assessed from their beginning")]
    {
        cases.assert_eq(format!("{}: {}", made[place].0, rows[place]), &differ(place, figure), &true);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn every_figure_agrees_in_random_lakes() {
    let cases = Cases::default();
    let directory = TempDir::new().unwrap();
    let written = python("write_session_lakes.py", &[directory.path().to_str().unwrap(), "5"], &[]);
    let now = Timestamp::from_millisecond(written["now"].as_i64().unwrap()).unwrap().to_string();
    // Half of the lakes are enough here.
    for file in files_under(directory.path()) {
        let account = file.split("account_id=").nth(1).unwrap()[..12].parse::<u64>().unwrap();
        if !account.is_multiple_of(2) {
            fs::remove_file(directory.path().join(file)).unwrap();
        }
    }
    let all = [
        ("2025-11-16T00:00:00Z", "2025-11-23T12:00:00Z"),
        ("2025-11-18T03:00:00Z", "2025-11-20T05:00:00Z"),
        ("2025-11-22T20:00:00Z", "2025-11-23T11:50:00Z"),
    ];
    let made = periods("random lakes", directory.path(), &all, &now).await;
    assert!(made[0].1.rows("sessions").len() > 50);
    check(&cases, &made);
}
