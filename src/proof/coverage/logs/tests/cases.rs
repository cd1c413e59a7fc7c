//! Each reason why a reading is missing, and each why it is not expected.

use super::*;

/// A case: its name, the runs, the objects, the hours in the lake, missing and pending, and the missing readings.
type Case = (&'static str, Vec<Run>, Vec<String>, [f64; 3], &'static [&'static str]);

/// Runs at these minutes after every hour from `from` to `to`, which find endpoint `a`.
fn hourly(from: u8, to: u8) -> Vec<Run> {
    (from..=to).map(|hour| logs(&format!("23T{hour:02}:05"), &[group(GROUP, &["a"])])).collect()
}

fn cases_of_missing_readings() -> Vec<Case> {
    let failing =
        |start, windows: Value| logs(start, &[with(group(GROUP, &["a"]), json!({"windows": windows}))]);
    let kept_for_a_day = || with(group(GROUP, &["a"]), json!({"retention_days": 1}));
    vec![
        (
            "every window is in the lake; the last 90 minutes can wait",
            hourly(10, 16),
            first(GROUP, "23T10:00", "23T14:30"),
            [4.5, 0.0, 1.5],
            &[],
        ),
        (
            "no run came after",
            hourly(10, 11),
            first(GROUP, "23T10:00", "23T10:30"),
            [0.5, 4.0, 1.5],
            &[
                "23T10:30 to 23T14:30: no run of connection logs read the log group after it was due",
            ],
        ),
        (
            "a window failed twice, and the next one once",
            [
                hourly(10, 11),
                vec![
                    failing("23T12:05", json!([window("23T10:15", "failed", Some("Throttling"))])),
                    failing(
                        "23T12:20",
                        json!([
                            window("23T10:15", "failed", Some("Throttling")),
                            window("23T10:30", "failed", Some("Timeout")),
                        ]),
                    ),
                ],
            ]
            .concat_runs(),
            [first(GROUP, "23T10:00", "23T10:15"), first(GROUP, "23T10:45", "23T14:30")].concat(),
            [4.0, 0.5, 1.5],
            &["23T10:15 to 23T10:30: 2 × failed, Throttling", "23T10:30 to 23T10:45: 1 × failed, Timeout"],
        ),
        (
            "the log group did not exist",
            (10..=15)
                .map(|hour| {
                    let absent = json!({"since": null, "complete_before": null, "error": {"code": "ResourceNotFoundException"}});
                    logs(&format!("23T{hour}:05"), &[with(group(GROUP, &["a"]), absent)])
                })
                .collect(),
            first(GROUP, "23T11:00", "23T14:30"),
            [3.5, 1.0, 1.5],
            &[
                "23T10:00 to 23T10:30: 5 × not tried, ResourceNotFoundException",
                "23T10:30 to 23T11:00: 4 × not tried, ResourceNotFoundException",
            ],
        ),
        (
            "a run had no time for it",
            hourly(10, 16),
            [first(GROUP, "23T10:00", "23T11:00"), first(GROUP, "23T11:15", "23T14:30")].concat(),
            [4.25, 0.25, 1.5],
            &["23T11:00 to 23T11:15: not tried"],
        ),
        (
            "the log group had dropped it at the first run after it was due",
            vec![
                logs("21T10:05", &[kept_for_a_day()]),
                logs("23T10:05", &[kept_for_a_day()]),
                logs("23T15:50", &[kept_for_a_day()]),
            ],
            [first(GROUP, "21T10:00", "21T10:30"), first(GROUP, "22T10:15", "23T14:30")].concat(),
            [0.5 + 28.25, 23.75, 1.5],
            &["21T10:30 to 22T10:15: no longer retained by the log group at the first run after it was due, lost"],
        ),
        (
            "a window failed until the log group dropped it",
            vec![
                logs("22T10:05", &[kept_for_a_day()]),
                logs(
                    "22T11:05",
                    &[with(kept_for_a_day(), json!({"windows": [window("22T10:00", "failed", Some("Timeout"))]}))],
                ),
                logs("23T15:50", &[kept_for_a_day()]),
            ],
            first(GROUP, "22T10:15", "23T14:30"),
            [28.25, 0.25, 1.5],
            &["22T10:00 to 22T10:15: 1 × failed, Timeout, lost"],
        ),
        (
            "a record names its object, and the object is gone",
            [hourly(10, 15), vec![failing("23T15:50", json!([window("23T10:00", "complete", None)]))]].concat_runs(),
            first(GROUP, "23T10:15", "23T14:30"),
            [4.25, 0.25, 1.5],
            &["23T10:00 to 23T10:15: its object is on record, and is not in the lake"],
        ),
        (
            "the settings allowed the log group until 12:30",
            [hourly(10, 12), vec![snapshot("23T12:30", &[]), snapshot("23T15:30", &[])]].concat_runs(),
            first(GROUP, "23T10:00", "23T11:00"),
            [1.0, 3.5, 1.5],
            &[
                "23T11:00 to 23T11:30: not tried",
                "23T11:30 to 23T11:45: no run of connection logs read the log group after it was due",
                "23T11:45 to 23T14:30: no run of connection logs read the log group after it was due, not allowed",
            ],
        ),
    ]
}

fn cases_of_what_is_expected() -> Vec<Case> {
    let none = || logs("23T12:20", &[]);
    let elsewhere = |start| logs(start, &[group(OTHER, &["b"]), group(GROUP, &[])]);
    vec![
        (
            "the first reading goes back to the beginning of the record",
            vec![
                logs(
                    "23T12:05",
                    &[with(
                        group(GROUP, &["a"]),
                        json!({"since": at("22T11:00"), "complete_before": at("22T11:00")}),
                    )],
                ),
                logs("23T15:50", &[group(GROUP, &["a"])]),
            ],
            first(GROUP, "22T12:00", "23T14:30"),
            [26.5, 1.0, 1.5],
            &["22T11:00 to 22T12:00: not tried"],
        ),
        (
            "what earlier records cover is not expected again",
            vec![logs("23T12:05", &[group(GROUP, &["a"])]), logs("23T15:50", &[group(GROUP, &["a"])])],
            first(GROUP, "23T12:00", "23T14:30"),
            [2.5, 0.0, 1.5],
            &[],
        ),
        (
            "logging was off from 12:20 on: the window of the last run that found it counts",
            [hourly(10, 12), vec![none()]].concat_runs(),
            first(GROUP, "23T10:00", "23T12:15"),
            [2.25, 0.0, 0.0],
            &[],
        ),
        (
            "logging was off from 12:20 on, and the last window is missing",
            [hourly(10, 12), vec![none()]].concat_runs(),
            first(GROUP, "23T10:00", "23T12:00"),
            [2.0, 0.25, 0.0],
            &["23T12:00 to 23T12:15: no run of connection logs read the log group after it was due"],
        ),
        (
            "the endpoint logged elsewhere between 12:20 and 14:05",
            [hourly(10, 12), vec![none(), elsewhere("23T13:05")], hourly(14, 15)].concat_runs(),
            [first(GROUP, "23T10:00", "23T12:15"), first(GROUP, "23T14:00", "23T14:30")].concat(),
            [2.75, 0.0, 1.5],
            &[],
        ),
        (
            "a run of other endpoints, and one of other log groups, end nothing",
            [
                hourly(10, 11),
                vec![logs("23T12:05", &[]).settings("targets", &["arn:aws:ec2:r:a:client-vpn-endpoint/b"])],
                vec![logs("23T13:05", &[]).settings("connection_log_groups", &[OTHER])],
                hourly(14, 15),
            ]
            .concat_runs(),
            first(GROUP, "23T10:00", "23T14:30"),
            [4.5, 0.0, 1.5],
            &[],
        ),
        (
            "a run in which the endpoint was a target, with others or as one of all, ends it",
            [
                hourly(10, 11),
                vec![logs("23T12:05", &[]).settings("targets", &["arn:aws:ec2:r:a:client-vpn-endpoint/*"])],
                vec![logs("23T13:05", &[group(GROUP, &["a"])])],
                vec![
                    logs("23T14:05", &[])
                        .settings("targets", &["x/b", "arn:aws:ec2:r:a:client-vpn-endpoint/a"]),
                ],
            ]
            .concat_runs(),
            [first(GROUP, "23T10:00", "23T11:15"), first(GROUP, "23T13:00", "23T13:15")].concat(),
            [1.5, 0.0, 0.0],
            &[],
        ),
        (
            "a run that did not know the log groups ends nothing",
            [hourly(10, 12), vec![none().failed("UnauthorizedOperation")], hourly(14, 15)].concat_runs(),
            first(GROUP, "23T10:00", "23T14:30"),
            [4.5, 0.0, 1.5],
            &[],
        ),
        (
            "objects of another log group do not count",
            hourly(10, 15),
            first(OTHER, "23T10:00", "23T14:30"),
            [0.0, 4.5, 1.5],
            &["23T10:00 to 23T14:30: not tried"],
        ),
    ]
}

#[test]
fn each_window_of_an_endpoint_that_logs_is_in_the_lake_missing_or_pending() {
    let mut wrong = Vec::new();
    for (name, runs, objects, expected_hours, expected) in
        cases_of_missing_readings().into_iter().chain(cases_of_what_is_expected())
    {
        let found = assess(&runs, &objects, until("23T16:00"));
        let of_a = found.iter().find(|coverage| coverage.endpoint_id == "a").unwrap();
        let mut texts = missing(of_a);
        texts.retain(|text| !text.starts_with("late "));
        if hours(of_a) != expected_hours || texts != expected {
            wrong.push(format!("{name}: {:?} {texts:#?}", hours(of_a)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_object_that_no_record_names_may_be_anything() {
    let runs = [logs("23T10:05", &[group(GROUP, &["a"])])];
    let found = assess_as_recorded(&runs, &first(GROUP, "23T10:00", "23T14:30"), until("23T16:00"));
    assert_eq!(hours(&found[0]), [0.0, 4.5, 1.5]);
    assert_eq!(missing(&found[0]), ["23T10:00 to 23T14:30: what lies at its key is in no record"]);
}

#[test]
fn each_endpoint_counts_from_its_own_first_run_on() {
    let runs = [
        logs("23T10:05", &[group(GROUP, &["a"])]),
        logs("23T12:20", &[group(GROUP, &["a", "b"]), group(OTHER, &["c"])]),
    ];
    let found = assess(&runs, &first(GROUP, "23T10:00", "23T14:30"), until("23T16:00"));
    let short: Vec<_> =
        found.iter().map(|of| (of.endpoint_id.as_str(), of.log_group.as_str(), of.from, hours(of))).collect();
    assert_eq!(
        short,
        [
            ("a", GROUP, at("23T10:00"), [4.5, 0.0, 1.5]),
            ("b", GROUP, at("23T12:15"), [2.25, 0.0, 1.5]),
            ("c", OTHER, at("23T12:15"), [0.0, 2.25, 1.5]),
        ]
    );
    assert!(found[0].is_whole() && !found[2].is_whole());
}

#[test]
fn only_windows_in_the_requested_time_count() {
    let runs = [logs("22T10:05", &[group(GROUP, &["a"])])];
    for (from, to, expected) in [
        ("23T10:00", "23T12:00", Some(("23T10:00", "23T12:00", 2.0))),
        ("23T10:01", "23T11:59", Some(("23T10:15", "23T11:45", 1.5))),
        ("21T00:00", "22T11:00", Some(("22T10:00", "22T11:00", 1.0))),
        ("21T00:00", "22T10:14", None),
    ] {
        let window = RequestedTimes { from: Some(at(from)), to: at(to), now: at("24T00:00") };
        let found = assess(&runs, &[], window);
        let found = found.first().map(|of| (of.from, of.to, of.hours_missing));
        assert_eq!(found, expected.map(|(from, to, hours)| (at(from), at(to), hours)), "{from} {to}");
    }
}

#[test]
fn a_reading_is_missing_an_hour_after_it_was_due() {
    let runs = [logs("23T10:05", &[group(GROUP, &["a"])])];
    for (now, expected) in [("23T11:44", [0.0, 0.0, 0.25]), ("23T11:45", [0.0, 0.25, 0.0])] {
        let window = RequestedTimes { from: None, to: at("23T10:15"), now: at(now) };
        assert_eq!(hours(&assess(&runs, &[], window)[0]), expected, "{now}");
    }
    // The second reading of the hour is due at 11:30 of the next day.
    let objects = first(GROUP, "23T10:00", "23T11:00");
    for (now, expected) in [
        ("24T12:29", vec![]),
        (
            "24T12:30",
            vec!["late 23T10:00 to 23T11:00: no run of connection logs read the log group after it was due"],
        ),
    ] {
        let window = RequestedTimes { from: None, to: at("23T11:00"), now: at(now) };
        let found = assess(&runs, &objects, window);
        assert_eq!(missing(&found[0]), expected, "{now}");
        assert_eq!(found[0].hours_not_read_again, if expected.is_empty() { 0.0 } else { 1.0 }, "{now}");
        assert_eq!(found[0].is_whole(), expected.is_empty(), "{now}");
    }
    let late = key(GROUP, Reading::starting(at("23T10:00"), true));
    let window = RequestedTimes { from: None, to: at("23T11:00"), now: at("25T00:00") };
    assert_eq!(missing(&assess(&runs, &[objects.clone(), vec![late]].concat(), window)[0]), [""; 0]);
    // What is kept for a day cannot be read a day later, and an hour with a missing window is missing already.
    let short = [logs("23T10:05", &[with(group(GROUP, &["a"]), json!({"retention_days": 1}))])];
    assert_eq!(missing(&assess(&short, &objects, window)[0]), [""; 0]);
    let found = assess(&runs, &objects[1..], window);
    assert_eq!((found[0].hours_missing, found[0].hours_not_read_again), (0.25, 0.0));
}

#[test]
fn a_second_reading_was_due_if_the_retention_of_that_time_allowed_it() {
    let keeping =
        |start, days: i64| logs(start, &[with(group(GROUP, &["a"]), json!({"retention_days": days}))]);
    let window = RequestedTimes { from: None, to: at("23T11:00"), now: at("27T00:00") };
    let objects = first(GROUP, "23T10:00", "23T11:00");
    for (case, before, after, is_missing) in [("raised since", 1, 30, false), ("lowered since", 30, 1, true)]
    {
        let found = assess(&[keeping("23T10:05", before), keeping("26T10:00", after)], &objects, window);
        assert_eq!(found[0].hours_not_read_again, if is_missing { 1.0 } else { 0.0 }, "{case}");
    }
}

#[test]
fn a_reading_that_was_not_allowed_when_it_was_due_fails_nothing() {
    let runs = [
        snapshot("23T09:00", &[]),
        logs(
            "23T10:05",
            &[with(
                group(GROUP, &["a"]),
                json!({"since": at("23T08:00"), "complete_before": at("23T08:00")}),
            )],
        ),
    ];
    let found = assess(&runs, &first(GROUP, "23T09:30", "23T10:30"), until("23T12:00"));
    assert_eq!(missing(&found[0]), ["23T08:00 to 23T09:30: not tried, not allowed"]);
    assert!(found[0].is_whole());
    // Without an earlier record, the first one counts.
    let found = assess(&runs[1..], &first(GROUP, "23T09:30", "23T10:30"), until("23T12:00"));
    assert_eq!(missing(&found[0]), ["23T08:00 to 23T09:30: not tried"]);
    assert!(!found[0].is_whole());
}

#[test]
fn more_log_groups_than_an_account_has_are_refused() {
    let mut ledger = LogLedger::default();
    let ids: Vec<String> = (0..1999).map(|number| format!("e{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(ledger.note(&logs("23T10:05", &[group(GROUP, &ids)]).record()), Ok(()));
    assert_eq!(ledger.note(&logs("23T10:20", &[group(GROUP, &["one more"])]).record()), Ok(()));
    let refused = ledger.note(&logs("23T10:35", &[group(GROUP, &["two more"])]).record()).unwrap_err();
    assert!(refused.starts_with("LimitExceeded: ") && refused.contains("2000"), "{refused}");
}
