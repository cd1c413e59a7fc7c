//! One suite of the store's contract, which the directory and S3 both pass.

use std::path::Path;
use std::sync::Arc;

use client_vpn_audit::lake::keys::{Key, Table};
use client_vpn_audit::lake::store::{Content, DirectoryStore, KmsKey, Look, Object, Put, S3Store, Store};
use client_vpn_audit::run_id::RunId;
use client_vpn_audit::snapshot_time::SnapshotTime;
use client_vpn_audit::target::{AccountId, EndpointId, Region, Target};
use futures_util::StreamExt;
use sha2::{Digest, Sha256};

use crate::harness::seaweed::Seaweed;
use crate::harness::stub::Stub;
use crate::harness::{NOW, sdk_config};

fn target() -> Target {
    Target {
        account_id: AccountId::parse("123456789012").unwrap(),
        region: Region::parse("eu-central-1").unwrap(),
        endpoint_id: EndpointId::parse("cvpn-endpoint-0123456789abcdef0").unwrap(),
    }
}

/// A range of days has the objects of its days, however many, and no others.
async fn days_are_listed_at_once(store: &Store) {
    let place = target().place();
    let put = async |time: &str, number: usize| {
        let id = format!("cvpn-endpoint-{number:017x}");
        let target = Target { endpoint_id: EndpointId::parse(&id).unwrap(), ..target() };
        let key = Key::Connections { target: &target, snapshot_time: SnapshotTime::parse(time).unwrap() };
        let put = store.put_if_absent(key, Object::from_bytes(b"x", "text/plain")).await.unwrap();
        assert_eq!(put, Put::Written);
        store.object_key(key).rsplit_once("connections/").unwrap().1.to_owned()
    };
    let mut days: Vec<Vec<String>> = Vec::new();
    // More than S3 lists on one page, between days with one.
    for (time, count) in [
        ("2024-02-28T23:45:00Z", 1),
        ("2024-02-29T00:00:00Z", 1_001),
        ("2024-03-01T00:00:00Z", 1),
        ("2024-03-02T23:45:00Z", 1),
    ] {
        let numbers = futures_util::stream::iter(0..count);
        days.push(numbers.map(|number| put(time, number)).buffered(16).collect().await);
    }
    let dates = ["2024-02-28", "2024-02-29", "2024-03-01", "2024-03-02", "2024-03-03"];
    for (first, last) in (0..dates.len()).flat_map(|first| (0..dates.len()).map(move |last| (first, last))) {
        let date = |number: usize| dates[number].parse().unwrap();
        let found = store.find_days(Table::Connections, &place, date(first), Some(date(last))).await.unwrap();
        let found: Vec<&str> = found.iter().map(|found| &found.key["connections/".len()..]).collect();
        let expected: Vec<&String> = days.iter().take(last + 1).skip(first).flatten().collect();
        assert!(found == expected, "{} to {}: {} keys", dates[first], dates[last], found.len());
    }
    let open = store.find_days(Table::Connections, &place, dates[1].parse().unwrap(), None).await.unwrap();
    // The suite has put one under the present time.
    assert_eq!(open.len(), 1_001 + 1 + 1 + 1);
}

/// The suite. `read` gets an object's bytes by other means than the store.
async fn contract(store: Store, read: impl AsyncFn(String) -> Option<Vec<u8>>) {
    let target = target();
    let snapshot_time = SnapshotTime::parse(NOW).unwrap();
    let key = Key::Connections { target: &target, snapshot_time };
    let object = |bytes: &'static [u8]| Object::from_bytes(bytes, "text/plain");

    assert!(!store.contains(key).await.unwrap(), "nothing is there at first");
    assert_eq!(store.put_if_absent(key, object(b"first")).await.unwrap(), Put::Written);
    assert!(store.contains(key).await.unwrap());
    assert_eq!(read(store.object_key(key)).await.unwrap(), b"first");

    assert_eq!(store.put_if_absent(key, object(b"second")).await.unwrap(), Put::AlreadyThere);
    assert_eq!(read(store.object_key(key)).await.unwrap(), b"first", "the first write wins");

    let run_id = RunId::new("a-request");
    let beside = Key::Partial { target: &target, snapshot_time, run_id: &run_id };
    assert!(!store.contains(beside).await.unwrap(), "one key says nothing of another");

    let file = tempfile::NamedTempFile::new().unwrap();
    let bytes: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    std::fs::write(file.path(), &bytes).unwrap();
    let sha256 = Sha256::digest(&bytes).into();
    let large =
        Object { content: Content::File(file.path()), sha256, content_type: "application/octet-stream" };
    assert_eq!(store.put_if_absent(beside, large).await.unwrap(), Put::Written);
    assert!(read(store.object_key(beside)).await.unwrap() == bytes, "a large file arrives whole");

    assert_eq!(store.put_if_absent(Key::Preflight, object(b"")).await.unwrap(), Put::Written);
    assert_eq!(read(store.object_key(Key::Preflight)).await.unwrap(), b"");

    // Of many at once, one is written.
    let store = Arc::new(store);
    let mut puts = tokio::task::JoinSet::new();
    for contender in 0..8_u8 {
        let (store, target) = (store.clone(), target.clone());
        puts.spawn(async move {
            let target = Target { region: Region::parse("us-east-1").unwrap(), ..target };
            let key = Key::Connections { target: &target, snapshot_time };
            (
                contender,
                store.put_if_absent(key, Object::from_bytes(&[contender; 100], "text/plain")).await.unwrap(),
            )
        });
    }
    let winners: Vec<u8> = puts
        .join_all()
        .await
        .into_iter()
        .filter(|(_, put)| *put == Put::Written)
        .map(|(contender, _)| contender)
        .collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    let target = Target { region: Region::parse("us-east-1").unwrap(), ..target };
    let key = Key::Connections { target: &target, snapshot_time };
    assert_eq!(read(store.object_key(key)).await.unwrap(), [winners[0]; 100]);
    days_are_listed_at_once(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_keeps_the_contract() {
    let directory = tempfile::TempDir::new().unwrap();
    let root = directory.path().join("not/there/yet");
    let at = |root: &Path, key: &str| std::fs::read(root.join(key)).ok();
    contract(Store::from(DirectoryStore::new(root.clone())), async |key| at(&root, &key)).await;
    let leftovers = crate::harness::files_under(&root);
    assert!(!leftovers.iter().any(|file| file.contains(".tmp")), "{leftovers:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs SeaweedFS")]
async fn s3_keeps_the_contract() {
    let seaweed = Seaweed::shared();
    let bucket = seaweed.bucket().await;
    for prefix in ["", "vpn/audit"] {
        let bucket = if prefix.is_empty() { bucket.clone() } else { seaweed.bucket().await };
        let client = aws_sdk_s3::Client::new(&seaweed.sdk());
        let store = Store::from(S3Store::new(client.clone(), bucket.clone(), prefix.to_owned(), None));
        assert!(store.object_key(Key::Preflight).starts_with(prefix));
        contract(store, async |key| {
            let object = client.get_object().bucket(&bucket).key(key).send().await.ok()?;
            Some(object.body.collect().await.ok()?.to_vec())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs SeaweedFS")]
async fn s3_keeps_the_sha256() {
    let seaweed = Seaweed::shared();
    let bucket = seaweed.bucket().await;
    let client = aws_sdk_s3::Client::new(&seaweed.sdk());
    let store = Store::from(S3Store::new(client.clone(), bucket.clone(), String::new(), None));
    store.put_if_absent(Key::Preflight, Object::from_bytes(b"evidence", "text/plain")).await.unwrap();
    let mode = aws_sdk_s3::types::ChecksumMode::Enabled;
    let head =
        client.head_object().bucket(&bucket).key("preflight").checksum_mode(mode).send().await.unwrap();
    // printf evidence | openssl dgst -sha256 -binary | base64
    assert_eq!(head.checksum_sha256(), Some("7oJQ+3bglLNLRx8Tpz275R0a4ULp31nXwNMewg8KCo4="));
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs SeaweedFS")]
async fn a_put_that_succeeded_unheard_is_known_as_written() {
    let seaweed = Seaweed::shared();
    let bucket = seaweed.bucket().await;
    let client = aws_sdk_s3::Client::new(&seaweed.sdk());
    let store = Store::from(S3Store::new(client, bucket, String::new(), None));
    let object = Object::from_bytes(b"the same bytes", "text/plain");
    // If the answer to the SDK's first attempt was lost, its second attempt finds its own object.
    assert_eq!(store.put_if_absent(Key::Preflight, object).await.unwrap(), Put::Written);
    assert_eq!(store.put_if_absent(Key::Preflight, object).await.unwrap(), Put::Written);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs SeaweedFS")]
async fn bytes_that_differ_from_their_hash_are_refused_by_s3() {
    let seaweed = Seaweed::shared();
    let bucket = seaweed.bucket().await;
    let client = aws_sdk_s3::Client::new(&seaweed.sdk());
    let store = Store::from(S3Store::new(client, bucket, String::new(), None));
    let object = Object { sha256: [7; 32], ..Object::from_bytes(b"other bytes", "text/plain") };
    assert!(store.put_if_absent(Key::Preflight, object).await.is_err());
    assert!(!store.contains(Key::Preflight).await.unwrap(), "and not written");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs SeaweedFS")]
async fn a_missing_or_refusing_bucket_is_named_with_the_permission() {
    let seaweed = Seaweed::shared();
    let bucket = seaweed.bucket().await;
    for (sdk, bucket, code, part) in [
        (seaweed.sdk(), "no-such-bucket", "NoSuchBucket", "does not exist"),
        (seaweed.sdk_denied(), bucket.as_str(), "AccessDenied", "the permission s3:"),
    ] {
        let client = aws_sdk_s3::Client::new(&sdk);
        let store = Store::from(S3Store::new(client, bucket.to_owned(), "vpn".to_owned(), None));
        let looked = store.contains(Key::Preflight).await.unwrap_err();
        let put =
            store.put_if_absent(Key::Preflight, Object::from_bytes(b"x", "text/plain")).await.unwrap_err();
        let text = looked.to_string();
        assert_eq!(looked.code.as_str(), code, "{text}");
        assert!(text.contains(bucket) && text.contains(part), "{text}");
        // SeaweedFS refuses a put to a bucket that is missing; S3 says that it is missing.
        let text = put.to_string();
        assert!(text.contains(bucket) && text.contains("s3:PutObject"), "{text}");
    }
}

/// Puts an object into an S3 that gives these answers. Returns the requests and the result.
async fn put_to(answers: &[(u16, &str)], kms_key: Option<&str>) -> (Vec<String>, Result<Put, String>) {
    let s3 = Stub::start(answers).await;
    let client = aws_sdk_s3::Client::new(&sdk_config(s3.url(), "us-east-1"));
    let kms_key = kms_key.and_then(KmsKey::parse);
    let store = Store::from(S3Store::new(client, "evidence".to_owned(), String::new(), kms_key));
    let put = store.put_if_absent(Key::Preflight, Object::from_bytes(b"evidence", "text/plain")).await;
    (s3.heads(), put.map_err(|error| error.to_string()))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_put_is_conditional_and_carries_its_sha256() {
    let (heads, put) = put_to(&[(200, "")], None).await;
    assert_eq!(put, Ok(Put::Written));
    assert_eq!(heads.len(), 1);
    assert!(heads[0].starts_with("put /evidence/preflight"), "{}", heads[0]);
    assert!(heads[0].contains("\r\nif-none-match: *\r\n"), "{}", heads[0]);
    // The hash of `evidence`, in lower case as all of the head is.
    assert!(
        heads[0].contains("\r\nx-amz-checksum-sha256: 7ojq+3bgllnlrx8tpz275r0a4ulp31nxwnmewg8kco4=\r\n"),
        "{}",
        heads[0]
    );
    assert!(!heads[0].contains("server-side-encryption"), "the bucket's own encryption: {}", heads[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kms_key_goes_with_the_put() {
    let (heads, _) = put_to(&[(200, "")], Some("alias/evidence")).await;
    assert!(heads[0].contains("\r\nx-amz-server-side-encryption: aws:kms\r\n"), "{}", heads[0]);
    assert!(
        heads[0].contains("\r\nx-amz-server-side-encryption-aws-kms-key-id: alias/evidence\r\n"),
        "{}",
        heads[0]
    );
}

/// Every request of a lake that must belong to an account names it, and the signature covers that; without, none does.
#[tokio::test(flavor = "multi_thread")]
async fn every_request_names_the_account_that_must_own_the_bucket() {
    for owner in [Some("001122223333"), None] {
        let s3 = Stub::start(&[(404, "<Error><Code>NoSuchKey</Code></Error>")]).await;
        let client = aws_sdk_s3::Client::new(&sdk_config(s3.url(), "us-east-1"));
        let store = Store::from(S3Store::new(client, "evidence".to_owned(), String::new(), None));
        let store = store.owned_by(owner.and_then(AccountId::parse).as_ref());
        let object = Object::from_bytes(b"x", "text/plain");
        // None of these is answered well; what counts is what was asked.
        let _ = store.put_if_absent(Key::Preflight, object).await;
        let _ = store.contains(Key::Preflight).await;
        let _ = store.keys("runs/").await;
        let _ = store.find("runs/").await;
        let _ = store.missing_protections().await;
        let heads = s3.heads();
        let asked: Vec<&str> = heads.iter().filter_map(|head| head.split(' ').next()).collect();
        assert_eq!(asked, ["put", "get", "get", "get", "get"], "{heads:?}");
        for head in &heads {
            let is_signed = head.contains(";x-amz-expected-bucket-owner");
            let account = head.split("\r\nx-amz-expected-bucket-owner: ").nth(1).map(|rest| &rest[..12]);
            assert_eq!((account, is_signed), (owner, owner.is_some()), "{head}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_tried_again_and_stays_conditional() {
    let conflict = "<Error><Code>ConditionalRequestConflict</Code><Message>again</Message></Error>";
    let (heads, put) = put_to(&[(409, conflict), (409, conflict), (200, "")], None).await;
    assert_eq!(put, Ok(Put::Written));
    assert_eq!(heads.len(), 3);
    assert!(heads.iter().all(|head| head.contains("if-none-match: *")), "{heads:?}");

    let (heads, put) = put_to(&[(409, conflict)], None).await;
    assert_eq!(heads.len(), 5, "it ends");
    assert!(put.unwrap_err().contains("s3://evidence/preflight"));
}

/// Amazon S3 User Guide, "Working with delete markers": the answer to a request for what a marker hides is 404, with a header.
#[tokio::test(flavor = "multi_thread")]
async fn s3_itself_names_a_delete_marker_and_need_not_be_asked_twice() {
    let marker = "x-amz-delete-marker: true\r\n";
    for (headers, expected) in
        [(String::new(), Look::Nothing), (marker.to_owned(), Look::Foreign("a delete marker".to_owned()))]
    {
        let s3 = Stub::with_headers(&format!("{headers}Server: AmazonS3\r\n"), &[(404, "")]).await;
        let client = aws_sdk_s3::Client::new(&sdk_config(s3.url(), "eu-central-1"));
        let store = Store::from(S3Store::new(client, "bucket".to_owned(), String::new(), None));
        assert_eq!(store.look(Key::Preflight).await.unwrap(), expected);
        assert_eq!(s3.heads().len(), 1, "{headers}");
    }
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let below_a_file = file.path().join("lake");
    let store = Store::from(DirectoryStore::new(below_a_file.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let put = runtime.block_on(store.put_if_absent(Key::Preflight, Object::from_bytes(b"x", "text/plain")));
    let error = put.unwrap_err();
    assert_eq!(error.code.as_str(), "StorageFailed");
    assert!(error.to_string().contains(below_a_file.to_str().unwrap()), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_xml_cannot_carry_are_listed_encoded() {
    let versions = "<ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>\
        <Version><Key>vpn/runs/a%01+b%2Bc%5C.json</Key><VersionId>1</VersionId><Size>3</Size></Version>\
        <Version><Key>vpn/runs/</Key><VersionId>2</VersionId><Size>0</Size></Version>\
        <CommonPrefixes><Prefix>vpn/runs/account_id%3D1%0A/</Prefix></CommonPrefixes>\
        <CommonPrefixes><Prefix>vpn/runs//</Prefix></CommonPrefixes></ListVersionsResult>";
    let s3 = Stub::start(&[(200, versions)]).await;
    let client = aws_sdk_s3::Client::new(&sdk_config(s3.url(), "us-east-1"));
    let store = Store::from(S3Store::new(client, "evidence".to_owned(), "vpn".to_owned(), None));
    let found = store.find("runs/").await.unwrap();
    let keys: Vec<&str> = found.iter().map(|found| found.key.as_str()).collect();
    assert_eq!(keys, ["runs/", "runs/a\\x01 b+c\\\\.json"]);
    let level = store.list_folder("runs/").await.unwrap();
    assert_eq!(level.folders, ["", "account_id=1\\x0a"]);
    // And asked for by their own names.
    let _ = store.hash(&found[1]).await;
    let heads = s3.heads();
    assert!(heads[0].contains("encoding-type=url"), "{}", heads[0]);
    assert!(heads[2].starts_with("get /evidence/vpn/runs/a%01%20b%2bc%5c.json?"), "{}", heads[2]);
}
