//! An endpoint and its configuration, typed. Auditors request them beside its connections.

pub mod columns;
pub mod decoder;
pub mod rows;
pub mod typing;

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::tables::unknown::Unknown;
use crate::target::EndpointId;

/// The key and the value of a tag.
pub type RawTag<'a> = (Option<Cow<'a, str>>, Option<Cow<'a, str>>);

/// One endpoint as `DescribeClientVpnEndpoints` describes it, not yet checked. `None` means that the element was absent.
/// Source: EC2 API reference, `ClientVpnEndpoint`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawEndpoint<'a> {
    /// `clientVpnEndpointId`
    pub client_vpn_endpoint_id: Option<Cow<'a, str>>,
    /// `description`
    pub description: Option<Cow<'a, str>>,
    /// `status.code`
    pub status_code: Option<Cow<'a, str>>,
    /// `status.message`
    pub status_message: Option<Cow<'a, str>>,
    /// `creationTime`
    pub creation_time: Option<Cow<'a, str>>,
    /// `deletionTime`
    pub deletion_time: Option<Cow<'a, str>>,
    /// `dnsName`
    pub dns_name: Option<Cow<'a, str>>,
    /// `clientCidrBlock`
    pub client_cidr_block: Option<Cow<'a, str>>,
    /// `vpcId`
    pub vpc_id: Option<Cow<'a, str>>,
    /// `securityGroupIdSet`
    pub security_group_ids: Option<Vec<Cow<'a, str>>>,
    /// `authenticationOptions.item.type`
    pub authentication_types: Vec<Cow<'a, str>>,
    /// `splitTunnel`
    pub split_tunnel: Option<Cow<'a, str>>,
    /// `transportProtocol`
    pub transport_protocol: Option<Cow<'a, str>>,
    /// `vpnPort`
    pub vpn_port: Option<Cow<'a, str>>,
    /// `connectionLogOptions.Enabled`
    pub connection_log_enabled: Option<Cow<'a, str>>,
    /// `connectionLogOptions.CloudwatchLogGroup`
    pub connection_log_group: Option<Cow<'a, str>>,
    /// `sessionTimeoutHours`
    pub session_timeout_hours: Option<Cow<'a, str>>,
    /// `disconnectOnSessionTimeout`
    pub disconnect_on_session_timeout: Option<Cow<'a, str>>,
    /// `clientConnectOptions.enabled`
    pub client_connect_enabled: Option<Cow<'a, str>>,
    /// `serverCertificateArn`
    pub server_certificate_arn: Option<Cow<'a, str>>,
    /// `tagSet.item.key` and `tagSet.item.value`
    pub tags: Vec<RawTag<'a>>,
    /// The fields that this program does not know.
    pub unknown: Unknown<'a>,
    /// `true` if the texts may have characters that XML does not allow, in the form of `crate::tables::typing::illegal`.
    pub is_odd: bool,
}

/// One endpoint as `DescribeClientVpnEndpoints` and `DescribeClientVpnTargetNetworks` describe it. `None` means that AWS sent no
/// value. Source: EC2 API reference, `ClientVpnEndpoint` and `TargetNetwork`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Endpoint {
    /// Its id; `None` if it has none of the API's form.
    pub endpoint_id: Option<EndpointId>,
    /// EC2's request id of the page that listed it.
    pub request_id: Option<String>,
    /// Time at which that page arrived.
    pub captured_at: Timestamp,
    /// Its owner's description of it.
    pub description: Option<String>,
    /// `available`, `pending-associate`, `deleting`, …
    pub status_code: Option<String>,
    /// AWS's message about the status.
    pub status_message: Option<String>,
    /// Time of its creation.
    pub creation_time: Option<Timestamp>,
    /// Time of its deletion.
    pub deletion_time: Option<Timestamp>,
    /// The name that clients connect to.
    pub dns_name: Option<String>,
    /// The addresses that clients get.
    pub client_cidr_block: Option<String>,
    /// Its VPC.
    pub vpc_id: Option<String>,
    /// The subnets it is associated with; `None` if they are not known.
    pub associated_networks: Option<Vec<String>>,
    /// Its security groups.
    pub security_group_ids: Vec<String>,
    /// The ways in which its users authenticate.
    pub authentication_types: Vec<String>,
    /// `true` if only the traffic to the VPC goes through the tunnel.
    pub split_tunnel: Option<bool>,
    /// `udp` or `tcp`.
    pub transport_protocol: Option<String>,
    /// The port that clients connect to.
    pub vpn_port: Option<i64>,
    /// `true` if AWS's own connection logging is on.
    pub connection_log_enabled: Option<bool>,
    /// The log group of that logging.
    pub connection_log_group: Option<String>,
    /// Hours after which a session ends.
    pub session_timeout_hours: Option<i64>,
    /// `true` if a session is disconnected then, instead of being renewed.
    pub disconnect_on_session_timeout: Option<bool>,
    /// `true` if a handler checks each new connection: it reports the posture.
    pub client_connect_enabled: Option<bool>,
    /// The certificate that the endpoint presents.
    pub server_certificate_arn: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The API's field name to the text that could not be typed, or to that of a field that has no column.
    pub unparsed: BTreeMap<String, String>,
}

impl Endpoint {
    /// Returns `true` if it is listed although it no longer exists.
    pub fn is_deleted(&self) -> bool {
        self.status_code.as_deref() == Some("deleted")
    }
}
