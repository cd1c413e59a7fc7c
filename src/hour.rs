//! The hour that a digest is of.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, Serializer};

use crate::snapshot_time::FIRST_DATE;

/// Time after its end at which an hour is closed, because no retry of it can come any more: ten minutes that EventBridge
/// Scheduler tries to deliver an event, ten that Lambda keeps it for a second attempt, and fifteen that a function may run
/// at most. A test compares the template's own limits with it.
pub const CLOSES_AFTER: SignedDuration = SignedDuration::from_mins(10 + 10 + 15);

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A whole hour in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(Timestamp);

impl Hour {
    /// Reads `2026-11-23T09`, in UTC. Returns `None` if the text is not that, or lies before [`FIRST_DATE`].
    pub fn parse(text: &str) -> Option<Hour> {
        let start: Timestamp = format!("{text}:00:00Z").parse().ok()?;
        let hour = Hour(start);
        (hour.to_string() == text && hour.date() >= FIRST_DATE).then_some(hour)
    }

    /// Returns the hour in which `time` lies.
    pub fn containing(time: Timestamp) -> Hour {
        let seconds = time.as_second();
        Hour(Timestamp::from_second(seconds - seconds.rem_euclid(3600)).unwrap_or(time))
    }

    /// Returns the newest hour that is closed at `now`.
    pub fn newest_closed(now: Timestamp) -> Hour {
        Hour::containing(now.saturating_sub(CLOSES_AFTER).unwrap_or(now)).previous()
    }

    /// Returns its first moment.
    pub fn start(self) -> Timestamp {
        self.0
    }

    /// Returns the first moment of the next hour.
    pub fn end(self) -> Timestamp {
        self.0.saturating_add(HOUR).unwrap_or(self.0)
    }

    /// Returns the hour after it.
    pub fn next(self) -> Hour {
        Hour(self.end())
    }

    /// Returns the hour before it.
    pub fn previous(self) -> Hour {
        Hour(self.0.saturating_sub(HOUR).unwrap_or(self.0))
    }

    /// Returns the hour that lies `hours` before it.
    pub fn earlier(self, hours: i32) -> Hour {
        Hour(self.0.saturating_sub(HOUR * hours).unwrap_or(self.0))
    }

    /// Returns its day in UTC.
    pub fn date(self) -> Date {
        Offset::UTC.to_datetime(self.0).date()
    }

    /// Returns the day before its own, in UTC.
    pub fn date_before(self) -> Date {
        Hour(self.0.saturating_sub(HOUR * 24).unwrap_or(self.0)).date()
    }

    /// Returns its start as object keys write it: `20261123T090000Z`.
    pub fn compact(self) -> String {
        self.0.strftime("%Y%m%dT%H%M%SZ").to_string()
    }
}

impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.strftime("%Y-%m-%dT%H").fmt(f)
    }
}

impl Serialize for Hour {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn an_hour_is_written_as_in_the_event() {
        let hour = Hour::parse("2026-12-31T23").unwrap();
        assert_eq!(hour.start().to_string(), "2026-12-31T23:00:00Z");
        assert_eq!(hour.next().to_string(), "2027-01-01T00");
        assert_eq!(hour.next().previous(), hour);
        assert_eq!((hour.date(), hour.date_before()), (date(2026, 12, 31), date(2026, 12, 30)));
        assert_eq!(hour.earlier(48).to_string(), "2026-12-29T23");
        assert_eq!(hour.compact(), "20261231T230000Z");
        assert_eq!(Hour::containing("2026-12-31T23:59:59.999Z".parse().unwrap()), hour);
    }

    #[test]
    fn what_is_no_hour_is_refused() {
        let texts = [
            "",
            "2026-11-23",
            "2026-11-23T9",
            "2026-11-23T24",
            "2026-02-30T00",
            "2026-11-23T09:00",
            "2018-11-30T23",
        ];
        for text in texts {
            assert_eq!(Hour::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_hour_closes_when_no_retry_can_come() {
        let newest = |now: &str| Hour::newest_closed(now.parse().unwrap()).to_string();
        assert_eq!(newest("2026-11-23T10:34:59.999Z"), "2026-11-23T08");
        assert_eq!(newest("2026-11-23T10:35:00Z"), "2026-11-23T09");
        assert_eq!(newest("2027-01-01T00:35:00Z"), "2026-12-31T23");
    }
}
