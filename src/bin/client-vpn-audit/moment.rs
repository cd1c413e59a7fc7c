//! Times as flags write them.

use client_vpn_audit::hour::Hour;
use client_vpn_audit::invalid_input::{InvalidInput, InvalidInputs};
use jiff::Timestamp;

/// A reader of the times in a command's flags, which collects their faults.
#[derive(Default)]
pub struct Moments {
    faults: InvalidInputs,
}

impl Moments {
    /// Reads a day (2026-11-01), an hour (2026-11-01T09), which mean their first moment in UTC, or an RFC 3339 time.
    pub fn read(&mut self, flag: &str, text: Option<&str>) -> Option<Timestamp> {
        let text = text?;
        let hour = Hour::parse(text).or_else(|| Hour::parse(&format!("{text}T00")));
        let moment = hour.map(Hour::start).or_else(|| text.parse().ok());
        let allowed = "a day (2026-11-01) or an hour (2026-11-01T09) in UTC, or an RFC 3339 time";
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
