//! CloudWatch Logs, whose actions are distinguished by the header `X-Amz-Target`.

mod delivery;
mod error;
mod fields;
mod filter;
mod groups;
mod page;

use crate::answer::{Answer, JSON_CONTENT_TYPE, Reply, Sending};
use crate::caller::Caller;
use crate::config::Throttling;
use crate::error::ApiError;
use crate::fault::FaultyAction;
use crate::outages::Outage;
use crate::request::JsonContent;
use crate::state::State;
use fields::Fields;
use std::time::Instant;

const TARGET_PREFIX: &str = "Logs_20140328.";

/// Regions where `FilterLogEvents` has a quota of 5 requests a second. In us-east-1 it is 25, elsewhere 10.
const SLOW_REGIONS: &[&str] =
    &["eu-central-1", "ap-northeast-3", "ap-southeast-3", "ca-west-1", "il-central-1"];

type Action = fn(&State, &Caller, &Fields, String) -> Answer;

const ACTIONS: [(&str, Action); 2] = [(filter::ACTION, filter::filter), (groups::ACTION, groups::describe)];

/// Answers one request.
pub(crate) fn act(state: &State, caller: &Caller, content: &JsonContent, request_id: String) -> Answer {
    state.count_log_request();
    let name = content.target.strip_prefix(TARGET_PREFIX).unwrap_or_default();
    let Some((name, action)) = ACTIONS.iter().find(|(known, _)| *known == name) else {
        return refusal(&error::unknown_operation(), request_id);
    };
    let faulty = FaultyAction::ALL.iter().find(|action| action.name() == *name);
    faulty.iter().for_each(|action| state.count_request(**action));
    match refuse(state, caller, name) {
        Some(error) => refusal(&error, request_id),
        None => match Fields::parse(&content.body) {
            Ok(fields) => action(state, caller, &fields, request_id),
            Err(error) => refusal(&error, request_id),
        },
    }
}

/// Refuses a request that CloudWatch Logs does not look at; `None` if it is admitted.
fn refuse(state: &State, caller: &Caller, action: &'static str) -> Option<ApiError> {
    if caller.service.as_deref().is_some_and(|service| service != "logs") {
        return Some(error::wrong_service());
    }
    if state.outages.of_region(&caller.location.region) == Some(Outage::Disabled) {
        return Some(error::unrecognized_client());
    }
    if caller.is_expired() {
        return Some(error::expired_token());
    }
    let quota = quota(action, &caller.location.region);
    let limit = Throttling { capacity: quota, refill_per_second: quota };
    let admitted = state.buckets.admit_up_to(limit, action, &caller.location, Instant::now());
    (!admitted).then(error::throttled)
}

/// Returns the number of requests that an account may send each second.
fn quota(action: &str, region: &str) -> u32 {
    match region {
        _ if action != filter::ACTION => 10,
        "us-east-1" => 25,
        _ if SLOW_REGIONS.contains(&region) => 5,
        _ => 10,
    }
}

fn refusal(error: &ApiError, request_id: String) -> Answer {
    sending(error.status, error::body(error), request_id).into()
}

fn sending(status: u16, body: Vec<u8>, request_id: String) -> Sending {
    let body = body.into();
    Sending::Whole(Reply { status, content_type: JSON_CONTENT_TYPE, request_id, body, page: None })
}

#[cfg(test)]
mod tests;
