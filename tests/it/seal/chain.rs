//! The chain that is continued is checked first.

use client_vpn_audit::hour::Hour;
use client_vpn_audit::lake::store::Location;
use client_vpn_audit::proof::signing::SigningKey;
use serde_json::{Value, json};

use crate::harness::sealed::{Keys, LATER, SealedLake};

use super::{codes, digests};

/// An hour after [`LATER`]: one more hour is closed.
const AN_HOUR_LATER: &str = "2025-11-23T04:40:00Z";

async fn lakes() -> Vec<SealedLake> {
    let lakes = SealedLake::in_each_store().await;
    for lake in &lakes {
        let [sealed] = lake.seal_at(LATER).await.try_into().unwrap();
        assert_eq!((sealed.error, sealed.digests), (None, 6));
    }
    lakes
}

/// Seals an hour later, which must stop with `code` at the digest `at`, and write nothing.
async fn stops(lake: &SealedLake, what: &str, code: &str, at: &str) {
    let before = digests(lake).await;
    let sealed = lake.seal_at(AN_HOUR_LATER).await;
    assert_eq!(codes(&sealed), [Some(code)], "{what} in {}: {sealed:?}", lake.location);
    let message = &sealed[0].error.as_ref().unwrap().message;
    assert!(message.contains(at), "{what}: {message}");
    assert_eq!(digests(lake).await, before, "{what}");
}

/// Changes a digest, and leaves its form as it is.
async fn edit(lake: &SealedLake, key: &str, change: impl FnOnce(&mut Value)) {
    let mut digest: Value = serde_json::from_slice(&lake.get(key).await).unwrap();
    change(&mut digest);
    lake.put_back(key, format!("{digest}\n").into_bytes()).await;
}

/// An unsigned digest of `hour` that follows the one under `previous` rightly.
async fn unsigned_after(lake: &SealedLake, previous: &str, hour: &str) -> (String, Vec<u8>) {
    let bytes = lake.get(previous).await;
    let mut digest: Value = serde_json::from_slice(&bytes).unwrap();
    let hour = Hour::parse(hour).unwrap();
    let folder = "digests/account_id=123456789012/region=eu-central-1/digest_date";
    let key = |hour: Hour| format!("{folder}={}/{}.json", hour.date(), hour.compact());
    digest["object_key"] = json!(key(hour));
    digest["start"] = json!(hour.start());
    digest["end"] = json!(hour.end());
    digest["objects"] = json!([]);
    digest["previous_object_key"] = json!(key(hour.previous()));
    digest["previous_sha256"] = json!(hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&bytes)));
    digest["previous_signature"] = digest["signature"].clone();
    for field in ["signature_algorithm", "key_id", "public_key_sha256", "signature"] {
        digest[field] = Value::Null;
    }
    (key(hour), format!("{digest}\n").into_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_digest_stops_the_seal_and_nothing_sealed_is_listed_again() {
    for lake in lakes().await {
        let keys = lake.keys_of("digests").await;
        let object = lake.keys_of("connections").await[8].clone();
        assert!(object.contains("T23"), "of the hour of the third digest: {object}");
        let (of_object, of_digest) = (lake.get(&object).await, lake.get(&keys[2]).await);
        lake.delete(&keys[2]).await;
        lake.put_back(&object, b"changed".to_vec()).await;
        stops(&lake, "a middle digest removed, and an object of its hour changed", "DigestGone", &keys[2])
            .await;
        lake.put_back(&object, of_object).await;
        lake.put_back(&keys[2], of_digest).await;
        for removed in [vec![0], vec![0, 1], vec![1, 3], vec![4]] {
            let mut bytes = Vec::new();
            for index in &removed {
                bytes.push(lake.get(&keys[*index]).await);
                lake.delete(&keys[*index]).await;
            }
            // The walk goes from the beginning, and finds the gap that comes first.
            let at = if removed == [0, 1] { 1 } else { removed[0] };
            stops(&lake, &format!("{removed:?} removed"), "DigestGone", &keys[at]).await;
            for (index, bytes) in removed.iter().zip(bytes) {
                lake.put(&keys[*index], bytes).await;
            }
        }
        if lake.hide(&keys[3]).await.is_some() {
            stops(&lake, "a middle digest hidden", "DigestGone", &keys[3]).await;
            let of_digest = lake.get_first_version(&keys[3]).await;
            lake.put_back(&keys[3], of_digest).await;
        }
        if lake.hide(&keys[0]).await.is_some() {
            let key = SigningKey::File(lake.keys.private());
            let asked = lake.seal_with(Some(&key), LATER, Some("2025-11-22T21")).await;
            assert_eq!(codes(&asked), [Some("DigestGone")], "the first digest hidden, and asked for");
            let of_digest = lake.get_first_version(&keys[0]).await;
            lake.put_back(&keys[0], of_digest).await;
        }
        let [sealed] = lake.seal_at(AN_HOUR_LATER).await.try_into().unwrap();
        assert_eq!((sealed.error, sealed.digests), (None, 1), "once all is as it was");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_is_none_of_ours_stops_the_seal() {
    for lake in lakes().await {
        let keys = lake.keys_of("digests").await;
        let newest = keys.last().unwrap();
        let (coming, unsigned) = unsigned_after(&lake, newest, "2025-11-23T03").await;
        lake.put(&coming, unsigned.clone()).await;
        stops(&lake, "an unsigned digest put in advance", "DigestForged", &coming).await;
        // It counts as forged also while no hour is to be sealed.
        assert_eq!(codes(&lake.seal_at(LATER).await), [Some("DigestForged")]);
        lake.delete(&coming).await;

        let (replaced, unsigned) = unsigned_after(&lake, newest, "2025-11-23T02").await;
        let of_ours = lake.get(&replaced).await;
        lake.put_back(&replaced, unsigned).await;
        stops(&lake, "an unsigned digest in the place of ours", "DigestForged", &replaced).await;
        lake.put_back(&replaced, of_ours).await;

        for (what, index, at, change) in [
            ("a middle digest changed", 2, 2, ("tool_version", json!("9.9.9"))),
            ("the signature of another digest", 3, 3, ("signature", signature_of(&lake, &keys[2]).await)),
        ] {
            let bytes = lake.get(&keys[index]).await;
            edit(&lake, &keys[index], |digest| digest[change.0] = change.1).await;
            stops(&lake, what, "DigestForged", &keys[at]).await;
            lake.put_back(&keys[index], bytes).await;
        }
        let bytes = lake.get(&keys[1]).await;
        lake.put_back(&keys[1], b"no digest\n".to_vec()).await;
        stops(&lake, "a middle digest that is none", "DigestInvalid", &keys[1]).await;
        lake.put_back(&keys[1], bytes).await;

        if let Location::Directory(root) = &lake.location {
            let coming = root.join(&coming);
            std::fs::create_dir(&coming).unwrap();
            assert_eq!(codes(&lake.seal_at(AN_HOUR_LATER).await), [Some("DigestForged")], "a folder");
            std::fs::remove_dir(&coming).unwrap();
            for target in ["/no/such/file", newest.as_str()] {
                std::os::unix::fs::symlink(root.join(target), &coming).unwrap();
                assert_eq!(
                    codes(&lake.seal_at(AN_HOUR_LATER).await),
                    [Some("DigestForged")],
                    "a link to {target}"
                );
                std::fs::remove_file(&coming).unwrap();
            }
        }
        let [sealed] = lake.seal_at(AN_HOUR_LATER).await.try_into().unwrap();
        assert_eq!((sealed.error, sealed.digests), (None, 1), "once all is as it was");
    }
}

async fn signature_of(lake: &SealedLake, key: &str) -> Value {
    let digest: Value = serde_json::from_slice(&lake.get(key).await).unwrap();
    digest["signature"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_goes_on_after_the_former_one_and_no_other_key_comes_between() {
    let lake = SealedLake::in_a_directory().await;
    let (new, other) = (Keys::new(), Keys::new());
    let seal = async |keys: &Keys, hour: &str| {
        lake.seal_with(Some(&SigningKey::File(keys.private())), LATER, Some(hour)).await
    };
    assert_eq!(codes(&lake.seal_at("2025-11-22T22:40:00Z").await), [None]);
    assert_eq!(codes(&seal(&new, "2025-11-22T22").await), [None], "the key was changed");
    assert_eq!(codes(&seal(&new, "2025-11-22T23").await), [None]);
    let before = digests(&lake).await;
    for (what, keys) in [("the former key", &lake.keys), ("a third key", &other)] {
        assert_eq!(codes(&seal(keys, "2025-11-23T00").await), [Some("DigestForged")], "{what}");
    }
    // Without a key, the next digest would be no proof, and stop the next seal.
    let unsigned = lake.seal_with(None, LATER, None).await;
    assert_eq!(codes(&unsigned), [Some("SigningKeyMissing")]);
    assert_eq!(digests(&lake).await, before);
    assert_eq!(codes(&seal(&new, "2025-11-23T00").await), [None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsigned_chain_is_checked_as_far_as_its_links_go() {
    let lake = SealedLake::in_a_directory().await;
    assert_eq!(codes(&lake.seal_with(None, LATER, None).await), [None]);
    let keys = lake.keys_of("digests").await;
    let bytes = lake.get(&keys[2]).await;
    let seal = async || lake.seal_with(None, AN_HOUR_LATER, None).await;
    lake.delete(&keys[2]).await;
    assert_eq!(codes(&seal().await), [Some("DigestGone")]);
    lake.put(&keys[2], bytes.clone()).await;
    edit(&lake, &keys[2], |digest| digest["tool_version"] = json!("9.9.9")).await;
    assert_eq!(codes(&seal().await), [Some("DigestForged")]);
    lake.put(&keys[2], bytes).await;
    // A key that comes later does not vouch for what nobody signed.
    assert_eq!(codes(&lake.seal_at(AN_HOUR_LATER).await), [Some("DigestForged")]);
    assert_eq!(codes(&seal().await), [None]);
}
