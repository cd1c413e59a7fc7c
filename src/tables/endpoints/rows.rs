//! The endpoints of an account and Region, laid out as the columns of the table.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, ListBuilder, MapBuilder, StringBuilder};
use arrow_array::{ArrayRef, Int64Array, StringArray, TimestampMillisecondArray};
use jiff::Timestamp;

use crate::snapshot_time::SnapshotTime;
use crate::tables::column::{list_element, map_builder};
use crate::tables::connections::rows::time;
use crate::tables::endpoints::Endpoint;
use crate::target::EndpointId;

/// Returns the values of each column, with its name.
pub fn columns(snapshot_time: SnapshotTime, endpoints: &[Endpoint]) -> Vec<(&'static str, ArrayRef)> {
    let texts = |text: fn(&Endpoint) -> Option<&str>| -> ArrayRef {
        Arc::new(StringArray::from_iter(endpoints.iter().map(text)))
    };
    let times = |time: fn(&Endpoint) -> Option<Timestamp>| -> ArrayRef {
        let millis = endpoints.iter().map(|endpoint| time(endpoint).map(Timestamp::as_millisecond));
        Arc::new(TimestampMillisecondArray::from_iter(millis).with_timezone("UTC"))
    };
    let numbers = |number: fn(&Endpoint) -> Option<i64>| -> ArrayRef {
        Arc::new(Int64Array::from_iter(endpoints.iter().map(number)))
    };
    let booleans = |boolean: fn(&Endpoint) -> Option<bool>| -> ArrayRef {
        let mut builder = BooleanBuilder::new();
        endpoints.iter().for_each(|endpoint| builder.append_option(boolean(endpoint)));
        Arc::new(builder.finish())
    };
    let lists = |list: fn(&Endpoint) -> Option<&Vec<String>>| -> ArrayRef {
        let mut builder = ListBuilder::new(StringBuilder::new()).with_field(list_element());
        for endpoint in endpoints {
            builder.append_option(list(endpoint).map(|list| list.iter().map(Some)));
        }
        Arc::new(builder.finish())
    };
    let maps = |map: fn(&Endpoint) -> &BTreeMap<String, String>| -> ArrayRef {
        let mut builder = map_builder();
        endpoints.iter().for_each(|endpoint| append_map(&mut builder, map(endpoint)));
        Arc::new(builder.finish())
    };
    vec![
        ("snapshot_time", time(snapshot_time.timestamp(), endpoints.len())),
        ("captured_at", times(|endpoint| Some(endpoint.captured_at))),
        ("request_id", texts(|endpoint| endpoint.request_id.as_deref())),
        ("endpoint_id", texts(|endpoint| endpoint.endpoint_id.as_ref().map(EndpointId::as_str))),
        ("description", texts(|endpoint| endpoint.description.as_deref())),
        ("status_code", texts(|endpoint| endpoint.status_code.as_deref())),
        ("status_message", texts(|endpoint| endpoint.status_message.as_deref())),
        ("creation_time", times(|endpoint| endpoint.creation_time)),
        ("deletion_time", times(|endpoint| endpoint.deletion_time)),
        ("dns_name", texts(|endpoint| endpoint.dns_name.as_deref())),
        ("client_cidr_block", texts(|endpoint| endpoint.client_cidr_block.as_deref())),
        ("vpc_id", texts(|endpoint| endpoint.vpc_id.as_deref())),
        ("associated_networks", lists(|endpoint| endpoint.associated_networks.as_ref())),
        ("security_group_ids", lists(|endpoint| Some(&endpoint.security_group_ids))),
        ("authentication_types", lists(|endpoint| Some(&endpoint.authentication_types))),
        ("split_tunnel", booleans(|endpoint| endpoint.split_tunnel)),
        ("transport_protocol", texts(|endpoint| endpoint.transport_protocol.as_deref())),
        ("vpn_port", numbers(|endpoint| endpoint.vpn_port)),
        ("connection_log_enabled", booleans(|endpoint| endpoint.connection_log_enabled)),
        ("connection_log_group", texts(|endpoint| endpoint.connection_log_group.as_deref())),
        ("session_timeout_hours", numbers(|endpoint| endpoint.session_timeout_hours)),
        ("disconnect_on_session_timeout", booleans(|endpoint| endpoint.disconnect_on_session_timeout)),
        ("client_connect_enabled", booleans(|endpoint| endpoint.client_connect_enabled)),
        ("server_certificate_arn", texts(|endpoint| endpoint.server_certificate_arn.as_deref())),
        ("tags", maps(|endpoint| &endpoint.tags)),
        ("unparsed", maps(|endpoint| &endpoint.unparsed)),
    ]
}

/// Appends a map; an empty one is null.
fn append_map(builder: &mut MapBuilder<StringBuilder, StringBuilder>, map: &BTreeMap<String, String>) {
    for (key, value) in map {
        builder.keys().append_value(key);
        builder.values().append_value(value);
    }
    // It fails if keys and values differ in number, and here they come in pairs.
    let _ = builder.append(!map.is_empty());
}

#[cfg(test)]
mod tests {
    use arrow_array::Array;
    use arrow_array::cast::AsArray;

    use super::*;

    #[test]
    fn a_map_has_its_entries_and_an_empty_one_is_null() {
        let mut builder = map_builder();
        append_map(&mut builder, &BTreeMap::new());
        append_map(
            &mut builder,
            &BTreeMap::from([("k", "v"), ("l", "w")].map(|(k, v)| (k.into(), v.into()))),
        );
        let maps = builder.finish();
        assert_eq!((maps.is_null(0), maps.is_null(1)), (true, false));
        let entries = maps.value(1);
        let texts = |column: usize| -> Vec<Option<&str>> {
            entries.column(column).as_string::<i32>().iter().collect()
        };
        assert_eq!((texts(0), texts(1)), (vec![Some("k"), Some("l")], vec![Some("v"), Some("w")]));
    }
}
