//! The actions of EC2 and their faults, which are the same for all of them.

use super::document::Document;
use super::hostile::Shape;
use super::inquiry::Inquiry;
use super::{connections, endpoints, networks, policy, revocation, routes, rules};
use crate::answer::{Answer, Reply, Sending, Then, XML_CONTENT_TYPE, cut};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::fault::{FaultKind, FaultyAction};
use crate::outages::Outage;
use crate::parameters::Parameters;
use crate::state::State;
use std::time::{Duration, Instant};

/// An action of EC2.
pub(super) struct Operation {
    pub(super) action: FaultyAction,
    /// The element with the rows; `None` if the answer is no listing.
    list: Option<&'static str>,
    describe: Describe,
}

impl Operation {
    const fn listing(action: FaultyAction, list: &'static str, describe: Describe) -> Self {
        Self { action, list: Some(list), describe }
    }

    const fn single(action: FaultyAction, describe: Describe) -> Self {
        Self { action, list: None, describe }
    }
}

type Describe = fn(&Inquiry<'_>) -> Result<Document, ApiError>;

pub(super) const OPERATIONS: [Operation; 7] = {
    use FaultyAction::*;
    [
        Operation::listing(DescribeClientVpnConnections, connections::LIST, connections::describe),
        Operation::listing(DescribeClientVpnEndpoints, endpoints::LIST, endpoints::describe),
        Operation::listing(DescribeClientVpnTargetNetworks, networks::LIST, networks::describe),
        Operation::listing(DescribeClientVpnAuthorizationRules, rules::LIST, rules::describe),
        Operation::listing(DescribeClientVpnRoutes, routes::LIST, routes::describe),
        Operation::single(ExportClientVpnClientCertificateRevocationList, revocation::describe),
        Operation::single(GetClientVpnEndpointAuthorizationPolicy, policy::describe),
    ]
};

/// Answers one request.
pub(super) fn answer(
    state: &State,
    caller: &Caller,
    parameters: &Parameters,
    request_id: String,
    operation: &Operation,
) -> Answer {
    let action = operation.action;
    state.count_request(action);
    if let Some(sending) = refuse(state, caller, action.name(), &request_id) {
        return sending.into();
    }
    let faults = match faults(state, action, parameters) {
        Ok(faults) => faults,
        Err(error) => return Answer::error(&error, request_id),
    };
    let delay = faults.iter().map(|fault| match fault {
        FaultKind::LatencyMillis(millis) => Duration::from_millis(*millis),
        _ => Duration::ZERO,
    });
    let delay = delay.sum();
    let inquiry = Inquiry { state, location: &caller.location, parameters, action, faults, request_id };
    Answer { delay, sending: send(&inquiry, operation) }
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

/// Returns the faults that apply to this request.
fn faults(state: &State, action: FaultyAction, parameters: &Parameters) -> Result<Vec<FaultKind>, ApiError> {
    let endpoint_id = match action {
        FaultyAction::DescribeClientVpnEndpoints => first_endpoint_id(parameters),
        _ => parameters.required("ClientVpnEndpointId")?,
    };
    if !parameters.dry_run()? {
        return Ok(state.rules.request(action, endpoint_id));
    }
    Ok(state.rules.dry_run(action, endpoint_id).into_iter().collect())
}

/// Returns the first endpoint that was asked for by its id; empty if all were.
fn first_endpoint_id(parameters: &Parameters) -> &str {
    parameters.list("ClientVpnEndpointId").first().copied().unwrap_or_default()
}

fn send(inquiry: &Inquiry<'_>, operation: &Operation) -> Sending {
    let Inquiry { state, location, parameters, faults, request_id, .. } = inquiry;
    if let Some(sending) = faults.iter().find_map(|fault| refuse_by(fault, inquiry)) {
        return sending;
    }
    if let Some(reply) = state.replay.get(location, parameters).filter(|_| faults.is_empty()) {
        return Sending::Whole(reply);
    }
    match (operation.describe)(inquiry) {
        Ok(document) => {
            let sending = deliver(document, inquiry, operation);
            if let (Sending::Whole(reply), []) = (&sending, &faults[..]) {
                state.replay.keep(location, parameters, reply);
            }
            sending
        }
        Err(error) => Sending::error(&error, request_id.clone()),
    }
}

/// Returns the answer to a fault that needs no lookup.
fn refuse_by(fault: &FaultKind, inquiry: &Inquiry<'_>) -> Option<Sending> {
    let error = match fault {
        FaultKind::Throttle => ApiError::throttled(),
        FaultKind::InternalError => ApiError::internal(),
        FaultKind::Unauthorized => ApiError::unauthorized(),
        FaultKind::UnknownAction => ApiError::invalid_action(inquiry.action.name(), ""),
        FaultKind::NotFound => {
            let one = inquiry.parameters.get("ClientVpnEndpointId");
            ApiError::endpoint_not_found(one.unwrap_or_else(|| first_endpoint_id(inquiry.parameters)))
        }
        FaultKind::Unavailable => return Some(Sending::unavailable(inquiry.request_id.clone())),
        FaultKind::Reset => return Some(Sending::broken(Vec::new(), Then::Reset)),
        FaultKind::Stall => return Some(Sending::broken(Vec::new(), Then::Hold)),
        _ => return None,
    };
    Some(Sending::error(&error, inquiry.request_id.clone()))
}

/// Delivers the document, complete or spoilt as the first such fault requires.
fn deliver(document: Document, inquiry: &Inquiry<'_>, operation: &Operation) -> Sending {
    let Document { body, middle, page } = document;
    let id = &inquiry.request_id;
    let whole = |body: Vec<u8>, page| {
        let (body, request_id) = (body.into(), id.clone());
        Sending::Whole(Reply { status: 200, content_type: XML_CONTENT_TYPE, request_id, body, page })
    };
    let shape = Shape { action: operation.action.name(), list: operation.list };
    let spoilt = inquiry.faults.iter().find_map(|fault| {
        // A client may not read a reshaped body as a page, so that none counts as served.
        let reshaped = || shape.reshaped(fault, &body).map(|body| whole(body, None));
        cut(fault, &body, middle, XML_CONTENT_TYPE, id).or_else(reshaped)
    });
    spoilt.unwrap_or_else(|| whole(body, page))
}
