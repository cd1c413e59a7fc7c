//! A changed, removed, added, renamed or truncated object is found by `verify` and named.

mod chain;
mod contradictions;
mod irregular;
mod planted;
mod ranges;

use std::collections::BTreeMap;

use client_vpn_audit::hour::Hour;
use client_vpn_audit::lake::keys::Table;
use client_vpn_audit::lake::store::Location;
use client_vpn_audit::proof::verify::{Kind, VerifyError};
use jiff::SignedDuration;

use crate::harness::cases::Cases;
use crate::harness::sealed::{Keys, LATER, OBJECTS, SealedLake, faults, time};

/// The faults that `verify` must report in a sealed lake that was changed.
type Expected = Vec<(Kind, String)>;

const HOURS: usize = 6;

/// A lake on both stores.
async fn lakes() -> Vec<SealedLake> {
    let lakes = SealedLake::in_each_store().await;
    for lake in &lakes {
        let [sealed] = lake.seal_at(LATER).await.try_into().unwrap();
        assert_eq!((sealed.error, sealed.digests), (None, HOURS as u64));
        assert_eq!((sealed.objects, sealed.late), (OBJECTS, 0));
    }
    lakes
}

/// Tampers, verifies, and undoes it.
async fn check(
    cases: &Cases,
    lake: &SealedLake,
    what: &str,
    touched: &[&str],
    tampered: impl AsyncFnOnce(&SealedLake) -> Expected,
) {
    let mut before = Vec::new();
    for key in touched {
        before.push((*key, lake.get(key).await));
    }
    let there: Vec<String> = all_keys(lake).await;
    let mut expected = tampered(lake).await;
    // A bucket keeps what was there before, and digests are written once.
    for found in lake.store.find("digests/").await.unwrap() {
        expected.extend((found.versions > 1).then_some((Kind::Changed, found.key)));
    }
    let mut found = faults_but_empty_folders(lake).await;
    expected.sort();
    found.sort();
    cases.assert_eq(format_args!("{what} in {}", lake.location), &found, &expected);
    for key in all_keys(lake).await {
        if !there.contains(&key) {
            lake.delete(&key).await;
        }
    }
    for (key, bytes) in before {
        lake.put_back(key, bytes).await;
    }
    assert_eq!(faults_but_empty_folders(lake).await, [], "{what} was undone");
}

/// Returns the faults of the lake but for folders of a bucket that have no key any more: SeaweedFS lists them for a while, and S3 has
/// no folders.
async fn faults_but_empty_folders(lake: &SealedLake) -> Vec<(Kind, String)> {
    let mut kept = Vec::new();
    for (kind, key) in faults(&lake.verify().await) {
        let is_folder = kind == Kind::Irregular && key.ends_with('/');
        let is_bucket = matches!(lake.location, Location::S3 { .. });
        if !(is_folder && is_bucket && lake.store.find(&key).await.unwrap().is_empty()) {
            kept.push((kind, key));
        }
    }
    kept
}

async fn all_keys(lake: &SealedLake) -> Vec<String> {
    let mut keys = Vec::new();
    for table in Table::ALL.map(Table::name) {
        keys.extend(lake.keys_of(table).await);
    }
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_lake_passes_and_says_what_it_covered() {
    for lake in lakes().await {
        let verification = lake.verify().await;
        assert_eq!(faults(&verification), []);
        assert!(verification.is_tamper_evident());
        let mut bytes = 0;
        for table in Table::SEALED.map(Table::name) {
            for key in lake.keys_of(table).await {
                bytes += lake.get(&key).await.len() as u64;
            }
        }
        assert_eq!((verification.objects, verification.bytes), (OBJECTS, bytes));
        let [scope] = verification.scopes.as_slice() else { panic!("{:?}", verification.scopes) };
        assert_eq!(
            (scope.first_hour.to_string(), scope.last_hour.to_string()),
            ("2025-11-22T21".to_owned(), "2025-11-23T02".to_owned())
        );
        assert_eq!((scope.digests, scope.signatures, scope.objects), (6, 6, OBJECTS));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_an_object_is_named() {
    let cases = Cases::default();
    for lake in lakes().await {
        let objects = lake.keys_of("connections").await;
        let (key, other) = (objects[3].as_str(), objects[12].as_str());
        let one = |kind: Kind, key: &str| vec![(kind, key.to_owned())];
        for key in [key, lake.keys_of("runs").await[4].as_str(), lake.keys_of("partials").await[0].as_str()] {
            check(&cases, &lake, "a changed byte", &[key], async |lake| {
                let mut bytes = lake.get(key).await;
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                lake.put(key, bytes).await;
                one(Kind::Changed, key)
            })
            .await;
        }
        check(&cases, &lake, "bytes at the end", &[key], async |lake| {
            let mut bytes = lake.get(key).await;
            bytes.push(0);
            lake.put(key, bytes).await;
            one(Kind::Changed, key)
        })
        .await;
        check(&cases, &lake, "a byte less", &[key], async |lake| {
            let mut bytes = lake.get(key).await;
            bytes.pop();
            lake.put(key, bytes).await;
            one(Kind::Truncated, key)
        })
        .await;
        check(&cases, &lake, "emptied", &[key], async |lake| {
            lake.put(key, Vec::new()).await;
            one(Kind::Truncated, key)
        })
        .await;
        check(&cases, &lake, "two removed", &[key, other], async |lake| {
            lake.delete(key).await;
            lake.delete(other).await;
            vec![(Kind::Missing, key.to_owned()), (Kind::Missing, other.to_owned())]
        })
        .await;
        let elsewhere = [
            key.replace(".parquet", "_x.parquet"),
            key.replace("connections/", "partials/").replace(".parquet", "_8f5a-1.parquet"),
            key.replace("region=eu-central-1", "region=eu-west-1"),
            format!("{key}.bak"),
            "connections/notes/x.parquet".to_owned(),
        ];
        for new in &elsewhere {
            check(&cases, &lake, "renamed", &[key], async |lake| {
                let bytes = lake.get(key).await;
                lake.delete(key).await;
                lake.put(new, bytes).await;
                one(Kind::Renamed, key)
            })
            .await;
            check(&cases, &lake, "added", &[], async |lake| {
                lake.put(new, lake.get(key).await).await;
                one(Kind::Extra, new)
            })
            .await;
        }
        for new in
            ["2018-12-01/20181201T000000Z", "2025-11-21/20251121T120000Z", "2030-01-01/20300101T000000Z"]
        {
            check(&cases, &lake, "added to another day", &[], async |lake| {
                let place = "connections/account_id=123456789012/region=eu-central-1/snapshot_date=";
                let new = format!("{place}{new}_cvpn-endpoint-0123456789abcdef0.parquet");
                lake.put(&new, lake.get(key).await).await;
                one(Kind::Extra, &new)
            })
            .await;
        }
        check(&cases, &lake, "one renamed to the name of another", &[key, other], async |lake| {
            let bytes = lake.get(key).await;
            lake.delete(key).await;
            lake.put(other, bytes).await;
            vec![(Kind::Missing, key.to_owned()), (Kind::Changed, other.to_owned())]
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs SeaweedFS")]
async fn what_a_delete_marker_hides_is_named() {
    let lake = SealedLake::in_a_bucket().await;
    lake.seal_at(LATER).await;
    let (key, digest) =
        (lake.keys_of("connections").await[3].clone(), lake.keys_of("digests").await[2].clone());
    lake.hide(&key).await.unwrap();
    lake.hide(&digest).await.unwrap();
    let found = faults(&lake.verify().await);
    assert_eq!(found, [(Kind::HiddenByDeleteMarker, key), (Kind::HiddenByDeleteMarker, digest)]);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs SeaweedFS")]
async fn under_object_lock_a_delete_is_refused_and_a_delete_marker_is_reported() {
    let lake = SealedLake::in_a_locked_bucket().await;
    lake.seal_at(LATER).await;
    let (key, digest) =
        (lake.keys_of("connections").await[3].clone(), lake.keys_of("digests").await[2].clone());
    for key in [&key, &digest] {
        let refused = lake.delete_versions(key).await;
        assert_eq!(refused.as_deref(), Some("AccessDenied"), "{key}");
    }
    assert_eq!(faults(&lake.verify().await), []);
    lake.hide(&key).await.unwrap();
    assert_eq!(faults(&lake.verify().await), [(Kind::HiddenByDeleteMarker, key)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_is_verified_alone_and_what_is_expired_is_no_fault() {
    for lake in lakes().await {
        let keys = [&lake.keys];
        let objects = lake.keys_of("connections").await;
        // Of the hour 21, of 23 and of midnight.
        let (early, late, midnight) = (&objects[0], &objects[8], &objects[12]);
        assert!(early.contains("T21") && late.contains("T23") && midnight.contains("T00"), "{objects:?}");
        for key in [early, midnight] {
            lake.delete(key).await;
        }
        let hour = |text: &str| Some(Hour::parse(text).unwrap());
        let missing = |key: &String| (Kind::Missing, key.clone());
        for (from, to, expected) in [
            (None, None, vec![missing(early), missing(midnight)]),
            (hour("2025-11-22T22"), None, vec![missing(midnight)]),
            (None, hour("2025-11-22T23"), vec![missing(early)]),
            (hour("2025-11-22T22"), hour("2025-11-22T23"), vec![]),
            (hour("2025-11-23T00"), hour("2025-11-23T00"), vec![missing(midnight)]),
        ] {
            let of_range = lake.verify_with(&keys, |verifier| (verifier.from, verifier.to) = (from, to));
            assert_eq!(faults(&of_range.await.unwrap()), expected, "{from:?} {to:?}");
        }
        // An object that the lifecycle rule deleted is still named by its digest. One that the rule cannot have deleted is missing.
        let after = |days: i64| time(LATER) + SignedDuration::from_hours(24 * days);
        lake.seal_at(&after(10).to_string()).await;
        // S3 waits for the midnight after the days: that of the hour 21 came before that of the hour 0.
        for (retention_days, expected, expired) in [
            (9, vec![], 2),
            (10, vec![missing(midnight)], 1),
            (11, vec![missing(early), missing(midnight)], 0),
        ] {
            let verification = lake.verify_with(&keys, |verifier| {
                (verifier.now, verifier.retention_days) = (after(10), Some(retention_days));
            });
            let verification = verification.await.unwrap();
            assert_eq!((faults(&verification), verification.scopes[0].expired), (expected, expired));
        }
        // Of a bucket with versions, it takes an object by a delete marker first.
        if lake.hide(late).await.is_some() {
            let verification = lake.verify_with(&keys, |verifier| {
                (verifier.now, verifier.retention_days) = (after(10), Some(10));
            });
            assert_eq!(faults(&verification.await.unwrap()), [missing(midnight)]);
        }
        let nothing = lake.verify_with(&[], |verifier| {
            (verifier.now, verifier.from) = (after(10), hour("2026-11-22T22"));
        });
        let nothing = nothing.await;
        assert!(matches!(nothing, Err(VerifyError::NothingAskedFor { .. })), "{nothing:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs SeaweedFS")]
async fn a_copy_is_verified_wherever_it_lies() {
    let lake = SealedLake::in_a_bucket().await;
    lake.seal_at(LATER).await;
    let directory = tempfile::TempDir::new().unwrap();
    for key in all_keys(&lake).await {
        let path = directory.path().join(&key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, lake.get(&key).await).unwrap();
    }
    let verification = lake.verify_copy(directory.path(), time(LATER)).await;
    assert_eq!(faults(&verification), []);
    assert!(verification.is_tamper_evident());
    assert_eq!(verification.scopes[0].sealed_as, Some(lake.location.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_was_made_anew_is_told_by_its_time_and_by_a_digest_that_is_known() {
    for lake in lakes().await {
        let digests = lake.keys_of("digests").await;
        let known_of = async |key: &str| {
            let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(lake.get(key).await));
            BTreeMap::from([(key.to_owned(), sha256)])
        };
        let verify = async |known: &BTreeMap<String, String>| {
            let keys = [&lake.keys];
            let verified = lake.verify_with(&keys, |verifier| {
                (verifier.now, verifier.known) = (time("2025-11-24T00:35:00Z"), known.clone());
            });
            verified.await.unwrap()
        };
        let known = known_of(&digests[4]).await;
        let nobody = BTreeMap::new();
        lake.seal_at("2025-11-23T04:35:00Z").await;
        // Its run record would name it.
        let object = lake.keys_of("connections").await.pop().unwrap();
        let run = lake.keys_of("runs").await.pop().unwrap();
        for key in [&object, &run] {
            lake.delete(key).await;
        }
        for digest in lake.keys_of("digests").await.into_iter().skip(3) {
            lake.delete(&digest).await;
        }
        // The function that seals signs whatever it finds.
        lake.seal_at("2025-11-24T00:35:00Z").await;
        let anew = verify(&nobody).await;
        assert_eq!(faults(&anew), [], "a chain without the object");
        assert!(anew.scopes[0].sealed_late >= 22, "{:?}", anew.scopes);
        assert_eq!(faults(&verify(&known).await), [(Kind::Changed, digests[4].clone())]);
        let gone = BTreeMap::from([(digests[4].replace("eu-central-1", "eu-west-1"), "ab".repeat(32))]);
        let missing = (Kind::DigestMissing, gone.keys().next().unwrap().clone());
        assert_eq!(faults(&verify(&gone).await), [missing]);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs SeaweedFS")]
async fn an_account_and_region_that_is_hidden_whole_is_still_seen() {
    let lake = SealedLake::in_a_bucket().await;
    let run = lake.keys_of("runs").await[0].clone();
    let elsewhere = run.replace("eu-central-1", "eu-west-1");
    lake.put(&elsewhere, lake.get(&run).await).await;
    lake.seal_at(LATER).await;
    let mut expected = Vec::new();
    for key in all_keys(&lake).await.into_iter().filter(|key| key.contains("eu-west-1")) {
        lake.hide(&key).await.unwrap();
        expected.push((Kind::HiddenByDeleteMarker, key));
    }
    expected.sort_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(expected.len(), 6 + 1);
    assert_eq!(faults(&lake.verify().await), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_is_unknown_and_no_key_proves_nothing() {
    let lake = SealedLake::in_a_directory().await;
    lake.seal_at(LATER).await;
    let folder = "digests/account_id=123456789012/region=eu-central-1/".to_owned();
    let other = Keys::new();
    for keys in [vec![], vec![&other]] {
        let verification = lake.verify_with(&keys, |_| ()).await.unwrap();
        assert_eq!(faults(&verification), [(Kind::KeyUnknown, folder.clone())]);
        assert!(!verification.is_tamper_evident());
    }
    let both = lake.verify_with(&[&other, &lake.keys], |_| ()).await.unwrap();
    assert_eq!(faults(&both), []);

    let unsigned = SealedLake::in_a_directory().await;
    unsigned.seal_with(None, LATER, None).await;
    let verification = unsigned.verify_with(&[], |_| ()).await.unwrap();
    assert_eq!(faults(&verification), []);
    assert!(!verification.is_tamper_evident());
    let asked = unsigned.verify().await;
    assert_eq!(asked.faults.len(), HOURS, "a key was given, and nothing is signed with it");
    assert!(asked.faults.iter().all(|fault| fault.kind == Kind::SignatureWrong));
}
