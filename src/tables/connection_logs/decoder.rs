//! An answer of `FilterLogEvents`: one JSON object with exactly one list `events`, and at most one token beside it. An answer of
//! another shape is refused, and never read as an empty list. Source: CloudWatch Logs API reference, `FilterLogEvents`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::message::{Message, message};
use crate::answer_limits::{Limit, NAME_BYTES, PAGE_ROWS, TOKEN_BYTES, VALUE_BYTES};
use crate::tables::json::{Json, NotJson, Value};
use crate::tables::typing::illegal::has_illegal;
use crate::tables::unknown::{Unknown, record_names};
use crate::tables::xml::{DecodeError, PageEnd};

/// Maximum number of characters of a recorded name of an unknown field.
const RECORDED_NAME_CHARS: usize = 64;

/// Longest id of an event, in bytes.
const LONGEST_ID: usize = 1_024;

/// One event as CloudWatch Logs describes it. Source: CloudWatch Logs API reference, `FilteredLogEvent`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawEvent<'a> {
    /// `eventId`
    pub event_id: Cow<'a, str>,
    /// `timestamp`, a number.
    pub timestamp: Option<Cow<'a, str>>,
    /// `ingestionTime`, a number.
    pub ingestion_time: Option<Cow<'a, str>>,
    /// `logStreamName`
    pub log_stream: Option<Cow<'a, str>>,
    /// `message`
    pub message: Message<'a>,
    /// The fields that this program does not know.
    pub unknown: Unknown<'a>,
    /// `true` if the texts beside the message may have characters that are not allowed.
    pub is_odd: bool,
}

impl From<NotJson> for DecodeError {
    fn from(_: NotJson) -> DecodeError {
        DecodeError::Malformed
    }
}

/// Reads a page of events and passes each to `each`, in their order.
///
/// # Errors
/// Returns an error if the body is not one document of the operation's shape, if it exceeds a limit, or if `each` fails. The
/// events passed before are then of no use.
pub fn events(
    body: &[u8],
    mut each: impl FnMut(RawEvent<'_>) -> Result<(), DecodeError>,
) -> Result<PageEnd, DecodeError> {
    page(body, "events", |json| each(event(json)?))
}

/// Reads a page: exactly one list of this name, and at most one token. `each` reads an element.
///
/// # Errors
/// As [`events`].
pub(crate) fn page<'a>(
    body: &'a [u8],
    list: &str,
    mut each: impl FnMut(&mut Json<'a>) -> Result<(), DecodeError>,
) -> Result<PageEnd, DecodeError> {
    let body = str::from_utf8(body).ok().ok_or(DecodeError::Malformed)?;
    let (mut json, mut end, mut rows) = (Json::new(body), PageEnd::default(), None);
    json.object(|name, json| match name.as_ref() {
        name if name == list && rows.is_none() => {
            let rows = rows.insert(0);
            json.list(|json| {
                *rows += 1;
                if *rows > PAGE_ROWS { Err(DecodeError::Limit(Limit::PageRows)) } else { each(json) }
            })
        }
        "nextToken" if end.next_token.is_none() => {
            end.next_token = token(json.value()?)?;
            Ok(())
        }
        "searchedLogStreams" => Ok(json.raw().map(drop)?),
        name => sibling(name, &json.value()?, &mut end.unknown_elements),
    })?;
    json.end()?;
    if rows.is_some() { Ok(end) } else { Err(DecodeError::Malformed) }
}

/// Reads the token; null is none.
fn token(value: Value<'_>) -> Result<Option<String>, DecodeError> {
    match value {
        Value::Null => Ok(None),
        Value::Text(text) if text.len() > TOKEN_BYTES => Err(DecodeError::Limit(Limit::Token)),
        Value::Text(text) => Ok(Some(text.into_owned())),
        _ => Err(DecodeError::Malformed),
    }
}

/// Notes the name of an unknown field beside a list, unless it may be the list, more rows, or the token, in another shape.
fn sibling(name: &str, value: &Value<'_>, names: &mut BTreeSet<String>) -> Result<(), DecodeError> {
    let lower = name.to_ascii_lowercase();
    let is_sign = ["event", "token", "message", "loggroup", "__type"].iter().any(|sign| lower.contains(sign));
    // An object, or a list of objects. A list of texts has none.
    let may_have_rows = matches!(value, Value::Object(json) | Value::Other(json) if json.contains('{'));
    if is_sign || may_have_rows {
        return Err(DecodeError::Malformed);
    }
    record_names(names, [recorded_name(name)]);
    Ok(())
}

/// Returns a name for the ledger. One that no field of AWS's has could be anything, also the name of a person.
fn recorded_name(name: &str) -> String {
    let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if is_plain {
        name.chars().take(RECORDED_NAME_CHARS).collect()
    } else {
        "a name of another form".to_owned()
    }
}

fn event<'a>(json: &mut Json<'a>) -> Result<RawEvent<'a>, DecodeError> {
    let mut event = RawEvent::default();
    let (mut event_id, mut text) = (None, None);
    json.object(|name, json| {
        if name == "message" {
            return match text.replace(message(json)?) {
                None => Ok(()),
                Some(_) => Err(DecodeError::Malformed),
            };
        }
        let value = json.value()?;
        let (field, is_number) = match name.as_ref() {
            "eventId" => (&mut event_id, false),
            "logStreamName" => (&mut event.log_stream, false),
            "timestamp" => (&mut event.timestamp, true),
            "ingestionTime" => (&mut event.ingestion_time, true),
            // Two events in one: if one of them were kept, the other would be lost.
            name if name.len() > NAME_BYTES || name.eq_ignore_ascii_case("message") => {
                return Err(DecodeError::Malformed);
            }
            name => {
                let text = value.into_text();
                event.is_odd |= has_illegal(&text) || has_illegal(name);
                event.unknown.push("", name, text);
                return Ok(());
            }
        };
        let text = match (value, is_number) {
            (Value::Text(text), false) => text,
            (Value::Number(number), true) => number,
            (Value::Null, _) => return Ok(()),
            _ => return Err(DecodeError::Malformed),
        };
        match field.replace(text) {
            None => Ok(()),
            Some(_) => Err(DecodeError::Malformed),
        }
    })?;
    let event_id = event_id.filter(|id| (1..=LONGEST_ID).contains(&id.len()) && !has_illegal(id));
    event.is_odd |= event.log_stream.as_deref().is_some_and(has_illegal);
    let is_short = |number: &Option<Cow<'_, str>>| number.as_ref().is_none_or(|n| n.len() <= VALUE_BYTES);
    if event.timestamp.is_none() || !is_short(&event.timestamp) || !is_short(&event.ingestion_time) {
        return Err(DecodeError::Malformed);
    }
    event.event_id = event_id.ok_or(DecodeError::Malformed)?;
    event.message = text.ok_or(DecodeError::Malformed)?;
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<(usize, PageEnd), DecodeError> {
        let mut count = 0;
        let end = events(body.as_bytes(), |_| {
            count += 1;
            Ok(())
        })?;
        Ok((count, end))
    }

    const EVENT: &str =
        r#"{"eventId":"1","timestamp":1,"ingestionTime":2,"logStreamName":"s","message":"m"}"#;

    #[test]
    fn a_page_has_its_events_and_its_token() {
        let with_token = |token: &str| PageEnd { next_token: Some(token.to_owned()), ..PageEnd::default() };
        for (case, body, expected, end) in [
            ("empty", "{\"events\":[]}".to_owned(), 0, PageEnd::default()),
            ("a null token", "{\"events\":[],\"nextToken\":null}".to_owned(), 0, PageEnd::default()),
            (
                "an empty page with a token",
                "{\"nextToken\":\"a\\/b\",\"events\":[]}".to_owned(),
                0,
                with_token("a/b"),
            ),
            (
                "two events",
                format!("{{\"events\":[{EVENT},{EVENT}],\"searchedLogStreams\":[]}}"),
                2,
                PageEnd::default(),
            ),
            (
                "a field that AWS adds",
                "{\"events\":[],\"took\":5}".to_owned(),
                0,
                PageEnd { unknown_elements: ["took".to_owned()].into(), ..PageEnd::default() },
            ),
            (
                "fields with names that no field of AWS's has",
                "{\"events\":[],\"maria@example.com\":[1],\"\\u001b[2J\":true}".to_owned(),
                0,
                PageEnd {
                    unknown_elements: ["a name of another form".to_owned()].into(),
                    ..PageEnd::default()
                },
            ),
        ] {
            assert_eq!(read(&body), Ok((expected, end)), "{case}");
        }
    }

    #[test]
    fn another_shape_is_refused_and_never_read_as_empty() {
        let event = |change: &str, by: &str| format!("{{\"events\":[{}]}}", EVENT.replace(change, by));
        for (case, body) in [
            ("nothing", String::new()),
            ("no list", "{}".to_owned()),
            ("an error", "{\"__type\":\"X\",\"message\":\"no\"}".to_owned()),
            ("null for the list", "{\"events\":null}".to_owned()),
            ("an object for the list", "{\"events\":{}}".to_owned()),
            ("two lists", "{\"events\":[],\"events\":[]}".to_owned()),
            ("a list in another spelling", "{\"events\":[],\"Events\":[]}".to_owned()),
            ("a list around it", "[{\"events\":[]}]".to_owned()),
            ("a result in another shape", "{\"events\":[],\"result\":{\"a\":[]}}".to_owned()),
            ("a list of events beside it", format!("{{\"events\":[],\"records\":[{EVENT}]}}")),
            ("an error beside it", "{\"__type\":\"ThrottlingException\",\"events\":[]}".to_owned()),
            ("a token in another spelling", "{\"events\":[],\"next_token\":\"a\"}".to_owned()),
            ("a number for the token", "{\"events\":[],\"nextToken\":1}".to_owned()),
            ("two tokens", "{\"events\":[],\"nextToken\":\"a\",\"nextToken\":\"b\"}".to_owned()),
            ("cut off", format!("{{\"events\":[{EVENT}")),
            ("cut off behind the list", "{\"events\":[]".to_owned()),
            ("something behind it", "{\"events\":[]}{}".to_owned()),
            ("an event without id", event("\"eventId\":\"1\",", "")),
            ("an empty id", event("\"eventId\":\"1\"", "\"eventId\":\"\"")),
            ("an event without time", event("\"timestamp\":1,", "")),
            ("a text for the time", event("\"timestamp\":1", "\"timestamp\":\"1\"")),
            ("an event without message", event(",\"message\":\"m\"", "")),
            ("an object for the message", event("\"message\":\"m\"", "\"message\":{}")),
            ("two messages", event("\"message\":\"m\"", "\"message\":\"m\",\"message\":\"n\"")),
            ("a text for the event", "{\"events\":[\"e\"]}".to_owned()),
        ] {
            assert_eq!(read(&body), Err(DecodeError::Malformed), "{case}");
        }
        assert_eq!(events(b"{\"events\":[]}\xff", |_| Ok(())), Err(DecodeError::Malformed));
    }

    #[test]
    fn limits_have_a_name() {
        let token = |bytes| format!("{{\"events\":[],\"nextToken\":\"{}\"}}", "t".repeat(bytes));
        assert!(read(&token(TOKEN_BYTES)).is_ok());
        assert_eq!(read(&token(TOKEN_BYTES + 1)), Err(DecodeError::Limit(Limit::Token)));
        let rows = |rows| format!("{{\"events\":[{}]}}", vec![EVENT; rows].join(","));
        assert!(read(&rows(PAGE_ROWS)).is_ok());
        assert_eq!(read(&rows(PAGE_ROWS + 1)), Err(DecodeError::Limit(Limit::PageRows)));
    }
}
