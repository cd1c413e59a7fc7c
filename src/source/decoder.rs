//! Reads a page of connections out of EC2's XML, in one pass, in place of the SDK's decoder.
//!
//! The SDK decodes the fields that it knew when it was built, and drops what AWS adds later. It also takes faults of the XML for
//! its end: a body that is cut between two elements, or damaged in the middle, is then a page with fewer connections and no
//! token, which is what the last page of a listing looks like. Here such a body is refused, and elements that are not known
//! are kept under their own names.

use std::borrow::Cow;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, escape};

use crate::connection::RawConnection;

/// The root of every successful answer to the one operation whose completeness matters.
const ROOT: &str = "DescribeClientVpnConnectionsResponse";

/// A body that is cut off or damaged, or not of the form that EC2 sends. What is in it is not said: it may name people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not a whole document of the form that EC2 sends")]
pub struct NotWhole;

/// Reads a page: hands each connection to `each`, in AWS's order, and returns the token that leads to the next page; empty or
/// none on the last.
///
/// # Errors
/// When the body is not one well-formed document of the operation, made of nothing but elements and texts, with one list and
/// one token at the most. What was handed out before that showed is of no use.
pub fn decode<'a>(
    body: &'a [u8],
    mut each: impl FnMut(RawConnection<'a>),
) -> Result<Option<String>, NotWhole> {
    let text = std::str::from_utf8(body).map_err(|_not_text| NotWhole)?;
    if !body.chunks(64).all(is_of_xml) {
        return Err(NotWhole);
    }
    let mut document = Document::new(text);
    document.root()?;
    let mut next_token = None;
    let (mut lists, mut tokens) = (0, 0);
    while let Some(tag) = document.child()? {
        match name_of(&tag) {
            "connections" => {
                lists += 1;
                while let Some(tag) = document.child()? {
                    match name_of(&tag) {
                        "item" => each(connection(&mut document)?),
                        _ => drop(document.content()?),
                    }
                }
            }
            "nextToken" => {
                tokens += 1;
                next_token = Some(document.text()?.into_owned());
            }
            _ => drop(document.content()?),
        }
    }
    document.end()?;
    if lists > 1 || tokens > 1 { Err(NotWhole) } else { Ok(next_token) }
}

fn connection<'a>(document: &mut Document<'a>) -> Result<RawConnection<'a>, NotWhole> {
    let mut raw = RawConnection::default();
    while let Some(tag) = document.child()? {
        let name = name_of(&tag);
        let field = match name {
            "clientVpnEndpointId" => &mut raw.client_vpn_endpoint_id,
            "timestamp" => &mut raw.timestamp,
            "connectionId" => &mut raw.connection_id,
            "username" => &mut raw.username,
            "connectionEstablishedTime" => &mut raw.connection_established_time,
            "ingressBytes" => &mut raw.ingress_bytes,
            "egressBytes" => &mut raw.egress_bytes,
            "ingressPackets" => &mut raw.ingress_packets,
            "egressPackets" => &mut raw.egress_packets,
            "clientIp" => &mut raw.client_ip,
            "clientIpv6Address" => &mut raw.client_ipv6_address,
            "commonName" => &mut raw.common_name,
            "connectionEndTime" => &mut raw.connection_end_time,
            "authorizationPolicyLastEvaluatedTime" => &mut raw.authorization_policy_last_evaluated_time,
            "status" => {
                status(document, &mut raw)?;
                continue;
            }
            "postureComplianceStatusSet" => {
                posture_compliance_statuses(document, &mut raw)?;
                continue;
            }
            unknown => {
                raw.unknown.push((unknown.to_owned(), document.content()?));
                continue;
            }
        };
        let text = document.text()?;
        // Of an element that is there twice, the SDK takes the last.
        if let Some(earlier) = field.replace(text) {
            raw.unknown.push((name.to_owned(), earlier));
        }
    }
    Ok(raw)
}

fn status<'a>(document: &mut Document<'a>, raw: &mut RawConnection<'a>) -> Result<(), NotWhole> {
    for earlier in [raw.status_code.take(), raw.status_message.take()].into_iter().flatten() {
        raw.unknown.push(("status".to_owned(), earlier));
    }
    while let Some(tag) = document.child()? {
        let name = name_of(&tag);
        let field = match name {
            "code" => &mut raw.status_code,
            "message" => &mut raw.status_message,
            unknown => {
                raw.unknown.push((format!("status.{unknown}"), document.content()?));
                continue;
            }
        };
        let text = document.text()?;
        if let Some(earlier) = field.replace(text) {
            raw.unknown.push((format!("status.{name}"), earlier));
        }
    }
    Ok(())
}

fn posture_compliance_statuses<'a>(
    document: &mut Document<'a>,
    raw: &mut RawConnection<'a>,
) -> Result<(), NotWhole> {
    let mut statuses = Vec::new();
    while let Some(tag) = document.child()? {
        match name_of(&tag) {
            "item" => statuses.push(document.text()?),
            unknown => {
                raw.unknown.push((format!("postureComplianceStatusSet.{unknown}"), document.content()?));
            }
        }
    }
    for earlier in raw.posture_compliance_statuses.replace(statuses).into_iter().flatten() {
        raw.unknown.push(("postureComplianceStatusSet".to_owned(), earlier));
    }
    Ok(())
}

/// A document that is read from its beginning to its end. Elements are told by their local names, as the SDK tells them.
struct Document<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    /// Whether the element that was entered last had no content, as in `<a/>`.
    is_empty: bool,
}

impl<'a> Document<'a> {
    fn new(text: &'a str) -> Document<'a> {
        Document { text, reader: Reader::from_str(text), is_empty: false }
    }

    fn event(&mut self) -> Result<Event<'a>, NotWhole> {
        self.reader.read_event().map_err(|_damaged| NotWhole)
    }

    /// Enters the root.
    fn root(&mut self) -> Result<(), NotWhole> {
        loop {
            let is_beginning = self.position()? == 0;
            let (tag, is_empty) = match self.event()? {
                Event::Start(tag) => (tag, false),
                Event::Empty(tag) => (tag, true),
                Event::Decl(_) if is_beginning => continue,
                Event::Text(text) if is_blank(&text) => continue,
                _ => return Err(NotWhole),
            };
            self.is_empty = is_empty;
            check(&tag)?;
            return if name_of(&tag) == ROOT { Ok(()) } else { Err(NotWhole) };
        }
    }

    /// Enters the next element within the one that was entered last, or leaves that one. Texts between elements say nothing.
    fn child(&mut self) -> Result<Option<BytesStart<'a>>, NotWhole> {
        if std::mem::take(&mut self.is_empty) {
            return Ok(None);
        }
        loop {
            let (tag, is_empty) = match self.event()? {
                Event::Start(tag) => (tag, false),
                Event::Empty(tag) => (tag, true),
                Event::End(_) => return Ok(None),
                Event::Text(_) | Event::GeneralRef(_) => continue,
                _ => return Err(NotWhole),
            };
            self.is_empty = is_empty;
            check(&tag)?;
            return Ok(Some(tag));
        }
    }

    /// The text of the element that was entered last, which is left. An element within it is a fault, as for the SDK.
    fn text(&mut self) -> Result<Cow<'a, str>, NotWhole> {
        let mut text = Cow::Borrowed("");
        if std::mem::take(&mut self.is_empty) {
            return Ok(text);
        }
        loop {
            match self.event()? {
                Event::Text(part) => text += part.into_inner(),
                Event::GeneralRef(reference) => text.to_mut().push(resolved(&reference)?),
                Event::End(_) => return Ok(text),
                _ => return Err(NotWhole),
            }
        }
    }

    /// What is in the element that was entered last, which is left: its text, or the XML where there are elements in it.
    fn content(&mut self) -> Result<Cow<'a, str>, NotWhole> {
        if std::mem::take(&mut self.is_empty) {
            return Ok(Cow::Borrowed(""));
        }
        let begin = self.position()?;
        let mut depth = 0_usize;
        let mut end = begin;
        loop {
            match self.event()? {
                Event::Start(tag) => {
                    check(&tag)?;
                    depth += 1;
                }
                Event::Empty(tag) => check(&tag)?,
                Event::End(_) => match depth.checked_sub(1) {
                    Some(less) => depth = less,
                    None => break,
                },
                Event::Text(_) => {}
                Event::GeneralRef(reference) => drop(resolved(&reference)?),
                _ => return Err(NotWhole),
            }
            end = self.position()?;
        }
        let inside = self.text.get(begin..end).ok_or(NotWhole)?;
        if inside.contains('<') {
            return Ok(Cow::Borrowed(inside));
        }
        escape::unescape(inside).map_err(|_reference| NotWhole)
    }

    /// Nothing may follow the root.
    fn end(&mut self) -> Result<(), NotWhole> {
        loop {
            match self.event()? {
                Event::Text(text) if is_blank(&text) => {}
                Event::Eof => return Ok(()),
                _ => return Err(NotWhole),
            }
        }
    }

    fn position(&self) -> Result<usize, NotWhole> {
        usize::try_from(self.reader.buffer_position()).map_err(|_large| NotWhole)
    }
}

/// The name without what stands before a colon, as the SDK compares it.
fn name_of<'t>(tag: &'t BytesStart<'_>) -> &'t str {
    tag.local_name().into_inner()
}

/// Names are made of plain characters, and attributes say nothing here: what is otherwise tells of damage.
fn check(tag: &BytesStart<'_>) -> Result<(), NotWhole> {
    if !is_name(tag.name().as_ref()) {
        return Err(NotWhole);
    }
    tag.attributes().try_for_each(|attribute| match attribute {
        Ok(attribute) if is_name(attribute.key.as_ref()) && is_value(&attribute.value) => Ok(()),
        _ => Err(NotWhole),
    })
}

fn is_value(value: &str) -> bool {
    !value.contains('<') && escape::unescape(value).is_ok()
}

/// XML has no control characters but these. Without a way out in the middle, the compiler looks at many bytes at once.
fn is_of_xml(bytes: &[u8]) -> bool {
    let is_control = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    !bytes.iter().fold(false, |found, &byte| found | is_control(byte))
}

fn is_name(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':') || b >= 0x80;
    name.bytes().all(is_plain) && name.bytes().next().is_some_and(|b| !matches!(b, b'-' | b'.' | b'0'..=b'9'))
}

/// What a reference such as `&amp;` or `&#xe9;` stands for.
fn resolved(reference: &BytesRef<'_>) -> Result<char, NotWhole> {
    if let Some(character) = reference.resolve_char_ref().map_err(|_number| NotWhole)? {
        return Ok(character);
    }
    match &**reference {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ => Err(NotWhole),
    }
}

fn is_blank(text: &str) -> bool {
    text.trim_ascii().is_empty()
}

#[cfg(test)]
mod tests;
