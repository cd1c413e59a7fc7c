//! The cover: the period, the lake, how the report was made, the three claims, and the lines for the hand-over.

use maud::{Markup, html};

use super::super::claims::not_on_record;
use super::markup::{class, command, key, name, state, table, time};
use super::{CLOCK_RIGHT, EVERY_ROW, ExhibitPage, NOTHING_CHANGED, NOTHING_MISSED, RECORDS_AGREE};
use crate::proof::coverage::{EndpointCoverage, LISTING};
use crate::report::exhibit::ProgramFacts;
use crate::report::exhibit::verdict::EvidenceState;
use crate::report::plain_text::escaped;

/// Most endpoints and places that the cover names in a line. It must fit one printed page.
const MOST_NAMED: usize = 6;

/// Most endpoints whose beginning the cover states.
const MOST_LATE: usize = 3;

/// Returns the cover, which has the table of contents.
pub(super) fn section(page: &ExhibitPage<'_>, contents: &Markup) -> Markup {
    let (from, to) = (page.times.text(page.request.from), page.times.text(page.request.to));
    let claims = [
        (EVERY_ROW, &page.population.verdict),
        (NOTHING_MISSED, page.missed),
        (NOTHING_CHANGED, page.changed),
        (CLOCK_RIGHT, page.clock),
        (RECORDS_AGREE, page.agreement),
    ];
    html! {
        div.cover {
            header {
                p.soft { "Exhibit " span.mono { (page.number) } " · audit record of AWS Client VPN" }
                h1 { "AWS Client VPN, " span { (from) } " to " span { (to) } }
            }
            @match page.changed.state {
                EvidenceState::Shown => {}
                EvidenceState::Contradicted => p.answer.against { "The lake is not as it was sealed: see section 3. Each “Shown” of this report rests on what is left and was not changed." }
                EvidenceState::NotShown | EvidenceState::InsufficientEvidence => p.answer.open { "It is not shown that the lake is as it was written. So read each “Shown” of this report as “shown, if nobody changed the lake”." }
            }
            div.cards {
                @for (claim, verdict) in claims {
                    div.card.(class(verdict.state)) { h2 { (claim) } p { (state(verdict.state)) ". " (verdict.sentence) } }
                }
            }
            (contents)
            (facts(page))
            h2 { "Limits" }
            ul {
                li { "A session is an entry in AWS's list of connections. It is not access to a resource behind the VPN." }
                li { "Times of connections are AWS's. AWS states no time zone; they are read as UTC." }
                li { "What AWS does not list is not in the record: that every connection is listed until 60 minutes after its end is AWS's word." }
                li { "Who changed the configuration is in CloudTrail, not here." }
            }
            h2 { "Hand-over" }
            div.together { (table("Fill in by hand", &[("Role", false), ("Name", false), ("Date", false), ("Signature", false)], &html! {
                @for role in ["Made by", "Received by", "Receipt kept by"] {
                    tr.sign { td { (role) } td.blank {} td.blank {} td.blank {} }
                }
            })) }
        }
    }
}

fn facts(page: &ExhibitPage<'_>) -> Markup {
    let (request, evidence) = (page.request, page.evidence);
    let program = &request.program;
    let endpoints = evidence.coverage.endpoints.iter().filter(|endpoint| endpoint.endpoint_id != LISTING);
    let is_recorded = |outcomes: &std::collections::BTreeMap<&str, u64>| {
        ["complete", "already_captured"].iter().any(|outcome| outcomes.contains_key(outcome))
    };
    let (recorded, not_recorded): (Vec<_>, Vec<_>) =
        endpoints.partition(|endpoint| is_recorded(&endpoint.outcomes));
    let id = |endpoint: &EndpointCoverage| endpoint.endpoint_id.clone();
    let recorded: Vec<String> = recorded.into_iter().map(id).collect();
    let not_recorded = not_recorded.into_iter().map(id);
    let never_tried = evidence.never_tried().map(|endpoint| endpoint.endpoint_id.clone());
    let not_recorded: Vec<String> = not_recorded.chain(never_tried).collect();
    let ids = |endpoints: &[String]| {
        let shown = endpoints.iter().take(MOST_NAMED).map(|endpoint| escaped(endpoint));
        let more = endpoints.len().saturating_sub(MOST_NAMED);
        let more = (more > 0).then(|| format!("and {more} more: see endpoints.csv"));
        shown.chain(more).collect::<Vec<_>>().join(", ")
    };
    let places = evidence.places.iter().take(MOST_NAMED);
    let places: Vec<String> = places.map(|place| format!("{} {}", place.account_id, place.region)).collect();
    let more_places = evidence.places.len().saturating_sub(MOST_NAMED);
    let versions: Vec<String> = evidence
        .ledger
        .versions
        .iter()
        .map(|(version, runs)| format!("{version} ({runs} run records of the period)"))
        .collect();
    let late = not_on_record(evidence, request.from);
    table(
        "About this report",
        &[("Fact", false), ("Value", false)],
        &html! {
            (row("Time zone", html! { (page.times.name()) ". The data files have UTC." }))
            (row("Lake", html! { span.mono { (key(&request.lake.to_string())) } }))
            (row("Accounts and Regions", html! { @if places.is_empty() { "none" } @else { (places.join(", ")) @if more_places > 0 { ", and " (more_places) " more: see verified.csv" } } }))
            (row("Endpoints recorded", html! { (recorded.len()) @if !recorded.is_empty() { ": " span.mono { (ids(&recorded)) } } }))
            (row("Endpoints listed or attempted, not recorded", html! {
                (not_recorded.len()) @if !not_recorded.is_empty() { ": " span.mono { (ids(&not_recorded)) } }
            }))
            @if !late.is_empty() {
                (row("Record begins within the period", html! {
                    @for of in late.iter().take(MOST_LATE) { div { span.mono { (key(&of.of)) } ": " (time(page.times, of.begins)) } }
                    @if late.len() > MOST_LATE { div { "and " (late.len().saturating_sub(MOST_LATE)) " more: see endpoints.csv" } }
                }))
            }
            (row("Independent counts", html! {
                @if request.witnesses.is_empty() { "none was given" } @else { (request.witnesses.len()) " by CloudWatch" }
            }))
            (row("Report made", html! { "from " (page.times.text(request.now)) " to " (page.times.text(page.ended)) @if let Some(host) = &program.host { ", on host " span.mono { (name(host)) } } }))
            @if let Some(sha256) = &evidence.pseudonyms_sha256 {
                (row("Names and addresses of people", html! { "replaced by pseudonyms; SHA-256 of the file that tells whose they are, which is not part of this: " span.mono { (sha256) } }))
            }
            (program_rows(program))
            (row("Versions that wrote the record", html! { @if versions.is_empty() { (not_stated()) } @else { (name(&versions.join(", "))) } }))
            (row("SHA-256 of inputs.csv", html! { span.mono { (page.inputs_sha256) } }))
            (row("Prepared by", prepared_by(request.prepared_by.as_deref())))
        },
    )
}

/// Returns a fact as a row.
pub(super) fn row(label: &str, value: Markup) -> Markup {
    html! { tr { th scope="row" { (label) } td { (value) } } }
}

fn not_stated() -> Markup {
    html! { span.soft { "not stated" } }
}

/// Returns the rows about the program and its run.
pub(super) fn program_rows(program: &ProgramFacts) -> Markup {
    html! {
        (row("Command", html! { span.mono { (command(&program.command)) } }))
        (row("Program", html! {
            "client-vpn-audit " (program.version) ", commit "
            @match &program.commit { Some(commit) => span.mono { (commit) }, None => (not_stated()) }
            ", SHA-256 of the binary "
            @match &program.binary_sha256 { Some(sha256) => span.mono { (sha256) }, None => (not_stated()) }
        }))
    }
}

/// Returns the name of whoever made it.
pub(super) fn prepared_by(person: Option<&str>) -> Markup {
    html! { @match person { Some(person) => { (name(person)) " (stated, not verified)" }, None => (not_stated()) } }
}
