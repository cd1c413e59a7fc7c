//! Time of the request of an answer, and the difference between this machine's clock and AWS's.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::{DateTime, Format};
use jiff::Timestamp;

use crate::clock::Clock;

/// The attempts at one call. Only the last one is kept, which is the one that succeeded if any did.
#[derive(Debug, Clone)]
pub(crate) struct Timing {
    clock: Clock,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug)]
struct Seen {
    requested_at: Timestamp,
    /// The header `Date` of the answer, in seconds.
    date: Option<i64>,
}

/// Time of a page's request, and the clock difference that its answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timed {
    /// Time at which the request of the successful attempt was sent.
    pub requested_at: Timestamp,
    /// Seconds by which this machine's clock is ahead of EC2's; negative if it is behind. `None` if EC2 sent no `Date`.
    pub clock_difference_seconds: Option<i64>,
}

impl Timing {
    /// Starts timing a call that is about to be made.
    pub(crate) fn new(clock: &Clock) -> Timing {
        let seen = Seen { requested_at: clock.now(), date: None };
        Timing { clock: clock.clone(), seen: Arc::new(Mutex::new(seen)) }
    }

    /// Returns the times of the call whose answer arrived at `arrived_at`.
    pub(crate) fn of_answer(&self, arrived_at: Timestamp) -> Timed {
        let Seen { requested_at, date } = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let difference = |date| clock_difference(requested_at, arrived_at, date);
        Timed { requested_at, clock_difference_seconds: date.map(difference) }
    }
}

impl Intercept for Timing {
    fn name(&self) -> &'static str {
        "Timing"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let seen = Seen { requested_at: self.clock.now(), date: None };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).date = date.map(|date| date.secs());
        Ok(())
    }
}

/// Returns the seconds by which our clock is certainly ahead of one that showed the second `date` at some time between the
/// request and the answer; negative if it is behind.
fn clock_difference(requested_at: Timestamp, arrived_at: Timestamp, date: i64) -> i64 {
    // The full second counts: EC2's clock may have shown any part of it.
    let (earliest, latest) = (date, date.saturating_add(1));
    if requested_at.as_second() > latest {
        requested_at.as_second() - latest
    } else if arrived_at.as_second() < earliest {
        arrived_at.as_second() - earliest
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_is_what_the_way_to_ec2_and_back_does_not_explain() {
        let time = |millis: i64| Timestamp::from_millisecond(millis).unwrap();
        for (name, requested_at, arrived_at, date, expected) in [
            ("the same second", 100_200, 100_300, 100, 0),
            ("the second before, of which only the whole part is sent", 101_000, 101_100, 100, 0),
            ("a slow answer", 100_000, 117_000, 116, 0),
            ("ahead by two minutes", 220_000, 220_100, 100, 119),
            ("ahead, and a slow answer", 220_000, 237_000, 100, 119),
            ("behind by two minutes", 100_000, 100_900, 220, -120),
        ] {
            assert_eq!(clock_difference(time(requested_at), time(arrived_at), date), expected, "{name}");
        }
    }
}
