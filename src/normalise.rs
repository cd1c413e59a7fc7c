//! Raw connection to typed connection: nothing AWS said is lost.
//!
//! A text that is typed prints back to itself; a text that cannot be typed exactly is none in its field and stands
//! verbatim in `unparsed`. It never fails, and it never becomes zero.

mod counter;
pub mod endpoint;
pub(crate) mod illegal;
mod timestamp;
mod unparsed;

use std::borrow::Cow;

use crate::connection::{Connection, RawConnection};
use crate::target::EndpointId;
use unparsed::Unparsed;

/// The meaning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading<T> {
    /// A value, exactly.
    Value(T),
    /// A placeholder for no value.
    Nothing,
    /// Something else, to be kept as it is.
    Unparsed,
}

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

/// A text as AWS wrote it; empty and `-` stand for nothing. `NA` stays: it can be somebody's name.
fn said(raw: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    raw.filter(|text| !matches!(text.as_ref(), "" | "-"))
}

/// The value of a text, or `None`; what is neither a value nor a placeholder goes to `unparsed`.
fn typed<'a, T>(
    unparsed: &mut Unparsed<'a>,
    field: &'static str,
    raw: Option<Cow<'a, str>>,
    read: impl Fn(&str) -> Reading<T>,
) -> Option<T> {
    let raw = raw?;
    let reading = match raw.as_ref() {
        // The API writes `-`, the related connection log `NA`.
        "" | "-" | "NA" | "N/A" => Reading::Nothing,
        text => read(text),
    };
    unparsed.read(field, raw, reading)
}

#[cfg(test)]
mod tests;
