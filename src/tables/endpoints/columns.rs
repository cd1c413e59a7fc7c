//! The columns of `endpoints`.

use crate::tables::column::{Column, ColumnType, column};

const UNTOLD: Option<&str> = Some("AWS sent no value");
const UNTYPED: Option<&str> = Some("AWS sent no value, or in `unparsed`");

/// The columns of `endpoints`, in order. To add one, see CONTRIBUTING.md, "Add a column".
#[rustfmt::skip]
pub const COLUMNS: &[Column] = &[
    column("snapshot_time", ColumnType::Timestamp, None, "Time of the snapshot: the schedule's, whole seconds", None),
    column("captured_at", ColumnType::Timestamp, None, "When the page that held the endpoint arrived", None),
    column("request_id", ColumnType::String, None, "EC2's request id of that page, the same id CloudTrail logs", Some("AWS sent none")),
    column("endpoint_id", ColumnType::String, Some("clientVpnEndpointId"), "The Client VPN endpoint", Some("AWS sent no id of the API's form; what it sent is in `unparsed`")),
    column("description", ColumnType::String, Some("description"), "What its owner wrote about it", UNTOLD),
    column("status_code", ColumnType::String, Some("status.code"), "available, pending-associate, deleting, or another word of AWS's", UNTOLD),
    column("status_message", ColumnType::String, Some("status.message"), "What AWS says about the status", UNTOLD),
    column("creation_time", ColumnType::Timestamp, Some("creationTime"), "When it was created", UNTYPED),
    column("deletion_time", ColumnType::Timestamp, Some("deletionTime"), "When it was deleted", Some("it was not, or in `unparsed`")),
    column("dns_name", ColumnType::String, Some("dnsName"), "The name that clients connect to", UNTOLD),
    column("client_cidr_block", ColumnType::String, Some("clientCidrBlock"), "The addresses that clients get", UNTOLD),
    column("vpc_id", ColumnType::String, Some("vpcId"), "Its VPC", UNTOLD),
    column("associated_networks", ColumnType::StringList, Some("targetNetworkId"), "The subnets it is associated with; an empty list for none", Some("it was deleted, or EC2 did not answer for it: `unparsed` then has the error's code under `targetNetworkId#error`")),
    column("security_group_ids", ColumnType::StringList, Some("securityGroupIds"), "Its security groups; an empty list for none", None),
    column("authentication_types", ColumnType::StringList, Some("authenticationOptions.type"), "certificate-authentication, directory-service-authentication, federated-authentication", None),
    column("split_tunnel", ColumnType::Boolean, Some("splitTunnel"), "true if only the traffic to the VPC goes through the tunnel", UNTYPED),
    column("transport_protocol", ColumnType::String, Some("transportProtocol"), "udp or tcp", UNTOLD),
    column("vpn_port", ColumnType::Bigint, Some("vpnPort"), "The port that clients connect to", UNTYPED),
    column("connection_log_enabled", ColumnType::Boolean, Some("connectionLogOptions.enabled"), "true if AWS's own connection logging is on", UNTYPED),
    column("connection_log_group", ColumnType::String, Some("connectionLogOptions.cloudwatchLogGroup"), "The log group that it logs to", UNTOLD),
    column("session_timeout_hours", ColumnType::Bigint, Some("sessionTimeoutHours"), "Hours after which a session ends", UNTYPED),
    column("disconnect_on_session_timeout", ColumnType::Boolean, Some("disconnectOnSessionTimeout"), "true if a session is cut off then, and not renewed", UNTYPED),
    column("client_connect_enabled", ColumnType::Boolean, Some("clientConnectOptions.enabled"), "true if a client connect handler looks at each new connection; posture is what it says", UNTYPED),
    column("server_certificate_arn", ColumnType::String, Some("serverCertificateArn"), "The certificate that the endpoint shows", UNTOLD),
    column("tags", ColumnType::StringMap, Some("tagSet"), "Its tags", Some("it has none")),
    column("unparsed", ColumnType::StringMap, None, "API field name to the text that could not be typed, or to that of a field that has no column", Some("everything parsed")),
];
