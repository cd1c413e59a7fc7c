//! The time of a snapshot: the schedule's, so that a retry targets the same object.

use std::fmt;

use jiff::civil::{Date, DateTime, date};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, Serializer};

/// The first day of the lake's tables, in UTC: Client VPN began in December 2018, so no snapshot lies before it. Athena
/// silently shows nothing of a day outside its partition projection.
pub const FIRST_DATE: Date = date(2018, 12, 1);

/// Greatest age of the time of a new snapshot. AWS lists a connection for 60 minutes after its end, so what it lists now is no
/// evidence of an earlier time.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(60);

/// Longest time by which a schedule's clock may be ahead of ours.
const MAX_AHEAD: SignedDuration = SignedDuration::from_secs(60);

/// A whole second in UTC: object keys carry seconds, so two snapshots of one second would be one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotTime(Timestamp);

/// An error of a text that is not a [`SnapshotTime`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotTimeError {
    /// A text that is not a point in time.
    #[error("is not an RFC 3339 time such as 2026-11-23T09:00:00Z")]
    Unparsable,
    /// A fraction of a second, which no key can carry.
    #[error("has a fraction of a second, which a snapshot's key cannot carry")]
    Fraction,
    /// A time before [`FIRST_DATE`].
    #[error("lies before {FIRST_DATE}, where the lake's tables begin")]
    TooEarly,
    /// A time of which a new snapshot is no evidence, since it is too long ago.
    #[error("lies {seconds} seconds in the past")]
    TooOld {
        /// Its age, rounded up.
        seconds: i64,
    },
    /// A time that is not yet.
    #[error("lies in the future, for it is {now} now")]
    Ahead {
        /// The present time.
        now: Timestamp,
    },
}

impl SnapshotTime {
    /// Reads an RFC 3339 time with any offset.
    ///
    /// # Errors
    /// Returns an error if the text is no such time, has a fraction of a second, or lies before [`FIRST_DATE`].
    pub fn parse(text: &str) -> Result<SnapshotTime, SnapshotTimeError> {
        let time: Timestamp = text.parse().ok().ok_or(SnapshotTimeError::Unparsable)?;
        if time.subsec_nanosecond() != 0 {
            return Err(SnapshotTimeError::Fraction);
        }
        if !is_extended(text) {
            return Err(SnapshotTimeError::Unparsable);
        }
        let time = SnapshotTime(time);
        if time.date() < FIRST_DATE { Err(SnapshotTimeError::TooEarly) } else { Ok(time) }
    }

    /// Reads the time of a snapshot that is taken `now`: at most 60 minutes in the past and 60 seconds ahead.
    ///
    /// # Errors
    /// Returns an error as [`SnapshotTime::parse`] does, or if the time is too old or ahead.
    pub fn parse_recent(text: &str, now: Timestamp) -> Result<SnapshotTime, SnapshotTimeError> {
        let time = SnapshotTime::parse(text)?;
        let age = now.duration_since(time.0);
        if age > MAX_AGE {
            let seconds = age.as_secs() + i64::from(age.subsec_nanos() > 0);
            return Err(SnapshotTimeError::TooOld { seconds });
        }
        if age < -MAX_AHEAD { Err(SnapshotTimeError::Ahead { now }) } else { Ok(time) }
    }

    /// Reads it back from an object's key: `20261123T090000Z`. Returns `None` if it is not that, or lies before [`FIRST_DATE`].
    pub fn parse_compact(text: &str) -> Option<SnapshotTime> {
        let civil = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
        let time = SnapshotTime(civil.to_zoned(TimeZone::UTC).ok()?.timestamp());
        (time.compact() == text && time.date() >= FIRST_DATE).then_some(time)
    }

    /// Returns the second in which `time` lies.
    pub fn truncated(time: Timestamp) -> SnapshotTime {
        SnapshotTime(Timestamp::from_second(time.as_second()).unwrap_or(time))
    }

    /// Returns the point in time.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    /// Returns it as object keys write it: `20261123T090000Z`.
    pub fn compact(self) -> String {
        self.0.strftime("%Y%m%dT%H%M%SZ").to_string()
    }

    /// Returns the day before its own, in UTC.
    pub fn date_before(self) -> Date {
        let before = self.0.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(self.0);
        SnapshotTime(before).date()
    }

    /// Returns its day in UTC.
    pub fn date(self) -> Date {
        Offset::UTC.to_datetime(self.0).date()
    }
}

/// Returns `true` for the form of RFC 3339. The parser also takes ISO 8601's other forms, names of time zones, and a leap second,
/// which it turns into the second before.
fn is_extended(text: &str) -> bool {
    const FORMAT: &str = "%Y-%m-%dT%H:%M:%S";
    let civil = text.get(..19).unwrap_or_default();
    let has_civil =
        DateTime::strptime(FORMAT, civil).is_ok_and(|time| time.strftime(FORMAT).to_string() == civil);
    let rest = text.get(19..).unwrap_or_default();
    let fraction =
        rest.strip_prefix('.').map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let is_offset = |text: &str| {
        let form = |(index, byte): (usize, u8)| match index {
            0 => matches!(byte, b'+' | b'-'),
            3 => byte == b':',
            _ => byte.is_ascii_digit(),
        };
        text.len() == 6 && text.bytes().enumerate().all(form)
    };
    has_civil && (matches!(fraction, "Z" | "z") || is_offset(fraction))
}

impl fmt::Display for SnapshotTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for SnapshotTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_folded_into_utc() {
        let time = SnapshotTime::parse("2026-01-01T01:30:00+02:00").unwrap();
        assert_eq!(time.compact(), "20251231T233000Z");
        assert_eq!(time.date(), date(2025, 12, 31));
        assert_eq!(time.to_string(), "2025-12-31T23:30:00Z");
    }

    #[test]
    fn what_the_tables_cannot_show_is_refused() {
        assert!(SnapshotTime::parse("2018-12-01T00:00:00Z").is_ok());
        for text in ["2018-12-01T00:30:00+01:00", "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z"] {
            assert_eq!(SnapshotTime::parse(text), Err(SnapshotTimeError::TooEarly), "{text}");
        }
    }

    #[test]
    fn a_new_snapshot_is_of_the_last_60_minutes_or_the_next_60_seconds() {
        for (now, expected) in [
            ("2026-11-23T10:00:00Z", Ok(())),
            ("2026-11-23T10:00:00.001Z", Err(SnapshotTimeError::TooOld { seconds: 3601 })),
            ("2026-11-23T10:00:01Z", Err(SnapshotTimeError::TooOld { seconds: 3601 })),
            ("2026-11-23T08:59:00Z", Ok(())),
            (
                "2026-11-23T08:58:59.999Z",
                Err(SnapshotTimeError::Ahead { now: "2026-11-23T08:58:59.999Z".parse().unwrap() }),
            ),
        ] {
            let found = SnapshotTime::parse_recent("2026-11-23T09:00:00Z", now.parse().unwrap());
            assert_eq!(found.map(|_| ()), expected, "{now}");
        }
    }

    #[test]
    fn a_key_gives_its_time_back() {
        let time = SnapshotTime::parse("2026-11-23T09:15:07Z").unwrap();
        assert_eq!(SnapshotTime::parse_compact(&time.compact()), Some(time));
        for text in ["", "20261123T091507", "20261323T091507Z", "20181130T235959Z", "2026112\u{663}T091507Z"]
        {
            assert_eq!(SnapshotTime::parse_compact(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_key_cannot_carry_is_refused() {
        assert_eq!(SnapshotTime::parse("2026-01-01T01:30:00.5Z"), Err(SnapshotTimeError::Fraction));
        assert!(SnapshotTime::parse("2026-01-01T01:30:00.000Z").is_ok(), "no fraction after all");
        for text in [
            "",
            "yesterday",
            "2026-02-30T00:00:00Z",
            "2026-01-01 01:30:00",
            "-000001-01-01T00:00:00Z",
            "20260101T013000Z",
            "2026-01-01T01:30Z",
            "2025-06-30T23:59:60Z",
            "2026-01-01T01:30:00Z[UTC]",
            "2026-01-01T01:30:00+00:00[Europe/Berlin]",
            "2026-01-01T01:30:00+00",
            "2026-01-01T01:30:00+0000",
            "2026-01-01T01:30:00+00:00:00",
        ] {
            assert_eq!(SnapshotTime::parse(text), Err(SnapshotTimeError::Unparsable), "{text}");
        }
    }
}
