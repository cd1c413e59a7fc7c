//! Holes are computed from the ledger, always by when pages were requested and arrived, never by `snapshot_time`.

use std::cell::Cell;
use std::collections::BTreeMap;

use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::clock::Clock;
use client_vpn_audit::invocation::handler::Auditor;
use client_vpn_audit::invocation::settings::Settings;
use client_vpn_audit::lake::store::{Location, Store};
use client_vpn_audit::proof::coverage::witness::Witness;
use client_vpn_audit::proof::coverage::{Coverage, EndpointCoverage, Window};
use client_vpn_sim::{Fault, FaultKind, TimeSource};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::harness::sealed::{LATER, SealedLake};
use crate::harness::{World, command, fleet, sdk_config, snapshot};

const BEGIN: &str = "2025-11-23T22:00:00Z";

/// Minutes after [`BEGIN`]; the record goes over midnight.
fn at(minutes: i64) -> Timestamp {
    BEGIN.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

struct Recorder {
    world: World,
    /// What time it is when coverage is asked for; none for the end of what is asked.
    now: Cell<Option<Timestamp>>,
}

impl Recorder {
    async fn new(endpoints: usize) -> Recorder {
        let config = client_vpn_sim::Config { time: TimeSource::Manual(at(0)), ..fleet(endpoints, 6) };
        Recorder { world: World::new(config).await, now: Cell::new(None) }
    }

    /// Takes a snapshot whose pages arrive at `now`.
    async fn capture(&self, now: Timestamp, fields: Value) {
        self.world.clock.set(now);
        self.world.simulator.set_time(now);
        let mut fields = fields;
        fields.as_object_mut().unwrap().entry("time").or_insert_with(|| json!(now.to_string()));
        snapshot(&self.world.auditor(&[]), fields).await;
    }

    async fn captures(&self, minutes: impl IntoIterator<Item = i64>) {
        for minutes in minutes {
            self.capture(at(minutes), json!({})).await;
        }
    }

    /// The coverage of the first endpoint.
    async fn coverage(&self, from: Option<Timestamp>, to: Timestamp) -> EndpointCoverage {
        let mut coverage = self.whole_coverage(from, to, &[]).await;
        assert_eq!(coverage.unreadable.len(), 0);
        let first = &self.world.simulator.endpoint_ids()[0];
        let index = coverage.endpoints.iter().position(|endpoint| endpoint.endpoint_id == *first);
        coverage.endpoints.swap_remove(index.unwrap())
    }

    async fn whole_coverage(
        &self,
        from: Option<Timestamp>,
        to: Timestamp,
        witnesses: &[Witness],
    ) -> Coverage {
        let location = Location::Directory(self.world.lake());
        let store = Store::new(&location, &self.world.sdk(), None);
        Coverage::read(&store, Window { from, to, now: self.now.get().unwrap_or(to) }, witnesses, |_| ())
            .await
            .unwrap()
    }
}

/// Begin, end, whether open, and why, of each hole, in minutes after [`BEGIN`].
fn holes(coverage: &EndpointCoverage) -> Vec<(i64, i64, bool, &str)> {
    let minutes = |time: Timestamp| time.duration_since(at(0)).as_mins();
    coverage
        .holes
        .iter()
        .map(|hole| (minutes(hole.gap.from), minutes(hole.gap.to), hole.gap.open, hole.reason.as_str()))
        .collect()
}

const NOTHING: &str = "no attempt is on record";

#[tokio::test(flavor = "multi_thread")]
async fn captures_less_than_an_hour_apart_leave_no_hole() {
    let recorder = Recorder::new(1).await;
    recorder.captures((0..=240).step_by(15)).await;
    let coverage = recorder.coverage(None, at(250)).await;
    assert_eq!(holes(&coverage), []);
    assert_eq!((coverage.longest_gap.seconds, coverage.proven), (15 * 60, 1.0));
    assert_eq!(coverage.outcomes.into_iter().collect::<Vec<_>>(), [("complete", 17)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_minutes_are_a_hole_and_a_second_less_is_none() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0]).await;
    recorder.capture(at(60) - SignedDuration::from_secs(1), json!({})).await;
    assert_eq!(holes(&recorder.coverage(None, at(61)).await), []);
    recorder.capture(at(120) - SignedDuration::from_secs(1), json!({})).await;
    let coverage = recorder.coverage(None, at(120)).await;
    assert_eq!(coverage.holes.len(), 1);
    assert_eq!(coverage.longest_gap.seconds, 3600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hole_says_why() {
    let recorder = Recorder::new(2).await;
    recorder.captures([0, 15, 30, 45, 60, 75]).await;
    let first = recorder.world.simulator.endpoint_ids()[0].clone();
    recorder.world.simulator.inject(Fault::always(FaultKind::Unauthorized).at(&first));
    recorder.captures([90, 105, 120, 135, 150, 165]).await;
    recorder.world.simulator.clear_faults();
    recorder.captures([180, 195]).await;
    // Nothing runs for two hours.
    recorder.captures([315]).await;
    let coverage = recorder.coverage(None, at(315)).await;
    let expected = [(75, 180, false, "6 × failed, UnauthorizedOperation"), (195, 315, false, NOTHING)];
    assert_eq!(holes(&coverage), expected);
    assert_eq!(coverage.proven, 1.0 - (105.0 + 120.0) / 315.0);
    let whole = recorder.whole_coverage(None, at(315), &[]).await;
    let counts: Vec<usize> = whole.endpoints.iter().map(|endpoint| endpoint.holes.len()).collect();
    assert_eq!(counts.iter().sum::<usize>(), 2 + 1, "the other endpoint was not refused: {counts:?}");
    assert!(!whole.is_whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_backdated_or_late_fills_no_hole() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 120]).await;
    // By hand, of the time in between; and a retry that comes as late as one may.
    recorder.capture(at(130), json!({"time": at(75).to_string()})).await;
    recorder.capture(at(180), json!({"time": at(121).to_string()})).await;
    assert_eq!(holes(&recorder.coverage(None, at(200)).await), [(0, 120, false, NOTHING)]);
    // By their arrival they count.
    assert_eq!(holes(&recorder.coverage(None, at(235)).await), [(0, 120, false, NOTHING)]);
    assert_eq!(holes(&recorder.coverage(None, at(240)).await).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_complete_fills_no_hole() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0]).await;
    recorder.capture(at(20), json!({"max_items": 2})).await;
    recorder.capture(at(40), json!({"filters": {"username": ["nobody"]}})).await;
    // The object of this snapshot is there, so nothing is read: it counts as the capture at 0 once more.
    recorder.capture(at(50), json!({"time": at(0).to_string()})).await;
    recorder.captures([70]).await;
    let coverage = recorder.coverage(None, at(70)).await;
    assert_eq!(holes(&coverage), [(0, 70, false, "2 × partial")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ends_of_the_window_are_no_proof() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 30, 60, 90, 120, 150, 180]).await;
    // The capture before the window counts, and the one after it.
    assert_eq!(holes(&recorder.coverage(Some(at(100)), at(140)).await), []);
    // Before the first attempt nothing is said of the endpoint.
    let before = recorder.coverage(Some(at(-120)), at(180)).await;
    assert_eq!((holes(&before), before.from), (vec![], at(0)));
    let after = recorder.coverage(None, at(300)).await;
    assert_eq!(holes(&after), [(180, 300, true, NOTHING)]);
    assert_eq!(after.proven, 0.6);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_shows_wherever_the_window_is_laid() {
    let day = 24 * 60;
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 30, 60]).await;
    recorder.now.set(Some(at(20 * day)));
    // The captures ended for good 50 minutes before the end of the window.
    let end = recorder.coverage(Some(at(0)), at(110)).await;
    assert_eq!(holes(&end), [(60, 110 + day, true, NOTHING)]);
    // Nothing at all is on record of a later time.
    let later = recorder.coverage(Some(at(9 * day)), at(10 * day)).await;
    assert_eq!(holes(&later), [(9 * day, 11 * day, true, NOTHING)]);
    assert_eq!(later.proven, 0.0);
    recorder.captures([10 * day + 5, 10 * day + 20]).await;
    // The end of an outage that began long before, and a window that lies within it.
    let end = recorder.coverage(Some(at(10 * day)), at(10 * day + 20)).await;
    assert_eq!(holes(&end), [], "what existed since then is listed five minutes later");
    let within = recorder.coverage(Some(at(8 * day)), at(9 * day)).await;
    assert_eq!(holes(&within), [(8 * day, 10 * day + 5, false, NOTHING)]);
    // Before the first attempt, no endpoint is known.
    let before = recorder.whole_coverage(Some(at(-3 * day)), at(-2 * day), &[]).await;
    assert!(before.endpoints.is_empty() && !before.is_whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quick_capture_beside_a_slow_one_counts() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 10, 15]).await;
    let files = recorder.world.files();
    let slow = files.iter().find(|file| file.starts_with("runs/") && file.contains("T221000Z")).unwrap();
    let slow = recorder.world.lake().join(slow);
    let mut run: Value = serde_json::from_slice(&std::fs::read(&slow).unwrap()).unwrap();
    run["targets"][0]["last_page_at"] = json!(at(75).to_string());
    std::fs::remove_file(&slow).unwrap();
    std::fs::write(&slow, format!("{run}\n")).unwrap();
    assert_eq!(holes(&recorder.coverage(None, at(16)).await), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_was_never_captured_is_one_hole() {
    let recorder = Recorder::new(1).await;
    recorder.world.simulator.inject(Fault::always(FaultKind::Unauthorized));
    recorder.captures([0, 15, 30]).await;
    let coverage = recorder.coverage(None, at(90)).await;
    assert_eq!(holes(&coverage), [(0, 90, true, "3 × failed, UnauthorizedOperation")]);
    assert_eq!(coverage.proven, 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_is_compared_with_captures_and_holes() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 15, 30, 120]).await;
    let endpoint_id = recorder.world.simulator.endpoint_ids()[0].clone();
    let record = |minutes: i64| {
        let runs = recorder.world.files();
        let time = at(minutes).strftime("%Y%m%dT%H%M%SZ").to_string();
        let file = runs.iter().find(|file| file.starts_with("runs/") && file.contains(&time)).unwrap();
        let run: Value =
            serde_json::from_slice(&std::fs::read(recorder.world.lake().join(file)).unwrap()).unwrap();
        run["targets"][0]["active"].as_u64().unwrap()
    };
    let (first, third) = (record(0), record(30));
    // At 15 it says three more, and at 120 nothing.
    let points =
        [(0, first), (5, 9), (10, 9), (15, record(15) + 3), (20, 7), (25, 7), (30, third), (60, 40), (90, 3)];
    let directory = tempfile::TempDir::new().unwrap();
    let csv: String = points.iter().map(|(minutes, number)| format!("{},{number}\n", at(*minutes))).collect();
    let head = "Full label,ActiveConnectionsCount\n,\n";
    let datapoints: Vec<Value> = points
        .iter()
        .map(|(minutes, number)| json!({"Timestamp": at(*minutes).to_string(), "Maximum": number, "Unit": "Count"}))
        .collect();
    let times: Vec<String> = points.iter().map(|(minutes, _)| at(*minutes).to_string()).collect();
    let numbers: Vec<u64> = points.iter().map(|(_, number)| *number).collect();
    let data =
        json!({"MetricDataResults": [{"Id": "m1", "Label": "x", "Timestamps": times, "Values": numbers}]});
    for (name, text) in [
        ("a.csv", format!("{head}{csv}")),
        ("b.csv", csv.replace('T', " ").replace('-', "/").replace('Z', "")),
        ("statistics.json", json!({"Label": "x", "Datapoints": datapoints}).to_string()),
        ("data.json", data.to_string()),
    ] {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        let witness = Witness::read(&endpoint_id, &path).unwrap();
        let coverage = recorder.whole_coverage(None, at(120), &[witness]).await;
        let found = coverage.endpoints[0].witness.as_ref().unwrap();
        let found: Vec<_> = found.iter().map(|found| (found.first_page_at, found.witness)).collect();
        #[expect(clippy::cast_precision_loss, reason = "a handful of connections")]
        let more = (record(15) + 3) as f64;
        assert_eq!(found, [(at(15), Some(more)), (at(120), None)], "{name}");
        assert_eq!(coverage.endpoints[0].holes[0].witness_maximum, Some(40.0), "{name}");
    }
    for bad in [
        "",
        "{}",
        "{\"Datapoints\":[{\"Timestamp\":\"x\"}]}",
        "time,value\n",
        "2025-11-23T22:00:00Z,1\nx,y\n",
    ] {
        let path = directory.path().join("bad");
        std::fs::write(&path, bad).unwrap();
        assert!(Witness::read(&endpoint_id, &path).is_err(), "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_says_it_in_its_exit_status_and_names_what_it_could_not_read() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 30, 60, 180]).await;
    let lake = recorder.world.lake();
    let run = |arguments: &[&str]| {
        let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), &recorder.world.simulator.url());
        let output = command.arg("coverage").args(arguments).arg("--lake").arg(&lake).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
    };
    let (text, status) = run(&["--to", "2025-11-23T23:00:00Z"]);
    assert!(text.contains("No hole up to 2025-11-23 23:00:00Z") && status == 0, "{text}");
    let (text, status) = run(&["--to", "2025-11-24T01:00:00Z"]);
    assert!(text.contains("1 hole") && text.contains("2 h 00 min") && status == 1, "{text}");
    let (text, status) = run(&["--to", "2025-11-24T01:00:00Z", "--json"]);
    let coverage: Value = serde_json::from_str(&text).unwrap();
    let hole = &coverage["endpoints"][0]["holes"][0];
    assert_eq!((&hole["from"], &hole["seconds"], status), (&json!("2025-11-23T23:00:00Z"), &json!(7200), 1));
    assert_eq!(coverage["runs"], json!(4));

    let place = "runs/account_id=123456789012/region=eu-central-1/snapshot_date=2025-11-23";
    std::fs::write(lake.join(place).join("20251123T221500Z_x-1.json"), "half a rec").unwrap();
    let (text, status) = run(&["--to", "2025-11-23T23:00:00Z"]);
    assert!(text.contains("20251123T221500Z_x-1.json is no run record") && status == 1, "{text}");
    let said = "Not proven that every connection was seen up to 2025-11-23 23:00:00Z: 1 object could not be read. 4 run records";
    assert!(text.contains(said) && !text.contains("every connection was seen, or"), "{text}");

    // Nothing but one that cannot be read.
    let alone = tempfile::TempDir::new().unwrap();
    std::fs::create_dir_all(alone.path().join(place)).unwrap();
    std::fs::write(alone.path().join(place).join("20251123T221500Z_x-1.json"), "half a rec").unwrap();
    let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), &recorder.world.simulator.url());
    let output = command.arg("coverage").arg("--lake").arg(alone.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let said = "1 object could not be read. 0 run records could be read and show no hole.";
    assert!(text.contains("Not proven") && text.contains(said), "{text}");
    assert!(!text.contains("every connection was seen, or") && output.status.code() == Some(1), "{text}");
}

/// What could not be read of a lake, by its key.
async fn unreadable(lake: &std::path::Path, now: Timestamp) -> Vec<String> {
    let location = Location::Directory(lake.to_owned());
    let store = Store::new(&location, &sdk_config("http://127.0.0.1:9", "eu-central-1"), None);
    let window = Window { from: None, to: now, now };
    let coverage = Coverage::read(&store, window, &[], |_| ()).await.unwrap();
    assert_eq!(coverage.is_whole(), coverage.unreadable.is_empty());
    coverage.unreadable.into_iter().map(|of| of.object_key).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_a_time_to_come_are_named_and_fill_no_hole() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 30, 60, 90]).await;
    let lake = recorder.world.lake();
    // It is five minutes to midnight, and an event may come early.
    let now = at(115);
    assert_eq!(unreadable(&lake, now).await, Vec::<String>::new());
    let place = "runs/account_id=123456789012/region=eu-central-1";
    let record = std::fs::read_to_string(recorder.record(30)).unwrap();
    for (day, name) in [
        ("2025-11-24", "20251124T000100Z_early-1.json"),
        ("2025-11-24", "20251124T010000Z_ahead-1.json"),
        ("2025-11-26", "20251126T000000Z_days-ahead-1.json"),
    ] {
        let folder = lake.join(place).join(format!("snapshot_date={day}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), &record).unwrap();
    }
    let ahead = [
        format!("{place}/snapshot_date=2025-11-24/20251124T010000Z_ahead-1.json"),
        format!("{place}/snapshot_date=2025-11-26/"),
    ];
    assert_eq!(unreadable(&lake, now).await, ahead);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_in_place_of_the_folders_of_the_ledger_is_named() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 30]).await;
    let lake = recorder.world.lake();
    let now = at(31);
    for (folder, expected) in [
        ("runs/notes", "runs/notes/"),
        ("runs/account_id=1", "runs/account_id=1/"),
        ("runs/account_id=123456789012/notes", "runs/account_id=123456789012/notes/"),
        (
            "runs/account_id=123456789012/region=eu-central-1/notes",
            "runs/account_id=123456789012/region=eu-central-1/notes/",
        ),
    ] {
        std::fs::create_dir(lake.join(folder)).unwrap();
        assert_eq!(unreadable(&lake, now).await, [expected]);
        std::fs::remove_dir(lake.join(folder)).unwrap();
    }
    std::os::unix::fs::symlink("/nowhere", lake.join("digests")).unwrap();
    assert_eq!(unreadable(&lake, now).await, ["digests"]);
    std::fs::remove_file(lake.join("digests")).unwrap();
    std::fs::rename(lake.join("runs"), lake.join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", lake.join("runs")).unwrap();
    assert_eq!(unreadable(&lake, now).await, ["runs"]);
    std::fs::remove_file(lake.join("runs")).unwrap();
    std::fs::write(lake.join("runs"), "").unwrap();
    assert_eq!(unreadable(&lake, now).await, ["runs"], "a file");
}

impl Recorder {
    /// Takes a snapshot of all endpoints there are.
    async fn capture_all(&self, minutes: i64) {
        self.capture(at(minutes), json!({"targets": ["*"]})).await;
    }

    /// The run record of the snapshot at `minutes`.
    fn record(&self, minutes: i64) -> std::path::PathBuf {
        let time = at(minutes).strftime("%Y%m%dT%H%M%SZ").to_string();
        let files = self.world.files();
        let file = files.iter().find(|file| file.starts_with("runs/") && file.contains(&time)).unwrap();
        self.world.lake().join(file)
    }

    /// Holes of every endpoint, by its id.
    async fn all_holes(
        &self,
        from: Option<Timestamp>,
        to: Timestamp,
    ) -> BTreeMap<String, Vec<(i64, i64, bool)>> {
        let coverage = self.whole_coverage(from, to, &[]).await;
        let all = coverage.endpoints.iter().map(|endpoint| {
            let holes = holes(endpoint).into_iter().map(|(from, to, open, _)| (from, to, open)).collect();
            (endpoint.endpoint_id.clone(), holes)
        });
        all.collect()
    }
}

/// Rewrites a run record.
fn rewrite(path: &std::path::Path, change: impl FnOnce(&mut Value)) {
    let mut run: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    change(&mut run);
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, format!("{run}\n")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_covered_also_where_the_newest_record_does_not_name_it() {
    let day = 24 * 60;
    let recorder = Recorder::new(2).await;
    let ids = recorder.world.simulator.endpoint_ids();
    recorder.captures([0, 30]).await;
    // By hand, and by a second schedule, of the other endpoint alone.
    for minutes in [2 * day, 3 * day, 3 * day + 30] {
        recorder.capture(at(minutes), json!({"targets": [ids[1]]})).await;
    }
    let found = recorder.all_holes(Some(at(4 * day)), at(4 * day + 90)).await;
    assert_eq!(found[&ids[0]], [(4 * day, 4 * day + 90, true)]);
    assert_eq!(found[&ids[1]], [(4 * day, 4 * day + 90, true)]);
    // Where a complete listing names all, the records before it are not read.
    recorder.capture_all(5 * day).await;
    let whole = recorder.whole_coverage(Some(at(8 * day)), at(8 * day + 90), &[]).await;
    assert_eq!((whole.endpoints.len(), whole.runs), (3, 1), "{whole:?}");
    assert!(whole.endpoints.iter().all(|endpoint| endpoint.holes.len() == 1 && endpoint.holes[0].gap.open));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_endpoint_is_covered_from_the_last_listing_without_it() {
    let recorder = Recorder::new(1).await;
    recorder.capture_all(0).await;
    let new = fleet(2, 6).endpoints[1].clone();
    recorder.world.simulator.add_endpoint("123456789012", "eu-central-1", new.clone());
    recorder.world.simulator.inject(Fault::always(FaultKind::Unauthorized).at(&new.id));
    recorder.capture_all(45).await;
    recorder.world.simulator.clear_faults();
    recorder.capture_all(100).await;
    for from in [None, Some(at(0)), Some(at(-600))] {
        let found = recorder.all_holes(from, at(101)).await;
        assert_eq!(found[&new.id], [(0, 100, false)], "{from:?}");
        assert_eq!(found.values().flatten().count(), 1, "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_was_deleted_in_a_long_outage_is_gone() {
    let day = 24 * 60;
    let recorder = Recorder::new(2).await;
    let ids = recorder.world.simulator.endpoint_ids();
    for minutes in [0, 30] {
        recorder.capture_all(minutes).await;
    }
    recorder.world.simulator.remove_endpoint(&ids[0]);
    recorder.capture_all(5 * day).await;
    recorder.capture_all(5 * day + 30).await;
    let found = recorder.all_holes(None, at(5 * day + 40)).await;
    assert_eq!(found[&ids[0]], [(30, 5 * day, false)]);
    assert_eq!(found[&ids[1]], [(30, 5 * day, false)]);
    let found = recorder.all_holes(Some(at(5 * day + 1)), at(5 * day + 40)).await;
    assert_eq!(found.keys().collect::<Vec<_>>(), ["*", &ids[1]], "it is gone before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_without_a_list_does_not_say_that_an_endpoint_is_gone() {
    for removes_it in [false, true] {
        let recorder = Recorder::new(1).await;
        let id = recorder.world.simulator.endpoint_ids()[0].clone();
        recorder.capture_all(0).await;
        for minutes in [30, 60, 90, 120] {
            recorder.capture_all(minutes).await;
            rewrite(&recorder.record(minutes), |run| {
                run["targets"] = json!([]);
                let discovery = run["places"][0]["discovery"].as_object_mut().unwrap();
                match removes_it {
                    true => discovery.remove("endpoints"),
                    false => discovery.insert("endpoints".to_owned(), Value::Null),
                };
            });
        }
        for from in [None, Some(at(0))] {
            let found = recorder.all_holes(from, at(121)).await;
            assert_eq!(found[&id], [(0, 121, true)], "{from:?}");
            assert_eq!(found["*"], [(0, 121, true)], "{from:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_speaks_of_another_place_or_too_long_an_id_counts_for_nothing() {
    let recorder = Recorder::new(1).await;
    recorder.capture_all(0).await;
    let changes: [fn(&mut Value); 4] = [
        |run| run["targets"][0]["account_id"] = json!("999999999999"),
        |run| run["places"][0]["region"] = json!("us-east-1"),
        |run| run["targets"][0]["endpoint_id"] = json!("x".repeat(97)),
        |run| run["places"][0]["discovery"]["endpoints"] = json!(["x".repeat(97)]),
    ];
    for (number, change) in (1..).zip(changes) {
        recorder.capture_all(30 * number).await;
        rewrite(&recorder.record(30 * number), change);
    }
    let coverage = recorder.whole_coverage(None, at(121), &[]).await;
    let problems: Vec<&str> = coverage.unreadable.iter().map(|of| of.problem.as_str()).collect();
    let [account, region, target, listed] = problems[..] else { panic!("{problems:?}") };
    for problem in [account, region] {
        assert!(problem.starts_with("speaks of another account or Region than its key"), "{problem}");
    }
    for problem in [target, listed] {
        assert!(problem.contains("LimitExceeded: an id has more than 96 bytes"), "{problem}");
    }
    assert_eq!(holes(&coverage.endpoints[1]).len(), 1, "the first capture alone counts");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_that_was_killed_before_its_record_counts_once_it_is_repeated() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 40]).await;
    std::fs::remove_file(recorder.record(40)).unwrap();
    assert_eq!(holes(&recorder.coverage(None, at(80)).await), [(0, 80, true, NOTHING)]);
    for minutes in [80, 90] {
        recorder.capture(at(minutes), json!({"time": at(40).to_string()})).await;
    }
    recorder.captures([95]).await;
    let coverage = recorder.coverage(None, at(95)).await;
    assert_eq!(holes(&coverage), []);
    assert_eq!(coverage.longest_gap.seconds, 55 * 60, "from 40 to 95");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_whose_clock_stepped_is_named_and_fails_the_command() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 15, 200, 201]).await;
    let stepped = recorder.record(200);
    rewrite(&stepped, |run| {
        run["targets"][0]["first_page_requested_at"] = json!(at(440).to_string());
        run["targets"][0]["first_page_at"] = json!(at(440).to_string());
    });
    assert_eq!(holes(&recorder.coverage(None, at(201)).await), [(15, 201, false, NOTHING)]);
    let lake = recorder.world.lake();
    let run = |arguments: &[&str]| {
        let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), &recorder.world.simulator.url());
        let output = command.arg("coverage").args(arguments).arg("--lake").arg(&lake).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
    };
    // From a time on that has no hole.
    let (from, to) = (at(190).to_string(), at(201).to_string());
    let (text, status) = run(&["--from", &from, "--to", &to]);
    let name = stepped.file_name().unwrap().to_str().unwrap();
    assert!(text.contains("1 capture whose times contradict each other") && text.contains(name), "{text}");
    let said = "the clock stepped in 1 capture.";
    assert!(text.contains("Not proven") && text.contains(said) && status == 1, "{text}");
    assert!(!text.contains("every connection was seen, or"), "{text}");
    let (text, status) = run(&["--from", &from, "--to", &to, "--json"]);
    let coverage: Value = serde_json::from_str(&text).unwrap();
    let found = &coverage["clock_stepped"][0];
    assert_eq!(found["endpoint_id"], json!(recorder.world.simulator.endpoint_ids()[0]));
    assert_eq!((&found["first_page_at"], status), (&json!(at(440).to_string()), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn run_records_that_were_sealed_late_count_and_are_listed() {
    let lake = SealedLake::in_a_directory().await;
    let keys = lake.keys_of("runs").await;
    let of_late = keys.iter().find(|key| key.contains("T230000Z")).unwrap();
    let record = lake.get(of_late).await;
    lake.delete(of_late).await;
    lake.seal_at("2025-11-23T01:40:00Z").await;
    // Somebody adds it when its hour is sealed.
    lake.put(of_late, record).await;
    lake.seal_at(LATER).await;
    let now: Timestamp = LATER.parse().unwrap();
    let read = async |from: Option<&str>, to: &str| {
        let window = Window { from: from.map(|from| from.parse().unwrap()), to: to.parse().unwrap(), now };
        let coverage = Coverage::read(&lake.store, window, &[], |_| ()).await.unwrap();
        assert_eq!(coverage.unreadable.len(), 0);
        coverage
    };
    for (from, to) in [
        (None, "2025-11-23T01:30:00Z"),
        (Some("2025-11-22T22:30:00Z"), "2025-11-22T23:10:00Z"),
        (Some("2025-11-22T23:10:00Z"), "2025-11-23T01:00:00Z"),
    ] {
        let coverage = read(from, to).await;
        assert_eq!(coverage.sealed_late, std::slice::from_ref(of_late), "{from:?}");
        assert!(coverage.is_whole(), "it counts all the same: {coverage:?}");
    }
    let other_days = read(Some("2025-11-23T01:00:00Z"), "2025-11-23T01:30:00Z").await;
    assert_eq!(other_days.sealed_late, Vec::<String>::new());
    let location = lake.location.to_string();
    let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:9");
    let output =
        command.args(["coverage", "--to", "2025-11-23T01:30:00Z", "--lake", &location]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("1 run record sealed late") && text.contains(of_late), "{text}");
    assert_eq!(output.status.code(), Some(0), "{text}");
    // A digest that cannot be read leaves open what was late.
    let digest = &lake.keys_of("digests").await[2];
    lake.put(digest, b"half a dig".to_vec()).await;
    let window = Window { from: None, to: now, now };
    let coverage = Coverage::read(&lake.store, window, &[], |_| ()).await.unwrap();
    assert_eq!(coverage.unreadable.iter().map(|of| &of.object_key).collect::<Vec<_>>(), [digest]);
    assert!(!coverage.is_whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_record_above_the_limit_is_named_and_not_read() {
    let recorder = Recorder::new(1).await;
    recorder.captures([0, 30]).await;
    let limit = 16 << 20;
    for (minutes, bytes) in [(0, limit), (30, limit + 1)] {
        let path = recorder.record(minutes);
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str(&" ".repeat(bytes - text.len()));
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let coverage = recorder.whole_coverage(None, at(31), &[]).await;
    assert_eq!((coverage.runs, coverage.unreadable.len()), (1, 1));
    let problem = &coverage.unreadable[0].problem;
    assert!(problem.contains("the limit of a digest or run record is 16777216 bytes (16 MiB)"), "{problem}");
    assert!(coverage.unreadable[0].object_key.contains("T223000Z"));
}

/// An EC2 whose clock and ours move on by ten minutes with each request; it answers the first one with an error.
async fn slow_ec2(clock: Clock) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for number in 1.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await.unwrap();
            clock.set(at(10 * number));
            let (status, body) = match number {
                1 => ("503 Unavailable", String::new()),
                _ => {
                    let body = "<requestId>r</requestId><connections/>";
                    let operation = "DescribeClientVpnConnectionsResponse";
                    (
                        "200 OK",
                        format!(
                            "<{operation} xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">{body}</{operation}>"
                        ),
                    )
                }
            };
            let date = at(10 * number - 5).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            let head = format!(
                "HTTP/1.1 {status}\r\ndate: {date}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_begins_when_the_attempt_that_succeeded_was_sent() {
    let recorder = Recorder::new(1).await;
    recorder.world.clock.set(at(0));
    let url = slow_ec2(recorder.world.clock.clone()).await;
    let settings = Settings::parse(recorder.world.variables(&[])).unwrap();
    let sdk = sdk_config(&url, "eu-central-1");
    let auditor = Auditor::new(settings, sdk, recorder.world.clock.clone(), Progress::silent());
    let report = snapshot(&auditor, json!({"time": at(0).to_string()})).await;
    let entry = &report.record.targets[0];
    assert_eq!(entry.outcome.as_str(), "complete", "{entry:?}");
    // The first attempt was sent at 0 and took ten minutes, the second was sent then and took ten more.
    assert_eq!(entry.first_page_requested_at, Some(at(10)));
    assert_eq!((entry.first_page_at, entry.last_page_at), (Some(at(20)), Some(at(20))));
    assert_eq!(entry.clock_difference_seconds, Some(0), "EC2's time lies between the two");
    let text = std::fs::read_to_string(recorder.world.lake().join(&report.run_keys[0])).unwrap();
    assert!(text.contains("\"first_page_requested_at\":\"2025-11-23T22:10:00.000Z\""), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_is_in_the_ledger() {
    let recorder = Recorder::new(1).await;
    for (ahead, expected) in [(0, 0), (300, 299), (-300, -300)] {
        let now = at(30) + SignedDuration::from_secs(ahead);
        recorder.world.simulator.set_time(at(30));
        recorder.world.clock.set(now);
        let fields = json!({"time": now.to_string(), "targets": ["*"]});
        let report = snapshot(&recorder.world.auditor(&[]), fields).await;
        assert_eq!(report.record.targets[0].clock_difference_seconds, Some(expected), "{ahead}");
        let discovery = report.record.places[0].discovery.as_ref().unwrap();
        assert_eq!(discovery.clock_difference_seconds, Some(expected), "{ahead}");
        assert_eq!((discovery.first_page_requested_at, discovery.last_page_at), (Some(now), Some(now)));
    }
}
