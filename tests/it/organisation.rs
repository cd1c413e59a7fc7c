//! Many accounts and Regions: what is out of reach is named, and harms nothing else.

use std::collections::{BTreeMap, BTreeSet};

use client_vpn_audit::capture::Progress;
use client_vpn_audit::clock::Clock;
use client_vpn_audit::config::Settings;
use client_vpn_audit::coverage::{Coverage, Window, oldest_complete_age};
use client_vpn_audit::handler::Auditor;
use client_vpn_audit::identity::{MemberRole, MemberSession};
use client_vpn_audit::layout::RunId;
use client_vpn_audit::report::{Answer, Report};
use client_vpn_audit::store::{Location, Store};
use client_vpn_audit::target::{AccountId, AccountRegion, PlaceTargets, Region};
use client_vpn_sim::{Config, EndpointConfig, Fault, FaultKind, MemberRole as SimulatedRole, TimeSource};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::emulator::{Emulator, Invoked};
use crate::harness::moto::Moto;
use crate::harness::{
    NOW, World, command, error_codes, now, outcomes, python, sdk_config, snapshot, template_venv,
};

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
    let own = own.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
    let settings = Settings::parse(everywhere(world).into_iter().chain(own)).unwrap();
    Auditor::new(settings, world.sdk(), world.clock.clone(), Progress::silent())
}

/// What [`everywhere`] wants.
fn everything(world: &World) -> Vec<PlaceTargets> {
    let settings = Settings::parse(everywhere(world)).unwrap();
    let home = AccountRegion {
        account_id: AccountId::parse("123456789012").unwrap(),
        region: Region::parse(REGIONS[0]).unwrap(),
    };
    settings.targets_at(&home, None, "AUDIT_TARGETS").unwrap()
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

/// Takes a snapshot of that minute.
async fn snapshot_at(world: &World, auditor: &Auditor, minutes: i64) -> Report {
    let time = at(minutes).parse().unwrap();
    world.clock.set(time);
    world.simulator.set_time(time);
    snapshot(auditor, json!({"time": at(minutes)})).await
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
async fn one_event_captures_an_organisation_and_names_what_is_out_of_reach() {
    let (world, refused) = broken_organisation().await;
    let emulator = Emulator::start(&world.simulator.url(), &everywhere(&world));
    let Invoked::Failed(failure) = emulator.invoke(&json!({"action": "snapshot", "time": NOW})) else {
        panic!("an organisation with refusals is no success");
    };
    assert!(failure.contains("TargetsFailed"), "{failure}");
    let runs = world.read()["runs"].clone();
    let targets: Vec<Value> =
        runs.as_array().unwrap().iter().flat_map(|run| run["targets"].as_array().unwrap().clone()).collect();
    assert_eq!(runs.as_array().unwrap().len(), 160, "a record for each account and Region");
    // The emulator breaks lines, also within words.
    let auditor = auditor_of(&world, &[]);
    let again = snapshot(&auditor, json!({"time": NOW})).await;
    check_broken(&world, &refused, &json!(targets), &again.failure().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_command_captures_an_organisation_and_its_exit_status_tells() {
    let (world, refused) = broken_organisation().await;
    let run = |arguments: &[&str]| {
        let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), &world.simulator.url());
        let output = command.args(arguments).envs(everywhere(&world)).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    };
    let (answer, status) = run(&["snapshot", "--json", "--time", NOW]);
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
    let (text, status) = run(&["snapshot", "--time", NOW]);
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
    let plan = planner.handle(&json!({"action": "plan", "time": NOW}), "plan", None).await.unwrap();
    let Answer::Plan(spread) = plan else { panic!("no plan but {plan:?}") };
    let batches = json!(spread)["batches"].as_array().unwrap().clone();
    for batch in &batches {
        let answer = auditor_of(world, variables).handle(batch, "batch", None).await.unwrap();
        assert!(answer.is_success(), "{answer:?}");
    }
    batches.len()
}

/// Executes the template's state machine, in moto's interpreter, with the real function under its emulator.
fn execute_state_machine(emulator: &Emulator) -> (Value, bool) {
    let output = std::process::Command::new(template_venv().join("bin/python"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/template/fleet.py"))
        .env("FLEET_FUNCTION_URL", emulator.invoke_url())
        .env("FLEET_TIME", NOW)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let done = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}\n{}", text(&output.stdout), text(&output.stderr)));
    (done, output.status.success())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_machine_leaves_the_lake_of_one_function_and_names_what_failed() {
    let world = World::new(organisation(5, 2, 3, 23)).await;
    let one = snapshot(&auditor_of(&world, &[]), json!({})).await;
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
    let (done, succeeded) = execute_state_machine(&emulator);
    assert!(succeeded, "{done:#}\n{}", emulator.log());
    assert_eq!(done["output"]["batches"], json!(10), "{done:#}");
    assert_eq!(done["output"]["rows"], json!(30 * 23), "{done:#}");
    let compared = python("compare_lakes.py", &[world.lake().to_str().unwrap(), &lake], &[]);
    assert_eq!(compared, json!({"objects": 30 + 10, "records": 10, "differences": []}));

    let refused = accounts(&world)[3].clone();
    world.simulator.refuse_role(&refused);
    let (variables, lake) = with_lake("refused");
    let emulator = Emulator::start(&world.simulator.url(), &variables);
    let (done, succeeded) = execute_state_machine(&emulator);
    assert!(!succeeded, "{done:#}");
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
async fn a_run_that_is_spread_leaves_the_lake_of_one_that_is_not() {
    let world = World::new(organisation(5, 2, 3, 23)).await;
    let spread = TempDir::new().unwrap();
    let lake = spread.path().join("lake").display().to_string();
    let one = snapshot(&auditor_of(&world, &[]), json!({})).await;
    assert!(one.record.all_captured());
    let batches = run_spread(&world, &[("AUDIT_SPREAD_ABOVE", "29"), ("AUDIT_LAKE", &lake)]).await;
    assert_eq!(batches, 10, "one for each account and Region");
    let compared = python("compare_lakes.py", &[world.lake().to_str().unwrap(), &lake], &[]);
    assert_eq!(compared, json!({"objects": 30 + 10, "records": 10, "differences": []}));

    let whole = spread.path().join("whole").display().to_string();
    let batches = run_spread(&world, &[("AUDIT_SPREAD_ABOVE", "30"), ("AUDIT_LAKE", &whole)]).await;
    assert_eq!(batches, 1, "thirty endpoints are not above thirty");
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_that_appear_and_go_are_facts_in_the_ledger() {
    let world = World::new(organisation(2, 1, 2, 23)).await;
    let member = accounts(&world)[1].clone();
    let gone = world.simulator.endpoints().into_iter().find(|(account, _, _)| *account == member).unwrap().2;
    let auditor = auditor_of(&world, &[]);
    let first = snapshot_at(&world, &auditor, 0).await;
    let discovery = |report: &Report| report.record.places[1].discovery.clone().unwrap();
    assert_eq!((discovery(&first).discovered.len(), discovery(&first).known_since), (2, None));

    world.simulator.remove_endpoint(&gone);
    let endpoint = EndpointConfig {
        id: "cvpn-endpoint-0000000a".to_owned(),
        ..Config::fleet(9, 1, 23).endpoints.remove(0)
    };
    world.simulator.add_endpoint(&member, REGIONS[0], endpoint);
    let second = snapshot_at(&world, &auditor, 15).await;
    assert_eq!(outcomes(&second), ["complete"; 4]);
    assert_eq!(discovery(&second).discovered, ["cvpn-endpoint-0000000a"]);
    assert_eq!(discovery(&second).gone, [gone.as_str()]);
    assert_eq!(discovery(&second).known_since.unwrap().to_string(), at(0));
    let third = snapshot_at(&world, &auditor, 30).await;
    assert_eq!((discovery(&third).discovered.len(), discovery(&third).gone.len()), (0, 0));
    // A retry of the second is told the same.
    let again = snapshot_at(&world, &auditor, 15).await;
    assert_eq!(discovery(&again), discovery(&second));

    for minutes in [45, 60, 75, 90, 105] {
        snapshot_at(&world, &auditor, minutes).await;
    }
    let store = Store::new(&Location::Directory(world.lake()), &world.sdk(), None);
    let end = at(106).parse().unwrap();
    let coverage =
        Coverage::read(&store, Window { from: None, to: end, now: end }, &[], |_| ()).await.unwrap();
    assert_eq!(coverage.endpoints.len(), 5 + 2, "the one that is gone too, and the lists of two accounts");
    for endpoint in &coverage.endpoints {
        let holes: Vec<(String, String, bool)> = endpoint
            .holes
            .iter()
            .map(|hole| (hole.gap.from.to_string(), hole.gap.to.to_string(), hole.gap.open))
            .collect();
        // What came after its last capture was never listed, and nobody connects to it afterwards.
        let expected = if endpoint.endpoint_id == gone { vec![(at(0), at(15), false)] } else { Vec::new() };
        assert_eq!(holes, expected, "{endpoint:?}");
    }
    // From before the fourth endpoint was there on.
    let since = Window { from: Some(at(1).parse().unwrap()), to: end, now: end };
    let coverage = Coverage::read(&store, since, &[], |_| ()).await.unwrap();
    let new = coverage.endpoints.iter().find(|endpoint| endpoint.endpoint_id == "cvpn-endpoint-0000000a");
    assert_eq!(new.unwrap().holes.len(), 0, "it was not there, as the listing before shows");
    assert_eq!(oldest_complete_age(&store, &everything(&world), end).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_is_missed_by_name_when_its_role_refuses() {
    let world = World::new(organisation(3, 2, 2, 23)).await;
    let member = accounts(&world)[1].clone();
    snapshot_at(&world, &auditor_of(&world, &[]), 0).await;
    world.simulator.refuse_role(&member);
    // A function of its own: the one before has credentials that are still good.
    let refused = snapshot_at(&world, &auditor_of(&world, &[]), 15).await;
    let codes = error_codes(&refused);
    assert_eq!(codes.iter().filter(|code| **code == "AssumeRoleRefused").count(), 4, "{codes:?}");
    assert_eq!(outcomes(&refused).iter().filter(|outcome| **outcome == "complete").count(), 8);
    assert!(refused.failure().unwrap().contains("4 of 12 targets failed"));
    world.simulator.restore();
    let restored = snapshot_at(&world, &auditor_of(&world, &[]), 30).await;
    assert_eq!(outcomes(&restored), ["complete"; 12]);
    let discoveries = restored.record.places.iter().map(|place| place.discovery.as_ref().unwrap());
    assert!(
        discoveries.clone().all(|discovery| discovery.discovered.is_empty() && discovery.gone.is_empty())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_always_refused_is_a_hole_and_old() {
    let world = World::new(organisation(2, 1, 1, 23)).await;
    world.simulator.refuse_role(&accounts(&world)[1]);
    for minutes in [0, 15, 30, 45, 60, 75] {
        snapshot_at(&world, &auditor_of(&world, &[]), minutes).await;
    }
    let store = Store::new(&Location::Directory(world.lake()), &world.sdk(), None);
    let end = at(76).parse().unwrap();
    let coverage =
        Coverage::read(&store, Window { from: None, to: end, now: end }, &[], |_| ()).await.unwrap();
    assert!(!coverage.is_whole());
    let refused = coverage.endpoints.iter().find(|endpoint| endpoint.account_id == accounts(&world)[1]);
    let refused = refused.unwrap();
    assert_eq!((refused.endpoint_id.as_str(), refused.holes.len()), ("*", 1));
    assert_eq!(refused.holes[0].reason, "6 × failed, AssumeRoleRefused");
    let age = oldest_complete_age(&store, &everything(&world), end).await.unwrap();
    assert!(age > 24 * 60, "nobody knows what is there: {age}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_read_hides_nothing_that_is_gone() {
    let world = World::new(organisation(1, 1, 3, 23)).await;
    let auditor = auditor_of(&world, &[]);
    snapshot_at(&world, &auditor, 0).await;
    let second = snapshot_at(&world, &auditor, 15).await;
    std::fs::write(world.lake().join(&second.run_keys[0]), "no record").unwrap();
    let gone = world.simulator.endpoints()[1].2.clone();
    world.simulator.remove_endpoint(&gone);
    let third = snapshot_at(&world, &auditor, 30).await;
    let discovery = third.record.places[0].discovery.as_ref().unwrap();
    assert_eq!(discovery.gone, [gone.as_str()], "by the record before");
    assert_eq!(discovery.error.as_ref().unwrap().code, "LedgerUnreadable");
    assert_eq!(outcomes(&third), ["complete"; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_discovered_late_hides_no_hole() {
    let world = World::new(organisation(1, 1, 1, 23)).await;
    let auditor = auditor_of(&world, &[]);
    for minutes in [0, 15, 100, 115] {
        snapshot_at(&world, &auditor, minutes).await;
    }
    // A replay that compares with a record from before the endpoint: everything is discovered, though it was there.
    let mut replay = snapshot_at(&world, &auditor, 119).await.record;
    let record = world.lake().join(
        crate::harness::files_under(&world.lake())
            .into_iter()
            .rev()
            .find(|file| file.starts_with("runs/") && file.contains(replay.run_id.as_str()))
            .unwrap(),
    );
    let id = replay.targets.remove(0).endpoint_id;
    let mut line: Value = serde_json::from_slice(&std::fs::read(&record).unwrap()).unwrap();
    line["places"][0]["discovery"]["discovered"] = json!([id]);
    std::fs::remove_file(&record).unwrap();
    std::fs::write(&record, format!("{line}\n")).unwrap();
    let store = Store::new(&Location::Directory(world.lake()), &world.sdk(), None);
    let window = Window {
        from: Some(at(10).parse().unwrap()),
        to: at(120).parse().unwrap(),
        now: at(120).parse().unwrap(),
    };
    let coverage = Coverage::read(&store, window, &[], |_| ()).await.unwrap();
    let endpoint = coverage.endpoints.iter().find(|endpoint| endpoint.endpoint_id == id).unwrap();
    assert_eq!((endpoint.from.to_string(), endpoint.holes.len()), (at(10), 1), "{endpoint:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_fails_costs_no_capture_of_what_was_there_before() {
    let world = World::new(organisation(1, 1, 3, 23)).await;
    let auditor = auditor_of(&world, &[]);
    snapshot_at(&world, &auditor, 0).await;
    let store = world.lake();
    let runs =
        crate::harness::files_under(&store).into_iter().find(|file| file.starts_with("runs/")).unwrap();
    std::fs::write(store.join(runs), "no record").unwrap();
    let report = snapshot_at(&world, &auditor, 15).await;
    assert_eq!(outcomes(&report), ["complete"; 3], "what is there is captured");
    let error = report.record.places[0].discovery_error().unwrap();
    assert_eq!(error.code, "LedgerUnreadable");
    assert!(!report.record.all_captured(), "whether one is gone is not known");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_expire_half_way_are_renewed_and_kept_otherwise() {
    let world = World::new(organisation(2, 2, 1, 43)).await;
    let member = accounts(&world)[1].clone();
    let auditor = auditor_of(&world, &[("AUDIT_PAGE_SIZE", "5"), ("AUDIT_CONCURRENCY", "1")]);
    let expired = async {
        while world.simulator.requests() < 24 {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        world.simulator.expire_credentials(&member);
    };
    let (report, ()) = tokio::join!(snapshot(&auditor, json!({})), expired);
    assert_eq!(outcomes(&report), ["complete"; 4]);
    world.check().assert_whole();
    let assumed = world.simulator.assumed();
    assert_eq!(assumed.len(), 2, "once for both Regions, and once more when EC2 took them no longer");
    let run_id = report.record.run_id.as_str();
    for role in &assumed {
        assert_eq!((&role.account_id, role.external_id.as_deref()), (&member, Some(EXTERNAL_ID)));
        assert!(
            format!("client-vpn-audit-{run_id}").starts_with(&role.session_name),
            "{}",
            role.session_name
        );
    }
    let later = snapshot(&auditor, json!({"time": at(15)})).await;
    assert_eq!(outcomes(&later), ["complete"; 4]);
    assert_eq!(world.simulator.assumed().len(), 2, "credentials are kept for their life");
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
async fn an_account_without_endpoints_is_an_entry_and_no_error() {
    let world = World::new(organisation(1, 1, 0, 0)).await;
    let own = [("AUDIT_TARGETS", "*"), ("AUDIT_ACCOUNTS", "123456789012"), ("AUDIT_REGIONS", REGIONS[0])];
    let report = snapshot(&auditor_of(&world, &own), json!({})).await;
    assert!(report.record.all_captured() && report.failure().is_none());
    let place = &report.record.places[0];
    assert_eq!(place.discovery.as_ref().unwrap().endpoints.as_ref().unwrap().len(), 0);
    let endpoints = place.endpoints.as_ref().unwrap();
    assert_eq!((endpoints.outcome.as_str(), endpoints.rows), ("complete", 0));
    let files = world.files();
    assert!(
        files.iter().any(|file| file.starts_with("endpoints/"))
            && files.iter().any(|file| file.starts_with("runs/"))
    );
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

/// moto's STS hands out credentials, and says whose they are.
#[tokio::test(flavor = "multi_thread")]
async fn another_sts_knows_the_session_by_its_run() {
    let moto = Moto::start();
    let sdk = sdk_config(&moto.url(), "eu-central-1");
    let role = MemberRole::new(ROLE, Some(EXTERNAL_ID.to_owned())).unwrap();
    let account_id = AccountId::parse("222233334444").unwrap();
    let session = MemberSession::new(&sdk, Clock::system(), &role, &account_id, "aws");
    session.begin(&RunId::new("8f5a2c9e-0000-4000-8000-000000000001"));
    let credentials = session.credentials().await.unwrap();
    let config = aws_sdk_sts::config::Builder::from(&sdk).credentials_provider(credentials).build();
    let identity = aws_sdk_sts::Client::from_conf(config).get_caller_identity().send().await.unwrap();
    let arn = identity.arn().unwrap();
    assert!(arn.starts_with("arn:aws:sts::222233334444:assumed-role/"), "{arn}");
    assert!(arn.contains("/client-vpn-audit-8f5a2c9e-0000-4000-8000-000000000001-"), "{arn}");
}
