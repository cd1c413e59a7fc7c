//! A temporary file that holds people's data and shall not outlive its process.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

/// A file in the temporary directory, which goes away with this value; on Linux also when the process is killed, since
/// it has no name there.
#[derive(Debug)]
pub(super) struct Temporary {
    path: PathBuf,
    _file: File,
    _name: Option<TempPath>,
}

impl Temporary {
    /// A new file, and a handle to write it with.
    pub(super) fn create() -> io::Result<(Temporary, File)> {
        let (file, name) = NamedTempFile::with_prefix("client-vpn-audit-")?.into_parts();
        let handle = file.try_clone()?;
        let temporary = match path_without_name(&file) {
            // Taking its name away leaves the file to those who have it open.
            Some(path) => Temporary { path, _file: file, _name: None },
            None => Temporary { path: name.to_path_buf(), _file: file, _name: Some(name) },
        };
        Ok((temporary, handle))
    }

    /// Where it can be opened while this value lives.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(target_os = "linux")]
fn path_without_name(file: &File) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    path.exists().then_some(path)
}

#[cfg(not(target_os = "linux"))]
fn path_without_name(_: &File) -> Option<PathBuf> {
    None
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_is_written_can_be_read_as_often_as_needed() {
        let (temporary, mut handle) = Temporary::create().unwrap();
        handle.write_all(b"evidence").unwrap();
        for _ in 0..2 {
            assert_eq!(std::fs::read(temporary.path()).unwrap(), b"evidence");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn it_has_no_name_that_could_be_left_behind() {
        let (temporary, _handle) = Temporary::create().unwrap();
        let target = std::fs::read_link(temporary.path()).unwrap();
        assert!(target.to_string_lossy().ends_with(" (deleted)"), "{}", target.display());
    }
}
