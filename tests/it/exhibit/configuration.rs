//! The configuration in the exhibit: what was there at the beginning and at the end, and each change, with no claim that the lake does not
//! show. Python computes the same from the Parquet objects.

use std::fs;

use client_vpn_sim::{AccessStatus, AuthorizationRule, Fault, FaultKind, FaultyAction, Route};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Asked, Made, Record, report, time};
use crate::harness::{files_under, fleet, python};

const FIRST: &str = "2025-11-22T20:00:00Z";
const FROM: &str = "2025-11-22T21:10:00Z";
const TO: &str = "2025-11-23T00:10:00Z";

/// Minutes after [`FIRST`].
fn at(minutes: i64) -> Timestamp {
    time(FIRST) + SignedDuration::from_mins(minutes)
}

/// A time as data files have it.
fn written(minutes: i64) -> String {
    format!("{:.3}", at(minutes))
}

fn rule(network: &str, group: Option<&str>, description: &str) -> AuthorizationRule {
    AuthorizationRule {
        description: Some(description.to_owned()),
        group_id: group.map(str::to_owned),
        access_all: group.is_none(),
        destination_cidr: network.to_owned(),
        status: AccessStatus::of("active"),
    }
}

fn route(network: &str, status: &str) -> Route {
    Route {
        destination_cidr: network.to_owned(),
        target_subnet: Some("subnet-0123456789abcdef0".to_owned()),
        route_type: "Nat".to_owned(),
        origin: "add-route".to_owned(),
        status: AccessStatus::of(status),
        description: None,
        transit_gateway_attachment_id: None,
    }
}

/// Two endpoints, captured every half hour. The first has one rule and one route.
async fn record() -> (Record, Vec<String>) {
    let record = Record::new(fleet(2, 3), time(FIRST)).await;
    let endpoints = record.world.simulator.endpoint_ids();
    record.world.simulator.change_access(&endpoints[0], |access| {
        access.rules = vec![rule("10.0.0.0/24", Some("admins"), "first")];
        access.routes = vec![route("10.0.0.0/16", "creating")];
        access.options.split_tunnel = true;
    });
    (record, endpoints)
}

/// The exhibit, which agrees with what Python computes.
async fn made(record: &Record) -> Made {
    let made = report(&record.lake(), &Asked::period(FROM, TO)).await;
    let (lake, folder) = (record.lake(), made.folder());
    let arguments = ["configuration", lake.to_str().unwrap(), folder.to_str().unwrap()];
    assert_eq!(python("check_exhibit.py", &arguments, &[]), json!([]));
    assert_eq!(python("check_exhibit.py", &["files", arguments[2]], &[]), json!([]));
    made
}

/// The changes without accounts, and without the times of answers.
fn changes(made: &Made) -> Vec<Value> {
    let names =
        ["endpoint_id", "kind", "name", "change", "from_value", "to_value", "from_snapshot", "to_snapshot"];
    let rows = made.rows("configuration_changes");
    rows.iter().map(|row| json!(names.map(|name| row[name].clone()))).collect()
}

/// Kind, name and value of what an endpoint had, but for its options.
fn states(made: &Made, at: &str, endpoint_id: &str) -> Vec<Value> {
    let rows = made.rows("configuration_states");
    let is_it = |row: &&Value| row["at"] == json!(at) && row["endpoint_id"] == json!(endpoint_id);
    let of = |row: &Value| json!([row["kind"], row["name"], row["value"], row["known"]]);
    let is_of_access = |row: &&Value| matches!(row["kind"].as_str(), Some("authorization_rule" | "route"));
    rows.iter().filter(is_it).filter(is_of_access).map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn each_change_of_a_rule_a_route_and_an_option_is_shown_between_two_snapshots() {
    let (record, endpoints) = record().await;
    let [first, gone] = [&endpoints[0], &endpoints[1]];
    record.every(30, at(0), at(60)).await;
    let simulator = &record.world.simulator;
    let hostile = "x\u{202e}<b>&";
    simulator.change_access(first, |access| {
        access.rules.push(rule("0.0.0.0/0", None, hostile));
        access.routes = vec![route("10.0.0.0/16", "active")];
    });
    record.capture(at(90)).await;
    simulator.change_access(first, |access| {
        access.rules.remove(0);
        access.options.split_tunnel = false;
    });
    record.capture(at(120)).await;
    simulator.remove_endpoint(gone);
    record.every(30, at(150), at(270)).await;

    let made = made(&record).await;
    let group = json!({"description": "first", "status_code": "active"}).to_string();
    let all = json!({"description": hostile, "status_code": "active"}).to_string();
    let route_of = |status: &str| {
        json!({"description": null, "origin": "add-route", "status_code": status, "type": "Nat"}).to_string()
    };
    let (rule_of_group, rule_of_all) = ("10.0.0.0/24 for group admins", "0.0.0.0/0 for all users");
    let route_name = "10.0.0.0/16 via subnet-0123456789abcdef0";
    let [one, two, three] = [90, 120, 150].map(|minutes| [written(minutes - 30), written(minutes)]);
    assert_eq!(
        changes(&made),
        [
            json!([first, "authorization_rule", rule_of_all, "added", null, all, one[0], one[1]]),
            json!([
                first,
                "route",
                route_name,
                "changed",
                route_of("creating"),
                route_of("active"),
                one[0],
                one[1]
            ]),
            json!([first, "authorization_rule", rule_of_group, "removed", group, null, two[0], two[1]]),
            json!([first, "option", "split_tunnel", "changed", "true", "false", two[0], two[1]]),
            json!([gone, "endpoint", gone, "removed", "there", null, three[0], three[1]]),
        ]
    );
    assert_eq!(
        states(&made, "beginning", first),
        [
            json!(["authorization_rule", rule_of_group, group, true]),
            json!(["route", route_name, route_of("creating"), true])
        ]
    );
    assert_eq!(
        states(&made, "end", first),
        [
            json!(["authorization_rule", rule_of_all, all, true]),
            json!(["route", route_name, route_of("active"), true])
        ]
    );
    assert_eq!(states(&made, "end", gone), Vec::<Value>::new());

    let page = made.page_text();
    for text in [
        "What could they reach? 2 changes of rules, 1 change of routes and 2 changes of anything else in 6 snapshots of the configuration, \
         1 endpoint at the end of the period.",
        "Who changed it is in CloudTrail, not here: ModifyClientVpnEndpoint , AuthorizeClientVpnIngress , RevokeClientVpnIngress",
        "0.0.0.0/0 for all users added",
        "options split_tunnel changed true false",
        "x\\u{202e}<b>&",
    ] {
        let text = text.replace(" ,", ",");
        assert!(page.contains(&text), "{text:?} is not on the page: {page}");
    }
    // The objects that it was read from are among the inputs, from the day before on.
    let inputs = made.read("inputs.csv");
    for table in ["endpoints/", "authorization_rules/", "routes/"] {
        let of_table = files_under(&record.lake()).into_iter().filter(|file| file.starts_with(table));
        let before_the_end = of_table.filter(|file| !file.contains("20251123T003000Z"));
        let missing: Vec<String> = before_the_end.filter(|file| !inputs.contains(file)).collect();
        assert_eq!(missing, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn what_was_not_read_or_not_answered_is_no_change() {
    let (record, endpoints) = record().await;
    let simulator = &record.world.simulator;
    record.every(30, at(0), at(60)).await;
    // EC2 refuses the rules of one endpoint, whose object is partial then, and a route goes.
    let fault = Fault::always(FaultKind::Unauthorized).at(&endpoints[0]);
    simulator.inject_into(FaultyAction::DescribeClientVpnAuthorizationRules, fault);
    simulator.change_access(&endpoints[0], |access| access.routes.clear());
    record.every(30, at(90), at(120)).await;
    simulator.clear_faults();
    record.every(30, at(150), at(270)).await;
    let made_of_all = made(&record).await;
    assert_eq!(made_of_all.rows("unreadable"), Vec::<Value>::new());
    let found = changes(&made_of_all);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        [&found[0][1], &found[0][3], &found[0][7]],
        [&json!("route"), &json!("removed"), &json!(written(90))]
    );
    assert_eq!(states(&made_of_all, "end", &endpoints[0])[1], json!(["route", null, null, true]));
    let page = made_of_all.page_text();
    assert!(page.contains("authorization rules: 2 of 12"), "{page}");

    // An object of routes that is damaged, and one of rules that is gone, say nothing.
    let object = |table: &str, minutes: i64| {
        let name = at(minutes).strftime("%Y%m%dT%H%M%SZ").to_string();
        let of = |file: &String| file.starts_with(table) && file.contains(&name);
        record.lake().join(files_under(&record.lake()).into_iter().find(of).unwrap())
    };
    fs::write(object("routes/", 180), b"PAR1").unwrap();
    fs::remove_file(object("authorization_rules/", 210)).unwrap();
    let of_damaged = report(&record.lake(), &Asked::period(FROM, TO)).await;
    assert_eq!(changes(&of_damaged), found);
    let unreadable = of_damaged.rows("unreadable");
    let tables: Vec<&str> =
        unreadable.iter().map(|row| row["object_key"].as_str().unwrap().split('/').next().unwrap()).collect();
    assert_eq!(tables, ["authorization_rules", "routes"], "{unreadable:?}");
    assert_eq!(of_damaged.words()[0], "Shown", "they decide no session: {:?}", of_damaged.sentences);
    assert!(!of_damaged.is_whole);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn without_a_snapshot_before_the_period_the_first_is_the_beginning() {
    let (record, endpoints) = record().await;
    record.every(30, at(90), at(120)).await;
    let made_of_few = made(&record).await;
    assert_eq!(changes(&made_of_few), Vec::<Value>::new());
    assert_eq!(states(&made_of_few, "beginning", &endpoints[0]), states(&made_of_few, "end", &endpoints[0]));
    let page = made_of_few.page_text();
    assert!(page.contains("the first of the period, as none is on record before it"), "{page}");
    for file in files_under(&record.lake()).into_iter().filter(|file| file.starts_with("endpoints/")) {
        fs::remove_file(record.lake().join(file)).unwrap();
    }
    let page = made(&record).await.page_text();
    assert!(page.contains("Not on record: the lake has no configuration of the endpoints"), "{page}");
}
