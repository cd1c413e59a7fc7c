//! Our columns against the API's model as botocore ships it, so that a field that AWS adds is noticed.

use std::collections::BTreeSet;

use client_vpn_audit::tables::connections::columns::COLUMNS;

use crate::harness::python;

#[test]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
fn every_field_of_the_api_has_a_column() {
    let fields: BTreeSet<String> = serde_json::from_value(python("api_fields.py", &[], &[])).unwrap();
    let columns = COLUMNS.iter().filter_map(|column| column.source).map(str::to_owned);
    // The endpoint that answered is compared with the one asked, and kept in `unparsed` where they differ.
    let ours: BTreeSet<String> = columns.chain(["clientVpnEndpointId".to_owned()]).collect();
    assert_eq!(fields, ours);
}
