//! The command `coverage` and the saved query `connection_log_coverage` find the same hours of connection logs in the lake, missing,
//! pending and not read again, in made-up lakes.

use std::collections::BTreeMap;
use std::path::Path;

use client_vpn_audit::lake::store::{DirectoryStore, Store};
use client_vpn_audit::proof::coverage::{Coverage, RequestedTimes};
use jiff::Timestamp;
use serde::Deserialize;
use tempfile::TempDir;

use crate::harness::trino;

const RANDOM_LAKES: &str = "20";

/// Hours of an endpoint by account and endpoint: in the lake, missing, pending, and not read again.
type Hours = BTreeMap<(String, String), [f64; 4]>;

/// The output of `tests/python/check_log_coverage.py`.
#[derive(Deserialize)]
struct Checked {
    now: Timestamp,
    expected: Vec<(String, String, f64, f64, f64, f64)>,
    counts: BTreeMap<String, u64>,
    not_read: f64,
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python and Trino")]
async fn the_command_and_the_query_agree_on_every_endpoint() {
    let directory = TempDir::new().unwrap();
    let checked =
        trino::python("check_log_coverage.py", &[directory.path().to_str().unwrap(), RANDOM_LAKES], &[]);
    let Checked { now, expected, counts, not_read } = serde_json::from_value(checked).unwrap();
    let of_query: Hours = expected
        .into_iter()
        .map(|(account, endpoint, in_lake, missing, pending, again)| {
            ((account, endpoint), [in_lake, missing, pending, again])
        })
        .collect();
    let of_command = of_command(directory.path(), now).await;
    let differing: Vec<_> = of_query
        .keys()
        .chain(of_command.keys())
        .filter(|key| of_query.get(*key) != of_command.get(*key))
        .map(|key| (key, of_query.get(key), of_command.get(key)))
        .collect();
    assert!(differing.is_empty(), "query and command: {differing:#?}");
    // The lakes have something of each kind.
    assert!(counts["complete"] > 5_000 && counts["failed"] > 500, "{counts:?}");
    let sum = |number: usize| of_query.values().map(|hours| hours[number]).sum::<f64>();
    assert!(sum(0) > 1_000.0 && sum(1) > 20.0 && sum(2) > 5.0 && sum(3) > 20.0, "{of_query:#?}");
    assert_eq!(not_read, 0.0, "the runs name each log group as soon as snapshots do");
}

async fn of_command(lake: &Path, now: Timestamp) -> Hours {
    let store = Store::from(DirectoryStore::new(lake.to_owned()));
    let coverage =
        Coverage::read(&store, RequestedTimes { from: None, to: now, now }, &[], |_| ()).await.unwrap();
    assert_eq!(coverage.unreadable.len(), 0, "{:?}", coverage.unreadable.first());
    let mut hours = Hours::new();
    for log in &coverage.connection_logs {
        let sums = hours.entry((log.account_id.clone(), log.endpoint_id.clone())).or_default();
        let of_log = [log.hours_in_lake, log.hours_missing, log.hours_pending, log.hours_not_read_again];
        sums.iter_mut().zip(of_log).for_each(|(sum, hours)| *sum += hours);
    }
    hours
}
