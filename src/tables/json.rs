//! Reads JSON one level at a time: the fields of an object with the text of each value. A nested value is not looked into before
//! it is needed, so its depth needs no stack.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::typing::illegal::{push_character, push_surrogate};

/// A text that is not the JSON that it should be. The error has none of its content, which may name people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a text is not JSON of the expected form")]
pub(crate) struct NotJson;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A text, in the form of `crate::tables::typing::illegal`.
    Text(Cow<'a, str>),
    /// Null.
    Null,
    /// An object, as JSON.
    Object(&'a str),
    /// A number, as JSON.
    Number(&'a str),
    /// True, false or a list, as JSON.
    Other(&'a str),
}

impl<'a> Value<'a> {
    /// Reads the JSON of one value.
    pub(crate) fn new(json: &'a str) -> Value<'a> {
        match json.as_bytes() {
            [b'"', .., b'"'] => {
                let inner = json.get(1..json.len() - 1).unwrap_or_default();
                Value::Text(unescaped(inner))
            }
            [b'n', ..] => Value::Null,
            [b'{', ..] => Value::Object(json),
            [b'-' | b'0'..=b'9', ..] => Value::Number(json),
            _ => Value::Other(json),
        }
    }

    /// Returns its text; `None` if it is no text.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Returns a text without its escapes. An escaped character that is not allowed, or half of a pair, gets the form of
/// `crate::tables::typing::illegal`. The text has been checked: each escape is complete.
fn unescaped(text: &str) -> Cow<'_, str> {
    let Some((before, _)) = text.split_once('\\') else { return Cow::Borrowed(text) };
    let mut plain = String::with_capacity(text.len());
    plain.push_str(before);
    let mut rest = text.get(before.len()..).unwrap_or_default();
    while let Some(escape) = rest.strip_prefix('\\') {
        let mut characters = escape.chars();
        rest = match characters.next() {
            Some('u') => push_unit(&mut plain, characters.as_str()),
            Some(named) => {
                push_character(&mut plain, of_name(named));
                characters.as_str()
            }
            None => "",
        };
        let end = rest.find('\\').unwrap_or(rest.len());
        let (literal, behind) = rest.split_at(end);
        plain.push_str(literal);
        rest = behind;
    }
    Cow::Owned(plain)
}

fn of_name(name: char) -> char {
    match name {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => other,
    }
}

/// Appends the character of four hexadecimal digits, or of two such numbers that are a pair; returns the text behind it.
fn push_unit<'a>(plain: &mut String, text: &'a str) -> &'a str {
    let Some((first, behind)) = unit(text) else { return text };
    let second = behind.strip_prefix("\\u").and_then(unit);
    let pair = [Some(first), second.map(|(second, _)| second)].into_iter().flatten();
    let mut decoded = char::decode_utf16(pair);
    match (decoded.next(), decoded.next(), second) {
        (Some(Ok(character)), None, Some((_, behind))) => {
            push_character(plain, character);
            return behind;
        }
        (Some(Ok(character)), ..) => push_character(plain, character),
        _ => push_surrogate(plain, first),
    }
    behind
}

fn unit(text: &str) -> Option<(u16, &str)> {
    let (digits, behind) = text.split_at_checked(4)?;
    u16::from_str_radix(digits, 16).ok().map(|unit| (unit, behind))
}

/// Reads an object, and passes the name and the JSON of each field to `each`, in their order.
///
/// # Errors
/// If the text is not one object and nothing else, or if `each` fails.
pub(crate) fn object<'a, E: From<NotJson>>(
    json: &'a str,
    mut each: impl FnMut(Cow<'a, str>, &'a str) -> Result<(), E>,
) -> Result<(), E> {
    let mut failed = None;
    let fields = Fields(|name, value| each(name, value).map_err(|error| failed = Some(error)).is_ok());
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let read = deserializer.deserialize_map(fields).and_then(|()| deserializer.end());
    match failed {
        Some(error) => Err(error),
        None => read.ok().ok_or_else(|| NotJson.into()),
    }
}

/// Reads a list, and passes the JSON of each element to `each`, in their order.
///
/// # Errors
/// If the text is not one list and nothing else, or if `each` fails.
pub(crate) fn list<'a, E: From<NotJson>>(
    json: &'a str,
    mut each: impl FnMut(&'a str) -> Result<(), E>,
) -> Result<(), E> {
    let mut failed = None;
    let elements = Elements(|value| each(value).map_err(|error| failed = Some(error)).is_ok());
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let read = deserializer.deserialize_seq(elements).and_then(|()| deserializer.end());
    match failed {
        Some(error) => Err(error),
        None => read.ok().ok_or_else(|| NotJson.into()),
    }
}

/// The visitor of an object, whose function returns `false` to stop.
struct Fields<F>(F);

impl<'a, F: FnMut(Cow<'a, str>, &'a str) -> bool> Visitor<'a> for Fields<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((Name(name), value)) = map.next_entry::<Name<'a>, &'a RawValue>()? {
            if !(self.0)(name, value.get()) {
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// The visitor of a list, whose function returns `false` to stop.
struct Elements<F>(F);

impl<'a, F: FnMut(&'a str) -> bool> Visitor<'a> for Elements<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element::<&'a RawValue>()? {
            if !(self.0)(value.get()) {
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// The name of a field: a part of the JSON unless it has an escape.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::typing::illegal::has_illegal;

    fn of_object(json: &str) -> Option<Vec<(String, String)>> {
        let mut found = Vec::new();
        let read: Result<(), NotJson> = object(json, |name, value| {
            found.push((name.into_owned(), value.to_owned()));
            Ok(())
        });
        read.is_ok().then_some(found)
    }

    #[test]
    fn an_object_has_its_fields_in_order_and_a_name_as_often_as_it_occurs() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        for (json, expected) in [
            ("{}", Some(vec![])),
            (r#" {"a": 1 , "b":{"c":[ ]}} "#, Some(vec![pair("a", "1"), pair("b", r#"{"c":[ ]}"#)])),
            (r#"{"a":1,"a":2}"#, Some(vec![pair("a", "1"), pair("a", "2")])),
            (r#"{"\u0061\n":null}"#, Some(vec![pair("a\n", "null")])),
            ("{} {}", None),
            ("{\"a\":1", None),
            ("[]", None),
            ("\"text\"", None),
            ("", None),
            (r#"{"\ud800":1}"#, None),
        ] {
            assert_eq!(of_object(json), expected, "{json}");
        }
    }

    #[test]
    fn depth_needs_no_stack() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(of_object(&format!("{{\"a\":{deep}}}")), Some(vec![("a".to_owned(), deep)]));
    }

    #[test]
    fn a_list_has_its_elements() {
        let mut found = Vec::new();
        let read: Result<(), NotJson> = list("[1, \"a\",[]]", |value| {
            found.push(value.to_owned());
            Ok(())
        });
        assert_eq!((read, found), (Ok(()), vec!["1".to_owned(), "\"a\"".to_owned(), "[]".to_owned()]));
        for json in ["{}", "[1", "[] []", "1"] {
            assert_eq!(list::<NotJson>(json, |_| Ok(())), Err(NotJson), "{json}");
        }
    }

    #[test]
    fn escapes_are_resolved_and_what_is_no_character_can_be_restored() {
        use crate::tables::typing::illegal::escaped;
        for (json, expected, is_odd) in [
            (r#""plain é""#, "plain é", false),
            (r#""a\"b\\c\/d\t""#, "a\"b\\\\c/d\t", false),
            (r#""\u00e9\ud83d\udd12!""#, "é\u{1f512}!", false),
            (r#""\u000b""#, "\\u{B}", true),
            (r#""\u0001x""#, "\\u{1}x", true),
            (r#""\ud800""#, "\\u{D800}", true),
            (r#""\ud800\u0041""#, "\\u{D800}A", true),
            (r#""\udd12\ud83d""#, "\\u{DD12}\\u{D83D}", true),
            (r#""\ufffe""#, "\\u{FFFE}", true),
        ] {
            let text = Value::new(json).text().unwrap();
            assert_eq!((escaped(&text).as_str(), has_illegal(&text)), (expected, is_odd), "{json}");
        }
    }

    #[test]
    fn a_value_is_of_the_kind_that_its_first_byte_shows() {
        for (json, expected) in [
            ("null", Value::Null),
            ("-1.5e9", Value::Number("-1.5e9")),
            ("0", Value::Number("0")),
            ("true", Value::Other("true")),
            ("[1]", Value::Other("[1]")),
            ("{}", Value::Object("{}")),
            ("\"\"", Value::Text("".into())),
        ] {
            assert_eq!(Value::new(json), expected, "{json}");
        }
    }
}
