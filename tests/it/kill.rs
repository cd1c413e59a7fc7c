//! A process that is killed at any instant leaves no half object and nothing that is called complete and is not; the next
//! run goes on.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use client_vpn_audit::hour::Hour;
use proptest::strategy::{Strategy, ValueTree};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::harness::sealed::{SealedLake, faults};
use crate::harness::{Checked, World, check_many, command, files_under, fleet, real_now, seeded};

const INSTANTS: usize = 100;

/// Shares of the time that a whole run takes, and somewhat more, so that some runs come to their end.
fn instants() -> Vec<f64> {
    let mut runner = seeded();
    (0..INSTANTS).map(|_| (0.0..1.1_f64).new_tree(&mut runner).unwrap().current()).collect()
}

/// Runs `command` to its end; how long that took.
fn time(mut command: Command) -> Duration {
    let start = Instant::now();
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    start.elapsed()
}

/// Starts `command` and kills it after `after`. Whether it was still running.
fn kill(mut command: Command, after: Duration) -> bool {
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(after);
    let was_running = process.try_wait().unwrap().is_none();
    let _ = process.kill();
    process.wait().unwrap();
    was_running
}

fn copy(from: &Path, to: &Path) {
    for file in files_under(from) {
        let target = to.join(&file);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(from.join(&file), target).unwrap();
    }
}

fn snapshot_command(world: &World, time: &str) -> Command {
    let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), &world.simulator.url());
    command.args(["snapshot", "--time", time, "--page-size", "5", "--account-id", "123456789012", "--lake"]);
    command.arg(world.lake()).env("AUDIT_TARGETS", world.simulator.endpoint_ids().join(","));
    command
}

/// A capture that was killed, and the one after it.
struct Killed {
    world: World,
    was_running: bool,
    /// The lake as the kill left it.
    left: TempDir,
    served: Value,
}

async fn kill_a_capture(share: f64, whole: Duration) -> Killed {
    let world = World::new(fleet(2, 23)).await;
    let snapshot_time = real_now();
    let first = snapshot_command(&world, &snapshot_time);
    let was_running = tokio::task::spawn_blocking(move || kill(first, whole.mul_f64(share))).await.unwrap();
    let left = TempDir::new().unwrap();
    copy(&world.lake(), left.path());
    let served = json!(world.simulator.served());
    let again = snapshot_command(&world, &snapshot_time);
    tokio::task::spawn_blocking(move || time(again)).await.unwrap();
    Killed { world, was_running, left, served }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_capture_leaves_whole_objects_and_the_next_goes_on() {
    let whole = time(snapshot_command(&World::new(fleet(2, 23)).await, &real_now()));
    let permits = Arc::new(Semaphore::new(3));
    let mut running = JoinSet::new();
    for share in instants() {
        let permits = permits.clone();
        running.spawn(async move {
            let _permit = permits.acquire().await;
            kill_a_capture(share, whole).await
        });
    }
    let killed = running.join_all().await;
    let location = |path: PathBuf| path.to_str().unwrap().to_owned();
    let left: Vec<_> =
        killed.iter().map(|of| (location(of.left.path().to_owned()), of.served.clone())).collect();
    let end: Vec<_> =
        killed.iter().map(|of| (location(of.world.lake()), json!(of.world.simulator.served()))).collect();
    let after_the_kill = check_many(&left, &[]);
    let in_the_end = check_many(&end, &[]);
    // A capture that was killed before its record leaves an object that the ledger does not know.
    let wrong = |checked: &Checked| {
        let problems = checked.problems.iter().filter(|problem| !problem.ends_with("not in the ledger"));
        problems.chain(&checked.false_completes).cloned().collect::<Vec<String>>()
    };
    for checked in after_the_kill.iter().chain(&in_the_end) {
        assert_eq!(wrong(checked), Vec::<String>::new(), "{checked:?}");
    }
    for checked in &in_the_end {
        assert_eq!((checked.connections, checked.connection_ids_missing), (46, 0), "{checked:?}");
    }
    let objects: usize = after_the_kill.iter().filter(|checked| checked.connections > 0).count();
    let running = killed.iter().filter(|of| of.was_running).count();
    println!(
        "captures: {running} of {INSTANTS} killed while running, {objects} left an object; lost 0, false completes 0"
    );
    assert!(running > INSTANTS / 4 && objects > 0, "{running} {objects}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_seal_leaves_a_chain_and_the_next_goes_on() {
    let lake = SealedLake::in_a_directory().await;
    let original = PathBuf::from(lake.location.to_string());
    let until = "2025-11-23T23";
    let seal_command = |path: &Path| {
        let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:9");
        command
            .args(["seal", "--hour", until, "--signing-key"])
            .arg(lake.keys.private())
            .arg("--lake")
            .arg(path);
        command
    };
    let fresh = || {
        let directory = TempDir::new().unwrap();
        copy(&original, directory.path());
        directory
    };
    let mut runs: Vec<Duration> = (0..5).map(|_| time(seal_command(fresh().path()))).collect();
    runs.sort();
    let whole = runs[2];
    let (mut running, mut between) = (0, 0);
    for share in instants() {
        let directory = fresh();
        running += usize::from(kill(seal_command(directory.path()), whole.mul_f64(share)));
        let digests = files_under(&directory.path().join("digests"));
        let digests = digests.iter().filter(|file| file.ends_with(".json")).count();
        between += usize::from((1..27).contains(&digests));
        time(seal_command(directory.path()));
        let now = Hour::parse(until).unwrap().end() + client_vpn_audit::hour::CLOSES_AFTER;
        let verification = lake.verify_copy(directory.path(), now).await;
        assert_eq!(faults(&verification), []);
        assert_eq!((verification.scopes[0].signatures, verification.objects), (27, 43));
    }
    println!(
        "seals: {running} of {INSTANTS} killed while running, {between} with some of the digests; faults 0"
    );
    assert!(running > INSTANTS / 4 && between > 0, "{running} {between}");
}
