//! The readers of EC2's answers.

use std::collections::BTreeMap;

use aws_sdk_ec2::operation::describe_client_vpn_authorization_rules::{
    DescribeClientVpnAuthorizationRules, DescribeClientVpnAuthorizationRulesOutput,
};
use aws_sdk_ec2::operation::describe_client_vpn_connections::{
    DescribeClientVpnConnections, DescribeClientVpnConnectionsOutput,
};
use aws_sdk_ec2::operation::describe_client_vpn_endpoints::{
    DescribeClientVpnEndpoints, DescribeClientVpnEndpointsOutput,
};
use aws_sdk_ec2::operation::describe_client_vpn_routes::{
    DescribeClientVpnRoutes, DescribeClientVpnRoutesOutput,
};
use aws_sdk_ec2::operation::describe_client_vpn_target_networks::{
    DescribeClientVpnTargetNetworks, DescribeClientVpnTargetNetworksOutput,
};
use aws_sdk_ec2::operation::export_client_vpn_client_certificate_revocation_list::{
    ExportClientVpnClientCertificateRevocationList, ExportClientVpnClientCertificateRevocationListOutput,
};
use aws_sdk_ec2::operation::get_client_vpn_endpoint_authorization_policy::{
    GetClientVpnEndpointAuthorizationPolicy, GetClientVpnEndpointAuthorizationPolicyOutput,
};
use aws_smithy_runtime_api::client::interceptors::context::Output;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;

use crate::answer_limits::{Limit, PAGE_UNPARSED_BYTES, PAGE_UNPARSED_VALUES};
use crate::aws::response_reader::{ResponseReader, SdkOperation, limit};
use crate::tables::authorization_rules::{AuthorizationRule, authorization_rules};
use crate::tables::configuration::endpoint_row::EndpointRow;
use crate::tables::connections::rows::{Rows, RowsBuilder};
use crate::tables::endpoints::Endpoint;
use crate::tables::endpoints::authorization_policy::{PolicyAnswer, authorization_policy};
use crate::tables::endpoints::networks::Association;
use crate::tables::endpoints::revocation_list::{RevocationListAnswer, revocation_list};
use crate::tables::routes::{Route, routes};
use crate::tables::xml::{Body, DecodeError, PageEnd};
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
            let (mut endpoints, mut size) = (Vec::new(), UnparsedSize::default());
            let end = endpoints::decoder::endpoints(&Body::new(bytes), |raw| {
                let endpoint = endpoints::typing::normalise(raw);
                size.add(&endpoint.unparsed)?;
                endpoints.push(endpoint);
                Ok(())
            })?;
            Ok((end, endpoints))
        })
    }
}

impl ResponseReader<Vec<Association>> {
    /// Returns a reader of one answer about the networks of the endpoint `asked`.
    pub(super) fn networks(asked: &EndpointId) -> ResponseReader<Vec<Association>> {
        let operation = SdkOperation {
            config: || DescribeClientVpnTargetNetworks::new().config(),
            empty_output: || Output::erase(DescribeClientVpnTargetNetworksOutput::builder().build()),
        };
        let asked = asked.clone();
        ResponseReader::new(operation, move |bytes| {
            let (mut networks, mut size) = (Vec::new(), UnparsedSize::default());
            let end = endpoints::networks::networks(&Body::new(bytes), &asked, |association| {
                size.add(&association.unparsed)?;
                networks.push(association);
                Ok(())
            })?;
            Ok((end, networks))
        })
    }
}

impl ResponseReader<Vec<EndpointRow<AuthorizationRule>>> {
    /// Returns a reader of one answer about the authorization rules of the endpoint `asked`.
    pub(super) fn authorization_rules(
        asked: &EndpointId,
    ) -> ResponseReader<Vec<EndpointRow<AuthorizationRule>>> {
        let operation = SdkOperation {
            config: || DescribeClientVpnAuthorizationRules::new().config(),
            empty_output: || Output::erase(DescribeClientVpnAuthorizationRulesOutput::builder().build()),
        };
        let asked = asked.clone();
        ResponseReader::new(operation, move |bytes| {
            let (mut rules, mut size) = (Vec::new(), UnparsedSize::default());
            let end = authorization_rules(&Body::new(bytes), &asked, |rule| {
                size.add(&rule.unparsed)?;
                rules.push(rule);
                Ok(())
            })?;
            Ok((end, rules))
        })
    }
}

impl ResponseReader<Vec<EndpointRow<Route>>> {
    /// Returns a reader of one answer about the routes of the endpoint `asked`.
    pub(super) fn routes(asked: &EndpointId) -> ResponseReader<Vec<EndpointRow<Route>>> {
        let operation = SdkOperation {
            config: || DescribeClientVpnRoutes::new().config(),
            empty_output: || Output::erase(DescribeClientVpnRoutesOutput::builder().build()),
        };
        let asked = asked.clone();
        ResponseReader::new(operation, move |bytes| {
            let (mut rows, mut size) = (Vec::new(), UnparsedSize::default());
            let end = routes(&Body::new(bytes), &asked, |route| {
                size.add(&route.unparsed)?;
                rows.push(route);
                Ok(())
            })?;
            Ok((end, rows))
        })
    }
}

impl ResponseReader<PolicyAnswer> {
    /// Returns a reader of the answer about the authorization policy of the endpoint `asked`.
    pub(super) fn authorization_policy(asked: &EndpointId) -> ResponseReader<PolicyAnswer> {
        let operation = SdkOperation {
            config: || GetClientVpnEndpointAuthorizationPolicy::new().config(),
            empty_output: || Output::erase(GetClientVpnEndpointAuthorizationPolicyOutput::builder().build()),
        };
        let asked = asked.clone();
        ResponseReader::new(operation, move |bytes| {
            Ok((PageEnd::default(), authorization_policy(&Body::new(bytes), &asked)?))
        })
    }
}

impl ResponseReader<RevocationListAnswer> {
    /// Returns a reader of the answer about the revocation list of an endpoint.
    pub(super) fn revocation_list() -> ResponseReader<RevocationListAnswer> {
        let operation = SdkOperation {
            config: || ExportClientVpnClientCertificateRevocationList::new().config(),
            empty_output: || {
                Output::erase(ExportClientVpnClientCertificateRevocationListOutput::builder().build())
            },
        };
        ResponseReader::new(operation, |bytes| Ok((PageEnd::default(), revocation_list(&Body::new(bytes))?)))
    }
}

/// Bytes of `unparsed` in the rows of a page so far.
#[derive(Debug, Default)]
struct UnparsedSize(usize);

impl UnparsedSize {
    fn add(&mut self, unparsed: &BTreeMap<String, String>) -> Result<(), DecodeError> {
        self.0 += unparsed.iter().map(|(name, text)| name.len() + text.len()).sum::<usize>();
        limit(self.0 <= PAGE_UNPARSED_BYTES, Limit::PageUnparsed)
    }
}
