use serde_json::json;

use super::*;

const ENDPOINT: &str = "cvpn-endpoint-0123456789abcdef0";

fn now() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

fn parse(payload: Value) -> Result<Invocation, InvalidInputs> {
    super::parse(&payload, now())
}

fn snapshot_of(payload: Value) -> SnapshotRequest {
    match parse(payload) {
        Ok(Invocation::Snapshot(request)) => request,
        other => panic!("no snapshot but {other:?}"),
    }
}

fn faults_of(payload: Value) -> String {
    parse(payload).unwrap_err().quoting_values().to_string()
}

/// Returns a sample of `events/` with its placeholder filled in.
fn sample(text: &str, time: &str) -> Value {
    serde_json::from_str(&text.replace("<TIME>", time)).unwrap()
}

#[test]
fn eventbridge_gives_the_schedules_time() {
    let payload = include_str!("../../../events/scheduled-event.json");
    let request = snapshot_of(sample(payload, "2026-11-23T09:45:00Z"));
    assert_eq!(request.trigger, Trigger::ScheduledEvent);
    assert_eq!(request.snapshot_time.unwrap().to_string(), "2026-11-23T09:45:00Z");
    assert_eq!(request.targets, None);
}

#[test]
fn by_hand_everything_can_be_said() {
    let token = ResumeToken {
        endpoint_id: crate::target::EndpointId::parse(ENDPOINT).unwrap(),
        next_token: Some("t".into()),
        skip: 2,
        page_size: PageSize::new(7).unwrap(),
    };
    let request = snapshot_of(json!({
        "action": "snapshot", "time": "2026-11-23T09:45:00Z", "targets": [ENDPOINT],
        "filters": {"username": ["maria"], "connection-id": ["a", "b"]},
        "page_size": 7, "max_items": 3, "starting_token": token.to_string(),
    }));
    assert_eq!(request.trigger, Trigger::Action);
    assert_eq!(request.targets.unwrap()[0].to_string(), ENDPOINT);
    assert_eq!(request.filters[1].values, ["a", "b"]);
    assert_eq!((request.page_size, request.max_items), (PageSize::new(7), Some(3)));
    assert_eq!(request.starting_token, Some(token));
}

#[test]
fn null_says_as_much_as_nothing() {
    let request =
        snapshot_of(json!({"action": "snapshot", "time": null, "filters": null, "page_size": null}));
    assert_eq!(request.snapshot_time, None);
    assert!(request.filters.is_empty());
}

#[test]
fn what_is_not_an_invocation_is_refused() {
    for (payload, part) in [
        (json!({}), "event: is empty"),
        (json!(null), "event: is no JSON object"),
        (json!([1]), "event: is no JSON object"),
        (json!("snapshot"), "event: is no JSON object"),
        (json!({"time": "2025-11-24T09:00:00Z"}), "action: is missing"),
        (
            json!({"action": "delete"}),
            "action: found `delete`, allowed: `snapshot`, `preflight`, `plan`, `logs`, `seal`",
        ),
        (json!({"action": 1}), "action: is no text"),
        (json!({"action": "preflight", "targets": []}), "field: found `targets`"),
        (
            json!({"action": "seal", "time": "2026-11-23T09:00:00Z"}),
            "field: found `time`, allowed: action, hour",
        ),
        (json!({"action": "seal", "hour": 9}), "hour: found `9`, allowed: a closed hour"),
        (json!({"action": "seal", "hour": "2999-01-01T00"}), "is the newest that is closed"),
        (
            json!({"detail-type": "EC2 Instance State-change Notification", "time": "2025-11-24T09:00:00Z"}),
            "detail-type: found",
        ),
        (json!({"detail-type": "Scheduled Event"}), "time: is missing"),
        (
            json!({"detail-type": "Scheduled Event", "action": "preflight"}),
            "action: stands beside detail-type",
        ),
    ] {
        let faults = faults_of(payload.clone());
        assert!(faults.contains(part), "{payload}: {faults}");
    }
}

#[test]
fn every_fault_is_in_one_answer() {
    let faults = faults_of(json!({
        "action": "snapshot", "time": "noon", "targets": ["**", "vpc-1", 5], "page_size": 4, "max_items": 0,
        "starting_token": "x", "filters": {"status": ["active"], "username": [], "connection-id": [1]}, "page-size": 5,
    }));
    for part in [
        "field: found `page-size`, allowed: action, time, targets",
        "time: found `noon`",
        "targets: found `**`",
        "targets: found `vpc-1`",
        "targets: found `5`",
        "filters: found `status`, allowed: connection-id, username",
        "filters.username: must be a list",
        "filters.connection-id: must be a list",
        "page_size: found `4`, allowed: a whole number from 5 to 1000",
        "max_items: found `0`",
        "starting_token: found a text of 1 character, allowed: a resume_token",
    ] {
        assert!(faults.contains(part), "{part} is not in {faults}");
    }
}

#[test]
fn a_value_of_another_type_is_refused() {
    for (field, value) in [
        ("time", json!(1_763_974_800)),
        ("targets", json!(ENDPOINT)),
        ("filters", json!(["username"])),
        ("page_size", json!("5")),
        ("page_size", json!(5.5)),
        ("page_size", json!(-5)),
        ("max_items", json!("1")),
        ("max_items", json!(true)),
        ("starting_token", json!({})),
    ] {
        let faults = faults_of(json!({"action": "snapshot", field: value}));
        assert!(faults.starts_with(field), "{field}: {faults}");
    }
}

/// Returns one payload of each kind that has a time.
fn with_time(time: &str) -> [Value; 3] {
    [
        json!({"action": "snapshot", "time": time}),
        json!({"action": "plan", "time": time}),
        json!({"detail-type": "Scheduled Event", "time": time}),
    ]
}

#[test]
fn a_time_may_lie_sixty_minutes_back_and_sixty_seconds_ahead() {
    for time in
        ["2026-11-23T09:00:00Z", "2026-11-23T09:00:01Z", "2026-11-23T10:00:00Z", "2026-11-23T11:01:00+01:00"]
    {
        for payload in with_time(time) {
            assert!(parse(payload.clone()).is_ok(), "{payload}");
        }
    }
}

#[test]
fn what_is_captured_now_is_no_evidence_of_another_time() {
    for (time, reason) in [
        ("2026-11-23T08:59:59Z", "lies 3601 seconds in the past"),
        ("2026-11-23T10:59:59+02:00", "lies 3601 seconds in the past"),
        ("2025-11-23T10:00:00Z", "lies 31536000 seconds in the past"),
        ("2019-03-01T01:23:45Z", "seconds in the past"),
        ("1970-01-01T00:00:00Z", "lies before 2018-12-01, where the lake's tables begin"),
        ("2026-11-23T10:01:01Z", "lies in the future, for it is 2026-11-23T10:00:00Z now"),
        ("2126-11-23T10:00:00Z", "lies in the future"),
    ] {
        for payload in with_time(time) {
            let faults = faults_of(payload.clone());
            for part in [
                "time: found",
                "at most 60 minutes in the past and 60 seconds ahead",
                reason,
                "take a snapshot without `time`; the hole stays",
            ] {
                assert!(faults.contains(part), "{payload}: {part} is not in {faults}");
            }
        }
    }
}

/// A clock between two seconds, and the bounds beside them.
#[test]
fn the_bounds_are_to_the_millisecond() {
    let now: Timestamp = "2026-11-23T10:00:00.001Z".parse().unwrap();
    for (time, fits) in [
        ("2026-11-23T09:00:00Z", false),
        ("2026-11-23T09:00:01Z", true),
        ("2026-11-23T10:01:00Z", true),
        ("2026-11-23T10:01:01Z", false),
    ] {
        for payload in with_time(time) {
            assert_eq!(super::parse(&payload, now).is_ok(), fits, "{payload}");
        }
    }
}

/// Amazon EventBridge User Guide, "Event structure reference".
#[test]
fn awss_own_sample_event_is_refused() {
    let faults = faults_of(json!({
        "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event",
        "source": "aws.events", "account": "123456789012", "time": "2019-03-01T01:23:45Z", "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:123456789012:rule/MyScheduledRule"], "detail": {},
    }));
    assert!(faults.starts_with("time: found `2019-03-01T01:23:45Z`"), "{faults}");
}

#[test]
fn no_value_of_an_event_is_in_a_fault() {
    const MARIA: &str = "Maria Lopez <maria.lopez@corp.example>";
    for payload in [
        json!({"action": MARIA}),
        json!({"action": "snapshot", MARIA: 1}),
        json!({"action": "preflight", MARIA: 1}),
        json!({"action": "snapshot", "time": MARIA}),
        json!({"action": "snapshot", "time": {"of": MARIA}}),
        json!({"action": "snapshot", "targets": MARIA}),
        json!({"action": "snapshot", "targets": [MARIA, {"of": MARIA}]}),
        json!({"action": "snapshot", "targets": [format!("arn:aws:ec2:eu-central-1:{MARIA}:client-vpn-endpoint/*")]}),
        json!({"action": "snapshot", "filters": MARIA}),
        json!({"action": "snapshot", "filters": {MARIA: [MARIA]}}),
        json!({"action": "snapshot", "filters": {"maria-lopez": ["x"]}}),
        json!({"action": "snapshot", "filters": {"marialopez": ["x"]}}),
        json!({"action": "snapshot", "filters": {"username": MARIA}}),
        json!({"action": "snapshot", "filters": {"username": [MARIA, 5]}}),
        json!({"action": "snapshot", "page_size": MARIA}),
        json!({"action": "snapshot", "max_items": [MARIA]}),
        json!({"action": "snapshot", "starting_token": MARIA}),
        json!({"action": "plan", "time": MARIA}),
        json!({"action": "seal", "hour": MARIA}),
        json!({"detail-type": MARIA, "time": MARIA}),
        json!({"detail-type": "Scheduled Event", "time": MARIA}),
        json!(MARIA),
        json!([MARIA]),
    ] {
        let faults = parse(payload.clone()).unwrap_err();
        for text in [faults.to_string(), format!("{faults:?}")] {
            let text = text.to_lowercase();
            assert!(!text.contains("maria") && !text.contains("lopez"), "{payload}: {text}");
        }
    }
}

#[test]
fn no_value_of_a_filter_and_no_token_is_quoted() {
    let payload = json!({"action": "snapshot", "filters": {"username": "maria.lopez"}, "starting_token": "maria.lopez"});
    let faults = faults_of(payload);
    assert!(!faults.contains("maria"), "{faults}");
    let request = snapshot_of(json!({"action": "snapshot", "filters": {"username": ["maria.lopez"]}}));
    assert!(!format!("{request:?}").contains("maria"), "nor printed for debugging");
}

#[test]
fn a_resumed_listing_keeps_its_page_size() {
    let token = ResumeToken {
        endpoint_id: crate::target::EndpointId::parse(ENDPOINT).unwrap(),
        next_token: None,
        skip: 2,
        page_size: PageSize::new(7).unwrap(),
    };
    let faults =
        faults_of(json!({"action": "snapshot", "starting_token": token.to_string(), "page_size": 5}));
    assert!(faults.contains("page_size: found `5`, allowed: 7"), "{faults}");
}

#[test]
fn an_hour_may_be_named_once_it_is_closed() {
    let hour = Hour::newest_closed(now());
    for (payload, expected) in [
        (json!({"action": "seal"}), None),
        (json!({"action": "seal", "hour": null}), None),
        (json!({"action": "seal", "hour": hour.to_string()}), Some(hour)),
    ] {
        assert_eq!(parse(payload), Ok(Invocation::Seal { hour: expected }));
    }
    assert!(parse(json!({"action": "seal", "hour": hour.next().to_string()})).is_err());
}

#[test]
fn every_sample_event_is_an_invocation() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/events");
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(parse(sample(&text, "2026-11-23T09:45:00Z")).is_ok(), "{}", path.display());
        // A sample sent with its placeholder is refused, so it is no evidence of a past time.
        assert_eq!(parse(sample(&text, "<TIME>")).is_ok(), !text.contains("<TIME>"), "{}", path.display());
        assert!(text.contains("<TIME>") || !text.contains("\"time\""), "{}", path.display());
        count += 1;
    }
    assert_eq!(count, 8);
}
