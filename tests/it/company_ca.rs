//! `SSL_CERT_FILE` names the CA of a company whose proxy decrypts HTTPS, as `docs/operate.md` says.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::harness::{World, command, fleet, venv};

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
async fn a_capture_goes_through_a_proxy_whose_ca_ssl_cert_file_names() {
    let world = World::new(fleet(1, 7)).await;
    let directory = tempfile::TempDir::new().unwrap();
    let ca = directory.path().join("ca.pem");
    let mut relay = Command::new(venv().join("bin/python"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/tls_relay.py"))
        .arg(world.simulator.url())
        .arg(&ca)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut port = String::new();
    BufReader::new(relay.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let url = format!("https://127.0.0.1:{}", port.trim());
    let snapshot = |cert_file: Option<&std::path::Path>| {
        let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), &url);
        command.args(["snapshot", "--json", "--account-id", "123456789012", "--lake"]).arg(world.lake());
        command.env("AUDIT_TARGETS", &world.simulator.endpoint_ids()[0]).env("AUDIT_MAX_ATTEMPTS", "1");
        command.envs(cert_file.map(|path| ("SSL_CERT_FILE", path)));
        let output = command.output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (report["targets"][0]["outcome"].as_str().unwrap().to_owned(), output.status.code())
    };
    assert_eq!(snapshot(None), ("failed".to_owned(), Some(1)), "nobody knows that CA");
    assert_eq!(snapshot(Some(&ca)), ("complete".to_owned(), Some(0)));
    drop(relay.stdin.take());
    relay.wait().unwrap();
}
