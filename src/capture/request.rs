//! The request of a run to each of its targets, and what a capture needs to carry it out.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::aws::ec2::resume_token::ResumeToken;
use crate::aws::ec2::{Ec2Source, Filter, PageError, PageSize};
use crate::clock::Clock;
use crate::lake::ledger::Restriction;
use crate::lake::parquet::SnapshotError;
use crate::lake::store::Store;
use crate::run_id::RunId;
use crate::snapshot_time::SnapshotTime;
use crate::target::Target;

/// The sources, the store and the clock of a capture.
#[derive(Debug, Clone)]
pub struct Tools {
    /// The source of pages.
    pub source: Ec2Source,
    /// The store of objects.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The listener for pages as they come in.
    pub progress: Progress,
}

/// A listener for each page, for people who wait.
#[derive(Clone)]
pub struct Progress(Arc<OnProgress>);

type OnProgress = dyn Fn(&Target, u64) + Send + Sync;

impl Progress {
    /// Calls `on_progress` with the target and the rows read of it so far.
    pub fn new(on_progress: impl Fn(&Target, u64) + Send + Sync + 'static) -> Progress {
        Progress(Arc::new(on_progress))
    }

    /// Reports the rows read so far of a target.
    pub(super) fn rows(&self, target: &Target, rows: u64) {
        (self.0)(target, rows);
    }

    /// Reports nothing.
    pub fn silent() -> Progress {
        Progress::new(|_, _| ())
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}

/// The request of a run to each of its targets.
#[derive(Debug)]
pub struct CaptureRequest {
    /// The time that the snapshot bears.
    pub snapshot_time: SnapshotTime,
    /// The attempt.
    pub run_id: RunId,
    /// Filters; empty for every connection.
    pub filters: Vec<Filter>,
    /// Maximum connections of a page.
    pub page_size: PageSize,
    /// Maximum connections; `None` for all.
    pub max_items: Option<u64>,
    /// The point from which to resume; `None` for the beginning.
    pub starting_token: Option<ResumeToken>,
    /// Time at which reading must end, to leave time for writing; `None` for no limit.
    pub deadline: Option<Timestamp>,
    /// The result of the check for temporary space before the run. Without space, no target is read; one that is already captured
    /// needs none.
    pub temporary_space: Result<(), SnapshotError>,
}

impl CaptureRequest {
    /// Runs `work` until the deadline; `None` if it does not end before. After the deadline, it is not begun.
    pub(crate) async fn within<T>(&self, clock: &Clock, work: impl Future<Output = T>) -> Option<T> {
        let Some(deadline) = self.deadline else { return Some(work.await) };
        let left: Duration = deadline.duration_since(clock.now()).try_into().unwrap_or_default();
        // The work is not begun then: a timer of no time fires late on a busy machine, and a quick answer would come first.
        if left.is_zero() {
            return None;
        }
        tokio::time::timeout(left, work).await.ok()
    }

    /// Runs `work`, which calls EC2, until the deadline.
    pub(crate) async fn in_time<T>(
        &self,
        clock: &Clock,
        work: impl Future<Output = Result<T, PageError>>,
    ) -> Result<T, PageError> {
        self.within(clock, work).await.unwrap_or_else(|| Err(PageError::deadline()))
    }

    /// Returns the reasons for which the capture cannot be complete, whatever AWS answers.
    pub fn restrictions(&self) -> Vec<Restriction> {
        let filtered = (!self.filters.is_empty()).then_some(Restriction::Filtered);
        let limited = self.max_items.map(|_| Restriction::Limited);
        let resumed = self.starting_token.as_ref().map(|_| Restriction::Resumed);
        [filtered, limited, resumed].into_iter().flatten().collect()
    }
}
