//! The command `coverage`: its exit status and what it names.

use serde_json::{Value, json};

use super::{NO_ATTEMPT, Recorder, at, holes, rewrite};
use crate::harness::command;

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
    let said = "No hole up to 2025-11-23 23:00:00Z, by 4 run records: no gap of 60 minutes between complete captures. If AWS lists \
                ended connections for 60 minutes, as it says, none was missed, or will be if the next capture";
    assert!(text.contains(said) && status == 0, "{text}");
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
    assert!(text.contains(said) && !text.contains("none was missed, or"), "{text}");

    // Nothing but one that cannot be read.
    let alone = tempfile::TempDir::new().unwrap();
    std::fs::create_dir_all(alone.path().join(place)).unwrap();
    std::fs::write(alone.path().join(place).join("20251123T221500Z_x-1.json"), "half a rec").unwrap();
    let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), &recorder.world.simulator.url());
    let output = command.arg("coverage").arg("--lake").arg(alone.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let said = "1 object could not be read. 0 run records could be read and show no hole.";
    assert!(text.contains("Not proven") && text.contains(said), "{text}");
    assert!(!text.contains("none was missed, or") && output.status.code() == Some(1), "{text}");
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
    assert_eq!(holes(&recorder.coverage(None, at(201)).await), [(15, 201, false, NO_ATTEMPT)]);
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
    assert!(!text.contains("none was missed, or"), "{text}");
    let (text, status) = run(&["--from", &from, "--to", &to, "--json"]);
    let coverage: Value = serde_json::from_str(&text).unwrap();
    let found = &coverage["clock_stepped"][0];
    assert_eq!(found["endpoint_id"], json!(recorder.world.simulator.endpoint_ids()[0]));
    assert_eq!((&found["first_page_at"], status), (&json!(at(440).to_string()), 1));
}
