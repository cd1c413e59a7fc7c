//! A row of `DescribeClientVpnEndpoints` and of `DescribeClientVpnTargetNetworks`. Source: EC2 API reference,
//! `ClientVpnEndpoint` and `TargetNetwork`.

use std::borrow::Cow;

use crate::limits::LIST_TEXTS;
use crate::tables::connections::decoder::status;
use crate::tables::endpoints::RawEndpoint;
use crate::tables::unknown::Unknown;
use crate::tables::xml::document::Document;
use crate::tables::xml::fields::{fields, keep, row, text, texts};
use crate::tables::xml::{Body, DecodeError, PageEnd, Shape, page};

const ENDPOINTS: Shape = Shape {
    root: "DescribeClientVpnEndpointsResponse",
    list: "clientVpnEndpoint",
    ids: &["clientVpnEndpointId"],
    signs: &[
        "clientVpnEndpoints",
        "clientCidrBlock",
        "dnsName",
        "serverCertificateArn",
        "splitTunnel",
        "vpnPort",
    ],
};

const NETWORKS: Shape = Shape {
    root: "DescribeClientVpnTargetNetworksResponse",
    list: "clientVpnTargetNetworks",
    ids: &["targetNetworkId", "associationId"],
    signs: &["clientVpnEndpointId"],
};

/// Reads a page of endpoints in the same way.
///
/// # Errors
/// Returns the errors of [`connections`](crate::tables::connections::decoder::connections).
pub fn endpoints<'a>(
    body: &'a Body<'_>,
    mut each: impl FnMut(RawEndpoint<'a>) -> Result<(), DecodeError>,
) -> Result<PageEnd, DecodeError> {
    page(body, &ENDPOINTS, |document| each(endpoint(document)?))
}

/// Reads a page of target networks in the same way: the id of each one's subnet, which may be missing.
///
/// # Errors
/// Returns the errors of [`connections`](crate::tables::connections::decoder::connections).
pub fn networks<'a>(
    body: &'a Body<'_>,
    mut each: impl FnMut(Option<Cow<'a, str>>) -> Result<(), DecodeError>,
) -> Result<PageEnd, DecodeError> {
    page(body, &NETWORKS, |document| each(network(document)?))
}

pub(in crate::tables) fn endpoint<'a>(document: &mut Document<'a>) -> Result<RawEndpoint<'a>, DecodeError> {
    let mut raw = RawEndpoint::default();
    let (mut unknown, mut ids) = (Unknown::default(), 0);
    row(document, &mut unknown, |document, unknown, name| {
        let field = match name {
            "clientVpnEndpointId" => {
                ids += 1;
                &mut raw.client_vpn_endpoint_id
            }
            "description" => &mut raw.description,
            "creationTime" => &mut raw.creation_time,
            "deletionTime" => &mut raw.deletion_time,
            "dnsName" => &mut raw.dns_name,
            "clientCidrBlock" => &mut raw.client_cidr_block,
            "splitTunnel" => &mut raw.split_tunnel,
            "transportProtocol" => &mut raw.transport_protocol,
            "vpnPort" => &mut raw.vpn_port,
            "serverCertificateArn" => &mut raw.server_certificate_arn,
            "vpcId" => &mut raw.vpc_id,
            "sessionTimeoutHours" => &mut raw.session_timeout_hours,
            "disconnectOnSessionTimeout" => &mut raw.disconnect_on_session_timeout,
            "status" => {
                return status(document, unknown, [&mut raw.status_code, &mut raw.status_message]);
            }
            "securityGroupIdSet" => return texts(document, unknown, name, &mut raw.security_group_ids),
            // The names of its members begin with capitals, in EC2's own answers too.
            "connectionLogOptions" => {
                let (enabled, group) = (&mut raw.connection_log_enabled, &mut raw.connection_log_group);
                return options(
                    document,
                    unknown,
                    name,
                    &mut [("Enabled", enabled), ("CloudwatchLogGroup", group)],
                );
            }
            "clientConnectOptions" => {
                return options(document, unknown, name, &mut [("enabled", &mut raw.client_connect_enabled)]);
            }
            "authenticationOptions" => {
                return items(document, unknown, name, |document, unknown, within| {
                    let mut kind = None;
                    members(document, unknown, within, &mut [("type", &mut kind)])?;
                    raw.authentication_types.extend(kind);
                    Ok(())
                });
            }
            "tagSet" => {
                return items(document, unknown, name, |document, unknown, within| {
                    let (mut key, mut value) = (None, None);
                    members(document, unknown, within, &mut [("key", &mut key), ("value", &mut value)])?;
                    raw.tags.push((key, value));
                    Ok(())
                });
            }
            _ => return keep(document, unknown, "", name),
        };
        text(document, unknown, "", name, field)
    })?;
    // Of two ids, either may be that of an endpoint that nothing else names.
    if ids > 1
        && let Some(last) = raw.client_vpn_endpoint_id.take()
    {
        unknown.push("", "clientVpnEndpointId", last);
    }
    Ok(RawEndpoint { unknown, is_odd: document.is_odd(), ..raw })
}

/// Reads the id of the subnet of a target network; `None` if it has none.
pub(in crate::tables) fn network<'a>(
    document: &mut Document<'a>,
) -> Result<Option<Cow<'a, str>>, DecodeError> {
    let mut id = None;
    row(document, &mut Unknown::default(), |document, unknown, name| match name {
        // Two rows in one.
        "targetNetworkId" if id.is_some() => Err(DecodeError::Malformed),
        "targetNetworkId" => text(document, unknown, "", name, &mut id),
        _ => keep(document, unknown, "", name),
    })?;
    Ok(id)
}

/// A member's name, and the field for its text.
type Member<'m, 'a> = (&'static str, &'m mut Option<Cow<'a, str>>);

/// Reads an element that has members.
fn options<'a>(
    document: &mut Document<'a>,
    unknown: &mut Unknown<'a>,
    name: &str,
    known: &mut [Member<'_, 'a>],
) -> Result<(), DecodeError> {
    members(document, unknown, &format!("{name}."), known)
}

fn members<'a>(
    document: &mut Document<'a>,
    unknown: &mut Unknown<'a>,
    within: &str,
    known: &mut [Member<'_, 'a>],
) -> Result<(), DecodeError> {
    fields(document, unknown, within, |document, unknown, child| {
        match known.iter_mut().find(|(name, _)| *name == child) {
            Some((name, field)) => text(document, unknown, within, name, field),
            None => keep(document, unknown, within, child),
        }
    })
}

/// Reads a list of elements named `item` with `item`, which gets the prefix for the names of unknown elements.
fn items<'a>(
    document: &mut Document<'a>,
    unknown: &mut Unknown<'a>,
    name: &str,
    mut item: impl FnMut(&mut Document<'a>, &mut Unknown<'a>, &str) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let (within, of_item) = (format!("{name}."), format!("{name}.item."));
    let mut count = 0;
    fields(document, unknown, &within, |document, unknown, child| {
        count += 1;
        match child {
            "item" if count <= LIST_TEXTS => item(document, unknown, &of_item),
            _ => keep(document, unknown, &within, child),
        }
    })
}
