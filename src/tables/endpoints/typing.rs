//! Conversion of a raw endpoint to a typed one, by the same rules as connections.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::tables::endpoints::{Endpoint, RawEndpoint, RawTag};
use crate::tables::typing::unparsed::Unparsed;
use crate::tables::typing::{TextMeaning, counter, timestamp, typed};
use crate::tables::unknown::Unknown;
use crate::target::EndpointId;

/// Types one endpoint. The caller adds its time and request id.
pub fn normalise<'a>(raw: RawEndpoint<'a>) -> Endpoint {
    let mut unparsed = Unparsed::new(raw.is_odd);
    let mut time = |field, text| typed(&mut unparsed, field, text, |text| timestamp::read(text, b'T'));
    let creation_time = time("creationTime", raw.creation_time);
    let deletion_time = time("deletionTime", raw.deletion_time);

    let mut number = |field, text| exact(&mut unparsed, field, text, counter::read);
    let vpn_port = number("vpnPort", raw.vpn_port);
    let session_timeout_hours = number("sessionTimeoutHours", raw.session_timeout_hours);

    let mut flag = |field, text| exact(&mut unparsed, field, text, boolean);
    let split_tunnel = flag("splitTunnel", raw.split_tunnel);
    let connection_log_enabled = flag("connectionLogOptions.Enabled", raw.connection_log_enabled);
    let disconnect_on_session_timeout = flag("disconnectOnSessionTimeout", raw.disconnect_on_session_timeout);
    let client_connect_enabled = flag("clientConnectOptions.enabled", raw.client_connect_enabled);

    let endpoint_id = exact(&mut unparsed, "clientVpnEndpointId", raw.client_vpn_endpoint_id, |text| {
        EndpointId::parse(text).map_or(TextMeaning::Unparsed, TextMeaning::Value)
    });
    let mut text = |field, text: Option<Cow<'a, str>>| unparsed.column(field, text?).map(Cow::into_owned);
    let description = text("description", raw.description);
    let status_code = text("status.code", raw.status_code);
    let status_message = text("status.message", raw.status_message);
    let dns_name = text("dnsName", raw.dns_name);
    let client_cidr_block = text("clientCidrBlock", raw.client_cidr_block);
    let vpc_id = text("vpcId", raw.vpc_id);
    let transport_protocol = text("transportProtocol", raw.transport_protocol);
    let connection_log_group = text("connectionLogOptions.CloudwatchLogGroup", raw.connection_log_group);
    let server_certificate_arn = text("serverCertificateArn", raw.server_certificate_arn);

    let security_group_ids = unparsed.list(raw.security_group_ids.unwrap_or_default());
    let mut unknown = raw.unknown;
    let authentication_types = authentication_types(&unparsed, &mut unknown, raw.authentication_types);
    let tags = tags(&unparsed, &mut unknown, raw.tags);
    unparsed.keep(unknown);

    Endpoint {
        endpoint_id,
        request_id: None,
        captured_at: Timestamp::UNIX_EPOCH,
        description,
        status_code,
        status_message,
        creation_time,
        deletion_time,
        dns_name,
        client_cidr_block,
        vpc_id,
        associated_networks: None,
        security_group_ids: security_group_ids.into_iter().map(Cow::into_owned).collect(),
        authentication_types,
        split_tunnel,
        transport_protocol,
        vpn_port,
        connection_log_enabled,
        connection_log_group,
        session_timeout_hours,
        disconnect_on_session_timeout,
        client_connect_enabled,
        server_certificate_arn,
        tags,
        unparsed: owned(unparsed.into_map()),
    }
}

fn owned(map: BTreeMap<Cow<'static, str>, Cow<'_, str>>) -> BTreeMap<String, String> {
    map.into_iter().map(|(key, text)| (key.into_owned(), text.into_owned())).collect()
}

/// Returns the types for the column; those that it does not have exactly are kept as unknown.
fn authentication_types<'a>(
    unparsed: &Unparsed<'a>,
    unknown: &mut Unknown<'a>,
    types: Vec<Cow<'a, str>>,
) -> Vec<String> {
    let mut column = Vec::new();
    for text in types {
        let (replaced, is_exact) = unparsed.element(&text);
        column.extend(replaced);
        if !is_exact {
            unknown.push("", "authenticationOptions.item.type", text);
        }
    }
    column
}

/// Returns the tags for the column. One that has no key, repeats a key, or is not in the column exactly is kept as unknown.
fn tags<'a>(
    unparsed: &Unparsed<'a>,
    unknown: &mut Unknown<'a>,
    tags: Vec<RawTag<'a>>,
) -> BTreeMap<String, String> {
    let mut column = BTreeMap::new();
    for (key, value) in tags {
        let of = |text: &Option<Cow<'_, str>>| text.as_ref().map(|text| unparsed.element(text));
        let ((column_key, is_key), (column_value, is_value)) =
            (of(&key).unwrap_or((None, false)), of(&value).unwrap_or((Some(String::new()), true)));
        let mut is_kept = is_key && is_value;
        match (column_key, column_value) {
            (Some(key), Some(value)) if !column.contains_key(&key) => {
                column.insert(key, value);
            }
            _ => is_kept = false,
        }
        if !is_kept {
            key.into_iter().for_each(|key| unknown.push("", "tagSet.item.key", key));
            value.into_iter().for_each(|value| unknown.push("", "tagSet.item.value", value));
        }
    }
    column
}

/// Returns the value of a text. Every text without a value goes to `unparsed`, even an empty one.
fn exact<'a, T>(
    unparsed: &mut Unparsed<'a>,
    field: &'static str,
    raw: Option<Cow<'a, str>>,
    read: impl Fn(&str) -> TextMeaning<T>,
) -> Option<T> {
    let raw = raw?;
    let reading = read(&raw);
    unparsed.read(field, raw, reading)
}

fn boolean(text: &str) -> TextMeaning<bool> {
    match text {
        "true" => TextMeaning::Value(true),
        "false" => TextMeaning::Value(false),
        _ => TextMeaning::Unparsed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &'static str) -> Option<Cow<'static, str>> {
        Some(text.into())
    }

    fn unparsed(endpoint: &Endpoint) -> Vec<(&str, &str)> {
        endpoint.unparsed.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
    }

    #[test]
    fn odd_fields_are_null_and_stand_in_unparsed() {
        let raw = RawEndpoint {
            client_vpn_endpoint_id: text("cvpn-endpoint-0123456789abcdef0"),
            description: text("bad\u{b}"),
            creation_time: text("0000-01-01T00:00:00"),
            split_tunnel: text(""),
            vpn_port: text("https"),
            session_timeout_hours: text("08"),
            connection_log_enabled: text("True"),
            disconnect_on_session_timeout: text("true"),
            deletion_time: text("2026-11-01T00:00:00"),
            client_connect_enabled: text("1"),
            is_odd: true,
            ..RawEndpoint::default()
        };
        let endpoint = normalise(raw);
        let expected = Endpoint {
            endpoint_id: EndpointId::parse("cvpn-endpoint-0123456789abcdef0"),
            description: Some("bad\u{fffd}".to_owned()),
            disconnect_on_session_timeout: Some(true),
            deletion_time: Some("2026-11-01T00:00:00Z".parse().unwrap()),
            unparsed: endpoint.unparsed.clone(),
            ..Endpoint::default()
        };
        assert_eq!(endpoint, expected);
        assert_eq!(
            unparsed(&endpoint),
            [
                ("clientConnectOptions.enabled", "1"),
                ("connectionLogOptions.Enabled", "True"),
                ("creationTime", "0000-01-01T00:00:00"),
                ("description", "bad\\u{B}"),
                ("sessionTimeoutHours", "08"),
                ("splitTunnel", ""),
                ("vpnPort", "https"),
            ]
        );
    }

    #[test]
    fn an_id_of_another_form_is_null_and_stands_in_unparsed() {
        for id in [
            "",
            "cvpn-endpoint-",
            "cvpn-endpoint-0123456789ABCDEF0",
            "vpn-1",
            "cvpn-endpoint-0123456789abcdef0 ",
        ] {
            let endpoint =
                normalise(RawEndpoint { client_vpn_endpoint_id: text(id), ..RawEndpoint::default() });
            assert_eq!(
                (endpoint.endpoint_id.as_ref(), unparsed(&endpoint)),
                (None, vec![("clientVpnEndpointId", id)])
            );
        }
        assert_eq!(normalise(RawEndpoint::default()), Endpoint::default());
    }

    #[test]
    fn times_of_an_endpoint_are_instants() {
        for (given, expected) in [
            ("2024-05-13T10:02:33", Some("2024-05-13T10:02:33Z")),
            ("2024-05-13T10:02:33Z", Some("2024-05-13T10:02:33Z")),
            ("2024-05-13T10:02:33+02:00", Some("2024-05-13T08:02:33Z")),
            ("2024-05-13T10:02:33.000Z", Some("2024-05-13T10:02:33Z")),
            ("2024-05-13T10:02", None),
            ("13.5.2024", None),
        ] {
            let endpoint = normalise(RawEndpoint { creation_time: text(given), ..RawEndpoint::default() });
            let kept = endpoint.unparsed.get("creationTime").map(String::as_str);
            assert_eq!(endpoint.creation_time.map(|time| time.to_string()).as_deref(), expected, "{given}");
            assert_eq!(kept, expected.is_none().then_some(given));
        }
    }

    #[test]
    fn no_tag_and_no_type_is_lost() {
        let raw = RawEndpoint {
            tags: vec![
                (text("team"), text("ops")),
                (text("team"), text("dev")),
                (None, text("alone")),
                (text("empty"), None),
                (text("odd"), text("\u{2}")),
            ],
            authentication_types: vec!["certificate-authentication".into(), "\u{2}".into()],
            is_odd: true,
            ..RawEndpoint::default()
        };
        let endpoint = normalise(raw);
        let tags: Vec<(&str, &str)> =
            endpoint.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(tags, [("empty", ""), ("odd", "\u{fffd}"), ("team", "ops")]);
        assert_eq!(endpoint.authentication_types, ["certificate-authentication", "\u{fffd}"]);
        assert_eq!(
            unparsed(&endpoint),
            [
                ("authenticationOptions.item.type", "\\u{2}"),
                ("tagSet.item.key", "team"),
                ("tagSet.item.key[2]", "odd"),
                ("tagSet.item.value", "dev"),
                ("tagSet.item.value[2]", "alone"),
                ("tagSet.item.value[3]", "\\u{2}"),
            ]
        );
    }

    #[test]
    fn a_switch_is_on_or_off() {
        for (written, expected) in
            [("true", Some(true)), ("false", Some(false)), ("False", None), ("0", None)]
        {
            let raw = RawEndpoint { split_tunnel: text(written), ..RawEndpoint::default() };
            assert_eq!(normalise(raw).split_tunnel, expected, "{written}");
        }
    }

    #[test]
    fn only_the_status_deleted_is_that_of_an_endpoint_that_is_gone() {
        for (code, expected) in
            [(Some("deleted"), true), (Some("deleting"), false), (Some("available"), false), (None, false)]
        {
            let raw = RawEndpoint { status_code: code.map(Into::into), ..RawEndpoint::default() };
            assert_eq!(normalise(raw).is_deleted(), expected, "{code:?}");
        }
    }
}
