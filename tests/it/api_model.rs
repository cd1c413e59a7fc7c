//! Our columns against the API's model as botocore ships it, so that a field that AWS adds is noticed.

use std::collections::{BTreeMap, BTreeSet};

use client_vpn_audit::tables::authorization_rules::COLUMNS as RULE_COLUMNS;
use client_vpn_audit::tables::column::Column;
use client_vpn_audit::tables::connections::columns::COLUMNS;
use client_vpn_audit::tables::endpoints::COLUMNS as ENDPOINT_COLUMNS;
use client_vpn_audit::tables::routes::COLUMNS as ROUTE_COLUMNS;

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
    assert_eq!(fields()["DescribeClientVpnConnections"], ours);
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
