//! A connection: as AWS wrote it, and typed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;

/// One connection as `DescribeClientVpnConnections` describes it, not yet looked at. Every field is an optional
/// string there; none means that the element was absent, which is not the same as empty.
///
/// Source: EC2 API reference, `ClientVpnConnection`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawConnection {
    /// `clientVpnEndpointId`
    pub client_vpn_endpoint_id: Option<String>,
    /// `timestamp`
    pub timestamp: Option<String>,
    /// `connectionId`
    pub connection_id: Option<String>,
    /// `username`
    pub username: Option<String>,
    /// `connectionEstablishedTime`
    pub connection_established_time: Option<String>,
    /// `ingressBytes`
    pub ingress_bytes: Option<String>,
    /// `egressBytes`
    pub egress_bytes: Option<String>,
    /// `ingressPackets`
    pub ingress_packets: Option<String>,
    /// `egressPackets`
    pub egress_packets: Option<String>,
    /// `clientIp`
    pub client_ip: Option<String>,
    /// `clientIpv6Address`
    pub client_ipv6_address: Option<String>,
    /// `commonName`
    pub common_name: Option<String>,
    /// `status.code`
    pub status_code: Option<String>,
    /// `status.message`
    pub status_message: Option<String>,
    /// `connectionEndTime`
    pub connection_end_time: Option<String>,
    /// `postureComplianceStatuses`
    pub posture_compliance_statuses: Option<Vec<String>>,
    /// `authorizationPolicyLastEvaluatedTime`
    pub authorization_policy_last_evaluated_time: Option<String>,
    /// What this program does not know: the element's name, with that of the element around it where it is not the
    /// connection's own, and its text, or the XML in it.
    pub unknown: Vec<(String, String)>,
}

/// One connection with AWS's texts turned into values. `crate::snapshot::schema` says what each field means and when
/// it is none; the fields stand in the order of its columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Connection {
    /// Identifies the connection.
    pub connection_id: Option<String>,
    /// The user, absent with certificate authentication.
    pub username: Option<String>,
    /// The common name of the client's certificate, or the user's name.
    pub common_name: Option<String>,
    /// The client's address inside the VPN.
    pub client_ip: Option<String>,
    /// The client's IPv6 address inside the VPN.
    pub client_ipv6_address: Option<String>,
    /// `active`, `terminated` or another word.
    pub status_code: Option<String>,
    /// What AWS says about the status.
    pub status_message: Option<String>,
    /// When AWS last updated the record.
    pub connection_timestamp: Option<Timestamp>,
    /// When the client connected.
    pub connection_established_time: Option<Timestamp>,
    /// When the connection ended.
    pub connection_end_time: Option<Timestamp>,
    /// When the authorization policy was last evaluated.
    pub authorization_policy_last_evaluated_time: Option<Timestamp>,
    /// Bytes sent by the client.
    pub ingress_bytes: Option<i64>,
    /// Bytes received by the client.
    pub egress_bytes: Option<i64>,
    /// Packets sent by the client.
    pub ingress_packets: Option<i64>,
    /// Packets received by the client.
    pub egress_packets: Option<i64>,
    /// What the client connect handler said of the device.
    pub posture_compliance_statuses: Option<Vec<String>>,
    /// API field name to the text that could not be typed; empty when all could.
    pub unparsed: BTreeMap<Cow<'static, str>, String>,
}

impl Connection {
    /// Whether AWS calls the connection active.
    pub fn is_active(&self) -> bool {
        self.status_code.as_deref() == Some("active")
    }
}
