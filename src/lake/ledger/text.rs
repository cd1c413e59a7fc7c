//! The texts of ids and times in a run record.

use jiff::Timestamp;
use serde::Serializer;

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
