//! The manifest: every file of an exhibit with its size and SHA-256, in one form for each set of files.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::receipt::receipt_text;
use super::{BESIDE_THE_MANIFEST, INPUTS, MANIFEST, RECEIPT};

/// Largest manifest that is read, in bytes.
pub(super) const LARGEST_MANIFEST: u64 = 64 << 20;

/// Most files of an exhibit.
const MOST_FILES: usize = 1_000;

/// Longest name of a file, in bytes.
const LONGEST_NAME: usize = 200;

/// Digits of an exhibit number.
const NUMBER_DIGITS: usize = 12;

/// A file of an exhibit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExhibitFile {
    /// Its name in the folder.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// A manifest: at most 1,000 plain names, each once, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExhibitManifest {
    exhibit: String,
    files: Vec<ExhibitFile>,
    /// SHA-256 of the file that tells whose the pseudonyms are, in hexadecimal; `None` if names were not replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pseudonyms_sha256: Option<String>,
}

/// A manifest as its file has it, not yet checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawManifest {
    exhibit: String,
    files: Vec<ExhibitFile>,
    pseudonyms_sha256: Option<String>,
}

/// The reason why files or a text make no manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// A text that is not JSON, or has other fields.
    #[error("found no JSON of a manifest: {0}")]
    Json(String),
    /// More files than an exhibit has.
    #[error("LimitExceeded: found {found} files, and an exhibit has at most {MOST_FILES}")]
    TooManyFiles {
        /// Their number.
        found: usize,
    },
    /// A name that leads out of the folder, or that programs read in different ways.
    #[error(
        "found the path {0:?}; allowed: letters, digits, `.`, `-` and `_`, beginning with a letter or digit, at most \
         {LONGEST_NAME}"
    )]
    Path(String),
    /// A name of a file that is no part of the manifest.
    #[error("found the path {0:?}, which no manifest has: the file follows from the manifest")]
    Reserved(String),
    /// A name that stands there twice.
    #[error("found the path {0:?} twice")]
    Twice(String),
    /// A text that is no hash.
    #[error("found no SHA-256 in 64 digits of lower-case hexadecimal for {0:?}")]
    Hash(String),
    /// No list of inputs, from which the exhibit number is.
    #[error("found no {INPUTS}, which the exhibit number is from")]
    NoInputs,
    /// Another exhibit number than the list of inputs has.
    #[error("found the exhibit number {found:?}, and the SHA-256 of {INPUTS} begins with {expected}")]
    Number {
        /// The number.
        found: String,
        /// The number that follows from the list of inputs.
        expected: String,
    },
    /// The same content in another form.
    #[error(
        "found another form than this program writes: sorted by path, two spaces for each level, a line feed at the end"
    )]
    Form,
}

/// Returns the exhibit number that follows from the SHA-256 of the list of inputs, in hexadecimal.
pub fn exhibit_number(inputs_sha256: &str) -> &str {
    inputs_sha256.get(..NUMBER_DIGITS).unwrap_or(inputs_sha256)
}

impl ExhibitManifest {
    /// Makes the manifest of these files, in any order, and of the file of pseudonyms, which is elsewhere.
    ///
    /// # Errors
    /// Returns an error if there are too many, `inputs.csv` is not among them, or a name or a hash is not allowed.
    pub fn new(
        mut files: Vec<ExhibitFile>,
        pseudonyms_sha256: Option<String>,
    ) -> Result<ExhibitManifest, ManifestError> {
        if pseudonyms_sha256.as_deref().is_some_and(|sha256| !is_sha256(sha256)) {
            return Err(ManifestError::Hash("pseudonyms_sha256".to_owned()));
        }
        if files.len() > MOST_FILES {
            return Err(ManifestError::TooManyFiles { found: files.len() });
        }
        files.sort_by(|one, other| one.path.cmp(&other.path));
        for ExhibitFile { path, sha256, .. } in &files {
            if BESIDE_THE_MANIFEST.contains(&path.as_str()) {
                return Err(ManifestError::Reserved(path.clone()));
            }
            if !is_plain_name(path) {
                return Err(ManifestError::Path(shortened(path)));
            }
            if !is_sha256(sha256) {
                return Err(ManifestError::Hash(path.clone()));
            }
        }
        if let Some((file, _)) =
            files.iter().zip(files.iter().skip(1)).find(|(one, next)| one.path == next.path)
        {
            return Err(ManifestError::Twice(file.path.clone()));
        }
        let inputs = files.iter().find(|file| file.path == INPUTS).ok_or(ManifestError::NoInputs)?;
        let exhibit = exhibit_number(&inputs.sha256).to_owned();
        Ok(ExhibitManifest { exhibit, files, pseudonyms_sha256 })
    }

    /// Parses the bytes of a `manifest.json`.
    ///
    /// # Errors
    /// Returns an error if they are not a manifest as this program writes it.
    pub fn parse(bytes: &[u8]) -> Result<ExhibitManifest, ManifestError> {
        let json = |error: serde_json::Error| ManifestError::Json(shortened(&error.to_string()));
        let raw: RawManifest = serde_json::from_slice(bytes).map_err(json)?;
        let manifest = ExhibitManifest::new(raw.files, raw.pseudonyms_sha256)?;
        if manifest.exhibit != raw.exhibit {
            return Err(ManifestError::Number { found: shortened(&raw.exhibit), expected: manifest.exhibit });
        }
        // Two programs could read another form in two ways.
        let is_same = manifest.to_bytes().map_err(json)? == bytes;
        is_same.then_some(manifest).ok_or(ManifestError::Form)
    }

    /// Returns the exhibit number.
    pub fn exhibit(&self) -> &str {
        &self.exhibit
    }

    /// Returns the files, sorted by path.
    pub fn files(&self) -> &[ExhibitFile] {
        &self.files
    }

    /// Returns the bytes of `manifest.json`.
    ///
    /// # Errors
    /// Returns an error if it could not be written as JSON, which is a bug.
    pub fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Writes `receipt.txt` and, last of all, `manifest.json` into the folder of the files. Returns the SHA-256 of the
    /// manifest, in hexadecimal.
    ///
    /// # Errors
    /// Returns an error if a file is there already or cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<String> {
        let bytes = self.to_bytes()?;
        let sha256 = hex::encode(Sha256::digest(&bytes));
        let receipt = receipt_text(&self.exhibit, &sha256);
        for (name, content) in [(RECEIPT, receipt.as_bytes()), (MANIFEST, bytes.as_slice())] {
            File::create_new(folder.join(name))?.write_all(content)?;
        }
        Ok(sha256)
    }
}

/// Returns the beginning of a text that may be huge.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text.to_owned(),
    }
}

/// Checks that every program takes a name for a file of the folder itself, and that it can be printed.
fn is_plain_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    name.bytes().all(is_allowed)
        && name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && name.len() <= LONGEST_NAME
}

/// Checks that a text is a SHA-256 in the form in which this program writes it.
fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> ExhibitFile {
        ExhibitFile { path: path.to_owned(), bytes: 3, sha256: "0123456789ab".repeat(6)[..64].to_owned() }
    }

    fn manifest() -> ExhibitManifest {
        ExhibitManifest::new(vec![file("report.html"), file(INPUTS), file("captures.csv")], None).unwrap()
    }

    #[test]
    fn files_in_any_order_make_one_manifest_which_is_read_again() {
        let bytes = manifest().to_bytes().unwrap();
        let hash = "0123456789ab0123456789ab0123456789ab0123456789ab0123456789ab0123";
        let entry = |path: &str| {
            let lines = [
                format!("\"path\": \"{path}\""),
                "\"bytes\": 3".to_owned(),
                format!("\"sha256\": \"{hash}\""),
            ];
            format!("    {{\n      {}\n    }}", lines.join(",\n      "))
        };
        let entries = ["captures.csv", "inputs.csv", "report.html"].map(entry).join(",\n");
        let expected = format!("{{\n  \"exhibit\": \"0123456789ab\",\n  \"files\": [\n{entries}\n  ]\n}}\n");
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expected);
        assert_eq!(ExhibitManifest::parse(&bytes).unwrap(), manifest());
        let with_pseudonyms = ExhibitManifest::new(vec![file(INPUTS)], Some(hash.to_owned())).unwrap();
        let bytes = with_pseudonyms.to_bytes().unwrap();
        let end = format!("  ],\n  \"pseudonyms_sha256\": \"{hash}\"\n}}\n");
        assert!(String::from_utf8(bytes.clone()).unwrap().ends_with(&end));
        assert_eq!(ExhibitManifest::parse(&bytes).unwrap(), with_pseudonyms);
        let wrong = String::from_utf8(bytes).unwrap().replace(&format!("\"{hash}\"\n}}"), "\"0\"\n}");
        assert!(matches!(ExhibitManifest::parse(wrong.as_bytes()), Err(ManifestError::Hash(_))), "{wrong}");
    }

    #[test]
    fn a_name_is_that_of_a_file_of_the_folder_itself() {
        for name in ["a", "captures.csv", "7_a-b.jsonl", "A..b", &"x".repeat(LONGEST_NAME)] {
            assert!(is_plain_name(name), "{name}");
        }
        let long = "x".repeat(LONGEST_NAME + 1);
        let wrong = [
            "",
            ".",
            "..",
            "../x",
            "/etc/passwd",
            "a/b",
            "a\\b",
            "C:x",
            ".hidden",
            "-rf",
            "a b",
            "ä",
            "a\0",
            "a\u{1b}[2J",
            "a\n",
            "a\u{202e}b",
            &long,
        ];
        for name in wrong {
            assert!(!is_plain_name(name), "{name:?}");
        }
    }

    #[test]
    fn another_form_of_the_same_manifest_is_refused() {
        let text = String::from_utf8(manifest().to_bytes().unwrap()).unwrap();
        let compact = serde_json::to_string(&manifest()).unwrap() + "\n";
        let [first, second] = [text.find("    {").unwrap(), text.find("    },\n    {").unwrap() + 7];
        let moved = format!("{}{}", &text[..first], &text[second..]).replacen(
            "\n  ]",
            &format!(",\n{}\n  ]", text[first..second].trim_end().trim_end_matches(',')),
            1,
        );
        for (case, text) in [
            ("compact", compact),
            ("without the line feed", text.trim_end().to_owned()),
            ("with CR LF", text.replace('\n', "\r\n")),
            ("with an escape", text.replacen("captures", "\\u0063aptures", 1)),
            ("in another order", moved),
        ] {
            let error = ExhibitManifest::parse(text.as_bytes()).unwrap_err();
            assert!(matches!(error, ManifestError::Form), "{case}: {error}");
        }
    }

    #[test]
    fn an_exhibit_has_a_limit_of_files() {
        let files = |number: usize| {
            let others = (1..number).map(|number| file(&format!("{number}.csv")));
            ExhibitManifest::new(others.chain([file(INPUTS)]).collect(), None)
        };
        assert!(files(MOST_FILES).unwrap().to_bytes().unwrap().len() as u64 <= LARGEST_MANIFEST);
        let error = files(MOST_FILES + 1).unwrap_err().to_string();
        assert_eq!(error, "LimitExceeded: found 1001 files, and an exhibit has at most 1000");
    }

    #[test]
    fn writing_overwrites_nothing() {
        let folder = tempfile::TempDir::new().unwrap();
        let sha256 = manifest().write(folder.path()).unwrap();
        let bytes = std::fs::read(folder.path().join(MANIFEST)).unwrap();
        assert_eq!((bytes, sha256.len()), (manifest().to_bytes().unwrap(), 64));
        assert_eq!(manifest().write(folder.path()).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}
