//! Texts of JSON whose escapes name halves of pairs of UTF-16.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use crate::tables::typing::illegal::of_wtf8;

/// A text that may have halves of pairs, which no text of Rust has, so the library reads it as bytes.
pub(super) struct Wtf8<'a>(pub(super) Cow<'a, str>);

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
