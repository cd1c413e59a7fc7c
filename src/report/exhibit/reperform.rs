//! `reperform.sql`: the main figures once more, from the lake, in DuckDB.

use super::ExhibitRequest;

const TEMPLATE: &str = include_str!("reperform.sql");

/// Returns the script.
pub(super) fn sql(request: &ExhibitRequest<'_>, number: &str) -> String {
    let values = [
        ("{number}", number.to_owned()),
        ("{from}", literal(&request.from.to_string())),
        ("{to}", literal(&request.to.to_string())),
        ("{as_of}", literal(&request.now.to_string())),
        // Last: its text may have braces.
        ("{lake}", literal(&request.lake.to_string())),
    ];
    values.iter().fold(TEMPLATE.to_owned(), |sql, (name, value)| sql.replacen(name, value, 1))
}

/// Returns a text as SQL writes it.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
