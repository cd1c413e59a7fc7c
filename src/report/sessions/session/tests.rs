//! Sessions of a few rows and captures. Times are minutes.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::columns::TEXT_COLUMNS;
use super::super::sights::Sight;
use super::*;
use crate::lake::ledger::recorded::Captured;
use crate::proof::coverage::record::{EndpointRecord, PlaceRecord, RecordedListing};

const ENDPOINT: &str = "cvpn-endpoint-0123456789abcdef0";

/// 2026-11-01.
const START: Millis = 1_793_491_200_000;

fn at(minute: i64) -> Millis {
    START + minute * 60_000
}

fn minute(time: Timestamp) -> i64 {
    (time.as_millisecond() - START) / 60_000
}

/// A row that is active, and began at a minute.
fn active(seen: i64, begins: Option<i64>) -> Sight<'static> {
    Sight {
        snapshot_time: at(seen),
        captured_at: at(seen),
        is_complete: true,
        status_code: Some("active"),
        connection_established_time: begins.map(at),
        ..Sight::default()
    }
}

/// A row that is terminated, with the end that AWS gives.
fn ended(seen: i64, begins: Option<i64>, ends: Option<i64>) -> Sight<'static> {
    Sight { status_code: Some("terminated"), connection_end_time: ends.map(at), ..active(seen, begins) }
}

/// Captures of an endpoint that took no time, after a listing without it.
fn watch(captures: &[i64], now: i64) -> Watch {
    let captured = |minute: &i64| Captured { begins: timestamp(at(*minute)), ends: timestamp(at(*minute)) };
    let endpoint = EndpointRecord {
        beginning: timestamp(at(-10)),
        gone: None,
        first_attempt: captures.first().map(|first| timestamp(at(*first))),
        captures: captures.iter().map(captured).collect(),
        written: BTreeSet::new(),
    };
    let listing = RecordedListing { captured: captured(&-10), endpoints: Arc::new(BTreeSet::new()) };
    let mut record = PlaceRecord { listings: vec![listing], ..PlaceRecord::default() };
    record.endpoints.insert(ENDPOINT.to_owned(), endpoint);
    Watch::new(ENDPOINT, &record, timestamp(at(now)))
}

fn of(rows: &[Sight<'_>], watch: &Watch) -> Session {
    let place = AccountRegion::parse("account_id=111122223333", "region=eu-central-1").unwrap();
    let mut sights = Sights::new();
    rows.iter().for_each(|row| sights.add(row));
    session(&place, ENDPOINT, "cvpn-connection-1", &sights, watch)
}

/// A case: its name, the rows, the minutes of captures, and the expected end, its bounds and if it is covered.
type Case<'a> = (&'a str, Vec<Sight<'a>>, &'a [i64], Option<bool>, [Option<i64>; 2], bool);

#[test]
fn the_end_is_what_aws_gave_or_what_later_captures_bound() {
    let hourly = &[0, 15, 30, 45, 60][..];
    let cases: [Case<'_>; 8] = [
        (
            "an end that AWS gave",
            vec![active(15, Some(5)), ended(30, Some(5), Some(20))],
            hourly,
            Some(true),
            [Some(20), Some(20)],
            true,
        ),
        (
            "terminated without a time",
            vec![active(15, Some(5)), ended(30, Some(5), None)],
            hourly,
            Some(false),
            [Some(15), Some(30)],
            true,
        ),
        ("missed by a capture", vec![active(15, Some(5))], hourly, Some(false), [Some(15), Some(30)], false),
        ("active in the newest capture", vec![active(60, Some(50))], hourly, None, [Some(60), None], true),
        (
            "an end that AWS contradicts later",
            vec![ended(15, Some(5), Some(12)), active(60, Some(5))],
            hourly,
            None,
            [Some(60), None],
            true,
        ),
        (
            "an end before its beginning, which counts for nothing",
            vec![active(15, Some(5)), ended(30, Some(5), Some(-20))],
            hourly,
            Some(false),
            [Some(15), Some(30)],
            true,
        ),
        (
            "a hole while it was there",
            vec![active(15, Some(5)), ended(90, Some(5), Some(80))],
            &[0, 15, 90, 105],
            Some(true),
            [Some(80), Some(80)],
            false,
        ),
        (
            "begun before everything",
            vec![active(15, Some(-30)), ended(30, Some(-30), Some(20))],
            hourly,
            Some(true),
            [Some(20), Some(20)],
            false,
        ),
    ];
    for (name, rows, captures, end_seen, bounds, covered) in cases {
        let session = of(&rows, &watch(captures, 70));
        assert_eq!(session.end_seen, end_seen, "{name}");
        assert_eq!(
            [session.ended_after, session.ended_before].map(|time| time.map(minute)),
            bounds,
            "{name}"
        );
        assert_eq!(session.covered, covered, "{name}");
    }
}

#[test]
fn a_beginning_that_aws_did_not_give_lies_after_the_capture_before() {
    let session = of(&[active(30, None)], &watch(&[0, 15, 30], 40));
    assert!(!session.begin_seen && session.covered);
    assert_eq!(session.began_after.map(minute), Some(15));
    assert_eq!(minute(session.connection_established_time), 30);
    // Nothing is known of the time before the first capture but a listing without the endpoint.
    let first = of(&[active(0, None)], &watch(&[0, 15], 20));
    assert_eq!((first.began_after, first.watched), (None, true));
}

#[test]
fn of_two_rows_of_one_moment_the_greater_value_counts_and_of_others_the_later() {
    let named = |seen, name| Sight {
        texts: std::array::from_fn(|place| (TEXT_COLUMNS[place] == "username").then_some(name)),
        ..active(seen, Some(5))
    };
    for (rows, expected) in [
        ([named(15, "b"), named(15, "a")], "b"),
        ([named(15, "a"), named(15, "b")], "b"),
        ([named(30, "a"), named(15, "b")], "a"),
        ([named(15, "b"), named(30, "a")], "a"),
    ] {
        assert_eq!(of(&rows, &watch(&[0, 15, 30], 40)).username.as_deref(), Some(expected));
    }
}

#[test]
fn people_are_grouped_without_their_domain_and_in_lower_case() {
    for (identity, key) in [
        ("CORP\\Maria", "maria"),
        ("A\\B\\C", "b\\c"),
        ("maria\\", "maria\\"),
        ("İSTANBUL", "istanbul"),
        ("", ""),
    ] {
        assert_eq!(identity_key(identity), key, "{identity}");
    }
}
