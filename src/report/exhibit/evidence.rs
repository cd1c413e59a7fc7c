//! The evidence about a period, read from the lake: what each part of the program says of it. Rows go to their data files as they come.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::captures::{CaptureSink, LedgerFigures, deciding};
use super::configuration::ConfigurationFigures;
use super::digests::{DigestFigures, read_digests};
use super::findings::Findings;
use super::identities::Identities;
use super::log_events::LogEvents;
use super::output_folder::{OutputFolder, is_within};
use super::pseudonyms::Pseudonyms;
use super::reconciliation::{Reconciliation, RecordFacts};
use super::run_records::{ReportedEndpoint, read_runs};
use super::sample::Sample;
use super::session_figures::{SessionFigures, SessionSink, SessionTallies};
use super::verification::{VerifiedHours, verify_hours};
use super::{ExhibitError, ExhibitProgress, ExhibitRequest, widened};
use crate::hour::Hour;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::{Location, ReadObject, ReadObjects};
use crate::proof::coverage::{Coverage, EndpointCoverage, RequestedTimes, Unreadable};
use crate::proof::verify::Verification;
use crate::report::sessions::{ObjectRows, SessionsRead, TRACE_TOLERANCE, Visibility, read_sessions};
use crate::target::AccountRegion;

/// The evidence about a period.
pub(super) struct Evidence {
    /// The beginning of the period.
    pub from: Timestamp,
    /// The end of what is reported: that of the period, or now if that is earlier.
    pub until: Timestamp,
    /// Accounts and Regions of the lake.
    pub places: Vec<AccountRegion>,
    pub coverage: Coverage,
    /// The reading of sessions.
    pub read: SessionsRead,
    pub tallies: SessionTallies,
    pub identities: Identities,
    /// `None` if none was asked for.
    pub sample: Option<Sample>,
    pub findings: Findings,
    pub reconciliation: Reconciliation,
    pub log_events: LogEvents,
    pub configuration: ConfigurationFigures,
    pub ledger: LedgerFigures,
    pub digests: DigestFigures,
    /// The last hour of the snapshots that the sessions were made of, and of the period.
    pub last_snapshot_hour: Hour,
    /// The hours that were verified.
    pub verified_hours: VerifiedHours,
    /// The result of `verify`, or the reason why nothing could be verified.
    pub verification: Result<Verification, String>,
    /// SHA-256 of the file of pseudonyms, in hexadecimal; `None` if names and addresses were not replaced.
    pub pseudonyms_sha256: Option<String>,
    /// Every object that was read.
    pub inputs: BTreeMap<String, ReadObject>,
    /// Everything that could not be read, and why.
    pub unreadable: Vec<Unreadable>,
}

impl Evidence {
    /// Returns the reason, in words, why not every window of the connection logs is in the lake, also those that the settings did not
    /// allow yet to be read; `None` if every one is.
    pub(super) fn missing_windows(&self) -> Option<String> {
        let Coverage { connection_logs, log_groups_not_known, .. } = &self.coverage;
        if !log_groups_not_known.is_empty() {
            return Some("it is not known which windows of the logs there were to read".to_owned());
        }
        // Without a run record of a reading, nothing says which windows there were to read.
        if connection_logs.is_empty() && self.log_events.objects > 0 {
            return Some("no run record says which windows of the logs there were to read".to_owned());
        }
        let hours: f64 = connection_logs.iter().map(|log| log.hours_missing).sum();
        if hours > 0.0 {
            return Some(format!("{hours:.2} hours of the logs are not in the lake, over all endpoints"));
        }
        let first = connection_logs.iter().flat_map(|log| &log.missing).map(|missing| missing.from).min()?;
        Some(format!(
            "hours of the logs from {first} on were read once, and not again for events that came late"
        ))
    }

    /// Returns the endpoints of the configuration at which no attempt is on record.
    pub(super) fn never_tried(&self) -> impl Iterator<Item = &ReportedEndpoint> {
        let is_same = |one: &EndpointCoverage, other: &ReportedEndpoint| {
            (&one.account_id, &one.region, &one.endpoint_id)
                == (&other.account_id, &other.region, &other.endpoint_id)
        };
        let covered = &self.coverage.endpoints;
        let endpoints = self.configuration.endpoints.iter();
        endpoints.filter(move |endpoint| !covered.iter().any(|of| is_same(of, endpoint)))
    }

    /// Returns the number of captures of the period that a run record states, whose object is not there or could not be read.
    pub(super) fn without_readable_object(&self) -> u64 {
        let stated = self.ledger.stated.keys().filter(|key| !self.read.rows_by_object.contains_key(*key));
        let times = stated.filter_map(|key| ObjectKey::parse(key)?.time());
        times.map(|time| time.timestamp()).filter(|time| (self.from..=self.until).contains(time)).count()
            as u64
    }

    /// Returns the number of rows of captures of the period, and of the hour before and after it, that name no connection.
    pub(super) fn rows_without_id(&self) -> u64 {
        let (from, to) = deciding(self.from, self.until);
        let is_of_period = |key: &str| {
            ObjectKey::parse(key)
                .and_then(|key| key.time())
                .is_some_and(|time| (from..=to).contains(&time.timestamp()))
        };
        let of_period = self.read.rows_by_object.iter().filter(|(key, _)| is_of_period(key));
        of_period.map(|(_, rows)| rows.without_id).sum()
    }

    /// Returns the number of objects whose rows arrived at other times than a run record states.
    pub(super) fn of_other_times(&self) -> u64 {
        let differs = |(key, found): &(&String, &ObjectRows)| {
            self.ledger.stated.get(*key).is_some_and(|stated| !stated.is_of_its_pages(found))
        };
        self.read.rows_by_object.iter().filter(differs).count() as u64
    }

    /// Returns the objects that do not have the rows or the SHA-256 that a run record states, by their keys.
    pub(super) fn not_as_stated(&self) -> Vec<String> {
        let differs = |(key, found): &(&String, &ObjectRows)| {
            let sha256 = self.inputs.get(*key).map(|object| hex::encode(object.hashed.sha256));
            let stated = self.ledger.stated.get(*key);
            stated.is_some_and(|stated| !stated.is_as_found(found, sha256.as_deref()))
                || self.ledger.contested.contains(*key)
        };
        let differing = self.read.rows_by_object.iter().filter(differs);
        differing.map(|(key, _)| key.clone()).collect()
    }

    /// Reads the lake, and writes the data files `sessions`, `captures` and those of the configuration.
    ///
    /// # Errors
    /// Returns an error if the lake cannot be listed or a file cannot be written. What cannot be read is in the result.
    pub(super) async fn read(
        request: &ExhibitRequest<'_>,
        folder: &mut OutputFolder,
        on_progress: impl Fn(ExhibitProgress),
    ) -> Result<Evidence, ExhibitError> {
        let mut pseudonyms = pseudonyms_of(request, folder)?;
        let read_objects = ReadObjects::default();
        let store = request.store.clone().noting_reads(read_objects.clone());
        let (from, until, now) = (request.from, request.to.min(request.now), request.now);
        let times = RequestedTimes { from: Some(from), to: until, now };
        let on_records = |runs| on_progress(ExhibitProgress::RunRecords(runs));
        let coverage =
            Coverage::read_with_touched_windows(&store, times, &request.witnesses, on_records).await?;
        let places = store.places().await?;

        let on_read = |progress| on_progress(ExhibitProgress::Sessions(progress));
        let mut sessions = SessionSink::new(request, folder)?;
        let selection = sessions.selection.clone();
        let read = {
            let on_session = |session| sessions.add(session, pseudonyms.as_mut());
            read_sessions(&store, &selection, now, on_read, on_session).await?
        };
        let SessionFigures { tallies, identities, mut sample, mut findings, mut reconciliation } =
            sessions.finish(folder)?;

        let days = days_of(&read, from, until);
        let period_days = (Hour::containing(from).date(), Hour::containing(until).date());
        let mut log_events = LogEvents::read(&store, &places, (from, request.to), period_days).await?;
        let mut users = request.users.clone();
        if let Some(pseudonyms) = &mut pseudonyms {
            pseudonyms.replace_in_events(&mut log_events);
            users = users.map(|users| pseudonyms.replace_in_users(&users));
        }
        findings.finish(&log_events, users.as_ref());
        let mut configuration =
            ConfigurationFigures::read(&store, &places, (from, until), period_days, None, folder).await?;
        let mut captures = CaptureSink::new(request, &read, folder)?;
        let mut unreadable = Vec::new();
        let (earliest, latest) = deciding(from, request.to);
        let (first, last) = (Hour::containing(earliest).date(), Hour::containing(latest).date());
        for place in &places {
            let on_run = |key: &ObjectKey, run| captures.add(key, run, sample.as_mut());
            unreadable.extend(read_runs(&store, place, days.0.min(first), days.1.max(last), on_run).await?);
        }
        let ledger = LedgerFigures { unreadable: unreadable.len() as u64, ..captures.finish(folder)? };
        for problem in ledger.others.problems(&store, &read_objects.to_map(), (from, until)).await? {
            let is_log =
                ObjectKey::parse(&problem.object_key).is_some_and(|key| key.table == Table::ConnectionLogs);
            if is_log { &mut log_events.unreadable } else { &mut configuration.unreadable }.push(problem);
        }
        let facts = RecordFacts {
            visibility: &|endpoint_id, time| visibility(&read, endpoint_id, time),
            is_logged: &|endpoint_id, time| {
                is_logged(&coverage, endpoint_id, time) && log_events.has_read_all_around(time, now)
            },
            is_all_read: read.unreadable.is_empty() && ledger.missing.is_empty(),
        };
        reconciliation.finish(&log_events, &facts);
        let sampled: BTreeSet<String> = sample.iter().flat_map(Sample::object_keys).collect();
        let digests = read_digests(&store, &places, days, &sampled).await?;

        // Connection logs and configurations of other hours are shown too.
        let keys = read_objects.to_map();
        let keys = keys.keys().filter_map(|key| ObjectKey::parse(key));
        let is_record = |key: &ObjectKey| matches!(key.table, Table::Runs | Table::Digests);
        let read_hours = keys.filter(|key| !is_record(key)).map(|key| key.hour);
        let (first, last) = hours_of(&read, from, until);
        let read_hours =
            read_hours.fold((first, last), |(first, last), hour| (first.min(hour), last.max(hour)));
        // Of what came later, a copy of the lake need not have digests.
        let end_of_period = deciding(from, until).1.saturating_sub(SignedDuration::from_millis(1));
        let end_of_period = Hour::containing(end_of_period.unwrap_or(until));
        let verified_hours = VerifiedHours::of(read_hours).expected_up_to(end_of_period);
        let on_verified = |objects| on_progress(ExhibitProgress::Verified(objects));
        let verification = verify_hours(request, &store, verified_hours, on_verified).await?;

        let others = [
            &coverage.unreadable,
            &read.unreadable,
            &ledger.missing,
            &log_events.unreadable,
            &configuration.unreadable,
        ];
        unreadable.extend(others.into_iter().flatten().cloned());
        unreadable.sort_by(|one, other| one.object_key.cmp(&other.object_key));
        unreadable.dedup_by(|one, other| one.object_key == other.object_key);
        let inputs = read_objects.to_map();
        Ok(Evidence {
            from,
            until,
            places,
            coverage,
            read,
            tallies,
            identities,
            sample,
            findings,
            reconciliation,
            log_events,
            configuration,
            ledger,
            digests,
            last_snapshot_hour: last,
            verified_hours,
            verification,
            pseudonyms_sha256: pseudonyms.map(|mut pseudonyms| pseudonyms.write()).transpose()?,
            inputs,
            unreadable,
        })
    }
}

/// Returns the pseudonyms that are asked for. Their file lies outside of what they are kept from.
fn pseudonyms_of(
    request: &ExhibitRequest<'_>,
    folder: &OutputFolder,
) -> Result<Option<Pseudonyms>, ExhibitError> {
    let Some(path) = &request.pseudonyms else { return Ok(None) };
    let is_in_lake = matches!(request.lake, Location::Directory(lake) if is_within(path, lake));
    if is_in_lake || folder.contains(path) {
        return Err(ExhibitError::PseudonymsWithin(path.clone()));
    }
    Pseudonyms::create(path).map(Some)
}

/// Returns the best chance that captures had to show a connection of an endpoint: in two accounts, ids may be the same.
fn visibility(read: &SessionsRead, endpoint_id: &str, time: Timestamp) -> Visibility {
    let watched = read.watched.iter().filter(|watched| watched.endpoint_id == endpoint_id);
    watched.map(|watched| watched.visibility_around(time)).min().unwrap_or(Visibility::NotOnRecord)
}

/// Returns `true` if no window of the connection logs of an endpoint is missing around a time.
fn is_logged(coverage: &Coverage, endpoint_id: &str, time: Timestamp) -> bool {
    let (earliest, latest) = widened((time, time), TRACE_TOLERANCE);
    let logs = coverage.connection_logs.iter().filter(|log| log.endpoint_id == endpoint_id);
    let mut missing = logs.flat_map(|log| &log.missing);
    !missing.any(|missing| missing.from <= latest && missing.to > earliest)
}

/// Returns the first and the last day of the objects that were read, and of the period.
fn days_of(read: &SessionsRead, from: Timestamp, until: Timestamp) -> (Date, Date) {
    let (first, last) = hours_of(read, from, until);
    (first.date(), last.date())
}

/// Returns the first and the last hour of the objects that were read, and of the period.
fn hours_of(read: &SessionsRead, from: Timestamp, until: Timestamp) -> (Hour, Hour) {
    let hours = || read.rows_by_object.keys().filter_map(|key| ObjectKey::parse(key)).map(|key| key.hour);
    let (first, last) = (Hour::containing(from), Hour::containing(until));
    (hours().min().map_or(first, |hour| hour.min(first)), hours().max().map_or(last, |hour| hour.max(last)))
}
