//! A real S3 server on this machine.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use tempfile::TempDir;

use super::{sdk_config, venv};

/// The user that creates the buckets.
const ADMIN: &str = "admin";
/// A user that the server knows, without any permission.
const DENIED: &str = "denied";

/// A SeaweedFS server, which ends with the last test that uses it.
pub struct Seaweed {
    process: Child,
    port: u16,
    _directory: TempDir,
}

static SHARED: Mutex<Weak<Seaweed>> = Mutex::new(Weak::new());

impl Seaweed {
    /// The server that all tests share while at least one of them runs.
    pub fn shared() -> Arc<Seaweed> {
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(seaweed) = shared.upgrade() {
            return seaweed;
        }
        let seaweed = Arc::new(Seaweed::start());
        *shared = Arc::downgrade(&seaweed);
        seaweed
    }

    fn start() -> Seaweed {
        let directory = TempDir::new().unwrap();
        let config = directory.path().join("s3.json");
        let identity = |name: &str, secret: &str, actions: &[&str]| {
            let credentials = serde_json::json!([{"accessKey": name, "secretKey": secret}]);
            serde_json::json!({"name": name, "credentials": credentials, "actions": actions})
        };
        let identities = [
            // A put of an administrator would make a bucket that is missing, which S3 never does.
            identity(ADMIN, "adminsecret", &["Admin"]),
            identity("test", "testsecret", &["Read", "Write", "List"]),
            identity(DENIED, "deniedsecret", &["Read:nothing"]),
        ];
        std::fs::write(&config, serde_json::json!({"identities": identities}).to_string()).unwrap();
        let ports = free_ports();
        let names = ["master", "volume", "filer", "s3"];
        let mut command = Command::new(venv().join("bin/weed"));
        command.args(["server", "-s3", "-ip=127.0.0.1", "-master.volumeSizeLimitMB=64", "-volume.max=400"]);
        // Their ports would be the same for every server on this machine.
        command.args(["-s3.port.iceberg=0", "-s3.port.lance=0"]);
        command
            .arg(format!("-dir={}", directory.path().display()))
            .arg(format!("-s3.config={}", config.display()));
        for (name, pair) in names.iter().zip(ports.chunks(2)) {
            command.arg(format!("-{name}.port={}", pair[0])).arg(format!("-{name}.port.grpc={}", pair[1]));
        }
        let log = std::fs::File::create(directory.path().join("weed.log")).unwrap();
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        Seaweed { process, port: ports[6], _directory: directory }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn sdk(&self) -> SdkConfig {
        sdk_config(&self.url(), "us-east-1")
    }

    /// A client whom the server knows and lets do nothing.
    pub fn sdk_denied(&self) -> SdkConfig {
        self.sdk_of(DENIED)
    }

    /// A client that may do everything.
    pub fn sdk_admin(&self) -> SdkConfig {
        self.sdk_of(ADMIN)
    }

    fn sdk_of(&self, name: &str) -> SdkConfig {
        let credentials = Credentials::new(name, format!("{name}secret"), None, None, "test");
        self.sdk().into_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build()
    }

    /// A new bucket, once the server is up.
    pub async fn bucket(&self) -> String {
        let client = aws_sdk_s3::Client::new(&self.sdk_admin());
        let name = format!("evidence-{}", uuid::Uuid::new_v4().simple());
        let start = Instant::now();
        while let Err(error) = client.create_bucket().bucket(&name).send().await {
            assert!(start.elapsed() < Duration::from_secs(300), "SeaweedFS does not come up: {error:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        name
    }

    /// Returns the variables with which another program finds the server.
    pub fn environment(&self) -> [(&'static str, String); 3] {
        [
            ("AWS_ENDPOINT_URL_S3", self.url()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "testsecret".to_owned()),
        ]
    }
}

impl Drop for Seaweed {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Eight ports that are free now, held together so that no two are the same.
fn free_ports() -> Vec<u16> {
    let listeners: Vec<TcpListener> = (0..8).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
}
