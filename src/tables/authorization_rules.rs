//! The authorization rules of endpoints: which users may reach which networks. Source: EC2 API reference, `AuthorizationRule`.

use std::borrow::Cow;

use arrow_array::ArrayRef;

use crate::tables::column::{Column, column};
use crate::tables::configuration::endpoint_row::{
    CAPTURED_AT, ENDPOINT_ID, EndpointFields, EndpointRow, REQUEST_ID, SNAPSHOT_TIME, UNPARSED,
    endpoint_fields, rows,
};
use crate::tables::configuration::{Flag, OwnedKind, OwnedText, RawFields, configuration_fields};
use crate::tables::typing::unparsed::Unparsed;
use crate::tables::xml::{Body, DecodeError, PageEnd, Shape};
use crate::target::EndpointId;

const SHAPE: Shape = Shape {
    root: "DescribeClientVpnAuthorizationRulesResponse",
    list: "authorizationRule",
    ids: &["destinationCidr"],
    signs: &["clientVpnEndpointId", "groupId", "accessAll"],
};

configuration_fields! {
    /// One rule as `DescribeClientVpnAuthorizationRules` describes it, not yet checked. `None` means that the element was absent.
    RawAuthorizationRule {}
    /// The fields of an authorization rule. `None` means that AWS sent no value.
    AuthorizationRule {}
    /// The columns of `authorization_rules`, in order. To add one, see CONTRIBUTING.md, "Add a column".
    COLUMNS {
        before { SNAPSHOT_TIME, CAPTURED_AT, REQUEST_ID, ENDPOINT_ID, }
        fields {
            destination_cidr: OwnedText, "destinationCidr", "The network that the rule gives access to";
            group_id: OwnedText, "groupId", "The group that the rule is for: the SID of a group of Active Directory, or what the SAML provider calls it";
            access_all: Flag, "accessAll", "true if the rule is for all users";
            description: OwnedText, "description", "What its owner wrote about it";
            status_code: OwnedText, "status.code", "authorizing, active, failed or revoking";
            status_message: OwnedText, "status.message", "What AWS says about the status";
        }
        after { UNPARSED, }
    }
}

endpoint_fields!(AuthorizationRule, RawAuthorizationRule, COLUMNS, once: "destinationCidr");

/// Reads a page of the authorization rules of the endpoint `asked`. The time and the request id of its rows are not set yet.
///
/// # Errors
/// Returns the errors of [`connections`](crate::tables::connections::decoder::connections).
pub fn authorization_rules(
    body: &Body<'_>,
    asked: &EndpointId,
    each: impl FnMut(EndpointRow<AuthorizationRule>) -> Result<(), DecodeError>,
) -> Result<PageEnd, DecodeError> {
    rows(body, &SHAPE, asked, each)
}
