//! Section "Controls": what each asks, what this report shows of it, and what it does not.

use jiff::SignedDuration;
use maud::{Markup, html};

use super::ExhibitPage;
use super::markup::table;
use crate::report::exhibit::findings::Rule;
use crate::report::exhibit::verdict::EvidenceState;

/// The time for which a log is to be kept.
const TWELVE_MONTHS: SignedDuration = SignedDuration::from_hours(365 * 24);

/// The state of the evidence for a control. None of them says that the control is met, which is the auditor's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ControlEvidence {
    RecordsPresent,
    Observations(u64),
    Insufficient,
    NotInThisRecord,
}

impl ControlEvidence {
    fn text(&self) -> String {
        match self {
            ControlEvidence::RecordsPresent => "records present".to_owned(),
            ControlEvidence::Observations(1) => "1 observation".to_owned(),
            ControlEvidence::Observations(number) => format!("{number} observations"),
            ControlEvidence::Insufficient => "insufficient evidence".to_owned(),
            ControlEvidence::NotInThisRecord => "not in this record".to_owned(),
        }
    }
}

/// The part of the report that a control rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basis {
    Sessions,
    Missed,
    Changed,
    Clock,
    Agreement,
    Findings(&'static [Rule]),
    Configuration,
    /// The length of the period.
    Period,
    Nothing,
}

/// A control, in our words.
struct Control {
    names: &'static str,
    asks: &'static str,
    shown: &'static str,
    not_shown: &'static str,
    basis: Basis,
}

/// The controls. Sources: PCI DSS 4.0.1, NIST SP 800-53 Rev. 5, ISO/IEC 27001:2022, SOC 2 (TSC 2017), 45 CFR 164.
const CONTROLS: [Control; 14] = [
    Control {
        names: "PCI DSS 10.2.1.1, 10.2.2; NIST AU-2, AU-3, AU-12; ISO A.8.15; SOC 2 CC7.2; HIPAA 164.312(b)",
        asks: "Records of individual access: who, what, when, origin, outcome.",
        shown: "Each connection: identity, beginning, end, bytes, public address.",
        not_shown: "Access to resources behind the VPN.",
        basis: Basis::Sessions,
    },
    Control {
        names: "PCI DSS 10.2.1.4; NIST AC-7; HIPAA 164.308(a)(5)(ii)(C)",
        asks: "Invalid attempts.",
        shown: "Attempts that failed, by the connection logs.",
        not_shown: "Mutual authentication that fails, which AWS does not log; log-ins at the identity provider.",
        basis: Basis::Findings(&[Rule::FailedAttempt]),
    },
    Control {
        names: "PCI DSS 10.3.4; NIST AU-9(3), AU-10; ISO A.5.33, A.8.15; HIPAA 164.312(c)(1)",
        asks: "Changes of the record are noticed.",
        shown: "Comparison with signed digests.",
        not_shown: "Who holds the key; alerts.",
        basis: Basis::Changed,
    },
    Control {
        names: "PCI DSS 10.7.2; NIST AU-5; SOC 2 CC7.2",
        asks: "Failures of logging are noticed.",
        shown: "Holes, and the reason that the ledger has.",
        not_shown: "Cause, alert and response: columns for the entity to fill in.",
        basis: Basis::Missed,
    },
    Control {
        names: "PCI DSS 10.6.1, 10.6.3; NIST AU-8; ISO A.8.17",
        asks: "Time is right and consistent.",
        shown: "Differences from EC2's and the store's clocks.",
        not_shown: "Settings of time synchronisation, which is AWS's.",
        basis: Basis::Clock,
    },
    Control {
        names: "PCI DSS 10.4.1.1; NIST AU-6(1), AU-6(3); SOC 2 CC7.3",
        asks: "Logs are reviewed, and sources are correlated.",
        shown: "Comparison of both records of AWS; rules with counts.",
        not_shown: "That somebody reviewed them.",
        basis: Basis::Agreement,
    },
    Control {
        names: "PCI DSS 8.2.5, 8.2.6; NIST AC-2(3); ISO A.5.18; SOC 2 CC6.2, CC6.3",
        asks: "Leavers and idle accounts have no access.",
        shown: "Identities that are not in the list of users, and users without a session.",
        not_shown: "That access was removed; 90 days, unless the period has them.",
        basis: Basis::Findings(&[Rule::NotInUserList, Rule::WithoutSession]),
    },
    Control {
        names: "PCI DSS 8.2.2; NIST AC-10, AC-2(12)",
        asks: "Accounts are not shared; unusual use is noticed.",
        shown: "Overlapping sessions, several addresses, outside working hours.",
        not_shown: "Who sat at the device.",
        basis: Basis::Findings(&[
            Rule::OverlappingSessions,
            Rule::SeveralAddresses,
            Rule::OutsideWorkingHours,
        ]),
    },
    Control {
        names: "NIST AC-12; ISO A.8.5; CIS 12.7",
        asks: "Sessions end.",
        shown: "Long sessions, and those that could not be terminated.",
        not_shown: "The setting of the time-out.",
        basis: Basis::Findings(&[Rule::LongSession, Rule::FailedToTerminate]),
    },
    Control {
        names: "NIST AC-17(1), CM-8; ISO A.8.1; CIS 6.4",
        asks: "Devices that connect are in order.",
        shown: "Posture statuses and denials of the policy.",
        not_shown: "The rules of the handler or policy.",
        basis: Basis::Findings(&[Rule::PostureNotCompliant, Rule::PolicyDenied]),
    },
    Control {
        names: "PCI DSS 8.4.3; NIST AC-17; SOC 2 CC6.6",
        asks: "Remote access needs more than one factor.",
        shown: "Nothing: AWS's list of connections does not have it.",
        not_shown: "Factors, which the identity provider knows.",
        basis: Basis::Nothing,
    },
    Control {
        names: "PCI DSS 10.5.1; NIST AU-11; ISO A.5.33",
        asks: "Twelve months are kept, three at hand.",
        shown: "The period of this report.",
        not_shown: "Other months; retention settings, but for what preflight printed.",
        basis: Basis::Period,
    },
    Control {
        names: "PCI DSS 1.2.2, 1.2.7; NIST CM-3, CM-6; ISO A.8.9, A.8.32; SOC 2 CC8.1",
        asks: "Changes of rules and configurations are controlled, and the configurations reviewed.",
        shown: "Rules, routes, policies and options at both ends of the period, and each change between snapshots.",
        not_shown: "Who changed it, who approved it, and what was changed back between two snapshots.",
        basis: Basis::Configuration,
    },
    Control {
        names: "PCI DSS 10.2.1.3, 10.2.1.6; NIST AU-9",
        asks: "Access to the log, and stopping it, is recorded.",
        shown: "Nothing: this record is about connections.",
        not_shown: "CloudTrail has data events of the bucket and changes of the function.",
        basis: Basis::Nothing,
    },
];

/// Returns the section.
pub(super) fn section(page: &ExhibitPage<'_>) -> Markup {
    html! {
        p { "What each control asks is in our words; the standards have the exact ones. The last column states the evidence in this report, and never that a control is met." }
        (table("Controls", &[("Controls", false), ("Asked", false), ("Shown here", false), ("Not shown here", false), ("Section", false), ("Evidence", false)], &html! {
            @for control in &CONTROLS {
                tr {
                    td { (control.names) } td { (control.asks) } td { (control.shown) } td { (control.not_shown) }
                    td { @if let Some((id, name)) = link(control.basis) { a href={ "#" (id) } { (name) } } }
                    td { (evidence(page, control.basis).text()) }
                }
            }
        }))
    }
}

fn link(basis: Basis) -> Option<(&'static str, &'static str)> {
    Some(match basis {
        Basis::Sessions => ("identities", "Who connected?"),
        Basis::Missed => ("missed", "Was anything missed?"),
        Basis::Changed => ("changed", "Was anything changed?"),
        Basis::Clock => ("clock", "Clock"),
        Basis::Agreement => ("agreement", "Do the two records agree?"),
        Basis::Findings(_) => ("findings", "What stands out?"),
        Basis::Configuration => ("configuration", "What could they reach?"),
        Basis::Period => ("population", "Population"),
        Basis::Nothing => return None,
    })
}

fn evidence(page: &ExhibitPage<'_>, basis: Basis) -> ControlEvidence {
    let of_state = |state: EvidenceState| match state {
        EvidenceState::Shown => ControlEvidence::RecordsPresent,
        EvidenceState::Contradicted => ControlEvidence::Observations(1),
        EvidenceState::NotShown | EvidenceState::InsufficientEvidence => ControlEvidence::Insufficient,
    };
    match basis {
        Basis::Nothing => ControlEvidence::NotInThisRecord,
        Basis::Sessions => of_state(page.population.verdict.state),
        Basis::Clock => of_state(page.clock.state),
        Basis::Configuration => match &page.evidence.configuration {
            of if of.places.is_empty() || !of.unreadable.is_empty() => ControlEvidence::Insufficient,
            of => match of.changes.values().sum() {
                0 => ControlEvidence::RecordsPresent,
                changes => ControlEvidence::Observations(changes),
            },
        },
        Basis::Period if page.evidence.until.duration_since(page.request.from) < TWELVE_MONTHS => {
            ControlEvidence::Insufficient
        }
        Basis::Period => of_state(page.population.verdict.state),
        Basis::Missed => {
            match page.evidence.coverage.endpoints.iter().map(|endpoint| endpoint.holes.len() as u64).sum() {
                0 => of_state(page.missed.state),
                holes => ControlEvidence::Observations(holes),
            }
        }
        Basis::Changed => match &page.evidence.verification {
            Ok(verification) if !verification.faults.is_empty() => {
                ControlEvidence::Observations(verification.faults.len() as u64)
            }
            _ => of_state(page.changed.state),
        },
        Basis::Agreement => match page.evidence.reconciliation.differences.len() as u64 {
            0 => of_state(page.agreement.state),
            differences => ControlEvidence::Observations(differences),
        },
        Basis::Findings(rules) => {
            let counts = rules.iter().filter_map(|rule| page.evidence.findings.counts.get(rule));
            match (counts.clone().count(), counts.map(|counts| counts.found).sum()) {
                (0, _) => ControlEvidence::Insufficient,
                (_, 0) => ControlEvidence::RecordsPresent,
                (_, found) => ControlEvidence::Observations(found),
            }
        }
    }
}
