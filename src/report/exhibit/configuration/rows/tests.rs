use super::super::history::GivenValues;
use super::*;
use crate::snapshot_time::SnapshotTime;
use crate::tables::authorization_rules::AuthorizationRule;
use crate::tables::column::{arrow_schema, record_batch};
use crate::tables::configuration::ConfigurationRow;
use crate::tables::configuration::endpoint_row::EndpointRow;
use crate::tables::endpoints::Endpoint;
use crate::tables::routes::Route;
use crate::target::EndpointId;

const FIRST: &str = "cvpn-endpoint-00000000000000001";
const SECOND: &str = "cvpn-endpoint-00000000000000002";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn batches<R: ConfigurationRow>(rows: &[R]) -> Vec<RecordBatch> {
    let time = SnapshotTime::parse("2026-11-23T09:00:00Z").unwrap();
    vec![record_batch(arrow_schema(R::COLUMNS), &R::arrays(time, rows)).unwrap()]
}

fn texts<const N: usize>(fields: [(&str, &str); N]) -> BTreeMap<String, String> {
    fields.map(|(name, text)| (name.to_owned(), text.to_owned())).into()
}

fn row<F>(endpoint_id: &str, fields: F, unparsed: BTreeMap<String, String>) -> EndpointRow<F> {
    let endpoint_id = EndpointId::parse(endpoint_id).unwrap();
    EndpointRow { endpoint_id, request_id: None, captured_at: at(20), fields, unparsed }
}

fn rule(
    network: Option<&str>,
    group: Option<&str>,
    access_all: Option<bool>,
    unparsed: BTreeMap<String, String>,
) -> EndpointRow<AuthorizationRule> {
    let fields = AuthorizationRule {
        destination_cidr: network.map(str::to_owned),
        group_id: group.map(str::to_owned),
        access_all,
        status_code: Some("active".to_owned()),
        ..AuthorizationRule::default()
    };
    row(FIRST, fields, unparsed)
}

/// The values of a part; `None` if it is not known.
fn values<'a>(
    given: &'a GivenConfiguration,
    endpoint_id: &str,
    part: ConfigurationPart,
) -> Option<&'a GivenValues> {
    Some(&given.endpoints.get(endpoint_id)?.get(&part)?.values)
}

fn given(endpoints: &[Endpoint], rules: Option<Vec<ConfiguredEntry>>) -> GivenConfiguration {
    snapshot(at(0), &batches(endpoints), rules, Some(Vec::new())).unwrap()
}

fn endpoint(endpoint_id: Option<&str>) -> Endpoint {
    Endpoint {
        endpoint_id: endpoint_id.map(|id| EndpointId::parse(id).unwrap()),
        captured_at: at(10),
        ..Endpoint::default()
    }
}

#[test]
fn a_rule_is_named_by_its_network_and_whom_it_is_for() {
    for (network, group, access_all, unparsed, expected) in [
        (Some("10.0.0.0/8"), Some("a"), Some(false), texts([]), "10.0.0.0/8 for group a"),
        (Some("10.0.0.0/8"), Some(""), Some(true), texts([]), "10.0.0.0/8 for all users"),
        (Some("10.0.0.0/8"), Some(""), Some(false), texts([]), "10.0.0.0/8 for not known"),
        (None, Some("a"), None, texts([("accessAll", "maybe")]), "not known for not known"),
        (None, None, None, texts([("destinationCidr", "x"), ("groupId", "<b>\n")]), "x for group <b>\n"),
        (
            Some("::/0"),
            Some("a\u{202e}"),
            None,
            texts([("groupId", "\\u{1}")]),
            "::/0 for group a\u{202e} | \\u{1}",
        ),
    ] {
        let rules = rules(&batches(&[rule(network, group, access_all, unparsed)])).unwrap();
        let value = r#"{"description":null,"status_code":"active"}"#.to_owned();
        assert_eq!(rules, [(FIRST.to_owned(), expected.to_owned(), value)]);
    }
}

#[test]
fn a_route_is_named_by_its_network_and_target() {
    for (subnet, attachment, unparsed, expected) in [
        (Some("subnet-1"), Some("tgw-attach-1"), texts([]), "subnet-1"),
        (Some(""), Some("tgw-attach-1"), texts([]), "tgw-attach-1"),
        (None, None, texts([("targetSubnet", "odd")]), "odd"),
        (None, None, texts([]), "not known"),
    ] {
        let fields = Route {
            destination_cidr: Some("0.0.0.0/0".to_owned()),
            target_subnet: subnet.map(str::to_owned),
            transit_gateway_attachment_id: attachment.map(str::to_owned),
            ..Route::default()
        };
        let routes = routes(&batches(&[row(FIRST, fields, unparsed)])).unwrap();
        assert_eq!(routes[0].1, format!("0.0.0.0/0 via {expected}"));
    }
}

#[test]
fn a_part_with_an_error_or_without_its_object_is_not_known() {
    let unparsed = texts([("authorizationRule#error", "RequestLimitExceeded")]);
    let failed = Endpoint { unparsed, ..endpoint(Some(FIRST)) };
    let entry = |id: &str| (id.to_owned(), "name".to_owned(), "value".to_owned());
    let rules = || Some(vec![entry(FIRST), entry(SECOND), entry("of no endpoint")]);
    // AWS lists an endpoint twice, and one of its rows has the error.
    let of = given(&[endpoint(Some(FIRST)), failed, endpoint(Some(SECOND))], rules());
    assert_eq!(values(&of, FIRST, ConfigurationPart::Rules), None);
    assert_eq!(values(&of, SECOND, ConfigurationPart::Rules).unwrap().len(), 1);
    assert_eq!(values(&of, FIRST, ConfigurationPart::Routes).unwrap().len(), 0);
    // Its networks are null.
    assert_eq!(values(&of, FIRST, ConfigurationPart::Networks), None);
    assert!(values(&of, FIRST, ConfigurationPart::Options).is_some());
    assert_eq!(of.endpoints.len(), 2);
    assert_eq!(values(&given(&[endpoint(Some(FIRST))], None), FIRST, ConfigurationPart::Rules), None);
}

#[test]
fn an_endpoint_that_is_deleted_or_has_no_id_is_not_among_the_endpoints() {
    let deleted = Endpoint { status_code: Some("deleted".to_owned()), ..endpoint(Some(FIRST)) };
    let of = given(std::slice::from_ref(&deleted), Some(Vec::new()));
    assert_eq!((of.endpoints.len(), of.has_nameless, of.listed_at), (0, false, Some(at(10))));
    let of = given(&[deleted, endpoint(None)], Some(Vec::new()));
    assert_eq!((of.endpoints.len(), of.has_nameless), (0, true));
    assert_eq!(given(&[], Some(Vec::new())).listed_at, None);
}

#[test]
fn options_are_texts_whatever_their_type() {
    let networks = r#"[{"b":["2","1"],"status":{"code":"associated","message":"m"}},{"a":"1"}]"#;
    let of = given(
        &[Endpoint {
            split_tunnel: Some(true),
            vpn_port: Some(443),
            creation_time: Some(at(1)),
            dns_servers: Some(vec!["10.0.0.2".to_owned(), "10.0.0.1".to_owned()]),
            associated_networks: Some(Vec::new()),
            network_associations: Some(networks.to_owned()),
            authorization_rules_captured_at: Some(at(30)),
            tags: texts([("b", "2"), ("a", "1")]),
            unparsed: texts([("dnsName", "\\u{1}")]),
            dns_name: Some("\u{fffd}".to_owned()),
            ..endpoint(Some(FIRST))
        }],
        Some(Vec::new()),
    );
    let value = |part, name: &str| values(&of, FIRST, part).unwrap()[name].first().unwrap().clone();
    for (name, expected) in [
        ("split_tunnel", Some("true")),
        ("vpn_port", Some("443")),
        ("creation_time", Some("1970-01-01T00:00:01.000Z")),
        ("dns_servers", Some(r#"["10.0.0.1","10.0.0.2"]"#)),
        ("tags", Some(r#"{"a":"1","b":"2"}"#)),
        ("dns_name", Some("\u{fffd} | \\u{1}")),
        ("vpc_id", None),
    ] {
        assert_eq!(value(ConfigurationPart::Options, name).as_deref(), expected, "{name}");
    }
    let expected = r#"{"a":"1"}, {"b":["1","2"],"status":"associated"}"#;
    assert_eq!(value(ConfigurationPart::Networks, "network_associations").as_deref(), Some(expected));
    assert_eq!(value(ConfigurationPart::Networks, "associated_networks").as_deref(), Some("[]"));
    let rules = &of.endpoints[FIRST][&ConfigurationPart::Rules];
    assert_eq!(rules.captured_at, at(30));
}

#[test]
fn a_snapshot_beyond_a_limit_is_refused() {
    let endpoints = vec![endpoint(Some(FIRST)); MOST_ENDPOINTS + 1];
    let refused = snapshot(at(0), &batches(&endpoints), None, None).unwrap_err();
    assert_eq!(refused.to_string(), "LimitExceeded: it has more than 10000 endpoints");
}
