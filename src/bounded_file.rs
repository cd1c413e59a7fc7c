//! Files that a user or a setting names, read up to a limit: whatever lies at the path, reading it ends.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// An error that prevented reading a file.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not a regular file: a device or a pipe may have no end, and may wait for ever.
    #[error("it is no regular file; save it as one first")]
    NotRegular,
    /// A file beyond the limit.
    #[error("LimitExceeded: it has more than {0} bytes, the limit")]
    TooLarge(u64),
    /// A file that is not text.
    #[error("it is not UTF-8")]
    NotText,
    /// An error of the operating system.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// Returns an error if the file is larger, is not a regular file, or cannot be read.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    // Opening a pipe waits for somebody who writes to it.
    if !std::fs::metadata(path)?.is_file() {
        return Err(ReadError::NotRegular);
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(ReadError::TooLarge(limit)) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn only_a_regular_file_within_the_limit_is_read() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("key.pem");
        std::fs::write(&path, b"12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        let refused = |path: &Path| read(path, 4).unwrap_err().to_string();
        assert_eq!(refused(&path), "LimitExceeded: it has more than 4 bytes, the limit");
        let pipe = directory.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR, 0).unwrap();
        for path in [pipe.as_path(), Path::new("/dev/zero"), directory.path()] {
            assert!(refused(path).starts_with("it is no regular file"), "{}", path.display());
        }
        assert!(matches!(read(&directory.path().join("none"), 4), Err(ReadError::Io(_))));
    }
}
