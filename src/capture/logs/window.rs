//! One reading of a log group, from its first page to its entry in the ledger.

use std::sync::Arc;

use super::LogTools;
use crate::answer_limits::Limit;
use crate::aws::ec2::pager::{Next, Pager};
use crate::aws::ec2::{PageError, PageTimes};
use crate::aws::logs::{EventsPage, EventsRequest, LogSource, deadline, over_limit, repeated_token};
use crate::capture::existing_object::{Existing, find_existing, possible_times};
use crate::capture::target_capture::vanished;
use crate::error_code::ErrorCode;
use crate::lake::keys::Key;
use crate::lake::ledger::logs::WindowTally;
use crate::lake::ledger::{CaptureError, Outcome, WindowEntry, Written};
use crate::lake::parquet::{LogWriter, identity_of_connection_logs, read_event_ids};
use crate::lake::store::{Content, Keep, LARGEST_DOCUMENT, Object, Put};
use crate::log_group::{LogGroup, LogGroupId};
use crate::log_window::{Reading, Window};
use crate::snapshot_time::SnapshotTime;
use crate::tables::connection_logs::event_ids::EventIds;
use crate::tables::connection_logs::rows::{Counts, FOREIGN_BYTES};
use crate::tables::unknown::record_names;

const PARQUET: &str = "application/vnd.apache.parquet";

/// The tools and the log group of readings.
pub(super) struct Readings<'a> {
    pub tools: LogTools<'a>,
    pub source: &'a LogSource,
    pub group: &'a LogGroup,
}

/// Reads a window, and writes it if it was read to its end. `first` are the windows of a second reading that are in the lake. It
/// does not fail: an error is in the entry.
pub(super) async fn read(readings: &Readings<'_>, reading: Reading, first: &[Window]) -> WindowEntry {
    let mut entry = WindowEntry {
        start: SnapshotTime::truncated(reading.start()),
        end: SnapshotTime::truncated(reading.end()),
        late: reading.is_late(),
        outcome: Outcome::Failed,
        object: None,
        tally: WindowTally::default(),
        error: None,
    };
    match readings.window(reading, first, &mut entry.tally).await {
        Ok((outcome, object)) => {
            entry.outcome = outcome;
            entry.object = Some(object);
        }
        Err(error) => entry.error = Some(error),
    }
    entry
}

/// A reading of which no further page was read.
enum Listed {
    /// CloudWatch Logs' last page carried no token.
    Complete(Box<LogWriter>, PageTimes),
    /// CloudWatch Logs lost the token.
    Expired(PageError),
}

impl Readings<'_> {
    async fn window(
        &self,
        reading: Reading,
        first: &[Window],
        tally: &mut WindowTally,
    ) -> Result<(Outcome, Written), CaptureError> {
        if let Some(existing) = self.existing(reading).await? {
            return Ok(already_captured(existing, tally));
        }
        let known = self.known_events(first).await?;
        let known = reading.is_late().then(|| Arc::new(known));
        let listed = match self.list(reading, known.clone(), tally).await? {
            Listed::Expired(_) => self.list(reading, known, tally).await?,
            listed => listed,
        };
        let (writer, times) = match listed {
            Listed::Complete(writer, times) => (writer, times),
            Listed::Expired(error) => return Err(error.into()),
        };
        self.write(reading, *writer, &times, tally).await
    }

    /// Reads all pages.
    async fn list(
        &self,
        reading: Reading,
        known: Option<Arc<EventIds>>,
        tally: &mut WindowTally,
    ) -> Result<Listed, CaptureError> {
        *tally = WindowTally::default();
        let LogTools { request, plan, clock, .. } = self.tools;
        let mut writer = LogWriter::create(reading.due(), self.group, reading.is_late())?;
        let (mut pager, mut counts, mut ids) = (Pager::new(None), Counts::default(), EventIds::default());
        loop {
            let request = EventsRequest {
                group: self.group,
                start: reading.start(),
                end: reading.last_millisecond(),
                token: pager.token(),
                unmask: request.unmask,
                limit: None,
                foreign_room: if counts.foreign_left_out > 0 {
                    0
                } else {
                    FOREIGN_BYTES - counts.foreign_bytes
                },
                known: known.clone(),
            };
            let page = plan.within(clock, self.source.page(&request)).await;
            let page = match page.unwrap_or_else(|| Err(deadline())) {
                Err(error) if error.is_expired_token() => return Ok(Listed::Expired(error)),
                page => page?,
            };
            add_page(tally, &page);
            tally.duplicates += page.rows.event_ids().filter(|id| !ids.insert(id)).count() as u64;
            let EventsPage { arrived_at, next_token, rows, events, .. } = page;
            counts.add(rows.counts.clone());
            writer.append(arrived_at, &rows)?;
            tally.known_events += events - rows.len() as u64 - rows.counts.foreign_left_out;
            add_counts(tally, &counts);
            match pager.advance(next_token, usize::try_from(events).unwrap_or(usize::MAX)) {
                Next::Page => {}
                Next::End => break,
                Next::Repeated => return Err(repeated_token().into()),
                Next::TooManyEmpty => return Err(over_limit(Limit::EmptyPages).into()),
                Next::TooMany => return Err(over_limit(Limit::Pages).into()),
                Next::TooManyRows => return Err(over_limit(Limit::Rows).into()),
            }
        }
        let times = tally.times.ok_or_else(|| counts_differ(tally.events_read, 0))?;
        Ok(Listed::Complete(Box::new(writer), times))
    }

    /// Finishes the object and puts it. If another run was quicker, the first write wins.
    async fn write(
        &self,
        reading: Reading,
        writer: LogWriter,
        times: &PageTimes,
        tally: &mut WindowTally,
    ) -> Result<(Outcome, Written), CaptureError> {
        let store = self.tools.store;
        let snapshot = writer.finish(times)?;
        let expected = tally.events_read - tally.known_events - tally.foreign_left_out;
        if snapshot.rows != expected {
            return Err(counts_differ(expected, snapshot.rows));
        }
        let group = self.group.id();
        let key = self.key(reading, &group);
        let content = Content::File(snapshot.path());
        let object = Object { content, sha256: snapshot.sha256, content_type: PARQUET };
        let object_key = store.object_key(key);
        match store.put_if_absent(key, object).await? {
            Put::Written => {
                let sha256 = hex::encode(snapshot.sha256);
                let written = Written { object_key, rows: snapshot.rows, bytes: snapshot.bytes, sha256 };
                Ok((Outcome::Complete, written))
            }
            Put::AlreadyThere => {
                let existing = self.existing(reading).await?.ok_or_else(|| vanished(&object_key))?;
                Ok(already_captured(existing, tally))
            }
        }
    }

    fn key<'a>(&'a self, reading: Reading, group: &'a LogGroupId) -> Key<'a> {
        Key::ConnectionLogs {
            place: self.group.place(),
            due: reading.due(),
            group,
            is_late: reading.is_late(),
        }
    }

    /// Returns the object of the reading, if it is in the lake.
    async fn existing(&self, reading: Reading) -> Result<Option<Existing>, CaptureError> {
        let (group, due) = (self.group.id(), reading.due());
        let identity = identity_of_connection_logs(due, self.group.place(), &group, reading.is_late());
        let times = possible_times(due, self.tools.clock.now());
        find_existing(self.tools.store, self.key(reading, &group), &identity, &[Outcome::Complete], times)
            .await
    }

    /// Returns the ids of the events that the first objects of these windows have.
    async fn known_events(&self, first: &[Window]) -> Result<EventIds, CaptureError> {
        let mut ids = EventIds::default();
        let (store, group) = (self.tools.store, self.group.id());
        for window in first {
            let key = self.key(Reading::First(*window), &group);
            let unreadable = |problem: &str| {
                let message = format!("reading the events in {}: {problem}", store.object_key(key));
                CaptureError::new(ErrorCode::ForeignObject, message)
            };
            let name = key.to_string();
            let found = store.find(&name).await?;
            let found = found.iter().find(|found| found.key == name && !found.hidden);
            let found = found.ok_or_else(|| unreadable("it is not there any more"))?;
            let object = store.examine(found, u64::MAX, Keep::AllUpTo(LARGEST_DOCUMENT)).await?.kept;
            let object = object.ok_or_else(|| over_limit(Limit::Object))?;
            read_event_ids(object, &mut ids).map_err(|error| unreadable(&error.to_string()))?;
        }
        Ok(ids)
    }
}

fn add_page(tally: &mut WindowTally, page: &EventsPage) {
    if tally.pages == 0 {
        tally.first_request_id.clone_from(&page.request_id);
    }
    tally.last_request_id.clone_from(&page.request_id);
    tally.pages += 1;
    tally.events_read += page.events;
    record_names(&mut tally.unknown_elements, page.unknown_elements.iter().cloned());
    let times = tally.times.get_or_insert(PageTimes {
        first_page_requested_at: page.requested_at,
        first_page_at: page.arrived_at,
        last_page_at: page.arrived_at,
    });
    times.last_page_at = page.arrived_at;
}

fn add_counts(tally: &mut WindowTally, counts: &Counts) {
    tally.foreign_rows = counts.foreign_rows;
    tally.foreign_left_out = counts.foreign_left_out;
    tally.unparsed_values = counts.unparsed_values;
    tally.masked.clone_from(&counts.masked);
}

/// Returns the object of an earlier run, with the times that it states.
fn already_captured(existing: Existing, tally: &mut WindowTally) -> (Outcome, Written) {
    tally.times = existing.times;
    (Outcome::AlreadyCaptured, existing.object)
}

fn counts_differ(read: u64, encoded: u64) -> CaptureError {
    let message = format!("{read} events were read and {encoded} encoded, which is a fault of this program");
    CaptureError::new(ErrorCode::CountsDiffer, message)
}
