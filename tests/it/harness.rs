//! A simulated EC2, a lake, and the handler between them; and readers that share no code with it.

pub mod cases;
pub mod emulator;
pub mod gate;
pub mod generated_blocks;
pub mod hostile;
pub mod merged_tables;
pub mod moto;
pub mod mutations;
pub mod proxy;
pub mod sealed;
pub mod seaweed;
pub mod session_columns;
pub mod stub;
pub mod trino;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::capture::run::Report;
use client_vpn_audit::clock::Clock;
use client_vpn_audit::invocation::answer::Answer;
use client_vpn_audit::invocation::handler::{Auditor, InvocationError};
use client_vpn_audit::invocation::settings::Settings;
use client_vpn_audit::snapshot_time::SnapshotTime;
use client_vpn_sim::{Config, Simulator, TimeSource};
use jiff::{SignedDuration, Timestamp};
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The time of every scenario whose program uses the world's clock. A program that uses the machine's clock refuses this time as
/// too old, and gets [`real_now`].
pub const NOW: &str = "2025-11-23T09:00:00Z";

/// The setting of a test whose answers never come: a call ends after a second, which a busy machine needs for a proper answer.
pub const IMPATIENT: (&str, &str) = ("AUDIT_CALL_TIMEOUT_SECONDS", "1");

pub fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// The time of the machine's clock in whole seconds, as events and `--time` write it, for programs that go by that clock.
pub fn real_now() -> String {
    SnapshotTime::truncated(Clock::system().now()).to_string()
}

/// The same, some minutes ago.
pub fn minutes_ago(minutes: i64) -> String {
    let then = Clock::system().now() - SignedDuration::from_mins(minutes);
    SnapshotTime::truncated(then).to_string()
}

/// `connections` connections on each of `endpoints` endpoints, at [`NOW`].
pub fn fleet(endpoints: usize, connections: usize) -> Config {
    Config {
        time: TimeSource::Manual(now()),
        record_served: true,
        ..Config::fleet(1, endpoints, connections)
    }
}

/// The simulator, and a directory for the lake.
pub struct World {
    pub simulator: Simulator,
    pub clock: Clock,
    directory: TempDir,
    account_id: String,
    region: String,
}

impl World {
    pub async fn new(config: Config) -> World {
        let (account_id, region) = (config.account_id.clone(), config.region.clone());
        World {
            simulator: Simulator::start(config, 0).await.unwrap(),
            clock: Clock::manual(now()),
            directory: TempDir::new().unwrap(),
            account_id,
            region,
        }
    }

    /// The directory of the lake, which is not there before something is written.
    pub fn lake(&self) -> PathBuf {
        self.directory.path().join("lake")
    }

    /// Every file of the lake, relative to it, in order.
    pub fn files(&self) -> Vec<String> {
        files_under(&self.lake())
    }

    /// The settings that a test does not set itself; calls are tried twice, each for as long as a busy machine needs.
    pub fn variables(&self, own: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut variables = vec![
            ("AUDIT_TARGETS".to_owned(), self.simulator.endpoint_ids().join(",")),
            ("AUDIT_LAKE".to_owned(), self.lake().display().to_string()),
            ("AUDIT_ACCOUNT_ID".to_owned(), self.account_id.clone()),
            ("AUDIT_MAX_ATTEMPTS".to_owned(), "2".to_owned()),
            ("AUDIT_CALL_TIMEOUT_SECONDS".to_owned(), "60".to_owned()),
        ];
        variables.extend(own.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())));
        variables
    }

    /// EC2 and STS at the simulator.
    pub fn sdk(&self) -> SdkConfig {
        sdk_config(&self.simulator.url(), &self.region)
    }

    pub fn auditor(&self, own: &[(&str, &str)]) -> Auditor {
        self.auditor_with(own, Progress::silent())
    }

    /// An auditor that reports its progress.
    pub fn auditor_with(&self, own: &[(&str, &str)], progress: Progress) -> Auditor {
        let settings = Settings::parse(self.variables(own)).unwrap();
        Auditor::new(settings, self.sdk(), self.clock.clone(), progress)
    }

    /// Takes a snapshot of [`NOW`] with the pages that `page_size` makes.
    pub async fn snapshot(&self, page_size: &str) -> Report {
        snapshot(&self.auditor(&[("AUDIT_PAGE_SIZE", page_size)]), json!({})).await
    }

    /// Holds the lake against what the simulator served.
    pub fn check(&self) -> Checked {
        self.check_at(&self.lake().display().to_string(), &[])
    }

    /// Holds the lake at `location` against what the simulator served.
    pub fn check_at(&self, location: &str, environment: &[(&str, &str)]) -> Checked {
        let served = self.directory.path().join("served.json");
        std::fs::write(&served, serde_json::to_vec(&self.simulator.served()).unwrap()).unwrap();
        let checked = python("check_lake.py", &[location, served.to_str().unwrap()], environment);
        serde_json::from_value(checked).unwrap()
    }

    /// The lake as pyarrow and DuckDB read it.
    pub fn read(&self) -> Value {
        python("read_lake.py", &[self.lake().to_str().unwrap()], &[])
    }
}

/// The findings of `tests/python/check_lake.py`.
#[derive(Debug, Deserialize)]
pub struct Checked {
    /// Rows that the simulator served.
    pub served: usize,
    /// Rows in `connections`.
    pub connections: usize,
    /// Rows in `partials`.
    pub partials: usize,
    /// Served pages that do not lie whole, in order and value by value, in the lake.
    pub pages_not_whole_in_the_lake: Vec<String>,
    /// Served connections of which no row lies in the lake.
    pub connection_ids_missing: usize,
    /// Objects of `connections` that are not the whole of a listing that came to its end.
    pub false_completes: Vec<String>,
    /// Problems that no fault excuses.
    pub problems: Vec<String>,
}

impl Checked {
    /// Every page that was served lies in the lake, and nothing else does.
    pub fn assert_whole(&self) {
        assert_eq!(self.problems, Vec::<String>::new());
        assert_eq!(self.false_completes, Vec::<String>::new());
        assert_eq!(self.pages_not_whole_in_the_lake, Vec::<String>::new());
        assert_eq!(self.connections + self.partials, self.served);
    }
}

/// Holds many lakes against what was served, in one go: pairs of a lake's location and what the simulator served.
pub fn check_many(lakes: &[(String, Value)], environment: &[(&str, &str)]) -> Vec<Checked> {
    let directory = TempDir::new().unwrap();
    let pairs = lakes.iter().enumerate().map(|(number, (location, served))| {
        let path = directory.path().join(format!("{number}.json"));
        std::fs::write(&path, served.to_string()).unwrap();
        json!([location, path])
    });
    let list = directory.path().join("lakes.json");
    std::fs::write(&list, Value::Array(pairs.collect()).to_string()).unwrap();
    let checked = python("check_lake.py", &["--many", list.to_str().unwrap()], environment);
    serde_json::from_value(checked).unwrap()
}

/// A client that reaches the simulator and nothing else.
pub fn sdk_config(url: &str, region: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials()))
        .build()
}

fn credentials() -> Credentials {
    Credentials::new("test", "testsecret", None, None, "test")
}

/// Takes a snapshot of [`NOW`] with `fields` in the event.
pub async fn snapshot(auditor: &Auditor, fields: Value) -> Report {
    match try_snapshot(auditor, fields).await.unwrap() {
        Answer::Snapshot(report) => *report,
        other => panic!("no report but {other:?}"),
    }
}

pub async fn try_snapshot(auditor: &Auditor, fields: Value) -> Result<Answer, InvocationError> {
    let mut payload = json!({"action": "snapshot", "time": NOW});
    payload.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    handle(auditor, &payload, "8f5a2c9e-0000-4000-8000-000000000001", None).await
}

/// Carries out an event as the function does.
pub async fn handle(
    auditor: &Auditor,
    payload: &Value,
    request_id: &str,
    deadline: Option<jiff::Timestamp>,
) -> Result<Answer, InvocationError> {
    let invocation = auditor.request(|now| client_vpn_audit::invocation::event::parse(payload, now))?;
    auditor.handle(invocation, request_id, deadline).await
}

/// Outcomes of the targets, in order.
pub fn outcomes(report: &Report) -> Vec<&'static str> {
    report.record.targets.iter().map(|entry| entry.outcome.as_str()).collect()
}

/// Error codes of the targets, in order; empty for none.
pub fn error_codes(report: &Report) -> Vec<&str> {
    let code = |entry| {
        Option::as_ref(entry)
            .map_or("", |error: &client_vpn_audit::lake::ledger::CaptureError| error.code.as_str())
    };
    report.record.targets.iter().map(|entry| code(&entry.error)).collect()
}

pub fn files_under(root: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    files.sort();
    files
}

/// Copies every file of a folder into another one.
pub fn copy(from: &Path, to: &Path) {
    for file in files_under(from) {
        let target = to.join(&file);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(from.join(&file), target).unwrap();
    }
}

/// Returns a runner that draws the same values in every run.
pub fn seeded() -> TestRunner {
    let seed = b"the same draws in every run, always";
    TestRunner::new_with_rng(
        proptest::test_runner::Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &seed[..32]),
    )
}

/// The virtual environment that `tests/run` makes.
pub fn venv() -> PathBuf {
    made_by_tests_run("CLIENT_VPN_AUDIT_VENV")
}

/// The virtual environment of the template's checks, with moto's interpreter of Step Functions.
pub fn template_venv() -> PathBuf {
    made_by_tests_run("CLIENT_VPN_AUDIT_TEMPLATE_VENV")
}

fn made_by_tests_run(name: &str) -> PathBuf {
    match option_env_at_run_time(name) {
        Some(venv) => venv.into(),
        None => panic!(
            "{name} is not set: run the tests with `tests/run`, which sets it, and mark a test that needs it as the others in \
             tests/it that need a tool"
        ),
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's own setting")]
pub fn option_env_at_run_time(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Runs a script of `tests/python` and reads the JSON that it prints.
pub fn python(script: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python");
    let output = Command::new(venv().join("bin/python"))
        .arg(format!("{folder}/{script}"))
        .args(arguments)
        .envs([
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "testsecret"),
            ("AWS_REGION", "us-east-1"),
        ])
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{script}: {}\n{}", text(&output.stdout), text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs the command line against the simulator, with none of this machine's own AWS settings.
pub fn command_line(world: &World, arguments: &[&str]) -> Output {
    command(env!("CARGO_BIN_EXE_client-vpn-audit"), &world.simulator.url()).args(arguments).output().unwrap()
}

/// A program that finds the simulator, and none of this machine's own AWS settings.
pub fn command(program: &str, url: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs([
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "testsecret"),
            ("AWS_REGION", "eu-central-1"),
        ])
        .envs([
            ("AWS_ENDPOINT_URL_EC2", url),
            ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", url),
            ("AWS_ENDPOINT_URL_STS", url),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ])
        // Without optimisation, reading all public authorities takes most of a second of each start.
        .env("SSL_CERT_FILE", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/amazon-root-ca-3.pem"))
        .stdin(Stdio::null());
    command
}
