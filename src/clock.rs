//! The one door to the time of day.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

/// The source of the time. Everything that is recorded has millisecond precision, as the lake's columns have.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<Mutex<Timestamp>>>);

impl Clock {
    /// Returns the machine's clock.
    pub fn system() -> Clock {
        Clock(None)
    }

    /// Returns a clock that stands still until it is set, for the demo's simulated minutes and for tests.
    pub fn manual(now: Timestamp) -> Clock {
        Clock(Some(Arc::new(Mutex::new(now))))
    }

    /// Moves a manual clock, and every clone of it, to `now`. The machine's clock does not move.
    pub fn set(&self, now: Timestamp) {
        if let Some(manual) = &self.0 {
            *manual.lock().unwrap_or_else(PoisonError::into_inner) = now;
        }
    }

    /// Returns the time, in whole milliseconds.
    pub fn now(&self) -> Timestamp {
        let now = match &self.0 {
            Some(manual) => *manual.lock().unwrap_or_else(PoisonError::into_inner),
            None => system_time(),
        };
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the door")]
fn system_time() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_with_its_clones_and_keeps_milliseconds() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let clone = clock.clone();
        clock.set("2026-11-23T09:00:00.123456Z".parse().unwrap());
        assert_eq!(clone.now().to_string(), "2026-11-23T09:00:00.123Z");
    }
}
