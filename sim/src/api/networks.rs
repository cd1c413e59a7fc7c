//! `DescribeClientVpnTargetNetworks`.

use super::document::Document;
use super::inquiry::Inquiry;
use super::tree::{self, Row};
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
    let endpoint_id = &fleet.endpoint().id;
    let matches = |network: &&Network| {
        let field = |name: &str| match name {
            "association-id" => Some(network.association_id.clone()),
            "target-network-id" => Some(network.subnet_id.clone()),
            _ => Some(setup.vpc_id.clone()),
        };
        (ids.is_empty() || ids.contains(&network.association_id.as_str())) && filters.match_all(field)
    };
    let matching = setup.networks.iter().enumerate().filter(|(_, network)| matches(network));
    let rows = matching.map(|(offset, network)| (offset, association(endpoint_id, &setup, network)));
    tree::page(inquiry, LIST, endpoint_id, &filters, rows)
}

fn association(endpoint_id: &str, setup: &Setup, network: &Network) -> Row {
    vec![
        Element::text("associationId", &network.association_id),
        Element::text("vpcId", &setup.vpc_id),
        Element::text("targetNetworkId", &network.subnet_id),
        Element::text("clientVpnEndpointId", endpoint_id),
        Element::status("associated", None),
        Element::items("securityGroups", &setup.security_group_ids),
    ]
}
