//! Opens the entries of a directory one name at a time and follows no link, so that nothing outside the lake is read as
//! evidence, and nothing that never ends.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, statat};

use crate::lake::store::{Irregular, name};

/// The entry under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Folder,
    /// A file of that many bytes.
    File(u64),
    Irregular(Irregular),
}

/// Opens the folder of that key below `root`.
pub(super) fn folder(root: &Path, key: &str) -> io::Result<OwnedFd> {
    let mut folder = openat(CWD, root, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    for name in name::bytes(key).split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
        if matches!(name, b"." | b"..") {
            return Err(ErrorKind::InvalidInput.into());
        }
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        folder = openat(&folder, name, flags, Mode::empty())?;
    }
    Ok(folder)
}

/// Lists the names in a folder, with their entries.
pub(super) fn names(folder: &OwnedFd) -> io::Result<Vec<(Vec<u8>, What)>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if matches!(name.as_slice(), b"." | b"..") {
            continue;
        }
        match look(folder, &name) {
            Ok(what) => names.push((name, what)),
            // Removed meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(names)
}

/// Returns the entry under a name of a folder.
fn look(folder: &OwnedFd, name: &[u8]) -> io::Result<What> {
    let stat = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => What::Folder,
        FileType::RegularFile => What::File(u64::try_from(stat.st_size).unwrap_or(0)),
        FileType::Symlink => What::Irregular(Irregular::Link),
        _ => What::Irregular(Irregular::Special),
    })
}

/// Returns the entry under a key.
pub(super) fn at(root: &Path, key: &str) -> io::Result<What> {
    let (parent, name) = split(key);
    look(&folder(root, parent)?, &name::bytes(name))
}

/// Opens a file. A pipe or a device could be read without end, so only the opened file's own type counts.
pub(super) fn file(root: &Path, key: &str) -> io::Result<(File, u64)> {
    let (parent, name) = split(key);
    let (folder, name) = (folder(root, parent)?, name::bytes(name));
    // Even opening a device can have effects.
    regular(look(&folder, &name)?)?;
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(openat(&folder, name, flags, Mode::empty())?);
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata.len())) } else { Err(not_a_file(Irregular::Special)) }
}

fn regular(what: What) -> io::Result<()> {
    match what {
        What::File(_) => Ok(()),
        What::Folder => Err(not_a_file(Irregular::Folder)),
        What::Irregular(irregular) => Err(not_a_file(irregular)),
    }
}

fn not_a_file(irregular: Irregular) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, format!("it {irregular}"))
}

/// Returns the folder's key and the name in it.
fn split(key: &str) -> (&str, &str) {
    key.rsplit_once('/').unwrap_or(("", key))
}
