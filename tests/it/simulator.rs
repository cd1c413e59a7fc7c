//! The simulator against a client that no one here wrote: boto3's own paginator.

use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::invocation::answer::Answer;
use client_vpn_audit::invocation::handler::Auditor;
use client_vpn_audit::invocation::settings::Settings;
use client_vpn_audit::tables::column::{Column, ColumnType};
use client_vpn_audit::tables::connections::columns::COLUMNS;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::{World, fleet, now, outcomes, python, snapshot};

fn boto3(world: &World, endpoint_id: &str, more: &[&str]) -> Value {
    let url = world.simulator.url();
    let arguments = ["--endpoint-url", &url, "--region", "eu-central-1", "--endpoint-id", endpoint_id];
    python("list_connections.py", &[&arguments[..], more].concat(), &[])
}

/// The value that our column must have for what boto3 lists under the API's field.
fn expected(row: &Value, column: &Column, source: &str) -> Value {
    let field = source.split('.').fold(row, |value, part| &value[part[..1].to_uppercase() + &part[1..]]);
    match (column.column_type, field.as_str()) {
        (_, Some("-" | "")) => Value::Null,
        (ColumnType::Timestamp, Some(text)) => json!(format!("{}.000+00:00", text.replace(' ', "T"))),
        (ColumnType::Bigint, Some(text)) => json!(text.parse::<i64>().unwrap()),
        _ => field.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_has_a_value_for_each_column_of_a_connection() {
    let world = World::new(fleet(3, 43)).await;
    let listings = world.simulator.endpoint_ids().into_iter().flat_map(|id| world.simulator.listing(&id));
    let rows: Vec<Value> = listings.map(|row| serde_json::to_value(row).unwrap()).collect();
    for column in COLUMNS {
        let Some(source) = column.source else { continue };
        let has_value = |row: &Value| !source.split('.').fold(row, |value, part| &value[part]).is_null();
        assert!(
            rows.iter().any(has_value),
            "no row has {source}, which sim/src/connection.rs declares and people.rs fills, for the column {}",
            column.name
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn boto3_and_our_lake_list_the_same_rows_in_the_same_order() {
    for page_size in ["5", "7", "1000"] {
        let world = World::new(fleet(2, 43)).await;
        let report = world.snapshot(page_size).await;
        let lake = world.read();
        for entry in &report.record.targets {
            let listed = boto3(&world, &entry.endpoint_id, &["--page-size", page_size]);
            let theirs = listed["connections"].as_array().unwrap();
            let ours =
                lake["connections"][&entry.object.as_ref().unwrap().object_key]["rows"].as_array().unwrap();
            assert_eq!((theirs.len(), ours.len()), (43, 43));
            for (their, our) in theirs.iter().zip(ours) {
                for column in COLUMNS {
                    let Some(source) = column.source else { continue };
                    assert_eq!(our[column.name], expected(their, column, source), "{}", column.name);
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn filters_keep_the_same_rows_for_both() {
    let world = World::new(fleet(1, 43)).await;
    let id = world.simulator.endpoint_ids()[0].clone();
    let listing = world.simulator.listing(&id);
    let (first, last) =
        (listing[0].connection_id.clone().unwrap(), listing[42].connection_id.clone().unwrap());
    let filters = [format!("connection-id={first}"), format!("connection-id={last}")];
    let listed = boto3(&world, &id, &["--filter", &filters[0], "--filter", &filters[1]]);
    assert_eq!(listed["connections"].as_array().unwrap().len(), 2);

    let auditor = world.auditor(&[]);
    let report = snapshot(&auditor, json!({"filters": {"connection-id": [first, last]}})).await;
    assert_eq!(report.record.targets[0].rows(), 2);
    let none =
        snapshot(&auditor, json!({"filters": {"connection-id": [first], "username": ["nobody"]}})).await;
    assert_eq!((outcomes(&none)[0], none.record.targets[0].rows()), ("partial", 0), "filters AND together");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn errors_are_those_of_ec2() {
    let world = World::new(fleet(1, 5)).await;
    let id = world.simulator.endpoint_ids()[0].clone();
    for (endpoint_id, more, code) in [
        (id.as_str(), &["--dry-run"][..], "DryRunOperation"),
        (&id, &["--filter", "status=active"], "InvalidParameterValue"),
        ("cvpn-endpoint-fffffffffffffffff", &[], "InvalidClientVpnEndpointId.NotFound"),
    ] {
        assert_eq!(boto3(&world, endpoint_id, more)["error"]["code"], json!(code), "{more:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sts_tells_the_own_account() {
    let world = World::new(fleet(1, 5)).await;
    let variables = world.variables(&[]).into_iter().filter(|(name, _)| name != "AUDIT_ACCOUNT_ID");
    let settings = Settings::parse(variables).unwrap();
    let auditor = Auditor::new(settings, world.sdk(), world.clock.clone(), Progress::silent());
    let report = snapshot(&auditor, json!({})).await;
    assert_eq!(report.record.targets[0].account_id, "123456789012");
    assert!(report.run_keys[0].contains("account_id=123456789012"), "{:?}", report.run_keys);
}

#[tokio::test(flavor = "multi_thread")]
async fn preflight_says_of_each_target_and_of_the_lake_whether_it_may() {
    let world = World::new(fleet(2, 5)).await;
    let ids = world.simulator.endpoint_ids();
    let denied = client_vpn_sim::Fault::always(client_vpn_sim::FaultKind::Unauthorized).at(&ids[1]);
    world.simulator.inject(denied);
    let auditor = world.auditor(&[]);
    for _ in 0..2 {
        let answer = crate::harness::handle(&auditor, &json!({"action": "preflight"}), "preflight", None)
            .await
            .unwrap();
        assert!(!answer.is_success());
        let Answer::Preflight { checks } = answer else { panic!("no preflight but {answer:?}") };
        let [failed] = checks.iter().filter(|check| !check.ok).collect::<Vec<_>>()[..] else {
            panic!("not one failed: {checks:?}")
        };
        assert_eq!((checks.len(), failed.action), (19, "ec2:DescribeClientVpnConnections"));
        assert!(failed.resource.ends_with(&ids[1]));
        assert!(failed.problem.as_ref().unwrap().starts_with("UnauthorizedOperation"));
    }
    assert_eq!(world.files(), ["preflight"], "no evidence was written");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn boto3_lists_the_events_that_were_logged() {
    let world = World::new(fleet(6, 43)).await;
    let (from, to) = (now() - SignedDuration::from_hours(2), now() - SignedDuration::from_mins(1));
    let logged = world.simulator.logged("123456789012", "eu-central-1", "client-vpn", from, to);
    assert!(logged.len() > 100, "{}", logged.len());
    let (from, to) = (from.as_millisecond().to_string(), to.as_millisecond().to_string());
    let url = world.simulator.url();
    for page_size in ["9", "100", "10000"] {
        let arguments = ["--endpoint-url", &url, "--from", &from, "--to", &to, "--page-size", page_size];
        let listed = python("list_logs.py", &arguments, &[]);
        assert_eq!(listed["error"], Value::Null);
        assert_eq!(listed["groups"][0]["logGroupName"], "client-vpn");
        assert_eq!(listed["events"]["client-vpn"], serde_json::to_value(&logged).unwrap(), "{page_size}");
    }
}
