//! The store's own clock: the `Date` of an answer of S3, or the time that the file system gives to a new file.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use jiff::Timestamp;

/// An interceptor that keeps the `Date` of the last answer.
#[derive(Debug, Clone, Default)]
pub(super) struct DateReader(Arc<Mutex<Option<String>>>);

impl DateReader {
    /// Returns the time of the last answer; `None` if it had none that can be read.
    pub(super) fn time(&self) -> Option<Timestamp> {
        let date = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        parse(&date)
    }
}

impl Intercept for DateReader {
    fn name(&self) -> &'static str {
        "DateReader"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date").map(str::to_owned);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date;
        Ok(())
    }
}

/// Reads a time of HTTP: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn parse(date: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(date).ok().map(|time| time.timestamp())
}

/// Returns the time that the file system of `root` gives to a new file, which is removed. If `root` does not exist, its nearest
/// folder counts.
pub(super) fn of_file_system(root: &Path) -> io::Result<Timestamp> {
    let folder = root.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    let file = tempfile::Builder::new().prefix(".").suffix(".tmp").tempfile_in(folder)?;
    let modified = file.as_file().metadata()?.modified()?;
    Timestamp::try_from(modified).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_answer_is_read() {
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT").unwrap().to_string(), "1994-11-06T08:49:37Z");
        for text in ["", "now", "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_file_that_asks_for_the_time_is_removed() {
        let directory = tempfile::TempDir::new().unwrap();
        // That of another file of the same file system.
        let before = std::fs::metadata(directory.path()).unwrap().modified().unwrap();
        for root in [directory.path().to_owned(), directory.path().join("not/yet")] {
            let time = of_file_system(&root).unwrap();
            assert!(time >= Timestamp::try_from(before).unwrap());
            assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        }
    }
}
