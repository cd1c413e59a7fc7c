//! Promise 8, for what AWS answers: memory and time are bounded whatever comes, and the error names the limit.

use client_vpn_audit::aws::identity::{OwnSession, own_account};
use client_vpn_audit::clock::Clock;
use client_vpn_audit::lake::keys::{Key, ObjectKey};
use client_vpn_audit::lake::store::{S3Store, Store};
use client_vpn_audit::proof::signing::{Signer, SigningKey};
use serde_json::json;

use crate::harness::emulator::{Emulator, Invoked};
use crate::harness::hostile::{Flow, Hostile};
use crate::harness::stub::Stub;
use crate::harness::{IMPATIENT, World, error_codes, fleet, outcomes, sdk_config, snapshot};

const ANSWER_LIMIT: &str = "16777216 bytes";

/// Clients as the program makes them, of a server at `url`.
fn sdk(url: &str) -> aws_config::SdkConfig {
    OwnSession::begin(sdk_config(url, "us-east-1"), Clock::system()).0
}

fn store(url: &str) -> Store {
    Store::from(S3Store::new(aws_sdk_s3::Client::new(&sdk(url)), "evidence".to_owned(), String::new(), None))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_end_is_given_up_at_its_limit() {
    for head in
        ["200 OK", "400 Bad", "500 Bad", "200 OK\r\ncontent-length: 8000000000", "302 Found\r\nlocation: /"]
    {
        let hostile = Hostile::start(head, Flow::Flood).await;
        let world = World::new(fleet(1, 1)).await;
        let settings = client_vpn_audit::invocation::settings::Settings::parse(world.variables(&[])).unwrap();
        let sdk = sdk_config(hostile.url(), "eu-central-1");
        let progress = client_vpn_audit::capture::request::Progress::silent();
        let auditor =
            client_vpn_audit::invocation::handler::Auditor::new(settings, sdk, world.clock.clone(), progress);
        let report = snapshot(&auditor, json!({})).await;
        assert_eq!(outcomes(&report), ["failed"], "{head}");
        assert_eq!(error_codes(&report), ["LimitExceeded"], "{head}");
        let error = report.record.targets[0].error.as_ref().unwrap();
        assert!(error.message.contains(ANSWER_LIMIT), "{}", error.message);
        assert_eq!(
            hostile.requests(),
            2,
            "{head}: one for the connections, one for the endpoints, none again"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda")]
async fn the_function_stays_small_whatever_comes() {
    let hostile = Hostile::start("200 OK", Flow::Flood).await;
    let world = World::new(fleet(5, 1)).await;
    let variables = world.variables(&[]);
    let emulator = Emulator::start(hostile.url(), &variables);
    let Invoked::Failed(error) = emulator.invoke(&json!({"action": "snapshot"})) else {
        panic!("{}", emulator.log());
    };
    assert!(error.contains("LimitExceeded"), "{error}");
    let peak = emulator.peak_mebibytes();
    println!("{peak:.1} MiB for five endless answers at a time");
    assert!(peak < 256.0, "{peak} MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_drips_ends_with_the_time_of_an_attempt() {
    let hostile = Hostile::start("200 OK", Flow::Drip).await;
    let world = World::new(fleet(1, 1)).await;
    let settings =
        client_vpn_audit::invocation::settings::Settings::parse(world.variables(&[IMPATIENT])).unwrap();
    let sdk = sdk_config(hostile.url(), "eu-central-1");
    let progress = client_vpn_audit::capture::request::Progress::silent();
    let auditor =
        client_vpn_audit::invocation::handler::Auditor::new(settings, sdk, world.clock.clone(), progress);
    let report = snapshot(&auditor, json!({})).await;
    assert_eq!(error_codes(&report), ["Timeout"]);
    assert_eq!(hostile.requests(), 2, "both attempts, and the endpoints are not asked for after them");
}

#[tokio::test(flavor = "multi_thread")]
async fn sts_and_kms_are_bounded_too() {
    for head in ["200 OK", "403 Forbidden"] {
        let hostile = Hostile::start(head, Flow::Flood).await;
        let error = own_account(&sdk(hostile.url())).await.unwrap_err();
        assert_eq!(error.code.as_str(), "LimitExceeded", "{error}");
        let key = SigningKey::Kms("alias/evidence".to_owned());
        let error = Signer::new(Some(&key), &sdk(hostile.url())).unwrap().identification().await.unwrap_err();
        assert_eq!(error.code.as_str(), "LimitExceeded", "{error}");
        assert_eq!(hostile.requests(), 2, "none is asked again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_is_bounded_in_every_call() {
    let key = ObjectKey::parse(
        "runs/account_id=123456789012/region=eu-central-1/snapshot_date=2025-11-23/20251123T090000Z_a.json",
    )
    .unwrap();
    for (head, limit) in [
        ("200 OK", "limit"),
        ("404 Gone", ANSWER_LIMIT),
        ("200 OK\r\ncontent-length: 8000000000", "16777216"),
    ] {
        let hostile = Hostile::start(head, Flow::Flood).await;
        let store = store(hostile.url());
        let read = store.read(&key).await.unwrap_err();
        assert_eq!(read.code.as_str(), "LimitExceeded", "{head}: {read}");
        assert!(read.to_string().contains(limit), "{head}: {read}");
    }
    let hostile = Hostile::start("200 OK", Flow::Flood).await;
    let store = store(hostile.url());
    let errors = [
        store.keys("runs/").await.unwrap_err(),
        store.find("runs/").await.unwrap_err(),
        store.list_folder("runs/").await.unwrap_err(),
        store.contains(Key::Preflight).await.unwrap_err(),
        store.missing_protections().await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.code.as_str(), "LimitExceeded", "{error}");
    }
}

/// Reading stops at the size that S3 gave for the object.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_ends_where_s3_says_that_it_does() {
    let found = |bytes| client_vpn_audit::lake::store::Found {
        key: "connections/x".to_owned(),
        bytes,
        version_id: None,
        hidden: false,
        versions: 1,
        irregular: None,
    };
    let hostile = Hostile::start("200 OK", Flow::Flood).await;
    let error = store(hostile.url()).hash(&found(5)).await.unwrap_err();
    assert_eq!(error.code.as_str(), "LimitExceeded", "without a size: {error}");
    let honest = Stub::start(&[(200, "evidence")]).await;
    assert_eq!(store(honest.url()).hash(&found(8)).await.unwrap().bytes, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_gets_nowhere_ends() {
    let page = |number: usize| {
        format!(
            "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t{number}</NextContinuationToken></ListBucketResult>"
        )
    };
    let pages: Vec<String> = (0..1100).map(page).collect();
    let answers: Vec<(u16, &str)> = pages.iter().map(|page| (200, page.as_str())).collect();
    let s3 = Stub::start(&answers).await;
    let error = store(s3.url()).keys("runs/").await.unwrap_err();
    assert_eq!((error.code.as_str(), s3.heads().len()), ("LimitExceeded", 1000), "{error}");
    assert!(error.to_string().contains("1000 empty pages in a row"), "{error}");

    // Three pages in a circle.
    let answers: Vec<(u16, &str)> = [0, 1, 2, 0, 1, 2].map(|number| (200, pages[number].as_str())).to_vec();
    let s3 = Stub::start(&answers).await;
    let error = store(s3.url()).keys("runs/").await.unwrap_err();
    assert_eq!((error.code.as_str(), s3.heads().len()), ("ListingStuck", 4), "{error}");
}

/// A page of a thousand keys of about 1,000 bytes, after which there is more.
fn long_page(number: usize) -> Vec<u8> {
    let key = |entry: usize| format!("runs/{number:06}{entry:06}{}", "x".repeat(1_000));
    let objects: String =
        (0..1_000).map(|entry| format!("<Contents><Key>{}</Key></Contents>", key(entry))).collect();
    format!(
        "<ListBucketResult>{objects}<IsTruncated>true</IsTruncated><NextContinuationToken>t{number}</NextContinuationToken></ListBucketResult>"
    )
    .into_bytes()
}

/// The same of versions.
fn long_page_of_versions(number: usize) -> Vec<u8> {
    let page = String::from_utf8(long_page(number)).unwrap();
    let page = page.replace("ListBucketResult", "ListVersionsResult").replace("Contents>", "Version>");
    let markers =
        format!("<NextKeyMarker>k{number}</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker>");
    page.replace(&format!("<NextContinuationToken>t{number}</NextContinuationToken>"), &markers).into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_ends_at_a_limit_of_bytes() {
    let limit = "134217728 bytes of names";
    let s3 = Stub::answering(|number, _| (200, long_page(number))).await;
    let error = store(s3.url()).keys("runs/").await.unwrap_err();
    assert_eq!((error.code.as_str(), s3.heads().len()), ("LimitExceeded", 118), "{error}");
    assert!(error.to_string().contains(limit), "{error}");
    let s3 = Stub::answering(|number, _| (200, long_page_of_versions(number))).await;
    let error = store(s3.url()).find("runs/").await.unwrap_err();
    assert_eq!((error.code.as_str(), s3.heads().len()), ("LimitExceeded", 118), "{error}");
    assert!(error.to_string().contains(limit), "{error}");
    let s3 = Stub::answering(|number, _| (200, long_page_of_versions(number))).await;
    let error = store(s3.url()).list_folder("runs/").await.unwrap_err();
    assert_eq!((error.code.as_str(), s3.heads().len()), ("LimitExceeded", 118), "{error}");
    assert!(error.to_string().contains(limit), "{error}");
}

/// A server whose objects are of the largest size of a document, each sent but for its last byte until it is read so far.
struct SlowDocuments {
    url: String,
    most_running: std::sync::Arc<std::sync::atomic::AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl SlowDocuments {
    async fn start() -> SlowDocuments {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicUsize, Ordering};
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (running, most_running) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (running, most_running) = (Arc::new(running), Arc::new(most_running));
        let most = most_running.clone();
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (running, most) = (running.clone(), most.clone());
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    while !request.ends_with(b"\r\n\r\n") {
                        request.push(stream.read_u8().await.unwrap());
                    }
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        16 << 20
                    );
                    stream.write_all(head.as_bytes()).await.unwrap();
                    // More than lies between two ends of a connection, so that it is in the reader's memory once it is sent.
                    stream.write_all(&vec![b' '; (16 << 20) - 1]).await.unwrap();
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    // Whoever reads others meanwhile has the time to do so.
                    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                    running.fetch_sub(1, Ordering::SeqCst);
                    stream.write_all(b" ").await.unwrap();
                });
            }
        });
        SlowDocuments { url, most_running, task }
    }
}

impl Drop for SlowDocuments {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// However many read the ledger of a lake: those of accounts and Regions at a time, and each two records at a time.
#[tokio::test(flavor = "multi_thread")]
async fn one_large_document_of_a_lake_is_in_memory_at_a_time() {
    let s3 = SlowDocuments::start().await;
    let store = store(&s3.url);
    let keys = (0..8).map(|number| {
        let place = format!("account_id=123456789012/region=eu-central-{number}/snapshot_date=2025-11-23");
        ObjectKey::parse(&format!("runs/{place}/20251123T090000Z_a.json")).unwrap()
    });
    let read = |key: ObjectKey| {
        let store = store.clone();
        tokio::spawn(async move { store.read_with(&key, <[u8]>::len).await.unwrap() })
    };
    let reads: Vec<_> = keys.map(read).collect();
    for read in reads {
        assert_eq!(read.await.unwrap(), Some(16 << 20));
    }
    assert_eq!(s3.most_running.load(std::sync::atomic::Ordering::SeqCst), 1);
}
