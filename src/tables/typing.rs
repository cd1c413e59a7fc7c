//! Conversion of AWS's texts to values. A typed text prints back to itself; a text that cannot be typed exactly is `None` in its
//! field and verbatim in `unparsed`.

pub(crate) mod counter;
pub(crate) mod illegal;
pub(crate) mod placeholder;
pub(crate) mod timestamp;
pub(crate) mod unparsed;

use std::borrow::Cow;

use placeholder::is_placeholder;
use unparsed::Unparsed;

/// The meaning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextMeaning<T> {
    /// A value, exactly.
    Value(T),
    /// A placeholder for no value.
    Nothing,
    /// Something else, to be kept as it is.
    Unparsed,
}

/// Returns the value of a text, or `None`. A text that is neither a value nor a placeholder goes to `unparsed`.
pub(crate) fn typed<'a, T>(
    unparsed: &mut Unparsed<'a>,
    field: &'static str,
    raw: Option<Cow<'a, str>>,
    read: impl Fn(&str) -> TextMeaning<T>,
) -> Option<T> {
    let raw = raw?;
    let reading = if is_placeholder(&raw) { TextMeaning::Nothing } else { read(&raw) };
    unparsed.read(field, raw, reading)
}
