//! Reads EC2's listings out of its XML, in one pass, in place of the SDK's decoder.
//!
//! The SDK decodes the fields that it knew when it was built, and drops what AWS adds later. It also takes faults of the XML for
//! its end: a body that is cut between two elements, or damaged in the middle, is then a page with fewer rows and no
//! token, which is what the last page of a listing looks like. It does the same with an answer of another shape. Here such a
//! body is refused, and elements that are not known are kept under their own names.
//!
//! A page has the root `<Operation>Response`, in it exactly one list whose children are all `item`, at most one `nextToken`, and
//! no text beside them. Another element beside the list is passed over and its name recorded, unless it, or an element in it,
//! may be the list or the token in another shape.

mod connection;
mod document;
mod endpoint;
mod rows;

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::limits::{Limit, PAGE_ROWS, TOKEN_BYTES};
use crate::connection::RawConnection;
use crate::endpoint::RawEndpoint;
use crate::normalise::illegal::{has_illegal, readable};
use document::{Document, Value};

/// Most names of unknown elements that are recorded, and the longest one, in characters.
const RECORDED_NAMES: usize = 20;
const RECORDED_NAME: usize = 64;

/// A body that cannot be read. No content is named here: it may name people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It is cut off or damaged, or not of the shape that EC2 sends.
    #[error("the answer is not one complete document of the shape that EC2 sends")]
    Malformed,
    /// It exceeds a limit.
    #[error("the answer exceeds a limit: {0}")]
    Limit(Limit),
}

/// A body as text.
#[derive(Debug)]
pub struct Body<'a> {
    text: Cow<'a, str>,
    is_odd: bool,
}

impl<'a> Body<'a> {
    /// Reads bytes as text. Characters and bytes that XML does not allow stay in it, in a form of their own.
    pub fn new(bytes: &'a [u8]) -> Body<'a> {
        let (text, is_odd) = readable(bytes);
        Body { text, is_odd }
    }
}

/// What stands beside the rows of a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageEnd {
    /// The token that leads to the next page; empty or `None` on the last.
    pub next_token: Option<String>,
    /// Names of elements beside the list that this program does not know.
    pub unknown_elements: BTreeSet<String>,
}

/// The shape of an operation's answer.
#[derive(Debug)]
struct Shape {
    root: &'static str,
    list: &'static str,
    /// Fields of a row. An element beside the list that has one of them looks like a list.
    signs: &'static [&'static str],
}

const CONNECTIONS: Shape =
    Shape { root: "DescribeClientVpnConnectionsResponse", list: "connections", signs: &["connectionId"] };

const ENDPOINTS: Shape = Shape {
    root: "DescribeClientVpnEndpointsResponse",
    list: "clientVpnEndpoint",
    signs: &["clientVpnEndpointId", "clientVpnEndpoints"],
};

const NETWORKS: Shape = Shape {
    root: "DescribeClientVpnTargetNetworksResponse",
    list: "clientVpnTargetNetworks",
    signs: &["targetNetworkId", "associationId"],
};

/// Reads a page of connections: hands each to `each`, in AWS's order.
///
/// # Errors
/// When the body is not one well-formed document of the operation's shape, when it exceeds a limit, and when `each` fails. What
/// was handed out before is then of no use.
pub fn connections<'a>(
    body: &'a Body<'_>,
    mut each: impl FnMut(RawConnection<'a>) -> Result<(), DecodeError>,
) -> Result<PageEnd, DecodeError> {
    page(body, &CONNECTIONS, |document| each(connection::connection(document)?))
}

/// Reads a page of endpoints in the same way.
///
/// # Errors
/// As [`connections`].
pub fn endpoints<'a>(
    body: &'a Body<'_>,
    mut each: impl FnMut(RawEndpoint<'a>) -> Result<(), DecodeError>,
) -> Result<PageEnd, DecodeError> {
    page(body, &ENDPOINTS, |document| each(endpoint::endpoint(document)?))
}

/// Reads a page of target networks in the same way: of each the id of its subnet, which may be missing.
///
/// # Errors
/// As [`connections`].
pub fn networks<'a>(
    body: &'a Body<'_>,
    mut each: impl FnMut(Option<Cow<'a, str>>) -> Result<(), DecodeError>,
) -> Result<PageEnd, DecodeError> {
    page(body, &NETWORKS, |document| each(endpoint::network(document)?))
}

fn page<'a>(
    body: &'a Body<'_>,
    shape: &Shape,
    mut row: impl FnMut(&mut Document<'a>) -> Result<(), DecodeError>,
) -> Result<PageEnd, DecodeError> {
    let mut document = Document::new(&body.text, body.is_odd);
    document.root(shape.root)?;
    let prefix = document.prefix();
    let mut end = PageEnd::default();
    let mut lists = 0;
    while let Some(name) = element(&mut document)? {
        // The same words with attributes or of another namespace are not the API's.
        let is_plain = document.prefix() == prefix && !document.has_attributes();
        match name {
            _ if name == shape.list && is_plain && lists == 0 => {
                lists += 1;
                items(&mut document, prefix, &mut row)?;
            }
            "nextToken" if is_plain && end.next_token.is_none() => {
                end.next_token = Some(token(&mut document)?);
            }
            "requestId" => document.skip(|name| shape.check(name))?,
            _ => {
                shape.check(name)?;
                record(&mut end.unknown_elements, name);
                document.skip(|name| shape.check(name))?;
            }
        }
    }
    document.end()?;
    if lists == 1 { Ok(end) } else { Err(DecodeError::Malformed) }
}

/// Enters the next element of a level on which there are elements alone.
fn element<'a>(document: &mut Document<'a>) -> Result<Option<&'a str>, DecodeError> {
    let name = document.child()?;
    match document.take_stray() {
        Some(_) => Err(DecodeError::Malformed),
        None => Ok(name),
    }
}

fn items<'a>(
    document: &mut Document<'a>,
    prefix: &str,
    row: &mut impl FnMut(&mut Document<'a>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut rows = 0;
    while let Some(name) = element(document)? {
        if name != "item" || document.prefix() != prefix {
            return Err(DecodeError::Malformed);
        }
        rows += 1;
        if rows > PAGE_ROWS {
            return Err(DecodeError::Limit(Limit::PageRows));
        }
        row(document)?;
    }
    Ok(())
}

fn token(document: &mut Document<'_>) -> Result<String, DecodeError> {
    match document.value()? {
        Value::Text(token) if token.len() > TOKEN_BYTES => Err(DecodeError::Limit(Limit::Token)),
        Value::Text(token) if !has_illegal(&token) => Ok(token.into_owned()),
        _ => Err(DecodeError::Malformed),
    }
}

/// Records the name of an element that is not known: so much of it as can be one of AWS's.
fn record(names: &mut BTreeSet<String>, name: &str) {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if names.len() < RECORDED_NAMES {
        names.insert(name.chars().take(RECORDED_NAME).map(|c| if is_plain(c) { c } else { '?' }).collect());
    }
}

impl Shape {
    /// Refuses the name of an element beside the list, or in such an element, that may be the list or the token in another
    /// shape, or an error in place of them.
    fn check(&self, name: &str) -> Result<(), DecodeError> {
        let is_word = |b: &u8| b.is_ascii_alphanumeric();
        let name: Vec<u8> = name.bytes().filter(is_word).map(|b| b.to_ascii_lowercase()).collect();
        let is = |word: &str| word.as_bytes().eq_ignore_ascii_case(&name);
        let is_of_token = name.windows(b"token".len()).any(|part| part == b"token");
        let is_of_list = is(self.list) || self.signs.iter().any(|sign| is(sign));
        let is_error = ["error", "errors", "fault"].iter().any(|word| is(word));
        if is_of_token || is_of_list || is_error { Err(DecodeError::Malformed) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
