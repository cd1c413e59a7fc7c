//! Every figure of a clean lake is what plain Python computes from the run records and the Parquet objects, and what the simulator knows.

use std::fs;

use client_vpn_sim::Config;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Asked, Made, Record, run, time};
use crate::harness::{command, fleet, python};

const FIRST: &str = "2025-11-22T16:00:00Z";
const LAST: &str = "2025-11-23T14:30:00Z";
const FROM: &str = "2025-11-22T17:30:00Z";
const TO: &str = "2025-11-23T13:00:00Z";

/// Three endpoints over almost a day with their connection logs, sealed and signed.
async fn record() -> Record {
    let config = Config { region: "us-east-1".to_owned(), ..fleet(3, 12) };
    let record = Record::new(config, time(FIRST)).await;
    record.every(45, time(FIRST), time(LAST)).await;
    record.seal(time("2025-11-23T08:00:00Z")).await;
    let later = time("2025-11-23T16:00:00Z");
    record.read_logs(&[later]).await;
    record.seal(later + SignedDuration::from_hours(3)).await;
    record
}

fn problems(arguments: &[&str]) -> Vec<String> {
    serde_json::from_value(python("check_exhibit.py", arguments, &[])).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs OpenSSL and Python")]
async fn every_figure_is_that_of_the_lake_and_of_the_simulator() {
    let record = record().await;
    let lake = record.lake();
    let asked = Asked { sample: Some((2, "a seed")), ..Asked::period(FROM, TO).with_key(&record.keys) };
    let directory = TempDir::new().unwrap();
    let output = run(&lake, &directory.path().join("exhibit"), &asked.flags());
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{answer}");
    let sentences = serde_json::from_value(answer["claims"].clone()).unwrap();
    let made = Made::new(directory, true, sentences);
    assert_eq!(made.words(), ["Shown"; 4], "{answer}");
    let folder = made.folder();
    assert_eq!([&answer["holes"], &answer["faults"], &answer["unreadable"]], [&json!(0); 3]);
    assert_eq!(answer["sessions"], json!(made.rows("sessions").len()));

    let lived = |id: &String| (id.clone(), json!(record.world.simulator.lived(id, time(FROM), time(TO))));
    let lived: serde_json::Map<String, Value> =
        record.world.simulator.endpoint_ids().iter().map(lived).collect();
    let truth = made.directory.path().join("lived.json");
    fs::write(&truth, Value::Object(lived).to_string()).unwrap();
    let [lake_path, exhibit, truth] = [&lake, &folder, &truth].map(|path| path.to_str().unwrap());
    assert_eq!(problems(&["figures", lake_path, exhibit, truth]), Vec::<String>::new());
    assert_eq!(problems(&["files", exhibit]), Vec::<String>::new());
    assert_eq!(problems(&["sample", lake_path, exhibit]), Vec::<String>::new());
    // Every 45 minutes over 19 and a half hours, of three endpoints.
    assert_eq!(
        ["expected by that rhythm", "complete", "attempted"].map(|line| made.count(line)),
        [Some(78); 3]
    );

    let mut sessions = command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:1");
    let sessions = sessions.args(["sessions", "--json", "--from", FROM, "--to", TO, "--lake", lake_path]);
    let printed: Value = serde_json::from_slice(&sessions.output().unwrap().stdout).unwrap();
    assert_eq!(printed["sessions"], json!(made.rows("sessions")));
    let addresses = made.rows("sessions").iter().filter(|row| !row["device_ip"].is_null()).count();
    assert!(addresses > 0, "no session has a value of the connection logs");

    // What was not made with this lake is noticed.
    let population = made.read("population.jsonl");
    fs::write(folder.join("population.jsonl"), population.replacen("\"count\":78", "\"count\":77", 1))
        .unwrap();
    let found = problems(&["figures", lake_path, exhibit]);
    assert!(
        found
            .iter()
            .any(|problem| problem.starts_with("sum attempted of Captures of the period: 78, not 77")),
        "{found:?}"
    );
}
