//! Log groups and their settings.

use super::*;
use std::collections::BTreeSet;

#[test]
fn groups_are_described_in_pages_by_name() {
    let names = ["/aws/vpn", "a.b-c_d#e", "client-vpn", "zone"];
    let log_groups = names.iter().rev().map(|name| LogGroup::new(*name)).collect();
    let client = Client::of(Config { log_groups, ..Config::fleet(1, 1, 1) });
    let listed = |query: Value| {
        let answer = client.ask("DescribeLogGroups", &query).unwrap();
        let groups = answer["logGroups"].as_array().unwrap().iter();
        let names: Vec<_> = groups.map(|group| group["logGroupName"].as_str().unwrap().to_owned()).collect();
        (names, answer["nextToken"].as_str().map(str::to_owned))
    };
    assert_eq!(listed(json!({})), (names.map(str::to_owned).to_vec(), None));
    let (first, token) = listed(json!({"limit": 3}));
    let (second, last) = listed(json!({"limit": 3, "nextToken": token}));
    assert_eq!(([first, second].concat(), last), (names.map(str::to_owned).to_vec(), None));
    let arn = "arn:aws:logs:eu-central-1:123456789012:log-group:zone";
    for (query, expected) in [
        (json!({"logGroupNamePrefix": "/aws"}), vec!["/aws/vpn"]),
        (json!({"logGroupNamePattern": "vpn"}), vec!["/aws/vpn", "client-vpn"]),
        (json!({"logGroupIdentifiers": [arn, "client-vpn", "absent"]}), vec!["client-vpn", "zone"]),
        (json!({"logGroupClass": "DELIVERY"}), vec![]),
    ] {
        assert_eq!(listed(query.clone()).0, expected, "{query}");
    }
}

#[test]
fn a_group_is_described_with_its_settings_and_without_what_it_has_not() {
    let key = "arn:aws:kms:eu-central-1:123456789012:key/1";
    let client = Client::with_group(LogGroup {
        retention_days: Some(90),
        kms_key_id: Some(key.to_owned()),
        masked_fields: vec!["device-ip".to_owned()],
        ..LogGroup::new("client-vpn")
    });
    client.state.groups.put(&client.state.home, LogGroup::new("plain"));
    let answer = client.ask("DescribeLogGroups", &json!({})).unwrap();
    let arn = "arn:aws:logs:eu-central-1:123456789012:log-group:client-vpn";
    let expected = json!({
        "logGroupName": "client-vpn", "arn": format!("{arn}:*"), "logGroupArn": arn, "creationTime": 1_704_067_200_000_i64,
        "logGroupClass": "STANDARD", "metricFilterCount": 0, "storedBytes": answer["logGroups"][0]["storedBytes"],
        "retentionInDays": 90, "kmsKeyId": key, "dataProtectionStatus": "ACTIVATED",
    });
    assert_eq!(answer["logGroups"][0], expected);
    let plain: BTreeSet<_> = answer["logGroups"][1].as_object().unwrap().keys().map(String::as_str).collect();
    assert!(!["retentionInDays", "kmsKeyId", "dataProtectionStatus"].iter().any(|key| plain.contains(key)));
}

#[test]
fn a_group_can_be_one_that_nobody_can_read() {
    let group = LogGroup::new("client-vpn");
    let kms_key_id = Some("arn:aws:kms:eu-central-1:123456789012:key/1".to_owned());
    let cases = [
        (
            LogGroup { class: LogGroupClass::InfrequentAccess, ..group.clone() },
            "400 InvalidOperationException",
        ),
        (LogGroup { class: LogGroupClass::Delivery, ..group.clone() }, "400 InvalidOperationException"),
        (LogGroup { is_kms_refused: true, kms_key_id, ..group.clone() }, "400 AccessDeniedException"),
    ];
    for (group, expected) in cases {
        assert_eq!(Client::with_group(group).filter(&json!({})), Err(expected.to_owned()));
    }
}

#[test]
fn a_policy_masks_values_unless_they_are_asked_for() {
    let masked_fields = vec!["device-ip".to_owned(), "username".to_owned()];
    let group = LogGroup { masked_fields, ..LogGroup::new("client-vpn") };
    let client = Client::with_group(group.clone());
    let (masked, _) = client.filter(&json!({"startTime": NOW - HOUR})).unwrap();
    let (unmasked, _) = client.filter(&json!({"startTime": NOW - HOUR, "unmask": true})).unwrap();
    assert!(!masked.is_empty());
    for (masked, unmasked) in masked.iter().zip(&unmasked) {
        let (masked, unmasked) = (message(masked), message(unmasked));
        let address = unmasked["device-ip"].as_str().unwrap();
        assert_eq!(masked["device-ip"], "*".repeat(address.len()));
        assert_eq!(masked["common-name"], unmasked["common-name"]);
        assert!(address.starts_with(['1', '2']) && address.contains('.'));
    }
    let refusing = Client::with_group(LogGroup { is_unmask_refused: true, ..group });
    let refused = Err("400 AccessDeniedException".to_owned());
    assert_eq!(refusing.filter(&json!({"unmask": true})), refused);
    assert!(refusing.filter(&json!({"startTime": NOW - HOUR})).is_ok());
}

#[test]
fn events_are_kept_for_the_retention_and_no_group_has_any_before_its_creation() {
    let day = 24 * HOUR;
    let oldest =
        |client: &Client| client.filter(&json!({"startTime": NOW - 5 * day})).unwrap().0[0].timestamp;
    let kept = Client::with_group(LogGroup { retention_days: Some(1), ..LogGroup::new("client-vpn") });
    assert!((NOW - day..NOW - day + HOUR).contains(&oldest(&kept)));
    let created = Timestamp::from_millisecond(NOW - 2 * day).unwrap();
    let young = Client::with_group(LogGroup { created, ..LogGroup::new("client-vpn") });
    assert!((NOW - 2 * day..NOW - 2 * day + HOUR).contains(&oldest(&young)));
}

#[test]
fn a_group_may_be_shared_with_an_application() {
    let client = Client::with_group(LogGroup { foreign_per_hour: 60, ..LogGroup::new("client-vpn") });
    let (events, _) = client.filter(&json!({"startTime": NOW - HOUR})).unwrap();
    let (foreign, own): (Vec<_>, Vec<_>) =
        events.iter().partition(|event| event.log_stream_name == "application");
    assert!((50..=61).contains(&foreign.len()) && !own.is_empty(), "{}", foreign.len());
    assert!(foreign.iter().any(|event| serde_json::from_str::<Value>(&event.message).is_err()));
    assert!(foreign.iter().any(|event| event.message.starts_with('{')));
    let ids: BTreeSet<_> = events.iter().map(|event| &event.event_id).collect();
    assert_eq!(ids.len(), events.len());
    assert!(ids.iter().all(|id| id.len() == 56 && id.bytes().all(|byte| byte.is_ascii_digit())));
}

#[test]
fn endpoints_share_a_group_until_one_logs_elsewhere() {
    let client = Client::new(40);
    client.state.groups.put(&client.state.home, LogGroup::new("other"));
    let endpoints = |group: &str| {
        let query = json!({"logGroupIdentifier": group, "startTime": NOW - 2 * HOUR});
        let answer = client.ask("FilterLogEvents", &query).unwrap();
        let events = answer["events"].as_array().unwrap().iter();
        events.map(|found| endpoint_of(&event(found))).collect::<BTreeSet<_>>()
    };
    let logged: BTreeSet<_> = client.endpoint_ids(true).into_iter().collect();
    assert!(logged.len() > 2);
    assert_eq!((endpoints("client-vpn"), endpoints("other")), (logged.clone(), BTreeSet::new()));
    let moved = logged.first().unwrap().clone();
    client.state.places.log_to(&moved, "other");
    client.state.forget();
    assert_eq!(endpoints("other"), BTreeSet::from([moved.clone()]));
    assert!(!endpoints("client-vpn").contains(&moved));
}

#[test]
fn what_an_endpoint_logged_stays_when_it_is_removed() {
    let client = Client::new(40);
    let endpoint = client.endpoint_ids(true).remove(0);
    let of = |hours: i64| {
        let events =
            client.all(&json!({"startTime": NOW - hours * HOUR, "endTime": NOW - (hours - 4) * HOUR}));
        events.iter().filter(|event| endpoint_of(event) == endpoint).count()
    };
    let (before, after) = (of(8), of(4));
    assert!(before > 0 && after > 0);
    client.state.places.remove(&endpoint, Timestamp::from_millisecond(NOW - 4 * HOUR).unwrap());
    client.state.forget();
    assert_eq!((of(8), of(4)), (before, 0));
}

#[test]
fn a_group_may_have_pages_of_few_events() {
    let whole = Client::with_group(LogGroup::new("client-vpn"));
    let paged = Client::with_group(LogGroup { page_events: 3, ..LogGroup::new("client-vpn") });
    let query = json!({"startTime": NOW - HOUR});
    let (page, _) = paged.filter(&query).unwrap();
    assert_eq!(page.len(), 3);
    assert_eq!(paged.all(&query), whole.all(&query));
}
