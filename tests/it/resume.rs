//! `max_items` and `starting_token`, as boto3's `MaxItems` and `StartingToken`: exactly that many rows, and the next
//! call goes on with the very next one.

use serde_json::{Value, json};

use crate::harness::{World, fleet, outcomes, python, snapshot};

/// Ids of what boto3 lists in each call, and `true` if it can go on.
fn boto3(world: &World, max_items: usize) -> Vec<(Vec<String>, bool)> {
    let (url, id, most) = (world.simulator.url(), &world.simulator.endpoint_ids()[0], max_items.to_string());
    let place = ["--endpoint-url", &url, "--region", "eu-central-1", "--endpoint-id", id];
    let paging = ["--page-size", "5", "--max-items", &most, "--resume"];
    let listed = python("list_connections.py", &[place.as_slice(), &paging].concat(), &[]);
    let call = |call: &Value| {
        assert_eq!(call["error"], Value::Null);
        (texts(&call["connections"], "ConnectionId"), !call["resume_token"].is_null())
    };
    listed.as_array().unwrap().iter().map(call).collect()
}

/// The texts of a field of each row.
fn texts(rows: &Value, field: &str) -> Vec<String> {
    rows.as_array().unwrap().iter().map(|row| row[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn limits_and_resumes_cut_where_boto3_cuts() {
    for max_items in [1, 4, 5, 7, 10, 22, 23, 100] {
        let world = World::new(fleet(1, 23)).await;
        let auditor = world.auditor(&[("AUDIT_PAGE_SIZE", "5")]);
        let mut calls = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let report = snapshot(&auditor, json!({"max_items": max_items, "starting_token": token})).await;
            assert_eq!(outcomes(&report), ["partial"]);
            let entry = &report.record.targets[0];
            token = entry.resume_token.as_ref().map(ToString::to_string);
            calls.push((entry.object.as_ref().unwrap().object_key.clone(), entry.rows(), token.is_some()));
            if token.is_none() {
                break;
            }
        }
        let lake = world.read();
        let written = calls.iter().map(|(object_key, rows, can_go_on)| {
            let ids = texts(&lake["partials"][object_key]["rows"], "connection_id");
            assert_eq!(ids.len() as u64, *rows, "max_items {max_items}");
            (ids, *can_go_on)
        });
        let written: Vec<(Vec<String>, bool)> = written.collect();
        assert_eq!(written, boto3(&world, max_items), "max_items {max_items}");
        let rows: usize = written.iter().map(|(ids, _)| ids.len()).sum();
        assert_eq!(rows, 23, "max_items {max_items}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_listing_that_a_fault_cut_goes_on_where_it_stopped() {
    let world = World::new(fleet(1, 23)).await;
    let auditor = world.auditor(&[("AUDIT_PAGE_SIZE", "5")]);
    world.simulator.inject(client_vpn_sim::Fault {
        first: 3,
        last: usize::MAX,
        ..client_vpn_sim::Fault::always(client_vpn_sim::FaultKind::InternalError)
    });
    let cut = snapshot(&auditor, json!({})).await;
    world.simulator.clear_faults();
    let token = cut.record.targets[0].resume_token.as_ref().unwrap().to_string();
    let resumed = snapshot(&auditor, json!({"starting_token": token})).await;
    assert_eq!(outcomes(&resumed), ["partial"], "a resumed listing is never complete");
    assert_eq!((cut.record.targets[0].rows(), resumed.record.targets[0].rows()), (10, 13));
    world.check().assert_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_listing_whose_token_expired_does_not_start_anew() {
    let world = World::new(fleet(1, 23)).await;
    let auditor = world.auditor(&[("AUDIT_PAGE_SIZE", "5")]);
    let first = snapshot(&auditor, json!({"max_items": 5})).await;
    let token = first.record.targets[0].resume_token.as_ref().unwrap().to_string();
    world.simulator.inject(client_vpn_sim::Fault::always(client_vpn_sim::FaultKind::ExpireToken));
    let resumed = snapshot(&auditor, json!({"starting_token": token})).await;
    assert_eq!(outcomes(&resumed), ["failed"], "page one holds rows that the first capture has written");
}
