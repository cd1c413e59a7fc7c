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

/// Reads a page of connections and passes each to `each`, in AWS's order.
///
/// # Errors
/// Returns an error if the body is not one well-formed document of the operation's shape, if it exceeds a limit, or if `each`
/// fails. The connections passed before are then of no use.
pub fn connections<'a>(
    body: &'a Body<'_>,
    mut each: impl FnMut(RawConnection<'a>) -> Result<(), DecodeError>,
) -> Result<PageEnd, DecodeError> {
    page(body, &CONNECTIONS, |document| each(connection(document)?))
}

pub(in crate::tables) fn connection<'a>(
    document: &mut Document<'a>,
) -> Result<RawConnection<'a>, DecodeError> {
    let (mut raw, mut unknown) = (RawConnection::default(), Unknown::default());
    row(document, &mut unknown, |document, unknown, name| match name {
        // Two rows in one: if one of them were kept, the other would be lost.
        "connectionId" if raw.connection_id.is_some() => Err(DecodeError::Malformed),
        "clientVpnEndpointId" => text(document, unknown, "", name, &mut raw.client_vpn_endpoint_id),
        "status" => status(document, unknown, [&mut raw.status_code, &mut raw.status_message]),
        "postureComplianceStatusSet" => texts(document, unknown, name, &mut raw.posture_compliance_statuses),
        // An element may have a dot in its name, and is then not the field of that path.
        _ => match raw.text_mut(name).filter(|_| !name.contains('.')) {
            Some(field) => text(document, unknown, "", name, field),
            None => keep(document, unknown, "", name),
        },
    })?;
    raw.unknown = unknown;
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
