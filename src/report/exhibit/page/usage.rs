//! Section "How much?": connections over time and bytes of each endpoint, and those who moved most.

use jiff::Timestamp;
use maud::{Markup, html};

use super::ExhibitPage;
use super::markup::{bytes, more, name, number, source, table, time};
use super::plot::{Axis, WIDTH, steps};
use crate::proof::coverage::{EndpointCoverage, Gap};
use crate::report::exhibit::endpoint_attempts::EndpointAttempts;
use crate::report::exhibit::run_records::ReportedEndpoint;

/// Most endpoints that the page shows.
const MOST_ENDPOINTS: usize = 20;

/// Most identities among those who moved most.
const MOST_TALKERS: usize = 20;

/// Points of a curve: the greatest value of each part of the period.
const PARTS: u32 = 500;

/// Returns the section.
pub(super) fn section(page: &ExhibitPage<'_>) -> Markup {
    let attempts = &page.evidence.ledger.attempts;
    let identities = page.evidence.identities.by_key.values();
    let (sent, received) = identities.clone().fold((0_i64, 0_i64), |(sent, received), of| {
        (sent.saturating_add(of.ingress_bytes), received.saturating_add(of.egress_bytes))
    });
    let mut talkers: Vec<_> = identities.collect();
    talkers.sort_by_key(|of| {
        std::cmp::Reverse((of.ingress_bytes.saturating_add(of.egress_bytes), of.identity.clone()))
    });
    html! {
        p.answer { "Clients of these sessions sent " (bytes(sent)) " and received " (bytes(received)) "." }
        @for (endpoint, of) in attempts.iter().take(MOST_ENDPOINTS) { (curve(page, endpoint, of)) }
        (table("Active connections, by the complete captures of the period", &[
            ("Endpoint", false), ("Captures", true), ("Most at once", true), ("At", false),
        ], &html! {
            @for (endpoint, of) in attempts.iter().take(MOST_ENDPOINTS) {
                @let most = of.active.iter().max_by_key(|(time, active)| (**active, std::cmp::Reverse(**time)));
                tr {
                    td.mono { (name(&endpoint.endpoint_id)) } (number(of.active.len() as u64))
                    @match most {
                        Some((at, active)) => { (number(*active)) td { (time(page.times, *at)) } }
                        None => { td.number { "none" } td {} }
                    }
                }
            }
        }))
        (more(MOST_ENDPOINTS, attempts.len(), "endpoints"))
        (source("captures"))
        (table("Those who moved most", &[("Identity", false), ("Sessions", true), ("Sent", true), ("Received", true)], &html! {
            @for of in talkers.iter().take(MOST_TALKERS) {
                tr {
                    td { @match &of.identity { Some(identity) => (name(identity)), None => { span.soft { "no name" } } } }
                    (number(of.sessions)) td.number { (bytes(of.ingress_bytes)) } td.number { (bytes(of.egress_bytes)) }
                }
            }
        }))
        (more(MOST_TALKERS, talkers.len(), "identities"))
        (source("identities"))
    }
}

fn curve(page: &ExhibitPage<'_>, endpoint: &ReportedEndpoint, of: &EndpointAttempts) -> Markup {
    let axis = Axis::new(page.request.from, page.evidence.until);
    let values = greatest_of_parts(&axis, of);
    let greatest = values.iter().map(|(_, active)| *active).max().unwrap_or(0);
    let is_same = |of: &&EndpointCoverage| {
        (&of.account_id, &of.region, &of.endpoint_id)
            == (&endpoint.account_id, &endpoint.region, &endpoint.endpoint_id)
    };
    let holes: Vec<Timestamp> = page
        .evidence
        .coverage
        .endpoints
        .iter()
        .filter(is_same)
        .flat_map(|of| of.holes.iter().map(|hole| middle(hole.gap)))
        .collect();
    let pieces: Vec<&[(Timestamp, u64)]> =
        values.chunk_by(|(one, _), (next, _)| !holes.iter().any(|hole| one < hole && hole < next)).collect();
    html! {
        div.plot.together role="img" aria-label={ "Active connections of " (name_of(endpoint)) " over the period, at most " (greatest) "." } {
            p { bdi { (name_of(endpoint)) } ": from 0 to " (greatest) " active connections" @if pieces.len() > 1 { "; nothing is drawn in a hole" } }
            svg viewBox={ "0 0 " (WIDTH) " 84" } height="84" preserveAspectRatio="none" {
                @for piece in &pieces { polyline.curve points=(steps(&axis, piece, greatest, 1, 83)) {} }
            }
            (axis.labels(page.times))
        }
    }
}

/// Returns the time in the middle of a gap, which no capture is at.
fn middle(gap: Gap) -> Timestamp {
    gap.from.saturating_add(gap.to.duration_since(gap.from) / 2).unwrap_or(gap.from)
}

fn name_of(endpoint: &ReportedEndpoint) -> String {
    crate::report::plain_text::escaped(&endpoint.endpoint_id)
}

/// Returns the greatest value of each part of the axis that has one.
fn greatest_of_parts(axis: &Axis, of: &EndpointAttempts) -> Vec<(Timestamp, u64)> {
    let part = |time: &Timestamp| (axis.position(*time) * f64::from(PARTS) / f64::from(WIDTH)).floor();
    let mut values: Vec<(Timestamp, u64)> = Vec::new();
    for (time, active) in &of.active {
        match values.last_mut() {
            Some((last, greatest)) if part(last) >= part(time) => *greatest = (*greatest).max(*active),
            _ => values.push((*time, *active)),
        }
    }
    values
}
