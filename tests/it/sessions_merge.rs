//! The table `sessions` is a function of the evidence: merges in any order, of any days, agree with plain Python in each column. So do
//! the questions about it, before and after another merge.

use serde_json::json;

use crate::harness::trino;

/// Random lakes beside those made by hand.
const RANDOM_LAKES: &str = "200";

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python and Trino")]
async fn any_sequence_of_merges_makes_the_rows_and_answers_that_the_evidence_gives() {
    let checked = trino::python("check_merges.py", &[RANDOM_LAKES], &[]);
    assert_eq!(checked["problems"], json!([]), "{:#}", checked["counts"]);
    let count = |name: &str| checked["counts"][name].as_u64().unwrap();
    assert!(count("lakes") > 240 && count("rows") > 3000, "{:#}", checked["counts"]);
    assert!(count("lakes merged hour by hour") > 140, "{:#}", checked["counts"]);
    // The rows have each of these values to compare.
    for (column, value) in [
        ("covered", "True"),
        ("covered", "False"),
        ("end_seen", "True"),
        ("end_seen", "False"),
        ("end_seen", "None"),
        ("begin_seen", "True"),
        ("begin_seen", "False"),
    ] {
        assert!(count(&format!("{column} is {value}")) > 20, "{column} {value}: {:#}", checked["counts"]);
    }
}
