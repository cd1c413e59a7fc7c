//! The record of connection logs of an account and Region: run records in, the state of each log group at a time out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lake::ledger::Outcome;
use crate::lake::ledger::recorded::{
    RecordedError, RecordedLogGroup, RecordedLogs, RecordedRun, RecordedWindow,
};
use crate::log_group::{LogGroup, LogGroupPattern};
use crate::log_window::{Reading, Window};
use crate::target::AccountRegion;

use super::super::attempts::LONGEST_CODE;

/// Most pairs of an endpoint and a log group that the ledger of an account and Region has over the years.
const MOST_PAIRS: usize = 2_000;

/// An endpoint and the ARN of the log group that it logs to.
pub(super) type Pair = (Arc<str>, Arc<str>);

/// The record of connection logs of an account and Region.
#[derive(Debug, Default)]
pub(in super::super) struct LogLedger {
    /// The log groups that may be read, by the start of a run with that setting.
    settings: BTreeMap<Timestamp, Arc<[LogGroupPattern]>>,
    /// The runs of connection logs, by their start.
    pub(super) runs: BTreeMap<Timestamp, LogsRun>,
    /// The log groups, by their ARN.
    pub(super) groups: BTreeMap<Arc<str>, GroupLedger>,
    /// `true` if a record of a later day could not be read, which may name a reading that no other record names.
    pub(in super::super) has_unread_later: bool,
    /// Each pair once.
    pairs: BTreeSet<Pair>,
    texts: BTreeSet<Arc<str>>,
}

/// The findings of one run of connection logs.
#[derive(Debug)]
pub(super) struct LogsRun {
    /// The endpoints, each with the log group that it logged to.
    pub logging: BTreeSet<Pair>,
    /// The endpoints that it looked for; `None` for all.
    targets: Option<BTreeSet<Arc<str>>>,
    /// Code of the reason why it is not known which log groups there are; `None` if it is.
    pub code: Option<Arc<str>>,
}

/// The record of one log group.
#[derive(Debug, Default)]
pub(super) struct GroupLedger {
    /// The runs that name it, by their start.
    pub runs: BTreeMap<Timestamp, GroupRun>,
    /// The readings whose object a record names.
    written: BTreeSet<Reading>,
    /// Codes of the attempts without an object, by reading.
    failures: BTreeMap<Reading, Vec<Option<Arc<str>>>>,
    /// Time before which every reading is in the lake or lost, by the run that knew the most of them.
    settled_before: Option<Timestamp>,
}

/// The state of a log group in one run.
#[derive(Debug)]
pub(super) struct GroupRun {
    /// Start of the oldest window that the record is to have, if the run found no reading complete; otherwise `None`.
    pub first_window: Option<Timestamp>,
    retention: Option<SignedDuration>,
    code: Option<Arc<str>>,
}

impl LogLedger {
    /// Notes the settings of a record, and the connection logs in it, or returns why it is refused.
    pub(in super::super) fn note(&mut self, record: &RecordedRun) -> Result<(), String> {
        let logs: Vec<&RecordedLogs> = record.places.iter().filter_map(|place| place.logs.as_ref()).collect();
        self.note_settings(record);
        logs.into_iter().try_for_each(|logs| self.note_logs(record, logs))
    }

    /// Notes the settings of a record, but not those of a snapshot by hand: it has the settings of a person's machine.
    pub(super) fn note_settings(&mut self, record: &RecordedRun) {
        if !record.scheduled && record.places.iter().all(|place| place.logs.is_none()) {
            return;
        }
        let texts = &record.settings_in_force.connection_log_groups;
        let patterns: Vec<LogGroupPattern> =
            texts.iter().filter_map(|text| LogGroupPattern::parse(text)).collect();
        let known = self.settings.values().next().filter(|known| known.as_ref() == patterns).cloned();
        self.settings.insert(record.start, known.unwrap_or_else(|| patterns.into()));
    }

    fn note_logs(&mut self, record: &RecordedRun, logs: &RecordedLogs) -> Result<(), String> {
        let start = record.start;
        let mut logging = BTreeSet::new();
        for group in &logs.groups {
            let log_group = self.text(&group.log_group);
            for endpoint_id in &group.endpoint_ids {
                let pair = (self.text(endpoint_id), log_group.clone());
                self.pairs.insert(pair.clone());
                logging.insert(pair);
            }
            if self.pairs.len() > MOST_PAIRS || self.groups.len() >= MOST_PAIRS {
                return Err(format!(
                    "LimitExceeded: with it, the ledger of its account and Region would have more than {MOST_PAIRS} log groups of \
                     endpoints"
                ));
            }
            self.note_group(start, group);
        }
        let code = self.code(logs.error.as_ref());
        let targets = self.targets(&record.settings_in_force.targets);
        self.runs.insert(start, LogsRun { logging, targets, code });
        Ok(())
    }

    /// Returns the ids of endpoints in ARNs; `None` if these mean all endpoints, or if a record does not have them.
    fn targets(&mut self, arns: &[String]) -> Option<BTreeSet<Arc<str>>> {
        let ids: Option<Vec<&str>> =
            arns.iter().map(|arn| arn.rsplit('/').next().filter(|id| *id != "*")).collect();
        let ids = ids.filter(|ids| !ids.is_empty())?;
        Some(ids.into_iter().map(|id| self.text(id)).collect())
    }

    /// Notes the state of a log group in the run that began at `start`, and returns its record.
    pub(super) fn note_group(&mut self, start: Timestamp, group: &RecordedLogGroup) -> &GroupLedger {
        let log_group = self.text(&group.log_group);
        let run = GroupRun {
            first_window: group.since.filter(|since| group.complete_before == Some(*since)),
            retention: group
                .retention_days
                .and_then(|days| SignedDuration::from_hours(24).checked_mul(i32::try_from(days).ok()?)),
            code: self.code(group.error.as_ref()),
        };
        let failures: Vec<(Reading, Option<Arc<str>>)> = group
            .windows
            .iter()
            .filter(|window| window.outcome == Outcome::Failed)
            .map(|window| (window.reading(), self.code(window.error.as_ref())))
            .collect();
        let of_group = self.groups.entry(log_group).or_default();
        of_group.runs.insert(start, run);
        for (reading, code) in failures {
            of_group.failures.entry(reading).or_default().push(code);
        }
        let written = group.windows.iter().filter(|window| window.outcome != Outcome::Failed);
        of_group.written.extend(written.map(RecordedWindow::reading));
        of_group.settled_before = of_group.settled_before.max(group.complete_before);
        of_group
    }

    /// Returns the windows whose first reading is in the lake, by the name of their log group.
    pub(in super::super) fn first_readings(&self) -> BTreeMap<String, BTreeSet<Window>> {
        let mut windows: BTreeMap<String, BTreeSet<Window>> = BTreeMap::new();
        for (arn, group) in &self.groups {
            let Some((_, name)) = arn.split_once(":log-group:") else { continue };
            let first = group.written.iter().filter_map(|reading| match reading {
                Reading::First(window) => Some(*window),
                Reading::Late(_) => None,
            });
            windows.entry(name.to_owned()).or_default().extend(first);
        }
        windows
    }

    /// Keeps each text once.
    fn text(&mut self, text: &str) -> Arc<str> {
        let known = self.texts.get(text).cloned();
        known.unwrap_or_else(|| {
            let text: Arc<str> = text.into();
            self.texts.insert(text.clone());
            text
        })
    }

    fn code(&mut self, error: Option<&RecordedError>) -> Option<Arc<str>> {
        let code = &error?.code;
        // A forged record may have a code of any length.
        Some(self.text(if code.len() > LONGEST_CODE { "a code of another form" } else { code }))
    }

    /// Returns `true` if the settings in force at `time` allow the log group. Before the first record, its settings count.
    pub(super) fn allows(&self, group: &LogGroup, time: Timestamp) -> bool {
        let before = self.settings.range(..=time).next_back();
        let in_force = before.or_else(|| self.settings.iter().next());
        in_force.is_some_and(|(_, patterns)| patterns.iter().any(|pattern| pattern.allows(group)))
    }

    /// Returns `true` if the run that began at `start` would have found the endpoint at the log group: it knew the log groups, the
    /// endpoint was a target, and the log group was allowed.
    pub(super) fn would_find(
        &self,
        start: Timestamp,
        run: &LogsRun,
        endpoint_id: &str,
        group: &LogGroup,
    ) -> bool {
        let is_target = run.targets.as_ref().is_none_or(|targets| targets.contains(endpoint_id));
        run.code.is_none() && is_target && self.allows(group, start)
    }

    /// Returns the time since which the settings allow log groups of `place` without interruption, by the records up to `time`;
    /// `None` if the last of them allows none.
    pub(super) fn in_force_since(&self, place: &AccountRegion, time: Timestamp) -> Option<Timestamp> {
        let newest_first = self.settings.range(..=time).rev();
        let in_force =
            newest_first.take_while(|(_, patterns)| patterns.iter().any(|pattern| pattern.is_of(place)));
        in_force.last().map(|(start, _)| *start)
    }

    /// Returns `true` if no earlier record can change which windows are missing from `from` on: the settings at `from` allow nothing,
    /// or a run of connection logs is known from before.
    pub(in super::super) fn is_enough(&self, place: &AccountRegion, from: Timestamp) -> bool {
        let knows = |run: &LogsRun| run.code.is_none();
        self.in_force_since(place, from).is_none() || self.runs.range(..=from).any(|(_, run)| knows(run))
    }
}

impl GroupLedger {
    /// Returns the reason why a reading that is not in the lake is missing, by the runs up to `now`.
    pub(super) fn reason(&self, reading: Reading, now: Timestamp) -> String {
        if self.written.contains(&reading) {
            return "its object is on record, and is not in the lake".to_owned();
        }
        let due = reading.due().timestamp();
        let since_due: Vec<(&Timestamp, &GroupRun)> =
            if due <= now { self.runs.range(due..=now).collect() } else { Vec::new() };
        let Some((start, first)) = since_due.first() else {
            return "no run of connection logs read the log group after it was due".to_owned();
        };
        if first.has_dropped(**start, reading) {
            return "no longer retained by the log group at the first run after it was due".to_owned();
        }
        let failed =
            self.failures.get(&reading).into_iter().flatten().map(|code| ("failed", code.as_deref()));
        let mut reasons = counts(failed);
        if reasons.is_empty() {
            let not_tried = since_due.iter().filter(|(_, run)| run.code.is_some());
            reasons = counts(not_tried.map(|(_, run)| ("not tried", run.code.as_deref())));
        }
        if reasons.is_empty() { "not tried".to_owned() } else { reasons }
    }

    /// Returns `true` if the log group does not retain the reading's events any more, by the newest run up to `now`.
    pub(super) fn has_dropped(&self, reading: Reading, now: Timestamp) -> bool {
        let newest = self.runs.range(..=now).next_back();
        newest.is_some_and(|(start, run)| run.has_dropped(*start, reading))
    }

    /// Returns `true` if a record names the object of the reading.
    pub(super) fn names(&self, reading: &Reading) -> bool {
        self.written.contains(reading)
    }

    /// Returns `true` if a later run may have made the reading: no record names its object, and no run states that it is lost.
    pub(super) fn is_open(&self, reading: Reading) -> bool {
        !self.names(&reading) && self.settled_before.is_none_or(|settled| reading.end() > settled)
    }

    /// Returns `true` if the log group retained events so long that an hour could be read a second time, by the newest run up to the
    /// time at which that was due.
    pub(super) fn retained_for(&self, reading: Reading) -> bool {
        let before = self.runs.range(..=reading.due().timestamp()).next_back();
        let (_, run) = match before.or_else(|| self.runs.iter().next()) {
            Some(run) => run,
            None => return true,
        };
        run.retention.is_none_or(|retention| retention > SignedDuration::from_hours(24))
    }
}

impl GroupRun {
    fn has_dropped(&self, start: Timestamp, reading: Reading) -> bool {
        let retained_since = self.retention.and_then(|retention| start.checked_sub(retention).ok());
        retained_since.is_some_and(|since| reading.start() < since)
    }
}

/// Returns texts as `2 × failed, Throttling`, in order.
fn counts<'a>(reasons: impl Iterator<Item = (&'static str, Option<&'a str>)>) -> String {
    let mut counts: BTreeMap<(&str, Option<&str>), u64> = BTreeMap::new();
    for reason in reasons {
        *counts.entry(reason).or_default() += 1;
    }
    let text = |((outcome, code), times): (&(&str, Option<&str>), &u64)| {
        code.map_or_else(|| format!("{times} × {outcome}"), |code| format!("{times} × {outcome}, {code}"))
    };
    counts.iter().map(text).collect::<Vec<_>>().join("; ")
}
