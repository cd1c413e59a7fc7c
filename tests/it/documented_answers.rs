//! The answers that AWS documents, through the real client into the lake.

use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::clock::Clock;
use client_vpn_audit::invocation::handler::Auditor;
use client_vpn_audit::invocation::settings::Settings;
use client_vpn_audit::tables::connections::columns::COLUMNS;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::stub::Stub;
use crate::harness::{NOW, now, outcomes, python, sdk_config, snapshot};

/// The rows that `answer` becomes.
async fn rows(answer: &str, endpoint_id: &str) -> Vec<Value> {
    let ec2 = Stub::start(&[(200, answer)]).await;
    let directory = TempDir::new().unwrap();
    let lake = directory.path().to_str().unwrap();
    let variables = [
        ("AUDIT_TARGETS", endpoint_id),
        ("AUDIT_LAKE", lake),
        ("AUDIT_ACCOUNT_ID", "123456789012"),
        // The configuration is answered with connections, which it refuses.
        ("AUDIT_MAX_ATTEMPTS", "1"),
    ];
    let settings =
        Settings::parse(variables.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
    let sdk = sdk_config(ec2.url(), "eu-central-1");
    let auditor = Auditor::new(settings, sdk, Clock::manual(now()), Progress::silent());
    let report = snapshot(&auditor, json!({})).await;
    assert_eq!(outcomes(&report), ["complete"]);
    let read = python("read_lake.py", &[lake], &[]);
    read["connections"][&report.record.targets[0].object.as_ref().unwrap().object_key]["rows"]
        .as_array()
        .unwrap()
        .clone()
}

/// A whole row: `own` and null in every other column.
fn row(own: Value) -> Value {
    let time = NOW.replace('Z', ".000+00:00");
    let mut row: Value = COLUMNS.iter().map(|column| (column.name.to_owned(), Value::Null)).collect();
    row["snapshot_time"] = json!(time);
    row["captured_at"] = json!(time);
    row.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    row
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn the_sample_of_the_ec2_api_reference() {
    let endpoint_id = "cvpn-endpoint-0123456789abcdef0";
    let rows = rows(include_str!("../fixtures/ec2-api-reference.xml"), endpoint_id).await;
    let expected = row(json!({
        "endpoint_id": endpoint_id,
        "connection_id": "cvpn-connection-010b1282b7EXAMPLE",
        "common_name": "client1",
        "client_ip": "11.0.0.98",
        "status_code": "terminated",
        "connection_timestamp": "2018-12-13T18:38:10.000+00:00",
        "connection_established_time": "2018-12-13T18:32:49.000+00:00",
        "connection_end_time": "2018-12-13T18:38:10.000+00:00",
        "ingress_bytes": 14947, "egress_bytes": 14891, "ingress_packets": 285, "egress_packets": 309,
        "unparsed": {"clientVpnEndpointId": "cvpn-endpoint-00c5d11fc4EXAMPLE"},
    }));
    assert_eq!(rows, [expected]);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn the_sample_of_the_aws_cli() {
    let endpoint_id = "cvpn-endpoint-123456789123abcde";
    let rows = rows(include_str!("../fixtures/aws-cli.xml"), endpoint_id).await;
    let expected = [
        row(json!({
            "endpoint_id": endpoint_id,
            "connection_id": "cvpn-connection-0e03eb24267165acd",
            "common_name": "client1.domain.tld",
            "client_ip": "172.31.0.225",
            "status_code": "terminated",
            "connection_timestamp": "2019-08-12T07:58:34.000+00:00",
            "connection_established_time": "2019-08-12T07:57:14.000+00:00",
            "connection_end_time": "2019-08-12T07:58:34.000+00:00",
            "ingress_bytes": 32302, "egress_bytes": 5696, "ingress_packets": 332, "egress_packets": 67,
        })),
        row(json!({
            "endpoint_id": endpoint_id,
            "connection_id": "cvpn-connection-00668867a40f18253",
            "common_name": "client1.domain.tld",
            "client_ip": "172.31.0.226",
            "status_code": "active",
            "connection_timestamp": "2019-08-12T08:02:54.000+00:00",
            "connection_established_time": "2019-08-12T08:02:53.000+00:00",
            "ingress_bytes": 2951, "egress_bytes": 2611, "ingress_packets": 9, "egress_packets": 6,
        })),
    ];
    assert_eq!(rows, expected);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn the_samples_of_rules_routes_and_a_policy() {
    let (endpoint_id, sampled) = ("cvpn-endpoint-0123456789abcdef0", "cvpn-endpoint-EXAMPLEc8db8d3536");
    let listing = |action: &str, list: &str, rows: &str| {
        format!("<{action}Response><{list}>{rows}</{list}></{action}Response>").into_bytes()
    };
    // The answer about a policy has to be about the endpoint that was asked about.
    let policy = include_str!("../fixtures/ec2-authorization-policy.xml");
    let policy = policy.replace("cvpn-endpoint-00c5d11fc4EXAMPLE", endpoint_id).into_bytes();
    let endpoint = format!("<item><clientVpnEndpointId>{endpoint_id}</clientVpnEndpointId></item>");
    let answers = vec![
        ("DescribeClientVpnConnections", listing("DescribeClientVpnConnections", "connections", "")),
        ("DescribeClientVpnEndpoints", listing("DescribeClientVpnEndpoints", "clientVpnEndpoint", &endpoint)),
        (
            "DescribeClientVpnTargetNetworks",
            listing("DescribeClientVpnTargetNetworks", "clientVpnTargetNetworks", ""),
        ),
        (
            "DescribeClientVpnAuthorizationRules",
            include_bytes!("../fixtures/ec2-authorization-rules.xml").to_vec(),
        ),
        ("DescribeClientVpnRoutes", include_bytes!("../fixtures/ec2-routes.xml").to_vec()),
        ("GetClientVpnEndpointAuthorizationPolicy", policy),
        (
            "ExportClientVpnClientCertificateRevocationList",
            b"<ExportClientVpnClientCertificateRevocationListResponse/>".to_vec(),
        ),
    ];
    let answers = answers.into_iter().map(|(action, body)| (format!("Action={action}&"), 200, body));
    let ec2 = Stub::by_request(answers.collect()).await;
    let directory = TempDir::new().unwrap();
    let lake = directory.path().to_str().unwrap();
    let variables = [
        ("AUDIT_TARGETS", endpoint_id),
        ("AUDIT_LAKE", lake),
        ("AUDIT_ACCOUNT_ID", "123456789012"),
        // The configuration is answered with connections, which it refuses.
        ("AUDIT_MAX_ATTEMPTS", "1"),
    ];
    let settings =
        Settings::parse(variables.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
    let sdk = sdk_config(ec2.url(), "eu-central-1");
    let report =
        snapshot(&Auditor::new(settings, sdk, Clock::manual(now()), Progress::silent()), json!({})).await;
    assert_eq!(report.record.places[0].configuration_errors().count(), 0);

    let read = python("read_lake.py", &[lake], &[]);
    let rows = |table: &str| read[table].as_object().unwrap().values().next().unwrap()["rows"].clone();
    let text =
        |row: &Value, names: &[&str]| -> Vec<Value> { names.iter().map(|name| row[*name].clone()).collect() };
    let rules = rows("authorization_rules");
    let own = ["endpoint_id", "destination_cidr", "group_id", "access_all", "description", "status_code"];
    assert_eq!(
        text(&rules[0], &own),
        [
            json!(endpoint_id),
            json!("10.0.0.0/16"),
            json!(""),
            json!(true),
            json!("auth-rule-one"),
            json!("active"),
        ]
    );
    assert_eq!(rules[0]["unparsed"], json!({"clientVpnEndpointId": sampled}));
    let own = ["destination_cidr", "target_subnet", "origin", "route_type", "status_code"];
    let routes: Vec<Vec<Value>> =
        rows("routes").as_array().unwrap().iter().map(|row| text(row, &own)).collect();
    let expected = [
        ["10.0.0.0/16", "subnet-EXAMPLE18f440ab91", "associate", "Nat", "active"],
        ["10.0.1.128/28", "EXAMPLE18f440ab91", "add-route", "Nat", "active"],
    ];
    assert_eq!(routes, expected.map(|row| row.map(|text| json!(text)).to_vec()));
    let endpoint = &rows("endpoints")[0];
    let own = [
        "authorization_policy",
        "authorization_policy_shadow_mode",
        "authorization_policy_status",
        "revocation_list",
    ];
    assert_eq!(
        text(endpoint, &own),
        [
            json!(
                "permit(principal, action, resource) when { context.crowdstrike.assessment.overall > 80 };"
            ),
            json!("disabled"),
            json!("active"),
            Value::Null
        ]
    );
}
