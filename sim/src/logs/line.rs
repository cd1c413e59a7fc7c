//! The message of a connection log event.

use crate::logs::evaluation::Evaluation;
use serde::Serialize;

/// A connection log event in AWS's form: all values are strings but one. The order of keys is that of AWS's samples.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Line {
    pub(crate) connection_log_type: &'static str,
    pub(crate) connection_attempt_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection_reset_status: Option<&'static str>,
    pub(crate) connection_attempt_failure_reason: &'static str,
    pub(crate) connection_id: String,
    pub(crate) client_vpn_endpoint_id: String,
    pub(crate) transport_protocol: &'static str,
    pub(crate) connection_start_time: String,
    pub(crate) connection_last_update_time: String,
    pub(crate) client_ip: String,
    pub(crate) client_ip_v6: String,
    pub(crate) common_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) username: Option<String>,
    pub(crate) device_type: &'static str,
    pub(crate) device_ip: String,
    pub(crate) port: String,
    pub(crate) ingress_bytes: String,
    pub(crate) egress_bytes: String,
    pub(crate) ingress_packets: String,
    pub(crate) egress_packets: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) posture_compliance_statuses: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authorization_policy_evaluation: Option<Evaluation>,
    pub(crate) connection_end_time: String,
    pub(crate) connection_duration_seconds: String,
}

impl Line {
    pub(crate) fn text(&self) -> String {
        // Strings always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }
}
