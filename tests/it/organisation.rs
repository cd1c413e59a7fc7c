//! Many accounts and Regions: what is out of reach is named, and harms nothing else.

mod credentials;
mod discovery;

use std::collections::{BTreeMap, BTreeSet};

use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::invocation::answer::Answer;
use client_vpn_audit::invocation::handler::Auditor;
use client_vpn_audit::invocation::settings::Settings;
use client_vpn_sim::{Config, EndpointConfig, Fault, FaultKind, MemberRole as SimulatedRole, TimeSource};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::emulator::{Emulator, Invoked};
use crate::harness::{NOW, World, command, now, outcomes, python, real_now, snapshot, template_venv};

const REGIONS: [&str; 4] = ["eu-central-1", "us-east-1", "eu-west-1", "ap-south-1"];
const ROLE: &str = "audit/client-vpn-audit";
const EXTERNAL_ID: &str = "3f9c:0d";
/// Every endpoint of every account and Region that the settings name.
const EVERYWHERE: &str = "arn:aws:ec2:*:*:client-vpn-endpoint/*";

fn organisation(accounts: usize, regions: usize, endpoints: usize, connections: usize) -> Config {
    let name = ROLE.rsplit('/').next().unwrap().to_owned();
    Config {
        time: TimeSource::Manual(now()),
        record_served: true,
        member_role: Some(SimulatedRole { name, external_id: Some(EXTERNAL_ID.to_owned()) }),
        ..Config::organisation(1, accounts, &REGIONS[..regions], endpoints, connections)
    }
}

/// The settings of a function that captures all of it.
fn everywhere(world: &World) -> Vec<(String, String)> {
    let (mut accounts, mut regions) = (BTreeSet::new(), BTreeSet::new());
    for (account, region, _) in world.simulator.endpoints() {
        accounts.insert(account);
        regions.insert(region);
    }
    let list = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(",");
    world.variables(&[
        ("AUDIT_TARGETS", EVERYWHERE),
        ("AUDIT_ACCOUNTS", &list(accounts)),
        ("AUDIT_REGIONS", &list(regions)),
        ("AUDIT_MEMBER_ROLE", ROLE),
        ("AUDIT_EXTERNAL_ID", EXTERNAL_ID),
        ("AUDIT_CONCURRENCY", "20"),
    ])
}

fn auditor_of(world: &World, own: &[(&str, &str)]) -> Auditor {
    auditor_with(world, own, Progress::silent())
}

fn auditor_with(world: &World, own: &[(&str, &str)], progress: Progress) -> Auditor {
    let own = own.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
    let settings = Settings::parse(everywhere(world).into_iter().chain(own)).unwrap();
    Auditor::new(settings, world.sdk(), world.clock.clone(), progress)
}

/// Accounts of the fleet, the own one first.
fn accounts(world: &World) -> Vec<String> {
    let mut accounts: Vec<String> = Vec::new();
    for (account, _, _) in world.simulator.endpoints() {
        if !accounts.contains(&account) {
            accounts.push(account);
        }
    }
    accounts
}

fn at(minutes: i64) -> String {
    (now() - SignedDuration::from_hours(2) + SignedDuration::from_mins(minutes)).to_string()
}

/// Forty accounts in four Regions with 200 endpoints, two roles that refuse, and a Region that is down.
async fn broken_organisation() -> (World, BTreeSet<String>) {
    let world = World::new(organisation(40, 4, 1, 23)).await;
    let accounts = accounts(&world);
    for (number, account) in accounts.iter().enumerate() {
        let endpoint = EndpointConfig {
            id: format!("cvpn-endpoint-{number:08x}"),
            ..Config::fleet(9, 1, 23).endpoints.remove(0)
        };
        world.simulator.add_endpoint(account, REGIONS[0], endpoint);
    }
    assert_eq!(world.simulator.endpoints().len(), 200);
    let refused: BTreeSet<String> = accounts[5..7].iter().cloned().collect();
    refused.iter().for_each(|account| world.simulator.refuse_role(account));
    world.simulator.take_down(REGIONS[2]);
    (world, refused)
}

/// Holds what came of [`broken_organisation`] against what there is.
fn check_broken(world: &World, refused: &BTreeSet<String>, targets: &Value, failure: &str) {
    let outcome_of: BTreeMap<&str, &str> = targets
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["endpoint_id"].as_str().unwrap(), entry["outcome"].as_str().unwrap()))
        .collect();
    let mut complete = 0;
    for (account, region, id) in world.simulator.endpoints() {
        let out_of_reach = refused.contains(&account) || region == REGIONS[2];
        assert_eq!(
            outcome_of.get(id.as_str()).copied(),
            (!out_of_reach).then_some("complete"),
            "{account} {region}"
        );
        complete += usize::from(!out_of_reach);
    }
    assert_eq!((complete, outcome_of.len()), (152, 152));
    for account in refused {
        assert!(
            failure.contains(&format!("arn:aws:iam::{account}:role/{ROLE}")),
            "{account} is not in {failure}"
        );
    }
    for account in accounts(world) {
        let named = format!("endpoints of {account} {} not known", REGIONS[2]);
        assert!(failure.contains(&named), "{named} is not in {failure}");
    }
    world.check().assert_whole();
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda and Python")]
async fn one_event_captures_an_organisation_and_names_what_is_out_of_reach() {
    let (world, refused) = broken_organisation().await;
    let emulator = Emulator::start(&world.simulator.url(), &everywhere(&world));
    let time = real_now();
    let Invoked::Failed(failure) = emulator.invoke(&json!({"action": "snapshot", "time": time})) else {
        panic!("an organisation with refusals is no success");
    };
    assert!(failure.contains("TargetsFailed"), "{failure}");
    let runs = world.read()["runs"].clone();
    let targets: Vec<Value> =
        runs.as_array().unwrap().iter().flat_map(|run| run["targets"].as_array().unwrap().clone()).collect();
    assert_eq!(runs.as_array().unwrap().len(), 160, "a record for each account and Region");
    // The emulator breaks lines, also within words.
    let auditor = auditor_of(&world, &[]);
    world.clock.set(time.parse().unwrap());
    let again = snapshot(&auditor, json!({"time": time})).await;
    check_broken(&world, &refused, &json!(targets), &again.failure().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn one_command_captures_an_organisation_and_its_exit_status_tells() {
    let (world, refused) = broken_organisation().await;
    let run = |arguments: &[&str]| {
        let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), &world.simulator.url());
        let output = command.args(arguments).envs(everywhere(&world)).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    };
    let time = real_now();
    let (answer, status) = run(&["snapshot", "--json", "--time", &time]);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(status, Some(1));
    let errors: Vec<String> = answer["places"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|place| !place["discovery"]["error"].is_null())
        .map(|place| {
            let error = &place["discovery"]["error"];
            format!(
                "endpoints of {} {} not known, {error}",
                place["account_id"].as_str().unwrap(),
                place["region"].as_str().unwrap()
            )
        })
        .collect();
    check_broken(&world, &refused, &answer["targets"], &errors.join("\n"));
    let (text, status) = run(&["snapshot", "--time", &time]);
    assert_eq!(status, Some(1));
    for part in [
        "Account",
        "us-east-1",
        "already_captured",
        "AssumeRoleRefused",
        "it is not known which endpoints there are",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let (preflight, status) = run(&["preflight", "--json"]);
    let preflight: Value = serde_json::from_str(&preflight).unwrap();
    assert_eq!(status, Some(1));
    let refusals = preflight["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["action"] == json!("sts:AssumeRole"));
    assert_eq!(refusals.count(), 2 * REGIONS.len(), "{preflight}");
}

/// Runs the batches of a plan, each in a function of its own, as the state machine does.
async fn run_spread(world: &World, variables: &[(&str, &str)]) -> usize {
    let planner = auditor_of(world, variables);
    let plan = crate::harness::handle(&planner, &json!({"action": "plan", "time": NOW}), "plan", None)
        .await
        .unwrap();
    let Answer::Plan(spread) = plan else { panic!("no plan but {plan:?}") };
    let batches = json!(spread)["batches"].as_array().unwrap().clone();
    for batch in &batches {
        let answer =
            crate::harness::handle(&auditor_of(world, variables), batch, "batch", None).await.unwrap();
        assert!(answer.is_success(), "{answer:?}");
    }
    batches.len()
}

/// Executes the template's state machine, in moto's interpreter, with the real function under its emulator.
fn execute_state_machine(emulator: &Emulator, time: &str) -> (Value, bool) {
    let output = std::process::Command::new(template_venv().join("bin/python"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/template/fleet.py"))
        .env("FLEET_FUNCTION_URL", emulator.invoke_url())
        .env("FLEET_TIME", time)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let done = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}\n{}", text(&output.stdout), text(&output.stderr)));
    (done, output.status.success())
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda, moto and Python")]
async fn the_state_machine_leaves_the_lake_of_one_function_and_names_what_failed() {
    let world = World::new(organisation(5, 2, 3, 23)).await;
    let time = real_now();
    world.clock.set(time.parse().unwrap());
    let one = snapshot(&auditor_of(&world, &[]), json!({"time": time})).await;
    assert!(one.record.all_captured());
    let spread = TempDir::new().unwrap();
    let with_lake = |name: &str| {
        let lake = spread.path().join(name).display().to_string();
        let own =
            [("AUDIT_SPREAD_ABOVE".to_owned(), "20".to_owned()), ("AUDIT_LAKE".to_owned(), lake.clone())];
        (everywhere(&world).into_iter().chain(own).collect::<Vec<_>>(), lake)
    };
    let (variables, lake) = with_lake("whole");
    let emulator = Emulator::start(&world.simulator.url(), &variables);
    let (done, succeeded) = execute_state_machine(&emulator, &time);
    assert!(succeeded, "{done:#}\n{}", emulator.log());
    assert_eq!(
        done["output"]["batches"],
        json!(2),
        "thirty endpoints in batches of twenty at most: {done:#}"
    );
    assert_eq!(done["output"]["rows"], json!(30 * 23), "{done:#}");
    let compared = python("compare_lakes.py", &[world.lake().to_str().unwrap(), &lake], &[]);
    assert_eq!(compared, json!({"objects": 30 + 3 * 10, "records": 10, "differences": []}));

    let refused = accounts(&world)[3].clone();
    world.simulator.refuse_role(&refused);
    let (variables, lake) = with_lake("refused");
    let emulator = Emulator::start(&world.simulator.url(), &variables);
    let (done, succeeded) = execute_state_machine(&emulator, &time);
    assert!(!succeeded, "{done:#}");
    // Those of an account whose endpoints cannot be counted have batches of their own.
    for region in &REGIONS[..2] {
        assert!(
            done["cause"].as_str().unwrap().contains(&format!("{refused} {region}: TargetsFailed")),
            "{done:#}"
        );
    }
    let objects = crate::harness::files_under(lake.as_ref());
    assert_eq!(objects.iter().filter(|file| file.starts_with("connections/")).count(), 30 - 6, "all others");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda and Python")]
async fn a_run_that_is_spread_leaves_the_lake_of_one_that_is_not() {
    let world = World::new(organisation(5, 2, 3, 23)).await;
    let spread = TempDir::new().unwrap();
    let lake = spread.path().join("lake").display().to_string();
    let one = snapshot(&auditor_of(&world, &[]), json!({})).await;
    assert!(one.record.all_captured());
    let batches = run_spread(&world, &[("AUDIT_SPREAD_ABOVE", "29"), ("AUDIT_LAKE", &lake)]).await;
    assert_eq!(batches, 2, "29 endpoints at most");
    let compared = python("compare_lakes.py", &[world.lake().to_str().unwrap(), &lake], &[]);
    assert_eq!(compared, json!({"objects": 30 + 3 * 10, "records": 10, "differences": []}));

    let single = spread.path().join("single").display().to_string();
    let batches = run_spread(&world, &[("AUDIT_SPREAD_ABOVE", "3"), ("AUDIT_LAKE", &single)]).await;
    assert_eq!(batches, 10, "one for each account and Region");
    let compared = python("compare_lakes.py", &[world.lake().to_str().unwrap(), &single], &[]);
    assert_eq!(compared, json!({"objects": 30 + 3 * 10, "records": 10, "differences": []}));

    let whole = spread.path().join("whole").display().to_string();
    let batches = run_spread(&world, &[("AUDIT_SPREAD_ABOVE", "30"), ("AUDIT_LAKE", &whole)]).await;
    assert_eq!(batches, 1, "thirty endpoints are not above thirty");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_is_not_enabled_is_named_and_the_others_are_complete() {
    let world = World::new(organisation(1, 3, 2, 23)).await;
    world.simulator.disable_region(REGIONS[1]);
    let report = snapshot(&auditor_of(&world, &[]), json!({})).await;
    assert_eq!(outcomes(&report), ["complete"; 4]);
    let failure = report.failure().unwrap();
    assert!(failure.starts_with("1 account and Region not known, 0 of 4 targets failed: "), "{failure}");
    assert!(failure.contains("endpoints of 123456789012 us-east-1 not known, AuthFailure"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_named_in_two_ways_is_captured_once_and_said_so() {
    let world = World::new(organisation(1, 1, 2, 23)).await;
    let (account, region, id) = world.simulator.endpoints()[0].clone();
    let arn = format!("arn:aws:ec2:{region}:{account}:client-vpn-endpoint/{id}");
    let targets = format!("{id},{arn},*");
    let report = snapshot(&auditor_of(&world, &[("AUDIT_TARGETS", &targets)]), json!({})).await;
    assert_eq!(outcomes(&report), ["complete"; 2]);
    assert_eq!(report.record.settings_in_force.named_twice, [arn]);
    assert!(report.record.all_captured());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_bad_harms_neither_its_account_nor_others() {
    let world = World::new(organisation(2, 1, 2, 23)).await;
    let bad = world.simulator.endpoints()[2].2.clone();
    world.simulator.inject(Fault::always(FaultKind::Unauthorized).at(&bad));
    let report = snapshot(&auditor_of(&world, &[]), json!({})).await;
    let failed: Vec<&str> = report.record.failed_targets().map(|entry| entry.endpoint_id.as_str()).collect();
    assert_eq!(failed, [bad.as_str()]);
    assert_eq!(outcomes(&report).iter().filter(|outcome| **outcome == "complete").count(), 3);
}
