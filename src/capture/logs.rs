//! The capture of AWS's own connection logs: each log group in windows of event time, each window into one object.

mod group;
mod in_lake;
mod window;
pub mod windows;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;

use self::group::Group;
use self::in_lake::Listing;
use crate::aws::ec2::{EndpointListing, PageError, Places};
use crate::aws::logs::{LogPlaces, LogSource, deadline};
use crate::capture::request::CaptureRequest;
use crate::clock::Clock;
use crate::error_code::ErrorCode;
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
}

impl LogTools<'_> {
    /// Reads the log groups of the wanted endpoints of one account and Region. It does not fail: errors are in the entry.
    pub(super) async fn place(self, wanted: &PlaceTargets) -> LogsEntry {
        let failed = |error: CaptureError| LogsEntry { error: Some(error), ..LogsEntry::default() };
        let (source, listing) = match self.listing(wanted).await {
            Ok(listed) => listed,
            Err(error) => return failed(error.into()),
        };
        let (mut groups, error) = self.groups(wanted, &listing);
        let (now, allowed) = (self.clock.now(), &self.request.allowed);
        let listed = Listing::read(self.store, &wanted.place, now, &mut groups, allowed);
        let mut in_lake = match self.plan.within(self.clock, listed).await {
            Some(Ok(listing)) => listing,
            Some(Err(error)) => return failed(error.into()),
            None => return failed(deadline().into()),
        };
        let mut entry = LogsEntry { groups: Vec::new(), error };
        for (group, endpoint_ids) in groups {
            let earlier = in_lake.logged_until(&group);
            let logged_until =
                if endpoint_ids.is_empty() { earlier } else { Some(SnapshotTime::truncated(now)) };
            let lake = in_lake.take(&group);
            let group = Group { tools: self, source: &source, group: &group, in_lake: lake };
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

    /// Returns the allowed log groups of the wanted endpoints, each with the endpoints that log to it.
    fn groups(
        self,
        wanted: &PlaceTargets,
        listing: &EndpointListing,
    ) -> (BTreeMap<LogGroup, Vec<EndpointId>>, Option<CaptureError>) {
        let mut groups: BTreeMap<LogGroup, Vec<EndpointId>> = BTreeMap::new();
        let mut odd = 0;
        for endpoint in listing.endpoints.iter().filter(|endpoint| !endpoint.is_deleted()) {
            let Some(id) = endpoint.endpoint_id.as_ref().filter(|id| wanted.wants(id)) else { continue };
            if endpoint.connection_log_enabled != Some(true) {
                continue;
            }
            let name = endpoint.connection_log_group.as_deref();
            let Some(group) = name.and_then(|name| LogGroup::new(&wanted.place, name)) else {
                odd += 1;
                continue;
            };
            if self.request.allowed.iter().any(|pattern| pattern.allows(&group)) {
                let ids = groups.entry(group).or_default();
                if !ids.contains(id) {
                    ids.push(id.clone());
                }
            }
        }
        (groups, (odd > 0).then(|| odd_groups(odd)))
    }
}

/// Returns the error for endpoints whose log groups have no name that a log group can have. The names may be anything.
fn odd_groups(odd: usize) -> CaptureError {
    let message = format!(
        "{odd} endpoints log to a log group whose name EC2 does not send, or sends in no form that a name can have; their rows \
         in the table endpoints show what it sent"
    );
    CaptureError::new(ErrorCode::MalformedEndpoint, message)
}
