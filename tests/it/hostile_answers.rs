//! Answers of EC2 that are of another shape, or odd, or without end: the first are refused and never read as an empty listing, the
//! second keep their rows, and the third meet a limit. The same for every listing.

mod configuration;
mod limits;

use std::collections::BTreeSet;

use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::capture::run::Report;
use client_vpn_audit::invocation::handler::Auditor;
use client_vpn_audit::invocation::settings::Settings;
use client_vpn_audit::lake::keys::ConfigurationTable;
use client_vpn_audit::lake::ledger::ConfigurationEntry;
use serde_json::{Value, json};

use crate::harness::stub::Stub;
use crate::harness::{World, error_codes, fleet, outcomes, sdk_config, snapshot};

const ENDPOINT_A: &str = "cvpn-endpoint-0000000000000000a";
const ENDPOINT_B: &str = "cvpn-endpoint-0000000000000000b";

const LISTINGS: [(&str, &str); 5] = [
    ("DescribeClientVpnConnections", "connections"),
    ("DescribeClientVpnEndpoints", "clientVpnEndpoint"),
    ("DescribeClientVpnTargetNetworks", "clientVpnTargetNetworks"),
    ("DescribeClientVpnAuthorizationRules", "authorizationRule"),
    ("DescribeClientVpnRoutes", "routes"),
];

const POLICY: &str = "GetClientVpnEndpointAuthorizationPolicy";
const REVOCATION_LIST: &str = "ExportClientVpnClientCertificateRevocationList";

/// An answer of EC2 that refuses a request, with a name in it.
const REFUSAL: &str = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>maria</Message></Error></Errors>\
     <RequestID>refused</RequestID></Response>";

/// An EC2 that answers as it should, for two endpoints: their connections, their configuration, and one network, one rule and one
/// route for each.
struct Ec2 {
    /// The answers to the operations of [`LISTINGS`].
    listings: [Vec<u8>; 5],
    /// An action that answers otherwise for B.
    of_b: Option<(&'static str, u16, Vec<u8>)>,
}

fn answer(operation: usize, content: &str) -> Vec<u8> {
    document(LISTINGS[operation].0, content)
}

fn document(action: &str, content: &str) -> Vec<u8> {
    format!("<{action}Response>{content}</{action}Response>").into_bytes()
}

fn policy_of(id: &str, content: &str) -> Vec<u8> {
    document(
        POLICY,
        &format!("<requestId>r</requestId><clientVpnEndpointId>{id}</clientVpnEndpointId>{content}"),
    )
}

fn list_of(operation: usize, items: &str) -> Vec<u8> {
    let (_, list) = LISTINGS[operation];
    answer(operation, &format!("<requestId>r</requestId><{list}>{items}</{list}>"))
}

fn endpoint(id: &str, more: &str) -> String {
    format!(
        "<item><clientVpnEndpointId>{id}</clientVpnEndpointId><status><code>available</code></status>{more}</item>"
    )
}

impl Ec2 {
    fn new() -> Ec2 {
        let row = "<item><destinationCidr>10.0.0.0/8</destinationCidr></item>";
        Ec2 {
            listings: [
                list_of(0, "<item><connectionId>c</connectionId></item>"),
                list_of(1, &[endpoint(ENDPOINT_A, ""), endpoint(ENDPOINT_B, "")].concat()),
                list_of(2, "<item><targetNetworkId>subnet-1</targetNetworkId></item>"),
                list_of(3, row),
                list_of(4, row),
            ],
            of_b: None,
        }
    }

    /// The same with another answer to one operation.
    fn with(operation: usize, body: Vec<u8>) -> Ec2 {
        let mut ec2 = Ec2::new();
        ec2.listings[operation] = body;
        ec2
    }

    async fn start(self) -> Stub {
        let of =
            |action: &str, id: &str| format!("Action={action}&Version=2016-11-15&ClientVpnEndpointId={id}");
        let mut answers = Vec::new();
        if let Some((action, status, body)) = self.of_b {
            answers.push((of(action, ENDPOINT_B), status, body));
        }
        for ((action, _), body) in LISTINGS.iter().zip(self.listings) {
            answers.push((format!("Action={action}&"), 200, body));
        }
        for id in [ENDPOINT_A, ENDPOINT_B] {
            answers.push((of(POLICY, id), 200, policy_of(id, "")));
            answers.push((of(REVOCATION_LIST, id), 200, document(REVOCATION_LIST, "")));
        }
        Stub::by_request(answers).await
    }

    /// Takes a snapshot of all endpoints.
    async fn snapshot(self) -> Taken {
        let stub = self.start().await;
        Taken::from(stub).await
    }
}

struct Taken {
    report: Report,
    world: World,
    /// The bodies of the requests, in order.
    requests: Vec<String>,
}

impl Taken {
    async fn from(stub: Stub) -> Taken {
        let world = World::new(fleet(1, 0)).await;
        let own = [("AUDIT_TARGETS", "*"), ("AUDIT_MAX_ATTEMPTS", "1")];
        let settings = Settings::parse(world.variables(&own)).unwrap();
        let sdk = sdk_config(stub.url(), "eu-central-1");
        let auditor = Auditor::new(settings, sdk, world.clock.clone(), Progress::silent());
        let report = snapshot(&auditor, json!({})).await;
        Taken { report, requests: stub.bodies(), world }
    }

    fn discovery_error(&self) -> &str {
        self.report.record.places[0].discovery_error().map_or("", |error| error.code.as_str())
    }

    /// The code of the error of a table with configuration.
    fn error_of(&self, table: ConfigurationTable) -> &str {
        let mut errors = self.report.record.places[0].configuration_errors();
        errors.find(|(of, _)| *of == table).map_or("", |(_, error)| error.code.as_str())
    }

    fn endpoints_error(&self) -> &str {
        self.error_of(ConfigurationTable::Endpoints)
    }

    /// The rows of the object of endpoints.
    fn endpoints(&self) -> Vec<Value> {
        self.rows("endpoints", self.report.record.places[0].endpoints.as_ref())
    }

    fn rows(&self, table: &str, entry: Option<&ConfigurationEntry>) -> Vec<Value> {
        let object = &self.world.read()[table][&entry.unwrap().object.as_ref().unwrap().object_key];
        object["rows"].as_array().unwrap().clone()
    }

    fn objects(&self, table: &str) -> usize {
        self.world.files().iter().filter(|file| file.starts_with(&format!("{table}/"))).count()
    }
}

/// Contents that are not of the shape of a page whose list is `list`.
fn other_shapes(list: &str) -> Vec<(&'static str, String)> {
    let row = "<item><connectionId>c</connectionId></item>";
    vec![
        ("no list", "<requestId>r</requestId>".to_owned()),
        ("rows as member", format!("<{list}><member><connectionId>c</connectionId></member></{list}>")),
        ("another list", format!("<connectionSet>{row}</connectionSet>")),
        ("one level deeper", format!("<Result><{list}>{row}</{list}><nextToken>t</nextToken></Result>")),
        (
            "a list that is empty, and one that is deeper",
            format!("<{list}/><Result><{list}>{row}</{list}></Result>"),
        ),
        ("a token that is deeper", format!("<{list}/><Result><nextToken>t</nextToken></Result>")),
        ("a token by case", format!("<{list}/><NextToken>t</NextToken>")),
        ("a list by case", format!("<{list}/><{}/>", list.to_uppercase())),
        ("two lists", format!("<{list}/><{list}/>")),
        ("text", format!("<{list}/>none")),
        ("text in the list", format!("<{list}>none</{list}>")),
        ("an error", format!("<Errors><Error><Code>c</Code></Error></Errors><{list}/>")),
        ("nil", format!("<{list} xsi:nil=\"true\"/>")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_another_shape_are_never_an_empty_listing() {
    let mut bodies: Vec<(&str, Vec<u8>)> =
        other_shapes("connections").into_iter().map(|(name, content)| (name, answer(0, &content))).collect();
    bodies.push(("nothing", Vec::new()));
    bodies.push(("an error document", b"<Response><Errors><Error/></Errors></Response>".to_vec()));
    bodies.push(("another operation", list_of(1, "")));
    for (name, body) in bodies {
        let taken = Ec2::with(0, body).snapshot().await;
        assert_eq!(outcomes(&taken.report), ["failed", "failed"], "{name}");
        assert_eq!(error_codes(&taken.report), ["MalformedResponse"; 2], "{name}");
        assert!(taken.report.failure().is_some() && !taken.report.record.all_captured(), "{name}");
        assert_eq!((taken.objects("connections"), taken.objects("partials")), (0, 0), "{name}");
        assert_eq!((taken.endpoints_error(), taken.discovery_error()), ("", ""), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_of_another_shape_are_never_no_endpoints() {
    for (name, content) in other_shapes("clientVpnEndpoint") {
        let taken = Ec2::with(1, answer(1, &content)).snapshot().await;
        let codes = (taken.discovery_error(), taken.endpoints_error());
        assert_eq!(codes, ("MalformedResponse", "MalformedResponse"), "{name}");
        assert!(taken.report.failure().is_some() && !taken.report.record.all_captured(), "{name}");
        assert_eq!(taken.objects("endpoints"), 0, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_element_beside_a_list_is_recorded() {
    for (operation, (action, list)) in LISTINGS.iter().enumerate() {
        let content = format!("<{list}/><warnings><item>w</item></warnings><note/>");
        let taken = Ec2::with(operation, answer(operation, &content)).snapshot().await;
        assert_eq!(taken.report.failure(), None, "{action}");
        let names = BTreeSet::from(["note".to_owned(), "warnings".to_owned()]);
        let place = &taken.report.record.places[0];
        let (discovery, endpoints) = (place.discovery.as_ref().unwrap(), place.endpoints.as_ref().unwrap());
        let found = [
            taken.report.record.targets.iter().all(|entry| entry.tally.unknown_elements == names)
                && operation == 0,
            discovery.unknown_elements == names,
            endpoints.unknown_elements == names,
            place.authorization_rules.as_ref().unwrap().unknown_elements == names,
            place.routes.as_ref().unwrap().unknown_elements == names,
        ];
        let expected = [
            [true, false, false, false, false],
            [false, true, true, false, false],
            [false, false, true, false, false],
            [false, false, false, true, false],
            [false, false, false, false, true],
        ];
        assert_eq!(found, expected[operation], "{action}");
        let record = std::fs::read_to_string(taken.world.lake().join(&taken.report.run_keys[0])).unwrap();
        assert!(record.contains("\"unknown_elements\":[\"note\",\"warnings\"]"), "{record}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn an_odd_endpoint_fails_alone() {
    let odd = "<description>bad\u{b}name</description><creationTime>0000-01-01T00:00:00</creationTime><splitTunnel/>\
         <vpnPort>https</vpnPort><sessionTimeoutHours>24</sessionTimeoutHours><newField><a>1</a></newField>";
    let items = [
        endpoint(ENDPOINT_A, odd),
        endpoint("cvpn-endpoint-OTHER", ""),
        "<item><description>no id</description></item>".to_owned(),
        endpoint(ENDPOINT_B, "<creationTime>2025-11-01T00:00:00.000+01:00</creationTime>"),
        endpoint(ENDPOINT_B, "<creationTime>2025-11-01T00:00:00.000+01:00</creationTime>"),
        endpoint(ENDPOINT_A, "<description>another</description>"),
    ];
    let taken = Ec2::with(1, list_of(1, &items.concat())).snapshot().await;
    let captured: Vec<&str> =
        taken.report.record.targets.iter().map(|entry| entry.endpoint_id.as_str()).collect();
    assert_eq!(
        (captured, outcomes(&taken.report)),
        (vec![ENDPOINT_A, ENDPOINT_B], vec!["complete"; 2]),
        "each once"
    );
    assert_eq!(
        (taken.discovery_error(), taken.endpoints_error()),
        ("MalformedEndpoint", "MalformedEndpoint")
    );
    assert!(!taken.report.record.all_captured());
    let failure = taken.report.failure().unwrap();
    assert!(failure.contains("2 of 5 endpoints") && !failure.contains("OTHER"), "{failure}");
    let discovery = taken.report.record.places[0].discovery.as_ref().unwrap();
    assert_eq!(discovery.endpoints.as_ref().unwrap().len(), 2);

    let rows = taken.endpoints();
    assert_eq!(rows.len(), 5, "the one that came twice and said the same is there once");
    let column = |name: &str| -> Vec<Value> { rows.iter().map(|row| row[name].clone()).collect() };
    assert_eq!(
        column("endpoint_id"),
        [json!(ENDPOINT_A), json!(ENDPOINT_A), Value::Null, Value::Null, json!(ENDPOINT_B)]
    );
    assert_eq!(
        column("description"),
        [json!("bad\u{fffd}name"), json!("another"), Value::Null, json!("no id"), Value::Null]
    );
    assert_eq!((&rows[0]["split_tunnel"], &rows[0]["vpn_port"]), (&Value::Null, &Value::Null));
    assert_eq!((&rows[0]["creation_time"], &rows[0]["session_timeout_hours"]), (&Value::Null, &json!(24)));
    assert_eq!(
        rows[0]["unparsed"],
        json!({
            "creationTime": "0000-01-01T00:00:00", "description": r"bad\u{B}name", "newField": "<a>1</a>",
            "splitTunnel": "", "vpnPort": "https",
        })
    );
    // Nothing can be requested about an endpoint without a valid id, so nothing is known of it.
    let parts = [
        "targetNetworkId",
        "authorizationRule",
        "routes",
        "authorizationPolicy",
        "certificateRevocationList",
    ];
    let mut expected: Value =
        parts.iter().map(|part| (format!("{part}#error"), json!("MalformedEndpoint"))).collect();
    assert_eq!(rows[3]["unparsed"], expected);
    expected["clientVpnEndpointId"] = json!("cvpn-endpoint-OTHER");
    assert_eq!(rows[2]["unparsed"], expected);
    for table in [ConfigurationTable::AuthorizationRules, ConfigurationTable::Routes] {
        assert_eq!(taken.error_of(table), "MalformedEndpoint");
        let entry = taken.report.record.places[0].configuration(table).unwrap();
        assert_eq!(entry.outcome.as_str(), "partial");
        assert_eq!(entry.object.as_ref().unwrap().rows, 2, "those of an endpoint with two descriptions once");
    }
    // One listing of endpoints, and for each valid id its connections and the five parts of its configuration.
    assert_eq!(taken.requests.len(), 1 + 2 * (1 + 5));
    assert_eq!(rows[4]["creation_time"], json!("2025-10-31T23:00:00.000+00:00"));
    assert_eq!(column("associated_networks")[4], json!(["subnet-1"]));
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn characters_that_xml_does_not_allow_keep_their_rows() {
    let rows = [
        &b"<item><commonName>bad\x0bname</commonName></item>"[..],
        b"<item><commonName>M\xfcller</commonName><username>a\\b</username></item>",
        b"<item><commonName>a&#11;\\&#xFFFE;&#xD800;</commonName><ingressBytes>1\x01</ingressBytes></item>",
        b"<item><commonName>R&nbsp;D</commonName></item>",
        b"<item><connectionId><b>c</b></connectionId>stray<newField>\xff</newField></item>",
        b"<item><connectionEndTime>2025-11-01T00:00:00.000+01:00</connectionEndTime></item>",
    ];
    let body = list_of(0, "@");
    let at = body.iter().position(|&byte| byte == b'@').unwrap();
    let body = [&body[..at], &rows.concat(), &body[at + 1..]].concat();
    let taken = Ec2::with(0, body).snapshot().await;
    assert_eq!(outcomes(&taken.report), ["complete"; 2]);
    let lake = taken.world.read();
    let read =
        &lake["connections"][&taken.report.record.targets[0].object.as_ref().unwrap().object_key]["rows"];
    let expected = [
        (json!("bad\u{fffd}name"), json!({"commonName": r"bad\u{B}name"})),
        (json!("M\u{fffd}ller"), json!({"commonName": r"M\xFCller"})),
        (
            json!("a\u{fffd}\\\u{fffd}\u{fffd}"),
            json!({"commonName": r"a\u{B}\\\u{FFFE}\u{D800}", "ingressBytes": r"1\u{1}"}),
        ),
        (json!("R\u{fffd}D"), json!({"commonName": r"R\&nbsp;D"})),
        (Value::Null, json!({"#text": "stray", "connectionId": "<b>c</b>", "newField": r"\xFF"})),
        (Value::Null, Value::Null),
    ];
    for (row, (name, unparsed)) in read.as_array().unwrap().iter().zip(&expected) {
        assert_eq!((&row["common_name"], &row["unparsed"]), (name, unparsed));
    }
    assert_eq!(read.as_array().unwrap().len(), expected.len());
    assert_eq!(read[1]["username"], json!("a\\b"), "no other text is escaped");
    assert_eq!(read[5]["connection_end_time"], json!("2025-10-31T23:00:00.000+00:00"));
}

/// EC2 sends no success but 200: a part of an answer is none.
#[tokio::test(flavor = "multi_thread")]
async fn another_status_of_success_is_no_answer() {
    for status in [201, 203, 206, 226] {
        let body = String::from_utf8(list_of(0, "")).unwrap();
        let stub = Stub::start(&[(status, &body)]).await;
        let world = World::new(fleet(1, 0)).await;
        let own = [("AUDIT_MAX_ATTEMPTS", "1")];
        let settings = Settings::parse(world.variables(&own)).unwrap();
        let sdk = sdk_config(stub.url(), "eu-central-1");
        let auditor = Auditor::new(settings, sdk, world.clock.clone(), Progress::silent());
        let report = snapshot(&auditor, json!({"max_items": 5})).await;
        assert_eq!(
            (outcomes(&report), error_codes(&report)),
            (vec!["failed"], vec!["MalformedResponse"]),
            "{status}"
        );
    }
}
