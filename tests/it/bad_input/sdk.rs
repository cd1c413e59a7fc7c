//! Settings of the SDK, which it would ignore or panic at.

use serde_json::json;

use crate::harness::cases::Cases;
use crate::harness::emulator::{Emulator, Invoked};
use crate::harness::{World, command, fleet};

/// Settings that make the SDK panic, or that it would ignore.
#[tokio::test(flavor = "multi_thread")]
async fn settings_of_the_sdk_are_refused_by_name_or_not_read() {
    let world = World::new(fleet(1, 5)).await;
    let directory = tempfile::TempDir::new().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let legacy = file("legacy", "[default]\nretry_mode = legacy\nmax_attempts = 0\n");
    let broken = file("broken", "[default\nregion = eu-central-1\n");
    let no_url = file("no_url", "[default]\nendpoint_url = localhost:9000\n");
    let yes = file("yes", "[default]\nuse_fips_endpoint = yes\n");
    let no_text = directory.path().join("no_text").display().to_string();
    std::fs::write(&no_text, [b'[', 0xff]).unwrap();
    let pipe = directory.path().join("pipe").display().to_string();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let run = |variables: &[(&str, &str)], more: &[&str]| {
        let lake = world.lake().display().to_string();
        let output = command(env!("CARGO_BIN_EXE_client-vpn-audit"), &world.simulator.url())
            .args(["snapshot", "--lake", &lake, "--account-id", "123456789012"])
            .args(more)
            .env("AUDIT_TARGETS", world.simulator.endpoint_ids().join(","))
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        (String::from_utf8(output.stderr).unwrap(), output.status.code())
    };
    let cases = Cases::default();
    for (variables, part) in [
        (
            &[("AWS_ACCESS_KEY_ID", "te\nst")][..],
            "AWS_ACCESS_KEY_ID: found a text of 5 characters, allowed: visible",
        ),
        (
            &[("AWS_SECRET_ACCESS_KEY", "testsecret\n")],
            "AWS_SECRET_ACCESS_KEY: found a text of 11 characters",
        ),
        (&[("AWS_SESSION_TOKEN", "to ken")], "AWS_SESSION_TOKEN: found a text of 6 characters"),
        (&[("AWS_REGION", "eu central 1")], "--region (AWS_REGION): found `eu central 1`"),
        (&[("AWS_REGION", "eu-central-1\n")], r"--region (AWS_REGION): found `eu-central-1\n`"),
        (&[("AWS_PROFILE", "nobody")], "AWS_PROFILE: found `nobody`, allowed: a profile of"),
        (&[("AWS_CONFIG_FILE", &broken)], "AWS_CONFIG_FILE: found `"),
        (&[("AWS_SHARED_CREDENTIALS_FILE", &no_text)], "AWS_SHARED_CREDENTIALS_FILE: found `"),
        (&[("AWS_CONFIG_FILE", &no_url)], "endpoint_url in the profile: found `localhost:9000`"),
        (&[("AWS_CONFIG_FILE", &yes)], "use_fips_endpoint in the profile: found `yes`"),
        (
            &[("AWS_ENDPOINT_URL", "localhost:9000")],
            "AWS_ENDPOINT_URL: found `localhost:9000`, allowed: a URL",
        ),
        (&[("AWS_ENDPOINT_URL_EC2", "nonsense")], "AWS_ENDPOINT_URL_EC2: found `nonsense`, allowed: a URL"),
        (&[("AWS_USE_FIPS_ENDPOINT", "yes")], "AWS_USE_FIPS_ENDPOINT: found `yes`, allowed: true or false"),
        (&[("AWS_USE_FIPS_ENDPOINT", "true")], "AWS_USE_FIPS_ENDPOINT: is true, and an endpoint is set too"),
        (
            &[("AWS_USE_DUALSTACK_ENDPOINT", "true")],
            "AWS_USE_DUALSTACK_ENDPOINT: is true, and an endpoint is set",
        ),
        (&[("AWS_REQUEST_CHECKSUM_CALCULATION", "never")], "allowed: when_supported or when_required"),
        (
            &[("AWS_CONFIG_FILE", "/dev/zero")],
            "AWS_CONFIG_FILE: found `/dev/zero`, allowed: a file of text that can be read",
        ),
        (&[("AWS_SHARED_CREDENTIALS_FILE", "/dev/zero")], "AWS_SHARED_CREDENTIALS_FILE: found `/dev/zero`"),
        (&[("AWS_CONFIG_FILE", &pipe)], "it is no regular file"),
        (&[("SSL_CERT_FILE", "/dev/zero")], "SSL_CERT_FILE: found `/dev/zero`, allowed: a file with"),
        (&[("SSL_CERT_FILE", &pipe)], "SSL_CERT_FILE: found `"),
        (&[("AWS_EXECUTION_ENV", "a\nb")], r"AWS_EXECUTION_ENV: found `a\nb`, allowed: visible characters"),
        (&[("SSL_CERT_FILE", "/no/such/file")], "SSL_CERT_FILE: found `/no/such/file`, allowed: a file with"),
    ] {
        let refused = async {
            let (error, status) = run(variables, &[]);
            assert_eq!(status, Some(2), "{variables:?}: {error}");
            assert!(
                error.contains(part) && error.contains("Nothing was written"),
                "{part} is not in {error}"
            );
            assert!(!error.contains("panic") && !error.contains("fault of this program"), "{error}");
            assert!(!error.contains("testsecret"), "{error}");
        };
        cases.run(format_args!("{variables:?} is refused"), refused).await;
    }
    let (error, status) =
        run(&[("AWS_REGION", "x y"), ("AWS_USE_FIPS_ENDPOINT", "yes")], &["--page-size", "4"]);
    assert_eq!(status, Some(2), "{error}");
    for part in ["(AWS_REGION): found `x y`", "AWS_USE_FIPS_ENDPOINT: found `yes`", "--page-size: found `4`"]
    {
        assert!(error.contains(part), "all at once: {part} is not in {error}");
    }
    assert_eq!((world.files(), world.simulator.requests()), (Vec::new(), 0));
    for variables in [
        &[("AWS_RETRY_MODE", "legacy")][..],
        &[("AWS_RETRY_MODE", "adaptive"), ("AWS_MAX_ATTEMPTS", "0")],
        &[("AWS_MAX_ATTEMPTS", "-1")],
        &[("AWS_CONFIG_FILE", &legacy)],
        &[("AWS_DEFAULTS_MODE", "odd"), ("AWS_PROFILE", "")],
        &[
            ("AWS_CONFIG_FILE", "/no/such/file"),
            ("AWS_EXECUTION_ENV", "AWS_Lambda_x"),
            ("AWS_SDK_UA_APP_ID", "x"),
        ],
        &[("AWS_CONFIG_FILE", "/dev/null"), ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")],
        &[("AWS_REGION", "x y"), ("AWS_USE_FIPS_ENDPOINT", ""), ("AWS_USE_DUALSTACK_ENDPOINT", "False")],
    ] {
        let ignored = async {
            let (error, status) = run(variables, &["--region", "eu-central-1"]);
            assert_eq!(status, Some(0), "{variables:?}: {error}");
        };
        cases.run(format_args!("{variables:?} is not read"), ignored).await;
    }
}

/// A provider of credentials may hand out what no request can carry, and the SDK panics at it.
#[tokio::test(flavor = "multi_thread")]
async fn odd_credentials_of_a_profile_are_no_panic() {
    let world = World::new(fleet(1, 5)).await;
    let directory = tempfile::TempDir::new().unwrap();
    let config = directory.path().join("config");
    std::fs::write(&config, "[default]\naws_access_key_id = AKIÄ\naws_secret_access_key = x\n").unwrap();
    let output = command(env!("CARGO_BIN_EXE_client-vpn-audit"), &world.simulator.url())
        .args(["snapshot", "--json", "--account-id", "123456789012", "--lake"])
        .arg(world.lake())
        .env("AUDIT_TARGETS", world.simulator.endpoint_ids().join(","))
        .env("AUDIT_MAX_ATTEMPTS", "1")
        .env("AWS_CONFIG_FILE", &config)
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .output()
        .unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("\"outcome\":\"failed\"") && !text.contains("Panic"), "{text}");
    assert!(!text.contains("fault of this program") && !text.contains("AKI"), "{text}");
    assert_eq!(world.simulator.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda")]
async fn a_lambda_whose_sdk_cannot_be_set_up_lives_and_answers() {
    let world = World::new(fleet(1, 5)).await;
    for (name, value, refused) in [
        ("AWS_RETRY_MODE", "legacy", None),
        ("AWS_MAX_ATTEMPTS", "0", None),
        ("AWS_ACCESS_KEY_ID", "te\nst", Some("AWS_ACCESS_KEY_ID: found a text of 5 characters")),
        ("AWS_PROFILE", "nobody", Some("AWS_PROFILE: found a text of 6 characters")),
        ("AWS_USE_FIPS_ENDPOINT", "yes", Some("AWS_USE_FIPS_ENDPOINT: found a text of 3 characters")),
        ("AWS_ENDPOINT_URL_EC2", "nonsense", Some("AWS_ENDPOINT_URL_EC2: found a text of 8 characters")),
    ] {
        let mut variables =
            world.variables(&[("AUDIT_PAGE_SIZE", if refused.is_some() { "4" } else { "5" })]);
        variables.push((name.to_owned(), value.to_owned()));
        let emulator = Emulator::start(&world.simulator.url(), &variables);
        for _ in 0..2 {
            match (emulator.invoke(&json!({"action": "plan"})), refused) {
                (Invoked::Answer(answer), None) => {
                    assert_eq!(answer["batches"][0]["action"], json!("snapshot"))
                }
                (Invoked::Failed(error), Some(part)) => {
                    for part in ["InvalidSettings", part, "AUDIT_PAGE_SIZE: found a text of 1 character"] {
                        assert!(error.contains(part), "{part} is not in {error}");
                    }
                }
                (invoked, _) => panic!("{name}: {invoked:?}"),
            }
        }
        assert!(!emulator.log().contains("panic"), "{}", emulator.log());
    }
    assert_eq!(world.simulator.requests(), 0);
}
