//! The table `sessions` as years go by: months expire down to the bytes of the store, and an older table gets the columns that it lacks.

use serde_json::json;

use crate::harness::seaweed::Seaweed;
use crate::harness::trino;

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python, SeaweedFS and Trino")]
async fn names_that_expired_are_in_no_object_and_an_older_table_gets_its_columns() {
    let seaweed = Seaweed::shared();
    let bucket = seaweed.bucket().await;
    let analytics = seaweed.bucket().await;
    let environment = seaweed.environment();
    let environment: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let checked = trino::python("check_sessions.py", &[&bucket, &analytics], &environment);
    assert_eq!(checked["problems"], json!([]), "{:#}", checked["counts"]);
    let count = |name: &str| checked["counts"][name].as_u64().unwrap();
    assert!(count("objects with the name before it expires") > 2, "{:#}", checked["counts"]);
    assert_eq!(count("objects with the name at the end"), 0);
    assert!(count("objects at the end") > 2, "{:#}", checked["counts"]);
}
