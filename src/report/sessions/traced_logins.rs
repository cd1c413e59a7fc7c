//! Names and times from another source, such as the log-ins of an identity provider, looked for among the sessions.

use std::collections::HashMap;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::columns::Session;
use super::reader::{SessionsRead, Visibility};
use super::session::identity_key;
use crate::bounded_file::{self, ReadError};

/// Largest file that is read, in bytes.
const LARGEST_TRACE: u64 = 64 << 20;

/// Most lines of a file.
const MOST_ENTRIES: usize = 500_000;

/// Time before and after that of the other source in which a session may have begun: people take a moment, and clocks differ.
pub const TRACE_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// A name and a time of the other source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TraceEntry {
    /// Line of the file that it begins on.
    pub line: u64,
    /// Name of the user.
    pub user: String,
    /// The time.
    pub time: Timestamp,
}

/// The result for one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TraceResult {
    /// A session of the user may have been there at that time or began within five minutes of it.
    Found,
    /// There is none, and it can have been missed: an endpoint was not captured then, or something could not be read.
    InHole,
    /// There is none.
    Absent,
}

/// An entry with its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Traced {
    /// The entry.
    #[serde(flatten)]
    pub entry: TraceEntry,
    /// The result.
    pub result: TraceResult,
    /// The endpoint of the session, or the one that was not captured; `None` for absent ones.
    pub endpoint_id: Option<String>,
    /// The session; `None` if none was found.
    pub connection_id: Option<String>,
}

/// The reason why a file is no trace.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    /// It is not CSV.
    #[error("it is not CSV: {0}")]
    Csv(String),
    /// It lacks a column, or has it twice.
    #[error("its first line must name the columns user and time, each once; {0} is not there once")]
    Column(&'static str),
    /// A line has no time.
    #[error("line {0} has no time in RFC 3339, such as 2026-11-01T09:00:00Z")]
    Time(u64),
    /// A line has no name.
    #[error("line {0} has no user")]
    User(u64),
    /// It has too many lines.
    #[error("LimitExceeded: it has more than {MOST_ENTRIES} lines")]
    Lines,
    /// It has no line after the first.
    #[error("it has no line after the first")]
    Empty,
}

/// The entries of a file, with the sessions found for them.
#[derive(Debug)]
pub struct Trace {
    entries: Vec<TraceEntry>,
    found: Vec<Option<(String, String)>>,
    /// Places of the entries of a user, by `identity_key`.
    of_user: HashMap<String, Vec<usize>>,
}

impl Trace {
    /// Reads a CSV file whose first line names the columns `user` and `time`. Others are ignored.
    ///
    /// # Errors
    /// Returns an error if it cannot be read or a line has no user or no time.
    pub fn read(path: &Path) -> Result<Trace, TraceError> {
        Trace::parse(&bounded_file::read(path, LARGEST_TRACE)?)
    }

    fn parse(bytes: &[u8]) -> Result<Trace, TraceError> {
        let text = std::str::from_utf8(bytes).map_err(|_error| ReadError::NotText)?;
        // Spreadsheets write a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        // An error of CSV can quote nothing: it has places and lengths.
        let not_csv = |error: csv::Error| TraceError::Csv(error.to_string());
        let headers = reader.headers().map_err(not_csv)?.clone();
        let column = |name: &'static str| {
            let mut places =
                headers.iter().enumerate().filter(|(_, header)| header.eq_ignore_ascii_case(name));
            match (places.next(), places.next()) {
                (Some((place, _)), None) => Ok(place),
                _ => Err(TraceError::Column(name)),
            }
        };
        let (user, time) = (column("user")?, column("time")?);
        let mut entries = Vec::new();
        for record in reader.records() {
            let record = record.map_err(not_csv)?;
            let line = record.position().map_or(0, csv::Position::line);
            let name = record.get(user).filter(|name| !name.is_empty()).ok_or(TraceError::User(line))?;
            let time = record.get(time).and_then(|time| time.parse().ok()).ok_or(TraceError::Time(line))?;
            if entries.len() == MOST_ENTRIES {
                return Err(TraceError::Lines);
            }
            entries.push(TraceEntry { line, user: name.to_owned(), time });
        }
        if entries.is_empty() {
            return Err(TraceError::Empty);
        }
        let mut of_user: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, entry) in entries.iter().enumerate() {
            of_user.entry(identity_key(&entry.user)).or_default().push(place);
        }
        Ok(Trace { found: vec![None; entries.len()], entries, of_user })
    }

    /// Returns the first and the last time of a session that may be one of these.
    pub fn period(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let times = || self.entries.iter().map(|entry| entry.time);
        let from = times().min().map(|time| time.saturating_sub(TRACE_TOLERANCE).unwrap_or(time));
        // A session of the last moment counts too.
        let to = times().max().map(|time| {
            time.saturating_add(TRACE_TOLERANCE + SignedDuration::from_millis(1)).unwrap_or(time)
        });
        (from, to)
    }

    /// Notes a session for the entries that it may be of.
    pub fn see(&mut self, session: &Session) {
        let of_user = session.identity_key.as_ref().and_then(|key| self.of_user.get(key));
        for &place in of_user.into_iter().flatten() {
            if let (Some(entry), Some(found)) = (self.entries.get(place), self.found.get_mut(place))
                && found.is_none()
                && may_be(session, entry.time)
            {
                *found = Some((session.endpoint_id.clone(), session.connection_id.clone()));
            }
        }
    }

    /// Returns the result for each entry, in the order of the file.
    pub fn results(self, read: &SessionsRead) -> Vec<Traced> {
        let watched = &read.watched;
        let traced = |(entry, found): (TraceEntry, Option<(String, String)>)| match found {
            Some((endpoint_id, connection_id)) => Traced {
                entry,
                result: TraceResult::Found,
                endpoint_id: Some(endpoint_id),
                connection_id: Some(connection_id),
            },
            None => {
                let unwatched = watched
                    .iter()
                    .find(|endpoint| endpoint.visibility_around(entry.time) != Visibility::Watched);
                // Without any endpoint on record, nothing was captured. What could not be read may have it.
                let is_absent = unwatched.is_none() && !watched.is_empty() && read.unreadable.is_empty();
                Traced {
                    entry,
                    result: if is_absent { TraceResult::Absent } else { TraceResult::InHole },
                    endpoint_id: unwatched.map(|endpoint| endpoint.endpoint_id.clone()),
                    connection_id: None,
                }
            }
        };
        self.entries.into_iter().zip(self.found).map(traced).collect()
    }
}

/// Returns `true` if a session may have been there within five minutes of a time.
fn may_be(session: &Session, time: Timestamp) -> bool {
    let begins =
        if session.begin_seen { Some(session.connection_established_time) } else { session.began_after };
    let latest = time.saturating_add(TRACE_TOLERANCE).unwrap_or(time);
    let earliest = time.saturating_sub(TRACE_TOLERANCE).unwrap_or(time);
    begins.is_none_or(|begins| begins <= latest) && session.ended_before.is_none_or(|ends| ends >= earliest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Trace::parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_file_without_names_and_times_is_refused_by_its_line() {
        for (text, message) in [
            ("", "its first line must name the columns user and time, each once; user is not there once"),
            (
                "user\nmaria\n",
                "its first line must name the columns user and time, each once; time is not there once",
            ),
            (
                "user,time,USER\n",
                "its first line must name the columns user and time, each once; user is not there once",
            ),
            ("user,time\n", "it has no line after the first"),
            ("user,time\nmaria,soon\n", "line 2 has no time in RFC 3339, such as 2026-11-01T09:00:00Z"),
            ("user,time\n,2026-11-01T09:00:00Z\n", "line 2 has no user"),
        ] {
            assert_eq!(refused(text), message, "{text:?}");
        }
        let error = refused("user,time\nmaria,2026-11-01T09:00:00Z,more\n");
        assert!(error.starts_with("it is not CSV: ") && !error.contains("maria"), "{error}");
    }

    #[test]
    fn columns_may_come_in_any_order_after_a_byte_order_mark_and_beside_others() {
        let trace =
            Trace::parse("\u{feff}Time,app,USER\n2026-11-01T09:00:00+01:00,vpn,CORP\\Maria\n".as_bytes());
        let trace = trace.unwrap();
        assert_eq!(trace.of_user.keys().collect::<Vec<_>>(), ["maria"]);
        assert_eq!(trace.entries[0].time, "2026-11-01T08:00:00Z".parse().unwrap());
        assert_eq!(trace.entries[0].line, 2);
    }
}
