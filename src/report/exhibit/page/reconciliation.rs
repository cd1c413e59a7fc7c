//! Section "Do the two records agree?".

use maud::{Markup, html};

use super::ExhibitPage;
use super::markup::{key, more, number, source, table, time};
use crate::report::exhibit::reconciliation::DifferenceKind;

/// Most differences that the page shows.
const MOST_SHOWN: usize = 100;

/// Returns the section.
pub(super) fn section(page: &ExhibitPage<'_>) -> Markup {
    let (both, events) = (&page.evidence.reconciliation, &page.evidence.log_events);
    html! {
        p { "AWS's list of connections and AWS's connection logs are two records of the same connections. Sessions that began in the period are compared with the events of the logs, by the id of the connection." }
        (table("Sessions and events", &[("Line", false), ("Count", true)], &html! {
            tr.sum { th scope="row" { "sessions that began in the period" } (number(both.began)) }
            tr.part { th scope="row" { "with an event" } (number(both.with_event)) }
            tr.part { th scope="row" { "without one, although the log was on and its windows are in the lake" } (number(both.without_event)) }
            tr.part { th scope="row" { (DifferenceKind::Refused.text()) } (number(both.count(DifferenceKind::Refused))) }
            tr.part { th scope="row" { "not comparable: logging off, a window not read, or no beginning known" } (number(both.not_comparable)) }
            tr.sum { th scope="row" { "attempts in the logs" } (number(events.attempts)) }
            tr.part { th scope="row" { "failed" } (number(events.failed.len() as u64)) }
            tr.part { th scope="row" { "connections that began" } (number(events.began.len() as u64)) }
            tr.part { th scope="row" { "connections that began earlier, of which the end is logged" } (number(events.ended.len() as u64)) }
            @for kind in DifferenceKind::ALL.into_iter().filter(|kind| !matches!(kind, DifferenceKind::WithoutEvent | DifferenceKind::Refused)) {
                tr.part { th scope="row" { "of these " (kind.text()) } (number(both.count(kind))) }
            }
            tr.part { th scope="row" { "events that cannot be compared: without an id, a time, an endpoint, a result or a connection, or of another window than their object's" } (number(events.left_out)) }
            @if events.beyond_limit > 0 { tr.part { th scope="row" { "attempts beyond the limit of a report, which are not compared" } (number(events.beyond_limit)) } }
        }))
        @if !both.differences.is_empty() {
            (table("Differences", &[("Kind", false), ("Endpoint", false), ("Connection", false), ("Began", false)], &html! {
                @for of in both.differences.iter().take(MOST_SHOWN) {
                    tr { td { (of.kind.name()) } td.mono { (key(&of.endpoint_id)) } td.mono { (key(&of.connection_id)) } td { (time(page.times, of.began)) } }
                }
            }))
            (more(MOST_SHOWN, both.differences.len(), "differences"))
        }
        (source("differences"))
    }
}
