//! The proof of all endpoints, and the witness that belongs to one of them.

use std::io::Write;

use super::*;

#[test]
fn coverage_is_whole_if_nothing_is_missing_and_everything_could_be_read() {
    let endpoints = |runs: &[Run]| coverage(runs, None, 30 * M, 30 * M).0;
    let (whole, hole) =
        ([good(0, &["e"]), good(15 * M, &["e"])], [good(-2 * H, &["e"]), good(15 * M, &["e"])]);
    let unreadable =
        || vec![Unreadable { object_key: "runs/x".to_owned(), problem: "is no record".to_owned() }];
    let stepped = || coverage(&[run(0).complete("e", [1, 0, 2])], None, M, M).1;
    let not_sealed = || vec!["runs/added".to_owned()];
    for (name, endpoints, unreadable, clock_stepped, not_sealed, expected) in [
        ("no hole", endpoints(&whole), vec![], vec![], vec![], true),
        ("a hole", endpoints(&hole), vec![], vec![], vec![], false),
        ("no endpoint", vec![], vec![], vec![], vec![], false),
        ("a record that cannot be read", endpoints(&whole), unreadable(), vec![], vec![], false),
        ("a clock that stepped", endpoints(&whole), vec![], stepped(), vec![], false),
        ("a record that is not sealed", endpoints(&whole), vec![], vec![], not_sealed(), false),
    ] {
        let (from, to, runs, sealed_late) = (None, at(30 * M), 2, vec!["runs/late".to_owned()]);
        let (connection_logs, log_groups_not_known) = (Vec::new(), Vec::new());
        let mut coverage = Coverage {
            from,
            to,
            runs,
            endpoints,
            unreadable,
            clock_stepped,
            of_another_time: Vec::new(),
            sealed_late,
            not_sealed,
            connection_logs,
            log_groups_not_known,
        };
        assert_eq!(coverage.is_whole(), expected, "{name}");
        for (allowed, has_every_window) in [(false, true), (true, false)] {
            coverage.connection_logs = vec![missing_log(allowed)];
            assert_eq!(coverage.has_every_window(), has_every_window, "{name}");
            assert_eq!(coverage.is_whole(), expected && has_every_window, "{name}");
            assert_eq!(coverage.is_every_connection_seen(), expected, "{name}");
        }
        coverage.connection_logs.clear();
        coverage.log_groups_not_known.push(LogGroupsNotKnown {
            account_id: "a".to_owned(),
            region: "r".to_owned(),
            from: at(0),
            to,
            reason: "no run".to_owned(),
        });
        assert!(!coverage.is_whole(), "{name}");
    }
}

fn missing_log(allowed: bool) -> LogCoverage {
    let reason = "not tried".to_owned();
    LogCoverage {
        account_id: "a".to_owned(),
        region: "r".to_owned(),
        endpoint_id: "e".to_owned(),
        log_group: "g".to_owned(),
        from: at(0),
        to: at(15 * M),
        hours_in_lake: 0.0,
        hours_missing: 0.25,
        hours_pending: 0.0,
        hours_not_read_again: 0.0,
        missing: vec![MissingLog { from: at(0), to: at(15 * M), late: false, allowed, lost: false, reason }],
    }
}

#[test]
fn a_witness_is_compared_with_its_own_endpoint() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{},7", at(0)).unwrap();
    let witness = Witness::read("e", file.path()).unwrap();
    let window = RequestedTimes { from: None, to: at(M), now: at(M) };
    let (endpoints, _) = prove(&attempts(&[good(0, &["e", "f"])]), window, &[witness]);
    let found: Vec<(&str, Option<Option<f64>>)> = endpoints
        .iter()
        .map(|endpoint| {
            let first = endpoint.witness.as_ref().map(|differences| differences[0].witness);
            (endpoint.endpoint_id.as_str(), first)
        })
        .collect();
    assert_eq!(found, [(LISTING, None), ("e", Some(Some(7.0))), ("f", None)]);
}

#[test]
fn a_record_lies_under_the_date_in_utc() {
    for (name, seconds, expected) in [
        ("midnight", 0, "2025-11-23"),
        ("a second before", -1, "2025-11-22"),
        ("the last second of the day", D - 1, "2025-11-23"),
    ] {
        assert_eq!(date(at(seconds)).to_string(), expected, "{name}");
    }
}

#[test]
fn an_endpoint_has_its_attempts_its_longest_gap_and_the_reasons_of_its_holes() {
    let failing = [
        good(0, &["e"]),
        run(20 * M).failed("e"),
        run(40 * M).failed("e"),
        good(61 * M, &["e"]),
        good(70 * M, &["e"]),
    ];
    let (endpoints, _) = coverage(&failing, None, 71 * M, 71 * M);
    let found = endpoints.iter().find(|endpoint| endpoint.endpoint_id == "e").unwrap();
    assert_eq!(found.outcomes, BTreeMap::from([("complete", 3), ("failed", 2)]));
    let [hole] = found.holes.as_slice() else { panic!("{found:?}") };
    assert_eq!((hole.attempts, hole.reason.as_str()), (2, "2 × failed, Timeout"));
    let gone = [good(0, &["e"]), good(30 * M, &["e"]), good(85 * M, &[]), good(86 * M, &[])];
    for (name, runs, now, expected) in [
        ("between captures", &failing[..], 71 * M, false),
        ("after the last capture", &failing[..1], 71 * M, true),
        ("after the last capture of one that is gone", &gone[..], 5 * D, false),
    ] {
        let (endpoints, _) = coverage(runs, None, now, now);
        let found = endpoints.iter().find(|endpoint| endpoint.endpoint_id == "e").unwrap();
        assert_eq!(found.longest_gap.open, expected, "{name}");
    }
}

#[test]
fn a_window_may_end_where_it_begins_and_an_endpoint_may_be_gone_only_later() {
    check(vec![
        Case {
            name: "a window without length",
            runs: vec![good(0, &["e"]), good(30 * M, &["e"])],
            window: (Some(45 * M), 45 * M),
            expected: vec![("e", some(&[]))],
        },
        Case {
            name: "gone at the current time",
            runs: vec![good(0, &["e"]), good(30 * M, &["e"]), good(45 * M, &[])],
            window: (None, 45 * M),
            expected: vec![("e", none())],
        },
    ]);
}
