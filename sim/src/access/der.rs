//! The distinguished encoding rules of ASN.1, as far as a revocation list needs them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// The tag `[0]` with elements in it.
pub(super) const EXPLICIT_0: u8 = 0xa0;

const NULL: [u8; 2] = [0x05, 0x00];
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Years that are written with two digits.
const UTC_TIME_YEARS: std::ops::Range<i16> = 1950..2050;

/// Returns an element with `content` in it.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let length = content.len().to_be_bytes();
    let digits: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    match digits[..] {
        [] => bytes.push(0),
        [short] if short < 0x80 => bytes.push(short),
        _ => {
            bytes.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
            bytes.extend(&digits);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

/// Returns an element with elements in it.
pub(super) fn parent(tag: u8, inside: &[Vec<u8>]) -> Vec<u8> {
    element(tag, &inside.concat())
}

/// Returns a number, of which the first bit is 0.
pub(super) fn integer(number: u128) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let mut digits: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    if digits.first().is_none_or(|first| *first >= 0x80) {
        digits.insert(0, 0);
    }
    element(INTEGER, &digits)
}

/// Returns the algorithm of this identifier, without parameters.
pub(super) fn algorithm(identifier: &[u8]) -> Vec<u8> {
    parent(SEQUENCE, &[element(OBJECT_IDENTIFIER, identifier), NULL.to_vec()])
}

/// Returns a time with whole seconds, with two digits of the year before 2050.
pub(super) fn time(time: Timestamp) -> Vec<u8> {
    let year = time.to_zoned(TimeZone::UTC).year();
    if UTC_TIME_YEARS.contains(&year) {
        element(UTC_TIME, time.strftime("%y%m%d%H%M%SZ").to_string().as_bytes())
    } else {
        element(GENERALIZED_TIME, time.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_short_as_they_can_be() {
        for (length, expected) in [
            (0, &[4, 0][..]),
            (127, &[4, 127]),
            (128, &[4, 0x81, 128]),
            (256, &[4, 0x82, 1, 0]),
            (65_536, &[4, 0x83, 1, 0, 0]),
        ] {
            let bytes = element(OCTET_STRING, &vec![7; length]);
            assert_eq!((&bytes[..expected.len()], bytes.len()), (expected, expected.len() + length));
        }
    }

    #[test]
    fn numbers_are_positive_and_as_short_as_they_can_be() {
        for (number, expected) in
            [(0, &[2, 1, 0][..]), (127, &[2, 1, 127]), (128, &[2, 2, 0, 128]), (256, &[2, 2, 1, 0])]
        {
            assert_eq!(integer(number), expected, "{number}");
        }
        assert_eq!(integer(u128::MAX).len(), 2 + 17);
    }

    #[test]
    fn a_year_from_2050_has_four_digits() {
        let of = |text: &str| String::from_utf8(time(text.parse().unwrap())[2..].to_vec()).unwrap();
        assert_eq!(of("2049-12-31T23:59:59.9Z"), "491231235959Z");
        assert_eq!(of("2050-01-01T00:00:00Z"), "20500101000000Z");
    }
}
