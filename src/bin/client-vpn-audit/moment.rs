//! Times as flags write them.

use client_vpn_audit::hour::Hour;
use client_vpn_audit::invalid_input::{InvalidInput, InvalidInputs};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A reader of the times in a command's flags, which collects their faults.
pub struct Moments {
    faults: InvalidInputs,
    /// The time zone of days and hours.
    time_zone: TimeZone,
}

impl Default for Moments {
    fn default() -> Moments {
        Moments::in_zone(TimeZone::UTC)
    }
}

impl Moments {
    /// Returns a reader of days and hours of a time zone.
    pub fn in_zone(time_zone: TimeZone) -> Moments {
        Moments { faults: InvalidInputs::default(), time_zone }
    }

    /// Reads a day (2026-11-01), an hour (2026-11-01T09), which mean their first moment in the time zone, or an RFC 3339 time.
    pub fn read(&mut self, flag: &str, text: Option<&str>) -> Option<Timestamp> {
        let text = text?;
        let hour = Hour::parse(text).or_else(|| Hour::parse(&format!("{text}T00")));
        let first_moment = |hour: Hour| {
            let civil = TimeZone::UTC.to_datetime(hour.start());
            civil.to_zoned(self.time_zone.clone()).ok().map(|zoned| zoned.timestamp())
        };
        let moment = hour.and_then(first_moment).or_else(|| text.parse().ok());
        let zone = self.time_zone.iana_name().unwrap_or("UTC");
        let allowed = format!("a day (2026-11-01) or an hour (2026-11-01T09) in {zone}, or an RFC 3339 time");
        self.faults.keep(moment.ok_or_else(|| InvalidInput::new(flag, text, allowed)))
    }

    /// Records a fault if the times are in the wrong order.
    pub fn check_order(&mut self, from: Option<Timestamp>, to: Option<Timestamp>) {
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            self.faults.push(InvalidInput::new(
                "--from",
                &from.to_string(),
                format!("a time before --to, which is {to}"),
            ));
        }
    }

    /// Returns the faults.
    pub fn faults(self) -> InvalidInputs {
        self.faults
    }
}
