//! `DescribeClientVpnConnections`.

use super::document::Document;
use super::inquiry::Inquiry;
use super::listing;
use crate::connection::Connection;
use crate::error::ApiError;
use crate::fault::{FaultKind, LONG_VALUE, OTHER_ENDPOINT, odd_row};
use crate::parameters::Filters;
use crate::people::People;
use crate::served::{AnyPage, ServedPage};
use crate::token::Token;
use crate::xml::{self, UNKNOWN_FIELDS};

pub(crate) const LIST: &str = "connections";
const FILTERS: &[&str] = &["connection-id", "username"];

pub(crate) fn describe(inquiry: &Inquiry<'_>) -> Result<Document, ApiError> {
    let (fleet, filters) = inquiry.listed(FILTERS, |_| false)?;
    let endpoint_id = &fleet.endpoint().id;
    let select = |position: &Token| select(&fleet, &filters, position);
    let page = listing::page(inquiry, endpoint_id, &filters, select, bend)?;
    let unknown = if inquiry.meets(&FaultKind::UnknownField) { &UNKNOWN_FIELDS[..] } else { &[] };
    let unknown_fields = unknown.iter().copied().collect();
    let document =
        listing::render(inquiry, LIST, &page, |xml, row| xml::connection(xml, row, &unknown_fields));
    let served = ServedPage {
        request_id: inquiry.request_id.clone(),
        endpoint_id: endpoint_id.clone(),
        next_token: page.next_token,
        connections: page.rows,
        unknown_fields,
    };
    Ok(Document { page: Some(AnyPage::Connections(served)), ..document })
}

fn select(fleet: &People, filters: &Filters, position: &Token) -> (Vec<Connection>, Option<usize>) {
    let mut seats = (position.offset..fleet.seats()).filter(|&seat| {
        filters.match_all(|name| match name {
            "username" => fleet.username(seat),
            _ => Some(fleet.connection_id(seat, position.time)),
        })
    });
    let rows = seats.by_ref().take(position.size).map(|seat| fleet.connection(seat, position.time)).collect();
    (rows, seats.next())
}

fn bend(fault: &FaultKind, rows: &mut Vec<Connection>) {
    match fault {
        FaultKind::OddValues => rows.iter_mut().enumerate().for_each(|(index, row)| *row = odd_row(index)),
        FaultKind::Custom { connections } => rows.clone_from(connections),
        FaultKind::LongValue => {
            rows.iter_mut().for_each(|row| row.username = Some("x".repeat(LONG_VALUE)));
        }
        FaultKind::WrongEndpointId => {
            rows.iter_mut().for_each(|row| row.client_vpn_endpoint_id = Some(OTHER_ENDPOINT.to_owned()));
        }
        _ => {}
    }
}
