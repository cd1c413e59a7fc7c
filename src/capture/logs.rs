//! The capture of AWS's own connection logs: each log group in windows of event time, each window into one object.

mod clock_ahead;
pub(in crate::capture) mod configured;
pub(in crate::capture) mod group;
mod in_lake;
mod window;
pub mod windows;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use self::clock_ahead::clock_ahead;
use self::configured::ConfiguredGroups;
use self::group::Group;
use self::in_lake::LakeListing;
use crate::aws::ec2::{EndpointListing, PageError, Places};
use crate::aws::logs::{LogPlaces, LogSource, deadline};
use crate::capture::request::CaptureRequest;
use crate::clock::Clock;
use crate::lake::ledger::recorded::RecordedLogGroup;
use crate::lake::ledger::{CaptureError, LogGroupEntry, LogsEntry};
use crate::lake::store::Store;
use crate::log_group::{LogGroup, LogGroupPattern};
use crate::snapshot_time::SnapshotTime;
use crate::target::{AccountId, EndpointId, PlaceTargets};

/// The settings of the capture of connection logs, and the provider of its sources.
#[derive(Debug)]
pub struct LogsRequest {
    /// The log groups that may be read.
    pub allowed: Vec<LogGroupPattern>,
    /// Time before now that the first reading of a log group covers.
    pub span: SignedDuration,
    /// `true` to ask for masked fields as they were logged.
    pub unmask: bool,
    /// The provider of sources.
    pub sources: Arc<LogPlaces>,
}

/// The tools of a run, for its connection logs.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogTools<'a> {
    pub request: &'a LogsRequest,
    pub plan: &'a CaptureRequest,
    pub home: &'a AccountId,
    pub places: &'a Places,
    pub store: &'a Store,
    pub clock: &'a Clock,
}

impl LogsRequest {
    /// Returns `true` if log groups of the account and Region may be read.
    pub fn is_of(&self, wanted: &PlaceTargets) -> bool {
        self.allowed.iter().any(|pattern| pattern.is_of(&wanted.place))
    }

    /// Returns `true` if the log group may be read.
    pub fn allows(&self, group: &LogGroup) -> bool {
        self.allowed.iter().any(|pattern| pattern.allows(group))
    }
}

impl LogTools<'_> {
    /// Reads the log groups of the wanted endpoints of one account and Region. It does not fail: errors are in the entry.
    pub(super) async fn place(self, wanted: &PlaceTargets) -> LogsEntry {
        let failed = |error: CaptureError| LogsEntry { error: Some(error), ..LogsEntry::default() };
        let (source, listing) = match self.listing(wanted).await {
            Ok(listed) => listed,
            Err(error) => return failed(error.into()),
        };
        if let Some(error) = clock_ahead(&listing) {
            return failed(error);
        }
        let ConfiguredGroups { mut groups, error, targets_error } = ConfiguredGroups::of(wanted, &listing);
        groups.retain(|group, _| self.request.allows(group));
        let (now, allowed) = (self.clock.now(), &self.request.allowed);
        let listed = LakeListing::read(self.store, &wanted.place, now, &mut groups, allowed);
        let mut in_lake = match self.plan.within(self.clock, listed).await {
            Some(Ok(listing)) => listing,
            Some(Err(error)) => return failed(error.into()),
            None => return failed(deadline().into()),
        };
        let mut entry = LogsEntry { groups: Vec::new(), error, targets_error };
        for (group, endpoint_ids) in groups {
            let before = in_lake.before(&group).cloned();
            let logged_until = logged_until(&endpoint_ids, before.as_ref(), now);
            let lake = in_lake.take(&group);
            let group = Group { tools: self, source: &source, group: &group, in_lake: lake, before };
            entry.groups.push(LogGroupEntry { logged_until, ..group.read(endpoint_ids).await });
        }
        entry
    }

    /// Lists the endpoints, and returns the source of events.
    async fn listing(self, wanted: &PlaceTargets) -> Result<(LogSource, EndpointListing), PageError> {
        let listing = async {
            let run_id = &self.plan.run_id;
            let ec2 = self.places.source(self.home, &wanted.place, run_id).await?;
            let listing = ec2.endpoints(&wanted.place).await?;
            let source = self.request.sources.source(self.home, &wanted.place, run_id).await?;
            Ok((source, listing))
        };
        self.plan.in_time(self.clock, listing).await
    }
}

/// Returns the time up to which a log group is read: now if endpoints log to it, or did until this run.
fn logged_until(
    endpoint_ids: &[EndpointId],
    before: Option<&RecordedLogGroup>,
    now: Timestamp,
) -> Option<SnapshotTime> {
    let was_logged_to = before.is_some_and(|before| !before.endpoint_ids.is_empty());
    if !endpoint_ids.is_empty() || was_logged_to {
        return Some(SnapshotTime::truncated(now));
    }
    before.and_then(|before| before.logged_until).map(SnapshotTime::truncated)
}
