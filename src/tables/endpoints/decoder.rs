//! A row of `DescribeClientVpnEndpoints`. Source: EC2 API reference, `ClientVpnEndpoint`.

use std::borrow::Cow;

use crate::answer_limits::LIST_TEXTS;
use crate::tables::configuration::field;
use crate::tables::configuration::object::{ObjectShape, RawObject};
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

const TRUST_PROVIDER: ObjectShape = ObjectShape {
    within: "devicePostureOptions.trustProviderSet.item.",
    texts: &["trustProviderType", "tenantId", "publicSigningKeyUrl"],
    lists: &[],
};

const TARGET_NETWORK: ObjectShape =
    ObjectShape { within: "associatedTargetNetwork.item.", texts: &["networkId", "networkType"], lists: &[] };

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

pub(in crate::tables) fn endpoint<'a>(document: &mut Document<'a>) -> Result<RawEndpoint<'a>, DecodeError> {
    let mut raw = RawEndpoint::default();
    let (mut unknown, mut ids) = (Unknown::default(), 0);
    row(document, &mut unknown, |document, unknown, name| match name {
        "clientVpnEndpointId" => {
            ids += 1;
            text(document, unknown, "", name, &mut raw.endpoint_id)
        }
        "status" => status(document, unknown, [&mut raw.status_code, &mut raw.status_message]),
        "securityGroupIdSet" => texts(document, unknown, name, &mut raw.security_group_ids),
        "dnsServer" => texts(document, unknown, name, &mut raw.dns_servers),
        "transitGatewayConfiguration" => transit_gateway(document, unknown, &mut raw),
        "authenticationOptions" => authentication(document, unknown, &mut raw),
        "devicePostureOptions" => device_posture(document, unknown, &mut raw),
        "associatedTargetNetwork" => items(document, unknown, name, |document, unknown, _| {
            raw.associated_target_networks.push(RawObject::read(document, unknown, TARGET_NETWORK)?);
            Ok(())
        }),
        "tagSet" => items(document, unknown, name, |document, unknown, within| {
            let (mut key, mut value) = (None, None);
            members(document, unknown, within, &mut [("key", &mut key), ("value", &mut value)])?;
            raw.tags.push((key, value));
            Ok(())
        }),
        _ => field(document, unknown, &mut raw, "", name),
    })?;
    // Of two ids, either may be that of an endpoint that nothing else names.
    if ids > 1
        && let Some(last) = raw.endpoint_id.take()
    {
        unknown.push("", "clientVpnEndpointId", last);
    }
    Ok(RawEndpoint { unknown, is_odd: document.is_odd(), ..raw })
}

fn transit_gateway<'a>(
    document: &mut Document<'a>,
    unknown: &mut Unknown<'a>,
    raw: &mut RawEndpoint<'a>,
) -> Result<(), DecodeError> {
    const WITHIN: &str = "transitGatewayConfiguration.";
    fields(document, unknown, WITHIN, |document, unknown, name| {
        let list = match name {
            "availabilityZoneSet" => &mut raw.availability_zones,
            "availabilityZoneIdSet" => &mut raw.availability_zone_ids,
            _ => return field(document, unknown, raw, WITHIN, name),
        };
        texts(document, unknown, &format!("{WITHIN}{name}"), list)
    })
}

fn authentication<'a>(
    document: &mut Document<'a>,
    unknown: &mut Unknown<'a>,
    raw: &mut RawEndpoint<'a>,
) -> Result<(), DecodeError> {
    items(document, unknown, "authenticationOptions", |document, unknown, within| {
        let mut kind = None;
        fields(document, unknown, within, |document, unknown, name| match name {
            "type" => text(document, unknown, within, name, &mut kind),
            _ => field(document, unknown, raw, within, name),
        })?;
        raw.authentication_types.extend(kind);
        Ok(())
    })
}

fn device_posture<'a>(
    document: &mut Document<'a>,
    unknown: &mut Unknown<'a>,
    raw: &mut RawEndpoint<'a>,
) -> Result<(), DecodeError> {
    const WITHIN: &str = "devicePostureOptions.";
    fields(document, unknown, WITHIN, |document, unknown, name| match name {
        "trustProviderSet" => items(document, unknown, &format!("{WITHIN}{name}"), |document, unknown, _| {
            raw.trust_providers.push(RawObject::read(document, unknown, TRUST_PROVIDER)?);
            Ok(())
        }),
        _ => keep(document, unknown, WITHIN, name),
    })
}

/// A member's name, and the field for its text.
type Member<'m, 'a> = (&'static str, &'m mut Option<Cow<'a, str>>);

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
