//! Raw connection to typed connection: nothing AWS said is lost.
//!
//! A text that is typed prints back to itself; a text that cannot be typed exactly is none in its field and stands
//! verbatim in `unparsed`. It never fails, and it never becomes zero.

mod counter;
mod timestamp;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::connection::{Connection, RawConnection};
use crate::target::EndpointId;

/// The name of an API field, and the text under it.
type Unparsed<'a> = BTreeMap<Cow<'static, str>, Cow<'a, str>>;

/// What a text says.
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
    let mut unparsed = BTreeMap::new();
    let mut time = |field, text| typed(&mut unparsed, field, text, timestamp::read);
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

    if let Some(answered) = text(raw.client_vpn_endpoint_id)
        && answered != asked.as_str()
    {
        unparsed.insert("clientVpnEndpointId".into(), answered);
    }
    for (name, text) in raw.unknown {
        keep(&mut unparsed, name, text);
    }

    Connection {
        connection_id: text(raw.connection_id),
        username: text(raw.username),
        common_name: text(raw.common_name),
        client_ip: text(raw.client_ip),
        client_ipv6_address: text(raw.client_ipv6_address),
        status_code: text(raw.status_code),
        status_message: text(raw.status_message),
        connection_timestamp,
        connection_established_time,
        connection_end_time,
        authorization_policy_last_evaluated_time,
        ingress_bytes,
        egress_bytes,
        ingress_packets,
        egress_packets,
        posture_compliance_statuses: raw.posture_compliance_statuses,
        unparsed,
    }
}

/// Keeps a text under a name, and the second one of the same name under `name[2]`.
fn keep<'a>(unparsed: &mut Unparsed<'a>, name: String, text: Cow<'a, str>) {
    let taken = |key: &str| unparsed.contains_key(key);
    let numbered = (2..).map(|number| format!("{name}[{number}]")).find(|key| !taken(key));
    let key = if taken(&name) { numbered.unwrap_or(name) } else { name };
    unparsed.insert(key.into(), text);
}

/// A text as AWS wrote it; empty and `-` stand for nothing. `NA` stays: it can be somebody's name.
fn text(raw: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    raw.filter(|text| !matches!(text.as_ref(), "" | "-"))
}

/// The value of a text, or none; what is neither a value nor a placeholder goes to `unparsed`.
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
    match reading {
        Reading::Value(value) => Some(value),
        Reading::Nothing => None,
        Reading::Unparsed => {
            unparsed.insert(field.into(), raw);
            None
        }
    }
}

#[cfg(test)]
mod tests;
