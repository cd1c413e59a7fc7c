//! `ExportClientVpnClientCertificateRevocationList`.

use super::document::Document;
use super::inquiry::Inquiry;
use super::tree;
use crate::element::Element;
use crate::error::ApiError;

pub(crate) fn describe(inquiry: &Inquiry<'_>) -> Result<Document, ApiError> {
    let fleet = inquiry.asked()?;
    let access = inquiry.access(&fleet);
    let elements = access.revocation_list.as_ref().map(|list| {
        vec![Element::text("certificateRevocationList", list.pem()), Element::of_status(&list.status)]
    });
    Ok(tree::single(inquiry, elements.unwrap_or_default()))
}
