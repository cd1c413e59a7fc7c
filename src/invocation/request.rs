//! The typed and checked request of an event or a command line. The checks of single values are here, so that both refuse
//! the same, each under its own names.

use jiff::Timestamp;

use crate::aws::ec2::resume_token::ResumeToken;
use crate::aws::ec2::{Filter, PageSize};
use crate::hour::{CLOSES_AFTER, Hour};
use crate::invalid_input::{InvalidInput, InvalidInputs};
use crate::lake::ledger::Trigger;
use crate::snapshot_time::{SnapshotTime, SnapshotTimeError};
use crate::target::{PlaceTargets, TargetText};

/// The values that `max_items` may have.
pub const MAX_ITEMS_ALLOWED: &str = "a whole number of 1 or more";

/// The texts that `starting_token` may be.
pub const STARTING_TOKEN_ALLOWED: &str = "a resume_token of an earlier snapshot";

/// A request of an event or a command. To add one, see CONTRIBUTING.md, "Add a Lambda action".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invocation {
    /// A snapshot of the targets.
    Snapshot(SnapshotRequest),
    /// A check that they could be captured.
    Preflight,
    /// A plan of how a snapshot of the configured targets is spread over invocations.
    Plan {
        /// The snapshot's time; `None` for now.
        snapshot_time: Option<SnapshotTime>,
    },
    /// A reading of the connection logs that are due.
    Logs,
    /// A seal of what was written.
    Seal {
        /// The last hour to seal; `None` for the newest that is closed.
        hour: Option<Hour>,
    },
}

/// A request for a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRequest {
    /// The trigger.
    pub trigger: Trigger,
    /// The snapshot's time; `None` for now.
    pub snapshot_time: Option<SnapshotTime>,
    /// The targets; `None` for the configured ones.
    pub targets: Option<Vec<TargetText>>,
    /// Filters; empty for every connection.
    pub filters: Vec<Filter>,
    /// Connections of a page; `None` for the configured size.
    pub page_size: Option<PageSize>,
    /// Most connections of each target; `None` for all.
    pub max_items: Option<u64>,
    /// The point from which to resume; `None` for the beginning.
    pub starting_token: Option<ResumeToken>,
}

impl SnapshotRequest {
    /// Returns a request for all connections of the configured targets.
    pub fn new(trigger: Trigger, snapshot_time: Option<SnapshotTime>) -> SnapshotRequest {
        SnapshotRequest {
            trigger,
            snapshot_time,
            targets: None,
            filters: Vec::new(),
            page_size: None,
            max_items: None,
            starting_token: None,
        }
    }

    /// Returns the page size that is allowed, if another one was asked for: EC2's tokens are bound to the page size of their
    /// listing.
    pub fn other_page_size(&self) -> Option<PageSize> {
        let token = self.starting_token.as_ref()?;
        self.page_size.is_some_and(|page_size| page_size != token.page_size).then_some(token.page_size)
    }

    /// Checks that the resume token, which is of one endpoint's listing, goes with that endpoint alone.
    ///
    /// # Errors
    /// Returns the fault of the token.
    pub fn check_starting_token(&self, wanted: &[PlaceTargets]) -> Result<(), InvalidInputs> {
        let Some(token) = &self.starting_token else {
            return Ok(());
        };
        let named: Vec<_> = wanted.iter().flat_map(|wanted| &wanted.endpoint_ids).collect();
        match named.as_slice() {
            [one] if wanted.iter().all(|wanted| !wanted.all) => {
                let allowed = format!("a token of {one}; this one is of {}", token.endpoint_id);
                let fault = || InvalidInput::without_value("starting_token", allowed).into();
                if **one == token.endpoint_id { Ok(()) } else { Err(fault()) }
            }
            _ => {
                let allowed =
                    format!("goes with one target, {}, and others are named too", token.endpoint_id);
                Err(InvalidInput::without_value("starting_token", allowed).into())
            }
        }
    }
}

/// Reads a snapshot's time.
///
/// # Errors
/// Returns the allowed times, and the reason for refusing this one.
pub fn snapshot_time(text: &str, now: Timestamp) -> Result<SnapshotTime, String> {
    let allowed = "an RFC 3339 time in whole seconds such as 2026-11-23T09:00:00Z, at most 60 minutes in the past and 60 \
                   seconds ahead";
    let next =
        "what is captured now is no evidence of another time; take a snapshot without `time`; the hole stays";
    SnapshotTime::parse_recent(text, now).map_err(|error| match error {
        SnapshotTimeError::Unparsable | SnapshotTimeError::Fraction => format!("{allowed}; this one {error}"),
        SnapshotTimeError::TooEarly | SnapshotTimeError::TooOld { .. } | SnapshotTimeError::Ahead { .. } => {
            format!("{allowed}; this one {error}; {next}")
        }
    })
}

/// Reads the last hour to seal.
///
/// # Errors
/// Returns the allowed hours.
pub fn closed_hour(text: &str, now: Timestamp) -> Result<Hour, String> {
    let allowed = "a closed hour in UTC such as 2026-11-23T09";
    let hour = Hour::parse(text).ok_or_else(|| allowed.to_owned())?;
    let newest = Hour::newest_closed(now);
    if hour > newest {
        let minutes = CLOSES_AFTER.as_mins();
        return Err(format!(
            "{allowed}; this one closes {minutes} minutes after its end, when no retry of it can come any more, and \
             {newest} is the newest that is closed"
        ));
    }
    Ok(hour)
}
