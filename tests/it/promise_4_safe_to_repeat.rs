//! Safe to repeat: EventBridge and Lambda deliver at least once; the same event again changes nothing but the ledger.

use client_vpn_audit::capture::Progress;
use client_vpn_audit::config::Settings;
use client_vpn_audit::handler::Auditor;
use client_vpn_sim::{Fault, FaultKind};
use serde_json::json;

use crate::harness::proxy::Proxy;
use crate::harness::seaweed::Seaweed;
use crate::harness::{World, fleet, outcomes, sdk_config, snapshot};

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
    assert_eq!(added, again.run_keys);
}

#[tokio::test(flavor = "multi_thread")]
async fn captures_of_one_event_at_once_leave_one_object_and_one_truth() {
    let seaweed = Seaweed::shared();
    for at_once in [2, 8] {
        for in_a_bucket in [true, false] {
            let world = World::new(fleet(3, 23)).await;
            let proxy = Proxy::start(&world.simulator.url(), &seaweed.url()).await;
            let lake = match in_a_bucket {
                true => format!("s3://{}/vpn", seaweed.bucket().await),
                false => world.lake().display().to_string(),
            };
            let variables = world.variables(&[("AUDIT_LAKE", &lake), ("AUDIT_PAGE_SIZE", "5")]);
            let settings = Settings::parse(variables).unwrap();
            let sdk = sdk_config(proxy.url(), "eu-central-1");
            let auditor = Auditor::new(settings, sdk, world.clock.clone(), Progress::silent());
            let captures = (0..at_once).map(|_| snapshot(&auditor, json!({})));
            let reports = futures_util::future::join_all(captures).await;
            for target in 0..3 {
                let mut found: Vec<&str> = reports.iter().map(|report| outcomes(report)[target]).collect();
                found.sort_unstable();
                let mut expected = vec!["already_captured"; at_once - 1];
                expected.push("complete");
                assert_eq!(found, expected, "{lake}");
            }
            let environment = seaweed.environment();
            let environment: Vec<(&str, &str)> =
                environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let checked = world.check_at(&lake, &environment);
            assert_eq!((checked.connections, checked.partials, checked.connection_ids_missing), (69, 0, 0));
            assert_eq!(checked.problems, Vec::<String>::new(), "{lake}");
        }
    }
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
