//! Reads JSON one value at a time, where it stands: the fields of an object, the elements of a list. A value that nobody looks into
//! is skipped by the library, whose depth needs no stack. Most of a message are plain texts, which are read directly.
//!
//! The message of an event is JSON in a text of JSON: `{\"a\":1}`. It is read there too, without a copy of each message
//! without its escapes: docs/performance.md has what reading a page costs.

mod ends;
mod wtf8;

use std::borrow::Cow;

use memchr::memchr_iter;
use serde::Deserialize;
use serde_json::value::RawValue;

use ends::{embedded_length, length_before_escape, plain_length};
use wtf8::Wtf8;

/// Bytes for which a text with escapes has room at first: those of most messages.
const MESSAGE_CAPACITY_BYTES: usize = 1_024;

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
    /// The bytes of the text that were read.
    at: usize,
    /// The form of a quotation mark.
    quote: Quote,
    /// `true` if there are control characters, so each text has to be searched for them. No text of JSON has one, and an answer of
    /// AWS's has none between its texts either.
    has_control: bool,
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
    /// Returns the number of the byte behind the quotation mark at the byte `at`; `None` if there is none.
    fn end(self, text: &[u8], at: usize) -> Option<usize> {
        match (self, text.get(at..)?) {
            (Quote::Plain, [b'"', ..]) => Some(at + 1),
            (Quote::Escaped, [b'\\', b'"', ..]) => Some(at + 2),
            _ => None,
        }
    }
}

impl<'a> Json<'a> {
    pub(crate) fn new(text: &'a str) -> Json<'a> {
        Json { text, at: 0, quote: Quote::Plain, has_control: has_control(text) }
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
            let next = self.peek();
            self.at += 1;
            match next {
                Some(b',') => {}
                next if next == Some(close) => return Ok(()),
                _ => return Err(NotJson.into()),
            }
        }
    }

    /// Reads a text that is JSON itself with `read`, and returns what that makes of it, and the text with its escapes. Returns `None`,
    /// and has read nothing, if `read` fails, or if another character than a quotation mark is escaped: then only
    /// [`text`](Json::text) can read it.
    pub(crate) fn embedded<T>(
        &mut self,
        read: impl FnOnce(&mut Json<'a>) -> Result<T, NotJson>,
    ) -> Option<(T, &'a str)> {
        if self.quote == Quote::Escaped {
            return None;
        }
        self.peek();
        let begin = self.quote.end(self.text.as_bytes(), self.at)?;
        let mut json = Json { at: begin, quote: Quote::Escaped, ..*self };
        let value = read(&mut json).ok()?;
        json.peek();
        let end = self.quote.end(self.text.as_bytes(), json.at)?;
        let text = self.text.get(begin..json.at).filter(|text| !self.is_control_in(text))?;
        // Each backslash was followed by a quotation mark. If there are more of these, one of them ends the text.
        let count = |byte| memchr_iter(byte, text.as_bytes()).count();
        if count(b'"') != count(b'\\') {
            return None;
        }
        self.at = end;
        Some((value, text))
    }

    /// Reads a value.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn value(&mut self) -> Result<Value<'a>, NotJson> {
        match self.plain_text() {
            Some(text) => Ok(Value::Text(Cow::Borrowed(text))),
            None => self.other_value(),
        }
    }

    /// Reads a value that is not a plain text.
    fn other_value(&mut self) -> Result<Value<'a>, NotJson> {
        if self.is_at_quote() {
            return self.text_with_escapes().map(Value::Text);
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
        self.peek();
        if self.quote == Quote::Plain {
            return match whole_number(self.rest()) {
                Some(number) => {
                    self.at += number.len();
                    Ok(Cow::Borrowed(number))
                }
                None => self.by_library::<&RawValue>().map(|value| Cow::Borrowed(value.get())),
            };
        }
        let length = embedded_length(self.rest().as_bytes())?;
        let json = self.rest().get(..length).ok_or(NotJson)?.replace("\\\"", "\"");
        let mut value = Json::new(&json);
        value.raw()?;
        value.end()?;
        self.at += length;
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
        match self.plain_text() {
            Some(text) => Ok(Cow::Borrowed(text)),
            None if self.is_at_quote() => self.text_with_escapes(),
            None => Err(NotJson),
        }
    }

    /// Reads a text without escapes. Returns `None`, and has read nothing, if the next value is another one. In JSON that is itself in
    /// a text, the result may have quotation marks that end that text, until [`embedded`](Json::embedded) has looked for them.
    pub(crate) fn plain_text(&mut self) -> Option<&'a str> {
        self.peek();
        let bytes = self.text.as_bytes();
        let begin = self.quote.end(bytes, self.at)?;
        let rest = bytes.get(begin..)?;
        let end = begin
            + match self.quote {
                Quote::Plain => plain_length(rest),
                // `embedded` looks for quotation marks that are not escaped.
                Quote::Escaped => length_before_escape(rest),
            };
        let after = self.quote.end(bytes, end)?;
        let text = self.text.get(begin..end)?;
        // Those of a text in a text are looked for in all of the text that it is in.
        if self.quote == Quote::Plain && self.is_control_in(text) {
            return None;
        }
        self.at = after;
        Some(text)
    }

    /// Reads a text that is not plain.
    fn text_with_escapes(&mut self) -> Result<Cow<'a, str>, NotJson> {
        if self.quote == Quote::Escaped {
            return Err(NotJson);
        }
        let begin = self.quote.end(self.text.as_bytes(), self.at).ok_or(NotJson)?;
        match unescaped(self.text.get(begin..).ok_or(NotJson)?)? {
            Some((text, rest)) => {
                self.at = self.text.len() - rest.len();
                Ok(Cow::Owned(text))
            }
            None => self.by_library::<Wtf8<'a>>().map(|Wtf8(text)| text),
        }
    }

    fn is_control_in(&self, text: &str) -> bool {
        self.has_control && has_control(text)
    }

    fn by_library<T: Deserialize<'a>>(&mut self) -> Result<T, NotJson> {
        let mut values = serde_json::Deserializer::from_str(self.rest()).into_iter();
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
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                next => return next.copied(),
            }
        }
    }

    /// Returns the text that has not been read yet.
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn is_at_quote(&mut self) -> bool {
        self.peek();
        self.quote.end(self.text.as_bytes(), self.at).is_some()
    }
}

/// Returns the text up to the quotation mark that ends it, without its escapes, and what follows the mark; `None` if it names a
/// character by its number, which the library reads.
///
/// # Errors
/// If it has no end, or something that no text has.
fn unescaped(json: &str) -> Result<Option<(String, &str)>, NotJson> {
    let (mut text, mut rest) = (String::with_capacity(MESSAGE_CAPACITY_BYTES), json);
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
    rest.strip_prefix('"').map(|rest| Some((text, rest))).ok_or(NotJson)
}

/// Returns the number that a text begins with, as the times of an event are written; `None` if it has another form.
fn whole_number(json: &str) -> Option<&str> {
    let digits = json.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = json.split_at_checked(digits)?;
    let is_end = rest.starts_with([',', '}', ']']);
    (is_end && !number.is_empty() && !number.starts_with('0')).then_some(number)
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

#[cfg(test)]
mod tests;
