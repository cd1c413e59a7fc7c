//! Manifests that were rewritten together with the files, and receipts.

use std::fs;
use std::os::unix::fs::symlink;

use client_vpn_audit::report::exhibit::receipt_text;

use super::{expected, rewritten, sha256, text};
use crate::harness::cases::Cases;

#[test]
fn a_rewritten_manifest_is_noticed_by_the_receipt_that_was_kept_elsewhere() {
    let exhibit = rewritten();
    let (answer, differences) = exhibit.answer(&[]);
    assert_eq!(differences, []);
    let advice = "a manifest that was rewritten together with the files would not be noticed; give --receipt";
    assert!(answer["not_checked"][0].as_str().unwrap().starts_with(advice), "{answer}");

    let cases = Cases::default();
    let kept = fs::read_to_string(exhibit.receipt()).unwrap();
    let other = sha256("other");
    let manifest = sha256(fs::read(exhibit.path("manifest.json")).unwrap());
    for (case, receipt, differences) in [
        ("the receipt of before", kept.clone(), &[("manifest_rewritten", "manifest.json")][..]),
        ("the same with CR LF", kept.replace('\n', "\r\n"), &[("manifest_rewritten", "manifest.json")]),
        (
            "a receipt of another exhibit",
            receipt_text(&other[..12], &other),
            &[("manifest_rewritten", "manifest.json")],
        ),
        ("nothing", String::new(), &[("receipt_invalid", "--receipt")]),
        ("words", kept.lines().next().unwrap().to_owned(), &[("receipt_invalid", "--receipt")]),
        ("two hashes", format!("{kept}{manifest}  manifest.json\n"), &[("receipt_invalid", "--receipt")]),
        (
            "the hash of another file",
            format!("{manifest}  report.html\n"),
            &[("receipt_invalid", "--receipt")],
        ),
        ("the receipt of after", receipt_text(&exhibit.number(), &manifest), &[]),
        ("its line alone", format!("{manifest}  manifest.json\n"), &[]),
    ] {
        fs::write(exhibit.receipt(), receipt).unwrap();
        let found = exhibit.differences(&["--receipt", exhibit.receipt().to_str().unwrap()]);
        cases.assert_eq(case, &found, &expected(differences));
    }
    fs::write(exhibit.receipt(), receipt_text(&other[..12], &other)).unwrap();
    let out = text(&exhibit.run(&["--receipt", exhibit.receipt().to_str().unwrap()]));
    assert!(out.contains(&format!("the receipt of exhibit {} has {other}", &other[..12])), "{out}");
}

#[test]
fn the_receipt_in_the_folder_is_not_one_that_was_kept_elsewhere() {
    let exhibit = rewritten();
    let link = exhibit.directory.path().join("link");
    symlink(exhibit.path("receipt.txt"), &link).unwrap();
    for receipt in [exhibit.path("receipt.txt"), link] {
        let (answer, differences) = exhibit.answer(&["--receipt", receipt.to_str().unwrap()]);
        assert_eq!(differences, []);
        let advice = answer["not_checked"][0].as_str().unwrap();
        assert!(
            advice.contains("is the one in the folder itself") && advice.contains("would not be noticed"),
            "{advice}"
        );
    }
}
