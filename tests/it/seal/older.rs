//! Objects of the days before yesterday that a digest lists.

use client_vpn_audit::hour::Hour;
use client_vpn_audit::proof::digest::MAX_OBJECTS;
use client_vpn_audit::proof::seal::Sealed;
use client_vpn_audit::proof::verify::Kind;
use serde_json::json;

use crate::harness::sealed::{LATER, OBJECTS, SealedLake, faults, time};

use super::{codes, digest};

const PLACE: &str = "account_id=123456789012/region=eu-central-1";

fn connections(date: &str, time: &str) -> String {
    let compact = date.replace('-', "");
    format!(
        "connections/{PLACE}/snapshot_date={date}/{compact}T{time}Z_cvpn-endpoint-0123456789abcdef0.parquet"
    )
}

/// A run record of this time that names `objects`.
async fn put_record(lake: &SealedLake, date: &str, time: &str, objects: &[&str]) -> String {
    let key = format!("runs/{PLACE}/snapshot_date={date}/{}T{time}Z_8f5a-1.json", date.replace('-', ""));
    let targets: Vec<_> = objects.iter().map(|key| json!({"object_key": format!("vpn/{key}")})).collect();
    lake.put(&key, json!({"targets": targets}).to_string().into_bytes()).await;
    key
}

/// Returns each object of the newest digest, and `true` if it is late.
async fn newest(lake: &SealedLake, sealed: &[Sealed]) -> Vec<(String, bool)> {
    let written = digest(lake, sealed[0].digest_key.as_ref().unwrap()).await;
    written.digest.objects.into_iter().map(|object| (object.object_key, object.late)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_digest_lies_at_most_48_hours_back_and_lists_what_is_older() {
    for lake in SealedLake::in_each_store().await {
        let planted = connections("2018-12-05", "090000");
        lake.put(&planted, b"planted".to_vec()).await;
        let [sealed] = lake.seal_at("2025-11-25T03:40:00Z").await.try_into().unwrap();
        assert_eq!((sealed.error.clone(), sealed.digests, sealed.objects), (None, 49, OBJECTS + 1));
        assert_eq!(sealed.first_hour.unwrap().to_string(), "2025-11-23T02");
        let first = lake.keys_of("digests").await[0].clone();
        let first = digest(&lake, &first).await.digest;
        assert_eq!((first.objects.len() as u64, first.older_left), (OBJECTS + 1, None));
        let late = |key: &str| {
            first.objects.iter().find(|object| object.object_key == key).map(|object| object.late)
        };
        assert_eq!(late(&planted), Some(true));
        let recorded = lake.keys_of("connections").await;
        let (early, own) = (&recorded[1], recorded.last().unwrap());
        assert!(early.contains("20251122T21"), "{early}");
        assert_eq!(late(early), Some(true));
        assert!(!own.contains("T02") || late(own) == Some(false), "{own}");
        let now = time("2025-11-25T03:40:00Z");
        let verified = lake.verify_with(&[&lake.keys], |verifier| verifier.now = now).await.unwrap();
        let invalid = (Kind::ObjectInvalid, planted);
        assert_eq!((faults(&verified), verified.objects), (vec![invalid], OBJECTS + 1));
        // An object that is planted after the chain has begun is not listed.
        lake.put(&connections("2018-12-06", "090000"), b"planted".to_vec()).await;
        let sealed = lake.seal_at("2025-11-25T04:40:00Z").await;
        assert_eq!((sealed[0].digests, newest(&lake, &sealed).await), (1, vec![]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_long_ago_begins_no_chain_where_nothing_was_recorded() {
    let lake = SealedLake::in_a_directory().await;
    let early = lake.seal_with(None, LATER, Some("2019-03-01T01")).await;
    assert_eq!(codes(&early), [Some("BeforeTheChain")]);
    assert_eq!(lake.keys_of("digests").await.len(), 0);
    // The hours before the one that is asked for count back from it.
    let asked = lake.seal_with(None, "2025-12-24T00:00:00Z", Some("2025-11-23T01")).await;
    assert_eq!((codes(&asked), asked[0].digests), (vec![None], 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_object_is_listed_once_if_a_new_run_record_names_it() {
    for lake in SealedLake::in_each_store().await {
        lake.seal_at(LATER).await;
        lake.seal_at("2025-11-26T23:40:00Z").await;
        let sealed_before = lake.keys_of("connections").await[0].clone();
        let (named, unnamed) = (connections("2025-11-23", "070000"), connections("2025-11-23", "080000"));
        let missing = connections("2025-11-23", "083000");
        for key in [&named, &unnamed] {
            lake.put(key, b"late".to_vec()).await;
        }
        let record = put_record(&lake, "2025-11-26", "230000", &[&named, &missing, &sealed_before]).await;
        let of_digest = lake.get(&sealed_before).await;
        lake.put_back(&sealed_before, b"changed".to_vec()).await;
        let sealed = lake.seal_at("2025-11-27T00:40:00Z").await;
        assert_eq!(codes(&sealed), [None]);
        let expected = vec![(named.clone(), true), (record, false)];
        assert_eq!(
            newest(&lake, &sealed).await,
            expected,
            "and not what was sealed before, whatever it is now"
        );
        lake.put_back(&sealed_before, of_digest).await;
        // It is listed already.
        let record = put_record(&lake, "2025-11-27", "001500", &[&named]).await;
        let sealed = lake.seal_at("2025-11-27T01:40:00Z").await;
        assert_eq!((codes(&sealed), newest(&lake, &sealed).await), (vec![None], vec![(record, false)]));
        // If a digest of that time is gone, nobody can say what it listed. All others are sealed.
        let gone = lake.keys_of("digests").await[14].clone();
        assert!(gone.contains("20251123T11"), "{gone}");
        lake.delete(&gone).await;
        let record = put_record(&lake, "2025-11-27", "011500", &[&unnamed]).await;
        let sealed = lake.seal_at("2025-11-27T02:40:00Z").await;
        assert_eq!(
            (codes(&sealed), newest(&lake, &sealed).await),
            (vec![Some("ObjectUnreadable")], vec![(record, false)])
        );
        let message = &sealed[0].error.as_ref().unwrap().message;
        assert!(message.contains(&gone), "{message}");
        assert_eq!(codes(&lake.seal_at("2025-11-27T03:40:00Z").await), [None]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_for_one_digest_is_listed_by_the_next_one() {
    let lake = SealedLake::in_a_directory().await;
    let folder = format!("partials/{PLACE}/snapshot_date=2025-10-01");
    let client_vpn_audit::lake::store::Location::Directory(root) = &lake.location else { unreachable!() };
    std::fs::create_dir_all(root.join(&folder)).unwrap();
    for number in 0..MAX_OBJECTS + 10 {
        let key = format!("{folder}/20251001T090000Z_{number:05}.parquet");
        std::fs::write(root.join(key), b"").unwrap();
    }
    let [sealed] = lake.seal_at("2025-11-22T22:40:00Z").await.try_into().unwrap();
    let older = MAX_OBJECTS as u64 + 10;
    assert_eq!((sealed.error, sealed.digests, sealed.objects, sealed.late), (None, 49, older + 15, older));
    let keys = lake.keys_of("digests").await;
    let first = digest(&lake, &keys[0]).await.digest;
    assert_eq!(first.objects.len(), MAX_OBJECTS);
    let left = first.older_left.unwrap();
    assert_eq!(left.before, jiff::civil::date(2025, 11, 19));
    let after = format!("{folder}/20251001T090000Z_{:05}.parquet", MAX_OBJECTS - 1);
    assert_eq!(left.after, Some(after));
    let second = digest(&lake, &keys[1]).await.digest;
    let listed: Vec<String> = second.objects.into_iter().map(|object| object.object_key).collect();
    let rest: Vec<String> = (MAX_OBJECTS..MAX_OBJECTS + 10)
        .map(|number| format!("{folder}/20251001T090000Z_{number:05}.parquet"))
        .collect();
    assert_eq!((listed, second.older_left), (rest, None));
    let now = time("2025-11-22T22:40:00Z");
    let keys = [&lake.keys];
    let verified = lake.verify_with(&keys, |verifier| {
        (verifier.now, verifier.to) = (now, Hour::parse("2025-11-22T21"));
    });
    let verified = verified.await.unwrap();
    assert_eq!(verified.objects, older + 15);
    let invalid = faults(&verified).into_iter().filter(|(kind, _)| *kind == Kind::ObjectInvalid).count();
    assert_eq!((invalid, verified.faults.len()), (MAX_OBJECTS + 10, MAX_OBJECTS + 10), "the empty ones");
}
