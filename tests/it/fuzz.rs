//! Hostile input never makes a parser panic: mutations of a corpus, with what answers in a new way taken into it.
//!
//! A short run each time, of a number of inputs. For a long one, whose finds are kept in `tests/fixtures/fuzz`:
//! `FUZZ_SECONDS=600 tests/run --test it -- fuzz`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use client_vpn_audit::hour::Hour;
use client_vpn_audit::invocation::event;
use client_vpn_audit::invocation::request::Invocation;
use client_vpn_audit::lake::keys::ObjectKey;
use client_vpn_audit::lake::parquet::{Ends, ObjectMetadata};
use client_vpn_audit::proof::digest::WrittenDigest;
use client_vpn_audit::tables::connections::RawConnection;
use client_vpn_audit::tables::connections::typing::normalise;
use client_vpn_audit::tables::unknown::Unknown;
use client_vpn_audit::target::EndpointId;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use sha2::{Digest, Sha256};

use crate::harness::mutations::{WORDS, mutation};
use crate::harness::{option_env_at_run_time, seeded};

/// Most inputs of a corpus, those of the folder included.
const MAX_CORPUS_INPUTS: usize = 150;

/// Inputs that are tried, unless a time is given.
const INPUTS: u64 = 4_000;

/// Tries mutations of the corpus `name`. `check` answers with how the input was taken, and panics where it is wrong.
fn fuzz(name: &str, check: impl Fn(&[u8]) -> String) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fuzz").join(name);
    let time = option_env_at_run_time("FUZZ_SECONDS").map(|seconds| seconds.parse().unwrap());
    let time = time.map(Duration::from_secs);
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        files.insert(path.display().to_string(), std::fs::read(path).unwrap());
    }
    assert!(!files.is_empty(), "{} is empty", folder.display());
    let mut corpus: Vec<Vec<u8>> = files.into_values().collect();
    let mut answers: BTreeSet<String> = corpus.iter().map(|input| kind_of(&check(input))).collect();
    let mut runner = seeded();
    let mutations = prop::collection::vec(mutation(WORDS), 1..6);
    let (start, mut tried) = (Instant::now(), 0_u64);
    while time.map_or(tried < INPUTS, |time| start.elapsed() < time) {
        let drawn = (any::<Index>(), &mutations).new_tree(&mut runner).unwrap().current();
        let mut input = corpus[drawn.0.index(corpus.len())].clone();
        drawn.1.iter().for_each(|mutation| mutation.apply(&mut input, &corpus));
        input.truncate(16 * 1024);
        tried += 1;
        let Ok(answer) = catch_unwind(AssertUnwindSafe(|| check(&input))) else {
            let path = folder.join(file_name(&input));
            std::fs::write(&path, &input).unwrap();
            panic!("{name} panicked; the input is kept in {}", path.display());
        };
        if answers.insert(kind_of(&answer)) && corpus.len() < MAX_CORPUS_INPUTS {
            if time.is_some() {
                std::fs::write(folder.join(file_name(&input)), &input).unwrap();
            }
            corpus.push(input);
        }
    }
    println!("{name}: {tried} inputs, {} kinds of answers, no panic", answers.len());
}

/// An answer without what differs from input to input: what is quoted, and numbers.
fn kind_of(answer: &str) -> String {
    let mut kind = String::new();
    for (index, part) in answer.split(['`', '"']).enumerate() {
        if index % 2 == 0 {
            kind.extend(part.chars().filter(|c| c.is_ascii_alphabetic() || *c == ' '));
        }
    }
    kind.chars().take(160).collect()
}

fn file_name(input: &[u8]) -> String {
    hex::encode(Sha256::digest(input))[..16].to_owned()
}

#[test]
fn events() {
    let at: jiff::Timestamp = "2025-11-24T10:00:00Z".parse().unwrap();
    fuzz("event", |input| {
        let Ok(payload) = serde_json::from_slice(input) else {
            return "no JSON".to_owned();
        };
        match event::parse(&payload, at) {
            Ok(Invocation::Snapshot(request)) => {
                if let Some(time) = request.snapshot_time {
                    assert!(time.timestamp() <= at + jiff::SignedDuration::from_secs(60));
                    assert!(time.timestamp() >= at - jiff::SignedDuration::from_mins(60));
                    assert_eq!(time.compact().len(), "20261123T090000Z".len(), "a key can carry it");
                }
                format!("snapshot {}", request.filters.len())
            }
            Ok(Invocation::Seal { hour }) => {
                assert!(hour.is_none_or(|hour| hour <= Hour::newest_closed(at)));
                "seal".to_owned()
            }
            Ok(Invocation::Logs) => "logs".to_owned(),
            Ok(Invocation::Plan { snapshot_time }) => format!("plan {}", snapshot_time.is_some()),
            Ok(Invocation::Preflight) => "preflight".to_owned(),
            Err(faults) => {
                let text = faults.to_string();
                assert!(!text.is_empty() && !text.chars().any(char::is_control), "{text:?}");
                text
            }
        }
    });
}

#[test]
fn connections() {
    let endpoint = EndpointId::parse("cvpn-endpoint-0123456789abcdef0").unwrap();
    fuzz("normaliser", |input| {
        let input = String::from_utf8_lossy(input);
        let mut lines = input.split('\n').map(|line| (line != "(absent)").then(|| Cow::from(line)));
        let mut next = || lines.next().flatten();
        let raw = RawConnection {
            client_vpn_endpoint_id: next(),
            connection_timestamp: next(),
            connection_id: next(),
            username: next(),
            connection_established_time: next(),
            ingress_bytes: next(),
            egress_bytes: next(),
            ingress_packets: next(),
            egress_packets: next(),
            client_ip: next(),
            client_ipv6_address: next(),
            common_name: next(),
            status_code: next(),
            status_message: next(),
            connection_end_time: next(),
            posture_compliance_statuses: next().map(|status| vec![status]),
            authorization_policy_last_evaluated_time: next(),
            unknown: Unknown {
                kept: next().map(|text| ("newField".to_owned(), text)).into_iter().collect(),
                more: 0,
            },
            ..RawConnection::default()
        };
        let row = normalise(raw.clone(), &endpoint);
        let times = [
            ("timestamp", &raw.connection_timestamp, row.connection_timestamp),
            ("connectionEstablishedTime", &raw.connection_established_time, row.connection_established_time),
            ("connectionEndTime", &raw.connection_end_time, row.connection_end_time),
        ];
        for (field, text, time) in times {
            // A typed value prints back to its text, or is the same instant in RFC 3339. Every other text is kept as it is,
            // except placeholders.
            let is_instant = |time| {
                text.as_deref().is_some_and(|text| {
                    text.contains(['T', 't']) && text.parse::<jiff::Timestamp>().ok() == Some(time)
                })
            };
            let printed = time.map(|time| match text {
                Some(text) if is_instant(time) => text.to_string(),
                _ => time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            });
            check_kept(text.as_deref(), printed, row.unparsed.get(field).map(Cow::as_ref));
        }
        for (field, text, count) in [
            ("ingressBytes", &raw.ingress_bytes, row.ingress_bytes),
            ("egressPackets", &raw.egress_packets, row.egress_packets),
        ] {
            let printed = count.map(|count| count.to_string());
            check_kept(text.as_deref(), printed, row.unparsed.get(field).map(Cow::as_ref));
        }
        assert_eq!(row.username, raw.username.filter(|name| !matches!(name.as_ref(), "" | "-")));
        let unknown = raw.unknown.kept.first().map(|(_, text)| text);
        assert_eq!(row.unparsed.get("newField"), unknown);
        format!("{:?} {}", row.unparsed.keys().collect::<Vec<_>>(), row.connection_end_time.is_some())
            .replace('"', "")
    });
}

fn check_kept(text: Option<&str>, printed: Option<String>, unparsed: Option<&str>) {
    let is_placeholder = text.is_none_or(|text| matches!(text, "" | "-" | "NA" | "N/A"));
    match printed {
        Some(printed) => assert_eq!((text, unparsed), (Some(printed.as_str()), None)),
        None if is_placeholder => assert_eq!(unparsed, None),
        None => assert_eq!(unparsed, text),
    }
}

#[test]
fn digests() {
    let key =
        "digests/account_id=123456789012/region=eu-central-1/digest_date=2025-11-22/20251122T210000Z.json";
    let key = ObjectKey::parse(key).unwrap();
    fuzz("digest", |input| match WrittenDigest::parse(&key, input) {
        Ok(written) => {
            assert_eq!(written.objects().count(), written.digest.objects.len());
            for (object, sealed) in written.objects() {
                assert!(object.place == key.place && object.hour <= key.hour && sealed.sha256.len() == 64);
                assert!(!object.as_str().contains(".."), "{object}");
            }
            assert!(written.signed_text.contains(key.as_str()));
            format!("digest {}", written.signature().is_some())
        }
        Err(error) => error.to_string(),
    });
}

#[test]
fn footers_of_parquet() {
    fuzz("footer", |input| match ObjectMetadata::read(Ends::of_all(input)) {
        Ok(metadata) => format!("{} {}", metadata.is_ours(), metadata.times().is_some()),
        Err(error) => error.to_string(),
    });
}
