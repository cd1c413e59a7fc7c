//! An event of a log group, as CloudWatch Logs hands it out.

use serde::Serialize;

/// An event of a log group. Serialized under the API's names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEvent {
    /// The stream that it is in.
    pub log_stream_name: String,
    /// The time of the event, in milliseconds since 1970.
    pub timestamp: i64,
    /// Its text; for a connection log event one JSON object.
    pub message: String,
    /// The time at which CloudWatch Logs received it, in milliseconds since 1970.
    pub ingestion_time: i64,
    /// Digits that no other event has.
    pub event_id: String,
}
