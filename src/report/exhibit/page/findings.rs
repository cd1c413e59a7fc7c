//! Section "What stands out?".

use maud::{Markup, html};

use super::ExhibitPage;
use super::markup::{code, more, name, number, source, table, time};
use crate::report::exhibit::findings::{Finding, Rule};
use crate::report::exhibit::population::counted;

/// Most findings of a rule that the page shows.
const MOST_OF_A_RULE: usize = 25;

/// Returns the section.
pub(super) fn section(page: &ExhibitPage<'_>) -> Markup {
    let findings = &page.evidence.findings;
    let found: u64 = findings.counts.values().map(|counts| counts.found).sum();
    html! {
        p.answer { (counted(found, "observation")) " by " (findings.counts.len()) " rules that could be tested. An observation is a row that a rule selects; what it means is for the reader to judge." }
        (table("Rules", &[("Rule", false), ("Tested", true), ("Found", true), ("Beyond the limit", true), ("What escapes it", false)], &html! {
            @for rule in Rule::ALL {
                tr {
                    td { (rule.text()) }
                    @match findings.counts.get(&rule) {
                        Some(counts) => { (number(counts.tested)) (number(counts.found)) (number(counts.suppressed)) }
                        None => { td.number { "not tested" } td.number {} td.number {} }
                    }
                    td { (rule.escapes()) }
                }
            }
        }))
        p.soft {
            "Not tested: there is nothing to test, such as no connection logs, no posture status, or no list of users (" (code("--users FILE")) "). "
            @if let Some(users) = &page.request.users {
                "List of users: " (name(&users.file.name)) ", " (users.rows) " rows, SHA-256 " span.mono { (users.file.sha256) } "; its date is for the entity to state."
            }
        }
        @for rule in Rule::ALL {
            @let of_rule: Vec<&Finding> = findings.list.iter().filter(|finding| finding.rule == rule).collect();
            @if !of_rule.is_empty() { (list(page, rule, &of_rule)) }
        }
        (source("findings"))
    }
}

fn list(page: &ExhibitPage<'_>, rule: Rule, findings: &[&Finding]) -> Markup {
    let text = |text: &Option<String>| html! { @if let Some(text) = text { (name(text)) } };
    html! {
        (table(&rule.text(), &[("Identity", false), ("Session or attempt began", false), ("Session", false), ("Finding", false)], &html! {
            @for finding in findings.iter().take(MOST_OF_A_RULE) {
                tr {
                    td { (text(&finding.identity)) }
                    td { @if let Some(at) = finding.at { (time(page.times, at)) } }
                    td.mono { (text(&finding.connection_id)) }
                    td { (name(&finding.detail)) }
                }
            }
        }))
        (more(MOST_OF_A_RULE, findings.len(), "observations"))
    }
}
