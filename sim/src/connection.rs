//! A connection as EC2 describes it.

use serde::Serialize;

/// One row of the answer, each field the raw text that is sent: `None` is no element, `Some("")` an empty one.
/// Serialized under the API's names, absent fields left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// The endpoint, `cvpn-endpoint-…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_vpn_endpoint_id: Option<String>,
    /// Time of the row's last update, `2019-08-12 07:57:14`, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// `cvpn-connection-` and 17 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    /// The user, unless a certificate names the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Time at which the connection began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_established_time: Option<String>,
    /// Bytes sent by the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress_bytes: Option<String>,
    /// Bytes received by the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress_bytes: Option<String>,
    /// Packets sent by the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress_packets: Option<String>,
    /// Packets received by the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress_packets: Option<String>,
    /// The client's address inside the VPN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ip: Option<String>,
    /// The client's IPv6 address inside the VPN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ipv6_address: Option<String>,
    /// The common name of the client's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    /// The connection's status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ConnectionStatus>,
    /// Time at which the connection ended, `-` while it lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_end_time: Option<String>,
    /// Statuses that the client connect handler reported about the device, free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posture_compliance_statuses: Option<Vec<String>>,
    /// Time of the last evaluation of authorization policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_policy_last_evaluated_time: Option<String>,
}

/// The status of a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionStatus {
    /// `active`, `failed-to-terminate`, `terminating` or `terminated`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// More about it, if there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}
