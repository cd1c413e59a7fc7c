//! Without credentials, endpoint or proxy that work: each has a code of its own with the cause, and EC2 is not asked ten times.

use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::command;
use crate::harness::stub::Stub;

/// Profiles whose names, commands and output are names.
const PROFILES: &str = "\
[profile fails]
credential_process = sh -c \"echo marker-user >&2; exit 3\"
[profile missing-command]
credential_process = /marker-user/no-such-command
[profile no-json]
credential_process = echo marker-user
[profile line-break]
credential_process = printf '{\"Version\":1,\"AccessKeyId\":\"a\\\\nmarker-user\",\"SecretAccessKey\":\"b\"}'
[profile hangs]
credential_process = sleep 60
[profile sso]
sso_session = marker-user
sso_account_id = 123456789012
sso_role_name = marker-user
[sso-session marker-user]
sso_region = eu-central-1
sso_start_url = https://marker-user.awsapps.com/start
[profile role]
role_arn = arn:aws:iam::123456789012:role/marker-user
source_profile = base
[profile base]
aws_access_key_id = a
aws_secret_access_key = b
[profile circle]
role_arn = arn:aws:iam::123456789012:role/marker-user
source_profile = circle-2
[profile circle-2]
role_arn = arn:aws:iam::123456789012:role/marker-user
source_profile = circle
";

/// The program in a home of its own, without credentials, asking EC2 and STS at `url`.
fn program(home: &TempDir, url: &str, action: &str) -> Command {
    std::fs::write(home.path().join("config"), PROFILES).unwrap();
    let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), url);
    command
        .args([
            action,
            "--json",
            "--account-id",
            "123456789012",
            "--target",
            "cvpn-endpoint-0123456789abcdef0",
        ])
        .arg("--lake")
        .arg(home.path().join("lake"))
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env("HOME", home.path())
        .env("PATH", "/usr/bin:/bin")
        .env("AWS_CONFIG_FILE", home.path().join("config"));
    command
}

/// Runs it; everything it prints, as JSON, with no name in it.
fn answer(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout.clone(), output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(!text.contains("marker"), "{text}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{text}"))
}

fn error(answer: &Value) -> (&str, &str) {
    let error = &answer["targets"][0]["error"];
    (error["code"].as_str().unwrap(), error["message"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failing_source_of_credentials_is_told_as_what_it_is() {
    let denied = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: arn:aws:sts::1:assumed-role/x/marker-user is not \
                  authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/marker-user</Message></Error></ErrorResponse>";
    let sts = Stub::start(&[(403, denied)]).await;
    for (profile, code, cause, tried) in [
        ("", "NoCredentials", "none is configured", "EC2 instance metadata (disabled)"),
        ("fails", "CredentialsFailed", "ended with exit status 3", "credential_process of the profile"),
        (
            "missing-command",
            "CredentialsFailed",
            "ended with exit status 127",
            "credential_process of the profile",
        ),
        ("no-json", "CredentialsFailed", "not the JSON", "credential_process of the profile"),
        ("line-break", "CredentialsFailed", "a line break", "credential_process of the profile"),
        ("sso", "CredentialsFailed", "run `aws sso login`", "SSO of the profile"),
        ("role", "CredentialsFailed", "AWS answered AccessDenied", "role with access key of the profile"),
        ("circle", "CredentialsFailed", "leads back to the profile itself", "tried: "),
    ] {
        let home = TempDir::new().unwrap();
        let run = |action| {
            let mut command = program(&home, sts.url(), action);
            if !profile.is_empty() {
                command.env("AWS_PROFILE", profile);
            }
            answer(&mut command)
        };
        let snapshot = run("snapshot");
        let (found, message) = error(&snapshot);
        assert_eq!(found, code, "{profile}: {message}");
        assert!(message.contains(cause) && message.contains(tried), "{profile}: {message}");
        let record =
            std::fs::read_to_string(home.path().join("lake").join(snapshot["run_keys"][0].as_str().unwrap()));
        assert!(record.unwrap().contains(code), "{profile}: the fault is in the ledger");
        let preflight = run("preflight");
        let check = &preflight["checks"][0];
        assert_eq!((&check["action"], &check["ok"]), (&json!("get credentials"), &json!(false)), "{profile}");
        assert!(check["problem"].as_str().unwrap().contains(cause), "{profile}: {check}");
        assert!(
            tried.contains("tried") || check["resource"].as_str().unwrap().contains(tried),
            "{profile}: {check}"
        );
    }
    assert!(sts.heads().iter().all(|head| head.starts_with("post / ")), "{:?}", sts.heads());
    assert_eq!(sts.heads().len(), 2, "STS refused the role in both runs, and EC2 was never asked");
}

#[test]
fn a_process_that_hangs_is_given_up_before_ec2_is_asked() {
    let home = TempDir::new().unwrap();
    let snapshot = answer(program(&home, "http://127.0.0.1:9", "snapshot").env("AWS_PROFILE", "hangs"));
    let (code, message) = error(&snapshot);
    assert_eq!(code, "CredentialsTimedOut", "{message}");
    assert!(
        message.contains("20 seconds") && message.contains("credential_process of the profile"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_account_is_not_asked_for_without_credentials() {
    let home = TempDir::new().unwrap();
    let sts = Stub::start(&[(200, "")]).await;
    let output = command(env!("CARGO_BIN_EXE_client-vpn-audit"), sts.url())
        .args(["snapshot", "--json", "--target", "cvpn-endpoint-0123456789abcdef0", "--lake"])
        .arg(home.path())
        .env_remove("AWS_ACCESS_KEY_ID")
        .output()
        .unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&answer["error"]["code"], output.status.code()),
        (&json!("NoCredentials"), Some(1)),
        "{answer}"
    );
    assert_eq!(sts.heads().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_refuses_is_reported_and_not_tried_again() {
    let proxy = Stub::start(&[(407, "")]).await;
    let keys = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
    let own = "http://127.0.0.1:9";
    for (endpoint, variable, code, cause) in [
        (own, ("HTTP_PROXY", proxy.url()), "ProxyRefused", "(407)"),
        (own, ("http_proxy", proxy.url()), "ProxyRefused", "(407)"),
        ("https://ec2.example.com", ("HTTPS_PROXY", proxy.url()), "ProxyRefused", "(407)"),
        ("https://ec2.example.com", ("all_proxy", proxy.url()), "ProxyRefused", "(407)"),
    ] {
        let home = TempDir::new().unwrap();
        let before = proxy.heads().len();
        let mut command = program(&home, endpoint, "snapshot");
        let snapshot = answer(command.envs(keys).env(variable.0, variable.1));
        let (found, message) = error(&snapshot);
        assert_eq!(found, code, "{endpoint} {variable:?}: {message}");
        assert!(message.contains(cause), "{endpoint} {variable:?}: {message}");
        let asked = usize::from(code == "ProxyRefused");
        assert_eq!(proxy.heads().len() - before, asked, "{endpoint} {variable:?}");
    }
}

/// A setting that the SDK cannot use is refused, with the name of its variable, before any request.
#[test]
fn an_endpoint_or_profile_that_cannot_work_is_a_wrong_setting() {
    // Of the variables with the URL, the message names the first one first.
    let (own, endpoint) = ("http://127.0.0.1:9", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS");
    for (url, variable, cause) in [
        (own, ("AWS_USE_FIPS_ENDPOINT", "true"), "AWS_USE_FIPS_ENDPOINT"),
        (own, ("AWS_USE_DUALSTACK_ENDPOINT", "true"), "AWS_USE_DUALSTACK_ENDPOINT"),
        (own, ("AWS_PROFILE", "missing"), "AWS_PROFILE"),
        ("127.0.0.1:9", ("X", ""), endpoint),
        ("localhost:9", ("X", ""), endpoint),
        ("nonsense", ("X", ""), endpoint),
        ("ftp://127.0.0.1:9", ("X", ""), endpoint),
        ("//127.0.0.1:9", ("X", ""), endpoint),
        ("http://", ("X", ""), endpoint),
    ] {
        let home = TempDir::new().unwrap();
        for action in ["snapshot", "preflight"] {
            let mut command = program(&home, url, action);
            let output = command.env(variable.0, variable.1).output().unwrap();
            let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
            let error = &answer["error"];
            assert_eq!(
                (&error["code"], output.status.code()),
                (&json!("InvalidSettings"), Some(2)),
                "{url} {variable:?}: {answer}"
            );
            assert!(error["message"].as_str().unwrap().starts_with(cause), "{url} {variable:?}: {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_and_excluded_hosts_are_never_sent_through_a_proxy() {
    let proxy = Stub::start(&[(407, "")]).await;
    let ec2 = Stub::start(&[(500, "")]).await;
    let home = TempDir::new().unwrap();
    // EC2's metadata, at its own address.
    let mut command = program(&home, ec2.url(), "snapshot");
    command.env("HTTP_PROXY", proxy.url()).env("AWS_EC2_METADATA_DISABLED", "false");
    let snapshot = answer(command.env("AWS_METADATA_SERVICE_TIMEOUT", "1"));
    assert_eq!(error(&snapshot).0, "NoCredentials", "{snapshot}");
    // ECS's and EKS's.
    for uri in ["http://169.254.170.2/x", "http://169.254.170.23/x", "http://[fd00:ec2::23]/x"] {
        let mut command = program(&home, ec2.url(), "snapshot");
        command.env("HTTP_PROXY", proxy.url()).env("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri);
        let snapshot = answer(&mut command);
        assert_eq!(error(&snapshot).0, "CredentialsFailed", "{uri}: {snapshot}");
    }
    // No proxy for anything, by either name; the SDK's own reading leaves addresses out.
    for no_proxy in [("NO_PROXY", "*"), ("no_proxy", "*"), ("NO_PROXY", "example.com, *")] {
        let mut command = program(&home, ec2.url(), "snapshot");
        command
            .env("AWS_ACCESS_KEY_ID", "a")
            .env("AWS_SECRET_ACCESS_KEY", "b")
            .env("AUDIT_MAX_ATTEMPTS", "1");
        let snapshot = answer(command.env("HTTP_PROXY", proxy.url()).env(no_proxy.0, no_proxy.1));
        assert_eq!(error(&snapshot).0, "RequestFailed", "{no_proxy:?}: {snapshot}");
    }
    assert_eq!(proxy.heads(), Vec::<String>::new());
    assert!(!ec2.heads().is_empty());
}
