//! Checks of the log groups to which endpoints log: which of them are read, and if reading them can work.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use super::{Check, Preflight, check};
use crate::aws::ec2::EndpointListing;
use crate::aws::logs::{EventsRequest, GroupDescription, LogSource};
use crate::capture::logs::LogsRequest;
use crate::capture::logs::configured::ConfiguredGroups;
use crate::capture::logs::group::absent;
use crate::log_group::LogGroup;
use crate::log_window::{Reading, Window};
use crate::target::{AccountRegion, PlaceTargets};

const FIND: &str = "find the log groups of endpoints";
const DESCRIBE: &str = "logs:DescribeLogGroups";
const READ: &str = "logs:FilterLogEvents";

/// Log groups that one line names at most.
const MAX_NAMED_GROUPS: usize = 20;

/// Log groups that are tried at a time.
const MAX_CONCURRENT_GROUPS: usize = 8;

/// Maximum time for one of them. It is less than that of an account and Region, whose other checks must not be lost.
const GROUP_TIMEOUT: Duration = Duration::from_secs(30);

/// Least retention: each hour is read once more, the last time 25.5 hours after its beginning.
const MIN_RETENTION_DAYS: i64 = 2;

/// Retention that leaves time to find and repair a fault before CloudWatch Logs deletes what was not read.
const ADVISED_RETENTION_DAYS: i64 = 7;

/// Checks the log groups of the wanted endpoints of one account and Region. CloudWatch Logs is called only for those that may be
/// read.
pub(super) async fn log_groups(
    preflight: &Preflight<'_>,
    wanted: &PlaceTargets,
    listing: &EndpointListing,
) -> Vec<Check> {
    let (place, logs) = (&wanted.place, preflight.logs);
    // A target that is not listed fails another check.
    let ConfiguredGroups { groups, error, .. } = ConfiguredGroups::of(wanted, listing);
    let (allowed, others): (Vec<LogGroup>, Vec<LogGroup>) =
        groups.into_keys().partition(|group| logs.allows(group));
    let mut checks = Vec::new();
    if logs.is_of(wanted) {
        checks.extend(error.map(|error| check(FIND, every_group(place), Some(error.message))));
    }
    checks.extend(not_allowed(place, &others));
    if allowed.is_empty() {
        return checks;
    }
    let source = match logs.sources.source(&preflight.home.account_id, place, preflight.run_id).await {
        Ok(source) => source,
        Err(error) => {
            checks.push(check(DESCRIBE, every_group(place), Some(error.to_string())));
            return checks;
        }
    };
    let of_groups = stream::iter(allowed).map(|group| in_time(preflight, &source, group));
    let of_groups: Vec<Vec<Check>> = of_groups.buffered(MAX_CONCURRENT_GROUPS).collect().await;
    checks.extend(of_groups.into_iter().flatten());
    checks
}

/// Returns the line that names the log groups that are not read, which may be intended; `None` if all are read.
fn not_allowed(place: &AccountRegion, groups: &[LogGroup]) -> Option<Check> {
    let (named, more) = groups.split_at_checked(MAX_NAMED_GROUPS).unwrap_or((groups, &[]));
    let arns: Vec<String> = named.iter().map(LogGroup::arn).collect();
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    let note = format!(
        "endpoints log to log groups that are not read; to record their connection logs, add to AUDIT_CONNECTION_LOG_GROUPS: {}{more}",
        arns.join(",")
    );
    (!groups.is_empty()).then(|| Check { note: Some(note), ..check(FIND, every_group(place), None) })
}

async fn in_time(preflight: &Preflight<'_>, source: &LogSource, group: LogGroup) -> Vec<Check> {
    let checks = tokio::time::timeout(GROUP_TIMEOUT, of_group(preflight, source, &group)).await;
    checks.unwrap_or_else(|_| {
        let problem = format!("no answer came in {} seconds", GROUP_TIMEOUT.as_secs());
        vec![check(DESCRIBE, group.arn(), Some(problem))]
    })
}

/// Describes a log group, and tries to read it unless the description shows that it cannot be read.
async fn of_group(preflight: &Preflight<'_>, source: &LogSource, group: &LogGroup) -> Vec<Check> {
    let now = preflight.clock.now();
    let description = match source.group(group).await {
        Ok(Some(description)) => description,
        Ok(None) => return vec![check(DESCRIBE, group.arn(), Some(absent(group).message))],
        // Its events may be readable all the same.
        Err(error) => {
            let described = check(DESCRIBE, group.arn(), Some(error.to_string()));
            return vec![described, read(preflight.logs, source, group, now).await];
        }
    };
    let class = unreadable_class(&description);
    let described = Check {
        note: note(&description, preflight.logs, now),
        ..check(DESCRIBE, group.arn(), class.clone().or_else(|| short_retention(&description)))
    };
    if class.is_some() {
        return vec![described];
    }
    vec![described, read(preflight.logs, source, group, now).await]
}

/// Tries to read an event of the newest window, as a run of the connection logs would.
async fn read(logs: &LogsRequest, source: &LogSource, group: &LogGroup, now: Timestamp) -> Check {
    let reading = Reading::First(Window::newest_due(now));
    let request = EventsRequest {
        group,
        start: reading.start(),
        end: reading.last_millisecond(),
        token: None,
        unmask: logs.unmask,
        limit: Some(1),
        foreign_room: 0,
        known: None,
    };
    let tried = source.page(&request).await;
    check(READ, group.arn(), tried.err().map(|error| error.to_string()))
}

/// Returns the problem with the log group's class; `None` if its events can be read, or the class is one of the future.
fn unreadable_class(description: &GroupDescription) -> Option<String> {
    let class = ["INFREQUENT_ACCESS", "DELIVERY"]
        .into_iter()
        .find(|class| description.class.as_deref() == Some(class))?;
    Some(format!(
        "it has the class {class}, which does not allow its events to be read; log to a log group of the class STANDARD"
    ))
}

/// Returns the problem with a retention that loses late events; `None` if it is long enough.
fn short_retention(description: &GroupDescription) -> Option<String> {
    let days = description.retention_days.filter(|days| *days < MIN_RETENTION_DAYS)?;
    Some(format!(
        "it keeps events for {days} day, but each hour is read once more 24.5 hours after its end: events that came late are lost; \
         set its retention to {ADVISED_RETENTION_DAYS} days or more"
    ))
}

/// Returns what limits the record of the log group's events; `None` if nothing does.
fn note(description: &GroupDescription, logs: &LogsRequest, now: Timestamp) -> Option<String> {
    let first_days = logs.span.as_hours() / 24;
    let advised_days = first_days.max(ADVISED_RETENTION_DAYS);
    let is_short = |days: &i64| (MIN_RETENTION_DAYS..advised_days).contains(days);
    let kept = description.retention_days.filter(is_short).map(|days| {
        format!(
            "it keeps events for {days} days: the first reading reaches no further back, and what a fault prevents from being read \
             for so long is lost; {advised_days} days or more are advised"
        )
    });
    let is_young =
        |created: &Timestamp| now.duration_since(*created) < SignedDuration::from_hours(24 * first_days);
    let created = description.creation_time.filter(is_young).map(|created| {
        format!("it was created at {created}, within the {first_days} days that the first reading covers: it has no earlier events")
    });
    let masked = (description.is_masked && !logs.unmask).then(|| {
        "a data protection policy masks fields, which are recorded as asterisks; to record them as they were logged, set \
         AUDIT_UNMASK_CONNECTION_LOGS to true"
            .to_owned()
    });
    let notes: Vec<String> = [kept, created, masked].into_iter().flatten().collect();
    (!notes.is_empty()).then(|| notes.join("; "))
}

fn every_group(place: &AccountRegion) -> String {
    format!("{}:*", place.log_groups_arn())
}
