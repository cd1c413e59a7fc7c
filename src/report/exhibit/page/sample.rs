//! Section "Sample".

use maud::{Markup, html};

use super::ExhibitPage;
use super::markup::{code, key, more, name, source, table, time};
use crate::report::exhibit::population::{counted, grouped};
use crate::report::exhibit::run_records::ReportedTarget;
use crate::report::exhibit::sample::{DecidingCapture, Sample};
use crate::report::plain_text::escaped;

/// Most sampled sessions, captures and holes that the page shows.
const MOST_SHOWN: usize = 300;

/// A population, with what `jq` selects of its data file.
struct SampledPopulation {
    file: &'static str,
    /// The column with the time that decides the month.
    time: &'static str,
    /// The id of a row.
    id: &'static str,
}

const POPULATIONS: [SampledPopulation; 3] = [
    SampledPopulation { file: "sessions", time: ".connection_established_time", id: ".connection_id" },
    SampledPopulation { file: "captures", time: ".snapshot_time", id: ".run_key + \" \" + .endpoint_id" },
    SampledPopulation { file: "holes", time: ".from", id: ".endpoint_id + \" \" + .from" },
];

/// Returns the section.
pub(super) fn section(page: &ExhibitPage<'_>) -> Markup {
    let (Some(request), Some(sample)) = (&page.request.sample, &page.evidence.sample) else {
        return html! { p { "No sample was asked for: " (code("--sample N --seed TEXT")) "." } };
    };
    let sessions = sample.sessions().count();
    let (captures, holes) = (sample.captures.members().count(), sample.holes.members().count());
    let month = sample.captures.members().next().map(|(month, ..)| month.strftime("%Y-%m").to_string());
    html! {
        p.answer { (counted(sessions as u64, "session")) ", " (counted(captures as u64, "capture")) " and " (counted(holes as u64, "hole"))
            ": of each endpoint and month (UTC), the " (request.size) " with the lowest SHA-256 of the seed, a line feed and their id." }
        p { "Seed: " span.mono { (name(&request.seed)) } ". Whoever made this report chose it: to be sure, state a seed of your own and have the report made again. The populations are " a href="sessions.jsonl" { "sessions.jsonl" } " with "
            (counted(page.evidence.tallies.sessions, "session")) ", " a href="captures.jsonl" { "captures.jsonl" } " and " a href="holes.jsonl" { "holes.jsonl" } "; "
            a href="manifest.json" { "manifest.json" } " has their SHA-256." }
        ul {
            @for of in POPULATIONS {
                @for file in page.data_files.iter().filter(|file| file.name == of.file) {
                    li { (code(&format!("{}.jsonl", file.name))) ", SHA-256 " span.mono { (file.lines_sha256) } }
                }
            }
        }
        p { "To draw it again, for one endpoint and month, with the id of the endpoint and one of the three populations:" }
        pre { code { (commands(&request.seed, request.size, month.as_deref().unwrap_or("2026-01"))) } }
        (sampled_sessions(page, sample))
        (more(MOST_SHOWN, sessions, "sessions"))
        (source("sample"))
        p { "To recompute one: read the object with any reader of Parquet and select its " (code("connection_id")) "; compare the object's SHA-256 with the digest; \
             search CloudTrail for the request ids." }
        (sampled_captures(page, sample))
        (more(MOST_SHOWN, captures, "captures"))
        (source("sample_captures"))
        @if holes > 0 {
            (table("Sampled holes: ask the entity for cause, action and ticket", &[("Endpoint", false), ("From", false), ("To", false), ("Drawn by", false)], &html! {
                @for (_, sha256, of) in sample.holes.members().take(MOST_SHOWN) {
                    tr {
                        td.mono { (key(&of.endpoint_id)) } td { (time(page.times, of.gap.from)) }
                        td { @if of.gap.open { "no capture since" } @else { (time(page.times, of.gap.to)) } }
                        td.mono { (sha256) div.soft { "of " (key(&of.id())) } }
                    }
                }
            }))
            (more(MOST_SHOWN, holes, "holes"))
            (source("sample_holes"))
        }
    }
}

/// Returns the lines of a shell that draw the sample of one endpoint and month.
fn commands(seed: &str, size: usize, month: &str) -> String {
    let mut lines = format!("SEED={}\n", quoted_for_a_shell(seed));
    for SampledPopulation { file, time, id } in POPULATIONS {
        lines += &format!(
            "jq -r 'select(.endpoint_id == \"ENDPOINT\" and\n  ({time} | startswith(\"{month}\"))) |\n  {id}' {file}.jsonl |\n\
             while IFS= read -r id; do\n  printf '%s\\n%s' \"$SEED\" \"$id\" | sha256sum | cut -c -66 | tr -d '\\n'\n  printf '%s\\n' \"$id\"\ndone |\nsort | head -n {size}\n"
        );
    }
    lines
}

fn sampled_sessions(page: &ExhibitPage<'_>, sample: &Sample) -> Markup {
    table(
        "Sampled sessions, and the captures that show each first and last",
        &[
            ("Session", false),
            ("Identity", false),
            ("Beginning and end", false),
            ("Object", false),
            ("Request ids in CloudTrail", false),
            ("Digest", false),
        ],
        &html! {
            @for (_, sha256, sampled) in sample.sessions().take(MOST_SHOWN) {
                @let session = &sampled.session;
                tr {
                    td { span.mono { (key(&session.connection_id)) } div.soft { "drawn by " span.mono { (sha256) } } }
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
        },
    )
}

fn sampled_captures(page: &ExhibitPage<'_>, sample: &Sample) -> Markup {
    table(
        "Sampled captures: search CloudTrail for the request ids",
        &[
            ("Snapshot", false),
            ("Endpoint", false),
            ("Outcome", false),
            ("Rows", true),
            ("Request ids in CloudTrail", false),
            ("Run record", false),
            ("Drawn by", false),
        ],
        &html! {
            @for (_, sha256, of) in sample.captures.members().take(MOST_SHOWN) {
                tr {
                    td { (time(page.times, of.snapshot_time)) } td.mono { (key(&of.target.endpoint_id)) } td { (of.target.outcome.as_str()) }
                    td.number { (grouped(of.target.rows)) }
                    td.mono { @for id in request_ids(&of.target) { div { (key(id)) } } }
                    td.mono { (key(&of.run_key)) } td.mono { (sha256) }
                }
            }
        },
    )
}

/// Returns the request ids of the first and of the last page, once if there was one page.
fn request_ids(target: &ReportedTarget) -> impl Iterator<Item = &String> {
    let last = target.last_request_id.as_ref().filter(|last| target.first_request_id.as_ref() != Some(*last));
    target.first_request_id.iter().chain(last)
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
