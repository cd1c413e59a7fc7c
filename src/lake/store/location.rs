//! The location of a lake, as somebody wrote it.

use std::fmt;
use std::path::PathBuf;

/// A checked location of a lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// `s3://bucket/prefix`
    S3 {
        /// The bucket.
        bucket: String,
        /// The prefix of all keys, without slashes around it; empty for the entire bucket.
        prefix: String,
    },
    /// A directory, made on the first write.
    Directory(PathBuf),
}

/// The reason why a text is not the location of a lake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// The text is empty.
    #[error("s3://bucket/prefix or a directory")]
    Empty,
    /// Another scheme.
    #[error("s3://bucket/prefix or a directory; no other scheme is known")]
    Scheme,
    /// S3 has no bucket of this name.
    #[error("s3:// and a bucket's name: 3 to 63 lower-case letters, digits, dots and hyphens")]
    Bucket,
    /// The prefix could mean another location, or break a query.
    #[error(
        "a prefix of letters, digits and !-_.*'()= between single slashes, none of its parts being . or .."
    )]
    Prefix,
    /// Something other than a directory exists there.
    #[error("a directory, or a path at which there is nothing yet; a file is there")]
    NotADirectory,
}

impl Location {
    /// Reads `s3://bucket/prefix` or the path of a directory.
    ///
    /// # Errors
    /// If it is neither.
    pub fn parse(text: &str) -> Result<Location, LocationError> {
        if text.is_empty() {
            return Err(LocationError::Empty);
        }
        if let Some(place) = text.strip_prefix("s3://") {
            return parse_s3(place);
        }
        if has_scheme(text) {
            return Err(LocationError::Scheme);
        }
        let path = PathBuf::from(text);
        if path.exists() && !path.is_dir() {
            return Err(LocationError::NotADirectory);
        }
        Ok(Location::Directory(path))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::S3 { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Location::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
            Location::Directory(path) => path.display().fmt(f),
        }
    }
}

/// Returns `true` if the text begins like a URL, or like one with a slash too few (`s3:/bucket`), which is no directory's name.
fn has_scheme(text: &str) -> bool {
    text.split_once(":/").is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    })
}

fn parse_s3(place: &str) -> Result<Location, LocationError> {
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    if !is_bucket(bucket) {
        return Err(LocationError::Bucket);
    }
    if !prefix.is_empty() && !prefix.split('/').all(is_prefix_part) {
        return Err(LocationError::Prefix);
    }
    Ok(Location::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
}

fn is_bucket(text: &str) -> bool {
    let is_edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (3..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'))
        && is_edge(text.bytes().next())
        && is_edge(text.bytes().last())
        && !text.contains("..")
}

fn is_prefix_part(part: &str) -> bool {
    !matches!(part, "" | "." | "..")
        && part.len() <= 200
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!-_.*'()=".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_and_directories_are_places() {
        for (text, bucket, prefix) in [
            ("s3://evidence", "evidence", ""),
            ("s3://evidence/", "evidence", ""),
            ("s3://my.evidence-1/vpn/audit/", "my.evidence-1", "vpn/audit"),
        ] {
            let expected = Location::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() };
            assert_eq!(Location::parse(text), Ok(expected), "{text}");
        }
        assert_eq!(Location::parse("./lake"), Ok(Location::Directory("./lake".into())));
    }

    #[test]
    fn what_is_neither_is_refused() {
        for (text, expected) in [
            ("", LocationError::Empty),
            ("gs://bucket/prefix", LocationError::Scheme),
            ("https://bucket.s3.amazonaws.com/", LocationError::Scheme),
            ("s3:/bucket/prefix", LocationError::Scheme),
            ("s3://", LocationError::Bucket),
            ("s3://Bucket", LocationError::Bucket),
            ("s3://ab", LocationError::Bucket),
            ("s3://a..b", LocationError::Bucket),
            ("s3://-bucket", LocationError::Bucket),
            ("s3://bucket//prefix", LocationError::Prefix),
            ("s3://bucket/../other", LocationError::Prefix),
            ("s3://bucket/a b", LocationError::Prefix),
            ("s3://bucket/a?b", LocationError::Prefix),
        ] {
            assert_eq!(Location::parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn a_file_is_no_lake() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = file.path().to_str().unwrap();
        assert_eq!(Location::parse(text), Err(LocationError::NotADirectory));
    }
}
