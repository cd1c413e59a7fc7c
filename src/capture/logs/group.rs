//! One log group: the readings of it that are due, one after the other.

use super::LogTools;
use super::window::{Readings, read};
use super::windows::InLake;
use crate::aws::logs::{GroupDescription, LogSource, deadline};
use crate::error_code::{AwsCode, ErrorCode};
use crate::lake::ledger::{CaptureError, LogGroupEntry, Outcome, WindowEntry};
use crate::log_group::LogGroup;
use crate::log_window::Reading;
use crate::snapshot_time::SnapshotTime;
use crate::target::EndpointId;

/// A log group that is read.
pub(super) struct Group<'a> {
    pub tools: LogTools<'a>,
    pub source: &'a LogSource,
    pub group: &'a LogGroup,
    pub in_lake: InLake,
}

impl Group<'_> {
    /// Makes the readings that are due, until the time is over. A reading that fails delays no other.
    pub(super) async fn read(mut self, endpoint_ids: Vec<EndpointId>) -> LogGroupEntry {
        let mut entry = LogGroupEntry::new(self.group.arn(), endpoint_ids);
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
        let now = clock.now();
        let retained_since = description.retained_since(now);
        let schedule = self.in_lake.plan(now, request.span, retained_since);
        let mut due = schedule.readings.iter().copied();
        for reading in due.by_ref() {
            let window = self.reading(reading).await;
            if matches!(window.outcome, Outcome::Complete | Outcome::AlreadyCaptured) {
                self.in_lake.note(reading);
            }
            let is_end = window.error.as_ref().is_some_and(ends_the_group);
            entry.windows.push(window);
            if is_end {
                break;
            }
        }
        entry.not_tried = due.count() as u64;
        entry.since = Some(SnapshotTime::truncated(schedule.since));
        let complete_before = self.in_lake.complete_before(now, &schedule, retained_since);
        entry.complete_before = Some(SnapshotTime::truncated(complete_before));
        entry
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

/// Returns the error for a log group that does not exist.
pub(in crate::capture) fn absent(group: &LogGroup) -> CaptureError {
    let message = format!(
        "there is no log group {}; create it, or correct the endpoint's connection logging",
        group.arn()
    );
    CaptureError::new(AwsCode::LOG_GROUP_NOT_FOUND.into(), message)
}
