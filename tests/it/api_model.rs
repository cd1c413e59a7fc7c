//! Our columns against the API's model as botocore ships it, so that a field that AWS adds is noticed.

use std::collections::{BTreeMap, BTreeSet};

use client_vpn_audit::tables::authorization_rules::COLUMNS as RULE_COLUMNS;
use client_vpn_audit::tables::column::Column;
use client_vpn_audit::tables::connections::columns::COLUMNS;
use client_vpn_audit::tables::endpoints::COLUMNS as ENDPOINT_COLUMNS;
use client_vpn_audit::tables::endpoints::decoder::endpoints;
use client_vpn_audit::tables::endpoints::networks::networks;
use client_vpn_audit::tables::endpoints::typing::normalise;
use client_vpn_audit::tables::routes::COLUMNS as ROUTE_COLUMNS;
use client_vpn_audit::tables::xml::Body;
use client_vpn_audit::target::EndpointId;
use serde_json::{Value, json};

use crate::harness::python;

/// The field that has the endpoint. It is compared with the one asked, and kept in `unparsed` where they differ.
const ENDPOINT_ID: &str = "clientVpnEndpointId";

/// Operations, each with a prefix that the sources of its fields have, and the table that has them.
#[rustfmt::skip]
const CONFIGURATION: [(&str, &str, &str, &[Column]); 6] = [
    ("DescribeClientVpnEndpoints", "", "endpoints", ENDPOINT_COLUMNS),
    ("DescribeClientVpnTargetNetworks", "clientVpnTargetNetworks.item.", "endpoints", ENDPOINT_COLUMNS),
    ("DescribeClientVpnAuthorizationRules", "", "authorization_rules", RULE_COLUMNS),
    ("DescribeClientVpnRoutes", "", "routes", ROUTE_COLUMNS),
    ("GetClientVpnEndpointAuthorizationPolicy", "authorizationPolicy.", "endpoints", ENDPOINT_COLUMNS),
    ("ExportClientVpnClientCertificateRevocationList", "certificateRevocationList.", "endpoints", ENDPOINT_COLUMNS),
];

fn fields() -> BTreeMap<String, BTreeSet<String>> {
    serde_json::from_value(python("api_fields.py", &[], &[])).unwrap()
}

#[test]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
fn every_field_of_the_api_has_a_column() {
    let columns = COLUMNS.iter().filter_map(|column| column.source).map(str::to_owned);
    let ours: BTreeSet<String> = columns.chain([ENDPOINT_ID.to_owned()]).collect();
    assert_eq!(
        fields()["DescribeClientVpnConnections"],
        ours,
        "the fields of the API, and those of src/tables/connections/columns.rs"
    );
}

#[test]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
fn every_field_of_the_configuration_of_endpoints_has_a_column() {
    let fields = fields();
    let (mut read, mut ours) = (BTreeSet::new(), BTreeSet::new());
    for (operation, prefix, table, columns) in CONFIGURATION {
        let sources: Vec<&str> = columns.iter().filter_map(|column| column.source).collect();
        ours.extend(sources.iter().filter(|source| **source != ENDPOINT_ID).map(|source| (table, *source)));
        for field in fields[operation].iter().filter(|field| *field != ENDPOINT_ID) {
            // The list itself is the prefix of what is told beside it.
            let path = if prefix == format!("{field}.") { field.clone() } else { format!("{prefix}{field}") };
            // A column with JSON has all that is within its source.
            let has_it = |source: &&&str| path.starts_with(&format!("{source}."));
            let source =
                sources.iter().find(|source| path == **source).or_else(|| sources.iter().find(has_it));
            read.insert((table, *source.unwrap_or_else(|| panic!("no column has {path} of {operation}"))));
        }
    }
    assert_eq!(read, ours);
}

/// The operation whose answers have a structure that is JSON in a column, the column, and the path of the structure.
const JSON: [(&str, &str, &str); 3] = [
    ("DescribeClientVpnEndpoints", "device_trust_providers", "devicePostureOptions.trustProviderSet.item."),
    ("DescribeClientVpnEndpoints", "associated_target_networks", "associatedTargetNetwork.item."),
    ("DescribeClientVpnTargetNetworks", "network_associations", ""),
];

/// `every_field_of_the_configuration_of_endpoints_has_a_column` takes all below the source of such a column as known.
#[test]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
fn every_member_of_a_structure_that_is_json_is_in_it() {
    let fields = fields();
    for (operation, column, within) in JSON {
        let members: Vec<&str> = fields[operation]
            .iter()
            .filter_map(|field| field.strip_prefix(within))
            .filter(|member| !within.is_empty() || *member != ENDPOINT_ID)
            .collect();
        assert!(members.len() > 1, "{column}");
        for member in members {
            // The model's paths do not say if a member is a text or a list of texts.
            let as_text = json_of(column, &element(member, "x-1"));
            let as_list = json_of(column, &element(member, "<item>x-1</item>"));
            let path = format!("/0/{}", member.replace('.', "/"));
            let expected = [json!("x-1"), json!(["x-1"])];
            let is_there =
                [as_text, as_list].into_iter().zip(&expected).any(|((json, unparsed), expected)| {
                    unparsed.is_empty() && json.pointer(&path) == Some(expected)
                });
            assert!(is_there, "{column} does not have {member}");
        }
    }
}

/// Returns the element at a path such as `status.code`.
fn element(path: &str, content: &str) -> String {
    path.rsplit('.').fold(content.to_owned(), |inner, name| format!("<{name}>{inner}</{name}>"))
}

/// Returns the JSON of a column, and `unparsed`, of a row whose only structure has these elements.
fn json_of(column: &str, elements: &str) -> (Value, BTreeMap<String, String>) {
    let asked = EndpointId::parse("cvpn-endpoint-0123456789abcdef0").unwrap();
    let id = "<clientVpnEndpointId>cvpn-endpoint-0123456789abcdef0</clientVpnEndpointId>";
    if column == "network_associations" {
        // A network has a subnet, which may be the member itself.
        let subnet = if elements.starts_with("<targetNetworkId>") {
            ""
        } else {
            "<targetNetworkId>s</targetNetworkId>"
        };
        let document = listing(
            "DescribeClientVpnTargetNetworks",
            "clientVpnTargetNetworks",
            &format!("{subnet}{elements}"),
        );
        let mut found = Vec::new();
        let read = networks(&Body::new(document.as_bytes()), &asked, |network| {
            found.push((Value::Array(vec![network.json.clone()]), network.unparsed));
            Ok(())
        });
        return read.map_or_else(|_| (Value::Null, BTreeMap::new()), |_| found.remove(0));
    }
    let structure = match column {
        "device_trust_providers" => {
            format!(
                "<devicePostureOptions><trustProviderSet><item>{elements}</item></trustProviderSet></devicePostureOptions>"
            )
        }
        _ => format!("<associatedTargetNetwork><item>{elements}</item></associatedTargetNetwork>"),
    };
    let document = listing("DescribeClientVpnEndpoints", "clientVpnEndpoint", &format!("{id}{structure}"));
    let mut found = Vec::new();
    endpoints(&Body::new(document.as_bytes()), |raw| {
        found.push(normalise(raw));
        Ok(())
    })
    .unwrap();
    let endpoint = found.remove(0);
    let json = match column {
        "device_trust_providers" => endpoint.device_trust_providers,
        _ => endpoint.associated_target_networks,
    };
    (json.map_or(Value::Null, |json| serde_json::from_str(&json).unwrap()), endpoint.unparsed)
}

/// Returns an answer with one row.
fn listing(operation: &str, list: &str, row: &str) -> String {
    format!(
        "<{operation}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r</requestId>\
         <{list}><item>{row}</item></{list}></{operation}Response>"
    )
}

/// A column that the fragment does not name would never be shown, nor shown as changed.
#[test]
fn every_column_of_an_endpoint_is_compared_or_named_as_not_compared() {
    // The snapshot and the listings themselves, and what the head of configuration_changes names.
    let not_compared = [
        "snapshot_time",
        "captured_at",
        "authorization_rules_captured_at",
        "routes_captured_at",
        "request_id",
        "endpoint_id",
        "status_message",
        "client_connect_status_message",
        "revocation_list",
        "revocation_list_status_message",
        "unparsed",
    ];
    let fragment = include_str!("../../sql_fragments/configuration.sql");
    // ROW(part, name, field, value), on one line or on several.
    let compared = fragment.split("ROW(").skip(1).filter_map(|row| row.split('\'').nth(3));
    let compared: BTreeSet<&str> = compared.collect();
    let columns = ENDPOINT_COLUMNS.iter().map(|column| column.name);
    let expected: BTreeSet<&str> = columns.filter(|name| !not_compared.contains(name)).collect();
    let forgotten: Vec<&&str> = expected.difference(&compared).collect();
    assert!(forgotten.is_empty(), "sql_fragments/configuration.sql does not have {forgotten:?}");
}
