//! The timeline of the endpoints: the proven time, and the holes in it.

use jiff::Timestamp;
use maud::{Markup, html};

use super::ExhibitPage;
use super::missed::endpoint_name;
use super::plot::{Axis, WIDTH};

/// Most endpoints of the timeline.
const MOST_ENDPOINTS: usize = 40;

const ROW: u32 = 26;

/// Returns the timeline; nothing if there is no endpoint.
pub(super) fn plot(page: &ExhibitPage<'_>) -> Markup {
    let endpoints = &page.evidence.coverage.endpoints;
    let rows = endpoints.len().min(MOST_ENDPOINTS);
    let axis = Axis::new(page.request.from, page.evidence.until);
    let height = u32::try_from(rows).unwrap_or(0) * ROW + 24;
    if rows == 0 {
        return html! {};
    }
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-labelledby="timeline-title" {
            title id="timeline-title" { "Timeline of each endpoint: filled where it is proven that every connection was seen, hatched in holes, \
                                         empty where the endpoint is not on record. The tables below have the figures." }
            defs {
                pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    line.hatch x1="0" y1="0" x2="0" y2="6" {}
                }
            }
            @for (index, endpoint) in endpoints.iter().take(rows).enumerate() {
                @let y = u32::try_from(index).unwrap_or(0) * ROW;
                text x="0" y=(y + 10) { (endpoint_name(endpoint)) }
                rect.absent x="0" y=(y + 13) width=(WIDTH) height="9" {}
                (bar("proven", &axis, y + 13, endpoint.from, page.evidence.until))
                @for hole in endpoint.holes.iter().take(500) { (bar("hole", &axis, y + 13, hole.gap.from, hole.gap.to)) }
            }
            (axis.labels(page.times, height - 8))
        }
        @if endpoints.len() > rows { p.soft { "The first " (rows) " endpoints are drawn." } }
    }
}

fn bar(class: &str, axis: &Axis, y: u32, from: Timestamp, to: Timestamp) -> Markup {
    let (begin, end) = (axis.position(from), axis.position(to));
    html! { rect.(class) x=(format!("{begin:.1}")) y=(y) width=(format!("{:.1}", (end - begin).max(0.5))) height="9" {} }
}
