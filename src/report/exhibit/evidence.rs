//! The evidence about a period, read from the lake: what each part of the program says of it. Rows go to their data files as they come.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::digests::{DigestFigures, read_digests};
use super::findings::Findings;
use super::identities::Identities;
use super::log_events::LogEvents;
use super::output_folder::{DataFile, OutputFolder};
use super::reconciliation::Reconciliation;
use super::run_records::{ClockDifferences, EndpointAttempts, ReportedRun, ReportedTarget, read_runs};
use super::sample::Sample;
use super::{ExhibitError, ExhibitProgress, ExhibitRequest};
use crate::hour::Hour;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::{ReadObject, ReadObjects};
use crate::proof::coverage::{Coverage, RequestedTimes, Unreadable};
use crate::proof::verify::{Kind, Verification, Verifier, VerifyError};
use crate::report::sessions::{COLUMNS, ObjectRows, Selection, Session, SessionsRead, read_sessions};
use crate::target::AccountRegion;

/// An endpoint of an account and Region, as records name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ReportedEndpoint {
    pub account_id: String,
    pub region: String,
    pub endpoint_id: String,
}

/// The evidence about a period.
pub(super) struct Evidence {
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
    pub ledger: LedgerFigures,
    pub digests: DigestFigures,
    /// The last hour of the snapshots that the sessions were made of, and of the period.
    pub last_snapshot_hour: Hour,
    /// The hours that were verified.
    pub verified_hours: (Hour, Hour),
    /// The result of `verify`, or the reason why nothing could be verified.
    pub verification: Result<Verification, String>,
    /// Every object that was read.
    pub inputs: BTreeMap<String, ReadObject>,
    /// Everything that could not be read, and why.
    pub unreadable: Vec<Unreadable>,
}

/// Counts of the sessions of the period.
#[derive(Debug, Default)]
pub(super) struct SessionTallies {
    /// Those that only partial captures show.
    pub only_partial: u64,
    /// Those of which AWS gave no beginning that could be typed.
    pub begin_not_known: u64,
    /// Those that are not known to have ended.
    pub end_not_known: u64,
    /// Those of which something can have been missed.
    pub not_covered: u64,
    /// Those that may have reached into the period and are not proven to.
    pub not_proven: u64,
}

/// The figures of the run records.
#[derive(Debug, Default)]
pub(super) struct LedgerFigures {
    /// Run records read.
    pub records: u64,
    /// Run records of these days that could not be read.
    pub unreadable: u64,
    /// The attempts of the period.
    pub attempts: BTreeMap<ReportedEndpoint, EndpointAttempts>,
    /// Seconds by which the clock of the captures was ahead of EC2's, in the period.
    pub clock: ClockDifferences,
    /// Versions of the program that wrote the records of the period, with the number of records.
    pub versions: BTreeMap<String, u64>,
    /// Rows that the records state of each object that was to be read, by its key.
    pub stated_rows: HashMap<String, u64>,
}

impl Evidence {
    /// Reads the lake, and writes the data files `sessions` and `captures`.
    ///
    /// # Errors
    /// Returns an error if the lake cannot be listed or a file cannot be written. What cannot be read is in the result.
    pub(super) async fn read(
        request: &ExhibitRequest<'_>,
        folder: &mut OutputFolder,
        on_progress: impl Fn(ExhibitProgress),
    ) -> Result<Evidence, ExhibitError> {
        let read_objects = ReadObjects::default();
        let store = request.store.clone().noting_reads(read_objects.clone());
        let (from, until, now) = (request.from, request.to.min(request.now), request.now);
        let times = RequestedTimes { from: Some(from), to: until, now };
        let on_records = |runs| on_progress(ExhibitProgress::RunRecords(runs));
        let coverage = Coverage::read(&store, times, &request.witnesses, on_records).await?;
        let places = store.places().await?;

        let on_read = |progress| on_progress(ExhibitProgress::Sessions(progress));
        let mut sessions = SessionSink::new(request, folder)?;
        let selection = sessions.selection.clone();
        let read = read_sessions(&store, &selection, now, on_read, |session| sessions.add(&session)).await?;
        let SessionFigures { tallies, identities, mut sample, mut findings, mut reconciliation } =
            sessions.finish(folder)?;

        let days = days_of(&read, from, until);
        let period_days = (Hour::containing(from).date(), Hour::containing(until).date());
        let log_events = LogEvents::read(&store, &places, (from, request.to), period_days).await?;
        findings.finish(&log_events, request.users.as_ref());
        let is_watched = |endpoint_id: &str, time: Timestamp| {
            let mut watched = read.watched.iter().filter(|watched| watched.endpoint_id == endpoint_id);
            watched.any(|watched| watched.is_watched_around(time))
        };
        reconciliation.finish(&log_events, is_watched);
        let mut captures = CaptureSink::new(request, &read, folder)?;
        let mut unreadable = Vec::new();
        for place in &places {
            let on_run = |key: &ObjectKey, run| captures.add(key, run, sample.as_mut());
            unreadable.extend(read_runs(&store, place, days.0, days.1, on_run).await?);
        }
        let ledger = LedgerFigures { unreadable: unreadable.len() as u64, ..captures.finish(folder)? };
        let sampled: BTreeSet<String> = sample.iter().flat_map(Sample::object_keys).collect();
        let digests = read_digests(&store, &places, days, &sampled).await?;

        // Connection logs and configurations of other hours have values of these sessions too.
        let keys = read_objects.to_map();
        let keys = keys.keys().filter_map(|key| ObjectKey::parse(key));
        let read_hours = keys.filter(|key| OF_SESSIONS.contains(&key.table)).map(|key| key.hour);
        let (first, last) = hours_of(&read, from, until);
        let verified_hours =
            read_hours.fold((first, last), |(first, last), hour| (first.min(hour), last.max(hour)));
        let verifier = Verifier {
            store: &store,
            lake: request.lake,
            keys: &request.keys,
            from: Some(verified_hours.0),
            to: Some(verified_hours.1),
            known: request.known.clone(),
            retention_days: request.retention_days,
            now,
            max_concurrency: request.max_concurrency,
        };
        let on_verified = |objects, _| on_progress(ExhibitProgress::Verified(objects));
        let verification = verifier.verify(on_verified).await;
        let mut verification = match verification {
            Ok(verification) => Ok(verification),
            Err(VerifyError::Store(error)) => return Err(error.into()),
            Err(VerifyError::NotSealed { .. }) => {
                Err("no digest is in the lake, so nothing was ever sealed".to_owned())
            }
            Err(VerifyError::NothingAskedFor { .. }) => {
                Err("no hour of the snapshots is sealed or closed".to_owned())
            }
        };
        if let (Ok(verification), true) = (&mut verification, request.keys.is_empty()) {
            // The claim states that no key was given.
            verification.faults.retain(|fault| fault.kind != Kind::KeyUnknown);
        }

        unreadable.extend(coverage.unreadable.iter().cloned());
        unreadable.extend(read.unreadable.iter().cloned());
        unreadable.extend(log_events.unreadable.iter().cloned());
        unreadable.sort_by(|one, other| one.object_key.cmp(&other.object_key));
        unreadable.dedup_by(|one, other| one.object_key == other.object_key);
        let inputs = read_objects.to_map();
        Ok(Evidence {
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
            ledger,
            digests,
            last_snapshot_hour: last,
            verified_hours,
            verification,
            inputs,
            unreadable,
        })
    }
}

/// Tables that sessions are made of.
const OF_SESSIONS: [Table; 4] =
    [Table::Connections, Table::Partials, Table::ConnectionLogs, Table::Endpoints];

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

/// The sessions on their way into the data file and the figures.
struct SessionSink<'a> {
    request: &'a ExhibitRequest<'a>,
    selection: Selection,
    file: DataFile,
    failed: Option<ExhibitError>,
    figures: SessionFigures,
}

/// The figures that are made of the sessions one by one.
#[derive(Default)]
struct SessionFigures {
    tallies: SessionTallies,
    identities: Identities,
    sample: Option<Sample>,
    findings: Findings,
    reconciliation: Reconciliation,
}

impl<'a> SessionSink<'a> {
    fn new(request: &'a ExhibitRequest<'a>, folder: &OutputFolder) -> Result<SessionSink<'a>, ExhibitError> {
        let columns = COLUMNS.iter().map(|column| column.name).collect();
        Ok(SessionSink {
            request,
            selection: Selection { from: Some(request.from), to: Some(request.to), ..Selection::default() },
            file: DataFile::create(folder, "sessions", columns)?,
            failed: None,
            figures: SessionFigures {
                sample: request.sample.clone().map(Sample::new),
                ..SessionFigures::default()
            },
        })
    }

    fn add(&mut self, session: &Session) {
        let ExhibitRequest { from, to, time_zone, .. } = self.request;
        let SessionFigures { tallies, identities, sample, findings, reconciliation } = &mut self.figures;
        tallies.only_partial += u64::from(session.complete_snapshots == 0);
        tallies.begin_not_known += u64::from(!session.begin_seen);
        tallies.end_not_known += u64::from(session.ended_before.is_none());
        tallies.not_covered += u64::from(!session.covered);
        tallies.not_proven += u64::from(!self.selection.is_proven(session));
        identities.add(session, time_zone);
        sample.iter_mut().for_each(|sample| sample.add(session));
        findings.add_session(session, *from, *to, time_zone);
        reconciliation.add(session, *from, *to);
        if self.failed.is_none() {
            let row = COLUMNS.iter().map(|column| json!((column.value)(session))).collect();
            self.failed = self.file.add(row).err();
        }
    }

    fn finish(self, folder: &mut OutputFolder) -> Result<SessionFigures, ExhibitError> {
        self.failed.map_or(Ok(()), Err)?;
        folder.finish(self.file)?;
        Ok(self.figures)
    }
}

/// Columns of the data file `captures`.
const CAPTURE_COLUMNS: [&str; 17] = [
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

/// The run records on their way into the data file and the figures.
struct CaptureSink<'a> {
    request: &'a ExhibitRequest<'a>,
    rows_by_object: &'a BTreeMap<String, ObjectRows>,
    /// Keys of the objects that could not be read.
    unreadable: BTreeSet<&'a str>,
    file: DataFile,
    failed: Option<ExhibitError>,
    figures: LedgerFigures,
}

impl<'a> CaptureSink<'a> {
    fn new(
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

    fn add(&mut self, run_key: &ObjectKey, run: ReportedRun, mut sample: Option<&mut Sample>) {
        self.figures.records += 1;
        let is_of_period = (self.request.from..self.request.to).contains(&run.snapshot_time);
        if is_of_period {
            let version = run.tool_version.unwrap_or_else(|| "not stated".to_owned());
            *self.figures.versions.entry(version).or_default() += 1;
            let listings = run.places.iter().filter_map(|place| place.discovery.as_ref());
            listings.for_each(|listing| self.figures.clock.add(listing.clock_difference_seconds));
        }
        for target in &run.targets {
            sample.iter_mut().for_each(|sample| sample.note_capture(run_key, target));
            if let Some(key) = target.object_key().map(|key| key.to_string())
                && (self.rows_by_object.contains_key(&key) || self.unreadable.contains(key.as_str()))
            {
                self.figures.stated_rows.entry(key).or_insert(target.rows);
            }
            if is_of_period {
                self.add_attempt(run_key, run.snapshot_time, target);
            }
        }
    }

    fn add_attempt(&mut self, run_key: &ObjectKey, snapshot_time: Timestamp, target: &ReportedTarget) {
        let place = &run_key.place;
        let endpoint = ReportedEndpoint {
            account_id: place.account_id.to_string(),
            region: place.region.to_string(),
            endpoint_id: target.endpoint_id.clone(),
        };
        let of_endpoint = self.figures.attempts.entry(endpoint).or_default();
        of_endpoint.add(snapshot_time, target);
        if target.first_page_at.is_some() {
            self.figures.clock.add(target.clock_difference_seconds);
        }
        let time = |time: Option<Timestamp>| time.map_or(Value::Null, |time| json!(format!("{time:.3}")));
        let row = vec![
            json!(place.account_id.as_str()),
            json!(place.region.as_str()),
            json!(target.endpoint_id),
            time(Some(snapshot_time)),
            json!(target.outcome),
            json!(target.rows),
            json!(target.active),
            time(target.first_page_requested_at),
            time(target.first_page_at),
            time(target.last_page_at),
            json!(target.clock_difference_seconds),
            json!(target.first_request_id),
            json!(target.last_request_id),
            json!(target.error.as_ref().map(|error| &error.code)),
            json!(target.object_key().map(|key| key.to_string())),
            json!(target.sha256),
            json!(run_key.as_str()),
        ];
        if self.failed.is_none() {
            self.failed = self.file.add(row).err();
        }
    }

    fn finish(self, folder: &mut OutputFolder) -> Result<LedgerFigures, ExhibitError> {
        self.failed.map_or(Ok(()), Err)?;
        folder.finish(self.file)?;
        Ok(self.figures)
    }
}
