//! Records in, holes out. Times are seconds after an hour of 2025.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use super::holes::proven;
use super::*;
use crate::lake::ledger::recorded::RecordedRun;

const M: i64 = 60;
const H: i64 = 60 * M;
const D: i64 = 24 * H;

fn at(seconds: i64) -> Timestamp {
    "2025-11-23T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

/// A run record in the making, of a run that began at some second.
#[derive(Debug, Clone, PartialEq)]
struct Run {
    start: i64,
    scheduled: Option<bool>,
    targets: Vec<Value>,
    discovery: Value,
}

fn run(start: i64) -> Run {
    Run { start, scheduled: None, targets: Vec::new(), discovery: Value::Null }
}

impl Run {
    fn target(mut self, id: &str, outcome: &str, fields: Value) -> Run {
        let mut target =
            json!({"account_id": "a", "region": "r", "endpoint_id": id, "outcome": outcome, "active": 0});
        target.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.targets.push(target);
        self
    }

    fn by_hand(self) -> Run {
        Run { scheduled: Some(false), ..self }
    }

    fn scheduled(self) -> Run {
        Run { scheduled: Some(true), ..self }
    }

    /// Adds a complete capture: requested, first page, last page.
    fn complete(self, id: &str, [requested, first, last]: [i64; 3]) -> Run {
        let key = format!("{id}@{requested}");
        self.entry(id, "complete", &key, [Some(requested), Some(first), Some(last)])
    }

    /// Adds an attempt that finds the object of the capture that was requested then.
    fn again(self, id: &str, [requested, first, last]: [i64; 3]) -> Run {
        let key = format!("{id}@{requested}");
        self.entry(id, "already_captured", &key, [Some(requested), Some(first), Some(last)])
    }

    fn entry(self, id: &str, outcome: &str, key: &str, [requested, first, last]: [Option<i64>; 3]) -> Run {
        let fields = json!({
            "object_key": key,
            "first_page_requested_at": requested.map(at),
            "first_page_at": first.map(at),
            "last_page_at": last.map(at),
        });
        self.target(id, outcome, fields)
    }

    fn failed(self, id: &str) -> Run {
        self.target(id, "failed", json!({"error": {"code": "Timeout"}}))
    }

    fn lists(self, [requested, first, last]: [i64; 3], ids: &[&str]) -> Run {
        let times = json!({
            "endpoints": ids,
            "first_page_requested_at": at(requested),
            "first_page_at": at(first),
            "last_page_at": at(last),
        });
        Run { discovery: times, ..self }
    }

    fn lists_not(self, known: &[&str]) -> Run {
        Run { discovery: json!({"endpoints": known, "error": {"code": "UnauthorizedOperation"}}), ..self }
    }

    fn record(&self) -> RecordedRun {
        let mut record = json!({
            "start": at(self.start),
            "snapshot_time": at(self.start),
            "targets": self.targets,
            "places": [{"account_id": "a", "region": "r", "discovery": self.discovery}],
        });
        if let Some(scheduled) = self.scheduled {
            record["scheduled"] = json!(scheduled);
        }
        RecordedRun::parse(record.to_string().as_bytes()).unwrap()
    }
}

/// Returns a run that lists the endpoints and captures each of them, in a second each.
fn good(start: i64, ids: &[&str]) -> Run {
    let run = run(start).lists([start, start, start + 1], ids);
    ids.iter().fold(run, |run, id| run.complete(id, [start + 1, start + 1, start + 2]))
}

fn attempts(runs: &[Run]) -> Attempts {
    let mut attempts = Attempts::default();
    runs.iter().for_each(|run| attempts.note("runs/x", run.record()));
    attempts
}

fn coverage(
    runs: &[Run],
    from: Option<i64>,
    to: i64,
    now: i64,
) -> (Vec<EndpointCoverage>, Vec<ClockStepped>) {
    let window = Window { from: from.map(at), to: at(to), now: at(now) };
    prove(&attempts(runs), window, &[])
}

/// Begin, end and whether it is open, of each hole of one endpoint; `None` if it is not covered.
type Holes = Option<Vec<(i64, i64, bool)>>;

fn holes_of(endpoints: &[EndpointCoverage], id: &str) -> Holes {
    let seconds = |time: Timestamp| time.duration_since(at(0)).as_secs();
    let endpoint = endpoints.iter().find(|endpoint| endpoint.endpoint_id == id)?;
    let hole = |hole: &Hole| (seconds(hole.gap.from), seconds(hole.gap.to), hole.gap.open);
    Some(endpoint.holes.iter().map(hole).collect())
}

struct Case {
    name: &'static str,
    runs: Vec<Run>,
    /// Beginning of the window, and the current time.
    window: (Option<i64>, i64),
    expected: Vec<(&'static str, Holes)>,
}

fn none() -> Holes {
    Some(Vec::new())
}

fn some(holes: &[(i64, i64, bool)]) -> Holes {
    Some(holes.to_vec())
}

fn check(cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for Case { name, runs, window: (from, now), expected } in cases {
        let mut reversed = runs.clone();
        reversed.reverse();
        for (order, runs) in [("in order", &runs), ("newest first", &reversed)] {
            let (endpoints, _) = coverage(runs, from, now, now);
            for (id, holes) in &expected {
                let found = holes_of(&endpoints, id);
                if found != *holes {
                    wrong.push(format!("{name}, {order}, {id}: {found:?} and not {holes:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn gaps_are_measured_from_request_to_arrival() {
    let pair =
        |first: [i64; 3], second: [i64; 3]| vec![run(0).complete("e", first), run(0).complete("e", second)];
    let now = |seconds| (None, seconds);
    check(vec![
        Case {
            name: "a second less than 60 minutes",
            runs: pair([0, 0, 0], [H - 2, H - 2, H - 1]),
            window: now(H),
            expected: vec![("e", none())],
        },
        Case {
            name: "60 minutes",
            runs: pair([0, 0, 0], [H - 2, H - 2, H]),
            window: now(H),
            expected: vec![("e", some(&[(0, H, false)]))],
        },
        Case {
            name: "a first page that took 17 seconds",
            runs: pair([0, 17, 17], [H + 15, H + 16, H + 16]),
            window: now(H + 20),
            expected: vec![("e", some(&[(0, H + 16, false)]))],
        },
        Case {
            name: "a last page that took an hour",
            runs: pair([0, 1, 2], [15 * M, 15 * M, 15 * M + H]),
            window: now(15 * M + H),
            expected: vec![("e", some(&[(0, 15 * M + H, false), (15 * M, 15 * M + H, true)]))],
        },
        Case {
            name: "without the time of the request, the run's beginning counts",
            runs: vec![
                run(0).entry("e", "complete", "one", [None, Some(10 * M), Some(10 * M)]),
                run(H).entry("e", "complete", "two", [None, Some(H + 1), Some(H + 1)]),
            ],
            window: now(H + 1),
            expected: vec![("e", some(&[(0, H + 1, false)]))],
        },
        Case {
            name: "the listing of endpoints has both times too",
            runs: vec![
                run(0).lists([0, 17, 17], &[]),
                run(H).lists([H - 10, H - 1, H - 1], &[]),
                run(2 * H).lists([2 * H - 20, 2 * H - 15, 2 * H - 10], &[]),
            ],
            window: now(2 * H),
            expected: vec![("*", some(&[(H - 10, 2 * H - 10, false)]))],
        },
        Case {
            name: "no capture after the last",
            runs: vec![good(0, &["e"])],
            window: now(3 * H),
            expected: vec![("e", some(&[(1, 3 * H, true)])), ("*", some(&[(0, 3 * H, true)]))],
        },
    ]);
}

#[test]
fn captures_overlap_and_repeat() {
    let now = |minutes| (None, minutes * M);
    let complete = |requested: i64, last: i64| {
        run(requested * M).complete("e", [requested * M, requested * M, last * M])
    };
    check(vec![
        Case {
            name: "a quick capture within a slow one",
            runs: vec![complete(0, 1), complete(50, 63), complete(52, 53)],
            window: now(60),
            expected: vec![("e", none())],
        },
        Case {
            name: "the quick capture is not the next one but one after it",
            runs: vec![complete(0, 1), complete(10, 80), complete(20, 85), complete(30, 31)],
            window: now(85),
            expected: vec![("e", none())],
        },
        Case {
            name: "two captures that begin at the same time",
            runs: vec![
                complete(0, 0),
                complete(30, 75),
                run(0).entry("e", "complete", "other", [Some(30 * M), Some(30 * M), Some(31 * M)]),
            ],
            window: now(80),
            expected: vec![("e", none())],
        },
        Case {
            name: "two captures at the same times",
            runs: vec![
                complete(0, 1),
                run(0).entry("e", "complete", "other", [Some(0), Some(0), Some(M)]),
                complete(61, 62),
            ],
            window: now(62),
            expected: vec![("e", some(&[(0, 62 * M, false)]))],
        },
        Case {
            name: "what is partial, failed or without times proves nothing",
            runs: vec![
                complete(0, 1),
                run(20 * M).entry("e", "partial", "p", [Some(20 * M), Some(20 * M), Some(21 * M)]),
                run(30 * M).failed("e"),
                run(40 * M).entry("e", "already_captured", "e@0", [None, None, None]),
                run(50 * M).entry("e", "complete", "c", [Some(50 * M), None, Some(50 * M)]),
                complete(70, 71),
            ],
            window: now(72),
            expected: vec![("e", some(&[(0, 71 * M, false)]))],
        },
        Case {
            name: "killed between object and record, and the retry repeats the times of the object",
            runs: vec![complete(0, 1), run(75 * M).again("e", [30 * M, 30 * M, 31 * M]), complete(80, 81)],
            window: now(81),
            expected: vec![("e", none())],
        },
        Case {
            name: "the first capture was killed, and the endpoint begins with it",
            runs: vec![run(75 * M).again("e", [0, 0, M]), complete(80, 81)],
            window: now(81),
            expected: vec![("e", some(&[(0, 81 * M, false)]))],
        },
        Case {
            name: "an object that many records name is one capture",
            runs: vec![
                complete(0, 1),
                run(40 * M).again("e", [0, 0, M]),
                run(50 * M).again("e", [0, 0, M]),
                complete(70, 71),
            ],
            window: now(71),
            expected: vec![("e", some(&[(0, 71 * M, false)]))],
        },
        Case {
            name: "records that differ on one object: the longest time that they name",
            runs: vec![
                complete(0, 1),
                run(30 * M).entry("e", "complete", "one", [Some(30 * M), Some(30 * M), Some(31 * M)]),
                run(40 * M).entry("e", "already_captured", "one", [Some(20 * M), Some(20 * M), Some(61 * M)]),
                complete(81, 82),
            ],
            window: now(82),
            expected: vec![("e", some(&[(0, 61 * M, false), (20 * M, 82 * M, false)]))],
        },
        Case {
            name: "two schedules, one of which does not know the other's endpoint",
            runs: (0..8)
                .map(|quarter| match quarter % 2 {
                    0 => run(quarter * 15 * M).complete("e", [quarter * 15 * M; 3]),
                    _ => run(quarter * 15 * M).complete("f", [quarter * 15 * M; 3]),
                })
                .collect(),
            window: now(120),
            expected: vec![("e", none()), ("f", none())],
        },
    ]);
}

#[test]
fn a_capture_whose_clock_stepped_proves_nothing_and_is_reported() {
    let (before, after) = ([6 * H; 3], [9 * H + 32 * M; 3]);
    for (name, stepped) in [
        ("back between its pages", [13 * H + 30 * M, 13 * H + 30 * M, 9 * H + 31 * M]),
        ("back before its first page", [13 * H + 30 * M, 9 * H + 30 * M, 9 * H + 31 * M]),
        ("forth before its first page and back after it", [9 * H + 30 * M, 13 * H + 30 * M, 9 * H + 31 * M]),
        ("back by a second", [9 * H, 9 * H, 9 * H - 1]),
    ] {
        let runs = [
            run(6 * H).complete("e", before),
            run(9 * H + 30 * M).complete("e", stepped).complete("f", after),
            run(9 * H + 32 * M).complete("e", after),
        ];
        let (endpoints, clock_stepped) = coverage(&runs, None, 10 * H, 10 * H);
        assert_eq!(holes_of(&endpoints, "e"), some(&[(6 * H, 9 * H + 32 * M, false)]), "{name}");
        let named: Vec<&str> = clock_stepped.iter().map(|stepped| stepped.endpoint_id.as_str()).collect();
        assert_eq!(named, ["e"], "{name}");
        let whole = Coverage {
            from: None,
            to: at(10 * H),
            runs: 3,
            endpoints: Vec::new(),
            unreadable: Vec::new(),
            clock_stepped,
            sealed_late: Vec::new(),
        };
        assert!(!whole.is_whole());
    }
    // A listing of the endpoints too; it shows neither which endpoints existed nor which were deleted.
    let runs = [
        good(0, &["e"]),
        good(30 * M, &["e"]),
        run(40 * M).lists([3 * H, 3 * H, 40 * M], &[]),
        good(50 * M, &["e"]),
    ];
    let (endpoints, clock_stepped) = coverage(&runs, None, H, H);
    assert_eq!((holes_of(&endpoints, "e"), clock_stepped.len()), (none(), 1));
    assert_eq!(clock_stepped[0].endpoint_id, LISTING);
    // One that has nothing to do with the requested time is not reported.
    let (_, clock_stepped) = coverage(&runs, Some(10 * H), 11 * H, 11 * H);
    assert_eq!(clock_stepped, []);
    // A clock that was hours ahead in all of a capture hides no hole before it.
    let runs = [run(0).complete("e", [0; 3]), run(9 * H).complete("e", [9 * H; 3])];
    assert_eq!(holes_of(&coverage(&runs, None, 2 * H, 2 * H).0, "e"), some(&[(0, 9 * H, false)]));
}

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
fn a_window_covers_every_endpoint_that_was_ever_known() {
    let outage = || vec![good(0, &["e", "f"]), run(4 * D).complete("f", [4 * D; 3])];
    check(vec![
        Case {
            name: "the newest record does not mention it",
            runs: outage(),
            window: (Some(6 * D), 7 * D),
            expected: vec![
                ("e", some(&[(6 * D, 7 * D, true)])),
                ("f", some(&[(6 * D, 7 * D, true)])),
                ("*", some(&[(6 * D, 7 * D, true)])),
            ],
        },
        Case {
            name: "a window of which nothing is on record",
            runs: vec![good(0, &["e"])],
            window: (Some(300 * D), 301 * D),
            expected: vec![("e", some(&[(300 * D, 301 * D, true)]))],
        },
        Case {
            name: "a capture before the window is not needed where one comes soon after its beginning",
            runs: vec![good(0, &["e"]), good(3 * D + 59 * M, &["e"])],
            window: (Some(3 * D), 3 * D + H),
            expected: vec![("e", some(&[]))],
        },
    ]);
    // Older records are needed until one lists all, unless an endpoint comes that may have been there before.
    let place = AccountRegion::parse("account_id=111122223333", "region=eu-central-1").unwrap();
    for (name, runs, from, expected) in [
        ("no record", vec![], D, false),
        ("a listing at that time", vec![good(D, &["e"])], D, true),
        ("a listing after that time", vec![good(D + 1, &["e"])], D, false),
        ("captures without a listing", vec![run(0).complete("e", [0; 3])], D, false),
        ("a listing that failed", vec![run(0).lists_not(&["e"]).failed("e")], D, false),
        ("an endpoint that comes later", vec![good(0, &["e"]), good(2 * D, &["e", "f"])], D, false),
        ("an endpoint that was named before", vec![good(0, &[]).failed("f"), good(2 * D, &["f"])], D, true),
    ] {
        let mut attempts = Attempts::default();
        for run in runs {
            let text = serde_json::to_string(&json!({
                "start": at(run.start), "snapshot_time": at(run.start), "targets": run.targets,
                "places": [{"account_id": "a", "region": "r", "discovery": run.discovery}],
            }));
            let text =
                text.unwrap().replace("\"a\"", "\"111122223333\"").replace("\"r\"", "\"eu-central-1\"");
            attempts.note("runs/x", RecordedRun::parse(text.as_bytes()).unwrap());
        }
        assert_eq!(attempts.is_enough(&place, at(from)), expected, "{name}");
    }
}

/// Generates ledgers of three endpoints that come, go and come back, with captures that overlap, fail, repeat and are late.
fn ledgers() -> impl Strategy<Value = Vec<Run>> {
    let entry = (0..8_i64, 0..40_i64, 0..40_i64);
    let run_of = (
        0..3 * H / M,
        prop::collection::vec(prop::option::of(entry.clone()), 3),
        prop::option::of((0..5_i64, 0..8_usize)),
    );
    prop::collection::vec(run_of, 1..25).prop_map(|runs| {
        let ids = ["e", "f", "g"];
        runs.into_iter()
            .map(|(minute, entries, listing)| {
                let start = minute * 3 * M;
                let mut made = run(start);
                if let Some((long, mask)) = listing {
                    let there: Vec<&str> = ids
                        .iter()
                        .enumerate()
                        .filter(|(bit, _)| mask >> bit & 1 == 1)
                        .map(|(_, id)| *id)
                        .collect();
                    made = match long {
                        4 => made.lists_not(&there),
                        long => made.lists([start, start, start + long * M], &there),
                    };
                }
                for (id, entry) in ids.iter().zip(entries) {
                    let Some((kind, first, last)) = entry else { continue };
                    let (requested, first) = (start + kind, start + first * M);
                    made = match kind {
                        0 => made.failed(id),
                        1 => made.again(id, [requested - 30 * M, requested - 30 * M, requested - 29 * M]),
                        _ => made.complete(id, [requested, first, first + (last - 3) * M]),
                    };
                }
                made
            })
            .collect()
    })
}

/// Returns a runner that draws the same each time.
fn runner() -> TestRunner {
    let config = Config { cases: 100, failure_persistence: None, ..Config::default() };
    let seed = b"the same draws in every run, always";
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed[..32]))
}

#[test]
fn a_window_says_what_coverage_of_all_time_says() {
    let drawn = runner().run(&(ledgers(), 0..600_i64), |(runs, from)| {
        let now = 700 * M;
        let from = from * M;
        let (all, _) = coverage(&runs, None, now, now);
        let (windowed, _) = coverage(&runs, Some(from), now, now);
        for endpoint in &all {
            let id = endpoint.endpoint_id.as_str();
            let Some(holes) = holes_of(&all, id) else { continue };
            let Some(in_window) = holes_of(&windowed, id) else {
                let attempts = attempts(&runs);
                let (_, place) = attempts.places().next().unwrap();
                let gone = place.presence(id).unwrap().gone;
                prop_assert!(gone.is_some_and(|gone| gone <= at(from)), "{id}: {gone:?}");
                continue;
            };
            // Those that begin in the window are the same.
            let later = |holes: &[(i64, i64, bool)]| {
                holes.iter().copied().filter(|(begin, _, _)| *begin > from).collect::<Vec<_>>()
            };
            prop_assert_eq!(later(&holes), later(&in_window), "{}", id);
            // And one at its beginning is part of one that began before.
            for (begin, end, _) in in_window.iter().filter(|(begin, _, _)| *begin == from) {
                let is_in = |hole: &(i64, i64, bool)| hole.0 <= *begin && hole.1 == *end;
                prop_assert!(holes.iter().any(is_in), "{id}: {begin} to {end} is in none of {holes:?}");
            }
        }
        Ok(())
    });
    assert_eq!(drawn, Ok(()));
}

#[test]
fn no_time_outside_the_holes_lacks_a_capture() {
    let drawn = runner().run(&(ledgers(), 0..42_000_i64), |(runs, second)| {
        let now = 700 * M;
        let (all, _) = coverage(&runs, None, now, now);
        for endpoint in &all {
            let holes = holes_of(&all, &endpoint.endpoint_id).unwrap();
            let is_in_a_hole = holes.iter().any(|(begin, end, _)| (*begin..*end).contains(&second));
            if is_in_a_hole || at(second) < endpoint.from || now - second < H {
                continue;
            }
            let attempts = attempts(&runs);
            let (_, place) = attempts.places().next().unwrap();
            let (_, of_endpoint) = place.endpoints().find(|(id, _)| *id == endpoint.endpoint_id).unwrap();
            // A connection that ended at that second is still listed by a capture that begins later and ends within the hour.
            let shows = of_endpoint.iter().filter_map(|attempt| attempt.proof.captured()).any(|captured| {
                captured.begins > at(second) && captured.ends.duration_since(at(second)) < LISTED_AFTER_END
            });
            let presence = place.presence(&endpoint.endpoint_id).unwrap();
            let was_there = presence.gone.is_none_or(|gone| gone > at(second));
            prop_assert!(shows || !was_there, "{} at {second}: {holes:?}", endpoint.endpoint_id);
        }
        Ok(())
    });
    assert_eq!(drawn, Ok(()));
}

#[test]
fn time_in_two_holes_counts_once_and_outside_the_window_not_at_all() {
    let hole = |from: i64, to: i64| Hole {
        gap: Gap::new(at(from * M), at(to * M), false),
        attempts: 0,
        reason: String::new(),
        witness_maximum: None,
    };
    let share = |holes: &[Hole]| proven(holes, at(0), at(400 * M));
    assert_eq!(share(&[]), 1.0);
    assert_eq!(share(&[hole(100, 200)]), 0.75);
    assert_eq!(share(&[hole(100, 200), hole(150, 300)]), 0.5);
    assert_eq!(share(&[hole(-200, 100), hole(300, 900)]), 0.5);
    assert_eq!(share(&[hole(-1, 401)]), 0.0);
}

#[test]
fn a_record_with_more_entries_than_it_may_have_is_refused() {
    let target =
        json!({"account_id": "a", "region": "r", "endpoint_id": "e", "outcome": "failed", "active": 0});
    let record = |targets: usize, places: usize, endpoints: usize| {
        let discovery = json!({"endpoints": vec!["e"; endpoints]});
        let place = json!({"account_id": "a", "region": "r", "discovery": discovery});
        let record = json!({
            "start": at(0), "snapshot_time": at(0), "targets": vec![target.clone(); targets], "places": vec![place; places],
        });
        RecordedRun::parse(record.to_string().as_bytes())
    };
    assert!(record(2_000, 1, 2_000).is_ok());
    for (targets, places, endpoints) in [(2_001, 1, 0), (0, 11, 0), (0, 1, 2_001)] {
        let error = record(targets, places, endpoints).unwrap_err().to_string();
        assert!(error.contains("LimitExceeded: a list has more than"), "{error}");
    }
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
