//! Records that somebody changed, and records that state more than was captured, make no claim "Shown" that the lake does not bear.

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::claims::{AGAINST, LITTLE, OPEN, SHOWN, assert_claims, edit, find, rewrite};
use super::{Asked, Record, report, time};
use crate::harness::cases::Cases;
use crate::harness::{command, copy, fleet};

const FIRST: &str = "2025-11-22T20:00:00Z";
const FROM: &str = "2025-11-22T21:00:00Z";
const TO: &str = "2025-11-22T23:00:00Z";

/// Minutes after [`FIRST`].
fn at(minutes: i64) -> Timestamp {
    time(FIRST) + SignedDuration::from_mins(minutes)
}

fn copied(lake: &Path) -> TempDir {
    let directory = TempDir::new().unwrap();
    copy(lake, directory.path());
    directory
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_an_open_hour_fills_no_hole_of_a_sealed_one() {
    let cases = Cases::default();
    let record = Record::new(fleet(2, 6), at(0)).await;
    record.every(30, at(0), at(90)).await;
    record.every(30, at(180), at(420)).await;
    record.seal(at(440)).await;
    let asked = Asked { now: "2025-11-23T03:25:00Z", ..Asked::period(FROM, TO) }.with_key(&record.keys);
    let made = report(&record.lake(), &asked).await;
    assert_claims(&cases, "as it is", &made, [SHOWN, OPEN, OPEN, SHOWN], 1);
    assert_eq!(made.rows("holes").len(), 3, "{:?}", made.rows("faults"));
    let forge = |run: &mut Value| {
        for entry in run["targets"].as_array_mut().unwrap() {
            for field in ["first_page_requested_at", "first_page_at", "last_page_at"] {
                entry[field] = json!("2025-11-22T22:15:00.000Z");
            }
        }
        for field in ["first_page_requested_at", "first_page_at", "last_page_at"] {
            run["places"][0]["discovery"][field] = json!("2025-11-22T22:15:00.000Z");
        }
    };
    // Of a snapshot of the next morning, whose hour is not sealed yet.
    let lake = copied(&record.lake());
    edit(lake.path(), "20251123T030000Z", forge);
    let made = report(lake.path(), &asked).await;
    assert_claims(&cases, "of an open hour", &made, [SHOWN, LITTLE, OPEN, LITTLE], 1);
    let sentence = "1 × run record that states a capture of another time";
    assert!(made.sentences["missed"].contains(sentence), "{:?}", made.sentences);
    assert_eq!(made.rows("holes").len(), 0, "it fills them, and is named");
    let output = command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:1")
        .args(["coverage", "--from", FROM, "--to", TO, "--lake"])
        .arg(lake.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let named = "states a capture at 2025-11-22T22:15:00Z, which no run of the snapshot of 2025-11-23T03:00:00Z can have made";
    assert!(text.contains(named) && text.contains("Not proven that every connection was seen"), "{text}");
    assert_eq!(output.status.code(), Some(1), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_records_state_is_held_against_the_objects_without_digests_too() {
    let cases = Cases::default();
    let record = Record::new(fleet(2, 6), at(0)).await;
    record.every(30, at(0), at(240)).await;
    let changed = async |change: &dyn Fn(&Path)| {
        let lake = copied(&record.lake());
        change(lake.path());
        report(lake.path(), &Asked::period(FROM, TO)).await
    };
    let set = |fields: &'static [(&'static str, Value)]| {
        move |lake: &Path| {
            edit(lake, "20251122T220000Z", |run| {
                for (name, value) in fields {
                    run["targets"][0][name] = value.clone();
                }
            });
        }
    };
    let shift = |lake: &Path| {
        edit(lake, "20251122T220000Z", |run| {
            for field in ["first_page_requested_at", "first_page_at", "last_page_at"] {
                run["targets"][0][field] = json!("2025-11-22T22:10:00.000Z");
            }
        });
    };
    let nameless = |lake: &Path| {
        let mut id = String::new();
        edit(lake, "20251122T220000Z", |run| {
            id = run["targets"][0]["endpoint_id"].as_str().unwrap().to_owned();
            for field in ["object_key", "sha256", "bytes"] {
                run["targets"][0][field] = Value::Null;
            }
        });
        fs::remove_file(find(lake, "connections", &format!("20251122T220000Z_{id}"))).unwrap();
    };
    let ends_early = |lake: &Path| {
        edit(lake, "20251122T220000Z", |run| run["end"] = json!("2025-11-22T21:59:59Z"));
    };
    let failed = |lake: &Path| {
        edit(lake, "20251122T220000Z", |run| {
            let entry = &mut run["targets"][0];
            entry["outcome"] = json!("failed");
            entry["first_page_requested_at"] = json!("2025-11-22T22:00:01.000Z");
            entry["first_page_at"] = json!("2025-11-22T20:56:00.000Z");
        });
    };
    static OTHER_HASH: [(&str, Value); 1] = [("sha256", Value::Null)];
    let other_hash = |lake: &Path| {
        edit(lake, "20251122T220000Z", |run| run["targets"][0]["sha256"] = json!("0".repeat(64)));
    };
    let other_active = |lake: &Path| {
        edit(lake, "20251122T220000Z", |run| {
            let active = run["targets"][0]["active"].as_u64().unwrap();
            run["targets"][0]["active"] = json!(active + 1);
        });
    };
    let twice = |lake: &Path| {
        let path = find(lake, "runs", "20251122T220000Z");
        let mut run: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        run["targets"][0]["sha256"] = json!("0".repeat(64));
        let name = path.file_name().unwrap().to_str().unwrap().replace("Z_8", "Z_9");
        fs::write(path.with_file_name(name), run.to_string()).unwrap();
    };
    for (name, change, words, status) in [
        ("as it is", &(|_: &Path| ()) as &dyn Fn(&Path), [SHOWN, SHOWN, OPEN, SHOWN], 0),
        ("no hash", &set(&OTHER_HASH), [SHOWN, SHOWN, OPEN, SHOWN], 0),
        ("another hash", &other_hash, [AGAINST, LITTLE, OPEN, SHOWN], 1),
        ("two records of one object", &twice, [AGAINST, LITTLE, OPEN, SHOWN], 1),
        ("another number of active connections", &other_active, [AGAINST, LITTLE, OPEN, SHOWN], 1),
        ("rows of other times", &shift, [SHOWN, LITTLE, OPEN, LITTLE], 0),
        ("a capture without an object", &nameless, [LITTLE, LITTLE, OPEN, SHOWN], 0),
        ("a run that ended before it began", &ends_early, [SHOWN, SHOWN, OPEN, AGAINST], 1),
        ("a failed capture whose clock stepped", &failed, [SHOWN, OPEN, OPEN, AGAINST], 1),
    ] {
        let made = changed(change).await;
        assert_claims(&cases, name, &made, words, status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_of_the_configuration_that_nobody_captured_is_named() {
    let cases = Cases::default();
    let record = Record::new(fleet(2, 6), at(0)).await;
    let endpoints = record.world.simulator.endpoint_ids();
    let arn = format!("arn:aws:ec2:eu-central-1:123456789012:client-vpn-endpoint/{}", endpoints[0]);
    for minutes in (0..=240).step_by(30) {
        record.capture_with(at(minutes), json!({"targets": [arn]})).await;
    }
    let made = report(&record.lake(), &Asked::period(FROM, TO)).await;
    assert_claims(&cases, "one of two", &made, [SHOWN, OPEN, OPEN, SHOWN], 0);
    let sentence = format!("1 endpoint is in the configuration and was never captured: {}.", endpoints[1]);
    assert!(made.sentences["missed"].ends_with(&sentence), "{:?}", made.sentences);
    let page = made.page_text();
    assert!(
        page.contains(&format!("Endpoints listed or attempted, not recorded 1: {}", endpoints[1])),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_was_compared_with_nothing_shows_nothing() {
    let cases = Cases::default();
    let record = Record::new(fleet(1, 6), at(0)).await;
    let endpoint_id = record.world.simulator.endpoint_ids()[0].clone();
    record.every(30, at(0), at(240)).await;
    let file = record.lake().with_file_name("witness.csv");
    for (name, content, from, to) in [
        ("of another day", "2025-11-20T21:30:00Z,1000\n", FROM, TO),
        (
            "a minute without a capture",
            "2025-11-22T21:31:00Z,1000\n",
            "2025-11-22T21:31:00Z",
            "2025-11-22T21:32:00Z",
        ),
    ] {
        fs::write(&file, content).unwrap();
        let witnesses = vec![(endpoint_id.clone(), file.clone())];
        let made = report(&record.lake(), &Asked { witnesses, ..Asked::period(from, to) }).await;
        assert_claims(&cases, name, &made, [SHOWN, OPEN, OPEN, SHOWN], 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_could_not_be_read_are_no_sessions_without_one() {
    let config = client_vpn_sim::Config { region: "us-east-1".to_owned(), ..fleet(1, 12) };
    let record = Record::new(config, at(0)).await;
    record.every(30, at(0), at(240)).await;
    record.read_logs(&[at(300), at(30 * 60)]).await;
    let began = |row: &Value| time(row["connection_established_time"].as_str().unwrap());
    let made = report(&record.lake(), &Asked::period(FROM, TO)).await;
    assert_eq!(made.states["agreement"], SHOWN, "{:?}", made.sentences);
    let rows = made.rows("sessions");
    let session =
        rows.iter().find(|row| (at(60)..at(180)).contains(&began(row))).expect("one that began then");
    let due = client_vpn_audit::log_window::Window::containing(began(session)).due();
    let path =
        find(&record.lake(), "connection_logs", &due.timestamp().strftime("%Y%m%dT%H%M%SZ_").to_string());
    rewrite(&path, b"no Parquet");
    let made = report(&record.lake(), &Asked::period(FROM, TO)).await;
    assert_eq!(made.states["agreement"], LITTLE, "{:?}", made.sentences);
    // The window lies partly within the period.
    let edge = client_vpn_audit::log_window::Window::containing(began(session));
    fs::remove_file(&path).unwrap();
    let to = (edge.start() + SignedDuration::from_mins(7)).to_string();
    let made = report(&record.lake(), &Asked::period(FROM, &to)).await;
    assert_eq!(made.states["agreement"], LITTLE, "{:?}", made.sentences);
}
