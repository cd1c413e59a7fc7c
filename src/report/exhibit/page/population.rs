//! Section "Population".

use maud::{Markup, html};

use super::super::population::{PopulationLine, PopulationPart, grouped};
use super::ExhibitPage;
use super::markup::{more, source, table};

/// Most objects that could not be read that the page shows.
const MOST_UNREADABLE: usize = 50;

/// Returns the section.
pub(super) fn section(page: &ExhibitPage<'_>) -> Markup {
    let unreadable = &page.evidence.unreadable;
    let population = page.population;
    html! {
        (table("Every row and session, and every one that is left out", &[("Line", false), ("", false), ("Count", true)], &html! {
            @for (index, line) in population.lines.iter().enumerate() {
                @if index == 0 || population.lines.get(index - 1).is_some_and(|before| before.group != line.group) {
                    tr { th scope="rowgroup" colspan="3" { (line.group) } }
                }
                (row(line))
            }
        }))
        (source("population"))
        @if let Some(step) = page.evidence.ledger.attempts.values().find_map(|of| of.schedule_seconds()) {
            p.soft { "Expected: the times of the schedule that the snapshots of the period show, the most frequent distance between them \
                      (such as " (step / 60) " minutes), for each endpoint." }
        }
        @if !population.differing.is_empty() {
            p { "Objects with other rows than stated: " @for key in population.differing.iter().take(MOST_UNREADABLE) { code { (key) } " " } }
        }
        p.source {
            "Rows of each object: " a href="objects.csv" { "objects.csv" } ". Sessions: " a href="sessions.csv" { "sessions.csv" } "."
        }
        @if !unreadable.is_empty() {
            (table("Not read", &[("Object", false), ("Reason", false)], &html! {
                @for of in unreadable.iter().take(MOST_UNREADABLE) {
                    tr { td.mono { (super::markup::name(&of.object_key)) } td { (super::markup::name(&of.problem)) } }
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
