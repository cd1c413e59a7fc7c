//! Reads EC2's listings out of its XML, in one pass, in place of the SDK's decoder.
//!
//! The SDK decodes the fields that it knew when it was built, and drops those that AWS adds later. It also treats faults of the
//! XML as its end: a body that is cut between two elements, or damaged in the middle, is then a page with fewer rows and no
//! token, like the last page of a listing. It does the same with an answer of another shape. This module refuses such a body, and
//! keeps unknown elements under their own names.
//!
//! A page has the root `<Operation>Response`, in it exactly one list whose children are all `item`, at most one `nextToken`, and
//! no text beside them. Another element beside the list is skipped and its name recorded, unless its name, or an element in it,
//! shows that it may be the list, a row or the token in another shape. In a row, an unknown field is kept, unless its name, or an
//! element in it, shows that it may be more rows, or the token. No element has an attribute that may be the token.

pub(super) mod document;
pub(super) mod fields;

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::answer_limits::{Limit, PAGE_ROWS, TOKEN_BYTES};
use crate::tables::typing::illegal::{has_illegal, readable};
use crate::tables::unknown::record_names;
use document::{Document, ElementContent};

/// Maximum number of characters of a recorded name of an unknown element.
const RECORDED_NAME_CHARS: usize = 64;

/// A body that cannot be read. The error has none of its content, which may name people.
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

    /// Returns it as a document whose root was entered.
    pub(super) fn document(&self, shape: &'static Shape) -> Result<Document<'_>, DecodeError> {
        let mut document = Document::new(&self.text, self.is_odd, shape);
        document.root(shape.root)?;
        Ok(document)
    }
}

/// The parts of a page beside its rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageEnd {
    /// The token that leads to the next page; empty or `None` on the last.
    pub next_token: Option<String>,
    /// Names of elements beside the list that this program does not know.
    pub unknown_elements: BTreeSet<String>,
    /// `true` if something in the answer, a row or not, may be a character that XML does not allow.
    pub is_odd: bool,
}

/// The shape of an operation's answer.
#[derive(Debug)]
pub(super) struct Shape {
    /// Name of the root.
    pub root: &'static str,
    /// Name of the list.
    pub list: &'static str,
    /// Fields of a row that nothing else has. An element beside the list, or in a row, that has one of them looks like a list.
    pub ids: &'static [&'static str],
    /// Other fields of a row. An element beside the list that has one of them looks like a list.
    pub signs: &'static [&'static str],
}

/// Reads a page of the operation's `shape`: each row with `row`.
pub(super) fn page<'a>(
    body: &'a Body<'_>,
    shape: &'static Shape,
    mut row: impl FnMut(&mut Document<'a>) -> Result<(), DecodeError>,
) -> Result<PageEnd, DecodeError> {
    let mut document = body.document(shape)?;
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
                shape.check_sibling(name)?;
                record(&mut end.unknown_elements, name);
                document.skip(|name| shape.check(name))?;
            }
        }
    }
    document.end()?;
    end.is_odd = document.is_odd();
    if lists == 1 { Ok(end) } else { Err(DecodeError::Malformed) }
}

/// Enters the next element of a level that has only elements.
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
        ElementContent::Text(token) if token.len() > TOKEN_BYTES => Err(DecodeError::Limit(Limit::Token)),
        ElementContent::Text(token) if !has_illegal(&token) => Ok(token.into_owned()),
        _ => Err(DecodeError::Malformed),
    }
}

/// Records the name of an unknown element, as far as it can be one of AWS's.
fn record(names: &mut BTreeSet<String>, name: &str) {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let name = name.chars().take(RECORDED_NAME_CHARS).map(|c| if is_plain(c) { c } else { '?' }).collect();
    record_names(names, [name]);
}

impl Shape {
    /// Refuses the name of an element beside the list that is a name of rows, or that [`Shape::check`] refuses.
    fn check_sibling(&self, name: &str) -> Result<(), DecodeError> {
        refuse_if(is_of_rows(name))?;
        self.check(name)
    }

    /// Refuses the name of an element beside the list, or in such an element, that may be the list or the token in another
    /// shape, or an error in place of them.
    pub(super) fn check(&self, name: &str) -> Result<(), DecodeError> {
        let name = words(name);
        let is = |word: &&str| name.eq_ignore_ascii_case(word);
        let is_sign = self.ids.iter().chain(self.signs).any(is);
        let is_error = ["error", "errors", "fault"].iter().any(is);
        refuse_if(is_sign || is_error || name.contains("token") || name.contains(&words(self.list)))
    }

    /// Refuses the name of a field in a row that may be more rows, or that [`Shape::check_within_field`] refuses for a reason
    /// other than being a row's own.
    fn check_field(&self, name: &str) -> Result<(), DecodeError> {
        let words = words(name);
        refuse_if(is_of_rows(name) || is_page_token(&words) || self.may_be_list(&words))
    }

    /// Refuses the name of an element in a field of a row that may be the list, a row's id or the token.
    fn check_within_field(&self, name: &str) -> Result<(), DecodeError> {
        let name = words(name);
        let is_id = self.ids.iter().any(|id| name.eq_ignore_ascii_case(id));
        refuse_if(is_id || is_page_token(&name) || self.may_be_list(&name))
    }

    /// Returns `true` if a name contains the list's name. In a row, `clientVpnEndpointArn` may be a field: a name in the singular
    /// is that of a list only at the end, or with a suffix of lists.
    fn may_be_list(&self, name: &str) -> bool {
        let list = words(self.list);
        let is_end_of_list = |rest: &str| list.ends_with('s') || ["", "s", "set", "list"].contains(&rest);
        name.match_indices(&list).any(|(at, _)| name.get(at + list.len()..).is_some_and(is_end_of_list))
    }
}

fn refuse_if(is_refused: bool) -> Result<(), DecodeError> {
    if is_refused { Err(DecodeError::Malformed) } else { Ok(()) }
}

/// Returns the letters and digits of a name, in lower case.
fn words(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Returns `true` for the names that rows have in lists.
fn is_of_rows(name: &str) -> bool {
    ["item", "member"].iter().any(|row| name.eq_ignore_ascii_case(row))
}

/// Returns `true` if a name in a row is that of a listing's token, and not of a token of the row's own.
fn is_page_token(name: &str) -> bool {
    let kinds = ["nexttoken", "paginationtoken", "continuationtoken", "pagetoken"];
    name == "token" || kinds.iter().any(|kind| name.contains(kind))
}

#[cfg(test)]
mod tests;
