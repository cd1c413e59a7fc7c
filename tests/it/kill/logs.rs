//! A reading of connection logs that is killed at any step: no event is lost, and no object is there that is not whole.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::Arc;

use client_vpn_audit::clock::Clock;
use client_vpn_audit::hour::Hour;
use client_vpn_audit::log_window::Window;
use client_vpn_sim::{Config, TimeSource};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::{each, finish, kill_before};
use crate::connection_logs::{
    ACCOUNT, PATTERN, QUARTER, REGION, codes, config, logged, move_to, object_events, object_keys, read,
};
use crate::harness::gate::Gate;
use crate::harness::{World, command, copy, files_under};

/// A lake from which three objects are missing: the newest window, the one before it, and the second reading of an hour.
struct Prepared {
    lake: TempDir,
    /// The beginning of the record.
    since: Timestamp,
    now: Timestamp,
}

/// The time of the simulator: that of the machine, since the command reads its clock.
fn config_at(time: Timestamp) -> Config {
    Config { time: TimeSource::Manual(time), ..config(1) }
}

/// Reads a lake as of two hours ago and again as of now, and removes three objects with the record that names them.
async fn prepared() -> Prepared {
    let now = Clock::system().now();
    // An hour's second reading is due after the first run and before the second.
    let earlier = Hour::containing(now).start() - QUARTER * 6;
    let world = World::new(config_at(now)).await;
    move_to(&world, earlier);
    assert_eq!(codes(&read(&world, &[]).await), Vec::<&str>::new());
    let before: BTreeSet<String> = world.files().into_iter().collect();
    move_to(&world, now);
    assert_eq!(codes(&read(&world, &[]).await), Vec::<&str>::new());
    let new: Vec<String> = world.files().into_iter().filter(|file| !before.contains(file)).collect();
    let late = new.iter().find(|file| file.ends_with("_late.parquet")).unwrap();
    let is_first = |file: &&String| file.starts_with("connection_logs/") && !file.ends_with("_late.parquet");
    let newest = new.iter().filter(is_first).rev().take(2);
    let records = new.iter().filter(|file| file.starts_with("runs/"));
    for file in newest.chain([late]).chain(records) {
        std::fs::remove_file(world.lake().join(file)).unwrap();
    }
    let lake = TempDir::new().unwrap();
    copy(&world.lake(), lake.path());
    Prepared { lake, since: earlier - QUARTER * 2 - SignedDuration::from_hours(24), now }
}

impl Prepared {
    async fn world(&self) -> World {
        let world = World::new(config_at(self.now)).await;
        copy(self.lake.path(), &world.lake());
        world
    }

    /// Checks that every object that was added has all events of its window, and no other. Returns the number of objects added.
    fn assert_no_half_objects(&self, world: &World) -> usize {
        let known = files_under(self.lake.path());
        let new: Vec<String> = world.files().into_iter().filter(|file| !known.contains(file)).collect();
        let first = object_keys(&new).filter(|key| !key.ends_with("_late.parquet"));
        for key in first {
            let mut found: Vec<String> = object_events(world, &key).into_iter().map(|(id, _)| id).collect();
            found.sort();
            assert_eq!(found, logged(world, start(&key), start(&key) + QUARTER), "{key}");
        }
        // Nothing came late.
        let late: Vec<String> = object_keys(&new).filter(|key| key.ends_with("_late.parquet")).collect();
        assert!(late.iter().all(|key| object_events(world, key).is_empty()), "{late:?}");
        object_keys(&new).count()
    }

    /// Checks that each window from the beginning on is there, and each hour's second reading.
    fn assert_whole(&self, world: &World, left: usize) {
        assert!(self.assert_no_half_objects(world) >= left.max(3), "{left}");
        let files = world.files();
        let first = object_keys(&files).filter(|key| !key.ends_with("_late.parquet"));
        let starts: BTreeSet<Timestamp> = first.map(|key| start(&key)).collect();
        let newest = *starts.last().unwrap();
        assert!(newest >= Window::newest_due(self.now).start(), "{newest}");
        let windows = (newest + QUARTER).duration_since(self.since).as_secs() / QUARTER.as_secs();
        assert_eq!(starts.len(), usize::try_from(windows).unwrap(), "{starts:?}");
        assert!(object_keys(&files).any(|key| key.ends_with("_late.parquet")));
    }
}

/// The beginning of the window of an object.
fn start(key: &str) -> Timestamp {
    let due: Timestamp = key.rsplit('/').next().unwrap()[..16].parse().unwrap();
    due - QUARTER * 3
}

fn logs_command(world: &World, url: &str) -> Command {
    let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), url);
    command.args(["logs", "--account-id", ACCOUNT, "--log-group", PATTERN, "--lake"]).arg(world.lake());
    command.env("AUDIT_TARGETS", world.simulator.endpoint_ids().join(","));
    command.env("AWS_REGION", REGION);
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reading_killed_at_any_request_loses_nothing_and_the_next_goes_on() {
    let prepared = Arc::new(prepared().await);
    let world = prepared.world().await;
    let gate = Gate::before(&world.simulator.url(), usize::MAX).await;
    finish(logs_command(&world, gate.url())).await;
    let requests = gate.received();
    assert!(requests >= 5, "the endpoints, the log group and three readings: {requests}");
    let left = each(requests, move |number| {
        let prepared = prepared.clone();
        async move {
            let world = prepared.world().await;
            let gate = Gate::before(&world.simulator.url(), number).await;
            let mut command = logs_command(&world, gate.url());
            let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            gate.held().await;
            process.kill().unwrap();
            process.wait().unwrap();
            let left = prepared.assert_no_half_objects(&world);
            finish(logs_command(&world, &world.simulator.url())).await;
            prepared.assert_whole(&world, left);
            left
        }
    });
    let left: BTreeSet<usize> = left.await.into_iter().collect();
    println!(
        "connection logs: killed at each of {requests} requests, {left:?} objects left; lost 0, false completes 0"
    );
    assert!(left.len() > 2, "windows that were read before stay: {left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_reading_killed_before_any_change_of_the_lake_loses_nothing_and_the_next_goes_on() {
    let prepared = Arc::new(prepared().await);
    let world = prepared.world().await;
    let changes = kill_before(logs_command(&world, &world.simulator.url()), world.lake(), 0).await.len();
    let left = each(changes, move |number| {
        let prepared = prepared.clone();
        async move {
            let world = prepared.world().await;
            kill_before(logs_command(&world, &world.simulator.url()), world.lake(), number).await;
            let left = prepared.assert_no_half_objects(&world);
            finish(logs_command(&world, &world.simulator.url())).await;
            prepared.assert_whole(&world, left);
            left
        }
    });
    let left: BTreeSet<usize> = left.await.into_iter().collect();
    println!(
        "connection logs: killed before each of {changes} changes, {left:?} objects left; lost 0, false completes 0"
    );
    assert!(left.len() > 3, "{left:?}");
}
