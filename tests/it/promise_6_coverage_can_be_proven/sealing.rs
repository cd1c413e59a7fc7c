//! Run records that were sealed late, or not at all: somebody may have added them.

use client_vpn_audit::proof::coverage::{Coverage, RequestedTimes};
use jiff::Timestamp;

use crate::harness::command;
use crate::harness::sealed::{LATER, SealedLake, time};

#[tokio::test(flavor = "multi_thread")]
async fn run_records_that_were_sealed_late_count_and_are_listed() {
    let lake = SealedLake::in_a_directory().await;
    let keys = lake.keys_of("runs").await;
    let of_late = keys.iter().find(|key| key.contains("T230000Z")).unwrap();
    let record = lake.get(of_late).await;
    lake.delete(of_late).await;
    lake.seal_at("2025-11-23T01:40:00Z").await;
    // Somebody adds it when its hour is sealed.
    lake.put(of_late, record).await;
    lake.seal_at(LATER).await;
    let now: Timestamp = LATER.parse().unwrap();
    let read = async |from: Option<&str>, to: &str| {
        let window =
            RequestedTimes { from: from.map(|from| from.parse().unwrap()), to: to.parse().unwrap(), now };
        let coverage = Coverage::read(&lake.store, window, &[], |_| ()).await.unwrap();
        assert_eq!(coverage.unreadable.len(), 0);
        coverage
    };
    for (from, to) in [
        (None, "2025-11-23T01:30:00Z"),
        (Some("2025-11-22T22:30:00Z"), "2025-11-22T23:10:00Z"),
        (Some("2025-11-22T23:10:00Z"), "2025-11-23T01:00:00Z"),
    ] {
        let coverage = read(from, to).await;
        assert_eq!(coverage.sealed_late, std::slice::from_ref(of_late), "{from:?}");
        assert!(coverage.is_whole(), "it counts all the same: {coverage:?}");
    }
    let other_days = read(Some("2025-11-23T01:00:00Z"), "2025-11-23T01:30:00Z").await;
    assert_eq!(other_days.sealed_late, Vec::<String>::new());
    let location = lake.location.to_string();
    let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:9");
    let output =
        command.args(["coverage", "--to", "2025-11-23T01:30:00Z", "--lake", &location]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("1 run record sealed late") && text.contains(of_late), "{text}");
    assert_eq!(output.status.code(), Some(0), "{text}");
    // A digest that cannot be read leaves open what was late.
    let digest = &lake.keys_of("digests").await[2];
    lake.put(digest, b"half a dig".to_vec()).await;
    let window = RequestedTimes { from: None, to: now, now };
    let coverage = Coverage::read(&lake.store, window, &[], |_| ()).await.unwrap();
    assert_eq!(coverage.unreadable.iter().map(|of| &of.object_key).collect::<Vec<_>>(), [digest]);
    assert!(!coverage.is_whole());
}

/// The hours of which the lake has no record when it is sealed.
const HOLE: [&str; 3] = ["T223000Z", "T230000Z", "T233000Z"];

/// Takes the run records of [`HOLE`] out of the lake. Returns their keys and contents.
async fn take_records(lake: &SealedLake) -> Vec<(String, Vec<u8>)> {
    let mut taken = Vec::new();
    for key in lake.keys_of("runs").await {
        if HOLE.iter().any(|time| key.contains(time)) {
            taken.push((key.clone(), lake.get(&key).await));
            lake.delete(&key).await;
        }
    }
    assert_eq!(taken.len(), HOLE.len());
    taken
}

async fn add(lake: &SealedLake, records: &[(String, Vec<u8>)]) {
    for (key, record) in records {
        lake.put(key, record.clone()).await;
    }
}

/// The coverage of the record, as of `now`.
async fn coverage(lake: &SealedLake, from: Option<&str>, now: &str) -> Coverage {
    let to = time("2025-11-23T01:30:00Z");
    let window = RequestedTimes { from: from.map(time), to, now: time(now) };
    let coverage = Coverage::read(&lake.store, window, &[], |_| ()).await.unwrap();
    assert_eq!(coverage.unreadable.len(), 0);
    coverage
}

fn number_of_holes(coverage: &Coverage) -> usize {
    coverage.endpoints.iter().map(|endpoint| endpoint.holes.len()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_record_that_is_added_days_later_and_never_sealed_is_named() {
    for lake in SealedLake::in_each_store().await {
        let records = take_records(&lake).await;
        let added: Vec<String> = records.iter().map(|(key, _)| key.clone()).collect();
        // Sealed once, the first digest would list the other records as late.
        for now in [LATER, "2025-11-26T03:40:00Z"] {
            lake.seal_at(now).await;
        }
        let now = "2025-11-26T04:40:00Z";
        let before = coverage(&lake, None, now).await;
        assert_eq!((number_of_holes(&before), before.not_sealed.len()), (2, 0), "a hole of each endpoint");
        add(&lake, &records).await;
        lake.seal_at(now).await;
        for from in [None, Some("2025-11-22T23:10:00Z"), Some("2025-11-23T01:00:00Z")] {
            let coverage = coverage(&lake, from, now).await;
            assert_eq!((number_of_holes(&coverage), &coverage.not_sealed), (0, &added), "{from:?}");
            assert!(coverage.sealed_late.is_empty() && !coverage.is_whole());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_names_run_records_that_are_not_sealed_and_fails() {
    let lake = SealedLake::in_a_directory().await;
    let records = take_records(&lake).await;
    lake.seal_at("2025-11-26T03:40:00Z").await;
    add(&lake, &records).await;
    let location = lake.location.to_string();
    let run = |json: &[&str]| {
        let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:9");
        let command = command.args(["coverage", "--to", "2025-11-23T01:30:00Z", "--lake", &location]);
        let output = command.args(json).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (status, text) = run(&[]);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("3 run records not sealed, although the hour is") && text.contains(&records[2].0));
    assert!(text.contains("01:30:00Z: 3 run records not sealed. 11 run records could be read"), "{text}");
    let (status, text) = run(&["--json"]);
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, answer["not_sealed"][0].as_str()), (Some(1), Some(records[0].0.as_str())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_record_that_is_added_a_day_later_is_not_sealed_until_the_next_seal() {
    let lake = SealedLake::in_a_directory().await;
    let records = take_records(&lake).await;
    let added: Vec<String> = records.iter().map(|(key, _)| key.clone()).collect();
    lake.seal_at(LATER).await;
    add(&lake, &records).await;
    let now = "2025-11-23T04:40:00Z";
    let before = coverage(&lake, None, now).await;
    assert_eq!((&before.not_sealed, before.sealed_late.len()), (&added, 0));
    assert!(!before.is_whole());
    lake.seal_at(now).await;
    let after = coverage(&lake, None, now).await;
    assert_eq!((after.not_sealed.len(), &after.sealed_late), (0, &added));
    assert!(after.is_whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_still_be_sealed_is_not_named() {
    let lake = SealedLake::in_a_directory().await;
    let never_sealed = coverage(&lake, None, LATER).await;
    assert_eq!((never_sealed.not_sealed.len(), never_sealed.is_whole()), (0, true));
    // The records of the hours 0 and 1 are younger than the newest digest.
    lake.seal_at("2025-11-23T00:40:00Z").await;
    let sealed_in_part = coverage(&lake, None, LATER).await;
    assert_eq!((sealed_in_part.not_sealed.len(), sealed_in_part.is_whole()), (0, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_first_digest_lists_weeks_later_is_sealed() {
    let lake = SealedLake::in_a_directory().await;
    let now = "2025-12-20T03:40:00Z";
    lake.seal_at(now).await;
    for from in [None, Some("2025-11-22T23:10:00Z")] {
        assert_eq!(coverage(&lake, from, now).await.not_sealed.len(), 0, "{from:?}");
    }
    let key = lake.keys_of("runs").await[4].clone();
    let record = lake.get(&key).await;
    let other = key.replace(".json", "-0.json");
    lake.put(&other, record).await;
    assert_eq!(coverage(&lake, None, now).await.not_sealed, [other]);
}
