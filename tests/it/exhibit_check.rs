//! `report --check` finds every change of an exhibit. Exhibits are made by hand here, and OpenSSL and sha256sum agree.

mod files;
mod manifest;
mod receipt;
mod signature;
mod timestamp;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Output};

use client_vpn_audit::report::exhibit::{ExhibitFile, ExhibitManifest, receipt_text};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::harness::cases::Cases;
use crate::harness::command;

/// Files of an exhibit, sorted by name.
const FILES: [(&str, &str); 5] = [
    ("captures.csv", "endpoint_id,captured_at\ncvpn-endpoint-1,2026-11-01T00:00:00Z\n"),
    ("captures.jsonl", "{\"endpoint_id\":\"cvpn-endpoint-1\"}\n"),
    ("empty.jsonl", ""),
    ("inputs.csv", "kind,name,value,bytes,sha256\nparameter,from,2026-11-01T00:00:00Z,,\n"),
    ("report.html", "<!DOCTYPE html>\n<title>November</title>\n"),
];

/// Advice of a check that could not notice a rewritten manifest.
const REWRITTEN: &str = "a manifest that was rewritten together with the files would not be noticed; give --receipt \
                         with the receipt that was handed over separately";

fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Writes a manifest of these entries.
fn manifest_of(exhibit: &str, entries: &[(String, u64, String)]) -> String {
    let entry = |(path, bytes, sha256): &(String, u64, String)| {
        let path = json!(path);
        format!(
            "    {{\n      \"path\": {path},\n      \"bytes\": {bytes},\n      \"sha256\": \"{sha256}\"\n    }}"
        )
    };
    let entries: Vec<String> = entries.iter().map(entry).collect();
    format!("{{\n  \"exhibit\": \"{exhibit}\",\n  \"files\": [\n{}\n  ]\n}}\n", entries.join(",\n"))
}

/// An exhibit in a folder, and what somebody kept elsewhere.
struct Exhibit {
    directory: TempDir,
}

impl Exhibit {
    fn new() -> Exhibit {
        let exhibit = Exhibit { directory: TempDir::new().unwrap() };
        fs::create_dir(exhibit.folder()).unwrap();
        for (name, content) in FILES {
            exhibit.write(name, content);
        }
        exhibit.write_manifest();
        fs::copy(exhibit.path("receipt.txt"), exhibit.receipt()).unwrap();
        exhibit
    }

    fn folder(&self) -> PathBuf {
        self.directory.path().join("exhibit")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Returns the path of the receipt that was handed over separately.
    fn receipt(&self) -> PathBuf {
        self.directory.path().join("receipt.txt")
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Returns the entries of the manifest for the files that are there.
    fn entries(&self) -> Vec<(String, u64, String)> {
        let entry = |(name, _): &(&str, &str)| {
            let bytes = fs::read(self.path(name)).unwrap();
            (name.to_string(), bytes.len() as u64, sha256(bytes))
        };
        FILES.iter().map(entry).collect()
    }

    fn number(&self) -> String {
        sha256(fs::read(self.path("inputs.csv")).unwrap())[..12].to_owned()
    }

    /// Writes the manifest and the receipt that fit the files, as whoever changed them would.
    fn write_manifest(&self) {
        let manifest = manifest_of(&self.number(), &self.entries());
        self.write("receipt.txt", receipt_text(&self.number(), &sha256(&manifest)));
        self.write("manifest.json", manifest);
    }

    fn run(&self, arguments: &[&str]) -> Output {
        command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:9")
            .args(["report", "--check", self.folder().to_str().unwrap()])
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Returns the answer and the kind and file of each difference, which the exit status has to agree with.
    fn answer(&self, arguments: &[&str]) -> (Value, Vec<(String, String)>) {
        let output = self.run(&[arguments, &["--json"]].concat());
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let differences = answer["differences"].as_array().unwrap().iter();
        let differences: Vec<_> = differences.map(|one| (text(&one["kind"]), text(&one["file"]))).collect();
        assert_eq!(output.status.code(), Some(i32::from(!differences.is_empty())), "{answer}");
        (answer, differences)
    }

    fn differences(&self, arguments: &[&str]) -> Vec<(String, String)> {
        self.answer(arguments).1
    }
}

/// Returns an exhibit whose report, manifest and receipt were rewritten so that they agree.
fn rewritten() -> Exhibit {
    let exhibit = Exhibit::new();
    exhibit.write("report.html", "<title>Nothing happened</title>\n");
    exhibit.write_manifest();
    exhibit
}

fn expected(differences: &[(&str, &str)]) -> Vec<(String, String)> {
    differences.iter().map(|(kind, file)| (kind.to_string(), file.to_string())).collect()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn an_exhibit_as_it_was_made_has_no_difference() {
    let exhibit = Exhibit::new();
    let receipt = exhibit.receipt();
    let output = exhibit.run(&["--receipt", receipt.to_str().unwrap()]);
    let verdict = format!("No difference from manifest.json, exhibit {}: 5 files.", exhibit.number());
    assert_eq!(
        (output.status.code(), text(&output)),
        (
            Some(0),
            format!(
                "Checked:\n    every file against manifest.json, and the exhibit number against inputs.csv\n    \
                 that nothing else is in the folder\n    receipt.txt in the folder against manifest.json\n    \
                 manifest.json against the receipt of --receipt\n\n{verdict}\n"
            )
        )
    );
    let (answer, _) = exhibit.answer(&[]);
    assert_eq!(
        answer,
        json!({
            "exhibit": exhibit.number(),
            "manifest_sha256": sha256(fs::read(exhibit.path("manifest.json")).unwrap()),
            "files": 5,
            "differences": [],
            "checked": [
                "every file against manifest.json, and the exhibit number against inputs.csv",
                "that nothing else is in the folder",
                "receipt.txt in the folder against manifest.json",
            ],
            "not_checked": [REWRITTEN],
        })
    );
    fs::remove_file(exhibit.path("receipt.txt")).unwrap();
    assert_eq!(
        exhibit.differences(&["--receipt", receipt.to_str().unwrap()]),
        [],
        "the receipt may be elsewhere alone"
    );
    let link = exhibit.directory.path().join("link");
    symlink(exhibit.folder(), &link).unwrap();
    let output = command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:9")
        .args(["report", "--check", link.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "a link that the user gives is followed");
}

#[test]
fn what_the_program_writes_is_what_is_described_and_sha256sum_agrees() {
    let exhibit = Exhibit::new();
    let sha256sum = || {
        let mut command = Command::new("sha256sum");
        command.args(["--check", "--strict", "receipt.txt"]).current_dir(exhibit.folder()).output().unwrap()
    };
    let by_hand = ["manifest.json", "receipt.txt"].map(|name| fs::read(exhibit.path(name)).unwrap());
    for name in ["manifest.json", "receipt.txt"] {
        fs::remove_file(exhibit.path(name)).unwrap();
    }
    let files = exhibit.entries().into_iter().rev();
    let files = files.map(|(path, bytes, sha256)| ExhibitFile { path, bytes, sha256 });
    let manifest = ExhibitManifest::new(files.collect(), None).unwrap();
    let written = manifest.write(&exhibit.folder()).unwrap();
    assert_eq!(["manifest.json", "receipt.txt"].map(|name| fs::read(exhibit.path(name)).unwrap()), by_hand);
    assert_eq!((manifest.exhibit(), written), (exhibit.number().as_str(), sha256(&by_hand[0])));
    let output = sha256sum();
    assert_eq!((output.status.success(), text(&output)), (true, "manifest.json: OK\n".to_owned()));
    fs::write(exhibit.path("manifest.json"), "{}").unwrap();
    assert!(!sha256sum().status.success());
}

#[test]
fn people_read_each_difference_and_the_verdict_last() {
    let exhibit = Exhibit::new();
    exhibit.write("report.html", "");
    exhibit.write(".hidden", "");
    let output = exhibit.run(&[]);
    let out = text(&output);
    let number = exhibit.number();
    assert_eq!(output.status.code(), Some(1), "{out}");
    let begin = "Changed: report.html\n    it has 0 bytes, and 40 in the manifest\n\n\
                 Added: .hidden\n    it is a file, with a hidden name, and not in the manifest\n\nChecked:\n";
    assert!(out.starts_with(begin), "{out}");
    let end = format!(
        "\n\nNot checked:\n    {REWRITTEN}\n\n2 differences from manifest.json, exhibit {number}: 5 files.\n"
    );
    assert!(out.ends_with(&end), "{out}");
}

#[test]
fn names_that_somebody_chose_reach_no_terminal_as_they_are() {
    let exhibit = Exhibit::new();
    let hostile: [&[u8]; 4] =
        [b"a\x1b[2J\x1b[H", b"b\r\nNo difference", b"c\xff\xfe", "d\u{202e}fdp.exe".as_bytes()];
    for name in hostile {
        fs::write(exhibit.folder().join(std::ffi::OsStr::from_bytes(name)), "").unwrap();
    }
    let output = exhibit.run(&[]);
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!((output.status.code(), out.matches("Added: ").count()), (Some(1), 4), "{out}");
    let is_plain = |c: char| c == '\n' || (!c.is_control() && c != '\u{202e}');
    assert!(out.chars().all(is_plain) && !out.contains("\nNo difference"), "{out:?}");
    exhibit.write("manifest.json", "{\"\u{1b}[2J\u{202e}\": 1}\n".replace('\u{1b}', "\\u001b"));
    let out = text(&exhibit.run(&[]));
    assert!(out.contains("unknown field") && out.chars().all(is_plain), "{out:?}");
}

#[test]
fn a_folder_with_many_added_files_has_a_bounded_answer() {
    let exhibit = Exhibit::new();
    for number in 0..1_500 {
        exhibit.write(&format!("{number:04}.csv"), "");
    }
    let (answer, differences) = exhibit.answer(&[]);
    let mut kinds = BTreeMap::new();
    for (kind, _) in &differences {
        *kinds.entry(kind.as_str()).or_insert(0) += 1;
    }
    assert_eq!(kinds, BTreeMap::from([("added", 1_001)]));
    let last = &answer["differences"][1_000];
    assert_eq!(last["message"], json!("it has 500 more entries that are not in the manifest"));
}

#[test]
fn wrong_usage_is_exit_status_2_and_names_every_fault() {
    let cases = Cases::default();
    let exhibit = Exhibit::new();
    let folder = exhibit.folder().display().to_string();
    let file = exhibit.path("report.html").display().to_string();
    let gone = exhibit.path("gone").display().to_string();
    let gone = gone.as_str();
    for (case, arguments, parts) in [
        ("no folder", vec!["--receipt", &file], vec!["--check"]),
        ("a folder that is not there", vec!["--check", gone], vec!["--check", "No such file"]),
        ("a file", vec!["--check", &file], vec!["--check", "Not a directory"]),
        (
            "a receipt that is not there",
            vec!["--check", &folder, "--receipt", gone],
            vec!["--receipt", "No such file"],
        ),
        (
            "a receipt that is a folder",
            vec!["--check", &folder, "--receipt", &folder],
            vec!["no regular file"],
        ),
        (
            "a key that is not there",
            vec!["--check", &folder, "--public-key", gone],
            vec!["--public-key", "No such file"],
        ),
        ("a key that is none", vec!["--check", &folder, "--public-key", &file], vec!["found no public key"]),
        (
            "all at once",
            vec!["--check", gone, "--receipt", gone, "--public-key", gone],
            vec!["--check", "--receipt", "--public-key"],
        ),
    ] {
        let output = command(env!("CARGO_BIN_EXE_client-vpn-audit"), "http://127.0.0.1:9")
            .arg("report")
            .args(arguments)
            .output()
            .unwrap();
        let out = text(&output);
        cases.assert_eq(case, &output.status.code(), &Some(2));
        for part in parts {
            cases.assert_eq(format!("{case}: {part} in {out}"), &out.contains(part), &true);
        }
    }
}
