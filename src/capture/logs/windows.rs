//! The windows in which a log group is read, as pure functions: which of them are due, and in what order they are read.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::hour::Hour;
use crate::log_window::{Reading, Window, late_due};
use crate::snapshot_time::SnapshotTime;

/// The readings of a log group that are in the lake, and what the previous record states of the others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InLake {
    /// Start of the oldest window that the record is to have; `None` if it is not known.
    pub since: Option<Timestamp>,
    /// Every reading from `since` on that begins before this is in the lake or is lost; `None` if it is not known.
    pub complete_before: Option<Timestamp>,
    /// Times at which the windows in the lake were due, from `complete_before` on or all of them. Each was written or examined by
    /// a run that has a record.
    pub first: BTreeSet<SnapshotTime>,
    /// Times at which the second readings in the lake were due, likewise.
    pub late: BTreeSet<SnapshotTime>,
    /// Start of the oldest window whose key is in the lake, whatever lies there; `None` if there is none.
    pub oldest: Option<Timestamp>,
    /// Times at which the windows were due that the previous run tried in vain.
    pub failed: BTreeSet<SnapshotTime>,
}

/// Longest time before now that any record reaches back: more than the setting for the first reading allows.
const LONGEST_SPAN: SignedDuration = SignedDuration::from_hours(24 * 370);

/// The readings of a run, and the beginning of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Start of the oldest window that the record is to have.
    pub since: Timestamp,
    /// The readings, in the order in which they are made.
    pub readings: Vec<Reading>,
}

impl InLake {
    /// Returns a lake of which the previous record states these times. Times that no record can have at `now`, as after a clock that
    /// was ahead, are not believed: no window would be read until then.
    pub fn of_record(since: Option<Timestamp>, complete_before: Option<Timestamp>, now: Timestamp) -> InLake {
        let newest = Window::newest_due(now).start();
        let latest = Hour::containing(now).earlier(24).start();
        InLake {
            since: since.filter(|since| *since <= newest),
            complete_before: complete_before.filter(|complete| *complete <= latest),
            ..InLake::default()
        }
    }

    /// Plans the readings at `now`. The first ones ever cover `span` before it, and the rest
    /// of the hour in which that begins, newest first. Later ones begin with the newest
    /// window; then follow those that were missed, oldest first, and second readings. Nothing that began before `retained_since`
    /// is read: the log group no longer has it.
    pub fn plan(&self, now: Timestamp, span: SignedDuration, retained_since: Option<Timestamp>) -> Plan {
        let newest = Window::newest_due(now);
        let since = self.since.unwrap_or_else(|| self.first_since(newest, span, retained_since));
        let from = self.open_from(since, retained_since);
        let mut missed = Vec::new();
        let mut window = from;
        while window < newest {
            if !self.first.contains(&window.due()) {
                missed.push(Reading::First(window));
            }
            window = window.next();
        }
        if self.since.is_none() {
            missed.reverse();
        }
        // Windows that always fail delay no other.
        missed.sort_by_key(|reading| self.failed.contains(&reading.due()));
        let late = self.late_hours(now, since, from.start());
        let newest = (newest >= from).then_some(Reading::First(newest));
        Plan { since, readings: newest.into_iter().chain(missed).chain(late).collect() }
    }

    /// Returns the start of the oldest window that a record is to have which begins now. A run that was killed has no record, and
    /// began with the newest window: what it left says nothing of the windows before, unless it reaches further back.
    fn first_since(
        &self,
        newest: Window,
        span: SignedDuration,
        retained_since: Option<Timestamp>,
    ) -> Timestamp {
        let back = |span| newest.end().checked_sub(span).unwrap_or(newest.end());
        let oldest = self.oldest.map_or(back(span), |oldest| oldest.clamp(back(LONGEST_SPAN), back(span)));
        // Whole hours: the second reading of one must not find events that no first reading asked for.
        let oldest = Hour::containing(oldest).start();
        retained_since.map_or(oldest, |retained| oldest.max(first_window_after(retained)))
    }

    /// Returns the first window that may be missing.
    fn open_from(&self, since: Timestamp, retained_since: Option<Timestamp>) -> Window {
        let from = self.complete_before.map_or(since, |complete| complete.max(since));
        // Of the window in which the retention ends, a part is gone.
        Window::containing(retained_since.map_or(from, |retained| from.max(first_window_after(retained))))
    }

    /// Lists the second readings that are due: of hours from `from` on of which every window from `since` on is in the lake. One
    /// before that would find the events of a missed window, and the reading of that window would find them again.
    fn late_hours(&self, now: Timestamp, since: Timestamp, from: Timestamp) -> Vec<Reading> {
        let mut hours = Vec::new();
        let mut hour = Hour::containing(from);
        while late_due(hour).timestamp() <= now {
            let is_read = |window: &Window| {
                window.start() < since || window.start() < from || self.first.contains(&window.due())
            };
            if hour.end() > from
                && !self.late.contains(&late_due(hour))
                && Window::of_hour(hour).iter().all(is_read)
            {
                hours.push(Reading::Late(hour));
            }
            hour = hour.next();
        }
        hours
    }

    /// Returns the start of the first hour of which a reading may still be missing. Readings before `retained_since` are lost.
    pub fn complete_before(
        &self,
        now: Timestamp,
        plan: &Plan,
        retained_since: Option<Timestamp>,
    ) -> Timestamp {
        let from = self.open_from(plan.since, retained_since).start();
        let mut hour = Hour::containing(from);
        let is_read = |window: &Window| window.start() < from || self.first.contains(&window.due());
        while late_due(hour).timestamp() <= now
            && self.late.contains(&late_due(hour))
            && Window::of_hour(hour).iter().all(is_read)
        {
            hour = hour.next();
        }
        hour.start().max(plan.since)
    }

    /// Returns the windows of an hour that are in the lake.
    pub fn first_of(&self, hour: Hour) -> Vec<Window> {
        Window::of_hour(hour).into_iter().filter(|window| self.first.contains(&window.due())).collect()
    }

    /// Forgets the readings before `time`, of which the record states that they are in the lake or lost.
    pub fn forget_before(&mut self, time: Timestamp) {
        self.first.retain(|due| Window::of_due(*due).is_some_and(|window| window.start() >= time));
        self.late.retain(|due| Reading::of_due(*due, true).is_some_and(|reading| reading.start() >= time));
    }

    /// Notes that a reading is in the lake.
    pub fn note(&mut self, reading: Reading) {
        let of_kind = if reading.is_late() { &mut self.late } else { &mut self.first };
        of_kind.insert(reading.due());
    }
}

/// Returns the start of the first window that begins at `time` or later.
fn first_window_after(time: Timestamp) -> Timestamp {
    let window = Window::containing(time);
    if window.start() == time { window.start() } else { window.end() }
}

#[cfg(test)]
mod tests;
