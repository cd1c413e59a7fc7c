//! The actions of EC2 and STS, distinguished by `Action`, those of CloudWatch Logs, and their answers.

mod connections;
mod document;
mod ec2;
mod endpoints;
mod hostile;
mod identity;
mod inquiry;
mod listing;
mod logs;
mod networks;
mod policy;
mod revocation;
mod role;
mod routes;
mod rules;
mod tree;

use crate::answer::Answer;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::parameters::Parameters;
use crate::request::{Content, Request};
use crate::state::State;

type StsAction = fn(&State, &Caller, &Parameters, String) -> Answer;

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
    let ec2 = ec2::OPERATIONS.iter().find(|known| known.action.name() == action && of("2016-11-15"));
    let sts = STS_ACTIONS.iter().find(|(name, _)| *name == action && of("2011-06-15"));
    match (ec2, sts) {
        (Some(operation), _) => ec2::answer(state, caller, parameters, request_id, operation),
        (None, Some(_)) if caller.is_expired() => {
            Answer::sts_error(&ApiError::expired_credentials(), request_id)
        }
        (None, Some((_, describe))) => describe(state, caller, parameters, request_id),
        (None, None) => Answer::error(&ApiError::invalid_action(action, version), request_id),
    }
}

#[cfg(test)]
mod tests;
