//! The columns of `connections` and `partials`.

use crate::tables::column::{Column, ColumnType, column};

const TEXT_NULL: Option<&str> = Some("absent, empty or `-`");
const TIME_NULL: Option<&str> = Some("absent, a placeholder (empty, `-`, `NA`, `N/A`), or in `unparsed`");
const COUNT_NULL: Option<&str> = TIME_NULL;

/// The columns of `connections` and `partials`, in order.
#[rustfmt::skip]
pub const COLUMNS: &[Column] = &[
    column("snapshot_time", ColumnType::Timestamp, None, "Time of the snapshot: the schedule's, whole seconds", None),
    column("captured_at", ColumnType::Timestamp, None, "When the page that held the connection arrived", None),
    column("request_id", ColumnType::String, None, "EC2's request id of that page, the same id CloudTrail logs", Some("AWS sent none")),
    column("endpoint_id", ColumnType::String, None, "The Client VPN endpoint that was asked", None),
    column("connection_id", ColumnType::String, Some("connectionId"), "Identifies the connection", TEXT_NULL),
    column("username", ColumnType::String, Some("username"), "The user; AWS sends none with certificate authentication", TEXT_NULL),
    column("common_name", ColumnType::String, Some("commonName"), "Common name of the client's certificate, or the directory user's name", TEXT_NULL),
    column("client_ip", ColumnType::String, Some("clientIp"), "The client's address inside the VPN, not its public one", TEXT_NULL),
    column("client_ipv6_address", ColumnType::String, Some("clientIpv6Address"), "The client's IPv6 address inside the VPN", TEXT_NULL),
    column("status_code", ColumnType::String, Some("status.code"), "active, failed-to-terminate, terminating, terminated, or a word that AWS adds", TEXT_NULL),
    column("status_message", ColumnType::String, Some("status.message"), "What AWS says about the status", TEXT_NULL),
    column("connection_timestamp", ColumnType::Timestamp, Some("timestamp"), "When AWS last updated the record; not the time of the snapshot", TIME_NULL),
    column("connection_established_time", ColumnType::Timestamp, Some("connectionEstablishedTime"), "When the client connected", TIME_NULL),
    column("connection_end_time", ColumnType::Timestamp, Some("connectionEndTime"), "When the connection ended; null while it is active", TIME_NULL),
    column("authorization_policy_last_evaluated_time", ColumnType::Timestamp, Some("authorizationPolicyLastEvaluatedTime"), "When the authorization policy was last evaluated for the connection", TIME_NULL),
    column("ingress_bytes", ColumnType::Bigint, Some("ingressBytes"), "Bytes sent by the client since it connected", COUNT_NULL),
    column("egress_bytes", ColumnType::Bigint, Some("egressBytes"), "Bytes received by the client since it connected", COUNT_NULL),
    column("ingress_packets", ColumnType::Bigint, Some("ingressPackets"), "Packets sent by the client since it connected", COUNT_NULL),
    column("egress_packets", ColumnType::Bigint, Some("egressPackets"), "Packets received by the client since it connected", COUNT_NULL),
    column("posture_compliance_statuses", ColumnType::StringList, Some("postureComplianceStatuses"), "What the client connect handler said of the device; an empty list stays empty", Some("absent")),
    column("unparsed", ColumnType::StringMap, None, "API field name to the text that could not be typed, to that of a field that this program does not know, or, under clientVpnEndpointId, to an endpoint other than the one asked", Some("everything parsed")),
];
