//! The life of a seat: one session after another, without a gap in what is listed.
//!
//! Time is cut into days that begin at a moment of the seat's own. A day is filled exactly with sessions drawn from
//! the seat and the day alone, so the session of any moment is found without knowing any other day.

use crate::random::Stream;

/// Seconds that an ended connection stays listed.
pub(crate) const LISTED_AFTER_END_SECONDS: i64 = 60 * 60;

const DAY_SECONDS: i64 = 24 * 60 * 60;
const MIN_SLOT_SECONDS: i64 = 10 * 60 + LISTED_AFTER_END_SECONDS;
const MAX_SLOT_SECONDS: i64 = 8 * 60 * 60 + LISTED_AFTER_END_SECONDS;

/// One connection's life, times in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Session {
    /// Number that distinguishes this session from every other.
    pub(crate) key: u64,
    pub(crate) start: i64,
    /// End of the session, which is listed until [`LISTED_AFTER_END_SECONDS`] seconds after this.
    pub(crate) end: i64,
}

impl Session {
    /// Returns the session that a seat lists at `now`.
    pub(crate) fn at(seat: u64, now: i64) -> Self {
        let shift = Stream::of(&[seat, 0x5e11]).between(0, DAY_SECONDS - 1);
        let day = now.saturating_sub(shift).div_euclid(DAY_SECONDS);
        let mut stream = Stream::of(&[seat, day.cast_unsigned()]);
        let mut start = day * DAY_SECONDS + shift;
        let next_day = start + DAY_SECONDS;
        loop {
            let key = stream.number();
            let slot = slot(&mut stream, next_day - start);
            if now < start + slot || start + slot >= next_day {
                return Self { key, start, end: start + slot - LISTED_AFTER_END_SECONDS };
            }
            start += slot;
        }
    }
}

/// Draws the time that a session is listed, given the rest of the day. What remains is never too short for another.
fn slot(stream: &mut Stream, left: i64) -> i64 {
    if left < 2 * MIN_SLOT_SECONDS {
        left
    } else {
        stream.between(MIN_SLOT_SECONDS, MAX_SLOT_SECONDS.min(left - MIN_SLOT_SECONDS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_420_800;

    #[test]
    fn sessions_follow_each_other_without_gap_or_overlap() {
        for seat in 0..50 {
            let mut session = Session::at(seat, NOW);
            for _ in 0..40 {
                let listed_until = session.end + LISTED_AFTER_END_SECONDS;
                assert_eq!(Session::at(seat, listed_until - 1), session);
                let next = Session::at(seat, listed_until);
                assert_eq!(next.start, listed_until);
                assert_ne!(next.key, session.key);
                session = next;
            }
        }
    }

    #[test]
    fn a_session_is_active_from_ten_minutes_to_eight_hours() {
        for seat in 0..5000 {
            let session = Session::at(seat, NOW);
            assert!((10 * 60..=8 * 60 * 60).contains(&(session.end - session.start)), "{session:?}");
            assert!(session.start <= NOW && NOW < session.end + LISTED_AFTER_END_SECONDS);
        }
    }

    #[test]
    fn times_before_1970_work_too() {
        let session = Session::at(1, -5);
        assert!(session.start <= -5);
    }
}
