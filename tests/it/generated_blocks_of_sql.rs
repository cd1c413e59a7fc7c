//! Every file in `queries/`, `captures/` and `sessions/` is a complete statement, to be pasted into Athena. Parts that several of them
//! have, and the parts of one that would be too long, are written by hand in `sql_fragments/`: the name of a block is the path of
//! its fragment. `UPDATE_GENERATED=1 tests/run --test it -- generated` copies the fragments into the statements.

use std::collections::BTreeSet;
use std::path::Path;

use crate::harness::files_under;
use crate::harness::generated_blocks::{Comment, block_names, fill_blocks, is_up_to_date, read, stems};

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

/// Returns the text of a statement with its fragments as they are now.
pub fn statement_of_fragments(path: &str) -> String {
    let text = read(path);
    let mut names = block_names(&text, SQL);
    names.dedup();
    names
        .into_iter()
        .fold(text.clone(), |text, fragment| fill_blocks(path, &text, SQL, fragment, &read(fragment)))
}

/// Returns the lines of a text that are in no block.
fn lines_by_hand(text: &str) -> usize {
    let names = block_names(text, SQL);
    let emptied = names
        .into_iter()
        .fold(text.to_owned(), |text, name| fill_blocks("the statement", &text, SQL, name, ""));
    emptied.lines().count()
}

#[test]
fn each_statement_has_the_lines_of_its_fragments() {
    let mut edited = Vec::new();
    for path in statements() {
        for fragment in block_names(&read(&path), SQL) {
            let text = read(&path);
            let expected = fill_blocks(&path, &text, SQL, fragment, &read(fragment));
            if !is_up_to_date(&path, &expected) {
                edited.push(format!(
                    "{path} differs from {fragment}: edit {fragment}, not its block in {path}, and run this test with \
                     UPDATE_GENERATED=1"
                ));
            }
        }
    }
    assert!(edited.is_empty(), "{}", edited.join("\n"));
}

#[test]
fn each_fragment_is_in_a_statement() {
    let texts: Vec<String> = statements().iter().map(|path| read(path)).collect();
    let used: BTreeSet<&str> = texts.iter().flat_map(|text| block_names(text, SQL)).collect();
    let fragments = fragments();
    let fragments: BTreeSet<&str> = fragments.iter().map(String::as_str).collect();
    assert_eq!(fragments, used, "the files in {FRAGMENTS}, and those that blocks name");
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
