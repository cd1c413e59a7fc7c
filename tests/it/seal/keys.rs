//! Keys that sign, and keys and arguments that are refused.

use serde_json::{Value, json};

use crate::harness::cases::Cases;
use crate::harness::moto::Moto;
use crate::harness::sealed::{Keys, openssl};
use crate::harness::{World, command, fleet, python};

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs moto and Python")]
async fn a_key_in_kms_signs_and_its_public_part_verifies() {
    let moto = Moto::start();
    let world = World::new(fleet(1, 5)).await;
    world.snapshot("1000").await;
    let directory = tempfile::TempDir::new().unwrap();
    let public = directory.path().join("public.der");
    let public = public.to_str().unwrap();
    let keys = python("create_kms_key.py", &[&moto.url(), public], &[]);
    let arn = keys["ecc"].as_str().unwrap();
    let lake = world.lake();
    let run = |arguments: &[&str]| {
        let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), &world.simulator.url());
        command.env("AWS_ENDPOINT_URL_KMS", moto.url()).args(arguments).args(["--json", "--lake"]).arg(&lake);
        let output = command.output().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        (answer, output.status.code().unwrap())
    };
    let (refused, status) =
        run(&["seal", "--signing-key", keys["rsa"].as_str().unwrap(), "--hour", "2025-11-23T10"]);
    let error = refused["sealed"][0]["error"]["message"].as_str().unwrap();
    assert!(error.contains("ECC_NIST_P256") && status == 1, "{refused}");
    let nobody = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000";
    let (refused, status) = run(&["seal", "--signing-key", nobody, "--hour", "2025-11-23T10"]);
    assert_eq!((&refused["sealed"][0]["error"]["code"], status), (&json!("NotFoundException"), 1));
    assert!(!lake.join("digests").exists(), "nothing is written without a signature");

    let (sealed, status) = run(&["seal", "--signing-key", arn, "--hour", "2025-11-23T10"]);
    assert_eq!(
        (&sealed["sealed"][0]["digests"], &sealed["signed"], status),
        (&json!(2), &json!(true), 0),
        "{sealed}"
    );
    let key = sealed["sealed"][0]["digest_key"].as_str().unwrap();
    let digest: Value = serde_json::from_slice(&std::fs::read(lake.join(key)).unwrap()).unwrap();
    // AWS tells the ARN here, and moto the id alone.
    assert!(arn.ends_with(digest["key_id"].as_str().unwrap()), "{digest}");
    let (verified, status) = run(&["verify", "--public-key", public, "--to", "2025-11-23T11"]);
    assert_eq!(
        (&verified["faults"], &verified["tamper_evident"], status),
        (&json!([]), &json!(true), 0),
        "{verified}"
    );
    let (verified, status) = run(&["verify", "--public-key", public]);
    assert_eq!(
        (&verified["faults"][0]["kind"], status),
        (&json!("tail_cut"), 1),
        "digests are expected up to now"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs OpenSSL")]
async fn wrong_usage_is_refused_and_nothing_is_written() {
    let world = World::new(fleet(1, 5)).await;
    let lake = world.lake();
    let run = |arguments: &[&str]| {
        let mut command = command(env!("CARGO_BIN_EXE_client-vpn-audit"), &world.simulator.url());
        let output = command.args(arguments).arg("--lake").arg(&lake).output().unwrap();
        (String::from_utf8(output.stderr).unwrap(), output.status.code().unwrap())
    };
    let (error, status) = run(&["verify"]);
    assert!(error.contains("a directory that is there") && status == 2, "{error}");
    let (_, status) = run(&["seal"]);
    assert_eq!(status, 1, "nothing was ever written there");
    world.snapshot("1000").await;
    let files = world.files();
    let (keys, other_curve) = (Keys::new(), Keys::of_curve("secp384r1"));
    let text = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
    let (private, public) = (text(keys.private()), text(keys.public()));
    let other_private = text(other_curve.private());
    let directory = tempfile::TempDir::new().unwrap();
    let (two_keys, trailing) = (directory.path().join("two.pem"), directory.path().join("trailing.der"));
    let more_keys = Keys::new();
    let both = [keys.private(), more_keys.private()].map(|path| std::fs::read(path).unwrap());
    std::fs::write(&two_keys, both.concat()).unwrap();
    openssl(&["ec", "-pubin", "-in", &public, "-outform", "DER", "-out", trailing.to_str().unwrap()]);
    std::fs::write(&trailing, [std::fs::read(&trailing).unwrap(), vec![0]].concat()).unwrap();
    let (two_keys, trailing) = (text(two_keys), text(trailing));
    let cases = Cases::default();
    for (arguments, status, part) in [
        (vec!["seal", "--hour", "2999-01-01T00"], 2, "--hour: found `2999-01-01T00`, allowed: a closed hour"),
        (vec!["seal", "--hour", "2025-11-23T9"], 2, "such as 2026-11-23T09"),
        (vec!["seal", "--signing-key", "no/such/key.pem"], 2, "no/such/key.pem"),
        (vec!["seal", "--signing-key", &public], 2, "found no private key in PEM"),
        (vec!["seal", "--signing-key", &other_private], 2, "found a key of another kind"),
        (vec!["seal", "--signing-key", &two_keys], 2, "found 2 private keys"),
        (vec!["verify", "--public-key", &trailing], 2, "one in DER without more bytes"),
        (vec!["verify", "--public-key", &private], 2, "found no public key of the curve P-256"),
        (
            vec!["verify", "--public-key", &text(other_curve.public())],
            2,
            "found no public key of the curve P-256",
        ),
        (vec!["verify", "--from", "2026-13-01"], 2, "--from: found `2026-13-01`"),
        (vec!["verify", "--from", "2026-11-02", "--to", "2026-11-01"], 2, "a time before --to"),
        (vec!["verify", "--known-digest", "runs/x=12"], 2, "the key of a digest within the lake"),
        (vec!["verify", "--retention-days", "0"], 2, "--retention-days"),
        (vec!["verify"], 1, "nothing was ever sealed"),
        (vec!["coverage", "--witness", "x"], 2, "ENDPOINT=FILE"),
        (vec!["coverage", "--witness", "x=/no/such/file"], 2, "--witness"),
    ] {
        let refused = async {
            let (error, found) = run(&arguments);
            assert!(error.contains(part) && found == status, "{arguments:?}: {found} {error}");
        };
        cases.run(format_args!("{arguments:?}"), refused).await;
    }
    assert_eq!(world.files(), files);
}
