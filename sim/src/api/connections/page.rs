//! The rows and the token of one page.

use crate::api::{find, position};
use crate::connection::Connection;
use crate::error::ApiError;
use crate::fault::{FaultKind, odd_row};
use crate::location::Location;
use crate::parameters::{Filters, Parameters, is_filter};
use crate::people::People;
use crate::served::ServedPage;
use crate::state::State;
use crate::token::Token;
use crate::xml::UNKNOWN_FIELDS;

/// Bytes of a value that is longer than any reader keeps to its end: 64 KiB and one.
const LONG_VALUE: usize = (64 << 10) + 1;

const FILTERS: &[&str] = &["connection-id", "username"];
const PARAMETERS: &[&str] = &["ClientVpnEndpointId", "MaxResults", "NextToken"];

/// Returns the requested page, as changed by `faults`.
///
/// A `DryRun` is answered after the endpoint was found, since permissions may be given for the endpoint alone.
pub(crate) fn page(
    state: &State,
    location: &Location,
    parameters: &Parameters,
    faults: &[FaultKind],
    request_id: &str,
) -> Result<ServedPage, ApiError> {
    parameters.only(|name| PARAMETERS.contains(&name) || is_filter(name))?;
    let endpoint_id = parameters.required("ClientVpnEndpointId")?;
    let filters = parameters.filters(FILTERS)?;
    parameters.page_size()?;
    let fleet = find(state, location, endpoint_id)?;
    if parameters.dry_run()? {
        return Err(ApiError::dry_run());
    }
    let position = position(state, parameters, endpoint_id, filters.digest())?;
    let asked_with = parameters.get("NextToken").filter(|text| !text.is_empty());
    if asked_with.is_some() && faults.contains(&FaultKind::ExpireToken) {
        return Err(ApiError::expired_token());
    }
    let (mut connections, mut next) = list(&fleet, &filters, &position);
    faults.iter().for_each(|fault| bend_rows(fault, &mut connections));
    faults.iter().for_each(|fault| bend_token(fault, &position, &mut next));
    let mut next_token = next.map(|token| state.sealer.seal(&token));
    if faults.contains(&FaultKind::RepeatToken) {
        next_token = asked_with.map(str::to_owned).or(next_token);
    }
    let (request_id, endpoint_id) = (request_id.to_owned(), endpoint_id.to_owned());
    let unknown = if faults.contains(&FaultKind::UnknownField) { &UNKNOWN_FIELDS[..] } else { &[] };
    let unknown_fields = unknown.iter().copied().collect();
    Ok(ServedPage { request_id, endpoint_id, next_token, connections, unknown_fields })
}

fn list(fleet: &People, filters: &Filters, position: &Token) -> (Vec<Connection>, Option<Token>) {
    let mut seats = (position.offset..fleet.seats()).filter(|&seat| {
        filters.match_all(|name| match name {
            "username" => fleet.username(seat),
            _ => Some(fleet.connection_id(seat, position.time)),
        })
    });
    let rows = seats.by_ref().take(position.size).map(|seat| fleet.connection(seat, position.time)).collect();
    let next = seats.next().map(|offset| Token { offset, empty: 0, ..position.clone() });
    (rows, next)
}

fn bend_rows(fault: &FaultKind, rows: &mut Vec<Connection>) {
    match fault {
        FaultKind::EmptyPage => rows.clear(),
        FaultKind::OddValues => rows.iter_mut().enumerate().for_each(|(index, row)| *row = odd_row(index)),
        FaultKind::Custom { connections } => rows.clone_from(connections),
        FaultKind::DuplicateRow => rows.extend(rows.first().cloned()),
        FaultKind::LongValue => {
            rows.iter_mut().for_each(|row| row.username = Some("x".repeat(LONG_VALUE)));
        }
        FaultKind::WrongEndpointId => {
            let other = Some("cvpn-endpoint-0fffffffffffffff0".to_owned());
            rows.iter_mut().for_each(|row| row.client_vpn_endpoint_id.clone_from(&other));
        }
        _ => {}
    }
}

fn bend_token(fault: &FaultKind, position: &Token, next: &mut Option<Token>) {
    match fault {
        FaultKind::EmptyPage => *next = Some(Token { empty: position.empty + 1, ..position.clone() }),
        FaultKind::CycleTokens if position.offset > position.size => {
            *next = Some(Token { offset: position.offset - position.size, empty: 0, ..position.clone() });
        }
        _ => {}
    }
}
