//! One false "Shown" is a failure: each lake has the claims that it bears, and no other.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Asked, Made, Record, report, seal, time};
use crate::harness::cases::Cases;
use crate::harness::sealed::Keys;
use crate::harness::{copy, files_under, fleet};

/// The states in short.
pub const SHOWN: &str = "Shown";
pub const OPEN: &str = "Not shown";
pub const AGAINST: &str = "Contradicted";
pub const LITTLE: &str = "Insufficient evidence";

/// Captures every half hour of these hours.
const FIRST: &str = "2025-11-22T20:00:00Z";
const LAST: &str = "2025-11-23T04:00:00Z";
/// All hours of the record are closed by then.
const SEALED_AT: &str = "2025-11-23T06:30:00Z";
/// An hour later.
const SEALED_LATER: &str = "2025-11-23T07:30:00Z";
/// The period, which has captures before and after it.
const FROM: &str = "2025-11-22T22:00:00Z";
const TO: &str = "2025-11-23T02:00:00Z";

/// A record before it is sealed.
async fn record() -> Record {
    let record = Record::new(fleet(2, 6), time(FIRST)).await;
    record.every(30, time(FIRST), time(LAST)).await;
    record
}

/// A copy of a lake, in a folder of its own.
fn copied(lake: &Path) -> TempDir {
    let directory = TempDir::new().unwrap();
    copy(lake, directory.path());
    directory
}

/// The path of the first file of a table whose name has this text.
pub fn find(lake: &Path, table: &str, text: &str) -> PathBuf {
    let files = files_under(lake);
    let is_it = |file: &&String| file.starts_with(table) && file.contains(text);
    lake.join(files.iter().find(is_it).unwrap_or_else(|| panic!("no {text} in {table}: {files:?}")))
}

pub fn rewrite(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Changes the run record of a snapshot.
pub fn edit(lake: &Path, snapshot: &str, change: impl FnOnce(&mut Value)) {
    let path = find(lake, "runs", snapshot);
    let mut record: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut record);
    rewrite(&path, format!("{record}\n").as_bytes());
}

pub fn assert_claims(cases: &Cases, name: &str, made: &Made, words: [&str; 4], status: i32) {
    let found = (made.words(), i32::from(!made.is_whole));
    let sentences = &made.sentences;
    cases.assert_eq(format!("{name}: {sentences:?}"), &found, &(words, status));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_lake_has_the_claims_that_it_bears() {
    let record = record().await;
    let unsealed = copied(&record.lake());
    record.seal(time(SEALED_AT)).await;
    let sealed = record.lake();
    let asked = || Asked::period(FROM, TO).with_key(&record.keys);
    let cases = Cases::default();
    let case = async |name: &str, lake: &Path, asked: &Asked<'_>, words, status| {
        let made = report(lake, asked).await;
        assert_claims(&cases, name, &made, words, status);
        made
    };
    case("clean", &sealed, &asked(), [SHOWN; 4], 0).await;
    let made = case("no key given", &sealed, &Asked::period(FROM, TO), [SHOWN, SHOWN, OPEN, SHOWN], 0).await;
    assert!(made.page_text().contains("Not verified. No public key was given"));
    let other = Keys::new();
    let wrong = Asked::period(FROM, TO).with_key(&other);
    case("another key given", &sealed, &wrong, [SHOWN, LITTLE, AGAINST, SHOWN], 1).await;
    case("no digest", unsealed.path(), &asked(), [SHOWN, SHOWN, OPEN, SHOWN], 0).await;
    let unsigned = copied(unsealed.path());
    seal(unsigned.path(), None, time(SEALED_AT)).await;
    let without = Asked::period(FROM, TO);
    case("unsigned digests", unsigned.path(), &without, [SHOWN, SHOWN, OPEN, SHOWN], 0).await;
    case("unsigned digests, and a key", unsigned.path(), &asked(), [SHOWN, LITTLE, AGAINST, SHOWN], 1).await;

    let tampered = |tamper: &dyn Fn(&Path)| {
        let copy = copied(&sealed);
        tamper(copy.path());
        copy
    };
    let object = |lake: &Path| find(lake, "connections", "20251122T233000Z");
    let lake = tampered(&|lake| {
        let path = object(lake);
        let mut bytes = fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        rewrite(&path, &bytes);
    });
    case("an object changed by a byte", lake.path(), &asked(), [LITTLE, LITTLE, AGAINST, SHOWN], 1).await;
    let lake = tampered(&|lake| fs::remove_file(object(lake)).unwrap());
    let made = case("an object removed", lake.path(), &asked(), [LITTLE, LITTLE, AGAINST, SHOWN], 1).await;
    let line = "whose object is not there or could not be read";
    cases.assert_eq(line, &made.count(line), &Some(1));
    let expires = Asked { retention_days: Some(1), ..asked() };
    case("the same, which may have expired", lake.path(), &expires, [LITTLE, LITTLE, LITTLE, SHOWN], 1).await;
    let lake = tampered(&|lake| {
        let other = object(lake).with_file_name("20251122T234500Z_cvpn-endpoint-0123456789abcdef0.parquet");
        fs::copy(object(lake), other).unwrap();
    });
    case("an object added", lake.path(), &asked(), [LITTLE, LITTLE, AGAINST, SHOWN], 1).await;
    let lake = tampered(&|lake| {
        let path = object(lake);
        rewrite(&path, b"no Parquet");
    });
    case("an object that is no Parquet", lake.path(), &asked(), [LITTLE, LITTLE, AGAINST, SHOWN], 1).await;
    let lake = tampered(&|lake| fs::remove_file(find(lake, "runs", "20251122T233000Z")).unwrap());
    case("a run record removed", lake.path(), &asked(), [SHOWN, OPEN, AGAINST, SHOWN], 1).await;
    let lake = tampered(&|lake| rewrite(&find(lake, "runs", "20251122T233000Z"), b"{}\n"));
    case("a run record that is none", lake.path(), &asked(), [LITTLE, OPEN, AGAINST, LITTLE], 1).await;
    let lake = tampered(&|lake| fs::remove_file(find(lake, "digests", "20251122T230000Z")).unwrap());
    case("a digest removed", lake.path(), &asked(), [SHOWN, LITTLE, AGAINST, SHOWN], 1).await;

    let late = copied(unsealed.path());
    let (path, bytes) = (object(late.path()), fs::read(object(late.path())).unwrap());
    fs::remove_file(&path).unwrap();
    seal(late.path(), Some(&record.keys), time(SEALED_AT)).await;
    fs::write(&path, bytes).unwrap();
    seal(late.path(), Some(&record.keys), time(SEALED_LATER)).await;
    let made = case("an object sealed late", late.path(), &asked(), [SHOWN; 4], 0).await;
    let sentence =
        "1 of these objects was sealed late, after the digest of its hour, or before there were digests";
    assert!(made.sentences["changed"].contains(sentence), "{:?}", made.sentences);

    let resealed = async |change: &dyn Fn(&Path)| {
        let copy = copied(unsealed.path());
        change(copy.path());
        seal(copy.path(), Some(&record.keys), time(SEALED_AT)).await;
        copy
    };
    let lake = resealed(&|lake| {
        edit(lake, "20251122T233000Z", |run| {
            let rows = run["targets"][0]["rows"].as_u64().unwrap();
            run["targets"][0]["rows"] = json!(rows + 1);
        });
    })
    .await;
    case("other rows than stated, sealed so", lake.path(), &asked(), [AGAINST, LITTLE, AGAINST, SHOWN], 1)
        .await;
    let lake = resealed(&|lake| rewrite(&object(lake), b"no Parquet")).await;
    case("no Parquet, sealed so", lake.path(), &asked(), [LITTLE, LITTLE, AGAINST, SHOWN], 1).await;
    let lake = resealed(&|lake| {
        edit(lake, "20251122T233000Z", |run| {
            run["targets"][0]["last_page_at"] = json!("2025-11-22T23:29:00.000Z");
        });
    })
    .await;
    case("a clock that stepped", lake.path(), &asked(), [SHOWN, OPEN, AGAINST, AGAINST], 1).await;
    let lake = resealed(&|lake| {
        edit(lake, "20251122T233000Z", |run| run["targets"][0]["clock_difference_seconds"] = Value::Null);
    })
    .await;
    case("a clock that was not compared once", lake.path(), &asked(), [SHOWN, SHOWN, SHOWN, LITTLE], 0).await;

    for (name, from, to, words, status) in [
        ("a minute", "2025-11-22T23:30:00Z", "2025-11-22T23:31:00Z", [SHOWN; 4], 0),
        ("a minute without a capture", "2025-11-22T23:31:00Z", "2025-11-22T23:32:00Z", [SHOWN; 4], 0),
        ("the record begins within it", "2025-11-22T19:00:00Z", TO, [SHOWN, OPEN, SHOWN, SHOWN], 0),
        (
            "before the record",
            "2025-11-21T00:00:00Z",
            "2025-11-22T00:00:00Z",
            [LITTLE, LITTLE, SHOWN, OPEN],
            1,
        ),
        ("five years", "2021-11-23T00:00:00Z", TO, [SHOWN, OPEN, SHOWN, SHOWN], 0),
        ("until long after it", FROM, "2025-11-24T00:00:00Z", [SHOWN, OPEN, AGAINST, SHOWN], 1),
    ] {
        case(name, &sealed, &Asked::period(from, to).with_key(&record.keys), words, status).await;
    }

    let empty = TempDir::new().unwrap();
    case("an empty directory", empty.path(), &asked(), [LITTLE, LITTLE, OPEN, OPEN], 1).await;
    fs::write(empty.path().join("notes.txt"), "no lake").unwrap();
    fs::create_dir(empty.path().join("2025")).unwrap();
    case("another directory", empty.path(), &asked(), [LITTLE, LITTLE, OPEN, OPEN], 1).await;
}
