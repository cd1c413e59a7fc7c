//! Pagination tokens: opaque to clients, and refused when changed.

use crate::random::mix_bytes;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The position at which a listing continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token {
    /// The listing: an endpoint id, or the name of the action.
    #[serde(rename = "e")]
    pub(crate) listing: String,
    /// The time of the first page, in seconds since 1970: later pages show the same moment.
    #[serde(rename = "t")]
    pub(crate) time: i64,
    /// Beginning of the next page.
    #[serde(rename = "o")]
    pub(crate) offset: usize,
    /// Page size, for a request that names none.
    #[serde(rename = "n")]
    pub(crate) size: usize,
    /// A digest of the filters.
    #[serde(rename = "f")]
    pub(crate) filters: u64,
    /// Number of empty pages before, to make their tokens differ.
    #[serde(rename = "r")]
    pub(crate) empty: u32,
}

/// A maker of tokens, which recognises its own.
#[derive(Debug)]
pub(crate) struct Sealer {
    key: u64,
}

impl Sealer {
    pub(crate) fn new(key: u64) -> Self {
        Self { key }
    }

    pub(crate) fn seal<T: Serialize>(&self, token: &T) -> String {
        // Strings and numbers always serialize; an empty text would be refused by `open`.
        let json = serde_json::to_vec(token).unwrap_or_default();
        let check = mix_bytes(self.key, &json).to_be_bytes();
        URL_SAFE_NO_PAD.encode([check.as_slice(), &json].concat())
    }

    /// Opens a token; `None` for a text that [`Sealer::seal`] did not make.
    pub(crate) fn open<T: DeserializeOwned>(&self, text: &str) -> Option<T> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (check, json) = bytes.split_first_chunk::<8>()?;
        let untouched = u64::from_be_bytes(*check) == mix_bytes(self.key, json);
        untouched.then(|| serde_json::from_slice(json).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        let listing = "cvpn-endpoint-0123456789abcdef0".to_owned();
        Token { listing, time: 1_795_420_800, offset: 1000, size: 1000, filters: 0, empty: 0 }
    }

    #[test]
    fn a_token_opens_as_it_was_sealed() {
        let sealer = Sealer::new(1);
        assert_eq!(sealer.open(&sealer.seal(&token())), Some(token()));
    }

    #[test]
    fn a_token_changed_anywhere_does_not_open() {
        let sealer = Sealer::new(1);
        let sealed = sealer.seal(&token());
        for index in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            assert_eq!(sealer.open::<Token>(&String::from_utf8(changed).unwrap()), None, "at {index}");
        }
        for text in ["", "A", "not a token", &sealed[1..]] {
            assert_eq!(sealer.open::<Token>(text), None, "{text}");
        }
    }

    #[test]
    fn a_token_of_another_simulator_does_not_open() {
        assert_eq!(Sealer::new(2).open::<Token>(&Sealer::new(1).seal(&token())), None);
    }
}
