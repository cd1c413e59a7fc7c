//! Section "What could they reach?": rules, routes, policies and options at the beginning, each change, and at the end.

use maud::{Markup, html};

use super::ExhibitPage;
use super::markup::{code, key, message, more, name, number, source, table, time};
use crate::report::exhibit::configuration::{
    BothStates, ConfigurationChange, ConfigurationPart, MOST_SHOWN, PlaceConfiguration, StateText,
};
use crate::report::exhibit::population::counted;
use crate::report::exhibit::zoned_times::{ZonedTimes, duration};

/// Most accounts and Regions that the page shows.
const MOST_PLACES: usize = 100;

/// Returns the section.
pub(super) fn section(page: &ExhibitPage<'_>) -> Markup {
    let of = &page.evidence.configuration;
    let changes: u64 = of.changes.values().sum();
    let missing = of.unreadable.len() as u64;
    html! {
        p.answer { (answer(page, changes)) }
        p { "Who changed it is in CloudTrail, not here: " (code("ModifyClientVpnEndpoint")) ", " (code("AuthorizeClientVpnIngress")) ", "
            (code("RevokeClientVpnIngress")) ", " (code("CreateClientVpnRoute")) ", " (code("DeleteClientVpnRoute")) " and others." }
        @if !of.places.is_empty() { (snapshots(page)) }
        @if missing > 0 {
            p.answer.open {
                (counted(missing, "object")) " of the configuration could not be read, " @if missing == 1 { "is" } @else { "are" } " not there, or not as a run record states: "
                a href="unreadable.csv" { "unreadable.csv" } ". What changed in between is not seen."
            }
        }
        h3 { "Changes" }
        @if changes == 0 { p { "None was seen" @if missing > 0 { " in the others" } "." } } @else {
            (table("Changes of the configuration", &[
                ("Between", false), ("and", false), ("Endpoint", false), ("Kind", false), ("What", false), ("Change", false), ("From", false), ("To", false),
            ], &html! { @for change in &of.first_changes { (change_row(page.times, change)) } }))
            (more(MOST_SHOWN, usize::try_from(changes).unwrap_or(usize::MAX), "changes"))
        }
        (source("configuration_changes"))
        p.soft { "A change lies between EC2's answers for the two snapshots; the data file has their times. It shows in the snapshots after the beginning of the period, so the \
                  first ones can have happened before it. A value that changed back between two snapshots is not seen. What EC2 did not answer for is no change: the next known \
                  value is compared with the last known one. An endpoint is removed if a complete list of endpoints lacks it; its rules and routes went with it." }
        h3 { "At the beginning and at the end" }
        @if of.first_states.is_empty() { p { "No endpoint is on record." } } @else {
            (table("Configuration at the beginning and at the end of the period", &[
                ("Endpoint", false), ("Kind", false), ("What", false), ("At the beginning", false), ("At the end", false),
            ], &html! { @for of in &of.first_states { (state_row(of)) } }))
            (more(MOST_SHOWN, of.states, "values"))
        }
        (source("configuration_states"))
        p.soft { "A rule is named by its network and whom it is for, and a route by its network and its target. Options that AWS sent no value of are left out. \
                  A client reaches a network only if a rule allows it and a route leads there." }
    }
}

/// Returns the answer in one sentence.
fn answer(page: &ExhibitPage<'_>, changes: u64) -> String {
    let of = &page.evidence.configuration;
    if of.places.is_empty() {
        return "Not on record: the lake has no configuration of the endpoints in the period or on the day before it."
            .to_owned();
    }
    let kind = |kind| of.changes.get(kind).copied().unwrap_or(0);
    let others = changes - kind("authorization_rule") - kind("route");
    format!(
        "{} of rules, {} of routes and {} of anything else in {} of the configuration, {} at the end of the period.",
        counted(kind("authorization_rule"), "change"),
        counted(kind("route"), "change"),
        counted(others, "change"),
        counted(of.snapshots(), "snapshot"),
        counted(of.endpoints_at_end, "endpoint"),
    )
}

fn snapshots(page: &ExhibitPage<'_>) -> Markup {
    let places = &page.evidence.configuration.places;
    html! {
        (table("Snapshots of the configuration", &[
            ("Account", false), ("Region", false), ("Snapshots", true), ("Longest time between two", false), ("Beginning shown by", false), ("End shown by", false), ("Not known", false),
        ], &html! {
            @for of in places.iter().take(MOST_PLACES) {
                tr {
                    td { (of.place.account_id) } td.nowrap { (of.place.region) } (number(of.counts.snapshots))
                    td { @match of.counts.longest {
                        Some((one, next)) => { (duration(next.duration_since(one).as_secs())) ", from " (time(page.times, one)) }
                        None => { span.soft { "not known" } }
                    } }
                    td { (time(page.times, of.beginning)) @if of.beginning > page.request.from { ": the first of the period, as none is on record before it" } }
                    td { (time(page.times, of.end)) }
                    td { (not_known(of)) }
                }
            }
        }))
        @if places.len() > MOST_PLACES { p.soft { "The first " (MOST_PLACES) " of " (places.len()) " accounts and Regions are shown." } }
    }
}

/// Returns how often a part of an endpoint was not known, and the other reasons why a change can be missing.
fn not_known(of: &PlaceConfiguration) -> Markup {
    let counts = &of.counts;
    html! {
        @for (part, times) in &counts.not_known { div { (label(*part)) ": " (times) " of " (counts.endpoints) } }
        @if counts.out_of_order > 0 { div { (counted(counts.out_of_order, "snapshot")) " not compared: older answers than the one before" } }
        @if counts.beyond_limit > 0 { div { (counted(counts.beyond_limit, "row")) " of endpoints not compared: beyond the limit of a report" } }
        @if counts.not_known.is_empty() && counts.out_of_order == 0 && counts.beyond_limit == 0 { "nothing" }
    }
}

/// Returns the row of a change.
pub(super) fn change_row(times: &ZonedTimes, change: &ConfigurationChange) -> Markup {
    let value = |value: &Option<String>| html! { td { @if let Some(value) = value { (message(value)) } } };
    html! {
        tr {
            td { (time(times, change.from.snapshot_time)) } td { (time(times, change.to.snapshot_time)) }
            td.mono { (key(&change.endpoint_id)) } td { (label(change.part)) } td { (name(&change.name)) } td { (change.change) }
            (value(&change.from_value)) (value(&change.to_value))
        }
    }
}

/// Returns the row of a value at the beginning and at the end.
pub(super) fn state_row(of: &BothStates) -> Markup {
    let text = |text: &StateText| {
        html! {
            @match text {
                StateText::Value(value) => (message(value)),
                StateText::None => { span.soft { "none" } }
                StateText::NotKnown => { span.soft { "not known" } }
            }
        }
    };
    html! {
        tr {
            td.mono { (key(&of.endpoint_id)) } td { (label(of.part)) }
            td { @if let Some(of) = &of.name { (name(of)) } @else { span.soft { "any" } } }
            td { (text(&of.beginning)) }
            td { @if of.beginning == of.end && of.name.is_some() { span.soft { "the same" } } @else { (text(&of.end)) } }
        }
    }
}

/// Returns the name of a part for people.
fn label(part: ConfigurationPart) -> &'static str {
    match part {
        ConfigurationPart::Listing => "endpoint",
        ConfigurationPart::Rules => "authorization rules",
        ConfigurationPart::Routes => "routes",
        ConfigurationPart::Policy => "authorization policy",
        ConfigurationPart::RevocationList => "revocation list",
        ConfigurationPart::Options => "options",
        ConfigurationPart::Networks => "networks",
    }
}
