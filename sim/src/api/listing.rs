//! Pages of listings, with the faults that change rows and tokens.

use crate::api::document::Document;
use crate::api::inquiry::Inquiry;
use crate::error::ApiError;
use crate::fault::FaultKind;
use crate::parameters::Filters;
use crate::token::Token;
use crate::xml::{self, Xml};

/// Page size of a request that names none. EC2 does not document its own.
const DEFAULT_PAGE_SIZE: usize = 1000;

/// A page of a listing.
pub(crate) struct Listing<R> {
    pub(crate) rows: Vec<R>,
    pub(crate) next_token: Option<String>,
}

/// Returns the requested page of a listing, as the faults change it.
///
/// `select` returns the rows at a position, and the offset of the row after them. `bend` applies the faults that depend on what
/// a row is.
pub(crate) fn page<R: Clone>(
    inquiry: &Inquiry<'_>,
    listing: &str,
    filters: &Filters,
    select: impl FnOnce(&Token) -> (Vec<R>, Option<usize>),
    bend: impl Fn(&FaultKind, &mut Vec<R>),
) -> Result<Listing<R>, ApiError> {
    inquiry.end_dry_run()?;
    let position = position(inquiry, listing, filters.digest())?;
    let asked_with = inquiry.parameters.get("NextToken").filter(|text| !text.is_empty());
    if asked_with.is_some() && inquiry.meets(&FaultKind::ExpireToken) {
        return Err(ApiError::expired_token());
    }
    let (mut rows, next) = select(&position);
    let mut next = next.map(|offset| Token { offset, empty: 0, ..position.clone() });
    for fault in &inquiry.faults {
        match fault {
            FaultKind::EmptyPage => rows.clear(),
            FaultKind::DuplicateRow => rows.extend(rows.first().cloned()),
            other => bend(other, &mut rows),
        }
        bend_token(fault, &position, &mut next);
    }
    let mut next_token = next.map(|token| inquiry.state.sealer.seal(&token));
    if inquiry.meets(&FaultKind::RepeatToken) {
        next_token = asked_with.map(str::to_owned).or(next_token);
    }
    Ok(Listing { rows, next_token })
}

/// Returns the beginning and the size of the requested page.
fn position(inquiry: &Inquiry<'_>, listing: &str, filters: u64) -> Result<Token, ApiError> {
    let size = inquiry.parameters.page_size()?;
    let Some(text) = inquiry.parameters.get("NextToken").filter(|text| !text.is_empty()) else {
        let (listing, size) = (listing.to_owned(), size.unwrap_or(DEFAULT_PAGE_SIZE));
        let time = inquiry.state.now().as_second();
        return Ok(Token { listing, time, offset: 0, size, filters, empty: 0 });
    };
    let token: Token = inquiry.state.sealer.open(text).ok_or_else(ApiError::invalid_token)?;
    if token.listing != listing || token.filters != filters {
        return Err(ApiError::invalid_token());
    }
    Ok(Token { size: size.unwrap_or(token.size), ..token })
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

/// Takes the rows of a page from those that match, each with its offset in the listing.
pub(crate) fn take<R>(
    matching: impl Iterator<Item = (usize, R)>,
    position: &Token,
) -> (Vec<R>, Option<usize>) {
    let mut matching = matching.skip_while(|(offset, _)| *offset < position.offset);
    let rows = matching.by_ref().take(position.size).map(|(_, row)| row).collect();
    (rows, matching.next().map(|(offset, _)| offset))
}

/// Renders a page, whose list is an element of the name `list`.
pub(crate) fn render<R>(
    inquiry: &Inquiry<'_>,
    list: &str,
    page: &Listing<R>,
    write: impl Fn(&mut Xml, &R),
) -> Document {
    let mut middle = 0;
    let root = format!("{}Response", inquiry.action.name());
    let body = Xml::document(&root, Some(xml::EC2), |xml| {
        xml.text("requestId", &inquiry.request_id);
        xml.element(list, |xml| {
            let until = page.rows.len().div_ceil(2);
            middle = xml.written();
            for (index, row) in page.rows.iter().enumerate() {
                write(xml, row);
                if index < until {
                    middle = xml.written();
                }
            }
        });
        // The last page has no such element.
        xml.optional("nextToken", page.next_token.as_deref());
    });
    Document { body, middle, page: None }
}
