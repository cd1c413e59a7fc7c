//! Elements of an answer as a tree, which faults can change before it is written.

use crate::access::AccessStatus;
use crate::xml::{UNKNOWN_FIELDS, Xml};

/// An element of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Element {
    /// An element with a text in it.
    Text(&'static str, String),
    /// An element with elements in it.
    Parent(&'static str, Vec<Element>),
    /// An element with markup in it, which is written as it is.
    Markup(&'static str, &'static str),
}

impl Element {
    pub(crate) fn text(name: &'static str, text: impl Into<String>) -> Self {
        Self::Text(name, text.into())
    }

    /// Returns an element with a text in it, or `None` for `None`.
    pub(crate) fn optional(name: &'static str, text: Option<&str>) -> Option<Self> {
        text.map(|text| Self::text(name, text))
    }

    /// Returns an element with `true` or `false` in it.
    pub(crate) fn flag(name: &'static str, flag: bool) -> Self {
        Self::text(name, if flag { "true" } else { "false" })
    }

    /// Returns an element with a list of texts in it.
    pub(crate) fn items(name: &'static str, texts: &[String]) -> Self {
        Self::Parent(name, texts.iter().map(|text| Self::text("item", text)).collect())
    }

    /// Returns an element with those elements in it that there are.
    pub(crate) fn parent(name: &'static str, inside: impl IntoIterator<Item = Option<Self>>) -> Self {
        Self::Parent(name, inside.into_iter().flatten().collect())
    }

    /// Returns a status without a message.
    pub(crate) fn status(code: &str) -> Self {
        Self::Parent("status", vec![Self::text("code", code)])
    }

    /// Returns a status with its message, if it has one.
    pub(crate) fn of_status(status: &AccessStatus) -> Self {
        let message = Self::optional("message", status.message.as_deref());
        Self::parent("status", [Some(Self::text("code", &status.code)), message])
    }

    /// Returns the elements that the API does not have today.
    pub(crate) fn unknown() -> impl Iterator<Item = Self> {
        UNKNOWN_FIELDS.into_iter().map(|(name, content)| Self::Markup(name, content))
    }

    pub(crate) fn write(&self, xml: &mut Xml) {
        match self {
            Self::Text(name, text) => xml.text(name, text),
            Self::Parent(name, inside) => xml.element(name, |xml| Self::write_all(inside, xml)),
            Self::Markup(name, content) => xml.markup(name, content),
        }
    }

    pub(crate) fn write_all(elements: &[Self], xml: &mut Xml) {
        elements.iter().for_each(|element| element.write(xml));
    }
}
