//! Every file in `queries/`, `captures/` and `sessions/` is a complete statement, to be pasted into Athena. Its generated parts are
//! blocks, whose names have the path of the file to edit:
//!
//! - Parts that several statements have, and the parts of one that would be too long, are written by hand in `sql_fragments/`.
//! - Lists of the columns of `sessions` follow from `sessions/create.sql`, by the table in `harness/session_columns.rs`.
//!
//! `UPDATE_GENERATED=1 tests/run --test it -- generated` fills the blocks.

use std::collections::BTreeSet;
use std::path::Path;

use crate::harness::files_under;
use crate::harness::generated_blocks::{Comment, block_names, fill_blocks, is_up_to_date, read, stems};
use crate::harness::session_columns;

const SQL: Comment = ["--", ""];
const FRAGMENTS: &str = "sql_fragments";
/// The most lines that a file written by hand has.
const MAX_LINES: usize = 400;

/// Returns the paths of all statements.
fn statements() -> Vec<String> {
    let paths_in = |folder| stems(folder, ".sql").into_iter().map(move |name| format!("{folder}/{name}.sql"));
    ["queries", "captures", "sessions"].into_iter().flat_map(paths_in).collect()
}

/// Returns the paths of all fragments.
fn fragments() -> BTreeSet<String> {
    let files = files_under(&Path::new(env!("CARGO_MANIFEST_DIR")).join(FRAGMENTS));
    files.into_iter().map(|file| format!("{FRAGMENTS}/{file}")).collect()
}

/// Returns the names of the blocks of a text, each once.
fn names(text: &str) -> BTreeSet<&str> {
    block_names(text, SQL).into_iter().collect()
}

/// Returns the text of a statement or fragment with the lines that its blocks should have.
pub fn with_blocks_filled(path: &str) -> String {
    let text = read(path);
    names(&text)
        .into_iter()
        .fold(text.clone(), |text, name| fill_blocks(path, &text, SQL, name, &lines_of(name)))
}

/// Returns the lines that a block of this name should have.
fn lines_of(name: &str) -> String {
    session_columns::block(name).unwrap_or_else(|| with_blocks_filled(name))
}

/// Returns the lines of a text that are in no block.
fn lines_by_hand(text: &str) -> usize {
    let emptied = names(text)
        .into_iter()
        .fold(text.to_owned(), |text, name| fill_blocks("the statement", &text, SQL, name, ""));
    emptied.lines().count()
}

#[test]
fn each_block_has_the_lines_of_the_file_that_it_names() {
    let mut edited = Vec::new();
    for path in fragments().into_iter().chain(statements()) {
        let text = read(&path);
        for name in names(&text) {
            let text = read(&path);
            if !is_up_to_date(&path, &fill_blocks(&path, &text, SQL, name, &lines_of(name))) {
                let source = name.split(':').next().unwrap();
                edited.push(format!(
                    "{path} differs from {source}: edit {source}, not the block `{name}` in {path}, and run this test with \
                     UPDATE_GENERATED=1"
                ));
            }
        }
    }
    assert!(edited.is_empty(), "{}", edited.join("\n"));
}

#[test]
fn each_block_that_there_may_be_is_in_a_statement_or_fragment() {
    let texts: Vec<String> = statements().into_iter().chain(fragments()).map(|path| read(&path)).collect();
    let used: BTreeSet<&str> = texts.iter().flat_map(|text| names(text)).collect();
    let names: Vec<String> = fragments().into_iter().chain(session_columns::block_names()).collect();
    let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(names, used, "the files in {FRAGMENTS} and the blocks of columns, and the names of blocks");
}

#[test]
fn no_statement_or_fragment_has_too_many_lines_written_by_hand() {
    for path in statements().into_iter().chain(fragments()) {
        let lines = lines_by_hand(&read(&path));
        assert!(
            lines <= MAX_LINES,
            "{path} has {lines} lines written by hand: move a part to a fragment of its own"
        );
    }
}

#[test]
fn no_statement_or_fragment_has_a_semicolon() {
    // Athena takes one statement, and a semicolon may end it, even one in a comment.
    for path in statements().into_iter().chain(fragments()) {
        assert!(!read(&path).contains(';'), "{path}");
    }
}
