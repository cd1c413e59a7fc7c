//! The endpoints of one account and Region, with their configuration.

use std::collections::BTreeMap;

use aws_sdk_ec2::operation::RequestId;
use aws_sdk_ec2::operation::describe_client_vpn_endpoints::DescribeClientVpnEndpointsOutput;
use aws_sdk_ec2::operation::describe_client_vpn_target_networks::DescribeClientVpnTargetNetworksOutput;
use aws_sdk_ec2::types::ClientVpnEndpoint;
use jiff::Timestamp;

use super::ec2::{Ec2Source, malformed, page_error};
use super::pager::{Next, Pager};
use super::timing::Timing;
use super::{Action, PageError, larger_difference};
use crate::endpoint::{Endpoint, time};
use crate::snapshot::PageTimes;
use crate::target::{AccountRegion, EndpointId};

/// Every endpoint of an account and Region.
#[derive(Debug, Clone)]
pub struct EndpointList {
    /// The endpoints, in AWS's order.
    pub endpoints: Vec<Endpoint>,
    /// When they were asked for and listed.
    pub times: PageTimes,
    /// Seconds by which this machine's clock is ahead of EC2's; negative if it is behind. `None` if EC2 did not say.
    pub clock_difference_seconds: Option<i64>,
}

/// Most endpoints or networks of a page. Source: EC2 API reference, `MaxResults`.
const PAGE_SIZE: i32 = 1000;

impl Ec2Source {
    /// Every endpoint there is, without the networks that it is associated with.
    ///
    /// # Errors
    /// When not all could be listed.
    pub async fn endpoints(&self, place: &AccountRegion) -> Result<EndpointList, PageError> {
        let mut pager = Pager::new(None);
        let mut endpoints = Vec::new();
        let (mut begin, mut clock_difference_seconds) = (None, None);
        loop {
            let key = self.access_key().await?;
            let (page, timing) = match self.endpoints_page(place, pager.token()).await {
                Ok(page) => page,
                Err(error) => {
                    self.renew_credentials(error, key.as_deref()).await?;
                    self.endpoints_page(place, pager.token()).await?
                }
            };
            let (request_id, arrived_at) = (page.request_id().map(str::to_owned), self.now());
            let timed = timing.of_answer(arrived_at);
            clock_difference_seconds =
                larger_difference(clock_difference_seconds, timed.clock_difference_seconds);
            let (first_page_requested_at, first_page_at) =
                *begin.get_or_insert((timed.requested_at, arrived_at));
            for endpoint in page.client_vpn_endpoints.unwrap_or_default() {
                endpoints.push(typed(endpoint, request_id.clone(), arrived_at)?);
            }
            if !goes_on(&mut pager, page.next_token)? {
                let times = PageTimes { first_page_requested_at, first_page_at, last_page_at: arrived_at };
                return Ok(EndpointList { endpoints, times, clock_difference_seconds });
            }
        }
    }

    async fn endpoints_page(
        &self,
        place: &AccountRegion,
        token: Option<&str>,
    ) -> Result<(DescribeClientVpnEndpointsOutput, Timing), PageError> {
        let timing = self.timing();
        let call = self.client().describe_client_vpn_endpoints().max_results(PAGE_SIZE);
        let call = call.set_next_token(token.map(str::to_owned)).customize().interceptor(timing.clone());
        let page = call.send().await;
        let page = page.map_err(|error| page_error(error, Action::Endpoints, &place.arn_of("*"), &[]))?;
        Ok((page, timing))
    }

    /// The subnets that an endpoint is associated with; none where the endpoint was deleted meanwhile.
    ///
    /// # Errors
    /// When not all could be listed.
    pub async fn associated_networks(
        &self,
        place: &AccountRegion,
        endpoint_id: &EndpointId,
    ) -> Result<Option<Vec<String>>, PageError> {
        let mut pager = Pager::new(None);
        let mut networks = Vec::new();
        loop {
            let key = self.access_key().await?;
            let page = match self.networks_page(place, endpoint_id, pager.token()).await {
                Ok(page) => page,
                Err(error) if error.code == "InvalidClientVpnEndpointId.NotFound" => return Ok(None),
                Err(error) => {
                    self.renew_credentials(error, key.as_deref()).await?;
                    self.networks_page(place, endpoint_id, pager.token()).await?
                }
            };
            let of_page = page.client_vpn_target_networks.unwrap_or_default();
            networks.extend(of_page.into_iter().filter_map(|network| network.target_network_id));
            if !goes_on(&mut pager, page.next_token)? {
                return Ok(Some(networks));
            }
        }
    }

    async fn networks_page(
        &self,
        place: &AccountRegion,
        endpoint_id: &EndpointId,
        token: Option<&str>,
    ) -> Result<DescribeClientVpnTargetNetworksOutput, PageError> {
        let call = self.client().describe_client_vpn_target_networks().max_results(PAGE_SIZE);
        let call = call.client_vpn_endpoint_id(endpoint_id.as_str());
        let page = call.set_next_token(token.map(str::to_owned)).send().await;
        let arn = place.arn_of(endpoint_id.as_str());
        page.map_err(|error| page_error(error, Action::TargetNetworks, &arn, &[]))
    }
}

/// Whether another page follows.
fn goes_on(pager: &mut Pager, next_token: Option<String>) -> Result<bool, PageError> {
    match pager.advance(next_token) {
        Next::Page => Ok(true),
        Next::End => Ok(false),
        Next::Repeated => Err(PageError::repeated_token()),
    }
}

fn typed(
    endpoint: ClientVpnEndpoint,
    request_id: Option<String>,
    captured_at: Timestamp,
) -> Result<Endpoint, PageError> {
    let id = endpoint.client_vpn_endpoint_id.unwrap_or_default();
    let endpoint_id = EndpointId::parse(&id).ok_or_else(malformed)?;
    let mut unparsed = BTreeMap::new();
    let creation_time = time(&mut unparsed, "creationTime", endpoint.creation_time);
    let deletion_time = time(&mut unparsed, "deletionTime", endpoint.deletion_time);
    let (code, message) = endpoint.status.map(|status| (status.code, status.message)).unwrap_or_default();
    let log = endpoint.connection_log_options;
    let authentications = endpoint.authentication_options.unwrap_or_default();
    let tags = endpoint.tags.unwrap_or_default();
    Ok(Endpoint {
        endpoint_id,
        request_id,
        captured_at,
        description: endpoint.description,
        status_code: code.map(|code| code.as_str().to_owned()),
        status_message: message,
        creation_time,
        deletion_time,
        dns_name: endpoint.dns_name,
        client_cidr_block: endpoint.client_cidr_block,
        vpc_id: endpoint.vpc_id,
        associated_networks: None,
        security_group_ids: endpoint.security_group_ids.unwrap_or_default(),
        authentication_types: authentications
            .into_iter()
            .filter_map(|authentication| authentication.r#type.map(|kind| kind.as_str().to_owned()))
            .collect(),
        split_tunnel: endpoint.split_tunnel,
        transport_protocol: endpoint.transport_protocol.map(|protocol| protocol.as_str().to_owned()),
        vpn_port: endpoint.vpn_port.map(i64::from),
        connection_log_enabled: log.as_ref().and_then(|log| log.enabled),
        connection_log_group: log.and_then(|log| log.cloudwatch_log_group),
        session_timeout_hours: endpoint.session_timeout_hours.map(i64::from),
        disconnect_on_session_timeout: endpoint.disconnect_on_session_timeout,
        client_connect_enabled: endpoint.client_connect_options.and_then(|options| options.enabled),
        server_certificate_arn: endpoint.server_certificate_arn,
        tags: tags.into_iter().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect(),
        unparsed,
    })
}
