//! XML as EC2 sends it, read from its beginning to its end: elements, texts and references. Beside these, only a field of a row
//! may have a CDATA section, whose content is a text that hides nothing. Comments, instructions and document types are refused.

use std::borrow::Cow;
use std::io::BufRead;

use memchr::memchr2;
use quick_xml::Reader;
use quick_xml::events::{BytesDecl, BytesStart, Event};

use super::{DecodeError, Shape, refuse_if, words};
use crate::answer_limits::{ATTRIBUTES, DEPTH, Limit, NAME_BYTES, TAG_BYTES};
use crate::tables::typing::illegal::{BARE_AMPERSAND, Reference, has_illegal, resolve, unescaped};

/// The content of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tables) enum ElementContent<'a> {
    /// A text, with its references resolved.
    Text(Cow<'a, str>),
    /// The XML of content with elements in it, unchanged.
    Xml(&'a str),
}

impl<'a> ElementContent<'a> {
    pub(in crate::tables) fn into_inner(self) -> Cow<'a, str> {
        match self {
            ElementContent::Text(text) => text,
            ElementContent::Xml(xml) => Cow::Borrowed(xml),
        }
    }
}

/// A document that is read from its beginning to its end. Elements are identified by their local names, as the SDK does.
pub(in crate::tables) struct Document<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    shape: &'static Shape,
    /// The text of the element that was entered last, if that was read with its tag.
    leaf: Option<&'a str>,
    /// The part of that element's name before the local one, with its colon.
    prefix: &'a str,
    /// Its attributes, declarations of namespaces included.
    attributes: Vec<(String, String)>,
    /// Text beside the elements of the element that is being read.
    stray: Option<Cow<'a, str>>,
    is_odd: bool,
}

impl<'a> Document<'a> {
    /// Returns a document of `text`. `is_odd` is `true` if it may have characters that XML does not allow.
    pub(in crate::tables) fn new(text: &'a str, is_odd: bool, shape: &'static Shape) -> Document<'a> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader::from_str(text);
        // A text that begins with an ampersand is then one that begins no reference.
        reader.config_mut().allow_dangling_amp = true;
        Document { text, reader, shape, leaf: None, prefix: "", attributes: Vec::new(), stray: None, is_odd }
    }

    /// Returns the shape of the answer.
    pub(in crate::tables) fn shape(&self) -> &'static Shape {
        self.shape
    }

    /// Returns `true` if a text so far may have characters that XML does not allow.
    pub(in crate::tables) fn is_odd(&self) -> bool {
        self.is_odd
    }

    /// Returns the prefix of the element that was entered last.
    pub(in crate::tables) fn prefix(&self) -> &'a str {
        self.prefix
    }

    /// Returns `true` if the element that was entered last has attributes.
    pub(in crate::tables) fn has_attributes(&self) -> bool {
        !self.attributes.is_empty()
    }

    /// Takes the attributes of the element that was entered last, without declarations of namespaces.
    pub(in crate::tables) fn take_attributes(&mut self) -> impl Iterator<Item = (String, String)> + use<> {
        std::mem::take(&mut self.attributes).into_iter().filter(|(key, _)| !is_declaration(key))
    }

    /// Takes the text found beside elements since the last call.
    pub(in crate::tables) fn take_stray(&mut self) -> Option<Cow<'a, str>> {
        self.stray.take()
    }

    fn event(&mut self) -> Result<Event<'a>, DecodeError> {
        self.reader.read_event().map_err(|_damaged| DecodeError::Malformed)
    }

    /// Enters the root.
    pub(in crate::tables) fn root(&mut self, expected: &str) -> Result<(), DecodeError> {
        loop {
            let is_beginning = self.position()? == 0;
            let name = match self.event()? {
                Event::Start(tag) => self.enter(&tag, None)?,
                Event::Empty(tag) => self.enter(&tag, Some(""))?,
                Event::Decl(declaration) if is_beginning && is_utf8(&declaration) => continue,
                Event::Text(text) if is_blank(&text) => continue,
                _ => return Err(DecodeError::Malformed),
            };
            return if name == expected { Ok(()) } else { Err(DecodeError::Malformed) };
        }
    }

    /// Enters the next element within the one that was entered last and returns its name, or leaves that one and returns `None`.
    /// Text beside elements is kept for [`Document::take_stray`].
    pub(in crate::tables) fn child(&mut self) -> Result<Option<&'a str>, DecodeError> {
        if let Some(text) = self.leaf.take() {
            if !is_blank(text) {
                self.stray = Some(Cow::Borrowed(text));
            }
            return Ok(None);
        }
        if let Some((name, text)) = self.plain_leaf()? {
            self.leaf = Some(text);
            self.prefix = "";
            self.attributes.clear();
            return Ok(Some(name));
        }
        loop {
            return match self.event()? {
                Event::Start(tag) => self.enter(&tag, None).map(Some),
                Event::Empty(tag) => self.enter(&tag, Some("")).map(Some),
                Event::End(_) => Ok(None),
                Event::Text(text) if is_blank(&text) => continue,
                Event::Text(text) => {
                    let mut stray = self.stray.take().unwrap_or_default();
                    self.push_text(&mut stray, text.into_inner());
                    self.stray = Some(stray);
                    continue;
                }
                Event::GeneralRef(reference) => {
                    let mut stray = self.stray.take().unwrap_or_default();
                    self.push_reference(&mut stray, &reference);
                    self.stray = Some(stray);
                    continue;
                }
                _ => Err(DecodeError::Malformed),
            };
        }
    }

    /// Takes `<name>text</name>`, if that comes next and has nothing to resolve: most of a page consists of these, and three
    /// events for each take ten times as long. All else is left to the library.
    fn plain_leaf(&mut self) -> Result<Option<(&'a str, &'a str)>, DecodeError> {
        let rest = self.text.get(self.position()?..).ok_or(DecodeError::Malformed)?;
        let Some((name, text, behind)) = split_plain_leaf(rest.trim_ascii_start()) else {
            return Ok(None);
        };
        self.reader.stream().consume(rest.len() - behind.len());
        Ok(Some((name, text)))
    }

    /// Enters the element that begins at the tag that was read last, and returns its local name.
    fn enter(&mut self, tag: &BytesStart<'a>, leaf: Option<&'a str>) -> Result<&'a str, DecodeError> {
        let local = self.check(tag)?;
        let closing = if leaf.is_some() { "/>" } else { ">" };
        let begin = self.position()?.checked_sub(tag.len() + closing.len()).ok_or(DecodeError::Malformed)?;
        self.leaf = leaf;
        self.attributes = self.attributes(tag)?;
        let name = self.text.get(begin..begin + tag.name().into_inner().len());
        let (prefix, name) =
            name.and_then(|name| name.split_at_checked(local)).ok_or(DecodeError::Malformed)?;
        self.prefix = prefix;
        Ok(name)
    }

    /// Leaves the element that was entered last, and returns its content. Elements in it are refused if they may be more rows or
    /// the token.
    pub(in crate::tables) fn value(&mut self) -> Result<ElementContent<'a>, DecodeError> {
        self.content(false)
    }

    /// Does the same for a field of a row, which may have CDATA sections.
    pub(in crate::tables) fn field_value(&mut self) -> Result<ElementContent<'a>, DecodeError> {
        self.content(true)
    }

    fn content(&mut self, may_have_cdata: bool) -> Result<ElementContent<'a>, DecodeError> {
        if let Some(text) = self.leaf.take() {
            return Ok(ElementContent::Text(Cow::Borrowed(text)));
        }
        let begin = self.position()?;
        let mut text = Cow::Borrowed("");
        let (mut end, mut depth, mut is_xml) = (begin, 0, false);
        loop {
            match self.event()? {
                Event::Start(tag) => {
                    self.check_within_field(&tag)?;
                    is_xml = true;
                    depth = deeper(depth)?;
                }
                Event::Empty(tag) => {
                    self.check_within_field(&tag)?;
                    is_xml = true;
                }
                Event::End(_) if depth > 0 => depth -= 1,
                Event::End(_) if is_xml => {
                    return self.text.get(begin..end).map(ElementContent::Xml).ok_or(DecodeError::Malformed);
                }
                Event::End(_) => return Ok(ElementContent::Text(text)),
                Event::Text(part) => self.push_text(&mut text, part.into_inner()),
                // In it, an ampersand begins no reference.
                Event::CData(part) if may_have_cdata => text += part.into_inner(),
                Event::GeneralRef(reference) => self.push_reference(&mut text, &reference),
                _ => return Err(DecodeError::Malformed),
            }
            end = self.position()?;
        }
    }

    /// Leaves the element that was entered last, after passing the local name of every element in it to `look`.
    pub(in crate::tables) fn skip(
        &mut self,
        mut look: impl FnMut(&str) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        if self.leaf.take().is_some() {
            return Ok(());
        }
        let mut depth = 0;
        loop {
            let tag = match self.event()? {
                Event::Start(tag) => {
                    depth = deeper(depth)?;
                    tag
                }
                Event::Empty(tag) => tag,
                Event::End(_) if depth > 0 => {
                    depth -= 1;
                    continue;
                }
                Event::End(_) => return Ok(()),
                Event::Text(text) => {
                    self.is_odd |= text.starts_with('&');
                    continue;
                }
                Event::GeneralRef(reference) => {
                    self.is_odd |= matches!(resolve(&reference), Reference::Illegal(_));
                    continue;
                }
                _ => return Err(DecodeError::Malformed),
            };
            let local = self.check(&tag)?;
            look(tag.name().into_inner().get(local..).unwrap_or_default())?;
        }
    }

    /// Reads to the end of the document: nothing may follow the root.
    pub(in crate::tables) fn end(&mut self) -> Result<(), DecodeError> {
        loop {
            match self.event()? {
                Event::Text(text) if is_blank(&text) => {}
                Event::Eof => return Ok(()),
                _ => return Err(DecodeError::Malformed),
            }
        }
    }

    /// Returns the position at which the content of the element that was entered last begins.
    pub(in crate::tables) fn position(&self) -> Result<usize, DecodeError> {
        usize::try_from(self.reader.buffer_position()).map_err(|_large| DecodeError::Malformed)
    }

    /// Returns the XML since `begin` of an element that was just left.
    pub(in crate::tables) fn content_since(&self, begin: usize) -> Result<&'a str, DecodeError> {
        let with_end = self.text.get(begin..self.position()?).ok_or(DecodeError::Malformed)?;
        Ok(with_end.rfind("</").and_then(|end| with_end.get(..end)).unwrap_or_default())
    }

    fn push_text(&mut self, text: &mut Cow<'a, str>, part: Cow<'a, str>) {
        match part.strip_prefix('&') {
            None => *text += part,
            Some(rest) => {
                self.is_odd = true;
                text.to_mut().push_str(BARE_AMPERSAND);
                text.to_mut().push_str(rest);
            }
        }
    }

    fn push_reference(&mut self, text: &mut Cow<'a, str>, reference: &str) {
        match resolve(reference) {
            Reference::Character(character) => text.to_mut().push(character),
            Reference::Illegal(illegal) => {
                self.is_odd = true;
                text.to_mut().push_str(&illegal);
            }
        }
    }

    /// Returns the attributes of a tag that was checked, with their references resolved.
    fn attributes(&self, tag: &BytesStart<'_>) -> Result<Vec<(String, String)>, DecodeError> {
        if is_blank(tag.attributes_raw()) {
            return Ok(Vec::new());
        }
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|_damaged| DecodeError::Malformed)?;
            let value = unescaped(&attribute.value).into_owned();
            attributes.push((attribute.key.as_ref().to_owned(), value));
        }
        Ok(attributes)
    }

    /// Checks a tag within a field of a row.
    fn check_within_field(&mut self, tag: &BytesStart<'_>) -> Result<(), DecodeError> {
        let local = self.check(tag)?;
        self.shape.check_within_field(tag.name().into_inner().get(local..).unwrap_or_default())
    }

    /// Checks a tag: names are made of plain characters, no attribute may be the token, and nothing is too long.
    /// Returns the position of the local name, after any prefix and colon.
    fn check(&mut self, tag: &BytesStart<'_>) -> Result<usize, DecodeError> {
        if tag.len() > TAG_BYTES {
            return Err(DecodeError::Limit(Limit::Tag));
        }
        let name = tag.name().into_inner();
        if name.len() > NAME_BYTES {
            return Err(DecodeError::Limit(Limit::Name));
        }
        let local = self.local_name(name)?;
        if !is_blank(tag.attributes_raw()) {
            for (number, attribute) in tag.attributes().enumerate() {
                if number >= ATTRIBUTES {
                    return Err(DecodeError::Limit(Limit::Tag));
                }
                let attribute = attribute.map_err(|_damaged| DecodeError::Malformed)?;
                let key = attribute.key.as_ref();
                self.local_name(key)?;
                let may_be_token = !is_declaration(key) && words(key).contains("token");
                refuse_if(may_be_token || attribute.value.contains('<'))?;
                self.is_odd |= has_illegal(&unescaped(&attribute.value));
            }
        }
        Ok(local)
    }

    /// Returns the position of the local name in a name, after any prefix and its colon.
    fn local_name(&self, name: &str) -> Result<usize, DecodeError> {
        let local = local_name(name).ok_or(DecodeError::Malformed)?;
        refuse_if(self.is_odd && has_illegal(name))?;
        Ok(local)
    }
}

fn deeper(depth: usize) -> Result<usize, DecodeError> {
    if depth < DEPTH { Ok(depth + 1) } else { Err(DecodeError::Limit(Limit::Depth)) }
}

/// Splits a text into the name and the text of an element at its beginning, and the rest.
fn split_plain_leaf(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.strip_prefix('<')?;
    let (name, text) = text.split_at(text.bytes().position(|b| !b.is_ascii_alphabetic())?);
    let text = text.strip_prefix('>').filter(|_| !name.is_empty() && name.len() <= NAME_BYTES)?;
    let (text, behind) = text.split_at(memchr2(b'<', b'&', text.as_bytes())?);
    let behind = behind.strip_prefix("</")?.strip_prefix(name)?.strip_prefix('>')?;
    Some((name, text, behind))
}

/// Returns `true` if a declaration names no encoding, or one that is read as UTF-8.
fn is_utf8(declaration: &BytesDecl<'_>) -> bool {
    match declaration.encoding() {
        Some(Ok(encoding)) => ["utf-8", "us-ascii"].iter().any(|known| encoding.eq_ignore_ascii_case(known)),
        Some(Err(_)) => false,
        None => true,
    }
}

/// Returns `true` for the key of an attribute that declares a namespace.
fn is_declaration(key: &str) -> bool {
    key == "xmlns" || key.starts_with("xmlns:")
}

/// Returns the position of the local name, after the first colon if there is one; `None` if the text is not a name.
fn local_name(name: &str) -> Option<usize> {
    let first = name.bytes().next()?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':') || b >= 0x80;
    let is_name = name.bytes().all(is_plain) && !matches!(first, b'-' | b'.' | b'0'..=b'9');
    is_name.then(|| name.find(':').map_or(0, |colon| colon + 1)).filter(|&local| local < name.len())
}

fn is_blank(text: &str) -> bool {
    text.trim_ascii().is_empty()
}
