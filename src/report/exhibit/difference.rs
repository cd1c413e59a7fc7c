//! Differences between an exhibit and its manifest, its receipt and its signature.

use serde::Serialize;

use super::folder::{EntryError, FolderEntry};
use super::manifest::ExhibitFile;

/// A difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExhibitDifference {
    /// Its kind.
    pub kind: ExhibitDifferenceKind,
    /// Name of the file. It may have been chosen to deceive: escape it before it is printed.
    pub file: String,
    /// The difference in words.
    pub message: String,
}

/// The kind of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExhibitDifferenceKind {
    /// A file with another size or SHA-256 than the manifest has.
    Changed,
    /// A file that is not there.
    Missing,
    /// An entry that the manifest does not have.
    Added,
    /// A folder, a link or something else in place of a file.
    NotAFile,
    /// A file that could not be read.
    Unreadable,
    /// A manifest that is none.
    ManifestInvalid,
    /// A manifest with another SHA-256 than the receipt has.
    ManifestRewritten,
    /// A receipt that is none, or that of another manifest in the folder itself.
    ReceiptInvalid,
    /// No signature, although a public key was given.
    SignatureMissing,
    /// A signature by none of the public keys.
    SignatureInvalid,
    /// A timestamp of something else, or none.
    TimestampInvalid,
}

impl ExhibitDifferenceKind {
    /// Returns the kind in words.
    pub fn in_words(self) -> &'static str {
        match self {
            ExhibitDifferenceKind::Changed => "Changed",
            ExhibitDifferenceKind::Missing => "Missing",
            ExhibitDifferenceKind::Added => "Added",
            ExhibitDifferenceKind::NotAFile => "Not a file",
            ExhibitDifferenceKind::Unreadable => "Could not be read",
            ExhibitDifferenceKind::ManifestInvalid => "No manifest",
            ExhibitDifferenceKind::ManifestRewritten => "Manifest rewritten",
            ExhibitDifferenceKind::ReceiptInvalid => "Wrong receipt",
            ExhibitDifferenceKind::SignatureMissing => "Signature missing",
            ExhibitDifferenceKind::SignatureInvalid => "Wrong signature",
            ExhibitDifferenceKind::TimestampInvalid => "Wrong timestamp",
        }
    }
}

impl ExhibitDifference {
    pub(super) fn new(
        kind: ExhibitDifferenceKind,
        file: impl Into<String>,
        message: impl Into<String>,
    ) -> ExhibitDifference {
        ExhibitDifference { kind, file: file.into(), message: message.into() }
    }

    /// Describes a file that has no bytes to compare.
    pub(super) fn without_bytes(file: &str, error: &EntryError) -> ExhibitDifference {
        let kind = match error {
            EntryError::Missing => ExhibitDifferenceKind::Missing,
            EntryError::NotAFile(_) => ExhibitDifferenceKind::NotAFile,
            EntryError::Unreadable(_) => ExhibitDifferenceKind::Unreadable,
        };
        ExhibitDifference::new(kind, file, error.to_string())
    }

    /// Describes an entry that the manifest does not have.
    pub(super) fn added(name: &[u8], entry: FolderEntry) -> ExhibitDifference {
        let name = String::from_utf8_lossy(name);
        let hidden = if name.starts_with('.') { ", with a hidden name" } else { "" };
        let message = format!("it is {entry}{hidden}, and not in the manifest");
        ExhibitDifference::new(ExhibitDifferenceKind::Added, name, message)
    }
}

/// Compares a file with its entry in the manifest. `found` has its size, and its SHA-256 unless the size differs.
pub(super) fn compare(
    file: &ExhibitFile,
    found: Result<(u64, Option<String>), EntryError>,
) -> Option<ExhibitDifference> {
    let (bytes, sha256) = match found {
        Ok(found) => found,
        Err(error) => return Some(ExhibitDifference::without_bytes(&file.path, &error)),
    };
    let message = if bytes != file.bytes {
        format!("it has {bytes} bytes, and {} in the manifest", file.bytes)
    } else if let Some(sha256) = sha256.filter(|sha256| *sha256 != file.sha256) {
        format!("it has the SHA-256 {sha256}, and {} in the manifest", file.sha256)
    } else {
        return None;
    };
    Some(ExhibitDifference::new(ExhibitDifferenceKind::Changed, &file.path, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounded_file::ReadError;

    #[test]
    fn a_file_is_that_of_the_manifest_or_a_difference() {
        let file = ExhibitFile { path: "captures.csv".to_owned(), bytes: 3, sha256: "ab".repeat(32) };
        let hash = |hash: &str| Some(hash.repeat(32));
        let io = || EntryError::from(std::io::Error::from(std::io::ErrorKind::PermissionDenied));
        for (case, found, expected) in [
            ("the same", Ok((3, hash("ab"))), None),
            ("another hash", Ok((3, hash("ac"))), Some((ExhibitDifferenceKind::Changed, "the SHA-256 acac"))),
            (
                "another size",
                Ok((4, None)),
                Some((ExhibitDifferenceKind::Changed, "it has 4 bytes, and 3 in")),
            ),
            ("none", Err(EntryError::Missing), Some((ExhibitDifferenceKind::Missing, "not in the folder"))),
            (
                "a link",
                Err(EntryError::NotAFile(FolderEntry::Link)),
                Some((
                    ExhibitDifferenceKind::NotAFile,
                    "it is a symbolic link, not a file, and was not read",
                )),
            ),
            ("no permission", Err(io()), Some((ExhibitDifferenceKind::Unreadable, "permission denied"))),
            (
                "too large",
                Err(ReadError::TooLarge(5).into()),
                Some((ExhibitDifferenceKind::Unreadable, "LimitExceeded")),
            ),
        ] {
            let difference = compare(&file, found);
            match (&difference, expected) {
                (None, None) => {}
                (Some(found), Some((kind, part))) => {
                    assert!(found.kind == kind && found.file == "captures.csv", "{case}: {found:?}");
                    assert!(found.message.contains(part), "{case}: {found:?}");
                }
                _ => panic!("{case}: {difference:?}"),
            }
        }
    }
}
