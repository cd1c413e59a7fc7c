//! The timeline of the endpoints: the proven time, and the holes in it.

use jiff::Timestamp;
use maud::{Markup, html};

use super::ExhibitPage;
use super::missed::endpoint_name;
use super::plot::{Axis, WIDTH};

/// Most endpoints of the timeline.
const MOST_ENDPOINTS: usize = 40;

/// Returns the timeline; nothing if there is no endpoint.
pub(super) fn plot(page: &ExhibitPage<'_>) -> Markup {
    let endpoints = &page.evidence.coverage.endpoints;
    let rows = endpoints.len().min(MOST_ENDPOINTS);
    let axis = Axis::new(page.request.from, page.evidence.until);
    if rows == 0 {
        return html! {};
    }
    html! {
        div.plot role="img" aria-label="Timeline of each endpoint: filled where it is proven that every connection was seen, hatched in holes, \
                                        empty where the endpoint is not on record. The tables below have the figures." {
            svg height="0" {
                defs {
                    pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                        rect.ground width="6" height="6" {}
                        line.hatch x1="0" y1="0" x2="0" y2="6" {}
                    }
                }
            }
            @for endpoint in endpoints.iter().take(rows) {
                div.lane {
                    p.mono { bdi { (endpoint_name(endpoint)) } }
                    svg viewBox={ "0 0 " (WIDTH) " 10" } height="10" preserveAspectRatio="none" {
                        rect.absent x="0" y="0" width=(WIDTH) height="10" {}
                        (bar("proven", &axis, endpoint.from, page.evidence.until))
                        @for hole in endpoint.holes.iter().take(500) { (bar("hole", &axis, hole.gap.from, hole.gap.to)) }
                    }
                }
            }
            (axis.labels(page.times))
        }
        @if endpoints.len() > rows { p.soft { "The first " (rows) " endpoints are drawn." } }
    }
}

fn bar(class: &str, axis: &Axis, from: Timestamp, to: Timestamp) -> Markup {
    let (begin, end) = (axis.position(from), axis.position(to));
    html! { rect.(class) x=(format!("{begin:.1}")) y="0" width=(format!("{:.1}", (end - begin).max(0.5))) height="10" {} }
}
