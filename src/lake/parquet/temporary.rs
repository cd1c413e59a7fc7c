//! A temporary file that contains people's data and must not outlive its process.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

/// Temporary space that a target needs, in bytes: three times what AWS's largest endpoint takes, at 49 bytes a connection as
/// `benches/run` measures it. Source: Client VPN quotas, 126,000 concurrent connections an endpoint.
pub const SPACE_FOR_A_TARGET: u64 = 16 << 20;

/// Space in the temporary directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemporarySpace {
    /// Bytes that are free.
    pub free: u64,
    /// Bytes that the targets captured at a time need.
    pub needed: u64,
}

impl TemporarySpace {
    /// Returns the bytes that are free now, and those that `targets` captured at a time need.
    ///
    /// # Errors
    /// If there is no temporary directory.
    pub fn of(targets: usize) -> io::Result<TemporarySpace> {
        let targets = u64::try_from(targets).unwrap_or(u64::MAX);
        Ok(TemporarySpace {
            free: free_space(&std::env::temp_dir())?,
            needed: SPACE_FOR_A_TARGET.saturating_mul(targets),
        })
    }

    /// Returns `true` if there is enough.
    pub fn suffices(self) -> bool {
        self.free >= self.needed
    }
}

#[cfg(unix)]
fn free_space(directory: &Path) -> io::Result<u64> {
    let space = rustix::fs::statvfs(directory)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

/// Returns the maximum: here a full directory shows while it is written.
#[cfg(not(unix))]
fn free_space(_: &Path) -> io::Result<u64> {
    Ok(u64::MAX)
}

/// A file in the temporary directory, which is deleted with this value; on Linux also if the process is killed, since
/// it has no name there.
#[derive(Debug)]
pub(super) struct Temporary {
    path: PathBuf,
    _file: File,
    _name: Option<TempPath>,
}

impl Temporary {
    /// Creates a file, and a handle to write it with.
    pub(super) fn create() -> io::Result<(Temporary, File)> {
        let (file, name) = NamedTempFile::with_prefix("client-vpn-audit-")?.into_parts();
        let handle = file.try_clone()?;
        let temporary = match path_without_name(&file) {
            // Removing its name leaves the file to those who have it open.
            Some(path) => Temporary { path, _file: file, _name: None },
            None => Temporary { path: name.to_path_buf(), _file: file, _name: Some(name) },
        };
        Ok((temporary, handle))
    }

    /// Returns the path at which it can be opened while this value exists.
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
    fn space_is_compared_with_what_all_targets_need() {
        let space = TemporarySpace::of(3).unwrap();
        assert_eq!(space.needed, 3 * 16 * 1024 * 1024);
        for (free, suffices) in [(space.needed - 1, false), (space.needed, true)] {
            assert_eq!(TemporarySpace { free, ..space }.suffices(), suffices, "{free}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn free_space_is_what_others_report() {
        let output = std::process::Command::new("df").args(["--output=avail", "-B1", "/"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let reported: u64 = text.lines().nth(1).unwrap().trim().parse().unwrap();
        let free = free_space(Path::new("/")).unwrap();
        assert!(free.abs_diff(reported) < reported / 10 + (1 << 30), "{free} and {reported}");
        assert!(free_space(Path::new("/nowhere")).is_err());
    }

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
