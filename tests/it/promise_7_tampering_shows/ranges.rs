//! Verification of a range, after a late seal, and after the retention has ended.

use client_vpn_audit::hour::Hour;
use client_vpn_audit::lake::keys::ObjectKey;
use client_vpn_audit::proof::digest::{Digest, SealedObject, WrittenDigest};
use client_vpn_audit::proof::verify::{Kind, Verifier};
use serde_json::Value;
use sha2::Sha256;
use tempfile::TempDir;

use crate::harness::sealed::{LATER, OBJECTS, SealedLake, faults, record_from, time};

fn hour(text: &str) -> Hour {
    Hour::parse(text).unwrap()
}

/// An unsigned lake, sealed first at [`LATER`] and then up to `now`.
async fn unsigned(now: &str) -> SealedLake {
    let lake = SealedLake::in_a_directory().await;
    for now in [LATER, now] {
        lake.seal_with(None, now, None).await;
    }
    lake
}

/// Lists objects in the newest digest, as one does of an older run record that came late, and of what that names.
async fn list_late(lake: &SealedLake, keys: &[String]) {
    let digest = lake.keys_of("digests").await.pop().unwrap();
    let key = ObjectKey::parse(&digest).unwrap();
    let WrittenDigest { mut digest, .. } = WrittenDigest::parse(&key, &lake.get(&digest).await).unwrap();
    for key in keys {
        let bytes = lake.get(key).await;
        digest.objects.push(SealedObject {
            object_key: key.clone(),
            bytes: bytes.len() as u64,
            sha256: hex::encode(<Sha256 as sha2::Digest>::digest(&bytes)),
            late: true,
        });
    }
    digest.objects.sort_by(|one, other| one.object_key.cmp(&other.object_key));
    lake.put(key.as_str(), Digest::to_line(&digest.content().unwrap(), None).into_bytes()).await;
}

/// A run of four days ago that comes late: its record and its objects.
async fn late_run(lake: &SealedLake) -> (String, Vec<String>) {
    let directory = TempDir::new().unwrap();
    record_from(directory.path(), time("2025-11-22T21:45:00Z"), 1).await;
    let late = SealedLake::at(directory);
    let mut objects = Vec::new();
    for table in ["authorization_rules", "connections", "endpoints", "routes"] {
        objects.extend(late.keys_of(table).await);
    }
    let runs = late.keys_of("runs").await;
    for key in objects.iter().chain(&runs) {
        lake.put(key, late.get(key).await).await;
    }
    (runs[0].clone(), objects)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_digest_of_a_much_later_day_lists_is_verified() {
    let now = "2025-11-26T03:40:00Z";
    let lake = unsigned(now).await;
    let (run, objects) = late_run(&lake).await;
    let verify = async |change: &dyn Fn(&mut Verifier<'_>)| {
        let verified = lake.verify_with(&[], |verifier| {
            verifier.now = time(now);
            change(verifier);
        });
        verified.await.unwrap()
    };
    let of_range = |verifier: &mut Verifier<'_>| {
        (verifier.from, verifier.to) = (Some(hour("2025-11-22T21")), Some(hour("2025-11-22T21")));
    };
    let all = [objects.clone(), vec![run.clone()]].concat();
    let mut extra: Vec<_> = all.iter().map(|key| (Kind::Extra, key.clone())).collect();
    extra.sort_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(faults(&verify(&|_| ()).await), extra, "before it is sealed");
    assert_eq!(faults(&verify(&of_range).await), extra, "before it is sealed");

    list_late(&lake, &all).await;
    let verification = verify(&|_| ()).await;
    assert_eq!(faults(&verification), []);
    assert_eq!((verification.objects, verification.scopes[0].late), (OBJECTS + 6, 6));
    let verification = verify(&of_range).await;
    assert_eq!(faults(&verification), [], "the digest lies after the range");
    assert_eq!(verification.scopes[0].late, 6);

    // An object that was changed since, which the record contradicts too.
    let bytes = lake.get(&objects[0]).await;
    lake.put(&objects[0], [bytes.as_slice(), b"x"].concat()).await;
    let changed = vec![(Kind::Changed, objects[0].clone())];
    assert_eq!(
        faults(&verify(&of_range).await),
        [changed.as_slice(), &[(Kind::RecordedOtherwise, objects[0].clone())]].concat()
    );
    lake.delete(&objects[0]).await;
    assert_eq!(faults(&verify(&|_| ()).await), [(Kind::Missing, objects[0].clone())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_object_of_its_key_is_named_if_a_digest_of_a_much_later_day_lists_it() {
    let now = "2025-11-26T03:40:00Z";
    let lake = unsigned(now).await;
    let time_of_none = |key: &String| key.replace("T210000Z", "T210500Z");
    let planted: Vec<String> = [lake.keys_of("connections").await, lake.keys_of("endpoints").await]
        .map(|keys| time_of_none(&keys[0]))
        .to_vec();
    for key in &planted {
        lake.put(key, b"PAR1 nothing PAR1".to_vec()).await;
    }
    list_late(&lake, &planted).await;
    let expected: Vec<_> = planted.into_iter().map(|key| (Kind::ObjectInvalid, key)).collect();
    for (from, to) in [(None, None), (Some("2025-11-22T21"), Some("2025-11-22T21"))] {
        let verified = lake.verify_with(&[], |verifier| {
            (verifier.now, verifier.from, verifier.to) = (time(now), from.map(hour), to.map(hour));
        });
        assert_eq!(faults(&verified.await.unwrap()), expected, "{from:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_a_much_later_digest_is_compared_with_the_others_of_its_snapshot() {
    let now = "2025-11-26T03:40:00Z";
    let lake = unsigned(now).await;
    // It says that it wrote what another run wrote, and names an object that is not there.
    let run = lake.keys_of("runs").await[0].clone();
    let mut record: Value = serde_json::from_slice(&lake.get(&run).await).unwrap();
    record["run_id"] = "made-up-00000000".into();
    record["places"] = Value::Array(Vec::new());
    let written = record["targets"][0]["object_key"].as_str().unwrap().to_owned();
    let endpoint = record["targets"][1]["endpoint_id"].as_str().unwrap().to_owned();
    let made_up = endpoint.replace(&endpoint[14..], "00000000000000bad");
    let absent = record["targets"][1]["object_key"].as_str().unwrap().replace(&endpoint, &made_up);
    record["targets"][1]["endpoint_id"] = made_up.into();
    record["targets"][1]["object_key"] = absent.clone().into();
    let folder = run.rsplit_once('/').unwrap().0;
    let late = format!("{folder}/20251122T210000Z_made-up-00000000.json");
    lake.put(&late, format!("{record}\n").into_bytes()).await;
    list_late(&lake, &[late]).await;
    let verified = lake.verify_with(&[], |verifier| verifier.now = time(now)).await.unwrap();
    let mut expected = [(Kind::WrittenTwice, written), (Kind::RecordedMissing, absent)];
    expected.sort_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(faults(&verified), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_makes_no_contradiction_at_its_edges() {
    let lake = SealedLake::in_a_directory().await;
    let keys = [&lake.keys];
    // The last snapshot's hour is not sealed, nor is what came late to it.
    lake.seal_at("2025-11-23T00:40:00Z").await;
    for now in ["2025-11-23T00:40:00Z", "2025-11-23T01:20:00Z"] {
        for (from, to) in [
            (None, None),
            (Some("2025-11-22T22"), None),
            (None, Some("2025-11-22T22")),
            (Some("2025-11-22T23"), Some("2025-11-22T23")),
        ] {
            let verified = lake.verify_with(&keys, |verifier| {
                (verifier.now, verifier.from, verifier.to) = (time(now), from.map(hour), to.map(hour));
            });
            let verification = verified.await.unwrap();
            assert_eq!(faults(&verification), [], "{from:?} {to:?} {now}");
            assert_eq!(verification.scopes[0].unrecorded, 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_late_expires_by_the_day_it_came() {
    let lake = SealedLake::in_a_directory().await;
    let keys = [&lake.keys];
    let objects: Vec<String> =
        lake.keys_of("connections").await.into_iter().filter(|key| key.contains("T2330")).collect();
    let [late, on_time] = [objects[0].clone(), objects[1].clone()];
    let bytes = lake.get(&late).await;
    // It arrives after its own hour and the next one were sealed.
    lake.delete(&late).await;
    lake.seal_at("2025-11-23T01:40:00Z").await;
    lake.put(&late, bytes).await;
    lake.seal_at(LATER).await;
    assert_eq!(faults(&lake.verify().await), []);
    for key in [&late, &on_time] {
        lake.delete(key).await;
    }
    for (now, expected, expired) in [
        ("2025-12-02T23:59:00Z", vec![late.clone(), on_time.clone()], 0),
        ("2025-12-03T00:00:00Z", vec![late.clone()], 1),
        ("2025-12-03T23:59:00Z", vec![late.clone()], 1),
        ("2025-12-04T00:00:00Z", vec![], 2),
    ] {
        let verified = lake.verify_with(&keys, |verifier| {
            (verifier.now, verifier.retention_days) = (time(now), Some(10));
            verifier.to = Some(hour("2025-11-23T02"));
        });
        let verification = verified.await.unwrap();
        let missing: Vec<_> = expected.into_iter().map(|key| (Kind::Missing, key)).collect();
        assert_eq!((faults(&verification), verification.scopes[0].expired), (missing, expired), "{now}");
    }
}
