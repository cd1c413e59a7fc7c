//! The ends of texts and other values of JSON: the bytes up to them, without reading what they say.

use memchr::{memchr, memchr2};

use super::NotJson;

/// Words of eight bytes of a text that are read without the library.
const SHORT_WORDS: usize = 4;

/// Returns the number of bytes up to the end of a value that is no text, in JSON that is itself in a text. The value may still be
/// none.
///
/// # Errors
/// If it has no end, or a text with an escape.
pub(super) fn embedded_length(bytes: &[u8]) -> Result<usize, NotJson> {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        match *bytes.get(at).ok_or(NotJson)? {
            b'\\' => {
                let rest = bytes.get(at + 2..).unwrap_or_default();
                at += 2 + plain_length(rest);
                if !bytes.get(at..).is_some_and(|rest| rest.starts_with(b"\\\"")) {
                    return Err(NotJson);
                }
                at += 1;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return Ok(at),
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
            b'"' => return Err(NotJson),
            _ => {}
        }
        at += 1;
    }
}

/// Returns the number of bytes before the first quotation mark or backslash.
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    length_before([b'"', b'\\'], bytes, |bytes| memchr2(b'"', b'\\', bytes))
}

/// Returns the number of bytes before the first backslash.
pub(super) fn length_before_escape(bytes: &[u8]) -> usize {
    length_before([b'\\'], bytes, |bytes| memchr(b'\\', bytes))
}

/// Returns the number of bytes before the first one that is among `ends`. Most texts are so short that a call of the library takes
/// longer than to look at eight bytes at a time.
fn length_before<const N: usize>(
    ends: [u8; N],
    bytes: &[u8],
    find: impl FnOnce(&[u8]) -> Option<usize>,
) -> usize {
    for (number, word) in bytes.as_chunks().0.iter().take(SHORT_WORDS).enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = ends.iter().fold(0, |found, end| found | first_of(word, *end));
        if found != 0 {
            return number * size_of::<u64>() + found.trailing_zeros() as usize / 8;
        }
    }
    let searched = bytes.len().min(SHORT_WORDS * size_of::<u64>()) & !(size_of::<u64>() - 1);
    let rest = bytes.get(searched..).unwrap_or_default();
    searched + find(rest).unwrap_or(rest.len())
}

/// Returns a word whose lowest bit that is set lies in the first byte that is `byte`; no bit is set if none is.
fn first_of(word: u64, byte: u8) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);
    let zero_if_same = word ^ u64::from_ne_bytes([byte; 8]);
    zero_if_same.wrapping_sub(ONES) & !zero_if_same & HIGH_BITS
}
