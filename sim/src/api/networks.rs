//! `DescribeClientVpnTargetNetworks`.

use super::{Answer, find, position};
use crate::error::ApiError;
use crate::location::Location;
use crate::parameters::{Parameters, is_filter};
use crate::setup::{Network, Setup};
use crate::state::State;
use crate::token::Token;
use crate::xml::{self, Xml};

const ACTION: &str = "DescribeClientVpnTargetNetworks";
const FILTERS: &[&str] = &["association-id", "target-network-id", "vpc-id"];
const PARAMETERS: &[&str] = &["ClientVpnEndpointId", "MaxResults", "NextToken"];

pub(crate) fn describe(
    state: &State,
    location: &Location,
    parameters: &Parameters,
    request_id: String,
) -> Answer {
    match page(state, location, parameters) {
        Ok(page) => Answer::xml(render(&page, &request_id), request_id),
        Err(error) => Answer::error(&error, request_id),
    }
}

struct NetworkPage {
    endpoint_id: String,
    setup: Setup,
    /// The setup's networks on this page.
    networks: Vec<Network>,
    next_token: Option<String>,
}

fn page(state: &State, location: &Location, parameters: &Parameters) -> Result<NetworkPage, ApiError> {
    parameters
        .only(|name| PARAMETERS.contains(&name) || name.starts_with("AssociationIds.") || is_filter(name))?;
    let endpoint_id = parameters.required("ClientVpnEndpointId")?;
    let filters = parameters.filters(FILTERS)?;
    let setup = Setup::of(&*find(state, location, endpoint_id)?);
    let ids = parameters.list("AssociationIds");
    let is_known = |id: &&str| setup.networks.iter().any(|network| network.association_id == **id);
    if let Some(stranger) = ids.iter().find(|id| !is_known(id)) {
        return Err(ApiError::association_not_found(stranger));
    }
    if parameters.dry_run()? {
        return Err(ApiError::dry_run());
    }
    let position = position(state, parameters, &format!("{ACTION} {endpoint_id}"), filters.digest())?;
    let mut matching = setup.networks.iter().enumerate().skip(position.offset).filter(|(_, network)| {
        let field = |name: &str| match name {
            "association-id" => Some(network.association_id.clone()),
            "target-network-id" => Some(network.subnet_id.clone()),
            _ => Some(setup.vpc_id.clone()),
        };
        (ids.is_empty() || ids.contains(&network.association_id.as_str())) && filters.match_all(field)
    });
    let networks = matching.by_ref().take(position.size).map(|(_, network)| network.clone()).collect();
    let next = matching.next().map(|(offset, _)| Token { offset, ..position.clone() });
    let next_token = next.map(|token| state.sealer.seal(&token));
    Ok(NetworkPage { endpoint_id: endpoint_id.to_owned(), networks, next_token, setup })
}

fn render(page: &NetworkPage, request_id: &str) -> Vec<u8> {
    Xml::document("DescribeClientVpnTargetNetworksResponse", Some(xml::EC2), |xml| {
        xml.text("requestId", request_id);
        xml.element("clientVpnTargetNetworks", |xml| {
            for network in &page.networks {
                xml.element("item", |xml| item(xml, page, network));
            }
        });
        xml.optional("nextToken", page.next_token.as_deref());
    })
}

fn item(xml: &mut Xml, page: &NetworkPage, network: &Network) {
    xml.text("associationId", &network.association_id);
    xml.text("vpcId", &page.setup.vpc_id);
    xml.text("targetNetworkId", &network.subnet_id);
    xml.text("clientVpnEndpointId", &page.endpoint_id);
    xml.element("status", |xml| xml.text("code", "associated"));
    xml.items("securityGroups", &page.setup.security_group_ids);
}
