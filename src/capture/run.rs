//! A run: for each account and Region, its endpoints, a capture of each, their configuration, and the record.

mod configuration;
mod log;
mod permits;
mod places;
mod report;

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::aws::ec2::{Ec2Source, EndpointListing, PageError, Places};
use crate::capture::discovery::{discover, targets};
use crate::capture::logs::{LogTools, LogsRequest};
use crate::capture::request::{CaptureRequest, Progress, Tools};
use crate::capture::target_capture::capture;
use crate::clock::Clock;
use crate::error_code::ErrorCode;
use crate::lake::keys::Key;
use crate::lake::ledger::Trigger;
use crate::lake::ledger::recorded::{KnownEndpoints, known_endpoints};
use crate::lake::ledger::{CaptureError, Discovery, Entry, PlaceEntry, RunRecord, SettingsInForce};
use crate::lake::store::{Object, Put, Store};
use crate::target::{AccountId, EndpointId, PlaceTargets, Target};

pub use permits::Permits;
use permits::PlacePermits;
pub use report::Report;

/// The settings and tools that the accounts and Regions of a run share.
#[derive(Debug)]
pub struct Run {
    /// The request to each target.
    pub plan: Arc<CaptureRequest>,
    /// The connection logs to read; `None` for a snapshot.
    pub logs: Option<LogsRequest>,
    /// The trigger of the run.
    pub trigger: Trigger,
    /// `true` if the event has a time, as a schedule's has.
    pub is_scheduled: bool,
    /// Time of its start.
    pub start: Timestamp,
    /// The settings in force; the targets are those of the entire run.
    pub settings: SettingsInForce,
    /// The account that the program runs in.
    pub home: AccountId,
    /// The provider of sources.
    pub sources: Arc<Places>,
    /// The store of objects.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The listener for pages.
    pub progress: Progress,
    /// Permits for the targets that may be captured at a time, whatever their account and Region.
    pub permits: Permits,
    /// `true` if there are several accounts and Regions. Then each is asked for its endpoints first, so that one which does
    /// not answer takes no permit from the others.
    pub is_fleet: bool,
}

/// The outcome of one account and Region.
#[derive(Debug)]
struct Recorded {
    record: RunRecord,
    /// Its key, or its path within the lake's directory.
    run_key: String,
    /// The reason why it could not be written; `None` if it was.
    problem: Option<String>,
}

impl Run {
    /// Captures the wanted targets of one account and Region, and records them. It does not fail: errors are in the record.
    async fn place(&self, wanted: &PlaceTargets) -> Recorded {
        if let Some(request) = &self.logs {
            return self.logs_of_place(request, wanted).await;
        }
        let mut permits = self.permits.of_place();
        let source = self.sources.source(&self.home, &wanted.place, &self.plan.run_id);
        let source = permits.while_reserved(self.plan.in_time(&self.clock, source)).await;
        let (entries, place) = match source {
            Ok(source) => self.with_source(&source, wanted, permits).await,
            Err(error) => {
                drop(permits);
                self.without_source(error.into(), wanted).await
            }
        };
        entries.iter().for_each(log::target);
        log::place(&place);
        self.write_record(wanted, entries, place).await
    }

    /// Reads the connection logs of one account and Region, and records them.
    async fn logs_of_place(&self, request: &LogsRequest, wanted: &PlaceTargets) -> Recorded {
        let Run { plan, home, sources, store, clock, .. } = self;
        let tools = LogTools { request, plan, home, places: sources, store, clock };
        let mut place = PlaceEntry::new(&wanted.place);
        place.logs = Some(tools.place(wanted).await);
        log::logs(&place);
        self.write_record(wanted, Vec::new(), place).await
    }

    async fn with_source(
        &self,
        source: &Ec2Source,
        wanted: &PlaceTargets,
        mut permits: PlacePermits<'_>,
    ) -> (Vec<Entry>, PlaceEntry) {
        let mut place = PlaceEntry::new(&wanted.place);
        let listed = if wanted.all || self.is_fleet {
            let listing = self.plan.in_time(&self.clock, source.endpoints(&wanted.place));
            Some(permits.while_reserved(listing).await)
        } else {
            None
        };
        if let Some(found) = listed.as_ref().filter(|_| wanted.all) {
            place.discovery = Some(self.discovery(wanted, found.as_ref()).await);
        }
        let targets = targets(wanted, place.discovery.as_ref());
        let entries = match &listed {
            Some(Err(error)) if error.code.is_out_of_reach() => {
                drop(permits);
                failed(&targets, &error.clone().into())
            }
            _ => self.capture_all(source, targets, permits).await,
        };
        if self.plan.restrictions().is_empty() {
            match out_of_reach(&entries) {
                Some(error) => place.fail_configuration(error),
                None => self.configuration(source, wanted, listed, &mut place).await,
            }
        }
        (entries, place)
    }

    /// Records every target as failed, including those that were known before.
    async fn without_source(&self, error: CaptureError, wanted: &PlaceTargets) -> (Vec<Entry>, PlaceEntry) {
        let mut place = PlaceEntry::new(&wanted.place);
        if wanted.all {
            let (known, _) = self.known(wanted).await;
            place.discovery = Some(discover(Err(error.clone()), known.as_ref()));
        }
        if self.plan.restrictions().is_empty() {
            place.fail_configuration(&error);
        }
        (failed(&targets(wanted, place.discovery.as_ref()), &error), place)
    }

    async fn discovery(
        &self,
        wanted: &PlaceTargets,
        found: Result<&EndpointListing, &PageError>,
    ) -> Discovery {
        let listed = found.map(EndpointListing::ids).map_err(|error| error.clone().into());
        let odd = found.ok().and_then(EndpointListing::odd_endpoints).map(CaptureError::from);
        let unknown_elements = found.map(|found| found.unknown_elements.clone()).unwrap_or_default();
        let (known, unreadable) = self.known(wanted).await;
        // The listed endpoints are captured even if it is not known which ones no longer exist.
        let mut discovery = discover(listed, known.as_ref());
        if known.is_none() && unreadable.is_some() {
            discovery.discovered.clear();
        }
        if let Ok(EndpointListing { times, clock_difference_seconds, .. }) = found {
            discovery.first_page_requested_at = Some(times.first_page_requested_at);
            discovery.first_page_at = Some(times.first_page_at);
            discovery.last_page_at = Some(times.last_page_at);
            discovery.clock_difference_seconds = *clock_difference_seconds;
        }
        Discovery { unknown_elements, error: discovery.error.or(odd).or(unreadable), ..discovery }
    }

    /// Returns the endpoints that were known before, and the error that makes this incomplete.
    async fn known(&self, wanted: &PlaceTargets) -> (Option<KnownEndpoints>, Option<CaptureError>) {
        let unreadable = |problem: String| {
            CaptureError::new(
                ErrorCode::LedgerUnreadable,
                format!("reading the record of the run before: {problem}"),
            )
        };
        let known = known_endpoints(&self.store, &wanted.place, self.plan.snapshot_time);
        match self.plan.within(&self.clock, known).await {
            Some(Ok((known, error))) => (known, error.map(|error| unreadable(error.to_string()))),
            Some(Err(error)) => (None, Some(unreadable(error.to_string()))),
            None => (None, Some(unreadable("the invocation's time was running out".to_owned()))),
        }
    }

    /// Captures every target, several at a time. If one panics, only that one fails.
    async fn capture_all(
        &self,
        source: &Ec2Source,
        targets: Vec<Target>,
        mut permits: PlacePermits<'_>,
    ) -> Vec<Entry> {
        let tools = Tools {
            source: source.clone(),
            store: self.store.clone(),
            clock: self.clock.clone(),
            progress: self.progress.clone(),
        };
        let mut entries: Vec<Entry> = targets.iter().map(panicked).collect();
        let mut waiting: VecDeque<(usize, Target)> = targets.into_iter().enumerate().collect();
        let mut captures = JoinSet::new();
        loop {
            let mut freed = std::pin::pin!(self.permits.freed());
            freed.as_mut().enable();
            while !waiting.is_empty()
                && let Some(permit) = permits.next(!captures.is_empty()).await
                && let Some((index, target)) = waiting.pop_front()
            {
                let (tools, plan) = (tools.clone(), self.plan.clone());
                captures.spawn(async move {
                    let _permit = permit;
                    (index, capture(&tools, &plan, &target).await)
                });
            }
            let captured = tokio::select! {
                captured = captures.join_next() => captured,
                () = freed, if !waiting.is_empty() => continue,
            };
            let Some(captured) = captured else { break };
            if let Ok((index, entry)) = captured
                && let Some(place) = entries.get_mut(index)
            {
                *place = entry;
            }
        }
        entries
    }

    async fn write_record(&self, wanted: &PlaceTargets, targets: Vec<Entry>, place: PlaceEntry) -> Recorded {
        let CaptureRequest { snapshot_time, run_id, .. } = &*self.plan;
        let record = RunRecord {
            run_id: run_id.clone(),
            snapshot_time: *snapshot_time,
            start: self.start,
            end: self.clock.now(),
            trigger: self.trigger,
            scheduled: self.is_scheduled,
            tool_version: crate::TOOL_VERSION,
            settings_in_force: SettingsInForce {
                targets: wanted.arns(),
                named_twice: named_twice(wanted, place.discovery.as_ref()),
                ..self.settings.clone()
            },
            targets,
            places: vec![place],
        };
        let key = Key::Run { place: &wanted.place, snapshot_time: *snapshot_time, run_id };
        let run_key = self.store.object_key(key);
        let problem = match record.to_line() {
            Ok(line) => self.put_record(key, &line).await,
            Err(error) => Some(error.to_string()),
        };
        Recorded { record, run_key, problem }
    }

    /// Puts the record; returns the problem, or `None`.
    async fn put_record(&self, key: Key<'_>, line: &str) -> Option<String> {
        let object = Object::from_bytes(line.as_bytes(), "application/json");
        match self.store.put_if_absent(key, object).await {
            Ok(Put::Written) => None,
            Ok(Put::AlreadyThere) => Some(format!("{} exists", self.store.object_key(key))),
            Err(error) => Some(error.to_string()),
        }
    }
}

/// Returns the reason why no target could be reached; `None` if one could. If no attempt is answered, no more are made.
fn out_of_reach(entries: &[Entry]) -> Option<&CaptureError> {
    let is_out_of_reach =
        |entry: &Entry| entry.error.as_ref().is_some_and(|error| error.code.is_out_of_reach());
    let first = entries.first().filter(|_| entries.iter().all(is_out_of_reach))?;
    first.error.as_ref()
}

/// Returns the endpoints that were named in two ways: by an id and an ARN, or by one of these and a `*`.
fn named_twice(wanted: &PlaceTargets, discovery: Option<&Discovery>) -> Vec<String> {
    let found = discovery.and_then(|discovery| discovery.endpoints.as_deref()).unwrap_or_default();
    let is_twice = |id: &&EndpointId| wanted.named_twice.contains(id) || found.contains(id);
    let twice = wanted.endpoint_ids.iter().filter(is_twice);
    twice.map(|id| wanted.place.arn_of(id.as_str())).collect()
}

/// Returns the entries of targets of which none could be tried.
fn failed(targets: &[Target], error: &CaptureError) -> Vec<Entry> {
    targets.iter().map(|target| Entry::failed(target, error.clone())).collect()
}

/// Returns the entry that stands for a target until its capture has ended, and permanently if that panics.
fn panicked(target: &Target) -> Entry {
    let message = "the capture ended in a panic, which is a fault of this program; its log says where";
    Entry::failed(target, CaptureError::new(ErrorCode::Panic, message))
}
