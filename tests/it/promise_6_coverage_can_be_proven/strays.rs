//! Objects that do not belong into the ledger, or not yet: each is named, and fills no hole.

use client_vpn_audit::lake::store::{Location, Store};
use client_vpn_audit::proof::coverage::{Coverage, RequestedTimes};
use jiff::Timestamp;

use super::{Recorder, at};
use crate::harness::sdk_config;

/// Returns the keys of what could not be read of a lake.
async fn unreadable(lake: &std::path::Path, now: Timestamp) -> Vec<String> {
    let location = Location::Directory(lake.to_owned());
    let store = Store::new(&location, &sdk_config("http://127.0.0.1:9", "eu-central-1"), None);
    let window = RequestedTimes { from: None, to: now, now };
    let coverage = Coverage::read(&store, window, &[], |_| ()).await.unwrap();
    assert_eq!(coverage.is_whole(), coverage.unreadable.is_empty());
    coverage.unreadable.into_iter().map(|of| of.object_key).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_a_time_to_come_are_named_and_fill_no_hole() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 30, 60, 90]).await;
    let lake = recorder.world.lake();
    // It is five minutes to midnight, and an event may come early.
    let now = at(115);
    assert_eq!(unreadable(&lake, now).await, Vec::<String>::new());
    let place = "runs/account_id=123456789012/region=eu-central-1";
    let record = std::fs::read_to_string(recorder.record(30)).unwrap();
    for (day, name) in [
        ("2025-11-24", "20251124T000100Z_early-1.json"),
        ("2025-11-24", "20251124T010000Z_ahead-1.json"),
        ("2025-11-26", "20251126T000000Z_days-ahead-1.json"),
    ] {
        let folder = lake.join(place).join(format!("snapshot_date={day}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), &record).unwrap();
    }
    let ahead = [
        format!("{place}/snapshot_date=2025-11-24/20251124T010000Z_ahead-1.json"),
        format!("{place}/snapshot_date=2025-11-26/"),
    ];
    assert_eq!(unreadable(&lake, now).await, ahead);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_in_place_of_the_folders_of_the_ledger_is_named() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 30]).await;
    let lake = recorder.world.lake();
    let now = at(31);
    for (folder, expected) in [
        ("runs/notes", "runs/notes/"),
        ("runs/account_id=1", "runs/account_id=1/"),
        ("runs/account_id=123456789012/notes", "runs/account_id=123456789012/notes/"),
        (
            "runs/account_id=123456789012/region=eu-central-1/notes",
            "runs/account_id=123456789012/region=eu-central-1/notes/",
        ),
    ] {
        std::fs::create_dir(lake.join(folder)).unwrap();
        assert_eq!(unreadable(&lake, now).await, [expected]);
        std::fs::remove_dir(lake.join(folder)).unwrap();
    }
    std::os::unix::fs::symlink("/nowhere", lake.join("digests")).unwrap();
    assert_eq!(unreadable(&lake, now).await, ["digests"]);
    std::fs::remove_file(lake.join("digests")).unwrap();
    std::fs::rename(lake.join("runs"), lake.join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", lake.join("runs")).unwrap();
    assert_eq!(unreadable(&lake, now).await, ["runs"]);
    std::fs::remove_file(lake.join("runs")).unwrap();
    std::fs::write(lake.join("runs"), "").unwrap();
    assert_eq!(unreadable(&lake, now).await, ["runs"], "a file");
}
