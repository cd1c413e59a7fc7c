//! One invocation, stage by stage: the same for the Lambda and the command line.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use crate::capture::{Plan, Progress, Tools, capture};
use crate::clock::Clock;
use crate::config::Settings;
use crate::coverage;
use crate::event::{Invocation, SnapshotRequest};
use crate::fault::{Fault, Faults};
use crate::hour::Hour;
use crate::identity::{IdentityError, own_account};
use crate::layout::{Key, RunId};
use crate::ledger::{CaptureError, Entry, FilterInForce, RunRecord, SettingsInForce};
use crate::preflight::preflight;
use crate::report::{Answer, Report, SealReport};
use crate::seal::Sealer;
use crate::signing::{Signer, SigningError};
use crate::snapshot::check_temporary_space;
use crate::snapshot_time::SnapshotTime;
use crate::source::Ec2Source;
use crate::store::{Object, Put, Store, StoreError};
use crate::target::{AccountRegion, Region, Target, TargetText};

/// Longest time of one attempt at a call of S3 or STS: long enough for the largest object, and an end to a connection
/// that stalls. EC2's is a setting.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);

/// Longest time that is kept for writing what was read and the run record.
const WRITING: SignedDuration = SignedDuration::from_secs(20);

/// Answers invocations. Settings are checked and clients made once, when it is made.
#[derive(Debug)]
pub struct Auditor {
    settings: Settings,
    sdk: SdkConfig,
    tools: Tools,
    signer: OnceCell<Signer>,
    home: OnceCell<AccountRegion>,
}

/// Why an invocation could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings are wrong; nothing was done.
    #[error("{0}")]
    InvalidSettings(Faults),
    /// The event is wrong; nothing was done.
    #[error("{0}")]
    InvalidEvent(Faults),
    /// The own account is not known; nothing was done.
    #[error(transparent)]
    Identity(IdentityError),
    /// The signing key cannot be used; nothing was done.
    #[error(transparent)]
    Signing(SigningError),
    /// The lake could not be read. What was sealed before that stays.
    #[error(transparent)]
    Lake(StoreError),
    /// The captures were tried, but their record could not be written.
    #[error("the run record was not written, so this run does not count: {problem}")]
    RunRecord {
        /// What happened.
        problem: String,
        /// The record.
        report: Box<Report>,
    },
}

impl Error {
    /// Stable word for Lambda's answer and for scripts.
    pub fn code(&self) -> &str {
        match self {
            Error::InvalidSettings(_) => "InvalidSettings",
            Error::InvalidEvent(_) => "InvalidEvent",
            Error::Identity(_) => "IdentityUnknown",
            Error::Signing(error) => &error.code,
            Error::Lake(error) => &error.code,
            Error::RunRecord { .. } => "RunRecordNotWritten",
        }
    }
}

impl Auditor {
    /// Makes the clients that `settings` ask for.
    pub fn new(settings: Settings, sdk: SdkConfig, clock: Clock, progress: Progress) -> Auditor {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
        let sdk = sdk.into_builder().timeout_config(timeouts).build();
        let source = Ec2Source::new(&sdk, settings.limits, clock.clone());
        let store = Store::new(&settings.lake, &sdk, settings.kms_key.clone());
        let tools = Tools { source, store, clock, progress };
        Auditor { settings, sdk, tools, signer: OnceCell::new(), home: OnceCell::new() }
    }

    /// Carries out one invocation, which ends at `deadline` where there is one.
    ///
    /// # Errors
    /// When it was refused, or when what came of it could not be recorded. Targets that failed are in the answer.
    pub async fn handle(
        &self,
        payload: &Value,
        request_id: &str,
        deadline: Option<Timestamp>,
    ) -> Result<Answer, Error> {
        let invocation = match Invocation::parse(payload, self.tools.clock.now()) {
            Ok(invocation) => invocation,
            Err(faults) => return Err(Error::InvalidEvent(self.with_those_of_the_targets(faults))),
        };
        match invocation {
            Invocation::Snapshot(request) => {
                let home = self.home().await?;
                let targets = self.targets(home, request.targets.as_deref())?;
                check_starting_token(&request, &targets).map_err(Error::InvalidEvent)?;
                self.snapshot(home, request, targets, RunId::new(request_id), deadline).await
            }
            Invocation::Seal { hour } => self.seal(hour, deadline).await.map(Answer::Seal),
            Invocation::Preflight => {
                let home = self.home().await?;
                let targets = self.targets(home, None)?;
                let at_a_time = self.at_a_time(&targets);
                let checks =
                    preflight(&self.tools, &targets, at_a_time, self.settings.lake.to_string()).await;
                Ok(Answer::Preflight { checks })
            }
        }
    }

    /// The faults of an event, and those of the configured targets where the own account need not be asked for: all
    /// that is wrong is said at once.
    fn with_those_of_the_targets(&self, mut faults: Faults) -> Faults {
        let region = faults.keep(self.region());
        if let (Some(account_id), Some(region)) = (self.settings.account_id.clone(), region) {
            let targets =
                self.settings.targets_at(&AccountRegion { account_id, region }, None, "AUDIT_TARGETS");
            faults.extend(targets.err().unwrap_or_default());
        }
        faults
    }

    fn region(&self) -> Result<Region, Fault> {
        let region = self.sdk.region().map(|region| region.as_ref()).unwrap_or_default();
        Region::parse(region).ok_or_else(|| match region {
            "" => Fault::without_value("AWS_REGION", "is not set; set it to a Region such as eu-central-1"),
            other => Fault::new("AWS_REGION", other, "a Region such as eu-central-1"),
        })
    }

    async fn home(&self) -> Result<&AccountRegion, Error> {
        self.home.get_or_try_init(|| self.find_home()).await
    }

    async fn find_home(&self) -> Result<AccountRegion, Error> {
        let region = self.region().map_err(|fault| Error::InvalidSettings(fault.into()))?;
        let account_id = match &self.settings.account_id {
            Some(account_id) => account_id.clone(),
            None => own_account(&self.sdk).await.map_err(Error::Identity)?,
        };
        Ok(AccountRegion { account_id, region })
    }

    fn targets(&self, home: &AccountRegion, texts: Option<&[TargetText]>) -> Result<Vec<Target>, Error> {
        match texts {
            Some(_) => self.settings.targets_at(home, texts, "targets").map_err(Error::InvalidEvent),
            None => self.settings.targets_at(home, None, "AUDIT_TARGETS").map_err(Error::InvalidSettings),
        }
    }

    /// Seals the lake, and says how old the newest complete captures are.
    async fn seal(&self, hour: Option<Hour>, deadline: Option<Timestamp>) -> Result<SealReport, Error> {
        let Tools { store, clock, .. } = &self.tools;
        let signer = async || Signer::new(self.settings.signing_key.as_ref(), &self.sdk);
        let signer = self.signer.get_or_try_init(signer).await.map_err(Error::Signing)?;
        // Without targets, what is in the lake is sealed, and nobody need know whose lake it is.
        let (places, targets) = match self.settings.targets.as_slice() {
            [] => (Vec::new(), Vec::new()),
            _ => {
                let home = self.home().await?;
                let targets = self.targets(home, None)?;
                let of_targets = targets.iter().map(Target::place);
                (of_targets.chain([home.clone()]).collect(), targets)
            }
        };
        let sealer = Sealer { store, lake: &self.settings.lake, signer, clock };
        let deadline = deadline.and_then(|deadline| end_of_work(clock.now(), deadline));
        let sealed = sealer.seal(&places, hour, deadline).await.map_err(Error::Lake)?;
        let oldest_complete_age_minutes = match places.last() {
            Some(home) => coverage::oldest_complete_age(store, home, &targets, clock.now()).await.map(Some),
            None => Ok(None),
        };
        Ok(SealReport {
            sealed,
            signed: !matches!(signer, Signer::Unsigned),
            oldest_complete_age_minutes: oldest_complete_age_minutes.map_err(Error::Lake)?,
        })
    }

    async fn snapshot(
        &self,
        home: &AccountRegion,
        request: SnapshotRequest,
        targets: Vec<Target>,
        run_id: RunId,
        deadline: Option<Timestamp>,
    ) -> Result<Answer, Error> {
        let start = self.tools.clock.now();
        let at_a_time = self.at_a_time(&targets);
        let resumed_size = request.starting_token.as_ref().map(|token| token.page_size);
        let plan = Arc::new(Plan {
            snapshot_time: request.snapshot_time.unwrap_or_else(|| SnapshotTime::truncated(start)),
            run_id,
            filters: request.filters,
            page_size: resumed_size.or(request.page_size).unwrap_or(self.settings.page_size),
            max_items: request.max_items,
            starting_token: request.starting_token,
            deadline: deadline.and_then(|deadline| end_of_work(start, deadline)),
            no_space: check_temporary_space(at_a_time).err().map(CaptureError::from),
        });
        let settings_in_force = self.settings_in_force(&plan, &targets);
        let entries = self.capture_all(&plan, targets).await;
        for entry in &entries {
            log(entry);
        }
        let record = RunRecord {
            run_id: plan.run_id.clone(),
            snapshot_time: plan.snapshot_time,
            start,
            end: self.tools.clock.now(),
            trigger: request.trigger,
            tool_version: crate::TOOL_VERSION,
            settings_in_force,
            targets: entries,
        };
        self.write_record(home, record).await
    }

    /// How many of the targets are captured at a time.
    fn at_a_time(&self, targets: &[Target]) -> usize {
        self.settings.concurrency.min(targets.len())
    }

    /// Captures every target, some at a time. One that panics fails alone.
    async fn capture_all(&self, plan: &Arc<Plan>, targets: Vec<Target>) -> Vec<Entry> {
        let permits = Arc::new(Semaphore::new(self.settings.concurrency));
        let mut captures = JoinSet::new();
        let mut entries: Vec<Entry> = targets.iter().map(panicked).collect();
        for (index, target) in targets.into_iter().enumerate() {
            let (tools, plan, permits) = (self.tools.clone(), plan.clone(), permits.clone());
            captures.spawn(async move {
                // The semaphore is never closed, so there is nothing to do about an error.
                let _permit = permits.acquire().await;
                (index, capture(&tools, &plan, &target).await)
            });
        }
        while let Some(captured) = captures.join_next().await {
            if let Ok((index, entry)) = captured
                && let Some(place) = entries.get_mut(index)
            {
                *place = entry;
            }
        }
        entries
    }

    async fn write_record(&self, home: &AccountRegion, record: RunRecord) -> Result<Answer, Error> {
        let run_id = record.run_id.clone();
        let AccountRegion { account_id, region } = home;
        let key = Key::Run { account_id, region, snapshot_time: record.snapshot_time, run_id: &run_id };
        let run_key = self.tools.store.object_key(key);
        let line = record.to_line();
        let report = Box::new(Report { run_key, record });
        let problem = match line {
            Ok(line) => self.put_record(key, &line).await,
            Err(error) => Some(error.to_string()),
        };
        match problem {
            None => Ok(Answer::Snapshot(report)),
            Some(problem) => Err(Error::RunRecord { problem, report }),
        }
    }

    /// Puts the record; what went wrong, or none.
    async fn put_record(&self, key: Key<'_>, line: &str) -> Option<String> {
        let object = Object::from_bytes(line.as_bytes(), "application/json");
        match self.tools.store.put_if_absent(key, object).await {
            Ok(Put::Written) => None,
            Ok(Put::AlreadyThere) => Some(format!("{} exists", self.tools.store.object_key(key))),
            Err(error @ StoreError { .. }) => Some(error.to_string()),
        }
    }

    fn settings_in_force(&self, plan: &Plan, targets: &[Target]) -> SettingsInForce {
        let Settings { lake, concurrency, limits, kms_key, .. } = &self.settings;
        let filter =
            |filter: &crate::source::Filter| FilterInForce { name: filter.name, values: filter.values.len() };
        SettingsInForce {
            lake: lake.to_string(),
            targets: targets.iter().map(Target::arn).collect(),
            page_size: plan.page_size.get(),
            concurrency: *concurrency,
            call_timeout_seconds: limits.call_timeout.as_secs(),
            max_attempts: limits.max_attempts,
            kms_key: kms_key.as_ref().map(|key| key.as_str().to_owned()),
            filters: plan.filters.iter().map(filter).collect(),
            max_items: plan.max_items,
        }
    }
}

/// When reading or sealing ends: a quarter of the time before the deadline, but no more than [`WRITING`]. A deadline that is over
/// is none: emulators of Lambda say so.
fn end_of_work(start: Timestamp, deadline: Timestamp) -> Option<Timestamp> {
    let left = deadline.duration_since(start);
    left.is_positive().then(|| deadline - WRITING.min(left / 4))
}

/// A resume token is of one endpoint's listing.
fn check_starting_token(request: &SnapshotRequest, targets: &[Target]) -> Result<(), Faults> {
    let Some(token) = &request.starting_token else {
        return Ok(());
    };
    match targets {
        [target] if target.endpoint_id == token.endpoint_id => Ok(()),
        [target] => {
            let allowed = format!("a token of {}; this one is of {}", target.endpoint_id, token.endpoint_id);
            Err(Fault::without_value("starting_token", allowed).into())
        }
        _ => {
            let allowed =
                format!("goes with one target, {}, and there are {}", token.endpoint_id, targets.len());
            Err(Fault::without_value("starting_token", allowed).into())
        }
    }
}

/// What stands for a target until its capture has ended, and for good when that panics.
fn panicked(target: &Target) -> Entry {
    let message = "the capture ended in a panic, which is a fault of this program; its log says where";
    Entry::failed(target, CaptureError::new("Panic", message))
}

/// One line for each target, with identifiers as fields and nothing of its rows.
fn log(entry: &Entry) {
    let Entry { endpoint_id, outcome, rows, pages, capture_millis, .. } = entry;
    let (outcome, unparsed_values) = (outcome.as_str(), entry.unparsed_values);
    match &entry.error {
        None if unparsed_values > 0 => {
            warn!(
                endpoint_id,
                outcome,
                rows,
                pages,
                capture_millis,
                unparsed_values,
                "captured; some values are kept as text"
            );
        }
        None => info!(endpoint_id, outcome, rows, pages, capture_millis, "captured"),
        Some(CaptureError { code: error_code, message: error_message, request_id }) => {
            error!(
                endpoint_id,
                outcome, rows, pages, capture_millis, error_code, error_message, request_id, "capture failed"
            );
        }
    }
}
