//! Times as the page writes them: in one time zone, each with its offset, so that none is ambiguous where the clock is changed.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The time zone of the page.
#[derive(Debug, Clone)]
pub(super) struct ZonedTimes(pub TimeZone);

impl ZonedTimes {
    /// Returns a time, to the second.
    pub(super) fn text(&self, time: Timestamp) -> String {
        time.to_zoned(self.0.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
    }

    /// Returns a time to the minute, without the offset, for the axis of a plot.
    pub(super) fn axis(&self, time: Timestamp) -> String {
        time.to_zoned(self.0.clone()).strftime("%m-%d %H:%M").to_string()
    }

    /// Returns the name of the zone.
    pub(super) fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }
}

/// Returns a length in days, hours, minutes and seconds, with the two greatest units that are not zero.
pub(super) fn duration(seconds: i64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds.max(0);
    let mut parts = Vec::new();
    for (length, unit) in units {
        let number = rest / length;
        rest %= length;
        if number > 0 {
            parts.push(format!("{number} {unit}"));
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hour_that_comes_twice_is_told_apart_by_its_offset() {
        let times = ZonedTimes(TimeZone::get("Europe/Berlin").unwrap());
        for (utc, text) in [
            ("2026-10-25T00:30:00Z", "2026-10-25 02:30:00 +02:00"),
            ("2026-10-25T01:30:00Z", "2026-10-25 02:30:00 +01:00"),
        ] {
            assert_eq!(times.text(utc.parse().unwrap()), text);
        }
        assert_eq!(times.name(), "Europe/Berlin");
        assert_eq!(ZonedTimes(TimeZone::UTC).text(Timestamp::UNIX_EPOCH), "1970-01-01 00:00:00 +00:00");
    }

    #[test]
    fn lengths_have_two_units() {
        for (seconds, text) in
            [(0, "0 s"), (59, "59 s"), (3_600, "1 h"), (3_661, "1 h 1 min"), (90_061, "1 d 1 h"), (-5, "0 s")]
        {
            assert_eq!(duration(seconds), text);
        }
    }
}
