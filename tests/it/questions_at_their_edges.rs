//! The questions of `queries/` at their edges: each of lakes made by hand, with the answers written out, and of random lakes, with
//! answers that a plain program works out by trying everything.

use serde_json::json;

use crate::harness::trino;

/// Random lakes beside those made by hand.
const RANDOM_LAKES: &str = "200";

#[test]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python and Trino")]
fn every_answer_is_right_at_the_edges() {
    let checked = trino::python("check_edges.py", &[RANDOM_LAKES], &[]);
    assert_eq!(checked["problems"], json!([]), "{:#}", checked["counts"]);
    let count = |name: &str| checked["counts"][name].as_u64().unwrap();
    assert!(count("answers by hand") > 30);
    // The random lakes have something for each question to find.
    for question in ["usage_per_username", "top_talkers", "concurrency", "outside_working_hours"] {
        assert!(count(question) > 200, "{question}");
    }
    assert!(count("users_on_several_certificates") > 20);
}
