//! One log group: the readings of it that are due, one after the other.

use jiff::Timestamp;

use super::LogTools;
use super::window::{Readings, read};
use super::windows::InLake;
use crate::aws::logs::{GroupDescription, LogSource, deadline};
use crate::error_code::{AwsCode, ErrorCode};
use crate::lake::ledger::recorded::RecordedLogGroup;
use crate::lake::ledger::{CaptureError, LogGroupEntry, Outcome, WindowEntry};
use crate::log_group::LogGroup;
use crate::log_window::Reading;
use crate::snapshot_time::SnapshotTime;
use crate::target::EndpointId;

/// Readings that CloudWatch Logs may refuse in a row before the log group is left for the next run.
const MOST_FAILURES: u32 = 3;

/// A log group that is read.
pub(super) struct Group<'a> {
    pub tools: LogTools<'a>,
    pub source: &'a LogSource,
    pub group: &'a LogGroup,
    pub in_lake: InLake,
    /// The newest record of it before; `None` if there is none.
    pub before: Option<RecordedLogGroup>,
}

impl Group<'_> {
    /// Makes the readings that are due, until the time is over. A reading that fails delays no other, but after several in a row the
    /// other log groups have their turn.
    pub(super) async fn read(mut self, endpoint_ids: Vec<EndpointId>) -> LogGroupEntry {
        let mut entry = self.entry(endpoint_ids);
        let LogTools { request, plan, clock, .. } = self.tools;
        let description = match plan.within(clock, self.source.group(self.group)).await {
            Some(Ok(Some(description))) => description,
            Some(Ok(None)) => return LogGroupEntry { error: Some(absent(self.group)), ..entry },
            // Its events can be read all the same.
            Some(Err(error)) => {
                entry.error = Some(error.into());
                GroupDescription::default()
            }
            None => return LogGroupEntry { error: Some(deadline().into()), ..entry },
        };
        entry.retention_days = description.retention_days;
        self.note_creation(&mut entry, description.creation_time);
        let now = clock.now();
        let has_since = |now| description.retained_since(now).max(entry.recreated_at);
        let schedule = self.in_lake.plan(now, request.span, has_since(now));
        let mut due = schedule.readings.iter().copied();
        let mut failures = 0;
        for reading in due.by_ref() {
            // While earlier ones were read, its first events may have been deleted.
            if has_since(clock.now()).is_some_and(|since| reading.start() < since) {
                continue;
            }
            let window = self.reading(reading).await;
            if matches!(window.outcome, Outcome::Complete | Outcome::AlreadyCaptured) {
                self.in_lake.note(reading);
            }
            failures = if window.error.as_ref().is_some_and(is_of_service) { failures + 1 } else { 0 };
            let is_end = failures == MOST_FAILURES || window.error.as_ref().is_some_and(ends_the_group);
            entry.windows.push(window);
            if is_end {
                break;
            }
        }
        entry.not_tried = due.count() as u64;
        entry.since = Some(SnapshotTime::truncated(schedule.since));
        let complete_before = self.in_lake.complete_before(now, &schedule, has_since(now));
        entry.complete_before = Some(SnapshotTime::truncated(complete_before));
        self.in_lake.forget_before(complete_before);
        self.note_in_lake(&mut entry);
        entry
    }

    /// Returns the entry with what the previous record states: if the log group cannot be read now, the next run goes on from there.
    fn entry(&self, endpoint_ids: Vec<EndpointId>) -> LogGroupEntry {
        let mut entry = LogGroupEntry {
            since: self.in_lake.since.map(SnapshotTime::truncated),
            complete_before: self.in_lake.complete_before.map(SnapshotTime::truncated),
            created_at: self.before.as_ref().and_then(|before| before.created_at),
            recreated_at: self.before.as_ref().and_then(|before| before.recreated_at),
            ..LogGroupEntry::new(self.group.arn(), endpoint_ids)
        };
        self.note_in_lake(&mut entry);
        entry
    }

    fn note_in_lake(&self, entry: &mut LogGroupEntry) {
        entry.first_in_lake = self.in_lake.first.iter().copied().collect();
        entry.late_in_lake = self.in_lake.late.iter().copied().collect();
    }

    /// Notes when the log group was created, and an error if a run before found it with another time.
    fn note_creation(&self, entry: &mut LogGroupEntry, created_at: Option<Timestamp>) {
        let known = entry.created_at;
        if let (Some(known), Some(created_at)) = (known, created_at)
            && known != created_at
        {
            entry.recreated_at = Some(created_at);
            entry.error.get_or_insert(recreated(self.group, created_at));
        }
        entry.created_at = created_at.or(known);
    }

    async fn reading(&self, reading: Reading) -> WindowEntry {
        let readings = Readings { tools: self.tools, source: self.source, group: self.group };
        let first = match reading {
            Reading::Late(hour) => self.in_lake.first_of(hour),
            Reading::First(_) => Vec::new(),
        };
        read(&readings, reading, &first).await
    }
}

/// Returns `true` if no other reading of the log group can succeed either, or no time is left for one.
fn ends_the_group(error: &CaptureError) -> bool {
    let code = &error.code;
    let is_of_group = *code == AwsCode::LOG_GROUP_NOT_FOUND || *code == AwsCode::LOG_GROUP_CLASS;
    is_of_group || code.is_denial() || code.is_out_of_reach() || *code == ErrorCode::Deadline
}

/// Returns `true` if the reading failed for CloudWatch Logs or the way to it, and not for what the window has.
fn is_of_service(error: &CaptureError) -> bool {
    error.code != ErrorCode::LimitExceeded
}

/// Returns the error for a log group that was deleted and created again.
fn recreated(group: &LogGroup, created_at: Timestamp) -> CaptureError {
    let message = format!(
        "the log group {} was deleted and created again, at {created_at}; events before that which are not in the lake are lost; \
         CloudTrail has who did it, as DeleteLogGroup",
        group.arn()
    );
    CaptureError::new(ErrorCode::LogGroupRecreated, message)
}

/// Returns the error for a log group that does not exist.
pub(in crate::capture) fn absent(group: &LogGroup) -> CaptureError {
    let message = format!(
        "there is no log group {}; create it, or correct the endpoint's connection logging",
        group.arn()
    );
    CaptureError::new(AwsCode::LOG_GROUP_NOT_FOUND.into(), message)
}
