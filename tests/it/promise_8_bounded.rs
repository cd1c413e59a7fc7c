//! Promise 8: memory does not grow with the number of connections, and the temporary space is looked at before reading. (A
//! deadline that ends a capture in order, with its token, is with promise 2.)

use std::fs;

use client_vpn_sim::{Config, TimeSource};
use serde_json::{Value, json};

use crate::harness::emulator::{Emulator, Invoked};
use crate::harness::stub::Stub;
use crate::harness::{World, command, fleet, real_now};

/// Peak memory of the function after it captured all endpoints of a fleet, in MiB.
async fn peak_mebibytes(endpoints: usize, connections: usize) -> f64 {
    let world = World::new(Config { record_served: false, ..fleet(endpoints, connections) }).await;
    let own = [("AUDIT_PAGE_SIZE", "1000")];
    let emulator = Emulator::start(&world.simulator.url(), &world.variables(&own));
    let Invoked::Answer(answer) = emulator.invoke(&json!({"action": "snapshot"})) else {
        panic!("{}", emulator.log());
    };
    for target in answer["targets"].as_array().unwrap() {
        assert_eq!((&target["outcome"], &target["rows"]), (&json!("complete"), &json!(connections)));
    }
    emulator.peak_mebibytes()
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda")]
async fn memory_does_not_grow_with_the_connections() {
    let small = peak_mebibytes(1, 10_000).await;
    let large = peak_mebibytes(1, 150_000).await;
    let several = peak_mebibytes(5, 20_000).await;
    println!("{small:.1} MiB for 10,000, {large:.1} for 150,000, {several:.1} for 5 times 20,000");
    assert!(large - small < 16.0, "{small} MiB for 10,000 connections, {large} for 150,000");
    // Of the debug build, whose code takes more memory than that of the release build.
    assert!(large < 128.0 && several < 128.0, "{large} and {several} MiB");
}

/// As much of `part` as an answer may have, between a beginning and an end.
fn filled(begin: &str, part: &[u8], end: &str) -> Vec<u8> {
    let root = "DescribeClientVpnConnectionsResponse";
    let (begin, end) = (format!("<{root}><connections>{begin}"), format!("{end}</connections></{root}>"));
    let parts = (16 * 1024 * 1024 - begin.len() - end.len()) / part.len();
    [begin.as_bytes(), &part.repeat(parts), end.as_bytes()].concat()
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda")]
async fn memory_does_not_grow_with_what_an_answer_is_made_of() {
    let row = |field: &str| format!("<item>{field}</item>").into_bytes();
    let (limit, read) = (json!("LimitExceeded"), Value::Null);
    let cases = [
        ("tiny rows", filled("", b"<item/>", ""), &limit),
        ("tiny fields of a row", filled("<item>", b"<a/>", "</item>"), &read),
        ("tiny fields of many rows", filled("", &row(&"<a/>".repeat(1_000)), ""), &limit),
        ("a value", filled("<item><username>", b"x", "</username></item>"), &read),
        (
            "a value of bytes that are not UTF-8",
            filled("<item><username>", b"\xff", "</username></item>"),
            &read,
        ),
        ("a value of references", filled("<item><username>", b"&#11;", "</username></item>"), &read),
        (
            "values of control characters",
            filled("", &row(&format!("<username>{}</username>", "\u{b}".repeat(2_000))), ""),
            &limit,
        ),
        (
            "tiny texts of a list",
            filled("<item><postureComplianceStatusSet>", b"<item/>", "</postureComplianceStatusSet></item>"),
            &read,
        ),
        ("elements within elements", filled("<item>", b"<a>", "</item>"), &limit),
        ("attributes", filled("<item><a", b" b=\"\"", "/></item>"), &limit),
    ];
    let bodies: Vec<Vec<u8>> = cases.iter().map(|(_, body, _)| body.clone()).collect();
    let stub = Stub::answering(move |number, _| (200, bodies[number].clone())).await;
    let world = World::new(fleet(1, 0)).await;
    let own = [("AUDIT_MAX_ATTEMPTS", "1")];
    let emulator = Emulator::start(stub.url(), &world.variables(&own));
    for (number, (name, _, code)) in cases.iter().enumerate() {
        // Limited, so that nothing else is asked.
        let payload = json!({"action": "snapshot", "time": real_now(), "max_items": 1_000_000});
        let (seen, words) = match emulator.invoke(&payload) {
            Invoked::Answer(answer) => (answer["targets"][0]["error"]["code"].clone(), String::new()),
            Invoked::Failed(words) => (Value::Null, words),
        };
        let is_expected = match code {
            Value::String(code) => words.contains(code.as_str()),
            _ => words.is_empty() && seen.is_null(),
        };
        assert!(is_expected, "{name}: {seen} {words}");
        assert_eq!(stub.heads().len(), number + 1, "{name}");
        let peak = emulator.peak_mebibytes();
        println!("{name}: {peak:.1} MiB so far");
        assert!(peak < 256.0, "{name}: {peak} MiB");
    }
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
    let (status, report) = run(&["snapshot"]);
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
