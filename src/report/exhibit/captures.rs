//! The captures of the period, by the run records: one row each in the data file `captures`, and the figures that are made of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::endpoint_attempts::EndpointAttempts;
use super::output_folder::{DataFile, OutputFolder, time_value};
use super::recorded_objects::RecordedObjects;
use super::run_records::{ClockDifferences, ReportedEndpoint, ReportedRun, ReportedTarget, StatedObject};
use super::sample::Sample;
use super::{ExhibitError, ExhibitRequest, widened};
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::ledger::Outcome;
use crate::proof::coverage::{LISTED_AFTER_END, Unreadable};
use crate::report::sessions::{ObjectRows, SessionsRead};

/// The figures of the run records.
#[derive(Debug, Default)]
pub(super) struct LedgerFigures {
    /// Run records of these days that could not be read.
    pub unreadable: u64,
    /// The attempts of the period.
    pub attempts: BTreeMap<ReportedEndpoint, EndpointAttempts>,
    /// Seconds by which the clock of the captures was ahead of EC2's: in the period, and in the hour before and after it, whose captures
    /// decide what is known of its ends.
    pub clock: ClockDifferences,
    /// Versions of the program that wrote the records of the period, with the number of records.
    pub versions: BTreeMap<String, u64>,
    /// The first statement of the records about each object that was to be read, by its key.
    pub stated: HashMap<String, StatedObject>,
    /// Objects of which two records state different things.
    pub contested: BTreeSet<String>,
    /// Attempts of the period that state rows, or that all were read, and name no object.
    pub without_object: u64,
    /// Attempts whose pages arrived in another order than they were requested, and runs that ended before they began, in the period and in
    /// the hour before and after it.
    pub clock_stepped: u64,
    /// Objects of partial captures of the period that are not there.
    pub missing: Vec<Unreadable>,
    /// Objects of the configuration and of connection logs that the records name.
    pub others: RecordedObjects,
}

/// Columns of the data file `captures`.
pub(super) const CAPTURE_COLUMNS: [&str; 17] = [
    "account_id",
    "region",
    "endpoint_id",
    "snapshot_time",
    "outcome",
    "rows",
    "active",
    "first_page_requested_at",
    "first_page_at",
    "last_page_at",
    "clock_difference_seconds",
    "first_request_id",
    "last_request_id",
    "error_code",
    "object_key",
    "sha256",
    "run_key",
];

/// Returns the times whose captures decide what is known of a period: an hour before it and after it.
pub(super) fn deciding(from: Timestamp, to: Timestamp) -> (Timestamp, Timestamp) {
    widened((from, to), LISTED_AFTER_END)
}

/// The run records on their way into the data file and the figures.
pub(super) struct CaptureSink<'a> {
    request: &'a ExhibitRequest<'a>,
    rows_by_object: &'a BTreeMap<String, ObjectRows>,
    /// Keys of the objects that could not be read.
    unreadable: BTreeSet<&'a str>,
    file: DataFile,
    failed: Option<ExhibitError>,
    figures: LedgerFigures,
}

impl<'a> CaptureSink<'a> {
    pub(super) fn new(
        request: &'a ExhibitRequest<'a>,
        read: &'a SessionsRead,
        folder: &OutputFolder,
    ) -> Result<CaptureSink<'a>, ExhibitError> {
        Ok(CaptureSink {
            request,
            rows_by_object: &read.rows_by_object,
            unreadable: read.unreadable.iter().map(|unreadable| unreadable.object_key.as_str()).collect(),
            file: DataFile::create(folder, "captures", CAPTURE_COLUMNS.to_vec())?,
            failed: None,
            figures: LedgerFigures::default(),
        })
    }

    pub(super) fn add(&mut self, run_key: &ObjectKey, run: ReportedRun, mut sample: Option<&mut Sample>) {
        self.figures.others.add(&run);
        let is_of_period = (self.request.from..self.request.to).contains(&run.snapshot_time);
        if is_of_period {
            let version = run.tool_version.clone().unwrap_or_else(|| "not stated".to_owned());
            *self.figures.versions.entry(version).or_default() += 1;
        }
        let (from, to) = deciding(self.request.from, self.request.to);
        if (from..to).contains(&run.snapshot_time) {
            let listings = run.places.iter().filter_map(|place| place.discovery.as_ref());
            listings.for_each(|listing| self.figures.clock.add(listing.clock_difference_seconds));
            run.targets.iter().for_each(|target| self.add_clock(target));
            let stepped = run.targets.iter().filter(|target| target.has_stepped_clock());
            self.figures.clock_stepped += stepped.count() as u64 + u64::from(run.has_stepped_clock());
        }
        for target in &run.targets {
            if let Some(sample) = &mut sample {
                sample.note_capture(run_key, target);
            }
            target.objects().for_each(|object| self.add_stated(object, is_of_period));
            self.figures.without_object += u64::from(is_of_period && target.lacks_object());
            if is_of_period {
                let row = self.add_attempt(run_key, run.snapshot_time, target);
                if let Some(sample) = &mut sample {
                    sample.add_capture(run_key, run.snapshot_time, target, &row);
                }
            }
        }
    }

    /// Adds what is stated of an object, if it was to be read.
    fn add_stated(&mut self, (key, stated): (ObjectKey, StatedObject), is_of_period: bool) {
        let is_read = self.rows_by_object.contains_key(key.as_str());
        if is_read || self.unreadable.contains(key.as_str()) {
            match self.figures.stated.get(key.as_str()) {
                Some(known) if known.contradicts(&stated) => {
                    self.figures.contested.insert(key.to_string());
                }
                Some(_) => {}
                None => {
                    self.figures.stated.insert(key.to_string(), stated);
                }
            }
        } else if is_of_period && key.table == Table::Partials {
            // The reading of sessions knows which complete objects are not there.
            let problem = "is not there, although a run record says that it was written; run `verify`";
            let object_key = key.to_string();
            self.figures.stated.insert(object_key.clone(), stated);
            self.figures.missing.push(Unreadable { object_key, problem: problem.to_owned() });
        }
    }

    /// Adds the clock of an attempt. One that failed, or found its object there, need not have measured it.
    fn add_clock(&mut self, target: &ReportedTarget) {
        let must_have = matches!(target.outcome, Outcome::Complete | Outcome::Partial);
        if must_have || target.clock_difference_seconds.is_some() {
            self.figures.clock.add(target.clock_difference_seconds);
        }
    }

    /// Adds an attempt, and returns its row.
    fn add_attempt(
        &mut self,
        run_key: &ObjectKey,
        snapshot_time: Timestamp,
        target: &ReportedTarget,
    ) -> Vec<Value> {
        let place = &run_key.place;
        let endpoint = ReportedEndpoint {
            account_id: place.account_id.to_string(),
            region: place.region.to_string(),
            endpoint_id: target.endpoint_id.clone(),
        };
        let of_endpoint = self.figures.attempts.entry(endpoint).or_default();
        of_endpoint.add(snapshot_time, target);
        let row = vec![
            json!(place.account_id.as_str()),
            json!(place.region.as_str()),
            json!(target.endpoint_id),
            time_value(Some(snapshot_time)),
            json!(target.outcome),
            json!(target.rows),
            json!(target.active),
            time_value(target.first_page_requested_at),
            time_value(target.first_page_at),
            time_value(target.last_page_at),
            json!(target.clock_difference_seconds),
            json!(target.first_request_id),
            json!(target.last_request_id),
            json!(target.error.as_ref().map(|error| &error.code)),
            json!(target.object_key().map(|key| key.to_string())),
            json!(target.sha256),
            json!(run_key.as_str()),
        ];
        if self.failed.is_none() {
            self.failed = self.file.add(row.clone()).err();
        }
        row
    }

    pub(super) fn finish(self, folder: &mut OutputFolder) -> Result<LedgerFigures, ExhibitError> {
        self.failed.map_or(Ok(()), Err)?;
        folder.finish(self.file)?;
        Ok(self.figures)
    }
}
