//! Holes are computed from the ledger, always by when pages were requested and arrived, never by `snapshot_time`.

mod accounts;
mod clock;
mod cloudwatch_counts;
mod command;
mod endpoints;
mod records;
mod sealing;
mod strays;

use std::cell::Cell;
use std::collections::BTreeMap;

use client_vpn_audit::lake::store::{Location, Store};
use client_vpn_audit::proof::coverage::cloudwatch_counts::Witness;
use client_vpn_audit::proof::coverage::{Coverage, EndpointCoverage, RequestedTimes};
use client_vpn_sim::{Fault, FaultKind, TimeSource};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::harness::{World, fleet, snapshot};

const RECORD_BEGINS_AT: &str = "2025-11-23T22:00:00Z";

/// Minutes after [`RECORD_BEGINS_AT`]; the record goes over midnight.
fn at(minutes: i64) -> Timestamp {
    RECORD_BEGINS_AT.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

struct Recorder {
    world: World,
    /// The time at which coverage is requested; `None` for the end of the window.
    now: Cell<Option<Timestamp>>,
}

impl Recorder {
    async fn new(endpoints: usize) -> Recorder {
        let config = client_vpn_sim::Config { time: TimeSource::Manual(at(0)), ..fleet(endpoints, 6) };
        Recorder { world: World::new(config).await, now: Cell::new(None) }
    }

    /// Takes a snapshot whose pages arrive at `now`.
    async fn capture(&self, now: Timestamp, fields: Value) {
        self.world.clock.set(now);
        self.world.simulator.set_time(now);
        let mut fields = fields;
        fields.as_object_mut().unwrap().entry("time").or_insert_with(|| json!(now.to_string()));
        snapshot(&self.world.auditor(&[]), fields).await;
    }

    async fn captures(&self, minutes: impl IntoIterator<Item = i64>) {
        for minutes in minutes {
            self.capture(at(minutes), json!({})).await;
        }
    }

    /// The coverage of the first endpoint.
    async fn coverage(&self, from: Option<Timestamp>, to: Timestamp) -> EndpointCoverage {
        let mut coverage = self.whole_coverage(from, to, &[]).await;
        assert_eq!(coverage.unreadable.len(), 0);
        let first = &self.world.simulator.endpoint_ids()[0];
        let index = coverage.endpoints.iter().position(|endpoint| endpoint.endpoint_id == *first);
        coverage.endpoints.swap_remove(index.unwrap())
    }

    async fn whole_coverage(
        &self,
        from: Option<Timestamp>,
        to: Timestamp,
        witnesses: &[Witness],
    ) -> Coverage {
        let location = Location::Directory(self.world.lake());
        let store = Store::new(&location, &self.world.sdk(), None);
        Coverage::read(
            &store,
            RequestedTimes { from, to, now: self.now.get().unwrap_or(to) },
            witnesses,
            |_| (),
        )
        .await
        .unwrap()
    }

    /// Takes a snapshot of all endpoints there are.
    async fn capture_all(&self, minutes: i64) {
        self.capture(at(minutes), json!({"targets": ["*"]})).await;
    }

    /// The run record of the snapshot at `minutes`.
    fn record(&self, minutes: i64) -> std::path::PathBuf {
        let time = at(minutes).strftime("%Y%m%dT%H%M%SZ").to_string();
        let files = self.world.files();
        let file = files.iter().find(|file| file.starts_with("runs/") && file.contains(&time)).unwrap();
        self.world.lake().join(file)
    }

    /// Holes of every endpoint, by its id.
    async fn all_holes(
        &self,
        from: Option<Timestamp>,
        to: Timestamp,
    ) -> BTreeMap<String, Vec<(i64, i64, bool)>> {
        let coverage = self.whole_coverage(from, to, &[]).await;
        let all = coverage.endpoints.iter().map(|endpoint| {
            let holes = holes(endpoint).into_iter().map(|(from, to, open, _)| (from, to, open)).collect();
            (endpoint.endpoint_id.clone(), holes)
        });
        all.collect()
    }
}

/// Rewrites a run record.
fn rewrite(path: &std::path::Path, change: impl FnOnce(&mut Value)) {
    let mut run: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    change(&mut run);
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, format!("{run}\n")).unwrap();
}

/// Begin, end, whether open, and why, of each hole, in minutes after [`RECORD_BEGINS_AT`].
fn holes(coverage: &EndpointCoverage) -> Vec<(i64, i64, bool, &str)> {
    let minutes = |time: Timestamp| time.duration_since(at(0)).as_mins();
    coverage
        .holes
        .iter()
        .map(|hole| (minutes(hole.gap.from), minutes(hole.gap.to), hole.gap.open, hole.reason.as_str()))
        .collect()
}

const NO_ATTEMPT: &str = "no attempt is on record";

#[tokio::test(flavor = "multi_thread")]
async fn captures_less_than_an_hour_apart_leave_no_hole() {
    let recorder = Recorder::new(1).await;
    recorder.captures((0..=240).step_by(15)).await;
    let coverage = recorder.coverage(None, at(250)).await;
    assert_eq!(holes(&coverage), []);
    assert_eq!((coverage.longest_gap.seconds, coverage.proven), (15 * 60, 1.0));
    assert_eq!(coverage.outcomes.into_iter().collect::<Vec<_>>(), [("complete", 17)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_minutes_are_a_hole_and_a_second_less_is_none() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0]).await;
    recorder.capture(at(60) - SignedDuration::from_secs(1), json!({})).await;
    assert_eq!(holes(&recorder.coverage(None, at(61)).await), []);
    recorder.capture(at(120) - SignedDuration::from_secs(1), json!({})).await;
    let coverage = recorder.coverage(None, at(120)).await;
    assert_eq!(coverage.holes.len(), 1);
    assert_eq!(coverage.longest_gap.seconds, 3600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hole_says_why() {
    let recorder = Recorder::new(2).await;
    recorder.captures([0, 15, 30, 45, 60, 75]).await;
    let first = recorder.world.simulator.endpoint_ids()[0].clone();
    recorder.world.simulator.inject(Fault::always(FaultKind::Unauthorized).at(&first));
    recorder.captures([90, 105, 120, 135, 150, 165]).await;
    recorder.world.simulator.clear_faults();
    recorder.captures([180, 195]).await;
    // Nothing runs for two hours.
    recorder.captures([315]).await;
    let coverage = recorder.coverage(None, at(315)).await;
    let expected = [(75, 180, false, "6 × failed, UnauthorizedOperation"), (195, 315, false, NO_ATTEMPT)];
    assert_eq!(holes(&coverage), expected);
    assert_eq!(coverage.proven, 1.0 - (105.0 + 120.0) / 315.0);
    let whole = recorder.whole_coverage(None, at(315), &[]).await;
    let counts: Vec<usize> = whole.endpoints.iter().map(|endpoint| endpoint.holes.len()).collect();
    assert_eq!(counts.iter().sum::<usize>(), 2 + 1, "the other endpoint was not refused: {counts:?}");
    assert!(!whole.is_whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_backdated_or_late_fills_no_hole() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 120]).await;
    // By hand, of the time in between; and a retry that comes as late as one may.
    recorder.capture(at(130), json!({"time": at(75).to_string()})).await;
    recorder.capture(at(180), json!({"time": at(121).to_string()})).await;
    assert_eq!(holes(&recorder.coverage(None, at(200)).await), [(0, 120, false, NO_ATTEMPT)]);
    // By their arrival they count.
    assert_eq!(holes(&recorder.coverage(None, at(235)).await), [(0, 120, false, NO_ATTEMPT)]);
    assert_eq!(holes(&recorder.coverage(None, at(240)).await).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_complete_fills_no_hole() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0]).await;
    recorder.capture(at(20), json!({"max_items": 2})).await;
    recorder.capture(at(40), json!({"filters": {"username": ["nobody"]}})).await;
    // The object of this snapshot is there, so nothing is read: it counts as the capture at 0 once more.
    recorder.capture(at(50), json!({"time": at(0).to_string()})).await;
    recorder.captures([70]).await;
    let coverage = recorder.coverage(None, at(70)).await;
    assert_eq!(holes(&coverage), [(0, 70, false, "2 × partial")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ends_of_the_window_are_no_proof() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 30, 60, 90, 120, 150, 180]).await;
    // The capture before the window counts, and the one after it.
    assert_eq!(holes(&recorder.coverage(Some(at(100)), at(140)).await), []);
    // Before the first attempt nothing is said of the endpoint.
    let before = recorder.coverage(Some(at(-120)), at(180)).await;
    assert_eq!((holes(&before), before.from), (vec![], at(0)));
    let after = recorder.coverage(None, at(300)).await;
    assert_eq!(holes(&after), [(180, 300, true, NO_ATTEMPT)]);
    assert_eq!(after.proven, 0.6);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_shows_wherever_the_window_is_laid() {
    let day = 24 * 60;
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 30, 60]).await;
    recorder.now.set(Some(at(20 * day)));
    // The captures ended for good 50 minutes before the end of the window.
    let end = recorder.coverage(Some(at(0)), at(110)).await;
    assert_eq!(holes(&end), [(60, 110 + day, true, NO_ATTEMPT)]);
    // Nothing at all is on record of a later time.
    let later = recorder.coverage(Some(at(9 * day)), at(10 * day)).await;
    assert_eq!(holes(&later), [(9 * day, 11 * day, true, NO_ATTEMPT)]);
    assert_eq!(later.proven, 0.0);
    recorder.captures([10 * day + 5, 10 * day + 20]).await;
    // The end of an outage that began long before, and a window that lies within it.
    let end = recorder.coverage(Some(at(10 * day)), at(10 * day + 20)).await;
    assert_eq!(holes(&end), [], "what existed since then is listed five minutes later");
    let within = recorder.coverage(Some(at(8 * day)), at(9 * day)).await;
    assert_eq!(holes(&within), [(8 * day, 10 * day + 5, false, NO_ATTEMPT)]);
    // Before the first attempt, no endpoint is known.
    let before = recorder.whole_coverage(Some(at(-3 * day)), at(-2 * day), &[]).await;
    assert!(before.endpoints.is_empty() && !before.is_whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quick_capture_beside_a_slow_one_counts() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 10, 15]).await;
    let files = recorder.world.files();
    let slow = files.iter().find(|file| file.starts_with("runs/") && file.contains("T221000Z")).unwrap();
    let slow = recorder.world.lake().join(slow);
    let mut run: Value = serde_json::from_slice(&std::fs::read(&slow).unwrap()).unwrap();
    run["targets"][0]["last_page_at"] = json!(at(75).to_string());
    std::fs::remove_file(&slow).unwrap();
    std::fs::write(&slow, format!("{run}\n")).unwrap();
    assert_eq!(holes(&recorder.coverage(None, at(16)).await), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_was_never_captured_is_one_hole() {
    let recorder = Recorder::new(1).await;
    recorder.world.simulator.inject(Fault::always(FaultKind::Unauthorized));
    recorder.captures([0, 15, 30]).await;
    let coverage = recorder.coverage(None, at(90)).await;
    assert_eq!(holes(&coverage), [(0, 90, true, "3 × failed, UnauthorizedOperation")]);
    assert_eq!(coverage.proven, 0.0);
}
