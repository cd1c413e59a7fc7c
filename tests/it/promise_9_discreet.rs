//! Discreet: names and addresses of people are in the evidence and nowhere else: not in logs, metrics, errors, answers
//! or the ledger.

use client_vpn_audit::invocation::settings::SETTINGS;
use client_vpn_sim::{Connection, ConnectionStatus, Fault, FaultKind};
use serde_json::{Value, json};

use crate::harness::emulator::{Emulator, Invoked};
use crate::harness::stub::Stub;
use crate::harness::{World, command, command_line, fleet, real_now};

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
        // A value that cannot be typed is kept in the evidence, and must not leak on its way there.
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
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda and Python")]
async fn markers_are_in_the_evidence_and_nowhere_else() {
    let world = World::new(fleet(3, 5)).await;
    let ids = world.simulator.endpoint_ids();
    world.simulator.inject(Fault::always(FaultKind::Custom { connections: vec![marked()] }).at(&ids[0]));
    world.simulator.inject(Fault::always(FaultKind::MalformedXml).at(&ids[1]));
    world.simulator.inject(Fault::always(FaultKind::CutBody).at(&ids[2]));
    for id in &ids {
        world.simulator.change_access(id, |access| {
            access.rules.iter_mut().for_each(|rule| {
                (rule.description, rule.group_id) =
                    (Some("marker-rule".to_owned()), Some("marker-group".to_owned()));
            });
            access.routes.iter_mut().for_each(|route| route.description = Some("marker-route".to_owned()));
            access.policy = Some(client_vpn_sim::AuthorizationPolicy {
                document: "marker-policy".to_owned(),
                description: Some("marker-policy".to_owned()),
                is_shadow: false,
                status: "marker-status".to_owned(),
            });
        });
    }
    let mut variables = world.variables(&[]);
    variables.push(("RUST_BACKTRACE".to_owned(), "full".to_owned()));
    // A user of the Lambda who asks for all that can be logged.
    variables.push(("RUST_LOG".to_owned(), "trace".to_owned()));
    variables.push(("AWS_LAMBDA_LOG_LEVEL".to_owned(), "TRACE".to_owned()));
    let emulator = Emulator::start(&world.simulator.url(), &variables);
    for payload in [
        json!({"action": "snapshot", "time": real_now()}),
        json!({"action": "snapshot", "time": real_now(), "filters": {"username": [MARKERS[0]]}}),
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
    for marker in ["marker-rule", "marker-group", "marker-route", "marker-policy"] {
        let of_configuration =
            ["endpoints", "authorization_rules", "routes"].map(|table| read[table].to_string());
        assert!(of_configuration.concat().contains(marker), "{marker} is not in the evidence");
    }
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
    for url in [quoting.url(), "http://127.0.0.1:9"] {
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

/// A person's name where it does not belong, in each field of an event.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda")]
async fn a_name_in_a_wrong_event_is_in_no_log_and_no_answer() {
    let world = World::new(fleet(1, 5)).await;
    let emulator = Emulator::start(&world.simulator.url(), &world.variables(&[]));
    let name = MARKERS[0];
    for payload in [
        json!({"action": name}),
        json!({"action": "snapshot", name: name}),
        json!({"action": "snapshot", "time": name}),
        json!({"action": "snapshot", "targets": name}),
        json!({"action": "snapshot", "targets": [name, format!("arn:aws:ec2:{name}")]}),
        json!({"action": "snapshot", "filters": name}),
        json!({"action": "snapshot", "filters": {name: [name]}}),
        json!({"action": "snapshot", "filters": {"username": name, "connection-id": [{"of": name}]}}),
        json!({"action": "snapshot", "page_size": name, "max_items": name, "starting_token": name}),
        json!({"action": "plan", "time": name}),
        json!({"action": "preflight", name: 1}),
        json!({"action": "seal", "hour": name}),
        json!({"detail-type": name, "time": name}),
        json!(name),
    ] {
        match emulator.invoke(&payload) {
            Invoked::Answer(answer) => panic!("{payload}: {answer}"),
            Invoked::Failed(error) => {
                assert!(error.contains("InvalidEvent"), "{error}");
                assert_discreet("the error", &error);
            }
        }
    }
    assert_discreet("the log", &emulator.log());
    assert_eq!(world.files(), Vec::<String>::new());
}

/// The same in each setting, and in the SDK's.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda")]
async fn a_name_in_a_wrong_setting_is_in_no_log_and_no_answer() {
    let world = World::new(fleet(1, 5)).await;
    let mut variables = world.variables(&[]);
    for setting in SETTINGS {
        let value = match setting.name {
            "AUDIT_LAKE" => format!("gs://{}", MARKERS[0]),
            "AUDIT_MEMBER_ROLE" | "AUDIT_KMS_KEY" | "AUDIT_EXTERNAL_ID" => format!("no form {}", MARKERS[0]),
            _ => MARKERS[0].to_owned(),
        };
        variables.push((setting.name.to_owned(), value));
    }
    let sdk = ["AWS_PROFILE", "AWS_USE_FIPS_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN"];
    variables.extend(sdk.map(|name| (name.to_owned(), format!("no form {}", MARKERS[0]))));
    // Variables that the SDK ignores and would log.
    let ignored =
        ["AWS_SDK_UA_APP_ID", "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "AWS_AUTH_SCHEME_PREFERENCE"];
    let ignored = ignored.map(|name| (name.to_owned(), MARKERS[0].to_owned()));
    variables.extend(ignored.clone());
    let emulator = Emulator::start(&world.simulator.url(), &variables);
    let Invoked::Failed(error) = emulator.invoke(&json!({"action": "preflight"})) else {
        panic!("wrong settings were accepted");
    };
    for name in SETTINGS.iter().map(|setting| setting.name).chain(sdk) {
        assert!(error.contains(name), "{name} is not in {error}");
    }
    assert_discreet("the error", &error);
    assert_discreet("the log", &emulator.log());

    let variables: Vec<_> = world.variables(&[]).into_iter().chain(ignored).collect();
    let emulator = Emulator::start(&world.simulator.url(), &variables);
    let Invoked::Answer(_) = emulator.invoke(&json!({"action": "snapshot"})) else {
        panic!("{}", emulator.log())
    };
    assert_discreet("the log", &emulator.log());
}

/// Whoever wrote a value sees it again on the command line, if it can be the name of nobody.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_quotes_no_filter_and_no_token() {
    let world = World::new(fleet(1, 5)).await;
    for (flag, value, quotes) in [
        ("--target", MARKERS[0], true),
        ("--time", MARKERS[0], true),
        ("--page-size", MARKERS[0], true),
        ("--starting-token", MARKERS[0], false),
        ("--filter", MARKERS[0], false),
        ("--filter", "status=marker-user@corp.example", false),
    ] {
        let lake = world.lake().display().to_string();
        let target = world.simulator.endpoint_ids()[0].clone();
        let output = command_line(&world, &["snapshot", "--lake", &lake, "--target", &target, flag, value]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert_eq!(error.contains("marker"), quotes, "{flag} {value}: {error}");
    }
}
