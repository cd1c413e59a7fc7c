//! The run records of an account and Region, read for their attempts; and everything in their place that is none of them.

use std::collections::BTreeSet;

use futures_util::StreamExt;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::attempts::Attempts;
use super::logs::{LogLedger, OpenReadings};
use super::strays::FIND_OUT;
use super::{LEDGER_MARGIN, RequestedTimes, Unreadable, date, documents};
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::ledger::recorded::RecordedRun;
use crate::lake::store::{Found, Store, StoreError};
use crate::snapshot_time::FIRST_DATE;
use crate::target::AccountRegion;

/// The most that the time of a snapshot may be ahead of the clock here: clocks differ, and an event may come early.
pub(super) const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(60);

/// The run records of an account and Region that are read.
pub(super) struct LedgerReader<'a, F> {
    store: &'a Store,
    /// The attempts in them.
    pub attempts: Attempts,
    /// The connection logs.
    pub logs: LogLedger,
    /// Those that could not be read.
    pub unreadable: Vec<Unreadable>,
    /// Keys of the records that count.
    pub records: BTreeSet<ObjectKey>,
    /// Keys of the records of later days that name an open reading of a connection log. Nothing else in them counts.
    pub later_records: BTreeSet<ObjectKey>,
    on_record: F,
}

impl<'a, F: Fn()> LedgerReader<'a, F> {
    /// Returns a reader that has read nothing, and calls `on_record` for each record that it reads.
    pub(super) fn new(store: &'a Store, on_record: F) -> Self {
        LedgerReader {
            store,
            attempts: Attempts::default(),
            logs: LogLedger::default(),
            unreadable: Vec::new(),
            records: BTreeSet::new(),
            later_records: BTreeSet::new(),
            on_record,
        }
    }

    /// Reads the records of the days of the window and of a day on each side, then earlier ones, day by day, until they cannot
    /// change what is proven. Reads later ones too, as long as they can name a window of a connection log.
    pub(super) async fn read_place(
        &mut self,
        place: &AccountRegion,
        window: RequestedTimes,
        of_logs: RequestedTimes,
    ) -> Result<(), StoreError> {
        let first =
            window.from.map_or(FIRST_DATE, |from| date(from.saturating_sub(LEDGER_MARGIN).unwrap_or(from)));
        let last = date(window.horizon());
        let dates = self.store.days(Table::Runs, place).await?;
        let (before, since): (Vec<Date>, Vec<Date>) = dates.into_iter().partition(|date| *date < first);
        let (since, after): (Vec<Date>, Vec<Date>) = since.into_iter().partition(|date| *date <= last);
        let today = date(window.now);
        let (later, ahead): (Vec<Date>, Vec<Date>) = after.into_iter().partition(|date| *date <= today);
        for date in since {
            self.read_day(place, date).await?;
        }
        for date in before.into_iter().rev() {
            let is_enough = |from| self.attempts.is_enough(place, from) && self.logs.is_enough(place, from);
            if window.from.is_some_and(is_enough) {
                break;
            }
            self.read_day(place, date).await?;
        }
        if !later.is_empty() {
            let open = self.logs.open_readings(place, of_logs);
            self.read_later(place, later, open).await?;
        }
        self.note_ahead(place, window.now, ahead).await
    }

    /// Reads the records of later days, day by day, until no reading is open. Only the open readings in them are noted: what they have
    /// of attempts and of other readings is of another time.
    async fn read_later(
        &mut self,
        place: &AccountRegion,
        dates: Vec<Date>,
        mut open: OpenReadings,
    ) -> Result<(), StoreError> {
        for date in dates {
            if open.is_empty() {
                break;
            }
            let found = self.store.find(&place.day(Table::Runs, date)).await?;
            let mut records = std::pin::pin!(documents::read(self.store, found, parse));
            // A day is read to its end: which objects are read must not depend on how fast the store answers.
            while let Some((key, record)) = records.next().await {
                let Ok(record) = record else {
                    self.logs.has_unread_later |= !open.is_empty();
                    continue;
                };
                (self.on_record)();
                if self.logs.note_later(record, &mut open) {
                    self.later_records.insert(key);
                }
            }
        }
        Ok(())
    }

    /// Notes the records of future times, which are among those of `dates`. It is not known when they were really written, so
    /// they fill no hole, and what they show is not in the result.
    async fn note_ahead(
        &mut self,
        place: &AccountRegion,
        now: Timestamp,
        dates: Vec<Date>,
    ) -> Result<(), StoreError> {
        let latest = now.saturating_add(MAX_AHEAD).unwrap_or(now);
        let problem = format!("is of a time that has not come, as after a clock that was ahead; {FIND_OUT}");
        for day in dates {
            let folder = place.day(Table::Runs, day);
            if day > date(latest) {
                self.unreadable.push(Unreadable { object_key: folder, problem: problem.clone() });
                continue;
            }
            let found = self.store.find(&folder).await?;
            let keys = found.iter().filter_map(|found| ObjectKey::parse(&found.key));
            let is_ahead = |key: &ObjectKey| key.time().is_some_and(|time| time.timestamp() > latest);
            self.unreadable.extend(
                keys.filter(is_ahead)
                    .map(|key| Unreadable { object_key: key.to_string(), problem: problem.clone() }),
            );
        }
        Ok(())
    }

    async fn read_day(&mut self, place: &AccountRegion, date: Date) -> Result<(), StoreError> {
        let found = self.store.find(&place.day(Table::Runs, date)).await?;
        let is_record =
            |found: &Found| ObjectKey::parse(&found.key).is_some_and(|key| key.table == Table::Runs);
        self.unreadable.extend(found.iter().filter(|found| !is_record(found)).map(|found| Unreadable {
            object_key: found.key.clone(),
            problem: format!("has no name of a run record; {FIND_OUT}"),
        }));
        let mut records = std::pin::pin!(documents::read(self.store, found, parse));
        while let Some((key, record)) = records.next().await {
            match record.and_then(|record| self.note(&key, record)) {
                Ok(()) => {
                    self.records.insert(key);
                    (self.on_record)();
                }
                Err(problem) => self.unreadable.push(Unreadable { object_key: key.to_string(), problem }),
            }
        }
        Ok(())
    }

    fn note(&mut self, key: &ObjectKey, record: RecordedRun) -> Result<(), String> {
        self.logs.note(&record)?;
        self.attempts.note_record(key, record)
    }
}

fn parse(key: &ObjectKey, bytes: &[u8]) -> Result<RecordedRun, String> {
    RecordedRun::of_key(key, bytes).map_err(|error| error.to_string())
}
