//! Safe to repeat: EventBridge and Lambda deliver at least once; the same event again changes nothing but the ledger.

use client_vpn_sim::{Fault, FaultKind};
use serde_json::json;

use crate::harness::{World, fleet, outcomes, snapshot};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_again_reads_nothing_and_adds_a_run_record() {
    let world = World::new(fleet(2, 23)).await;
    let auditor = world.auditor(&[]);
    let first = snapshot(&auditor, json!({})).await;
    let requests = world.simulator.requests();
    let files = world.files();

    let again = snapshot(&auditor, json!({})).await;
    assert_eq!(outcomes(&again), ["already_captured", "already_captured"]);
    assert!(again.record.all_captured());
    assert_eq!(world.simulator.requests(), requests, "nothing was read");
    for (old, new) in first.record.targets.iter().zip(&again.record.targets) {
        assert_eq!(old.object_key, new.object_key, "it names the object that it found");
    }
    let added: Vec<String> = world.files().into_iter().filter(|file| !files.contains(file)).collect();
    assert_eq!(added, [again.run_key]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_captures_what_failed_and_only_that() {
    let world = World::new(fleet(2, 23)).await;
    let auditor = world.auditor(&[("AUDIT_PAGE_SIZE", "5")]);
    let bad = world.simulator.endpoint_ids()[1].clone();
    world.simulator.inject(Fault {
        first: 3,
        last: usize::MAX,
        ..Fault::always(FaultKind::InternalError).at(&bad)
    });
    let first = snapshot(&auditor, json!({})).await;
    assert_eq!(outcomes(&first), ["complete", "partial"]);

    world.simulator.clear_faults();
    let retry = snapshot(&auditor, json!({})).await;
    assert_eq!(outcomes(&retry), ["already_captured", "complete"]);
    let checked = world.check();
    assert_eq!((checked.connections, checked.partials), (46, 10));
    checked.assert_whole();
}
