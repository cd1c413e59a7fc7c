//! The columns of the lake's tables `connections`, `partials` and `endpoints`, defined here and nowhere else: the Arrow
//! schemas, `docs/schema.md` and the tests follow from these. Columns are only ever added, nullable, at the end.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

/// Version of the schema, in each object's key-value metadata. It grows when a column is added.
pub const SCHEMA_VERSION: &str = "1";

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// UTC, `TIMESTAMP(MILLIS, isAdjustedToUTC=true)`; Athena reads `timestamp(3)`.
    Timestamp,
    /// UTF-8 text.
    String,
    /// 64-bit signed.
    Bigint,
    /// True or false.
    Boolean,
    /// A list of texts.
    StringList,
    /// A map from text to text.
    StringMap,
}

/// One column of the lake.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Name, as queries use it.
    pub name: &'static str,
    /// Type.
    pub column_type: ColumnType,
    /// The field of `DescribeClientVpnConnections` that it comes from; none for what the capture itself adds.
    pub source: Option<&'static str>,
    /// What it is, with its unit.
    pub doc: &'static str,
    /// What null means; none when it is never null.
    pub null: Option<&'static str>,
}

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

const UNTOLD: Option<&str> = Some("AWS said nothing of it");
const UNTYPED: Option<&str> = Some("AWS said nothing of it, or in `unparsed`");

/// The columns of `endpoints`, in order.
#[rustfmt::skip]
pub const ENDPOINT_COLUMNS: &[Column] = &[
    column("snapshot_time", ColumnType::Timestamp, None, "Time of the snapshot: the schedule's, whole seconds", None),
    column("captured_at", ColumnType::Timestamp, None, "When the page that told of the endpoint arrived", None),
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
    column("split_tunnel", ColumnType::Boolean, Some("splitTunnel"), "Whether only the traffic to the VPC goes through the tunnel", UNTYPED),
    column("transport_protocol", ColumnType::String, Some("transportProtocol"), "udp or tcp", UNTOLD),
    column("vpn_port", ColumnType::Bigint, Some("vpnPort"), "The port that clients connect to", UNTYPED),
    column("connection_log_enabled", ColumnType::Boolean, Some("connectionLogOptions.enabled"), "Whether AWS's own connection logging is on", UNTYPED),
    column("connection_log_group", ColumnType::String, Some("connectionLogOptions.cloudwatchLogGroup"), "The log group that it logs to", UNTOLD),
    column("session_timeout_hours", ColumnType::Bigint, Some("sessionTimeoutHours"), "Hours after which a session ends", UNTYPED),
    column("disconnect_on_session_timeout", ColumnType::Boolean, Some("disconnectOnSessionTimeout"), "Whether a session is cut off then, and not renewed", UNTYPED),
    column("client_connect_enabled", ColumnType::Boolean, Some("clientConnectOptions.enabled"), "Whether a client connect handler looks at each new connection; posture is what it says", UNTYPED),
    column("server_certificate_arn", ColumnType::String, Some("serverCertificateArn"), "The certificate that the endpoint shows", UNTOLD),
    column("tags", ColumnType::StringMap, Some("tagSet"), "Its tags", Some("it has none")),
    column("unparsed", ColumnType::StringMap, None, "API field name to the text that could not be typed, or to that of a field that has no column", Some("everything parsed")),
];

const fn column(
    name: &'static str,
    column_type: ColumnType,
    source: Option<&'static str>,
    doc: &'static str,
    null: Option<&'static str>,
) -> Column {
    Column { name, column_type, source, doc, null }
}

/// The Arrow schema of [`COLUMNS`] or [`ENDPOINT_COLUMNS`]. Lists and maps bear the names of the Parquet standard.
pub fn arrow_schema(columns: &[Column]) -> SchemaRef {
    let field = |column: &Column| Field::new(column.name, column.column_type.arrow(), column.null.is_some());
    Arc::new(Schema::new(columns.iter().map(field).collect::<Fields>()))
}

impl ColumnType {
    fn arrow(self) -> DataType {
        match self {
            ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
            ColumnType::String => DataType::Utf8,
            ColumnType::Bigint => DataType::Int64,
            ColumnType::Boolean => DataType::Boolean,
            ColumnType::StringList => DataType::List(list_element()),
            ColumnType::StringMap => {
                let entries = Fields::from(vec![map_key(), map_value()]);
                DataType::Map(Arc::new(Field::new_struct(MAP_ENTRY, entries, false)), false)
            }
        }
    }

    /// The type as Athena's DDL writes it.
    pub fn athena(self) -> &'static str {
        match self {
            ColumnType::Timestamp => "timestamp",
            ColumnType::String => "string",
            ColumnType::Bigint => "bigint",
            ColumnType::Boolean => "boolean",
            ColumnType::StringList => "array<string>",
            ColumnType::StringMap => "map<string,string>",
        }
    }
}

pub(super) const MAP_ENTRY: &str = "key_value";

pub(super) fn list_element() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Utf8, false))
}

pub(super) fn map_key() -> Arc<Field> {
    Arc::new(Field::new("key", DataType::Utf8, false))
}

pub(super) fn map_value() -> Arc<Field> {
    Arc::new(Field::new("value", DataType::Utf8, false))
}
