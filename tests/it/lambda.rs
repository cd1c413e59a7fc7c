//! The Lambda binary under an emulator of the Lambda runtime that we did not write.

use std::collections::BTreeMap;

use client_vpn_sim::{Authentication, Config, EndpointConfig, Fault, FaultKind};
use serde_json::{Value, json};

use crate::harness::emulator::{Emulator, Invoked};
use crate::harness::{World, fleet, minutes_ago, real_now};

/// The endpoint that the sample events name.
const ENDPOINT: &str = "cvpn-endpoint-0123456789abcdef0";

fn sample_fleet() -> Config {
    let endpoint = EndpointConfig {
        id: ENDPOINT.to_owned(),
        connections: 23,
        authentication: Authentication::Federated,
        posture: true,
    };
    Config { endpoints: vec![endpoint], ..fleet(0, 0) }
}

/// A sample of `events/`, with its placeholder filled in.
fn event(name: &str, time: &str) -> Value {
    let path = format!("{}/events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap().replace("<TIME>", time)).unwrap()
}

fn answer(invoked: Invoked) -> Value {
    match invoked {
        Invoked::Answer(answer) => answer,
        Invoked::Failed(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda and Python")]
async fn every_sample_event_is_answered() {
    let world = World::new(sample_fleet()).await;
    let emulator = Emulator::start(&world.simulator.url(), &world.variables(&[]));
    for (name, minutes, outcome, rows) in [
        ("scheduled-event", 45, "complete", 23),
        ("snapshot", 30, "complete", 23),
        ("snapshot-by-hand", 15, "partial", 0),
        ("snapshot-resumed", 0, "partial", 20),
    ] {
        let time = minutes_ago(minutes);
        let answer = answer(emulator.invoke(&event(name, &time)));
        assert_eq!(answer["snapshot_time"], json!(time), "{name}");
        assert_eq!(answer["targets"][0]["outcome"], json!(outcome), "{name}");
        assert_eq!(answer["targets"][0]["rows"], json!(rows), "{name}");
    }
    let unsealed = World::new(sample_fleet()).await;
    let emulator = Emulator::start(&unsealed.simulator.url(), &unsealed.variables(&[]));
    let sealed = answer(emulator.invoke(&event("seal", "")));
    assert_eq!(sealed["sealed"][0]["digests"], json!(1), "an hour in which nothing was recorded");
    // Nothing is on record of a configured endpoint, today and yesterday.
    assert!(sealed["oldest_complete_age_minutes"].as_u64().unwrap() >= 24 * 60, "{sealed}");
    let samples = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/events")).unwrap().count();
    assert_eq!(samples, 4 + 1 + 1 + 1 + 1, "every sample is invoked here");
    let logs = answer(emulator.invoke(&event("logs", "")));
    assert_eq!(logs["run_keys"], json!([]), "no log group is allowed: {logs}");
    let planned = answer(emulator.invoke(&event("plan", &real_now())));
    assert_eq!(planned["batches"].as_array().unwrap().len(), 1, "{planned}");
    let preflight = answer(emulator.invoke(&event("preflight", "")));
    assert_eq!(preflight["checks"][0]["ok"], json!(true), "{preflight}");
    let checked = world.check();
    // The resumed capture skips the three rows that its token says were written.
    assert_eq!((checked.served, checked.connections, checked.partials), (69, 46, 20));
    assert_eq!(checked.problems, Vec::<String>::new());
    let files = world.files();
    assert_eq!(files.iter().filter(|file| file.starts_with("runs/")).count(), 4, "{files:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda")]
async fn the_log_is_json_with_a_line_for_each_target_and_metrics_of_the_run() {
    let (bad, lines) = log_of_a_snapshot_with_a_failed_target(&[]).await;
    let metrics: Vec<&Value> = lines.iter().filter(|line| line.get("_aws").is_some()).collect();
    assert_eq!(metrics.len(), 1, "{lines:?}");
    assert_eq!(definition(metrics[0]), (json!("ClientVpnAudit"), json!([["Stack"]]), json!("vpn-audit")));
    let of_run = [
        ("ActiveConnections", metrics[0]["ActiveConnections"].clone()),
        ("CompleteEndpoints", json!(1)),
        ("FailedTargets", json!(1)),
        ("UnparsedValues", json!(0)),
    ];
    assert_eq!(values(metrics[0]), of_run.map(|(name, value)| (name.to_owned(), value)).into());
    let targets: Vec<&Value> = lines.iter().filter(|line| line.get("CaptureMillis").is_some()).collect();
    assert_eq!(targets.len(), 2, "{lines:?}");
    assert_eq!(targets[0]["ActiveConnections"], metrics[0]["ActiveConnections"], "the other is not complete");
    assert!(targets[0]["ActiveConnections"].as_u64().unwrap() > 0);
    assert_eq!(
        ["Stack", "Rows", "Pages", "CompleteSnapshots"].map(|name| targets[0][name].clone()),
        [json!("vpn-audit"), json!(23), json!(5), json!(1)]
    );
    assert_eq!(
        ["EndpointId", "Rows", "CompleteSnapshots", "ActiveConnections"].map(|name| targets[1][name].clone()),
        [json!(bad), json!(5), json!(0), Value::Null],
        "a listing cut short has no number of active connections"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda")]
async fn each_target_has_metrics_if_that_is_set() {
    let (bad, lines) = log_of_a_snapshot_with_a_failed_target(&[("AUDIT_ENDPOINT_METRICS", "true")]).await;
    let metrics: Vec<&Value> = lines.iter().filter(|line| line.get("_aws").is_some()).collect();
    assert_eq!(metrics.len(), 3, "{lines:?}");
    let target = ["Stack", "AccountId", "Region", "EndpointId"];
    for (metric, dimensions) in metrics.iter().zip([target.as_slice(), &target, &target[..1]]) {
        let expected = (json!("ClientVpnAudit"), json!([dimensions]), json!("vpn-audit"));
        assert_eq!(definition(metric), expected);
    }
    let names: Vec<String> = values(metrics[0]).into_keys().collect();
    assert_eq!(
        names,
        ["ActiveConnections", "CaptureMillis", "CompleteSnapshots", "Pages", "Rows", "UnparsedValues"]
    );
    let cut = values(metrics[1]);
    assert_eq!((&cut["Rows"], &cut["CompleteSnapshots"]), (&json!(5), &json!(0)));
    assert!(!cut.contains_key("ActiveConnections"), "a listing cut short has no such number");
    assert_eq!(metrics[1]["EndpointId"], json!(bad));
}

/// Captures two endpoints, the second of which fails at its second page. Returns its id and the lines of the log.
async fn log_of_a_snapshot_with_a_failed_target(more: &[(&str, &str)]) -> (String, Vec<Value>) {
    let world = World::new(fleet(2, 23)).await;
    let bad = world.simulator.endpoint_ids()[1].clone();
    world.simulator.inject(Fault {
        first: 2,
        last: usize::MAX,
        ..Fault::always(FaultKind::InternalError).at(&bad)
    });
    let given = [[("AUDIT_PAGE_SIZE", "5"), ("AUDIT_STACK", "vpn-audit")].as_slice(), more].concat();
    let emulator = Emulator::start(&world.simulator.url(), &world.variables(&given));
    let Invoked::Failed(error) = emulator.invoke(&json!({"action": "snapshot"})) else {
        panic!("an invocation with a failed target must fail");
    };
    assert!(error.contains("TargetsFailed") && error.contains("1 of 2 targets failed"), "{error}");
    assert!(error.contains(&bad) && error.contains("InternalError"), "{error}");
    let lines = emulator.log().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (bad, lines)
}

/// The namespace, the dimensions and the stack of a metric.
fn definition(metric: &Value) -> (Value, Value, Value) {
    let definition = &metric["_aws"]["CloudWatchMetrics"][0];
    (definition["Namespace"].clone(), definition["Dimensions"].clone(), metric["Stack"].clone())
}

/// The names of a line that CloudWatch takes for metrics, with their values.
fn values(line: &Value) -> BTreeMap<String, Value> {
    let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
    let names = metrics.iter().map(|metric| metric["Name"].as_str().unwrap());
    names.map(|name| (name.to_owned(), line[name].clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda")]
async fn an_event_that_is_refused_has_a_stable_error_type() {
    let world = World::new(fleet(1, 5)).await;
    let emulator = Emulator::start(&world.simulator.url(), &world.variables(&[]));
    for (payload, parts) in [
        (json!({}), ["InvalidEvent", "is empty"]),
        (
            json!({"action": "erase"}),
            ["InvalidEvent", "action: found a text of 5 characters, allowed: `snapshot`,"],
        ),
        (
            json!({"action": "snapshot", "page_size": 4, "page": 1}),
            ["field: found `page`, allowed: action, time", "page_size: found a number, allowed: a whole"],
        ),
    ] {
        let Invoked::Failed(error) = emulator.invoke(&payload) else { panic!("{payload} was accepted") };
        for part in parts {
            assert!(error.contains(part), "{part} is not in {error}");
        }
    }
    // The process has lived through all of them.
    assert_eq!(
        answer(emulator.invoke(&json!({"action": "snapshot"})))["targets"][0]["outcome"],
        json!("complete")
    );
    assert_eq!(world.files().len(), 5, "connections, three tables with configuration, and a record");
}
