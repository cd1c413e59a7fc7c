//! Conversion of a raw endpoint to a typed one, by the same rules as connections.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::tables::configuration::object::json_texts;
use crate::tables::configuration::owned;
use crate::tables::endpoints::{Endpoint, RawEndpoint, RawTag};
use crate::tables::typing::unparsed::Unparsed;
use crate::tables::unknown::Unknown;

/// Types one endpoint. The caller adds its time and request id, and what other answers have of it.
pub fn normalise(mut raw: RawEndpoint<'_>) -> Endpoint {
    let mut unparsed = Unparsed::new(raw.is_odd);
    let mut unknown = std::mem::take(&mut raw.unknown);
    let list = |list: Option<Vec<_>>| Some(owned_list(&unparsed, list?));
    let security_group_ids = list(raw.security_group_ids.take()).unwrap_or_default();
    let dns_servers = list(raw.dns_servers.take());
    let availability_zones = list(raw.availability_zones.take());
    let availability_zone_ids = list(raw.availability_zone_ids.take());
    let types = std::mem::take(&mut raw.authentication_types);
    let authentication_types = authentication_types(&unparsed, &mut unknown, types);
    let tags = tags(&unparsed, &mut unknown, std::mem::take(&mut raw.tags));
    let mut json =
        |objects: &mut Vec<_>, field| json_texts(std::mem::take(objects), &mut unparsed, &mut unknown, field);
    let device_trust_providers = json(&mut raw.trust_providers, "devicePostureOptions.trustProviderSet");
    let associated_target_networks = json(&mut raw.associated_target_networks, "associatedTargetNetwork");
    let endpoint = raw.typed(&mut unparsed);
    unparsed.keep(unknown);
    Endpoint {
        security_group_ids,
        dns_servers,
        availability_zones,
        availability_zone_ids,
        authentication_types,
        tags,
        device_trust_providers,
        associated_target_networks,
        unparsed: owned(unparsed),
        ..endpoint
    }
}

fn owned_list<'a>(unparsed: &Unparsed<'a>, list: Vec<Cow<'a, str>>) -> Vec<String> {
    unparsed.list(list).into_iter().map(Cow::into_owned).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::EndpointId;

    fn text(text: &'static str) -> Option<Cow<'static, str>> {
        Some(text.into())
    }

    fn unparsed(endpoint: &Endpoint) -> Vec<(&str, &str)> {
        endpoint.unparsed.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
    }

    #[test]
    fn odd_fields_are_null_and_stand_in_unparsed() {
        let raw = RawEndpoint {
            endpoint_id: text("cvpn-endpoint-0123456789abcdef0"),
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
            let endpoint = normalise(RawEndpoint { endpoint_id: text(id), ..RawEndpoint::default() });
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
