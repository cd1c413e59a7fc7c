//! The command, the saved query `coverage_holes` and `sessions.covered` have one definition of a hole. Made-up ledgers are asked of
//! all three, and of a program that takes the definition at its word.

use std::collections::BTreeSet;
use std::path::Path;

use client_vpn_audit::lake::store::{Location, Store};
use client_vpn_audit::proof::coverage::{Coverage, RequestedTimes};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{command, sdk_config, trino};

/// Random ledgers beside those made by hand.
const RANDOM_LEDGERS: &str = "500";

/// Account, Region and endpoint, beginning and end in milliseconds since 1970, and if it is open.
pub type Hole = ((String, String, String), i64, i64, bool);

/// The output of `tests/python/check_holes.py`.
#[derive(Deserialize)]
struct Checked {
    problems: Vec<String>,
    counts: Counts,
    now: i64,
    expected: Vec<Expected>,
}

#[derive(Debug, Deserialize)]
struct Counts {
    ledgers: u64,
    records: u64,
    unreadable: usize,
    #[serde(rename = "holes of the query")]
    holes: usize,
    #[serde(rename = "probes covered")]
    covered: u64,
    #[serde(rename = "probes not covered")]
    not_covered: u64,
}

/// The holes of every ledger in a report that begins at a time; with `None`, of all time.
#[derive(Deserialize)]
struct Expected {
    since: Option<i64>,
    holes: BTreeSet<Hole>,
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python and Trino")]
async fn the_command_the_query_and_covered_agree_hole_by_hole() {
    let directory = TempDir::new().unwrap();
    let lake = directory.path().join("lake");
    let checked = trino::python("check_holes.py", &[lake.to_str().unwrap(), RANDOM_LEDGERS], &[]);
    let Checked { problems, counts, now, expected } = serde_json::from_value(checked).unwrap();
    assert_eq!(problems, Vec::<String>::new(), "{counts:?}");
    assert!(counts.ledgers > 500 && counts.records > 10_000 && counts.holes > 2000, "{counts:?}");
    assert!(counts.covered > 1000 && counts.not_covered > 1000, "{counts:?}");

    let now = Timestamp::from_millisecond(now).unwrap();
    for Expected { since, holes } in &expected {
        let from = since.map(|since| Timestamp::from_millisecond(since).unwrap());
        assert!(!holes.is_empty(), "from {from:?}");
        let (found, unreadable) = of_library(&lake, from, now).await;
        assert_same(&format!("coverage from {from:?}"), &found, holes);
        assert!(unreadable <= counts.unreadable && counts.unreadable == 8, "{unreadable} {counts:?}");
        assert!(from.is_some() || unreadable == counts.unreadable, "{unreadable} {counts:?}");
        if from.is_some() {
            // The machine's clock is ahead of the ledgers', so for the command no capture followed the last ones in time.
            assert_same(
                &format!("the command from {from:?}"),
                &closed(&of_command(&lake, from, now)),
                &closed(holes),
            );
        }
    }
}

/// The holes that [`Coverage::read`] finds, and the number of records that it cannot read.
async fn of_library(lake: &Path, from: Option<Timestamp>, now: Timestamp) -> (BTreeSet<Hole>, usize) {
    let store = Store::new(
        &Location::Directory(lake.to_owned()),
        &sdk_config("http://127.0.0.1:1", "eu-central-1"),
        None,
    );
    let coverage = Coverage::read(&store, RequestedTimes { from, to: now, now }, &[], |_| ()).await.unwrap();
    (of_json(&json!(coverage)), coverage.unreadable.len())
}

/// The holes that the command prints.
fn of_command(lake: &Path, from: Option<Timestamp>, to: Timestamp) -> BTreeSet<Hole> {
    let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:1");
    command.args(["coverage", "--json", "--to", &to.to_string()]).arg("--lake").arg(lake);
    if let Some(from) = from {
        command.args(["--from", &from.to_string()]);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    of_json(&serde_json::from_str(&text).unwrap())
}

/// The holes of a coverage as JSON.
pub fn of_json(coverage: &Value) -> BTreeSet<Hole> {
    let mut holes = BTreeSet::new();
    for endpoint in coverage["endpoints"].as_array().unwrap() {
        let text = |name: &str| endpoint[name].as_str().unwrap().to_owned();
        for hole in endpoint["holes"].as_array().unwrap() {
            let millis =
                |name: &str| hole[name].as_str().unwrap().parse::<Timestamp>().unwrap().as_millisecond();
            let name = (text("account_id"), text("region"), text("endpoint_id"));
            let found = (name, millis("from"), millis("to"), hole["open"].as_bool().unwrap());
            assert!(holes.insert(found), "a hole is there twice: {hole} of {}", text("endpoint_id"));
        }
    }
    holes
}

/// Returns the holes that are not open.
fn closed(holes: &BTreeSet<Hole>) -> BTreeSet<Hole> {
    holes.iter().filter(|(_, _, _, open)| !open).cloned().collect()
}

/// Fails with the first holes that only one side has.
fn assert_same(what: &str, found: &BTreeSet<Hole>, expected: &BTreeSet<Hole>) {
    let invented: Vec<&Hole> = found.difference(expected).take(3).collect();
    let lacking: Vec<&Hole> = expected.difference(found).take(3).collect();
    assert!(invented.is_empty() && lacking.is_empty(), "{what}: invented {invented:?}, lacking {lacking:?}");
}
