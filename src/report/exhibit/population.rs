//! The population: every row and session is counted, and so is every one that is left out.

use super::evidence::Evidence;
use super::expected_captures::ExpectedCaptures;
use super::run_records::StatedObject;
use super::verdict::{EvidenceState, Verdict};
use crate::lake::keys::{ConfigurationTable, ObjectKey, Table};
use crate::proof::coverage::Unreadable;
use crate::report::sessions::ObjectRows;

/// A line of the population.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PopulationLine {
    /// The group whose lines add up.
    pub group: &'static str,
    /// Name of the line.
    pub line: &'static str,
    /// Its part in the sum.
    pub part: PopulationPart,
    /// The count; `None` if it is not known.
    pub count: Option<u64>,
}

/// The part of a line in the sum of its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PopulationPart {
    /// Something that the others are compared with.
    Start,
    /// It is subtracted.
    Minus,
    /// It is added.
    Plus,
    /// The sum of the lines before it.
    Sum,
    /// A part of the line before it, which is not in the sum.
    OfThese,
}

impl PopulationPart {
    /// Returns the sign before the count.
    pub(super) fn sign(self) -> &'static str {
        match self {
            PopulationPart::Start => "",
            PopulationPart::Minus => "−",
            PopulationPart::Plus => "+",
            PopulationPart::Sum => "=",
            PopulationPart::OfThese => "of these",
        }
    }

    /// Returns the word in the data file, where a sign could be taken for a formula.
    pub(super) fn word(self) -> &'static str {
        match self {
            PopulationPart::Start => "start",
            PopulationPart::Minus => "minus",
            PopulationPart::Plus => "plus",
            PopulationPart::Sum => "sum",
            PopulationPart::OfThese => "of_these",
        }
    }
}

/// The population of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Population {
    pub lines: Vec<PopulationLine>,
    /// Objects that are not as a run record states: other rows, or another SHA-256.
    pub differing: Vec<String>,
    pub verdict: Verdict,
}

/// Counts of the rows of all objects that were to be read.
#[derive(Debug, Default, PartialEq, Eq)]
struct RowCounts {
    stated: u64,
    stated_of_unread: u64,
    not_recorded: u64,
    found: ObjectRows,
    differing: Vec<String>,
}

impl Population {
    /// Counts the population.
    pub(super) fn of(evidence: &Evidence) -> Population {
        let outcome =
            |name| evidence.ledger.attempts.values().filter_map(|of| of.outcomes.get(name)).sum::<u64>();
        let outcomes = ["complete", "already_captured", "partial", "failed"].map(outcome);
        let rows = RowCounts::of(evidence);
        let tallies = &evidence.tallies;
        let (connections, sessions) = (evidence.read.connections, tallies.sessions);
        let [complete, already_captured, partial, failed] = outcomes;
        let mut lines = Vec::new();
        let mut add = |group, line, part, count| lines.push(PopulationLine { group, line, part, count });
        use PopulationPart::{Minus, OfThese, Plus, Start, Sum};
        let group = "Captures of the period";
        let attempted: u64 = outcomes.iter().sum();
        add(group, "complete", Plus, Some(complete));
        add(group, "already captured by an earlier attempt", Plus, Some(already_captured));
        add(group, "partial", Plus, Some(partial));
        add(group, "failed", Plus, Some(failed));
        add(group, "attempted", Sum, Some(attempted));
        add(
            group,
            "whose object is not there or could not be read",
            OfThese,
            Some(evidence.without_readable_object()),
        );
        let group = "Captures, and the rhythm that the snapshots show";
        let expected = ExpectedCaptures::of(evidence);
        add(group, "expected by that rhythm", Start, expected.map(|of| of.expected));
        add(
            group,
            "expected and not attempted, by the run records that could be read",
            Minus,
            expected.map(|of| of.not_attempted),
        );
        add(group, "attempted beside that rhythm, or again", Plus, expected.map(|of| of.beside(attempted)));
        add(group, "attempted, as above", Sum, expected.map(|_| attempted));
        let group = "Rows of the objects that decide the sessions";
        add(group, "stated by run records", Start, Some(rows.stated));
        add(
            group,
            "of objects that could not be read, or are not there (removed or expired)",
            Minus,
            Some(rows.stated_of_unread),
        );
        add(group, "of objects that no run record names", Plus, Some(rows.not_recorded));
        add(group, "in the Parquet objects that were read", Sum, Some(rows.found.rows));
        add(group, "without the id of a connection", Minus, Some(rows.found.without_id));
        add(group, "used", Sum, Some(rows.found.rows - rows.found.without_id));
        let group = "Sessions";
        add(group, "different connections in the rows used", Start, Some(connections));
        add(
            group,
            "that ended before the period or began after it",
            Minus,
            Some(connections.saturating_sub(sessions)),
        );
        add(group, "that overlap the period, or may", Sum, Some(sessions));
        add(group, "shown by partial captures only", OfThese, Some(tallies.only_partial));
        add(group, "beginning not given by AWS, or not a time", OfThese, Some(tallies.begin_not_known));
        add(group, "not known to have ended", OfThese, Some(tallies.end_not_known));
        add(group, "may overlap the period, not proven", OfThese, Some(tallies.not_proven));
        add(group, "not covered: something of it can have been missed", OfThese, Some(tallies.not_covered));
        let verdict = verdict(evidence, &rows);
        Population { lines, differing: rows.differing, verdict }
    }
}

impl RowCounts {
    fn of(evidence: &Evidence) -> RowCounts {
        let mut counts = RowCounts::default();
        let stated = &evidence.ledger.stated;
        let sum = |objects: &mut dyn Iterator<Item = &StatedObject>| {
            objects.fold(0, |sum: u64, stated| sum.saturating_add(stated.rows))
        };
        counts.stated = sum(&mut stated.values());
        let found = &evidence.read.rows_by_object;
        let unread = stated.iter().filter(|(key, _)| !found.contains_key(*key));
        counts.stated_of_unread = sum(&mut unread.map(|(_, stated)| stated));
        for (key, rows) in found {
            counts.found.rows += rows.rows;
            counts.found.without_id += rows.without_id;
            if !stated.contains_key(key) {
                counts.not_recorded += rows.rows;
            }
        }
        counts.differing = evidence.not_as_stated();
        counts
    }
}

fn verdict(evidence: &Evidence, rows: &RowCounts) -> Verdict {
    let sessions = evidence.tallies.sessions;
    if !rows.differing.is_empty() {
        let sentence = format!(
            "{} found, but {} not as the run records state: other rows, or another SHA-256.",
            counted(sessions, "session"),
            match rows.differing.len() {
                1 => "1 object is".to_owned(),
                number => format!("{} objects are", grouped(number as u64)),
            }
        );
        return Verdict::new(EvidenceState::Contradicted, sentence);
    }
    if evidence.coverage.endpoints.is_empty() {
        let sentence = "No endpoint is on record in this period, so nothing says what was captured.";
        return Verdict::new(EvidenceState::InsufficientEvidence, sentence);
    }
    if evidence.ledger.without_object > 0 {
        let sentence = format!(
            "{} found. {} of the period state rows and name no object that has them.",
            counted(sessions, "session"),
            counted(evidence.ledger.without_object, "capture")
        );
        return Verdict::new(EvidenceState::InsufficientEvidence, sentence);
    }
    let is_other = |key: ObjectKey| {
        key.table == Table::ConnectionLogs || ConfigurationTable::ALL.iter().any(|of| of.table() == key.table)
    };
    let decides = |of: &&Unreadable| !ObjectKey::parse(&of.object_key).is_some_and(is_other);
    let unread = evidence.unreadable.iter().filter(decides).count() as u64;
    if unread > 0 {
        let sentence = format!(
            "{} found. Sessions may be missing: {} could not be read or found in the lake.",
            counted(sessions, "session"),
            counted(unread, "object")
        );
        return Verdict::new(EvidenceState::InsufficientEvidence, sentence);
    }
    let not_proven = match evidence.tallies.not_proven {
        0 => String::new(),
        number => format!(", {} of which may and are not proven to", grouped(number)),
    };
    let sentence = format!(
        "{} the period{not_proven}; every row that the run records state was read, and each exclusion is counted.",
        match sessions {
            1 => "1 session overlaps".to_owned(),
            number => format!("{} sessions overlap", grouped(number)),
        }
    );
    Verdict::new(EvidenceState::Shown, sentence)
}

/// Returns a number with thousands separated, and the noun that it counts.
pub(super) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// Returns a number with commas between thousands.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (23_520_000, "23,520,000")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(counted(1, "session"), "1 session");
        assert_eq!(counted(1_200, "session"), "1,200 sessions");
    }
}
