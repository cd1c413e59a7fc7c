use serde_json::json;

use super::*;

const ENDPOINT: &str = "cvpn-endpoint-0123456789abcdef0";

fn now() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

fn parse(payload: Value) -> Result<Invocation, Faults> {
    Invocation::parse(&payload, now())
}

fn snapshot_of(payload: Value) -> SnapshotRequest {
    match parse(payload) {
        Ok(Invocation::Snapshot(request)) => request,
        other => panic!("no snapshot but {other:?}"),
    }
}

fn faults_of(payload: Value) -> String {
    parse(payload).unwrap_err().to_string()
}

#[test]
fn eventbridge_gives_the_schedules_time() {
    let payload = include_str!("../../events/scheduled-event.json");
    let request = snapshot_of(serde_json::from_str(payload).unwrap());
    assert_eq!(request.trigger, Trigger::ScheduledEvent);
    assert_eq!(request.snapshot_time.unwrap().to_string(), "2025-11-24T09:00:00Z");
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
        "action": "snapshot", "time": "2025-11-24T09:00:00Z", "targets": [ENDPOINT],
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
            "action: found `delete`, allowed: `snapshot`, `preflight`, `plan`, `seal`",
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
        "starting_token: found `x`",
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

#[test]
fn a_time_in_the_future_is_refused_but_clocks_may_differ() {
    let faults = faults_of(json!({"action": "snapshot", "time": "2026-11-23T10:01:01Z"}));
    assert!(faults.contains("not in the future"), "{faults}");
    snapshot_of(json!({"action": "snapshot", "time": "2026-11-23T10:00:59Z"}));
}

#[test]
fn no_value_of_a_filter_is_quoted() {
    let faults = faults_of(json!({"action": "snapshot", "filters": {"username": "maria.lopez"}}));
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
        let payload: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert!(parse(payload).is_ok(), "{}", path.display());
        count += 1;
    }
    assert_eq!(count, 7);
}
