//! `max_items` and `starting_token`, as boto3's `MaxItems` and `StartingToken`: exactly that many rows, and the next
//! call goes on with the very next one.

use serde_json::{Value, json};

use crate::harness::{World, fleet, outcomes, python, snapshot};

/// Ids of what boto3 lists in one call, and its token to go on.
fn boto3(world: &World, max_items: usize, starting_token: Option<&str>) -> (Vec<String>, Option<String>) {
    let (url, id, most) = (world.simulator.url(), &world.simulator.endpoint_ids()[0], max_items.to_string());
    let mut arguments = vec![
        "--endpoint-url",
        &url,
        "--region",
        "eu-central-1",
        "--endpoint-id",
        id,
        "--page-size",
        "5",
        "--max-items",
        &most,
    ];
    arguments.extend(starting_token.iter().flat_map(|token| ["--starting-token", *token]));
    let listed = python("list_connections.py", &arguments, &[]);
    assert_eq!(listed["error"], Value::Null);
    let ids = listed["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["ConnectionId"].as_str().unwrap().to_owned());
    (ids.collect(), listed["resume_token"].as_str().map(str::to_owned))
}

/// Ids in the partial object that a snapshot wrote.
fn written(world: &World, object_key: &str) -> Vec<String> {
    let lake = world.read();
    let rows = lake["partials"][object_key]["rows"].as_array().unwrap();
    rows.iter().map(|row| row["connection_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn limits_and_resumes_cut_where_boto3_cuts() {
    for max_items in [1, 4, 5, 7, 10, 22, 23, 100] {
        let world = World::new(fleet(1, 23)).await;
        let auditor = world.auditor(&[("AUDIT_PAGE_SIZE", "5")]);
        let mut ours: Option<String> = None;
        let mut theirs: Option<String> = None;
        let mut rows = 0;
        for call in 1.. {
            let report = snapshot(&auditor, json!({"max_items": max_items, "starting_token": ours})).await;
            let (expected, their_token) = boto3(&world, max_items, theirs.as_deref());
            assert_eq!(outcomes(&report), ["partial"]);
            let entry = &report.record.targets[0];
            assert_eq!(entry.rows(), expected.len() as u64, "max_items {max_items}, call {call}");
            assert_eq!(
                written(&world, &entry.object.as_ref().unwrap().object_key),
                expected,
                "max_items {max_items}, call {call}"
            );
            rows += expected.len();
            ours = entry.resume_token.as_ref().map(ToString::to_string);
            theirs = their_token;
            assert_eq!(ours.is_some(), theirs.is_some(), "max_items {max_items}, call {call}");
            if ours.is_none() {
                break;
            }
        }
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
