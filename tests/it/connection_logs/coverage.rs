//! The coverage of connection logs: which hours with logging on are in the lake.

use client_vpn_audit::lake::store::{DirectoryStore, Store};
use client_vpn_audit::proof::coverage::{Coverage, LogCoverage, RequestedTimes};
use client_vpn_sim::{Fault, FaultKind, FaultyAction};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{PATTERN, QUARTER, REGION, begin, config, move_to, read};
use crate::harness::{World, command_line, now, snapshot};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The coverage of all time until the clock's.
pub async fn coverage(world: &World) -> Coverage {
    let store = Store::from(DirectoryStore::new(world.lake()));
    let now = world.clock.now();
    Coverage::read(&store, RequestedTimes { from: None, to: now, now }, &[], |_| ()).await.unwrap()
}

/// The hours in the lake, missing and pending of the only endpoint, and the times and reasons of what is missing.
pub fn of_endpoint(coverage: &Coverage) -> ([f64; 3], Vec<(Timestamp, Timestamp, &str)>) {
    let [log] = coverage.connection_logs.as_slice() else { panic!("{:?}", coverage.connection_logs) };
    let LogCoverage { hours_in_lake, hours_missing, hours_pending, missing, .. } = log;
    let missing = missing
        .iter()
        .filter(|missing| !missing.late)
        .map(|missing| (missing.from, missing.to, missing.reason.as_str()));
    ([*hours_in_lake, *hours_missing, *hours_pending], missing.collect())
}

async fn snapshot_now(world: &World) {
    let auditor = world.auditor(&[("AUDIT_CONNECTION_LOG_GROUPS", PATTERN)]);
    snapshot(&auditor, json!({"time": world.clock.now().to_string()})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_fails_is_missing_until_a_later_run_reads_it() {
    let world = World::new(config(1)).await;
    read(&world, &[]).await;
    assert_eq!(of_endpoint(&coverage(&world).await), ([24.5, 0.0, 0.5], vec![]));
    // Three runs fail, in two hours.
    for minutes in [40, 80, 120] {
        move_to(&world, now() + SignedDuration::from_mins(minutes));
        world.simulator.inject_into(FaultyAction::FilterLogEvents, Fault::always(FaultKind::Unauthorized));
        read(&world, &[]).await;
    }
    let found = coverage(&world).await;
    let (hours, missing) = of_endpoint(&found);
    assert_eq!(hours, [24.5, 1.0, 1.5]);
    let from = begin() + SignedDuration::from_mins(24 * 60 + 30);
    assert_eq!((missing[0].0, missing.last().unwrap().1), (from, from + HOUR));
    assert!(
        missing
            .iter()
            .all(|(_, _, reason)| reason.contains("AccessDeniedException") || *reason == "not tried")
    );
    assert!(!found.has_every_window());
    world.simulator.clear_faults();
    read(&world, &[]).await;
    let found = coverage(&world).await;
    // What is due is read before it would be missing.
    assert_eq!(of_endpoint(&found), ([26.5, 0.0, 0.5], vec![]));
    assert!(found.has_every_window());
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_that_is_off_is_not_missing() {
    let world = World::new(config(1)).await;
    read(&world, &[]).await;
    world.simulator.switch_connection_log(&world.simulator.endpoint_ids()[0]);
    for hours in [1, 4, 30] {
        move_to(&world, now() + HOUR * hours);
        read(&world, &[]).await;
    }
    // The last window with logging on is that of the run before it was switched off.
    let found = coverage(&world).await;
    assert_eq!(of_endpoint(&found).0, [25.25, 0.0, 0.0]);
    assert_eq!(found.connection_logs[0].to, now() + QUARTER);
    assert_eq!(found.connection_logs[0].hours_not_read_again, 0.0);
    assert!(found.has_every_window());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_nobody_may_list_is_not_proven_to_be_read() {
    let world = World::new(config(1)).await;
    world.simulator.disable_region(REGION);
    read(&world, &[]).await;
    move_to(&world, now() + HOUR);
    read(&world, &[]).await;
    let found = coverage(&world).await;
    let [not_known] = found.log_groups_not_known.as_slice() else { panic!("{found:?}") };
    assert_eq!((not_known.from, not_known.to), (now(), now() + HOUR));
    assert_eq!(not_known.reason, "the last run failed, AuthFailure");
    assert!(!found.has_every_window());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_says_what_is_missing_and_its_exit_status_is_1() {
    let world = World::new(config(1)).await;
    read(&world, &[]).await;
    for minutes in [0, 30, 59, 70] {
        move_to(&world, now() + SignedDuration::from_mins(minutes));
        snapshot_now(&world).await;
        read(&world, &[]).await;
    }
    // The second run has the hours whose windows the first one read.
    move_to(&world, now() + HOUR * 28);
    read(&world, &[]).await;
    read(&world, &[]).await;
    let lake = world.lake().display().to_string();
    let (from, to) = (now().to_string(), (now() + SignedDuration::from_mins(60)).to_string());
    let run = |own: &[&str]| {
        let arguments = [&["coverage", "--lake", &lake, "--from", &from, "--to", &to], own].concat();
        let output = command_line(&world, &arguments);
        (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
    };
    let (text, status) = run(&[]);
    assert!(text.contains("Connection logs: everything that was due is in the lake."), "{text}");
    assert!(text.contains("No hole up to") && status == 0, "{text}");
    // An object is taken away.
    let due = (now() + QUARTER * 3).strftime("%Y%m%dT%H%M%SZ").to_string();
    let is_it = |file: &&String| file.starts_with("connection_logs/") && file.contains(&due);
    let file = world.files().iter().find(is_it).unwrap().clone();
    std::fs::remove_file(world.lake().join(file)).unwrap();
    let (text, status) = run(&[]);
    assert!(text.contains("its object is on record, and is not in the lake"), "{text}");
    assert!(text.contains("Connection logs: 0.25 h missing, and 0 h not read again"), "{text}");
    assert!(text.contains("No hole up to") && status == 1, "the connections are not affected: {text}");
    let (text, status) = run(&["--json"]);
    let found: Value = serde_json::from_str(&text).unwrap();
    let log = &found["connection_logs"][0];
    let numbers = ["hours_in_lake", "hours_missing", "hours_pending"].map(|name| log[name].as_f64().unwrap());
    assert_eq!((numbers, status), ([0.75, 0.25, 0.0], 1), "{log}");
    let missing = &log["missing"][0];
    let flags = ["late", "allowed", "lost"].map(|name| missing[name].as_bool().unwrap());
    assert_eq!((&missing["from"], flags), (&json!(from), [false, true, false]), "{missing}");
}
