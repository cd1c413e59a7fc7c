//! The receipt: the SHA-256 of a manifest, for somebody who keeps it apart from the exhibit.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::MANIFEST;
use crate::bounded_file::{self, ReadError};

/// Largest receipt that is read, in bytes.
pub(super) const LARGEST_RECEIPT: u64 = 64 << 10;

/// Beginning of the first line, before the exhibit number.
const TITLE: &str = "# Receipt of exhibit ";

/// A receipt that somebody kept. People add words to one, or send it in a letter: only its title and the line of the
/// hash count.
#[derive(Debug, Clone)]
pub struct ExhibitReceipt {
    text: String,
    /// Device and number of the file; `None` if the text is from no file.
    identity: Option<(u64, u64)>,
}

/// Returns the receipt of a manifest. `sha256sum --check` passes over lines that begin with `#`.
pub fn receipt_text(exhibit: &str, manifest_sha256: &str) -> String {
    format!(
        "{TITLE}{exhibit}\n\
         #\n\
         # Hand this receipt over separately from the exhibit, and keep it where the keeper of the exhibit\n\
         # cannot write: whoever can change both can make them agree.\n\
         #\n\
         # To check the exhibit in the folder DIR:\n\
         #     client-vpn-audit report --check DIR --receipt receipt.txt\n\
         # To check without that program, in DIR, that {MANIFEST} is the one of this receipt:\n\
         #     sha256sum --check receipt.txt\n\
         # {MANIFEST} has the SHA-256 of each other file.\n\
         {manifest_sha256}  {MANIFEST}\n"
    )
}

impl ExhibitReceipt {
    /// Reads a file.
    ///
    /// # Errors
    /// Returns an error if the file is too large, is not a regular file, or cannot be read.
    pub fn read(path: &Path) -> Result<ExhibitReceipt, ReadError> {
        let bytes = bounded_file::read(path, LARGEST_RECEIPT)?;
        let metadata = fs::metadata(path)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(ExhibitReceipt { text, identity: Some((metadata.dev(), metadata.ino())) })
    }

    /// Returns the SHA-256 of the manifest, in hexadecimal; `None` if it has none, or several.
    pub(super) fn manifest_sha256(&self) -> Option<String> {
        let mut hashes = self.text.lines().filter_map(hash_of_line);
        let first = hashes.next()?;
        hashes.all(|other| other == first).then_some(first)
    }

    /// Returns the exhibit number of its title; `None` if it has no title.
    pub(super) fn exhibit(&self) -> Option<&str> {
        self.text.lines().find_map(|line| line.strip_prefix(TITLE)).map(str::trim)
    }

    /// Checks that it was read from the file with this device and number.
    pub(super) fn is_file(&self, identity: (u64, u64)) -> bool {
        self.identity == Some(identity)
    }
}

/// Reads a line as sha256sum writes it, in text or binary mode, with any folder before the name.
fn hash_of_line(line: &str) -> Option<String> {
    let (hash, name) = line.trim().split_once(' ')?;
    let name = name.trim_start_matches([' ', '*']);
    let is_manifest = name.rsplit('/').next() == Some(MANIFEST);
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_manifest && is_hash).then(|| hash.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(text: &str) -> ExhibitReceipt {
        ExhibitReceipt { text: text.to_owned(), identity: None }
    }

    #[test]
    fn the_hash_is_found_however_the_receipt_was_kept() {
        let [one, other] = ["0a".repeat(32), "0b".repeat(32)];
        let written = receipt_text("3fa9c01b22d4", &one);
        assert_eq!(receipt(&written).exhibit(), Some("3fa9c01b22d4"));
        let line = |hash: &str| format!("{hash}  manifest.json\n");
        let found = Some(one.clone());
        for (case, text, expected) in [
            ("as it is written", written.clone(), found.clone()),
            ("with CR LF", written.replace('\n', "\r\n"), found.clone()),
            ("in a letter", format!("Dear Ms Example,\n\n{written}\nYours\n"), found.clone()),
            ("the line alone", line(&one), found.clone()),
            ("in binary mode", format!("{one} *manifest.json"), found.clone()),
            ("with a folder", format!("{one}  ./exhibit/manifest.json"), found.clone()),
            ("in capital letters", line(&one.to_uppercase()), found.clone()),
            ("twice the same", line(&one).repeat(2), found),
            ("two hashes", line(&one) + &line(&other), None),
            ("nothing", String::new(), None),
            ("words alone", written.replace(&one, "#"), None),
            ("a hash that is cut", line(&one[1..]), None),
            ("a hash of another file", format!("{one}  inputs.csv\n"), None),
        ] {
            assert_eq!(receipt(&text).manifest_sha256(), expected, "{case}");
        }
    }
}
