//! Log groups in run records: the readings of them that the lake has, for the next run of connection logs.

use futures_util::StreamExt;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};

use super::{CONCURRENT_READS, MOST_TARGETS, RecordedError, ShortId, ShortText, limited, read, short_text};
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::ledger::Outcome;
use crate::lake::store::{Store, StoreError};
use crate::log_window::Reading;
use crate::snapshot_time::SnapshotTime;
use crate::target::AccountRegion;

/// Maximum windows of a log group in a record: those of a year, which the first reading may have, and second readings.
pub(crate) const MOST_WINDOWS: usize = 50_000;

/// The settings of a run that coverage needs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct RecordedSettings {
    /// ARNs of the log groups that may be read, as the setting has them.
    #[serde(default, deserialize_with = "texts")]
    pub connection_log_groups: Vec<String>,
    /// The targets at the record's account and Region, as ARNs; the id `*` means all endpoints.
    #[serde(default, deserialize_with = "texts")]
    pub targets: Vec<String>,
}

/// The connection logs that a run read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RecordedLogs {
    /// The log groups.
    #[serde(default, deserialize_with = "limited::<MOST_TARGETS, _, _>")]
    pub groups: Vec<RecordedLogGroup>,
    /// The reason why it is not known which log groups there are to read.
    #[serde(default)]
    pub error: Option<RecordedError>,
}

/// A log group, as far as a later run and coverage need it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RecordedLogGroup {
    /// Its ARN.
    #[serde(deserialize_with = "short_text")]
    pub log_group: String,
    /// The endpoints that logged to it.
    #[serde(default, deserialize_with = "ids")]
    pub endpoint_ids: Vec<String>,
    /// Days for which it keeps events; `None` for ever, or if it is not known.
    #[serde(default)]
    pub retention_days: Option<i64>,
    /// Start of the oldest window that the record is to have.
    pub since: Option<Timestamp>,
    /// Every reading from `since` on that begins before this is in the lake, or is lost.
    pub complete_before: Option<Timestamp>,
    /// Times from `complete_before` on at which the windows in the lake were due.
    #[serde(default, deserialize_with = "limited::<MOST_WINDOWS, _, _>")]
    pub first_in_lake: Vec<Timestamp>,
    /// The same for second readings.
    #[serde(default, deserialize_with = "limited::<MOST_WINDOWS, _, _>")]
    pub late_in_lake: Vec<Timestamp>,
    /// Time of the first run that no longer found an endpoint that logs to it, or of the run if it found some.
    pub logged_until: Option<Timestamp>,
    /// Time of its creation.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// Time of its creation, if it was deleted and created again.
    #[serde(default)]
    pub recreated_at: Option<Timestamp>,
    /// The readings of the run.
    #[serde(default, deserialize_with = "limited::<MOST_WINDOWS, _, _>")]
    pub windows: Vec<RecordedWindow>,
    /// The reason why it was not read.
    #[serde(default)]
    pub error: Option<RecordedError>,
}

/// One reading of a window.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RecordedWindow {
    /// Its first moment.
    pub start: Timestamp,
    /// `true` for the second reading of an hour.
    #[serde(default)]
    pub late: bool,
    /// The outcome.
    pub outcome: Outcome,
    /// The error.
    #[serde(default)]
    pub error: Option<RecordedError>,
}

impl RecordedWindow {
    /// Returns the reading that it is.
    pub fn reading(&self) -> Reading {
        Reading::starting(self.start, self.late)
    }
}

impl RecordedLogGroup {
    /// Returns `true` if some of the events that endpoints logged to it may not be in the lake yet.
    pub fn is_unfinished(&self) -> bool {
        self.complete_before.zip(self.logged_until).is_some_and(|(complete, logged)| complete <= logged)
    }
}

/// Returns the log groups in the newest record of connection logs at `place` that knows them, and each of `log_groups` in the newest
/// record that has it. One that no record has is left out. Records are sought on the day of `now` and the one before, and if there
/// is none, on the last two days before that have any: after an outage. A record that cannot be read is skipped.
///
/// # Errors
/// If the ledger cannot be listed.
pub async fn known_log_groups(
    store: &Store,
    place: &AccountRegion,
    now: SnapshotTime,
    log_groups: &[String],
) -> Result<Vec<RecordedLogGroup>, StoreError> {
    let mut search = Search { log_groups, known: Vec::new(), is_settled: false };
    search.read_days(store, place, &[now.date(), now.date_before()]).await?;
    if !search.is_settled {
        let days = store.days(Table::Runs, place).await?;
        let before: Vec<Date> =
            days.into_iter().rev().filter(|date| *date < now.date_before()).take(2).collect();
        search.read_days(store, place, &before).await?;
    }
    Ok(search.known)
}

/// The search for log groups in records, the newest first.
struct Search<'a> {
    log_groups: &'a [String],
    known: Vec<RecordedLogGroup>,
    /// `true` if a record was found that knew which log groups there are.
    is_settled: bool,
}

impl Search<'_> {
    async fn read_days(
        &mut self,
        store: &Store,
        place: &AccountRegion,
        days: &[Date],
    ) -> Result<(), StoreError> {
        for date in days {
            let keys = store.keys(&place.day(Table::Runs, *date)).await?;
            let keys: Vec<ObjectKey> = keys.iter().rev().filter_map(|key| ObjectKey::parse(key)).collect();
            let mut records = std::pin::pin!(read(store, keys, CONCURRENT_READS));
            while !self.is_done()
                && let Some((_, record)) = records.next().await
            {
                let places = record.into_iter().flat_map(|record| record.places);
                places.filter_map(|place| place.logs).for_each(|logs| self.add(logs));
            }
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.is_settled && self.log_groups.iter().all(|log_group| self.is_known(log_group))
    }

    fn is_known(&self, log_group: &str) -> bool {
        self.known.iter().any(|group| group.log_group == log_group)
    }

    fn add(&mut self, logs: RecordedLogs) {
        for group in logs.groups {
            let is_wanted = !self.is_settled || self.log_groups.contains(&group.log_group);
            if group.since.is_some() && is_wanted && !self.is_known(&group.log_group) {
                self.known.push(group);
            }
        }
        self.is_settled |= logs.error.is_none();
    }
}

/// Reads a list of texts, of which each may be an ARN.
fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(limited::<MOST_TARGETS, ShortText, _>(deserializer)?.into_iter().map(|ShortText(text)| text).collect())
}

/// Reads a list of ids of endpoints.
fn ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(limited::<MOST_TARGETS, ShortId, _>(deserializer)?.into_iter().map(|ShortId(id)| id).collect())
}
