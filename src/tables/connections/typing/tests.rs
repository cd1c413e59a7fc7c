use std::borrow::Cow;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::tables::unknown::Unknown;

const ENDPOINT: &str = "cvpn-endpoint-0123456789abcdef0";

fn asked() -> EndpointId {
    EndpointId::parse(ENDPOINT).unwrap()
}

fn sample() -> RawConnection<'static> {
    let text = |text: &'static str| Some(text.into());
    RawConnection {
        client_vpn_endpoint_id: text(ENDPOINT),
        connection_timestamp: text("2019-08-12 07:58:34"),
        connection_id: text("cvpn-connection-0e03eb24267165acd"),
        username: text("NA"),
        connection_established_time: text("2019-08-12 07:57:14"),
        ingress_bytes: text("32302"),
        egress_bytes: text("5696"),
        ingress_packets: text("332"),
        egress_packets: text("67"),
        client_ip: text("172.31.0.225"),
        client_ipv6_address: text(""),
        common_name: text("client1.domain.tld"),
        status_code: text("active"),
        status_message: text("-"),
        connection_end_time: text("-"),
        posture_compliance_statuses: Some(vec![]),
        authorization_policy_last_evaluated_time: text("N/A"),
        ..RawConnection::default()
    }
}

#[test]
fn what_is_not_known_stands_under_its_own_name() {
    let pair = |name: &str, text: &'static str| (name.to_owned(), text.into());
    let unknown =
        vec![pair("newField", "a"), pair("newField", "b"), pair("newField", "c"), pair("ingressBytes", "7")];
    let unknown = Unknown { kept: unknown, more: 0 };
    let raw = RawConnection { unknown, ingress_bytes: Some("many".into()), ..sample() };
    let unparsed = normalise(raw, &asked()).unparsed;
    let unparsed: Vec<(&str, &str)> =
        unparsed.iter().map(|(name, text)| (name.as_ref(), text.as_ref())).collect();
    assert_eq!(
        unparsed,
        [
            ("ingressBytes", "many"),
            ("ingressBytes[2]", "7"),
            ("newField", "a"),
            ("newField[2]", "b"),
            ("newField[3]", "c"),
        ]
    );
}

#[test]
fn a_sample_of_the_documentation_is_typed() {
    let time = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    let connection = normalise(sample(), &asked());
    assert_eq!(
        connection,
        Connection {
            connection_id: Some("cvpn-connection-0e03eb24267165acd".into()),
            username: Some("NA".into()),
            common_name: Some("client1.domain.tld".into()),
            client_ip: Some("172.31.0.225".into()),
            status_code: Some("active".into()),
            connection_timestamp: time("2019-08-12T07:58:34Z"),
            connection_established_time: time("2019-08-12T07:57:14Z"),
            ingress_bytes: Some(32302),
            egress_bytes: Some(5696),
            ingress_packets: Some(332),
            egress_packets: Some(67),
            posture_compliance_statuses: Some(vec![]),
            ..Connection::default()
        }
    );
}

#[test]
fn characters_that_xml_does_not_allow_keep_the_row() {
    let raw = RawConnection {
        username: Some("bad\u{b}name".into()),
        common_name: Some("C:\\dir".into()),
        ingress_bytes: Some("12\u{b}".into()),
        connection_end_time: Some("2019-08-12\u{0}07:57:14".into()),
        posture_compliance_statuses: Some(vec!["ok".into(), "\u{fffe}".into()]),
        client_vpn_endpoint_id: Some(format!("{ENDPOINT}\u{2}").into()),
        is_odd: true,
        ..RawConnection::default()
    };
    let connection = normalise(raw, &asked());
    assert_eq!(connection.username.as_deref(), Some("bad\u{fffd}name"));
    assert_eq!(connection.common_name.as_deref(), Some("C:\\dir"));
    assert_eq!(connection.posture_compliance_statuses, Some(vec!["ok".into(), "\u{fffd}".into()]));
    let unparsed: Vec<(&str, &str)> =
        connection.unparsed.iter().map(|(name, text)| (name.as_ref(), text.as_ref())).collect();
    assert_eq!(
        unparsed,
        [
            ("clientVpnEndpointId", "cvpn-endpoint-0123456789abcdef0\\u{2}"),
            ("connectionEndTime", r"2019-08-12\u{0}07:57:14"),
            ("ingressBytes", r"12\u{B}"),
            ("username", r"bad\u{B}name"),
        ]
    );
    assert_eq!((connection.ingress_bytes, connection.connection_end_time), (None, None));
}

#[test]
fn absent_is_none_everywhere() {
    assert_eq!(normalise(RawConnection::default(), &asked()), Connection::default());
}

#[test]
fn another_endpoint_in_the_answer_is_kept() {
    let mut raw = sample();
    raw.client_vpn_endpoint_id = Some("cvpn-endpoint-fffffffffffffffff".into());
    let connection = normalise(raw, &asked());
    assert_eq!(connection.unparsed["clientVpnEndpointId"], "cvpn-endpoint-fffffffffffffffff");
}

#[test]
fn an_unknown_status_code_stays() {
    let mut raw = sample();
    raw.status_code = Some("quarantined".into());
    let connection = normalise(raw, &asked());
    assert_eq!(connection.status_code.as_deref(), Some("quarantined"));
}

/// Returns any text, often one that is close to a value.
fn any_text() -> impl Strategy<Value = Option<String>> {
    let near = prop_oneof![
        Just(String::new()),
        Just("-".to_owned()),
        Just("NA".to_owned()),
        Just("N/A".to_owned()),
        "[+-]?[0-9]{1,25}",
        "[0-9]{1,5}-[0-9]{1,2}-[0-9]{1,2}[ T][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}",
        "[0-9]{4}-(0[1-9]|1[0-2])-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9]",
        "[0-9]{4}-(0[1-9]|1[0-2])-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\\.[0-9]{1,4})?(Z|[+-][0-2][0-9]:[0-6][0-9])",
        any::<String>(),
    ];
    proptest::option::of(near)
}

fn borrowed(text: &Option<String>) -> Option<Cow<'_, str>> {
    text.as_deref().map(Cow::from)
}

fn is_placeholder(text: &str) -> bool {
    matches!(text, "" | "-" | "NA" | "N/A")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_time_prints_back_or_is_kept(text in any_text()) {
        let raw = RawConnection { connection_end_time: borrowed(&text), ..RawConnection::default() };
        let connection = normalise(raw, &asked());
        let time = connection.connection_end_time;
        let printed = match &text {
            // RFC 3339 has many texts for an instant.
            Some(text) if time.is_some_and(|time| text.parse().is_ok_and(|parsed: Timestamp| parsed == time)) => Some(text.clone()),
            _ => time.map(|time| time.strftime("%Y-%m-%d %H:%M:%S").to_string()),
        };
        let kept = connection.unparsed.get("connectionEndTime").map(|text| text.to_string());
        prop_assert!(printed.is_none() || kept.is_none());
        prop_assert_eq!(printed.or(kept), text.filter(|text| !is_placeholder(text)));
    }

    #[test]
    fn a_counter_prints_back_or_is_kept(text in any_text()) {
        let raw = RawConnection { ingress_bytes: borrowed(&text), ..RawConnection::default() };
        let connection = normalise(raw, &asked());
        let printed = connection.ingress_bytes.map(|count| count.to_string());
        let kept = connection.unparsed.get("ingressBytes").map(|text| text.to_string());
        prop_assert!(printed.is_none() || kept.is_none());
        prop_assert_eq!(printed.or(kept), text.filter(|text| !is_placeholder(text)));
    }

    #[test]
    fn a_text_stays_as_it_is(text in any_text(), statuses in proptest::option::of(proptest::collection::vec(any::<String>(), 0..4))) {
        let raw = RawConnection {
            username: borrowed(&text),
            posture_compliance_statuses: statuses.as_ref().map(|all| all.iter().map(Cow::from).collect()),
            ..RawConnection::default()
        };
        let connection = normalise(raw, &asked());
        let expected = text.as_deref().filter(|text| !text.is_empty() && *text != "-");
        prop_assert_eq!(connection.username.as_deref(), expected);
        let kept = connection.posture_compliance_statuses.map(|all| all.into_iter().map(Cow::into_owned).collect());
        prop_assert!(connection.unparsed.is_empty());
        prop_assert_eq!(kept, statuses.clone());
    }
}
