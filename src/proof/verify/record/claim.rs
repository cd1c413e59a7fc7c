//! The objects that a record names, and those that a run of its key can have written.

use crate::hour::Hour;
use crate::lake::keys::{ConfigurationTable, Key, ObjectKey};
use crate::lake::ledger::Outcome;
use crate::lake::store::Location;
use crate::log_group::LogGroup;
use crate::log_window::{Reading, Window};
use crate::run_id::RunId;
use crate::snapshot_time::SnapshotTime;
use crate::target::{AccountRegion, EndpointId, Target};

use super::{
    Contradiction, Pages, RecordedConfigurationEntry, RecordedTargetEntry, RecordedWindowEntry, Superseded,
    inconsistent, misplaced_object, shortened,
};

/// An object as a run record names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The object.
    pub object: ObjectKey,
    /// `true` if the record states that its run wrote the object.
    pub wrote: bool,
    /// Its SHA-256, if the record has it.
    pub sha256: Option<String>,
    /// Its size, if the record has it.
    pub bytes: Option<u64>,
    /// Its rows.
    pub rows: Option<u64>,
    /// Its outcome, which is that of its footer; `None` if the record does not state it, or the key of the object does.
    pub outcome: Option<Outcome>,
    /// The times of its pages, which are those of its footer; `None` if the record does not have them.
    pub pages: Option<Pages>,
}

/// Returns the prefix of a lake's keys in its run records.
fn prefix_of(lake: &str) -> String {
    // The path of a directory is not looked at: it is one of the machine that made the record.
    let location = lake.starts_with("s3://").then(|| Location::parse(lake).ok()).flatten();
    match location {
        Some(Location::S3 { prefix, .. }) if !prefix.is_empty() => format!("{prefix}/"),
        _ => String::new(),
    }
}

/// The key of a record, which determines the objects of its run.
pub(super) struct OfKey<'a> {
    place: &'a AccountRegion,
    time: SnapshotTime,
    run_id: RunId,
    prefix: String,
}

impl<'a> OfKey<'a> {
    /// Returns the key of a run's record in a `lake`, as the record names it.
    pub(super) fn new(place: &'a AccountRegion, time: SnapshotTime, run_id: RunId, lake: &str) -> OfKey<'a> {
        OfKey { place, time, run_id, prefix: prefix_of(lake) }
    }

    /// Returns the objects of a target.
    pub(super) fn target(&self, entry: &RecordedTargetEntry) -> Result<Vec<Claim>, Contradiction> {
        let AccountRegion { account_id, region } = self.place.clone();
        let Some(endpoint_id) = EndpointId::parse(&entry.endpoint_id) else {
            return Err(inconsistent(format!(
                "names the endpoint {}, which is none",
                shortened(&entry.endpoint_id)
            )));
        };
        let target = Target { account_id, region, endpoint_id };
        let mut claims = Vec::new();
        if let Some(superseded) = &entry.superseded {
            claims.push(self.superseded(&target, superseded)?);
        }
        let whole = Key::Connections { target: &target, snapshot_time: self.time };
        let part = Key::Partial { target: &target, snapshot_time: self.time, run_id: &self.run_id };
        let key = match entry.outcome {
            Outcome::Complete | Outcome::AlreadyCaptured => whole,
            Outcome::Partial => part,
            Outcome::Failed if entry.named().is_empty() => return Ok(claims),
            Outcome::Failed => {
                return Err(inconsistent(format!("calls {} failed and names an object", target.endpoint_id)));
            }
        };
        let wrote = entry.outcome != Outcome::AlreadyCaptured;
        let says = format!("calls {} {}", target.endpoint_id, entry.outcome.as_str());
        if !entry.named().is_complete() {
            return Err(inconsistent(format!(
                "{says} and does not name its object, its size and its SHA-256"
            )));
        }
        // An object that already existed has the times of its own footer, which is compared.
        if wrote && entry.pages().iter().any(Option::is_none) {
            return Err(inconsistent(format!("{says} and does not have the times of its pages")));
        }
        if entry.outcome == Outcome::Complete && !entry.restrictions.is_empty() {
            return Err(inconsistent(format!("{says}, and it was asked for in part")));
        }
        if entry.outcome == Outcome::Complete && entry.resume_token.is_some() {
            return Err(inconsistent(format!("{says}, and has a token to go on with")));
        }
        if entry.outcome == Outcome::Complete && entry.pages == Some(0) {
            return Err(inconsistent(format!("{says}, and no page was read")));
        }
        if entry.outcome == Outcome::Complete && entry.active.is_some_and(|active| active > entry.rows) {
            return Err(inconsistent(format!("{says}, and has more active connections than rows")));
        }
        if wrote && entry.rows != entry.rows_read {
            let (rows, read) = (entry.rows, entry.rows_read);
            return Err(inconsistent(format!("{says}, and {rows} of {read} rows were written")));
        }
        claims.push(Claim {
            object: self.object(entry.object_key.as_deref().unwrap_or_default(), &key.to_string())?,
            wrote,
            sha256: entry.sha256.clone(),
            bytes: entry.bytes,
            rows: Some(entry.rows),
            outcome: None,
            pages: Some(entry.pages()),
        });
        Ok(claims)
    }

    /// Returns a second object of the run, whose id continues the run's.
    fn superseded(&self, target: &Target, entry: &Superseded) -> Result<Claim, Contradiction> {
        let own = Key::Partial { target, snapshot_time: self.time, run_id: &self.run_id }.to_string();
        let key = self.in_the_lake(&entry.object_key);
        let begins = own.strip_suffix(".parquet").map(|own| format!("{own}-"));
        let object = ObjectKey::parse(key)
            .filter(|object| begins.is_some_and(|begins| object.as_str().starts_with(&begins)));
        Ok(Claim {
            object: object.ok_or_else(|| misplaced_object(key, &own))?,
            wrote: true,
            sha256: Some(entry.sha256.clone()),
            bytes: Some(entry.bytes),
            rows: Some(entry.rows),
            outcome: None,
            pages: None,
        })
    }

    /// Returns the object of a table with configuration.
    pub(super) fn configuration(
        &self,
        table: ConfigurationTable,
        entry: &RecordedConfigurationEntry,
    ) -> Result<Option<Claim>, Contradiction> {
        let says = format!("calls the {} {}", table.words(), entry.outcome.as_str());
        // Only a listing of each endpoint can lack one of them.
        let may_be_partial = table != ConfigurationTable::Endpoints;
        let wrote = match entry.outcome {
            Outcome::Complete => true,
            Outcome::AlreadyCaptured => false,
            Outcome::Partial if may_be_partial => true,
            Outcome::Partial | Outcome::Failed if entry.named().is_empty() => return Ok(None),
            Outcome::Partial | Outcome::Failed => {
                return Err(inconsistent(format!("{says} and names their object")));
            }
        };
        if !entry.named().is_complete() {
            let message = format!("{says} and does not name their object, its size and its SHA-256");
            return Err(inconsistent(message));
        }
        let expected = Key::Configuration { table, place: self.place, snapshot_time: self.time }.to_string();
        Ok(Some(Claim {
            object: self.object(entry.object_key.as_deref().unwrap_or_default(), &expected)?,
            wrote,
            sha256: entry.sha256.clone(),
            bytes: entry.bytes,
            rows: Some(entry.rows),
            outcome: (wrote && may_be_partial).then_some(entry.outcome),
            pages: None,
        }))
    }

    /// Returns the object of a window of a connection log.
    pub(super) fn window(
        &self,
        log_group: &str,
        entry: &RecordedWindowEntry,
    ) -> Result<Option<Claim>, Contradiction> {
        let wrote = match entry.outcome {
            Outcome::Complete => true,
            Outcome::AlreadyCaptured => false,
            Outcome::Partial | Outcome::Failed if entry.named().is_empty() => return Ok(None),
            Outcome::Partial | Outcome::Failed => {
                let says = entry.outcome.as_str();
                return Err(inconsistent(format!("calls a window of a log {says} and names its object")));
            }
        };
        let says = format!("calls the window of a log from {} {}", entry.start, entry.outcome.as_str());
        let Some(group) = LogGroup::of_arn(self.place, log_group) else {
            return Err(inconsistent(format!(
                "names the log group {}, which is none there",
                shortened(log_group)
            )));
        };
        let reading = if entry.late {
            Reading::Late(Hour::containing(entry.start))
        } else {
            Reading::First(Window::containing(entry.start))
        };
        if (reading.start(), reading.end()) != (entry.start, entry.end) {
            return Err(inconsistent(format!("{says}, and no window is from there to {}", entry.end)));
        }
        if !entry.named().is_complete() {
            return Err(inconsistent(format!(
                "{says} and does not name its object, its size and its SHA-256"
            )));
        }
        if wrote && entry.pages().iter().any(Option::is_none) {
            return Err(inconsistent(format!("{says} and does not have the times of its pages")));
        }
        let without_row = entry.known_events.checked_add(entry.foreign_left_out);
        let expected = without_row.and_then(|without_row| entry.events_read.checked_sub(without_row));
        if wrote && expected != Some(entry.rows) {
            let (rows, read) = (entry.rows, entry.events_read);
            return Err(inconsistent(format!("{says}, and {rows} of {read} events were written")));
        }
        let (due, is_late) = (reading.due(), entry.late);
        let expected =
            Key::ConnectionLogs { place: self.place, due, group: &group.id(), is_late }.to_string();
        Ok(Some(Claim {
            object: self.object(entry.object_key.as_deref().unwrap_or_default(), &expected)?,
            wrote,
            sha256: entry.sha256.clone(),
            bytes: entry.bytes,
            rows: Some(entry.rows),
            outcome: None,
            pages: Some(entry.pages()),
        }))
    }

    fn object(&self, named: &str, expected: &str) -> Result<ObjectKey, Contradiction> {
        let key = self.in_the_lake(named);
        let object = ObjectKey::parse(key).filter(|object| object.as_str() == expected);
        object.ok_or_else(|| misplaced_object(key, expected))
    }

    /// Returns the key relative to the lake's prefix.
    fn in_the_lake<'k>(&self, key: &'k str) -> &'k str {
        key.strip_prefix(self.prefix.as_str()).unwrap_or(key)
    }
}
