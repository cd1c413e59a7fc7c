//! Timestamps of an authority that OpenSSL runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::{Exhibit, expected, rewritten, text};
use crate::harness::cases::Cases;
use crate::harness::sealed::openssl;

/// Makes an authority of timestamps in `directory`, and returns a function that makes a timestamp of a file.
fn timestamp_authority(directory: &Path) -> impl Fn(&Path, &str) -> Vec<u8> {
    let path = move |name: &str| directory.join(name).display().to_string();
    let config = format!(
        "[tsa]\nserial = {}\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\ndigests = sha256, sha512\n",
        path("serial")
    );
    fs::write(path("config"), config).unwrap();
    openssl(&[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=authority",
        "-addext",
        "extendedKeyUsage=critical,timeStamping",
        "-keyout",
        &path("key"),
        "-out",
        &path("certificate"),
    ]);
    move |file: &Path, digest: &str| {
        let (query, answer) = (path("query"), path("answer"));
        openssl(&["ts", "-query", "-data", file.to_str().unwrap(), digest, "-cert", "-out", &query]);
        openssl(&[
            "ts",
            "-reply",
            "-config",
            &path("config"),
            "-section",
            "tsa",
            "-queryfile",
            &query,
            "-signer",
            &path("certificate"),
            "-inkey",
            &path("key"),
            "-out",
            &answer,
        ]);
        fs::read(answer).unwrap()
    }
}

#[test]
#[cfg_attr(not(feature = "tools"), ignore = "needs OpenSSL")]
fn a_timestamp_is_of_this_manifest_or_a_difference() {
    let cases = Cases::default();
    let directory = TempDir::new().unwrap();
    let timestamp = timestamp_authority(directory.path());
    let (exhibit, other) = (Exhibit::new(), rewritten());
    let manifest = exhibit.path("manifest.json");
    let right = timestamp(&manifest, "-sha256");
    let command = "run openssl ts -verify -data manifest.json -in manifest.json.tsr -CAfile FILE";
    let wrong = [("timestamp_invalid", "manifest.json.tsr")];
    for (case, content, differences, advice) in [
        ("of this manifest", right.clone(), &[][..], "who made manifest.json.tsr, and when; "),
        (
            "of another manifest",
            timestamp(&other.path("manifest.json"), "-sha256"),
            &wrong,
            "who made manifest.json.tsr, and when; ",
        ),
        (
            "by another hash",
            timestamp(&manifest, "-sha512"),
            &[],
            "manifest.json.tsr, whose hash is not SHA-256; ",
        ),
        ("cut", right[..right.len() / 2].to_vec(), &wrong, ""),
        ("nothing", Vec::new(), &wrong, ""),
        ("the query", fs::read(directory.path().join("query")).unwrap(), &wrong, ""),
    ] {
        exhibit.write("manifest.json.tsr", content);
        let (answer, found) = exhibit.answer(&[]);
        cases.assert_eq(case, &found, &expected(differences));
        let not_checked = answer["not_checked"].to_string();
        let advice = if advice.is_empty() { String::new() } else { format!("{advice}{command}") };
        cases.assert_eq(format!("{case}: {not_checked}"), &not_checked.contains(&advice), &true);
    }
    exhibit.write("manifest.json.tsr", right);
    let verified = Command::new("openssl")
        .args(["ts", "-verify", "-data", "manifest.json", "-in", "manifest.json.tsr", "-CAfile"])
        .arg(directory.path().join("certificate"))
        .current_dir(exhibit.folder())
        .output()
        .unwrap();
    assert!(verified.status.success(), "the command that is named: {}", text(&verified));
}
