//! Every fault of CloudWatch Logs, at every step of a reading of connection logs: no event is lost, none is invented, no window
//! is called complete that is not, and nothing is overwritten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use client_vpn_audit::capture::run::Report;
use client_vpn_audit::lake::ledger::{Outcome, WindowEntry};
use client_vpn_sim::{Fault, FaultKind, FaultyAction, LateEvents, LogGroup};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::connection_logs::{
    ACCOUNT, GROUP, QUARTER, REGION, codes, config, logged, move_to, object_events, object_keys, read,
};
use crate::harness::{IMPATIENT, World, copy, now};

/// Runs at a time. Most of their time, they wait for CloudWatch Logs' quota.
const CONCURRENCY: usize = 12;

/// Events of a page, so that a window has several pages.
const PAGE_EVENTS: usize = 3;

/// The requests that a fault can concern: pages of the first window, of the second, and of the second reading of an hour.
const STEPS: [usize; 5] = [1, 2, 3, 6, 9];

/// A fault of one run.
#[derive(Debug, Clone)]
struct Case {
    action: FaultyAction,
    fault: Fault,
}

/// Faults of any answer.
fn kinds() -> Vec<FaultKind> {
    use FaultKind::*;
    vec![
        Throttle,
        InternalError,
        Unavailable,
        Unauthorized,
        NotFound,
        Reset,
        CutBody,
        CutBodyUnframed,
        Stall,
        StallBody,
        MalformedXml,
        RepeatToken,
        ExpireToken,
        EmptyPage,
        LatencyMillis(300),
        NoList,
        ListAsObject,
        RenamedList,
    ]
}

/// Faults of a page of events alone.
fn kinds_of_events() -> Vec<FaultKind> {
    use FaultKind::*;
    vec![CycleTokens, OddValues, UnknownField, DuplicateRow, WrongEndpointId, ClockSkew, FutureTimes]
}

/// Every fault on one request, and on all from one on.
fn cases() -> Vec<Case> {
    let on = |action, kind: FaultKind, first, last| Case {
        action,
        fault: Fault { first, last, ..Fault::always(kind) },
    };
    let mut cases = Vec::new();
    for kind in kinds().into_iter().chain(kinds_of_events()) {
        // Pages without events and with ever new tokens have no end.
        let last = if kind == FaultKind::EmptyPage { 8 } else { usize::MAX };
        let ranges = STEPS.map(|step| (step, step)).into_iter().chain([(1, last), (3, last)]);
        cases
            .extend(ranges.map(|(first, last)| on(FaultyAction::FilterLogEvents, kind.clone(), first, last)));
    }
    for kind in kinds() {
        let last = if kind == FaultKind::EmptyPage { 8 } else { usize::MAX };
        cases.extend([1, last].map(|last| on(FaultyAction::DescribeLogGroups, kind.clone(), 1, last)));
    }
    cases
}

/// A lake with a first reading, and the events that the next run has to find.
struct Before {
    world: World,
    files: BTreeMap<String, Vec<u8>>,
    /// The ids that each reading must have, by the beginning of its window or hour: two windows, and an hour's second reading.
    due: BTreeMap<Timestamp, BTreeSet<String>>,
}

impl Before {
    /// Reads at a time at which a third of the events had not arrived.
    async fn read() -> Before {
        let world = World::new(config(2)).await;
        let late = Some(LateEvents { one_in: 3, up_to: SignedDuration::from_hours(40) });
        world.simulator.put_log_group(ACCOUNT, REGION, LogGroup { late, ..LogGroup::new(GROUP) });
        assert_eq!(codes(&read(&world, &[]).await), Vec::<&str>::new());
        let files = files(&world);
        let known = new_ids(&world, &BTreeMap::new());
        move_to(&world, later());
        let ids = |begin, end| logged(&world, begin, end).into_iter().collect::<BTreeSet<String>>();
        let (hour, window) = (now() - SignedDuration::from_hours(25), now() - QUARTER * 2);
        let late: BTreeSet<String> =
            ids(hour, hour + QUARTER * 4).into_iter().filter(|id| !known.contains(id)).collect();
        let first = [window, window + QUARTER].map(|start| (start, ids(start, start + QUARTER)));
        let due: BTreeMap<_, _> = first.into_iter().chain([(hour, late)]).collect();
        assert!(due.values().all(|ids| !ids.is_empty()), "{due:?}");
        Before { world, files, due }
    }
}

/// The time of the runs: two windows are due, and an hour is to be read once more.
fn later() -> Timestamp {
    now() + QUARTER * 2
}

/// One run of the matrix: with the fault, and once more without.
struct Ran {
    case: Case,
    world: World,
    first: Report,
    again: Report,
    /// The files after the run with the fault.
    left: BTreeMap<String, Vec<u8>>,
    requests: usize,
}

async fn run(case: Case, before: &Before) -> Ran {
    let world = World::new(config(2)).await;
    copy(&before.world.lake(), &world.lake());
    let group = LogGroup { page_events: PAGE_EVENTS, ..LogGroup::new(GROUP) };
    world.simulator.put_log_group(ACCOUNT, REGION, group);
    move_to(&world, later());
    world.simulator.inject_into(case.action, case.fault.clone());
    let first = read(&world, &[IMPATIENT]).await;
    let (requests, left) = (world.simulator.log_requests(), files(&world));
    world.simulator.clear_faults();
    let again = read(&world, &[]).await;
    Ran { case, world, first, again, left, requests }
}

fn files(world: &World) -> BTreeMap<String, Vec<u8>> {
    let read = |file: String| (file.clone(), std::fs::read(world.lake().join(file)).unwrap());
    world.files().into_iter().map(read).collect()
}

/// The ids of the events in objects that are not among `files`, in order.
fn new_ids(world: &World, files: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let new: Vec<String> = world.files().into_iter().filter(|file| !files.contains_key(file)).collect();
    let events = object_keys(&new).flat_map(|key| object_events(world, &key));
    let mut ids: Vec<String> = events.map(|(id, _)| id).collect();
    ids.sort();
    ids
}

/// The windows of a run; empty if there was no log group to read.
fn windows(report: &Report) -> &[WindowEntry] {
    let groups = &report.record.places[0].logs.as_ref().unwrap().groups;
    groups.first().map_or(&[], |group| &group.windows)
}

impl Ran {
    /// The number of messages that the ledger counts as left out: with odd values, they are no events any more, and there is room
    /// for 64 KiB of such messages in a window.
    fn left_out(&self) -> usize {
        let left_out: u64 = windows(&self.first).iter().map(|window| window.tally.foreign_left_out).sum();
        usize::try_from(left_out).unwrap()
    }

    /// The numbers of events that are not in the lake, and of those that should not be there or are there twice.
    fn missing_and_invented(&self, before: &Before) -> (usize, usize) {
        let mut found = new_ids(&self.world, &before.files);
        if self.case.fault.kind == FaultKind::DuplicateRow {
            found.dedup();
        }
        let expected: BTreeSet<&String> = before.due.values().flatten().collect();
        let unique: BTreeSet<&String> = found.iter().collect();
        (expected.difference(&unique).count(), found.len() - expected.intersection(&unique).count())
    }

    /// The objects that the run with the fault calls complete and that are not.
    fn false_completes(&self, before: &Before) -> Vec<String> {
        let complete = windows(&self.first).iter().filter(|window| window.outcome == Outcome::Complete);
        let is_whole = |window: &&WindowEntry| {
            let events = object_events(&self.world, &window.object.as_ref().unwrap().object_key);
            let ids: BTreeSet<String> = events.into_iter().map(|(id, _)| id).collect();
            let due = &before.due[&window.start.timestamp()];
            let left_out = usize::try_from(window.tally.foreign_left_out).unwrap();
            ids.is_subset(due) && ids.len() + left_out == due.len()
        };
        complete.filter(|window| !is_whole(window)).map(|window| format!("{window:?}")).collect()
    }

    /// Everything else that is wrong.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let is_told = |window: &&WindowEntry| match window.outcome {
            Outcome::Complete => window.object.is_some(),
            _ => window.outcome == Outcome::Failed && window.object.is_none() && window.error.is_some(),
        };
        let untold = windows(&self.first).iter().filter(|window| !is_told(window));
        problems.extend(untold.map(|window| format!("{window:?}")));
        if codes(&self.first).is_empty() && windows(&self.first).len() != 3 {
            problems.push("not every window was read, and nothing says why".to_owned());
        }
        if !codes(&self.again).is_empty() {
            problems.push(format!("the run without the fault has {:?}", codes(&self.again)));
        }
        let after = files(&self.world);
        let changed = self.left.iter().filter(|(file, bytes)| after.get(*file) != Some(*bytes));
        problems.extend(changed.map(|(file, _)| format!("{file} was overwritten")));
        problems
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_event_is_lost_or_invented_and_no_window_is_called_complete_that_is_not() {
    let before = Arc::new(Before::read().await);
    let permits = Arc::new(Semaphore::new(CONCURRENCY));
    let mut running = JoinSet::new();
    for case in cases() {
        let (before, permits) = (before.clone(), permits.clone());
        running.spawn(async move {
            let _permit = permits.acquire().await;
            run(case, &before).await
        });
    }
    let runs = running.join_all().await;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for ran in &runs {
        let (missing, invented) = ran.missing_and_invented(&before);
        let lost = missing.abs_diff(ran.left_out());
        let (false_completes, problems) = (ran.false_completes(&before), ran.problems());
        let mut count = |what, number| *counts.entry(what).or_insert(0) += number;
        count("runs", 1);
        count("requests of the faulty runs", ran.requests);
        count("events left out for their size, and counted", ran.left_out());
        count("events lost", lost);
        count("events invented", invented);
        count("false completes", false_completes.len());
        windows(&ran.first).iter().for_each(|window| count(window.outcome.as_str(), 1));
        if lost + invented + false_completes.len() + problems.len() > 0 {
            wrong.push(format!(
                "{:?}: {lost} lost, {invented} invented, {false_completes:?} {problems:?}",
                ran.case
            ));
        }
    }
    println!("{counts:#?}");
    assert_eq!(wrong, Vec::<String>::new(), "{counts:#?}");
    let most = runs.iter().map(|ran| ran.requests).max().unwrap();
    assert!(most > STEPS[4], "{most}: a step is after the last request");
    assert!(counts["runs"] >= 200 && counts["complete"] >= 400 && counts["failed"] >= 50, "{counts:#?}");
}
