//! The connection logs: each event of a log group is in the lake once, whatever CloudWatch Logs does, and no connection is missed
//! for it.

mod coverage;
mod delayed;
mod groups;
mod lost;
mod sealed;
mod typed;

use std::collections::BTreeMap;
use std::fs::File;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMillisecondType;
use client_vpn_audit::capture::run::Report;
use client_vpn_audit::invocation::answer::Answer;
use client_vpn_audit::lake::ledger::{LogGroupEntry, Outcome, WindowEntry};
use client_vpn_sim::{Config, Fault, FaultKind, FaultyAction, LateEvents, LogGroup, TimeSource};
use jiff::{SignedDuration, Timestamp};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::harness::{World, command_line, fleet, handle, now};

pub const ACCOUNT: &str = "123456789012";
pub const REGION: &str = "us-east-1";
pub const GROUP: &str = "client-vpn";
pub const PATTERN: &str = "arn:aws:logs:*:*:log-group:client-vpn*";
pub const QUARTER: SignedDuration = SignedDuration::from_mins(15);

/// The beginning of the record: the hour that lies a day before the newest window.
fn begin() -> Timestamp {
    now() - SignedDuration::from_hours(25)
}

/// A Region whose quota lets the first reading end in seconds.
pub fn config(endpoints: usize) -> Config {
    Config { region: REGION.to_owned(), ..fleet(endpoints, 20) }
}

pub fn move_to(world: &World, time: Timestamp) {
    world.simulator.set_time(time);
    world.clock.set(time);
}

pub async fn read(world: &World, own: &[(&str, &str)]) -> Report {
    let own = [&[("AUDIT_CONNECTION_LOG_GROUPS", PATTERN)], own].concat();
    match handle(&world.auditor(&own), &json!({"action": "logs"}), "logs-1", None).await.unwrap() {
        Answer::Logs(report) => *report,
        other => panic!("no report but {other:?}"),
    }
}

/// The only log group of a report.
fn group(report: &Report) -> &LogGroupEntry {
    let logs = report.record.places[0].logs.as_ref().unwrap();
    assert_eq!((&logs.error, logs.groups.len()), (&None, 1));
    &logs.groups[0]
}

pub fn codes(report: &Report) -> Vec<&str> {
    report.record.places[0].logs_errors().map(|error| error.code.as_str()).collect()
}

fn of(entry: &WindowEntry) -> (Outcome, String) {
    (entry.outcome, entry.start.to_string())
}

/// The ids and times of the events in the lake, by object.
fn objects(world: &World) -> BTreeMap<String, Vec<(String, Timestamp)>> {
    let events = |key: String| (key.clone(), object_events(world, &key));
    object_keys(&world.files()).map(events).collect()
}

/// The keys of objects among these files. A process that was killed may leave a temporary file.
pub fn object_keys(files: &[String]) -> impl Iterator<Item = String> {
    let is_object = |file: &&String| file.starts_with("connection_logs/") && file.ends_with(".parquet");
    files.iter().filter(is_object).cloned()
}

/// The ids and times of the events in an object.
pub fn object_events(world: &World, key: &str) -> Vec<(String, Timestamp)> {
    let object = File::open(world.lake().join(key)).unwrap();
    let batches = ParquetRecordBatchReaderBuilder::try_new(object).unwrap().build().unwrap();
    let mut rows = Vec::new();
    for batch in batches.map(Result::unwrap) {
        let ids = batch.column_by_name("event_id").unwrap().as_string::<i32>();
        let times = batch.column_by_name("event_time").unwrap().as_primitive::<TimestampMillisecondType>();
        rows.extend(
            ids.iter().zip(times.iter()).map(|(id, time)| {
                (id.unwrap().to_owned(), Timestamp::from_millisecond(time.unwrap()).unwrap())
            }),
        );
    }
    rows
}

/// The number of objects of first readings.
fn first_objects(world: &World) -> usize {
    let is_first = |file: &&String| file.starts_with("connection_logs/") && !file.ends_with("_late.parquet");
    world.files().iter().filter(is_first).count()
}

/// The ids of the events in the lake, in order.
fn ids(world: &World) -> Vec<String> {
    let mut ids: Vec<String> = objects(world).into_values().flatten().map(|(id, _)| id).collect();
    ids.sort();
    ids
}

/// The ids of the events that were logged from `from` until `to`, in order.
pub fn logged(world: &World, from: Timestamp, to: Timestamp) -> Vec<String> {
    let to = to - SignedDuration::from_millis(1);
    let events = world.simulator.logged(ACCOUNT, REGION, GROUP, from, to);
    let mut ids: Vec<String> = events.into_iter().map(|event| event.event_id).collect();
    ids.sort();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_is_in_one_window_and_a_missed_window_is_read_later() {
    let world = World::new(config(2)).await;
    let first = read(&world, &[]).await;
    let begin = begin();
    let entry = group(&first);
    assert_eq!((entry.windows.len(), entry.not_tried, &entry.error), (98, 0, &None));
    assert_eq!(of(&entry.windows[0]), (Outcome::Complete, "2025-11-23T08:15:00Z".to_owned()), "newest first");
    assert_eq!(entry.endpoint_ids.len(), 2);
    assert_eq!(entry.since.unwrap().timestamp(), begin);
    let expected = logged(&world, begin, now() - QUARTER * 2);
    assert!(!expected.is_empty() && ids(&world) == expected);
    for (key, events) in objects(&world) {
        let due: Timestamp = key.rsplit('/').next().unwrap()[..16].parse().unwrap();
        let window = due - QUARTER * 3..due - QUARTER * 2;
        assert!(events.iter().all(|(_, time)| window.contains(time)), "{key}");
    }
    let rows: u64 = entry.windows.iter().map(|window| window.object.as_ref().unwrap().rows).sum();
    assert_eq!(rows, expected.len() as u64);

    // The same again changes nothing but the ledger.
    let again = read(&world, &[]).await;
    let window = &group(&again).windows;
    assert_eq!(
        window.iter().map(of).collect::<Vec<_>>(),
        [(Outcome::AlreadyCaptured, "2025-11-23T08:15:00Z".to_owned())]
    );
    assert_eq!(window[0].object, entry.windows[0].object);

    // An outage of an hour: the newest window first, then those that were missed.
    move_to(&world, now() + QUARTER * 4);
    let later = read(&world, &[]).await;
    let readings: Vec<(String, bool)> =
        group(&later).windows.iter().map(|window| (window.start.to_string(), window.late)).collect();
    let expected = [
        ("2025-11-23T09:15:00Z", false),
        ("2025-11-23T08:30:00Z", false),
        ("2025-11-23T08:45:00Z", false),
        ("2025-11-23T09:00:00Z", false),
        ("2025-11-22T08:00:00Z", true),
    ];
    assert_eq!(readings, expected.map(|(start, late)| (start.to_owned(), late)));
    assert_eq!(ids(&world), logged(&world, begin, now() + QUARTER * 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_late_is_in_the_second_reading_of_its_hour() {
    let world = World::new(config(1)).await;
    let late = LateEvents { one_in: 3, up_to: SignedDuration::from_hours(3) };
    world.simulator.put_log_group(ACCOUNT, REGION, LogGroup { late: Some(late), ..LogGroup::new(GROUP) });
    let begin = begin();
    read(&world, &[]).await;
    let missing = logged(&world, begin, now() - QUARTER * 2).len() - ids(&world).len();
    assert!(missing > 0, "some have not arrived");
    // The first hours of the record were over for more than a day and a half hour.
    move_to(&world, now() + QUARTER * 6);
    let report = read(&world, &[]).await;
    let late: Vec<&WindowEntry> = group(&report).windows.iter().filter(|window| window.late).collect();
    assert_eq!(
        late.iter().map(|window| window.start.to_string()).collect::<Vec<_>>(),
        ["2025-11-22T08:00:00Z", "2025-11-22T09:00:00Z"]
    );
    assert!(late.iter().all(|window| window.outcome == Outcome::Complete));
    let known: u64 = late.iter().map(|window| window.tally.known_events).sum();
    assert!(known > 0, "events of the first objects are not written again");
    let end = begin + SignedDuration::from_hours(2);
    let of_hours: Vec<String> = {
        let all = objects(&world).into_values().flatten();
        let mut ids: Vec<String> =
            all.filter(|(_, time)| (begin..end - QUARTER * 2).contains(time)).map(|(id, _)| id).collect();
        ids.sort();
        ids
    };
    assert_eq!(of_hours, logged(&world, begin, end - QUARTER * 2), "each once");
    let keys: Vec<String> =
        objects(&world).into_keys().filter(|key| key.ends_with("_late.parquet")).collect();
    assert!(keys[0].contains("/snapshot_date=2025-11-23/20251123T093000Z_"), "{keys:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_fails_writes_nothing_and_the_next_run_reads_it() {
    let world = World::new(config(1)).await;
    read(&world, &[]).await;
    let begin = begin();
    let always = |kind| vec![Fault::on(kind, 1)];
    let twice = |kind: FaultKind| vec![Fault::on(kind.clone(), 1), Fault::on(kind, 2)];
    let cases: [(&str, Vec<Fault>, Option<&str>); 12] = [
        ("a reset, retried", always(FaultKind::Reset), None),
        ("an empty page with a token", always(FaultKind::EmptyPage), None),
        ("throttled", twice(FaultKind::Throttle), Some("ThrottlingException")),
        ("refused", twice(FaultKind::Unauthorized), Some("AccessDeniedException")),
        ("not found", always(FaultKind::NotFound), Some("ResourceNotFoundException")),
        ("cut off", twice(FaultKind::MalformedXml), Some("MalformedResponse")),
        ("no list", twice(FaultKind::NoList), Some("MalformedResponse")),
        ("an object in place of the list", twice(FaultKind::ListAsObject), Some("MalformedResponse")),
        ("a list of another name", twice(FaultKind::RenamedList), Some("MalformedResponse")),
        ("an unknown field", always(FaultKind::UnknownField), None),
        ("an internal error", twice(FaultKind::InternalError), Some("ServiceUnavailableException")),
        ("odd values", always(FaultKind::OddValues), None),
    ];
    let mut time = now();
    for (case, faults, code) in cases {
        time += QUARTER;
        move_to(&world, time);
        faults
            .into_iter()
            .for_each(|fault| world.simulator.inject_into(FaultyAction::FilterLogEvents, fault));
        let before = first_objects(&world);
        let report = read(&world, &[]).await;
        world.simulator.clear_faults();
        assert_eq!(codes(&report), code.into_iter().collect::<Vec<_>>(), "{case}");
        let newest = &group(&report).windows[0];
        assert_eq!(newest.outcome == Outcome::Failed, code.is_some(), "{case}");
        assert_eq!(first_objects(&world) == before, code.is_some(), "{case}");
        let again = read(&world, &[]).await;
        assert_eq!(codes(&again), Vec::<&str>::new(), "{case}");
        if case != "odd values" {
            assert_eq!(ids(&world).len(), logged(&world, begin, time - QUARTER * 2).len(), "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_allowed_log_group_nothing_is_asked() {
    for (pattern, requests) in
        [("", 0), ("arn:aws:logs:eu-west-1:*:log-group:*", 0), ("arn:aws:logs:*:*:log-group:other", 1)]
    {
        let world = World::new(config(1)).await;
        let own = [("AUDIT_CONNECTION_LOG_GROUPS", pattern)];
        let answer = handle(&world.auditor(&own), &json!({"action": "logs"}), "logs-1", None).await.unwrap();
        assert!(answer.is_success(), "{pattern}");
        let asked = (world.simulator.requests(), world.simulator.log_requests());
        assert_eq!(asked.1, 0, "{pattern}");
        assert_eq!(
            world.files().iter().filter(|file| file.starts_with("connection_logs/")).count(),
            0,
            "{pattern}"
        );
        assert_eq!(world.files().len(), requests, "{pattern}: a record only where something was looked for");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_and_masked_log_group_keeps_what_others_wrote_within_limits() {
    let world = World::new(config(1)).await;
    let shared = LogGroup {
        foreign_per_hour: 6_000,
        masked_fields: vec!["device-ip".to_owned()],
        is_unmask_refused: true,
        ..LogGroup::new(GROUP)
    };
    world.simulator.put_log_group(ACCOUNT, REGION, shared);
    let report = read(&world, &[]).await;
    let windows = &group(&report).windows;
    assert!(windows.iter().all(|window| window.outcome == Outcome::Complete));
    assert!(windows.iter().all(|window| window.tally.foreign_rows > 0 && window.tally.foreign_left_out > 0));
    let balanced = |window: &WindowEntry| {
        window.tally.events_read == window.object.as_ref().unwrap().rows + window.tally.foreign_left_out
    };
    assert!(windows.iter().all(balanced));
    let masked: Vec<&str> = windows.iter().flat_map(|window| window.tally.masked.iter().copied()).collect();
    assert!(!masked.is_empty() && masked.iter().all(|field| *field == "device-ip"), "{masked:?}");
    move_to(&world, now() + QUARTER);
    let unmasked = read(&world, &[("AUDIT_UNMASK_CONNECTION_LOGS", "true")]).await;
    assert_eq!(codes(&unmasked), ["AccessDeniedException"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_time_is_over_a_window_is_left_to_the_next_run() {
    let world = World::new(config(1)).await;
    world.simulator.inject_into(FaultyAction::FilterLogEvents, Fault::on(FaultKind::Stall, 3));
    let own = [("AUDIT_CONNECTION_LOG_GROUPS", PATTERN)];
    // The clock stands still, so each call may take three quarters of this time.
    let deadline = Some(now() + SignedDuration::from_secs(24));
    let answer = handle(&world.auditor(&own), &json!({"action": "logs"}), "logs-1", deadline).await.unwrap();
    let Answer::Logs(report) = answer else { panic!("no report but {answer:?}") };
    let entry = group(&report);
    let outcomes: Vec<Outcome> = entry.windows.iter().map(|window| window.outcome).collect();
    assert_eq!(outcomes, [Outcome::Complete, Outcome::Complete, Outcome::Failed]);
    assert_eq!((codes(&report), entry.not_tried), (vec!["Deadline"], 95));
    assert_eq!(world.files().iter().filter(|file| file.starts_with("connection_logs/")).count(), 2);
    let next = read(&world, &[]).await;
    assert_eq!(codes(&next), Vec::<&str>::new());
    let begin = begin();
    assert_eq!(ids(&world), logged(&world, begin, now() - QUARTER * 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_group_is_read_to_its_end_after_its_last_endpoint_is_gone() {
    let world = World::new(config(1)).await;
    read(&world, &[]).await;
    let (endpoint, begin) = (world.simulator.endpoint_ids().remove(0), begin());
    let auditor = world.auditor(&[("AUDIT_CONNECTION_LOG_GROUPS", PATTERN)]);
    world.simulator.switch_connection_log(&endpoint);
    let mut readings = Vec::new();
    for hours in [1, 26, 27, 28] {
        move_to(&world, now() + SignedDuration::from_hours(hours));
        let answer = handle(&auditor, &json!({"action": "logs"}), "logs-1", None).await.unwrap();
        let Answer::Logs(report) = answer else { panic!("no report but {answer:?}") };
        assert_eq!(codes(&report), Vec::<&str>::new(), "after {hours} hours");
        let groups = &report.record.places[0].logs.as_ref().unwrap().groups;
        assert!(groups.iter().all(|group| group.endpoint_ids.is_empty()));
        readings.push(groups.iter().map(|group| group.windows.len()).sum::<usize>() > 0);
    }
    // The second readings of hours that were missed follow in the next run.
    assert_eq!(readings, [true, true, true, false]);
    assert_eq!(ids(&world), logged(&world, begin, now() + SignedDuration::from_hours(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_has_what_the_objects_have() {
    let world = World::new(config(1)).await;
    let report = read(&world, &[]).await;
    let record: Value =
        serde_json::from_slice(&std::fs::read(world.lake().join(&report.run_keys[0])).unwrap()).unwrap();
    assert_eq!(record["settings_in_force"]["connection_log_groups"], json!([PATTERN]));
    let logs = &record["places"][0]["logs"]["groups"][0];
    assert_eq!(logs["log_group"], json!(format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}")));
    for window in logs["windows"].as_array().unwrap() {
        let bytes = std::fs::read(world.lake().join(window["object_key"].as_str().unwrap())).unwrap();
        assert_eq!(window["bytes"], json!(bytes.len()));
        assert!(window["first_page_requested_at"].is_string() && window["first_request_id"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_status_of_the_command_shows_a_log_group_that_cannot_be_read() {
    let world = World::new(Config { time: TimeSource::System, ..fleet(1, 5) }).await;
    world.simulator.remove_log_group(ACCOUNT, "eu-central-1", GROUP);
    let (lake, endpoints) = (world.lake().display().to_string(), world.simulator.endpoint_ids());
    let arguments = ["logs", "--account-id", ACCOUNT, "--lake", &lake, "--target", &endpoints[0]];
    for (own, status, text) in [
        (&[][..], 0, "No setting allows a log group"),
        (&["--log-group", PATTERN], 1, "ResourceNotFoundException"),
        (
            &["--log-group", PATTERN, "--json"],
            1,
            "\"log_group\":\"arn:aws:logs:eu-central-1:123456789012:log-group:client-vpn\"",
        ),
        (&["--log-group", "client-vpn"], 2, "--log-group (AUDIT_CONNECTION_LOG_GROUPS)"),
    ] {
        let output = command_line(&world, &[&arguments[..], own].concat());
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(printed.contains(text), "{own:?}: {printed}");
        assert_eq!(output.status.code(), Some(status), "{own:?}: {printed}");
    }
}
