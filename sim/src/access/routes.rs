//! Routes.

use super::{AccessStatus, description};
use crate::random::Stream;
use crate::setup::Setup;
use serde::Serialize;

/// One route. Serialized under the API's names, absent fields left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// The network that the route leads to.
    pub destination_cidr: String,
    /// The subnet through which it leads, or `local`; `None` with a transit gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_subnet: Option<String>,
    /// The type of route, `Nat`.
    #[serde(rename = "type")]
    pub route_type: String,
    /// The origin: `associate` of an association, or `add-route` of an administrator.
    pub origin: String,
    /// The route's state: `creating`, `active`, `failed` or `deleting`.
    pub status: AccessStatus,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The attachment through which it leads with a transit gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transit_gateway_attachment_id: Option<String>,
}

/// Draws one to five routes: one for each network of the endpoint, and those of an administrator.
pub(super) fn draw(stream: &mut Stream, setup: &Setup) -> Vec<Route> {
    let subnets: Vec<&str> = setup.networks.iter().map(|network| network.subnet_id.as_str()).collect();
    let at_least = i64::try_from(subnets.len()).unwrap_or(5).max(1);
    let count = usize::try_from(stream.between(at_least, 5)).unwrap_or(1);
    let associated = subnets.iter().map(|subnet| Some(*subnet)).chain(std::iter::repeat(None));
    associated.take(count).enumerate().map(|(index, subnet)| route(stream, index, subnet, &subnets)).collect()
}

/// Draws a route. `associated` is the subnet whose association added it.
fn route(stream: &mut Stream, index: usize, associated: Option<&str>, subnets: &[&str]) -> Route {
    let of_administrator = if subnets.is_empty() { "local" } else { stream.pick(subnets) };
    let is_internet = stream.one_in(3);
    let network = match associated {
        Some(_) => "172.31.0.0/16".to_owned(),
        None if is_internet && index == subnets.len() => "0.0.0.0/0".to_owned(),
        None => format!("10.{index}.0.0/16"),
    };
    Route {
        destination_cidr: network,
        target_subnet: Some(associated.unwrap_or(of_administrator).to_owned()),
        route_type: "Nat".to_owned(),
        origin: if associated.is_some() { "associate" } else { "add-route" }.to_owned(),
        status: AccessStatus::of(stream.pick(&["active", "active", "active", "creating"])),
        description: match associated {
            Some(_) => Some("Default Route".to_owned()),
            None => description(stream),
        },
        transit_gateway_attachment_id: None,
    }
}
