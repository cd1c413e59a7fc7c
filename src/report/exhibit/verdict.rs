//! The words of the report: each section opens with one of them, and none of them is the auditor's.

use std::fmt;

/// The state of a claim by the evidence at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EvidenceState {
    /// The evidence shows it.
    Shown,
    /// Nothing shows it.
    NotShown,
    /// Something in the evidence is against it.
    Contradicted,
    /// Evidence that would decide could not be read or is not there.
    InsufficientEvidence,
}

impl fmt::Display for EvidenceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EvidenceState::Shown => "Shown",
            EvidenceState::NotShown => "Not shown",
            EvidenceState::Contradicted => "Contradicted",
            EvidenceState::InsufficientEvidence => "Insufficient evidence",
        })
    }
}

/// The answer that a section opens with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    /// The state of the claim.
    pub state: EvidenceState,
    /// The reason, in one sentence or two.
    pub sentence: String,
}

impl Verdict {
    pub(super) fn new(state: EvidenceState, sentence: impl Into<String>) -> Verdict {
        Verdict { state, sentence: sentence.into() }
    }
}
