//! Ways in which events could be lost without a word: each is made up for, or named by the run and by coverage.

use std::fs;
use std::time::Duration;

use client_vpn_audit::capture::run::Report;
use client_vpn_audit::lake::ledger::Outcome;
use client_vpn_sim::{Fault, FaultKind, FaultyAction, LogGroup};
use jiff::SignedDuration;

use super::coverage::{coverage, of_endpoint};
use super::{
    ACCOUNT, GROUP, QUARTER, REGION, begin, codes, config, group, ids, logged, move_to, object_keys, read,
};
use crate::harness::{World, now};

/// A change of the simulated world.
type Change = fn(&World);

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn remove(world: &World, files: impl IntoIterator<Item = String>) {
    files.into_iter().for_each(|file| fs::remove_file(world.lake().join(file)).unwrap());
}

fn outcomes(report: &Report) -> Vec<Outcome> {
    group(report).windows.iter().map(|window| window.outcome).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_reading_that_was_killed_begins_again_and_reads_what_it_missed() {
    let world = World::new(config(1)).await;
    read(&world, &[]).await;
    // What a run that was killed after four windows leaves: the newest four, and no record.
    let objects: Vec<String> = object_keys(&world.files()).collect();
    remove(&world, objects[..objects.len() - 4].to_vec());
    remove(&world, world.files().into_iter().filter(|file| file.starts_with("runs/")));
    let report = read(&world, &[]).await;
    let already =
        outcomes(&report).into_iter().filter(|outcome| *outcome == Outcome::AlreadyCaptured).count();
    assert_eq!((already, outcomes(&report).len()), (4, 98));
    assert_eq!(ids(&world), logged(&world, begin(), now() - QUARTER * 2));
    assert_eq!(of_endpoint(&coverage(&world).await), ([24.5, 0.0, 0.5], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_at_a_key_to_come_is_never_taken_for_a_reading() {
    for is_late in [false, true] {
        let world = World::new(config(1)).await;
        read(&world, &[]).await;
        let of_kind = |key: &String| key.ends_with("_late.parquet") == is_late;
        move_to(&world, now() + HOUR * 2);
        read(&world, &[]).await;
        let newest = object_keys(&world.files()).filter(of_kind).last().unwrap();
        fs::write(world.lake().join(&newest), "anything").unwrap();
        // The record of the last run is that of one that did not get so far.
        remove(&world, world.files().into_iter().rfind(|file| file.starts_with("runs/")));
        for run in 0..2 {
            let report = read(&world, &[]).await;
            assert_eq!(codes(&report), ["ForeignObject"], "late: {is_late}, run {run}");
        }
        move_to(&world, now() + HOUR * 5);
        read(&world, &[]).await;
        let found = coverage(&world).await;
        let [log] = found.connection_logs.as_slice() else { panic!("{found:?}") };
        let reasons: Vec<&str> = log.missing.iter().map(|missing| missing.reason.as_str()).collect();
        assert_eq!(reasons, ["what lies at its key is in no record"], "late: {is_late}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_group_that_was_created_again_has_lost_what_was_not_read() {
    let world = World::new(config(1)).await;
    read(&world, &[]).await;
    move_to(&world, now() + HOUR * 2);
    let created = now() + HOUR;
    world.simulator.remove_log_group(ACCOUNT, REGION, GROUP);
    world.simulator.put_log_group(ACCOUNT, REGION, LogGroup { created, ..LogGroup::new(GROUP) });
    let report = read(&world, &[]).await;
    assert_eq!(codes(&report), ["LogGroupRecreated"]);
    let from = now() + HOUR;
    assert!(group(&report).windows.iter().all(|window| window.late || window.start.timestamp() >= from));
    // It is named once, and what was lost stays lost.
    move_to(&world, now() + HOUR * 4);
    let later = read(&world, &[]).await;
    assert_eq!(codes(&later), Vec::<&str>::new());
    let found = coverage(&world).await;
    let (_, missing) = of_endpoint(&found);
    let (first, last) = (missing.first().unwrap().0, missing.last().unwrap().1);
    assert_eq!((first, last), (begin() + HOUR * 24 + QUARTER * 2, from), "{missing:?}");
    assert_eq!(of_endpoint(&found).0[1], 1.5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_log_group_deletes_while_it_is_read_is_missing_and_never_an_empty_window() {
    let world = World::new(config(1)).await;
    world.simulator.put_log_group(
        ACCOUNT,
        REGION,
        LogGroup { retention_days: Some(1), ..LogGroup::new(GROUP) },
    );
    // Two hours go by in a call that is not answered, after the newest nine of 94 windows.
    world.simulator.inject_into(FaultyAction::FilterLogEvents, Fault::on(FaultKind::Stall, 10));
    let (report, ()) = tokio::join!(read(&world, &[("AUDIT_CALL_TIMEOUT_SECONDS", "5")]), async {
        while world.simulator.action_requests(FaultyAction::FilterLogEvents) < 10 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        move_to(&world, now() + HOUR * 2);
    });
    let kept_since = now() - HOUR * 22;
    assert_eq!(codes(&report), Vec::<&str>::new());
    assert_eq!(group(&report).windows.len(), 86);
    assert!(group(&report).windows.iter().all(|window| window.start.timestamp() >= kept_since));
    assert_eq!(ids(&world), logged(&world, kept_since, now() - QUARTER * 2));
    // The record goes back to where the reading was to begin, so coverage names what is gone.
    let found = coverage(&world).await;
    let (_, missing) = of_endpoint(&found);
    assert_eq!(
        missing.first().map(|(from, to, ..)| (*from, *to)),
        Some((now() - HOUR * 24, kept_since)),
        "{missing:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_group_that_always_answers_badly_leaves_time_for_the_others() {
    for kind in [FaultKind::InternalError, FaultKind::Throttle, FaultKind::MalformedXml] {
        let world = World::new(config(2)).await;
        world.simulator.put_log_group(ACCOUNT, REGION, LogGroup::new("client-vpn-a"));
        world.simulator.log_to(&world.simulator.endpoint_ids()[0], "client-vpn-a");
        let fault = Fault { endpoint_id: Some("client-vpn-a".to_owned()), ..Fault::always(kind.clone()) };
        world.simulator.inject_into(FaultyAction::FilterLogEvents, fault);
        let report = read(&world, &[("AUDIT_MAX_ATTEMPTS", "1")]).await;
        let groups = &report.record.places[0].logs.as_ref().unwrap().groups;
        let tried: Vec<usize> = groups.iter().map(|group| group.windows.len()).collect();
        assert_eq!((tried, groups[0].not_tried), (vec![98, 3], 0), "{kind:?}: {groups:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_group_without_an_endpoint_is_not_forgotten_when_a_run_fails() {
    let faults: [(&str, Change); 2] = [
        ("EC2 lists no endpoints", |world| world.simulator.take_down(REGION)),
        ("the log group is not described", |world| {
            world.simulator.remove_log_group(ACCOUNT, REGION, GROUP);
        }),
    ];
    for (case, fault) in faults {
        let world = World::new(config(1)).await;
        read(&world, &[]).await;
        let endpoint = world.simulator.endpoint_ids().remove(0);
        let begin = begin();
        world.simulator.switch_connection_log(&endpoint);
        move_to(&world, now() + QUARTER);
        fault(&world);
        let failed = read(&world, &[]).await;
        assert_eq!(codes(&failed).len(), 1, "{case}");
        world.simulator.restore();
        world.simulator.put_log_group(ACCOUNT, REGION, LogGroup::new(GROUP));
        move_to(&world, now() + HOUR * 2);
        let next = read(&world, &[]).await;
        assert_eq!(codes(&next), Vec::<&str>::new(), "{case}");
        assert_eq!(ids(&world), logged(&world, begin, now() + HOUR), "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_group_is_found_in_the_record_after_an_outage_of_any_length() {
    let world = World::new(config(1)).await;
    read(&world, &[]).await;
    let (endpoint, begin) = (world.simulator.endpoint_ids().remove(0), begin());
    world.simulator.switch_connection_log(&endpoint);
    move_to(&world, now() + HOUR * 24 * 9);
    read(&world, &[]).await;
    assert_eq!(ids(&world), logged(&world, begin, now() + HOUR));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_ahead_reads_no_window_that_is_not_over() {
    let world = World::new(config(1)).await;
    world.clock.set(now() + SignedDuration::from_mins(31));
    let report = read(&world, &[]).await;
    assert_eq!(codes(&report), ["ClockAhead"]);
    assert_eq!(object_keys(&world.files()).count(), 0);
    world.clock.set(now() + SignedDuration::from_mins(29));
    assert_eq!(codes(&read(&world, &[]).await), Vec::<&str>::new());
}
