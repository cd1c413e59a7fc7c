//! The clock is compared with the store's own before anything is sealed.

use client_vpn_audit::clock::Clock;
use client_vpn_audit::lake::keys::Table;
use client_vpn_audit::lake::store::Location;

use crate::harness::files_under;
use crate::harness::sealed::{LATER, SealedLake, time};

use super::{codes, digest};

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_ahead_stops_the_seal_and_nothing_is_written() {
    for lake in SealedLake::in_each_store().await {
        for sealed_before in [false, true] {
            if sealed_before {
                lake.seal_at(LATER).await;
            }
            let there = lake.keys_of("").await;
            let ahead = lake.seal_at("2099-01-01T00:00:00Z").await;
            assert_eq!(codes(&ahead), [Some("ClockAhead")], "{ahead:?}");
            assert_eq!((ahead[0].digests, ahead[0].clock_ahead_seconds), (0, None));
            assert_eq!(lake.keys_of("").await, there);
        }
        if let Location::Directory(root) = &lake.location {
            let files = files_under(root);
            assert!(files.iter().all(|file| !file.ends_with(".tmp")), "{files:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_behind_is_recorded() {
    for lake in SealedLake::in_each_store().await {
        let before = Clock::system().now();
        let [sealed] = lake.seal_at(LATER).await.try_into().unwrap();
        let after = Clock::system().now();
        let behind = |now: jiff::Timestamp| time(LATER).duration_since(now).as_secs();
        let found = sealed.clock_ahead_seconds.unwrap();
        // S3 rounds to seconds.
        assert!((behind(after)..=behind(before) + 1).contains(&found), "{found}");
        let written = digest(&lake, &sealed.digest_key.unwrap()).await;
        assert_eq!(written.digest.clock_ahead_seconds, found);
        let [again] = lake.seal_at(LATER).await.try_into().unwrap();
        assert_eq!(again.clock_ahead_seconds, None, "nothing was to be sealed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_to_come_that_were_signed_once_are_removed_and_then_sealed_with_their_objects() {
    let lake = SealedLake::in_a_directory().await;
    lake.seal_at("2025-11-22T22:40:00Z").await;
    // An earlier version whose clock was ahead sealed these hours before their objects were there.
    let mut later = Vec::new();
    for table in Table::SEALED.map(Table::name) {
        for key in lake.keys_of(table).await.into_iter().filter(|key| !key.contains("T21")) {
            later.push((key.clone(), lake.get(&key).await));
            lake.delete(&key).await;
        }
    }
    lake.seal_at("2025-11-25T22:40:00Z").await;
    for (key, bytes) in &later {
        lake.put(key, bytes.clone()).await;
    }
    let to_come = lake.keys_of("digests").await.split_off(1);
    assert_eq!(to_come.len(), 72);
    let stopped = lake.seal_at(LATER).await;
    assert_eq!(codes(&stopped), [Some("ClockAhead")]);
    let message = &stopped[0].error.as_ref().unwrap().message;
    assert!(message.contains(to_come.last().unwrap()) && message.contains("docs/operate.md"), "{message}");
    for key in &to_come {
        lake.delete(key).await;
    }
    let [sealed] = lake.seal_at(LATER).await.try_into().unwrap();
    assert_eq!((sealed.error, sealed.digests, sealed.objects), (None, 5, later.len() as u64));
    assert_eq!(sealed.late, 0, "each is listed by the digest of its hour");
}
