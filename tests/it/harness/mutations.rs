//! Changes of some bytes, as hostile or damaged input has them.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Texts that parsers are likely to get wrong.
pub const WORDS: &[&str] = &[
    "",
    "null",
    "true",
    "{}",
    "[]",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "-",
    "-1",
    "0",
    "1e400",
    "NaN",
    "18446744073709551616",
    "9223372036854775807",
    "../",
    "//",
    "%2e%2e",
    "\r\n",
    "\u{feff}",
    "\u{202e}",
    "é",
    "9999-12-31T23:59:59Z",
    "0000-01-01T00:00:00Z",
    "2026-02-30T24:60:61Z",
    "20261123T090000Z",
    "2026-11-23T09",
    ",\"signature\":",
    "account_id=",
    "snapshot_date=",
    "T",
    "Z",
    "+00:00",
    "2019-08-12 07:57:14",
    "cvpn-endpoint-",
    "*",
];

/// One change of some bytes; positions are shares of what is there.
#[derive(Debug, Clone)]
pub enum Mutation {
    Flip(Index, u8),
    Cut(Index, Index),
    Double(Index, Index),
    Insert(Index, &'static str),
    Splice(Index, Index, Index),
}

/// Draws one; `words` are what it inserts.
pub fn mutation(words: &'static [&'static str]) -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 1..=255_u8).prop_map(|(at, bits)| Mutation::Flip(at, bits)),
        (at(), at()).prop_map(|(from, to)| Mutation::Cut(from, to)),
        (at(), at()).prop_map(|(from, to)| Mutation::Double(from, to)),
        (at(), select(words)).prop_map(|(at, word)| Mutation::Insert(at, word)),
        (at(), at(), at()).prop_map(|(other, at, from)| Mutation::Splice(other, at, from)),
    ]
}

impl Mutation {
    pub fn apply(&self, bytes: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let place = |index: &Index, bytes: &[u8]| index.index(bytes.len() + 1);
        let range = |from: &Index, to: &Index, bytes: &[u8]| {
            let (from, to) = (place(from, bytes), place(to, bytes));
            from.min(to)..from.max(to).min(from.min(to) + 200)
        };
        match self {
            Mutation::Flip(at, bits) => {
                if !bytes.is_empty() {
                    let at = at.index(bytes.len());
                    bytes[at] ^= bits;
                }
            }
            Mutation::Cut(from, to) => drop(bytes.drain(range(from, to, bytes))),
            Mutation::Double(from, to) => {
                let range = range(from, to, bytes);
                let part = bytes[range.clone()].to_vec();
                bytes.splice(range.start..range.start, part);
            }
            Mutation::Insert(at, word) => {
                let at = place(at, bytes);
                bytes.splice(at..at, word.bytes());
            }
            Mutation::Splice(other, at, from) => {
                let other = &corpus[other.index(corpus.len())];
                let at = place(at, bytes);
                bytes.truncate(at);
                bytes.extend_from_slice(&other[place(from, other)..]);
            }
        }
    }
}
