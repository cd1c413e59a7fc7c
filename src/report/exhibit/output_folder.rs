//! The folder of an exhibit, and the data files in it.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{ExhibitError, ExhibitFile, ExhibitManifest};
use crate::lake::store::Location;

/// The folder of an exhibit. Nothing in it is written twice.
#[derive(Debug)]
pub(super) struct OutputFolder {
    path: PathBuf,
    /// The data files that are complete, in the order in which they were written.
    pub data_files: Vec<DataFileFacts>,
    /// Every file that is complete, as it was written.
    files: Vec<ExhibitFile>,
}

/// The facts about a data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DataFileFacts {
    /// Name without its ending: there is one `.csv` and one `.jsonl`.
    pub name: &'static str,
    /// Rows in each.
    pub rows: u64,
    /// Cells of the CSV file that have an apostrophe before their text.
    pub altered_cells: u64,
    /// SHA-256 of the JSON lines, in hexadecimal; empty until the file is complete.
    pub lines_sha256: String,
}

impl OutputFolder {
    /// Creates the folder, or takes one that is empty.
    ///
    /// # Errors
    /// Returns an error if it lies in the lake, if there is something in it, or if it cannot be created or read.
    pub(super) fn create(path: &Path, lake: &Location) -> Result<OutputFolder, ExhibitError> {
        if let Location::Directory(lake) = lake
            && is_within(path, lake)
        {
            return Err(ExhibitError::InLake(path.to_owned()));
        }
        let failed = |error| ExhibitError::write("creating the folder", path, error);
        fs::create_dir_all(path).map_err(failed)?;
        if fs::read_dir(path).map_err(failed)?.next().is_some() {
            return Err(ExhibitError::NotEmpty(path.to_owned()));
        }
        Ok(OutputFolder { path: path.to_owned(), data_files: Vec::new(), files: Vec::new() })
    }

    /// Returns `true` if a file, which need not exist, lies in the folder.
    pub(super) fn contains(&self, file: &Path) -> bool {
        is_within(file, &self.path)
    }

    /// Writes a file.
    ///
    /// # Errors
    /// Returns an error if it cannot be written, or exists already.
    pub(super) fn write(&mut self, name: &str, content: &[u8]) -> Result<(), ExhibitError> {
        let write = || {
            let mut file = HashedFile::create(&self.path, name.to_owned())?;
            file.write_all(content)?;
            Ok(file.into_facts())
        };
        let written =
            write().map_err(|error| ExhibitError::write("writing", &self.path.join(name), error))?;
        self.files.push(written);
        Ok(())
    }

    /// Writes a data file of these rows.
    ///
    /// # Errors
    /// As [`OutputFolder::write`].
    pub(super) fn write_rows<const N: usize>(
        &mut self,
        name: &'static str,
        columns: [&'static str; N],
        rows: impl IntoIterator<Item = [Value; N]>,
    ) -> Result<(), ExhibitError> {
        let mut file = DataFile::create(self, name, columns.to_vec())?;
        for row in rows {
            file.add(row.to_vec())?;
        }
        self.finish(file)
    }

    /// Completes a data file.
    ///
    /// # Errors
    /// Returns an error if the rest of it cannot be written.
    pub(super) fn finish(&mut self, file: DataFile) -> Result<(), ExhibitError> {
        let (facts, files) = file.finish()?;
        self.data_files.push(facts);
        self.files.extend(files);
        Ok(())
    }

    /// Writes the receipt and the manifest of everything that was written, and returns the manifest's SHA-256. `pseudonyms_sha256` is that of
    /// the file of pseudonyms.
    ///
    /// # Errors
    /// Returns an error if they cannot be written.
    pub(super) fn write_manifest(self, pseudonyms_sha256: Option<String>) -> Result<String, ExhibitError> {
        let manifest = ExhibitManifest::new(self.files, pseudonyms_sha256)?;
        let written = manifest.write(&self.path);
        written.map_err(|error| ExhibitError::write("writing the manifest in", &self.path, error))
    }
}

/// Returns `true` if a file or folder, which need not exist, lies in a folder.
pub(super) fn is_within(path: &Path, folder: &Path) -> bool {
    let absolute = std::path::absolute(path);
    let existing =
        absolute.iter().flat_map(|path| path.ancestors()).find_map(|path| path.canonicalize().ok());
    existing.zip(folder.canonicalize().ok()).is_some_and(|(path, folder)| path.starts_with(folder))
}

/// A new file that is hashed while it is written.
struct HashedFile {
    file: File,
    name: String,
    bytes: u64,
    sha256: Sha256,
}

impl HashedFile {
    fn create(folder: &Path, name: String) -> io::Result<HashedFile> {
        Ok(HashedFile { file: File::create_new(folder.join(&name))?, name, bytes: 0, sha256: Sha256::new() })
    }

    fn into_facts(self) -> ExhibitFile {
        ExhibitFile { path: self.name, bytes: self.bytes, sha256: hex::encode(self.sha256.finalize()) }
    }
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sha256.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The rows behind a table of the report: as CSV for spreadsheets, and verbatim as JSON lines.
pub(super) struct DataFile {
    path: PathBuf,
    columns: Vec<&'static str>,
    csv: csv::Writer<HashedFile>,
    lines: BufWriter<HashedFile>,
    facts: DataFileFacts,
}

impl DataFile {
    /// Creates the two files, with the head of the CSV file.
    ///
    /// # Errors
    /// Returns an error if they cannot be created, or exist already.
    pub(super) fn create(
        folder: &OutputFolder,
        name: &'static str,
        columns: Vec<&'static str>,
    ) -> Result<DataFile, ExhibitError> {
        let path = folder.path.join(name);
        let create = || {
            let csv = HashedFile::create(&folder.path, format!("{name}.csv"))?;
            let mut csv = csv::Writer::from_writer(csv);
            csv.write_record(&columns)?;
            let lines = HashedFile::create(&folder.path, format!("{name}.jsonl"))?;
            Ok::<_, io::Error>((csv, BufWriter::new(lines)))
        };
        let (csv, lines) = create().map_err(|error| ExhibitError::write("writing", &path, error))?;
        let facts = DataFileFacts { name, rows: 0, altered_cells: 0, lines_sha256: String::new() };
        Ok(DataFile { columns, csv, lines, facts, path })
    }

    /// Adds a row, with the values in the order of the columns.
    ///
    /// # Errors
    /// Returns an error if it cannot be written.
    pub(super) fn add(&mut self, values: Vec<Value>) -> Result<(), ExhibitError> {
        self.write(values).map_err(|error| ExhibitError::write("writing", &self.path, error))
    }

    fn write(&mut self, values: Vec<Value>) -> io::Result<()> {
        for value in &values {
            let (field, is_altered) = field(value);
            self.facts.altered_cells += u64::from(is_altered);
            self.csv.write_field(field)?;
        }
        self.csv.write_record(None::<&[u8]>)?;
        let row: Map<String, Value> =
            self.columns.iter().map(|name| (*name).to_owned()).zip(values).collect();
        serde_json::to_writer(&mut self.lines, &row)?;
        self.facts.rows += 1;
        self.lines.write_all(b"\n")
    }

    fn finish(self) -> Result<(DataFileFacts, [ExhibitFile; 2]), ExhibitError> {
        let DataFile { path, csv, lines, facts, .. } = self;
        let failed = |error| ExhibitError::write("writing", &path, error);
        let csv = csv.into_inner().map_err(|error| failed(error.into_error()))?;
        let lines = lines.into_inner().map_err(|error| failed(error.into_error()))?;
        let (csv, lines) = (csv.into_facts(), lines.into_facts());
        let facts = DataFileFacts { lines_sha256: lines.sha256.clone(), ..facts };
        Ok((facts, [csv, lines]))
    }
}

/// Returns a time as the data files have it.
pub(super) fn time_value(time: Option<Timestamp>) -> Value {
    time.map_or(Value::Null, |time| json!(format!("{time:.3}")))
}

/// Returns a value as a field of a CSV file, and `true` if it was altered.
fn field(value: &Value) -> (String, bool) {
    match value {
        Value::Null => (String::new(), false),
        Value::String(text) => match spreadsheet_text(text) {
            Cow::Owned(altered) => (altered, true),
            Cow::Borrowed(text) => (text.to_owned(), false),
        },
        other => (other.to_string(), false),
    }
}

/// Returns text that no spreadsheet takes for a formula: one that begins with one of these characters has an apostrophe before it.
/// Source: OWASP, "CSV Injection".
pub(super) fn spreadsheet_text(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_a_spreadsheet_takes_for_a_formula_has_an_apostrophe_before_it() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"] {
            assert_eq!(super::field(&json!(text)), (format!("'{text}"), true), "{text:?}");
        }
        for (value, field) in [
            (json!("a=b"), "a=b"),
            (json!("'quoted'"), "'quoted'"),
            (json!(""), ""),
            (json!(-5), "-5"),
            (json!(true), "true"),
            (json!(null), ""),
            (json!(["-a", "b"]), r#"["-a","b"]"#),
        ] {
            assert_eq!(super::field(&value), (field.to_owned(), false), "{value}");
        }
    }

    #[test]
    fn a_folder_with_anything_in_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let new = folder.path().join("a/b");
        let lake = Location::Directory(folder.path().join("lake"));
        OutputFolder::create(&new, &lake).unwrap().write("file", b"x").unwrap();
        let refused = OutputFolder::create(&new, &lake).unwrap_err();
        assert!(matches!(refused, ExhibitError::NotEmpty(path) if path == new));
        let failed = OutputFolder::create(&new.join("file"), &lake).unwrap_err();
        assert!(matches!(failed, ExhibitError::Write { .. }));
    }
}
