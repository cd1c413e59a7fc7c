//! The bytes of an answer, complete or broken.

use crate::answer::{JSON_CONTENT_TYPE, Reply, Sending, Then, cut};
use crate::api::logs::error;
use crate::api::logs::page::Page;
use crate::caller::Caller;
use crate::fault::FaultKind;
use crate::log_event::LogEvent;
use crate::served::{AnyPage, ServedLogPage};
use serde::Serialize;
use serde_json::json;

/// Returns the answer to the first fault that needs no lookup.
pub(crate) fn refuse(
    faults: &[FaultKind],
    caller: &Caller,
    action: &str,
    resource: &str,
    request_id: &str,
) -> Option<Sending> {
    faults.iter().find_map(|fault| {
        let error = match fault {
            FaultKind::Throttle => error::throttled(),
            FaultKind::InternalError => error::internal(),
            FaultKind::Unauthorized => error::access_denied(&caller.identity().0, action, resource),
            FaultKind::UnknownAction => error::unknown_operation(),
            FaultKind::NotFound => error::group_not_found(),
            FaultKind::Unavailable => return Some(Sending::unavailable(request_id.to_owned())),
            FaultKind::Reset => return Some(Sending::broken(Vec::new(), Then::Reset)),
            FaultKind::Stall => return Some(Sending::broken(Vec::new(), Then::Hold)),
            _ => return None,
        };
        Some(super::sending(error.status, error::body(&error), request_id.to_owned()))
    })
}

/// Delivers a page of events, complete, cut or in another shape as the faults require.
pub(crate) fn deliver(page: Page, faults: &[FaultKind], log_group: &str, request_id: String) -> Sending {
    let body = render(&page, faults);
    let Page { events, next_token } = page;
    let log_group = log_group.to_owned();
    let page = ServedLogPage { request_id: request_id.clone(), log_group, next_token, events };
    match finish(body, faults, request_id) {
        Sending::Whole(reply) if !faults.iter().any(spoils) => {
            Sending::Whole(Reply { page: Some(AnyPage::Events(page)), ..reply })
        }
        sending => sending,
    }
}

/// Returns `true` if an answer with this fault has the right length and is no page.
fn spoils(fault: &FaultKind) -> bool {
    use FaultKind::{ListAsObject, MalformedXml, NoList, RenamedList};
    matches!(fault, MalformedXml | NoList | ListAsObject | RenamedList)
}

/// Delivers a body, complete or cut as the first such fault requires.
pub(crate) fn finish(body: Vec<u8>, faults: &[FaultKind], request_id: String) -> Sending {
    let half = body.len() / 2;
    let cut = faults.iter().find_map(|fault| cut(fault, &body, half, JSON_CONTENT_TYPE, &request_id));
    cut.unwrap_or_else(|| super::sending(200, body, request_id))
}

/// An event, with fields that the API does not have today.
#[derive(Serialize)]
struct RenderedEvent<'a> {
    #[serde(flatten)]
    event: &'a LogEvent,
    #[serde(rename = "entityName", skip_serializing_if = "Option::is_none")]
    unknown: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    events: Vec<RenderedEvent<'a>>,
    /// Empty since 2020.
    searched_log_streams: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

fn render(page: &Page, faults: &[FaultKind]) -> Vec<u8> {
    let Page { events, next_token } = page;
    let next_token = next_token.as_deref();
    let other = faults.iter().find_map(|fault| match fault {
        FaultKind::NoList => Some(json!({"searchedLogStreams": [], "nextToken": next_token})),
        FaultKind::ListAsObject => Some(json!({"events": {"item": events}, "nextToken": next_token})),
        FaultKind::RenamedList => Some(json!({"logEvents": events, "nextToken": next_token})),
        _ => None,
    });
    // Strings and numbers always serialize.
    other.map_or_else(
        || {
            let unknown = faults.contains(&FaultKind::UnknownField).then_some("not-an-event");
            let events = events.iter().map(|event| RenderedEvent { event, unknown }).collect();
            serde_json::to_vec(&Body { events, searched_log_streams: [], next_token }).unwrap_or_default()
        },
        |shape| shape.to_string().into_bytes(),
    )
}
