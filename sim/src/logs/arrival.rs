//! The delay of events: the time until they can be read.

use crate::log_group::LateEvents;
use crate::random::Stream;

/// Returns the time from an event to its arrival: a few seconds, or for a late one up to hours.
pub(crate) fn delay_millis(id: u64, late: Option<LateEvents>) -> i64 {
    let mut traits = Stream::of(&[id, 0x6c61_7465]);
    let usual = traits.between(200, 5_000);
    match late {
        Some(late) if traits.one_in(late.one_in.max(1)) => {
            traits.between(60_000, i64::try_from(late.up_to.as_millis()).unwrap_or(i64::MAX))
        }
        _ => usual,
    }
}
