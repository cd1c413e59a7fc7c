//! The column `unparsed` of a row: texts that cannot be typed exactly, and unknown fields.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::TextMeaning;
use super::illegal::{beginning, escaped, has_illegal, replaced};
use crate::answer_limits::VALUE_BYTES;
use crate::tables::unknown::Unknown;

/// Suffix of a field's name, for the key of the length in bytes of a value that is not kept to its end. No name of XML has a `#`.
pub const LENGTH: &str = "#length";

/// The key of the number of unknown fields that are not kept.
pub const MORE: &str = "#more";

/// Texts by the name of their API field.
#[derive(Debug)]
pub struct Unparsed<'a> {
    map: BTreeMap<Cow<'static, str>, Cow<'a, str>>,
    /// `true` if the texts may have characters that are not allowed.
    is_odd: bool,
}

impl<'a> Unparsed<'a> {
    pub fn new(is_odd: bool) -> Unparsed<'a> {
        Unparsed { map: BTreeMap::new(), is_odd }
    }

    /// Returns a text for its column; `None` if it is too long. Characters that are not allowed are replaced. In both cases the
    /// text is also kept here.
    pub fn column(&mut self, field: &'static str, text: Cow<'a, str>) -> Option<Cow<'a, str>> {
        if text.len() > VALUE_BYTES {
            self.put(field, text);
            return None;
        }
        if !self.is_illegal(&text) {
            return Some(text);
        }
        let column = replaced(&text);
        self.put(field, text);
        Some(Cow::Owned(column))
    }

    /// Returns the texts of a list for its column. The decoder keeps those with characters that are not allowed.
    pub fn list(&self, texts: Vec<Cow<'a, str>>) -> Vec<Cow<'a, str>> {
        let column =
            |text: Cow<'a, str>| if self.is_illegal(&text) { Cow::Owned(replaced(&text)) } else { text };
        texts.into_iter().map(column).collect()
    }

    /// Returns a text for an element of a list or map, `None` if it is too long, and `true` if that is exact.
    pub fn element(&self, text: &str) -> (Option<String>, bool) {
        match text {
            _ if text.len() > VALUE_BYTES => (None, false),
            _ if self.is_illegal(text) => (Some(replaced(text)), false),
            _ => (Some(text.to_owned()), true),
        }
    }

    /// Returns the value of a text that was read, or keeps the text.
    pub(crate) fn read<T>(
        &mut self,
        field: &'static str,
        text: Cow<'a, str>,
        reading: TextMeaning<T>,
    ) -> Option<T> {
        match reading {
            TextMeaning::Value(value) => Some(value),
            TextMeaning::Nothing => None,
            TextMeaning::Unparsed => {
                self.put(field, text);
                None
            }
        }
    }

    /// Keeps a text under a name.
    pub fn put(&mut self, name: impl Into<Cow<'static, str>>, text: Cow<'a, str>) {
        let (name, length) = (name.into(), text.len());
        let text = if length > VALUE_BYTES {
            self.map.insert(format!("{name}{LENGTH}").into(), length.to_string().into());
            self.first(text)
        } else {
            text
        };
        let text = if self.is_illegal(&text) { Cow::Owned(escaped(&text)) } else { text };
        self.map.insert(name, text);
    }

    /// Returns the first [`VALUE_BYTES`] of a text, or fewer, to the end of a character.
    fn first(&self, text: Cow<'a, str>) -> Cow<'a, str> {
        let end = if self.is_odd {
            beginning(&text, VALUE_BYTES).len()
        } else {
            text.floor_char_boundary(VALUE_BYTES)
        };
        match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.get(..end).unwrap_or(text)),
            Cow::Owned(mut text) => {
                text.truncate(end);
                Cow::Owned(text)
            }
        }
    }

    /// Keeps the unknown fields: the second text of a name under `name[2]`.
    pub fn keep(&mut self, unknown: Unknown<'a>) {
        if unknown.is_empty() {
            return;
        }
        // Numbers each name in one pass.
        let mut numbers: HashMap<String, usize> = HashMap::new();
        for (name, text) in unknown.kept {
            if !self.map.contains_key(name.as_str()) {
                self.put(name, text);
                continue;
            }
            let number = numbers.entry(name.clone()).or_insert(1);
            let key = loop {
                *number += 1;
                let key = format!("{name}[{number}]");
                if !self.map.contains_key(key.as_str()) {
                    break key;
                }
            };
            self.put(key, text);
        }
        if unknown.more > 0 {
            self.map.insert(MORE.into(), unknown.more.to_string().into());
        }
    }

    pub fn into_map(self) -> BTreeMap<Cow<'static, str>, Cow<'a, str>> {
        self.map
    }

    fn is_illegal(&self, text: &str) -> bool {
        self.is_odd && has_illegal(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map<'a>(unparsed: &'a Unparsed<'_>) -> Vec<(&'a str, &'a str)> {
        unparsed.map.iter().map(|(name, text)| (name.as_ref(), text.as_ref())).collect()
    }

    #[test]
    fn a_value_that_is_too_long_keeps_its_beginning_and_its_length() {
        // Two bytes each, after one: the limit is in the middle of a character.
        let long = format!("x{}", "é".repeat(VALUE_BYTES / 2));
        let mut unparsed = Unparsed::new(false);
        assert_eq!(unparsed.column("username", Cow::from(long.clone())), None);
        let expected = &long[..VALUE_BYTES - 1];
        assert_eq!(map(&unparsed), [("username", expected), ("username#length", "65537")]);

        let fits = "x".repeat(VALUE_BYTES);
        let mut unparsed = Unparsed::new(false);
        assert_eq!(unparsed.column("username", Cow::from(fits.clone())), Some(fits.clone().into()));
        assert_eq!(map(&unparsed), []);
        assert_eq!(unparsed.element(&fits), (Some(fits.clone()), true));
        assert_eq!(unparsed.element(&long), (None, false));
        unparsed.put("username", Cow::from(fits.clone()));
        assert_eq!(map(&unparsed), [("username", fits.as_str())]);
    }

    #[test]
    fn a_long_value_with_a_character_that_is_not_allowed_is_cut_before_it_is_escaped() {
        let long = format!("\u{b}{}", "\\".repeat(VALUE_BYTES));
        let mut unparsed = Unparsed::new(true);
        assert_eq!(unparsed.column("username", Cow::from(long)), None);
        let expected = format!("\\u{{B}}{}", "\\\\".repeat(VALUE_BYTES - 1));
        assert_eq!(map(&unparsed), [("username", expected.as_str()), ("username#length", "65537")]);
    }

    #[test]
    fn many_fields_of_one_name_are_numbered_and_the_rest_counted() {
        let mut unknown = Unknown::default();
        (0..20_000).for_each(|_| unknown.push("", "new", "x".into()));
        let mut unparsed = Unparsed::new(false);
        unparsed.keep(unknown);
        let map = unparsed.into_map();
        assert_eq!(map.len(), 1_001);
        assert_eq!((map["new"].as_ref(), map["new[1000]"].as_ref()), ("x", "x"));
        assert_eq!(map["#more"], "19000");
    }
}
