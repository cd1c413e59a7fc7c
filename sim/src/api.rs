//! The actions, told apart by `Action`, and what they answer.

mod answer;
mod connections;
mod endpoints;
mod identity;

pub(crate) use answer::{Answer, Broken, Reply, Sending, Then};

use crate::caller::Caller;
use crate::error::ApiError;
use crate::fleet::Fleet;
use crate::parameters::Parameters;
use crate::place::Location;
use crate::signature::Signature;
use crate::state::State;
use crate::token::Token;
use std::sync::Arc;

/// Page size of a request that names none. EC2 does not document its own.
const DEFAULT_PAGE_SIZE: usize = 1000;

/// What one request is answered. `None` is one that could not be read.
pub(crate) fn answer(state: &State, request: Option<&(Option<Signature>, Parameters)>) -> Answer {
    let request_id = state.next_request_id();
    match request {
        None => Answer::error(&ApiError::malformed_request(), request_id),
        Some((signature, parameters)) => {
            act(state, &Caller::of(&state.home, signature.as_ref()), parameters, request_id)
        }
    }
}

fn act(state: &State, caller: &Caller, parameters: &Parameters, request_id: String) -> Answer {
    let version = parameters.get("Version").unwrap_or_default();
    match (parameters.get("Action"), version) {
        (None | Some(""), _) => Answer::error(&ApiError::missing_action(), request_id),
        (Some("DescribeClientVpnConnections"), "" | "2016-11-15") => {
            connections::describe(state, &caller.location, parameters, request_id)
        }
        (Some("DescribeClientVpnEndpoints"), "" | "2016-11-15") => {
            endpoints::describe(state, &caller.location, parameters, request_id)
        }
        (Some("GetCallerIdentity"), "" | "2011-06-15") => identity::describe(caller, request_id),
        (Some(action), version) => Answer::error(&ApiError::invalid_action(action, version), request_id),
    }
}

/// Where the asked page of a listing begins, and of what size it is.
fn position(state: &State, parameters: &Parameters, listing: &str, filters: u64) -> Result<Token, ApiError> {
    let size = parameters.page_size()?;
    let Some(text) = parameters.get("NextToken").filter(|text| !text.is_empty()) else {
        let (listing, size) = (listing.to_owned(), size.unwrap_or(DEFAULT_PAGE_SIZE));
        return Ok(Token { listing, time: state.now().as_second(), offset: 0, size, filters, empty: 0 });
    };
    let token = state.sealer.open(text).ok_or_else(ApiError::invalid_token)?;
    if token.listing != listing || token.filters != filters {
        return Err(ApiError::invalid_token());
    }
    Ok(Token { size: size.unwrap_or(token.size), ..token })
}

/// The endpoint of this id, if the account and Region have it.
fn find(state: &State, location: &Location, endpoint_id: &str) -> Result<Arc<Fleet>, ApiError> {
    if !is_endpoint_id(endpoint_id) {
        return Err(ApiError::malformed_endpoint(endpoint_id));
    }
    state.places.find(location, endpoint_id).ok_or_else(|| ApiError::endpoint_not_found(endpoint_id))
}

/// Whether a text is an endpoint id, though perhaps of none that exists.
fn is_endpoint_id(text: &str) -> bool {
    text.strip_prefix("cvpn-endpoint-").is_some_and(|digits| {
        [8, 17].contains(&digits.len())
            && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests;
