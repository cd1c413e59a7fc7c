//! The engine inside Athena, on this machine.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use super::{made_by_tests_run, venv};

/// A Trino server. It ends with its standard input, so with the tests.
struct Server {
    port: String,
    _process: Child,
    _input: Option<ChildStdin>,
}

/// The server that all tests share.
static SHARED: OnceLock<Server> = OnceLock::new();

impl Server {
    fn start() -> Server {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/trino_server.py");
        let mut process = Command::new(venv().join("bin/python"))
            .arg(script)
            .arg(made_by_tests_run("CLIENT_VPN_AUDIT_TRINO"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        assert!(
            !port.is_empty(),
            "Trino does not come up: its log is in {}/client-vpn-audit-trino-*/log",
            std::env::temp_dir().display()
        );
        Server { port: port.trim().to_owned(), _input: process.stdin.take(), _process: process }
    }
}

/// Runs a script of `tests/python` that asks Trino, and reads the JSON that it prints.
pub fn python(script: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Value {
    let port = &SHARED.get_or_init(Server::start).port;
    super::python(
        script,
        arguments,
        &[environment, &[("CLIENT_VPN_AUDIT_TRINO_PORT", port.as_str())]].concat(),
    )
}
