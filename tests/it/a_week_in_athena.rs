//! The questions of `queries/`, asked of a simulated week that the Lambda binary wrote, with the connection logs of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use client_vpn_audit::lake::store::{Location, Store};
use client_vpn_audit::proof::coverage::{Coverage, RequestedTimes};
use client_vpn_sim::{
    Access, AccessStatus, AuthorizationPolicy, AuthorizationRule, Config, Connection, Fault, FaultKind,
    FaultyAction, LateEvents, LogGroup, RevocationList, Route, TimeSource,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::emulator::Emulator;
use crate::harness::seaweed::Seaweed;
use crate::harness::{World, fleet, python, trino, venv};
use crate::one_definition_of_a_hole::{Hole, of_json};
use crate::sessions_without_athena::assert_as_in_athena;

const ACCOUNT: &str = "123456789012";
/// The Region with the largest quota of CloudWatch Logs, half of which the function uses.
const REGION: &str = "us-east-1";
const MONDAY: &str = "2025-11-17T00:00:00Z";
const SNAPSHOTS: usize = 7 * 24 * 4;
/// Snapshots after which the function is started anew, before their calls have used up the budget for an account and Region.
const SNAPSHOTS_OF_A_FUNCTION: usize = 3;
const QUARTER_OF_AN_HOUR: SignedDuration = SignedDuration::from_mins(15);
/// The time for which AWS lists a connection that has ended.
const LISTED_AFTER_END: SignedDuration = SignedDuration::from_mins(60);
/// The delay from the schedule's time to the arrival of the pages.
const ARRIVAL_DELAY: SignedDuration = SignedDuration::from_secs(7);
/// The log group of all endpoints.
const LOG_GROUP: &str = "client-vpn";
/// The delay from the time of every fourth snapshot to a run of connection logs.
const LOGS_DELAY: SignedDuration = SignedDuration::from_mins(3);

/// Faults of the week, by the number of the snapshot.
mod misfortunes {
    use std::ops::Range;

    /// The second endpoint is refused for three hours on Tuesday.
    pub const REFUSED: Range<usize> = 96 + 8..96 + 20;
    /// The second endpoint's listing is cut after its first page, once, on Wednesday.
    pub const CUT: usize = 2 * 96 + 60;
    /// Nothing runs for 90 minutes on Thursday, and so 105 lie between two captures.
    pub const OUTAGE: Range<usize> = 3 * 96 + 40..3 * 96 + 46;
    /// AWS says something odd of a connection of the first endpoint, once, on Friday.
    pub const ODD: usize = 4 * 96 + 48;
    /// A snapshot is taken twenty minutes late on Saturday, after the one that follows it.
    pub const TAKEN_LATE: usize = 5 * 96 + 32;
    /// Somebody switches the first endpoint's connection log on Wednesday, and back on Friday.
    pub const SWITCHED: [usize; 2] = [2 * 96 + 41, 4 * 96 + 7];
    /// The fourth endpoint is refused all week.
    pub const NEVER_ALLOWED: usize = 3;
    /// The fifth endpoint is deleted on Thursday.
    pub const DELETED: (usize, usize) = (4, 3 * 96 + 10);
    /// Connection logs are read from Tuesday noon until Sunday evening.
    pub const LOGS_READ: Range<usize> = 96 + 48..6 * 96 + 73;
    /// They are not read for twelve hours on Thursday. Nothing is lost: it is read later.
    pub const LOGS_OUTAGE: Range<usize> = 3 * 96..3 * 96 + 48;
    /// CloudWatch Logs refuses a run of them, once, on Saturday.
    pub const LOGS_REFUSED: usize = 5 * 96 + 40;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda, libfaketime, Python, SeaweedFS and Trino")]
async fn every_question_has_the_answer_that_the_simulator_knows() {
    let seaweed = Seaweed::shared();
    let bucket = seaweed.bucket().await;
    let analytics = seaweed.bucket().await;
    let week = Week::record(&seaweed, &bucket).await;
    let environment = seaweed.environment();
    let environment: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let arguments = [bucket.as_str(), &analytics, week.truth.to_str().unwrap()];
    let checked = trino::python("check_queries.py", &arguments, &environment);
    assert_eq!(checked["problems"], json!([]), "{:#}", checked["counts"]);
    let lake = Location::parse(&format!("s3://{bucket}/vpn")).unwrap();
    let store = Store::new(&lake, &seaweed.sdk(), None);
    check_coverage(&store, &checked["holes"]).await;
    let as_of = Timestamp::from_millisecond(checked["as_of"].as_i64().unwrap()).unwrap();
    assert_as_in_athena(&store, as_of, &checked["sessions"]).await;
    // The week has something for each question to find.
    let count = |name: &str| checked["counts"][name].as_u64().unwrap();
    assert_eq!(
        count("complete captures"),
        3 * (672 - 6) - 12 - 1 + misfortunes::DELETED.1 as u64,
        "all of three endpoints, but the outage, the refused and the cut, and those of the fifth"
    );
    assert!(count("connections that no capture saw") > 0);
    assert!(count("sessions whose end is inferred") > 0);
    assert!(count("sessions not covered") > 0);
}

/// Holds what the query found, by the moment at which it was asked, against what the command finds.
async fn check_coverage(store: &Store, holes: &Value) {
    let holes: BTreeMap<Timestamp, BTreeSet<Hole>> = serde_json::from_value(holes.clone()).unwrap();
    assert_eq!(holes.len(), 2, "{holes:?}");
    for (now, of_query) in holes {
        let window = RequestedTimes { from: None, to: now, now };
        let coverage = Coverage::read(store, window, &[], |_| ()).await.unwrap();
        assert_eq!(coverage.unreadable.len(), 0);
        assert_eq!(of_json(&json!(coverage)), of_query, "at {now}");
    }
}

/// A recorded week.
struct Week {
    truth: PathBuf,
    _directory: TempDir,
}

impl Week {
    /// Lets the Lambda binary record a week of five endpoints in `bucket`, and keeps what the simulator knows of it.
    async fn record(seaweed: &Seaweed, bucket: &str) -> Week {
        let directory = TempDir::new().unwrap();
        let monday: Timestamp = MONDAY.parse().unwrap();
        let config = Config {
            region: REGION.to_owned(),
            log_groups: vec![log_group()],
            time: TimeSource::Manual(monday),
            ..fleet(5, 40)
        };
        let world = World::new(config).await;
        let clock = FakeClock::new(directory.path());
        let lake = format!("s3://{bucket}/vpn");
        let own = [
            ("AUDIT_TARGETS", "*"),
            ("AUDIT_LAKE", lake.as_str()),
            ("AUDIT_PAGE_SIZE", "25"),
            ("AUDIT_CONNECTION_LOG_GROUPS", "arn:aws:logs:*:*:log-group:client-vpn"),
        ];
        let mut variables = world.variables(&own);
        variables.retain(|(name, _)| name != "AWS_REGION");
        variables.push(("AWS_REGION".to_owned(), REGION.to_owned()));
        variables.extend(seaweed.environment().map(|(name, value)| (name.to_owned(), value)));
        variables.extend(clock.environment());
        clock.set(monday);
        let mut emulator = Emulator::start(&world.simulator.url(), &variables);
        let endpoints = world.simulator.endpoint_ids();
        let mut lived: BTreeMap<String, Vec<Connection>> = BTreeMap::new();
        let (mut captures, mut configurations, mut last) = (Vec::new(), Vec::new(), monday);
        for (snapshot, delay) in schedule() {
            let time = monday + QUARTER_OF_AN_HOUR * i32::try_from(snapshot).unwrap();
            let at = time + delay;
            if snapshot == misfortunes::DELETED.1 {
                let deleted = &endpoints[misfortunes::DELETED.0];
                lived
                    .insert(deleted.clone(), world.simulator.lived(deleted, monday - LISTED_AFTER_END, last));
                world.simulator.remove_endpoint(deleted);
            }
            last = at;
            clock.set(at);
            world.simulator.set_time(at);
            world.simulator.clear_faults();
            if misfortunes::SWITCHED.contains(&snapshot) {
                world.simulator.switch_connection_log(&world.simulator.endpoint_ids()[0]);
            }
            let is_changed = change_access(&world, &endpoints, snapshot, at);
            if snapshot == 0 || is_changed || misfortunes::SWITCHED.contains(&snapshot) {
                let (endpoints, access) = (configuration(&world), access(&world));
                configurations
                    .push(json!({"since": time.to_string(), "endpoints": endpoints, "access": access}));
            }
            misfortunes(&world, snapshot).into_iter().for_each(|fault| world.simulator.inject(fault));
            if snapshot.is_multiple_of(SNAPSHOTS_OF_A_FUNCTION) {
                emulator.restart();
            }
            emulator.invoke(&json!({"action": "snapshot", "time": time.to_string()}));
            captures.extend(captured(&world, time, at));
            if reads_logs(snapshot) {
                clock.set(at + LOGS_DELAY);
                world.simulator.set_time(at + LOGS_DELAY);
                emulator.invoke(&json!({"action": "logs"}));
            }
        }
        let end = monday + QUARTER_OF_AN_HOUR * i32::try_from(SNAPSHOTS - 1).unwrap() + ARRIVAL_DELAY;
        for id in world.simulator.endpoint_ids() {
            let until_now = world.simulator.lived(&id, monday - LISTED_AFTER_END, end);
            lived.insert(id, until_now);
        }
        let of_endpoint = |id: &String| json!({"endpoint_id": id, "lived": lived[id]});
        let (deleted, snapshot) = misfortunes::DELETED;
        let gone_at = monday + QUARTER_OF_AN_HOUR * i32::try_from(snapshot).unwrap() + ARRIVAL_DELAY;
        let week = json!({
            "from": monday.to_string(),
            "to": end.to_string(),
            "endpoints": endpoints.iter().map(of_endpoint).collect::<Vec<_>>(),
            "gone": {&endpoints[deleted]: gone_at.to_string()},
            "captures": captures,
            "configurations": configurations,
            "log_group": format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{LOG_GROUP}"),
            // The first reading goes back a day.
            "events": world.simulator.logged(ACCOUNT, REGION, LOG_GROUP, monday - SignedDuration::from_hours(24), end),
        });
        let truth = directory.path().join("truth.json");
        std::fs::write(&truth, week.to_string()).unwrap();
        Week { truth, _directory: directory }
    }
}

/// Lists the snapshots in the order in which they are taken, and the delay of each.
fn schedule() -> Vec<(usize, SignedDuration)> {
    let mut schedule: Vec<(usize, SignedDuration)> = (0..SNAPSHOTS)
        .filter(|snapshot| !misfortunes::OUTAGE.contains(snapshot))
        .map(|snapshot| (snapshot, ARRIVAL_DELAY))
        .collect();
    let late = schedule.iter().position(|(snapshot, _)| *snapshot == misfortunes::TAKEN_LATE).unwrap();
    schedule.swap(late, late + 1);
    schedule[late + 1].1 = SignedDuration::from_mins(20);
    schedule
}

/// The log group, which other programs log to as well, and in which some events are late.
fn log_group() -> LogGroup {
    let late = LateEvents { one_in: 20, up_to: SignedDuration::from_hours(20) };
    LogGroup { foreign_per_hour: 1, late: Some(late), ..LogGroup::new(LOG_GROUP) }
}

fn reads_logs(snapshot: usize) -> bool {
    snapshot.is_multiple_of(4)
        && misfortunes::LOGS_READ.contains(&snapshot)
        && !misfortunes::LOGS_OUTAGE.contains(&snapshot)
}

fn misfortunes(world: &World, snapshot: usize) -> Vec<Fault> {
    let endpoints = world.simulator.endpoint_ids();
    let mut faults = vec![Fault::always(FaultKind::Unauthorized).at(&endpoints[misfortunes::NEVER_ALLOWED])];
    if misfortunes::REFUSED.contains(&snapshot) {
        faults.push(Fault::always(FaultKind::Unauthorized).at(&endpoints[1]));
    }
    if snapshot == misfortunes::CUT {
        faults.push(Fault::on(FaultKind::Unauthorized, 2).at(&endpoints[1]));
    }
    if snapshot == misfortunes::LOGS_REFUSED {
        world.simulator.inject_into(FaultyAction::FilterLogEvents, Fault::always(FaultKind::Unauthorized));
    }
    if snapshot == misfortunes::ODD {
        let mut connections: Vec<Connection> = world.simulator.listing(&endpoints[0])[..25].to_vec();
        connections[3].ingress_bytes = Some("1.5e6".to_owned());
        connections[3].authorization_policy_last_evaluated_time = Some("yesterday".to_owned());
        faults.push(Fault::on(FaultKind::Custom { connections }, 1).at(&endpoints[0]));
    }
    faults
}

/// Returns the answers that the last invocation got, one value for each endpoint.
fn captured(world: &World, time: Timestamp, at: Timestamp) -> Vec<Value> {
    let pages = world.simulator.take_served();
    let of_endpoint = |endpoint_id: &String| {
        let pages: Vec<_> = pages.iter().filter(|page| page.endpoint_id == *endpoint_id).collect();
        let connections: Vec<&Connection> = pages.iter().flat_map(|page| &page.connections).collect();
        let complete = pages.last().is_some_and(|page| page.next_token.is_none());
        json!({
            "snapshot_time": time.to_string(),
            "at": at.to_string(),
            "endpoint_id": endpoint_id,
            "complete": complete,
            "connections": connections,
        })
    };
    world.simulator.endpoint_ids().iter().map(of_endpoint).collect()
}

/// Changes what an endpoint gives access to before some of the snapshots; returns `true` if it did.
fn change_access(world: &World, endpoints: &[String], snapshot: usize, now: Timestamp) -> bool {
    let change = |endpoint: usize, change: fn(&mut Access, Timestamp)| {
        world.simulator.change_access(&endpoints[endpoint], |access| change(access, now));
    };
    match snapshot {
        // All users may reach everything for some hours of Tuesday.
        136 => change(0, |access, _| {
            access.rules.push(AuthorizationRule {
                description: Some("Temporary".to_owned()),
                group_id: None,
                access_all: true,
                destination_cidr: "0.0.0.0/0".to_owned(),
                status: AccessStatus::of("active"),
            });
        }),
        166 => change(0, |access, _| {
            access.rules.pop();
        }),
        222 => change(1, |access, now| {
            let next_update = Some(now - SignedDuration::from_hours(1));
            let expired = RevocationList::of_serials(now - SignedDuration::from_hours(2), [9]);
            access.revocation_list = Some(RevocationList { next_update, ..expired });
            access.routes.push(Route {
                destination_cidr: "10.99.0.0/16".to_owned(),
                target_subnet: Some("subnet-0123456789abcdef0".to_owned()),
                route_type: "Nat".to_owned(),
                origin: "add-route".to_owned(),
                status: AccessStatus::of("creating"),
                description: None,
                transit_gateway_attachment_id: None,
            });
        }),
        223 => change(1, |access, _| {
            if let Some(route) = access.routes.last_mut() {
                route.status = AccessStatus::of("active");
            }
        }),
        348 => change(1, |access, _| {
            access.policy = Some(AuthorizationPolicy {
                document: "forbid(principal, action, resource);".to_owned(),
                description: Some("Nobody".to_owned()),
                is_shadow: false,
                status: "active".to_owned(),
            });
        }),
        404 => change(2, |access, now| {
            access.revocation_list = Some(RevocationList::of_serials(now, 1..=3));
            access.options.split_tunnel = !access.options.split_tunnel;
            access.options.session_timeout_hours = 9;
            access.options.login_banner = Some("\"Grüße\" <&>".to_owned());
        }),
        _ => return false,
    }
    true
}

/// Returns the current configuration of the endpoints, as boto3 lists it.
fn configuration(world: &World) -> Value {
    python("list_endpoints.py", &["--endpoint-url", &world.simulator.url(), "--region", REGION], &[])
}

/// Returns the current rules, routes, policies, revocation lists and options of the endpoints, as boto3 lists them.
fn access(world: &World) -> Value {
    let url = world.simulator.url();
    python("list_access.py", &["--region", REGION], &[("AWS_ENDPOINT_URL_EC2", url.as_str())])
}

/// The function's own clock, by libfaketime, so that pages arrive when the simulator's clock says.
struct FakeClock {
    file: PathBuf,
}

impl FakeClock {
    fn new(directory: &Path) -> FakeClock {
        FakeClock { file: directory.join("time") }
    }

    fn set(&self, now: Timestamp) {
        std::fs::write(&self.file, now.strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap();
    }

    fn environment(&self) -> impl Iterator<Item = (String, String)> {
        [
            ("LD_PRELOAD", libfaketime()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            // Timeouts go on by the machine's own clock.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("TZ", "UTC".to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
    }
}

fn libfaketime() -> String {
    let versions = std::fs::read_dir(venv().join("lib")).unwrap();
    let library = "site-packages/libfaketime/vendor/libfaketime/src/libfaketime.so.1";
    let libraries = versions.map(|version| version.unwrap().path().join(library));
    libraries.into_iter().find(|path| path.exists()).unwrap().display().to_string()
}
