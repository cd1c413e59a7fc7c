//! The actions of EC2 and STS, distinguished by `Action`, those of CloudWatch Logs, and their answers.

mod connections;
mod endpoints;
mod identity;
mod logs;
mod networks;
mod role;

use crate::answer::{Answer, Sending};

use crate::caller::Caller;
use crate::error::ApiError;
use crate::location::Location;
use crate::outages::Outage;
use crate::parameters::Parameters;
use crate::people::People;
use crate::request::{Content, Request};
use crate::state::State;
use crate::token::Token;
use std::sync::Arc;
use std::time::Instant;

/// Page size of a request that names none. EC2 does not document its own.
const DEFAULT_PAGE_SIZE: usize = 1000;

/// The one action whose requests are counted.
const CONNECTIONS: &str = "DescribeClientVpnConnections";

type Ec2Action = fn(&State, &Location, &Parameters, String) -> Answer;
type StsAction = fn(&State, &Caller, &Parameters, String) -> Answer;

const EC2_ACTIONS: [(&str, Ec2Action); 3] = [
    (CONNECTIONS, connections::describe),
    ("DescribeClientVpnEndpoints", endpoints::describe),
    ("DescribeClientVpnTargetNetworks", networks::describe),
];

const STS_ACTIONS: [(&str, StsAction); 2] =
    [("AssumeRole", role::assume), ("GetCallerIdentity", identity::describe)];

/// Answers one request. `None` is one that could not be read.
pub(crate) fn answer(state: &State, request: Option<&Request>) -> Answer {
    let request_id = state.next_request_id();
    let Some(Request { signature, content }) = request else {
        return Answer::error(&ApiError::malformed_request(), request_id);
    };
    let caller = Caller::of(&state.home, &state.sessions, signature.as_ref());
    match content {
        Content::Query(parameters) => act(state, &caller, parameters, request_id),
        Content::Json(content) => logs::act(state, &caller, content, request_id),
    }
}

fn act(state: &State, caller: &Caller, parameters: &Parameters, request_id: String) -> Answer {
    let Some(action) = parameters.get("Action").filter(|action| !action.is_empty()) else {
        return Answer::error(&ApiError::missing_action(), request_id);
    };
    let version = parameters.get("Version").unwrap_or_default();
    let of = |known: &str| version.is_empty() || version == known;
    let ec2 = EC2_ACTIONS.iter().find(|(name, _)| *name == action && of("2016-11-15"));
    let sts = STS_ACTIONS.iter().find(|(name, _)| *name == action && of("2011-06-15"));
    match (ec2, sts) {
        (Some((name, describe)), _) => ask_ec2(state, caller, parameters, request_id, (name, *describe)),
        (None, Some(_)) if caller.is_expired() => {
            Answer::sts_error(&ApiError::expired_credentials(), request_id)
        }
        (None, Some((_, describe))) => describe(state, caller, parameters, request_id),
        (None, None) => Answer::error(&ApiError::invalid_action(action, version), request_id),
    }
}

fn ask_ec2(
    state: &State,
    caller: &Caller,
    parameters: &Parameters,
    request_id: String,
    (name, describe): (&'static str, Ec2Action),
) -> Answer {
    if name == CONNECTIONS {
        state.count_request();
    }
    match refuse(state, caller, name, &request_id) {
        Some(sending) => sending.into(),
        None => describe(state, &caller.location, parameters, request_id),
    }
}

/// Refuses a request that EC2 does not look at; `None` if it is admitted.
fn refuse(state: &State, caller: &Caller, action: &'static str, request_id: &str) -> Option<Sending> {
    let error = match state.outages.of_region(&caller.location.region) {
        Some(Outage::Down) => return Some(Sending::unavailable(request_id.to_owned())),
        Some(Outage::Disabled) => ApiError::auth_failure(),
        None if caller.is_expired() => ApiError::request_expired(),
        None if state.buckets.admit(action, &caller.location, Instant::now()) => return None,
        None => ApiError::throttled(),
    };
    Some(Sending::error(&error, request_id.to_owned()))
}

/// Returns the beginning and the size of the requested page of a listing.
fn position(state: &State, parameters: &Parameters, listing: &str, filters: u64) -> Result<Token, ApiError> {
    let size = parameters.page_size()?;
    let Some(text) = parameters.get("NextToken").filter(|text| !text.is_empty()) else {
        let (listing, size) = (listing.to_owned(), size.unwrap_or(DEFAULT_PAGE_SIZE));
        return Ok(Token { listing, time: state.now().as_second(), offset: 0, size, filters, empty: 0 });
    };
    let token: Token = state.sealer.open(text).ok_or_else(ApiError::invalid_token)?;
    if token.listing != listing || token.filters != filters {
        return Err(ApiError::invalid_token());
    }
    Ok(Token { size: size.unwrap_or(token.size), ..token })
}

/// Returns the endpoint of this id, if the account and Region have it.
fn find(state: &State, location: &Location, endpoint_id: &str) -> Result<Arc<People>, ApiError> {
    if !is_endpoint_id(endpoint_id) {
        return Err(ApiError::malformed_endpoint(endpoint_id));
    }
    state.places.find(location, endpoint_id).ok_or_else(|| ApiError::endpoint_not_found(endpoint_id))
}

/// Checks that a text is an endpoint id, though perhaps of none that exists.
fn is_endpoint_id(text: &str) -> bool {
    text.strip_prefix("cvpn-endpoint-").is_some_and(|digits| {
        [8, 17].contains(&digits.len())
            && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests;
