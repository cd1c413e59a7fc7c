use super::*;
use crate::answer_limits::{UNKNOWN_FIELDS, VALUE_BYTES};
use crate::tables::connection_logs::decoder::events;

/// Returns an event with this message, which is typed alike if it is read where it stands in an answer.
fn raw(message: &str) -> RawEvent<'_> {
    // With a line break, the message has an escape.
    for message in [message, &message.replace('\n', " ")].into_iter().filter(|message| !has_illegal(message))
    {
        let mut event = serde_json::json!({"eventId": "1", "logStreamName": "stream", "message": message});
        event["timestamp"] = 1_585_255_035_000_i64.into();
        event["ingestionTime"] = 1_585_255_036_500_i64.into();
        let body = serde_json::json!({"events": [event]}).to_string();
        let end = events(body.as_bytes(), |mut found| {
            let mut as_text = of_text(message);
            let (found, expected) = (normalise(&mut found), normalise(&mut as_text));
            assert_eq!((found.event, found.masked), (expected.event, expected.masked), "{message}");
            assert_eq!(found.foreign_bytes, expected.foreign_bytes, "{message}");
            Ok(())
        });
        assert!(end.is_ok(), "{message}");
    }
    of_text(message)
}

fn of_text(message: &str) -> RawEvent<'_> {
    RawEvent {
        event_id: "1".into(),
        timestamp: Some("1585255035000".into()),
        ingestion_time: Some("1585255036500".into()),
        log_stream: Some("stream".into()),
        message: message.into(),
        ..RawEvent::default()
    }
}

/// Types a message, with `fields` beside the type of the event; returns the row's text of `field` in `unparsed`.
fn event_with(fields: &str) -> String {
    format!(r#"{{"connection-log-type":"connection-attempt",{fields}}}"#)
}

fn unparsed_of(message: &str) -> Vec<(String, String)> {
    let mut raw = raw(message);
    let typed = normalise(&mut raw);
    typed.event.unparsed.iter().map(|(key, text)| (key.to_string(), text.to_string())).collect()
}

/// An example of the administrator guide, with the fields that newer versions have.
const EXAMPLE: &str = r#"{
    "connection-log-type": "connection-reset", "connection-attempt-status": "NA", "connection-reset-status": "NA",
    "connection-attempt-failure-reason": "NA", "connection-id": "cvpn-connection-0e1f2a3b4c5d6e7f8",
    "client-vpn-endpoint-id": "cvpn-endpoint-0123456789abcdef0", "transport-protocol": "udp",
    "connection-start-time": "2020-03-26 20:37:15", "connection-last-update-time": "2020-03-26T20:47:15Z",
    "client-ip": "10.0.1.2", "client-ip-v6": "-", "common-name": "NA", "device-type": "mac", "device-ip": "198.51.100.7",
    "port": "50096", "ingress-bytes": "0", "egress-bytes": "9223372036854775807", "ingress-packets": "7",
    "egress-packets": 8, "connection-end-time": "NA", "username": "maria", "connection-duration-seconds": "600",
    "posture-compliance-statuses": "compliant",
    "authorization-policy-evaluation": {"result": "permit", "evaluation-type": "periodic", "shadow-mode": "disabled",
        "reason": "ok", "device-token-status": {"jamf": {"status": "validated"}}, "context": {"os": "mac"}}
}"#;

#[test]
fn each_field_of_an_event_is_in_its_column() {
    let time = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    let word = |text: &'static str| Some(Cow::Borrowed(text));
    let mut raw = raw(EXAMPLE);
    let typed = normalise(&mut raw);
    let expected = LoggedEvent {
        endpoint_id: EndpointId::parse("cvpn-endpoint-0123456789abcdef0"),
        event_id: "1".into(),
        event_time: time("2020-03-26T20:37:15Z"),
        ingestion_time: time("2020-03-26T20:37:16.5Z"),
        log_stream: word("stream"),
        connection_log_type: word("connection-reset"),
        connection_id: word("cvpn-connection-0e1f2a3b4c5d6e7f8"),
        transport_protocol: word("udp"),
        port: Some(50_096),
        connection_start_time: time("2020-03-26T20:37:15Z"),
        connection_last_update_time: time("2020-03-26T20:47:15Z"),
        connection_duration_seconds: Some(600),
        client_ip: word("10.0.1.2"),
        device_type: word("mac"),
        device_ip: word("198.51.100.7"),
        username: word("maria"),
        common_name: word("NA"),
        ingress_bytes: Some(0),
        egress_bytes: Some(i64::MAX),
        ingress_packets: Some(7),
        egress_packets: Some(8),
        posture_compliance_statuses: word("compliant"),
        policy_result: word("permit"),
        policy_evaluation_type: word("periodic"),
        policy_shadow_mode: word("disabled"),
        policy_reason: word("ok"),
        device_token_status: [("jamf".to_owned(), Cow::Borrowed(r#"{"status": "validated"}"#))].into(),
        policy_context: word(r#"{"os": "mac"}"#),
        ..LoggedEvent::default()
    };
    assert_eq!((typed.event, typed.foreign_bytes, typed.masked), (expected, None, vec![]));
}

#[test]
fn what_cannot_be_typed_exactly_is_null_and_verbatim_in_unparsed() {
    for (case, fields, expected) in [
        ("an odd time", r#""connection-start-time":"soon""#, ("connection-start-time", "soon")),
        ("a counter with a sign", r#""ingress-bytes":"-5""#, ("ingress-bytes", "-5")),
        (
            "a duration with a fraction",
            r#""connection-duration-seconds":"1.5""#,
            ("connection-duration-seconds", "1.5"),
        ),
        ("a number with an exponent", r#""port":1e3"#, ("port", "1e3")),
        ("a masked counter", r#""egress-bytes":"***""#, ("egress-bytes", "***")),
        ("a number for a text", r#""username":5"#, ("username", "5")),
        ("a list for a text", r#""device-type":["mac"]"#, ("device-type", r#"["mac"]"#)),
        ("an object for a text", r#""client-ip":{"a":1}"#, ("client-ip", r#"{"a":1}"#)),
        (
            "true for a truth value",
            r#""authorization-policy-evaluation":{"shadow-mode":true}"#,
            ("authorization-policy-evaluation.shadow-mode", "true"),
        ),
        ("true for a text", r#""client-ip":true"#, ("client-ip", "true")),
        (
            "an endpoint of no form",
            r#""client-vpn-endpoint-id":"vpn-1""#,
            ("client-vpn-endpoint-id", "vpn-1"),
        ),
        ("an unknown field", r#""new":"x\ty""#, ("new", "x\ty")),
        ("an unknown list", r#""new":[1, 2]"#, ("new", "[1, 2]")),
        (
            "an unknown field of the evaluation",
            r#""authorization-policy-evaluation":{"new":{"a":1}}"#,
            ("authorization-policy-evaluation.new", r#"{"a":1}"#),
        ),
        (
            "a text for the evaluation",
            r#""authorization-policy-evaluation":"deny""#,
            ("authorization-policy-evaluation", "deny"),
        ),
        (
            "a list of device tokens",
            r#""authorization-policy-evaluation":{"device-token-status":[1]}"#,
            ("authorization-policy-evaluation.device-token-status", "[1]"),
        ),
        (
            "a name that is the path of another field",
            r#""authorization-policy-evaluation.result":"deny""#,
            ("authorization-policy-evaluation.result", "deny"),
        ),
        ("a name of any characters", r#""a#length\n":"x""#, ("field", "a#length\n: x")),
        ("no name", r#""":"x""#, ("field", ": x")),
        ("another value of the same field", r#""username":"a","username":"b""#, ("username", "b")),
        ("a character that is not allowed", r#""username":"a\u000b""#, ("username", r"a\u{B}")),
        ("half of a pair", r#""username":"\ud800""#, ("username", r"\u{D800}")),
    ] {
        let (field, text) = expected;
        let message = event_with(fields);
        assert_eq!(unparsed_of(&message), [(field.to_owned(), text.to_owned())], "{case}");
    }
}

#[test]
fn placeholders_are_null_but_na_can_be_a_name() {
    for placeholder in ["\"\"", "\"-\"", "\"NA\"", "\"N/A\"", "null"] {
        let names = [
            "connection-id",
            "client-ip",
            "device-type",
            "client-vpn-endpoint-id",
            "port",
            "connection-end-time",
            "ingress-bytes",
            "posture-compliance-statuses",
        ];
        let fields: Vec<String> = names.iter().map(|name| format!("\"{name}\":{placeholder}")).collect();
        let message = event_with(&fields.join(","));
        let mut raw = raw(&message);
        let event = normalise(&mut raw).event;
        let expected =
            LoggedEvent { connection_log_type: Some("connection-attempt".into()), ..LoggedEvent::default() };
        let of_answer = LoggedEvent {
            event_id: event.event_id.clone(),
            event_time: event.event_time,
            ingestion_time: event.ingestion_time,
            log_stream: event.log_stream.clone(),
            ..expected
        };
        assert_eq!(event, of_answer, "{placeholder}");
    }
    let message = event_with(r#""username":"NA","common-name":"-""#);
    let mut raw = raw(&message);
    let event = normalise(&mut raw).event;
    assert_eq!((event.username.as_deref(), event.common_name), (Some("NA"), None));
}

#[test]
fn the_same_field_twice_with_the_same_value_is_one() {
    let message = event_with(r#""username":"a","username":"\u0061","new":"x","new":"x""#);
    let expected = [("new", "x"), ("new[2]", "x")].map(|(key, text)| (key.to_owned(), text.to_owned()));
    assert_eq!(unparsed_of(&message), expected);
}

#[test]
fn a_message_that_is_no_event_is_kept_as_it_is() {
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    for (case, message) in [
        ("text", "START RequestId: 1"),
        ("nothing", ""),
        ("other JSON", r#"{"level":"info"}"#),
        ("a list", "[1]"),
        ("cut off", r#"{"connection-log-type":"connection-attempt""#),
        ("deep", deep.as_str()),
    ] {
        let mut raw = raw(message);
        let typed = normalise(&mut raw);
        assert_eq!(typed.foreign_bytes, Some(message.len()), "{case}");
        let expected: Vec<(&str, &str)> = vec![("message", message)];
        let found: Vec<(&str, &str)> =
            typed.event.unparsed.iter().map(|(key, text)| (key.as_ref(), text.as_ref())).collect();
        assert_eq!(found, expected, "{case}");
    }
    let mut odd = raw("a\u{b}\\");
    assert_eq!(normalise(&mut odd).event.unparsed["message"], r"a\u{B}\\");
}

#[test]
fn an_event_that_is_nested_deep_keeps_its_row() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let message = event_with(&format!("\"username\":\"maria\",\"new\":{deep}"));
    let mut raw = raw(&message);
    let typed = normalise(&mut raw);
    assert_eq!((typed.foreign_bytes, typed.event.username.as_deref()), (None, Some("maria")));
    assert_eq!(typed.event.unparsed["new"], deep);
}

#[test]
fn long_values_and_many_fields_are_bounded() {
    let long = "x".repeat(VALUE_BYTES + 1);
    let message = event_with(&format!("\"username\":\"{long}\""));
    let mut raw = raw(&message);
    let event = normalise(&mut raw).event;
    assert_eq!((event.username, event.unparsed["username"].len()), (None, VALUE_BYTES));
    assert_eq!(event.unparsed["username#length"], (VALUE_BYTES + 1).to_string());

    let many: Vec<String> = (0..UNKNOWN_FIELDS + 5).map(|n| format!("\"f{n}\":1")).collect();
    let unparsed = unparsed_of(&event_with(&many.join(",")));
    assert_eq!(unparsed.len(), UNKNOWN_FIELDS + 1);
    assert!(unparsed.contains(&("#more".to_owned(), "5".to_owned())));

    let tokens: Vec<String> = (0..1_001).map(|n| format!("\"p{n}\":1")).collect();
    let message = event_with(&format!(
        r#""authorization-policy-evaluation":{{"device-token-status":{{{}}}}}"#,
        tokens.join(",")
    ));
    let mut raw = super::tests::raw(&message);
    let event = normalise(&mut raw).event;
    assert_eq!(
        (event.device_token_status.len(), event.unparsed[DEVICE_TOKENS].as_ref()),
        (1_000, "p1000: 1")
    );
}

#[test]
fn a_time_that_no_column_can_have_is_kept_as_text() {
    for number in ["9223372036854775807", "-62135596800001", "1.5", "1e3"] {
        let mut raw = RawEvent { timestamp: Some(number.into()), ..raw("x") };
        let event = normalise(&mut raw).event;
        assert_eq!((event.event_time, event.unparsed["timestamp"].as_ref()), (None, number));
    }
    let mut before = RawEvent { timestamp: Some("-1".into()), ingestion_time: None, ..raw("x") };
    let event = normalise(&mut before).event;
    assert_eq!((event.event_time, event.ingestion_time), ("1969-12-31T23:59:59.999Z".parse().ok(), None));
}
