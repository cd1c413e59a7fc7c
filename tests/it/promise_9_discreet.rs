//! Discreet: names and addresses of people are in the evidence and nowhere else: not in logs, metrics, errors, answers
//! or the ledger.

use client_vpn_sim::{Connection, ConnectionStatus, Fault, FaultKind};
use serde_json::{Value, json};

use crate::harness::emulator::{Emulator, Invoked};
use crate::harness::stub::Stub;
use crate::harness::{NOW, World, command, command_line, fleet};

const MARKERS: [&str; 6] = [
    "marker-user@corp.example",
    "marker-common-name",
    "10.99.98.97",
    "fd00:dead:beef::97",
    "marker-status-message",
    "marker-posture",
];

fn marked() -> Connection {
    let text = |text: &str| Some(text.to_owned());
    Connection {
        connection_id: text("cvpn-connection-0123456789abcdef0"),
        username: text(MARKERS[0]),
        common_name: text(MARKERS[1]),
        client_ip: text(MARKERS[2]),
        client_ipv6_address: text(MARKERS[3]),
        status: Some(ConnectionStatus { code: text("active"), message: text(MARKERS[4]) }),
        posture_compliance_statuses: Some(vec![MARKERS[5].to_owned()]),
        // What cannot be typed is kept in the evidence, and must not leak on its way there.
        ingress_bytes: text("marker-common-name"),
        connection_end_time: text("marker-user@corp.example"),
        ..Connection::default()
    }
}

fn assert_discreet(what: &str, text: &str) {
    assert!(!text.is_empty(), "{what} is empty: nothing was looked at");
    for marker in MARKERS.into_iter().chain(["marker"]) {
        assert!(!text.contains(marker), "{what} has {marker}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn markers_are_in_the_evidence_and_nowhere_else() {
    let world = World::new(fleet(3, 5)).await;
    let ids = world.simulator.endpoint_ids();
    world.simulator.inject(Fault::always(FaultKind::Custom { connections: vec![marked()] }).at(&ids[0]));
    world.simulator.inject(Fault::always(FaultKind::MalformedXml).at(&ids[1]));
    world.simulator.inject(Fault::always(FaultKind::CutBody).at(&ids[2]));
    let mut variables = world.variables(&[]);
    variables.push(("RUST_BACKTRACE".to_owned(), "full".to_owned()));
    // A user of the Lambda who asks for all that can be logged.
    variables.push(("RUST_LOG".to_owned(), "trace".to_owned()));
    variables.push(("AWS_LAMBDA_LOG_LEVEL".to_owned(), "TRACE".to_owned()));
    let emulator = Emulator::start(&world.simulator.url(), &variables);
    for payload in [
        json!({"action": "snapshot", "time": NOW}),
        json!({"action": "snapshot", "time": NOW, "filters": {"username": [MARKERS[0]]}}),
        json!({"action": "snapshot", "filters": {"username": MARKERS[0], "connection-id": [MARKERS[0], 5]}}),
        json!({"action": "preflight"}),
    ] {
        match emulator.invoke(&payload) {
            Invoked::Answer(answer) => assert_discreet("the answer", &answer.to_string()),
            Invoked::Failed(error) => assert_discreet("the error", &error),
        }
    }
    assert_discreet("the log", &emulator.log());
    assert!(emulator.log().contains("ActiveConnections"), "the log has the metrics: {}", emulator.log());

    let lake = world.lake().display().to_string();
    for json in [&[][..], &["--json"]] {
        let arguments = [
            "snapshot",
            "--lake",
            &lake,
            "--target",
            &ids[0],
            "--filter",
            "username=marker-user@corp.example",
        ];
        let output = command_line(&world, &[&arguments[..], json].concat());
        assert_discreet(
            "the command line",
            &String::from_utf8_lossy(&[output.stdout, output.stderr].concat()),
        );
    }

    let read = world.read();
    let rows: Vec<&Value> = read["connections"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|object| object["rows"].as_array().unwrap())
        .collect();
    assert_eq!(rows.len(), 1);
    let row = rows[0].to_string();
    for marker in MARKERS {
        assert!(row.contains(marker), "{marker} is not in the evidence: {row}");
    }
    assert_eq!(rows[0]["unparsed"], json!({"ingressBytes": MARKERS[1], "connectionEndTime": MARKERS[0]}));
    assert_discreet("the ledger", &read["runs"].to_string());
    for file in world.files() {
        assert_discreet("a key", &file);
    }
}

/// EC2 may quote what was filtered by, and the SDK prints whole requests.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_does_not_repeat_the_name_that_was_filtered_by() {
    let answer = "<Response><Errors><Error><Code>InvalidParameterValue</Code><Message>Value (marker-user) for filter is \
                  invalid</Message></Error></Errors><RequestID>r</RequestID></Response>";
    let quoting = Stub::start(&[(400, answer)]).await;
    for url in [quoting.url(), "nonsense", "http://127.0.0.1:9"] {
        let directory = tempfile::TempDir::new().unwrap();
        let output = command(env!("CARGO_BIN_EXE_client-vpn-audit"), url)
            .args([
                "snapshot",
                "--json",
                "--account-id",
                "123456789012",
                "--target",
                "cvpn-endpoint-0123456789abcdef0",
            ])
            .args(["--filter", "username=marker-user", "--lake", directory.path().to_str().unwrap()])
            .env("AUDIT_MAX_ATTEMPTS", "1")
            .output()
            .unwrap();
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{out}");
        assert!(out.contains("\"outcome\":\"failed\""), "{out}");
        assert_discreet("the answer", &out);
        assert!(!out.contains("DispatchFailure"), "words for people: {out}");
    }
}
