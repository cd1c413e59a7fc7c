//! Records of later days, read for the readings that no record of the requested time names.

use super::*;

/// A lake, and what records of later days show of it.
struct Case {
    name: &'static str,
    /// The records of later days.
    later: Vec<Run>,
    objects: Vec<String>,
    missing: &'static [&'static str],
    /// Number of those records that are read until no reading is open.
    read: usize,
    /// Numbers of those that name an open reading, from 0 on.
    counting: &'static [usize],
}

/// The first readings from 10:00 until 12:00 on the 23rd.
fn first_readings() -> Vec<String> {
    first(GROUP, "23T10:00", "23T12:00")
}

fn late(hour: &str) -> String {
    key(GROUP, Reading::starting(at(hour), true))
}

/// A run that makes these readings.
fn making(start: &str, readings: &[String]) -> Run {
    naming(&logs(start, &[group(GROUP, &["a"])]), readings)
}

/// A run that states that every reading before some time is in the lake or lost.
fn settling(start: &str, complete_before: &str) -> Run {
    let fields = json!({"complete_before": at(complete_before), "retention_days": 7});
    logs(start, &[with(group(GROUP, &["a"]), fields)])
}

/// A run of the requested time. The horizon is 24T12:00, before the second readings were due.
fn of_the_time() -> Vec<Run> {
    vec![making("23T10:05", &[]), making("24T09:00", &first_readings())]
}

fn cases() -> Vec<Case> {
    let late_ones = || vec![late("23T10:00"), late("23T11:00")];
    let all = || [first_readings(), late_ones()].concat();
    let failing = |start: &str| {
        let failed =
            json!({"start": at("23T10:00"), "late": true, "outcome": "failed", "error": {"code": "Timeout"}});
        logs(start, &[with(group(GROUP, &["a"]), json!({"windows": [failed]}))])
    };
    vec![
        Case {
            name: "a day later, and no record after that is read",
            later: vec![making("25T00:05", &late_ones()), making("25T00:20", &late_ones())],
            objects: all(),
            missing: &[],
            read: 1,
            counting: &[0],
        },
        Case {
            name: "five days later, one after the other",
            later: vec![
                snapshot("25T00:05", &[PATTERN]),
                logs("28T00:05", &[]).failed("UnauthorizedOperation"),
                making("28T00:20", &late_ones()[1..]),
                making("28T00:35", &late_ones()[..1]),
                making("28T00:50", &[]),
            ],
            objects: all(),
            missing: &[],
            read: 4,
            counting: &[2, 3],
        },
        Case {
            name: "one is never made",
            later: vec![making("25T00:05", &late_ones()[1..]), failing("25T00:20"), failing("28T00:05")],
            objects: [first_readings(), late_ones()[1..].to_vec()].concat(),
            missing: &["late 23T10:00 to 23T11:00: 2 × failed, Timeout"],
            read: 3,
            counting: &[0],
        },
        Case {
            name: "one is lost, as a run states",
            later: vec![
                making("25T00:05", &late_ones()[1..]),
                settling("30T15:00", "23T11:00"),
                settling("30T15:15", "23T11:00"),
            ],
            objects: [first_readings(), late_ones()[1..].to_vec()].concat(),
            missing: &["late 23T10:00 to 23T11:00: not tried, lost"],
            read: 2,
            counting: &[0],
        },
        Case {
            name: "nothing states that the second reading of an hour is lost whose first windows are",
            later: vec![settling("25T00:05", "23T10:45"), making("28T00:05", &late_ones())],
            objects: all(),
            missing: &[],
            read: 2,
            counting: &[1],
        },
        Case {
            name: "the log group had dropped it after an outage",
            later: vec![settling("30T15:00", "23T15:00")],
            objects: first_readings(),
            missing: &[
                "late 23T10:00 to 23T12:00: no longer retained by the log group at the first run after it was due, lost",
            ],
            read: 1,
            counting: &[],
        },
        Case {
            name: "objects that are removed",
            later: vec![making("28T00:05", &late_ones())],
            objects: first_readings()[1..].to_vec(),
            missing: &[
                "23T10:00 to 23T10:15: its object is on record, and is not in the lake",
                "late 23T11:00 to 23T12:00: its object is on record, and is not in the lake",
            ],
            read: 1,
            counting: &[0],
        },
        Case {
            name: "an object that no run made",
            later: vec![making("25T00:05", &late_ones()[..1])],
            objects: all(),
            missing: &["late 23T11:00 to 23T12:00: what lies at its key is in no record"],
            read: 1,
            counting: &[0],
        },
        Case {
            name: "the settings did not allow it when it was due",
            later: vec![snapshot("24T11:45", &[]), snapshot("28T00:05", &[PATTERN])],
            objects: first_readings(),
            missing: &[
                "late 23T10:00 to 23T11:00: no run of connection logs read the log group after it was due",
                "late 23T11:00 to 23T12:00: no run of connection logs read the log group after it was due, not allowed",
            ],
            read: 2,
            counting: &[],
        },
        Case {
            name: "records of other log groups, endpoints and times",
            later: vec![
                logs("25T00:05", &[group(OTHER, &["b"])]),
                logs("25T00:20", &[]),
                making("25T00:35", &first(GROUP, "24T00:00", "24T01:00")),
                making("25T00:50", &late_ones()),
            ],
            objects: all(),
            missing: &[],
            read: 4,
            counting: &[3],
        },
    ]
}

#[test]
fn records_of_later_days_are_read_until_no_reading_is_open() {
    let mut wrong = Vec::new();
    for Case { name, later, objects, missing: expected, read, counting } in cases() {
        let window = RequestedTimes { from: Some(at("23T10:00")), to: at("23T12:00"), now: at("30T16:00") };
        let mut ledger = ledger(&of_the_time());
        let mut open = ledger.open_readings(&place(), window);
        let mut records = later.iter().enumerate();
        let mut found = (0, Vec::new());
        while !open.is_empty()
            && let Some((number, run)) = records.next()
        {
            found.0 += 1;
            found.1.extend(ledger.note_later(run.record(), &mut open).then_some(number));
        }
        let coverage = ledger.assess(&place(), window, &in_lake(&objects));
        let texts = missing(&coverage[0]);
        let places = (coverage.len(), coverage[0].from, coverage[0].to);
        if places != (1, at("23T10:00"), at("23T12:00"))
            || texts != expected
            || found != (read, counting.to_vec())
        {
            wrong.push(format!("{name}: {places:?} {found:?} {texts:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_open_that_is_in_the_lake_or_can_still_be_made_in_time() {
    let is_open = |runs: &[Run], now: &str| {
        let window = RequestedTimes { from: None, to: at("23T11:00"), now: at(now) };
        !ledger(runs).open_readings(&place(), window).is_empty()
    };
    let of_first = || vec![making("23T10:05", &first(GROUP, "23T10:00", "23T11:00"))];
    assert!(!is_open(&of_first(), "24T12:29") && is_open(&of_first(), "24T12:30"));
    let of_both = [of_first(), vec![making("24T11:35", &[late("23T10:00")])]].concat_runs();
    assert!(!is_open(&of_both, "30T00:00"));
    let kept_for_a_day = naming(
        &logs("23T10:05", &[with(group(GROUP, &["a"]), json!({"retention_days": 1}))]),
        &first(GROUP, "23T10:00", "23T11:00"),
    );
    assert!(!is_open(&[kept_for_a_day], "30T00:00"), "it has no second reading");
    assert!(!is_open(&[snapshot("23T10:05", &[PATTERN])], "30T00:00"), "no endpoint logs");
}
