//! One invocation, stage by stage: the same for the Lambda and the command line.

mod endpoint_count;
mod logs;

use std::sync::Arc;

use aws_config::SdkConfig;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::OnceCell;

use crate::aws::ec2::{Filter, Places};
use crate::aws::identity::{IdentityError, OwnSession, own_account};
use crate::aws::logs::LogPlaces;
use crate::capture::plan::Spread;
use crate::capture::preflight::Preflight;
use crate::capture::request::{CaptureRequest, Progress};
use crate::capture::run::{Permits, Report, Run};
use crate::clock::Clock;
use crate::error_code::ErrorCode;
use crate::hour::Hour;
use crate::invalid_input::{InvalidInput, InvalidInputs};
use crate::invocation::answer::Answer;
use crate::invocation::request::{Invocation, SnapshotRequest};
use crate::invocation::settings::Settings;
use crate::lake::ledger::{FilterInForce, SettingsInForce, Trigger};
use crate::lake::parquet::check_temporary_space;
use crate::lake::store::{Store, StoreError};
use crate::proof::coverage;
use crate::proof::seal::{SealReport, Sealer};
use crate::proof::signing::{Signer, SigningError};
use crate::run_id::RunId;
use crate::snapshot_time::SnapshotTime;
use crate::target::{AccountRegion, PlaceTargets, Region, TargetText};

/// Longest time that is reserved for writing what was read and the run record.
const MAX_WRITE_TIME: SignedDuration = SignedDuration::from_secs(20);

/// The handler of invocations. Settings are checked and clients are created once, when it is created.
#[derive(Debug)]
pub struct Auditor {
    settings: Settings,
    sdk: SdkConfig,
    own: Arc<OwnSession>,
    sources: Arc<Places>,
    log_sources: Arc<LogPlaces>,
    store: Store,
    clock: Clock,
    progress: Progress,
    signer: OnceCell<Signer>,
    home: OnceCell<AccountRegion>,
}

/// An error that fails an invocation.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// The settings are wrong; nothing was done.
    #[error("{0}")]
    InvalidSettings(InvalidInputs),
    /// The event is wrong; nothing was done.
    #[error("{0}")]
    InvalidEvent(InvalidInputs),
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
    #[error("a run record was not written, so what it tells does not count: {problem}")]
    RunRecord {
        /// The cause.
        problem: String,
        /// The record.
        report: Box<Report>,
    },
}

impl InvocationError {
    /// Returns the stable word for Lambda's answer and for scripts.
    pub fn code(&self) -> ErrorCode {
        match self {
            InvocationError::InvalidSettings(_) => ErrorCode::InvalidSettings,
            InvocationError::InvalidEvent(_) => ErrorCode::InvalidEvent,
            InvocationError::Identity(error) => error.code.clone(),
            InvocationError::Signing(error) => error.code.clone(),
            InvocationError::Lake(error) => error.code.clone(),
            InvocationError::RunRecord { .. } => ErrorCode::RunRecordNotWritten,
        }
    }
}

impl Auditor {
    /// Makes the clients that `settings` ask for.
    pub fn new(settings: Settings, sdk: SdkConfig, clock: Clock, progress: Progress) -> Auditor {
        let (sdk, own) = OwnSession::begin(sdk, clock.clone());
        let (limits, role) = (settings.limits, settings.member_role.clone());
        let sources = Places::new(sdk.clone(), own.clone(), limits, clock.clone(), role);
        let sources = Arc::new(sources);
        let store = Store::new(&settings.lake, &sdk, settings.kms_key.clone());
        let store = store.owned_by(settings.lake_account.as_ref());
        let log_sources = Arc::new(LogPlaces::new(sources.clone()));
        let (signer, home) = (OnceCell::new(), OnceCell::new());
        Auditor { settings, sdk, own, sources, log_sources, store, clock, progress, signer, home }
    }

    /// Returns the value of the dimension `Stack` of all metrics.
    pub fn stack(&self) -> Option<&str> {
        self.settings.stack.as_deref()
    }

    /// Returns `true` if each endpoint has metrics of its own.
    pub fn endpoint_metrics(&self) -> bool {
        self.settings.endpoint_metrics
    }

    /// Returns the request that `read` makes of an event or of flags at the current time.
    ///
    /// # Errors
    /// Returns [`InvocationError::InvalidEvent`] with the faults of the request and those of the configured targets.
    pub fn request(
        &self,
        read: impl FnOnce(Timestamp) -> Result<Invocation, InvalidInputs>,
    ) -> Result<Invocation, InvocationError> {
        read(self.clock.now())
            .map_err(|faults| InvocationError::InvalidEvent(self.with_those_of_the_targets(faults)))
    }

    /// Carries out one invocation, which ends at `deadline` if there is one.
    ///
    /// # Errors
    /// Returns an error if it was refused, or if its result could not be recorded. Targets that failed are in the answer.
    pub async fn handle(
        &self,
        invocation: Invocation,
        request_id: &str,
        deadline: Option<Timestamp>,
    ) -> Result<Answer, InvocationError> {
        match invocation {
            Invocation::Snapshot(request) => {
                let home = self.home().await?;
                let targets = self.targets(home, request.targets.as_deref())?;
                request.check_starting_token(&targets).map_err(InvocationError::InvalidEvent)?;
                self.snapshot(home, request, targets, RunId::new(request_id), deadline).await
            }
            Invocation::Seal { hour } => self.seal(hour, deadline).await.map(Answer::Seal),
            Invocation::Preflight => self.preflight(RunId::new(request_id)).await,
            Invocation::Logs => self.logs(RunId::new(request_id), deadline).await,
            Invocation::Plan { snapshot_time } => self.plan(snapshot_time, RunId::new(request_id)).await,
        }
    }

    async fn preflight(&self, run_id: RunId) -> Result<Answer, InvocationError> {
        let home = self.home().await?;
        let wanted = self.targets(home, None)?;
        let Auditor { own, sources, store, clock, .. } = self;
        let (logs, run_id) = (&self.logs_request(), &run_id);
        let preflight = Preflight { own, sources, logs, store, clock, home, run_id };
        let lake = self.settings.lake.to_string();
        Ok(Answer::Preflight { checks: preflight.checks(&wanted, self.max_concurrency(&wanted), lake).await })
    }

    async fn plan(
        &self,
        snapshot_time: Option<SnapshotTime>,
        run_id: RunId,
    ) -> Result<Answer, InvocationError> {
        let home = self.home().await?;
        let wanted = self.targets(home, None)?;
        let snapshot_time = snapshot_time.unwrap_or_else(|| SnapshotTime::truncated(self.clock.now()));
        Ok(Answer::Plan(match self.settings.spread_above {
            Some(above) => Spread::new(snapshot_time, &self.counted(home, wanted, &run_id).await, above),
            None => Spread::never(snapshot_time),
        }))
    }

    /// Returns the faults of an event, and those of the configured targets if the own account need not be looked up: all
    /// faults are reported at once.
    fn with_those_of_the_targets(&self, mut faults: InvalidInputs) -> InvalidInputs {
        let region = faults.keep(self.region());
        if let (Some(account_id), Some(region)) = (self.settings.account_id.clone(), region) {
            let targets =
                self.settings.targets_at(&AccountRegion { account_id, region }, None, "AUDIT_TARGETS");
            faults.extend(targets.err().unwrap_or_default());
        }
        faults
    }

    fn region(&self) -> Result<Region, InvalidInput> {
        let region = self.sdk.region().map(|region| region.as_ref()).unwrap_or_default();
        let not_set = "is not set; set it to a Region such as eu-central-1";
        Region::parse(region).ok_or_else(|| match region {
            "" => InvalidInput::without_value("AWS_REGION", not_set),
            other => InvalidInput::new("AWS_REGION", other, "a Region such as eu-central-1"),
        })
    }

    async fn home(&self) -> Result<&AccountRegion, InvocationError> {
        self.home.get_or_try_init(|| self.find_home()).await
    }

    async fn find_home(&self) -> Result<AccountRegion, InvocationError> {
        let region = self.region().map_err(|fault| InvocationError::InvalidSettings(fault.into()))?;
        let account_id = match &self.settings.account_id {
            Some(account_id) => account_id.clone(),
            None => own_account(&self.sdk).await.map_err(InvocationError::Identity)?,
        };
        Ok(AccountRegion { account_id, region })
    }

    fn targets(
        &self,
        home: &AccountRegion,
        texts: Option<&[TargetText]>,
    ) -> Result<Vec<PlaceTargets>, InvocationError> {
        match texts {
            Some(_) => {
                self.settings.targets_at(home, texts, "targets").map_err(InvocationError::InvalidEvent)
            }
            None => self
                .settings
                .targets_at(home, None, "AUDIT_TARGETS")
                .map_err(InvocationError::InvalidSettings),
        }
    }

    /// Seals the lake, and reports the age of the newest complete captures.
    async fn seal(
        &self,
        hour: Option<Hour>,
        deadline: Option<Timestamp>,
    ) -> Result<SealReport, InvocationError> {
        let Auditor { store, clock, .. } = self;
        let signer = async || Signer::new(self.settings.signing_key.as_ref(), &self.sdk);
        let signer = self.signer.get_or_try_init(signer).await.map_err(InvocationError::Signing)?;
        // Without targets, everything in the lake is sealed, and the own account is not needed.
        let wanted = match self.settings.targets.as_slice() {
            [] => Vec::new(),
            _ => self.targets(self.home().await?, None)?,
        };
        let places: Vec<AccountRegion> = wanted.iter().map(|wanted| wanted.place.clone()).collect();
        let sealer = Sealer::new(store, &self.settings.lake, signer, clock);
        let deadline = deadline.and_then(|deadline| end_of_work(clock.now(), deadline));
        let sealed = sealer.seal(&places, hour, deadline).await.map_err(InvocationError::Lake)?;
        let oldest_complete_age_minutes = match wanted.as_slice() {
            [] => Ok(None),
            wanted => coverage::oldest_complete_age(store, wanted, clock.now()).await.map(Some),
        };
        Ok(SealReport {
            sealed,
            signed: !matches!(signer, Signer::Unsigned),
            oldest_complete_age_minutes: oldest_complete_age_minutes.map_err(InvocationError::Lake)?,
        })
    }

    async fn snapshot(
        &self,
        home: &AccountRegion,
        request: SnapshotRequest,
        wanted: Vec<PlaceTargets>,
        run_id: RunId,
        deadline: Option<Timestamp>,
    ) -> Result<Answer, InvocationError> {
        let start = self.clock.now();
        let resumed_size = request.starting_token.as_ref().map(|token| token.page_size);
        let plan = CaptureRequest {
            snapshot_time: request.snapshot_time.unwrap_or_else(|| SnapshotTime::truncated(start)),
            run_id,
            filters: request.filters,
            page_size: resumed_size.or(request.page_size).unwrap_or(self.settings.page_size),
            max_items: request.max_items,
            starting_token: request.starting_token,
            deadline: deadline.and_then(|deadline| end_of_work(start, deadline)),
            temporary_space: check_temporary_space(self.max_concurrency(&wanted)),
        };
        let run = Arc::new(Run {
            trigger: request.trigger,
            is_scheduled: request.snapshot_time.is_some(),
            ..self.run(home, plan, start, wanted.len())
        });
        recorded(run.places(wanted).await).map(Answer::Snapshot)
    }

    /// Returns a run over so many accounts and Regions that was started by hand and reads no connection logs.
    fn run(&self, home: &AccountRegion, plan: CaptureRequest, start: Timestamp, places: usize) -> Run {
        Run {
            settings: self.settings_in_force(&plan),
            plan: Arc::new(plan),
            logs: None,
            trigger: Trigger::Action,
            is_scheduled: false,
            start,
            home: home.account_id.clone(),
            sources: self.sources.clone(),
            store: self.store.clone(),
            clock: self.clock.clone(),
            progress: self.progress.clone(),
            permits: Permits::new(self.settings.concurrency, places),
            is_fleet: places > 1,
        }
    }

    /// Returns the largest number of targets captured at a time.
    fn max_concurrency(&self, wanted: &[PlaceTargets]) -> usize {
        if wanted.iter().any(|wanted| wanted.all) {
            return self.settings.concurrency;
        }
        let named = wanted.iter().map(|wanted| wanted.endpoint_ids.len()).sum();
        self.settings.concurrency.min(named)
    }

    /// Returns the settings in force, without the targets, which each record lists itself.
    fn settings_in_force(&self, plan: &CaptureRequest) -> SettingsInForce {
        let Settings { lake, concurrency, limits, kms_key, connection_log_groups, .. } = &self.settings;
        let filter = |filter: &Filter| FilterInForce { name: filter.name, values: filter.values.len() };
        SettingsInForce {
            lake: lake.to_string(),
            targets: Vec::new(),
            named_twice: Vec::new(),
            page_size: plan.page_size.get(),
            concurrency: *concurrency,
            call_timeout_seconds: limits.call_timeout.as_secs(),
            max_attempts: limits.max_attempts,
            kms_key: kms_key.as_ref().map(|key| key.as_str().to_owned()),
            filters: plan.filters.iter().map(filter).collect(),
            max_items: plan.max_items,
            connection_log_groups: connection_log_groups.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Returns the report of a run, if all of it is on record.
fn recorded((report, problems): (Report, Vec<String>)) -> Result<Box<Report>, InvocationError> {
    let report = Box::new(report);
    match problems.as_slice() {
        [] => Ok(report),
        problems => Err(InvocationError::RunRecord { problem: problems.join("; "), report }),
    }
}

/// Returns the end of reading or sealing: before the deadline by a quarter of the time left, but by no more than
/// [`MAX_WRITE_TIME`]. Returns `None` for a deadline that has passed: emulators of Lambda send such deadlines.
fn end_of_work(start: Timestamp, deadline: Timestamp) -> Option<Timestamp> {
    let left = deadline.duration_since(start);
    left.is_positive().then(|| deadline - MAX_WRITE_TIME.min(left / 4))
}
