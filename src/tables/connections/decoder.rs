//! A row of `DescribeClientVpnConnections`. Source: EC2 API reference, `ClientVpnConnection`.

use std::borrow::Cow;

use crate::tables::connections::RawConnection;
use crate::tables::unknown::Unknown;
use crate::tables::xml::document::Document;
use crate::tables::xml::fields::{fields, keep, row, text, texts};
use crate::tables::xml::{Body, DecodeError, PageEnd, Shape, page};

const CONNECTIONS: Shape = Shape {
    root: "DescribeClientVpnConnectionsResponse",
    list: "connections",
    ids: &["connectionId", "connectionEstablishedTime"],
    signs: &[
        "clientVpnEndpointId",
        "username",
        "commonName",
        "clientIp",
        "clientIpv6Address",
        "connectionEndTime",
        "ingressBytes",
        "egressBytes",
        "ingressPackets",
        "egressPackets",
    ],
};

/// Reads a page of connections: hands each to `each`, in AWS's order.
///
/// # Errors
/// When the body is not one well-formed document of the operation's shape, when it exceeds a limit, and when `each` fails. What
/// was handed out before is then of no use.
pub fn connections<'a>(
    body: &'a Body<'_>,
    mut each: impl FnMut(RawConnection<'a>) -> Result<(), DecodeError>,
) -> Result<PageEnd, DecodeError> {
    page(body, &CONNECTIONS, |document| each(connection(document)?))
}

pub(in crate::tables) fn connection<'a>(
    document: &mut Document<'a>,
) -> Result<RawConnection<'a>, DecodeError> {
    let mut raw = RawConnection::default();
    row(document, &mut raw.unknown, |document, unknown, name| {
        let field = match name {
            "clientVpnEndpointId" => &mut raw.client_vpn_endpoint_id,
            "timestamp" => &mut raw.timestamp,
            // Two rows in one: if one of them were kept, the other would be lost.
            "connectionId" if raw.connection_id.is_some() => return Err(DecodeError::Malformed),
            "connectionId" => &mut raw.connection_id,
            "username" => &mut raw.username,
            "connectionEstablishedTime" => &mut raw.connection_established_time,
            "ingressBytes" => &mut raw.ingress_bytes,
            "egressBytes" => &mut raw.egress_bytes,
            "ingressPackets" => &mut raw.ingress_packets,
            "egressPackets" => &mut raw.egress_packets,
            "clientIp" => &mut raw.client_ip,
            "clientIpv6Address" => &mut raw.client_ipv6_address,
            "commonName" => &mut raw.common_name,
            "connectionEndTime" => &mut raw.connection_end_time,
            "authorizationPolicyLastEvaluatedTime" => &mut raw.authorization_policy_last_evaluated_time,
            "status" => {
                return status(document, unknown, [&mut raw.status_code, &mut raw.status_message]);
            }
            "postureComplianceStatusSet" => {
                return texts(document, unknown, name, &mut raw.posture_compliance_statuses);
            }
            _ => return keep(document, unknown, "", name),
        };
        text(document, unknown, "", name, field)
    })?;
    raw.is_odd = document.is_odd();
    Ok(raw)
}

/// Reads a status, of connections and of endpoints: its code and its message.
pub(in crate::tables) fn status<'a>(
    document: &mut Document<'a>,
    unknown: &mut Unknown<'a>,
    [code, message]: [&mut Option<Cow<'a, str>>; 2],
) -> Result<(), DecodeError> {
    for earlier in [code.take(), message.take()].into_iter().flatten() {
        unknown.push("", "status", earlier);
    }
    fields(document, unknown, "status.", |document, unknown, name| {
        let field = match name {
            "code" => &mut *code,
            "message" => &mut *message,
            _ => return keep(document, unknown, "status.", name),
        };
        text(document, unknown, "status.", name, field)
    })
}
