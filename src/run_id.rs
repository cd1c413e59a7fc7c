//! The id of one attempt at a snapshot.

use std::fmt;

use uuid::Uuid;

/// The request and the attempt that an object belongs to. Lambda's retries keep their request id, so the request alone
/// would name two attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunId(String);

impl RunId {
    /// Returns the id of a new attempt at `request_id`; a text that no key can carry is replaced by a random id.
    pub fn new(request_id: &str) -> RunId {
        let fits = !request_id.is_empty()
            && request_id.len() <= 64
            && request_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let request = if fits { request_id.to_owned() } else { Uuid::new_v4().to_string() };
        RunId(format!("{request}-{}", random_attempt()))
    }

    /// Returns another id of the same attempt, for a second object if the first has the key.
    pub fn again(&self) -> RunId {
        RunId(format!("{}-{}", self.0, random_attempt()))
    }

    /// Reads an id that a run record names; `None` for a text that no key can carry.
    pub fn parse(text: &str) -> Option<RunId> {
        let fits = (1..=128).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        fits.then(|| RunId(text.to_owned()))
    }

    /// Returns the id as keys and the ledger carry it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn random_attempt() -> String {
    let (high, _, _, _) = Uuid::new_v4().as_fields();
    format!("{high:08x}")
}
