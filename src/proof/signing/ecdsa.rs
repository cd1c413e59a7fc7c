//! Forms of signatures and keys of the curve P-256, read strictly: one form for each value, so that no other form passes.

/// Half of the order of the curve, rounded down: the largest `s` of the low form.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xde,
    0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

/// The order of the curve.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// First bytes of every SubjectPublicKeyInfo of a P-256 key with an uncompressed point; the point's 64 bytes follow.
const SPKI_PREFIX: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;

/// A signature: two numbers from 1 to the order of the curve minus 1, most significant byte first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signature {
    r: [u8; 32],
    s: [u8; 32],
}

impl Signature {
    /// Reads ASN.1 DER. Returns `None` for anything else: trailing bytes, padded or negative numbers, longer forms of a length,
    /// numbers out of range.
    pub(super) fn parse(der: &[u8]) -> Option<Signature> {
        let (content, rest) = element(SEQUENCE, der)?;
        let (r, after) = element(INTEGER, content)?;
        let (s, end) = element(INTEGER, after)?;
        (rest.is_empty() && end.is_empty()).then_some(())?;
        Some(Signature { r: scalar(r)?, s: scalar(s)? })
    }

    /// Checks that `s` is the lower of the two values that verify.
    pub(super) fn is_low(&self) -> bool {
        self.s <= HALF_ORDER
    }

    /// Returns the same signature with the lower of the two values of `s`.
    pub(super) fn into_low(self) -> Signature {
        if self.is_low() { self } else { Signature { s: complement(&self.s), r: self.r } }
    }

    /// Returns the same signature with the other value of `s`.
    #[cfg(test)]
    pub(super) fn into_other(self) -> Signature {
        Signature { s: complement(&self.s), r: self.r }
    }

    /// Writes ASN.1 DER.
    pub(super) fn to_der(&self) -> Vec<u8> {
        let content = [integer(&self.r), integer(&self.s)].concat();
        tagged(SEQUENCE, &content)
    }
}

/// Checks that these are the bytes of a SubjectPublicKeyInfo of a P-256 key, in the one form that is used.
pub(super) fn is_public_key(der: &[u8]) -> bool {
    der.len() == SPKI_PREFIX.len() + 64 && der.starts_with(&SPKI_PREFIX)
}

/// Splits off an element with this tag, and a length below 128.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let [found, length, rest @ ..] = der else {
        return None;
    };
    (*found == tag && *length < 0x80).then_some(())?;
    rest.split_at_checked(usize::from(*length))
}

/// Reads an integer from 1 to the order minus 1, in as few bytes as it needs.
fn scalar(bytes: &[u8]) -> Option<[u8; 32]> {
    let digits = match bytes {
        // A zero stands before a byte that would read as a sign, and nowhere else.
        [0, rest @ ..] if rest.first().is_some_and(|first| *first >= 0x80) => rest,
        [first, ..] if (1..0x80).contains(first) => bytes,
        _ => return None,
    };
    let mut scalar = [0; 32];
    let start = scalar.len().checked_sub(digits.len())?;
    scalar.get_mut(start..)?.copy_from_slice(digits);
    (scalar < ORDER).then_some(scalar)
}

fn integer(scalar: &[u8; 32]) -> Vec<u8> {
    let zeros = scalar.iter().take_while(|byte| **byte == 0).count();
    let mut bytes: Vec<u8> = scalar.iter().skip(zeros).copied().collect();
    if bytes.first().is_none_or(|first| *first >= 0x80) {
        bytes.insert(0, 0);
    }
    tagged(INTEGER, &bytes)
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    // A signature has at most 70 bytes of content.
    let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
    [&[tag, length], content].concat()
}

/// Returns the order minus `s`.
fn complement(s: &[u8; 32]) -> [u8; 32] {
    let mut result = [0; 32];
    let mut borrow = false;
    for ((digit, of_order), of_s) in result.iter_mut().zip(ORDER).zip(s).rev() {
        let (without, first) = of_order.overflowing_sub(*of_s);
        let (without, second) = without.overflowing_sub(u8::from(borrow));
        *digit = without;
        borrow = first || second;
    }
    result
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns a scalar that ends with this byte, after `fill`.
    fn number(fill: u8, last: u8) -> [u8; 32] {
        let mut number = [fill; 32];
        number[31] = last;
        number
    }

    fn der(content: &str) -> Option<Signature> {
        Signature::parse(&hex::decode(content.replace(' ', "")).unwrap())
    }

    #[test]
    fn only_one_form_of_a_signature_is_read() {
        let one = number(0, 1);
        assert_eq!(der("3006 020101 020101"), Some(Signature { r: one, s: one }));
        let r128 = number(0, 0x80);
        assert_eq!(der("3007 02020080 020101"), Some(Signature { r: r128, s: one }));
        let order = hex::encode(ORDER);
        for (what, text) in [
            ("nothing", String::new()),
            ("a byte after it", "3006 020101 020101 00".to_owned()),
            ("a byte within it", "3007 020101 020101 00".to_owned()),
            ("a third number", "3009 020101 020101 020101".to_owned()),
            ("a length in two bytes", "308106 020101 020101".to_owned()),
            ("a number's length in two bytes", "3007 02810101 020101".to_owned()),
            ("a length that is too large", "3007 020101 020101".to_owned()),
            ("an indefinite length", "3080 020101 020101 0000".to_owned()),
            ("a zero before a number", "3007 02020001 020101".to_owned()),
            ("two zeros before a number", "3008 0203000080 020101".to_owned()),
            ("a negative number", "3006 020180 020101".to_owned()),
            ("zero for r", "3006 020100 020101".to_owned()),
            ("zero for s", "3006 020101 020100".to_owned()),
            ("no digits", "3005 0200 020101".to_owned()),
            ("the order for r", format!("3026 022100{order} 020101")),
            ("the order for s", format!("3026 020101 022100{order}")),
            ("a number of 33 bytes", format!("3026 022101{order} 020101")),
            ("a set", "3106 020101 020101".to_owned()),
            ("a bit string", "3006 030101 020101".to_owned()),
        ] {
            assert_eq!(der(&text), None, "{what}");
        }
    }

    #[test]
    fn the_higher_s_becomes_the_lower_and_the_border_is_half_the_order() {
        let r = number(0, 1);
        let mut above = HALF_ORDER;
        above[31] += 1;
        assert!(Signature { r, s: HALF_ORDER }.is_low() && !Signature { r, s: above }.is_low());
        // The order is odd: its two halves are neighbours.
        assert_eq!(Signature { r, s: above }.into_low().s, HALF_ORDER);
        let mut highest = ORDER;
        highest[31] -= 1;
        assert_eq!(Signature { r, s: highest }.into_low().s, number(0, 1));
        assert_eq!(Signature { r, s: HALF_ORDER }.into_low().s, HALF_ORDER);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again_and_its_low_form_is_the_lower(
            r: [u8; 32],
            s: [u8; 32],
            shift in 0_usize..32,
        ) {
            // Short numbers too.
            let mut short = [0; 32];
            short[shift..].copy_from_slice(&s[shift..]);
            for s in [s, short] {
                let signature = Signature { r, s };
                let der = signature.to_der();
                let in_range = |number: &[u8; 32]| *number < ORDER && *number != [0; 32];
                if in_range(&r) && in_range(&s) {
                    prop_assert_eq!(Signature::parse(&der), Some(signature.clone()));
                    let low = signature.clone().into_low();
                    prop_assert!(low.is_low());
                    prop_assert!(low.s == s || complement(&low.s) == s);
                    prop_assert_eq!(low.r, r);
                } else {
                    prop_assert_eq!(Signature::parse(&der), None);
                }
            }
        }

        #[test]
        fn whatever_is_read_is_written_as_it_was(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Some(signature) = Signature::parse(&bytes) {
                prop_assert_eq!(signature.to_der(), bytes);
            }
        }
    }
}
