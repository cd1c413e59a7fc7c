//! Objects that somebody put in the lake before their hour was sealed, so that a digest lists them.

use std::sync::Arc;

use client_vpn_audit::proof::verify::Kind;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::contradictions::{found, writer_of};
use crate::harness::sealed::{LATER, SealedLake, faults};

const PLACE: &str = "account_id=123456789012/region=eu-central-1/snapshot_date=2025-11-22";
const ENDPOINT: &str = "cvpn-endpoint-0123456789abcdef0";

/// A Parquet file that this program did not write.
fn parquet_of_another_program() -> Vec<u8> {
    let schema = Arc::new(parse_message_type("message rows { required int32 number; }").unwrap());
    let mut file = Vec::new();
    SerializedFileWriter::new(&mut file, schema, Arc::default()).unwrap().close().unwrap();
    file
}

/// The keys of a minute at which nothing was captured, one of each table.
fn keys_at(minute: u32) -> [String; 3] {
    let time = format!("20251122T22{minute:02}00Z");
    [
        format!("connections/{PLACE}/{time}_{ENDPOINT}.parquet"),
        format!("endpoints/{PLACE}/{time}.parquet"),
        format!("partials/{PLACE}/{time}_{ENDPOINT}_8f5a-1.parquet"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_object_of_its_key_is_named_though_no_record_names_it() {
    for lake in SealedLake::in_each_store().await {
        let of_another_time = [
            lake.get(&lake.keys_of("connections").await[0]).await,
            lake.get(&lake.keys_of("endpoints").await[0]).await,
            lake.get(&lake.keys_of("partials").await[0]).await,
        ];
        let same_for_all = |bytes: &[u8]| [bytes.to_vec(), bytes.to_vec(), bytes.to_vec()];
        let contents = [
            ("garbage", same_for_all(b"garbage")),
            ("the magic alone", same_for_all(b"PAR1")),
            ("the magic at both ends", same_for_all(b"PAR1 nothing PAR1")),
            ("zeros", same_for_all(&[0; 100])),
            ("another program's", same_for_all(&parquet_of_another_program())),
            (
                "without its last byte",
                of_another_time.clone().map(|mut bytes| {
                    bytes.pop();
                    bytes
                }),
            ),
            ("of another time", of_another_time),
        ];
        let mut expected = Vec::new();
        for (minute, (_, contents)) in (1..).zip(contents) {
            for (key, bytes) in keys_at(minute).into_iter().zip(contents) {
                lake.put(&key, bytes).await;
                expected.push((Kind::ObjectInvalid, key));
            }
        }
        expected.sort_by(|one, other| one.1.cmp(&other.1));
        assert_eq!(found(&lake).await, expected, "{}", lake.location);
        let verification = lake.verify().await;
        assert_eq!((verification.scopes[0].unrecorded, verification.unrecorded), (0, vec![]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_object_of_its_key_is_named_though_its_record_is_gone_or_contradicts_it() {
    let lake = SealedLake::in_a_directory().await;
    let [without_record, replaced] =
        [0, 4].map(async |index| lake.keys_of("connections").await[index].clone());
    let (without_record, replaced) = (without_record.await, replaced.await);
    lake.delete(&writer_of(&lake, &without_record).await).await;
    for key in [&without_record, &replaced] {
        lake.put_back(key, b"garbage".to_vec()).await;
    }
    let expected = [
        (Kind::ObjectInvalid, without_record),
        (Kind::ObjectInvalid, replaced.clone()),
        (Kind::RecordedOtherwise, replaced),
    ];
    assert_eq!(found(&lake).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_sealed_late_is_named() {
    let lake = SealedLake::in_a_directory().await;
    lake.seal_at("2025-11-23T00:40:00Z").await;
    let late = keys_at(1);
    for key in &late {
        lake.put(key, b"garbage".to_vec()).await;
    }
    lake.seal_at(LATER).await;
    let expected = late.map(|key| (Kind::ObjectInvalid, key));
    assert_eq!(faults(&lake.verify().await), expected);
}
