//! The hash in a timestamp of RFC 3161. Its signature is not checked here: `openssl ts -verify` does that.

use der::asn1::AnyRef;
use der::{Decode, SliceReader};

/// Largest timestamp that is read, in bytes. One with the certificates of its authority has about ten thousand.
pub(super) const LARGEST_TIMESTAMP: u64 = 1 << 20;

/// Path to the message imprint, by the number of the element on each level: the token of the answer, its signed data,
/// their content, which is an octet string, and in that the third element.
const IMPRINT: [usize; 9] = [0, 1, 1, 0, 2, 1, 0, 0, 2];

/// Object identifier of SHA-256, as DER has it.
const SHA256_ID: [u8; 9] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];

/// The hash that a timestamp is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum MessageImprint<'a> {
    /// A SHA-256.
    Sha256(&'a [u8]),
    /// A hash of another algorithm.
    Other,
}

/// Reads the hash of a timestamp; `None` if the bytes are no answer with a timestamp in DER.
pub(super) fn message_imprint(answer: &[u8]) -> Option<MessageImprint<'_>> {
    let imprint = content(answer, &IMPRINT)?;
    let (algorithm, hash) = (content(imprint, &[0, 0])?, content(imprint, &[1])?);
    Some(if algorithm == SHA256_ID { MessageImprint::Sha256(hash) } else { MessageImprint::Other })
}

/// Returns the content of the element at a path.
fn content<'a>(der: &'a [u8], path: &[usize]) -> Option<&'a [u8]> {
    path.iter().try_fold(der, |der, &number| {
        let mut reader = SliceReader::new(der).ok()?;
        let mut element = AnyRef::decode(&mut reader);
        for _ in 0..number {
            element = AnyRef::decode(&mut reader);
        }
        Some(element.ok()?.value())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        [&[tag, u8::try_from(content.len()).unwrap()], content.as_slice()].concat()
    }

    fn answer(algorithm: &[u8], hash: &[u8]) -> Vec<u8> {
        let algorithm = element(0x30, &[&element(0x06, &[algorithm]), &[5, 0]]);
        let imprint = element(0x30, &[&algorithm, &element(0x04, &[hash])]);
        let info = element(0x30, &[&[2, 1, 1], &[6, 1, 42], &imprint]);
        let content = element(0xa0, &[&element(0x04, &[&info])]);
        let content = element(0x30, &[&[6, 1, 42], &content]);
        let data = element(0x30, &[&[2, 1, 3], &[0x31, 0], &content]);
        let token = element(0x30, &[&[6, 1, 42], &element(0xa0, &[&data])]);
        element(0x30, &[&[0x30, 3, 2, 1, 0], &token])
    }

    #[test]
    fn the_hash_is_found_with_its_algorithm() {
        let answered = answer(&SHA256_ID, &[7; 32]);
        assert_eq!(message_imprint(&answered), Some(MessageImprint::Sha256(&[7; 32])));
        assert_eq!(message_imprint(&answer(&[42], &[7; 32])), Some(MessageImprint::Other));
        let refused = element(0x30, &[&[0x30, 3, 2, 1, 2]]);
        for (case, bytes) in [
            ("cut", &answered[..answered.len() - 1]),
            ("refused", &refused),
            ("nothing", &[]),
            ("text", b"no"),
        ] {
            assert_eq!(message_imprint(bytes), None, "{case}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>, at: prop::sample::Index, byte: u8) {
            message_imprint(&bytes);
            let mut changed = answer(&SHA256_ID, &[7; 32]);
            let at = at.index(changed.len());
            changed[at] = byte;
            message_imprint(&changed);
        }
    }
}
