//! The claim that the clock of the captures was right.

use super::super::evidence::Evidence;
use super::super::population::counted;
use super::super::run_records::ClockDifferences;
use super::super::verdict::{EvidenceState, Verdict};

/// Seconds by which a clock may differ: the limit by which the seal goes too.
pub(in super::super) const CLOCK_LIMIT_SECONDS: u64 = 300;

/// Returns the verdict on the claim that the clock of the captures was right.
pub(in super::super) fn clock(evidence: &Evidence) -> Verdict {
    let stepped = evidence.ledger.clock_stepped.max(evidence.coverage.clock_stepped.len() as u64);
    if stepped > 0 {
        let sentence = format!("The clock stepped during {}.", counted(stepped, "capture"));
        return Verdict::new(EvidenceState::Contradicted, sentence);
    }
    let clocks = [("EC2's", evidence.ledger.clock), ("the store's", evidence.digests.clock)];
    let farthest = |clock: &ClockDifferences| {
        clock.range.map(|(least, greatest)| least.unsigned_abs().max(greatest.unsigned_abs()))
    };
    if let Some((whose, seconds)) = clocks
        .iter()
        .filter_map(|(whose, clock)| Some((whose, farthest(clock)?)))
        .find(|(_, seconds)| *seconds > CLOCK_LIMIT_SECONDS)
    {
        let sentence = format!("The clock differed from {whose} by {seconds} seconds.");
        return Verdict::new(EvidenceState::Contradicted, sentence);
    }
    let Some(seconds) = farthest(&evidence.ledger.clock) else {
        return Verdict::new(EvidenceState::NotShown, "No difference from EC2's clock was measured.");
    };
    let of_other_times = evidence.of_other_times();
    if of_other_times > 0 {
        let sentence = format!(
            "At most {seconds} seconds from EC2's clock where it was measured; the rows of {} arrived at other times than the run records state.",
            counted(of_other_times, "object")
        );
        return Verdict::new(EvidenceState::InsufficientEvidence, sentence);
    }
    if evidence.ledger.unreadable > 0 {
        let sentence = format!(
            "At most {seconds} seconds from EC2's clock where it was measured; {} could not be read.",
            counted(evidence.ledger.unreadable, "run record")
        );
        return Verdict::new(EvidenceState::InsufficientEvidence, sentence);
    }
    if evidence.ledger.clock.not_measured > 0 {
        let sentence = format!(
            "At most {seconds} seconds from EC2's clock where it was measured; {} without a measurement.",
            counted(evidence.ledger.clock.not_measured, "listing")
        );
        return Verdict::new(EvidenceState::InsufficientEvidence, sentence);
    }
    let distance = match seconds {
        0 => "between the request and its answer".to_owned(),
        1 => "at most 1 second before the request or after its answer".to_owned(),
        _ => format!("at most {seconds} seconds before the request or after its answer"),
    };
    let sentence = format!(
        "EC2's time, in whole seconds, lay {distance}, in each of {} of the period and of the hour before and after it.",
        counted(evidence.ledger.clock.measured, "listing")
    );
    Verdict::new(EvidenceState::Shown, sentence)
}
