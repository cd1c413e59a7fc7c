//! Section "Was anything missed?".

use maud::{Markup, html};

use super::ExhibitPage;
use super::markup::{code, more, name, number, source, table, time};
use super::timeline;
use crate::proof::coverage::{EndpointCoverage, Hole, LISTING, LogCoverage, MissingLog};
use crate::report::exhibit::claims::unwatched;
use crate::report::exhibit::data;
use crate::report::exhibit::zoned_times::duration;
use crate::report::plain_text::escaped;

/// Most endpoints and holes that the page shows.
const MOST_SHOWN: usize = 200;

/// Returns the section.
pub(super) fn section(page: &ExhibitPage<'_>) -> Markup {
    let coverage = &page.evidence.coverage;
    let endpoints = &coverage.endpoints;
    let holes: Vec<(&EndpointCoverage, &Hole)> = endpoints
        .iter()
        .flat_map(|endpoint| endpoint.holes.iter().map(move |hole| (endpoint, hole)))
        .collect();
    let missing_windows: Vec<(&LogCoverage, &MissingLog)> =
        data::missing_windows(&coverage.connection_logs).collect();
    html! {
        p { "A hole is a time of 60 minutes or more from the request of a complete capture to the last page of one that follows. AWS lists a \
             connection until 60 minutes after its end. So a connection that began in a hole and ended more than 60 minutes before the end of that hole is in no \
             capture. One that ended later is listed by the capture that ends the hole." }
        (timeline::plot(page))
        (table("Endpoints", &[
            ("Endpoint", false), ("From", false), ("Complete", true), ("Other attempts", true), ("Longest gap", true), ("Holes", true), ("Proven", true),
        ], &html! {
            @for endpoint in endpoints.iter().take(MOST_SHOWN) { (endpoint_row(page, endpoint)) }
        }))
        (more(MOST_SHOWN, endpoints.len(), "endpoints"))
        (source("endpoints"))
        @if !holes.is_empty() {
            (table("Holes. Cause, action and ticket are for the entity to fill in", &[
                ("Endpoint", false), ("From", false), ("To", false), ("Minutes", true), ("By the record", false), ("Cause", false), ("Action", false), ("Ticket", false),
            ], &html! {
                @for (endpoint, hole) in holes.iter().take(MOST_SHOWN) {
                    tr {
                        td.mono { bdi { (endpoint_name(endpoint)) } }
                        td { (time(page.times, hole.gap.from)) }
                        td { @if hole.gap.open { "no capture since" } @else { (time(page.times, hole.gap.to)) } }
                        (number(u64::try_from(hole.gap.seconds / 60).unwrap_or(0)))
                        td { (name(&hole.reason)) }
                        td.blank {} td.blank {} td.blank {}
                    }
                }
            }))
            (more(MOST_SHOWN, holes.len(), "holes"))
            (source("holes"))
        }
        h3 { "Independent count" }
        @if page.request.witnesses.is_empty() {
            p { "No independent count was given. CloudWatch's ActiveConnectionsCount, exported within 63 days, is one: " (code("--witness ENDPOINT=FILE")) "." }
        } @else {
            @for endpoint in endpoints.iter().filter(|endpoint| endpoint.witness.is_some()).take(MOST_SHOWN) {
                (witnessed(endpoint))
            }
            @for witness in unwatched(page.request, page.evidence).take(MOST_SHOWN) {
                p { span.mono { bdi { (escaped(&witness.endpoint_id)) } } ": not on record in this period. The count was compared with nothing." }
            }
        }
        @if !coverage.connection_logs.is_empty() || !coverage.log_groups_not_known.is_empty() {
            h3 { "Connection logs" }
            @if missing_windows.is_empty() {
                p { "Every window of the connection logs that was to be read is in the lake, or can still be read in time." }
            } @else {
                (table("Windows of connection logs that are missing", &[("Endpoint", false), ("From", false), ("To", false), ("Reading", false), ("By the record", false)], &html! {
                    @for (log, missing) in missing_windows.iter().take(MOST_SHOWN) {
                        tr {
                            td.mono { bdi { (escaped(&log.endpoint_id)) } } td { (time(page.times, missing.from)) } td { (time(page.times, missing.to)) }
                            td { @if missing.late { "second, for events that came late" } @else { "first" } } td { (name(&missing.reason)) }
                        }
                    }
                }))
                (more(MOST_SHOWN, missing_windows.len(), "missing times"))
                (source("missing_windows"))
            }
            @for of in coverage.log_groups_not_known.iter().take(MOST_SHOWN) {
                p { (of.account_id) " " (of.region) ": the log groups are not known: " (name(&of.reason)) }
            }
        }
    }
}

/// Returns how the captures of an endpoint compare with its independent count.
fn witnessed(endpoint: &EndpointCoverage) -> Markup {
    let differences = endpoint.witness.as_deref().unwrap_or_default();
    let higher = differences.iter().filter(|of| of.is_higher()).count();
    let without = differences.iter().filter(|of| of.witness.is_none()).count();
    let lower = differences.len().saturating_sub(higher + without);
    html! {
        p { span.mono { bdi { (endpoint_name(endpoint)) } } ": CloudWatch's count is higher at " (higher) " captures, lower at " (lower) ", and has no value for " (without) "." }
    }
}

/// Returns the name of an endpoint, with every character visible: run records have any. That of the listing of endpoints has its
/// account and Region.
pub(super) fn endpoint_name(endpoint: &EndpointCoverage) -> String {
    match endpoint.endpoint_id.as_str() {
        LISTING => format!("list of endpoints of {} {}", endpoint.account_id, endpoint.region),
        id => escaped(id),
    }
}

fn endpoint_row(page: &ExhibitPage<'_>, endpoint: &EndpointCoverage) -> Markup {
    let complete = endpoint.outcomes.get("complete").copied().unwrap_or(0);
    let all: u64 = endpoint.outcomes.values().sum();
    html! {
        tr {
            td.mono { bdi { (endpoint_name(endpoint)) } }
            td { (time(page.times, endpoint.from)) }
            (number(complete))
            (number(all - complete))
            td.number { (duration(endpoint.longest_gap.seconds)) }
            (number(endpoint.holes.len() as u64))
            td.number { (percent(endpoint.proven)) }
        }
    }
}

/// Returns a share in percent. Only all is 100 %.
fn percent(share: f64) -> String {
    let tenths = (share * 1000.0).floor() / 10.0;
    format!("{tenths:.1} %")
}
