//! An endpoint and its configuration, typed: what auditors ask for beside its connections.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::target::EndpointId;

/// One endpoint as `DescribeClientVpnEndpoints` and `DescribeClientVpnTargetNetworks` describe it. None means that AWS said
/// nothing. Source: EC2 API reference, `ClientVpnEndpoint` and `TargetNetwork`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub endpoint_id: EndpointId,
    /// EC2's request id of the page that told of it.
    pub request_id: Option<String>,
    /// When that page arrived.
    pub captured_at: Timestamp,
    /// What its owner wrote about it.
    pub description: Option<String>,
    /// `available`, `pending-associate`, `deleting`, …
    pub status_code: Option<String>,
    /// What AWS says about the status.
    pub status_message: Option<String>,
    /// When it was created.
    pub creation_time: Option<Timestamp>,
    /// When it was deleted.
    pub deletion_time: Option<Timestamp>,
    /// The name that clients connect to.
    pub dns_name: Option<String>,
    /// The addresses that clients get.
    pub client_cidr_block: Option<String>,
    /// Its VPC.
    pub vpc_id: Option<String>,
    /// The subnets it is associated with; none where it was deleted before it could be asked for them.
    pub associated_networks: Option<Vec<String>>,
    /// Its security groups.
    pub security_group_ids: Vec<String>,
    /// How its users prove who they are.
    pub authentication_types: Vec<String>,
    /// Whether only the traffic to the VPC goes through the tunnel.
    pub split_tunnel: Option<bool>,
    /// `udp` or `tcp`.
    pub transport_protocol: Option<String>,
    /// The port that clients connect to.
    pub vpn_port: Option<i64>,
    /// Whether AWS's own connection logging is on.
    pub connection_log_enabled: Option<bool>,
    /// Where that logs to.
    pub connection_log_group: Option<String>,
    /// Hours after which a session ends.
    pub session_timeout_hours: Option<i64>,
    /// Whether a session is cut off then, instead of being renewed.
    pub disconnect_on_session_timeout: Option<bool>,
    /// Whether a handler looks at each new connection: it is what tells posture.
    pub client_connect_enabled: Option<bool>,
    /// The certificate that the endpoint shows.
    pub server_certificate_arn: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The API's field name to the text that could not be typed.
    pub unparsed: BTreeMap<String, String>,
}

impl Endpoint {
    /// Whether it is listed though it is there no more.
    pub fn is_deleted(&self) -> bool {
        self.status_code.as_deref() == Some("deleted")
    }
}

/// Reads a time as EC2 writes those of an endpoint, `2024-05-13T10:02:33`, in UTC. What is no such time goes to `unparsed`.
pub fn time(unparsed: &mut BTreeMap<String, String>, field: &str, text: Option<String>) -> Option<Timestamp> {
    let text = text.filter(|text| !text.is_empty())?;
    let civil = DateTime::strptime("%Y-%m-%dT%H:%M:%S", text.trim_end_matches('Z'));
    let time = civil.ok().and_then(|civil| Offset::UTC.to_timestamp(civil).ok());
    if time.is_none() {
        unparsed.insert(field.to_owned(), text);
    }
    time
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_and_what_is_none_is_kept() {
        let read = |text: &str| {
            let mut unparsed = BTreeMap::new();
            let time = time(&mut unparsed, "creationTime", Some(text.to_owned()));
            (time.map(|time| time.to_string()), unparsed.remove("creationTime"))
        };
        let expected = (Some("2024-05-13T10:02:33Z".to_owned()), None);
        assert_eq!(read("2024-05-13T10:02:33"), expected);
        assert_eq!(read("2024-05-13T10:02:33Z"), expected);
        for text in ["2024-05-13T10:02", "13.5.2024", "2024-05-13T10:02:33+02:00"] {
            assert_eq!(read(text), (None, Some(text.to_owned())));
        }
        assert_eq!(read(""), (None, None));
    }
}
