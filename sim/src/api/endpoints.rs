//! `DescribeClientVpnEndpoints`.

mod options;

use super::document::Document;
use super::inquiry::Inquiry;
use super::tree::{self, Row};
use crate::access::Access;
use crate::account_region::AccountRegion;
use crate::element::Element;
use crate::error::ApiError;
use crate::parameters::is_filter;
use crate::place::Listed;
use crate::setup::Setup;

pub(crate) const LIST: &str = "clientVpnEndpoint";
const FILTERS: &[&str] = &["endpoint-id", "transport-protocol"];

pub(crate) fn describe(inquiry: &Inquiry<'_>) -> Result<Document, ApiError> {
    let Inquiry { location, parameters, .. } = inquiry;
    parameters.only(|name| {
        ["MaxResults", "NextToken"].contains(&name)
            || name.starts_with("ClientVpnEndpointId.")
            || is_filter(name)
    })?;
    let filters = parameters.filters(FILTERS)?;
    let ids = parameters.list("ClientVpnEndpointId");
    for id in &ids {
        inquiry.find(id)?;
    }
    let place = format!("{} {}", location.account_id, location.region);
    let matches = |listed: &Listed| {
        let id = listed.fleet.endpoint().id.as_str();
        let field = |name: &str| match name {
            "endpoint-id" => Some(id.to_owned()),
            _ => Some(Setup::of(&listed.fleet).transport_protocol.to_owned()),
        };
        (ids.is_empty() || ids.contains(&id)) && filters.match_all(field)
    };
    let matching = inquiry.state.places.at(location).into_iter().filter(matches);
    let rows = matching.map(|listed| {
        let access = inquiry.access(&listed.fleet);
        (listed.number, endpoint(location, &listed, &access))
    });
    tree::page(inquiry, LIST, &place, &filters, rows)
}

fn endpoint(location: &AccountRegion, listed: &Listed, access: &Access) -> Row {
    let fleet = &listed.fleet;
    let (id, region, setup, options) =
        (&fleet.endpoint().id, &location.region, Setup::of(fleet), &access.options);
    let elements = [
        Some(Element::text("clientVpnEndpointId", id)),
        Element::optional("description", options.description.as_deref()),
        Some(Element::status(setup.status())),
        Some(Element::text("creationTime", &setup.created)),
        Some(Element::text("dnsName", format!("*.{id}.prod.clientvpn.{region}.amazonaws.com"))),
        Some(Element::text("clientCidrBlock", format!("{}/12", fleet.client_range()))),
        Some(Element::items("dnsServer", &options.dns_servers)),
        Some(Element::flag("splitTunnel", options.split_tunnel)),
        Some(Element::text("vpnProtocol", "openvpn")),
        Some(Element::text("transportProtocol", setup.transport_protocol)),
        Some(Element::text("vpnPort", options.vpn_port.to_string())),
        Some(Element::text("serverCertificateArn", &options.server_certificate_arn)),
        Some(options::authentication(&options.authentication)),
        Some(options::log(options, &listed.log.group, setup.is_logged != listed.log.is_switched())),
        Some(options::tags(&options.tags)),
        Some(Element::items("securityGroupIdSet", &options.security_group_ids)),
        Some(options::connect(options)),
        Element::optional("vpcId", options.vpc_id.as_deref()),
        Element::optional("selfServicePortalUrl", options.self_service_portal_url.as_deref()),
        Some(Element::text("sessionTimeoutHours", options.session_timeout_hours.to_string())),
        Some(options::login_banner(options.login_banner.as_deref())),
        Some(options::route_enforcement(options.is_route_enforced)),
        Some(Element::flag("disconnectOnSessionTimeout", options.disconnect_on_session_timeout)),
        Some(Element::text("endpointIpAddressType", &options.endpoint_ip_address_type)),
        Some(Element::text("trafficIpAddressType", &options.traffic_ip_address_type)),
        options.transit_gateway.as_ref().map(options::transit_gateway),
        options::device_posture(&options.trust_providers),
    ];
    elements.into_iter().flatten().collect()
}
