//! Days and texts of the page are those of the time zone, also on a day with 25 hours.

use serde_json::json;
use tempfile::TempDir;

use super::{Asked, Made, Record, run, time};
use crate::harness::{fleet, python};

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs OpenSSL and Python")]
async fn a_day_with_25_hours_begins_and_ends_at_local_midnight() {
    let record = Record::new(fleet(1, 8), time("2025-10-25T20:00:00Z")).await;
    record.every(50, time("2025-10-25T20:00:00Z"), time("2025-10-27T00:30:00Z")).await;
    record.seal(time("2025-10-27T04:00:00Z")).await;
    let asked = Asked {
        time_zone: "Europe/Berlin",
        ..Asked::period("2025-10-26", "2025-10-27").with_key(&record.keys)
    };
    let directory = TempDir::new().unwrap();
    let output = run(&record.lake(), &directory.path().join("exhibit"), &asked.flags());
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{answer}");
    let sentences = serde_json::from_value(answer["claims"].clone()).unwrap();
    let made = Made::new(directory, true, sentences);
    assert_eq!(made.words(), ["Shown"; 4], "{answer}");
    let inputs = made.read("inputs.csv");
    for line in [
        "parameter,from,2025-10-25T22:00:00Z,,",
        "parameter,to,2025-10-26T23:00:00Z,,",
        "parameter,time_zone,Europe/Berlin,,",
    ] {
        assert!(inputs.lines().any(|found| found == line), "{line}");
    }
    let page = made.page_text();
    assert!(
        page.contains("AWS Client VPN, 2025-10-26 00:00:00 +02:00 to 2025-10-27 00:00:00 +01:00"),
        "{page}"
    );
    // Every fifty minutes over 25 hours, from 22:30.
    assert_eq!([made.count("complete"), made.count("expected by that rhythm")], [Some(30); 2]);
    // Data files have UTC, and the days of identities are local.
    let exhibit = made.folder().display().to_string();
    let problems = python("check_exhibit.py", &["figures", record.lake().to_str().unwrap(), &exhibit], &[]);
    assert_eq!(problems, json!([]));
    let of_sessions = made.rows("sessions");
    assert!(of_sessions.iter().all(|row| row["first_seen"].as_str().unwrap().ends_with(".000Z")));
}
