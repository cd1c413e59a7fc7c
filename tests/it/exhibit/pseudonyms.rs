//! With pseudonyms, no name and no address of anybody is in the exhibit, each has one pseudonym throughout, and the file outside tells
//! whose it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::{Asked, Record, report, run, time};
use crate::harness::{files_under, fleet, python};

const FIRST: &str = "2025-11-22T20:00:00Z";

const REPLACED: [&str; 7] =
    ["username", "common_name", "identity", "identity_key", "client_ip", "client_ipv6_address", "device_ip"];

/// Six hours with connection logs.
async fn record() -> Record {
    let record = Record::new(fleet(2, 10), time(FIRST)).await;
    record.every(15, time(FIRST), time("2025-11-23T02:00:00Z")).await;
    record.read_logs(&[time("2025-11-23T03:00:00Z")]).await;
    record
}

/// Returns `true` if a text has a name or address that is not the beginning or the end of a longer one.
fn has(text: &str, value: &str) -> bool {
    let is_part =
        |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
    text.match_indices(value).any(|(at, _)| {
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + value.len()..].chars().next())
    })
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn nobody_is_named_and_the_file_tells_who_it_was() {
    let record = record().await;
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("whose.jsonl");
    let asked = Asked::period("2025-11-22T21:00:00Z", "2025-11-23T01:00:00Z");
    let asked = Asked { sample: Some((4, "seed")), ..asked };
    let plain = report(&record.lake(), &asked).await;
    let made = report(&record.lake(), &Asked { pseudonyms: Some(path.clone()), ..asked }).await;

    let written = fs::read(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let manifest: Value = serde_json::from_str(&made.read("manifest.json")).unwrap();
    assert_eq!(manifest["pseudonyms_sha256"], json!(hex::encode(Sha256::digest(&written))));
    let mut value_of: BTreeMap<String, String> = BTreeMap::new();
    let text = String::from_utf8(written).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    let first: Value = serde_json::from_str(first).unwrap();
    assert_eq!((&first["kind"], first["value"].as_str().unwrap().len()), (&json!("random"), 36));
    for line in rest.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        assert_eq!(value_of.insert(text("pseudonym"), text("value")), None, "{line}");
    }
    let values: BTreeSet<&String> = value_of.values().collect();
    assert_eq!(values.len(), value_of.len(), "a text has one pseudonym");
    assert!(value_of.len() > 40, "{}", value_of.len());

    let (plain_rows, rows) = (plain.rows("sessions"), made.rows("sessions"));
    assert_eq!(rows.len(), plain_rows.len());
    for (mut row, plain) in rows.into_iter().zip(plain_rows) {
        for name in REPLACED.into_iter().filter(|name| *name != "identity_key") {
            if let Some(pseudonym) = row[name].as_str() {
                row[name] = json!(value_of[pseudonym]);
            }
        }
        let identity = row["identity"].as_str().map(str::to_lowercase);
        row["identity_key"] = json!(identity);
        assert_eq!(row, plain);
    }
    assert_eq!(made.rows("identities").len(), plain.rows("identities").len());
    assert_eq!(made.rows("findings").len(), plain.rows("findings").len());
    assert_eq!(made.states, plain.states);

    let found: Vec<(String, &String)> = files_under(&made.folder())
        .into_iter()
        .flat_map(|file| {
            let text = made.read(&file);
            let named = values.iter().filter(|value| has(&text, value)).map(|value| (file.clone(), *value));
            named.collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(found, [], "names or addresses in the exhibit");
    let shown = plain.read("sessions.jsonl");
    assert!(values.iter().any(|value| has(&shown, value)), "the search finds what is there");
    let page = made.page_text();
    assert!(page.contains("replaced by pseudonyms") && !page.contains("Nothing was redacted"), "{page}");

    let answer = python("check_exhibit.py", &["reperform", made.folder().to_str().unwrap()], &[]);
    let lines = answer[0].as_array().unwrap();
    assert!(lines.len() > 10 && lines.iter().all(|line| line[3] == json!(true)), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_is_new_and_lies_neither_in_the_lake_nor_in_the_exhibit() {
    let record = Record::new(fleet(1, 2), time(FIRST)).await;
    record.every(30, time(FIRST), time("2025-11-22T21:00:00Z")).await;
    let directory = TempDir::new().unwrap();
    let there = directory.path().join("there.jsonl");
    fs::write(&there, "kept").unwrap();
    let before = files_under(&record.lake());
    for (case, path, problem) in [
        ("within", directory.path().join("within/x.jsonl"), "it lies in the lake or in the exhibit"),
        ("lake", record.lake().join("x.jsonl"), "it lies in the lake or in the exhibit"),
        ("there", there.clone(), "File exists"),
        ("nowhere", directory.path().join("no/folder/x"), "No such file"),
    ] {
        let mut flags = Asked::period(FIRST, "2025-11-22T21:00:00Z").flags();
        flags.extend(["--pseudonyms".to_owned(), path.display().to_string()]);
        let output = run(&record.lake(), &directory.path().join(case), &flags);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let message = answer["error"]["message"].as_str().unwrap();
        assert_eq!(output.status.code(), Some(1), "{case}: {message}");
        assert!(message.contains(problem) && message.contains("pseudonyms"), "{case}: {message}");
        assert!(!directory.path().join(case).join("manifest.json").exists(), "{case}");
    }
    // A report that fails leaves no file that nobody could tell from a whole one.
    let out = directory.path().join("full");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("x"), "").unwrap();
    let left = directory.path().join("left.jsonl");
    let mut flags = Asked::period(FIRST, "2025-11-22T21:00:00Z").flags();
    flags.extend(["--pseudonyms".to_owned(), left.display().to_string()]);
    assert_eq!(run(&record.lake(), &out, &flags).status.code(), Some(1));
    assert!(!left.exists());
    assert_eq!(fs::read_to_string(&there).unwrap(), "kept");
    assert_eq!(files_under(&record.lake()), before);
}
