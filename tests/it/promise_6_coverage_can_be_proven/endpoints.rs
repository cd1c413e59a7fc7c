//! The endpoints that are covered, and the beginning and the end of the coverage of each.

use client_vpn_sim::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{Recorder, at, rewrite};
use crate::harness::fleet;

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_covered_also_where_the_newest_record_does_not_name_it() {
    let day = 24 * 60;
    let recorder = Recorder::new(2).await;
    let ids = recorder.world.simulator.endpoint_ids();
    recorder.captures([0, 30]).await;
    // By hand, and by a second schedule, of the other endpoint alone.
    for minutes in [2 * day, 3 * day, 3 * day + 30] {
        recorder.capture(at(minutes), json!({"targets": [ids[1]]})).await;
    }
    let found = recorder.all_holes(Some(at(4 * day)), at(4 * day + 90)).await;
    assert_eq!(found[&ids[0]], [(4 * day, 4 * day + 90, true)]);
    assert_eq!(found[&ids[1]], [(4 * day, 4 * day + 90, true)]);
    // If a complete listing names all endpoints, the records before it are not read.
    recorder.capture_all(5 * day).await;
    let whole = recorder.whole_coverage(Some(at(8 * day)), at(8 * day + 90), &[]).await;
    assert_eq!((whole.endpoints.len(), whole.runs), (3, 1), "{whole:?}");
    assert!(whole.endpoints.iter().all(|endpoint| endpoint.holes.len() == 1 && endpoint.holes[0].gap.open));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_endpoint_is_covered_from_the_last_listing_without_it() {
    let recorder = Recorder::new(1).await;
    recorder.capture_all(0).await;
    let new = fleet(2, 6).endpoints[1].clone();
    recorder.world.simulator.add_endpoint("123456789012", "eu-central-1", new.clone());
    recorder.world.simulator.inject(Fault::always(FaultKind::Unauthorized).at(&new.id));
    recorder.capture_all(45).await;
    recorder.world.simulator.clear_faults();
    recorder.capture_all(100).await;
    for from in [None, Some(at(0)), Some(at(-600))] {
        let found = recorder.all_holes(from, at(101)).await;
        assert_eq!(found[&new.id], [(0, 100, false)], "{from:?}");
        assert_eq!(found.values().flatten().count(), 1, "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_was_deleted_in_a_long_outage_is_gone() {
    let day = 24 * 60;
    let recorder = Recorder::new(2).await;
    let ids = recorder.world.simulator.endpoint_ids();
    for minutes in [0, 30] {
        recorder.capture_all(minutes).await;
    }
    recorder.world.simulator.remove_endpoint(&ids[0]);
    recorder.capture_all(5 * day).await;
    recorder.capture_all(5 * day + 30).await;
    let found = recorder.all_holes(None, at(5 * day + 40)).await;
    assert_eq!(found[&ids[0]], [(30, 5 * day, false)]);
    assert_eq!(found[&ids[1]], [(30, 5 * day, false)]);
    let found = recorder.all_holes(Some(at(5 * day + 1)), at(5 * day + 40)).await;
    assert_eq!(found.keys().collect::<Vec<_>>(), ["*", &ids[1]], "it is gone before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_without_a_list_does_not_say_that_an_endpoint_is_gone() {
    for removes_it in [false, true] {
        let recorder = Recorder::new(1).await;
        let id = recorder.world.simulator.endpoint_ids()[0].clone();
        recorder.capture_all(0).await;
        for minutes in [30, 60, 90, 120] {
            recorder.capture_all(minutes).await;
            rewrite(&recorder.record(minutes), |run| {
                run["targets"] = json!([]);
                let discovery = run["places"][0]["discovery"].as_object_mut().unwrap();
                if removes_it {
                    discovery.remove("endpoints")
                } else {
                    discovery.insert("endpoints".to_owned(), Value::Null)
                };
            });
        }
        for from in [None, Some(at(0))] {
            let found = recorder.all_holes(from, at(121)).await;
            assert_eq!(found[&id], [(0, 121, true)], "{from:?}");
            assert_eq!(found["*"], [(0, 121, true)], "{from:?}");
        }
    }
}
