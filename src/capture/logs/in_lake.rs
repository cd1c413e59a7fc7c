//! The readings of log groups that are in the lake already, by the names of their objects.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::windows::InLake;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::ledger::Outcome;
use crate::lake::ledger::recorded::{RecordedLogGroup, known_log_groups};
use crate::lake::store::{Store, StoreError};
use crate::log_group::{LogGroup, LogGroupId, LogGroupPattern};
use crate::log_window::{Reading, Window};
use crate::snapshot_time::SnapshotTime;
use crate::target::{AccountRegion, EndpointId};

/// The readings of the log groups of an account and Region that the lake has.
#[derive(Debug)]
pub(super) struct LakeListing {
    now: Timestamp,
    recorded: Vec<RecordedLogGroup>,
    found: BTreeMap<LogGroupId, InLake>,
}

impl LakeListing {
    /// Lists the objects of the days on which readings of these log groups may be missing, by what the previous records state; if
    /// they state nothing of one, of all days. Adds the allowed log groups that the previous record has and that are not read to
    /// their end: no endpoint logs to them any more.
    ///
    /// # Errors
    /// If not all could be listed.
    pub(super) async fn read(
        store: &Store,
        place: &AccountRegion,
        now: Timestamp,
        groups: &mut BTreeMap<LogGroup, Vec<EndpointId>>,
        allowed: &[LogGroupPattern],
    ) -> Result<LakeListing, StoreError> {
        let arns = |groups: &BTreeMap<LogGroup, Vec<EndpointId>>| -> Vec<String> {
            groups.keys().map(LogGroup::arn).collect()
        };
        let recorded = known_log_groups(store, place, SnapshotTime::truncated(now), &arns(groups)).await?;
        let mut listing = LakeListing { now, recorded, found: BTreeMap::new() };
        let unfinished = listing.recorded.iter().filter(|recorded| recorded.is_unfinished());
        for group in unfinished.filter_map(|recorded| LogGroup::of_arn(place, &recorded.log_group)) {
            if allowed.iter().any(|pattern| pattern.allows(&group)) {
                groups.entry(group).or_default();
            }
        }
        if groups.is_empty() {
            return Ok(listing);
        }
        let from = listing.complete_before(&arns(groups)).map(|time| Offset::UTC.to_datetime(time).date());
        let days: BTreeSet<Date> = store.days(Table::ConnectionLogs, place).await?.into_iter().collect();
        for date in days.into_iter().filter(|date| from.is_none_or(|from| *date >= from)) {
            let keys = store.keys(&place.day(Table::ConnectionLogs, date)).await?;
            keys.iter().filter_map(|key| ObjectKey::parse(key)).for_each(|key| listing.add(&key));
        }
        Ok(listing)
    }

    /// Returns the earliest time from which a reading of one of the log groups may be missing; `None` if it is not known.
    fn complete_before(&self, log_groups: &[String]) -> Option<Timestamp> {
        let of_group = |log_group: &String| self.of_record(log_group).complete_before;
        let times: Option<Vec<Timestamp>> = log_groups.iter().map(of_group).collect();
        times?.into_iter().min()
    }

    fn of_record(&self, log_group: &str) -> InLake {
        self.recorded(log_group).map_or_else(InLake::default, |recorded| {
            InLake::of_record(recorded.since, recorded.complete_before, self.now)
        })
    }

    fn recorded(&self, log_group: &str) -> Option<&RecordedLogGroup> {
        self.recorded.iter().find(|recorded| recorded.log_group == log_group)
    }

    /// Returns the previous record of a log group.
    pub(super) fn before(&self, group: &LogGroup) -> Option<&RecordedLogGroup> {
        self.recorded(&group.arn())
    }

    fn add(&mut self, key: &ObjectKey) {
        if let (Some((group, is_late)), Some(due)) = (key.log_group(), key.time()) {
            let found = self.found.entry(group).or_default();
            if is_late { &mut found.late } else { &mut found.first }.insert(due);
        }
    }

    /// Takes what the lake has of a log group. An object counts if the previous record has it: any other may be anything, and is
    /// examined.
    pub(super) fn take(&mut self, group: &LogGroup) -> InLake {
        let found = self.found.remove(&group.id()).unwrap_or_default();
        let oldest = found.first.iter().find_map(|due| Window::of_due(*due)).map(Window::start);
        let mut in_lake = InLake { oldest, ..self.of_record(&group.arn()) };
        if let Some(recorded) = self.before(group) {
            let times = |times: &[Timestamp]| times.iter().copied().map(SnapshotTime::truncated).collect();
            let (first, late): (BTreeSet<_>, BTreeSet<_>) =
                (times(&recorded.first_in_lake), times(&recorded.late_in_lake));
            in_lake.first = found.first.intersection(&first).copied().collect();
            in_lake.late = found.late.intersection(&late).copied().collect();
            let failed = recorded.windows.iter().filter(|window| window.outcome == Outcome::Failed);
            in_lake.failed =
                failed.map(|window| Reading::starting(window.start, window.late).due()).collect();
        }
        in_lake
    }
}
