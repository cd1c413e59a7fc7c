//! The columns of `connection_logs`, with the rows that fill them: as AWS wrote them, and typed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::ArrayRef;
use jiff::Timestamp;

use crate::tables::column::{Column, ColumnType, column};
use crate::tables::typed_fields::{Count, EventText, EventWord, FieldKind, Text, Time, typed_fields};
use crate::tables::typing::unparsed::Unparsed;
use crate::tables::unknown::Unknown;
use crate::target::EndpointId;

typed_fields! {
    /// The message of an event as AWS wrote it, not yet checked. `None` means that the field was absent.
    ///
    /// Source: Client VPN administrator guide, "Connection logging".
    RawLoggedEvent {
        /// `client-vpn-endpoint-id`
        pub client_vpn_endpoint_id: Option<Cow<'a, str>>,
        /// `authorization-policy-evaluation.device-token-status`: providers, each with the JSON of its status.
        pub device_token_status: Vec<(Cow<'a, str>, Cow<'a, str>)>,
        /// `authorization-policy-evaluation.context`, as JSON.
        pub context: Option<Cow<'a, str>>,
        /// The fields that this program does not know, and those of an unexpected type.
        pub unknown: Unknown<'a>,
        /// `true` if the texts may have characters that are not allowed, in the form of `crate::tables::typing::illegal`.
        pub is_odd: bool,
    }
    /// One event with AWS's texts turned into values.
    LoggedEvent {
        /// The endpoint that wrote it.
        pub endpoint_id: Option<EndpointId>,
        /// The id that CloudWatch Logs gave the event.
        pub event_id: Cow<'a, str>,
        /// Time of the event; `None` if it has none that a time can be.
        pub event_time: Option<Timestamp>,
        /// Time at which CloudWatch Logs received it.
        pub ingestion_time: Option<Timestamp>,
        /// Its log stream.
        pub log_stream: Option<Cow<'a, str>>,
        /// Providers of device tokens, each with the JSON of its status.
        pub device_token_status: BTreeMap<String, Cow<'a, str>>,
        /// The context of the policy's evaluation, as JSON.
        pub policy_context: Option<Cow<'a, str>>,
        /// API field name to the text that could not be typed; empty if all could.
        pub unparsed: BTreeMap<Cow<'static, str>, Cow<'a, str>>,
    }
    /// The columns of `connection_logs`, in order. To add one, see CONTRIBUTING.md, "Add a column".
    COLUMNS {
        before {
            column("snapshot_time", ColumnType::Timestamp, None, "Time at which the window was due: its end plus 30 minutes, or for a late reading the hour's end plus 24.5 hours", None),
            column("captured_at", ColumnType::Timestamp, None, "When the page that held the event arrived", None),
            column("endpoint_id", ColumnType::String, Some("client-vpn-endpoint-id"), "The Client VPN endpoint that wrote the event", Some("absent or a placeholder, or not of the API's form and in `unparsed`")),
            Column { repeats: false, ..column("event_id", ColumnType::String, None, "CloudWatch Logs' id of the event", None) },
            Column { repeats: false, ..column("event_time", ColumnType::Timestamp, None, "Time of the event", Some("it lies outside all times that a column can have; in `unparsed`")) },
            Column { repeats: false, ..column("ingestion_time", ColumnType::Timestamp, None, "When CloudWatch Logs received the event", Some("CloudWatch Logs sent none, or in `unparsed`")) },
            column("log_group", ColumnType::String, None, "ARN of the log group", None),
            column("log_stream", ColumnType::String, None, "Log stream", Some("CloudWatch Logs sent none, or in `unparsed`")),
        }
        fields {
            connection_log_type: EventWord, "connection-log-type", "connection-attempt, connection-reset, or a word that AWS adds";
            connection_attempt_status: EventWord, "connection-attempt-status", "successful, failed, waiting-for-assertion, or a word that AWS adds";
            connection_reset_status: EventWord, "connection-reset-status", "assertion-received, or a word that AWS adds";
            connection_attempt_failure_reason: EventWord, "connection-attempt-failure-reason", "Why the attempt failed";
            connection_id: EventText, "connection-id", "Identifies the connection, as in `connections`; a denied attempt has one too";
            transport_protocol: EventWord, "transport-protocol", "udp or tcp";
            port: Count, "port", "The port that the client connected to";
            connection_start_time: Time, "connection-start-time", "When the client connected";
            connection_last_update_time: Time, "connection-last-update-time", "When the counters were last updated";
            connection_end_time: Time, "connection-end-time", "When the connection ended";
            connection_duration_seconds: Count, "connection-duration-seconds", "Duration of the connection in seconds";
            client_ip: EventText, "client-ip", "The client's address inside the VPN";
            client_ipv6_address: EventText, "client-ip-v6", "The client's IPv6 address inside the VPN";
            device_type: EventWord, "device-type", "mac, win, linux, or a word that AWS adds";
            device_ip: EventText, "device-ip", "The client's public address; only asterisks if a data protection policy masks it";
            username: Text, "username", "The user; only with a directory or SAML. `NA` stays, since it can be a name";
            common_name: Text, "common-name", "Common name of the client's certificate. `NA` stays, since it can be a name";
            ingress_bytes: Count, "ingress-bytes", "Bytes sent by the client since it connected";
            egress_bytes: Count, "egress-bytes", "Bytes received by the client since it connected";
            ingress_packets: Count, "ingress-packets", "Packets sent by the client since it connected";
            egress_packets: Count, "egress-packets", "Packets received by the client since it connected";
            posture_compliance_statuses: EventWord, "posture-compliance-statuses", "The results of the client connect handler for the device, as AWS wrote them";
            policy_result: EventWord, "authorization-policy-evaluation.result", "Result of the authorization policy: permit, deny, error, or a word that AWS adds";
            policy_evaluation_type: EventWord, "authorization-policy-evaluation.evaluation-type", "connection-attempt, periodic, or a word that AWS adds";
            policy_shadow_mode: EventWord, "authorization-policy-evaluation.shadow-mode", "enabled if the result was logged and not enforced, disabled, or a word that AWS adds";
            policy_reason: EventText, "authorization-policy-evaluation.reason", "Reason of the result";
        }
        after {
            column("device_token_status", ColumnType::StringMap, Some("authorization-policy-evaluation.device-token-status"), "Provider of a device token to the JSON of its status", Some("absent or empty")),
            column("policy_context", ColumnType::String, Some("authorization-policy-evaluation.context"), "Context of the policy's evaluation as JSON; AWS sends it only if the endpoint is configured so", Some("absent")),
            column("unparsed", ColumnType::StringMap, None, "API field name to the text that could not be typed, or to that of a field that this program does not know; under `message`, the beginning of a message that is no event of a connection log", Some("everything parsed")),
        }
    }
    Builders, Arrays
}
