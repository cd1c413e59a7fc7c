//! An event as JSON, read into a request field by field, with every fault in one answer.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::request::{
    Invocation, MAX_ITEMS_ALLOWED, STARTING_TOKEN_ALLOWED, SnapshotRequest, closed_hour, snapshot_time,
};
use crate::aws::ec2::resume_token::ResumeToken;
use crate::aws::ec2::{Filter, PageSize};
use crate::hour::Hour;
use crate::invalid_input::{InvalidInput, InvalidInputs};
use crate::invocation::filters::FILTERS;
use crate::lake::ledger::Trigger;
use crate::snapshot_time::SnapshotTime;
use crate::target::TargetText;

const ACTIONS: &str = "`snapshot`, `preflight`, `plan`, `logs`, `seal`, or EventBridge's `Scheduled Event` as EventBridge sends it";

/// Reads a payload that arrived at `now`.
///
/// # Errors
/// Returns every fault of the payload, each under the name of its field.
pub fn parse(payload: &Value, now: Timestamp) -> Result<Invocation, InvalidInputs> {
    let Value::Object(fields) = payload else {
        let fault = InvalidInput::without_value("event", format!("is no JSON object; allowed: {ACTIONS}"));
        return Err(fault.into());
    };
    if fields.contains_key("detail-type") {
        return scheduled_event(fields, now).map(Invocation::Snapshot);
    }
    match fields.get("action") {
        None if fields.is_empty() => {
            Err(InvalidInput::without_value("event", format!("is empty; allowed: {ACTIONS}")).into())
        }
        None => Err(InvalidInput::without_value("action", format!("is missing; allowed: {ACTIONS}")).into()),
        Some(Value::String(action)) if action == "snapshot" => {
            snapshot(fields, now).map(Invocation::Snapshot)
        }
        Some(Value::String(action)) if action == "preflight" => {
            let mut faults = InvalidInputs::default();
            refuse_unknown(fields, &["action"], &mut faults);
            faults.or(Invocation::Preflight)
        }
        Some(Value::String(action)) if action == "logs" => {
            let mut faults = InvalidInputs::default();
            refuse_unknown(fields, &["action"], &mut faults);
            faults.or(Invocation::Logs)
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
            let given = fields.get("hour").filter(|value| !value.is_null());
            let hour = given.and_then(|value| faults.keep(hour(value, now)));
            faults.or(Invocation::Seal { hour })
        }
        Some(Value::String(action)) => Err(InvalidInput::new("action", action, ACTIONS).into()),
        Some(_) => {
            Err(InvalidInput::without_value("action", format!("is no text; allowed: {ACTIONS}")).into())
        }
    }
}

/// Reads a scheduled event. The envelope is AWS's, so unknown fields of it are no fault.
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
    faults.or(SnapshotRequest::new(Trigger::ScheduledEvent, snapshot_time))
}

fn snapshot(fields: &Map<String, Value>, now: Timestamp) -> Result<SnapshotRequest, InvalidInputs> {
    let mut faults = InvalidInputs::default();
    let known = ["action", "time", "targets", "filters", "page_size", "max_items", "starting_token"];
    refuse_unknown(fields, &known, &mut faults);
    // JSON null means the same as an absent field.
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
    if let Some((page_size, allowed)) = request.page_size.zip(request.other_page_size()) {
        let allowed = format!("{allowed}, the page size that starting_token was made with");
        faults.push(InvalidInput::of_shape("page_size", "another number", &page_size.to_string(), allowed));
    }
    faults.or(request)
}

fn refuse_unknown(fields: &Map<String, Value>, known: &[&str], faults: &mut InvalidInputs) {
    for name in fields.keys().filter(|name| !known.contains(&name.as_str())) {
        faults.push(InvalidInput::of_name("field", name, known.join(", ")));
    }
}

fn time(value: &Value, now: Timestamp) -> Result<SnapshotTime, InvalidInput> {
    snapshot_time(&as_text(value), now).map_err(|allowed| fault("time", value, allowed))
}

fn hour(value: &Value, now: Timestamp) -> Result<Hour, InvalidInput> {
    closed_hour(&as_text(value), now).map_err(|allowed| fault("hour", value, allowed))
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

/// Reads the filters. Their values may name people, so no fault quotes them. A name that is not known may be a value by mistake,
/// so no log quotes it.
fn filters(value: &Value, faults: &mut InvalidInputs) -> Vec<Filter> {
    let Value::Object(fields) = value else {
        let allowed = "must be an object such as {\"username\": [\"…\"]}";
        faults.push(InvalidInput::without_value("filters", allowed));
        return Vec::new();
    };
    let mut filters = Vec::new();
    for (name, values) in fields {
        let Some(name) = FILTERS.into_iter().find(|known| known == name) else {
            faults.push(InvalidInput::new("filters", name, FILTERS.join(", ")));
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
    most.ok_or_else(|| fault("max_items", value, MAX_ITEMS_ALLOWED))
}

/// Reads the resume token. A text in its place may be anything, so no fault quotes it.
fn starting_token(value: &Value) -> Result<ResumeToken, InvalidInput> {
    let found = as_text(value);
    ResumeToken::parse(&found)
        .ok_or_else(|| InvalidInput::of_hidden("starting_token", &found, STARTING_TOKEN_ALLOWED))
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

/// Renders a value: a text as it is, anything else as JSON.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
