//! Settings, events and flags that are wrong: every fault in one answer, and nothing is written.

mod sdk;

use client_vpn_audit::invocation::handler::InvocationError;
use serde_json::{Value, json};

use crate::harness::emulator::{Emulator, Invoked};
use crate::harness::seaweed::Seaweed;
use crate::harness::{World, command, command_line, fleet, minutes_ago, try_snapshot};

/// Standard output and error, and the exit status.
fn run(world: &World, arguments: &[&str]) -> (String, String, i32) {
    let output = command_line(world, arguments);
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_are_refused_together_by_name_value_and_what_is_allowed() {
    let world = World::new(fleet(1, 5)).await;
    let (_, err, status) = run(
        &world,
        &[
            "snapshot",
            "--lake",
            "gs://evidence",
            "--target",
            "cvpn-endpoint-1",
            "--target",
            "arn:aws:s3:::bucket",
            "--target",
            "arn:aws:ec2:*:*:client-vpn-endpoint/cvpn-endpoint-01234567",
            "--account-id",
            "1",
            "--page-size",
            "1001",
            "--max-items",
            "0",
            "--time",
            "noon",
            "--starting-token",
            "x",
            "--filter",
            "status=active",
            "--filter",
            "username",
        ],
    );
    assert_eq!(status, 2, "{err}");
    for part in [
        "--lake (AUDIT_LAKE): found `gs://evidence`",
        "--target (AUDIT_TARGETS): found `cvpn-endpoint-1`",
        "--target (AUDIT_TARGETS): found `arn:aws:s3:::bucket`",
        "--target (AUDIT_TARGETS): found `arn:aws:ec2:*:*:client-vpn-endpoint/cvpn-endpoint-01234567`, allowed: an endpoint's id with its own",
        "--account-id (AUDIT_ACCOUNT_ID): found `1`",
        "--page-size: found `1001`, allowed: a whole number from 5 to 1000",
        "--max-items: found `0`",
        "--time: found `noon`",
        "--starting-token: found a text of 1 character, allowed: a resume_token",
        "--filter: found `status`, allowed: connection-id, username",
        "--filter: must be NAME=VALUE",
    ] {
        assert!(err.contains(part), "{part} is not in {err}");
    }
    assert_eq!(world.simulator.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_alone_is_refused_too() {
    let world = World::new(fleet(1, 5)).await;
    let lake = world.lake().display().to_string();
    let id = world.simulator.endpoint_ids()[0].clone();
    let other_account = format!("arn:aws:ec2:eu-central-1:999999999999:client-vpn-endpoint/{id}");
    let other_partition = format!("arn:aws-cn:ec2:us-east-1:123456789012:client-vpn-endpoint/{id}");
    let good = ["snapshot", "--lake", &lake, "--account-id", "123456789012"];
    for (more, part) in [
        (&[][..], "AUDIT_TARGETS): is not set"),
        (&["--target", &id, "--target", &id], "each endpoint once"),
        (&["--target", &other_account], "AUDIT_MEMBER_ROLE must name the role to assume there"),
        (&["--target", &other_partition], "the partition aws, in which its Region lies"),
        (&["--target", &id, "--page-size", "4"], "found `4`"),
        (&["--target", &id, "--page-size", "abc"], "found `abc`"),
        (&["--target", &id, "--time", "2126-01-01T00:00:00Z"], "lies in the future"),
        (&["--target", &id, "--region", "Frankfurt"], "--region (AWS_REGION): found `Frankfurt`"),
    ] {
        let (out, err, status) = run(&world, &[&good[..], more].concat());
        assert_eq!(status, 2, "{more:?}: {err}");
        assert!(err.contains(part), "{part} is not in {err}");
        assert_eq!(out, "", "{more:?}");
        let (out, err, status) = run(&world, &[&good[..], more, &["--json"]].concat());
        let answer: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((status, err.as_str()), (2, ""), "{more:?}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(part), "{answer}");
    }
    let both = ["--target", other_account.as_str(), "--page-size", "4"];
    let (_, err, status) = run(&world, &[&good[..], &both].concat());
    assert_eq!(status, 2);
    for part in ["AUDIT_MEMBER_ROLE must name the role to assume there", "--page-size: found `4`"] {
        assert!(err.contains(part), "{part} is not in {err}");
    }
    let (_, err, status) = run(&world, &["snapshot", "--no-such-flag"]);
    assert_eq!(status, 2, "{err}");
    assert_eq!(world.files(), Vec::<String>::new());
    assert_eq!(world.simulator.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_refused_before_anything_is_read() {
    let world = World::new(fleet(2, 5)).await;
    let auditor = world.auditor(&[]);
    let ids = world.simulator.endpoint_ids();
    let token = r#"{"e":"cvpn-endpoint-fffffffffffffffff","t":null,"s":0,"p":5}"#;
    let token = base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, token);
    for (fields, part) in [
        (json!({"targets": [ids[0], ids[0]]}), "each endpoint once"),
        (json!({"targets": []}), "at least one"),
        (json!({"starting_token": token}), "goes with one target"),
        (
            json!({"targets": [ids[0]], "starting_token": token}),
            "this one is of cvpn-endpoint-fffffffffffffffff",
        ),
        (json!({"max_item": 5}), "field: found `max_item`"),
        (
            json!({"action": "delete"}),
            "action: found a text of 6 characters, allowed: `snapshot`, `preflight`, `plan`, `logs`, `seal`",
        ),
    ] {
        let error = try_snapshot(&auditor, fields.clone()).await.unwrap_err();
        assert!(matches!(error, InvocationError::InvalidEvent(_)), "{fields}: {error:?}");
        assert!(error.to_string().contains(part), "{part} is not in {error}");
    }
    assert_eq!(world.files(), Vec::<String>::new());
    assert_eq!(world.simulator.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda")]
async fn a_lambda_with_wrong_settings_says_so_on_every_invocation() {
    let world = World::new(fleet(1, 5)).await;
    let variables = [("AUDIT_LAKE", "evidence://x"), ("AUDIT_PAGE_SIZE", "abc"), ("AUDIT_TARGTS", "typo")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let emulator = Emulator::start(&world.simulator.url(), &variables);
    for _ in 0..2 {
        let Invoked::Failed(error) = emulator.invoke(&json!({"action": "preflight"})) else {
            panic!("wrong settings were accepted");
        };
        for part in [
            "InvalidSettings",
            "AUDIT_TARGETS: is not set",
            "AUDIT_LAKE: found",
            "AUDIT_PAGE_SIZE: found a text of 3 characters",
            "AUDIT_TARGTS",
        ] {
            assert!(error.contains(part), "{part} is not in {error}");
        }
    }
    assert_eq!(world.simulator.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs SeaweedFS")]
async fn a_bucket_that_is_missing_or_refuses_costs_no_reading() {
    let seaweed = Seaweed::shared();
    let bucket = seaweed.bucket().await;
    let world = World::new(fleet(2, 5)).await;
    let targets = world.simulator.endpoint_ids().join(",");
    for (lake, key, secret, part) in [
        (
            "s3://no-such-bucket/vpn".to_owned(),
            "test",
            "testsecret",
            "the bucket no-such-bucket does not exist",
        ),
        (format!("s3://{bucket}/vpn"), "denied", "deniedsecret", "the permission s3:PutObject on arn:"),
    ] {
        let output = command(env!("CARGO_BIN_EXE_client-vpn-audit"), &world.simulator.url())
            .args(["snapshot", "--account-id", "123456789012", "--lake", &lake])
            .env("AUDIT_TARGETS", &targets)
            .env("AWS_ENDPOINT_URL_S3", seaweed.url())
            .env("AWS_ACCESS_KEY_ID", key)
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(part), "{part} is not in {text}");
        assert!(text.contains(lake.trim_start_matches("s3://").split('/').next().unwrap()), "{text}");
        let (checks, status) = preflight(&world, &seaweed, &lake, [key, secret]);
        assert_eq!(status, 1, "{checks}");
        assert!(checks.contains(part), "{checks}");
    }
    assert_eq!(world.simulator.served().len(), 0, "no page was read that could not be kept");
}

fn preflight(world: &World, seaweed: &Seaweed, lake: &str, [key, secret]: [&str; 2]) -> (String, i32) {
    let output = command(env!("CARGO_BIN_EXE_client-vpn-audit"), &world.simulator.url())
        .args(["preflight", "--json", "--account-id", "123456789012", "--lake", lake])
        .env("AUDIT_TARGETS", world.simulator.endpoint_ids().join(","))
        .env("AWS_ENDPOINT_URL_S3", seaweed.url())
        .env("AWS_ACCESS_KEY_ID", key)
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .output()
        .unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code().unwrap())
}

/// Amazon EventBridge User Guide, "Event structure reference": what somebody tries a function with.
fn awss_own_sample() -> Value {
    json!({
        "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event",
        "source": "aws.events", "account": "123456789012", "time": "2019-03-01T01:23:45Z", "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:123456789012:rule/MyScheduledRule"], "detail": {},
    })
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda")]
async fn a_time_that_is_over_makes_no_evidence() {
    let world = World::new(fleet(1, 5)).await;
    let emulator = Emulator::start(&world.simulator.url(), &world.variables(&[]));
    let too_old = minutes_ago(61);
    for payload in [
        awss_own_sample(),
        json!({"action": "snapshot", "time": too_old}),
        json!({"action": "snapshot", "time": minutes_ago(-2)}),
        json!({"action": "plan", "time": too_old}),
        json!({"action": "snapshot", "time": "<TIME>"}),
    ] {
        let Invoked::Failed(error) = emulator.invoke(&payload) else { panic!("{payload} was accepted") };
        for part in
            ["InvalidEvent", "time: found a text of", "at most 60 minutes in the past and 60 seconds ahead"]
        {
            assert!(error.contains(part), "{payload}: {part} is not in {error}");
        }
    }
    for time in ["2019-03-01T01:23:45Z", &too_old] {
        let lake = world.lake().display().to_string();
        let target = world.simulator.endpoint_ids()[0].clone();
        let (_, error, status) =
            run(&world, &["snapshot", "--lake", &lake, "--target", &target, "--time", time]);
        assert_eq!(status, 2, "{error}");
        for part in [&format!("--time: found `{time}`"), "take a snapshot without `time`; the hole stays"] {
            assert!(error.contains(part), "{part} is not in {error}");
        }
    }
    assert_eq!((world.files(), world.simulator.requests()), (Vec::new(), 0));
    let young = json!({"action": "snapshot", "time": minutes_ago(59)});
    for outcome in ["complete", "already_captured"] {
        let Invoked::Answer(answer) = emulator.invoke(&young) else { panic!("{}", emulator.log()) };
        assert_eq!(answer["targets"][0]["outcome"], json!(outcome), "a retry within the hour is one");
    }
}
