//! Changes of files, and of the folder.

use std::fs;
use std::os::unix::fs::symlink;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::{Exhibit, FILES, expected};
use crate::harness::cases::Cases;

#[test]
fn every_change_of_a_file_is_found() {
    let cases = Cases::default();
    for (name, content) in FILES.into_iter().filter(|(_, content)| !content.is_empty()) {
        for at in [0, content.len() / 2, content.len() - 1] {
            let exhibit = Exhibit::new();
            let mut bytes = content.as_bytes().to_vec();
            bytes[at] ^= 1;
            exhibit.write(name, bytes);
            cases.assert_eq(
                format!("byte {at} of {name}"),
                &exhibit.differences(&[]),
                &expected(&[("changed", name)]),
            );
        }
    }
    type Case = (&'static str, fn(&Exhibit), &'static [(&'static str, &'static str)]);
    let tamperings: [Case; 18] = [
        ("a byte more", |it| it.write("empty.jsonl", "\n"), &[("changed", "empty.jsonl")]),
        ("cut", |it| it.write("report.html", "<!DOCTYPE"), &[("changed", "report.html")]),
        ("removed", |it| fs::remove_file(it.path("captures.csv")).unwrap(), &[("missing", "captures.csv")]),
        ("added", |it| it.write("more.csv", ""), &[("added", "more.csv")]),
        ("added, hidden", |it| it.write(".hidden", ""), &[("added", ".hidden")]),
        ("added, like a known one", |it| it.write("Manifest.json", ""), &[("added", "Manifest.json")]),
        ("a folder", |it| fs::create_dir(it.path("data")).unwrap(), &[("added", "data")]),
        ("a link", |it| symlink("/etc/passwd", it.path("more")).unwrap(), &[("added", "more")]),
        (
            "renamed",
            |it| fs::rename(it.path("captures.csv"), it.path("Captures.csv")).unwrap(),
            &[("missing", "captures.csv"), ("added", "Captures.csv")],
        ),
        (
            "swapped",
            |it| {
                fs::rename(it.path("captures.csv"), it.path("x")).unwrap();
                fs::rename(it.path("captures.jsonl"), it.path("captures.csv")).unwrap();
                fs::rename(it.path("x"), it.path("captures.jsonl")).unwrap();
            },
            &[("changed", "captures.csv"), ("changed", "captures.jsonl")],
        ),
        (
            "a link to the same bytes elsewhere",
            |it| {
                fs::rename(it.path("report.html"), it.directory.path().join("moved")).unwrap();
                symlink("../moved", it.path("report.html")).unwrap();
            },
            &[("not_a_file", "report.html")],
        ),
        (
            "a link to another file of the exhibit",
            |it| {
                fs::remove_file(it.path("report.html")).unwrap();
                symlink("captures.csv", it.path("report.html")).unwrap();
            },
            &[("not_a_file", "report.html")],
        ),
        (
            "a folder in place of a file",
            |it| {
                fs::remove_file(it.path("empty.jsonl")).unwrap();
                fs::create_dir(it.path("empty.jsonl")).unwrap();
            },
            &[("not_a_file", "empty.jsonl")],
        ),
        (
            "a pipe in place of a file, and another",
            |it| {
                fs::remove_file(it.path("empty.jsonl")).unwrap();
                for name in ["empty.jsonl", "pipe"] {
                    mknodat(CWD, it.path(name), FileType::Fifo, Mode::RUSR, 0).unwrap();
                }
            },
            &[("not_a_file", "empty.jsonl"), ("added", "pipe")],
        ),
        (
            "a link to the manifest elsewhere",
            |it| {
                fs::rename(it.path("manifest.json"), it.directory.path().join("moved")).unwrap();
                symlink("../moved", it.path("manifest.json")).unwrap();
            },
            &[("not_a_file", "manifest.json")],
        ),
        (
            "folders in place of the files beside the manifest",
            |it| {
                fs::remove_file(it.path("receipt.txt")).unwrap();
                for name in ["receipt.txt", "manifest.json.sig", "manifest.json.tsr"] {
                    fs::create_dir(it.path(name)).unwrap();
                }
            },
            &[
                ("not_a_file", "receipt.txt"),
                ("not_a_file", "manifest.json.sig"),
                ("not_a_file", "manifest.json.tsr"),
            ],
        ),
        (
            "a word more in the receipt",
            |it| it.write("receipt.txt", fs::read_to_string(it.receipt()).unwrap() + "# checked by us\n"),
            &[("receipt_invalid", "receipt.txt")],
        ),
        (
            "everything at once",
            |it| {
                it.write("captures.csv", "");
                fs::remove_file(it.path("report.html")).unwrap();
                it.write("a", "");
                it.write("receipt.txt", "");
            },
            &[
                ("changed", "captures.csv"),
                ("missing", "report.html"),
                ("added", "a"),
                ("receipt_invalid", "receipt.txt"),
            ],
        ),
    ];
    for (case, tamper, differences) in tamperings {
        let exhibit = Exhibit::new();
        tamper(&exhibit);
        cases.assert_eq(case, &exhibit.differences(&[]), &expected(differences));
    }
}
