//! A text of `connections` is in each file that CONTRIBUTING.md, "Add a column", lists. Other tests compare values; these name the
//! file that lacks a column.

use std::collections::BTreeSet;

use crate::generated_blocks_of_sql::with_blocks_filled;
use crate::harness::generated_blocks::read;
use crate::harness::session_columns::{CREATE, LAST_KNOWN, columns_and_rules, texts_of_connections};

const COLUMNS_FILE: &str = "src/tables/connections/columns.rs";
const DESCRIPTION: &str = "tests/python/check_lake.py";

/// The files of a text that `sessions` shows. Each has these words; `{}` is the column.
const FILES_OF_SESSIONS: [(&str, &str); 3] = [
    (CREATE, "\n  {} string COMMENT"),
    ("src/report/sessions/columns.rs", "\n        {},\n"),
    ("tests/python/session_truth.py", "\n        \"{}\": "),
];

/// The statements that compute the columns of `sessions`.
const MERGES: [&str; 2] = ["sessions/merge.sql", "sessions/merge_logs.sql"];

/// Returns the texts of a connection that are columns.
fn columns() -> BTreeSet<String> {
    texts_of_connections().into_iter().map(str::to_owned).collect()
}

/// Returns the columns of `TEXTS` in the independent description.
fn described() -> BTreeSet<String> {
    let text = read(DESCRIPTION);
    let (_, rest) = text.split_once("\nTEXTS = {\n").unwrap();
    let (texts, _) = rest.split_once("}\n").unwrap();
    texts.lines().map(|line| line.split('"').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn each_text_is_a_column_and_in_the_independent_description() {
    let (columns, described) = (columns(), described());
    let undescribed: Vec<_> = columns.difference(&described).collect();
    assert!(undescribed.is_empty(), "{DESCRIPTION} does not have {undescribed:?}, which {COLUMNS_FILE} has");
    let without_column: Vec<_> = described.difference(&columns).collect();
    assert!(
        without_column.is_empty(),
        "{COLUMNS_FILE} does not have {without_column:?}, which {DESCRIPTION} has"
    );
}

#[test]
fn each_text_is_in_every_file_of_sessions_or_in_none() {
    let texts = FILES_OF_SESSIONS.map(|(path, _)| read(path));
    let mut shown = 0;
    // The id is part of the key, and no text of which the last known value counts.
    for column in columns().union(&described()).filter(|column| *column != "connection_id") {
        let mut lacking = Vec::new();
        for ((path, words), text) in FILES_OF_SESSIONS.iter().zip(&texts) {
            if !text.contains(&words.replace("{}", column)) {
                lacking.push(*path);
            }
        }
        assert!(
            lacking.is_empty() || lacking.len() == FILES_OF_SESSIONS.len(),
            "{} does not have {column}, but other files of sessions have it",
            lacking.join(", ")
        );
        shown += usize::from(lacking.is_empty());
    }
    assert!(shown > 3, "{shown} texts of sessions were found");
}

#[test]
fn each_column_of_sessions_is_computed() {
    let merged = MERGES.map(|path| {
        let text = with_blocks_filled(path);
        let (_, merged) = text.split_once("\n  merged AS (\n").unwrap();
        merged.split_once("\n    FROM ").unwrap().0.to_owned() + ","
    });
    let mut columns = 0;
    for (column, rule) in columns_and_rules() {
        columns += 1;
        assert!(
            merged.iter().any(|merged| merged.contains(&format!(" {column},"))),
            "neither {} computes {column}, which {CREATE} has with `Value: {rule}`; only a text of connections with \
             `Value: {LAST_KNOWN}` needs no line by hand",
            MERGES.join(" nor ")
        );
    }
    assert!(columns > 40, "{columns} columns of sessions were found");
}
