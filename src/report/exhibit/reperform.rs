//! `reperform.sql`: the main figures once more, from the lake, in DuckDB.

use super::ExhibitRequest;
use super::evidence::Evidence;
use crate::lake::store::Location;

const TEMPLATE: &str = include_str!("reperform.sql");

/// Source of the ledger.
const RUNS: &str = "getvariable('pattern') || '/runs/**/*.json'";

/// The same of a lake without run records, where DuckDB would find no file: rows of a data file, which have none of these columns.
const NO_RUNS: &str = "'population.jsonl'";

/// Source of the rows.
const ROWS: &str =
    "read_parquet(getvariable('objects'), union_by_name = true, hive_partitioning = false, filename = true)";

/// The same of no object.
const NO_ROWS: &str = "(SELECT '' AS filename, '' AS endpoint_id, '' AS connection_id, TIMESTAMPTZ 'epoch' AS captured_at, '' AS status_code, \
                       TIMESTAMPTZ 'epoch' AS connection_established_time, TIMESTAMPTZ 'epoch' AS connection_end_time, '' AS username, '' AS common_name, 0 AS ingress_bytes, 0 AS egress_bytes) WHERE false";

/// Returns the script.
pub(super) fn sql(request: &ExhibitRequest<'_>, evidence: &Evidence, number: &str) -> String {
    let has_rows = !evidence.read.rows_by_object.is_empty();
    // Whose a pseudonym is, the script cannot know.
    let (identity_label, identity_agrees) = match evidence.pseudonyms_sha256 {
        None => ("identity, ", "remade.identity IS NOT DISTINCT FROM stated_sessions.identity"),
        Some(_) => ("", "(remade.identity IS NULL) = (stated_sessions.identity IS NULL)"),
    };
    let values = [
        ("{runs}", (if evidence.read.runs > 0 { RUNS } else { NO_RUNS }).to_owned()),
        ("{rows}", (if has_rows { ROWS } else { NO_ROWS }).to_owned()),
        ("{identity_label}", identity_label.to_owned()),
        ("{identity_agrees}", identity_agrees.to_owned()),
        ("{number}", number.to_owned()),
        ("{from}", literal(&request.from.to_string())),
        ("{to}", literal(&request.to.to_string())),
        ("{as_of}", literal(&request.now.to_string())),
        // Last: its text may have braces.
        ("{lake}", literal(&absolute(request.lake))),
    ];
    values.iter().fold(TEMPLATE.to_owned(), |sql, (name, value)| sql.replacen(name, value, 1))
}

/// Returns the location of the lake, so that the script finds it from any folder.
fn absolute(lake: &Location) -> String {
    match lake {
        Location::Directory(path) => {
            let absolute = path.canonicalize().unwrap_or_else(|_error| path.clone());
            absolute.display().to_string()
        }
        Location::S3 { .. } => lake.to_string(),
    }
}

/// Returns a text as SQL writes it.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
