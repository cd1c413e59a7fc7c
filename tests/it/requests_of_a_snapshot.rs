//! The requests to S3 that a snapshot takes, which docs/cost.py has the price of.

use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::invocation::handler::Auditor;
use client_vpn_audit::invocation::settings::Settings;
use client_vpn_audit::snapshot_time::SnapshotTime;
use jiff::SignedDuration;
use serde_json::json;

use crate::harness::proxy::Proxy;
use crate::harness::seaweed::Seaweed;
use crate::harness::{World, fleet, sdk_config, snapshot};

/// Takes a first snapshot of `targets` among three endpoints, and another a quarter of an hour later. Returns the requests of the latter to
/// a store whose server has this name.
async fn requests_of_the_second(targets: &str, server: &'static str) -> Vec<&'static str> {
    let seaweed = Seaweed::shared();
    let world = World::new(fleet(3, 23)).await;
    let proxy = Proxy::naming(server, &world.simulator.url(), &seaweed.url()).await;
    let lake = format!("s3://{}/vpn", seaweed.bucket().await);
    let mut asked = Vec::new();
    for _ in 0..2 {
        let variables = world.variables(&[("AUDIT_LAKE", &lake), ("AUDIT_TARGETS", targets)]);
        let settings = Settings::parse(variables).unwrap();
        let sdk = sdk_config(proxy.url(), "eu-central-1");
        let auditor = Auditor::new(settings, sdk, world.clock.clone(), Progress::silent());
        let time = SnapshotTime::truncated(world.clock.now());
        assert!(snapshot(&auditor, json!({"time": time})).await.record.all_captured());
        asked = proxy.asked_of_s3();
        world.clock.set(world.clock.now() + SignedDuration::from_mins(15));
    }
    asked
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs SeaweedFS")]
async fn each_object_takes_a_look_and_a_put_and_a_wildcard_a_list_and_a_get() {
    let world = World::new(fleet(3, 23)).await;
    let ids = world.simulator.endpoint_ids().join(",");
    // Three endpoints and three tables with configuration; and the run record, at which nobody looks.
    let (looks, puts) = (vec!["HEAD"; 6], vec!["PUT"; 7]);
    let of_s3 = requests_of_the_second(&ids, "AmazonS3").await;
    assert_eq!(of_s3, [looks.clone(), puts.clone()].concat());
    // Which endpoints there were is in the record before.
    let by_wildcard = requests_of_the_second("*", "AmazonS3").await;
    assert_eq!(by_wildcard, [vec!["GET"], looks.clone(), vec!["LIST"], puts.clone()].concat());
    // A store that names no delete markers must also list what is not there: a marker hides what was.
    let of_another = requests_of_the_second(&ids, "another").await;
    assert_eq!(of_another, [looks, vec!["LIST"; 6], puts].concat());
}
