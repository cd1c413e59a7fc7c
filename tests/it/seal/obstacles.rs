//! Objects that cannot be read or followed stop nothing but themselves.

use client_vpn_audit::hour::Hour;
use client_vpn_audit::lake::store::Location;
use client_vpn_audit::proof::verify::Kind;
use serde_json::{Value, json};

use super::{codes, digests};
use crate::harness::sealed::{LATER, OBJECTS, SealedLake, faults};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_terabytes_keeps_nothing_from_being_sealed() {
    let lake = SealedLake::in_a_directory().await;
    let Location::Directory(root) = &lake.location else { unreachable!() };
    let object = lake.keys_of("connections").await[0].clone();
    let sparse = object.replace("cvpn-endpoint-", "cvpn-endpoint-0");
    std::fs::File::create(root.join(&sparse)).unwrap().set_len(4 << 40).unwrap();
    let [sealed] = lake.seal_at(LATER).await.try_into().unwrap();
    let error = sealed.error.unwrap();
    assert!(error.code.as_str() == "ObjectUnreadable" && error.message.contains("5 GiB"), "{error:?}");
    assert_eq!((sealed.digests, sealed.objects), (6, OBJECTS), "everything else");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_followed_stops_its_own_account_and_region_alone() {
    for lake in SealedLake::in_each_store().await {
        lake.seal_at("2025-11-23T02:40:00Z").await;
        let newest = lake.keys_of("digests").await.pop().unwrap();
        let bytes = lake.get(&newest).await;
        let mut other_lake: Value = serde_json::from_slice(&bytes).unwrap();
        other_lake["lake"] = json!("s3://elsewhere/vpn");
        let mut bad = vec![(b"no digest\n".to_vec(), "DigestInvalid"), (Vec::new(), "DigestInvalid")];
        if let Location::S3 { .. } = lake.location {
            bad.push((format!("{other_lake}\n").into_bytes(), "OtherLake"));
        }
        let object = lake.keys_of("runs").await[0].clone();
        for (number, (bytes, code)) in bad.into_iter().enumerate() {
            let elsewhere = object.replace("eu-central-1", &format!("eu-west-{}", number + 1));
            lake.put(&elsewhere, lake.get(&object).await).await;
            lake.put(&newest, bytes).await;
            let before = digests(&lake).await.len();
            let sealed = lake.seal_at(LATER).await;
            let mut expected = vec![Some(code)];
            expected.resize(number + 2, None);
            assert_eq!(codes(&sealed), expected, "{code}");
            let error = sealed[0].error.as_ref().unwrap();
            assert!(error.message.contains(&newest), "{}", error.message);
            assert_eq!(digests(&lake).await.len(), before + 6, "of the other Region alone");
        }
        if lake.hide(&newest).await.is_some() {
            let sealed = lake.seal_at(LATER).await;
            assert_eq!(codes(&sealed)[0], Some("DigestGone"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_digest_is_not_followed() {
    for lake in SealedLake::in_each_store().await {
        lake.seal_at("2025-11-23T02:40:00Z").await;
        let keys = lake.keys_of("digests").await;
        let newest: Value = serde_json::from_slice(&lake.get(keys.last().unwrap()).await).unwrap();
        // With the right names and any hash: one of the next hour that names our key, and one of an hour to come.
        let put = async |hour: &str, next: &str, end: &str| {
            let before = Hour::parse(hour).unwrap().previous();
            let place = "digests/account_id=123456789012/region=eu-central-1/digest_date=2025-11-23";
            let mut forged = newest.clone();
            forged["object_key"] = json!(format!("{place}/{next}.json"));
            forged["start"] = json!(format!("{hour}:00:00Z"));
            forged["end"] = json!(format!("2025-11-23T{end}:00:00Z"));
            forged["objects"] = json!([]);
            forged["previous_object_key"] = json!(format!("{place}/{}.json", before.compact()));
            let key = forged["object_key"].as_str().unwrap().to_owned();
            lake.put(&key, format!("{forged}\n").into_bytes()).await;
            key
        };
        let (next, to_come) =
            (("2025-11-23T02", "20251123T020000Z", "03"), ("2025-11-23T22", "20251123T220000Z", "23"));
        for (hour, name, end) in [next, to_come] {
            let key = put(hour, name, end).await;
            assert_eq!(codes(&lake.seal_at(LATER).await), [Some("DigestForged")], "{hour}");
            lake.delete(&key).await;
        }
        assert_eq!((codes(&lake.seal_at(LATER).await), lake.keys_of("digests").await.len()), (vec![None], 6));
        // Where no hour is due, digests are not listed. The next seal that writes finds it.
        put(to_come.0, to_come.1, to_come.2).await;
        assert_eq!(codes(&lake.seal_at(LATER).await), [None]);
        assert_eq!(codes(&lake.seal_at("2025-11-23T04:40:00Z").await), [Some("DigestForged")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_does_not_keep_the_rest_from_being_sealed() {
    let lake = SealedLake::in_a_directory().await;
    let Location::Directory(root) = &lake.location else { unreachable!() };
    let key = lake.keys_of("connections").await[0].clone();
    let link = key.replace(".parquet", "_x.parquet");
    std::os::unix::fs::symlink("/dev/zero", root.join(&link)).unwrap();
    let [sealed] = lake.seal_at(LATER).await.try_into().unwrap();
    assert_eq!((sealed.digests, sealed.objects), (6, OBJECTS));
    let error = sealed.error.unwrap();
    assert!(error.code.as_str() == "ObjectUnreadable" && error.message.contains(&link), "{error:?}");
    assert_eq!(faults(&lake.verify().await), [(Kind::Irregular, link.clone())]);
    // Once it can be read, it is late.
    std::fs::remove_file(root.join(&link)).unwrap();
    lake.put(&link, b"after all".to_vec()).await;
    let [sealed] = lake.seal_at("2025-11-23T04:35:00Z").await.try_into().unwrap();
    assert_eq!((sealed.error, sealed.late), (None, 1));
}
