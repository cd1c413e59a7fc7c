//! The readers of EC2's answers.

use std::borrow::Cow;

use aws_sdk_ec2::operation::describe_client_vpn_connections::{
    DescribeClientVpnConnections, DescribeClientVpnConnectionsOutput,
};
use aws_sdk_ec2::operation::describe_client_vpn_endpoints::{
    DescribeClientVpnEndpoints, DescribeClientVpnEndpointsOutput,
};
use aws_sdk_ec2::operation::describe_client_vpn_target_networks::{
    DescribeClientVpnTargetNetworks, DescribeClientVpnTargetNetworksOutput,
};
use aws_smithy_runtime_api::client::interceptors::context::Output;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;

use crate::aws::response_reader::{ResponseReader, SdkOperation, limit};
use crate::limits::{Limit, PAGE_UNPARSED_BYTES, PAGE_UNPARSED_VALUES, VALUE_BYTES};
use crate::tables::connections::rows::{Rows, RowsBuilder};
use crate::tables::endpoints::Endpoint;
use crate::tables::typing::illegal::has_illegal;
use crate::tables::xml::{Body, DecodeError};
use crate::tables::{connections, endpoints};
use crate::target::EndpointId;

impl ResponseReader<Rows> {
    /// Returns a reader of one answer about the connections of the endpoint `asked`.
    pub(super) fn connections(asked: &EndpointId) -> ResponseReader<Rows> {
        let operation = SdkOperation {
            config: || DescribeClientVpnConnections::new().config(),
            empty_output: || Output::erase(DescribeClientVpnConnectionsOutput::builder().build()),
        };
        let asked = asked.clone();
        ResponseReader::new(operation, move |bytes| {
            let mut rows = RowsBuilder::default();
            let body = Body::new(bytes);
            let end = connections::decoder::connections(&body, |connection| {
                rows.append(&connections::typing::normalise(connection, &asked));
                let (values, bytes) = rows.unparsed_size();
                limit(values <= PAGE_UNPARSED_VALUES && bytes <= PAGE_UNPARSED_BYTES, Limit::PageUnparsed)
            })?;
            Ok((end, rows.finish()))
        })
    }
}

impl ResponseReader<Vec<Endpoint>> {
    /// Returns a reader of one answer about the endpoints of an account and Region. Their time and request id are not set yet.
    pub(super) fn endpoints() -> ResponseReader<Vec<Endpoint>> {
        let operation = SdkOperation {
            config: || DescribeClientVpnEndpoints::new().config(),
            empty_output: || Output::erase(DescribeClientVpnEndpointsOutput::builder().build()),
        };
        ResponseReader::new(operation, |bytes| {
            let (mut endpoints, mut size) = (Vec::new(), 0);
            let body = Body::new(bytes);
            let end = endpoints::decoder::endpoints(&body, |raw| {
                let endpoint = endpoints::typing::normalise(raw);
                let of_texts = endpoint.unparsed.iter().map(|(name, text)| name.len() + text.len());
                size += of_texts.sum::<usize>();
                endpoints.push(endpoint);
                limit(size <= PAGE_UNPARSED_BYTES, Limit::PageUnparsed)
            })?;
            Ok((end, endpoints))
        })
    }
}

impl ResponseReader<Vec<String>> {
    /// Returns a reader of one answer about the networks of an endpoint.
    pub(super) fn networks() -> ResponseReader<Vec<String>> {
        let operation = SdkOperation {
            config: || DescribeClientVpnTargetNetworks::new().config(),
            empty_output: || Output::erase(DescribeClientVpnTargetNetworksOutput::builder().build()),
        };
        ResponseReader::new(operation, |bytes| {
            let mut networks = Vec::new();
            let body = Body::new(bytes);
            let is_exact = |id: &Cow<'_, str>| (1..=VALUE_BYTES).contains(&id.len()) && !has_illegal(id);
            let end = endpoints::decoder::networks(&body, |id| {
                // A list without this one would state that it is not associated.
                let id = id.filter(is_exact).ok_or(DecodeError::Malformed)?;
                networks.push(id.into_owned());
                Ok(())
            })?;
            Ok((end, networks))
        })
    }
}
