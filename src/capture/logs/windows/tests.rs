use super::*;

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn time(text: &str) -> Timestamp {
    format!("{text}Z").parse().unwrap()
}

fn window(start: &str) -> Window {
    Window::containing(time(start))
}

/// Returns the windows from `start` to the one before `end`.
fn windows(start: &str, end: &str) -> Vec<Window> {
    let all = std::iter::successors(Some(window(start)), |window| Some(window.next()));
    all.take_while(|window| window.start() < time(end)).collect()
}

/// Returns a lake that has these windows, and a record that begins with the first of them.
fn lake_with(windows: impl IntoIterator<Item = Window>) -> InLake {
    let mut lake = InLake::default();
    windows.into_iter().for_each(|window| lake.note(Reading::First(window)));
    lake.since = lake.first.first().and_then(|due| Window::of_due(*due)).map(Window::start);
    lake
}

fn starts(plan: &Plan) -> Vec<String> {
    let in_words = |reading: &Reading| match reading {
        Reading::First(window) => window.start().strftime("%d %H:%M").to_string(),
        Reading::Late(hour) => format!("late {}", hour.start().strftime("%d %H")),
    };
    plan.readings.iter().map(in_words).collect()
}

#[test]
fn the_first_reading_covers_a_day_newest_first() {
    let plan = InLake::default().plan(time("2026-11-23T10:05:00"), DAY, None);
    let found = starts(&plan);
    assert_eq!((found.len(), found[0].as_str(), found[1].as_str()), (98, "23 09:15", "23 09:00"));
    assert_eq!((found[97].as_str(), plan.since), ("22 09:00", time("2026-11-22T09:00:00")));
    let two = InLake::default().plan(time("2026-11-23T10:05:00"), DAY * 2, None);
    assert_eq!(two.readings.len(), 98 + 96);
}

#[test]
fn what_a_run_without_a_record_left_is_no_beginning() {
    let now = time("2026-11-23T10:05:00");
    let oldest = |text| InLake { oldest: Some(time(text)), ..InLake::default() };
    for (case, lake, since) in [
        (
            "a first reading that was killed began with the newest window",
            oldest("2026-11-23T09:00:00"),
            "2026-11-22T09:00:00",
        ),
        ("the record of an older one is lost", oldest("2026-11-20T10:45:00"), "2026-11-20T10:00:00"),
        ("a key of long ago", oldest("2019-01-01T00:00:00"), "2025-11-18T09:00:00"),
        ("a key to come", oldest("2030-01-01T00:00:00"), "2026-11-22T09:00:00"),
    ] {
        assert_eq!(lake.plan(now, DAY, None).since, time(since), "{case}");
    }
}

#[test]
fn windows_that_failed_before_are_tried_after_the_others() {
    let mut lake = lake_with(windows("2026-11-23T08:00:00", "2026-11-23T08:30:00"));
    lake.failed = [window("2026-11-23T08:30:00").due(), window("2026-11-23T08:45:00").due()].into();
    let plan = lake.plan(time("2026-11-23T10:05:00"), DAY, None);
    assert_eq!(starts(&plan), ["23 09:15", "23 09:00", "23 08:30", "23 08:45"]);
}

#[test]
fn the_first_reading_ends_where_the_retention_does() {
    let retained = Some(time("2026-11-23T08:50:00"));
    let plan = InLake::default().plan(time("2026-11-23T10:05:00"), DAY, retained);
    assert_eq!(starts(&plan), ["23 09:15", "23 09:00"]);
    assert_eq!(plan.since, time("2026-11-23T09:00:00"));
}

#[test]
fn later_readings_begin_with_the_newest_and_go_on_with_the_oldest_that_was_missed() {
    let now = time("2026-11-23T12:00:00");
    let had = windows("2026-11-23T08:00:00", "2026-11-23T11:00:00");
    let missing = [window("2026-11-23T08:30:00"), window("2026-11-23T10:45:00")];
    for (case, lake, retained, expected) in [
        ("nothing missed", lake_with(had.clone()), None, &["23 11:15", "23 11:00"][..]),
        (
            "some missed",
            lake_with(had.iter().copied().filter(|window| !missing.contains(window))),
            None,
            &["23 11:15", "23 08:30", "23 10:45", "23 11:00"],
        ),
        (
            "some missed that are no longer retained",
            lake_with(had.iter().copied().filter(|window| !missing.contains(window))),
            Some("2026-11-23T08:50:00"),
            &["23 11:15", "23 10:45", "23 11:00"],
        ),
        (
            "a first reading that was interrupted",
            InLake { since: Some(time("2026-11-23T07:30:00")), ..lake_with(had.clone()) },
            None,
            &["23 11:15", "23 07:30", "23 07:45", "23 11:00"],
        ),
        (
            "all before is known to be there",
            InLake {
                since: Some(time("2026-11-20T00:00:00")),
                complete_before: Some(time("2026-11-23T10:00:00")),
                ..lake_with(had.iter().copied().skip(8))
            },
            None,
            &["23 11:15", "23 11:00"],
        ),
        (
            "the newest is there",
            lake_with(windows("2026-11-23T10:00:00", "2026-11-23T11:30:00")),
            None,
            &["23 11:15"],
        ),
    ] {
        let plan = lake.plan(now, DAY, retained.map(time));
        assert_eq!(starts(&plan), expected, "{case}");
    }
}

#[test]
fn an_hour_is_read_once_more_a_day_later_if_its_windows_were_read() {
    let had = windows("2026-11-22T08:30:00", "2026-11-23T10:45:00");
    let missing = window("2026-11-22T10:15:00");
    for (case, now, lake, expected) in [
        ("not due", "2026-11-23T09:29:59", lake_with(had.clone()), &["23 08:30"][..]),
        (
            "due, of an hour of which half is on record",
            "2026-11-23T09:30:00",
            lake_with(had.clone()),
            &["23 08:45", "late 22 08"],
        ),
        (
            "several",
            "2026-11-23T11:30:00",
            lake_with(had.clone()),
            &["23 10:45", "late 22 08", "late 22 09", "late 22 10"],
        ),
        (
            "one with a missed window waits for it",
            "2026-11-23T11:30:00",
            lake_with(had.iter().copied().filter(|window| *window != missing)),
            &["23 10:45", "22 10:15", "late 22 08", "late 22 09"],
        ),
        (
            "one that is there",
            "2026-11-23T10:30:00",
            {
                let mut lake = lake_with(had.clone());
                lake.note(Reading::Late(Hour::parse("2026-11-22T08").unwrap()));
                lake
            },
            &["23 09:45", "late 22 09"],
        ),
    ] {
        assert_eq!(starts(&lake.plan(time(now), DAY, None)), expected, "{case}");
    }
}

#[test]
fn nothing_is_missing_before_the_first_hour_of_which_a_reading_is() {
    let now = time("2026-11-23T11:30:00");
    let had = windows("2026-11-22T08:30:00", "2026-11-23T11:00:00");
    let hours = ["2026-11-22T08", "2026-11-22T09", "2026-11-22T10"];
    for (case, late, missing, retained, expected) in [
        ("no second reading", &hours[..0], None, None, "2026-11-22T08:30:00"),
        ("two second readings", &hours[..2], None, None, "2026-11-22T10:00:00"),
        ("all that are due", &hours[..], None, None, "2026-11-22T11:00:00"),
        ("a gap", &[hours[0], hours[2]], None, None, "2026-11-22T09:00:00"),
        ("a missed window", &hours[..], Some("2026-11-22T09:15:00"), None, "2026-11-22T09:00:00"),
        (
            "a missed window that is lost",
            &hours[2..],
            Some("2026-11-22T09:15:00"),
            Some("2026-11-22T10:00:00"),
            "2026-11-22T11:00:00",
        ),
    ] {
        let mut lake =
            lake_with(had.iter().copied().filter(|of| missing.is_none_or(|start| of.start() != time(start))));
        late.iter().for_each(|hour| lake.note(Reading::Late(Hour::parse(hour).unwrap())));
        let retained = retained.map(time);
        let plan = lake.plan(now, DAY, retained);
        assert_eq!(lake.complete_before(now, &plan, retained), time(expected), "{case}");
    }
}

#[test]
fn runs_one_after_the_other_read_each_window_once_and_miss_none() {
    // Every third run is out, and once there is an outage of two days.
    let (mut lake, mut read) = (InLake::default(), Vec::new());
    let begin = time("2026-11-01T00:07:00");
    for run in 0..96 * 6_i64 {
        let now = begin + SignedDuration::from_mins(15 * run);
        if run % 3 == 1 || (200..392).contains(&run) {
            continue;
        }
        let plan = lake.plan(now, DAY, None);
        for reading in &plan.readings {
            if matches!(reading, Reading::First(window) if lake.first.contains(&window.due())) {
                continue;
            }
            lake.note(*reading);
            read.push(*reading);
        }
        let complete = lake.complete_before(now, &plan, None);
        lake = InLake {
            since: Some(plan.since),
            complete_before: Some(complete),
            first: lake
                .first
                .into_iter()
                .filter(|due| Window::of_due(*due).unwrap().start() >= complete)
                .collect(),
            late: lake.late,
            ..InLake::default()
        };
    }
    let distinct: BTreeSet<Reading> = read.iter().copied().collect();
    assert_eq!(distinct.len(), read.len(), "none is read twice");
    let first = distinct.iter().filter(|reading| !reading.is_late()).count();
    // A day and half an hour before the first run, and all that were due until the last.
    assert_eq!(first, 98 + 96 * 6 - 1);
    assert!(lake.first.len() < 2 * 96, "what is complete need not be listed again");
}
