//! Discovery of endpoints: those that appear, those that are deleted, and those that are not known.

use client_vpn_audit::capture::run::Report;
use client_vpn_audit::invocation::handler::Auditor;
use client_vpn_audit::invocation::settings::Settings;
use client_vpn_audit::lake::store::{Location, Store};
use client_vpn_audit::proof::coverage::{Coverage, RequestedTimes, oldest_complete_age};
use client_vpn_audit::target::{AccountId, AccountRegion, PlaceTargets, Region};
use client_vpn_sim::{Config, EndpointConfig};
use serde_json::{Value, json};

use super::{REGIONS, accounts, at, auditor_of, everywhere, organisation};
use crate::harness::{World, error_codes, files_under, outcomes, snapshot};

/// Returns the targets that the settings of [`everywhere`] name.
fn everything(world: &World) -> Vec<PlaceTargets> {
    let settings = Settings::parse(everywhere(world)).unwrap();
    let home = AccountRegion {
        account_id: AccountId::parse("123456789012").unwrap(),
        region: Region::parse(REGIONS[0]).unwrap(),
    };
    settings.targets_at(&home, None, "AUDIT_TARGETS").unwrap()
}

/// Takes a snapshot of that minute.
async fn snapshot_at(world: &World, auditor: &Auditor, minutes: i64) -> Report {
    let time = at(minutes).parse().unwrap();
    world.clock.set(time);
    world.simulator.set_time(time);
    snapshot(auditor, json!({"time": at(minutes)})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_that_appear_and_go_are_facts_in_the_ledger() {
    let world = World::new(organisation(2, 1, 2, 23)).await;
    let member = accounts(&world)[1].clone();
    let gone = world.simulator.endpoints().into_iter().find(|(account, _, _)| *account == member).unwrap().2;
    let auditor = auditor_of(&world, &[]);
    let first = snapshot_at(&world, &auditor, 0).await;
    let discovery = |report: &Report| report.record.places[1].discovery.clone().unwrap();
    assert_eq!((discovery(&first).discovered.len(), discovery(&first).known_since), (2, None));

    world.simulator.remove_endpoint(&gone);
    let endpoint = EndpointConfig {
        id: "cvpn-endpoint-0000000a".to_owned(),
        ..Config::fleet(9, 1, 23).endpoints.remove(0)
    };
    world.simulator.add_endpoint(&member, REGIONS[0], endpoint);
    let second = snapshot_at(&world, &auditor, 15).await;
    assert_eq!(outcomes(&second), ["complete"; 4]);
    assert_eq!(discovery(&second).discovered, ["cvpn-endpoint-0000000a"]);
    assert_eq!(discovery(&second).gone, [gone.as_str()]);
    assert_eq!(discovery(&second).known_since.unwrap().to_string(), at(0));
    let third = snapshot_at(&world, &auditor, 30).await;
    assert_eq!((discovery(&third).discovered.len(), discovery(&third).gone.len()), (0, 0));
    // A retry of the second gets the same answer.
    let again = snapshot_at(&world, &auditor, 15).await;
    assert_eq!(discovery(&again), discovery(&second));

    for minutes in [45, 60, 75, 90, 105] {
        snapshot_at(&world, &auditor, minutes).await;
    }
    let store = Store::new(&Location::Directory(world.lake()), &world.sdk(), None);
    let end = at(106).parse().unwrap();
    let coverage =
        Coverage::read(&store, RequestedTimes { from: None, to: end, now: end }, &[], |_| ()).await.unwrap();
    assert_eq!(coverage.endpoints.len(), 5 + 2, "the one that is gone too, and the lists of two accounts");
    for endpoint in &coverage.endpoints {
        let holes: Vec<(String, String, bool)> = endpoint
            .holes
            .iter()
            .map(|hole| (hole.gap.from.to_string(), hole.gap.to.to_string(), hole.gap.open))
            .collect();
        // Connections after its last capture were never listed, and nobody connects to it afterwards.
        let expected = if endpoint.endpoint_id == gone { vec![(at(0), at(15), false)] } else { Vec::new() };
        assert_eq!(holes, expected, "{endpoint:?}");
    }
    // From before the fourth endpoint was there on.
    let since = RequestedTimes { from: Some(at(1).parse().unwrap()), to: end, now: end };
    let coverage = Coverage::read(&store, since, &[], |_| ()).await.unwrap();
    let new = coverage.endpoints.iter().find(|endpoint| endpoint.endpoint_id == "cvpn-endpoint-0000000a");
    assert_eq!(new.unwrap().holes.len(), 0, "it was not there, as the listing before shows");
    assert_eq!(oldest_complete_age(&store, &everything(&world), end).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_is_missed_by_name_when_its_role_refuses() {
    let world = World::new(organisation(3, 2, 2, 23)).await;
    let member = accounts(&world)[1].clone();
    snapshot_at(&world, &auditor_of(&world, &[]), 0).await;
    world.simulator.refuse_role(&member);
    // A function of its own: the one before has credentials that are still good.
    let refused = snapshot_at(&world, &auditor_of(&world, &[]), 15).await;
    let codes = error_codes(&refused);
    assert_eq!(codes.iter().filter(|code| **code == "AssumeRoleRefused").count(), 4, "{codes:?}");
    assert_eq!(outcomes(&refused).iter().filter(|outcome| **outcome == "complete").count(), 8);
    assert!(refused.failure().unwrap().contains("4 of 12 targets failed"));
    world.simulator.restore();
    let restored = snapshot_at(&world, &auditor_of(&world, &[]), 30).await;
    assert_eq!(outcomes(&restored), ["complete"; 12]);
    let discoveries = restored.record.places.iter().map(|place| place.discovery.as_ref().unwrap());
    assert!(
        discoveries.clone().all(|discovery| discovery.discovered.is_empty() && discovery.gone.is_empty())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_always_refused_is_a_hole_and_old() {
    let world = World::new(organisation(2, 1, 1, 23)).await;
    world.simulator.refuse_role(&accounts(&world)[1]);
    for minutes in [0, 15, 30, 45, 60, 75] {
        snapshot_at(&world, &auditor_of(&world, &[]), minutes).await;
    }
    let store = Store::new(&Location::Directory(world.lake()), &world.sdk(), None);
    let end = at(76).parse().unwrap();
    let coverage =
        Coverage::read(&store, RequestedTimes { from: None, to: end, now: end }, &[], |_| ()).await.unwrap();
    assert!(!coverage.is_whole());
    let refused = coverage.endpoints.iter().find(|endpoint| endpoint.account_id == accounts(&world)[1]);
    let refused = refused.unwrap();
    assert_eq!((refused.endpoint_id.as_str(), refused.holes.len()), ("*", 1));
    assert_eq!(refused.holes[0].reason, "6 × failed, AssumeRoleRefused");
    let age = oldest_complete_age(&store, &everything(&world), end).await.unwrap();
    assert!(age > 24 * 60, "nobody knows what is there: {age}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_read_hides_nothing_that_is_gone() {
    let world = World::new(organisation(1, 1, 3, 23)).await;
    let auditor = auditor_of(&world, &[]);
    snapshot_at(&world, &auditor, 0).await;
    let second = snapshot_at(&world, &auditor, 15).await;
    std::fs::write(world.lake().join(&second.run_keys[0]), "no record").unwrap();
    let gone = world.simulator.endpoints()[1].2.clone();
    world.simulator.remove_endpoint(&gone);
    let third = snapshot_at(&world, &auditor, 30).await;
    let discovery = third.record.places[0].discovery.as_ref().unwrap();
    assert_eq!(discovery.gone, [gone.as_str()], "by the record before");
    assert_eq!(discovery.error.as_ref().unwrap().code.as_str(), "LedgerUnreadable");
    assert_eq!(outcomes(&third), ["complete"; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_discovered_late_hides_no_hole() {
    let world = World::new(organisation(1, 1, 1, 23)).await;
    let auditor = auditor_of(&world, &[]);
    for minutes in [0, 15, 100, 115] {
        snapshot_at(&world, &auditor, minutes).await;
    }
    // A replay that compares with a record from before the endpoint: everything is discovered, though it was there.
    let mut replay = snapshot_at(&world, &auditor, 119).await.record;
    let record = world.lake().join(
        files_under(&world.lake())
            .into_iter()
            .rev()
            .find(|file| file.starts_with("runs/") && file.contains(replay.run_id.as_str()))
            .unwrap(),
    );
    let id = replay.targets.remove(0).endpoint_id;
    let mut line: Value = serde_json::from_slice(&std::fs::read(&record).unwrap()).unwrap();
    line["places"][0]["discovery"]["discovered"] = json!([id]);
    std::fs::remove_file(&record).unwrap();
    std::fs::write(&record, format!("{line}\n")).unwrap();
    let store = Store::new(&Location::Directory(world.lake()), &world.sdk(), None);
    let window = RequestedTimes {
        from: Some(at(10).parse().unwrap()),
        to: at(120).parse().unwrap(),
        now: at(120).parse().unwrap(),
    };
    let coverage = Coverage::read(&store, window, &[], |_| ()).await.unwrap();
    let endpoint = coverage.endpoints.iter().find(|endpoint| endpoint.endpoint_id == id).unwrap();
    assert_eq!((endpoint.from.to_string(), endpoint.holes.len()), (at(10), 1), "{endpoint:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_read_spoils_one_discovery_and_not_those_after_it() {
    let world = World::new(organisation(1, 1, 3, 23)).await;
    let auditor = auditor_of(&world, &[]);
    let first = snapshot_at(&world, &auditor, 0).await;
    std::fs::write(world.lake().join(&first.run_keys[0]), "no record").unwrap();
    let codes = [15, 30, 45].map(async |minute| {
        let report = snapshot_at(&world, &auditor, minute).await;
        report.record.places[0].discovery_error().map(|error| error.code.to_string())
    });
    let mut found = Vec::new();
    for code in codes {
        found.push(code.await);
    }
    assert_eq!(found, [Some("LedgerUnreadable".to_owned()), None, None]);
    // EC2 listed the endpoints each time, so that their list has no hole.
    let store = Store::new(&Location::Directory(world.lake()), &world.sdk(), None);
    let now = at(46).parse().unwrap();
    let coverage =
        Coverage::read(&store, RequestedTimes { from: None, to: now, now }, &[], |_| ()).await.unwrap();
    let listing = coverage.endpoints.iter().find(|endpoint| endpoint.endpoint_id == "*").unwrap();
    assert_eq!((listing.outcomes.get("complete"), listing.outcomes.get("failed")), (Some(&3), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_fails_costs_no_capture_of_what_was_there_before() {
    let world = World::new(organisation(1, 1, 3, 23)).await;
    let auditor = auditor_of(&world, &[]);
    snapshot_at(&world, &auditor, 0).await;
    let store = world.lake();
    let runs = files_under(&store).into_iter().find(|file| file.starts_with("runs/")).unwrap();
    std::fs::write(store.join(runs), "no record").unwrap();
    let report = snapshot_at(&world, &auditor, 15).await;
    assert_eq!(outcomes(&report), ["complete"; 3], "what is there is captured");
    let error = report.record.places[0].discovery_error().unwrap();
    assert_eq!(error.code.as_str(), "LedgerUnreadable");
    assert!(!report.record.all_captured(), "whether one is gone is not known");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_endpoints_is_an_entry_and_no_error() {
    let world = World::new(organisation(1, 1, 0, 0)).await;
    let own = [("AUDIT_TARGETS", "*"), ("AUDIT_ACCOUNTS", "123456789012"), ("AUDIT_REGIONS", REGIONS[0])];
    let report = snapshot(&auditor_of(&world, &own), json!({})).await;
    assert!(report.record.all_captured() && report.failure().is_none());
    let place = &report.record.places[0];
    assert_eq!(place.discovery.as_ref().unwrap().endpoints.as_ref().unwrap().len(), 0);
    let endpoints = place.endpoints.as_ref().unwrap();
    assert_eq!((endpoints.outcome.as_str(), endpoints.object.as_ref().unwrap().rows), ("complete", 0));
    let files = world.files();
    assert!(
        files.iter().any(|file| file.starts_with("endpoints/"))
            && files.iter().any(|file| file.starts_with("runs/"))
    );
}
