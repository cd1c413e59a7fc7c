//! The beginning and the end of an endpoint, and of the list of endpoints.

use super::*;

#[test]
fn an_endpoint_begins_with_the_last_listing_without_it() {
    let listed_at_45 = || {
        vec![
            good(0, &["a"]),
            run(45 * M).lists([45 * M; 3], &["a", "b"]).complete("a", [45 * M; 3]).failed("b"),
            good(100 * M - 2, &["a", "b"]),
        ]
    };
    let now = 101 * M;
    check(vec![
        Case {
            name: "listed and failed, complete later",
            runs: listed_at_45(),
            window: (None, now),
            expected: vec![("b", some(&[(0, 100 * M, false)])), ("a", none())],
        },
        Case {
            name: "the same from the listing without it on",
            runs: listed_at_45(),
            window: (Some(0), now),
            expected: vec![("b", some(&[(0, 100 * M, false)])), ("a", none())],
        },
        Case {
            name: "the same from long before",
            runs: listed_at_45(),
            window: (Some(-3 * D), now),
            expected: vec![("b", some(&[(0, 100 * M, false)])), ("a", some(&[]))],
        },
        Case {
            name: "the same from later on",
            runs: listed_at_45(),
            window: (Some(41 * M), now),
            expected: vec![("b", none()), ("a", none())],
        },
        Case {
            name: "found in time",
            runs: vec![good(0, &["a"]), good(15 * M, &["a"]), good(30 * M, &["a", "b"])],
            window: (None, 45 * M),
            expected: vec![("b", none())],
        },
        Case {
            name: "the listing failed for a while before it was found",
            runs: vec![
                good(0, &["a"]),
                run(15 * M).lists_not(&["a"]).failed("a"),
                run(30 * M).lists_not(&["a"]).failed("a"),
                good(61 * M, &["a", "b"]),
            ],
            window: (None, 62 * M),
            expected: vec![("b", some(&[(0, 61 * M + 2, false)])), ("*", some(&[(0, 61 * M + 1, false)]))],
        },
        Case {
            name: "listed and never tried",
            runs: vec![good(0, &[]), run(30 * M).lists([30 * M; 3], &["b"])],
            window: (None, 2 * H),
            expected: vec![("b", some(&[(0, 2 * H, true)]))],
        },
        Case {
            name: "a listing without it at the time of the first attempt",
            runs: vec![
                good(0, &["a"]),
                run(45 * M).lists([45 * M; 3], &["a"]).failed("b"),
                good(100 * M - 2, &["a", "b"]),
            ],
            window: (None, 101 * M),
            expected: vec![("b", some(&[(0, 100 * M, false)]))],
        },
        Case {
            name: "named by its id, and no listing",
            runs: vec![run(0).failed("b"), run(15 * M).complete("b", [15 * M; 3])],
            window: (None, 16 * M),
            expected: vec![("b", none())],
        },
        Case {
            name: "never captured",
            runs: vec![run(0).failed("b"), run(15 * M).failed("b")],
            window: (None, 90 * M),
            expected: vec![("b", some(&[(0, 90 * M, true)]))],
        },
    ]);
    // The window ends before the endpoint can have been there.
    assert_eq!(holes_of(&coverage(&[good(2 * D, &["b"])], None, D, 3 * D).0, "b"), None);
}

#[test]
fn an_endpoint_is_gone_with_the_first_listing_without_it() {
    let gone_at_45 = || vec![good(0, &["e"]), good(30 * M, &["e"]), good(45 * M, &[]), good(60 * M, &[])];
    check(vec![
        Case {
            name: "gone, and a hole after its last capture however short",
            runs: gone_at_45(),
            window: (None, 5 * D),
            expected: vec![("e", some(&[(30 * M + 1, 45 * M, false)]))],
        },
        Case {
            name: "gone before the window",
            runs: gone_at_45(),
            window: (Some(45 * M), 5 * D),
            expected: vec![("e", None)],
        },
        Case {
            name: "gone in the window",
            runs: gone_at_45(),
            window: (Some(45 * M - 1), 5 * D),
            expected: vec![("e", some(&[(45 * M - 1, 45 * M, false)]))],
        },
        Case {
            name: "deleted in an outage of a month",
            runs: vec![good(0, &["e", "f"]), good(30 * D, &["f"])],
            window: (None, 30 * D + M),
            expected: vec![("e", some(&[(1, 30 * D, false)])), ("f", some(&[(1, 30 * D + 2, false)]))],
        },
        Case {
            name: "the listing fails while it is deleted",
            runs: vec![
                good(0, &["e"]),
                run(15 * M).lists_not(&["e"]).failed("e"),
                run(30 * M).lists_not(&["e"]).failed("e"),
                good(45 * M, &[]),
            ],
            window: (None, H),
            expected: vec![("e", some(&[(1, 45 * M, false)]))],
        },
        Case {
            name: "a listing without it at the time of its last capture",
            runs: vec![good(0, &["e"]), run(30 * M).lists([30 * M; 3], &[]).complete("e", [30 * M; 3])],
            window: (None, 2 * H),
            expected: vec![("e", some(&[(30 * M, 2 * H, true)]))],
        },
        Case {
            name: "come back in time",
            runs: vec![good(0, &["e"]), good(15 * M, &[]), good(30 * M, &["e"])],
            window: (None, 45 * M),
            expected: vec![("e", none())],
        },
        Case {
            name: "come back after hours",
            runs: vec![good(0, &["e"]), good(15 * M, &[]), good(3 * H, &["e"])],
            window: (None, 3 * H + M),
            expected: vec![("e", some(&[(1, 3 * H + 2, false)]))],
        },
        Case {
            name: "come back, and gone again",
            runs: vec![good(0, &["e"]), good(15 * M, &[]), good(30 * M, &["e"]), good(40 * M, &[])],
            window: (None, 2 * D),
            expected: vec![("e", some(&[(30 * M + 1, 40 * M, false)]))],
        },
        Case {
            name: "not in the listing and tried later all the same",
            runs: vec![good(0, &["e"]), good(15 * M, &[]), run(20 * M).failed("e")],
            window: (None, 2 * H),
            expected: vec![("e", some(&[(1, 2 * H, true)]))],
        },
        Case {
            name: "a listing that does not know it began before its last attempt",
            runs: vec![run(0).lists([0, 0, 1], &[]).complete("e", [2, 2, 3]), good(10 * M, &[])],
            window: (None, 2 * D),
            expected: vec![("e", some(&[(2, 10 * M, false)]))],
        },
        Case {
            name: "never captured and gone",
            runs: vec![run(0).lists([0; 3], &["e"]).failed("e"), good(10 * M, &[])],
            window: (None, 2 * D),
            expected: vec![("e", some(&[(0, 10 * M, false)]))],
        },
    ]);
    let (endpoints, _) = coverage(&gone_at_45(), None, H, H);
    let of_endpoint = endpoints.iter().find(|endpoint| endpoint.endpoint_id == "e").unwrap();
    assert!(of_endpoint.holes[0].reason.starts_with("the endpoint is gone"), "{of_endpoint:?}");
}

#[test]
fn the_listing_is_expected_from_the_first_scheduled_run_on() {
    let listed = |start: i64| run(start).lists([start, start, start + 1], &[]);
    check(vec![
        Case {
            name: "by hand alone",
            runs: vec![listed(0).by_hand()],
            window: (None, 5 * H),
            expected: vec![(LISTING, None)],
        },
        Case {
            name: "by hand before the schedule",
            runs: vec![listed(0).by_hand(), listed(3 * H).scheduled(), listed(3 * H + 15 * M).scheduled()],
            window: (None, 4 * H),
            expected: vec![(LISTING, none())],
        },
        Case {
            name: "by hand after a schedule without `*`",
            runs: vec![run(0).scheduled().complete("e", [0, 0, 1]), listed(10 * M).by_hand()],
            window: (None, 5 * H),
            expected: vec![(LISTING, None)],
        },
        Case {
            name: "by hand in an outage of the schedule",
            runs: vec![listed(0).scheduled(), listed(50 * M).by_hand(), listed(100 * M).scheduled()],
            window: (None, 100 * M + 1),
            expected: vec![(LISTING, none())],
        },
        Case {
            name: "an outage of the schedule",
            runs: vec![listed(0).by_hand(), listed(H).scheduled(), listed(3 * H).scheduled()],
            window: (None, 3 * H + 2),
            expected: vec![(LISTING, some(&[(H, 3 * H + 1, false)]))],
        },
        Case {
            name: "a schedule whose listing failed",
            runs: vec![
                Run { discovery: json!({"error": {"code": "x"}}), ..run(0).scheduled() },
                listed(2 * H).by_hand(),
            ],
            window: (None, 2 * H + 2),
            expected: vec![(LISTING, some(&[(0, 2 * H + 1, false)]))],
        },
    ]);
}
