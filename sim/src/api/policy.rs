//! `GetClientVpnEndpointAuthorizationPolicy`.

use super::document::Document;
use super::inquiry::Inquiry;
use super::tree::{self, Row};
use crate::access::AuthorizationPolicy;
use crate::element::Element;
use crate::error::ApiError;

pub(crate) fn describe(inquiry: &Inquiry<'_>) -> Result<Document, ApiError> {
    let fleet = inquiry.asked()?;
    let mut elements = vec![Element::text("clientVpnEndpointId", &fleet.endpoint().id)];
    if let Some(policy) = &inquiry.access(&fleet).policy {
        elements.extend(content(policy));
    }
    Ok(tree::single(inquiry, elements))
}

fn content(policy: &AuthorizationPolicy) -> Row {
    let elements = [
        Some(Element::text("policyDocument", &policy.document)),
        Element::optional("description", policy.description.as_deref()),
        Some(Element::text("shadowMode", if policy.is_shadow { "enabled" } else { "disabled" })),
        Some(Element::text("status", &policy.status)),
    ];
    elements.into_iter().flatten().collect()
}
