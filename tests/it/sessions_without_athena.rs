//! `sessions` makes the rows from the lake itself that Athena makes: each column agrees with plain Python, which the merges in Trino agree
//! with too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use client_vpn_audit::lake::store::{Location, Store};
use client_vpn_audit::proof::coverage::Unreadable;
use client_vpn_audit::report::sessions::{COLUMNS, Selection, Session, SessionsRead, read_sessions};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{World, command, files_under, fleet, now, python, sdk_config, snapshot};

/// Random lakes beside those made by hand.
const RANDOM_LAKES: &str = "60";

/// The same, if it is not the values of the columns that matter.
const A_FEW: &str = "5";

/// Columns of the table in Athena that only its next merge needs.
const FOR_THE_NEXT_MERGE: [&str; 5] =
    ["begins_given", "ends_given", "snapshots_by_day", "log_values", "policy_denials_by_day"];

/// A session as the columns name its values, with times in milliseconds.
type Row = BTreeMap<String, Value>;

/// Some lakes have records of a clock that was ahead.
fn is_to_come(unreadable: &Unreadable) -> bool {
    unreadable.problem.starts_with("is of a time that has not come")
}

fn row(session: &Session) -> Row {
    let millis = |text: &str| text.parse::<Timestamp>().ok().map(|time| json!(time.as_millisecond()));
    let plain = |value: Value| match &value {
        Value::String(text) => millis(text).unwrap_or(value),
        Value::Array(values) => values
            .iter()
            .map(|value| value.as_str().and_then(millis).unwrap_or_else(|| value.clone()))
            .collect(),
        _ => value,
    };
    COLUMNS.iter().map(|column| (column.name.to_owned(), plain(json!((column.value)(session))))).collect()
}

fn key(row: &Row) -> [String; 3] {
    ["account_id", "endpoint_id", "connection_id"].map(|name| row[name].as_str().unwrap().to_owned())
}

async fn read(
    lake: &Path,
    selection: &Selection,
    now: Timestamp,
) -> (BTreeMap<[String; 3], Row>, SessionsRead) {
    let sdk = sdk_config("http://127.0.0.1:1", "eu-central-1");
    read_store(&Store::new(&Location::Directory(lake.to_owned()), &sdk, None), selection, now).await
}

async fn read_store(
    store: &Store,
    selection: &Selection,
    now: Timestamp,
) -> (BTreeMap<[String; 3], Row>, SessionsRead) {
    let mut rows = BTreeMap::new();
    let on_session = |session: Session| {
        let row = row(&session);
        assert!(rows.insert(key(&row), row).is_none(), "a session is there twice: {session:?}");
    };
    let read = read_sessions(store, selection, now, |_| (), on_session).await.unwrap();
    assert_eq!(read.sessions, rows.len() as u64);
    (rows, read)
}

/// Fails unless the sessions of a lake are these rows of the table in Athena, which has the columns for the next merge too.
pub async fn assert_as_in_athena(store: &Store, now: Timestamp, table: &Value) {
    let table: Vec<Row> = serde_json::from_value(table.clone()).unwrap();
    let without = |mut row: Row| {
        row.retain(|name, _| !FOR_THE_NEXT_MERGE.contains(&name.as_str()));
        (key(&row), row)
    };
    let (found, read) = read_store(store, &Selection::default(), now).await;
    assert_eq!(json!(read.unreadable), json!([]));
    assert_same("the recorded week", &found, &table.into_iter().map(without).collect());
}

struct Lakes {
    /// The time as of which they are taken.
    now: Timestamp,
    /// The rows that plain Python makes of them.
    expected: BTreeMap<[String; 3], Row>,
    /// Connections that AWS did not list on a day between others.
    interrupted: BTreeSet<[String; 3]>,
}

fn lakes(folder: &Path, random: &str) -> Lakes {
    let written = python("write_session_lakes.py", &[folder.to_str().unwrap(), random], &[]);
    let expected: Vec<Row> = serde_json::from_value(written["sessions"].clone()).unwrap();
    let mut interrupted = BTreeSet::new();
    let without = |mut row: Row| {
        let days: BTreeMap<Date, Value> =
            serde_json::from_str(row["snapshots_by_day"].as_str().unwrap()).unwrap();
        let follows = |(day, next): (&Date, &Date)| day.tomorrow().unwrap() == *next;
        if !days.keys().zip(days.keys().skip(1)).all(follows) {
            interrupted.insert(key(&row));
        }
        for name in FOR_THE_NEXT_MERGE {
            assert!(row.remove(name).is_some(), "{name}");
        }
        (key(&row), row)
    };
    let now = Timestamp::from_millisecond(written["now"].as_i64().unwrap()).unwrap();
    let expected = expected.into_iter().map(without).collect();
    Lakes { now, expected, interrupted }
}

fn assert_same(what: &str, found: &BTreeMap<[String; 3], Row>, expected: &BTreeMap<[String; 3], Row>) {
    let mut differences = Vec::new();
    for (key, expected) in expected {
        let Some(found) = found.get(key) else {
            differences.push(format!("{key:?} is lacking"));
            continue;
        };
        let differing: Vec<_> =
            expected.iter().filter(|(name, value)| found.get(*name) != Some(value)).collect();
        for (name, value) in differing {
            differences.push(format!("{key:?}: {name} is {:?}, not {value}", found.get(name)));
        }
    }
    let invented = found.keys().filter(|key| !expected.contains_key(*key));
    differences.extend(invented.map(|key| format!("{key:?} is invented")));
    let count = differences.len();
    differences.truncate(20);
    assert!(count == 0, "{what}: {count} differences:\n{}", differences.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn every_column_is_what_the_evidence_gives_and_a_period_changes_no_row_of_it() {
    let directory = TempDir::new().unwrap();
    let Lakes { now, expected, interrupted } = lakes(directory.path(), RANDOM_LAKES);
    assert!(expected.len() > 250, "{}", expected.len());
    let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected.values().next().unwrap().keys().collect::<Vec<_>>());

    let (found, of_all) = read(directory.path(), &Selection::default(), now).await;
    assert_eq!(of_all.unreadable.iter().filter(|unreadable| !is_to_come(unreadable)).count(), 0);
    assert_same("all", &found, &expected);

    // Of a connection that AWS lists again after days, only the days that are read are known.
    assert!(interrupted.len() < expected.len() / 10, "{}", interrupted.len());
    let hours = |hours: i64| now - SignedDuration::from_hours(hours);
    let millis = |row: &Row, name: &str| row[name].as_i64();
    for (name, from, to) in [
        ("half a day", Some(hours(60)), Some(hours(48))),
        ("an hour", Some(hours(50)), Some(hours(49))),
        ("since a day", Some(hours(24)), None),
        ("until two days ago", None, Some(hours(48))),
        ("before everything", None, Some(hours(24 * 400))),
        ("time to come", Some(now + SignedDuration::from_hours(24)), None),
    ] {
        let may_be = |row: &Row| {
            let begins = if row["begin_seen"] == json!(true) {
                millis(row, "connection_established_time")
            } else {
                millis(row, "began_after")
            };
            let began = begins.is_none_or(|begins| to.is_none_or(|to| begins < to.as_millisecond()));
            let ends = millis(row, "ended_before");
            began && ends.is_none_or(|ends| from.is_none_or(|from| ends >= from.as_millisecond()))
        };
        let of_period = expected.iter().filter(|(key, row)| may_be(row) && !interrupted.contains(*key));
        let of_period = of_period.map(|(key, row)| (key.clone(), row.clone())).collect();
        let (mut found, _) =
            read(directory.path(), &Selection { from, to, ..Selection::default() }, now).await;
        found.retain(|key, _| !interrupted.contains(key));
        assert_same(name, &found, &of_period);
    }
}

/// Returns the objects of a table, in the order of their keys.
fn objects(lake: &Path, table: &str) -> Vec<PathBuf> {
    let files = files_under(&lake.join(table));
    files.into_iter().map(|file| lake.join(table).join(file)).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn an_object_that_cannot_be_read_is_named_and_harms_no_other() {
    let directory = TempDir::new().unwrap();
    let lake = directory.path();
    let Lakes { now, expected, .. } = lakes(lake, A_FEW);
    let connections = objects(lake, "connections");
    let [text, other, cut, empty, link] = [0, 10, 20, 30, 40].map(|number| connections[number].clone());
    fs::write(&text, "no Parquet").unwrap();
    fs::copy(&connections[11], &other).unwrap();
    let bytes = fs::read(&cut).unwrap();
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    fs::write(&empty, "").unwrap();
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&connections[41], &link).unwrap();
    let foreign = text.with_file_name("notes.parquet");
    fs::write(&foreign, "").unwrap();
    let removed = connections[50].clone();
    fs::remove_file(&removed).unwrap();
    let record = objects(lake, "runs")[0].clone();
    fs::write(&record, "{}").unwrap();
    let events = objects(lake, "connection_logs")[0].clone();
    fs::write(&events, "no Parquet").unwrap();

    let (found, read) = read(lake, &Selection::default(), now).await;
    let mut damaged: Vec<String> = [text, other, cut, empty, link, removed, foreign, record, events]
        .iter()
        .map(|path| path.strip_prefix(lake).unwrap().to_str().unwrap().to_owned())
        .collect();
    damaged.sort();
    let unreadable = read.unreadable.iter().filter(|unreadable| !is_to_come(unreadable));
    let unreadable: Vec<&str> = unreadable.map(|unreadable| &*unreadable.object_key).collect();
    assert_eq!(unreadable, damaged);
    let problem = |end: &str| {
        let of = |unreadable: &&Unreadable| unreadable.object_key.ends_with(end);
        read.unreadable.iter().find(of).unwrap().problem.clone()
    };
    assert_eq!(
        problem("notes.parquet"),
        "has no name of an object of connections; find out who put it there"
    );
    assert!(unreadable.iter().any(|key| problem(key).contains("symbolic link")), "{:?}", read.unreadable);
    assert!(
        unreadable.iter().any(|key| problem(key).contains("its metadata has another")),
        "{:?}",
        read.unreadable
    );
    // Of the accounts of none of these, nothing changed.
    let account = |path: &str| path.split("account_id=").nth(1).unwrap()[..12].to_owned();
    let touched: BTreeSet<String> = damaged.iter().map(|key| account(key)).collect();
    let of_others = |rows: BTreeMap<[String; 3], Row>| -> BTreeMap<[String; 3], Row> {
        rows.into_iter().filter(|(key, _)| !touched.contains(&key[0])).collect()
    };
    let expected = of_others(expected);
    assert!(expected.len() > 80, "{}", expected.len());
    assert_same("other accounts", &of_others(found), &expected);
}

fn sessions(lake: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:1");
    let output = command.arg("sessions").arg("--lake").arg(lake).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
fn the_command_prints_the_same_sessions_as_csv_and_json_and_a_table() {
    let directory = TempDir::new().unwrap();
    let Lakes { expected, .. } = lakes(directory.path(), A_FEW);
    let (status, json, _) = sessions(directory.path(), &["--json"]);
    assert_eq!(status, Some(0), "{json}");
    let json: Value = serde_json::from_str(&json).unwrap();
    let of_json = json["sessions"].as_array().unwrap();
    assert_eq!(of_json.len(), expected.len());
    assert_eq!(json["unreadable"], json!([]));

    let (status, csv, errors) = sessions(directory.path(), &["--csv"]);
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(names, COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), of_json.len());
    for (row, of_json) in rows.iter().zip(of_json) {
        for (name, field) in names.iter().zip(row) {
            let expected = match &of_json[name] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(field, expected, "{name} of {of_json}");
        }
    }

    let one = of_json.iter().find(|row| row["identity"] == json!("CORP\\Maria")).unwrap();
    let asked = ["--user", "corp\\MARIA", "--at", one["connection_established_time"].as_str().unwrap()];
    let (status, table, _) = sessions(directory.path(), &asked);
    assert_eq!(status, Some(0), "{table}");
    let (_, json, _) = sessions(directory.path(), &[&asked[..], &["--json"]].concat());
    let json: Value = serde_json::from_str(&json).unwrap();
    let of_maria = json["sessions"].as_array().unwrap();
    assert!(of_maria.contains(one), "{json}");
    assert!(of_maria.iter().all(|row| row["identity_key"] == "maria"), "{json}");
    assert!(table.contains(&format!("{} session", of_maria.len())), "{table}");
}

#[test]
fn wrong_flags_are_usage_errors_that_say_what_is_allowed() {
    let lake = TempDir::new().unwrap();
    for (arguments, named) in [
        (&["--endpoint", "vpn"][..], "the id of an endpoint"),
        (&["--at", "noon"], "an RFC 3339 time"),
        (&["--at", "2100-01-01"], "a time that has passed"),
        (&["--from", "2026-11-02", "--to", "2026-11-01"], "a time before --to"),
        (&["--trace", "/nowhere/at/all.csv"], "a CSV file with the columns user and time"),
        (&["--csv", "--json"], "cannot be used with"),
        (&["--at", "2026-11-01", "--from", "2026-11-01"], "cannot be used with"),
    ] {
        let (status, _, errors) = sessions(lake.path(), arguments);
        assert!(status == Some(2) && errors.contains(named), "{arguments:?}: {status:?} {errors}");
    }
    let (status, output, _) = sessions(lake.path(), &[]);
    let expected = "0 sessions from 0 rows in 0 objects.\n\n\
                    No run record: nothing is known of any time. Is this the lake, with its prefix?\n";
    assert_eq!((status, output.as_str()), (Some(1), expected));
}

#[tokio::test]
async fn a_trace_tells_a_session_from_an_absent_one_and_from_a_hole() {
    let world = World::new(fleet(1, 3)).await;
    // The endpoint is known by its id from the first attempt on. The time after the second capture is a hole by now.
    world.snapshot("1000").await;
    let second = now() + SignedDuration::from_mins(15);
    world.clock.set(second);
    snapshot(&world.auditor(&[]), json!({"time": second})).await;
    let lake = world.lake();
    let (_, json, _) = sessions(&lake, &["--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let is_active = |row: &&Value| row["end_seen"].is_null();
    let row = json["sessions"].as_array().unwrap().iter().find(is_active).unwrap();
    let (user, seen) = (row["identity"].as_str().unwrap(), now() + SignedDuration::from_mins(8));
    let (before, after) = (now() - SignedDuration::from_hours(200), now() + SignedDuration::from_mins(18));
    let directory = TempDir::new().unwrap();
    let trace = directory.path().join("logins.csv");
    fs::write(&trace, format!("user,time\n{user},{seen}\nnobody,{seen}\nnobody,{before}\nnobody,{after}\nnobody,2100-01-01T00:00:00Z\n")).unwrap();
    let (status, output, _) = sessions(&lake, &["--json", "--trace", trace.to_str().unwrap()]);
    let output: Value = serde_json::from_str(&output).unwrap();
    let results: Vec<&str> = output["traced"]
        .as_array()
        .unwrap()
        .iter()
        .map(|traced| traced["result"].as_str().unwrap())
        .collect();
    assert_eq!(results, ["found", "absent", "in_hole", "in_hole", "in_hole"], "{output}");
    assert_eq!(output["counts"], json!({"found": 1, "in_hole": 3, "absent": 1}));
    assert_eq!(output["traced"][0]["connection_id"], row["connection_id"]);
    assert_eq!(status, Some(1));

    // What is not there may have the session.
    fs::remove_dir_all(lake.join("connections")).unwrap();
    let (status, output, _) = sessions(&lake, &["--json", "--trace", trace.to_str().unwrap()]);
    let output: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(output["counts"], json!({"found": 0, "in_hole": 5, "absent": 0}));
    assert_eq!((status, output["unreadable"].as_array().unwrap().len()), (Some(1), 2), "{output}");
}
