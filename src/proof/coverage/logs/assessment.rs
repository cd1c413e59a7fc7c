//! The report on the connection logs of an account and Region: their ledger and the lake's objects in, missing readings out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::RequestedTimes;
use super::ledger::{GroupLedger, LogLedger, Pair};
use super::{LogCoverage, LogGroupsNotKnown, MissingLog, ReadingsInLake};
use crate::hour::Hour;
use crate::log_group::LogGroup;
use crate::log_window::{Reading, Window};
use crate::target::AccountRegion;

/// Time after a window was due until which it is not missing: by then, a run every quarter of an hour has tried it several times.
const MISSING_AFTER: SignedDuration = SignedDuration::from_mins(60);

/// Longest time before the first run that its first reading covers: more than the setting allows.
const LONGEST_FIRST_READING: SignedDuration = SignedDuration::from_hours(24 * 370);

/// A time in which every run that knows the log groups found an endpoint at one of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streak {
    first: Timestamp,
    last: Timestamp,
    /// `true` if no run that would have found it there followed.
    is_open: bool,
}

impl LogLedger {
    /// Returns the first hour of which a window is assessed; `None` if no endpoint is known to log to a log group.
    pub(in super::super) fn first_hour(&self, place: &AccountRegion, window: RequestedTimes) -> Option<Hour> {
        let streaks = self.streaks(place, window.horizon());
        let begin = |(pair, streaks): (&Pair, &Vec<Streak>)| {
            streaks.first().map(|streak| self.first_window(pair, *streak).start())
        };
        let first = streaks.iter().filter_map(begin).min()?;
        Some(Hour::containing(window.from.map_or(first, |from| from.max(first))))
    }

    /// Assesses each endpoint and the log group that it logged to, in order.
    pub(in super::super) fn assess(
        &self,
        place: &AccountRegion,
        window: RequestedTimes,
        in_lake: &ReadingsInLake,
    ) -> Vec<LogCoverage> {
        let streaks = self.streaks(place, window.horizon());
        let assessed = streaks.iter().filter_map(|(pair, streaks)| {
            let group = LogGroup::of_arn(place, &pair.1)?;
            let of_group = self.groups.get(&pair.1)?;
            let in_lake = in_lake.of(&group);
            let pair_assessment =
                Assessment { ledger: self, window, group: &group, of_group, in_lake: &in_lake };
            let windows = self.windows(pair, streaks, window);
            let (from, to) = (windows.first()?.start(), windows.last()?.end());
            let mut coverage = LogCoverage {
                account_id: place.account_id.to_string(),
                region: place.region.to_string(),
                endpoint_id: pair.0.to_string(),
                log_group: pair.1.to_string(),
                from,
                to,
                hours_in_lake: 0.0,
                hours_missing: 0.0,
                hours_pending: 0.0,
                hours_not_read_again: 0.0,
                missing: Vec::new(),
            };
            pair_assessment.first_readings(&windows, &mut coverage);
            pair_assessment.second_readings(&windows, &mut coverage);
            Some(coverage)
        });
        assessed.collect()
    }

    /// Returns the time at the end of the requested one in which it is not known which log groups there were to read.
    pub(in super::super) fn not_known(
        &self,
        place: &AccountRegion,
        window: RequestedTimes,
    ) -> Option<LogGroupsNotKnown> {
        let in_force_since = self.in_force_since(place, window.to)?;
        let runs = || self.runs.range(..=window.horizon());
        let last_known = runs().rev().find(|(_, run)| run.code.is_none()).map(|(start, _)| *start);
        let from = last_known.map_or(in_force_since, |known| known.max(in_force_since));
        if window.to.duration_since(from) < MISSING_AFTER {
            return None;
        }
        let newest = runs().next_back().map(|(_, run)| run.code.as_deref());
        let reason = match newest {
            None => "no run of connection logs is on record".to_owned(),
            Some(None) => "no later run of connection logs is on record".to_owned(),
            Some(Some(code)) => format!("the last run failed, {code}"),
        };
        Some(LogGroupsNotKnown {
            account_id: place.account_id.to_string(),
            region: place.region.to_string(),
            from,
            to: window.to,
            reason,
        })
    }

    /// Returns the streaks of each endpoint and log group of `place`, up to `horizon`.
    pub(super) fn streaks(&self, place: &AccountRegion, horizon: Timestamp) -> BTreeMap<Pair, Vec<Streak>> {
        let groups: BTreeMap<&Arc<str>, LogGroup> = self
            .groups
            .keys()
            .filter_map(|log_group| Some((log_group, LogGroup::of_arn(place, log_group)?)))
            .collect();
        let mut streaks: BTreeMap<Pair, Vec<Streak>> = BTreeMap::new();
        for (start, run) in self.runs.range(..=horizon) {
            for pair in run.logging.iter().filter(|(_, log_group)| groups.contains_key(log_group)) {
                let of_pair = streaks.entry(pair.clone()).or_default();
                match of_pair.last_mut() {
                    Some(streak) if streak.is_open => streak.last = *start,
                    _ => of_pair.push(Streak { first: *start, last: *start, is_open: true }),
                }
            }
            for (pair, of_pair) in streaks.iter_mut().filter(|(pair, _)| !run.logging.contains(pair)) {
                let (endpoint_id, log_group) = pair;
                let is_open = groups
                    .get(log_group)
                    .is_none_or(|group| !self.would_find(*start, run, endpoint_id, group));
                if let Some(streak) = of_pair.last_mut() {
                    streak.is_open &= is_open;
                }
            }
        }
        streaks
    }

    /// Returns the first window of a streak: that in which it begins, or if the log group was read for the first time then, the
    /// oldest one that was to be read.
    fn first_window(&self, (_, log_group): &Pair, streak: Streak) -> Window {
        let first_run = self.groups.get(log_group).and_then(|group| group.runs.first_key_value());
        let first_reading = first_run.filter(|(start, _)| **start == streak.first);
        let oldest = first_reading.and_then(|(_, run)| run.first_window);
        let earliest = streak.first.saturating_sub(LONGEST_FIRST_READING).unwrap_or(streak.first);
        Window::containing(oldest.map_or(streak.first, |oldest| oldest.clamp(earliest, streak.first)))
    }

    /// Returns the windows of the streaks that lie in the requested time, in order.
    pub(super) fn windows(&self, pair: &Pair, streaks: &[Streak], window: RequestedTimes) -> Vec<Window> {
        let mut windows: Vec<Window> = Vec::new();
        for streak in streaks {
            let mut next = self.first_window(pair, *streak);
            let from = window.from.map_or(next, |from| Window::containing(from.max(next.start())));
            next = if window.from.is_some_and(|begin| from.start() < begin) { from.next() } else { from };
            next = windows.last().map_or(next, |last| next.max(last.next()));
            let last = if streak.is_open { window.to } else { streak.last };
            while next.start() <= last && next.end() <= window.to {
                windows.push(next);
                next = next.next();
            }
        }
        windows
    }
}

/// The assessment of one log group.
struct Assessment<'a> {
    ledger: &'a LogLedger,
    window: RequestedTimes,
    group: &'a LogGroup,
    of_group: &'a GroupLedger,
    in_lake: &'a BTreeSet<Reading>,
}

impl Assessment<'_> {
    fn first_readings(&self, windows: &[Window], coverage: &mut LogCoverage) {
        for window in windows {
            let reading = Reading::First(*window);
            let hours = if self.is_in_lake(&reading) {
                &mut coverage.hours_in_lake
            } else if is_pending(self.window, reading) {
                &mut coverage.hours_pending
            } else {
                self.add_missing(reading, &mut coverage.missing);
                &mut coverage.hours_missing
            };
            *hours += 0.25;
        }
    }

    /// Assesses the second readings of hours whose windows are all in the lake: one with a missing window is missing already.
    fn second_readings(&self, windows: &[Window], coverage: &mut LogCoverage) {
        let mut of_hour: BTreeMap<Hour, bool> = BTreeMap::new();
        for window in windows {
            let is_read = of_hour.entry(Hour::containing(window.start())).or_insert(true);
            *is_read &= self.is_in_lake(&Reading::First(*window));
        }
        for (hour, _) in of_hour.into_iter().filter(|(_, is_read)| *is_read) {
            let reading = Reading::Late(hour);
            let is_due = self.of_group.retained_for(reading) && !is_pending(self.window, reading);
            if is_due && !self.is_in_lake(&reading) {
                self.add_missing(reading, &mut coverage.missing);
                coverage.hours_not_read_again += 1.0;
            }
        }
    }

    /// Returns `true` if the reading's object is in the lake, and a record names it: anything else could lie at its key.
    fn is_in_lake(&self, reading: &Reading) -> bool {
        self.in_lake.contains(reading) && self.of_group.names(reading)
    }

    fn reason(&self, reading: Reading) -> String {
        let reason = if self.in_lake.contains(&reading) {
            "what lies at its key is in no record".to_owned()
        } else {
            self.of_group.reason(reading, self.window.now)
        };
        if self.ledger.has_unread_later && !self.of_group.names(&reading) {
            return format!("{reason}; run records of later days could not be read");
        }
        reason
    }

    /// Adds a missing reading to the one before it, if that ends where it begins and is missing for the same reason.
    fn add_missing(&self, reading: Reading, missing: &mut Vec<MissingLog>) {
        let found = MissingLog {
            from: reading.start(),
            to: reading.end(),
            late: reading.is_late(),
            allowed: self.ledger.allows(self.group, reading.due().timestamp()),
            lost: self.of_group.has_dropped(reading, self.window.now),
            reason: self.reason(reading),
        };
        match missing.last_mut() {
            Some(last) if last.to == found.from && last.is_alike(&found) => last.to = found.to,
            _ => missing.push(found),
        }
    }
}

/// Returns `true` if the reading can still be made before it is missing.
pub(super) fn is_pending(window: RequestedTimes, reading: Reading) -> bool {
    window.now.duration_since(reading.due().timestamp()) < MISSING_AFTER
}

impl MissingLog {
    fn is_alike(&self, other: &MissingLog) -> bool {
        (self.late, self.allowed, self.lost, &self.reason)
            == (other.late, other.allowed, other.lost, &other.reason)
    }
}
