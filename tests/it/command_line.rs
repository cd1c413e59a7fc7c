//! The command line as people and scripts use it.

use std::process::Output;

use client_vpn_sim::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::harness::sealed::{LATER, SealedLake};
use crate::harness::seaweed::Seaweed;
use crate::harness::{World, command, command_line, files_under, fleet, real_now};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn snapshot(world: &World, more: &[&str]) -> Output {
    let lake = world.lake().display().to_string();
    let ids = world.simulator.endpoint_ids();
    let mut arguments = vec!["snapshot", "--lake", &lake];
    arguments.extend(ids.iter().flat_map(|id| ["--target", id.as_str()]));
    arguments.extend(more);
    command_line(world, &arguments)
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_snapshot_is_a_table_for_people_and_a_record_for_machines() {
    let world = World::new(fleet(2, 1_234)).await;
    let time = real_now();
    let output = snapshot(&world, &["--time", &time]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}{}", text(&output.stderr));
    assert!(out.starts_with(&format!("Snapshot of {time}\n")), "{out}");
    for part in
        ["Endpoint", "complete", "1,234", "Run record: runs/account_id=123456789012/region=eu-central-1/"]
    {
        assert!(out.contains(part), "{part} is not in {out}");
    }

    let output = snapshot(&world, &["--time", &time, "--json"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stderr), "", "no progress where a machine reads");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["targets"][0]["outcome"], json!("already_captured"));
    assert_eq!(answer["snapshot_time"], json!(time));
    let record: Value = serde_json::from_slice(
        &std::fs::read(world.lake().join(answer["run_keys"][0].as_str().unwrap())).unwrap(),
    )
    .unwrap();
    for (field, value) in record.as_object().unwrap() {
        assert_eq!(&answer[field], value, "{field}");
    }
    world.check().assert_whole();
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn what_was_not_complete_is_exit_status_1_and_says_how_to_go_on() {
    let world = World::new(fleet(1, 23)).await;
    let output = snapshot(&world, &["--max-items", "7", "--page-size", "5"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}");
    let token = out.split("go on with --starting-token ").nth(1).unwrap().lines().next().unwrap().to_owned();
    let output = snapshot(&world, &["--starting-token", &token]);
    assert_eq!(output.status.code(), Some(1));
    let checked = world.check();
    assert_eq!((checked.connections, checked.partials, checked.connection_ids_missing), (0, 23, 0));

    world.simulator.inject(Fault::always(FaultKind::Unauthorized));
    let output = snapshot(&world, &[]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}");
    assert!(out.contains("UnauthorizedOperation"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn preflight_is_a_table_and_an_exit_status() {
    let config = client_vpn_sim::Config { time: client_vpn_sim::TimeSource::System, ..fleet(1, 5) };
    let world = World::new(config).await;
    let lake = world.lake().display().to_string();
    let id = world.simulator.endpoint_ids()[0].clone();
    let output = command_line(&world, &["preflight", "--lake", &lake, "--target", &id]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}");
    assert!(out.contains("ec2:DescribeClientVpnConnections") && out.contains("yes"), "{out}");
    world.simulator.inject(Fault::always(FaultKind::Unauthorized));
    let output = command_line(&world, &["preflight", "--lake", &lake, "--target", &id]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("UnauthorizedOperation"));
}

#[tokio::test(flavor = "multi_thread")]
async fn preflight_fails_where_the_clock_is_not_that_of_ec2() {
    // EC2's clock stands at a day of 2025.
    let world = World::new(fleet(1, 5)).await;
    let lake = world.lake().display().to_string();
    let id = world.simulator.endpoint_ids()[0].clone();
    let output = command_line(&world, &["preflight", "--json", "--lake", &lake, "--target", &id]);
    assert_eq!(output.status.code(), Some(1));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let failed: Vec<&Value> =
        answer["checks"].as_array().unwrap().iter().filter(|check| check["ok"] == json!(false)).collect();
    assert_eq!(failed.len(), 1, "{answer}");
    assert_eq!(failed[0]["action"], json!("compare the clock with EC2's"));
    assert!(failed[0]["problem"].as_str().unwrap().contains("s ahead of EC2's"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python and SeaweedFS")]
async fn a_lake_in_s3_holds_what_was_served() {
    let seaweed = Seaweed::shared();
    let bucket = seaweed.bucket().await;
    let world = World::new(fleet(3, 143)).await;
    let lake = format!("s3://{bucket}/vpn");
    let time = real_now();
    let run = || {
        command(env!("CARGO_BIN_EXE_client-vpn-audit"), &world.simulator.url())
            .args(["snapshot", "--json", "--page-size", "7", "--time", &time, "--lake", &lake])
            .env("AUDIT_TARGETS", world.simulator.endpoint_ids().join(","))
            .envs(seaweed.environment())
            .output()
            .unwrap()
    };
    let output = run();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let environment = seaweed.environment();
    let environment: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let checked = world.check_at(&lake, &environment);
    assert_eq!(checked.connections, 3 * 143);
    checked.assert_whole();

    let again: Value = serde_json::from_slice(&run().stdout).unwrap();
    assert_eq!(again["targets"][2]["outcome"], json!("already_captured"));
    let key = again["targets"][2]["object_key"].as_str().unwrap();
    assert!(key.starts_with("vpn/connections/account_id=123456789012/"), "{key}");
}

#[test]
fn the_demo_needs_nothing_and_shows_what_the_record_says() {
    let directory = tempfile::TempDir::new().unwrap();
    let lake = directory.path().join("lake");
    let run = |json: &[&str]| {
        command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:9")
            .env_remove("AWS_REGION")
            .args(["demo", "--lake", lake.to_str().unwrap()])
            .args(json)
            .output()
            .unwrap()
    };
    let output = run(&[]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}{}", text(&output.stderr));
    for part in [
        "2 of 3 endpoints",
        "people connected",
        "sessions ended",
        "sent by clients",
        "public addresses",
        "read_parquet(",
        "Played on purpose: no snapshot from ",
    ] {
        assert!(out.contains(part), "{part} is not in {out}");
    }
    let failed = out.lines().find(|line| line.contains("last failed")).unwrap();
    let (address, reason) = failed.rsplit_once(" from ").unwrap().1.split_once(": ").unwrap();
    assert!(address.parse::<std::net::IpAddr>().is_ok() && !reason.is_empty(), "{failed}");
    let files = files_under(&lake);
    let windows = files.iter().filter(|file| file.contains("connection_logs/")).count();
    assert!((96..=100).contains(&windows), "a day and the quarters of an hour that has begun: {files:?}");
    // Twelve hours and one, without six, of which one lacks an endpoint.
    let snapshots = 49 - 6;
    let of_endpoints = 3 * snapshots - 1;
    assert_eq!(
        files.iter().filter(|file| file.ends_with(".parquet")).count(),
        of_endpoints + 3 * snapshots + windows,
        "{files:?}"
    );
    for folder in [
        format!("connections {of_endpoints} objects"),
        format!("endpoints {snapshots} objects"),
        format!("authorization_rules {snapshots} objects"),
        format!("routes {snapshots} objects"),
        format!("runs {} objects", snapshots + 1),
    ] {
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(out.lines().any(|line| words(line).starts_with(&folder)), "{folder} is not in {out}");
    }
    let exhibit = directory.path().join("lake-exhibit");
    for claim in [
        "3 holes, over 105 minutes of the period",
        "Nothing changed  Shown.",
        "Clock            Shown.",
        &format!("Look at {}/report.html", exhibit.display()),
    ] {
        assert!(out.contains(claim), "{claim} is not in {out}");
    }
    let check = ["report", "--check", exhibit.to_str().unwrap()];
    let mut check_exhibit = command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:9");
    assert_eq!(check_exhibit.args(check).output().unwrap().status.code(), Some(0));

    let answer: Value = serde_json::from_slice(&run(&["--json"]).stdout).unwrap();
    assert!(answer["summary"]["people"].as_u64().unwrap() > 100, "{}", answer["summary"]);
    assert!(answer["summary"]["sessions_ended"].as_u64().unwrap() > 0, "{}", answer["summary"]);
    assert_eq!(answer["exhibit"], json!(format!("{}-2", exhibit.display())), "each run writes its own");
}

#[test]
fn the_demo_writes_to_a_directory_only() {
    let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:9");
    let output = command.args(["demo", "--lake", "s3://evidence"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--lake: found `s3://evidence`, allowed: a directory"));
}

#[test]
fn help_has_examples_and_exit_statuses() {
    for name in ["snapshot", "preflight", "demo"] {
        let output = command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:9")
            .args([name, "--help"])
            .output()
            .unwrap();
        let help = text(&output.stdout);
        assert!(help.contains("Example") && help.contains("Exit status: 0"), "{help}");
    }
    let output =
        command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:9").arg("seal").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "commands that do not work yet are absent");
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_says_what_it_covered_and_what_is_wrong() {
    let lake = SealedLake::in_a_directory().await;
    lake.seal_at(LATER).await;
    let run = |arguments: &[&str]| {
        let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:9");
        command
            .args(["verify", "--to", "2025-11-23T03", "--lake", &lake.location.to_string()])
            .args(arguments);
        let output = command.output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
    };
    let public = lake.keys.public();
    let with_the_key = ["--public-key", public.to_str().unwrap()];
    let (text, status) = run(&with_the_key);
    for part in [
        "2025-11-22T21",
        "2025-11-23T02",
        "Sealed as file:///",
        "No difference from what was sealed, in 63 objects (",
        "and 6 digests of ",
        "Signed: every",
    ] {
        assert!(text.contains(part) && status == 0, "{part} is not in {text}");
    }
    let (text, status) = run(&[]);
    assert!(
        text.contains("key unknown: digests/") && text.contains("Not tamper-evident") && status == 1,
        "{text}"
    );
    let key = lake.keys_of("connections").await[0].clone();
    lake.put(&key, b"other".to_vec()).await;
    let (text, status) = run(&with_the_key);
    assert!(text.contains(&format!("truncated: {key}\n    has 5 bytes")) && status == 1, "{text}");
    assert!(text.contains("1 fault in 63 objects"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_shows_the_name_of_a_copy_and_what_no_run_record_names() {
    let lake = SealedLake::in_a_directory().await;
    let run = lake.keys_of("runs").await[0].clone();
    let objects =
        [lake.keys_of("connections").await[0].clone(), lake.keys_of("connections").await[1].clone()];
    lake.delete(&run).await;
    lake.seal_at(LATER).await;
    let copy = tempfile::TempDir::new().unwrap();
    let moved = copy.path().join("moved");
    let original = lake.location.to_string();
    std::fs::rename(&original, &moved).unwrap();
    let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:9");
    command.args(["verify", "--to", "2025-11-23T03", "--lake", moved.to_str().unwrap()]);
    let output = command.args(["--public-key", lake.keys.public().to_str().unwrap()]).output().unwrap();
    std::fs::rename(&moved, &original).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    let name = std::fs::canonicalize(&original).unwrap();
    assert!(text.contains(&format!("Sealed as file://{}\n", name.display())), "{text}");
    assert!(text.contains("5 sealed objects without a run record"), "{text}");
    assert!(objects.iter().all(|key| text.contains(key)), "{text}");
}
