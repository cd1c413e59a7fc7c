//! Text that is in two places is written by hand in one. The template's columns follow from the table of columns, its saved
//! queries and statements from `queries/`, `captures/` and `sessions/`, and the tables of `docs/schema.md` from all of them.
//! `UPDATE_GENERATED=1 tests/run --test it -- generated` writes what these tests find to be out of date.

use std::fmt::Write;
use std::process::Command;

use client_vpn_audit::error_code::{Documented, ErrorCode, Operation};
use client_vpn_audit::tables::authorization_rules::COLUMNS as RULE_COLUMNS;
use client_vpn_audit::tables::column::Column;
use client_vpn_audit::tables::connection_logs::columns::COLUMNS as LOG_COLUMNS;
use client_vpn_audit::tables::connections::columns::COLUMNS;
use client_vpn_audit::tables::endpoints::COLUMNS as ENDPOINT_COLUMNS;
use client_vpn_audit::tables::routes::COLUMNS as ROUTE_COLUMNS;

use crate::generated_blocks_of_sql::with_blocks_filled;
use crate::harness::generated_blocks::{Comment, fill_blocks, is_up_to_date, read, stems};
use crate::harness::merged_tables::{CAPTURES, Merged, SESSIONS, merged_columns};
use crate::harness::venv;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Checks every block of `name` in a file, or writes it.
fn check_block(path: &str, comment: Comment, name: &str, lines: &str) {
    let expected = fill_blocks(path, &read(path), comment, name, lines);
    assert!(
        is_up_to_date(path, &expected),
        "{name} in {path} is out of date; run this test with UPDATE_GENERATED=1"
    );
}

/// The beginning and the end of a comment in each format.
const YAML: Comment = ["#", ""];
const MARKDOWN: Comment = ["<!--", " -->"];

#[test]
fn the_template_has_the_columns_queries_and_statements_of_their_files() {
    check_block("template.yaml", YAML, "columns", &columns(COLUMNS));
    check_block("template.yaml", YAML, "endpoints columns", &columns(ENDPOINT_COLUMNS));
    check_block("template.yaml", YAML, "authorization_rules columns", &columns(RULE_COLUMNS));
    check_block("template.yaml", YAML, "routes columns", &columns(ROUTE_COLUMNS));
    check_block("template.yaml", YAML, "connection_logs columns", &columns(LOG_COLUMNS));
    check_block("template.yaml", YAML, "saved queries", &saved_queries());
    check_block("template.yaml", YAML, "statements", &statements());
    check_block("template.yaml", YAML, "captures columns", &columns_to_compare(CAPTURES));
    check_block("template.yaml", YAML, "session columns", &columns_to_compare(SESSIONS));
}

#[test]
fn the_schema_page_has_the_columns_of_every_table() {
    check_block("docs/schema.md", MARKDOWN, "connections", &columns_table(COLUMNS));
    check_block("docs/schema.md", MARKDOWN, "endpoints", &columns_table(ENDPOINT_COLUMNS));
    check_block("docs/schema.md", MARKDOWN, "authorization_rules", &columns_table(RULE_COLUMNS));
    check_block("docs/schema.md", MARKDOWN, "routes", &columns_table(ROUTE_COLUMNS));
    check_block("docs/schema.md", MARKDOWN, "connection_logs", &columns_table(LOG_COLUMNS));
    check_block("docs/schema.md", MARKDOWN, "captures", &merged_table(CAPTURES, "null means"));
    check_block("docs/schema.md", MARKDOWN, "sessions", &merged_table(SESSIONS, "which value wins"));
}

#[test]
fn the_ledger_page_has_every_error_code() {
    for (operation, name) in [
        (Operation::Capture, "codes of a capture"),
        (Operation::Seal, "codes of a seal"),
        (Operation::Invocation, "codes of an invocation"),
    ] {
        check_block("docs/ledger.md", MARKDOWN, name, &error_codes(operation));
    }
}

#[test]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
fn the_questions_page_has_every_question_and_the_bucket_page_the_statements_of_the_policy() {
    check_block("docs/questions.md", MARKDOWN, "questions", &questions());
    check_block("docs/bucket.md", MARKDOWN, "bucket policy", &printed("tests/python/bucket_policy.py"));
}

#[test]
#[cfg_attr(not(feature = "tools"), ignore = "needs Python")]
fn the_cost_page_has_what_its_script_prints() {
    check_block("docs/cost.md", MARKDOWN, "cost", &printed("docs/cost.py"));
}

/// Returns the output of a script.
fn printed(script: &str) -> String {
    let output = Command::new(venv().join("bin/python")).arg(format!("{ROOT}/{script}")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A text as YAML's literal block scalar.
fn literal(text: &str, indent: &str) -> String {
    let lines: Vec<String> =
        text.lines().map(|line| format!("{indent}{line}").trim_end().to_owned()).collect();
    format!("|\n{}", lines.join("\n"))
}

/// A text in YAML's double quotes, which are JSON's.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn columns(columns: &[Column]) -> String {
    let mut lines = String::new();
    for column in columns {
        let null = column.null.map_or("never null".to_owned(), |null| format!("null: {null}"));
        let comment = format!("{}; {null}", column.doc).replace('`', "");
        let glue_type = quoted(column.column_type.athena());
        writeln!(lines, "- Name: {}\n  Type: {glue_type}\n  Comment: {}", column.name, quoted(&comment))
            .unwrap();
    }
    lines
}

fn saved_queries() -> String {
    let mut lines = String::new();
    for name in stems("queries", ".sql") {
        let text = with_blocks_filled(&format!("queries/{name}.sql"));
        let question = text.lines().next().unwrap().strip_prefix("-- ").unwrap();
        let id: String = name.split('_').map(capitalised).collect();
        writeln!(
            lines,
            "{id}Query:\n  Type: AWS::Athena::NamedQuery\n  Properties:\n    Name: {name}\n    Description: {}\n    \
             Database: !Ref Database\n    WorkGroup: !Ref WorkGroup\n    QueryString: {}",
            quoted(question),
            literal(&text, "      ")
        )
        .unwrap();
    }
    lines
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

/// Without what their files say at their head: it is not for Athena.
fn statements() -> String {
    let mut lines = String::new();
    for (folder, prefix) in [("captures", "captures_"), ("sessions", "")] {
        for name in stems(folder, ".sql") {
            let text = with_blocks_filled(&format!("{folder}/{name}.sql"));
            assert!(text.starts_with("-- "), "{folder}/{name}.sql does not begin with what it is for");
            let statement: Vec<&str> = text.lines().skip_while(|line| line.starts_with("-- ")).collect();
            writeln!(lines, "{prefix}{name}_statement: {}", literal(&statement.join("\n"), "  ")).unwrap();
        }
    }
    lines
}

/// The columns that the state machine compares with those of a deployed table.
fn columns_to_compare(table: Merged) -> String {
    let line = |[name, athena_type, ..]: &[String; 4]| format!("- {{name: {name}, type: {athena_type}}}\n");
    merged_columns(table).iter().map(line).collect()
}

fn merged_table(table: Merged, last: &str) -> String {
    let mut lines = format!("| column | type | meaning | {last} |\n|---|---|---|---|\n");
    for [name, athena_type, meaning, value] in merged_columns(table) {
        writeln!(lines, "| `{name}` | `{athena_type}` | {meaning} | {value} |").unwrap();
    }
    lines
}

fn columns_table(columns: &[Column]) -> String {
    let mut lines =
        String::from("| column | type | field of the API | meaning | null means |\n|---|---|---|---|---|\n");
    for column in columns {
        let source = column.source.map_or(String::new(), |source| format!("`{source}`"));
        let (name, athena, doc) = (column.name, column.column_type.athena(), column.doc);
        writeln!(lines, "| `{name}` | `{athena}` | {source} | {doc} | {} |", column.null.unwrap_or("never"))
            .unwrap();
    }
    lines
}

fn error_codes(operation: Operation) -> String {
    let mut lines = String::from("| code | means | what to do |\n|---|---|---|\n");
    for Documented { code, meaning, advice, .. } in
        ErrorCode::DOCUMENTED.iter().filter(|documented| documented.operation == operation)
    {
        writeln!(lines, "| `{code}` | {meaning} | {advice} |").unwrap();
    }
    lines
}

fn questions() -> String {
    let mut lines = String::from("| saved query | question |\n|---|---|\n");
    for name in stems("queries", ".sql") {
        let text = with_blocks_filled(&format!("queries/{name}.sql"));
        let question = text.lines().next().unwrap().strip_prefix("-- ").unwrap();
        writeln!(lines, "| [`{name}`](../queries/{name}.sql) | {question} |").unwrap();
    }
    lines
}
