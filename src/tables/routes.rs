//! The routes of endpoints: which networks clients reach through the tunnel, and by which subnet. Source: EC2 API reference,
//! `ClientVpnRoute`.

use std::borrow::Cow;

use arrow_array::ArrayRef;

use crate::tables::column::{Column, column};
use crate::tables::configuration::endpoint_row::{
    CAPTURED_AT, ENDPOINT_ID, EndpointFields, EndpointRow, REQUEST_ID, SNAPSHOT_TIME, UNPARSED,
    endpoint_fields, rows,
};
use crate::tables::configuration::{OwnedKind, OwnedText, RawFields, configuration_fields};
use crate::tables::typing::unparsed::Unparsed;
use crate::tables::xml::{Body, DecodeError, PageEnd, Shape};
use crate::target::EndpointId;

const SHAPE: Shape = Shape {
    root: "DescribeClientVpnRoutesResponse",
    list: "routes",
    ids: &["destinationCidr"],
    signs: &["clientVpnEndpointId", "targetSubnet", "transitGatewayAttachmentId"],
};

configuration_fields! {
    /// One route as `DescribeClientVpnRoutes` describes it, not yet checked. `None` means that the element was absent.
    RawRoute {}
    /// The fields of a route. `None` means that AWS sent no value.
    Route {}
    /// The columns of `routes`, in order. To add one, see CONTRIBUTING.md, "Add a column".
    COLUMNS {
        before { SNAPSHOT_TIME, CAPTURED_AT, REQUEST_ID, ENDPOINT_ID, }
        fields {
            destination_cidr: OwnedText, "destinationCidr", "The network that the route leads to";
            target_subnet: OwnedText, "targetSubnet", "The subnet through which traffic is sent";
            transit_gateway_attachment_id: OwnedText, "transitGatewayAttachmentId", "The attachment of a transit gateway through which traffic is sent";
            origin: OwnedText, "origin", "associate if the route came with an associated network, add-route if somebody added it";
            route_type: OwnedText, "type", "Nat, or another value that AWS sends";
            description: OwnedText, "description", "What its owner wrote about it";
            status_code: OwnedText, "status.code", "creating, active, failed or deleting";
            status_message: OwnedText, "status.message", "What AWS says about the status";
        }
        after { UNPARSED, }
    }
}

endpoint_fields!(Route, RawRoute, COLUMNS, once: "destinationCidr");

/// Reads a page of the routes of the endpoint `asked`. The time and the request id of its rows are not set yet.
///
/// # Errors
/// Returns the errors of [`connections`](crate::tables::connections::decoder::connections).
pub fn routes(
    body: &Body<'_>,
    asked: &EndpointId,
    each: impl FnMut(EndpointRow<Route>) -> Result<(), DecodeError>,
) -> Result<PageEnd, DecodeError> {
    rows(body, &SHAPE, asked, each)
}
