//! Preflight of the log groups that endpoints log to: it names each that is not read, or whose events may be lost, and calls
//! CloudWatch Logs only for those that may be read.

use std::collections::BTreeSet;

use client_vpn_audit::capture::preflight::Check;
use client_vpn_audit::invocation::answer::Answer;
use client_vpn_sim::{Fault, FaultKind, FaultyAction, LogGroup, LogGroupClass, TimeSource};
use jiff::SignedDuration;
use serde_json::json;

use crate::harness::{IMPATIENT, World, command_line, fleet, handle, now};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-central-1";
const GROUP: &str = "client-vpn";
const ARN: &str = "arn:aws:logs:eu-central-1:123456789012:log-group:client-vpn";
const EVERY: &str = "arn:aws:logs:eu-central-1:123456789012:log-group:*";
const FIND: &str = "find the log groups of endpoints";
const DESCRIBE: &str = "logs:DescribeLogGroups";
const READ: &str = "logs:FilterLogEvents";

/// The checks that concern connection logs, and if the preflight succeeded.
async fn preflight(world: &World, own: &[(&str, &str)]) -> (Vec<Check>, bool) {
    let event = json!({"action": "preflight"});
    let answer = handle(&world.auditor(own), &event, "preflight", None).await.unwrap();
    let is_success = answer.is_success();
    let Answer::Preflight { checks } = answer else { panic!("no preflight but {answer:?}") };
    let of_logs = checks.into_iter().filter(|check| [FIND, DESCRIBE, READ].contains(&check.action));
    (of_logs.collect(), is_success)
}

/// The words of a check: its problem, or else its note.
fn words(check: &Check) -> &str {
    check.problem.as_deref().or(check.note.as_deref()).unwrap_or_default()
}

/// A line: action, result, and words that it has; none if empty.
type Line = (&'static str, bool, &'static str);

/// A log group with the given change, the settings, and the lines that follow.
struct Case {
    name: &'static str,
    group: Option<LogGroup>,
    own: &'static [(&'static str, &'static str)],
    lines: &'static [Line],
}

fn cases() -> Vec<Case> {
    let group = || LogGroup::new(GROUP);
    let kept = |days| Some(LogGroup { retention_days: Some(days), ..group() });
    let class = |class| Some(LogGroup { class, ..group() });
    let created = Some(LogGroup { created: now() - SignedDuration::from_hours(12), ..group() });
    let key = Some(LogGroup { is_kms_refused: true, kms_key_id: Some("k".to_owned()), ..group() });
    let masked = LogGroup { masked_fields: vec!["device-ip".to_owned()], is_unmask_refused: true, ..group() };
    let case = |name, group, own, lines| Case { name, group, own, lines };
    vec![
        case("kept for ever", Some(group()), &[], &[(DESCRIBE, true, ""), (READ, true, "")]),
        case("absent", None, &[], &[(DESCRIBE, false, "there is no log group")]),
        case(
            "Infrequent Access",
            class(LogGroupClass::InfrequentAccess),
            &[],
            &[(DESCRIBE, false, "it has the class INFREQUENT_ACCESS")],
        ),
        case(
            "Delivery",
            class(LogGroupClass::Delivery),
            &[],
            &[(DESCRIBE, false, "it has the class DELIVERY")],
        ),
        case(
            "kept for a day, and late events are lost",
            kept(1),
            &[],
            &[(DESCRIBE, false, "it keeps events for 1 day"), (READ, true, "")],
        ),
        case(
            "kept for less than a week",
            kept(3),
            &[],
            &[(DESCRIBE, true, "it keeps events for 3 days"), (READ, true, "")],
        ),
        case("kept for a week", kept(7), &[], &[(DESCRIBE, true, ""), (READ, true, "")]),
        case(
            "kept for less than the first reading covers",
            kept(7),
            &[("AUDIT_CONNECTION_LOG_DAYS", "30")],
            &[(DESCRIBE, true, "so long is lost; 30 days or more are advised"), (READ, true, "")],
        ),
        case(
            "younger than the first reading covers",
            created,
            &[],
            &[(DESCRIBE, true, "it was created at 2025-11-22T21:00:00Z"), (READ, true, "")],
        ),
        case(
            "masked",
            Some(masked.clone()),
            &[],
            &[(DESCRIBE, true, "a data protection policy masks fields"), (READ, true, "")],
        ),
        case(
            "masked, and unmasking is refused",
            Some(masked),
            &[("AUDIT_UNMASK_CONNECTION_LOGS", "true")],
            &[(DESCRIBE, true, ""), (READ, false, "AccessDeniedException")],
        ),
        case(
            "a key that may not be used",
            key,
            &[],
            &[(DESCRIBE, true, ""), (READ, false, "AccessDeniedException")],
        ),
        case(
            "not allowed, though others are",
            Some(group()),
            &[("AUDIT_CONNECTION_LOG_GROUPS", "arn:aws:logs:*:*:log-group:/other/*")],
            &[(FIND, true, "endpoints log to log groups that are not read")],
        ),
        case(
            "nothing allowed",
            Some(group()),
            &[("AUDIT_CONNECTION_LOG_GROUPS", "")],
            &[(FIND, true, "endpoints log to log groups that are not read")],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_obstacle_of_a_log_group_has_a_line() {
    for Case { name, group, own, lines } in cases() {
        let world = World::new(fleet(1, 5)).await;
        match group {
            Some(group) => world.simulator.put_log_group(ACCOUNT, REGION, group),
            None => world.simulator.remove_log_group(ACCOUNT, REGION, GROUP),
        }
        let is_set = own.iter().any(|(name, _)| *name == "AUDIT_CONNECTION_LOG_GROUPS");
        let allowed: &[(&str, &str)] = if is_set { &[] } else { &[("AUDIT_CONNECTION_LOG_GROUPS", ARN)] };
        let (checks, is_success) = preflight(&world, &[allowed, own].concat()).await;
        let found: Vec<(&str, bool)> = checks.iter().map(|check| (check.action, check.ok)).collect();
        let expected: Vec<(&str, bool)> = lines.iter().map(|(action, ok, _)| (*action, *ok)).collect();
        assert_eq!(found, expected, "{name}: {checks:?}");
        for (check, (action, _, has)) in checks.iter().zip(lines) {
            assert!(words(check).contains(has), "{name}: {check:?}");
            assert_eq!(words(check).is_empty(), has.is_empty(), "{name}: {check:?}");
            let resource = if *action == FIND { EVERY } else { ARN };
            assert_eq!(check.resource, resource, "{name}");
        }
        assert_eq!(is_success, lines.iter().all(|(_, ok, _)| *ok), "{name}: a note fails no preflight");
        assert_eq!(world.files(), ["preflight"], "{name}: no evidence was written");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_allowed_costs_no_request_and_is_named_with_the_value_to_add() {
    let world = World::new(fleet(2, 5)).await;
    let ids = world.simulator.endpoint_ids();
    world.simulator.log_to(&ids[1], "/vpn/second");
    for (allowed, added, requests) in [
        (
            "",
            "arn:aws:logs:eu-central-1:123456789012:log-group:/vpn/second,arn:aws:logs:eu-central-1:123456789012:log-group:client-vpn",
            0,
        ),
        (
            "arn:aws:logs:us-east-1:*:log-group:*",
            "arn:aws:logs:eu-central-1:123456789012:log-group:/vpn/second,arn:aws:logs:eu-central-1:123456789012:log-group:client-vpn",
            0,
        ),
        // One description and one attempt to read.
        (ARN, "arn:aws:logs:eu-central-1:123456789012:log-group:/vpn/second", 2),
    ] {
        let before = world.simulator.log_requests();
        let (checks, is_success) = preflight(&world, &[("AUDIT_CONNECTION_LOG_GROUPS", allowed)]).await;
        assert!(is_success, "{allowed}: {checks:?}");
        assert_eq!((checks[0].action, checks[0].resource.as_str()), (FIND, EVERY), "{allowed}");
        let (_, value) = words(&checks[0]).split_once("add to AUDIT_CONNECTION_LOG_GROUPS: ").unwrap();
        assert_eq!(value, added, "{allowed}");
        assert_eq!(world.simulator.log_requests() - before, requests, "{allowed}");
        // The value is what the setting takes.
        let (checks, _) =
            preflight(&world, &[("AUDIT_CONNECTION_LOG_GROUPS", &[allowed, value].join(","))]).await;
        assert!(checks.iter().all(|check| check.action != FIND), "{allowed}: {checks:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_does_not_log_has_no_line() {
    let world = World::new(fleet(1, 5)).await;
    world.simulator.switch_connection_log(&world.simulator.endpoint_ids()[0]);
    let (checks, is_success) = preflight(&world, &[("AUDIT_CONNECTION_LOG_GROUPS", ARN)]).await;
    assert_eq!((checks, is_success, world.simulator.log_requests()), (Vec::new(), true, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_group_that_cannot_be_described_is_tried_and_the_other_checks_are_made() {
    for (kind, code) in [
        (FaultKind::Unauthorized, "AccessDeniedException"),
        (FaultKind::Throttle, "ThrottlingException"),
        (FaultKind::Stall, "Timeout"),
        (FaultKind::NoList, "MalformedResponse"),
    ] {
        let world = World::new(fleet(1, 5)).await;
        world.simulator.inject_into(FaultyAction::DescribeLogGroups, Fault::always(kind));
        let mut own = vec![("AUDIT_CONNECTION_LOG_GROUPS", ARN)];
        own.extend((code == "Timeout").then_some(IMPATIENT));
        let (checks, is_success) = preflight(&world, &own).await;
        let found: Vec<(&str, bool)> = checks.iter().map(|check| (check.action, check.ok)).collect();
        assert_eq!((found, is_success), (vec![(DESCRIBE, false), (READ, true)], false), "{code}");
        assert!(words(&checks[0]).starts_with(code), "{code}: {checks:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_prints_what_is_missing_and_takes_the_log_groups_as_flags() {
    let world = World::new(client_vpn_sim::Config { time: TimeSource::System, ..fleet(1, 5) }).await;
    let (lake, endpoints) = (world.lake().display().to_string(), world.simulator.endpoint_ids());
    let arguments = ["preflight", "--account-id", ACCOUNT, "--lake", &lake, "--target", &endpoints[0]];
    for (own, status, text) in [
        (&[][..], 0, "AUDIT_CONNECTION_LOG_GROUPS"),
        (&["--log-group", ARN], 0, READ),
        (&["--log-group", ARN, "--json"], 0, "\"note\":null"),
        (&["--log-group", GROUP], 2, "--log-group (AUDIT_CONNECTION_LOG_GROUPS)"),
    ] {
        let output = command_line(&world, &[&arguments[..], own].concat());
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(printed.contains(text), "{own:?}: {printed}");
        assert_eq!(output.status.code(), Some(status), "{own:?}: {printed}");
    }
}

/// The table of docs/deploy.md has the words of each line, with its result.
#[test]
fn the_documentation_has_every_line() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/deploy.md")).unwrap();
    let rows = page.lines().skip_while(|line| !line.starts_with("| `preflight` says")).skip(2);
    let rows: BTreeSet<(String, bool)> = rows
        .take_while(|line| line.starts_with('|'))
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            (cells[1].trim_matches('`').to_owned(), cells[2] == "yes")
        })
        .collect();
    let lines = cases().into_iter().flat_map(|case| case.lines);
    let has_row =
        |(_, ok, has): &Line| rows.iter().any(|(words, passed)| has.contains(words.as_str()) && passed == ok);
    let missing: Vec<&Line> =
        lines.filter(|(_, _, has)| !has.is_empty()).filter(|line| !has_row(line)).collect();
    assert_eq!(missing, Vec::<&Line>::new(), "{rows:?}");
}
