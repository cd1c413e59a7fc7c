//! The hours of an account and Region that are verified.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{A_DAY, Verifier};
use crate::hour::Hour;

/// The first and the last hour; `None` for no limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Range {
    from: Option<Hour>,
    to: Option<Hour>,
}

impl Range {
    /// Returns the range of an account and Region whose newest digest is of this hour.
    pub fn of(verifier: &Verifier<'_>, newest: Hour) -> Range {
        let reaching = |to: Hour| verifier.up_to.map_or(to, |up_to| newest.min(up_to).max(to));
        Range { from: verifier.from, to: verifier.to.map(reaching) }
    }

    /// Returns the last hour of which a digest is expected.
    pub fn last_hour(self, now: Timestamp) -> Hour {
        let newest = Hour::newest_closed(now);
        self.to.map_or(newest, |to| to.min(newest))
    }

    /// Returns `true` if an object's hour is among those requested.
    pub fn contains(self, hour: Hour) -> bool {
        self.from.is_none_or(|from| hour >= from) && self.to.is_none_or(|to| hour <= to)
    }

    /// Returns `true` for a day that has to be walked: those of the requested hours, and the day after them, whose digests list
    /// late objects.
    pub fn walks(self, date: Date) -> bool {
        self.from.is_none_or(|from| date >= from.date()) && !self.is_after_the_walk(date)
    }

    /// Returns `true` for a day after those that are walked.
    pub fn is_after_the_walk(self, date: Date) -> bool {
        let day_after =
            |to: Hour| Hour::containing(to.start().saturating_add(A_DAY).unwrap_or(to.start())).date();
        self.to.is_some_and(|to| date > day_after(to))
    }
}
