//! A witness, CloudWatch's own count of connections, is compared with the captures and the holes.

use client_vpn_audit::proof::coverage::cloudwatch_counts::Witness;
use serde_json::{Value, json};

use super::{Recorder, at};
use crate::harness::cases::Cases;

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
    let cases = Cases::default();
    for (name, text) in [
        ("a.csv", format!("{head}{csv}")),
        ("b.csv", csv.replace('T', " ").replace('-', "/").replace('Z', "")),
        ("statistics.json", json!({"Label": "x", "Datapoints": datapoints}).to_string()),
        ("data.json", data.to_string()),
    ] {
        let compared = async {
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
        };
        cases.run(name, compared).await;
    }
}

#[test]
fn what_is_no_witness_is_refused() {
    let directory = tempfile::TempDir::new().unwrap();
    for bad in [
        "",
        "{}",
        "{\"Datapoints\":[{\"Timestamp\":\"x\"}]}",
        "time,value\n",
        "2025-11-23T22:00:00Z,1\nx,y\n",
    ] {
        let path = directory.path().join("bad");
        std::fs::write(&path, bad).unwrap();
        assert!(Witness::read("cvpn-endpoint-0123456789abcdef0", &path).is_err(), "{bad}");
    }
}
