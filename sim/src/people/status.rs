//! The status of a connection: as a rule active, then terminating, then terminated.

use super::Session;
use crate::connection::ConnectionStatus;
use crate::random::Stream;

/// Seconds for which a connection is terminating.
const TERMINATING_SECONDS: i64 = 20;

/// One in this many sessions cannot be terminated.
const STUBBORN: u64 = 400;

const END_REASONS: &[&str] = &[
    "The client disconnected.",
    "The session reached its maximum duration.",
    "The connection was terminated by an administrator.",
];

/// Returns the status of the connection of a session at `now`, in seconds since 1970.
pub(super) fn status(traits: &mut Stream, session: Session, now: i64) -> ConnectionStatus {
    let (stubborn, talks) = (traits.one_in(STUBBORN), traits.one_in(3));
    let (code, message) = if now >= session.end {
        ("terminated", talks.then(|| traits.pick(END_REASONS)))
    } else if now >= session.end - TERMINATING_SECONDS {
        ("terminating", None)
    } else if stubborn {
        ("failed-to-terminate", Some("The connection could not be terminated. Try again."))
    } else {
        ("active", None)
    };
    ConnectionStatus { code: Some(code.to_owned()), message: message.map(str::to_owned) }
}
