//! The columns of `sessions/create.sql`, and the SQL that lists them.

use client_vpn_audit::tables::column::ColumnType;
use client_vpn_audit::tables::connections::columns::COLUMNS;

use super::generated_blocks::read;
use super::merged_tables::{SESSIONS, merged_columns};

/// The file that has the columns.
pub const CREATE: &str = "sessions/create.sql";
/// The rule of a text that no statement needs to name by hand.
pub const LAST_KNOWN: &str = "the last known";
/// The rule of a column that identifies a row.
const KEY: &str = "part of the key";
/// The statement that adds columns to rows that exist. It sets them by hand.
const MERGE_LOGS: &str = "sessions/merge_logs.sql";
/// Longest line of a list of columns, before it is indented.
const LIST_LINE_CHARS: usize = 110;

/// The columns that a block lists.
enum Listed {
    /// Texts of `connections` whose value is the last known. Other columns follow the block, so a comma ends it.
    Texts,
    /// The columns that the merge of snapshots sets. Nothing follows the block.
    SetBySnapshots,
}

/// Every block: its name, and the SQL of each column, which is `{}`. Names alone are filled into lines.
const BLOCKS: [(&str, Listed, &str); 7] = [
    ("texts", Listed::Texts, "{}"),
    (
        "newest texts",
        Listed::Texts,
        "max_by({}, ROW(placed_at, captured_at, {})) FILTER (\n  WHERE is_recent AND {} IS NOT NULL\n) AS {}",
    ),
    ("new or old texts", Listed::Texts, "coalesce(new.{}, old.{}) AS {}"),
    ("columns", Listed::SetBySnapshots, "{}"),
    ("columns of old", Listed::SetBySnapshots, "old.{}"),
    ("columns of seen", Listed::SetBySnapshots, "seen.{}"),
    ("assignments", Listed::SetBySnapshots, "{} = seen.{}"),
];

/// Returns the full names of the blocks.
pub fn block_names() -> impl Iterator<Item = String> {
    BLOCKS.iter().map(|(name, ..)| format!("{CREATE}: {name}"))
}

/// Returns the lines of a block with this full name; `None` if it is not one of [`CREATE`].
pub fn block(full_name: &str) -> Option<String> {
    let name = full_name.strip_prefix(CREATE)?.strip_prefix(": ")?;
    let (_, listed, sql) = BLOCKS.iter().find(|(known, ..)| *known == name)?;
    let (columns, end) = match listed {
        Listed::Texts => (last_known_texts(), ","),
        Listed::SetBySnapshots => (set_by_snapshots(), ""),
    };
    let items: Vec<String> = columns.iter().map(|column| sql.replace("{}", column)).collect();
    let is_name_alone = !sql.contains(' ');
    let lines = if is_name_alone { filled_lines(&items) } else { items.join(",\n") };
    Some(lines + end)
}

/// Returns the items, with commas between them, in lines of at most [`LIST_LINE_CHARS`].
fn filled_lines(items: &[String]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some(line) if line.len() + ", ".len() + item.len() + ",".len() <= LIST_LINE_CHARS => {
                *line += &format!(", {item}");
            }
            _ => lines.push(item.clone()),
        }
    }
    lines.join(",\n")
}

/// Returns the names and the rules of the columns, in order.
pub fn columns_and_rules() -> Vec<(String, String)> {
    merged_columns(SESSIONS).into_iter().map(|[name, _, _, rule]| (name, rule)).collect()
}

/// Returns the texts of a connection that are columns. Those of its status are computed together, and not listed as texts.
pub fn texts_of_connections() -> Vec<&'static str> {
    let is_text = |source: Option<&str>| source.is_some_and(|source| !source.contains('.'));
    let texts =
        COLUMNS.iter().filter(|column| column.column_type == ColumnType::String && is_text(column.source));
    texts.map(|column| column.name).collect()
}

/// Returns the texts of a connection that a session has, if the last known one is its value.
fn last_known_texts() -> Vec<String> {
    let texts = texts_of_connections();
    let is_listed = |(name, rule): &(String, String)| rule == LAST_KNOWN && texts.contains(&name.as_str());
    columns_and_rules().into_iter().filter(is_listed).map(|(name, _)| name).collect()
}

/// Returns the columns that are neither in the key nor set by [`MERGE_LOGS`].
fn set_by_snapshots() -> Vec<String> {
    let merge_logs = read(MERGE_LOGS);
    let is_set =
        |name: &str, rule: &str| rule != KEY && !merge_logs.contains(&format!("\n  {name} = seen.{name}"));
    columns_and_rules().into_iter().filter(|(name, rule)| is_set(name, rule)).map(|(name, _)| name).collect()
}
