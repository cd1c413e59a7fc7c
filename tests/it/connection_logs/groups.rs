//! Log groups of every kind: each that cannot be read has an error code, each that can be read is read whole, and every
//! connection is captured all the same.

use client_vpn_audit::lake::ledger::Outcome;
use client_vpn_sim::{Fault, FaultKind, FaultyAction, LogGroup, LogGroupClass};
use jiff::SignedDuration;
use serde_json::json;

use super::{ACCOUNT, GROUP, QUARTER, REGION, codes, config, group, ids, move_to, read};
use crate::harness::{World, now, snapshot};

const EVERY: [(&str, &str); 1] = [("AUDIT_CONNECTION_LOG_GROUPS", "arn:aws:logs:*:*:log-group:*")];

/// A change of the simulated log group.
type Change = fn(&World);

fn put(world: &World, group: LogGroup) {
    world.simulator.put_log_group(ACCOUNT, REGION, group);
}

fn refuse(world: &World, action: FaultyAction) {
    world.simulator.inject_into(action, Fault::always(FaultKind::Unauthorized));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_group_that_cannot_be_read_is_named_and_harms_no_connection() {
    let cases: [(&str, Change, &str); 6] = [
        (
            "absent",
            |world| world.simulator.remove_log_group(ACCOUNT, REGION, GROUP),
            "ResourceNotFoundException",
        ),
        (
            "in another Region",
            |world| {
                world.simulator.remove_log_group(ACCOUNT, REGION, GROUP);
                world.simulator.put_log_group(ACCOUNT, "eu-west-1", LogGroup::new(GROUP));
            },
            "ResourceNotFoundException",
        ),
        ("refused", |world| refuse(world, FaultyAction::FilterLogEvents), "AccessDeniedException"),
        (
            "of the class Infrequent Access",
            |world| put(world, LogGroup { class: LogGroupClass::InfrequentAccess, ..LogGroup::new(GROUP) }),
            "InvalidOperationException",
        ),
        (
            "of the class Delivery",
            |world| put(world, LogGroup { class: LogGroupClass::Delivery, ..LogGroup::new(GROUP) }),
            "InvalidOperationException",
        ),
        (
            "with a key that may not be used",
            |world| {
                let kms_key_id = Some("k".to_owned());
                put(world, LogGroup { is_kms_refused: true, kms_key_id, ..LogGroup::new(GROUP) });
            },
            "AccessDeniedException",
        ),
    ];
    for (case, change, code) in cases {
        let world = World::new(config(1)).await;
        change(&world);
        let report = read(&world, &[]).await;
        assert_eq!(codes(&report), [code], "{case}");
        let windows = &group(&report).windows;
        assert!(windows.len() <= 1, "{case}: it is not asked for every window");
        assert!(windows.iter().all(|window| window.outcome == Outcome::Failed), "{case}");
        assert_eq!(ids(&world), Vec::<String>::new(), "{case}");
        assert!(report.failure().is_none(), "{case}: it fails no invocation");
        let captured = snapshot(&world.auditor(&[]), json!({})).await;
        assert!(captured.record.all_captured(), "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_group_that_is_described_to_nobody_is_read_and_named() {
    let world = World::new(config(1)).await;
    refuse(&world, FaultyAction::DescribeLogGroups);
    let report = read(&world, &[]).await;
    assert_eq!(codes(&report), ["AccessDeniedException"]);
    let entry = group(&report);
    assert_eq!((entry.windows.len(), entry.retention_days), (98, None));
    assert!(entry.windows.iter().all(|window| window.outcome == Outcome::Complete));
    assert!(snapshot(&world.auditor(&[]), json!({})).await.record.all_captured());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_group_of_any_name_is_read_whole() {
    let every_character = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/#";
    for (case, name) in [
        ("every character", every_character.to_owned()),
        ("the longest name", "/aws/vpn".repeat(64)),
        ("the shortest name", "#".to_owned()),
    ] {
        let world = World::new(config(1)).await;
        put(&world, LogGroup::new(&*name));
        world.simulator.log_to(&world.simulator.endpoint_ids()[0], &name);
        let report = read(&world, &EVERY).await;
        assert_eq!(codes(&report), Vec::<&str>::new(), "{case}");
        assert_eq!(group(&report).log_group, format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"));
        let (from, to) =
            (now() - SignedDuration::from_hours(25), now() - QUARTER * 2 - SignedDuration::from_millis(1));
        let events = world.simulator.logged(ACCOUNT, REGION, &name, from, to);
        let mut expected: Vec<String> = events.into_iter().map(|event| event.event_id).collect();
        expected.sort();
        assert!(!expected.is_empty() && ids(&world) == expected, "{case}");
        assert!(snapshot(&world.auditor(&[]), json!({})).await.record.all_captured(), "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_retention_of_a_log_group_bounds_what_is_read() {
    for (case, retention_days, windows, late) in [
        ("for ever", None, 98, true),
        ("a week", Some(7), 98, true),
        // What came late is deleted before its hour is read once more.
        ("a day", Some(1), 94, false),
    ] {
        let world = World::new(config(1)).await;
        put(&world, LogGroup { retention_days, ..LogGroup::new(GROUP) });
        let report = read(&world, &[]).await;
        let entry = group(&report);
        assert_eq!((codes(&report).len(), entry.windows.len()), (0, windows), "{case}");
        assert_eq!(entry.retention_days, retention_days.map(i64::from), "{case}");
        assert!(entry.windows.iter().all(|window| window.outcome == Outcome::Complete), "{case}");
        move_to(&world, now() + SignedDuration::from_hours(2));
        let later = read(&world, &[]).await;
        let entry = group(&later);
        assert_eq!(codes(&later), Vec::<&str>::new(), "{case}");
        assert_eq!(entry.windows.iter().any(|window| window.late), late, "{case}");
        assert_eq!(entry.windows.iter().filter(|window| !window.late).count(), 8, "{case}");
        assert!(
            snapshot(&world.auditor(&[]), json!({"time": "2025-11-23T11:00:00Z"}))
                .await
                .record
                .all_captured()
        );
    }
}
