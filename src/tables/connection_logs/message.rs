//! The message of an event: one JSON object. All of AWS's values are texts, except for the evaluation of the policy.

use std::borrow::Cow;

use memchr::memchr;

use super::RawLoggedEvent;
use super::columns::COLUMNS;
use crate::answer_limits::{LIST_TEXTS, NAME_BYTES};
use crate::tables::column::ColumnType;
use crate::tables::json::{Json, NotJson, Value};
use crate::tables::typing::illegal::has_illegal;

/// The field with the evaluation of the policy.
const EVALUATION: &str = "authorization-policy-evaluation";

/// The field with the status of each device token.
pub(super) const DEVICE_TOKENS: &str = "authorization-policy-evaluation.device-token-status";

/// The field with the context of the evaluation, which is kept as JSON.
const CONTEXT: &str = "authorization-policy-evaluation.context";

/// Fields of which an event has at least one.
const SIGNS: [&str; 2] = ["connection-log-type", "client-vpn-endpoint-id"];

/// The key of unknown fields whose names are not plain; the text has the name too.
const FIELD: &str = "field";

/// The message of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'a> {
    /// The fields of an event of a connection log, read where the message stands in the answer.
    Event(Box<RawLoggedEvent<'a>>),
    /// Any message.
    Text(Cow<'a, str>),
}

impl Default for Message<'_> {
    fn default() -> Self {
        Message::Text(Cow::default())
    }
}

impl<'a, T: Into<Cow<'a, str>>> From<T> for Message<'a> {
    fn from(text: T) -> Self {
        Message::Text(text.into())
    }
}

/// Reads a message from the answer.
///
/// # Errors
/// If the next value is no text.
pub(super) fn message<'a>(json: &mut Json<'a>) -> Result<Message<'a>, NotJson> {
    let mut raw = Box::<RawLoggedEvent<'a>>::default();
    match json.embedded(|json| fields(&mut raw, json)) {
        Some(((), text)) => {
            // Of the characters that are not allowed, it can have those that begin with this byte.
            raw.is_odd |= memchr(0xef, text.as_bytes()).is_some() && has_illegal(text);
            Ok(Message::Event(raw))
        }
        None => json.text().map(Message::Text),
    }
}

/// Reads the text of a message; `None` if it is no event of a connection log.
pub(super) fn event(message: &str) -> Option<RawLoggedEvent<'_>> {
    let (mut raw, mut json) = (RawLoggedEvent::default(), Json::new(message));
    fields(&mut raw, &mut json).ok()?;
    json.end().ok()?;
    raw.is_odd |= has_illegal(message);
    Some(raw)
}

/// Reads the fields of an event of a connection log.
///
/// # Errors
/// If the next value is none.
fn fields<'a>(raw: &mut RawLoggedEvent<'a>, json: &mut Json<'a>) -> Result<(), NotJson> {
    let mut is_event = false;
    json.object(|name, json| {
        is_event = is_event || SIGNS.contains(&name.as_ref());
        if name == EVALUATION && json.is_at_object() {
            return evaluation(raw, json);
        }
        // Nearly every field of an event.
        if let Some(place @ None) = place(raw, &name)
            && let Some(text) = json.plain_text()
        {
            *place = Some(Cow::Borrowed(text));
            return Ok(());
        }
        field(raw, &name, json.value()?);
        Ok(())
    })?;
    if is_event { Ok(()) } else { Err(NotJson) }
}

/// Returns the place of the text of a field; `None` if it has no column.
fn place<'r, 'a>(raw: &'r mut RawLoggedEvent<'a>, name: &str) -> Option<&'r mut Option<Cow<'a, str>>> {
    match name {
        // A name is no path, such as that of a field of the evaluation.
        name if name.starts_with(EVALUATION) => None,
        "client-vpn-endpoint-id" => Some(&mut raw.client_vpn_endpoint_id),
        name => raw.text_mut(name),
    }
}

/// Puts the value of a field into its place, or keeps it.
fn field<'a>(raw: &mut RawLoggedEvent<'a>, name: &str, value: Value<'a>) {
    match value {
        Value::Null => {}
        value => put(raw, name, value, |raw| place(raw, name)),
    }
}

/// Reads the evaluation of the policy into its fields, by their paths.
fn evaluation<'a>(raw: &mut RawLoggedEvent<'a>, json: &mut Json<'a>) -> Result<(), NotJson> {
    let mut path = format!("{EVALUATION}.");
    let within = path.len();
    json.object(|name, json| {
        path.truncate(within);
        path.push_str(&name);
        if path == DEVICE_TOKENS && json.is_at_object() {
            return device_tokens(raw, json);
        }
        match (path.as_str(), json.value()?) {
            (_, Value::Null) => {}
            (path, value) if name.contains('.') => keep(raw, path, value),
            (CONTEXT, value) => put_text(raw, CONTEXT, value.into_text(), |raw| Some(&mut raw.context)),
            (path, value) => put(raw, path, value, |raw| raw.text_mut(path)),
        }
        Ok(())
    })
}

/// Puts a value into the field of its path, if it has the type.
fn put<'a>(
    raw: &mut RawLoggedEvent<'a>,
    path: &str,
    value: Value<'a>,
    field: impl for<'r> FnOnce(&'r mut RawLoggedEvent<'a>) -> Option<&'r mut Option<Cow<'a, str>>>,
) {
    match value {
        Value::Text(text) => put_text(raw, path, text, field),
        // AWS writes numbers as texts, others may not.
        Value::Number(json) if is_number(path) => put_text(raw, path, json, field),
        value => keep(raw, path, value),
    }
}

fn is_number(path: &str) -> bool {
    COLUMNS.iter().any(|column| column.source == Some(path) && column.column_type == ColumnType::Bigint)
}

/// Puts a text into its field. If a different one is there already, it is kept among the unknown fields.
fn put_text<'a>(
    raw: &mut RawLoggedEvent<'a>,
    path: &str,
    text: Cow<'a, str>,
    field: impl for<'r> FnOnce(&'r mut RawLoggedEvent<'a>) -> Option<&'r mut Option<Cow<'a, str>>>,
) {
    // The message around it was searched, but not what its escapes stand for.
    raw.is_odd |= matches!(&text, Cow::Owned(text) if has_illegal(text));
    match field(raw) {
        Some(place @ None) => *place = Some(text),
        Some(Some(first)) if *first == text => {}
        _ => push(raw, path, text),
    }
}

/// Keeps a field that has no column, or another type than its column.
fn keep<'a>(raw: &mut RawLoggedEvent<'a>, path: &str, value: Value<'a>) {
    let text = value.into_text();
    raw.is_odd |= has_illegal(&text);
    push(raw, path, text);
}

fn push<'a>(raw: &mut RawLoggedEvent<'a>, path: &str, text: Cow<'a, str>) {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if !path.is_empty() && path.len() <= NAME_BYTES && path.bytes().all(is_plain) {
        raw.unknown.push("", path, text);
    } else {
        raw.is_odd |= has_illegal(path);
        raw.unknown.push("", FIELD, format!("{path}: {text}").into());
    }
}

fn device_tokens<'a>(raw: &mut RawLoggedEvent<'a>, json: &mut Json<'a>) -> Result<(), NotJson> {
    json.object(|provider, json| {
        let status = json.raw()?;
        raw.is_odd |= has_illegal(&provider);
        if raw.device_token_status.len() < LIST_TEXTS {
            raw.device_token_status.push((provider, status));
        } else {
            push(raw, DEVICE_TOKENS, format!("{provider}: {status}").into());
        }
        Ok(())
    })
}
