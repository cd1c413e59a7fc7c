//! Records in, holes out. Times are seconds after an hour of 2025.

mod generated_ledgers;
mod presence;
mod proof;
mod windows;

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
    let window = RequestedTimes { from: from.map(at), to: at(to), now: at(now) };
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
            of_another_time: Vec::new(),
            sealed_late: Vec::new(),
            not_sealed: Vec::new(),
            connection_logs: Vec::new(),
            log_groups_not_known: Vec::new(),
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
