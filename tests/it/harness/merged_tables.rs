//! The tables that merges maintain, as their `create.sql` describes them.

use super::generated_blocks::read;

/// A folder of statements, and the words in the comment of a column that its second part follows.
pub type Merged = (&'static str, &'static str);

/// The second part says what null means.
pub const CAPTURES: Merged = ("captures", ". Null: ");
/// The second part says which value a column has if those of its snapshots differ.
pub const SESSIONS: Merged = ("sessions", ". Value: ");

/// Returns name, type and both parts of the comment of each column, in order.
pub fn merged_columns((folder, separator): Merged) -> Vec<[String; 4]> {
    let text = read(&format!("{folder}/create.sql"));
    let of_line = |line: &str| {
        let (column, comment) = line.trim().split_once(" COMMENT '")?;
        let (name, athena_type) = column.split_once(' ').unwrap();
        let comment = comment.trim_end_matches(',').strip_suffix('\'').unwrap();
        let (meaning, value) = comment.split_once(separator).unwrap();
        Some([name, athena_type, meaning, value].map(str::to_owned))
    };
    text.lines().filter_map(of_line).collect()
}
