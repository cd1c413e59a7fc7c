//! The Lambda binary under cargo-lambda's emulator of the Lambda runtime API.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::{command, venv};

const FUNCTION: &str = "client-vpn-audit";

/// The emulator and the function, which end with this value.
pub struct Emulator {
    runtime_api: Child,
    /// The command that starts the function.
    start: Command,
    function: Child,
    port: u16,
    directory: TempDir,
}

/// The result of an invocation.
#[derive(Debug)]
pub enum Invoked {
    /// The function's answer.
    Answer(Value),
    /// The function's error, as the emulator shows it, in one line.
    Failed(String),
}

impl Emulator {
    /// Starts the function with `variables` in its environment, besides where to find EC2 at `url`.
    pub fn start(url: &str, variables: &[(String, String)]) -> Emulator {
        let directory = TempDir::new().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut runtime_api = cargo_lambda(&directory)
            .args(["watch", "--only-lambda-apis", "--invoke-address", "127.0.0.1", "--invoke-port"])
            .arg(port.to_string())
            .stdout(File::create(directory.path().join("emulator.out")).unwrap())
            .stderr(File::create(directory.path().join("emulator.err")).unwrap())
            .spawn()
            .unwrap();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = runtime_api.try_wait().unwrap();
            assert!(ended.is_none(), "the emulator ended before it listened: {ended:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = File::create(directory.path().join("function.log")).unwrap();
        let mut start = command(env!("CARGO_BIN_EXE_client-vpn-audit-lambda"), url);
        start
            .env("AWS_LAMBDA_RUNTIME_API", format!("http://127.0.0.1:{port}/.rt/{FUNCTION}"))
            .env("AWS_LAMBDA_FUNCTION_NAME", FUNCTION)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .envs(variables.iter().cloned())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let function = start.spawn().unwrap();
        Emulator { runtime_api, start, function, port, directory }
    }

    /// Ends the function, and starts it anew, as Lambda does when it has not been invoked for a while. Its calls of AWS do not wait
    /// for the budget that earlier invocations have used up.
    pub fn restart(&mut self) {
        end(&mut self.function);
        self.function = self.start.spawn().unwrap();
    }

    /// Invokes the function and waits for its answer.
    pub fn invoke(&self, payload: &Value) -> Invoked {
        let output = cargo_lambda(&self.directory)
            .args(["invoke", FUNCTION, "--invoke-address", "127.0.0.1", "--invoke-port"])
            .arg(self.port.to_string())
            .arg("--data-ascii")
            .arg(payload.to_string())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        match serde_json::from_str(&out) {
            Ok(answer) if output.status.success() => Invoked::Answer(answer),
            _ => {
                // The emulator draws a frame and breaks lines.
                let words: Vec<&str> = out
                    .split_whitespace()
                    .chain(err.split_whitespace())
                    .filter(|word| *word != "│")
                    .collect();
                Invoked::Failed(words.join(" "))
            }
        }
    }

    /// Returns the URL of the function in Lambda's Invoke API.
    pub fn invoke_url(&self) -> String {
        format!("http://127.0.0.1:{}/2015-03-31/functions/{FUNCTION}/invocations", self.port)
    }

    /// The function's peak of resident memory so far, in MiB, as Linux counts it.
    pub fn peak_mebibytes(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.function.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }

    /// Returns the function's log so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("function.log")).unwrap()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        end(&mut self.function);
        end(&mut self.runtime_api);
    }
}

fn end(process: &mut Child) {
    let _ = process.kill();
    let _ = process.wait();
}

/// cargo-lambda asks for a package even when it starts nothing of it.
fn cargo_lambda(directory: &TempDir) -> Command {
    let root = directory.path();
    if !root.join("Cargo.toml").exists() {
        let manifest = format!("[package]\nname = \"{FUNCTION}\"\nedition = \"2024\"\n\n[workspace]\n");
        std::fs::create_dir(root.join("src")).unwrap();
        std::fs::write(root.join("src/main.rs"), "fn main() {}\n").unwrap();
        std::fs::write(root.join("Cargo.toml"), manifest).unwrap();
    }
    let program: PathBuf = venv().join("bin/cargo-lambda");
    let mut command = Command::new(program);
    command.arg("lambda").current_dir(root).stdin(Stdio::null());
    command
}
