//! The parts of a row: fields, lists of texts, and unknown elements.

use std::borrow::Cow;

use super::DecodeError;
use super::document::{Document, ElementContent};
use crate::answer_limits::{LIST_TEXTS, VALUE_BYTES};
use crate::tables::typing::illegal::has_illegal;
use crate::tables::unknown::Unknown;

/// The key under which `unparsed` keeps text beside elements.
const STRAY: &str = "#text";

/// Reads a row: its attributes, and each element in it with `field`, which gets its name.
pub(in crate::tables) fn row<'a>(
    document: &mut Document<'a>,
    unknown: &mut Unknown<'a>,
    field: impl FnMut(&mut Document<'a>, &mut Unknown<'a>, &'a str) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    for (key, value) in document.take_attributes() {
        unknown.push("@", &key, value.into());
    }
    fields(document, unknown, "", field)
}

/// Reads each element in the element that was entered last with `field`, which gets its name. `within` is the prefix for the
/// names of unknown elements.
pub(in crate::tables) fn fields<'a>(
    document: &mut Document<'a>,
    unknown: &mut Unknown<'a>,
    within: &str,
    mut field: impl FnMut(&mut Document<'a>, &mut Unknown<'a>, &'a str) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    loop {
        let child = document.child()?;
        if let Some(stray) = document.take_stray() {
            unknown.push(within, STRAY, stray);
        }
        let Some(name) = child else { return Ok(()) };
        if document.has_attributes() {
            for (key, value) in document.take_attributes() {
                unknown.push(within, &format!("{name}@{key}"), value.into());
            }
        }
        field(document, unknown, name)?;
    }
}

/// Reads a text into `field`. An earlier one of the same name is kept as unknown, since the SDK takes the last; so is content
/// that is not text.
pub(in crate::tables) fn text<'a>(
    document: &mut Document<'a>,
    unknown: &mut Unknown<'a>,
    within: &str,
    name: &str,
    field: &mut Option<Cow<'a, str>>,
) -> Result<(), DecodeError> {
    let earlier = match document.field_value()? {
        ElementContent::Text(text) => field.replace(text),
        ElementContent::Xml(xml) => Some(Cow::Borrowed(xml)),
    };
    if let Some(earlier) = earlier {
        unknown.push(within, name, earlier);
    }
    Ok(())
}

/// Keeps an unknown field.
///
/// # Errors
/// Returns an error if it may be more rows, or the token of the listing: a row would keep only a part of those.
pub(in crate::tables) fn keep<'a>(
    document: &mut Document<'a>,
    unknown: &mut Unknown<'a>,
    within: &str,
    name: &str,
) -> Result<(), DecodeError> {
    match within {
        "" => document.shape().check_field(name)?,
        _ => document.shape().check_within_field(name)?,
    }
    let value = document.field_value()?.into_inner();
    unknown.push(within, name, value);
    Ok(())
}

/// Reads a list of texts, which are in elements named `item`. A list that is too long is kept as XML. One whose texts have
/// characters that XML does not allow is kept as texts and as XML.
pub(in crate::tables) fn texts<'a>(
    document: &mut Document<'a>,
    unknown: &mut Unknown<'a>,
    name: &str,
    list: &mut Option<Vec<Cow<'a, str>>>,
) -> Result<(), DecodeError> {
    let begin = document.position()?;
    let (mut read, mut bytes) = (Some(Vec::new()), 0);
    let within = format!("{name}.");
    fields(document, unknown, &within, |document, unknown, child| {
        let value = match child {
            "item" => document.field_value()?,
            _ => return keep(document, unknown, &within, child),
        };
        match (value, &mut read) {
            (ElementContent::Text(text), Some(texts)) => {
                bytes += text.len();
                texts.push(text);
                if texts.len() > LIST_TEXTS || bytes > VALUE_BYTES {
                    read = None;
                }
            }
            (ElementContent::Xml(xml), _) => unknown.push(&within, child, Cow::Borrowed(xml)),
            (ElementContent::Text(_), None) => {}
        }
        Ok(())
    })?;
    let is_odd = |texts: &[Cow<'a, str>]| document.is_odd() && texts.iter().any(|text| has_illegal(text));
    if read.as_deref().is_none_or(is_odd) {
        unknown.push("", name, Cow::Borrowed(document.content_since(begin)?));
    }
    if let Some(texts) = read {
        for earlier in list.replace(texts).into_iter().flatten() {
            unknown.push("", name, earlier);
        }
    }
    Ok(())
}
