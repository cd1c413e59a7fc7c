//! One bad target harms no other: all targets are tried, and then the run counts as failed.

use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::invocation::handler::Auditor;
use client_vpn_audit::invocation::settings::Settings;
use client_vpn_sim::{Fault, FaultKind};
use serde_json::json;

use crate::harness::{IMPATIENT, World, error_codes, fleet, outcomes, snapshot};

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn the_others_are_complete_and_the_bad_ones_are_named() {
    let world = World::new(fleet(4, 23)).await;
    let ids = world.simulator.endpoint_ids();
    world.simulator.inject(Fault::always(FaultKind::Unauthorized).at(&ids[0]));
    world.simulator.inject(Fault::always(FaultKind::Stall).at(&ids[2]));
    for concurrency in ["1", "2", "4"] {
        let time = format!("2025-11-23T08:0{concurrency}:00Z");
        let auditor = world.auditor(&[("AUDIT_CONCURRENCY", concurrency), IMPATIENT]);
        let report = snapshot(&auditor, json!({"time": time})).await;
        assert_eq!(outcomes(&report), ["failed", "complete", "failed", "complete"]);
        assert_eq!(error_codes(&report), ["UnauthorizedOperation", "", "Timeout", ""]);
        let failure = report.failure().unwrap();
        assert!(failure.starts_with("2 of 4 targets failed: "), "{failure}");
        for id in [&ids[0], &ids[2]] {
            assert!(failure.contains(id), "{failure}");
        }
        let in_order: Vec<&String> = report.record.targets.iter().map(|entry| &entry.endpoint_id).collect();
        assert_eq!(in_order, ids.iter().collect::<Vec<_>>());
    }
    world.check().assert_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_panics_fails_alone() {
    let world = World::new(fleet(3, 23)).await;
    let bad = world.simulator.endpoint_ids()[1].clone();
    let settings = Settings::parse(world.variables(&[])).unwrap();
    let panics =
        Progress::new(move |target, _| assert_ne!(target.endpoint_id.as_str(), bad, "a fault of ours"));
    let auditor = Auditor::new(settings, world.sdk(), world.clock.clone(), panics);
    let report = snapshot(&auditor, json!({})).await;
    assert_eq!(outcomes(&report), ["complete", "failed", "complete"]);
    assert_eq!(error_codes(&report), ["", "Panic", ""]);
    let failure = report.failure().unwrap();
    assert!(!failure.contains("a fault of ours"), "a panic's text can quote a row: {failure}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_listing_of_126_pages_comes_through_throttling() {
    let world = World::new(fleet(1, 630)).await;
    for first in (4..150).step_by(25) {
        world.simulator.inject(Fault { first, last: first + 1, ..Fault::always(FaultKind::Throttle) });
    }
    let own = [("AUDIT_PAGE_SIZE", "5"), ("AUDIT_MAX_ATTEMPTS", "10")];
    let auditor = world.auditor(&own);
    let report = snapshot(&auditor, json!({})).await;
    assert_eq!(outcomes(&report), ["complete"]);
    assert_eq!(report.record.targets[0].tally.pages, 126);
    assert_eq!(world.simulator.requests(), 126 + 12);
    world.check().assert_whole();
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn throttling_within_the_retries_costs_time_only() {
    let world = World::new(fleet(2, 23)).await;
    world.simulator.inject(Fault { first: 1, last: 3, ..Fault::always(FaultKind::Throttle) });
    let auditor = world.auditor(&[("AUDIT_PAGE_SIZE", "5"), ("AUDIT_MAX_ATTEMPTS", "10")]);
    let report = snapshot(&auditor, json!({})).await;
    assert_eq!(outcomes(&report), ["complete", "complete"]);
    world.check().assert_whole();
}
