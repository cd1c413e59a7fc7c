//! Section "Who connected?": the sheet for the access review.

use maud::{Markup, html};

use super::ExhibitPage;
use super::markup::{bytes, more, name, number, source, table};
use crate::report::exhibit::identities::IdentityUse;
use crate::report::exhibit::population::counted;
use crate::report::exhibit::zoned_times::duration;

/// Most identities that the page shows.
const MOST_IDENTITIES: usize = 300;

/// Most addresses and names in a cell.
const MOST_IN_A_CELL: usize = 4;

/// Returns the section.
pub(super) fn section(page: &ExhibitPage<'_>) -> Markup {
    let identities = &page.evidence.identities;
    let without = identities.without_identity();
    html! {
        p.answer {
            (counted(identities.len() as u64, "identity").replace("identitys", "identities")) " had "
            (counted(page.evidence.tallies.sessions - without, "session")) " that overlap the period or may; "
            (counted(without, "session")) " without a name."
        }
        (table("Access review", &[
            ("Identity", false), ("Sessions", true), ("Days", true), ("First and last seen", false), ("Duration", true), ("Sent", true), ("Received", true),
            ("Endpoints", true), ("Public addresses", false), ("Certificates", false),
        ], &html! {
            @for of in identities.by_key.values().take(MOST_IDENTITIES) { (row(page, of)) }
        }))
        (more(MOST_IDENTITIES, identities.by_key.len(), "identities"))
        (source("identities"))
        p.soft { "Identity: the user name, or the common name of the certificate if AWS gave no user name; names that differ only in case or in a domain \
                  before a backslash are one. Days: those on which a session began. A session counts with all its time and bytes, also before and after the period. \
                  Duration: the least that it lasted. Public addresses are those of the connection logs." }
    }
}

fn row(page: &ExhibitPage<'_>, of: &IdentityUse) -> Markup {
    let few = |values: &std::collections::BTreeSet<String>| {
        let more = values.len().saturating_sub(MOST_IN_A_CELL);
        html! {
            @for value in values.iter().take(MOST_IN_A_CELL) { div { (name(value)) } }
            @if more > 0 { div { "and " (more) " more" } }
        }
    };
    html! {
        tr {
            td { @match &of.identity { Some(identity) => (name(identity)), None => { span.soft { "no name" } } } }
            (number(of.sessions)) (number(of.days.len() as u64))
            td { @for time in [of.first, of.last].into_iter().flatten() { div.nowrap { (page.times.text(time)) } } }
            td.number { (duration(of.seconds)) }
            td.number { (bytes(of.ingress_bytes)) } td.number { (bytes(of.egress_bytes)) }
            (number(of.endpoints.len() as u64))
            td { (few(&of.public_addresses)) } td { (few(&of.common_names)) }
        }
    }
}
