//! Section "Sample".

use maud::{Markup, html};

use super::ExhibitPage;
use super::markup::{key, name, source, table, time};
use crate::report::exhibit::population::counted;
use crate::report::exhibit::sample::DecidingCapture;
use crate::report::plain_text::escaped;

/// Most sessions of the sample that the page shows.
const MOST_SHOWN: usize = 300;

/// Returns the section.
pub(super) fn section(page: &ExhibitPage<'_>) -> Markup {
    let (Some(request), Some(sample)) = (&page.request.sample, &page.evidence.sample) else {
        return html! { p { "No sample was asked for: " code { "--sample N --seed TEXT" } "." } };
    };
    let sessions: Vec<_> = sample.sessions().collect();
    let month = sessions.first().map(|(month, _)| month.strftime("%Y-%m").to_string()).unwrap_or_default();
    let select = format!(
        "jq -r 'select(.endpoint_id == \"ENDPOINT\" and (.connection_established_time | startswith(\"{month}\"))) | .connection_id' sessions.jsonl |\n"
    );
    let draw = "while read -r id; do printf '%s  %s\\n' \"$(printf '%s\\n%s' \"$SEED\" \"$id\" | sha256sum | cut -d' ' -f1)\" \"$id\"; done | sort | head -n ";
    html! {
        p.answer { (sessions.len()) " sessions: of each endpoint and month in which sessions began (UTC), the " (request.size) " with the lowest SHA-256 of the seed, a line feed and the id of the connection." }
        p { "Seed: " span.mono { (name(&request.seed)) } ". The population is " a href="sessions.jsonl" { "sessions.jsonl" } " with " (counted(page.evidence.tallies.sessions, "session"))
            "; " a href="manifest.json" { "manifest.json" } " has its SHA-256." }
        p { "To draw it again, for one endpoint and month, with the id of the endpoint:" }
        pre { code { "SEED=" (quoted_for_a_shell(&request.seed)) "\n" (select) (draw) (request.size) } }
        (table("Sampled sessions, and the captures that show each first and last", &[
            ("Session", false), ("Identity", false), ("Beginning and end", false), ("Object", false), ("Request ids in CloudTrail", false), ("Digest", false),
        ], &html! {
            @for (_, sampled) in sessions.iter().take(MOST_SHOWN) {
                @let session = &sampled.session;
                tr {
                    td { span.mono { (key(&session.connection_id)) } div.soft { "drawn by " span.mono { (sampled.sha256) } } }
                    td { @match &session.identity { Some(identity) => (name(identity)), None => "no name" } }
                    td { div { (time(page.times, session.connection_established_time)) } div { (time(page.times, session.ends_at)) } }
                    td.mono { (captures(sampled.first.as_ref(), sampled.last.as_ref(), |capture| {
                        let sha256 = capture.sha256.as_deref().unwrap_or("not stated");
                        vec![format!("{} SHA-256 {sha256}", capture.object_key)]
                    })) }
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

/// Returns a seed as one word of a POSIX shell; with a character that nobody would see, a gap to fill.
fn quoted_for_a_shell(seed: &str) -> String {
    if escaped(seed) == seed { format!("'{}'", seed.replace('\'', "'\\''")) } else { "'…'".to_owned() }
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
    html! { @if all.is_empty() { "none found" } @for text in all { div { (key(&text)) } } }
}
