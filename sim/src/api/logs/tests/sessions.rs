//! The events against the people whose sessions they are of.

use super::*;
use crate::connection::Connection;
use std::collections::{BTreeMap, BTreeSet};

/// Returns the messages of a day, all of which have arrived.
fn day(client: &Client) -> Vec<Value> {
    client.set_time(NOW + 10_000);
    client.all(&json!({"startTime": NOW - 24 * HOUR, "endTime": NOW + 999})).iter().map(message).collect()
}

fn of_kind<'a>(messages: &'a [Value], status: &str, reset: &str) -> BTreeMap<&'a str, &'a Value> {
    let is_kind = |message: &&Value| {
        message["connection-attempt-status"] == status
            && (reset.is_empty() || message["connection-reset-status"] == reset)
    };
    let of = messages.iter().filter(is_kind);
    of.map(|message| (message["connection-id"].as_str().unwrap(), message)).collect()
}

/// Returns the connections of the logged endpoints that lived at some moment of the day.
fn lived(client: &Client) -> Vec<Connection> {
    let (from, to) = ((NOW - 24 * HOUR) / 1000, NOW / 1000);
    let ids = client.endpoint_ids(true).into_iter();
    ids.flat_map(|id| {
        let fleet = client.state.places.find_anywhere(&id).unwrap();
        (0..fleet.seats())
            .flat_map(|seat| fleet.lived(seat, from, to).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    })
    .collect()
}

fn clock(millis: i64) -> String {
    Timestamp::from_millisecond(millis).unwrap().strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[test]
fn a_session_has_an_event_of_its_beginning_and_one_of_its_end() {
    let client = Client::new(40);
    let messages = day(&client);
    let (begun, ended) = (of_kind(&messages, "successful", ""), of_kind(&messages, "NA", "NA"));
    let rows = lived(&client);
    let began = rows.iter().filter(|row| row.connection_established_time >= Some(clock(NOW - 24 * HOUR)));
    assert_eq!(began.clone().count(), begun.len());
    for row in began {
        let event = begun[row.connection_id.as_deref().unwrap()];
        assert_eq!(event["connection-start-time"].as_str(), row.connection_established_time.as_deref());
        assert_eq!(event["username"].as_str(), row.username.as_deref());
        assert_eq!(event["common-name"].as_str(), row.common_name.as_deref());
        assert_eq!(event["client-ip"].as_str(), row.client_ip.as_deref());
        assert_eq!(event["client-ip-v6"].as_str(), Some(row.client_ipv6_address.as_deref().unwrap_or("NA")));
        assert_eq!((&event["connection-end-time"], &event["egress-bytes"]), (&json!("NA"), &json!("0")));
    }
    let over = rows.iter().filter(|row| row.connection_end_time.as_deref() != Some("-"));
    assert_eq!(over.clone().count(), ended.len());
    for row in over {
        let event = ended[row.connection_id.as_deref().unwrap()];
        assert_eq!(event["connection-log-type"], "connection-reset");
        for (key, value) in [
            ("connection-end-time", &row.connection_end_time),
            ("connection-last-update-time", &row.timestamp),
            ("connection-start-time", &row.connection_established_time),
            ("ingress-bytes", &row.ingress_bytes),
            ("egress-bytes", &row.egress_bytes),
            ("ingress-packets", &row.ingress_packets),
            ("egress-packets", &row.egress_packets),
        ] {
            assert_eq!(event[key].as_str(), value.as_deref(), "{key}");
        }
        let begin: jiff::civil::DateTime = row.connection_established_time.as_ref().unwrap().parse().unwrap();
        let end: jiff::civil::DateTime = row.connection_end_time.as_ref().unwrap().parse().unwrap();
        let seconds = begin.duration_until(end).as_secs().to_string();
        assert_eq!(event["connection-duration-seconds"], json!(seconds));
    }
}

#[test]
fn people_with_saml_wait_for_an_assertion_before_every_attempt() {
    let client = Client::new(40);
    let messages = day(&client);
    let (waiting, received) =
        (of_kind(&messages, "waiting-for-assertion", ""), of_kind(&messages, "NA", "assertion-received"));
    let missing = waiting.keys().filter(|id| !received.contains_key(*id)).count();
    assert!(waiting.len() > 100 && missing <= 1, "one of the window's end at most");
    let sessions = of_kind(&messages, "successful", "");
    assert!(waiting.keys().all(|id| !sessions.contains_key(id)));
    for event in waiting.values() {
        assert_eq!((&event["common-name"], &event["username"]), (&json!("NA"), &Value::Null));
    }
}

#[test]
fn a_failed_attempt_has_an_id_and_no_session() {
    let client = Client::new(40);
    let messages = day(&client);
    let (failed, begun) = (of_kind(&messages, "failed", ""), of_kind(&messages, "successful", ""));
    assert!(failed.len() > begun.len() / 20, "{} of {}", failed.len(), begun.len());
    assert!(failed.keys().all(|id| id.len() == 33 && !begun.contains_key(id)));
    let reasons: BTreeSet<_> =
        failed.values().map(|event| event["connection-attempt-failure-reason"].as_str().unwrap()).collect();
    assert!(reasons.contains("client-connect-failed") || reasons.contains("authorization-policy-deny"));
    for event in failed.values() {
        let keys = ["connection-start-time", "client-ip", "client-ip-v6", "connection-end-time"];
        assert_eq!(keys.map(|key| &event[key]), [&json!("NA"); 4]);
        let denied = event["connection-attempt-failure-reason"] == "authorization-policy-deny";
        assert_eq!(denied, event.get("authorization-policy-evaluation").is_some());
    }
}

#[test]
fn a_policy_permits_denies_or_only_watches() {
    let client = Client::of(Config::fleet(1, 18, 16));
    let messages = day(&client);
    let verdicts: BTreeSet<_> = messages
        .iter()
        .filter_map(|event| {
            let verdict = event.get("authorization-policy-evaluation")?;
            let text = |key: &str| verdict[key].as_str().unwrap();
            let status = event["connection-attempt-status"].as_str().unwrap();
            let is_refused = text("result") != "permit";
            assert_eq!(verdict.get("reason").is_some(), is_refused);
            Some((status, text("evaluation-type"), text("shadow-mode"), is_refused))
        })
        .collect();
    let expected = [
        ("NA", "periodic", "disabled", true),
        ("NA", "periodic", "enabled", true),
        ("failed", "connection-attempt", "disabled", true),
        ("successful", "connection-attempt", "disabled", false),
        ("successful", "connection-attempt", "enabled", false),
        ("successful", "connection-attempt", "enabled", true),
    ];
    assert_eq!(verdicts, BTreeSet::from(expected));
}

/// AWS's samples, from the administrator guide, "Connection logging": their keys.
#[test]
fn events_have_the_keys_of_awss_samples() {
    const COMMON: [&str; 18] = [
        "connection-log-type",
        "connection-attempt-status",
        "connection-attempt-failure-reason",
        "connection-id",
        "client-vpn-endpoint-id",
        "transport-protocol",
        "connection-start-time",
        "connection-last-update-time",
        "client-ip",
        "common-name",
        "device-type",
        "device-ip",
        "port",
        "ingress-bytes",
        "egress-bytes",
        "ingress-packets",
        "egress-packets",
        "connection-end-time",
    ];
    const SINCE_2026: [&str; 3] =
        ["client-ip-v6", "connection-duration-seconds", "authorization-policy-evaluation"];
    let client = Client::of(Config::fleet(1, 18, 16));
    let messages = day(&client);
    for event in &messages {
        let keys: BTreeSet<&str> = event.as_object().unwrap().keys().map(String::as_str).collect();
        let known: BTreeSet<&str> = COMMON.into_iter().chain(SINCE_2026).collect();
        let optional = BTreeSet::from(["connection-reset-status", "username", "posture-compliance-statuses"]);
        assert!(COMMON.iter().all(|key| keys.contains(key)), "{event}");
        assert!(keys.iter().all(|key| known.contains(key) || optional.contains(key)), "{event}");
        let objects = event.as_object().unwrap().iter().filter(|(_, value)| !value.is_string());
        assert!(objects.map(|(key, _)| key).all(|key| key == "authorization-policy-evaluation"));
    }
    let evaluations = messages.iter().filter_map(|event| event.get("authorization-policy-evaluation"));
    let fields: BTreeSet<&str> =
        evaluations.flat_map(|verdict| verdict.as_object().unwrap().keys().map(String::as_str)).collect();
    let expected = ["context", "device-token-status", "evaluation-type", "reason", "result", "shadow-mode"];
    assert_eq!(fields, BTreeSet::from(expected));
}

#[test]
fn what_happens_while_a_log_is_off_is_not_logged() {
    let client = Client::new(40);
    let endpoint = client.endpoint_ids(true).remove(0);
    let counts = || {
        let messages = day(&client);
        let of = messages.iter().filter(|event| event["client-vpn-endpoint-id"] == endpoint.as_str());
        let mut hours = [0_usize; 3];
        for event in of {
            let time = event["connection-last-update-time"].as_str().unwrap();
            let index = if *time < *clock(NOW - 16 * HOUR) {
                0
            } else if *time < *clock(NOW - 8 * HOUR) {
                1
            } else {
                2
            };
            hours[index] += 1;
        }
        hours
    };
    let all = counts();
    for hours in [16, 8] {
        let time = Timestamp::from_millisecond(NOW - hours * HOUR).unwrap();
        client.state.places.switch_log(&endpoint, time);
        client.state.forget();
    }
    assert_eq!(counts(), [all[0], 0, all[2]]);
    assert!(all.iter().all(|count| *count > 10), "{all:?}");
}
