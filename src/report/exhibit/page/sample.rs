//! Section "Sample".

use maud::{Markup, html};

use super::ExhibitPage;
use super::markup::{name, source, table};
use crate::report::exhibit::sample::DecidingCapture;

/// Most sessions of the sample that the page shows.
const MOST_SHOWN: usize = 300;

/// Returns the section.
pub(super) fn section(page: &ExhibitPage<'_>) -> Markup {
    let (Some(request), Some(sample)) = (&page.request.sample, &page.evidence.sample) else {
        return html! { p { "No sample was asked for: " code { "--sample N --seed TEXT" } "." } };
    };
    let sessions: Vec<_> = sample.sessions().collect();
    let select = "jq -r 'select(.endpoint_id == \"ENDPOINT\" and (.connection_established_time | startswith(\"2026-11\"))) | .connection_id' sessions.jsonl |\n\
                  while read -r id; do printf '%s  %s\\n' \"$(printf '%s\\n%s' \"$SEED\" \"$id\" | sha256sum | cut -d' ' -f1)\" \"$id\"; done | sort | head -n ";
    html! {
        p.answer { (sessions.len()) " sessions: of each endpoint and month in which sessions began (UTC), the " (request.size) " with the lowest SHA-256 of the seed, a line feed and the id of the connection." }
        p { "Seed: " span.mono { (name(&request.seed)) } ". The population is " a href="sessions.jsonl" { "sessions.jsonl" } " with " (page.evidence.read.sessions)
            " sessions; " a href="manifest.json" { "manifest.json" } " has its SHA-256." }
        p { "To draw it again, for one endpoint and month:" }
        pre { code { (select) (request.size) } }
        (table("Sampled sessions, and the captures that show each first and last", &[
            ("Session", false), ("Identity", false), ("Beginning and end", false), ("Object", false), ("Request ids in CloudTrail", false), ("Digest", false),
        ], &html! {
            @for (_, sampled) in sessions.iter().take(MOST_SHOWN) {
                @let session = &sampled.session;
                tr {
                    td { span.mono { (session.connection_id) } div.soft.mono { (sampled.sha256) } }
                    td { @match &session.identity { Some(identity) => (name(identity)), None => "no name" } }
                    td { (page.times.text(session.connection_established_time)) div { (page.times.text(session.ends_at)) } }
                    td.mono { (captures(sampled.first.as_ref(), sampled.last.as_ref(), |capture| vec![capture.object_key.clone()])) }
                    td.mono { (captures(sampled.first.as_ref(), sampled.last.as_ref(), |capture| capture.request_ids.iter().flatten().cloned().collect())) }
                    td.mono { (captures(sampled.first.as_ref(), sampled.last.as_ref(), |capture| {
                        page.evidence.digests.listing.get(&capture.object_key).cloned().into_iter().collect()
                    })) }
                }
            }
        }))
        (source("sample"))
        p { "To recompute one: read the object with any reader of Parquet and select its " code { "connection_id" } "; compare the object's SHA-256 with the digest; \
             search CloudTrail for the request ids." }
    }
}

/// Returns the texts of both captures, each once.
fn captures(
    first: Option<&DecidingCapture>,
    last: Option<&DecidingCapture>,
    texts: impl Fn(&DecidingCapture) -> Vec<String>,
) -> Markup {
    let mut all: Vec<String> = Vec::new();
    for text in first.into_iter().chain(last).flat_map(texts) {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    html! { @if all.is_empty() { "none found" } @for text in all { div { (name_of_key(&text)) } } }
}

/// Returns a key, which is longer than a name.
fn name_of_key(text: &str) -> String {
    crate::report::plain_text::escaped(text)
}
