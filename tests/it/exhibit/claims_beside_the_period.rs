//! Objects beside the period, and beside the connections, are held against the record too: they decide what is shown.

use std::fs;
use std::path::Path;

use client_vpn_audit::report::exhibit::{ExhibitRequest, prove_session};
use client_vpn_sim::{Fault, FaultKind};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::claims::{AGAINST, LITTLE, OPEN, SHOWN, assert_claims, edit, find};
use super::{Asked, Record, report, requesting, time};
use crate::harness::cases::Cases;
use crate::harness::{copy, files_under, fleet};

const FIRST: &str = "2025-11-22T20:00:00Z";
const LAST: &str = "2025-11-23T04:00:00Z";
const FROM: &str = "2025-11-22T23:00:00Z";
const TO: &str = "2025-11-23T01:00:00Z";
const SEALED_AT: &str = "2025-11-23T08:00:00Z";

fn copied(lake: &Path) -> TempDir {
    let directory = TempDir::new().unwrap();
    copy(lake, directory.path());
    directory
}

/// Removes every object but digests whose time is of these, and returns how many there were.
fn remove(lake: &Path, is_of_time: impl Fn(&str) -> bool) -> usize {
    let is_removed = |file: &&String| {
        let name = file.rsplit('/').next().unwrap();
        !file.starts_with("digests/") && is_of_time(&name[..16])
    };
    let files = files_under(lake);
    let removed: Vec<&String> = files.iter().filter(is_removed).collect();
    removed.iter().for_each(|file| fs::remove_file(lake.join(file)).unwrap());
    removed.len()
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs OpenSSL")]
async fn what_was_removed_before_and_after_the_period_contradicts_the_seal() {
    let cases = Cases::default();
    let record = Record::new(fleet(2, 12), time(FIRST)).await;
    record.every(15, time(FIRST), time(LAST)).await;
    record.seal(time(SEALED_AT)).await;
    let asked = Asked::period(FROM, TO).with_key(&record.keys);
    let made = report(&record.lake(), &asked).await;
    assert_claims(&cases, "as it is", &made, [SHOWN; 4], 0);
    let sessions = made.rows("sessions");
    let is_early = |session: &&Value| {
        let text = |name: &str| session[name].as_str().unwrap().to_owned();
        text("connection_established_time").as_str() < "2025-11-22T21:30"
            && text("last_seen").as_str() > "2025-11-22T23:30"
    };
    let early = sessions.iter().find(is_early).expect("a session that began long before the period");
    let id = early["connection_id"].as_str().unwrap();
    let before = |time: &str| time < "20251122T220000Z";
    let after = |time: &str| time >= "20251123T020000Z";
    for (name, is_removed) in [
        ("before", &before as &dyn Fn(&str) -> bool),
        ("after", &after),
        ("both", &|time| before(time) || after(time)),
    ] {
        let lake = copied(&record.lake());
        assert!(remove(lake.path(), is_removed) > 40);
        let made = report(lake.path(), &asked).await;
        cases.assert_eq(name, &(made.words()[2], made.is_whole), &(AGAINST, false));
        if name != "after" {
            let out = lake.path().with_extension("case");
            let prove = async |request: &ExhibitRequest<'_>| prove_session(request, id, &out, |_| ()).await;
            let package = requesting(lake.path(), &asked, prove).await.unwrap();
            fs::remove_dir_all(&out).unwrap();
            let found = (&package.changed[..12], package.is_whole);
            cases.assert_eq(format!("{name}: the package"), &found, &("Contradicted", false));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_of_the_configuration_and_of_logs_are_held_against_the_run_records() {
    let record = Record::new(fleet(1, 12), time(FIRST)).await;
    record.every(15, time(FIRST), time(LAST)).await;
    record.read_logs(&[time("2025-11-23T05:00:00Z"), time("2025-11-24T06:00:00Z")]).await;
    let asked = Asked::period(FROM, TO);
    let made = report(&record.lake(), &asked).await;
    assert_eq!((made.states["agreement"].as_str(), made.is_whole), (SHOWN, true), "{:?}", made.sentences);
    let missing = "is not there, although a run record says that it was written; run `verify`";
    for table in ["endpoints", "authorization_rules", "routes", "connection_logs"] {
        let lake = copied(&record.lake());
        let path = find(lake.path(), table, "20251122T234500Z");
        fs::remove_file(&path).unwrap();
        let key = path.strip_prefix(lake.path()).unwrap().to_str().unwrap();
        let made = report(lake.path(), &asked).await;
        let row = json!({"object_key": key, "problem": missing});
        assert!(made.rows("unreadable").contains(&row), "{table}: {:?}", made.rows("unreadable"));
        assert!(!made.is_whole);
        let says_so =
            made.page_text().contains("1 object of the configuration could not be read, is not there");
        assert_eq!(says_so, table != "connection_logs", "{table}");
        let agreement = if table == "connection_logs" { LITTLE } else { SHOWN };
        assert_eq!(made.states["agreement"], agreement, "{table}: {:?}", made.sentences);
    }
    let lake = copied(&record.lake());
    edit(lake.path(), "20251122T234500Z", |run| run["places"][0]["routes"]["sha256"] = json!("0".repeat(64)));
    let made = report(lake.path(), &asked).await;
    let rows = made.rows("unreadable");
    assert_eq!(
        rows[0]["problem"],
        json!("is not as a run record states: it has another SHA-256; run `verify`"),
        "{rows:?}"
    );
    assert_eq!((rows.len(), made.is_whole), (1, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_without_an_id_may_be_a_connection_that_is_in_no_session() {
    let cases = Cases::default();
    let record = Record::new(fleet(1, 30), time(FIRST)).await;
    record.every(15, time(FIRST), time(FROM)).await;
    record.world.simulator.inject(Fault::always(FaultKind::OddValues));
    record.every(15, time("2025-11-22T23:15:00Z"), time("2025-11-22T23:45:00Z")).await;
    record.world.simulator.clear_faults();
    record.every(15, time("2025-11-23T00:00:00Z"), time(LAST)).await;
    let made = report(&record.lake(), &Asked::period(FROM, TO)).await;
    let without = made.count("without the id of a connection").unwrap();
    assert!(without > 0, "{:?}", made.rows("population"));
    assert_claims(&cases, "rows without an id", &made, [SHOWN, LITTLE, OPEN, SHOWN], 0);
    let reason = format!("{without} rows are without the id of a connection");
    assert!(made.sentences["missed"].contains(&reason), "{:?}", made.sentences);
}

#[tokio::test(flavor = "multi_thread")]
async fn captures_that_nobody_tried_are_expected_of_each_endpoint() {
    let record = Record::new(fleet(2, 6), time(FIRST)).await;
    let endpoints = record.world.simulator.endpoint_ids();
    let only = |id: &String| {
        let arn = format!("arn:aws:ec2:eu-central-1:123456789012:client-vpn-endpoint/{id}");
        json!({"targets": [arn]})
    };
    record.every(15, time(FIRST), time("2025-11-22T22:45:00Z")).await;
    for minutes in (0..120).step_by(15) {
        let at = time(FROM) + jiff::SignedDuration::from_mins(minutes);
        record.capture_with(at, only(&endpoints[0])).await;
        // Of the other one twice at the end, and never before.
        if minutes >= 90 {
            record.capture_with(at, only(&endpoints[1])).await;
        }
    }
    record.capture_with(time("2025-11-23T00:46:00Z"), only(&endpoints[1])).await;
    record.every(15, time(TO), time(LAST)).await;
    let lines = [
        "expected by that rhythm",
        "expected and not attempted, by the run records that could be read",
        "attempted beside that rhythm, or again",
        "attempted, as above",
    ];
    let made = report(&record.lake(), &Asked::period(FROM, TO)).await;
    assert_eq!(lines.map(|line| made.count(line)), [Some(16), Some(6), Some(1), Some(11)]);

    let nobody = copied(&record.lake());
    remove(nobody.path(), |time| ("20251122T230000Z".."20251123T010000Z").contains(&time));
    let made = report(nobody.path(), &Asked::period(FROM, TO)).await;
    assert_eq!(lines.map(|line| made.count(line)), [None; 4], "no rhythm is known");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs OpenSSL")]
async fn hours_that_are_whole_hide_nothing_that_was_removed_beyond_them() {
    let cases = Cases::default();
    let record = Record::new(fleet(1, 12), time(FIRST)).await;
    record.every(15, time(FIRST), time("2025-11-22T21:00:00Z")).await;
    // Nobody records for three hours.
    record.every(15, time("2025-11-23T00:00:00Z"), time(LAST)).await;
    record.seal(time(SEALED_AT)).await;
    let asked = Asked::period("2025-11-23T02:10:00Z", "2025-11-23T03:00:00Z").with_key(&record.keys);
    let made = report(&record.lake(), &asked).await;
    cases.assert_eq("as it is", &(made.words()[2], made.is_whole), &(SHOWN, true));
    let lake = copied(&record.lake());
    assert!(remove(lake.path(), |time| time < "20251122T230000Z") > 10);
    let made = report(lake.path(), &asked).await;
    cases.assert_eq("before an outage", &(made.words()[2], made.is_whole), &(AGAINST, false));

    // A copy of the lake that ends soon after the period is not changed; its last objects may not have been sealed yet.
    let lake = copied(&record.lake());
    for file in files_under(&lake.path().join("digests")) {
        if file.rsplit('/').next().unwrap() >= "20251123T040000Z" {
            fs::remove_file(lake.path().join("digests").join(&file)).unwrap();
        }
    }
    let made = report(lake.path(), &asked).await;
    cases.assert_eq("a copy that ends", &(made.words()[2], made.is_whole), &(OPEN, true));
    let sentence = "No difference from what was sealed, but 2 objects are not sealed";
    assert!(made.sentences["changed"].contains(sentence), "{:?}", made.sentences);
    assert!(remove(lake.path(), |time| time >= "20251123T040000Z") > 0);
    let made = report(lake.path(), &asked).await;
    cases.assert_eq("one without them", &(made.words()[2], made.is_whole), &(SHOWN, true));
    let sentence = "The newest digest is of 2025-11-23T03.";
    assert!(made.sentences["changed"].contains(sentence), "{:?}", made.sentences);
}
