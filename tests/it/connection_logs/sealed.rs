//! The seal and the verification of the objects of connection logs.

use std::collections::BTreeMap;

use client_vpn_audit::hour::Hour;
use client_vpn_audit::lake::store::{DirectoryStore, Location, Store};
use client_vpn_audit::proof::verify::{Kind, Verifier};
use jiff::SignedDuration;
use serde_json::json;

use super::{config, group, move_to, read};
use crate::harness::{World, handle, now};

/// Seals the lake and verifies it: each fault with its object, and the number of objects that no record names.
async fn sealed(world: &World) -> (Vec<(Kind, String)>, u64) {
    handle(&world.auditor(&[]), &json!({"action": "seal"}), "seal-1", None).await.unwrap();
    verified(world, None).await
}

/// Verifies the hours from one on; `None` for all.
async fn verified(world: &World, from: Option<Hour>) -> (Vec<(Kind, String)>, u64) {
    let location = Location::Directory(world.lake());
    let store = Store::from(DirectoryStore::new(world.lake()));
    let verifier = Verifier {
        store: &store,
        lake: &location,
        keys: &[],
        known: BTreeMap::new(),
        from,
        to: None,
        up_to: None,
        retention_days: None,
        now: world.clock.now(),
        max_concurrency: 4,
    };
    let verification = verifier.verify(|_, _| ()).await.unwrap();
    let faults = verification.faults.into_iter();
    let unrecorded = verification.scopes.iter().map(|scope| scope.unrecorded).sum();
    (faults.map(|fault| (fault.kind, fault.object_key)).collect(), unrecorded)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_objects_are_sealed_and_compared_with_records_of_later_days() {
    let world = World::new(config(1)).await;
    read(&world, &[]).await;
    for hours in [1, 16] {
        move_to(&world, now() + SignedDuration::from_hours(hours));
        read(&world, &[]).await;
    }
    move_to(&world, now() + SignedDuration::from_hours(20));
    assert_eq!(sealed(&world).await, (vec![], 0));
    for hours in 0..30 {
        let from = Hour::containing(now() - SignedDuration::from_hours(hours));
        assert_eq!(
            verified(&world, Some(from)).await.0,
            [],
            "the record of a run names objects of hours before {from}"
        );
    }
    let files = world.files();
    let of_yesterday =
        files.iter().find(|file| file.starts_with("connection_logs/") && file.contains("=2025-11-22/"));
    let object = of_yesterday.unwrap();
    let path = world.lake().join(object);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, [&bytes[..], b"x"].concat()).unwrap();
    assert_eq!(sealed(&world).await.0, [(Kind::Changed, object.clone())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_names_another_object_contradicts_the_digest_of_an_earlier_day() {
    let world = World::new(config(1)).await;
    let report = read(&world, &[]).await;
    let oldest = group(&report).windows.last().unwrap().object.clone().unwrap();
    assert!(oldest.object_key.contains("=2025-11-22/"), "{}", oldest.object_key);
    let path = world.lake().join(&report.run_keys[0]);
    let record = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, record.replace(&oldest.sha256, &"0".repeat(64))).unwrap();
    move_to(&world, now() + SignedDuration::from_hours(4));
    let (faults, unrecorded) = sealed(&world).await;
    assert_eq!((faults, unrecorded), (vec![(Kind::RecordedOtherwise, oldest.object_key)], 0));
}
