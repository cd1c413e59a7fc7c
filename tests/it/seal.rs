//! Sealing: one digest an hour, chained, whatever happens in between.

mod chain;
mod clock;
mod keys;
mod obstacles;
mod older;

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use client_vpn_audit::clock::Clock;
use client_vpn_audit::hour::Hour;
use client_vpn_audit::invocation::answer::Answer;
use client_vpn_audit::invocation::metrics;
use client_vpn_audit::lake::keys::{ObjectKey, Table};
use client_vpn_audit::proof::coverage::{Coverage, RequestedTimes};
use client_vpn_audit::proof::digest::WrittenDigest;
use client_vpn_audit::proof::seal::{Sealed, Sealer};
use client_vpn_audit::proof::signing::{Signer, SigningKey};
use client_vpn_audit::proof::verify::Kind;
use client_vpn_sim::{Fault, FaultKind};
use jiff::SignedDuration;
use serde_json::json;

use crate::harness::cases::Cases;
use crate::harness::sealed::{LATER, OBJECTS, SealedLake, faults, record_from, time};
use crate::harness::{World, fleet, snapshot};

fn codes(sealed: &[Sealed]) -> Vec<Option<&str>> {
    sealed.iter().map(|sealed| sealed.error.as_ref().map(|error| error.code.as_str())).collect()
}

async fn digest(lake: &SealedLake, key: &str) -> WrittenDigest {
    WrittenDigest::parse(&ObjectKey::parse(key).unwrap(), &lake.get(key).await).unwrap()
}

/// The bytes of every digest.
async fn digests(lake: &SealedLake) -> BTreeMap<String, Vec<u8>> {
    let mut digests = BTreeMap::new();
    for key in lake.keys_of("digests").await {
        digests.insert(key.clone(), lake.get(&key).await);
    }
    digests
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_is_sealed_when_it_is_closed_and_once() {
    for lake in SealedLake::in_each_store().await {
        let hours = |sealed: &[Sealed]| {
            let hour = |hour: Option<Hour>| hour.map(|hour| hour.to_string());
            (hour(sealed[0].first_hour), hour(sealed[0].last_hour), sealed[0].digests)
        };
        let named = |hour: &str| Some(hour.to_owned());
        let first = lake.seal_at("2025-11-22T22:35:00Z").await;
        assert_eq!(hours(&first), (named("2025-11-22T21"), named("2025-11-22T21"), 1));
        let none = lake.seal_at("2025-11-22T23:34:59Z").await;
        assert_eq!(hours(&none), (None, None, 0));
        let key = SigningKey::File(lake.keys.private());
        let asked = lake.seal_with(Some(&key), LATER, Some("2025-11-22T23")).await;
        assert_eq!(
            hours(&asked),
            (named("2025-11-22T22"), named("2025-11-22T23"), 2),
            "what came before too"
        );
        let rest = lake.seal_at(LATER).await;
        assert_eq!(hours(&rest), (named("2025-11-23T00"), named("2025-11-23T02"), 3));
        let before = digests(&lake).await;
        for hour in [None, Some("2025-11-22T21"), Some("2025-11-23T02")] {
            let again = lake.seal_with(Some(&key), LATER, hour).await;
            assert_eq!((hours(&again), codes(&again)), ((None, None, 0), vec![None]));
        }
        assert_eq!(digests(&lake).await, before, "the first digest of an hour stays");
        let early = lake.seal_with(Some(&key), LATER, Some("2025-11-22T20")).await;
        assert_eq!(codes(&early), [Some("BeforeTheChain")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs SeaweedFS")]
async fn each_object_is_listed_once_in_its_hour_and_an_empty_hour_has_a_digest() {
    let lake = SealedLake::in_a_bucket().await;
    lake.seal_at(LATER).await;
    let mut listed = Vec::new();
    let keys = lake.keys_of("digests").await;
    let mut counts = Vec::new();
    for key in &keys {
        let written = digest(&lake, key).await;
        counts.push(written.digest.objects.len());
        for (object, sealed) in written.objects() {
            assert_eq!(object.hour, ObjectKey::parse(key).unwrap().hour);
            assert!(!sealed.late);
            let bytes = lake.get(object.as_str()).await;
            let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&bytes));
            assert_eq!((sealed.bytes, &sealed.sha256), (bytes.len() as u64, &sha256), "{object}");
            listed.push(sealed.object_key.clone());
        }
    }
    // Two snapshots an hour of two endpoints and of how these are configured with a record each, the first hour with a partial
    // one; then an empty hour.
    assert_eq!(counts, [12 + 3, 12, 12, 12, 12, 0]);
    let mut there = Vec::new();
    for table in Table::SEALED.map(Table::name) {
        there.extend(lake.keys_of(table).await);
    }
    listed.sort();
    there.sort();
    assert_eq!(listed, there);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_late_is_listed_by_the_next_digest() {
    for lake in SealedLake::in_each_store().await {
        lake.seal_at(LATER).await;
        let object = lake.keys_of("connections").await[0].clone();
        // A retry of yesterday, and one of an hour before.
        let late = ["2025-11-22/20251122T220507Z", "2025-11-23/20251123T010507Z"].map(|time| {
            let place = "connections/account_id=123456789012/region=eu-central-1/snapshot_date=";
            format!("{place}{time}_cvpn-endpoint-0123456789abcdef0.parquet")
        });
        for key in &late {
            lake.put(key, lake.get(&object).await).await;
        }
        let extra = late.clone().map(|key| (Kind::Extra, key));
        assert_eq!(faults(&lake.verify().await), extra, "until they are sealed, nobody vouches for them");
        let [sealed] = lake.seal_at("2025-11-23T04:40:00Z").await.try_into().unwrap();
        assert_eq!((sealed.digests, sealed.objects, sealed.late), (1, 2, 2));
        let written = digest(&lake, &sealed.digest_key.unwrap()).await;
        let found: Vec<(&str, bool)> =
            written.digest.objects.iter().map(|object| (object.object_key.as_str(), object.late)).collect();
        assert_eq!(found, late.each_ref().map(|key| (key.as_str(), true)));
        let now = time("2025-11-23T04:40:00Z");
        let verification = lake.verify_with(&[&lake.keys], |verifier| verifier.now = now).await.unwrap();
        let copies = late.map(|key| (Kind::ObjectInvalid, key));
        assert_eq!(
            faults(&verification),
            copies,
            "they are of another time than their keys, and as they were sealed"
        );
        assert_eq!(verification.scopes[0].late, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_caught_up() {
    let lake = SealedLake::in_a_directory().await;
    lake.seal_at("2025-11-22T22:40:00Z").await;
    let later = "2025-11-26T00:35:00Z";
    let [sealed] = lake.seal_at(later).await.try_into().unwrap();
    assert_eq!((sealed.error, sealed.digests), (None, 2 + 3 * 24));
    let now = time(later);
    let verification = lake.verify_with(&[&lake.keys], |verifier| verifier.now = now).await.unwrap();
    assert_eq!(faults(&verification), []);
    assert_eq!((verification.scopes[0].digests, verification.objects), (1 + 2 + 3 * 24, OBJECTS));
}

#[tokio::test(flavor = "multi_thread")]
async fn midnight_month_year_and_leap_day_are_hours_like_others() {
    let cases = Cases::default();
    for (midnight, before) in [
        ("2025-11-23", "2025-11-22"),
        ("2025-12-01", "2025-11-30"),
        ("2026-01-01", "2025-12-31"),
        ("2024-02-29", "2024-02-28"),
        ("2024-03-01", "2024-02-29"),
        ("2025-03-01", "2025-02-28"),
        // Summer time begins in Europe.
        ("2025-03-30", "2025-03-29"),
    ] {
        cases.run(midnight, records_are_whole_around(midnight, before)).await;
    }
}

/// Records from 90 minutes before midnight on for three hours, seals, verifies and asks for coverage.
async fn records_are_whole_around(midnight: &str, before: &str) {
    let first = time(&format!("{midnight}T00:00:00Z")) - SignedDuration::from_mins(90);
    let directory = tempfile::TempDir::new().unwrap();
    record_from(directory.path(), first, 7).await;
    let lake = SealedLake::at(directory);
    let pair = |date: &str, time: &str| (date.to_owned(), format!("{}T{time}Z", date.replace('-', "")));
    let evening = ["223000", "230000", "233000"].map(|time| pair(before, time));
    let night = ["000000", "003000", "010000", "013000"].map(|time| pair(midnight, time));
    let mut found: Vec<(String, String)> = Vec::new();
    for key in lake.keys_of("runs").await {
        let (folder, name) = key.rsplit_once('/').unwrap();
        let date = folder.rsplit_once("snapshot_date=").unwrap().1;
        found.push((date.to_owned(), name.split('_').next().unwrap().to_owned()));
    }
    // One of them has a second run, in part.
    found.dedup();
    assert_eq!(found, [evening.as_slice(), &night].concat());
    let now = format!("{midnight}T02:35:00Z");
    let [sealed] = lake.seal_at(&now).await.try_into().unwrap();
    assert_eq!((sealed.error, sealed.digests, sealed.late), (None, 4, 0), "{midnight}");
    let verification = lake.verify_with(&[&lake.keys], |verifier| verifier.now = time(&now)).await.unwrap();
    assert_eq!(faults(&verification), [], "{midnight}");
    assert_eq!(verification.objects, sealed.objects);
    let window =
        RequestedTimes { from: Some(first), to: time(&format!("{midnight}T01:30:00Z")), now: time(&now) };
    let coverage = Coverage::read(&lake.store, window, &[], |_| ()).await.unwrap();
    assert!(coverage.is_whole() && coverage.endpoints.len() == 2, "{coverage:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_that_runs_out_of_time_goes_on_next_time() {
    let lake = SealedLake::in_a_directory().await;
    let signer = Signer::new(None, &SdkConfig::builder().build()).unwrap();
    let clock = Clock::manual(time(LATER));
    let sealer = Sealer::new(&lake.store, &lake.location, &signer, &clock);
    let deadline = time(LATER);
    let sealed = sealer.seal(&[], None, Some(deadline)).await.unwrap();
    assert_eq!(codes(&sealed), [Some("DeadlineExceeded")]);
    assert_eq!(lake.keys_of("digests").await.len(), 0);
    let deadline = deadline + SignedDuration::from_millis(1);
    let sealed = sealer.seal(&[], None, Some(deadline)).await.unwrap();
    assert_eq!((codes(&sealed), sealed[0].digests), (vec![None], 6));
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs SeaweedFS")]
async fn an_account_and_region_costs_no_request_after_the_deadline() {
    let lake = SealedLake::in_a_bucket().await;
    let signer = Signer::new(None, &SdkConfig::builder().build()).unwrap();
    let clock = Clock::manual(time(LATER));
    let (proxy, store) = lake.behind_a_proxy().await;
    store.places().await.unwrap();
    let listings = proxy.requests();
    let sealer = Sealer::new(&store, &lake.location, &signer, &clock);
    let late = sealer.seal(&[], None, Some(time(LATER))).await.unwrap();
    assert_eq!(codes(&late), [Some("DeadlineExceeded")]);
    assert_eq!(proxy.requests(), 2 * listings);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs SeaweedFS")]
async fn an_hour_costs_one_listing_of_each_table_and_a_look_at_the_chain() {
    let lake = SealedLake::in_a_bucket().await;
    lake.seal_at(LATER).await;
    let key = SigningKey::File(lake.keys.private());
    let signer = Signer::new(Some(&key), &SdkConfig::builder().build()).unwrap();
    let (proxy, store) = lake.behind_a_proxy().await;
    let mut before = 0;
    let mut requests = || {
        let of_this = proxy.requests() - before;
        before += of_this;
        of_this
    };
    store.places().await.unwrap();
    let places = requests();
    let mut clock = Clock::manual(time(LATER));
    let sealed = Sealer::new(&store, &lake.location, &signer, &clock).seal(&[], None, None).await.unwrap();
    assert_eq!((codes(&sealed), sealed[0].digests), (vec![None], 0));
    // The digest of the newest closed hour, and none of the next.
    assert_eq!(requests() - places, 2, "nothing is due");
    // An hour without an object.
    clock = Clock::manual(time(LATER) + SignedDuration::from_hours(1));
    let sealed = Sealer::new(&store, &lake.location, &signer, &clock).seal(&[], None, None).await.unwrap();
    assert_eq!((codes(&sealed), sealed[0].digests), (vec![None], 1));
    let (look, listings, digests, before_the_first, clock, put) = (1, 1 + Table::SEALED.len(), 6, 2, 1, 1);
    assert_eq!(requests() - places, look + listings + digests + before_the_first + clock + put);
}

#[tokio::test(flavor = "multi_thread")]
async fn seals_at_once_make_one_chain() {
    for lake in SealedLake::in_each_store().await {
        for until in ["2025-11-22T23:40:00Z", LATER] {
            let seals = (0..8).map(|_| lake.seal_at(until));
            let sealed = futures_util::future::join_all(seals).await;
            assert!(sealed.iter().all(|sealed| sealed[0].error.is_none()), "{sealed:?}");
        }
        let verification = lake.verify().await;
        assert_eq!(faults(&verification), []);
        assert_eq!((verification.scopes[0].signatures, verification.objects), (6, OBJECTS));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_age_is_that_of_the_endpoint_captured_longest_ago() {
    let start = time("2025-11-22T23:30:00Z");
    let config = client_vpn_sim::Config { time: client_vpn_sim::TimeSource::Manual(start), ..fleet(2, 5) };
    let world = World::new(config).await;
    let auditor = world.auditor(&[]);
    let at = |minutes: i64| {
        let now = start + SignedDuration::from_mins(minutes);
        world.clock.set(now);
        world.simulator.set_time(now);
        now.to_string()
    };
    let age = async |minutes: i64| {
        at(minutes);
        match crate::harness::handle(&auditor, &json!({"action": "seal"}), "request", None).await.unwrap() {
            Answer::Seal(report) => {
                let line = metrics::seal_line(world.clock.now(), &report, None).unwrap();
                assert_eq!(line["OldestCompleteAgeMinutes"], json!(report.oldest_complete_age_minutes));
                assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([[]]));
                let line = metrics::seal_line(world.clock.now(), &report, Some("vpn")).unwrap();
                assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["Stack"]]));
                assert_eq!(line["Stack"], json!("vpn"));
                report.oldest_complete_age_minutes
            }
            other => panic!("{other:?}"),
        }
    };
    // Nothing is on record: the age counts from the beginning of yesterday.
    assert_eq!(age(0).await, Some(23 * 60 + 30 + 24 * 60));
    snapshot(&auditor, json!({"time": at(0)})).await;
    assert_eq!(age(6).await, Some(6));
    // One of the two fails from then on, also over midnight; what is asked for in part does not count.
    let second = world.simulator.endpoint_ids()[1].clone();
    world.simulator.inject(Fault::always(FaultKind::Unauthorized).at(&second));
    for minutes in [15, 30, 45] {
        snapshot(&auditor, json!({"time": at(minutes)})).await;
    }
    world.simulator.clear_faults();
    snapshot(&auditor, json!({"time": at(46), "max_items": 1})).await;
    assert_eq!(age(51).await, Some(51));
    // A retry counts by its arrival.
    snapshot(&auditor, json!({"time": start.to_string(), "targets": [second]})).await;
    assert_eq!(age(52).await, Some(52), "the object of that snapshot was there");
    snapshot(&auditor, json!({"time": (start + SignedDuration::from_mins(45)).to_string()})).await;
    assert_eq!(age(60).await, Some(60 - 45), "the first was captured then, the second seven minutes later");
}
