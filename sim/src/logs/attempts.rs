//! The attempts that lead to a session, and the steps of each.

use crate::people::Session;
use crate::random::Stream;

/// Longest time from a session's first step to its establishment, in seconds.
pub(crate) const LEAD_SECONDS: i64 = 3 * MAX_PAUSE_SECONDS + MAX_SIGN_IN_SECONDS;

const MAX_PAUSE_SECONDS: i64 = 900;
const MAX_SIGN_IN_SECONDS: i64 = 45;

/// A step that the log has an event of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The client is sent to the identity provider.
    Waiting,
    /// The client came back with an assertion. The connection that waited is reset.
    AssertionReceived,
    /// The attempt is refused.
    Failed,
    /// The session begins.
    Successful,
    /// The session ends.
    Reset,
}

/// A step, its time and its attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Occurrence {
    pub(crate) step: Step,
    /// Seconds since 1970.
    pub(crate) time: i64,
    /// Number of the attempt, from 0. The last is the one that led to the session.
    pub(crate) attempt: u64,
}

/// Calls `visit` with each step of a session and of the attempts before it, in order of time.
pub(crate) fn each_occurrence(
    session: Session,
    signs_in_with_saml: bool,
    can_fail: bool,
    mut visit: impl FnMut(Occurrence),
) {
    let mut traits = Stream::of(&[session.key, 0x6661_696c]);
    let failures = if can_fail && traits.one_in(6) { traits.between(1, 3) } else { 0 };
    let pause = traits.between(60, MAX_PAUSE_SECONDS);
    for (attempt, left) in (0..).zip((0..=failures).rev()) {
        let time = session.start - left * pause;
        if signs_in_with_saml {
            let waiting = time - traits.between(5, MAX_SIGN_IN_SECONDS);
            visit(Occurrence { step: Step::Waiting, time: waiting, attempt });
            let received = time - traits.between(1, 4);
            visit(Occurrence { step: Step::AssertionReceived, time: received, attempt });
        }
        let step = if left > 0 { Step::Failed } else { Step::Successful };
        visit(Occurrence { step, time, attempt });
        if left == 0 {
            visit(Occurrence { step: Step::Reset, time: session.end, attempt });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(key: u64, signs_in_with_saml: bool, can_fail: bool) -> Vec<Occurrence> {
        let mut occurrences = Vec::new();
        let session = Session { key, start: 100_000, end: 104_000 };
        each_occurrence(session, signs_in_with_saml, can_fail, |occurrence| occurrences.push(occurrence));
        occurrences
    }

    #[test]
    fn a_session_has_one_beginning_and_one_end() {
        for key in 0..500 {
            let steps: Vec<_> = of(key, false, false).iter().map(|o| (o.step, o.time)).collect();
            assert_eq!(steps, [(Step::Successful, 100_000), (Step::Reset, 104_000)]);
        }
    }

    #[test]
    fn every_attempt_with_saml_begins_with_an_assertion() {
        let occurrences: Vec<_> = (0..500).flat_map(|key| of(key, true, true)).collect();
        let count = |step| occurrences.iter().filter(|occurrence| occurrence.step == step).count();
        assert_eq!((count(Step::Successful), count(Step::Reset)), (500, 500));
        let attempts = 500 + count(Step::Failed);
        assert!((600..800).contains(&attempts), "{attempts}");
        assert_eq!((count(Step::Waiting), count(Step::AssertionReceived)), (attempts, attempts));
    }

    #[test]
    fn steps_are_in_order_and_within_the_lead() {
        for key in 0..500 {
            let times: Vec<i64> = of(key, true, true).iter().map(|occurrence| occurrence.time).collect();
            assert!(times.is_sorted_by(|one, next| one < next), "{times:?}");
            assert!(times[0] >= 100_000 - LEAD_SECONDS);
        }
    }
}
