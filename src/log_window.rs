//! The windows of event time in which a log group is read, and the times at which they are due.

use jiff::{SignedDuration, Timestamp};

use crate::hour::Hour;
use crate::snapshot_time::SnapshotTime;

/// Length of a window of event time.
const WINDOW_LENGTH: SignedDuration = SignedDuration::from_mins(15);

/// Time after its end at which a window is due: by then CloudWatch Logs has received nearly all of its events.
const DUE_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// Time after its end at which an hour is read once more.
const LATE_AFTER: SignedDuration = SignedDuration::from_mins(24 * 60 + 30);

/// The time between one millisecond of event time and the next.
const MILLISECOND: SignedDuration = SignedDuration::from_millis(1);

/// A quarter of an hour of event time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window(Timestamp);

impl Window {
    /// Returns the newest window that is due.
    pub fn newest_due(now: Timestamp) -> Window {
        let end = Window::containing(later(now, -DUE_AFTER)).start();
        Window(later(end, -WINDOW_LENGTH))
    }

    /// Returns the window in which `time` lies.
    pub fn containing(time: Timestamp) -> Window {
        let seconds = time.as_second();
        let start = seconds - seconds.rem_euclid(WINDOW_LENGTH.as_secs());
        Window(Timestamp::from_second(start).unwrap_or(time))
    }

    /// Returns the window that was due at this time; `None` if none was.
    pub fn of_due(due: SnapshotTime) -> Option<Window> {
        let start = later(due.timestamp(), -(DUE_AFTER + WINDOW_LENGTH));
        (start.as_second() % WINDOW_LENGTH.as_secs() == 0).then_some(Window(start))
    }

    /// Returns its first moment.
    pub fn start(self) -> Timestamp {
        self.0
    }

    /// Returns the first moment after it.
    pub fn end(self) -> Timestamp {
        later(self.0, WINDOW_LENGTH)
    }

    /// Returns the time at which it is due.
    pub fn due(self) -> SnapshotTime {
        SnapshotTime::truncated(later(self.end(), DUE_AFTER))
    }

    /// Returns the window after it.
    pub fn next(self) -> Window {
        Window(self.end())
    }

    /// Returns the four windows of an hour.
    pub fn of_hour(hour: Hour) -> [Window; 4] {
        let first = Window(hour.start());
        [first, first.next(), first.next().next(), first.next().next().next()]
    }
}

/// One reading of a log group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// The first reading of a window.
    First(Window),
    /// The second reading of an hour, for events that came late.
    Late(Hour),
}

impl Reading {
    /// Returns the reading that was due at this time; `None` if none was.
    pub fn of_due(due: SnapshotTime, is_late: bool) -> Option<Reading> {
        if !is_late {
            return Window::of_due(due).map(Reading::First);
        }
        let hour = Hour::containing(later(due.timestamp(), -LATE_AFTER)).previous();
        (late_due(hour) == due).then_some(Reading::Late(hour))
    }

    /// Returns the reading in which `start` lies.
    pub fn starting(start: Timestamp, is_late: bool) -> Reading {
        if is_late {
            Reading::Late(Hour::containing(start))
        } else {
            Reading::First(Window::containing(start))
        }
    }

    /// Returns the time of the first event that belongs to it.
    pub fn start(self) -> Timestamp {
        match self {
            Reading::First(window) => window.start(),
            Reading::Late(hour) => hour.start(),
        }
    }

    /// Returns the first moment after it.
    pub fn end(self) -> Timestamp {
        match self {
            Reading::First(window) => window.end(),
            Reading::Late(hour) => hour.end(),
        }
    }

    /// Returns the time of the last event that can belong to it: both ends of CloudWatch Logs' range are inclusive.
    pub fn last_millisecond(self) -> Timestamp {
        later(self.end(), -MILLISECOND)
    }

    /// Returns the time at which it is due, which its key bears.
    pub fn due(self) -> SnapshotTime {
        match self {
            Reading::First(window) => window.due(),
            Reading::Late(hour) => late_due(hour),
        }
    }

    /// Returns `true` for a second reading.
    pub fn is_late(self) -> bool {
        matches!(self, Reading::Late(_))
    }
}

/// Returns the time at which an hour is read once more.
pub fn late_due(hour: Hour) -> SnapshotTime {
    SnapshotTime::truncated(later(hour.end(), LATE_AFTER))
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.saturating_add(by).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        format!("{text}Z").parse().unwrap()
    }

    #[test]
    fn a_window_is_due_half_an_hour_after_its_end() {
        for (now, newest) in [
            ("2026-11-23T09:59:59.999", "2026-11-23T09:00:00"),
            ("2026-11-23T10:00:00", "2026-11-23T09:15:00"),
            ("2026-11-23T10:14:59", "2026-11-23T09:15:00"),
            ("2026-11-23T00:30:00", "2026-11-22T23:45:00"),
        ] {
            assert_eq!(Window::newest_due(time(now)).start(), time(newest), "{now}");
        }
        let reading = Reading::First(Window::containing(time("2026-11-22T23:45:00")));
        assert_eq!(reading.end(), time("2026-11-23T00:00:00"));
        assert_eq!(reading.last_millisecond(), time("2026-11-22T23:59:59.999"));
        assert_eq!(reading.due().to_string(), "2026-11-23T00:30:00Z");
        assert_eq!(Window::of_due(reading.due()), Some(Window::containing(time("2026-11-22T23:45:00"))));
        assert_eq!(Window::of_due(SnapshotTime::truncated(time("2026-11-23T00:31:00"))), None);
        let late = Reading::Late(Hour::parse("2026-11-22T22").unwrap());
        assert_eq!((late.start(), late.end()), (time("2026-11-22T22:00:00"), time("2026-11-22T23:00:00")));
        assert_eq!(late.due().to_string(), "2026-11-23T23:30:00Z");
        for reading in [reading, late] {
            assert_eq!(Reading::of_due(reading.due(), reading.is_late()), Some(reading));
            assert_eq!(Reading::starting(reading.start(), reading.is_late()), reading);
        }
        let at_a_quarter = SnapshotTime::truncated(time("2026-11-23T23:45:00"));
        assert_eq!(Reading::of_due(at_a_quarter, true), None);
    }
}
