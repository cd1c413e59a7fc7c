//! Section "Clock".

use maud::{Markup, html};

use super::ExhibitPage;
use super::markup::{code, key, number, table};
use crate::report::exhibit::run_records::ClockDifferences;

/// Returns the section.
pub(super) fn section(page: &ExhibitPage<'_>) -> Markup {
    let evidence = page.evidence;
    let clocks = [
        ("Captures, ahead of EC2's clock", evidence.ledger.clock),
        ("Seal, ahead of the store's clock (S3, or the file system)", evidence.digests.clock),
    ];
    html! {
        (table("Differences in seconds; negative: behind", &[("Clock", false), ("Least", true), ("Greatest", true), ("Measured", true), ("Not measured", true)], &html! {
            @for (name, clock) in clocks { (row(name, &clock)) }
        }))
        p.source { "Of each capture: " a href="captures.csv" { "captures.csv" } ", column " (code("clock_difference_seconds")) ". Of digests: " (code("clock_ahead_seconds")) " in each." }
        @if !evidence.coverage.clock_stepped.is_empty() {
            (table("Captures whose times contradict each other", &[("Endpoint", false), ("Run record", false)], &html! {
                @for of in evidence.coverage.clock_stepped.iter().take(200) { tr { td.mono { (key(&of.endpoint_id)) } td.mono { (key(&of.run_key)) } } }
            }))
        }
        p { "A difference is the distance of EC2's time from the request that it answered, and 0 if it lies within it: EC2 and S3 state their time in whole seconds. \
             So a clock with a difference of 0 was wrong by no more than the request took, and a second." }
        p { "AWS's own times: beginning and end of a connection, and times of events in the connection logs. By the clock of the captures: when a page was \
             requested and arrived, so " (code("first_seen")) ", " (code("last_seen")) " and the holes. EventBridge's: the time of a snapshot. S3's: when an object was put, \
             which the digests do not repeat." }
    }
}

fn row(name: &str, clock: &ClockDifferences) -> Markup {
    let (least, greatest) = clock.range.unzip();
    let seconds =
        |seconds: Option<i64>| seconds.map_or_else(|| "none".to_owned(), |seconds| seconds.to_string());
    html! { tr { td { (name) } td.number { (seconds(least)) } td.number { (seconds(greatest)) } (number(clock.measured)) (number(clock.not_measured)) } }
}
