//! Reads JSON one value at a time, where it stands: the fields of an object, the elements of a list. A value that nobody looks into
//! is skipped by the library, whose depth needs no stack. Most of a message are plain texts, which are read directly.
//!
//! The message of an event is JSON in a text of JSON: `{\"a\":1}`. It is read there too, without a copy of each message
//! without its escapes: docs/performance.md has what reading a page costs.

use std::borrow::Cow;
use std::fmt;

use memchr::memchr2;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::typing::illegal::of_wtf8;

/// Bytes for which a text with escapes has room at first: those of most messages.
const OF_MESSAGE: usize = 1_024;

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
    Object(Cow<'a, str>),
    /// A number, as JSON.
    Number(Cow<'a, str>),
    /// True, false or a list, as JSON.
    Other(Cow<'a, str>),
}

impl<'a> Value<'a> {
    /// Returns the text, or the JSON of anything else.
    pub(crate) fn into_text(self) -> Cow<'a, str> {
        match self {
            Value::Text(text) => text,
            Value::Null => Cow::Borrowed("null"),
            Value::Object(json) | Value::Number(json) | Value::Other(json) => json,
        }
    }
}

/// JSON that is being read.
#[derive(Debug)]
pub(crate) struct Json<'a> {
    text: &'a str,
    /// The position of the next byte.
    at: usize,
    /// The form of a quotation mark.
    quote: Quote,
}

/// The form of a quotation mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quote {
    /// `"`
    Plain,
    /// `\"`, in JSON that is itself in a text.
    Escaped,
}

impl Quote {
    fn as_bytes(self) -> &'static [u8] {
        match self {
            Quote::Plain => b"\"",
            Quote::Escaped => b"\\\"",
        }
    }
}

impl<'a> Json<'a> {
    pub(crate) fn new(text: &'a str) -> Json<'a> {
        Json { text, at: 0, quote: Quote::Plain }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// If something follows.
    pub(crate) fn end(mut self) -> Result<(), NotJson> {
        if self.peek().is_none() { Ok(()) } else { Err(NotJson) }
    }

    /// Reads an object, and passes the name of each field to `each`, in their order, which reads the value.
    ///
    /// # Errors
    /// If the next value is no object, or if `each` fails.
    pub(crate) fn object<E: From<NotJson>>(
        &mut self,
        mut each: impl FnMut(Cow<'a, str>, &mut Json<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.items(b'{', b'}', |json| {
            let name = json.text()?;
            json.consume(b':')?;
            each(name, json)
        })
    }

    /// Reads a list, and calls `each` for each element, in their order, which reads it.
    ///
    /// # Errors
    /// If the next value is no list, or if `each` fails.
    pub(crate) fn list<E: From<NotJson>>(
        &mut self,
        each: impl FnMut(&mut Json<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.items(b'[', b']', each)
    }

    fn items<E: From<NotJson>>(
        &mut self,
        open: u8,
        close: u8,
        mut each: impl FnMut(&mut Json<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.consume(open)?;
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(());
        }
        loop {
            each(self)?;
            if self.peek() == Some(close) {
                self.at += 1;
                return Ok(());
            }
            self.consume(b',')?;
        }
    }

    /// Reads a text that is JSON itself with `read`, and returns what that makes of it, and the text with its escapes. Returns `None`,
    /// and has read nothing, if `read` fails, or if another character than a quotation mark is escaped: then only
    /// [`text`](Json::text) can read it.
    pub(crate) fn embedded<T>(
        &mut self,
        read: impl FnOnce(&mut Json<'a>) -> Result<T, NotJson>,
    ) -> Option<(T, &'a str)> {
        if self.quote == Quote::Escaped || self.peek() != Some(b'"') {
            return None;
        }
        let open = self.at + 1;
        let mut json = Json { text: self.text, at: open, quote: Quote::Escaped };
        let value = read(&mut json).ok()?;
        let is_end = json.peek() == Some(b'"');
        let text = self.text.get(open..json.at).filter(|text| is_end && !has_control(text))?;
        self.at = json.at + 1;
        Some((value, text))
    }

    /// Reads a value.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn value(&mut self) -> Result<Value<'a>, NotJson> {
        if self.is_at_quote() {
            return self.text().map(Value::Text);
        }
        let json = self.raw()?;
        Ok(match json.as_bytes() {
            [b'n', ..] => Value::Null,
            [b'{', ..] => Value::Object(json),
            [b'-' | b'0'..=b'9', ..] => Value::Number(json),
            _ => Value::Other(json),
        })
    }

    /// Reads a value, and returns its JSON.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn raw(&mut self) -> Result<Cow<'a, str>, NotJson> {
        if self.quote == Quote::Plain {
            return self.by_library::<&RawValue>().map(|value| Cow::Borrowed(value.get()));
        }
        self.peek();
        let rest = self.text.get(self.at..).unwrap_or_default();
        let escaped = rest.get(..embedded_length(rest.as_bytes())?).ok_or(NotJson)?;
        let json = escaped.replace("\\\"", "\"");
        let mut value = Json::new(&json);
        value.raw()?;
        value.end()?;
        self.at += escaped.len();
        Ok(Cow::Owned(json))
    }

    /// Returns `true` if the next value is an object.
    pub(crate) fn is_at_object(&mut self) -> bool {
        self.peek() == Some(b'{')
    }

    /// Reads a text, in the form of `crate::tables::typing::illegal`.
    ///
    /// # Errors
    /// If the next value is no text.
    pub(crate) fn text(&mut self) -> Result<Cow<'a, str>, NotJson> {
        if !self.is_at_quote() {
            return Err(NotJson);
        }
        let quote = self.quote.as_bytes();
        let rest = self.text.get(self.at + quote.len()..).unwrap_or_default();
        let (plain, end) = rest.split_at_checked(plain_length(rest.as_bytes())).ok_or(NotJson)?;
        let is_end = end.as_bytes().starts_with(quote);
        match self.quote {
            // Its control characters are looked for in all of the text that it is in.
            Quote::Escaped if is_end => {}
            Quote::Plain if is_end && !has_control(plain) => {}
            Quote::Escaped => return Err(NotJson),
            Quote::Plain => return self.text_with_escapes(rest),
        }
        self.at += plain.len() + 2 * quote.len();
        Ok(Cow::Borrowed(plain))
    }

    /// Reads a text of which `rest` begins with the first character.
    fn text_with_escapes(&mut self, rest: &'a str) -> Result<Cow<'a, str>, NotJson> {
        match unescaped(rest)? {
            Some((text, length)) => {
                self.at += length + 2;
                Ok(Cow::Owned(text))
            }
            None => self.by_library::<Wtf8<'a>>().map(|Wtf8(text)| text),
        }
    }

    fn by_library<T: Deserialize<'a>>(&mut self) -> Result<T, NotJson> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter();
        let value = values.next().and_then(Result::ok).ok_or(NotJson)?;
        self.at += values.byte_offset();
        Ok(value)
    }

    /// Takes the next byte that is no white space.
    ///
    /// # Errors
    /// If it is another one.
    fn consume(&mut self, byte: u8) -> Result<(), NotJson> {
        if self.peek() != Some(byte) {
            return Err(NotJson);
        }
        self.at += 1;
        Ok(())
    }

    /// Returns the next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    fn is_at_quote(&mut self) -> bool {
        self.peek();
        self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(self.quote.as_bytes()))
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// Returns the number of bytes up to the end of a value that is no text, in JSON that is itself in a text. The value may still be
/// none.
///
/// # Errors
/// If it has no end, or a text with an escape.
fn embedded_length(bytes: &[u8]) -> Result<usize, NotJson> {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        match *bytes.get(at).ok_or(NotJson)? {
            b'\\' => {
                let rest = bytes.get(at + 2..).unwrap_or_default();
                at += 2 + plain_length(rest);
                if !bytes.get(at..).is_some_and(|rest| rest.starts_with(b"\\\"")) {
                    return Err(NotJson);
                }
                at += 1;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return Ok(at),
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
            b'"' => return Err(NotJson),
            _ => {}
        }
        at += 1;
    }
}

/// Returns the text up to the quotation mark that ends it, without its escapes, and the number of bytes that it takes; `None` if it names
/// a character by its number, which the library reads.
///
/// # Errors
/// If it has no end, or something that no text has.
fn unescaped(json: &str) -> Result<Option<(String, usize)>, NotJson> {
    let (mut text, mut rest) = (String::with_capacity(OF_MESSAGE), json);
    loop {
        let (plain, end) = rest.split_at_checked(plain_length(rest.as_bytes())).ok_or(NotJson)?;
        if has_control(plain) {
            return Err(NotJson);
        }
        text.push_str(plain);
        let Some(escape) = end.strip_prefix('\\') else { break rest = end };
        let mut after = escape.chars();
        let Some(character) = named(after.next().ok_or(NotJson)?) else { return Ok(None) };
        text.push(character);
        rest = after.as_str();
    }
    if rest.is_empty() { Err(NotJson) } else { Ok(Some((text, json.len() - rest.len()))) }
}

/// Returns the number of bytes before the first quotation mark or backslash.
fn plain_length(bytes: &[u8]) -> usize {
    memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len())
}

/// Returns `true` if a text has a control character, which no text of JSON has. Without an early exit, the compiler checks many bytes
/// at once.
fn has_control(text: &str) -> bool {
    text.bytes().fold(false, |found, byte| found | (byte < b' '))
}

/// Returns the character that an escape names; `None` for one by its number, and for no escape.
fn named(escape: char) -> Option<char> {
    Some(match escape {
        '"' | '\\' | '/' => escape,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        _ => return None,
    })
}

/// A text that may have halves of pairs, which no text of Rust has, so the library reads it as bytes.
struct Wtf8<'a>(Cow<'a, str>);

impl<'a> Deserialize<'a> for Wtf8<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Wtf8<'a>, D::Error> {
        deserializer.deserialize_bytes(Bytes).map(Wtf8)
    }
}

struct Bytes;

impl<'a> Visitor<'a> for Bytes {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_bytes<E: Error>(self, bytes: &'a [u8]) -> Result<Cow<'a, str>, E> {
        Ok(of_wtf8(bytes))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Owned(of_wtf8(bytes).into_owned()))
    }
}

#[cfg(test)]
mod tests;
