//! Conversion of an event to a typed one. Nothing that was logged is lost. Typing never fails, and never defaults to zero.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::asterisks::masked_fields;
use super::decoder::RawEvent;
use super::message::{DEVICE_TOKENS, Message, event};
use super::{LoggedEvent, RawLoggedEvent};
use crate::tables::typing::illegal::has_illegal;
use crate::tables::typing::placeholder::stated;
use crate::tables::typing::unparsed::Unparsed;
use crate::tables::unknown::Unknown;
use crate::target::EndpointId;

/// The key in `unparsed` of a message that is no event of a connection log.
pub const MESSAGE: &str = "message";

/// The beginning of the year 1, in milliseconds since 1970.
const FIRST_MILLISECOND: i64 = -62_135_596_800_000;

/// One typed event, and the facts about it that a window counts.
#[derive(Debug)]
pub struct Typed<'a> {
    /// The row.
    pub event: LoggedEvent<'a>,
    /// Bytes of the message if it is no event of a connection log.
    pub foreign_bytes: Option<usize>,
    /// Names of its masked fields.
    pub masked: Vec<&'static str>,
}

/// Types one event, and takes its texts.
pub fn normalise<'a>(raw: &'a mut RawEvent<'_>) -> Typed<'a> {
    let mut message = match &mut raw.message {
        Message::Event(fields) => Ok(std::mem::take(fields.as_mut())),
        Message::Text(text) => {
            let text: &str = &*text;
            event(text).ok_or(text)
        }
    };
    let foreign_bytes = message.as_ref().err().map(|text| text.len());
    let is_odd = message.as_ref().map_or_else(|text| has_illegal(text), |fields| fields.is_odd);
    let mut unparsed = Unparsed::new(is_odd || raw.is_odd);
    let mut masked = Vec::new();
    let mut event = match &mut message {
        Ok(fields) => {
            masked = masked_fields(fields);
            of_message(fields, &mut unparsed)
        }
        Err(text) => {
            unparsed.put(MESSAGE, Cow::Borrowed(text));
            LoggedEvent::default()
        }
    };
    event.event_id = Cow::Borrowed(raw.event_id.as_ref());
    event.event_time = instant(&mut unparsed, "timestamp", raw.timestamp.as_deref());
    event.ingestion_time = instant(&mut unparsed, "ingestionTime", raw.ingestion_time.as_deref());
    let log_stream = raw.log_stream.as_deref().map(Cow::Borrowed);
    event.log_stream = log_stream.and_then(|name| unparsed.column("logStreamName", name));
    unparsed.keep(std::mem::take(&mut raw.unknown));
    event.unparsed = unparsed.into_map();
    Typed { event, foreign_bytes, masked }
}

fn of_message<'a>(raw: &mut RawLoggedEvent<'a>, unparsed: &mut Unparsed<'a>) -> LoggedEvent<'a> {
    let endpoint_id = stated(raw.client_vpn_endpoint_id.take()).and_then(|text| {
        let endpoint_id = EndpointId::parse(&text);
        if endpoint_id.is_none() {
            unparsed.put("client-vpn-endpoint-id", text);
        }
        endpoint_id
    });
    let (context, tokens) = (raw.context.take(), std::mem::take(&mut raw.device_token_status));
    let mut unknown = std::mem::take(&mut raw.unknown);
    let mut event = raw.typed(unparsed);
    event.endpoint_id = endpoint_id;
    let context = stated(context);
    event.policy_context =
        context.and_then(|context| unparsed.column("authorization-policy-evaluation.context", context));
    event.device_token_status = device_tokens(unparsed, &mut unknown, tokens);
    unparsed.keep(unknown);
    event
}

/// Returns the statuses for the column. One that is not in the column exactly is kept as unknown.
fn device_tokens<'a>(
    unparsed: &Unparsed<'a>,
    unknown: &mut Unknown<'a>,
    tokens: Vec<(Cow<'a, str>, Cow<'a, str>)>,
) -> BTreeMap<String, Cow<'a, str>> {
    let mut column: BTreeMap<String, Cow<'a, str>> = BTreeMap::new();
    for (provider, json) in tokens {
        let ((name, is_name), (status, is_status)) = (unparsed.element(&provider), unparsed.element(&json));
        let mut is_kept = is_name && is_status;
        if let (Some(name), Some(status)) = (name, status) {
            let first = column.entry(name).or_insert_with(|| status.clone().into());
            is_kept &= *first == status;
        }
        if !is_kept {
            unknown.push("", DEVICE_TOKENS, format!("{provider}: {json}").into());
        }
    }
    column
}

/// Reads a number of milliseconds since 1970; one that is no time of a column goes to `unparsed`.
fn instant<'a>(
    unparsed: &mut Unparsed<'a>,
    field: &'static str,
    number: Option<&'a str>,
) -> Option<Timestamp> {
    let number = number?;
    let time = number.parse().ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
    // Python's datetime, and so pyarrow, has no year 0.
    let time = time.filter(|time| time.as_millisecond() >= FIRST_MILLISECOND);
    if time.is_none() {
        unparsed.put(field, number.into());
    }
    time
}

#[cfg(test)]
mod tests;
