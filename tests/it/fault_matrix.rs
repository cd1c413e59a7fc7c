//! Every fault of EC2 and of the store, at every step, alone and in pairs: no row that was read is lost, none is invented,
//! nothing is called complete that is not, and nothing is overwritten.

mod logs;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::clock::Clock;
use client_vpn_audit::invocation::answer::Answer;
use client_vpn_audit::invocation::handler::{Auditor, InvocationError};
use client_vpn_audit::invocation::settings::Settings;
use client_vpn_audit::lake::ledger::{Entry, Outcome};
use client_vpn_sim::{Fault, FaultKind};
use jiff::SignedDuration;
use proptest::strategy::{Strategy, ValueTree};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::harness::proxy::{Proxy, Rule, Spoil};
use crate::harness::seaweed::Seaweed;
use crate::harness::{IMPATIENT, World, check_many, fleet, real_now, sdk_config, seeded, try_snapshot};

/// Five pages.
const CONNECTIONS: usize = 23;
const PAGES: usize = 5;
/// More than the SDK tries.
const MORE_THAN_THE_SDK_TRIES: usize = 1_000;

/// The faults of one run.
#[derive(Debug, Clone, Default)]
struct Case {
    ec2: Option<Fault>,
    store: Option<Rule>,
}

impl Case {
    /// Returns `true` if rows that were read may be lost, because no put of their objects succeeds.
    fn refuses_rows(&self) -> bool {
        self.refuses_puts().is_some_and(|path| path != "/runs/")
    }

    /// Returns `true` if no run record can be written.
    fn refuses_records(&self) -> bool {
        self.refuses_puts() == Some("/runs/")
    }

    /// The puts that fail for good: a refusal is not tried again.
    fn refuses_puts(&self) -> Option<&'static str> {
        let rule = self.store.filter(|rule| rule.method == "PUT")?;
        (rule.times == MORE_THAN_THE_SDK_TRIES || rule.spoil == Spoil::Refuse).then_some(rule.path)
    }
}

/// Answers of another shape or size than the API's, with the error that each of them must be. A long value is no error.
fn hostile_kinds() -> [(FaultKind, &'static str); 7] {
    [
        (FaultKind::RenamedList, "MalformedResponse"),
        (FaultKind::MemberRows, "MalformedResponse"),
        (FaultKind::ResultWrapper, "MalformedResponse"),
        (FaultKind::HiddenToken, "MalformedResponse"),
        (FaultKind::LargeBody, "LimitExceeded"),
        (FaultKind::LongToken, "LimitExceeded"),
        (FaultKind::LongValue, ""),
    ]
}

fn hostile_faults() -> Vec<Fault> {
    hostile_kinds().into_iter().flat_map(|(kind, _)| at_each_step(kind)).collect()
}

fn ec2_faults() -> Vec<Fault> {
    let kinds = [
        FaultKind::Throttle,
        FaultKind::InternalError,
        FaultKind::Unavailable,
        FaultKind::Unauthorized,
        FaultKind::NotFound,
        FaultKind::Reset,
        FaultKind::CutBody,
        FaultKind::CutBodyUnframed,
        FaultKind::Stall,
        FaultKind::StallBody,
        FaultKind::MalformedXml,
        FaultKind::RepeatToken,
        FaultKind::CycleTokens,
        FaultKind::ExpireToken,
        FaultKind::EmptyPage,
        FaultKind::OddValues,
        FaultKind::LatencyMillis(300),
        FaultKind::UnknownField,
        FaultKind::DuplicateRow,
        FaultKind::WrongEndpointId,
    ];
    kinds.into_iter().flat_map(at_each_step).collect()
}

/// A fault of one page, and of all from one on.
fn at_each_step(kind: FaultKind) -> Vec<Fault> {
    let on_one = [1, 2, 3, PAGES].map(|page| Fault::on(kind.clone(), page));
    let from_one = [1, 3].map(|page| Fault { first: page, ..Fault::always(kind.clone()) });
    [on_one.as_slice(), &from_one].concat()
}

fn store_faults() -> Vec<Rule> {
    let mut rules = Vec::new();
    for spoil in Spoil::ALL {
        for (method, path) in
            [("GET", "list-type=2"), ("PUT", "/connections/"), ("PUT", "/partials/"), ("PUT", "/runs/")]
        {
            for times in [1, 2, MORE_THAN_THE_SDK_TRIES] {
                rules.push(Rule { spoil, method, path, times });
            }
        }
    }
    rules
}

/// Every fault alone; of the store also with a listing that is cut, so that partials are put; and pairs, of hostile answers too.
fn cases() -> Vec<Case> {
    let (ec2, hostile, store) = (ec2_faults(), hostile_faults(), store_faults());
    let alone = ec2.iter().chain(&hostile);
    let mut cases: Vec<Case> = alone.map(|fault| Case { ec2: Some(fault.clone()), store: None }).collect();
    for rule in &store {
        let cut = Fault { first: 3, ..Fault::always(FaultKind::InternalError) };
        let ec2 = (rule.path == "/partials/").then_some(cut);
        cases.push(Case { ec2, store: Some(*rule) });
    }
    let mut runner = seeded();
    for (faults, pairs) in [(ec2, 100), (hostile, 40)] {
        let drawn = (proptest::sample::select(faults), proptest::sample::select(store.clone()));
        for _ in 0..pairs {
            let (fault, rule) = drawn.new_tree(&mut runner).unwrap().current();
            cases.push(Case { ec2: Some(fault), store: Some(rule) });
        }
    }
    cases
}

/// One run of the matrix: a snapshot with the faults, and the same event again without.
struct Ran {
    case: Case,
    location: String,
    served_first: serde_json::Value,
    served: serde_json::Value,
    first: Result<Answer, InvocationError>,
    again: Entry,
    /// A copy of the lake as the faults left it.
    _world: World,
}

async fn run(case: Case, seaweed: &Seaweed, location: String) -> Ran {
    let world = World::new(fleet(1, CONNECTIONS)).await;
    let proxy = Proxy::start(&world.simulator.url(), &seaweed.url()).await;
    let variables = world.variables(&[("AUDIT_LAKE", &location), ("AUDIT_PAGE_SIZE", "5"), IMPATIENT]);
    let sdk = sdk_config(proxy.url(), "eu-central-1");
    let auditor = Auditor::new(Settings::parse(variables).unwrap(), sdk, Clock::system(), Progress::silent());
    case.ec2.iter().for_each(|fault| world.simulator.inject(fault.clone()));
    proxy.spoil(case.store.as_slice());
    // Pages without rows and with ever new tokens have no end but the deadline.
    let is_endless =
        case.ec2.as_ref().is_some_and(|fault| fault.kind == FaultKind::EmptyPage && fault.last > PAGES);
    let seconds = if is_endless { 4 } else { 120 };
    let deadline = Clock::system().now() + SignedDuration::from_secs(seconds);
    let time = real_now();
    let event = json!({"action": "snapshot", "time": time});
    let first =
        crate::harness::handle(&auditor, &event, "8f5a2c9e-0000-4000-8000-000000000001", Some(deadline))
            .await;
    let served_first = json!(world.simulator.served());
    world.simulator.clear_faults();
    proxy.spoil(&[]);
    let Answer::Snapshot(report) = try_snapshot(&auditor, json!({"time": time})).await.unwrap() else {
        unreachable!()
    };
    let again = report.record.targets.into_iter().next().unwrap();
    Ran { case, location, served_first, served: json!(world.simulator.served()), first, again, _world: world }
}

/// Returns the problems of a run that the ledger or the answer shows.
fn problems(ran: &Ran) -> Vec<String> {
    let mut problems = Vec::new();
    let entry = match &ran.first {
        Ok(Answer::Snapshot(report)) => Some(&report.record.targets[0]),
        Err(InvocationError::RunRecord { report, .. })
            if ran.case.store.is_some_and(|rule| rule.path != "/connections/") =>
        {
            Some(&report.record.targets[0])
        }
        other => {
            problems.push(format!("ended with {other:?}"));
            None
        }
    };
    if let Some(entry) = entry {
        let (rows, rows_read) = (entry.rows(), entry.tally.rows_read);
        let kept = rows == rows_read || entry.outcome == Outcome::AlreadyCaptured;
        if !kept && !ran.case.refuses_rows() {
            problems.push(format!("{rows_read} rows were read and {rows} written"));
        }
        if entry.outcome != Outcome::Complete
            && entry.outcome != Outcome::AlreadyCaptured
            && entry.error.is_none()
        {
            problems.push(format!("is {:?} and does not say why", entry.outcome));
        }
    }
    if let (Some(entry), Some(expected)) = (entry, error_of_hostile(&ran.case)) {
        let code = entry.error.as_ref().map_or("", |error| error.code.as_str());
        // So large a body may take longer than the call may.
        let is_late = expected == "LimitExceeded" && code == "Timeout";
        if code != expected && !is_late {
            problems.push(format!("a hostile answer is the error {code:?} and not {expected:?}"));
        }
    }
    if !matches!(ran.again.outcome, Outcome::Complete | Outcome::AlreadyCaptured) {
        problems.push(format!("the run without faults is {:?}: {:?}", ran.again.outcome, ran.again.error));
    }
    problems
}

/// Returns the error of a run whose answers are all hostile from a page on; `None` for other runs.
fn error_of_hostile(case: &Case) -> Option<&'static str> {
    let fault = case.ec2.as_ref().filter(|fault| case.store.is_none() && fault.last > PAGES)?;
    hostile_kinds().into_iter().find_map(|(kind, code)| (kind == fault.kind).then_some(code))
}

/// Returns the pages that were served as the lake must have them: a value of more than 64 KiB is null in its column, and
/// `unparsed` has its beginning and its length.
fn as_kept(served: &serde_json::Value) -> serde_json::Value {
    const LONGEST: usize = 64 << 10;
    let mut served = served.clone();
    for page in served.as_array_mut().unwrap() {
        let mut long = None;
        for row in page["connections"].as_array_mut().unwrap() {
            if row["username"].as_str().is_some_and(|name| name.len() > LONGEST) {
                long = Some(row["username"].take());
            }
        }
        // The fault gives all rows of a page the same name.
        if let Some(name) = long.as_ref().and_then(serde_json::Value::as_str) {
            page["unknownFields"]["username"] = json!(name[..LONGEST]);
            page["unknownFields"]["username#length"] = json!(name.len().to_string());
        }
    }
    served
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python and SeaweedFS")]
async fn no_row_is_lost_or_invented_and_nothing_is_called_complete_that_is_not() {
    let seaweed = Seaweed::shared();
    let bucket = versioned_bucket(&seaweed).await;
    let cases = cases();
    let permits = Arc::new(Semaphore::new(12));
    let mut running = JoinSet::new();
    for (number, case) in cases.into_iter().enumerate() {
        let (seaweed, permits, location) =
            (seaweed.clone(), permits.clone(), format!("s3://{bucket}/run-{number:03}"));
        running.spawn(async move {
            let _permit = permits.acquire().await;
            run(case, &seaweed, location).await
        });
    }
    let runs = running.join_all().await;
    let lakes: Vec<_> = runs.iter().map(|ran| (ran.location.clone(), as_kept(&ran.served))).collect();
    let environment = seaweed.environment();
    let environment: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let checked = check_many(&lakes, &environment);

    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (ran, checked) in runs.iter().zip(&checked) {
        let mut count = |what, number| *counts.entry(what).or_insert(0) += number;
        count("runs", 1);
        count(
            "rows served to the faulty runs",
            ran.served_first.as_array().unwrap().iter().map(rows_of).sum(),
        );
        // Rows that no store accepted cannot be kept, and odd values do not come again.
        let lost = if ran.case.refuses_rows() { 0 } else { checked.connection_ids_missing };
        count("rows lost", lost);
        count("false completes", checked.false_completes.len());
        let outcome = match &ran.first {
            Ok(Answer::Snapshot(report)) => report.record.targets[0].outcome.as_str(),
            _ => "no run record",
        };
        count(outcome, 1);
        // A record that could not be written leaves an object that the ledger does not know.
        let known =
            |problem: &&String| !(ran.case.refuses_records() && problem.contains("not in the ledger"));
        let found: Vec<_> = checked.problems.iter().filter(known).cloned().chain(problems(ran)).collect();
        count(
            "rows invented or wrong",
            checked.problems.iter().filter(|text| text.starts_with("page ")).count(),
        );
        if lost > 0 || !checked.false_completes.is_empty() || !found.is_empty() {
            wrong.push(format!("{:?}: {checked:?} {found:?}", ran.case));
        }
    }
    let overwritten = overwritten(&seaweed, &bucket).await;
    counts.insert("objects overwritten", overwritten.len());
    println!("{counts:#?}");
    assert_eq!(wrong, Vec::<String>::new(), "{counts:#?}");
    assert_eq!(overwritten, Vec::<String>::new());
    assert!(counts["runs"] >= 200 && counts.len() >= 9, "{counts:#?}");
}

fn rows_of(page: &serde_json::Value) -> usize {
    page["connections"].as_array().map_or(0, Vec::len)
}

async fn versioned_bucket(seaweed: &Seaweed) -> String {
    let bucket = seaweed.bucket().await;
    let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let admin = Client::new(&seaweed.sdk_admin());
    admin.put_bucket_versioning().bucket(&bucket).versioning_configuration(versions).send().await.unwrap();
    bucket
}

/// Keys with more than one version.
async fn overwritten(seaweed: &Seaweed, bucket: &str) -> Vec<String> {
    let client = Client::new(&seaweed.sdk());
    let mut versions: BTreeMap<String, usize> = BTreeMap::new();
    let (mut key_marker, mut version_marker) = (None, None);
    loop {
        let page = client.list_object_versions().bucket(bucket);
        let page =
            page.set_key_marker(key_marker).set_version_id_marker(version_marker).send().await.unwrap();
        for version in page.versions() {
            *versions.entry(version.key().unwrap().to_owned()).or_default() += 1;
        }
        if page.is_truncated() != Some(true) {
            break;
        }
        (key_marker, version_marker) = (page.next_key_marker, page.next_version_id_marker);
    }
    assert!(versions.len() > 400, "{}", versions.len());
    versions.into_iter().filter(|(_, count)| *count > 1).map(|(key, _)| key).collect()
}
