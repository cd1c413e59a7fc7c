//! Texts that stand for no value.

use std::borrow::Cow;

/// Returns a text as AWS wrote it; `None` if it is empty or `-`. `NA` stays: it can be somebody's name.
pub(crate) fn said(raw: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    raw.filter(|text| !matches!(text.as_ref(), "" | "-"))
}

/// Returns a text as AWS wrote it; `None` if it is a placeholder for no value.
pub(crate) fn stated(raw: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    raw.filter(|text| !is_placeholder(text))
}

/// Returns `true` if the text stands for no value: the API writes `-`, the related connection log `NA`.
pub(super) fn is_placeholder(text: &str) -> bool {
    matches!(text, "" | "-" | "NA" | "N/A")
}
