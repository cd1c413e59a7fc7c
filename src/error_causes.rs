//! An error's causes in words.

use std::error::Error;
use std::io;

/// Greatest depth to which a chain is followed.
const MAX_DEPTH: usize = 10;

/// Faults without a number of the operating system: a part of their text, and our words for it. Their texts can quote an answer.
const UNNUMBERED: [(&str, &str); 7] = [
    ("failed to lookup address", "the name of the host cannot be resolved"),
    (
        "UnknownIssuer",
        "the TLS certificate is signed by nobody that this machine trusts; SSL_CERT_FILE names others",
    ),
    ("not valid for name", "the TLS certificate is that of another host"),
    ("certificate expired", "the TLS certificate has expired, or this machine's clock is wrong"),
    ("certificate not valid yet", "the TLS certificate is not valid yet, or this machine's clock is wrong"),
    ("invalid peer certificate", "the TLS certificate is not valid"),
    ("received corrupt message", "the answer is not TLS"),
];

/// Returns `error` and its causes, from the outside in.
pub fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source()).take(MAX_DEPTH)
}

/// Returns the texts of `error` and its causes, once each, from the outside in. Not for errors of a call that names
/// people: some of the AWS SDK's print the complete request.
pub fn in_words(error: &dyn Error) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut cause = Some(error);
    while let Some(error) = cause.filter(|_| words.len() < MAX_DEPTH) {
        let said = error.to_string();
        // Many errors repeat their cause.
        if words.last().is_none_or(|last| !last.ends_with(&said)) {
            words.push(said);
        }
        cause = error.source();
    }
    words.join(": ")
}

/// Returns the cause that the operating system, the resolver or TLS gives, in words that quote nothing. This much can be
/// passed on of an error that may print a request and the names in it.
pub fn of_the_system(error: &(dyn Error + 'static)) -> Option<String> {
    let numbered = chain(error).filter_map(|cause| cause.downcast_ref::<io::Error>()?.raw_os_error()).last();
    if let Some(number) = numbered {
        return Some(io::Error::from_raw_os_error(number).to_string());
    }
    let says = |part: &str| chain(error).any(|cause| cause.to_string().contains(part));
    let unnumbered = UNNUMBERED.iter().find(|(part, _)| says(part)).map(|&(_, words)| words.to_owned());
    let kind = || {
        chain(error).filter_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind().to_string())).last()
    };
    unnumbered.or_else(kind)
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

    #[test]
    fn what_the_system_says_quotes_nothing() {
        #[derive(Debug, thiserror::Error)]
        #[error("the call of maria.lopez failed")]
        struct Call(#[source] io::Error);
        for (cause, expected) in [
            (io::Error::from_raw_os_error(111), "Connection refused (os error 111)"),
            (io::Error::other("invalid peer certificate: UnknownIssuer (maria.lopez)"), UNNUMBERED[1].1),
            (io::Error::new(io::ErrorKind::UnexpectedEof, "maria.lopez"), "unexpected end of file"),
        ] {
            assert_eq!(of_the_system(&Call(cause)).as_deref(), Some(expected));
        }
        assert_eq!(of_the_system(&Said { said: "maria.lopez", source: None }), None);
    }
}
