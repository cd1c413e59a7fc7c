//! Events that no Client VPN endpoint wrote: a group may be shared with applications.

use crate::random::{Stream, mix};

const HOUR_MILLIS: i64 = 3_600_000;

/// Name of the stream that the application writes to.
pub(crate) const STREAM: &str = "application";

/// An event of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Foreign {
    pub(crate) id: u64,
    pub(crate) timestamp: i64,
}

/// Calls `visit` with every event from `from` to `to`, both included, in milliseconds since 1970.
pub(crate) fn each(key: u64, per_hour: u32, from: i64, to: i64, mut visit: impl FnMut(Foreign)) {
    if per_hour == 0 || from > to {
        return;
    }
    let every = (HOUR_MILLIS / i64::from(per_hour)).max(1);
    for number in from.div_euclid(every)..=to.div_euclid(every) {
        let id = mix(&[key, number.cast_unsigned(), 0x666f_7265]);
        let timestamp = number * every + Stream::of(&[id]).between(0, every - 1);
        if (from..=to).contains(&timestamp) {
            visit(Foreign { id, timestamp });
        }
    }
}

impl Foreign {
    pub(crate) fn message(self) -> String {
        let mut traits = Stream::of(&[self.id, 0x6d65_7373]);
        let number = traits.between(1, 99_999);
        match traits.between(0, 3) {
            0 => format!("INFO request {number} served in {} ms", traits.between(1, 900)),
            1 => format!("{{\"level\":\"info\",\"request\":{number},\"path\":[\"a\",\"b\"],\"ok\":true}}"),
            2 => format!("[\"metric\",{number},null]"),
            _ => format!(
                "Traceback (most recent call last):\n  File \"app.py\", line {number}, in main\nKeyError: 'x'"
            ),
        }
    }
}
