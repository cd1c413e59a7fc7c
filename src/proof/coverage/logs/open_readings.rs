//! Open readings: those of the requested time that no record names yet. A second reading is due a day later, and after an outage a
//! run makes up for any reading days later. Records of later days are read for them, and for nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::super::RequestedTimes;
use super::assessment::is_pending;
use super::ledger::LogLedger;
use crate::hour::Hour;
use crate::lake::ledger::Outcome;
use crate::lake::ledger::recorded::RecordedRun;
use crate::log_window::{Reading, Window};
use crate::target::AccountRegion;

/// The open readings of an account and Region.
#[derive(Debug, Default)]
pub(in super::super) struct OpenReadings {
    /// Those of each log group, by its ARN.
    of_group: BTreeMap<Arc<str>, BTreeSet<Reading>>,
    /// Time at which the last of them was due; `None` if there was none.
    last_due: Option<Timestamp>,
}

impl OpenReadings {
    /// Returns `true` if no later record can change which readings are in the lake, or why one is not.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.of_group.is_empty()
    }

    fn add(&mut self, log_group: &Arc<str>, readings: impl Iterator<Item = Reading>) {
        for reading in readings {
            self.last_due = self.last_due.max(Some(reading.due().timestamp()));
            self.of_group.entry(log_group.clone()).or_default().insert(reading);
        }
    }
}

impl LogLedger {
    /// Returns the readings of the requested time that are open by the records that were noted. Those that can still be made in time
    /// are not among them: none of them is missing.
    pub(in super::super) fn open_readings(
        &self,
        place: &AccountRegion,
        window: RequestedTimes,
    ) -> OpenReadings {
        let mut open = OpenReadings::default();
        for (pair, streaks) in &self.streaks(place, window.horizon()) {
            let Some(of_group) = self.groups.get(&pair.1) else { continue };
            let windows = self.windows(pair, streaks, window);
            let is_open = |reading: &Reading| of_group.is_open(*reading) && !is_pending(window, *reading);
            let hours: BTreeSet<Hour> =
                windows.iter().copied().map(Window::start).map(Hour::containing).collect();
            let late = hours.into_iter().map(Reading::Late);
            open.add(&pair.1, windows.into_iter().map(Reading::First).filter(is_open));
            open.add(&pair.1, late.filter(is_open).filter(|reading| of_group.retained_for(*reading)));
        }
        open
    }

    /// Notes the open readings in a record of a later day, and closes those that it settles. Returns `true` if it names one of them.
    pub(in super::super) fn note_later(&mut self, record: RecordedRun, open: &mut OpenReadings) -> bool {
        if open.last_due.is_some_and(|last_due| record.start <= last_due) {
            self.note_settings(&record);
        }
        let mut names_one = false;
        let logs = record.places.into_iter().filter_map(|place| place.logs);
        for mut group in logs.flat_map(|logs| logs.groups) {
            let Some(readings) = open.of_group.get_mut(group.log_group.as_str()) else { continue };
            group.windows.retain(|window| readings.contains(&window.reading()));
            names_one |= group.windows.iter().any(|window| window.outcome != Outcome::Failed);
            let of_group = self.note_group(record.start, &group);
            readings.retain(|reading| of_group.is_open(*reading));
        }
        open.of_group.retain(|_, readings| !readings.is_empty());
        names_one
    }
}
