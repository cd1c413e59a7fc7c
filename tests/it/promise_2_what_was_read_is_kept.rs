//! Promise 2, "What was read is kept": rows read before a fault are written as `partial`; rows read = rows written, and the
//! ledger has both numbers.

use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::invocation::answer::Answer;
use client_vpn_sim::{Fault, FaultKind};
use jiff::SignedDuration;

use crate::harness::{IMPATIENT, World, error_codes, fleet, outcomes};

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn rows_before_a_fault_are_partial_with_a_token_to_go_on() {
    for (kind, code) in [
        (FaultKind::InternalError, "InternalError"),
        (FaultKind::Throttle, "RequestLimitExceeded"),
        (FaultKind::Unavailable, "RequestFailed"),
        (FaultKind::Reset, "ConnectionFailed"),
        (FaultKind::CutBody, "MalformedResponse"),
        (FaultKind::CutBodyUnframed, "MalformedResponse"),
        (FaultKind::MalformedXml, "MalformedResponse"),
        (FaultKind::Stall, "Timeout"),
        (FaultKind::StallBody, "Timeout"),
        (FaultKind::Unauthorized, "UnauthorizedOperation"),
        (FaultKind::NotFound, "InvalidClientVpnEndpointId.NotFound"),
    ] {
        let world = World::new(fleet(1, 43)).await;
        // The third page, in every attempt.
        world.simulator.inject(Fault { first: 3, last: usize::MAX, ..Fault::always(kind.clone()) });
        let mut own = vec![("AUDIT_PAGE_SIZE", "5")];
        own.extend((code == "Timeout").then_some(IMPATIENT));
        let report = crate::harness::snapshot(&world.auditor(&own), serde_json::json!({})).await;
        assert_eq!(outcomes(&report), ["partial"], "{kind:?}");
        assert_eq!(error_codes(&report), [code], "{kind:?}");
        let entry = &report.record.targets[0];
        assert_eq!((entry.tally.pages, entry.tally.rows_read, entry.rows()), (2, 10, 10), "{kind:?}");
        assert!(entry.resume_token.is_some(), "{kind:?}");
        assert!(report.failure().unwrap().contains(code), "{kind:?}");
        let checked = world.check();
        assert_eq!((checked.connections, checked.partials), (0, 10), "{kind:?}");
        checked.assert_whole();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_listing_whose_token_expires_starts_anew_and_no_row_is_there_twice() {
    let world = World::new(fleet(1, 43)).await;
    world.simulator.inject(Fault::on(FaultKind::ExpireToken, 4));
    let report = world.snapshot("5").await;
    assert_eq!(outcomes(&report), ["complete"]);
    assert_eq!(error_codes(&report), [""]);
    let entry = &report.record.targets[0];
    assert_eq!(
        (entry.tally.pages, entry.tally.rows_read, entry.rows(), entry.tally.duplicates),
        (9, 43, 43, 0)
    );
    assert_eq!(entry.superseded, None, "all its connections are in the second listing");
    let checked = world.check();
    assert_eq!((checked.connections, checked.partials, checked.connection_ids_missing), (43, 0, 0));
    assert_eq!(checked.problems, Vec::<String>::new());
    assert_eq!(checked.served, 58, "three pages were read twice");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_listing_whose_token_expires_again_is_partial_and_keeps_all_it_read() {
    let world = World::new(fleet(1, 43)).await;
    // The first listing ends at its fifth page, the second at its third.
    world.simulator.inject(Fault::on(FaultKind::ExpireToken, 5));
    world.simulator.inject(Fault { first: 8, last: usize::MAX, ..Fault::always(FaultKind::ExpireToken) });
    let report = world.snapshot("5").await;
    assert_eq!(outcomes(&report), ["partial"]);
    let entry = &report.record.targets[0];
    assert!(entry.error.as_ref().unwrap().code.as_str().starts_with("Invalid"), "{entry:?}");
    assert_eq!(
        (entry.rows(), entry.superseded.as_ref()),
        (20, None),
        "the second listing adds nothing to the first"
    );
    assert_eq!(entry.resume_token, None, "EC2 has forgotten it");
    let checked = world.check();
    assert_eq!((checked.connections, checked.partials, checked.connection_ids_missing), (0, 20, 0));
    assert_eq!(checked.problems, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn rows_that_vanish_between_two_listings_are_kept() {
    let world = std::sync::Arc::new(World::new(fleet(1, 43)).await);
    world.simulator.inject(Fault::on(FaultKind::ExpireToken, 4));
    // The second listing has other connections: hours pass while the third page of the first one is appended.
    let later = crate::harness::now() + jiff::SignedDuration::from_hours(30);
    let moved = world.clone();
    let progress = Progress::new(move |_, rows| {
        if rows == 15 {
            moved.simulator.set_time(later);
        }
    });
    let auditor = world.auditor_with(&[("AUDIT_PAGE_SIZE", "5")], progress);
    let report = crate::harness::snapshot(&auditor, serde_json::json!({})).await;
    assert_eq!(outcomes(&report), ["complete"]);
    let entry = &report.record.targets[0];
    assert_eq!(entry.superseded.as_ref().unwrap().rows, 15, "the first listing's three pages");
    let checked = world.check();
    assert_eq!((checked.connections, checked.partials, checked.connection_ids_missing), (43, 15, 0));
    checked.assert_whole();
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_deadline_ends_a_capture_in_order_with_its_token() {
    let start = crate::harness::now();
    // Of the time, 20 s are for writing.
    let deadline = start + SignedDuration::from_secs(200);
    let end_of_reading = start + SignedDuration::from_secs(180);
    for (fault, millis_left) in [(None, 0), (Some(FaultKind::Stall), 300), (Some(FaultKind::Throttle), 300)] {
        let world = World::new(fleet(1, 430)).await;
        if let Some(kind) = fault.clone() {
            world.simulator.inject(Fault { first: 3, last: usize::MAX, ..Fault::always(kind) });
        }
        // The third page is asked for when this much time is left.
        let clock = world.clock.clone();
        let progress = Progress::new(move |_, rows| {
            if rows == 5 {
                clock.set(end_of_reading - SignedDuration::from_millis(millis_left));
            }
        });
        let own = [("AUDIT_PAGE_SIZE", "5"), ("AUDIT_MAX_ATTEMPTS", "20")];
        let auditor = world.auditor_with(&own, progress);
        let payload = serde_json::json!({"action": "snapshot"});
        let answer = crate::harness::handle(&auditor, &payload, "a-request", Some(deadline)).await.unwrap();
        let Answer::Snapshot(report) = answer else { panic!("no report but {answer:?}") };
        assert_eq!(
            (outcomes(&report), error_codes(&report)),
            (vec!["partial"], vec!["Deadline"]),
            "{fault:?}"
        );
        assert_eq!(report.record.targets[0].rows(), 10, "{fault:?}");
        if fault.is_none() {
            assert_eq!(world.simulator.requests(), 2, "no page is asked for after the deadline");
        }
        let checked = world.check();
        assert_eq!((checked.problems, checked.partials), (Vec::new(), 10));

        world.simulator.clear_faults();
        world.clock.set(start);
        let token = report.record.targets[0].resume_token.as_ref().unwrap().to_string();
        let fields = serde_json::json!({"starting_token": token});
        let resumed = crate::harness::snapshot(&auditor, fields).await;
        assert_eq!(resumed.record.targets[0].rows(), 420, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_is_over_is_none() {
    let world = World::new(fleet(1, 23)).await;
    let payload = serde_json::json!({"action": "snapshot"});
    let answer =
        crate::harness::handle(&world.auditor(&[]), &payload, "a-request", Some(jiff::Timestamp::UNIX_EPOCH))
            .await
            .unwrap();
    assert!(answer.is_success(), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_read_is_failed_and_no_object() {
    let world = World::new(fleet(1, 43)).await;
    world.simulator.inject(Fault::always(FaultKind::InternalError));
    let report = world.snapshot("5").await;
    assert_eq!(outcomes(&report), ["failed"]);
    let files = world.files();
    assert_eq!(
        files.iter().filter(|file| !is_configuration(file)).collect::<Vec<_>>(),
        report.run_keys.iter().collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn odd_values_are_kept_as_they_are() {
    for kind in
        [FaultKind::OddValues, FaultKind::WrongEndpointId, FaultKind::DuplicateRow, FaultKind::UnknownField]
    {
        let world = World::new(fleet(2, 60)).await;
        world.simulator.inject(Fault::always(kind.clone()));
        let report = world.snapshot("7").await;
        assert_eq!(outcomes(&report), ["complete", "complete"], "{kind:?}");
        let entry = &report.record.targets[0];
        match kind {
            FaultKind::OddValues => assert!(entry.tally.unparsed_values > 20, "{entry:?}"),
            FaultKind::UnknownField => assert_eq!(entry.tally.unparsed_values, 2 * entry.rows(), "{entry:?}"),
            FaultKind::WrongEndpointId => assert!(entry.tally.unparsed_values > 0, "{entry:?}"),
            FaultKind::DuplicateRow => assert!(entry.tally.duplicates > 0, "{entry:?}"),
            _ => assert_eq!((entry.tally.unparsed_values, entry.tally.duplicates), (0, 0)),
        }
        world.check().assert_whole();
    }
}

/// A file that may not grow stands for a temporary directory that is full.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_cannot_be_encoded_are_counted_and_no_broken_object_is_written() {
    let world = World::new(fleet(1, 40_000)).await;
    let lake = world.lake().display().to_string();
    let limited = "trap '' XFSZ; ulimit -f 200; exec \"$0\" \"$@\"";
    let output = crate::harness::command("/bin/sh", &world.simulator.url())
        .args(["-c", limited, env!("CARGO_BIN_EXE_client-vpn-audit"), "snapshot", "--json", "--lake", &lake])
        .args(["--account-id", "123456789012", "--target", &world.simulator.endpoint_ids()[0]])
        .output()
        .unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let entry = &answer["targets"][0];
    assert_eq!(output.status.code(), Some(1), "{answer}");
    assert_eq!((entry["outcome"].as_str(), entry["rows"].as_u64()), (Some("failed"), Some(0)), "{entry}");
    assert_eq!(entry["error"]["code"].as_str(), Some("SnapshotFailed"), "{entry}");
    // The file is first written when a row group is full.
    assert!(entry["rows_read"].as_u64().unwrap() >= 16_384, "{entry}");
    assert!(entry["first_page_at"].is_string(), "{entry}");
    let files = world.files();
    assert!(files.iter().all(|file| file.starts_with("runs/") || is_configuration(file)), "{files:?}");
}

fn is_configuration(file: &str) -> bool {
    ["endpoints/", "authorization_rules/", "routes/"].iter().any(|table| file.starts_with(table))
}
