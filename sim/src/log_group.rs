//! The settings of a log group.

use jiff::{SignedDuration, Timestamp};

/// The log group that endpoints log to unless another is set.
pub(crate) const DEFAULT_GROUP: &str = "client-vpn";

/// Largest number of events on a page of CloudWatch Logs.
pub(crate) const MAX_PAGE_EVENTS: usize = 10_000;

/// A log group of CloudWatch Logs, and what else it holds beside the endpoints' events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGroup {
    /// The name, 1 to 512 characters.
    pub name: String,
    /// The time of its creation. It has no earlier events.
    pub created: Timestamp,
    /// Days that events are kept; `None` for ever.
    pub retention_days: Option<u32>,
    /// The class. Only the standard class can be read event by event.
    pub class: LogGroupClass,
    /// ARN of the key that encrypts it.
    pub kms_key_id: Option<String>,
    /// `true` if the key may not be used by whoever reads the group.
    pub is_kms_refused: bool,
    /// Keys of connection log events whose values a data-protection policy masks, such as `device-ip`.
    pub masked_fields: Vec<String>,
    /// `true` if reading unmasked values is denied.
    pub is_unmask_refused: bool,
    /// Number of events each hour that are no connection log events: text, and JSON of an application.
    pub foreign_per_hour: u32,
    /// The events that arrive late; `None` for none.
    pub late: Option<LateEvents>,
    /// Largest number of events on a page, to have many pages of few events.
    pub page_events: usize,
}

/// The class of a log group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogGroupClass {
    /// `STANDARD`.
    Standard,
    /// `INFREQUENT_ACCESS`, which has no `FilterLogEvents`.
    InfrequentAccess,
    /// `DELIVERY`, which has no `FilterLogEvents` either.
    Delivery,
}

/// Events that arrive later than the few seconds that others take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateEvents {
    /// About one event in this many is late. 1 for all.
    pub one_in: u64,
    /// Longest time from the event to its arrival. The shortest is one minute.
    pub up_to: SignedDuration,
}

impl LogGroup {
    /// Returns a group of the standard class that keeps its events for ever, holds the endpoints' events alone, and has
    /// existed since 2024.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            created: Timestamp::constant(1_704_067_200, 0),
            retention_days: None,
            class: LogGroupClass::Standard,
            kms_key_id: None,
            is_kms_refused: false,
            masked_fields: Vec::new(),
            is_unmask_refused: false,
            foreign_per_hour: 0,
            late: None,
            page_events: MAX_PAGE_EVENTS,
        }
    }
}

impl LogGroupClass {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::InfrequentAccess => "INFREQUENT_ACCESS",
            Self::Delivery => "DELIVERY",
        }
    }
}
