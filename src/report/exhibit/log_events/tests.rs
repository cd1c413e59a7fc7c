use std::sync::Arc;

use arrow_array::ArrayRef;

use super::*;

const FROM: &str = "2026-11-01T03:00:00Z";
const TO: &str = "2026-11-01T06:00:00Z";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An event of the connection "x": type, status, time of the event, and beginning and end of the connection.
type Event<'a> = (&'a str, Option<&'a str>, &'a str, Option<&'a str>, Option<&'a str>);

/// Returns the events that are known after those of a window.
fn after(window: &str, events: &[Event<'_>]) -> LogEvents {
    let texts = |of: &dyn Fn(&Event<'_>) -> Option<String>| -> ArrayRef {
        Arc::new(events.iter().map(of).collect::<StringArray>())
    };
    let times = |of: &dyn Fn(&Event<'_>) -> Option<String>| -> ArrayRef {
        let millis = |event| of(event).map(|text| time(&text).as_millisecond());
        Arc::new(events.iter().map(millis).collect::<TimestampMillisecondArray>())
    };
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let batch = RecordBatch::try_from_iter([
        ("event_id", texts(&|event| Some(event.2.to_owned()))),
        ("connection_log_type", texts(&|event| Some(event.0.to_owned()))),
        ("connection_attempt_status", texts(&|event| owned(event.1))),
        ("endpoint_id", texts(&|_| Some("one".to_owned()))),
        ("connection_id", texts(&|_| Some("x".to_owned()))),
        ("event_time", times(&|event| Some(event.2.to_owned()))),
        ("connection_start_time", times(&|event| owned(event.3))),
        ("connection_end_time", times(&|event| owned(event.4))),
    ]);
    let mut known = LogEvents::default();
    let reading = Reading::starting(time(window), false);
    known.add(&batch.unwrap(), Some(reading), time(FROM), time(TO)).unwrap();
    known
}

#[test]
fn each_event_is_an_attempt_an_end_or_left_out() {
    let (window, in_it) = ("2026-11-01T04:15:00Z", "2026-11-01T04:20:00Z");
    let attempt = |status, at| (ATTEMPT, Some(status), at, None, None);
    let end = |from, to| (RESET, None, in_it, from, to);
    // Began, ended, refused, left out.
    for (case, event, expected) in [
        ("an attempt", attempt("successful", in_it), (1, 0, 0, 0)),
        ("one that failed", attempt("failed", in_it), (0, 0, 1, 0)),
        ("one that waits", attempt("waiting-for-assertion", in_it), (0, 0, 0, 0)),
        ("a word of another form", attempt("Successful", in_it), (0, 0, 0, 1)),
        ("no status", (ATTEMPT, None, in_it, None, None), (0, 0, 0, 1)),
        ("another type", ("connection-renewed", None, in_it, None, None), (0, 0, 0, 1)),
        ("of another window", attempt("successful", "2026-11-01T04:30:00Z"), (0, 0, 0, 1)),
        ("dated back, before the period", attempt("successful", "2026-11-01T02:59:59Z"), (0, 0, 0, 1)),
        ("an end", end(Some("2026-11-01T03:30:00Z"), Some(in_it)), (0, 1, 0, 0)),
        ("begun before", end(Some("2026-11-01T02:00:00Z"), Some(in_it)), (0, 1, 0, 0)),
        ("ended after", end(Some("2026-11-01T05:00:00Z"), Some("2026-11-01T07:00:00Z")), (0, 1, 0, 0)),
        ("begun after", end(Some(TO), Some("2026-11-01T07:00:00Z")), (0, 0, 0, 0)),
        ("ended before", end(Some("2026-11-01T01:00:00Z"), Some(FROM)), (0, 0, 0, 0)),
        ("a sign-in", end(None, None), (0, 0, 0, 0)),
        ("an end without a beginning", end(None, Some(in_it)), (0, 0, 0, 1)),
        ("an end before the beginning", end(Some("2026-11-01T05:00:00Z"), Some(in_it)), (0, 0, 0, 0)),
    ] {
        let known = after(window, &[event]);
        let found = (known.began.len(), known.ended.len(), known.refused.len(), known.left_out);
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn one_id_of_two_events_hides_neither() {
    let (window, at) = ("2026-11-01T04:15:00Z", "2026-11-01T04:20:00Z");
    let attempt = |status| (ATTEMPT, Some(status), at, None, None);
    for (case, events, left_out) in [
        ("the same twice", [attempt("failed"), attempt("failed")], 0),
        ("another status", [attempt("failed"), attempt("successful")], 1),
    ] {
        assert_eq!(after(window, &events).left_out, left_out, "{case}");
    }
}

#[test]
fn around_an_object_that_could_not_be_read_nothing_is_said_to_be_absent() {
    let key = "connection_logs/account_id=111122223333/region=eu-central-1/snapshot_date=2026-11-01/20261101T050000Z_0123456789ab.parquet";
    let unreadable = vec![Unreadable { object_key: key.to_owned(), problem: "no Parquet".to_owned() }];
    let known = LogEvents { unreadable, ..LogEvents::default() };
    let later = time("2026-11-03T00:00:00Z");
    for (at, expected) in [
        ("2026-11-01T04:09:59Z", true),
        ("2026-11-01T04:10:00Z", false),
        ("2026-11-01T04:34:59Z", false),
        ("2026-11-01T04:35:01Z", true),
    ] {
        assert_eq!(known.has_read_all_around(time(at), later), expected, "{at}");
    }
    let known = LogEvents::default();
    for (now, expected) in [("2026-11-02T05:29:59Z", false), ("2026-11-02T05:30:00Z", true)] {
        assert_eq!(known.has_read_all_around(time("2026-11-01T04:20:00Z"), time(now)), expected, "{now}");
    }
}
