//! Safe to repeat: EventBridge and Lambda deliver at least once; the same event again changes nothing but the ledger.

use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::capture::run::Report;
use client_vpn_audit::clock::Clock;
use client_vpn_audit::invocation::handler::Auditor;
use client_vpn_audit::invocation::settings::Settings;
use client_vpn_audit::lake::ledger::Entry;
use client_vpn_sim::{Fault, FaultKind};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::harness::cases::Cases;
use crate::harness::proxy::Proxy;
use crate::harness::seaweed::Seaweed;
use crate::harness::{World, command_line, fleet, outcomes, sdk_config, snapshot};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_again_reads_nothing_and_adds_a_run_record() {
    let world = World::new(fleet(2, 23)).await;
    let auditor = world.auditor(&[]);
    let first = snapshot(&auditor, json!({})).await;
    let requests = world.simulator.requests();
    let files = world.files();

    let again = snapshot(&auditor, json!({})).await;
    assert_eq!(outcomes(&again), ["already_captured", "already_captured"]);
    assert!(again.record.all_captured());
    assert_eq!(world.simulator.requests(), requests, "nothing was read");
    for (old, new) in first.record.targets.iter().zip(&again.record.targets) {
        let found = |entry: &Entry| (entry.object.clone(), entry.tally.times);
        assert_eq!(found(old), found(new), "it repeats what the object that it found says");
        assert!(new.object.is_some() && new.tally.times.is_some());
    }
    let endpoints = |report: &Report| report.record.places[0].endpoints.clone().unwrap();
    let (old, new) = (endpoints(&first), endpoints(&again));
    assert_eq!(new.outcome.as_str(), "already_captured");
    assert_eq!(old.object, new.object);
    let added: Vec<String> = world.files().into_iter().filter(|file| !files.contains(file)).collect();
    assert_eq!(added, again.run_keys);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python and SeaweedFS")]
async fn captures_of_one_event_at_once_leave_one_object_and_one_truth() {
    let seaweed = Seaweed::shared();
    for at_once in [2, 8] {
        for in_a_bucket in [true, false] {
            let world = World::new(fleet(3, 23)).await;
            let proxy = Proxy::start(&world.simulator.url(), &seaweed.url()).await;
            let lake = if in_a_bucket {
                format!("s3://{}/vpn", seaweed.bucket().await)
            } else {
                world.lake().display().to_string()
            };
            let variables = world.variables(&[("AUDIT_LAKE", &lake), ("AUDIT_PAGE_SIZE", "5")]);
            let settings = Settings::parse(variables).unwrap();
            let sdk = sdk_config(proxy.url(), "eu-central-1");
            let auditor = Auditor::new(settings, sdk, world.clock.clone(), Progress::silent());
            let captures = (0..at_once).map(|_| snapshot(&auditor, json!({})));
            let reports = futures_util::future::join_all(captures).await;
            for target in 0..3 {
                let mut found: Vec<&str> = reports.iter().map(|report| outcomes(report)[target]).collect();
                found.sort_unstable();
                let mut expected = vec!["already_captured"; at_once - 1];
                expected.push("complete");
                assert_eq!(found, expected, "{lake}");
            }
            let environment = seaweed.environment();
            let environment: Vec<(&str, &str)> =
                environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let checked = world.check_at(&lake, &environment);
            assert_eq!((checked.connections, checked.partials, checked.connection_ids_missing), (69, 0, 0));
            assert_eq!(checked.problems, Vec::<String>::new(), "{lake}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_retry_captures_what_failed_and_only_that() {
    let world = World::new(fleet(2, 23)).await;
    let auditor = world.auditor(&[("AUDIT_PAGE_SIZE", "5")]);
    let bad = world.simulator.endpoint_ids()[1].clone();
    world.simulator.inject(Fault {
        first: 3,
        last: usize::MAX,
        ..Fault::always(FaultKind::InternalError).at(&bad)
    });
    let first = snapshot(&auditor, json!({})).await;
    assert_eq!(outcomes(&first), ["complete", "partial"]);

    world.simulator.clear_faults();
    let retry = snapshot(&auditor, json!({})).await;
    assert_eq!(outcomes(&retry), ["already_captured", "complete"]);
    let checked = world.check();
    assert_eq!((checked.connections, checked.partials), (46, 10));
    checked.assert_whole();
}

/// The lake's files below two folders: what is planted, and where.
struct Planted {
    world: World,
    /// Keys of the first endpoint's capture and of the endpoints' configuration, at [`NOW`].
    keys: [String; 2],
    /// Objects of a lake that others could be taken from: the right ones, and those of another time and endpoint.
    others: World,
}

impl Planted {
    async fn new() -> Planted {
        let (world, others) = (World::new(fleet(2, 5)).await, World::new(fleet(2, 5)).await);
        let auditor = others.auditor(&[]);
        snapshot(&auditor, json!({})).await;
        let report = snapshot(&auditor, json!({"time": EARLIER_SNAPSHOT_TIME})).await;
        assert_eq!(outcomes(&report), ["complete", "complete"]);
        snapshot(&auditor, json!({"max_items": 3})).await;
        let id = &world.simulator.endpoint_ids()[0];
        let folder = "account_id=123456789012/region=eu-central-1/snapshot_date=2025-11-23/20251123T090000Z";
        let keys = [format!("connections/{folder}_{id}.parquet"), format!("endpoints/{folder}.parquet")];
        Planted { world, keys, others }
    }

    /// The bytes of the one object of the other lake whose key has all these parts.
    fn other(&self, parts: &[&str]) -> Vec<u8> {
        let files = self.others.files();
        let file = files.iter().find(|file| parts.iter().all(|part| file.contains(part)));
        std::fs::read(self.others.lake().join(file.unwrap())).unwrap()
    }

    /// The first endpoint and the configuration must fail by name; the second endpoint is complete.
    async fn check(&self, name: &str) {
        let report = snapshot(&self.world.auditor(&[]), json!({})).await;
        assert_eq!(outcomes(&report), ["failed", "complete"], "{name}");
        let endpoints = report.record.places[0].endpoints.as_ref().unwrap();
        assert_eq!(endpoints.outcome.as_str(), "failed", "{name}");
        let errors = [report.record.targets[0].error.as_ref(), endpoints.error.as_ref()];
        for (error, key) in errors.into_iter().zip(&self.keys) {
            let error = error.unwrap();
            assert_eq!(error.code.as_str(), "ForeignObject", "{name}");
            assert!(error.message.contains(key), "{name}: {}", error.message);
        }
        assert!(report.failure().is_some() && !report.record.all_captured(), "{name}");
        assert_eq!(report.record.targets[0].object, None, "{name}");
    }
}

/// The footer of a Parquet file, with all that follows it.
fn footer(bytes: &[u8]) -> &[u8] {
    let length = &bytes[bytes.len() - 8..bytes.len() - 4];
    let length = u32::from_le_bytes(length.try_into().unwrap());
    &bytes[bytes.len() - 8 - usize::try_from(length).unwrap()..]
}

/// The time of an earlier snapshot.
const EARLIER_SNAPSHOT_TIME: &str = "2025-11-23T08:45:00Z";

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_at_a_key_and_is_not_ours_is_no_capture() {
    let cases = Cases::default();
    let planted = Planted::new().await;
    let id = planted.world.simulator.endpoint_ids()[1].clone();
    let first = planted.world.simulator.endpoint_ids()[0].clone();
    let right =
        [planted.other(&["connections/", "T090000Z", &first]), planted.other(&["endpoints/", "T090000Z"])];
    let bytes: Vec<(&str, [Vec<u8>; 2])> = vec![
        ("garbage", [b"garbage".to_vec(), b"garbage".to_vec()]),
        ("nothing", [Vec::new(), Vec::new()]),
        ("the end of a Parquet file", [b"PAR1".to_vec(), b"\xff\xff\xff\xffPAR1".to_vec()]),
        ("another table's object", [right[1].clone(), right[0].clone()]),
        (
            "another endpoint's, and a capture's",
            [
                planted.other(&["connections/", "T090000Z", &id]),
                planted.other(&["connections/", "T090000Z", &id]),
            ],
        ),
        (
            "of another time",
            [
                planted.other(&["connections/", "T084500Z", &first]),
                planted.other(&["endpoints/", "T084500Z"]),
            ],
        ),
        ("a partial", [planted.other(&["partials/", &first]), planted.other(&["partials/", &first])]),
        ("cut short", right.clone().map(|bytes| bytes[..bytes.len() - 1].to_vec())),
        ("only its end", right.clone().map(|bytes| bytes[bytes.len() - 100..].to_vec())),
        ("only its footer", right.clone().map(|bytes| footer(&bytes).to_vec())),
        (
            "zeros before its footer",
            right.clone().map(|bytes| {
                let footer = footer(&bytes);
                [&vec![0; bytes.len() - footer.len()], footer].concat()
            }),
        ),
        (
            "zeros between the magic and its footer",
            right.clone().map(|bytes| {
                let footer = footer(&bytes);
                [&b"PAR1"[..], &vec![0; bytes.len() - footer.len() - 4], footer].concat()
            }),
        ),
        ("junk before its footer", right.clone().map(|bytes| [&[b'x'; 400], footer(&bytes)].concat())),
        ("junk before it", right.clone().map(|bytes| [&[b'x'; 400], &bytes[..]].concat())),
    ];
    for (name, planted_bytes) in bytes {
        let planted = Planted::new().await;
        for (key, bytes) in planted.keys.iter().zip(planted_bytes) {
            let path = planted.world.lake().join(key);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        cases.run(name, planted.check(name)).await;
    }
    // The right bytes are the right object, whoever put them there.
    let planted = Planted::new().await;
    for (key, bytes) in planted.keys.iter().zip(right) {
        let path = planted.world.lake().join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let report = snapshot(&planted.world.auditor(&[]), json!({})).await;
    assert_eq!(outcomes(&report), ["already_captured", "complete"]);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_is_neither_followed_nor_waited_for() {
    let cases = Cases::default();
    use std::os::unix::fs::symlink;
    type Plant = fn(&std::path::Path, &std::path::Path);
    let plants: [(&str, Plant); 6] = [
        ("an empty directory", |path, _| std::fs::create_dir(path).unwrap()),
        ("a dangling link", |path, _| symlink("/nowhere/at/all", path).unwrap()),
        ("a link to the right object", |path, right| symlink(right, path).unwrap()),
        ("a link to itself", |path, _| symlink(path, path).unwrap()),
        ("a FIFO", |path, _| {
            assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
        }),
        ("a link to a device", |path, _| symlink("/dev/zero", path).unwrap()),
    ];
    for (name, plant) in plants {
        let planted = Planted::new().await;
        for key in &planted.keys {
            let path = planted.world.lake().join(key);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            plant(&path, &planted.others.lake().join(key));
        }
        cases.run(name, planted.check(name)).await;
    }
    // A folder that is a link is not gone through, neither to look nor to write.
    let planted = Planted::new().await;
    let folder = planted.world.lake().join("connections/account_id=123456789012");
    std::fs::create_dir_all(folder.parent().unwrap()).unwrap();
    symlink(planted.others.lake().join("connections/account_id=123456789012"), &folder).unwrap();
    let before = planted.others.files();
    let report = snapshot(&planted.world.auditor(&[]), json!({})).await;
    let again = snapshot(&planted.world.auditor(&[]), json!({"max_items": 2})).await;
    assert_eq!(outcomes(&report), ["failed", "failed"]);
    assert_eq!(outcomes(&again), ["partial", "partial"]);
    for entry in &report.record.targets {
        let error = entry.error.as_ref().unwrap();
        assert!(
            error.code.as_str() == "ForeignObject" && error.message.contains("symbolic link"),
            "{error:?}"
        );
    }
    assert_eq!(planted.others.files(), before, "nothing was written behind the link");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs SeaweedFS")]
async fn what_lies_at_a_key_of_a_bucket_and_is_not_ours_is_no_capture() {
    use aws_sdk_s3::Client;
    use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
    let seaweed = Seaweed::shared();
    let admin = Client::new(&seaweed.sdk_admin());
    let planted = Planted::new().await;
    let (first, second) = (
        planted.world.simulator.endpoint_ids()[0].clone(),
        planted.world.simulator.endpoint_ids()[1].clone(),
    );
    let right = planted.other(&["connections/", "T090000Z", &first]);
    for (name, bytes, expected) in [
        ("garbage", Some(b"garbage".to_vec()), "failed"),
        ("nothing", Some(Vec::new()), "failed"),
        ("another endpoint's", Some(planted.other(&["connections/", "T090000Z", &second])), "failed"),
        ("a partial", Some(planted.other(&["partials/", &first])), "failed"),
        ("only its footer", Some(footer(&right).to_vec()), "failed"),
        ("junk before its footer", Some([&[b'x'; 400], footer(&right)].concat()), "failed"),
        ("a delete marker", None, "failed"),
        ("the right bytes, without a checksum", Some(right.clone()), "already_captured"),
    ] {
        let bucket = seaweed.bucket().await;
        let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        admin
            .put_bucket_versioning()
            .bucket(&bucket)
            .versioning_configuration(versions)
            .send()
            .await
            .unwrap();
        let key = format!("vpn/{}", planted.keys[0]);
        let put = admin.put_object().bucket(&bucket).key(&key);
        put.body(bytes.clone().unwrap_or_else(|| right.clone()).into()).send().await.unwrap();
        if bytes.is_none() {
            admin.delete_object().bucket(&bucket).key(&key).send().await.unwrap();
        }
        let proxy = Proxy::start(&planted.world.simulator.url(), &seaweed.url()).await;
        let variables = planted.world.variables(&[("AUDIT_LAKE", &format!("s3://{bucket}/vpn"))]);
        let settings = Settings::parse(variables).unwrap();
        let sdk = sdk_config(proxy.url(), "eu-central-1");
        let auditor = Auditor::new(settings, sdk, planted.world.clock.clone(), Progress::silent());
        let report = snapshot(&auditor, json!({})).await;
        assert_eq!(outcomes(&report), [expected, "complete"], "{name}");
        let entry = &report.record.targets[0];
        match &entry.error {
            Some(error) => {
                assert_eq!(error.code.as_str(), "ForeignObject", "{name}");
                assert!(error.message.contains(&planted.keys[0]), "{name}: {}", error.message);
            }
            None => {
                let found = &entry.object.as_ref().unwrap().sha256;
                assert_eq!(*found, hex::encode(Sha256::digest(&right)), "{name}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_names_what_is_not_ours_and_fails() {
    let world = World::new(fleet(1, 5)).await;
    let id = world.simulator.endpoint_ids()[0].clone();
    let time = Clock::system().now().strftime("%Y-%m-%dT%H:%M:00Z").to_string();
    let (date, compact) = (&time[..10], time.replace(['-', ':'], ""));
    let key = format!(
        "connections/account_id=123456789012/region=eu-central-1/snapshot_date={date}/{compact}_{id}.parquet"
    );
    std::fs::create_dir_all(world.lake().join(&key)).unwrap();
    let lake = world.lake().display().to_string();
    let arguments =
        ["snapshot", "--time", &time, "--account-id", "123456789012", "--target", &id, "--lake", &lake];
    let output = command_line(&world, &arguments);
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("ForeignObject") && text.contains(&key), "{text}");
}
