//! The settings that every run record states.

use serde::Serialize;

/// The settings of the run. Values of filters name people, so they are counted and not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingsInForce {
    /// The location of the lake.
    pub lake: String,
    /// The targets, as ARNs; the id `*` means all endpoints there.
    pub targets: Vec<String>,
    /// Those among them that were named in two ways, and are captured once.
    pub named_twice: Vec<String>,
    /// Maximum connections of a page.
    pub page_size: u16,
    /// Maximum targets captured at a time.
    pub concurrency: usize,
    /// Maximum time of one attempt at a call, in seconds.
    pub call_timeout_seconds: u64,
    /// Attempts at a call.
    pub max_attempts: u32,
    /// The KMS key of the objects; `None` for the bucket's own encryption.
    pub kms_key: Option<String>,
    /// Filters, with the number of values of each.
    pub filters: Vec<FilterInForce>,
    /// Maximum connections of each target; `None` for all.
    pub max_items: Option<u64>,
    /// ARNs of the log groups that may be read; left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub connection_log_groups: Vec<String>,
}

/// A filter, without its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FilterInForce {
    /// Its name.
    pub name: &'static str,
    /// Number of its values.
    pub values: usize,
}
