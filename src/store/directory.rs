//! A lake in a directory, with S3's semantics: an object is there whole or not at all, and is never replaced.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{Content, Object, Put, StoreError};
use crate::layout::Key;

/// A directory whose files are the lake's objects.
#[derive(Debug, Clone)]
pub struct DirectoryStore {
    root: PathBuf,
}

impl DirectoryStore {
    /// The lake under `root`, which is made on the first write.
    pub fn new(root: PathBuf) -> DirectoryStore {
        DirectoryStore { root }
    }

    /// Whether an object is there.
    pub(super) fn contains(&self, key: Key<'_>) -> Result<bool, StoreError> {
        let path = self.path(key);
        path.try_exists().map_err(|error| failed("looking for", &path, &error))
    }

    /// Puts an object where there is none.
    pub(super) fn put_if_absent(&self, key: Key<'_>, object: Object<'_>) -> Result<Put, StoreError> {
        let path = self.path(key);
        write_new(&path, object.content).map_err(|error| failed("writing", &path, &error))
    }

    fn path(&self, key: Key<'_>) -> PathBuf {
        self.root.join(key.to_string())
    }
}

/// Writes beside the final name and links into place: a crash leaves a hidden temporary file, never half an object.
fn write_new(path: &Path, content: Content<'_>) -> io::Result<Put> {
    let directory = path.parent().ok_or(ErrorKind::InvalidInput)?;
    create_directories(directory)?;
    let mut beside = tempfile::Builder::new().prefix(".").suffix(".tmp").tempfile_in(directory)?;
    match content {
        Content::File(source) => io::copy(&mut File::open(source)?, &mut beside).map(|_| ())?,
        Content::Bytes(bytes) => beside.write_all(bytes)?,
    }
    make_readable(&beside)?;
    beside.as_file().sync_all()?;
    match beside.persist_noclobber(path) {
        Ok(_) => sync_directory(directory).map(|()| Put::Written),
        Err(refused) if refused.error.kind() == ErrorKind::AlreadyExists => Ok(Put::AlreadyThere),
        Err(refused) => Err(refused.error),
    }
}

/// Makes `directory` and those above it, each one's name on disk before anything is put into it.
fn create_directories(directory: &Path) -> io::Result<()> {
    if directory.as_os_str().is_empty() || directory.is_dir() {
        return Ok(());
    }
    if let Some(parent) = directory.parent() {
        create_directories(parent)?;
    }
    match fs::create_dir(directory) {
        Ok(()) => {}
        // Another capture made it meanwhile.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    directory.parent().map_or(Ok(()), sync_directory)
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    File::open(directory)?.sync_all()
}

/// Temporary files are their owner's alone; evidence is read by others too, and written by nobody.
#[cfg(unix)]
fn make_readable(file: &NamedTempFile) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o444))
}

#[cfg(not(unix))]
fn make_readable(_: &NamedTempFile) -> io::Result<()> {
    Ok(())
}

fn failed(doing: &'static str, path: &Path, error: &io::Error) -> StoreError {
    StoreError {
        code: "StorageFailed".to_owned(),
        doing,
        object: path.display().to_string(),
        problem: format!("{error}; check the directory, its permissions and the space left"),
    }
}
