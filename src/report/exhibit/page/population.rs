//! Section "Population".

use maud::{Markup, html};

use super::super::population::{PopulationLine, PopulationPart, grouped};
use super::ExhibitPage;
use super::markup::{key, message, more, source, table};

/// Most objects that could not be read that the page shows.
const MOST_UNREADABLE: usize = 50;

/// Returns the section.
pub(super) fn section(page: &ExhibitPage<'_>) -> Markup {
    let unreadable = &page.evidence.unreadable;
    let population = page.population;
    html! {
        (table("Every row and session, and every one that is left out", &[("Line", false), ("Sign", false), ("Count", true)], &html! {
            @for (index, line) in population.lines.iter().enumerate() {
                @if index == 0 || population.lines.get(index - 1).is_some_and(|before| before.group != line.group) {
                    tr { th scope="rowgroup" colspan="3" { (line.group) } }
                }
                (row(line))
            }
        }))
        (source("population"))
        p.soft { "Not covered: a hole, or the beginning or the end of the record, touches the session, also outside of the period. The session is in the list; its beginning, \
                  its end or its bytes may be incomplete. Objects of snapshots before and after the period are read too: they show what began or ended in it." }
        @if let Some(step) = page.evidence.ledger.attempts.values().find_map(|of| of.schedule_seconds()) {
            p.soft { "Expected: the times of the schedule that the snapshots of the period show, the most frequent distance between them \
                      (such as " (step / 60) " minutes), for each endpoint." }
        }
        @if !population.differing.is_empty() {
            p { "Objects with other rows than stated:" }
            ul { @for differing in population.differing.iter().take(MOST_UNREADABLE) { li { code { (key(differing)) } } } }
        }
        p.source {
            "Rows of each object: " a href="objects.csv" { "objects.csv" } ". Sessions: " a href="sessions.csv" { "sessions.csv" } "."
        }
        @if !unreadable.is_empty() {
            (table("Not read", &[("Object", false), ("Reason", false)], &html! {
                @for of in unreadable.iter().take(MOST_UNREADABLE) {
                    tr { td.mono { (key(&of.object_key)) } td { (message(&of.problem)) } }
                }
            }))
            (more(MOST_UNREADABLE, unreadable.len(), "objects"))
            (source("unreadable"))
        }
    }
}

fn row(line: &PopulationLine) -> Markup {
    let class = match line.part {
        PopulationPart::Sum => "sum",
        _ => "part",
    };
    html! {
        tr.(class) {
            th scope="row" { (line.line) }
            td.nowrap { (line.part.sign()) }
            td.number { @match line.count { Some(count) => (grouped(count)), None => "not known" } }
        }
    }
}
