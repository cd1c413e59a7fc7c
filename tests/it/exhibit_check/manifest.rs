//! Texts that are no manifest.

use std::fs;

use serde_json::Value;

use super::{Exhibit, expected, manifest_of, sha256, text};
use crate::harness::cases::Cases;

#[test]
fn a_file_that_is_no_manifest_is_refused() {
    let cases = Cases::default();
    let good = Exhibit::new();
    let (number, entries) = (good.number(), good.entries());
    let with = |path: &str| {
        let mut entries = entries.clone();
        entries.push((path.to_owned(), 0, sha256("")));
        entries.sort();
        manifest_of(&number, &entries)
    };
    let many: Vec<_> = (0..1_995).map(|number| (format!("a{number:04}.csv"), 0, sha256(""))).collect();
    let good = manifest_of(&number, &entries);
    let other_number = sha256("other")[..12].to_owned();
    let mut unsorted = entries.clone();
    unsorted.swap(0, 4);
    for (case, content, part) in [
        ("nothing", String::new(), "no JSON of a manifest"),
        ("no JSON", "exhibit: 1\n".to_owned(), "no JSON of a manifest"),
        ("cut", good[..good.len() / 2].to_owned(), "no JSON of a manifest"),
        ("a list", "[]\n".to_owned(), "no JSON of a manifest"),
        ("depth", "[".repeat(100_000), "no JSON of a manifest"),
        ("no file", manifest_of(&number, &[]), "no inputs.csv"),
        ("another field", good.replacen("\"exhibit\"", "\"note\": \"\",\n  \"exhibit\"", 1), "unknown field"),
        ("a field twice", good.replacen("\"bytes\"", "\"bytes\": 1,\n      \"bytes\"", 1), "duplicate field"),
        ("a negative size", good.replacen("\"bytes\": ", "\"bytes\": -", 1), "no JSON of a manifest"),
        ("in another form", good.replace("\n      ", "\n\t"), "another form"),
        ("not sorted", manifest_of(&number, &unsorted), "another form"),
        ("two manifests", good.repeat(2), "trailing characters"),
        ("a folder above", with("../x"), "\"../x\""),
        ("an absolute path", with("/etc/passwd"), "\"/etc/passwd\""),
        ("a folder", with("data/x.csv"), "\"data/x.csv\""),
        ("a folder of Windows", with("..\\x"), "..\\\\"),
        ("no name", with(""), "the path \"\""),
        ("the folder itself", with("."), "the path \".\""),
        ("a hidden name", with(".x"), "\".x\""),
        ("a control character", with("a\u{1b}[2J"), "the path \"a"),
        ("the same path twice", with("report.html"), "\"report.html\" twice"),
        ("a huge path", with(&"../".repeat(1 << 20)), "…"),
        ("a huge name of a field", good.replacen("bytes", &"x".repeat(1 << 20), 1), "…"),
        ("a huge exhibit number", manifest_of(&"1".repeat(1 << 20), &entries), "…"),
        ("the manifest itself", with("manifest.json"), "which no manifest has"),
        ("the receipt", with("receipt.txt"), "which no manifest has"),
        (
            "2,000 files",
            manifest_of(&number, &[many, entries.clone()].concat()),
            "LimitExceeded: found 2000 files",
        ),
        ("100 MiB", " ".repeat(100 << 20), "LimitExceeded: it has more than 67108864 bytes"),
        (
            "a hash in capitals",
            good.replacen(&entries[4].2, &entries[4].2.to_uppercase(), 1),
            "no SHA-256 in 64 digits",
        ),
        (
            "a hash that is cut",
            good.replacen(&entries[4].2, &entries[4].2[1..], 1),
            "no SHA-256 in 64 digits",
        ),
        (
            "another exhibit number",
            manifest_of(&other_number, &entries),
            &format!(
                "found the exhibit number \"{other_number}\", and the SHA-256 of inputs.csv begins with {number}"
            ),
        ),
    ] {
        let exhibit = Exhibit::new();
        exhibit.write("manifest.json", content);
        let (answer, differences) = exhibit.answer(&[]);
        cases.assert_eq(case, &differences, &expected(&[("manifest_invalid", "manifest.json")]));
        let message = answer["differences"][0]["message"].as_str().unwrap_or_default();
        cases.assert_eq(format!("{case}: {message}"), &message.contains(part), &true);
        cases.assert_eq(format!("length: {case}"), &(message.len() < 1_000), &true);
        cases.assert_eq(case, &answer["exhibit"], &Value::Null);
        let advice = answer["not_checked"].to_string();
        cases.assert_eq(format!("{case}: {advice}"), &advice.contains("the files: "), &(case != "100 MiB"));
    }
    let exhibit = Exhibit::new();
    fs::remove_file(exhibit.path("manifest.json")).unwrap();
    assert_eq!(exhibit.differences(&[]), expected(&[("missing", "manifest.json")]));
    let out = text(&exhibit.run(&[]));
    assert!(out.ends_with("\n1 difference: the folder has no manifest.json of an exhibit.\n"), "{out}");
}
