//! A connection as EC2 describes it.

use serde::Serialize;

/// Declares [`Connection`]. Each line is a field, its content and its element in an answer, in the order of the answer. The struct,
/// its elements and the rows that parsers trip over follow from it.
macro_rules! connection {
    (@type Text) => { String };
    (@type Status) => { ConnectionStatus };
    (@type Texts) => { Vec<String> };
    (@text Text $text:expr) => { $text };
    (@text $other:ident $text:expr) => { None };
    ($($(#[$doc:meta])* $field:ident: $kind:ident, $element:literal;)*) => {
        /// One row of the answer, each field the raw text that is sent: `None` is no element, `Some("")` an empty one.
        /// Serialized under the API's names, absent fields left out.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub struct Connection {
            $(
                $(#[$doc])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<connection!(@type $kind)>,
            )*
        }

        impl Connection {
            /// Passes each element to `visit`, in the order of an answer.
            pub(crate) fn elements(&self, mut visit: impl FnMut(&str, ElementContent<'_>)) {
                $(if let Some(content) = &self.$field {
                    visit($element, ElementContent::$kind(content));
                })*
            }

            /// Returns a row with the texts of `text`, which takes the name of the element. It has no lists and no status.
            pub(crate) fn of_texts(mut text: impl FnMut(&str) -> Option<String>) -> Connection {
                Connection { $($field: connection!(@text $kind text($element)),)* }
            }
        }
    };
}

connection! {
    /// The endpoint, `cvpn-endpoint-…`.
    client_vpn_endpoint_id: Text, "clientVpnEndpointId";
    /// Time of the row's last update, `2019-08-12 07:57:14`, UTC.
    timestamp: Text, "timestamp";
    /// `cvpn-connection-` and 17 hexadecimal digits.
    connection_id: Text, "connectionId";
    /// The user, unless a certificate names the person.
    username: Text, "username";
    /// Time at which the connection began.
    connection_established_time: Text, "connectionEstablishedTime";
    /// Bytes sent by the client.
    ingress_bytes: Text, "ingressBytes";
    /// Bytes received by the client.
    egress_bytes: Text, "egressBytes";
    /// Packets sent by the client.
    ingress_packets: Text, "ingressPackets";
    /// Packets received by the client.
    egress_packets: Text, "egressPackets";
    /// The client's address inside the VPN.
    client_ip: Text, "clientIp";
    /// The client's IPv6 address inside the VPN.
    client_ipv6_address: Text, "clientIpv6Address";
    /// The common name of the client's certificate.
    common_name: Text, "commonName";
    /// The connection's status.
    status: Status, "status";
    /// Time at which the connection ended, `-` while it lives.
    connection_end_time: Text, "connectionEndTime";
    /// Statuses that the client connect handler reported about the device, free text.
    posture_compliance_statuses: Texts, "postureComplianceStatusSet";
    /// Time of the last evaluation of authorization policies.
    authorization_policy_last_evaluated_time: Text, "authorizationPolicyLastEvaluatedTime";
}

/// The content of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ElementContent<'a> {
    /// A text.
    Text(&'a str),
    /// A status, with elements in it.
    Status(&'a ConnectionStatus),
    /// A list of texts.
    Texts(&'a [String]),
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
