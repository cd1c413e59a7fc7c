//! The attempts at one endpoint in the period, and the rhythm that their snapshots show.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::run_records::ReportedTarget;
use crate::lake::ledger::Outcome;

/// The attempts at one endpoint in the period.
#[derive(Debug, Default)]
pub(super) struct EndpointAttempts {
    /// Attempts by their outcome.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Times of the snapshots that were attempted.
    pub snapshot_times: BTreeSet<Timestamp>,
    /// Active connections of each complete capture, by the time of its snapshot.
    pub active: BTreeMap<Timestamp, u64>,
}

impl EndpointAttempts {
    /// Adds an attempt.
    pub(super) fn add(&mut self, snapshot_time: Timestamp, target: &ReportedTarget) {
        *self.outcomes.entry(target.outcome.as_str()).or_default() += 1;
        self.snapshot_times.insert(snapshot_time);
        if target.outcome == Outcome::Complete {
            self.active.insert(snapshot_time, target.active);
        }
    }

    /// Returns the distance of the schedule's snapshots, in seconds: the most frequent one between neighbours, and of equally frequent
    /// ones the shortest. `None` with fewer than three snapshots.
    pub(super) fn schedule_seconds(&self) -> Option<i64> {
        let mut count_of: BTreeMap<i64, u64> = BTreeMap::new();
        let times = self.snapshot_times.iter();
        for (one, next) in times.clone().zip(times.skip(1)) {
            *count_of.entry(next.duration_since(*one).as_secs()).or_default() += 1;
        }
        let is_enough = self.snapshot_times.len() > 2;
        let most_frequent = count_of.into_iter().max_by_key(|(seconds, count)| (*count, -seconds));
        most_frequent.map(|(seconds, _)| seconds).filter(|seconds| is_enough && *seconds > 0)
    }

    /// Returns `true` if the schedule is known and every attempt lies on it.
    pub(super) fn is_regular(&self) -> bool {
        let (Some(step), Some(anchor)) = (self.schedule_seconds(), self.snapshot_times.first()) else {
            return false;
        };
        self.snapshot_times.iter().all(|time| (time.as_second() - anchor.as_second()).rem_euclid(step) == 0)
    }

    /// Returns the number of the times of a rhythm, that of these attempts or of others, at which there was an attempt; `None` if the
    /// rhythm is not known.
    pub(super) fn times_attempted(&self, rhythm: &EndpointAttempts) -> Option<u64> {
        let step = rhythm.schedule_seconds()?;
        let anchor = rhythm.snapshot_times.first()?.as_second();
        let nearest = |time: &Timestamp| (time.as_second() - anchor + step / 2).div_euclid(step);
        Some(self.snapshot_times.iter().map(nearest).collect::<BTreeSet<i64>>().len() as u64)
    }

    /// Returns the number of the schedule's times from `from` until before `to`, counted from the first snapshot in both directions;
    /// `None` if the schedule is not known.
    pub(super) fn expected(&self, from: Timestamp, to: Timestamp) -> Option<u64> {
        let step = self.schedule_seconds()?;
        let anchor = self.snapshot_times.first()?.as_second();
        // Steps from the anchor to the first time at `limit` or later.
        let steps_to = |limit: Timestamp| {
            let seconds = limit.as_second() + i64::from(limit.subsec_nanosecond() > 0) - anchor;
            seconds.div_euclid(step) + i64::from(seconds.rem_euclid(step) > 0)
        };
        u64::try_from(steps_to(to) - steps_to(from)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts(times: &[&str]) -> EndpointAttempts {
        let snapshot_times =
            times.iter().map(|time| format!("2026-11-01T{time}:00Z").parse().unwrap()).collect();
        EndpointAttempts { snapshot_times, ..EndpointAttempts::default() }
    }

    fn expected(times: &[&str], from: &str, to: &str) -> Option<u64> {
        let at = |time: &str| format!("2026-11-01T{time}Z").parse().unwrap();
        attempts(times).expected(at(from), at(to))
    }

    #[test]
    fn captures_are_expected_at_the_most_frequent_distance() {
        let hour = ["00:00", "00:15", "00:30", "00:45"];
        assert_eq!(expected(&hour, "00:00:00", "01:00:00"), Some(4));
        assert_eq!(expected(&hour, "00:00:00", "02:00:00"), Some(8), "an hour without an attempt counts");
        assert_eq!(expected(&hour, "00:00:01", "00:45:00"), Some(2), "the end is not part of it");
        assert_eq!(expected(&hour, "00:00:00", "00:00:01"), Some(1));
        assert_eq!(
            expected(&["10:00", "10:15", "10:30", "12:00"], "09:00:00", "13:00:00"),
            Some(16),
            "an outage"
        );
        assert_eq!(
            expected(&["10:00", "10:15", "10:30", "10:31"], "10:00:00", "11:00:00"),
            Some(4),
            "one by hand"
        );
        assert_eq!(
            expected(&["10:00", "10:15"], "00:00:00", "01:00:00"),
            None,
            "one distance is no schedule"
        );
        assert_eq!(expected(&[], "00:00:00", "01:00:00"), None);
    }

    #[test]
    fn attempts_are_regular_if_each_lies_on_the_schedule() {
        for (case, times, is_regular) in [
            ("all of them", vec!["00:00", "00:30", "01:00"], true),
            ("with an outage", vec!["00:00", "00:30", "01:00", "03:30"], true),
            ("one beside it", vec!["07:09", "07:39", "07:54", "08:24"], false),
            ("too few", vec!["00:00", "00:30"], false),
            ("none", vec![], false),
        ] {
            assert_eq!(attempts(&times).is_regular(), is_regular, "{case}");
        }
    }
}
