//! Texts of AWS to values. A text that is typed prints back to itself; a text that cannot be typed exactly is `None` in its field and
//! stands verbatim in `unparsed`.

pub(crate) mod counter;
pub(crate) mod illegal;
pub(crate) mod timestamp;
pub(crate) mod unparsed;

use std::borrow::Cow;

use unparsed::Unparsed;

/// The meaning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading<T> {
    /// A value, exactly.
    Value(T),
    /// A placeholder for no value.
    Nothing,
    /// Something else, to be kept as it is.
    Unparsed,
}

/// A text as AWS wrote it; empty and `-` stand for nothing. `NA` stays: it can be somebody's name.
pub(crate) fn said(raw: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    raw.filter(|text| !matches!(text.as_ref(), "" | "-"))
}

/// The value of a text, or `None`; what is neither a value nor a placeholder goes to `unparsed`.
pub(crate) fn typed<'a, T>(
    unparsed: &mut Unparsed<'a>,
    field: &'static str,
    raw: Option<Cow<'a, str>>,
    read: impl Fn(&str) -> Reading<T>,
) -> Option<T> {
    let raw = raw?;
    let reading = match raw.as_ref() {
        // The API writes `-`, the related connection log `NA`.
        "" | "-" | "NA" | "N/A" => Reading::Nothing,
        text => read(text),
    };
    unparsed.read(field, raw, reading)
}
