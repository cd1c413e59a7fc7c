//! Parts of the page that several sections use.

use jiff::Timestamp;
use maud::{Markup, html};

use super::super::population::grouped;
use super::super::verdict::{EvidenceState, Verdict};
use super::super::zoned_times::ZonedTimes;
use crate::report::plain_text::escaped;

/// Most characters of a name that the page shows; the data files have all of it.
const LONGEST_NAME: usize = 80;

/// Most characters of a command that the page shows; `inputs.csv` has all of it.
const LONGEST_COMMAND: usize = 2_000;

/// Longest word of a command that is not broken: it must fit into a line on a telephone.
const LONGEST_WORD: usize = 32;

/// Most characters of a message that the page shows.
const LONGEST_MESSAGE: usize = 500;

/// Returns a state, with the color of its kind.
pub(super) fn state(state: EvidenceState) -> Markup {
    html! { span.state.(class(state)) { (state) } }
}

/// Returns the class of a state.
pub(super) fn class(state: EvidenceState) -> &'static str {
    match state {
        EvidenceState::Shown => "shown",
        EvidenceState::NotShown | EvidenceState::InsufficientEvidence => "open",
        EvidenceState::Contradicted => "against",
    }
}

/// Returns the answer that a section opens with. With a condition, it is shown only if that is so.
pub(super) fn answer(claim: &str, verdict: &Verdict, condition: Option<&str>) -> Markup {
    let condition = condition.filter(|_| verdict.state == EvidenceState::Shown);
    html! {
        p.answer.(class(verdict.state)) {
            "“" (claim) "”: " (state(verdict.state)) @if let Some(condition) = condition { ", " (condition) } ". " (verdict.sentence)
        }
    }
}

/// Returns the line that names the data file of a table.
pub(super) fn source(name: &str) -> Markup {
    html! {
        p.source {
            "Data: " a href={ (name) ".csv" } { (name) ".csv" } ", verbatim in " a href={ (name) ".jsonl" } { (name) ".jsonl" } "."
        }
    }
}

/// Returns a text from outside: somebody else's name, which may have any character and any length.
pub(super) fn name(text: &str) -> Markup {
    beginning(text, LONGEST_NAME)
}

/// Returns what was found about an object, which may quote somebody else's text.
pub(super) fn message(text: &str) -> Markup {
    beginning(text, LONGEST_MESSAGE)
}

/// Returns a key or an id from outside, all of it: keys of a lake differ at their end.
pub(super) fn key(text: &str) -> Markup {
    html! { bdi { (escaped(text)) } }
}

/// Returns a command, which is broken between its words only, so that it can be typed as it is printed.
pub(super) fn command(text: &str) -> Markup {
    html! { bdi { (words(&escaped(&text.chars().take(LONGEST_COMMAND).collect::<String>()))) } }
}

/// Returns a flag, a command or a name of a file, broken likewise.
pub(super) fn code(text: &str) -> Markup {
    html! { code { (words(text)) } }
}

fn words(text: &str) -> Markup {
    html! { @for (index, word) in text.split(' ').enumerate() { @if index > 0 { " " } @if word.len() <= LONGEST_WORD { span.nowrap { (word) } } @else { (word) } } }
}

fn beginning(text: &str, most: usize) -> Markup {
    let is_long = text.chars().count() > most;
    let shown = escaped(&text.chars().take(most).collect::<String>());
    html! { bdi { (shown) @if is_long { "…" } } }
}

/// Returns a time, which is broken between the day and the time of day only.
pub(super) fn time(times: &ZonedTimes, time: Timestamp) -> Markup {
    let text = times.text(time);
    let (day, rest) = text.split_once(' ').unwrap_or((text.as_str(), ""));
    html! { span.nowrap { (day) } " " span.nowrap { (rest) } }
}

/// Returns a table in a box of its own, which scrolls on narrow screens and can be reached with the keyboard.
pub(super) fn table(caption: &str, head: &[(&str, bool)], body: &Markup) -> Markup {
    html! {
        div.table role="region" aria-label=(caption) tabindex="0" {
            table {
                caption { (caption) }
                thead { tr { @for (name, is_number) in head { th.number[*is_number] scope="col" { (name) } } } }
                tbody { (body) }
            }
        }
    }
}

/// Returns a cell with a number.
pub(super) fn number(number: u64) -> Markup {
    html! { td.number { (grouped(number)) } }
}

/// Returns the note under a table that does not show everything.
pub(super) fn more(shown: usize, all: usize, what: &str) -> Markup {
    html! { @if all > shown { p.soft { "The first " (shown) " of " (grouped(all as u64)) " " (what) " are shown; the data file has all." } } }
}

/// Returns a number of bytes in the unit that fits.
pub(super) fn bytes(number: i64) -> String {
    let units = ["kB", "MB", "GB", "TB", "PB"];
    let number = u128::try_from(number).unwrap_or(0);
    if number < 1_000 {
        return format!("{number} B");
    }
    let mut divisor = 1_000_u128;
    let tenths = |divisor: u128| (number * 10 + divisor / 2) / divisor;
    let mut unit = 0;
    // What would be rounded to 1000.0 of a unit is 1.0 of the next one.
    while tenths(divisor) >= 10_000 && unit + 1 < units.len() {
        unit += 1;
        divisor *= 1_000;
    }
    let (name, tenths) = (units.get(unit).copied().unwrap_or_default(), tenths(divisor));
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_shows_its_control_characters_and_no_more_than_its_beginning() {
        for (text, shown) in [
            ("maria", "<bdi>maria</bdi>"),
            ("<b>&\"", "<bdi>&lt;b&gt;&amp;&quot;</bdi>"),
            ("a\u{202e}b", "<bdi>a\\u{202e}b</bdi>"),
            ("a\nb", "<bdi>a\\u{a}b</bdi>"),
        ] {
            assert_eq!(name(text).into_string(), shown);
        }
        let long = name(&"x".repeat(4_096)).into_string();
        assert_eq!(long, format!("<bdi>{}…</bdi>", "x".repeat(80)));
    }

    #[test]
    fn bytes_have_the_unit_that_fits() {
        let cases = [
            (-1, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (1_049, "1.0 kB"),
            (1_050, "1.1 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (1_999_999, "2.0 MB"),
            (i64::MAX, "9223.4 PB"),
        ];
        for (number, text) in cases {
            assert_eq!(bytes(number), text);
        }
    }
}
