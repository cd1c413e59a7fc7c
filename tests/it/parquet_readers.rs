//! Objects as pyarrow and DuckDB read them: the names, types and nullability of the schema table, and the Parquet standard's shape.

use std::collections::BTreeSet;

use client_vpn_audit::tables::authorization_rules::COLUMNS as RULE_COLUMNS;
use client_vpn_audit::tables::column::{Column, ColumnType};
use client_vpn_audit::tables::connections::columns::COLUMNS;
use client_vpn_audit::tables::endpoints::COLUMNS as ENDPOINT_COLUMNS;
use client_vpn_audit::tables::routes::COLUMNS as ROUTE_COLUMNS;
use client_vpn_sim::{Fault, FaultKind, FaultyAction};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::harness::{NOW, World, fleet, outcomes, python};

async fn object(fault: Option<FaultKind>) -> Value {
    let world = World::new(fleet(1, 40)).await;
    if let Some(kind) = fault {
        world.simulator.inject(Fault::always(kind));
    }
    let report = world.snapshot("7").await;
    assert_eq!(outcomes(&report), ["complete"]);
    let lake = world.read();
    lake["connections"][&report.record.targets[0].object.as_ref().unwrap().object_key].clone()
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn both_readers_see_the_schema_table() {
    for fault in [None, Some(FaultKind::OddValues)] {
        check(&object(fault).await, COLUMNS);
    }
}

/// Holds what both readers see of an object against the table of its columns.
fn check(object: &Value, columns: &[Column]) {
    let names: Vec<&String> = object["arrow_types"].as_object().unwrap().keys().collect();
    assert_eq!(names, columns.iter().map(|column| column.name).collect::<Vec<_>>());
    for column in columns {
        let (arrow, duckdb) = match column.column_type {
            ColumnType::Timestamp => ("timestamp[ms, tz=UTC]", "TIMESTAMP WITH TIME ZONE"),
            ColumnType::String => ("string", "VARCHAR"),
            ColumnType::Bigint => ("int64", "BIGINT"),
            ColumnType::Boolean => ("bool", "BOOLEAN"),
            ColumnType::StringList => ("list<element: string not null>", "VARCHAR[]"),
            ColumnType::StringMap => ("map<string, string", "MAP(VARCHAR, VARCHAR)"),
        };
        let seen = object["arrow_types"][column.name].as_str().unwrap();
        assert!(seen.starts_with(arrow), "{}: {seen}", column.name);
        assert_eq!(object["duckdb_types"][column.name], json!(duckdb), "{}", column.name);
        assert_eq!(object["nullable"][column.name], json!(column.null.is_some()), "{}", column.name);
    }
}

/// The columns of `endpoints` with the times of other listings, which boto3 does not have.
const LISTED_AT: [&str; 2] = ["authorization_rules_captured_at", "routes_captured_at"];

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn the_configuration_of_endpoints_is_what_boto3_lists() {
    let world = World::new(fleet(7, 5)).await;
    let report = world.snapshot("1000").await;
    let entry = report.record.places[0].endpoints.as_ref().unwrap();
    let object = world.read()["endpoints"][&entry.object.as_ref().unwrap().object_key].clone();
    check(&object, ENDPOINT_COLUMNS);
    assert_eq!(
        object["metadata"],
        json!({
            "schema_version": "1",
            "tool_version": env!("CARGO_PKG_VERSION"),
            "snapshot_time": NOW,
            "account_id": "123456789012",
            "region": "eu-central-1",
            "outcome": "complete",
        })
    );
    let url = world.simulator.url();
    let listed = python("list_endpoints.py", &["--endpoint-url", &url, "--region", "eu-central-1"], &[]);
    let (theirs, ours) = (listed.as_array().unwrap(), object["rows"].as_array().unwrap());
    assert_eq!((theirs.len(), ours.len(), entry.object.as_ref().unwrap().rows), (7, 7, 7));
    for (their, our) in theirs.iter().zip(ours) {
        for (column, value) in their.as_object().unwrap() {
            assert_eq!(&our[column], value, "{column}");
        }
        assert_eq!(our["snapshot_time"], json!("2025-11-23T09:00:00.000+00:00"));
        assert_eq!(our["unparsed"], Value::Null);
        // Rules and routes are requested after the listing. Texts of one form and length are in the order of their times.
        let time = |column: &str| our[column].as_str().map(str::to_owned);
        for column in LISTED_AT {
            assert!(time(column).is_some_and(|listed_at| Some(listed_at) >= time("captured_at")), "{column}");
        }
    }
    // What AWS has named twice is not told by boto3 under a name of its own.
    let names: BTreeSet<&str> = theirs[0].as_object().unwrap().keys().map(String::as_str).collect();
    let mut beside =
        vec!["snapshot_time", "captured_at", "request_id", "associated_target_networks", "unparsed"];
    beside.extend(LISTED_AT);
    let untold: Vec<&str> = ENDPOINT_COLUMNS
        .iter()
        .map(|column| column.name)
        .filter(|name| !names.contains(name) && !beside.contains(name))
        .collect();
    assert_eq!(untold, [""; 0], "list_endpoints.py does not compare them");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn the_rules_and_routes_of_endpoints_are_what_boto3_lists() {
    let world = World::new(fleet(7, 5)).await;
    // Two pages of each, also for boto3, which leaves the size of a page to EC2.
    world.simulator.change_access(&world.simulator.endpoint_ids()[2], |access| {
        let (rules, routes) = (access.rules.clone(), access.routes.clone());
        access.rules = rules.into_iter().cycle().take(1_001).collect();
        access.routes = routes.into_iter().cycle().take(1_001).collect();
    });
    let report = world.snapshot("1000").await;
    let place = &report.record.places[0];
    for action in [FaultyAction::DescribeClientVpnAuthorizationRules, FaultyAction::DescribeClientVpnRoutes] {
        assert_eq!(world.simulator.action_requests(action), 8, "{action:?}");
    }
    let url = world.simulator.url();
    let listed =
        python("list_rules_and_routes.py", &["--endpoint-url", &url, "--region", "eu-central-1"], &[]);
    for action in [FaultyAction::DescribeClientVpnAuthorizationRules, FaultyAction::DescribeClientVpnRoutes] {
        assert_eq!(world.simulator.action_requests(action), 16, "boto3 pages too: {action:?}");
    }
    for (table, entry, columns) in [
        ("authorization_rules", &place.authorization_rules, RULE_COLUMNS),
        ("routes", &place.routes, ROUTE_COLUMNS),
    ] {
        let written = entry.as_ref().unwrap().object.as_ref().unwrap();
        let object = world.read()[table][&written.object_key].clone();
        check(&object, columns);
        assert_eq!(object["metadata"]["outcome"], json!("complete"));
        let (theirs, ours) = (listed[table].as_array().unwrap(), object["rows"].as_array().unwrap());
        assert!(theirs.len() > 7, "{table}");
        assert_eq!((theirs.len(), ours.len() as u64), (ours.len(), written.rows), "{table}");
        let arrived: Vec<Timestamp> =
            ours.iter().map(|row| row["captured_at"].as_str().unwrap().parse().unwrap()).collect();
        let times = entry.as_ref().unwrap().times.unwrap();
        let arrived = (arrived.iter().min().unwrap(), arrived.iter().max().unwrap());
        assert!(times.first_page_requested_at <= times.first_page_at);
        // The lake has milliseconds.
        let of_ledger = [times.first_page_at, times.last_page_at].map(|time| time.as_millisecond());
        assert_eq!([arrived.0.as_millisecond(), arrived.1.as_millisecond()], of_ledger, "{table}");
        let beside = ["snapshot_time", "captured_at", "request_id", "unparsed"];
        for (their, our) in theirs.iter().zip(ours) {
            let own: Vec<&Column> = columns.iter().filter(|column| !beside.contains(&column.name)).collect();
            assert_eq!(their.as_object().unwrap().len(), own.len(), "{table}");
            for column in own {
                assert_eq!(our[column.name], their[column.name], "{table} {}", column.name);
            }
            assert_eq!((&our["unparsed"], our["request_id"].is_string()), (&Value::Null, true));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn objects_have_the_shape_of_the_design() {
    let object = object(None).await;
    let schema = object["parquet_schema"].as_str().unwrap();
    assert!(schema.contains("isAdjustedToUTC=true, timeUnit=milliseconds"), "{schema}");
    for group in
        ["group field_id=-1 list {", "binary field_id=-1 element (String)", "group field_id=-1 key_value {"]
    {
        assert!(schema.contains(group), "{group} is not in {schema}");
    }
    assert_eq!(object["compressions"], json!(["ZSTD"]));
    assert_eq!(object["columns_without_statistics"], json!([]));
    assert_eq!(
        object["metadata"],
        json!({
            "schema_version": "1",
            "tool_version": env!("CARGO_PKG_VERSION"),
            "snapshot_time": NOW,
            "endpoint_id": object["rows"][0]["endpoint_id"],
            "outcome": "complete",
            "first_page_requested_at": "2025-11-23T09:00:00.000Z",
            "first_page_at": "2025-11-23T09:00:00.000Z",
            "last_page_at": "2025-11-23T09:00:00.000Z",
        })
    );
    assert_eq!(object["rows"].as_array().unwrap().len(), 40);
    assert_eq!(object["rows"][0]["snapshot_time"], json!("2025-11-23T09:00:00.000+00:00"));
}
