//! An error's causes in words.

use std::error::Error;
use std::io;

/// The deepest that a chain is followed.
const DEEPEST: usize = 10;

/// What `error` and its causes say, once each, from the outside in. Not for errors of a call that names people: some of
/// the AWS SDK's print the whole request.
pub fn in_words(error: &dyn Error) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut cause = Some(error);
    while let Some(error) = cause.filter(|_| words.len() < DEEPEST) {
        let said = error.to_string();
        // Many an error repeats its cause.
        if words.last().is_none_or(|last| !last.ends_with(&said)) {
            words.push(said);
        }
        cause = error.source();
    }
    words.join(": ")
}

/// What the operating system says, if it is the cause. Of an error that may print a request and the names in it, this
/// much can be passed on.
pub fn of_the_system(error: &(dyn Error + 'static)) -> Option<String> {
    let causes = std::iter::successors(Some(error), |&error| error.source()).take(DEEPEST);
    causes.filter_map(|cause| cause.downcast_ref::<io::Error>()).last().map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{said}")]
    struct Said {
        said: &'static str,
        source: Option<Box<Said>>,
    }

    #[test]
    fn each_cause_is_said_once() {
        let cause = Box::new(Said { said: "connection refused", source: None });
        let middle = Box::new(Said { said: "connecting: connection refused", source: Some(cause) });
        let error = Said { said: "the call failed", source: Some(middle) };
        assert_eq!(in_words(&error), "the call failed: connecting: connection refused");
    }
}
