//! The connection logs: which windows of the log group that an endpoint logs to are in the lake, and which are missing.
//!
//! The run records of the action `logs` name the endpoints that log to each log group that may be read. An endpoint logs to a log
//! group from the first run that finds it there until the last one before a run that does not. Every window of that time
//! is to be in the lake, and is missing if it is not an hour after it was due. `LogLedger` takes the records and `assess` makes the
//! report, both without I/O; `ReadingsInLake` lists the objects.
//!
//! The records do not name endpoints whose connection logging is off, or that log to a log group that may not be read. The
//! saved query `connection_log_coverage` knows them, from the table `endpoints`.

mod assessment;
mod in_lake;
mod ledger;
mod open_readings;

use jiff::Timestamp;
use serde::Serialize;

pub(super) use in_lake::ReadingsInLake;
pub(super) use ledger::LogLedger;
pub(super) use open_readings::OpenReadings;

/// The windows of a log group in which an endpoint logged to it.
#[derive(Debug, PartialEq, Serialize)]
pub struct LogCoverage {
    /// The endpoint's account.
    pub account_id: String,
    /// The endpoint's Region.
    pub region: String,
    /// The endpoint.
    pub endpoint_id: String,
    /// ARN of the log group.
    pub log_group: String,
    /// Beginning of the first window.
    pub from: Timestamp,
    /// End of the last window.
    pub to: Timestamp,
    /// Hours of the windows that are in the lake.
    pub hours_in_lake: f64,
    /// Hours of the windows that are not in the lake an hour after they were due.
    pub hours_missing: f64,
    /// Hours of the windows that are not in the lake and can still be read in time.
    pub hours_pending: f64,
    /// Hours that are in the lake and were not read once more, for events that came late.
    pub hours_not_read_again: f64,
    /// The missing readings.
    pub missing: Vec<MissingLog>,
}

impl LogCoverage {
    /// Returns `true` if no reading is missing that was allowed at its time.
    pub(super) fn is_whole(&self) -> bool {
        !self.missing.iter().any(|missing| missing.allowed)
    }
}

/// Consecutive readings that are missing for one reason.
#[derive(Debug, PartialEq, Serialize)]
pub struct MissingLog {
    /// Beginning of the first window.
    pub from: Timestamp,
    /// End of the last window.
    pub to: Timestamp,
    /// `true` for second readings: only events that came late are missing.
    pub late: bool,
    /// `true` if the settings in force allowed the log group when the readings were due.
    pub allowed: bool,
    /// `true` if the log group did not retain these events any more at the newest run.
    pub lost: bool,
    /// The reason, according to the ledger.
    pub reason: String,
}

/// A time in which it is not known which log groups there were to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogGroupsNotKnown {
    /// The account.
    pub account_id: String,
    /// The Region.
    pub region: String,
    /// Time of the last run of connection logs that knew them, or the first record of the settings that allow log groups.
    pub from: Timestamp,
    /// The end of the requested time.
    pub to: Timestamp,
    /// The reason, according to the ledger.
    pub reason: String,
}

#[cfg(test)]
mod tests;
