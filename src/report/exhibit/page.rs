//! The page: one HTML file without a script, and nothing in it comes from elsewhere.

mod changed;
mod clock;
mod configuration;
mod controls;
mod cover;
mod document;
mod findings;
mod identities;
mod markup;
mod method;
mod missed;
mod plot;
mod population;
mod reconciliation;
mod sample;
mod session_sheet;
mod timeline;
mod usage;

use jiff::Timestamp;
use maud::html;

use super::ExhibitRequest;
use super::evidence::Evidence;
use super::output_folder::DataFileFacts;
use super::population::Population;
use super::verdict::{EvidenceState, Verdict};
use super::zoned_times::ZonedTimes;
use document::document;

pub(super) use session_sheet::SessionSheet;

/// The claims that verdicts are about.
const EVERY_ROW: &str = "Every row on record was read and counted";
const NOTHING_MISSED: &str = "No connection was missed";
const NOTHING_CHANGED: &str = "Nothing was changed since it was sealed";
const CLOCK_RIGHT: &str = "The clock was right";
const RECORDS_AGREE: &str = "The two records of AWS agree";

/// Everything that the page shows. To add a section, see CONTRIBUTING.md, "Add a section to the exhibit".
pub(super) struct ExhibitPage<'a> {
    pub request: &'a ExhibitRequest<'a>,
    pub evidence: &'a Evidence,
    pub number: &'a str,
    /// SHA-256 of `inputs.csv`, in hexadecimal.
    pub inputs_sha256: &'a str,
    /// The time at which the evidence was read and judged.
    pub ended: Timestamp,
    pub times: &'a ZonedTimes,
    pub population: &'a Population,
    pub missed: &'a Verdict,
    pub changed: &'a Verdict,
    pub clock: &'a Verdict,
    pub agreement: &'a Verdict,
    /// The data files that were written.
    pub data_files: &'a [DataFileFacts],
}

impl ExhibitPage<'_> {
    /// Returns the condition that each claim rests on if it is not shown that nothing was changed.
    fn condition(&self) -> Option<&'static str> {
        match self.changed.state {
            EvidenceState::Shown => None,
            EvidenceState::Contradicted => Some("by what is left and was not changed"),
            EvidenceState::NotShown | EvidenceState::InsufficientEvidence => {
                Some("if nobody changed the lake")
            }
        }
    }

    /// Returns the HTML.
    pub(super) fn html(&self) -> String {
        let period =
            format!("{} to {}", self.times.text(self.request.from), self.times.text(self.request.to));
        let title = format!("Exhibit {}: AWS Client VPN, {period}", self.number);
        let sections = [
            (
                "population",
                "Population",
                Some((EVERY_ROW, &self.population.verdict)),
                population::section(self),
            ),
            ("missed", "Was anything missed?", Some((NOTHING_MISSED, self.missed)), missed::section(self)),
            (
                "changed",
                "Was anything changed?",
                Some((NOTHING_CHANGED, self.changed)),
                changed::section(self),
            ),
            ("clock", "Clock", Some((CLOCK_RIGHT, self.clock)), clock::section(self)),
            ("identities", "Who connected?", None, identities::section(self)),
            ("findings", "What stands out?", None, findings::section(self)),
            ("usage", "How much?", None, usage::section(self)),
            ("configuration", "What could they reach?", None, configuration::section(self)),
            (
                "agreement",
                "Do the two records agree?",
                Some((RECORDS_AGREE, self.agreement)),
                reconciliation::section(self),
            ),
            ("controls", "Controls", None, controls::section(self)),
            ("sample", "Sample", None, sample::section(self)),
            ("method", "Method", None, method::section(self)),
        ];
        let contents = html! {
            nav aria-label="Sections" {
                ol {
                    @for (id, name, verdict, _) in &sections {
                        li {
                            a href={ "#" (id) } { (name) }
                            @if let Some((_, verdict)) = verdict { ": " (markup::state(verdict.state)) }
                        }
                    }
                }
            }
        };
        let body = html! {
            (cover::section(self, &contents))
            @for (index, (id, name, verdict, content)) in sections.iter().enumerate() {
                section id=(id) {
                    h2 { (index + 1) ". " (name) }
                    @if let Some((claim, verdict)) = verdict { (markup::answer(claim, verdict, self.condition())) }
                    (content)
                }
            }
        };
        document(&title, &format!("Exhibit {} · {period}", self.number), &body)
    }
}
