//! Counts of the objects and rows that were read.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use crate::report::table_objects::TableObject;

/// The number of things read so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct SessionProgress {
    /// Run records.
    pub runs: u64,
    /// Parquet objects.
    pub objects: u64,
    /// Rows of connections.
    pub rows: u64,
}

/// The rows of an object that sessions are made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ObjectRows {
    /// All of them.
    pub rows: u64,
    /// Those without an id of a connection, which are of no session.
    pub without_id: u64,
    /// Those that AWS calls active.
    pub active: u64,
    /// The earliest and the latest time at which one arrived; `None` without a row.
    pub captured: Option<(Timestamp, Timestamp)>,
}

/// The counts of what was read, each object once.
pub(super) struct ReadCounts<F> {
    so_far: Cell<SessionProgress>,
    /// Objects without rows of connections.
    others: RefCell<HashSet<String>>,
    rows_by_object: RefCell<BTreeMap<String, ObjectRows>>,
    on_progress: F,
}

impl<F: Fn(SessionProgress)> ReadCounts<F> {
    pub(super) fn new(on_progress: F) -> ReadCounts<F> {
        let (others, rows_by_object) = (RefCell::default(), RefCell::default());
        ReadCounts { so_far: Cell::default(), others, rows_by_object, on_progress }
    }

    pub(super) fn add_run(&self) {
        let so_far = self.so_far.get();
        self.set(SessionProgress { runs: so_far.runs + 1, ..so_far });
    }

    pub(super) fn add_other(&self, object: &TableObject) {
        if self.others.borrow_mut().insert(object.found.key.clone()) {
            let so_far = self.so_far.get();
            self.set(SessionProgress { objects: so_far.objects + 1, ..so_far });
        }
    }

    pub(super) fn add_rows(&self, object: &TableObject, rows: ObjectRows) {
        if self.rows_by_object.borrow_mut().insert(object.found.key.clone(), rows).is_none() {
            let so_far = self.so_far.get();
            let (objects, rows) = (so_far.objects + 1, so_far.rows + rows.rows);
            self.set(SessionProgress { objects, rows, ..so_far });
        }
    }

    /// Returns the counts, and the rows of each object by its key.
    pub(super) fn into_totals(self) -> (SessionProgress, BTreeMap<String, ObjectRows>) {
        (self.so_far.get(), self.rows_by_object.into_inner())
    }

    fn set(&self, so_far: SessionProgress) {
        self.so_far.set(so_far);
        (self.on_progress)(so_far);
    }
}
