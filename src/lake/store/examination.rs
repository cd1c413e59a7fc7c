//! Bytes of an object on their way through the hash.

use sha2::{Digest, Sha256};

use super::{HEAD_BYTES, Hashed, TAIL_BYTES};

/// Bytes of an object that are kept while it is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// None.
    Nothing,
    /// All, unless there are more bytes than this.
    AllUpTo(u64),
    /// The last [`TAIL_BYTES`], where a Parquet file has its footer.
    Tail,
}

/// An object that was read and hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// Its size and SHA-256, up to the end of the reading.
    pub hashed: Hashed,
    /// Its first bytes, at most [`HEAD_BYTES`].
    pub head: Vec<u8>,
    /// The bytes that were to be kept; `None` for a document that is too large, and if none were to be kept.
    pub kept: Option<Vec<u8>>,
}

/// An object that is being read.
#[derive(Debug)]
pub(super) struct Examination {
    sha256: Sha256,
    bytes: u64,
    head: Vec<u8>,
    keep: Keep,
    kept: Option<Vec<u8>>,
}

impl Examination {
    pub(super) fn new(keep: Keep) -> Examination {
        let kept = (keep != Keep::Nothing).then(Vec::new);
        Examination { sha256: Sha256::new(), bytes: 0, head: Vec::new(), keep, kept }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.bytes += bytes.len() as u64;
        self.head.extend(bytes.iter().take(HEAD_BYTES - self.head.len()));
        if let Keep::AllUpTo(most) = self.keep
            && self.bytes > most
        {
            self.kept = None;
        }
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(bytes);
            // Bytes are moved once for each tail that was read, and not with each part.
            if self.keep == Keep::Tail && kept.len() as u64 > 2 * TAIL_BYTES {
                shorten(kept);
            }
        }
    }

    pub(super) fn end(mut self) -> Examined {
        if self.keep == Keep::Tail {
            self.kept.iter_mut().for_each(shorten);
        }
        let hashed = Hashed { bytes: self.bytes, sha256: self.sha256.finalize().into() };
        Examined { hashed, head: self.head, kept: self.kept }
    }
}

/// Keeps only the last [`TAIL_BYTES`] bytes.
fn shorten(kept: &mut Vec<u8>) {
    let tail = usize::try_from(TAIL_BYTES).unwrap_or(usize::MAX);
    kept.drain(..kept.len().saturating_sub(tail));
}

#[cfg(test)]
mod tests {
    use super::super::LARGEST_DOCUMENT;
    use super::*;

    #[test]
    fn the_bytes_that_are_to_be_kept_are_kept() {
        let tail = usize::try_from(TAIL_BYTES).unwrap();
        let document = usize::try_from(LARGEST_DOCUMENT).unwrap();
        let content: Vec<u8> = (0..=250).cycle().take(document + 1).collect();
        for (length, part) in
            [(0, 7), (1, 7), (tail - 1, 4096), (tail, tail), (tail + 1, 1), (3 * tail, 65_537)]
        {
            for (keep, expected) in [
                (Keep::Nothing, None),
                (Keep::AllUpTo(LARGEST_DOCUMENT), Some(&content[..length])),
                (Keep::Tail, Some(&content[length.saturating_sub(tail)..length])),
            ] {
                let mut examination = Examination::new(keep);
                content[..length].chunks(part).for_each(|part| examination.add(part));
                let examined = examination.end();
                assert_eq!(examined.kept.as_deref(), expected, "{length} bytes, {keep:?}");
                assert_eq!(examined.head, content[..length.min(HEAD_BYTES)]);
                assert_eq!(examined.hashed.bytes, length as u64);
                assert_eq!(examined.hashed.sha256, <[u8; 32]>::from(Sha256::digest(&content[..length])));
            }
        }
        let mut examination = Examination::new(Keep::AllUpTo(LARGEST_DOCUMENT));
        content.chunks(65_536).for_each(|part| examination.add(part));
        assert_eq!(examination.end().kept, None, "a byte more than a document may have");
    }
}
