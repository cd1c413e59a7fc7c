//! `DescribeClientVpnRoutes`.

use super::document::Document;
use super::inquiry::Inquiry;
use super::tree::{self, Row};
use crate::access::Route;
use crate::element::Element;
use crate::error::ApiError;

pub(crate) const LIST: &str = "routes";
const FILTERS: &[&str] = &["destination-cidr", "origin", "target-subnet"];

pub(crate) fn describe(inquiry: &Inquiry<'_>) -> Result<Document, ApiError> {
    let (fleet, filters) = inquiry.listed(FILTERS, |_| false)?;
    let access = inquiry.access(&fleet);
    let endpoint_id = &fleet.endpoint().id;
    let matches = |route: &Route| {
        filters.match_all(|name| match name {
            "destination-cidr" => Some(route.destination_cidr.clone()),
            "origin" => Some(route.origin.clone()),
            _ => route.target_subnet.clone(),
        })
    };
    let matching = access.routes.iter().enumerate().filter(|(_, route)| matches(route));
    let rows = matching.map(|(offset, route)| (offset, row(endpoint_id, route)));
    tree::page(inquiry, LIST, endpoint_id, &filters, rows)
}

fn row(endpoint_id: &str, route: &Route) -> Row {
    let attachment = route.transit_gateway_attachment_id.as_deref();
    let elements = [
        Some(Element::text("clientVpnEndpointId", endpoint_id)),
        Some(Element::text("destinationCidr", &route.destination_cidr)),
        Element::optional("targetSubnet", route.target_subnet.as_deref()),
        Some(Element::text("type", &route.route_type)),
        Some(Element::text("origin", &route.origin)),
        Some(Element::of_status(&route.status)),
        Element::optional("description", route.description.as_deref()),
        Element::optional("transitGatewayAttachmentId", attachment),
    ];
    elements.into_iter().flatten().collect()
}
