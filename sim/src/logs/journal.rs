//! The events of one log group.

use crate::account_region::AccountRegion;
use crate::log_event::LogEvent;
use crate::log_group::LogGroup;
use crate::logs::arrival::delay_millis;
use crate::logs::foreign::{self, Foreign};
use crate::logs::logger::{Logger, Sighting};
use crate::random::{mix, mix_bytes};

/// One log group with everything that writes to it.
#[derive(Debug)]
pub(crate) struct Journal {
    group: LogGroup,
    region: String,
    key: u64,
    loggers: Vec<Logger>,
}

/// An event that is known to exist, without its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) timestamp: i64,
    pub(crate) ingestion_time: i64,
    id: u64,
    source: Source,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// An endpoint, by its index.
    Endpoint(usize, Sighting),
    Foreign(Foreign),
}

impl Journal {
    pub(crate) fn new(group: LogGroup, location: &AccountRegion, loggers: Vec<Logger>) -> Self {
        let place = format!("{} {} {}", location.account_id, location.region, group.name);
        Self { key: mix_bytes(0, place.as_bytes()), group, region: location.region.clone(), loggers }
    }

    /// Returns a number that distinguishes this group from others.
    pub(crate) fn key(&self) -> u64 {
        self.key
    }

    pub(crate) fn group(&self) -> &LogGroup {
        &self.group
    }

    /// Lists the events from `from` to `to`, both included, in milliseconds since 1970: by time, then by arrival.
    pub(crate) fn entries(&self, from: i64, to: i64) -> Vec<Entry> {
        let from = from.max(self.group.created.as_millisecond());
        let mut entries = Vec::new();
        for (index, logger) in self.loggers.iter().enumerate() {
            logger.each(from, to, |sighting| {
                let source = Source::Endpoint(index, sighting);
                entries.push(self.entry(sighting.timestamp, sighting.id, source));
            });
        }
        foreign::each(self.key, self.group.foreign_per_hour, from, to, |event| {
            entries.push(self.entry(event.timestamp, event.id, Source::Foreign(event)));
        });
        entries.sort_unstable_by_key(|entry| (entry.timestamp, entry.ingestion_time, entry.id));
        entries
    }

    fn entry(&self, timestamp: i64, id: u64, source: Source) -> Entry {
        let ingestion_time = timestamp + delay_millis(id, self.group.late);
        Entry { timestamp, ingestion_time, id, source }
    }

    /// Returns the stream that an event is in.
    pub(crate) fn stream_name(&self, entry: &Entry) -> String {
        match entry.source {
            Source::Endpoint(index, sighting) => self
                .loggers
                .get(index)
                .map_or_else(String::new, |logger| logger.stream_name(&self.region, sighting.timestamp)),
            Source::Foreign(_) => foreign::STREAM.to_owned(),
        }
    }

    /// Returns the event with its text, masked as the group's policy requires unless `unmask`.
    pub(crate) fn event(&self, entry: &Entry, unmask: bool) -> LogEvent {
        let message = match entry.source {
            Source::Endpoint(index, sighting) => {
                self.loggers.get(index).map_or_else(String::new, |logger| logger.message(&sighting))
            }
            Source::Foreign(event) => event.message(),
        };
        LogEvent {
            log_stream_name: self.stream_name(entry),
            timestamp: entry.timestamp,
            message: if unmask { message } else { mask(message, &self.group.masked_fields) },
            ingestion_time: entry.ingestion_time,
            event_id: event_id(entry),
        }
    }
}

/// Returns 56 digits, as AWS's ids have.
fn event_id(entry: &Entry) -> String {
    let second = mix(&[entry.id, 0x6576_6964]);
    format!("3{:015}{:020}{:020}", entry.timestamp.max(0), entry.id, second)
}

/// Replaces the values of these keys by asterisks, as many as they have characters.
fn mask(message: String, fields: &[String]) -> String {
    fields.iter().fold(message, |message, field| {
        let key = format!("\"{field}\":\"");
        let Some((before, value, after)) = message
            .split_once(&key)
            .and_then(|(before, rest)| rest.split_once('"').map(|(value, after)| (before, value, after)))
        else {
            return message;
        };
        format!("{before}{key}{}\"{after}", "*".repeat(value.chars().count()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_value_is_as_many_asterisks_and_other_text_stays() {
        let fields = ["device-ip".to_owned(), "username".to_owned()];
        let line = |ip: &str, user: &str| {
            format!("{{\"device-ip\":\"{ip}\",\"port\":\"1\",\"username\":\"{user}\"}}")
        };
        assert_eq!(mask(line("192.0.2.17", "zoë"), &fields), line("**********", "***"));
        for text in ["", "plain text", "{\"device-ip\":7}", "{\"device-ip\":\"cut"] {
            assert_eq!(mask(text.to_owned(), &fields), text);
        }
    }
}
