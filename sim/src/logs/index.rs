//! The events of the slices of time that were asked for last, so that the pages of one listing share the work.

use crate::logs::journal::{Entry, Journal};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Event time is cut into slices of this length.
const SLICE_MILLIS: i64 = 15 * 60 * 1000;

/// Number of slices that are kept.
const SLICES: usize = 4;

/// Returns the number of the slice of a time in milliseconds since 1970.
pub(crate) fn slice_of(time: i64) -> i64 {
    time.div_euclid(SLICE_MILLIS)
}

/// The events of the slices that were asked for last, the newest last.
#[derive(Debug, Default)]
pub(crate) struct Index(Mutex<VecDeque<Kept>>);

#[derive(Debug)]
struct Kept {
    group: u64,
    slice: i64,
    entries: Arc<Vec<Entry>>,
}

impl Index {
    /// Returns the events of a slice, which are made if they are not at hand.
    pub(crate) fn of(&self, journal: &Journal, slice: i64) -> Arc<Vec<Entry>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.iter().find(|known| known.group == journal.key() && known.slice == slice) {
            return known.entries.clone();
        }
        let from = slice * SLICE_MILLIS;
        let entries = Arc::new(journal.entries(from, from + SLICE_MILLIS - 1));
        if kept.len() == SLICES {
            kept.pop_front();
        }
        kept.push_back(Kept { group: journal.key(), slice, entries: entries.clone() });
        entries
    }

    /// Forgets all slices, since what is logged changed.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
