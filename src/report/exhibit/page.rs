//! The page: one HTML file without a script, and nothing in it comes from elsewhere.

mod changed;
mod clock;
mod cover;
mod identities;
mod markup;
mod method;
mod missed;
mod plot;
mod population;
mod sample;
mod timeline;
mod usage;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::ExhibitRequest;
use super::evidence::Evidence;
use super::output_folder::DataFileFacts;
use super::population::Population;
use super::verdict::Verdict;
use super::zoned_times::ZonedTimes;

/// Everything that the page shows.
pub(super) struct Page<'a> {
    pub request: &'a ExhibitRequest<'a>,
    pub evidence: &'a Evidence,
    pub number: &'a str,
    pub times: &'a ZonedTimes,
    pub population: &'a Population,
    pub missed: &'a Verdict,
    pub changed: &'a Verdict,
    pub clock: &'a Verdict,
    /// The data files that were written.
    pub data_files: &'a [DataFileFacts],
}

impl Page<'_> {
    /// Returns the HTML.
    pub(super) fn html(&self) -> String {
        let period =
            format!("{} to {}", self.times.text(self.request.from), self.times.text(self.request.to));
        let title = format!("Exhibit {}: AWS Client VPN, {period}", self.number);
        let sections: Vec<(&str, Option<&Verdict>, Markup)> = vec![
            ("Population", Some(&self.population.verdict), population::section(self)),
            ("Was anything missed?", Some(self.missed), missed::section(self)),
            ("Was anything changed?", Some(self.changed), changed::section(self)),
            ("Clock", Some(self.clock), clock::section(self)),
            ("Who connected?", None, identities::section(self)),
            ("How much?", None, usage::section(self)),
            ("Sample", None, sample::section(self)),
            ("Method", None, method::section(self)),
        ];
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                    title { (title) }
                    style { (PreEscaped(include_str!("page/style.css"))) (PreEscaped(self.page_footer(&period))) }
                }
                body {
                    main {
                        (cover::section(self, &period))
                        nav aria-label="Sections" {
                            ol {
                                @for (index, (name, verdict, _)) in sections.iter().enumerate() {
                                    li {
                                        a href={ "#section-" (index + 1) } { (name) }
                                        @if let Some(verdict) = verdict { ": " (markup::state(verdict.state)) }
                                    }
                                }
                            }
                        }
                        @for (index, (name, verdict, content)) in sections.iter().enumerate() {
                            section id={ "section-" (index + 1) } {
                                h2 { (index + 1) ". " (name) }
                                @if let Some(verdict) = verdict { (markup::answer(verdict)) }
                                (content)
                            }
                        }
                    }
                    footer { p.soft { "Exhibit " (self.number) ". " (period) "." } }
                }
            }
        };
        page.into_string()
    }

    /// Returns the style of the footer of each printed page. Its texts are digits, letters and punctuation of this program.
    fn page_footer(&self, period: &str) -> String {
        format!(
            "@page {{ margin: 14mm 12mm 18mm; @bottom-left {{ content: \"Exhibit {} · {period}\"; font: 8pt sans-serif; }} \
             @bottom-right {{ content: counter(page) \" of \" counter(pages); font: 8pt sans-serif; }} }}",
            self.number
        )
    }
}
