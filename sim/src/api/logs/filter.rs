//! `FilterLogEvents`.

use super::Answer;
use crate::account_region::AccountRegion;
use crate::api::logs::delivery::{deliver, refuse};
use crate::api::logs::error;
use crate::api::logs::fields::{Fields, violation};
use crate::api::logs::page::{Page, Query, Streams, page};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::fault::{FaultKind, FaultyAction};
use crate::log_group::{LogGroup, LogGroupClass, MAX_PAGE_EVENTS};
use crate::state::State;
use std::time::Duration;

pub(crate) const ACTION: &str = "FilterLogEvents";

pub(crate) fn filter(state: &State, caller: &Caller, fields: &Fields, request_id: String) -> Answer {
    let name = match group_name(&caller.location, fields) {
        Ok(name) => name,
        Err(error) => return super::refusal(&error, request_id),
    };
    let faults = state.rules.request(FaultyAction::FilterLogEvents, &name);
    let delay = faults.iter().map(|fault| match fault {
        FaultKind::LatencyMillis(millis) => Duration::from_millis(*millis),
        _ => Duration::ZERO,
    });
    let delay = delay.sum();
    let resource = format!("{}:log-stream:", group_arn(&caller.location, &name));
    if let Some(sending) = refuse(&faults, caller, "logs:FilterLogEvents", &resource, &request_id) {
        return Answer { delay, sending };
    }
    match events(state, caller, fields, &name, &faults) {
        Ok(page) => Answer { delay, sending: deliver(page, &faults, &name, request_id) },
        Err(error) => Answer { delay, ..super::refusal(&error, request_id) },
    }
}

fn events(
    state: &State,
    caller: &Caller,
    fields: &Fields,
    name: &str,
    faults: &[FaultKind],
) -> Result<Page, ApiError> {
    let query = query(fields)?;
    let group = state.groups.find(&caller.location, name).ok_or_else(error::group_not_found)?;
    admit(caller, &group, query.unmask)?;
    page(state, &caller.location, group, &query, faults)
}

/// Refuses a group that this caller cannot read, or not unmasked.
fn admit(caller: &Caller, group: &LogGroup, unmask: bool) -> Result<(), ApiError> {
    let (user, _) = caller.identity();
    if group.class != LogGroupClass::Standard {
        return Err(error::invalid_operation(group.class.name()));
    }
    if group.is_kms_refused {
        let key = group.kms_key_id.as_deref().unwrap_or("*");
        return Err(error::access_denied(&user, "kms:Decrypt", key));
    }
    if unmask && group.is_unmask_refused {
        let resource = format!("{}:*", group_arn(&caller.location, &group.name));
        return Err(error::access_denied(&user, "logs:Unmask", &resource));
    }
    Ok(())
}

fn query(fields: &Fields) -> Result<Query, ApiError> {
    if fields.text("filterPattern")?.is_some_and(|pattern| !pattern.is_empty()) {
        return Err(error::invalid_parameter("Filter patterns are not simulated"));
    }
    let (names, prefix) = (fields.texts("logStreamNames")?, fields.text("logStreamNamePrefix")?);
    let streams = match (names.as_slice(), prefix) {
        ([], None) => Streams::All,
        (names, None) => Streams::Named(names.iter().map(|name| (*name).to_owned()).collect()),
        ([], Some(prefix)) => Streams::Prefixed(prefix.to_owned()),
        _ => {
            return Err(error::invalid_parameter(
                "LogStreamNamePrefix and LogStreamNames cannot be specified together",
            ));
        }
    };
    Ok(Query {
        from: fields.time("startTime")?,
        to: fields.time("endTime")?,
        streams,
        limit: fields.limit("limit", 1..=MAX_PAGE_EVENTS)?,
        unmask: fields.flag("unmask")?,
        token: fields.text("nextToken")?.map(str::to_owned),
    })
}

/// Returns the name of the group that is asked for, by name or by ARN.
fn group_name(location: &AccountRegion, fields: &Fields) -> Result<String, ApiError> {
    let name = match (fields.text("logGroupName")?, fields.text("logGroupIdentifier")?) {
        (Some(name), None) => name.to_owned(),
        (None, Some(identifier)) if identifier.starts_with("arn:") => {
            let wanted = identifier.strip_prefix(&group_arn(location, ""));
            wanted.ok_or_else(error::group_not_found)?.to_owned()
        }
        (None, Some(identifier)) => identifier.to_owned(),
        _ => {
            let message = "Exactly one of logGroupName and logGroupIdentifier must be specified";
            return Err(error::invalid_parameter(message));
        }
    };
    let is_name = (1..=512).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_/#".contains(&byte));
    let pattern = r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+";
    if is_name { Ok(name) } else { Err(violation(&name, "logGroupName", pattern)) }
}

/// Returns the ARN of a group, without `:*`.
pub(crate) fn group_arn(location: &AccountRegion, name: &str) -> String {
    format!("arn:aws:logs:{}:{}:log-group:{name}", location.region, location.account_id)
}
