//! Written once: no code path overwrites or deletes evidence.

use std::collections::BTreeMap;

use client_vpn_sim::{Fault, FaultKind};
use serde_json::json;

use crate::harness::{World, fleet, outcomes, snapshot};

fn contents(world: &World) -> BTreeMap<String, Vec<u8>> {
    let read = |file: String| (file.clone(), std::fs::read(world.lake().join(&file)).unwrap());
    world.files().into_iter().map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_later_run_changes_an_object() {
    let world = World::new(fleet(2, 23)).await;
    let auditor = world.auditor(&[("AUDIT_PAGE_SIZE", "5")]);
    snapshot(&auditor, json!({})).await;
    let before = contents(&world);
    assert_eq!(before.len(), 6);

    // The people move on; the same event again, in whole, in part, and cut short.
    world.simulator.set_time(crate::harness::now() + jiff::SignedDuration::from_hours(3));
    snapshot(&auditor, json!({})).await;
    snapshot(&auditor, json!({"max_items": 7})).await;
    world.simulator.inject(Fault { first: 2, last: usize::MAX, ..Fault::always(FaultKind::InternalError) });
    snapshot(&auditor, json!({"filters": {"username": ["nobody"]}})).await;
    let after = contents(&world);
    assert!(after.len() > before.len());
    for (file, bytes) in before {
        assert_eq!(after.get(&file), Some(&bytes), "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_slower_of_two_captures_leaves_the_object_of_the_quicker() {
    let world = World::new(fleet(1, 23)).await;
    let auditor = world.auditor(&[("AUDIT_PAGE_SIZE", "5")]);
    let (first, second) = tokio::join!(snapshot(&auditor, json!({})), snapshot(&auditor, json!({})));
    let mut both = [outcomes(&first)[0], outcomes(&second)[0]];
    both.sort_unstable();
    assert_eq!(both, ["already_captured", "complete"]);
    let files = world.files();
    assert_eq!(files.iter().filter(|file| file.starts_with("connections/")).count(), 1, "{files:?}");
    assert_eq!(files.iter().filter(|file| file.starts_with("runs/")).count(), 2, "{files:?}");
    assert_eq!(files.iter().filter(|file| file.starts_with("endpoints/")).count(), 1, "{files:?}");
    assert_eq!(files.len(), 6, "{files:?}");
}
