//! `DescribeClientVpnTargetNetworks`.

use super::document::Document;
use super::inquiry::Inquiry;
use super::tree::{self, Row};
use crate::access::{EndpointOptions, TransitGateway};
use crate::element::Element;
use crate::error::ApiError;
use crate::setup::{Network, Setup};

pub(crate) const LIST: &str = "clientVpnTargetNetworks";
const FILTERS: &[&str] = &["association-id", "target-network-id", "vpc-id"];

pub(crate) fn describe(inquiry: &Inquiry<'_>) -> Result<Document, ApiError> {
    let (fleet, filters) = inquiry.listed(FILTERS, |name| name.starts_with("AssociationIds."))?;
    let setup = Setup::of(&fleet);
    let ids = inquiry.parameters.list("AssociationIds");
    let is_known = |id: &&str| setup.networks.iter().any(|network| network.association_id == **id);
    if let Some(stranger) = ids.iter().find(|id| !is_known(id)) {
        return Err(ApiError::association_not_found(stranger));
    }
    let access = inquiry.access(&fleet);
    let options = &access.options;
    let endpoint_id = &fleet.endpoint().id;
    let matches = |network: &Network| {
        let field = |name: &str| match name {
            "association-id" => Some(network.association_id.clone()),
            "target-network-id" => subnet(options, network).map(str::to_owned),
            _ => options.vpc_id.clone(),
        };
        (ids.is_empty() || ids.contains(&network.association_id.as_str())) && filters.match_all(field)
    };
    let matching = setup.networks.iter().enumerate().filter(|(_, network)| matches(network));
    let rows = matching.map(|(number, network)| (number, association(endpoint_id, options, network, number)));
    tree::page(inquiry, LIST, endpoint_id, &filters, rows)
}

/// Returns the subnet of an association; `None` with a transit gateway.
fn subnet<'a>(options: &EndpointOptions, network: &'a Network) -> Option<&'a str> {
    options.transit_gateway.is_none().then_some(network.subnet_id.as_str())
}

/// Returns the row of the endpoint's association of this number.
fn association(endpoint_id: &str, options: &EndpointOptions, network: &Network, number: usize) -> Row {
    let zone = |name, of: fn(&TransitGateway) -> &Vec<String>| {
        let gateway = options.transit_gateway.as_ref()?;
        let zone = of(gateway).iter().cycle().nth(number);
        Some(Element::items(name, &zone.cloned().into_iter().collect::<Vec<_>>()))
    };
    let elements = [
        Some(Element::text("associationId", &network.association_id)),
        Element::optional("vpcId", options.vpc_id.as_deref()),
        Element::optional("targetNetworkId", subnet(options, network)),
        Some(Element::text("clientVpnEndpointId", endpoint_id)),
        Some(Element::status("associated")),
        Some(Element::items("securityGroups", &options.security_group_ids)),
        zone("availabilityZoneSet", |gateway| &gateway.availability_zones),
        zone("availabilityZoneIdSet", |gateway| &gateway.availability_zone_ids),
    ];
    elements.into_iter().flatten().collect()
}
