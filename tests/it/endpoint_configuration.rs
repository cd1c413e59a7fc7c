//! A fault while the configuration of endpoints is read harms no connections: each fault of each action ends in an outcome, a
//! code and the rows of the others.

mod listings;
mod preflight;

use client_vpn_audit::capture::run::Report;
use client_vpn_audit::invocation::answer::Answer;
use client_vpn_audit::lake::keys::ConfigurationTable;
use client_vpn_sim::{AuthorizationPolicy, Fault, FaultKind, FaultyAction, RevocationList, TransitGateway};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::{World, fleet, outcomes, snapshot};

/// The actions that are asked about each endpoint, each with the table and the key of `unparsed` that say that it failed.
const ACTIONS: [(FaultyAction, ConfigurationTable, &str); 5] = [
    (FaultyAction::DescribeClientVpnTargetNetworks, ConfigurationTable::Endpoints, "targetNetworkId#error"),
    (
        FaultyAction::DescribeClientVpnAuthorizationRules,
        ConfigurationTable::AuthorizationRules,
        "authorizationRule#error",
    ),
    (FaultyAction::DescribeClientVpnRoutes, ConfigurationTable::Routes, "routes#error"),
    (
        FaultyAction::GetClientVpnEndpointAuthorizationPolicy,
        ConfigurationTable::Endpoints,
        "authorizationPolicy#error",
    ),
    (
        FaultyAction::ExportClientVpnClientCertificateRevocationList,
        ConfigurationTable::Endpoints,
        "certificateRevocationList#error",
    ),
];

/// Takes a snapshot of two endpoints, of which the second meets a fault of an action. Returns the errors of the tables, and what
/// `unparsed` has of each endpoint.
async fn snapshot_with(
    action: FaultyAction,
    kind: &FaultKind,
) -> (Vec<(ConfigurationTable, String)>, Vec<Value>) {
    let world = World::new(fleet(2, 3)).await;
    let second = world.simulator.endpoint_ids()[1].clone();
    world.simulator.inject_into(action, Fault::always(kind.clone()).at(second));
    let report = take(&world).await;
    assert_eq!(outcomes(&report), ["complete"; 2], "{action:?} {kind:?}");
    assert!(report.failure().is_none(), "the connections are complete");
    let place = &report.record.places[0];
    let errors = place.configuration_errors();
    let errors = errors.map(|(table, error)| (table, error.code.to_string())).collect();
    (errors, unparsed(&world, &report))
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn each_fault_of_each_action_is_an_error_of_its_table_alone() {
    for (action, table, key) in ACTIONS {
        for (kind, code) in [
            (FaultKind::Unauthorized, "UnauthorizedOperation"),
            (FaultKind::Throttle, "RequestLimitExceeded"),
            (FaultKind::MalformedXml, "MalformedResponse"),
            (FaultKind::ResultWrapper, "MalformedResponse"),
            (FaultKind::CutBodyUnframed, "MalformedResponse"),
            (FaultKind::LargeBody, "LimitExceeded"),
        ] {
            let (errors, unparsed) = snapshot_with(action, &kind).await;
            assert_eq!(errors, [(table, code.to_owned())], "{action:?} {kind:?}");
            assert_eq!(
                (&unparsed[0], &unparsed[1][key]),
                (&Value::Null, &json!(code)),
                "{action:?} {kind:?}"
            );
        }
    }
}

/// The SDK retries less and less while calls fail: after a hundred failures of configuration, none would be left.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_never_understood_leave_connections_their_retries() {
    let world = World::new(fleet(12, 3)).await;
    for (action, _, _) in ACTIONS {
        world.simulator.inject_into(action, Fault::always(FaultKind::MalformedXml));
    }
    let auditor = world.auditor(&[]);
    let first = snapshot(&auditor, json!({"time": "2025-11-23T08:30:00Z"})).await;
    assert_eq!(first.record.places[0].configuration_errors().count(), 3);
    world.simulator.inject(Fault::on(FaultKind::Reset, 1));
    let second = snapshot(&auditor, json!({"time": "2025-11-23T08:45:00Z"})).await;
    assert_eq!(outcomes(&second), ["complete"; 12]);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn an_endpoint_that_is_deleted_between_two_calls_is_no_error() {
    for (action, _, key) in ACTIONS {
        let (errors, unparsed) = snapshot_with(action, &FaultKind::NotFound).await;
        assert_eq!(errors, [], "{action:?}");
        let expected = if action == FaultyAction::DescribeClientVpnTargetNetworks {
            Value::Null
        } else {
            json!({key: "InvalidClientVpnEndpointId.NotFound"})
        };
        assert_eq!(unparsed, [Value::Null, expected], "{action:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn an_action_that_is_unknown_there_is_an_error_unless_it_is_that_of_policies() {
    for (action, table, key) in ACTIONS {
        let (errors, unparsed) = snapshot_with(action, &FaultKind::UnknownAction).await;
        let is_policy = action == FaultyAction::GetClientVpnEndpointAuthorizationPolicy;
        let expected = if is_policy { vec![] } else { vec![(table, "InvalidAction".to_owned())] };
        assert_eq!(
            (errors, unparsed),
            (expected, vec![Value::Null, json!({key: "InvalidAction"})]),
            "{action:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_field_that_the_api_does_not_have_is_in_unparsed() {
    for (action, table, _) in ACTIONS {
        let world = World::new(fleet(1, 3)).await;
        let id = world.simulator.endpoint_ids()[0].clone();
        world.simulator.change_access(&id, |access| {
            access.revocation_list =
                Some(RevocationList::of_serials("2026-01-01T00:00:00Z".parse().unwrap(), [7]));
            access.policy = Some(AuthorizationPolicy {
                document: "permit(principal, action, resource);".to_owned(),
                description: None,
                is_shadow: false,
                status: "active".to_owned(),
            });
        });
        world.simulator.inject_into(action, Fault::always(FaultKind::UnknownField));
        let report = take(&world).await;
        let place = &report.record.places[0];
        assert_eq!(place.configuration_errors().count(), 0, "{action:?}");
        let (name, entry) = match table {
            ConfigurationTable::Endpoints => ("endpoints", &place.endpoints),
            ConfigurationTable::AuthorizationRules => ("authorization_rules", &place.authorization_rules),
            ConfigurationTable::Routes => ("routes", &place.routes),
        };
        let lake = world.read();
        let rows = &lake[name][&entry.as_ref().unwrap().object.as_ref().unwrap().object_key]["rows"];
        // The sample field of the simulator, under the name of its answer.
        let has_it = |row: &Value| {
            let unparsed = row["unparsed"].as_object();
            unparsed.is_some_and(|unparsed| unparsed.keys().any(|name| name.ends_with("clientDeviceType")))
        };
        let rows = rows.as_array().unwrap();
        assert!(!rows.is_empty() && rows.iter().all(has_it), "{action:?}: {rows:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_revocation_list_of_a_hundred_thousand_entries_is_counted_and_hashed() {
    let world = World::new(fleet(1, 3)).await;
    let id = world.simulator.endpoint_ids()[0].clone();
    let list = RevocationList::of_serials("2026-01-01T00:00:00Z".parse().unwrap(), 1..=100_000);
    world.simulator.change_access(&id, |access| access.revocation_list = Some(list.clone()));
    let row = endpoint(&world).await;
    assert_eq!((&row["revocation_list"], &row["revocation_list_entries"]), (&Value::Null, &json!(100_000)));
    let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(list.pem()));
    assert_eq!((&row["revocation_list_sha256"], &row["unparsed"]), (&json!(sha256), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn an_endpoint_of_a_transit_gateway_has_availability_zones_and_no_subnet() {
    let world = World::new(fleet(1, 3)).await;
    let id = world.simulator.endpoint_ids()[0].clone();
    let gateway = TransitGateway {
        id: "tgw-0123456789abcdef0".to_owned(),
        attachment_id: "tgw-attach-0123456789abcdef0".to_owned(),
        availability_zones: vec!["eu-central-1a".to_owned(), "eu-central-1b".to_owned()],
        availability_zone_ids: vec!["euc1-az2".to_owned(), "euc1-az3".to_owned()],
    };
    world.simulator.change_access(&id, |access| access.attach_to(gateway));
    let row = endpoint(&world).await;
    assert_eq!((&row["associated_networks"], &row["vpc_id"]), (&json!([]), &Value::Null));
    assert_eq!(row["availability_zones"], json!(["eu-central-1a", "eu-central-1b"]));
    assert_eq!(row["availability_zone_ids"], json!(["euc1-az2", "euc1-az3"]));
    assert_eq!(row["transit_gateway_id"], json!("tgw-0123456789abcdef0"));
    let associations: Vec<Value> =
        serde_json::from_str(row["network_associations"].as_str().unwrap()).unwrap();
    assert!(!associations.is_empty());
    for association in associations {
        assert!(association["targetNetworkId"].is_null() && association["availabilityZoneSet"].is_array());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_policy_of_ten_thousand_bytes_of_every_kind_is_kept_as_it_is() {
    let world = World::new(fleet(1, 3)).await;
    let id = world.simulator.endpoint_ids()[0].clone();
    let begin = "permit(principal, action, resource)\nwhen { \"ä<&>\\\"']]>\t東\u{1f512}\" };";
    let policy = format!("{begin}{}", "x".repeat(10_000 - begin.len()));
    world.simulator.change_access(&id, |access| {
        if let Some(existing) = &mut access.policy {
            existing.document.clone_from(&policy);
        } else {
            access.policy = Some(AuthorizationPolicy {
                document: policy.clone(),
                description: None,
                is_shadow: true,
                status: "active".to_owned(),
            });
        }
    });
    assert_eq!(endpoint(&world).await["authorization_policy"], json!(policy));
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn an_endpoint_without_an_answer_keeps_no_other_from_being_asked() {
    for (action, _, key) in ACTIONS {
        let world = World::new(fleet(6, 3)).await;
        let first = world.simulator.endpoint_ids()[0].clone();
        world.simulator.inject_into(action, Fault::always(FaultKind::Reset).at(first));
        let report = take(&world).await;
        let unparsed = unparsed(&world, &report);
        assert!(unparsed[0][key].is_string(), "{action:?}: {unparsed:?}");
        assert_eq!(
            unparsed[1..],
            [Value::Null, Value::Null, Value::Null, Value::Null, Value::Null],
            "{action:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_ec2_never_answers_is_given_up() {
    for (action, ..) in ACTIONS {
        let world = World::new(fleet(16, 3)).await;
        world.simulator.inject_into(action, Fault::always(FaultKind::Reset));
        let report = snapshot(&world.auditor(&[("AUDIT_MAX_ATTEMPTS", "1")]), json!({})).await;
        assert_eq!(outcomes(&report), ["complete"; 16]);
        // Two that are not answered, and those that were asked at the same time.
        let asked = world.simulator.action_requests(action);
        assert!((2..12).contains(&asked), "{action:?}: {asked} of 16 endpoints");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_configuration_is_requested_once_for_each_endpoint_and_snapshot() {
    let world = World::new(fleet(3, 3)).await;
    let report = take(&world).await;
    assert_eq!(report.record.places[0].configuration_errors().count(), 0);
    for (action, ..) in ACTIONS {
        assert_eq!(world.simulator.action_requests(action), 3, "{action:?}");
    }
    // The same snapshot again finds its objects, and requests nothing.
    let again = take(&world).await;
    assert_eq!(again.record.places[0].configuration_errors().count(), 0);
    for (action, ..) in ACTIONS {
        assert_eq!(world.simulator.action_requests(action), 3, "{action:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn rules_that_cannot_be_written_are_not_known_of_any_endpoint() {
    let world = World::new(fleet(2, 3)).await;
    std::fs::create_dir_all(world.lake()).unwrap();
    std::fs::write(world.lake().join("authorization_rules"), "in the way").unwrap();
    let report = take(&world).await;
    let key = "authorizationRule#error";
    assert_eq!(unparsed(&world, &report), [json!({key: "StorageFailed"}), json!({key: "StorageFailed"})]);
    for row in endpoints(&world, &report) {
        assert!(row["authorization_rules_captured_at"].is_null() && row["routes_captured_at"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn rules_that_an_earlier_run_wrote_in_part_are_not_known_of_any_endpoint() {
    let world = World::new(fleet(2, 3)).await;
    let second = world.simulator.endpoint_ids()[1].clone();
    let refused = Fault::always(FaultKind::Unauthorized).at(second);
    world.simulator.inject_into(FaultyAction::DescribeClientVpnAuthorizationRules, refused);
    let first = take(&world).await;
    let rules = |report: &Report| {
        let entry = report.record.places[0].authorization_rules.clone().unwrap();
        (entry.outcome.as_str(), entry.error.map(|error| error.code.to_string()))
    };
    assert_eq!(rules(&first), ("partial", Some("UnauthorizedOperation".to_owned())));
    // As if that run had ended before it wrote the endpoints.
    let endpoints = first.record.places[0].endpoints.clone().unwrap().object.unwrap().object_key;
    std::fs::remove_file(world.lake().join(&endpoints)).unwrap();
    world.simulator.clear_faults();
    let again = take(&world).await;
    assert_eq!(rules(&again), ("already_captured", Some("ConfigurationPartial".to_owned())));
    // The routes are complete as of that run. Whether it listed the same endpoints, its object does not say.
    let code = "ConfigurationPartial";
    let expected = json!({"authorizationRule#error": code, "routes#error": code});
    assert_eq!(unparsed(&world, &again), [expected.clone(), expected]);
}

/// Returns `unparsed` of each endpoint.
fn unparsed(world: &World, report: &Report) -> Vec<Value> {
    endpoints(world, report).iter().map(|row| row["unparsed"].clone()).collect()
}

/// Returns the row of each endpoint.
fn endpoints(world: &World, report: &Report) -> Vec<Value> {
    endpoints_in(&world.read(), report)
}

fn endpoints_in(lake: &Value, report: &Report) -> Vec<Value> {
    let entry = report.record.places[0].endpoints.as_ref().unwrap();
    let rows = &lake["endpoints"][&entry.object.as_ref().unwrap().object_key]["rows"];
    rows.as_array().unwrap().clone()
}

/// Takes a snapshot of the only endpoint; returns its row.
async fn endpoint(world: &World) -> Value {
    let report = take(world).await;
    assert_eq!(outcomes(&report), ["complete"]);
    let entry = report.record.places[0].endpoints.as_ref().unwrap();
    assert_eq!(entry.error, None);
    world.read()["endpoints"][&entry.object.as_ref().unwrap().object_key]["rows"][0].clone()
}

/// Takes a snapshot of all endpoints.
async fn take(world: &World) -> Report {
    snapshot(&world.auditor(&[]), json!({})).await
}
