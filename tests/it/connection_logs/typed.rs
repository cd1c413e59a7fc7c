//! The rows of events, held against readers that no one here wrote: boto3 lists the same windows, and Python types them once more.

use std::collections::BTreeSet;

use client_vpn_audit::clock::Clock;
use client_vpn_sim::{Config, Fault, FaultKind, FaultyAction, TimeSource};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{ACCOUNT, GROUP, PATTERN, REGION, config, read};
use crate::harness::moto::Moto;
use crate::harness::{World, command, python};

/// Compares the lake with CloudWatch Logs at this address, by Python.
fn checked(url: &str, lake: &str) -> Value {
    let arn = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}");
    let checked = python(
        "check_connection_logs.py",
        &["--endpoint-url", url, "--region", REGION, "--group", &arn, lake],
        &[],
    );
    assert_eq!(checked["differences"], json!([]));
    checked
}

fn texts(list: &Value) -> BTreeSet<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn each_event_is_typed_as_an_independent_reader_types_it() {
    for (case, is_odd) in [("ordinary", false), ("odd", true)] {
        let world = World::new(Config { region: REGION.to_owned(), ..config(6) }).await;
        if is_odd {
            world.simulator.inject_into(FaultyAction::FilterLogEvents, Fault::always(FaultKind::OddValues));
        }
        read(&world, &[]).await;
        let checked = checked(&world.simulator.url(), world.lake().to_str().unwrap());
        assert_eq!(checked["windows"], 98, "{case}");
        assert!(checked["rows"].as_u64().unwrap() > 98, "{case}: {checked}");
        let columns = texts(&checked["columns"]);
        for column in ["port", "device_ip", "policy_result", "device_token_status", "connection_end_time"] {
            assert!(columns.contains(column), "{case}: no {column}");
        }
        let unparsed = texts(&checked["unparsed"]);
        let odd =
            ["message", "note", "note#length", "username", "ingress-bytes", "port", "client-vpn-colour"];
        assert_eq!(odd.iter().all(|key| unparsed.contains(key)), is_odd, "{case}: {unparsed:?}");
    }
}

/// moto plays CloudWatch Logs, and has the sample events of AWS's documentation.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs moto and Python")]
async fn the_sample_events_of_aws_are_read_from_a_server_that_no_one_here_wrote() {
    let (world, moto) = (World::new(Config { time: TimeSource::System, ..config(1) }).await, Moto::start());
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/connection-log-events.jsonl");
    let time = (Clock::system().now() - SignedDuration::from_hours(3)).as_millisecond().to_string();
    let place = ["--endpoint-url", &moto.url(), "--region", REGION, "--group", GROUP];
    let put = python("put_log_events.py", &[&place[..], &["--time", &time, samples]].concat(), &[]);
    assert_eq!(put, 4);

    let output = command(env!("CARGO_BIN_EXE_client-vpn-audit"), &world.simulator.url())
        .args(["logs", "--json", "--target", "*", "--log-group", PATTERN, "--account-id", ACCOUNT])
        .args(["--lake", world.lake().to_str().unwrap()])
        .envs([("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", moto.url()), ("AWS_REGION", REGION.to_owned())])
        .output()
        .unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.status.success(), "{answer}");

    let checked = checked(&moto.url(), world.lake().to_str().unwrap());
    assert_eq!((&checked["rows"], &checked["unparsed"]), (&json!(4), &json!([])));
    let columns = texts(&checked["columns"]);
    let absent = [
        "client_ipv6_address",
        "connection_reset_status",
        "policy_context",
        "posture_compliance_statuses",
        "unparsed",
    ];
    assert!(absent.iter().all(|column| !columns.contains(column)), "{columns:?}");
    assert_eq!(columns.len(), 30, "every other column: {columns:?}");
}
