//! Promise 8: memory does not grow with the number of connections, and the temporary space is looked at before reading. (A
//! deadline that ends a capture in order, with its token, is with promise 2.)

use std::fs;

use client_vpn_sim::{Config, TimeSource};
use serde_json::{Value, json};

use crate::harness::emulator::{Emulator, Invoked};
use crate::harness::{NOW, World, command, fleet};

/// Peak memory of the function after it captured all endpoints of a fleet, in MiB.
async fn peak_mebibytes(endpoints: usize, connections: usize) -> f64 {
    let world = World::new(Config { record_served: false, ..fleet(endpoints, connections) }).await;
    let emulator = Emulator::start(&world.simulator.url(), &world.variables(&[("AUDIT_PAGE_SIZE", "1000")]));
    let Invoked::Answer(answer) = emulator.invoke(&json!({"action": "snapshot", "time": NOW})) else {
        panic!("{}", emulator.log());
    };
    for target in answer["targets"].as_array().unwrap() {
        assert_eq!((&target["outcome"], &target["rows"]), (&json!("complete"), &json!(connections)));
    }
    emulator.peak_mebibytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_does_not_grow_with_the_connections() {
    let small = peak_mebibytes(1, 10_000).await;
    let large = peak_mebibytes(1, 150_000).await;
    let several = peak_mebibytes(5, 20_000).await;
    println!("{small:.1} MiB for 10,000, {large:.1} for 150,000, {several:.1} for 5 times 20,000");
    assert!(large - small < 16.0, "{small} MiB for 10,000 connections, {large} for 150,000");
    // Of the debug build, whose code takes more memory than that of the release build.
    assert!(large < 128.0 && several < 128.0, "{large} and {several} MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_where_the_temporary_directory_has_no_room() {
    let world = World::new(Config { time: TimeSource::System, ..fleet(2, 10) }).await;
    let endpoints = world.simulator.endpoint_ids();
    let run = |arguments: &[&str]| {
        let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), &world.simulator.url());
        let lake = world.lake();
        command.args(arguments).arg("--lake").arg(&lake).args(["--account-id", "123456789012", "--json"]);
        command.args(["--target", &endpoints[0], "--target", &endpoints[1]]);
        // A file system without any space.
        let output = command.env("TMPDIR", "/proc").output().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), answer)
    };
    let (status, report) = run(&["snapshot", "--time", NOW]);
    assert_eq!(status, Some(1), "{report}");
    for target in report["targets"].as_array().unwrap() {
        assert_eq!((&target["outcome"], &target["pages"]), (&json!("failed"), &json!(0)));
        assert_eq!(target["error"]["code"], json!("TemporarySpace"));
        let message = target["error"]["message"].as_str().unwrap();
        assert!(message.contains("0 bytes are free") && message.contains("33554432 are needed"), "{message}");
    }
    assert_eq!(world.simulator.requests(), 0);
    let record = fs::read_to_string(world.lake().join(report["run_keys"][0].as_str().unwrap())).unwrap();
    assert!(record.contains("TemporarySpace"), "the fault is in the ledger: {record}");

    let (status, preflight) = run(&["preflight"]);
    assert_eq!(status, Some(1), "{preflight}");
    let checks = preflight["checks"].as_array().unwrap();
    let failed: Vec<&Value> = checks.iter().filter(|check| check["ok"] == json!(false)).collect();
    assert_eq!(failed.len(), 1, "{preflight}");
    assert_eq!(failed[0]["action"], json!("write temporary files"));
}
