//! The entries of a listing.

use std::fmt;

/// An object that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Its key relative to the lake's prefix, as it was found: it may not be one of this program.
    pub key: String,
    /// The size of the first object under the key.
    pub bytes: u64,
    /// The S3 version of that; `None` if the bucket has no versions, and in a directory.
    pub version_id: Option<String>,
    /// `true` if a delete marker hides it.
    pub hidden: bool,
    /// Number of versions; this program never writes more than one.
    pub versions: usize,
    /// The reason why it is not a readable file; `None` for a file, and in S3.
    pub irregular: Option<Irregular>,
}

impl Found {
    pub(super) fn irregular(key: String, irregular: Irregular) -> Found {
        Found { key, bytes: 0, version_id: None, hidden: false, versions: 1, irregular: Some(irregular) }
    }
}

/// An entry of a lake's directory that is not a file with a readable name. It is never followed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Irregular {
    /// A symbolic link.
    Link,
    /// A pipe, a socket or a device.
    Special,
    /// A folder under the name of an object.
    Folder,
    /// A folder whose name has bytes that are not text.
    Name,
    /// Folders in folders, deeper than any path can be.
    TooDeep,
    /// An unexpected folder that cannot be listed.
    Unreadable,
}

impl fmt::Display for Irregular {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Irregular::Link => "is a symbolic link, and links are not followed",
            Irregular::Special => "is a pipe, a socket or a device, which is not opened",
            Irregular::Folder => "is a folder under the name of an object",
            Irregular::Name => "is a folder whose name is not text",
            Irregular::TooDeep => "is a folder deeper than a path can name, which is not opened",
            Irregular::Unreadable => "is a folder where none belongs, and cannot be listed",
        })
    }
}
