//! Names that somebody chose: verbatim in JSON lines, harmless in a spreadsheet, and text on the page.

use client_vpn_sim::{Connection, ConnectionStatus, Fault, FaultKind};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Asked, Record, report, time};
use crate::harness::{fleet, python};

const FIRST: &str = "2025-11-22T20:00:00Z";

fn names() -> Vec<String> {
    let long = "x".repeat(4_096);
    let names = [
        "<script>alert(1)</script>",
        "a\"b&c;<br>'d",
        "x\u{202e}gpj.exe",
        "two\nlines",
        "=1+1",
        "-2",
        "@SUM(A1)",
        &long,
    ];
    names.map(str::to_owned).to_vec()
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn names_are_verbatim_in_the_data_and_harmless_on_the_page() {
    let record = Record::new(fleet(1, 3), time(FIRST)).await;
    let endpoint_id = record.world.simulator.endpoint_ids()[0].clone();
    let connection = |(index, name): (usize, String)| Connection {
        client_vpn_endpoint_id: Some(endpoint_id.clone()),
        connection_id: Some(format!("cvpn-connection-{index:017x}")),
        username: Some(name),
        common_name: Some("+cert".to_owned()),
        connection_established_time: Some("2025-11-22 20:00:00".to_owned()),
        connection_end_time: Some("-".to_owned()),
        timestamp: Some("2025-11-22 20:00:00".to_owned()),
        ingress_bytes: Some("1".to_owned()),
        egress_bytes: Some("2".to_owned()),
        status: Some(ConnectionStatus { code: Some("active".to_owned()), message: None }),
        ..Connection::default()
    };
    let connections: Vec<Connection> = names().into_iter().enumerate().map(connection).collect();
    record.world.simulator.inject(Fault::always(FaultKind::Custom { connections }));
    record.every(30, time(FIRST), time(FIRST) + SignedDuration::from_mins(120)).await;
    let asked = Asked::period("2025-11-22T20:10:00Z", "2025-11-22T21:30:00Z");
    let made = report(&record.lake(), &Asked { sample: Some((5, "<b>&\u{202e}")), ..asked }).await;
    let mut expected = names();
    expected.sort();
    let rows = made.rows("sessions");
    let mut found: Vec<String> =
        rows.iter().map(|row| row["username"].as_str().unwrap().to_owned()).collect();
    found.sort();
    assert_eq!(found, expected);
    let problems = python("check_exhibit.py", &["files", made.folder().to_str().unwrap()], &[]);
    assert_eq!(problems, json!([]));
    // Of three names, in the columns identity, username and identity key, and of the common names.
    let of_names = 3 * 3;
    let altered =
        made.read("sessions.csv").matches("\"'").count() + made.read("sessions.csv").matches(",'").count();
    assert_eq!(altered, of_names + names().len());
    assert!(made.read("sessions.csv").contains(",'=1+1,"), "{}", made.read("sessions.csv"));

    let page = made.read("report.html");
    for shown in [
        "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>",
        "a&quot;b&amp;c;&lt;br&gt;'d",
        "x\\u{202e}gpj.exe",
        "two\\u{a}lines",
        "<bdi>=1+1</bdi>",
        "&lt;b&gt;&amp;\\u{202e}",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(page.contains(&format!("<bdi>{}…</bdi>", "x".repeat(80))));
    assert!(!page.contains(&"x".repeat(81)) && !page.contains('\u{202e}') && !page.contains("<script"));
    let identities: Vec<Value> = made.rows("identities");
    assert_eq!(identities.len(), names().len());
}
