//! Raw connection to typed connection: nothing AWS said is lost. It never fails, and it never becomes zero.

use super::{Connection, RawConnection};
use crate::tables::typing::unparsed::Unparsed;
use crate::tables::typing::{counter, said, timestamp, typed};
use crate::target::EndpointId;

/// Types one connection of the endpoint that was asked for.
pub fn normalise<'a>(raw: RawConnection<'a>, asked: &EndpointId) -> Connection<'a> {
    let mut unparsed = Unparsed::new(raw.is_odd);
    let mut time = |field, text| typed(&mut unparsed, field, text, |text| timestamp::read(text, b' '));
    let connection_timestamp = time("timestamp", raw.timestamp);
    let connection_established_time = time("connectionEstablishedTime", raw.connection_established_time);
    let connection_end_time = time("connectionEndTime", raw.connection_end_time);
    let authorization_policy_last_evaluated_time =
        time("authorizationPolicyLastEvaluatedTime", raw.authorization_policy_last_evaluated_time);

    let mut count = |field, text| typed(&mut unparsed, field, text, counter::read);
    let ingress_bytes = count("ingressBytes", raw.ingress_bytes);
    let egress_bytes = count("egressBytes", raw.egress_bytes);
    let ingress_packets = count("ingressPackets", raw.ingress_packets);
    let egress_packets = count("egressPackets", raw.egress_packets);

    if let Some(answered) = said(raw.client_vpn_endpoint_id)
        && answered != asked.as_str()
    {
        unparsed.put("clientVpnEndpointId", answered);
    }
    let mut text = |field, text| unparsed.column(field, said(text)?);
    let connection_id = text("connectionId", raw.connection_id);
    let username = text("username", raw.username);
    let common_name = text("commonName", raw.common_name);
    let client_ip = text("clientIp", raw.client_ip);
    let client_ipv6_address = text("clientIpv6Address", raw.client_ipv6_address);
    let status_code = text("status.code", raw.status_code);
    let status_message = text("status.message", raw.status_message);
    let posture_compliance_statuses = raw.posture_compliance_statuses.map(|texts| unparsed.list(texts));
    unparsed.keep(raw.unknown);

    Connection {
        connection_id,
        username,
        common_name,
        client_ip,
        client_ipv6_address,
        status_code,
        status_message,
        connection_timestamp,
        connection_established_time,
        connection_end_time,
        authorization_policy_last_evaluated_time,
        ingress_bytes,
        egress_bytes,
        ingress_packets,
        egress_packets,
        posture_compliance_statuses,
        unparsed: unparsed.into_map(),
    }
}

#[cfg(test)]
mod tests;
