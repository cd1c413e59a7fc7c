//! The record of an account and Region as it is, for reports about single connections: its endpoints with their captures.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::attempts::{Attempt, captures};
use super::ledger_reader::{LedgerReader, MAX_AHEAD};
use super::{RequestedTimes, Unreadable};
use crate::lake::ledger::recorded::Captured;
use crate::lake::store::{Store, StoreError};
use crate::log_window::Window;
use crate::target::AccountRegion;

/// The record of one account and Region.
#[derive(Debug, Default)]
pub struct PlaceRecord {
    /// Number of run records read.
    pub runs: u64,
    /// Every endpoint whose existence is known, by its id.
    pub endpoints: BTreeMap<String, EndpointRecord>,
    /// Every complete listing of endpoints.
    pub listings: Vec<RecordedListing>,
    /// Windows of connection logs whose first reading is in the lake, by the name of their log group.
    pub readings: BTreeMap<String, BTreeSet<Window>>,
    /// Run records that could not be read, and why. They prove nothing.
    pub unreadable: Vec<Unreadable>,
}

/// The record of one endpoint.
#[derive(Debug)]
pub struct EndpointRecord {
    /// The earliest time at which it may have existed.
    pub beginning: Timestamp,
    /// Time of the first listing without it after the last sign of it; `None` if it may still exist.
    pub gone: Option<Timestamp>,
    /// The first attempt at it; `None` if it was only listed.
    pub first_attempt: Option<Timestamp>,
    /// Its complete captures, in order.
    pub captures: Vec<Captured>,
    /// The times of the snapshots whose complete objects are in the lake, by the record.
    pub written: BTreeSet<Timestamp>,
}

/// A complete listing of endpoints.
#[derive(Debug)]
pub struct RecordedListing {
    /// Its times.
    pub captured: Captured,
    /// The endpoints that it has.
    pub endpoints: Arc<BTreeSet<String>>,
}

impl PlaceRecord {
    /// Reads every record of `place` up to `now`, and calls `on_record` for each.
    ///
    /// # Errors
    /// Returns an error if the records cannot be listed. Those that cannot be read are in the result.
    pub async fn read(
        store: &Store,
        place: &AccountRegion,
        now: Timestamp,
        on_record: impl Fn(),
    ) -> Result<PlaceRecord, StoreError> {
        let mut ledger = LedgerReader::new(store, on_record);
        let window = RequestedTimes { from: None, to: now, now };
        ledger.read_place(place, window, window).await?;
        let LedgerReader { mut attempts, logs, unreadable, records, .. } = ledger;
        let mut attempts = attempts.take(place);
        attempts.forget_after(now.saturating_add(MAX_AHEAD).unwrap_or(now));
        let mut endpoints = BTreeMap::new();
        for (endpoint_id, of_endpoint) in attempts.endpoints() {
            let Some(presence) = attempts.presence(endpoint_id) else { continue };
            let endpoint = EndpointRecord {
                beginning: presence.beginning,
                gone: presence.gone,
                first_attempt: of_endpoint.iter().map(|attempt| attempt.at).min(),
                captures: captures(of_endpoint),
                written: of_endpoint.iter().filter_map(Attempt::written).collect(),
            };
            endpoints.insert(endpoint_id.to_owned(), endpoint);
        }
        let listings = attempts.listings.into_iter();
        let listings = listings
            .map(|listing| RecordedListing { captured: listing.captured, endpoints: listing.endpoints })
            .collect();
        let runs = records.len() as u64;
        Ok(PlaceRecord { runs, endpoints, listings, readings: logs.first_readings(), unreadable })
    }
}
