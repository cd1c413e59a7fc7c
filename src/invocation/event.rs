//! What an invocation asks for: EventBridge's event or an action, checked field by field, every fault in one answer.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::aws::ec2::resume_token::ResumeToken;
use crate::aws::ec2::{Filter, PageSize};
use crate::hour::{CLOSES_AFTER, Hour};
use crate::invalid_input::{InvalidInput, InvalidInputs};
use crate::lake::ledger::Trigger;
use crate::snapshot_time::{SnapshotTime, SnapshotTimeError};
use crate::target::TargetText;

/// Most that a snapshot's time may lie in the past. AWS lists a connection for 60 minutes after its end, so what it lists now is
/// no evidence of an earlier time.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(60);

/// Most that a schedule's clock may be ahead of ours.
const MAX_AHEAD: SignedDuration = SignedDuration::from_secs(60);

/// Filters that the API has. Source: EC2 API reference, `DescribeClientVpnConnections`.
const FILTERS: [&str; 2] = ["connection-id", "username"];

const ACTIONS: &str =
    "`snapshot`, `preflight`, `plan`, `seal`, or EventBridge's `Scheduled Event` as EventBridge sends it";

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invocation {
    /// Capture the targets.
    Snapshot(SnapshotRequest),
    /// Find out whether they could be captured.
    Preflight,
    /// Say how a snapshot of the configured targets is spread over invocations.
    Plan {
        /// The time that the snapshot bears; none for now.
        snapshot_time: Option<SnapshotTime>,
    },
    /// Seal what was written.
    Seal {
        /// The last hour to seal; none for the newest that is closed.
        hour: Option<Hour>,
    },
}

/// A snapshot, as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRequest {
    /// What set it off.
    pub trigger: Trigger,
    /// The time it bears; none for now.
    pub snapshot_time: Option<SnapshotTime>,
    /// What to capture; none for the configured targets.
    pub targets: Option<Vec<TargetText>>,
    /// Filters; none of them for every connection.
    pub filters: Vec<Filter>,
    /// Connections of a page; none for the configured size.
    pub page_size: Option<PageSize>,
    /// Most connections of each target; none for all.
    pub max_items: Option<u64>,
    /// Where to go on; none for the beginning.
    pub starting_token: Option<ResumeToken>,
}

impl Invocation {
    /// Reads a payload that arrived at `now`.
    ///
    /// # Errors
    /// Every fault of it, by the name of its field.
    pub fn parse(payload: &Value, now: Timestamp) -> Result<Invocation, InvalidInputs> {
        let Value::Object(fields) = payload else {
            let fault =
                InvalidInput::without_value("event", format!("is no JSON object; allowed: {ACTIONS}"));
            return Err(fault.into());
        };
        if fields.contains_key("detail-type") {
            return scheduled_event(fields, now).map(Invocation::Snapshot);
        }
        match fields.get("action") {
            None if fields.is_empty() => {
                Err(InvalidInput::without_value("event", format!("is empty; allowed: {ACTIONS}")).into())
            }
            None => {
                Err(InvalidInput::without_value("action", format!("is missing; allowed: {ACTIONS}")).into())
            }
            Some(Value::String(action)) if action == "snapshot" => {
                snapshot(fields, now).map(Invocation::Snapshot)
            }
            Some(Value::String(action)) if action == "preflight" => {
                let mut faults = InvalidInputs::default();
                refuse_unknown(fields, &["action"], &mut faults);
                faults.or(Invocation::Preflight)
            }
            Some(Value::String(action)) if action == "plan" => {
                let mut faults = InvalidInputs::default();
                refuse_unknown(fields, &["action", "time"], &mut faults);
                let given = fields.get("time").filter(|value| !value.is_null());
                let snapshot_time = given.and_then(|value| faults.keep(time(value, now)));
                faults.or(Invocation::Plan { snapshot_time })
            }
            Some(Value::String(action)) if action == "seal" => {
                let mut faults = InvalidInputs::default();
                refuse_unknown(fields, &["action", "hour"], &mut faults);
                let hour = fields.get("hour").filter(|value| !value.is_null());
                let hour = hour.and_then(|value| faults.keep(closed_hour(value, now)));
                faults.or(Invocation::Seal { hour })
            }
            Some(Value::String(action)) => Err(InvalidInput::new("action", action, ACTIONS).into()),
            Some(_) => {
                Err(InvalidInput::without_value("action", format!("is no text; allowed: {ACTIONS}")).into())
            }
        }
    }
}

/// The envelope is AWS's: fields of it that we do not know are no fault.
fn scheduled_event(fields: &Map<String, Value>, now: Timestamp) -> Result<SnapshotRequest, InvalidInputs> {
    let mut faults = InvalidInputs::default();
    if fields.get("detail-type").and_then(Value::as_str) != Some("Scheduled Event") {
        let found = fields.get("detail-type").unwrap_or(&Value::Null);
        faults.push(fault("detail-type", found, "`Scheduled Event`"));
    }
    if fields.contains_key("action") {
        faults.push(InvalidInput::without_value(
            "action",
            "stands beside detail-type; an event is one or the other",
        ));
    }
    let snapshot_time = match fields.get("time") {
        None => {
            faults.push(InvalidInput::without_value(
                "time",
                "is missing; EventBridge sends the schedule's time",
            ));
            None
        }
        Some(value) => faults.keep(time(value, now)),
    };
    faults.or(SnapshotRequest {
        trigger: Trigger::ScheduledEvent,
        snapshot_time,
        targets: None,
        filters: Vec::new(),
        page_size: None,
        max_items: None,
        starting_token: None,
    })
}

fn snapshot(fields: &Map<String, Value>, now: Timestamp) -> Result<SnapshotRequest, InvalidInputs> {
    let mut faults = InvalidInputs::default();
    let known = ["action", "time", "targets", "filters", "page_size", "max_items", "starting_token"];
    refuse_unknown(fields, &known, &mut faults);
    // JSON null says as much as leaving the field out.
    let given = |name: &str| fields.get(name).filter(|value| !value.is_null());
    let snapshot_time = given("time").and_then(|value| faults.keep(time(value, now)));
    let targets = given("targets").and_then(|value| targets(value, &mut faults));
    let filters = given("filters").map(|value| filters(value, &mut faults)).unwrap_or_default();
    let page_size = given("page_size").and_then(|value| faults.keep(page_size(value)));
    let max_items = given("max_items").and_then(|value| faults.keep(max_items(value)));
    let starting_token = given("starting_token").and_then(|value| faults.keep(starting_token(value)));
    let request = SnapshotRequest {
        trigger: Trigger::Action,
        snapshot_time,
        targets,
        filters,
        page_size,
        max_items,
        starting_token,
    };
    if let Some(token) = &request.starting_token {
        check_page_size(token, request.page_size, &mut faults);
    }
    faults.or(request)
}

fn refuse_unknown(fields: &Map<String, Value>, known: &[&str], faults: &mut InvalidInputs) {
    for name in fields.keys().filter(|name| !known.contains(&name.as_str())) {
        faults.push(InvalidInput::of_name("field", name, known.join(", ")));
    }
}

/// Reads the time that a snapshot bears.
fn time(value: &Value, now: Timestamp) -> Result<SnapshotTime, InvalidInput> {
    let allowed = "an RFC 3339 time in whole seconds such as 2026-11-23T09:00:00Z, at most 60 minutes in the past and 60 \
                   seconds ahead";
    let next =
        "what is captured now is no evidence of another time; take a snapshot without `time`; the hole stays";
    let refused = |reason: String| fault("time", value, format!("{allowed}; this one {reason}"));
    let time = match SnapshotTime::parse(&as_text(value)) {
        Ok(time) => time,
        Err(error @ SnapshotTimeError::TooEarly) => return Err(refused(format!("{error}; {next}"))),
        Err(error) => return Err(refused(error.to_string())),
    };
    let age = now.duration_since(time.timestamp());
    if age > MAX_AGE {
        let seconds = age.as_secs() + i64::from(age.subsec_nanos() > 0);
        return Err(refused(format!("lies {seconds} seconds in the past; {next}")));
    }
    if age < -MAX_AHEAD {
        return Err(refused(format!("lies in the future, for it is {now} now; {next}")));
    }
    Ok(time)
}

fn closed_hour(value: &Value, now: Timestamp) -> Result<Hour, InvalidInput> {
    let allowed = "a closed hour in UTC such as 2026-11-23T09";
    let hour = Hour::parse(&as_text(value)).ok_or_else(|| fault("hour", value, allowed))?;
    let newest = Hour::newest_closed(now);
    if hour > newest {
        let minutes = CLOSES_AFTER.as_mins();
        let allowed = format!(
            "{allowed}; this one closes {minutes} minutes after its end, when no retry of it can come any more, and \
             {newest} is the newest that is closed"
        );
        return Err(fault("hour", value, allowed));
    }
    Ok(hour)
}

fn targets(value: &Value, faults: &mut InvalidInputs) -> Option<Vec<TargetText>> {
    let texts = match value {
        Value::Array(items) if !items.is_empty() => items,
        _ => {
            faults.push(fault("targets", value, "a list of at least one endpoint id or ARN"));
            return None;
        }
    };
    let mut targets = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let target = TargetText::parse(&as_text(text));
        let target = target.map_err(|error| fault("targets", text, error.to_string()).at(index));
        match faults.keep(target) {
            Some(target) if targets.contains(&target) => {
                faults.push(fault("targets", text, "each endpoint once").at(index));
            }
            target => targets.extend(target),
        }
    }
    Some(targets)
}

/// The values of filters may name people, so no fault quotes them.
fn filters(value: &Value, faults: &mut InvalidInputs) -> Vec<Filter> {
    let Value::Object(fields) = value else {
        let allowed = "must be an object such as {\"username\": [\"…\"]}";
        faults.push(InvalidInput::without_value("filters", allowed));
        return Vec::new();
    };
    let mut filters = Vec::new();
    for (name, values) in fields {
        let Some(name) = FILTERS.into_iter().find(|known| known == name) else {
            faults.push(InvalidInput::of_name("filters", name, FILTERS.join(", ")));
            continue;
        };
        let texts = values.as_array().filter(|values| !values.is_empty()).and_then(|values| {
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        match texts {
            Some(values) => filters.push(Filter { name, values }),
            None => {
                let allowed = "must be a list of at least one text";
                faults.push(InvalidInput::without_value(format!("filters.{name}"), allowed));
            }
        }
    }
    filters
}

fn page_size(value: &Value) -> Result<PageSize, InvalidInput> {
    let size = value.as_u64().and_then(PageSize::new);
    size.ok_or_else(|| fault("page_size", value, PageSize::ALLOWED))
}

fn max_items(value: &Value) -> Result<u64, InvalidInput> {
    let most = value.as_u64().filter(|&most| most > 0);
    most.ok_or_else(|| fault("max_items", value, "a whole number of 1 or more"))
}

/// A text in place of a token may be anything, so no fault quotes it.
fn starting_token(value: &Value) -> Result<ResumeToken, InvalidInput> {
    let found = as_text(value);
    let allowed = "a resume_token that an earlier snapshot gave out";
    ResumeToken::parse(&found).ok_or_else(|| InvalidInput::of_hidden("starting_token", &found, allowed))
}

/// EC2's tokens are bound to the page size of their listing.
fn check_page_size(token: &ResumeToken, page_size: Option<PageSize>, faults: &mut InvalidInputs) {
    if let Some(page_size) = page_size
        && page_size != token.page_size
    {
        let allowed = format!("{}, the page size that starting_token was made with", token.page_size);
        faults.push(InvalidInput::of_shape("page_size", "another number", &page_size.to_string(), allowed));
    }
}

/// Makes the fault of a value of the event.
fn fault(name: &str, value: &Value, allowed: impl Into<String>) -> InvalidInput {
    let shape = match value {
        Value::String(text) => return InvalidInput::new(name, text, allowed),
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    InvalidInput::of_shape(name, shape, &value.to_string(), allowed)
}

/// Renders a value: a text as it is, all else as JSON.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
