//! The record contradicts itself: run records say something else than the digests, the objects or one another.

use client_vpn_audit::proof::verify::Kind;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::harness::sealed::{LATER, SealedLake, faults};

async fn unsealed() -> Vec<SealedLake> {
    SealedLake::in_each_store().await
}

/// Changes a run record before it is sealed.
async fn edit(lake: &SealedLake, key: &str, change: impl FnOnce(&mut Value)) {
    let mut record: Value = serde_json::from_slice(&lake.get(key).await).unwrap();
    change(&mut record);
    lake.put_back(key, format!("{record}\n").into_bytes()).await;
}

/// The record of the run that wrote the object.
pub async fn writer_of(lake: &SealedLake, object: &str) -> String {
    for key in lake.keys_of("runs").await {
        let record: Value = serde_json::from_slice(&lake.get(&key).await).unwrap();
        if record.to_string().contains(object) {
            return key;
        }
    }
    panic!("no record names {object}");
}

pub async fn found(lake: &SealedLake) -> Vec<(Kind, String)> {
    let [sealed] = lake.seal_at(LATER).await.try_into().unwrap();
    assert_eq!(sealed.error, None);
    faults(&lake.verify().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_removed_before_it_was_sealed_is_named() {
    for lake in unsealed().await {
        let objects = lake.keys_of("connections").await;
        for key in &objects {
            lake.delete(key).await;
        }
        let expected: Vec<_> = objects.into_iter().map(|key| (Kind::RecordedMissing, key)).collect();
        assert_eq!(expected.len(), 20);
        assert_eq!(found(&lake).await, expected, "{}", lake.location);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_replaced_before_it_was_sealed_is_named() {
    for lake in unsealed().await {
        let mut expected = Vec::new();
        for table in ["connections", "partials", "endpoints"] {
            let key = lake.keys_of(table).await[0].clone();
            let mut bytes = lake.get(&key).await;
            bytes.push(0);
            lake.put_back(&key, bytes).await;
            // Bytes after its end make it no Parquet file either.
            expected.extend([(Kind::ObjectInvalid, key.clone()), (Kind::RecordedOtherwise, key)]);
        }
        expected.sort_by(|one, other| (&one.1, one.0).cmp(&(&other.1, other.0)));
        assert_eq!(found(&lake).await, expected, "{}", lake.location);
    }
}

/// Replaces an object before it is sealed, together with what the run record says of it.
async fn replace(lake: &SealedLake, key: &str, bytes: Vec<u8>) {
    let run = writer_of(lake, key).await;
    let (length, sha256) = (bytes.len(), hex::encode(Sha256::digest(&bytes)));
    lake.put_back(key, bytes).await;
    edit(lake, &run, |record| {
        for entry in entries(record) {
            if entry["object_key"].as_str().is_some_and(|named| named.ends_with(key)) {
                entry["bytes"] = json!(length);
                entry["sha256"] = json!(sha256);
            }
        }
    })
    .await;
}

/// Every entry of a record that names an object.
fn entries(record: &mut Value) -> Vec<&mut Value> {
    let Value::Object(record) = record else { panic!("no record: {record}") };
    let lists = record.iter_mut().filter(|(name, _)| ["targets", "places"].contains(&name.as_str()));
    let entries = lists.flat_map(|(name, list)| {
        let is_place = name == "places";
        let list = list.as_array_mut().unwrap().iter_mut();
        list.map(move |entry| if is_place { &mut entry["endpoints"] } else { entry })
    });
    entries.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_was_replaced_together_with_its_record_is_named() {
    for lake in unsealed().await {
        let (connections, partials) = (lake.keys_of("connections").await, lake.keys_of("partials").await);
        let endpoints = lake.keys_of("endpoints").await;
        let get = async |key: &String| lake.get(key).await;
        // Objects of two endpoints lie beside each other, and one of each in every half hour.
        let replacements = [
            ("garbage", &connections[0], b"garbage".to_vec()),
            ("the capture half an hour later", &connections[2], get(&connections[4]).await),
            ("the other endpoint's", &connections[5], get(&connections[4]).await),
            ("a part", &connections[6], get(&partials[0]).await),
            ("the configuration", &connections[8], get(&endpoints[4]).await),
            ("a capture", &endpoints[5], get(&connections[10]).await),
            ("another configuration", &endpoints[6], get(&endpoints[7]).await),
            ("without its end", &connections[16], {
                let mut bytes = get(&connections[16]).await;
                bytes.truncate(bytes.len() - 1);
                bytes
            }),
        ];
        let mut expected = Vec::new();
        for (_, key, bytes) in replacements {
            expected.push((Kind::ObjectInvalid, key.clone()));
            replace(&lake, key, bytes).await;
        }
        expected.sort_by(|one, other| one.1.cmp(&other.1));
        assert_eq!(found(&lake).await, expected, "{}", lake.location);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn times_and_rows_of_a_record_that_differ_from_the_object_are_named() {
    let lake = SealedLake::in_a_directory().await;
    let connections = lake.keys_of("connections").await;
    let mut expected = Vec::new();
    for (key, field, value) in [
        (&connections[0], "first_page_requested_at", json!("2025-11-22T20:59:00.000Z")),
        (&connections[3], "first_page_at", json!("2025-11-22T21:31:00.000Z")),
        (&connections[4], "last_page_at", json!("2025-11-22T22:01:00.000Z")),
        (&connections[7], "rows", json!(1)),
    ] {
        let run = writer_of(&lake, key).await;
        edit(&lake, &run, |record| {
            for entry in entries(record) {
                if entry["object_key"].as_str().is_some_and(|named| named.ends_with(key.as_str())) {
                    entry[field] = value.clone();
                    if field == "rows" {
                        entry["rows_read"] = value.clone();
                        entry["active"] = json!(0);
                    }
                }
            }
        })
        .await;
        expected.push((Kind::RecordedOtherwise, key.clone()));
    }
    assert_eq!(found(&lake).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn run_records_that_were_made_up_are_named() {
    for lake in unsealed().await {
        let object = lake.keys_of("connections").await[2].clone();
        let run = writer_of(&lake, &object).await;
        let bytes = lake.get(&run).await;
        let name = run.rsplit('/').next().unwrap();
        // Copied to another run, another time and another place, with its content as it was.
        let other_run = run.replace(".json", "x.json");
        let other_time = run.replace(name, &name.replace("T213000Z", "T213100Z"));
        assert_ne!(other_time, run);
        for copy in [&other_run, &other_time] {
            lake.put(copy, bytes.clone()).await;
        }
        // One says that it wrote what the other wrote.
        let twice = run.replace(".json", "-00000000.json");
        let mut record: Value = serde_json::from_slice(&bytes).unwrap();
        record["run_id"] = json!(format!("{}-00000000", record["run_id"].as_str().unwrap()));
        record["places"] = json!([]);
        lake.put(&twice, format!("{record}\n").into_bytes()).await;
        let unreadable = run.replace(".json", "-bad.json");
        lake.put(&unreadable, b"{}\n".to_vec()).await;
        let found = found(&lake).await;
        for expected in [
            (Kind::RecordMisplaced, other_run.clone()),
            (Kind::RecordMisplaced, other_time.clone()),
            // Of that time there is no object.
            (Kind::ObjectMisplaced, other_time),
            (Kind::WrittenTwice, object),
            (Kind::RecordUnreadable, unreadable),
        ] {
            assert!(found.contains(&expected), "{expected:?} is not in {found:?}");
        }
        let blamed = |key: &String| found.iter().filter(|(_, found)| found == key).count();
        assert_eq!(blamed(&run), 0, "the record that was there first: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_speaks_of_another_snapshot_is_named() {
    for lake in unsealed().await {
        let objects = lake.keys_of("connections").await;
        let (before, own) = (objects[4].clone(), objects[6].clone());
        let run = writer_of(&lake, &own).await;
        edit(&lake, &run, |record| {
            let target = record["targets"].as_array_mut().unwrap().iter_mut();
            let target = target
                .into_iter()
                .find(|target| target["object_key"].as_str().unwrap().ends_with(&own))
                .unwrap();
            target["object_key"] = json!(before);
        })
        .await;
        assert_eq!(found(&lake).await, [(Kind::ObjectMisplaced, run)], "{}", lake.location);
        let verification = lake.verify().await;
        assert_eq!((verification.scopes[0].unrecorded, verification.unrecorded), (1, vec![own]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_record_names_is_listed_and_no_fault() {
    for lake in unsealed().await {
        let object = lake.keys_of("connections").await[2].clone();
        let run = writer_of(&lake, &object).await;
        let time = object.split("snapshot_date=").nth(1).unwrap().split('_').next().unwrap().to_owned();
        let mut expected: Vec<String> = Vec::new();
        for table in ["authorization_rules", "connections", "endpoints", "routes"] {
            expected.extend(lake.keys_of(table).await);
        }
        expected.retain(|key| key.contains(&time));
        assert_eq!(expected.len(), 5);
        // A run that was killed before it wrote its record.
        lake.delete(&run).await;
        assert_eq!(found(&lake).await, []);
        let verification = lake.verify().await;
        assert_eq!((verification.scopes[0].unrecorded, &verification.unrecorded), (5, &expected));
        assert_eq!(verification.scopes[0].run_records, 10);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_that_found_another_object_is_named() {
    let lake = SealedLake::in_a_directory().await;
    let object = lake.keys_of("connections").await[2].clone();
    let run = writer_of(&lake, &object).await;
    let mut record: Value = serde_json::from_slice(&lake.get(&run).await).unwrap();
    record["run_id"] = json!("a-repeat-00000000");
    record["places"] = json!([]);
    for target in record["targets"].as_array_mut().unwrap() {
        target["outcome"] = json!("already_captured");
    }
    let folder = run.rsplit_once('/').unwrap().0.to_owned();
    let time = object.rsplit('/').next().unwrap().split('_').next().unwrap();
    let repeat = format!("{folder}/{time}_a-repeat-00000000.json");
    lake.put(&repeat, format!("{record}\n").into_bytes()).await;
    let agreeing = lake.verify_with(&[], |_| ()).await;
    assert!(agreeing.is_err(), "not sealed yet");
    record["targets"][0]["sha256"] = json!("ab".repeat(32));
    lake.put(&repeat, format!("{record}\n").into_bytes()).await;
    let named = record["targets"][0]["object_key"].as_str().unwrap().to_owned();
    assert_eq!(found(&lake).await, [(Kind::RecordedOtherwise, named)]);
}

/// A name, and what makes a record contradict itself.
type Change = (&'static str, fn(&mut Value));

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_says_what_no_run_can_say_is_named() {
    let changes: [Change; 6] = [
        ("a listing without the endpoints that were captured", |record| {
            record["places"][0]["discovery"]["endpoints"] = json!([]);
        }),
        ("a listing hours before its run", |record| {
            record["places"][0]["discovery"]["first_page_requested_at"] = json!("2025-11-22T19:00:00.000Z");
        }),
        ("already captured, without its SHA-256", |record| {
            record["targets"][0]["outcome"] = json!("already_captured");
            record["targets"][0]["sha256"] = Value::Null;
        }),
        ("failed, with its object", |record| record["targets"][0]["outcome"] = json!("failed")),
        ("complete, without a time", |record| record["targets"][0]["first_page_requested_at"] = Value::Null),
        ("fewer endpoints described than listed", |record| {
            record["places"][0]["endpoints"]["rows"] = json!(1);
        }),
    ];
    for (name, change) in changes {
        let lake = SealedLake::of_all_endpoints().await;
        // Of the first snapshot there is one record, and it is of all connections.
        let run = lake.keys_of("runs").await[0].clone();
        edit(&lake, &run, change).await;
        let found: Vec<_> =
            found(&lake).await.into_iter().filter(|(kind, _)| *kind == Kind::RecordInconsistent).collect();
        assert_eq!(found, [(Kind::RecordInconsistent, run)], "{name}");
    }
}
