//! An answer about one endpoint that has no list.

use crate::tables::configuration::object::{ObjectShape, RawObject};
use crate::tables::unknown::Unknown;
use crate::tables::xml::document::Document;
use crate::tables::xml::fields::{fields, keep};
use crate::tables::xml::{Body, DecodeError, Shape};

/// The fields of an answer.
pub(super) struct AnswerFields<'a> {
    /// The known ones.
    pub object: RawObject<'a>,
    /// The others.
    pub unknown: Unknown<'a>,
    /// `true` if something in the answer may be a character that XML does not allow.
    pub is_odd: bool,
}

/// Reads an answer whose fields are in its root.
pub(super) fn answer<'a>(
    body: &'a Body<'_>,
    shape: &'static Shape,
    known: ObjectShape,
) -> Result<AnswerFields<'a>, DecodeError> {
    let mut document: Document<'a> = body.document(shape)?;
    let (prefix, mut object, mut unknown) = (document.prefix(), RawObject::new(known), Unknown::default());
    for (key, value) in document.take_attributes() {
        unknown.push("@", &key, value.into());
    }
    fields(&mut document, &mut unknown, "", |document, unknown, name| match name {
        // The same words of another namespace are not the API's.
        _ if document.prefix() != prefix => keep(document, unknown, "", name),
        "requestId" => document.skip(|name| shape.check(name)),
        _ => object.member(document, unknown, name),
    })?;
    document.end()?;
    Ok(AnswerFields { object, unknown, is_odd: document.is_odd() })
}
