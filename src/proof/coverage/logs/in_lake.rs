//! The readings of log groups that the lake has, by the names of their objects.

use std::collections::{BTreeMap, BTreeSet};

use crate::hour::Hour;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::{Store, StoreError};
use crate::log_group::{LogGroup, LogGroupId};
use crate::log_window::{Reading, late_due};
use crate::target::AccountRegion;

/// The readings of an account and Region whose keys are in the lake.
#[derive(Debug, Default)]
pub(in super::super) struct ReadingsInLake(BTreeMap<LogGroupId, BTreeSet<Reading>>);

impl ReadingsInLake {
    /// Lists the objects of the days on which readings from the hour `first` to the hour `last` were due.
    pub(in super::super) async fn read(
        store: &Store,
        place: &AccountRegion,
        first: Hour,
        last: Hour,
    ) -> Result<ReadingsInLake, StoreError> {
        let mut in_lake = ReadingsInLake::default();
        let days = store.days(Table::ConnectionLogs, place).await?;
        let days_due = first.date()..=late_due(last).date();
        for date in days.into_iter().filter(|date| days_due.contains(date)) {
            let keys = store.keys(&place.day(Table::ConnectionLogs, date)).await?;
            keys.iter().filter_map(|key| ObjectKey::parse(key)).for_each(|key| in_lake.add(&key));
        }
        Ok(in_lake)
    }

    pub(super) fn add(&mut self, key: &ObjectKey) {
        if let (Some((group, is_late)), Some(due)) = (key.log_group(), key.time()) {
            let reading = Reading::of_due(due, is_late);
            self.0.entry(group).or_default().extend(reading);
        }
    }

    /// Returns the readings of a log group.
    pub(super) fn of(&self, group: &LogGroup) -> BTreeSet<Reading> {
        self.0.get(&group.id()).cloned().unwrap_or_default()
    }
}
