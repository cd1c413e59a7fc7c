//! The endpoints of an account and Region as a Parquet object. There are few of them, so it is made in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, ListBuilder, MapBuilder, StringBuilder};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use jiff::Timestamp;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;

use super::metadata::identity_of_endpoints;
use super::schema::{ENDPOINT_COLUMNS, arrow_schema, list_element};
use super::writer::{SnapshotError, metadata, properties};
use super::{map_builder, rows};
use crate::endpoint::Endpoint;
use crate::snapshot_time::SnapshotTime;
use crate::target::{AccountRegion, EndpointId};

/// Encodes the endpoints, in their order.
///
/// # Errors
/// When they cannot be encoded, which is a fault of this program.
pub fn encode_endpoints(
    snapshot_time: SnapshotTime,
    place: &AccountRegion,
    endpoints: &[Endpoint],
) -> Result<Vec<u8>, SnapshotError> {
    let schema = arrow_schema(ENDPOINT_COLUMNS);
    let batch = RecordBatch::try_new(schema.clone(), columns(snapshot_time, endpoints))
        .map_err(SnapshotError::Columns)?;
    let mut identity = identity_of_endpoints(snapshot_time, place);
    identity.push(("outcome", "complete".to_owned()));
    let metadata = metadata(&identity);
    let options = ArrowWriterOptions::new()
        .with_properties(properties().set_key_value_metadata(Some(metadata)).build())
        .with_skip_arrow_metadata(true);
    let mut writer =
        ArrowWriter::try_new_with_options(Vec::new(), schema, options).map_err(SnapshotError::Parquet)?;
    writer.write(&batch).map_err(SnapshotError::Parquet)?;
    writer.into_inner().map_err(SnapshotError::Parquet)
}

/// In the order of [`ENDPOINT_COLUMNS`].
fn columns(snapshot_time: SnapshotTime, endpoints: &[Endpoint]) -> Vec<ArrayRef> {
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
        rows::time(snapshot_time.timestamp(), endpoints.len()),
        times(|endpoint| Some(endpoint.captured_at)),
        texts(|endpoint| endpoint.request_id.as_deref()),
        texts(|endpoint| endpoint.endpoint_id.as_ref().map(EndpointId::as_str)),
        texts(|endpoint| endpoint.description.as_deref()),
        texts(|endpoint| endpoint.status_code.as_deref()),
        texts(|endpoint| endpoint.status_message.as_deref()),
        times(|endpoint| endpoint.creation_time),
        times(|endpoint| endpoint.deletion_time),
        texts(|endpoint| endpoint.dns_name.as_deref()),
        texts(|endpoint| endpoint.client_cidr_block.as_deref()),
        texts(|endpoint| endpoint.vpc_id.as_deref()),
        lists(|endpoint| endpoint.associated_networks.as_ref()),
        lists(|endpoint| Some(&endpoint.security_group_ids)),
        lists(|endpoint| Some(&endpoint.authentication_types)),
        booleans(|endpoint| endpoint.split_tunnel),
        texts(|endpoint| endpoint.transport_protocol.as_deref()),
        numbers(|endpoint| endpoint.vpn_port),
        booleans(|endpoint| endpoint.connection_log_enabled),
        texts(|endpoint| endpoint.connection_log_group.as_deref()),
        numbers(|endpoint| endpoint.session_timeout_hours),
        booleans(|endpoint| endpoint.disconnect_on_session_timeout),
        booleans(|endpoint| endpoint.client_connect_enabled),
        texts(|endpoint| endpoint.server_certificate_arn.as_deref()),
        maps(|endpoint| &endpoint.tags),
        maps(|endpoint| &endpoint.unparsed),
    ]
}

/// An empty map is null.
fn append_map(builder: &mut MapBuilder<StringBuilder, StringBuilder>, map: &BTreeMap<String, String>) {
    for (key, value) in map {
        builder.keys().append_value(key);
        builder.values().append_value(value);
    }
    // It fails where keys and values differ in number, and here they come in pairs.
    let _ = builder.append(!map.is_empty());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_endpoints_are_an_object_too_and_the_same_endpoints_give_the_same_bytes() {
        let time = SnapshotTime::parse("2026-11-23T09:00:00Z").unwrap();
        let place = AccountRegion::parse("account_id=111122223333", "region=eu-central-1").unwrap();
        let bytes = encode_endpoints(time, &place, &[]).unwrap();
        assert_eq!((&bytes[..4], &bytes[bytes.len() - 4..]), (&b"PAR1"[..], &b"PAR1"[..]));
        assert_eq!(encode_endpoints(time, &place, &[]).unwrap(), bytes);
        let metadata = crate::snapshot::ObjectMetadata::read(&bytes).unwrap();
        assert_eq!(metadata.difference(&identity_of_endpoints(time, &place), "complete"), None);
        assert_eq!((metadata.rows, metadata.times()), (0, None));
    }
}
