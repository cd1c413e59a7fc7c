//! The rows of one connection in all its snapshots, combined as they are read.
//!
//! Rows are many and connections are few, so each row is combined with those before it and forgotten.

use std::collections::{BTreeMap, BTreeSet};

use super::Millis;
use super::columns::TEXT_COLUMNS;
use crate::proof::coverage::LONGEST_CAPTURE;

/// Client VPN did not exist earlier: 2018-12-01.
pub(super) const EARLIEST: Millis = 1_543_622_400_000;

/// By which AWS's clock may be ahead.
pub(super) const CLOCK_TOLERANCE: Millis = 5 * 60 * 1000;

/// AWS's word for a connection that ended.
const TERMINATED: &str = "terminated";

/// AWS's word for a connection that it could not end.
const FAILED_TO_TERMINATE: &str = "failed-to-terminate";

/// One row of `connections` or `partials`. `None` is null.
#[derive(Debug, Clone, Default)]
pub(super) struct Sight<'a> {
    pub snapshot_time: Millis,
    pub captured_at: Millis,
    /// `true` for a row of `connections`.
    pub is_complete: bool,
    pub texts: [Option<&'a str>; TEXTS],
    pub status_code: Option<&'a str>,
    pub status_message: Option<&'a str>,
    pub connection_timestamp: Option<Millis>,
    pub connection_established_time: Option<Millis>,
    pub connection_end_time: Option<Millis>,
    pub counters: [Option<i64>; COUNTERS],
    pub posture_compliance_statuses: Option<Vec<&'a str>>,
}

/// Number of texts of which the last known counts.
pub(super) const TEXTS: usize = TEXT_COLUMNS.len();

/// Number of counters.
pub(super) const COUNTERS: usize = 4;

/// Returns the time at which a row counts as seen: that of its page, in the two hours after its snapshot's time.
pub(in crate::report) fn placed_at(snapshot_time: Millis, captured_at: Millis) -> Millis {
    let latest = snapshot_time.saturating_add(LONGEST_CAPTURE.as_secs() * 1_000 - 1);
    captured_at.max(snapshot_time).min(latest)
}

impl Sight<'_> {
    fn placed_at(&self) -> Millis {
        placed_at(self.snapshot_time, self.captured_at)
    }

    /// Returns a time that AWS gave; `None` if it cannot be right.
    fn possible(&self, time: Option<Millis>) -> Option<Millis> {
        time.filter(|time| (EARLIEST..=self.captured_at.saturating_add(CLOCK_TOLERANCE)).contains(time))
    }

    /// Returns the end that AWS gave. Of a terminated connection, the time of its record is the same moment.
    fn end(&self) -> Option<Millis> {
        let of_record = || self.is_terminated().then_some(self.connection_timestamp).flatten();
        self.possible(self.connection_end_time).or_else(|| self.possible(of_record()))
    }

    fn is_terminated(&self) -> bool {
        self.status_code == Some(TERMINATED)
    }
}

/// The place of a row among the rows of its connection: the later one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SightTime {
    placed_at: Millis,
    captured_at: Millis,
}

/// The last known value of a column. Of one moment, the greatest.
#[derive(Debug, Clone)]
struct LastKnown<T> {
    time: SightTime,
    value: Option<T>,
}

impl<T> Default for LastKnown<T> {
    fn default() -> LastKnown<T> {
        LastKnown { time: SightTime { placed_at: Millis::MIN, captured_at: Millis::MIN }, value: None }
    }
}

impl LastKnown<Box<str>> {
    fn see(&mut self, time: SightTime, value: Option<&str>) {
        let Some(value) = value else { return };
        let known = self.value.as_deref();
        if (self.time, known) < (time, Some(value)) {
            // Most rows repeat the value of the row before.
            if known != Some(value) {
                self.value = Some(value.into());
            }
            self.time = time;
        }
    }
}

/// A status, and the message beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Status {
    pub code: Box<str>,
    pub message: Option<Box<str>>,
}

impl LastKnown<Status> {
    fn see(&mut self, time: SightTime, code: Option<&str>, message: Option<&str>) {
        let Some(code) = code else { return };
        let known = self.value.as_ref().map(|status| (&*status.code, status.message.as_deref()));
        let order =
            |(code, message): (&str, Option<&str>)| (code.to_owned(), message.unwrap_or_default().to_owned());
        if self.time > time || (self.time == time && known.map(order) >= Some(order((code, message)))) {
            return;
        }
        if known != Some((code, message)) {
            self.value = Some(Status { code: code.into(), message: message.map(Into::into) });
        }
        self.time = time;
    }
}

/// All rows of one connection. Columns are named as in `sessions`.
#[derive(Debug, Clone)]
pub(super) struct Sights {
    texts: [LastKnown<Box<str>>; TEXTS],
    status: LastKnown<Status>,
    pub first_seen: Millis,
    pub last_seen: Millis,
    /// `None` if only its end was seen.
    pub last_active: Option<Millis>,
    /// Arrivals, after `last_active`, of rows that show it ended.
    ended: BTreeSet<Millis>,
    /// Beginnings that AWS gave.
    pub begins: BTreeSet<Millis>,
    /// Ends that AWS gave, each with the last row that has it.
    pub ends: BTreeMap<Millis, SightTime>,
    pub counters: [Option<i64>; COUNTERS],
    pub failed_to_terminate: bool,
    /// Each status once, in order; `None` if none was ever sent.
    pub posture_compliance_statuses: Option<BTreeSet<Box<str>>>,
    pub snapshots: i64,
    pub complete_snapshots: i64,
    pub first_snapshot: Millis,
    pub last_snapshot: Millis,
    newest_counted: Millis,
    newest_complete_counted: Millis,
}

impl Sights {
    /// Returns the sights of a connection of which there is no row yet.
    pub(super) fn new() -> Sights {
        Sights {
            texts: Default::default(),
            status: LastKnown::default(),
            first_seen: Millis::MAX,
            last_seen: Millis::MIN,
            last_active: None,
            ended: BTreeSet::new(),
            begins: BTreeSet::new(),
            ends: BTreeMap::new(),
            counters: [None; COUNTERS],
            failed_to_terminate: false,
            posture_compliance_statuses: None,
            snapshots: 0,
            complete_snapshots: 0,
            first_snapshot: Millis::MAX,
            last_snapshot: Millis::MIN,
            newest_counted: Millis::MIN,
            newest_complete_counted: Millis::MIN,
        }
    }

    /// Combines a row with those before it. Rows of one snapshot come one after the other.
    pub(super) fn add(&mut self, sight: &Sight<'_>) {
        let captured_at = sight.captured_at;
        let time = SightTime { placed_at: sight.placed_at(), captured_at };
        for (known, text) in self.texts.iter_mut().zip(sight.texts) {
            known.see(time, text);
        }
        self.status.see(time, sight.status_code, sight.status_message);
        self.first_seen = self.first_seen.min(captured_at);
        self.last_seen = self.last_seen.max(captured_at);
        let end = sight.end();
        if end.is_some() || sight.is_terminated() {
            if self.last_active < Some(captured_at) {
                self.ended.insert(captured_at);
            }
        } else if self.last_active < Some(captured_at) {
            self.last_active = Some(captured_at);
            self.ended = self.ended.split_off(&captured_at.saturating_add(1));
        }
        self.begins.extend(sight.possible(sight.connection_established_time));
        if let Some(end) = end {
            let last = self.ends.entry(end).or_insert(time);
            *last = (*last).max(time);
        }
        for (greatest, counter) in self.counters.iter_mut().zip(sight.counters) {
            *greatest = (*greatest).max(counter);
        }
        self.failed_to_terminate |= sight.status_code == Some(FAILED_TO_TERMINATE);
        self.add_posture(sight.posture_compliance_statuses.as_deref());
        self.count(sight);
    }

    fn add_posture(&mut self, statuses: Option<&[&str]>) {
        let Some(statuses) = statuses else { return };
        let known = self.posture_compliance_statuses.get_or_insert_default();
        for status in statuses {
            if !known.contains(*status) {
                known.insert((*status).into());
            }
        }
    }

    fn count(&mut self, sight: &Sight<'_>) {
        let time = sight.snapshot_time;
        self.first_snapshot = self.first_snapshot.min(time);
        self.last_snapshot = self.last_snapshot.max(time);
        if self.newest_counted != time {
            self.snapshots += 1;
            self.newest_counted = time;
        }
        if sight.is_complete && self.newest_complete_counted != time {
            self.complete_snapshots += 1;
            self.newest_complete_counted = time;
        }
    }

    /// Returns the last known value of a text.
    pub(super) fn text(&self, index: usize) -> Option<String> {
        Some(self.texts.get(index)?.value.as_deref()?.to_owned())
    }

    /// Returns the last known status.
    pub(super) fn status(&self) -> Option<&Status> {
        self.status.value.as_ref()
    }

    /// Returns when the first row after `last_active` that shows it ended arrived; `None` if none does.
    pub(super) fn first_seen_ended(&self) -> Option<Millis> {
        let later = self.last_active.map_or(Millis::MIN, |last_active| last_active.saturating_add(1));
        self.ended.range(later..).next().copied()
    }
}
