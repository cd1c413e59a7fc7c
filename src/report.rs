//! What an invocation came to, for people and machines.

use serde::Serialize;

use crate::ledger::{Entry, RunRecord};
use crate::preflight::Check;
use crate::seal::{Failure, Sealed};

/// What an invocation comes to when it could be carried out.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of a snapshot.
    Snapshot(Box<Report>),
    /// Of a preflight.
    Preflight {
        /// A line for each thing that was tried.
        checks: Vec<Check>,
    },
    /// Of a seal.
    Seal(SealReport),
}

/// What was sealed.
#[derive(Debug, Serialize)]
pub struct SealReport {
    /// Every account and Region.
    pub sealed: Vec<Sealed>,
    /// Whether digests are signed. Those that are not are no proof against somebody who may write them.
    pub signed: bool,
    /// Minutes since the first page of the newest complete capture arrived, of the endpoint for which that is longest; null
    /// where no targets are configured.
    pub oldest_complete_age_minutes: Option<u64>,
}

impl SealReport {
    /// What went wrong where, in one line; none when nothing did.
    pub fn failure(&self) -> Option<String> {
        let describe = |sealed: &Sealed| {
            let Failure { code, message } = sealed.error.as_ref()?;
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

/// The run record, and where it lies.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The record's key, or its path within the lake's directory.
    pub run_key: String,
    /// What was tried, and what came of it.
    #[serde(flatten)]
    pub record: RunRecord,
}

impl Answer {
    /// Whether all that was asked for came out: every target complete or captured before, every check passed.
    pub fn is_success(&self) -> bool {
        match self {
            Answer::Snapshot(report) => {
                report.record.all_captured() && report.record.failed_targets().count() == 0
            }
            Answer::Preflight { checks } => checks.iter().all(|check| check.ok),
            Answer::Seal(report) => report.failure().is_none(),
        }
    }
}

impl Report {
    /// What went wrong with which targets, in one line; none when nothing did. A capture that was asked for in part
    /// and came out so is no failure.
    pub fn failure(&self) -> Option<String> {
        let failed: Vec<String> = self.record.failed_targets().map(describe).collect();
        let (of, count) = (self.record.targets.len(), failed.len());
        let text =
            || format!("{count} of {of} targets failed: {}; run record: {}", failed.join("; "), self.run_key);
        (count > 0).then(text)
    }
}

fn describe(entry: &Entry) -> String {
    let error = entry.error.as_ref().map(|error| format!(", {}: {}", error.code, error.message));
    format!("{} {}{}", entry.endpoint_id, entry.outcome.as_str(), error.unwrap_or_default())
}
