//! The folder of an exhibit, read one name at a time. Anybody may have written in it: no link is followed, and nothing
//! without an end is read.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, statat};
use sha2::{Digest, Sha256};

use crate::bounded_file::ReadError;

/// Bytes of a file that are in memory while it is hashed.
const CHUNK: usize = 64 << 10;

/// A folder that is open for reading.
#[derive(Debug)]
pub struct ExhibitFolder(OwnedFd);

/// The entry under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FolderEntry {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A pipe, a device or a socket.
    Special,
}

impl fmt::Display for FolderEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FolderEntry::File => "a file",
            FolderEntry::Folder => "a folder",
            FolderEntry::Link => "a symbolic link",
            FolderEntry::Special => "a pipe, a device or a socket",
        })
    }
}

/// The reason why an entry has no bytes to compare.
#[derive(Debug, thiserror::Error)]
pub(super) enum EntryError {
    /// No entry.
    #[error("it is not in the folder")]
    Missing,
    /// An entry of another kind.
    #[error("it is {0}, not a file, and was not read")]
    NotAFile(FolderEntry),
    /// A file that could not be read.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
}

impl From<io::Error> for EntryError {
    fn from(error: io::Error) -> EntryError {
        match error.kind() {
            ErrorKind::NotFound => EntryError::Missing,
            _ => EntryError::Unreadable(ReadError::Io(error)),
        }
    }
}

impl ExhibitFolder {
    /// Opens a folder.
    ///
    /// # Errors
    /// Returns an error if it is not there, is not a folder, or may not be read.
    pub fn open(path: &Path) -> io::Result<ExhibitFolder> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        Ok(ExhibitFolder(openat(CWD, path, flags, Mode::empty())?))
    }

    /// Lists the names, with their entries, in no order.
    pub(super) fn entries(&self) -> io::Result<impl Iterator<Item = io::Result<(Vec<u8>, FolderEntry)>>> {
        let names = Dir::read_from(&self.0)?.map(|entry| Ok(entry?.file_name().to_bytes().to_vec()));
        let is_entry = |name: &io::Result<Vec<u8>>| !matches!(name.as_deref(), Ok(b"." | b".."));
        Ok(names.filter(is_entry).map(|name| {
            let name = name?;
            let entry = self.look(&name)?;
            Ok((name, entry))
        }))
    }

    fn look(&self, name: &[u8]) -> io::Result<FolderEntry> {
        let stat = statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => FolderEntry::File,
            FileType::Directory => FolderEntry::Folder,
            FileType::Symlink => FolderEntry::Link,
            _ => FolderEntry::Special,
        })
    }

    /// Opens a file. Even opening a device can have effects, and what is under a name can change: both are looked at.
    fn file(&self, name: &str) -> Result<(File, u64), EntryError> {
        let entry = self.look(name.as_bytes())?;
        if entry != FolderEntry::File {
            return Err(EntryError::NotAFile(entry));
        }
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = openat(&self.0, name, flags, Mode::empty()).map_err(io::Error::from)?;
        let file = File::from(file);
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(EntryError::NotAFile(FolderEntry::Special));
        }
        Ok((file, metadata.len()))
    }

    /// Reads a file of at most `limit` bytes.
    pub(super) fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, EntryError> {
        let (file, _) = self.file(name)?;
        let mut bytes = Vec::new();
        file.take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit { Err(ReadError::TooLarge(limit).into()) } else { Ok(bytes) }
    }

    /// Returns the size of a file and its SHA-256, in hexadecimal; the size alone if it is not `expected`.
    pub(super) fn hash(&self, name: &str, expected: u64) -> Result<(u64, Option<String>), EntryError> {
        let (file, bytes) = self.file(name)?;
        if bytes != expected {
            return Ok((bytes, None));
        }
        // A file that grows meanwhile ends here too, with another hash.
        let mut file = file.take(expected.saturating_add(1));
        let (mut hash, mut chunk) = (Sha256::new(), vec![0; CHUNK]);
        loop {
            let read = match file.read(&mut chunk) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read?,
            };
            match chunk.get(..read) {
                Some(read) if !read.is_empty() => hash.update(read),
                _ => return Ok((bytes, Some(hex::encode(hash.finalize())))),
            }
        }
    }

    /// Returns device and number of a file.
    pub(super) fn identity(&self, name: &str) -> Option<(u64, u64)> {
        let metadata = self.file(name).ok()?.0.metadata().ok()?;
        Some((metadata.dev(), metadata.ino()))
    }
}
