//! Refusals and faults, which every action of EC2 has in common.

use super::*;
use FaultyAction::*;

const ACTIONS: [FaultyAction; 7] = [
    DescribeClientVpnConnections,
    DescribeClientVpnEndpoints,
    DescribeClientVpnTargetNetworks,
    DescribeClientVpnAuthorizationRules,
    DescribeClientVpnRoutes,
    ExportClientVpnClientCertificateRevocationList,
    GetClientVpnEndpointAuthorizationPolicy,
];

const LISTS: [(FaultyAction, &str); 5] = [
    (DescribeClientVpnConnections, "connections"),
    (DescribeClientVpnEndpoints, "clientVpnEndpoint"),
    (DescribeClientVpnTargetNetworks, "clientVpnTargetNetworks"),
    (DescribeClientVpnAuthorizationRules, "authorizationRule"),
    (DescribeClientVpnRoutes, "routes"),
];

fn ask(client: &Client, action: FaultyAction, more: &str) -> Reply {
    match action {
        DescribeClientVpnEndpoints => {
            let id = &client.endpoint;
            client.reply(&format!("Action={}&ClientVpnEndpointId.1={id}{more}", action.name()))
        }
        _ => client.of(action.name(), more),
    }
}

fn text_with(kind: FaultKind, action: FaultyAction) -> String {
    let client = Client::with_twelve();
    client.state.rules.add(action, Fault::on(kind, 1));
    String::from_utf8(ask(&client, action, "").body.to_vec()).unwrap()
}

#[test]
fn requests_are_refused_as_ec2_does() {
    let client = Client::new(5);
    for action in ACTIONS {
        let name = action.name();
        assert_eq!(code(&ask(&client, action, "")), "200 ", "{name}");
        assert_eq!(code(&ask(&client, action, "&DryRun=true")), "412 DryRunOperation", "{name}");
        assert_eq!(code(&ask(&client, action, "&Colour=red")), "400 UnknownParameter", "{name}");
        assert_eq!(client.state.requests(action), 3, "{name}");
        if action == DescribeClientVpnEndpoints {
            continue;
        }
        for (id, expected) in [
            ("", "400 MissingParameter"),
            ("vpc-1", "400 InvalidClientVpnEndpointId.Malformed"),
            ("cvpn-endpoint-0123456789abcdef0", "400 InvalidClientVpnEndpointId.NotFound"),
        ] {
            let reply = client.reply(&format!("Action={name}&ClientVpnEndpointId={id}"));
            assert_eq!(code(&reply), expected, "{name} {id}");
        }
    }
}

#[test]
fn faults_with_an_error_answer_it() {
    for action in ACTIONS {
        for (kind, expected) in [
            (FaultKind::Throttle, "503 RequestLimitExceeded"),
            (FaultKind::InternalError, "500 InternalError"),
            (FaultKind::Unavailable, "503 "),
            (FaultKind::Unauthorized, "403 UnauthorizedOperation"),
            (FaultKind::UnknownAction, "400 InvalidAction"),
            (FaultKind::NotFound, "400 InvalidClientVpnEndpointId.NotFound"),
        ] {
            let client = Client::new(5);
            client.state.rules.add(action, Fault::on(kind, 2).at(&client.endpoint));
            let codes = [(); 3].map(|()| code(&ask(&client, action, "")));
            assert_eq!(codes, ["200 ", expected, "200 "], "{action:?}");
        }
    }
}

#[test]
fn a_dry_run_meets_missing_permission_and_a_missing_action() {
    for action in ACTIONS {
        for (kind, expected) in [
            (FaultKind::Throttle, "412 DryRunOperation"),
            (FaultKind::Unauthorized, "403 UnauthorizedOperation"),
            (FaultKind::UnknownAction, "400 InvalidAction"),
        ] {
            let client = Client::new(5);
            client.state.rules.add(action, Fault::always(kind));
            assert_eq!(code(&ask(&client, action, "&DryRun=true")), expected, "{action:?}");
        }
    }
}

#[test]
fn a_fault_of_one_action_is_of_no_other() {
    for faulty in ACTIONS {
        let client = Client::new(5);
        client.state.rules.add(faulty, Fault::always(FaultKind::Throttle));
        let throttled = ACTIONS.into_iter().filter(|action| ask(&client, *action, "").status == 503);
        assert_eq!(throttled.collect::<Vec<_>>(), [faulty]);
    }
}

#[test]
fn every_answer_is_reshaped() {
    for action in ACTIONS {
        let name = action.name();
        let wrapped = text_with(FaultKind::ResultWrapper, action);
        assert!(wrapped.ends_with(&format!("</{name}Result></{name}Response>")), "{name}");
        let large = text_with(FaultKind::LargeBody, action);
        assert_eq!(large.len(), 16 * 1024 * 1024 + 1, "{name}");
        let malformed = text_with(FaultKind::MalformedXml, action);
        assert!(malformed.ends_with("<<<<"), "{name}");
        let unknown = text_with(FaultKind::UnknownField, action);
        assert!(unknown.contains("<clientDeviceType>laptop</clientDeviceType>"), "{name}");
        let odd = text_with(FaultKind::OddValues, action);
        assert_ne!(odd, text_with(FaultKind::LatencyMillis(1), action), "{name}");
    }
}

#[test]
fn every_list_is_reshaped() {
    for (action, list) in LISTS {
        let renamed = text_with(FaultKind::RenamedList, action);
        let other = format!("<{}Set><item>", list.trim_end_matches('s'));
        assert!(renamed.contains(&other) && !renamed.contains(&format!("<{list}>")), "{list}");
        let members = text_with(FaultKind::MemberRows, action);
        assert!(members.contains(&format!("<{list}><member>")) && !members.contains("<item>"), "{list}");
        let long = text_with(FaultKind::LongToken, action);
        assert!(long.contains(&format!("</{list}><nextToken>tttt")), "{list}");
        let empty = text_with(FaultKind::EmptyPage, action);
        assert!(empty.contains(&format!("<{list}></{list}><nextToken>")), "{list}");
        let of_other = text_with(FaultKind::WrongEndpointId, action);
        assert!(of_other.contains("<clientVpnEndpointId>cvpn-endpoint-0fffffffffffffff0<"), "{list}");
        let rows = |text: &str| text.matches("<clientVpnEndpointId>").count();
        let twice = text_with(FaultKind::DuplicateRow, action);
        assert_eq!(rows(&twice), rows(&text_with(FaultKind::LatencyMillis(1), action)) + 1, "{list}");
    }
}

#[test]
fn a_policy_can_be_of_another_endpoint() {
    let policy = text_with(FaultKind::WrongEndpointId, GetClientVpnEndpointAuthorizationPolicy);
    assert!(policy.contains("<clientVpnEndpointId>cvpn-endpoint-0fffffffffffffff0<"));
}

#[test]
fn tokens_of_rules_and_routes_misbehave() {
    for action in [DescribeClientVpnAuthorizationRules, DescribeClientVpnRoutes] {
        let sizes = |fault| {
            let client = Client::with_twelve();
            client.state.rules.add(action, fault);
            let pages = client.paged(action.name(), "destinationCidr");
            pages.iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert_eq!(sizes(Fault::on(FaultKind::EmptyPage, 2)), [5, 0, 5, 2], "{action:?}");
        assert_eq!(sizes(Fault::always(FaultKind::RepeatToken)), [5; 9], "{action:?}");
        assert_eq!(sizes(Fault::always(FaultKind::ExpireToken)), [5, 0], "{action:?}");
        assert_eq!(sizes(Fault::on(FaultKind::HiddenToken, 1))[..2], [5, 5], "{action:?}");
        let cycle = sizes(Fault::always(FaultKind::CycleTokens));
        assert_eq!((cycle.len(), &cycle[..4]), (9, &[5, 5, 2, 5][..]), "{action:?}");
    }
}
