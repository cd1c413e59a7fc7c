//! Changes to digests.

use client_vpn_audit::lake::keys::Table;
use client_vpn_audit::proof::verify::Kind;
use serde_json::{Value, json};

use super::{HOURS, check, lakes};
use crate::harness::cases::Cases;
use crate::harness::sealed::{LATER, SealedLake, faults};

#[tokio::test(flavor = "multi_thread")]
async fn the_entries_of_a_changed_digest_are_counted_as_not_proven() {
    let lake = SealedLake::in_a_directory().await;
    lake.seal_at(LATER).await;
    let (digest, run) = (lake.keys_of("digests").await[2].clone(), lake.keys_of("runs").await[6].clone());
    // A run record is changed so that `verify` finds nothing wrong with it, and the digest with it.
    let record = String::from_utf8(lake.get(&run).await).unwrap().replace("\"active\":", "\"active\": ");
    lake.put(&run, record.clone().into_bytes()).await;
    let mut entries = 0;
    edit(&lake, &digest, |digest| {
        let objects = digest["objects"].as_array_mut().unwrap();
        entries = objects.len();
        let object = objects.iter_mut().find(|object| object["object_key"] == json!(run)).unwrap();
        object["bytes"] = json!(record.len());
        object["sha256"] = json!(hex::encode(<sha2::Sha256 as sha2::Digest>::digest(record.as_bytes())));
    })
    .await;
    for (keys, kind) in [(&[&lake.keys][..], Kind::SignatureWrong), (&[], Kind::Changed)] {
        let verification = lake.verify_with(keys, |_| ()).await.unwrap();
        let next = (Kind::ChainBroken, lake.keys_of("digests").await[3].clone());
        let mut found = faults(&verification);
        // Without keys, the signatures are by a key that is not known.
        found.retain(|(kind, _)| *kind != Kind::KeyUnknown);
        assert_eq!(found, [(kind, digest.clone()), next]);
        let message = &verification.faults.iter().find(|fault| fault.kind == kind).unwrap().message;
        assert!(message.contains(&format!("its {entries} entries are therefore not proven")), "{message}");
        assert_eq!(verification.scopes[0].not_proven, entries as u64);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_the_chain_is_named() {
    let cases = Cases::default();
    for lake in lakes().await {
        let digests = lake.keys_of("digests").await;
        assert_eq!(digests.len(), HOURS);
        let digest = |index: usize| digests[index].as_str();
        let fault = |kind: Kind, index: usize| (kind, digests[index].clone());
        check(&cases, &lake, "a digest removed", &[digest(2)], async |lake| {
            lake.delete(digest(2)).await;
            vec![fault(Kind::DigestMissing, 2)]
        })
        .await;
        check(&cases, &lake, "the first two removed", &[digest(0), digest(1)], async |lake| {
            lake.delete(digest(0)).await;
            lake.delete(digest(1)).await;
            vec![fault(Kind::DigestMissing, 1)]
        })
        .await;
        check(&cases, &lake, "the last removed", &[digest(5)], async |lake| {
            lake.delete(digest(5)).await;
            vec![fault(Kind::TailCut, 5)]
        })
        .await;
        check(&cases, &lake, "the last two removed", &[digest(4), digest(5)], async |lake| {
            lake.delete(digest(4)).await;
            lake.delete(digest(5)).await;
            vec![fault(Kind::TailCut, 4)]
        })
        .await;
        check(&cases, &lake, "a digest that says something else", &[digest(1)], async |lake| {
            edit(lake, digest(1), |digest| digest["tool_version"] = json!("9.9.9")).await;
            vec![fault(Kind::SignatureWrong, 1), fault(Kind::ChainBroken, 2)]
        })
        .await;
        check(&cases, &lake, "the last digest says something else", &[digest(5)], async |lake| {
            edit(lake, digest(5), |digest| digest["sealed_at"] = json!("2025-11-23T03:41:00Z")).await;
            vec![fault(Kind::SignatureWrong, 5)]
        })
        .await;
        let key = lake.keys_of("connections").await[0].clone();
        check(&cases, &lake, "an object changed with its digest", &[digest(0), &key], async |lake| {
            lake.put(&key, b"other".to_vec()).await;
            edit(lake, digest(0), |digest| {
                let objects = digest["objects"].as_array_mut().unwrap();
                let object = objects.iter_mut().find(|object| object["object_key"] == key).unwrap();
                object["bytes"] = json!(5);
                // printf other | sha256sum
                object["sha256"] = json!("d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa");
            })
            .await;
            // The run record has the bytes that were written, and the others are no Parquet file.
            let object = [(Kind::ObjectInvalid, key.clone()), (Kind::RecordedOtherwise, key.clone())];
            [object.as_slice(), &[fault(Kind::SignatureWrong, 0), fault(Kind::ChainBroken, 1)]].concat()
        })
        .await;
        check(&cases, &lake, "an object taken out of its digest", &[digest(0), &key], async |lake| {
            lake.delete(&key).await;
            edit(lake, digest(0), |digest| {
                digest["objects"].as_array_mut().unwrap().retain(|object| object["object_key"] != key);
            })
            .await;
            let object = (Kind::RecordedMissing, key.clone());
            vec![object, fault(Kind::SignatureWrong, 0), fault(Kind::ChainBroken, 1)]
        })
        .await;
        check(&cases, &lake, "a signature taken off", &[digest(3)], async |lake| {
            edit(lake, digest(3), |digest| {
                for field in ["signature", "signature_algorithm", "key_id", "public_key_sha256"] {
                    digest[field] = Value::Null;
                }
            })
            .await;
            vec![fault(Kind::SignatureWrong, 3), fault(Kind::ChainBroken, 4)]
        })
        .await;
        check(&cases, &lake, "the signature of another digest", &[digest(3)], async |lake| {
            let other: Value = serde_json::from_slice(&lake.get(digest(2)).await).unwrap();
            edit(lake, digest(3), |digest| digest["signature"] = other["signature"].clone()).await;
            vec![fault(Kind::SignatureWrong, 3), fault(Kind::ChainBroken, 4)]
        })
        .await;
        check(&cases, &lake, "two digests changed places", &[digest(1), digest(2)], async |lake| {
            let (one, two) = (lake.get(digest(1)).await, lake.get(digest(2)).await);
            lake.put(digest(1), two).await;
            lake.put(digest(2), one).await;
            let invalid = [fault(Kind::DigestInvalid, 1), fault(Kind::DigestInvalid, 2)];
            [invalid.as_slice(), &[fault(Kind::ChainBroken, 3)]].concat()
        })
        .await;
        for (what, bytes) in bad_digests(&lake.get(digest(2)).await) {
            check(&cases, &lake, what, &[digest(2)], async |lake| {
                lake.put(digest(2), bytes).await;
                vec![fault(Kind::DigestInvalid, 2), fault(Kind::ChainBroken, 3)]
            })
            .await;
        }
        check(&cases, &lake, "a signature written in another way", &[digest(5)], async |lake| {
            let line = String::from_utf8(lake.get(digest(5)).await).unwrap();
            lake.put(digest(5), line.replace("\"signature\":\"", "\"signature\": \"").into_bytes()).await;
            vec![fault(Kind::DigestInvalid, 5)]
        })
        .await;
        for hour in
            ["2025-11-23/20251123T030000Z", "2099-01-01/20990101T000000Z", "9999-12-31/99991231T230000Z"]
        {
            check(&cases, &lake, "a digest of an hour that is not closed", &[], async |lake| {
                let new =
                    format!("digests/account_id=123456789012/region=eu-central-1/digest_date={hour}.json");
                lake.put(&new, lake.get(digest(5)).await).await;
                vec![(Kind::Extra, new)]
            })
            .await;
        }
        check(&cases, &lake, "the digest of another lake", &[digest(2)], async |lake| {
            edit(lake, digest(2), |digest| digest["lake"] = json!("s3://elsewhere/vpn")).await;
            let of_itself = [fault(Kind::DigestInvalid, 2), fault(Kind::SignatureWrong, 2)];
            [of_itself.as_slice(), &[fault(Kind::ChainBroken, 3)]].concat()
        })
        .await;
        check(&cases, &lake, "a file among the digests", &[], async |lake| {
            let new = digest(2).replace(".json", ".json.bak");
            lake.put(&new, b"x".to_vec()).await;
            vec![(Kind::Extra, new)]
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_digest_is_named_in_a_chain_without_signatures() {
    let lake = SealedLake::in_a_directory().await;
    lake.seal_with(None, LATER, None).await;
    let digests = lake.keys_of("digests").await;
    edit(&lake, &digests[2], |digest| digest["tool_version"] = json!("9.9.9")).await;
    let found = faults(&lake.verify_with(&[], |_| ()).await.unwrap());
    assert_eq!(found, [(Kind::Changed, digests[2].clone()), (Kind::ChainBroken, digests[3].clone())]);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs SeaweedFS")]
async fn the_chain_of_another_lake_shows_its_name_and_is_a_fault_in_a_bucket() {
    let [lake, other] = [SealedLake::in_a_bucket().await, SealedLake::in_a_bucket().await];
    other.seal_at(LATER).await;
    let mut copied = 0;
    for table in Table::SEALED.map(Table::name) {
        for key in lake.keys_of(table).await {
            lake.delete(&key).await;
        }
    }
    for table in Table::ALL.map(Table::name) {
        for key in other.keys_of(table).await {
            lake.put(&key, other.get(&key).await).await;
            copied += usize::from(table == "digests");
        }
    }
    let verification = lake.verify_with(&[&other.keys], |_| ()).await.unwrap();
    let expected: Vec<_> =
        lake.keys_of("digests").await.into_iter().map(|key| (Kind::DigestInvalid, key)).collect();
    assert_eq!((copied, faults(&verification)), (HOURS, expected));
    assert_eq!(verification.scopes[0].sealed_as, Some(other.location.to_string()));
}

/// Changes a digest, and leaves its form as it is.
pub async fn edit(lake: &SealedLake, key: &str, change: impl FnOnce(&mut Value)) {
    let mut digest: Value = serde_json::from_slice(&lake.get(key).await).unwrap();
    change(&mut digest);
    lake.put(key, format!("{digest}\n").into_bytes()).await;
}

/// Bytes that are no digest of this key.
fn bad_digests(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let edited = |change: &dyn Fn(&mut Value)| {
        let mut digest: Value = serde_json::from_slice(bytes).unwrap();
        change(&mut digest);
        format!("{digest}\n").into_bytes()
    };
    let outside = |key: &'static str| edited(&move |digest| digest["objects"][0]["object_key"] = json!(key));
    vec![
        ("nothing at all", Vec::new()),
        ("no JSON", b"not JSON\n".to_vec()),
        ("no text", vec![0xff; 100]),
        ("another JSON", b"{\"signature\":null}\n".to_vec()),
        ("a line more", [bytes, b"{}\n"].concat()),
        ("a later schema", edited(&|digest| digest["schema_version"] = json!(2))),
        (
            "an unknown field",
            edited(&|digest| {
                let signature = digest.as_object_mut().unwrap().remove("signature").unwrap();
                digest["more"] = json!(1);
                digest["signature"] = signature;
            }),
        ),
        ("a path that leads outside", outside("connections/../../../../etc/passwd")),
        ("an absolute path", outside("/etc/passwd")),
        (
            "an object of another account",
            outside(
                "connections/account_id=999999999999/region=eu-central-1/snapshot_date=2025-11-22/20251122T210000Z_x.parquet",
            ),
        ),
        (
            "an object of a later hour",
            outside(
                "connections/account_id=123456789012/region=eu-central-1/snapshot_date=2025-11-24/20251124T210000Z_x.parquet",
            ),
        ),
        ("no hash", edited(&|digest| digest["objects"][0]["sha256"] = json!("x"))),
    ]
}
