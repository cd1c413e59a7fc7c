//! `DescribeClientVpnConnections`.

mod hostile;
mod page;

use crate::answer::{Answer, Reply, Sending, Then, XML_CONTENT_TYPE, cut};
use crate::error::ApiError;
use crate::fault::FaultKind;
use crate::location::Location;
use crate::parameters::Parameters;
use crate::served::{AnyPage, ServedPage};
use crate::state::State;
use crate::xml::{self, Xml};
use std::time::Duration;

pub(crate) fn describe(
    state: &State,
    location: &Location,
    parameters: &Parameters,
    request_id: String,
) -> Answer {
    let faults = match faults(state, parameters) {
        Ok(faults) => faults,
        Err(error) => return Answer::error(&error, request_id),
    };
    let delay = faults.iter().map(|fault| match fault {
        FaultKind::LatencyMillis(millis) => Duration::from_millis(*millis),
        _ => Duration::ZERO,
    });
    Answer { delay: delay.sum(), sending: send(state, location, parameters, &faults, request_id) }
}

/// Returns the faults that apply to this request.
fn faults(state: &State, parameters: &Parameters) -> Result<Vec<FaultKind>, ApiError> {
    let endpoint_id = parameters.required("ClientVpnEndpointId")?;
    if !parameters.dry_run()? {
        return Ok(state.rules.request(endpoint_id));
    }
    let denied = state.rules.deny(endpoint_id);
    Ok(denied.then_some(FaultKind::Unauthorized).into_iter().collect())
}

fn send(
    state: &State,
    location: &Location,
    parameters: &Parameters,
    faults: &[FaultKind],
    request_id: String,
) -> Sending {
    if let Some(sending) = faults.iter().find_map(|fault| refuse(fault, parameters, &request_id)) {
        return sending;
    }
    if let Some(reply) = state.replay.get(location, parameters).filter(|_| faults.is_empty()) {
        return Sending::Whole(reply);
    }
    match page::page(state, location, parameters, faults, &request_id) {
        Ok(page) => {
            let sending = deliver(page, faults);
            if let (Sending::Whole(reply), []) = (&sending, faults) {
                state.replay.keep(location, parameters, reply);
            }
            sending
        }
        Err(error) => Sending::error(&error, request_id),
    }
}

/// Returns the answer to a fault that needs no lookup.
fn refuse(fault: &FaultKind, parameters: &Parameters, request_id: &str) -> Option<Sending> {
    let error = match fault {
        FaultKind::Throttle => ApiError::throttled(),
        FaultKind::InternalError => ApiError::internal(),
        FaultKind::Unauthorized => ApiError::unauthorized(),
        FaultKind::NotFound => {
            ApiError::endpoint_not_found(parameters.get("ClientVpnEndpointId").unwrap_or_default())
        }
        FaultKind::Unavailable => return Some(Sending::unavailable(request_id.to_owned())),
        FaultKind::Reset => return Some(Sending::broken(Vec::new(), Then::Reset)),
        FaultKind::Stall => return Some(Sending::broken(Vec::new(), Then::Hold)),
        _ => return None,
    };
    Some(Sending::error(&error, request_id.to_owned()))
}

/// Delivers the page, complete or cut as the first such fault requires.
fn deliver(page: ServedPage, faults: &[FaultKind]) -> Sending {
    let Rendered { body, middle } = render(&page);
    let id = &page.request_id;
    let cut = faults.iter().find_map(|fault| {
        let reshaped = || hostile::reshaped(fault, &body).map(|body| unread(body, id));
        cut(fault, &body, middle, XML_CONTENT_TYPE, id).or_else(reshaped)
    });
    cut.unwrap_or_else(|| {
        let request_id = page.request_id.clone();
        Sending::Whole(Reply {
            status: 200,
            content_type: XML_CONTENT_TYPE,
            request_id,
            body: body.into(),
            page: Some(AnyPage::Connections(page)),
        })
    })
}

/// Sends a body that no client may read as a page, so that none counts as served.
fn unread(body: Vec<u8>, request_id: &str) -> Sending {
    Sending::Whole(Reply {
        status: 200,
        content_type: XML_CONTENT_TYPE,
        request_id: request_id.to_owned(),
        body: body.into(),
        page: None,
    })
}

struct Rendered {
    body: Vec<u8>,
    /// Right after the row in the middle, or after the list's opening tag if there are no rows.
    middle: usize,
}

fn render(page: &ServedPage) -> Rendered {
    let mut middle = 0;
    let body = Xml::document("DescribeClientVpnConnectionsResponse", Some(xml::EC2), |xml| {
        xml.text("requestId", &page.request_id);
        xml.element("connections", |xml| {
            let until = page.connections.len().div_ceil(2);
            middle = xml.written();
            for (index, row) in page.connections.iter().enumerate() {
                xml::connection(xml, row, &page.unknown_fields);
                if index < until {
                    middle = xml.written();
                }
            }
        });
        // The last page has no such element.
        xml.optional("nextToken", page.next_token.as_deref());
    });
    Rendered { body, middle }
}
