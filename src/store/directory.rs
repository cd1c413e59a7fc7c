//! A lake in a directory, with S3's semantics: an object is there whole or not at all, and is never replaced.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::{
    Content, Found, Hashed, LARGEST_DOCUMENT, Level, Look, Object, Put, StoreError, TAIL, impossible_size,
};
use crate::layout::{Key, ObjectKey};

/// How the name of a temporary file ends, which begins with a dot.
const TEMPORARY: &str = ".tmp";

/// Bytes that are read at a time.
const READ: usize = 256 << 10;

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
        let linked = self.linked_folder(&key.to_string()).map_err(|error| failed("writing", &path, &error))?;
        if let Some(link) = linked {
            return Err(behind_a_link(&path, &link));
        }
        write_new(&path, object.content).map_err(|error| failed("writing", &path, &error))
    }

    /// Looks at what lies under a key, without following links or opening what is no file.
    pub(super) fn look(&self, key: &str) -> Result<Look, StoreError> {
        let path = self.root.join(key);
        let look = || match self.linked_folder(key)? {
            Some(link) => Ok(Look::Foreign(format!("behind {}, a symbolic link", link.display()))),
            None => look(&path),
        };
        look().map_err(|error| failed("looking at", &path, &error))
    }

    /// Returns the first folder on the way from the lake's directory to `key` that is a symbolic link.
    fn linked_folder(&self, key: &str) -> io::Result<Option<PathBuf>> {
        let mut folder = self.root.clone();
        let folders = key.rsplit_once('/').map_or("", |(folders, _)| folders);
        for name in folders.split('/').filter(|name| !name.is_empty()) {
            folder.push(name);
            match fs::symlink_metadata(&folder) {
                Ok(metadata) if metadata.is_symlink() => return Ok(Some(folder)),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    pub(super) fn level(&self, folder: &str) -> Result<Level, StoreError> {
        let mut level = Level::default();
        for entry in self.entries(folder)? {
            match entry {
                Entry::Folder(name) => level.folders.push(name),
                Entry::File(name) => level.objects.push(format!("{folder}{name}")),
            }
        }
        Ok(level)
    }

    pub(super) fn find(&self, folder: &str) -> Result<Vec<Found>, StoreError> {
        if self.root.join(folder).is_file() {
            return Ok(vec![self.found(folder.to_owned())?]);
        }
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in self.entries(&folder)? {
                match entry {
                    Entry::Folder(name) => folders.push(format!("{folder}{name}/")),
                    Entry::File(name) => found.push(self.found(format!("{folder}{name}"))?),
                }
            }
        }
        found.sort();
        Ok(found)
    }

    fn found(&self, key: String) -> Result<Found, StoreError> {
        let path = self.root.join(&key);
        // Of a link itself: it may lead nowhere.
        let metadata = fs::symlink_metadata(&path).map_err(|error| failed("looking at", &path, &error))?;
        Ok(Found { key, bytes: metadata.len(), version_id: None, hidden: false, versions: 1 })
    }

    pub(super) fn hash(&self, key: &str) -> Result<Hashed, StoreError> {
        let path = self.root.join(key);
        hash(&path).map_err(|error| failed("reading", &path, &error))
    }

    pub(super) fn read(&self, key: &ObjectKey) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.root.join(key.as_str());
        let read = || {
            let bytes = regular(&path)?;
            if bytes > LARGEST_DOCUMENT { Ok(Err(bytes)) } else { fs::read(&path).map(Ok) }
        };
        match read() {
            Ok(Ok(bytes)) => Ok(Some(bytes)),
            Ok(Err(bytes)) => Err(StoreError::too_large(path.display().to_string(), bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("reading", &path, &error)),
        }
    }

    /// What lies in a folder, in order. Temporary files that a crash left are none of it.
    fn entries(&self, folder: &str) -> Result<Vec<Entry>, StoreError> {
        let path = self.root.join(folder);
        let read = || -> io::Result<Vec<Entry>> {
            let mut entries = Vec::new();
            for entry in fs::read_dir(&path)? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                // A link is not followed here, or it could lead round in a circle.
                if entry.file_type()?.is_dir() {
                    entries.push(Entry::Folder(name));
                } else if !(name.starts_with('.') && name.ends_with(TEMPORARY)) {
                    entries.push(Entry::File(name));
                }
            }
            entries.sort();
            Ok(entries)
        };
        match read() {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            read => read.map_err(|error| failed("listing", &path, &error)),
        }
    }

    fn path(&self, key: Key<'_>) -> PathBuf {
        self.root.join(key.to_string())
    }
}

/// What lies in a folder.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Entry {
    File(String),
    Folder(String),
}

/// The size of a file. What is no file could be read for ever.
fn regular(path: &Path) -> io::Result<u64> {
    let metadata = fs::metadata(path)?;
    if metadata.is_file() { Ok(metadata.len()) } else { Err(ErrorKind::InvalidInput.into()) }
}

fn look(path: &Path) -> io::Result<Look> {
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Look::Nothing),
        metadata => metadata?,
    };
    let kind = metadata.file_type();
    let foreign = |found: &str| Ok(Look::Foreign(found.to_owned()));
    if kind.is_symlink() {
        return foreign("a symbolic link");
    } else if kind.is_dir() {
        return foreign("a directory");
    } else if !kind.is_file() {
        return foreign("neither a file nor a directory");
    }
    // Something else may have come to lie there meanwhile.
    let mut file = open_file(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return foreign("no file any more");
    }
    if let Some(foreign) = impossible_size(metadata.len()) {
        return Ok(foreign);
    }
    file.seek(SeekFrom::Start(metadata.len().saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    (&file).take(TAIL).read_to_end(&mut tail)?;
    file.rewind()?;
    Ok(Look::Object { hashed: hash_file(file)?, tail })
}

/// Opens a file for reading, but neither a link nor what would have to be waited for.
#[cfg(unix)]
fn open_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    File::options().read(true).custom_flags(flags.cast_signed()).open(path)
}

#[cfg(not(unix))]
fn open_file(path: &Path) -> io::Result<File> {
    File::open(path)
}

fn hash(path: &Path) -> io::Result<Hashed> {
    regular(path)?;
    hash_file(File::open(path)?)
}

fn hash_file(mut file: File) -> io::Result<Hashed> {
    let mut sha256 = Sha256::new();
    let mut buffer = vec![0; READ];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        match buffer.get(..read) {
            Some([]) | None => break,
            Some(chunk) => sha256.update(chunk),
        }
        bytes += read as u64;
    }
    Ok(Hashed { bytes, sha256: sha256.finalize().into() })
}

/// Writes beside the final name and links into place: a crash leaves a hidden temporary file, never half an object.
fn write_new(path: &Path, content: Content<'_>) -> io::Result<Put> {
    let directory = path.parent().ok_or(ErrorKind::InvalidInput)?;
    create_directories(directory)?;
    let mut beside = tempfile::Builder::new().prefix(".").suffix(TEMPORARY).tempfile_in(directory)?;
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

fn behind_a_link(path: &Path, link: &Path) -> StoreError {
    StoreError {
        code: "ForeignObject".to_owned(),
        doing: "writing",
        object: path.display().to_string(),
        problem: format!("{} is a symbolic link, which is never followed; remove it", link.display()),
    }
}

fn failed(doing: &'static str, path: &Path, error: &io::Error) -> StoreError {
    StoreError {
        code: "StorageFailed".to_owned(),
        doing,
        object: path.display().to_string(),
        problem: format!("{error}; check the directory, its permissions and the space left"),
    }
}
