//! A connection: as AWS wrote it, and typed.

pub mod columns;
pub mod decoder;
pub mod rows;
pub mod typing;

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::unknown::Unknown;

/// One connection as `DescribeClientVpnConnections` describes it, not yet looked at. Every field is an optional
/// string there; none means that the element was absent, which is not the same as empty. Texts are those of the answer, not
/// copies, but where a reference such as `&amp;` had to be resolved.
///
/// Source: EC2 API reference, `ClientVpnConnection`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawConnection<'a> {
    /// `clientVpnEndpointId`
    pub client_vpn_endpoint_id: Option<Cow<'a, str>>,
    /// `timestamp`
    pub timestamp: Option<Cow<'a, str>>,
    /// `connectionId`
    pub connection_id: Option<Cow<'a, str>>,
    /// `username`
    pub username: Option<Cow<'a, str>>,
    /// `connectionEstablishedTime`
    pub connection_established_time: Option<Cow<'a, str>>,
    /// `ingressBytes`
    pub ingress_bytes: Option<Cow<'a, str>>,
    /// `egressBytes`
    pub egress_bytes: Option<Cow<'a, str>>,
    /// `ingressPackets`
    pub ingress_packets: Option<Cow<'a, str>>,
    /// `egressPackets`
    pub egress_packets: Option<Cow<'a, str>>,
    /// `clientIp`
    pub client_ip: Option<Cow<'a, str>>,
    /// `clientIpv6Address`
    pub client_ipv6_address: Option<Cow<'a, str>>,
    /// `commonName`
    pub common_name: Option<Cow<'a, str>>,
    /// `status.code`
    pub status_code: Option<Cow<'a, str>>,
    /// `status.message`
    pub status_message: Option<Cow<'a, str>>,
    /// `connectionEndTime`
    pub connection_end_time: Option<Cow<'a, str>>,
    /// `postureComplianceStatuses`
    pub posture_compliance_statuses: Option<Vec<Cow<'a, str>>>,
    /// `authorizationPolicyLastEvaluatedTime`
    pub authorization_policy_last_evaluated_time: Option<Cow<'a, str>>,
    /// What this program does not know.
    pub unknown: Unknown<'a>,
    /// Some of the texts may have characters that XML does not allow, in the form of `crate::tables::typing::illegal`.
    pub is_odd: bool,
}

/// One connection with AWS's texts turned into values. `crate::tables::column` says what each field means and when
/// it is none; the fields stand in the order of its columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Connection<'a> {
    /// Identifies the connection.
    pub connection_id: Option<Cow<'a, str>>,
    /// The user, absent with certificate authentication.
    pub username: Option<Cow<'a, str>>,
    /// The common name of the client's certificate, or the user's name.
    pub common_name: Option<Cow<'a, str>>,
    /// The client's address inside the VPN.
    pub client_ip: Option<Cow<'a, str>>,
    /// The client's IPv6 address inside the VPN.
    pub client_ipv6_address: Option<Cow<'a, str>>,
    /// `active`, `terminated` or another word.
    pub status_code: Option<Cow<'a, str>>,
    /// What AWS says about the status.
    pub status_message: Option<Cow<'a, str>>,
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
    pub posture_compliance_statuses: Option<Vec<Cow<'a, str>>>,
    /// API field name to the text that could not be typed; empty when all could.
    pub unparsed: BTreeMap<Cow<'static, str>, Cow<'a, str>>,
}
