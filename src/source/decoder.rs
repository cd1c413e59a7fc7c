//! Reads a page of connections out of EC2's XML, in one pass, in place of the SDK's decoder.
//!
//! The SDK decodes the fields that it knew when it was built, and drops what AWS adds later. It also takes faults of the XML for
//! its end: a body that is cut between two elements, or damaged in the middle, is then a page with fewer connections and no
//! token, which is what the last page of a listing looks like. Here such a body is refused, and elements that are not known
//! are kept under their own names.

use std::borrow::Cow;
use std::io::BufRead;

use memchr::memchr2;
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
    while let Some(name) = document.child()? {
        match name {
            "connections" => {
                lists += 1;
                while let Some(name) = document.child()? {
                    match name {
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
    while let Some(name) = document.child()? {
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
    while let Some(name) = document.child()? {
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
    while let Some(name) = document.child()? {
        match name {
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
    /// The text of the element that was entered last, where that has been read with its tag.
    leaf: Option<&'a str>,
}

impl<'a> Document<'a> {
    fn new(text: &'a str) -> Document<'a> {
        Document { text, reader: Reader::from_str(text), leaf: None }
    }

    fn event(&mut self) -> Result<Event<'a>, NotWhole> {
        self.reader.read_event().map_err(|_damaged| NotWhole)
    }

    /// Enters the root.
    fn root(&mut self) -> Result<(), NotWhole> {
        loop {
            let is_beginning = self.position()? == 0;
            let name = match self.event()? {
                Event::Start(tag) => self.enter(&tag, None)?,
                Event::Empty(tag) => self.enter(&tag, Some(""))?,
                Event::Decl(_) if is_beginning => continue,
                Event::Text(text) if is_blank(&text) => continue,
                _ => return Err(NotWhole),
            };
            return if name == ROOT { Ok(()) } else { Err(NotWhole) };
        }
    }

    /// Enters the next element within the one that was entered last, and gives its name, or leaves that one. Texts between
    /// elements say nothing.
    fn child(&mut self) -> Result<Option<&'a str>, NotWhole> {
        if self.leaf.take().is_some() {
            return Ok(None);
        }
        if let Some((name, text)) = self.plain_leaf()? {
            self.leaf = Some(text);
            return Ok(Some(name));
        }
        loop {
            return match self.event()? {
                Event::Start(tag) => self.enter(&tag, None).map(Some),
                Event::Empty(tag) => self.enter(&tag, Some("")).map(Some),
                Event::End(_) => Ok(None),
                Event::Text(_) | Event::GeneralRef(_) => continue,
                _ => Err(NotWhole),
            };
        }
    }

    /// Takes `<name>text</name>`, where that comes next and has nothing in it to be resolved: most of a page is made of these,
    /// and three events for each take ten times as long. All else is left to the library.
    fn plain_leaf(&mut self) -> Result<Option<(&'a str, &'a str)>, NotWhole> {
        let rest = self.text.get(self.position()?..).ok_or(NotWhole)?;
        let Some((name, text, behind)) = split_plain_leaf(rest.trim_ascii_start()) else {
            return Ok(None);
        };
        self.reader.stream().consume(rest.len() - behind.len());
        Ok(Some((name, text)))
    }

    /// The local name of an element that begins at the tag that was read last.
    fn enter(&mut self, tag: &BytesStart<'a>, leaf: Option<&'a str>) -> Result<&'a str, NotWhole> {
        let local = check(tag)?;
        let closing = if leaf.is_some() { "/>" } else { ">" };
        let begin = self.position()?.checked_sub(tag.len() + closing.len()).ok_or(NotWhole)?;
        self.leaf = leaf;
        self.text.get(begin + local..begin + tag.name().into_inner().len()).ok_or(NotWhole)
    }

    /// The text of the element that was entered last, which is left. An element within it is a fault, as for the SDK.
    fn text(&mut self) -> Result<Cow<'a, str>, NotWhole> {
        if let Some(text) = self.leaf.take() {
            return Ok(Cow::Borrowed(text));
        }
        let mut text = Cow::Borrowed("");
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
        if let Some(text) = self.leaf.take() {
            return Ok(Cow::Borrowed(text));
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
                Event::Empty(tag) => drop(check(&tag)?),
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

/// Splits a text into the name and the text of an element at its beginning, and what is behind that.
fn split_plain_leaf(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.strip_prefix('<')?;
    let (name, text) = text.split_at(text.bytes().position(|b| !b.is_ascii_alphabetic())?);
    let text = text.strip_prefix('>').filter(|_| !name.is_empty())?;
    let (text, behind) = text.split_at(memchr2(b'<', b'&', text.as_bytes())?);
    let behind = behind.strip_prefix("</")?.strip_prefix(name)?.strip_prefix('>')?;
    Some((name, text, behind))
}

/// Names are made of plain characters, and attributes say nothing here: what is otherwise tells of damage. Gives where the name
/// begins after what stands before a colon.
fn check(tag: &BytesStart<'_>) -> Result<usize, NotWhole> {
    let local = local_name(tag.name().into_inner()).ok_or(NotWhole)?;
    tag.attributes().try_for_each(|attribute| match attribute {
        Ok(attribute) if local_name(attribute.key.as_ref()).is_some() && is_value(&attribute.value) => Ok(()),
        _ => Err(NotWhole),
    })?;
    Ok(local)
}

fn is_value(value: &str) -> bool {
    !value.contains('<') && escape::unescape(value).is_ok()
}

/// XML has no control characters but these. Without a way out in the middle, the compiler looks at many bytes at once.
fn is_of_xml(bytes: &[u8]) -> bool {
    let is_control = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    !bytes.iter().fold(false, |found, &byte| found | is_control(byte))
}

/// Where a name begins after what stands before its first colon; none for what is no name.
fn local_name(name: &str) -> Option<usize> {
    let first = name.bytes().next()?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':') || b >= 0x80;
    let is_name = name.bytes().all(is_plain) && !matches!(first, b'-' | b'.' | b'0'..=b'9');
    is_name.then(|| name.find(':').map_or(0, |colon| colon + 1))
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
