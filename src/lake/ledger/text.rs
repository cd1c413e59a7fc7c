//! The texts of ids and times in a run record.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::aws::ec2::PageTimes;
use crate::run_id::RunId;

pub(super) fn as_text<S: Serializer>(run_id: &RunId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(run_id.as_str())
}

/// Writes a time, always with three digits after the second, so that texts sort as times do.
pub(super) fn millisecond_time<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{time:.3}"))
}

pub(super) fn millisecond_times<S: Serializer>(
    time: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => millisecond_time(time, serializer),
        None => serializer.serialize_none(),
    }
}

pub(super) fn page_times<S: Serializer>(times: &Option<PageTimes>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Times {
        #[serde(serialize_with = "millisecond_times")]
        first_page_requested_at: Option<Timestamp>,
        #[serde(serialize_with = "millisecond_times")]
        first_page_at: Option<Timestamp>,
        #[serde(serialize_with = "millisecond_times")]
        last_page_at: Option<Timestamp>,
    }
    let times = Times {
        first_page_requested_at: times.map(|times| times.first_page_requested_at),
        first_page_at: times.map(|times| times.first_page_at),
        last_page_at: times.map(|times| times.last_page_at),
    };
    times.serialize(serializer)
}
