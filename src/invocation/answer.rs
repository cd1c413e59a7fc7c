//! The answer of an invocation, for people and machines.

use serde::Serialize;

use crate::capture::plan::Spread;
use crate::capture::preflight::Check;
use crate::capture::run::Report;
use crate::proof::seal::{SealFailure, Sealed};

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

/// The report of a seal.
#[derive(Debug, Serialize)]
pub struct SealReport {
    /// Every account and Region.
    pub sealed: Vec<Sealed>,
    /// `true` if digests are signed. Unsigned digests are no proof against somebody who may write them.
    pub signed: bool,
    /// Minutes since the first page of the newest complete capture arrived, for the endpoint with the longest such time;
    /// `null` if no targets are configured.
    pub oldest_complete_age_minutes: Option<u64>,
}

impl SealReport {
    /// Returns the faults in one line; `None` if there are none.
    pub fn failure(&self) -> Option<String> {
        let describe = |sealed: &Sealed| {
            let SealFailure { code, message } = sealed.error.as_ref()?;
            Some(format!("{} {}, {code}: {message}", sealed.account_id, sealed.region))
        };
        if self.sealed.is_empty() {
            return Some("nothing to seal: nothing was ever written there; check the lake's name".to_owned());
        }
        let failed: Vec<String> = self.sealed.iter().filter_map(describe).collect();
        let text = || format!("{} of {} not sealed: {}", failed.len(), self.sealed.len(), failed.join("; "));
        (!failed.is_empty()).then(text)
    }
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
