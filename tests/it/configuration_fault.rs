//! A fault of the endpoints' configuration alone: the command line's exit status and the metric show it, and no invocation fails.
//! And a run record that was not written, which is not announced.

use serde_json::{Value, json};

use crate::harness::emulator::{Emulator, Invoked};
use crate::harness::{World, command_line, fleet};

/// A world whose lake has a file where the folder `table` would be.
async fn world_without(table: &str) -> World {
    let world = World::new(fleet(1, 5)).await;
    std::fs::create_dir_all(world.lake()).unwrap();
    std::fs::write(world.lake().join(table), "in the way").unwrap();
    world
}

fn run(world: &World, json: &[&str]) -> (String, Option<i32>) {
    let (lake, endpoints) = (world.lake().display().to_string(), world.simulator.endpoint_ids());
    let arguments = ["snapshot", "--account-id", "123456789012", "--lake", &lake, "--target", &endpoints[0]];
    let output = command_line(world, &[&arguments[..], json].concat());
    (String::from_utf8([output.stdout, output.stderr].concat()).unwrap(), output.status.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_exits_with_1() {
    let world = world_without("endpoints").await;
    let (answer, status) = run(&world, &["--json"]);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["targets"][0]["outcome"], json!("complete"), "{answer}");
    assert_eq!(answer["places"][0]["endpoints"]["error"]["code"], json!("StorageFailed"), "{answer}");
    assert_eq!(status, Some(1));
    let (text, status) = run(&world, &[]);
    assert_eq!(status, Some(1));
    assert!(
        text.contains(
            "the configuration of the endpoints is not fully on record in endpoints: StorageFailed"
        ),
        "{text}"
    );
    assert!(text.contains("Run record: runs/"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda")]
async fn the_invocation_succeeds_and_the_metric_counts_it() {
    let world = world_without("endpoints").await;
    let emulator = Emulator::start(&world.simulator.url(), &world.variables(&[]));
    let Invoked::Answer(answer) = emulator.invoke(&json!({"action": "snapshot"})) else {
        panic!("a fault of configuration alone fails no invocation: {}", emulator.log());
    };
    assert_eq!(answer["targets"][0]["outcome"], json!("complete"), "{answer}");
    let log = emulator.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let failed: Vec<Value> = lines.filter_map(|line| line.get("FailedTargets").cloned()).collect();
    assert_eq!(failed, [json!(1)], "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_not_written_is_not_announced() {
    let world = world_without("runs").await;
    let (text, status) = run(&world, &[]);
    assert_eq!(status, Some(1), "{text}");
    assert!(!text.contains("Run record:") && text.contains("a run record was not written"), "{text}");
    let (answer, status) = run(&world, &["--json"]);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((&answer["error"]["code"], status), (&json!("RunRecordNotWritten"), Some(1)));
    assert_eq!(answer["run"]["run_keys"], json!([]), "{answer}");
}
