//! A lake in a directory, with S3's semantics: an object exists completely or not at all, and is never replaced.

mod open;

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::memory_budget::DocumentBudget;
use super::{
    Content, Examined, FolderListing, Found, Irregular, Keep, LARGEST_DOCUMENT, Look, Object, Put,
    StoreError, examination::Examination, impossible_size, name,
};
use crate::error_code::ErrorCode;
use crate::lake::keys::{Key, ObjectKey};

use open::What;

/// The suffix of the name of a temporary file, which begins with a dot.
const TEMPORARY: &str = ".tmp";

/// Bytes that are read at a time.
const READ_BUFFER_BYTES: usize = 256 << 10;

/// Longest path within the lake that is listed, in bytes: no program can name a longer one.
const LONGEST_PATH: usize = 4096;

/// A directory whose files are the lake's objects.
#[derive(Debug, Clone)]
pub struct DirectoryStore {
    root: PathBuf,
    documents: DocumentBudget,
}

impl DirectoryStore {
    /// Returns the lake under `root`, which is created on the first write.
    pub fn new(root: PathBuf) -> DirectoryStore {
        DirectoryStore { root, documents: DocumentBudget::default() }
    }

    /// Returns the directory.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns `true` if the object exists.
    pub(super) fn contains(&self, key: Key<'_>) -> Result<bool, StoreError> {
        let path = self.path(key);
        path.try_exists().map_err(|error| failed("looking for", &path, &error))
    }

    /// Puts an object if there is none.
    pub(super) fn put_if_absent(&self, key: Key<'_>, object: Object<'_>) -> Result<Put, StoreError> {
        let path = self.path(key);
        let linked =
            self.linked_folder(&key.to_string()).map_err(|error| failed("writing", &path, &error))?;
        if let Some(link) = linked {
            return Err(behind_a_link(&path, &link));
        }
        write_new(&path, object.content).map_err(|error| failed("writing", &path, &error))
    }

    /// Looks at the object under a key, without following links, and opens only files.
    pub(super) fn look(&self, key: &str) -> Result<Look, StoreError> {
        let look = || match self.linked_folder(key)? {
            Some(link) => Ok(Look::Foreign(format!("behind {}, a symbolic link", link.display()))),
            None => look(&self.root, key),
        };
        look().map_err(|error| failed("looking at", &self.root.join(key), &error))
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

    pub(super) fn list_folder(&self, folder: &str) -> Result<FolderListing, StoreError> {
        let mut level = FolderListing::default();
        for (name, what) in self.entries(folder)? {
            match what {
                What::Folder => level.folders.push(name),
                What::File(_) | What::Irregular(_) => level.objects.push(format!("{folder}{name}")),
            }
        }
        Ok(level)
    }

    pub(super) fn find(&self, top: &str) -> Result<Vec<Found>, StoreError> {
        if !top.is_empty() && !top.ends_with('/') {
            return self.find_one(top);
        }
        let mut found = Vec::new();
        let mut folders = vec![top.to_owned()];
        while let Some(folder) = folders.pop() {
            if let Some(irregular) = irregular_folder(&folder) {
                found.push(Found::irregular(folder.clone(), irregular));
                if irregular == Irregular::TooDeep {
                    continue;
                }
            }
            let entries = match self.entries(&folder) {
                // No folder of this program's has folders in it that are read by this.
                Err(_) if folder != top => {
                    found.push(Found::irregular(folder, Irregular::Unreadable));
                    continue;
                }
                entries => entries?,
            };
            for (name, what) in entries {
                let key = format!("{folder}{name}");
                match what {
                    What::Folder => {
                        if ObjectKey::parse(&key).is_some() {
                            found.push(Found::irregular(key.clone(), Irregular::Folder));
                        }
                        folders.push(key + "/");
                    }
                    what => found.push(one(key, what)),
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// Finds the object under one key; nothing if a link would have to be followed.
    fn find_one(&self, key: &str) -> Result<Vec<Found>, StoreError> {
        match open::at(&self.root, key) {
            Ok(what) => Ok(vec![one(key.to_owned(), what)]),
            Err(error) if is_absent(&error) => Ok(Vec::new()),
            Err(error) => Err(failed("looking at", &self.root.join(key), &error)),
        }
    }

    pub(super) fn examine(&self, key: &str, at_most: u64, keep: Keep) -> Result<Examined, StoreError> {
        let read = || {
            let (file, _) = open::file(&self.root, key)?;
            examined(file.take(at_most.saturating_add(1)), keep)
        };
        read().map_err(|error: io::Error| failed("reading", &self.root.join(key), &error))
    }

    pub(super) async fn read_with<T>(
        &self,
        key: &ObjectKey,
        using: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, StoreError> {
        let path = self.root.join(key.as_str());
        let failed = |error: io::Error| failed("reading", &path, &error);
        let (file, length) = match open::file(&self.root, key.as_str()) {
            Ok(opened) => opened,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let too_large = |length| StoreError::too_large(path.display().to_string(), length);
        if length > LARGEST_DOCUMENT {
            return Err(too_large(length));
        }
        // A file that grows while it is read is none of this program's.
        let _permit = self.documents.take(length).await;
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        file.take(length + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > length {
            return Err(too_large(bytes.len() as u64));
        }
        Ok(Some(using(&bytes)))
    }

    /// Lists the entries of a folder, in order, without temporary files that a crash left. A folder that is reached by a link,
    /// or is not a folder, is empty: the folder above it has the link among its objects.
    fn entries(&self, folder: &str) -> Result<Vec<(String, What)>, StoreError> {
        let names = open::folder(&self.root, folder).and_then(|folder| open::names(&folder));
        match names {
            Err(error) if is_absent(&error) => Ok(Vec::new()),
            Err(error) => Err(failed("listing", &self.root.join(folder), &error)),
            Ok(names) => {
                let is_kept =
                    |(name, what): &(Vec<u8>, What)| !(matches!(what, What::File(_)) && is_temporary(name));
                let names = names.into_iter().filter(is_kept);
                let mut entries: Vec<_> = names.map(|(name, what)| (name::printable(&name), what)).collect();
                entries.sort();
                Ok(entries)
            }
        }
    }

    fn path(&self, key: Key<'_>) -> PathBuf {
        self.root.join(key.to_string())
    }
}

fn look(root: &Path, key: &str) -> io::Result<Look> {
    match open::at(root, key) {
        Ok(What::File(bytes)) => {
            if let Some(foreign) = impossible_size(bytes) {
                return Ok(foreign);
            }
        }
        Ok(What::Folder) => return Ok(Look::Foreign(Irregular::Folder.to_string())),
        Ok(What::Irregular(irregular)) => return Ok(Look::Foreign(irregular.to_string())),
        Err(error) if is_absent(&error) => return Ok(Look::Nothing),
        Err(error) => return Err(error),
    }
    let (file, _) = open::file(root, key)?;
    let Examined { hashed, head, kept } = examined(file, Keep::Tail)?;
    Ok(Look::Object { hashed, head, tail: kept.unwrap_or_default() })
}

/// Reads a file to its end.
fn examined(mut file: impl Read, keep: Keep) -> io::Result<Examined> {
    let mut examination = Examination::new(keep);
    let mut buffer = vec![0; READ_BUFFER_BYTES];
    loop {
        let read = file.read(&mut buffer)?;
        match buffer.get(..read) {
            None | Some([]) => return Ok(examination.end()),
            Some(bytes) => examination.add(bytes),
        }
    }
}

fn one(key: String, what: What) -> Found {
    match what {
        What::File(bytes) => {
            Found { key, bytes, version_id: None, hidden: false, versions: 1, irregular: None }
        }
        What::Folder => Found::irregular(key, Irregular::Folder),
        What::Irregular(irregular) => Found::irregular(key, irregular),
    }
}

/// Returns the reason why a folder is reported though all in it is.
fn irregular_folder(folder: &str) -> Option<Irregular> {
    let name = folder.trim_end_matches('/');
    if name::bytes(folder).len() > LONGEST_PATH {
        Some(Irregular::TooDeep)
    } else {
        name.rsplit('/').next().is_some_and(|name| name.contains('\\')).then_some(Irregular::Name)
    }
}

/// Returns `true` only for names that [`write_new`] gives: files that others name similarly are listed.
fn is_temporary(name: &[u8]) -> bool {
    let random = name.strip_prefix(b".").and_then(|name| name.strip_suffix(TEMPORARY.as_bytes()));
    random.is_some_and(|random| random.len() == 6 && random.iter().all(u8::is_ascii_alphanumeric))
}

/// Returns `true` if nothing exists there, or nothing that can be reached without a link.
fn is_absent(error: &io::Error) -> bool {
    let is_link = error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    is_link || matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
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

/// Creates `directory` and those above it, each one's name on disk before anything is put into it.
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

/// Lets everybody read a file and nobody write it; a temporary file is accessible only to its owner.
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
        code: ErrorCode::ForeignObject,
        doing: "writing",
        object: path.display().to_string(),
        problem: format!("{} is a symbolic link, which is never followed; remove it", link.display()),
    }
}

fn failed(doing: &'static str, path: &Path, error: &io::Error) -> StoreError {
    StoreError {
        code: ErrorCode::StorageFailed,
        doing,
        object: path.display().to_string(),
        problem: format!("{error}; check the directory, its permissions and the space left"),
    }
}
