//! `inputs.csv`: the parameters of the report, and every file and object that it was made of with its hash. Its own hash numbers the
//! exhibit.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::output_folder::spreadsheet_text;
use super::{ExhibitError, ExhibitRequest};
use crate::bounded_file::{self, ReadError};
use crate::lake::store::ReadObject;

/// Largest file beside the lake that is read, in bytes.
const LARGEST_INPUT: u64 = 16 << 20;

/// A file beside the lake that the report was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// The flag that named it.
    pub flag: &'static str,
    /// Its name, as it was given.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

impl InputFile {
    /// Reads the file that a flag named, and returns its bytes too.
    ///
    /// # Errors
    /// Returns an error if it is no regular file, has more than 16 MiB, or cannot be read.
    pub fn read(flag: &'static str, path: &Path) -> Result<(InputFile, Vec<u8>), ReadError> {
        let bytes = bounded_file::read(path, LARGEST_INPUT)?;
        let sha256 = hex::encode(Sha256::digest(&bytes));
        Ok((InputFile { flag, name: path.display().to_string(), bytes: bytes.len() as u64, sha256 }, bytes))
    }
}

/// Returns the content of the file, and its SHA-256 in hexadecimal.
///
/// # Errors
/// Never in practice: it is made in memory.
pub(super) fn csv_of(
    parameters: &[(&'static str, String)],
    files: &[InputFile],
    objects: &BTreeMap<String, ReadObject>,
) -> Result<(Vec<u8>, String), ExhibitError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = || {
        writer.write_record(["kind", "name", "value", "bytes", "sha256"])?;
        for (name, value) in parameters {
            writer.write_record(["parameter", name, &spreadsheet_text(value), "", ""])?;
        }
        for file in files {
            let name = spreadsheet_text(&file.name);
            writer.write_record([
                "file",
                file.flag.trim_start_matches('-'),
                &name,
                &file.bytes.to_string(),
                &file.sha256,
            ])?;
        }
        for (key, object) in objects {
            let sha256 = hex::encode(object.hashed.sha256);
            writer.write_record(["object", key, "", &object.hashed.bytes.to_string(), &sha256])?;
        }
        Ok::<_, csv::Error>(())
    };
    let failed = |error| ExhibitError::write("writing", "inputs.csv".as_ref(), error);
    write().map_err(|error| failed(error.into()))?;
    let content = writer.into_inner().map_err(|error| failed(error.into_error()))?;
    let sha256 = hex::encode(Sha256::digest(&content));
    Ok((content, sha256))
}

/// Returns the parameters, in the order in which they are listed.
pub(super) fn parameters(request: &ExhibitRequest<'_>) -> Vec<(&'static str, String)> {
    let mut parameters = vec![
        ("lake", request.lake.to_string()),
        ("from", request.from.to_string()),
        ("to", request.to.to_string()),
        ("as_of", request.now.to_string()),
        ("time_zone", request.time_zone.iana_name().unwrap_or("UTC").to_owned()),
        ("program_version", request.program.version.to_owned()),
    ];
    let optional = [
        ("program_commit", request.program.commit.clone()),
        ("program_sha256", request.program.binary_sha256.clone()),
        ("prepared_by", request.prepared_by.clone()),
        ("retention_days", request.retention_days.map(|days| days.to_string())),
        ("pseudonyms", request.pseudonyms.as_ref().map(|path| path.display().to_string())),
        ("sample_size", request.sample.as_ref().map(|sample| sample.size.to_string())),
        ("sample_seed", request.sample.as_ref().map(|sample| sample.seed.clone())),
    ];
    parameters.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
    parameters.extend(request.keys.iter().map(|key| ("public_key_sha256", key.sha256.clone())));
    parameters.extend(request.known.iter().map(|(key, sha256)| ("known_digest", format!("{key}={sha256}"))));
    parameters
}
