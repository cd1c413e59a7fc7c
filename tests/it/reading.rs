//! `docs/reading.md` reads the lake as it says, with account ids kept as text.

use std::process::Command;

use serde_json::json;

use crate::harness::{World, fleet, snapshot, venv};

/// The account that loses its zeros as a number.
const ACCOUNT: &str = "001234567890";

/// Returns the fenced block that is marked with `name`.
fn block(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("<!-- BEGIN CHECKED by tests: {name} -->\n```")).unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

#[tokio::test]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn every_example_reads_the_account_as_text() {
    let config = client_vpn_sim::Config { account_id: ACCOUNT.to_owned(), ..fleet(2, 7) };
    let world = World::new(config).await;
    snapshot(&world.auditor(&[]), json!({})).await;
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reading.md");
    let page = std::fs::read_to_string(page).unwrap();
    let duckdb = |sql: String| format!("import duckdb\nprint(duckdb.sql(\"\"\"{sql}\"\"\").fetchall())");
    for (name, program, expected) in [
        ("sql", duckdb(block(&page, "sql")), "[('001234567890', 14)]"),
        ("pyarrow", block(&page, "pyarrow"), "['001234567890'] 14"),
        ("pandas", block(&page, "pandas"), "['001234567890'] 14"),
        ("polars", block(&page, "polars"), "['001234567890'] 14"),
        ("ledger", duckdb(block(&page, "ledger")), "[('001234567890', 2)]"),
    ] {
        let mut python = Command::new(venv().join("bin/python"));
        let output = python.args(["-c", &program]).current_dir(world.lake()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        assert_eq!(text(&output.stdout), expected, "{name}: {}", text(&output.stderr));
    }
}
