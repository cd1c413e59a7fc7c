//! A text of `connections` is in each file that CONTRIBUTING.md, "Add a column", lists. Other tests compare values; these name the
//! file that lacks a column.

use std::collections::BTreeSet;

use client_vpn_audit::tables::column::ColumnType;
use client_vpn_audit::tables::connections::columns::COLUMNS;

use crate::harness::generated_blocks::read;

const COLUMNS_FILE: &str = "src/tables/connections/columns.rs";
const DESCRIPTION: &str = "tests/python/check_lake.py";

/// The files of a text that `sessions` shows. Each has the words beside it so many times; `{}` is the column.
const FILES_OF_SESSIONS: [(&str, &str, usize); 4] = [
    ("sessions/create.sql", "\n  {} string COMMENT", 1),
    // Both lists of `sights`, and the name in `shown`.
    ("sql_fragments/merge_sessions/rows_of_snapshots.sql", " {},", 3),
    ("sessions/merge.sql", " {} = seen.{}", 1),
    ("tests/python/session_truth.py", "\"{}\": ", 1),
];

/// Returns the texts of a connection that are columns. Those of its status are computed together, and not listed as texts.
fn columns() -> BTreeSet<String> {
    let is_text = |source: Option<&str>| source.is_some_and(|source| !source.contains('.'));
    let texts =
        COLUMNS.iter().filter(|column| column.column_type == ColumnType::String && is_text(column.source));
    texts.map(|column| column.name.to_owned()).collect()
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
    let texts = FILES_OF_SESSIONS.map(|(path, ..)| read(path));
    let mut shown = 0;
    // The key of `sessions` is not updated.
    for column in columns().union(&described()).filter(|column| *column != "connection_id") {
        let mut lacking = Vec::new();
        for ((path, words, times), text) in FILES_OF_SESSIONS.iter().zip(&texts) {
            let words = words.replace("{}", column);
            let found = text.matches(&words).count();
            if found < *times {
                lacking.push(format!("{path} has `{}` {found} of {times} times", words.trim()));
            }
        }
        assert!(
            lacking.is_empty() || lacking.len() == FILES_OF_SESSIONS.len(),
            "other files of sessions have {column}, but {}",
            lacking.join(", and ")
        );
        shown += usize::from(lacking.is_empty());
    }
    assert!(shown > 3, "{shown} texts of sessions were found");
}
