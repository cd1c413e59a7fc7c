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
    /// Times at which the windows in the lake were due, from `complete_before` on or all of them.
    pub first: BTreeSet<SnapshotTime>,
    /// Times at which the second readings in the lake were due.
    pub late: BTreeSet<SnapshotTime>,
}

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
        let oldest_on_record = self.first.iter().find_map(|due| Window::of_due(*due)).map(Window::start);
        let known = self.since.or(oldest_on_record);
        let since = known.unwrap_or_else(|| {
            let end = newest.end();
            // Whole hours: the second reading of one must not find events that no first reading asked for.
            let oldest = Hour::containing(end.checked_sub(span).unwrap_or(end)).start();
            retained_since.map_or(oldest, |retained| oldest.max(first_window_after(retained)))
        });
        let from = self.open_from(since, retained_since);
        let mut missed = Vec::new();
        let mut window = from;
        while window < newest {
            if !self.first.contains(&window.due()) {
                missed.push(Reading::First(window));
            }
            window = window.next();
        }
        if known.is_none() {
            missed.reverse();
        }
        let late = self.late_hours(now, since, from.start());
        let newest = (newest >= from).then_some(Reading::First(newest));
        Plan { since, readings: newest.into_iter().chain(missed).chain(late).collect() }
    }

    /// Returns the first window that may be missing.
    fn open_from(&self, since: Timestamp, retained_since: Option<Timestamp>) -> Window {
        let from = self.complete_before.map_or(since, |complete| complete.max(since));
        let from = retained_since.map_or(from, |retained| from.max(retained));
        Window::containing(from)
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
