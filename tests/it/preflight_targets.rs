//! Preflight of targets: each is compared with the list of endpoints, and in each partition the right role is named.

use client_vpn_audit::capture::preflight::Check;
use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::clock::Clock;
use client_vpn_audit::invocation::answer::Answer;
use client_vpn_audit::invocation::handler::Auditor;
use client_vpn_audit::invocation::settings::Settings;
use serde_json::json;
use tempfile::TempDir;

use crate::harness::stub::Stub;
use crate::harness::{now, sdk_config};

const IDS: [&str; 3] =
    ["cvpn-endpoint-0123456789abcdef0", "cvpn-endpoint-1123456789abcdef0", "cvpn-endpoint-2123456789abcdef0"];

/// EC2's answer to a dry run that is allowed.
const DRY_RUN_ALLOWED: &str = "<Response><Errors><Error><Code>DryRunOperation</Code><Message>x</Message></Error></Errors>\
                       <RequestID>r</RequestID></Response>";

const DRY_RUN_REFUSED: &str = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>x</Message></Error></Errors>\
                       <RequestID>r</RequestID></Response>";

/// The checks of `targets` where EC2 and STS are at `url`.
async fn checks(url: &str, targets: &str) -> Vec<Check> {
    let lake = TempDir::new().unwrap();
    let variables = [
        ("AUDIT_TARGETS", targets),
        ("AUDIT_LAKE", lake.path().to_str().unwrap()),
        ("AUDIT_ACCOUNT_ID", "123456789012"),
        ("AUDIT_MEMBER_ROLE", "audit"),
        ("AUDIT_MAX_ATTEMPTS", "1"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let sdk = sdk_config(url, "eu-central-1");
    let auditor =
        Auditor::new(Settings::parse(variables).unwrap(), sdk, Clock::manual(now()), Progress::silent());
    match crate::harness::handle(&auditor, &json!({"action": "preflight"}), "request", None).await.unwrap() {
        Answer::Preflight { checks } => checks,
        other => panic!("no preflight but {other:?}"),
    }
}

/// The checks of one action: resource and problem.
fn of<'a>(checks: &'a [Check], action: &str) -> Vec<(&'a str, Option<&'a str>)> {
    let checks = checks.iter().filter(|check| check.action == action);
    checks.map(|check| (check.resource.as_str(), check.problem.as_deref())).collect()
}

fn arn(id: &str) -> String {
    format!("arn:aws:ec2:eu-central-1:123456789012:client-vpn-endpoint/{id}")
}

/// The list of the first endpoint, and of the second as one that is being deleted or not, in the API's form.
fn list(codes: [&str; 2]) -> String {
    let item = |(id, code): (&str, &str)| {
        format!(
            "<item><clientVpnEndpointId>{id}</clientVpnEndpointId><status><code>{code}</code></status></item>"
        )
    };
    let items: String = IDS.into_iter().zip(codes).map(item).collect();
    format!(
        "<DescribeClientVpnEndpointsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r</requestId>\
         <clientVpnEndpoint>{items}</clientVpnEndpoint></DescribeClientVpnEndpointsResponse>"
    )
}

const NETWORKS: &str = "<DescribeClientVpnTargetNetworksResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
                        <requestId>r</requestId><clientVpnTargetNetworks/></DescribeClientVpnTargetNetworksResponse>";

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_not_in_the_list_is_a_problem_though_its_dry_run_is_allowed() {
    let list = list(["available", "deleted"]);
    // The list, the networks of the one endpoint there, and a dry run of each target.
    let ec2 = Stub::start(&[(200, &list), (200, NETWORKS), (412, DRY_RUN_ALLOWED)]).await;
    let checks = checks(ec2.url(), &IDS.join(",")).await;
    let connections = of(&checks, "ec2:DescribeClientVpnConnections");
    assert_eq!(connections.len(), 3, "{checks:?}");
    assert_eq!(connections[0], (arn(IDS[0]).as_str(), None));
    for (number, id) in [(1, IDS[1]), (2, IDS[2])] {
        assert_eq!(connections[number].0, arn(id));
        let problem = connections[number].1.unwrap();
        assert!(
            problem.contains("the list of the endpoints of this account and Region does not have it"),
            "{problem}"
        );
    }
    assert_eq!(of(&checks, "ec2:DescribeClientVpnTargetNetworks"), [(arn(IDS[0]).as_str(), None)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_list_the_dry_run_alone_counts() {
    let ec2 = Stub::start(&[(403, DRY_RUN_REFUSED), (412, DRY_RUN_ALLOWED)]).await;
    let checks = checks(ec2.url(), IDS[0]).await;
    assert!(of(&checks, "ec2:DescribeClientVpnEndpoints")[0].1.is_some(), "{checks:?}");
    assert_eq!(of(&checks, "ec2:DescribeClientVpnConnections"), [(arn(IDS[0]).as_str(), None)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_target_networks_of_every_endpoint_are_tried() {
    let list = list(["available", "pending-associate"]);
    let ec2 = Stub::answering(move |_, request| {
        let (status, answer) = if request.contains("Action=DescribeClientVpnEndpoints&") {
            (200, list.as_str())
        } else if !request.contains("Action=DescribeClientVpnTargetNetworks&") {
            (412, DRY_RUN_ALLOWED)
        } else if request.contains(IDS[0]) {
            (200, NETWORKS)
        } else {
            (403, DRY_RUN_REFUSED)
        };
        (status, answer.as_bytes().to_vec())
    })
    .await;
    let checks = checks(ec2.url(), IDS[0]).await;
    let networks = of(&checks, "ec2:DescribeClientVpnTargetNetworks");
    let resources: Vec<&str> = networks.iter().map(|(resource, _)| *resource).collect();
    assert_eq!(resources, [arn(IDS[0]), arn(IDS[1])], "also of the one that is no target");
    let problems: Vec<&str> = networks.iter().filter_map(|(_, problem)| *problem).collect();
    assert_eq!(problems.len(), 1, "{networks:?}");
    assert!(problems[0].contains("UnauthorizedOperation"), "{networks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_of_another_account_is_named_in_the_partition_of_the_target() {
    let sts = Stub::start(&[(
        403,
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>x</Message></Error>\
         <RequestId>r</RequestId></ErrorResponse>",
    )])
    .await;
    for (partition, region) in [
        ("aws", "eu-central-1"),
        ("aws-cn", "cn-north-1"),
        ("aws-us-gov", "us-gov-west-1"),
        ("aws-iso", "us-iso-east-1"),
        ("aws-iso-b", "us-isob-east-1"),
        ("aws-iso-e", "eu-isoe-west-1"),
        ("aws-iso-f", "us-isof-south-1"),
        ("aws-eusc", "eusc-de-east-1"),
        ("aws-xyz", "xy-north-1"),
        ("aws", "xy-north-1"),
    ] {
        let target = format!("arn:{partition}:ec2:{region}:444455556666:client-vpn-endpoint/*");
        let checks = checks(sts.url(), &target).await;
        let assumed = of(&checks, "sts:AssumeRole");
        assert_eq!(assumed[0].0, target, "{checks:?}");
        let role = format!("assuming arn:{partition}:iam::444455556666:role/audit ");
        assert!(assumed[0].1.unwrap().contains(&role), "{assumed:?}");
    }
}
