//! `DescribeClientVpnAuthorizationRules`.

use super::document::Document;
use super::inquiry::Inquiry;
use super::tree::{self, Row};
use crate::access::AuthorizationRule;
use crate::element::Element;
use crate::error::ApiError;

pub(crate) const LIST: &str = "authorizationRule";
const FILTERS: &[&str] = &["description", "destination-cidr", "group-id"];

pub(crate) fn describe(inquiry: &Inquiry<'_>) -> Result<Document, ApiError> {
    let (fleet, filters) = inquiry.listed(FILTERS, |_| false)?;
    let access = inquiry.access(&fleet);
    let endpoint_id = &fleet.endpoint().id;
    let matches = |rule: &AuthorizationRule| {
        filters.match_all(|name| match name {
            "description" => rule.description.clone(),
            "destination-cidr" => Some(rule.destination_cidr.clone()),
            _ => rule.group_id.clone(),
        })
    };
    let matching = access.rules.iter().enumerate().filter(|(_, rule)| matches(rule));
    let rows = matching.map(|(offset, rule)| (offset, row(endpoint_id, rule)));
    tree::page(inquiry, LIST, endpoint_id, &filters, rows)
}

fn row(endpoint_id: &str, rule: &AuthorizationRule) -> Row {
    let elements = [
        Some(Element::text("clientVpnEndpointId", endpoint_id)),
        Element::optional("description", rule.description.as_deref()),
        Element::optional("groupId", rule.group_id.as_deref()),
        Some(Element::flag("accessAll", rule.access_all)),
        Some(Element::text("destinationCidr", &rule.destination_cidr)),
        Some(Element::of_status(&rule.status)),
    ];
    elements.into_iter().flatten().collect()
}
