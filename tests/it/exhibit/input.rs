//! Flags and folders that are wrong are refused, and nothing is written then.

use std::fs;

use super::{Asked, run};
use crate::harness::cases::Cases;
use crate::harness::files_under;
use tempfile::TempDir;

#[test]
fn wrong_usage_writes_nothing_and_says_what_is_allowed() {
    let cases = Cases::default();
    let directory = TempDir::new().unwrap();
    let lake = directory.path().join("lake");
    fs::create_dir(&lake).unwrap();
    let full = directory.path().join("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("notes.txt"), "mine").unwrap();
    let new = directory.path().join("new");
    let file = full.join("notes.txt");
    let counts = directory.path().join("counts.csv");
    fs::write(&counts, "2025-11-22T00:00:00Z,1\n").unwrap();
    let witness = format!("cvpn-endpoint-0123456789abcdef0={}", counts.display());
    let period = || Asked::period("2025-11-22", "2025-11-23").flags();
    let with = |more: &[&str]| {
        let mut flags = period();
        flags.extend(more.iter().map(|flag| (*flag).to_owned()));
        flags
    };
    let of =
        |from: &str, to: &str| vec!["--from".to_owned(), from.to_owned(), "--to".to_owned(), to.to_owned()];
    let in_zone = |zone: &str| {
        [of("2025-11-22", "2025-11-23"), vec!["--time-zone".to_owned(), zone.to_owned()]].concat()
    };
    for (name, out, flags, status, named) in [
        ("a folder with a file", &full, period(), 1, "the folder is not empty"),
        ("a folder in the lake", &lake.join("exhibit"), period(), 1, "lies in the lake"),
        ("no time zone", &new, in_zone("Europe/Atlantis"), 2, "--time-zone"),
        ("a time zone with a path", &new, in_zone("../../etc/passwd"), 2, "--time-zone"),
        ("time to come", &new, of("2100-01-01", "2100-01-02"), 2, "--from"),
        ("an end before the beginning", &new, of("2025-11-23", "2025-11-22"), 2, "--from"),
        ("no time at all", &new, of("yesterday", "today"), 2, "--to"),
        ("a sample without a seed", &new, with(&["--sample", "5"]), 2, "--seed"),
        ("a seed without a sample", &new, with(&["--seed", "x"]), 2, "--sample"),
        ("no key", &new, with(&["--public-key", file.to_str().unwrap()]), 2, "--public-key"),
        (
            "no witness",
            &new,
            with(&["--witness", "cvpn-endpoint-0123456789abcdef0=/nowhere"]),
            2,
            "--witness",
        ),
        (
            "two witnesses of one endpoint",
            &new,
            with(&["--witness", &witness, "--witness", &witness]),
            2,
            "one file for each endpoint",
        ),
        (
            "no answer of a preflight",
            &new,
            with(&["--protection", file.to_str().unwrap()]),
            2,
            "--protection",
        ),
        ("no hash of a digest", &new, with(&["--known-digest", "x=y"]), 2, "--known-digest"),
    ] {
        let output = run(&lake, out, &flags);
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        cases.assert_eq(
            format!("{name}: {text}"),
            &(output.status.code(), text.contains(named)),
            &(Some(status), true),
        );
    }
    let output = run(&directory.path().join("gone"), &new, &period());
    cases.assert_eq("a lake that is not there", &output.status.code(), &Some(2));
    assert_eq!(files_under(directory.path()), ["counts.csv", "full/notes.txt"]);
    assert!(!new.exists());
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}
