//! A process that is killed at any step leaves no half object and nothing that is called complete and is not; the next run
//! goes on. It is killed at every request that EC2 receives and before every system call that changes the lake, each once.

mod logs;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock};

use client_vpn_audit::hour::Hour;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::harness::gate::Gate;
use crate::harness::sealed::{OBJECTS, SealedLake, faults};
use crate::harness::{Checked, World, check_many, command, copy, files_under, fleet, python, real_now};

/// Runs at a time.
const CONCURRENCY: usize = 3;

/// The number of connections of both simulated endpoints.
const CONNECTIONS: usize = 2 * 23;

/// The time of every snapshot, including the one after the kill.
static NOW: LazyLock<String> = LazyLock::new(real_now);

fn snapshot_command(world: &World, url: &str) -> Command {
    let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), url);
    command.args(["snapshot", "--time", &NOW, "--page-size", "5", "--account-id", "123456789012", "--lake"]);
    // One target after the other, so that the steps come in the same order each time.
    command.arg(world.lake()).env("AUDIT_TARGETS", world.simulator.endpoint_ids().join(","));
    command.env("AUDIT_CONCURRENCY", "1");
    command
}

fn seal_command(lake: &Path, key: &Path, until: &str) -> Command {
    let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:9");
    command.args(["seal", "--hour", until, "--signing-key"]).arg(key).arg("--lake").arg(lake);
    command
}

/// Runs a command to its end, which has to be a good one.
async fn finish(mut command: Command) {
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs a command, killed before system call number `kill_at` that changes `lake`; 0 for never. Returns the names of the calls up to
/// that one.
async fn kill_before(command: Command, lake: PathBuf, kill_at: usize) -> Vec<String> {
    let traced = tokio::task::spawn_blocking(move || {
        let text = |text: &std::ffi::OsStr| text.to_str().unwrap().to_owned();
        let number = kill_at.to_string();
        let mut arguments = vec![text(lake.as_os_str()), number, text(command.get_program())];
        arguments.extend(command.get_args().map(text));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let environment: Vec<(String, String)> =
            command.get_envs().filter_map(|(name, value)| Some((text(name), text(value?)))).collect();
        let environment: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        python("kill_at.py", &arguments, &environment)
    });
    let traced = traced.await.unwrap();
    assert_eq!(traced["killed"], kill_at > 0, "{traced}");
    assert!(kill_at > 0 || traced["status"] == 0, "{traced}");
    serde_json::from_value(traced["changes"].clone()).unwrap()
}

/// A capture that was killed, and the one after it.
struct Killed {
    world: World,
    /// The lake as the kill left it.
    left: TempDir,
    served: Value,
}

impl Killed {
    /// Keeps what the kill left, and runs the capture again.
    async fn run_again(world: World) -> Killed {
        let left = TempDir::new().unwrap();
        copy(&world.lake(), left.path());
        let served = json!(world.simulator.served());
        finish(snapshot_command(&world, &world.simulator.url())).await;
        Killed { world, left, served }
    }
}

/// Runs `kill` with the numbers from 1 to `last`, some at a time.
async fn each<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    last: usize,
    kill: impl Fn(usize) -> F + Clone + Send + 'static,
) -> Vec<T> {
    let permits = Arc::new(Semaphore::new(CONCURRENCY));
    let mut running = JoinSet::new();
    for number in 1..=last {
        let (permits, kill) = (permits.clone(), kill.clone());
        running.spawn(async move {
            let _permit = permits.acquire().await;
            kill(number).await
        });
    }
    running.join_all().await
}

/// Nothing is lost, nothing is invented and no object is called complete that is not, after the kill and after the next run.
fn assert_nothing_lost(killed: &[Killed]) -> usize {
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
        assert_eq!((checked.connections, checked.connection_ids_missing), (CONNECTIONS, 0), "{checked:?}");
    }
    after_the_kill.iter().filter(|checked| checked.connections > 0).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_capture_killed_at_any_request_loses_nothing_and_the_next_goes_on() {
    let world = World::new(fleet(2, 23)).await;
    let gate = Gate::before(&world.simulator.url(), usize::MAX).await;
    finish(snapshot_command(&world, gate.url())).await;
    let requests = gate.received();
    assert!(requests >= 2 * 5, "five pages of each endpoint: {requests}");
    let killed = each(requests, async |number: usize| {
        let world = World::new(fleet(2, 23)).await;
        let gate = Gate::before(&world.simulator.url(), number).await;
        let mut command = snapshot_command(&world, gate.url());
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        gate.held().await;
        process.kill().unwrap();
        process.wait().unwrap();
        Killed::run_again(world).await
    });
    let killed = killed.await;
    let objects = assert_nothing_lost(&killed);
    println!(
        "captures: killed at each of {requests} requests, {objects} left an object; lost 0, false completes 0"
    );
    assert!(objects > 0, "the second endpoint's pages come after the first one's object");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_capture_killed_before_any_change_of_the_lake_loses_nothing_and_the_next_goes_on() {
    let world = World::new(fleet(2, 23)).await;
    let whole = snapshot_command(&world, &world.simulator.url());
    let changes = kill_before(whole, world.lake(), 0).await;
    let killed = each(changes.len(), async |number: usize| {
        let world = World::new(fleet(2, 23)).await;
        let command = snapshot_command(&world, &world.simulator.url());
        let until_then = kill_before(command, world.lake(), number).await;
        (until_then, Killed::run_again(world).await)
    });
    let (until_then, killed): (Vec<Vec<String>>, Vec<Killed>) = killed.await.into_iter().unzip();
    let mut last: Vec<&String> = until_then.iter().filter_map(|calls| calls.last()).collect();
    let mut all: Vec<&String> = changes.iter().collect();
    last.sort();
    all.sort();
    assert_eq!(last, all, "each change is killed before once");
    let objects = assert_nothing_lost(&killed);
    let changes = changes.len();
    println!(
        "captures: killed before each of {changes} changes, {objects} left an object; lost 0, false completes 0"
    );
    assert!(objects > 0 && objects < changes, "{objects}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_seal_killed_before_any_change_of_the_lake_leaves_a_chain_and_the_next_goes_on() {
    let lake = SealedLake::in_a_directory().await;
    let original = PathBuf::from(lake.location.to_string());
    let until = "2025-11-23T03";
    let fresh = move || {
        let directory = TempDir::new().unwrap();
        copy(&original, directory.path());
        directory
    };
    let key = lake.keys.private();
    let directory = fresh();
    let whole = seal_command(directory.path(), &key, until);
    let changes = kill_before(whole, directory.path().to_owned(), 0).await.len();
    let killed = each(changes, {
        move |number: usize| {
            let (fresh, key) = (fresh.clone(), key.clone());
            async move {
                let directory = fresh();
                let path = directory.path().to_owned();
                kill_before(seal_command(&path, &key, until), path.clone(), number).await;
                let digests = files_under(&path.join("digests"));
                let digests = digests.iter().filter(|file| file.ends_with(".json")).count();
                finish(seal_command(&path, &key, until)).await;
                (digests, directory)
            }
        }
    });
    let now = Hour::parse(until).unwrap().end() + client_vpn_audit::hour::CLOSES_AFTER;
    let mut left = Vec::new();
    for (digests, directory) in killed.await {
        let verification = lake.verify_copy(directory.path(), now).await;
        assert_eq!(faults(&verification), []);
        assert_eq!((verification.scopes[0].signatures, verification.objects), (7, OBJECTS));
        left.push(digests);
    }
    left.sort_unstable();
    left.dedup();
    println!("seals: killed before each of {changes} changes; faults 0");
    assert_eq!(left, (0..=7).collect::<Vec<_>>(), "digests that the kills left");
}
