//! A structure of AWS's that is JSON text in one column.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{RawFields, field};
use crate::tables::typing::unparsed::Unparsed;
use crate::tables::unknown::Unknown;
use crate::tables::xml::DecodeError;
use crate::tables::xml::document::Document;
use crate::tables::xml::fields::{fields, texts};

/// The members of a structure that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tables) struct ObjectShape {
    /// The path of the structure, with a dot at its end.
    pub within: &'static str,
    /// The paths of its texts, within the structure.
    pub texts: &'static [&'static str],
    /// The names of its lists of texts.
    pub lists: &'static [&'static str],
}

/// A structure as it was decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawObject<'a> {
    shape: ObjectShape,
    texts: Vec<Option<Cow<'a, str>>>,
    lists: Vec<Option<Vec<Cow<'a, str>>>>,
}

impl<'a> RawFields<'a> for RawObject<'a> {
    fn is_structure(&self, within: &str) -> bool {
        let within = within.strip_prefix(self.shape.within);
        within.is_some_and(|within| self.shape.texts.iter().any(|path| path.starts_with(within)))
    }

    fn text_mut(&mut self, path: &str) -> Option<&mut Option<Cow<'a, str>>> {
        let path = path.strip_prefix(self.shape.within)?;
        let at = self.position(path)?;
        self.texts.get_mut(at)
    }
}

impl<'a> RawObject<'a> {
    /// Returns a structure without members.
    pub(in crate::tables) fn new(shape: ObjectShape) -> RawObject<'a> {
        RawObject { shape, texts: vec![None; shape.texts.len()], lists: vec![None; shape.lists.len()] }
    }

    /// Reads the members of the element that was entered last. Unknown ones are kept under their paths.
    pub(in crate::tables) fn read(
        document: &mut Document<'a>,
        unknown: &mut Unknown<'a>,
        shape: ObjectShape,
    ) -> Result<RawObject<'a>, DecodeError> {
        let mut raw = RawObject::new(shape);
        fields(document, unknown, shape.within, |document, unknown, name| {
            raw.member(document, unknown, name)
        })?;
        Ok(raw)
    }

    /// Reads one member.
    pub(in crate::tables) fn member(
        &mut self,
        document: &mut Document<'a>,
        unknown: &mut Unknown<'a>,
        name: &str,
    ) -> Result<(), DecodeError> {
        let at = self.shape.lists.iter().position(|list| *list == name);
        match at.and_then(|at| self.lists.get_mut(at)) {
            Some(list) => texts(document, unknown, &format!("{}{name}", self.shape.within), list),
            None => field(document, unknown, self, self.shape.within, name),
        }
    }

    /// Returns the text with this path within the structure, as AWS wrote it.
    pub(in crate::tables) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(self.position(path)?)?.as_deref()
    }

    /// Removes the text with this path; returns it if `is_kept`.
    pub(in crate::tables) fn take(
        &mut self,
        path: &str,
        is_kept: impl FnOnce(&str) -> bool,
    ) -> Option<Cow<'a, str>> {
        let at = self.position(path)?;
        self.texts.get_mut(at)?.take().filter(|text| is_kept(text))
    }

    /// Returns `true` if the list of this name has texts.
    pub(in crate::tables) fn has_texts(&self, name: &str) -> bool {
        let mut lists = self.shape.lists.iter().zip(&self.lists);
        lists.any(|(list, texts)| *list == name && texts.as_ref().is_some_and(|texts| !texts.is_empty()))
    }

    fn position(&self, path: &str) -> Option<usize> {
        self.shape.texts.iter().position(|known| *known == path)
    }

    /// Returns the structure as JSON, with the API's names in alphabetical order and its texts as texts. A text that it does not
    /// have exactly is kept as unknown.
    pub(in crate::tables) fn into_json(self, unparsed: &Unparsed<'a>, unknown: &mut Unknown<'a>) -> Value {
        let mut members: BTreeMap<&'static str, Value> = BTreeMap::new();
        for (path, text) in self.shape.texts.iter().zip(self.texts) {
            let Some(text) = text else { continue };
            let (column, is_exact) = unparsed.element(&text);
            members.extend(column.map(|column| (*path, Value::String(column))));
            if !is_exact {
                unknown.push(self.shape.within, path, text);
            }
        }
        for (name, list) in self.shape.lists.iter().zip(self.lists) {
            let texts = list.map(|list| unparsed.list(list).into_iter().map(Cow::into_owned).collect());
            members.extend(texts.map(|texts| (*name, texts)));
        }
        let mut object = Map::new();
        members.into_iter().for_each(|(path, value)| insert(&mut object, path, value));
        Value::Object(object)
    }
}

/// Inserts a value at a path, such as `status.code`.
fn insert(object: &mut Map<String, Value>, path: &str, value: Value) {
    let Some((name, rest)) = path.split_once('.') else {
        object.insert(path.to_owned(), value);
        return;
    };
    let member = object.entry(name).or_insert_with(|| Value::Object(Map::new()));
    if let Some(inner) = member.as_object_mut() {
        insert(inner, rest, value);
    }
}

/// Returns a list of structures as JSON text for a column; `None` if there are none.
pub(in crate::tables) fn json_texts<'a>(
    objects: Vec<RawObject<'a>>,
    unparsed: &mut Unparsed<'a>,
    unknown: &mut Unknown<'a>,
    field: &'static str,
) -> Option<String> {
    if objects.is_empty() {
        return None;
    }
    let objects = objects.into_iter().map(|object| object.into_json(unparsed, unknown)).collect();
    unparsed.column(field, Cow::Owned(Value::Array(objects).to_string())).map(Cow::into_owned)
}
