//! The answer of an invocation, for people and machines.

use serde::Serialize;

use crate::capture::plan::Spread;
use crate::capture::preflight::Check;
use crate::capture::run::Report;
use crate::proof::seal::SealReport;

/// The answer of an invocation that could be carried out.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// The report of a snapshot.
    Snapshot(Box<Report>),
    /// The report of a reading of connection logs.
    Logs(Box<Report>),
    /// The result of a preflight.
    Preflight {
        /// An entry for each thing that was tried.
        checks: Vec<Check>,
    },
    /// The report of a seal.
    Seal(SealReport),
    /// The plan of a snapshot.
    Plan(Spread),
}

impl Answer {
    /// Returns `true` if everything requested succeeded: every target complete or captured before, the configuration of the
    /// endpoints on record, every check passed.
    pub fn is_success(&self) -> bool {
        match self {
            Answer::Snapshot(report) => {
                let configured =
                    report.record.places.iter().all(|place| place.configuration_errors().next().is_none());
                configured && report.record.all_captured() && report.record.failed_targets().count() == 0
            }
            Answer::Logs(report) => {
                report.record.places.iter().all(|place| place.logs_errors().next().is_none())
            }
            Answer::Preflight { checks } => checks.iter().all(|check| check.ok),
            Answer::Seal(report) => report.failure().is_none(),
            Answer::Plan(_) => true,
        }
    }
}
