//! The simulated half day: a snapshot each quarter of an hour, faults that a real one could have, the connection logs and the seal.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::capture::run::Report;
use client_vpn_audit::clock::Clock;
use client_vpn_audit::invocation::answer::Answer;
use client_vpn_audit::invocation::handler::{Auditor, InvocationError};
use client_vpn_audit::invocation::request::{Invocation, SnapshotRequest};
use client_vpn_audit::invocation::settings::Settings;
use client_vpn_audit::lake::ledger::Trigger;
use client_vpn_audit::snapshot_time::SnapshotTime;
use client_vpn_sim::{
    AccessStatus, AuthorizationRule, Config, Fault, FaultKind, FaultyAction, Simulator, TimeSource,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::files::DemoFiles;
use super::unusable;

/// Those of twelve hours, and one at their end.
const SNAPSHOTS: i32 = 49;
const INTERVAL: SignedDuration = SignedDuration::from_mins(15);
const ENDPOINTS: usize = 3;
const CONNECTIONS_EACH: usize = 60;
const SEED: u64 = 2;
/// The Region with the largest quota of CloudWatch Logs, half of which is used.
const REGION: &str = "us-east-1";
const LOG_GROUPS: &str = "arn:aws:logs:*:*:log-group:client-vpn";
/// Time from the last snapshot to now: by then, the connection logs of it are due and read, and that hour can be sealed.
const ENDED_BEFORE: SignedDuration = SignedDuration::from_mins(150);
/// Time from the last snapshot to the reading of the connection logs, when the last window is due.
const LOGS_READ_AFTER: SignedDuration = SignedDuration::from_mins(45);

/// Snapshots that nobody takes: 105 minutes lie between the captures around them.
const OUTAGE: std::ops::Range<i32> = 16..22;
/// The snapshot in which EC2 refuses the second endpoint.
const REFUSED: i32 = 30;
/// The snapshot before which a rule is added that lets everybody reach everything.
const RULE_ADDED: i32 = 36;

/// The reports of the simulated time.
pub struct SimulatedTime {
    /// Time of the first snapshot.
    pub from: Timestamp,
    /// Time of the last snapshot.
    pub to: Timestamp,
    pub snapshots: Vec<Report>,
    pub logs: Report,
}

impl SimulatedTime {
    /// Plays twelve hours into the lake, and seals them with the key.
    pub async fn play(files: &DemoFiles) -> Result<SimulatedTime, InvocationError> {
        let now = Clock::system().now();
        let end = now.saturating_sub(ENDED_BEFORE).unwrap_or(now);
        let to = SnapshotTime::truncated(end).timestamp();
        let clock = Clock::manual(to);
        let mut config = Config::fleet(SEED, ENDPOINTS, CONNECTIONS_EACH);
        config.time = TimeSource::Manual(to);
        config.region = REGION.to_owned();
        let account_id = config.account_id.clone();
        let simulator = Simulator::start(config, 0).await.map_err(|error| unusable(&error))?;
        let endpoints = simulator.endpoint_ids();
        let variables = [
            ("AUDIT_LAKE", files.lake.display().to_string()),
            ("AUDIT_TARGETS", endpoints.join(",")),
            ("AUDIT_ACCOUNT_ID", account_id),
            ("AUDIT_CONNECTION_LOG_GROUPS", LOG_GROUPS.to_owned()),
            ("AUDIT_SIGNING_KEY", files.private_key.display().to_string()),
        ];
        let settings = Settings::parse(variables.map(|(name, value)| (name.to_owned(), value)));
        let settings = settings
            .map_err(|faults| InvocationError::InvalidSettings(faults.renamed(crate::args::flag_name)))?;
        let sdk = sdk_config(&simulator);
        // A new one for each snapshot, as after a cold start: each has a budget of calls for the real minute.
        let auditor = || Auditor::new(settings.clone(), sdk.clone(), clock.clone(), Progress::silent());
        let mut snapshots = Vec::new();
        for number in (0..SNAPSHOTS).filter(|number| !OUTAGE.contains(number)) {
            let time = to - INTERVAL * (SNAPSHOTS - 1 - number);
            clock.set(time);
            simulator.set_time(time);
            prepare(&simulator, &endpoints, number);
            let request = SnapshotRequest::new(Trigger::Action, Some(SnapshotTime::truncated(time)));
            let answer = auditor().handle(Invocation::Snapshot(request), &new_run_id(), None).await;
            snapshots.extend(report(answer)?);
        }
        clock.set(to + LOGS_READ_AFTER);
        simulator.set_time(to + LOGS_READ_AFTER);
        let logs = report(auditor().handle(Invocation::Logs, &new_run_id(), None).await)?;
        let logs =
            logs.ok_or_else(|| unusable(&std::io::Error::other("the connection logs have no report")))?;
        // By the real clock: the last hour has been closed since.
        let sealer = Auditor::new(settings, sdk, Clock::system(), Progress::silent());
        sealer.handle(Invocation::Seal { hour: None }, &new_run_id(), None).await?;
        Ok(SimulatedTime { from: to - INTERVAL * (SNAPSHOTS - 1), to, snapshots, logs })
    }

    /// Returns the reports in the order in which they were made.
    pub fn reports(&self) -> impl Iterator<Item = &Report> {
        self.snapshots.iter().chain([&self.logs])
    }

    /// Returns `true` if nothing failed but what was to fail.
    pub fn is_as_planned(&self) -> bool {
        let failed: usize = self.snapshots.iter().map(|report| report.record.failed_targets().count()).sum();
        failed == 1 && self.logs.record.places.iter().all(|place| place.logs_errors().next().is_none())
    }

    /// Returns what went wrong on purpose, in words.
    pub fn in_words(&self) -> String {
        let at =
            |number: i32| SnapshotTime::truncated(self.to - INTERVAL * (SNAPSHOTS - 1 - number)).to_string();
        format!(
            "no snapshot from {} to {}; EC2 refuses an endpoint at {}; a rule for everybody is added at {}.",
            at(OUTAGE.start),
            at(OUTAGE.end - 1),
            at(REFUSED),
            at(RULE_ADDED)
        )
    }
}

fn new_run_id() -> String {
    Uuid::new_v4().to_string()
}

/// Returns the report of a run. Failed targets are in it.
fn report(answer: Result<Answer, InvocationError>) -> Result<Option<Report>, InvocationError> {
    match answer? {
        Answer::Snapshot(report) | Answer::Logs(report) => Ok(Some(*report)),
        _ => Ok(None),
    }
}

/// Lets the simulator misbehave, and somebody change a rule.
fn prepare(simulator: &Simulator, endpoints: &[String], number: i32) {
    simulator.clear_faults();
    if number == REFUSED
        && let Some(endpoint_id) = endpoints.get(1)
    {
        let fault = Fault::always(FaultKind::Unauthorized).at(endpoint_id);
        simulator.inject_into(FaultyAction::DescribeClientVpnConnections, fault);
    }
    if number == RULE_ADDED
        && let Some(endpoint_id) = endpoints.first()
    {
        simulator.change_access(endpoint_id, |access| {
            access.rules.push(AuthorizationRule {
                description: Some("Temporary".to_owned()),
                group_id: None,
                access_all: true,
                destination_cidr: "10.0.0.0/8".to_owned(),
                status: AccessStatus::of("active"),
            });
        });
    }
}

/// Returns a configuration for the simulator alone, whatever profiles and endpoints this machine has.
fn sdk_config(simulator: &Simulator) -> SdkConfig {
    let credentials = Credentials::new("demo", "demo", None, None, "demo");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(simulator.url())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}
