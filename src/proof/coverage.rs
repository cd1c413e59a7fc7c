//! The proof from the ledger: when every connection of an endpoint was seen, and when one could have been missed.
//!
//! AWS lists a connection until 60 minutes after its end. So if the last page of a complete capture arrived less than 60
//! minutes after the first page of an earlier one was *requested*, every connection that existed between them was seen. Times
//! are those of the pages, never that of the snapshot, which a late retry or a person can set.
//!
//! The connection logs have a report of their own, in `logs`.
//!
//! `LedgerReader` reads records. `Attempts` takes them and `holes` makes the proof, both without I/O. The saved query
//! `coverage_holes` and the column `covered` of `sessions` follow the same definition.

mod age;
mod age_reader;
mod attempts;
mod clock_stepped;
pub mod cloudwatch_counts;
mod documents;
mod holes;
mod ledger_reader;
mod logs;
pub mod record;
mod record_times;
mod sealing;
mod strays;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{StreamExt, stream};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::hour::Hour;
use crate::lake::store::{Store, StoreError};
use crate::log_window::Window;
use crate::target::AccountRegion;

pub use age_reader::oldest_complete_age;
use attempts::Attempts;
pub use attempts::LISTING;
pub use clock_stepped::ClockStepped;
use cloudwatch_counts::{Difference, Witness};
use holes::cover;
use ledger_reader::LedgerReader;
use logs::ReadingsInLake;
pub use logs::{LogCoverage, LogGroupsNotKnown, MissingLog};
use sealing::Sealing;
use strays::find_strays;

/// Time for which AWS lists a connection after its end. Source: EC2 API reference, `DescribeClientVpnConnections`.
pub const LISTED_AFTER_END: SignedDuration = SignedDuration::from_mins(60);

/// Longest time from that of a snapshot to the arrival of its pages that counts: no capture takes longer.
pub const LONGEST_CAPTURE: SignedDuration = SignedDuration::from_hours(2);

/// Accounts and Regions that are read at a time. Each reads up to 16 documents at a time.
const CONCURRENT_PLACES: usize = 4;

/// A day, around the requested times: a record lies under the day of its snapshot, and pages may arrive after midnight.
const LEDGER_MARGIN: SignedDuration = SignedDuration::from_hours(24);

/// The requested times.
#[derive(Debug, Clone, Copy)]
pub struct RequestedTimes {
    /// The beginning; `None` for the first attempt on record, of each endpoint.
    pub from: Option<Timestamp>,
    /// The end.
    pub to: Timestamp,
    /// The current time.
    pub now: Timestamp,
}

impl RequestedTimes {
    /// Returns the time of all windows of connection logs that this one touches.
    fn of_touched_windows(self) -> RequestedTimes {
        let last = self.to.saturating_sub(SignedDuration::from_millis(1)).unwrap_or(self.to);
        let from = self.from.map(|from| Window::containing(from).start());
        RequestedTimes { from, to: Window::containing(last).end(), ..self }
    }

    /// Returns the time up to which captures are looked for: one after `to` may show what existed before it.
    fn horizon(self) -> Timestamp {
        self.to.saturating_add(LEDGER_MARGIN).unwrap_or(self.to).min(self.now).max(self.to)
    }
}

/// The proof of every endpoint in the ledger.
#[derive(Debug, Serialize)]
pub struct Coverage {
    /// The beginning; null for the first attempt on record, of each endpoint.
    pub from: Option<Timestamp>,
    /// The end.
    pub to: Timestamp,
    /// Number of run records read, without those of later days that were read for connection logs alone.
    pub runs: u64,
    /// Every endpoint.
    pub endpoints: Vec<EndpointCoverage>,
    /// Run records and digests that could not be read, and why. They prove nothing.
    pub unreadable: Vec<Unreadable>,
    /// Captures that prove nothing, because the clock stepped while their pages arrived.
    pub clock_stepped: Vec<ClockStepped>,
    /// Run records that state a capture of another time than their snapshot's, and why. They still count.
    pub of_another_time: Vec<Unreadable>,
    /// Keys of the run records of this time that were sealed late, relative to the lake's prefix. They still count.
    pub sealed_late: Vec<String>,
    /// Keys of the run records that no digest lists although their hour is sealed, relative to the lake's prefix. They count, and
    /// nothing shows that they were there when their hour was sealed.
    pub not_sealed: Vec<String>,
    /// Every endpoint and log group that it logged to, with the windows in the lake and those that are missing.
    pub connection_logs: Vec<LogCoverage>,
    /// Every account and Region of which it is not known which log groups there were to read at the end of this time.
    pub log_groups_not_known: Vec<LogGroupsNotKnown>,
}

/// A run record or digest that could not be read.
#[derive(Debug, Clone, Serialize)]
pub struct Unreadable {
    /// Its key, relative to the lake's prefix.
    pub object_key: String,
    /// The reason.
    pub problem: String,
}

/// The proof of one endpoint.
#[derive(Debug, PartialEq, Serialize)]
pub struct EndpointCoverage {
    /// Its account.
    pub account_id: String,
    /// Its Region.
    pub region: String,
    /// The endpoint; [`LISTING`] for the listing of endpoints.
    pub endpoint_id: String,
    /// Beginning of the time assessed: the requested one, or that of the endpoint if it is later.
    pub from: Timestamp,
    /// Attempts in that time by their outcome.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Longest time from the request of a complete capture to the end of one that follows it.
    pub longest_gap: Gap,
    /// Every gap of 60 minutes or more: a connection could have begun and ended in it. For an endpoint that no longer exists,
    /// also the time after its last capture.
    pub holes: Vec<Hole>,
    /// Share of the time outside holes, from 0 to 1.
    pub proven: f64,
    /// Captures whose number differs from that of a witness; null if there is no witness of this endpoint.
    pub witness: Option<Vec<Difference>>,
}

/// The time between two complete captures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Time of the request of the first page of a complete capture, or the beginning of the requested time.
    pub from: Timestamp,
    /// Time of arrival of the last page of one that follows, or the end of the requested time.
    pub to: Timestamp,
    /// Its length in seconds.
    pub seconds: i64,
    /// `true` if no complete capture came after it.
    pub open: bool,
}

/// A gap in which a connection could have been missed.
#[derive(Debug, PartialEq, Serialize)]
pub struct Hole {
    /// The gap.
    #[serde(flatten)]
    pub gap: Gap,
    /// Attempts in it that were not complete.
    pub attempts: u64,
    /// The reason, according to the ledger.
    pub reason: String,
    /// The most connections that a witness saw in it; null if there is no witness.
    pub witness_maximum: Option<f64>,
}

impl Gap {
    fn new(from: Timestamp, to: Timestamp, open: bool) -> Gap {
        Gap { from, to, seconds: to.duration_since(from).as_secs(), open }
    }

    fn length(&self) -> SignedDuration {
        self.to.duration_since(self.from)
    }
}

impl Coverage {
    /// Reads the ledger of the lake in `store`.
    ///
    /// # Errors
    /// Returns an error if it cannot be listed. Records that cannot be read are in the result.
    pub async fn read(
        store: &Store,
        window: RequestedTimes,
        witnesses: &[Witness],
        on_progress: impl Fn(u64),
    ) -> Result<Coverage, StoreError> {
        Coverage::read_with_logs(store, window, window, witnesses, on_progress).await
    }

    /// The same, with every window of the connection logs that the time touches, and not only those within it.
    ///
    /// # Errors
    /// As [`Coverage::read`].
    pub async fn read_with_touched_windows(
        store: &Store,
        window: RequestedTimes,
        witnesses: &[Witness],
        on_progress: impl Fn(u64),
    ) -> Result<Coverage, StoreError> {
        let of_logs = window.of_touched_windows();
        Coverage::read_with_logs(store, window, of_logs, witnesses, on_progress).await
    }

    async fn read_with_logs(
        store: &Store,
        window: RequestedTimes,
        of_logs: RequestedTimes,
        witnesses: &[Witness],
        on_progress: impl Fn(u64),
    ) -> Result<Coverage, StoreError> {
        let runs = AtomicU64::new(0);
        let on_record = || on_progress(runs.fetch_add(1, Ordering::Relaxed) + 1);
        let mut coverage = Coverage::empty(window);
        coverage.unreadable = find_strays(store).await?;
        let read = |place| read_place(store, place, (window, of_logs), witnesses, &on_record);
        let mut places =
            std::pin::pin!(stream::iter(store.places().await?).map(read).buffered(CONCURRENT_PLACES));
        while let Some(of_place) = places.next().await {
            coverage.add(of_place?);
        }
        Ok(coverage)
    }

    /// Returns the coverage of no endpoint.
    fn empty(window: RequestedTimes) -> Coverage {
        Coverage {
            from: window.from,
            to: window.to,
            runs: 0,
            endpoints: Vec::new(),
            unreadable: Vec::new(),
            clock_stepped: Vec::new(),
            of_another_time: Vec::new(),
            sealed_late: Vec::new(),
            not_sealed: Vec::new(),
            connection_logs: Vec::new(),
            log_groups_not_known: Vec::new(),
        }
    }

    /// Adds the coverage of an account and Region.
    fn add(&mut self, of_place: Coverage) {
        self.runs += of_place.runs;
        self.endpoints.extend(of_place.endpoints);
        self.unreadable.extend(of_place.unreadable);
        self.clock_stepped.extend(of_place.clock_stepped);
        self.of_another_time.extend(of_place.of_another_time);
        self.sealed_late.extend(of_place.sealed_late);
        self.not_sealed.extend(of_place.not_sealed);
        self.connection_logs.extend(of_place.connection_logs);
        self.log_groups_not_known.extend(of_place.log_groups_not_known);
    }

    /// Returns `true` if nothing is missing: neither a connection nor a window of a connection log that was to be read.
    pub fn is_whole(&self) -> bool {
        self.is_every_connection_seen() && self.has_every_window()
    }

    /// Returns `true` if every window of a connection log that was to be read is in the lake.
    pub fn has_every_window(&self) -> bool {
        self.log_groups_not_known.is_empty() && self.connection_logs.iter().all(LogCoverage::is_whole)
    }

    /// Returns `true` if there is an endpoint, each was seen without a hole, and every record could be read and relied on.
    pub fn is_every_connection_seen(&self) -> bool {
        self.unreadable.is_empty()
            && self.clock_stepped.is_empty()
            && self.of_another_time.is_empty()
            && self.not_sealed.is_empty()
            && !self.endpoints.is_empty()
            && self.endpoints.iter().all(|endpoint| endpoint.holes.is_empty())
    }
}

/// Reads the ledger of an account and Region, whose records name no other.
async fn read_place(
    store: &Store,
    place: AccountRegion,
    (window, of_logs): (RequestedTimes, RequestedTimes),
    witnesses: &[Witness],
    on_record: &impl Fn(),
) -> Result<Coverage, StoreError> {
    let mut ledger = LedgerReader::new(store, on_record);
    ledger.read_place(&place, window, of_logs).await?;
    let LedgerReader { attempts, logs, mut unreadable, records, later_records, .. } = ledger;
    let runs = records.len() as u64;
    let sealing = Sealing::read(store, &place, window, records, later_records, &mut unreadable).await?;
    let (endpoints, clock_stepped) = prove(&attempts, window, witnesses);
    let connection_logs = match logs.first_hour(&place, of_logs) {
        Some(first) => {
            let in_lake = ReadingsInLake::read(store, &place, first, Hour::containing(of_logs.to)).await?;
            logs.assess(&place, of_logs, &in_lake)
        }
        None => Vec::new(),
    };
    Ok(Coverage {
        runs,
        endpoints,
        unreadable,
        clock_stepped,
        of_another_time: attempts.of_another_time,
        sealed_late: sealing.late,
        not_sealed: sealing.not_sealed,
        connection_logs,
        log_groups_not_known: logs.not_known(&place, window).into_iter().collect(),
        ..Coverage::empty(window)
    })
}

/// Returns the proof of every endpoint that existed in the window, and the captures of that time that prove nothing.
fn prove(
    attempts: &Attempts,
    window: RequestedTimes,
    witnesses: &[Witness],
) -> (Vec<EndpointCoverage>, Vec<ClockStepped>) {
    let mut endpoints = Vec::new();
    for (name, place) in attempts.places() {
        endpoints.extend(place.endpoints().filter_map(|(endpoint_id, of_endpoint)| {
            let witness = witnesses.iter().find(|witness| witness.endpoint_id == endpoint_id);
            let presence = place.presence(endpoint_id)?;
            cover(name, endpoint_id, of_endpoint, presence, window, witness)
        }));
    }
    let is_of_window = |stepped: &&ClockStepped| {
        stepped.touches(window.from.unwrap_or(Timestamp::MIN), window.horizon().max(window.now))
    };
    (endpoints, attempts.clock_stepped().iter().filter(is_of_window).cloned().collect())
}

fn date(time: Timestamp) -> Date {
    Hour::containing(time).date()
}

#[cfg(test)]
mod tests;
