//! The columns of `connections` and `partials`, with the rows that fill them: as AWS wrote them, and typed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::ArrayRef;

use crate::tables::column::{Column, ColumnType, column};
use crate::tables::typed_fields::{Count, FieldKind, Text, Time, Word, typed_fields};
use crate::tables::typing::unparsed::Unparsed;
use crate::tables::unknown::Unknown;

typed_fields! {
    /// One connection as `DescribeClientVpnConnections` describes it, not yet checked. Each text is optional; `None` means that
    /// the element was absent, which is not the same as empty. Texts are those of the answer, not copies, unless a reference such
    /// as `&amp;` had to be resolved.
    ///
    /// Source: EC2 API reference, `ClientVpnConnection`.
    RawConnection {
        /// `clientVpnEndpointId`
        pub client_vpn_endpoint_id: Option<Cow<'a, str>>,
        /// `postureComplianceStatuses`
        pub posture_compliance_statuses: Option<Vec<Cow<'a, str>>>,
        /// The fields that this program does not know.
        pub unknown: Unknown<'a>,
        /// `true` if the texts may have characters that XML does not allow, in the form of `crate::tables::typing::illegal`.
        pub is_odd: bool,
    }
    /// One connection with AWS's texts turned into values.
    Connection {
        /// The results of the client connect handler for the device.
        pub posture_compliance_statuses: Option<Vec<Cow<'a, str>>>,
        /// API field name to the text that could not be typed; empty if all could.
        pub unparsed: BTreeMap<Cow<'static, str>, Cow<'a, str>>,
    }
    /// The columns of `connections` and `partials`, in order. To add one, see CONTRIBUTING.md, "Add a column".
    COLUMNS {
        before {
            column("snapshot_time", ColumnType::Timestamp, None, "Time of the snapshot: the schedule's, whole seconds", None),
            column("captured_at", ColumnType::Timestamp, None, "When the page that held the connection arrived", None),
            column("request_id", ColumnType::String, None, "EC2's request id of that page, the same id CloudTrail logs", Some("AWS sent none")),
            column("endpoint_id", ColumnType::String, None, "The Client VPN endpoint that was asked", None),
        }
        fields {
            connection_id: Text, "connectionId", "Identifies the connection";
            username: Text, "username", "The user; AWS sends none with certificate authentication";
            common_name: Text, "commonName", "Common name of the client's certificate, or the directory user's name";
            client_ip: Text, "clientIp", "The client's address inside the VPN, not its public one";
            client_ipv6_address: Text, "clientIpv6Address", "The client's IPv6 address inside the VPN";
            status_code: Word, "status.code", "active, failed-to-terminate, terminating, terminated, or a word that AWS adds";
            status_message: Word, "status.message", "What AWS says about the status";
            connection_timestamp: Time, "timestamp", "When AWS last updated the record; not the time of the snapshot";
            connection_established_time: Time, "connectionEstablishedTime", "When the client connected";
            connection_end_time: Time, "connectionEndTime", "When the connection ended; null while it is active";
            authorization_policy_last_evaluated_time: Time, "authorizationPolicyLastEvaluatedTime", "When the authorization policy was last evaluated for the connection";
            ingress_bytes: Count, "ingressBytes", "Bytes sent by the client since it connected";
            egress_bytes: Count, "egressBytes", "Bytes received by the client since it connected";
            ingress_packets: Count, "ingressPackets", "Packets sent by the client since it connected";
            egress_packets: Count, "egressPackets", "Packets received by the client since it connected";
        }
        after {
            column("posture_compliance_statuses", ColumnType::StringList, Some("postureComplianceStatuses"), "What the client connect handler said of the device; an empty list stays empty", Some("absent")),
            column("unparsed", ColumnType::StringMap, None, "API field name to the text that could not be typed, to that of a field that this program does not know, or, under clientVpnEndpointId, to an endpoint other than the one asked", Some("everything parsed")),
        }
    }
    Builders, Arrays
}
