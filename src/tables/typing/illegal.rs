//! Characters that XML 1.0 or UTF-8 does not allow, inside texts.
//!
//! A document that has such characters is read as a text in which most of them stay as they are. U+0001, which XML does not allow
//! either, begins an escape: of itself, of a byte that is not UTF-8, or of a reference that leads to no character. Such a text
//! has two forms: one for a column, and one for `unparsed`, from which the original can be restored.

use std::borrow::Cow;
use std::fmt::Write;

/// The beginning of an escape.
const ESCAPE: char = '\u{1}';
const ESCAPE_BYTE: u8 = 1;
const DOUBLED_ESCAPE: &str = "\u{1}\u{1}";

/// The replacement in a column for anything that is not allowed.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// The form in a text of an ampersand that begins no reference.
pub(crate) const BARE_AMPERSAND: &str = "\u{1}#26;";

/// Longest name of an entity, and longest number of a character, that is read.
const LONGEST_REFERENCE: usize = 64;

/// One character of a text, or an escape in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit<'a> {
    Legal(char),
    /// The number of a character, in hexadecimal.
    Numbered(&'a str),
    Illegal(char),
    Byte(u8),
    /// A reference to an entity that nobody defined.
    Entity(&'a str),
}

/// A reference, such as `&amp;` or `&#xe9;`, without its `&` and `;`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// A character that XML allows.
    Character(char),
    /// A reference to no such character, or no reference at all, in its form in a text.
    Illegal(String),
}

/// Returns a text of JSON, whose escapes may name halves of pairs of UTF-16: the rest is UTF-8, and such a half has the form that
/// UTF-8 would give it.
pub(crate) fn of_wtf8(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) if !bytes.contains(&ESCAPE_BYTE) => Cow::Borrowed(text),
        Ok(text) => Cow::Owned(text.replace(ESCAPE, DOUBLED_ESCAPE)),
        Err(_) => Cow::Owned(with_escaped_surrogates(bytes)),
    }
}

fn with_escaped_surrogates(bytes: &[u8]) -> String {
    let (mut text, mut halves) = (String::with_capacity(bytes.len()), Vec::new());
    for chunk in bytes.utf8_chunks() {
        text.push_str(&chunk.valid().replace(ESCAPE, DOUBLED_ESCAPE));
        halves.extend_from_slice(chunk.invalid());
        if let [_, high, low] = halves[..] {
            let surrogate = 0xd000 | u16::from(high & 0x3f) << 6 | u16::from(low & 0x3f);
            // Writing into memory does not fail.
            let _ = write!(text, "{ESCAPE}#{surrogate:X};");
            halves.clear();
        }
    }
    text
}

/// Reads a body as text. Also returns `true` if it has characters or bytes that are not allowed.
pub(crate) fn readable(body: &[u8]) -> (Cow<'_, str>, bool) {
    match str::from_utf8(body) {
        Ok(text) if body.chunks(4096).all(is_plain) => (Cow::Borrowed(text), false),
        Ok(text) if text.contains(ESCAPE) => (Cow::Owned(text.replace(ESCAPE, DOUBLED_ESCAPE)), true),
        Ok(text) => (Cow::Borrowed(text), has_illegal(text)),
        Err(_) => (Cow::Owned(with_escaped_bytes(body)), true),
    }
}

/// Returns `false` if some of the bytes may not be allowed: control characters, and the first byte of U+FFFE and U+FFFF.
/// Without an early exit, the compiler checks many bytes at once.
fn is_plain(bytes: &[u8]) -> bool {
    let is_odd = |byte: u8| (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0xef;
    !bytes.iter().fold(false, |found, &byte| found | is_odd(byte))
}

fn with_escaped_bytes(body: &[u8]) -> String {
    let mut text = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        for part in chunk.valid().split_inclusive(ESCAPE) {
            text.push_str(part);
            if part.ends_with(ESCAPE) {
                text.push(ESCAPE);
            }
        }
        for &byte in chunk.invalid() {
            text.push(ESCAPE);
            text.push(char::from(byte));
        }
    }
    text
}

/// Returns `true` if a text, as [`readable`] returns it, has something that is not allowed.
pub(crate) fn has_illegal(text: &str) -> bool {
    !is_plain(text.as_bytes()) && text.chars().any(is_illegal)
}

fn is_illegal(character: char) -> bool {
    matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Resolves a reference. In one that is not well-formed, only the ampersand is not allowed.
pub(crate) fn resolve(reference: &str) -> Reference {
    well_formed(reference).unwrap_or_else(|| Reference::Illegal(format!("{BARE_AMPERSAND}{reference};")))
}

/// Resolves the references in the value of an attribute.
pub(crate) fn unescaped(value: &str) -> Cow<'_, str> {
    let Some((before, mut rest)) = value.split_once('&') else { return Cow::Borrowed(value) };
    let mut text = before.to_owned();
    loop {
        let (part, behind) = rest.split_once('&').map_or((rest, None), |(part, behind)| (part, Some(behind)));
        match part.split_once(';').map(|(reference, part)| (resolve(reference), part)) {
            Some((Reference::Character(character), part)) => {
                text.push(character);
                text.push_str(part);
            }
            Some((Reference::Illegal(illegal), part)) => {
                text.push_str(&illegal);
                text.push_str(part);
            }
            None => {
                text.push_str(BARE_AMPERSAND);
                text.push_str(part);
            }
        }
        match behind {
            Some(behind) => rest = behind,
            None => return Cow::Owned(text),
        }
    }
}

fn well_formed(reference: &str) -> Option<Reference> {
    let character = match reference {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "apos" => '\'',
        "quot" => '"',
        _ => return reference.strip_prefix('#').map_or_else(|| entity(reference), numbered),
    };
    Some(Reference::Character(character))
}

fn entity(name: &str) -> Option<Reference> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let is_name = name.bytes().all(is_plain) && name.bytes().next()?.is_ascii_alphabetic();
    (is_name && name.len() <= LONGEST_REFERENCE).then(|| Reference::Illegal(format!("{ESCAPE}&{name};")))
}

fn numbered(number: &str) -> Option<Reference> {
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    // The longest number is larger than any other type holds.
    let hexadecimal = match radix {
        _ if digits.len() > LONGEST_REFERENCE => return None,
        16 => digits.to_ascii_uppercase(),
        _ => in_hexadecimal(digits),
    };
    let character = u32::from_str_radix(&hexadecimal, 16).ok().and_then(char::from_u32);
    Some(match character {
        Some(ESCAPE) => Reference::Illegal(format!("{ESCAPE}{ESCAPE}")),
        Some(character) if is_illegal(character) => Reference::Illegal(character.to_string()),
        Some(character) => Reference::Character(character),
        None => Reference::Illegal(format!("{ESCAPE}#{hexadecimal};")),
    })
}

/// Returns a number, given by its decimal digits, in hexadecimal.
fn in_hexadecimal(decimal: &str) -> String {
    // Digits to base 16, the lowest first.
    let mut number: Vec<u32> = vec![0];
    for digit in decimal.chars().filter_map(|digit| digit.to_digit(10)) {
        let mut carry = digit;
        for place in &mut number {
            let sum = *place * 10 + carry;
            (*place, carry) = (sum % 16, sum / 16);
        }
        if carry > 0 {
            number.push(carry);
        }
    }
    number
        .iter()
        .rev()
        .filter_map(|&digit| char::from_digit(digit, 16))
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// Returns the form for a column: anything that is not allowed becomes U+FFFD.
pub(crate) fn replaced(text: &str) -> String {
    let mut rest = text;
    let mut replaced = String::with_capacity(text.len());
    while let Some((unit, behind)) = split_unit(rest) {
        replaced.push(match unit {
            Unit::Legal(character) => character,
            _ => REPLACEMENT,
        });
        rest = behind;
    }
    replaced
}

/// Returns the form for `unparsed`: a backslash is `\\`, a character that is not allowed is `\u{HEX}`, a byte `\xHH`, and a
/// reference to an entity that nobody defined `\&name;`.
pub(crate) fn escaped(text: &str) -> String {
    let mut rest = text;
    let mut escaped = String::with_capacity(text.len());
    while let Some((unit, behind)) = split_unit(rest) {
        // Writing into memory does not fail.
        let _ = match unit {
            Unit::Legal('\\') => escaped.write_str("\\\\"),
            Unit::Legal(character) => escaped.write_char(character),
            Unit::Numbered(number) => write!(escaped, "\\u{{{number}}}"),
            Unit::Illegal(character) => write!(escaped, "\\u{{{:X}}}", u32::from(character)),
            Unit::Byte(byte) => write!(escaped, "\\x{byte:02X}"),
            Unit::Entity(name) => write!(escaped, "\\&{name};"),
        };
        rest = behind;
    }
    escaped
}

/// Returns the beginning of a text, at most `most` bytes, without cutting an escape.
pub(crate) fn beginning(text: &str, most: usize) -> &str {
    let mut rest = text;
    while let Some((_, behind)) = split_unit(rest) {
        if text.len() - behind.len() > most {
            break;
        }
        rest = behind;
    }
    text.get(..text.len() - rest.len()).unwrap_or(text)
}

fn split_unit(text: &str) -> Option<(Unit<'_>, &str)> {
    let mut characters = text.chars();
    let first = characters.next()?;
    if first != ESCAPE {
        let unit = if is_illegal(first) { Unit::Illegal(first) } else { Unit::Legal(first) };
        return Some((unit, characters.as_str()));
    }
    let second = characters.next();
    let behind = characters.as_str();
    let until_semicolon = || behind.split_once(';');
    Some(match second {
        Some('#') if let Some((number, behind)) = until_semicolon() => (Unit::Numbered(number), behind),
        Some('&') if let Some((name, behind)) = until_semicolon() => (Unit::Entity(name), behind),
        Some(second) => match u8::try_from(u32::from(second)) {
            Ok(byte) if byte >= 0x80 => (Unit::Byte(byte), behind),
            _ => (Unit::Illegal(ESCAPE), behind),
        },
        None => (Unit::Illegal(ESCAPE), behind),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_illegal_character_and_byte_is_replaced_and_can_be_told() {
        for (name, body, column, unparsed) in [
            ("control", &b"bad\x0bname"[..], "bad\u{fffd}name", r"bad\u{B}name"),
            ("nul", b"\0", "\u{fffd}", r"\u{0}"),
            ("the escape itself", b"a\x01\x01&x;", "a\u{fffd}\u{fffd}&x;", r"a\u{1}\u{1}&x;"),
            ("the escape and a byte", b"\x01\xff\x01", "\u{fffd}\u{fffd}\u{fffd}", r"\u{1}\xFF\u{1}"),
            ("backslash", b"C:\\dir\x1f", "C:\\dir\u{fffd}", r"C:\\dir\u{1F}"),
            ("latin-1", b"M\xfcller", "M\u{fffd}ller", r"M\xFCller"),
            ("cut sequence", b"a\xe2\x82", "a\u{fffd}\u{fffd}", r"a\xE2\x82"),
            ("surrogate", b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}", r"\xED\xA0\x80"),
            ("noncharacters", "\u{fffe}\u{ffff}".as_bytes(), "\u{fffd}\u{fffd}", r"\u{FFFE}\u{FFFF}"),
            (
                "a replacement character of AWS's",
                "\u{fffd}\u{2}".as_bytes(),
                "\u{fffd}\u{fffd}",
                "\u{fffd}\\u{2}",
            ),
        ] {
            let (text, is_odd) = readable(body);
            assert!(is_odd && has_illegal(&text), "{name}");
            assert_eq!((replaced(&text).as_str(), escaped(&text).as_str()), (column, unparsed), "{name}");
        }
    }

    #[test]
    fn what_is_allowed_stays() {
        for text in ["", "a\\b\t\r\n", "\u{7f}\u{85}\u{9f}", "\u{feff}\u{fffd}\u{fdd0}", "全角 \u{1f512}"] {
            assert_eq!(readable(text.as_bytes()), (Cow::Borrowed(text), false), "{text:?}");
        }
        for at in [0, 1, 63, 64, 65, 200] {
            let mut text = "x".repeat(201);
            text.replace_range(at..=at, "\u{8}");
            assert!(readable(text.as_bytes()).1, "{at}");
        }
    }

    #[test]
    fn references_lead_to_a_character_or_to_none() {
        for (reference, expected) in [
            ("amp", Some("&")),
            ("#233", Some("é")),
            ("#xe9", Some("é")),
            ("#10", Some("\n")),
            ("#11", Some(r"\u{B}")),
            ("#0", Some(r"\u{0}")),
            ("#1", Some(r"\u{1}")),
            ("#xFFFE", Some(r"\u{FFFE}")),
            ("#xD800", Some(r"\u{D800}")),
            ("#x110000", Some(r"\u{110000}")),
            ("#00000000000000000000000000011", Some(r"\u{B}")),
            ("nbsp", Some(r"\&nbsp;")),
            ("#x110000000000000000000000000000000", Some(r"\u{110000000000000000000000000000000}")),
            ("#99999999999999999999", Some(r"\u{56BC75E2D630FFFFF}")),
            ("#1000000000000000000000000000000000000000", Some(r"\u{2F050FE938943ACC45F65568000000000}")),
            ("#", None),
            ("#x", None),
            ("#X41", None),
            ("#-1", None),
            ("", None),
            ("a b", None),
            ("1a", None),
            (&format!("#{}1", "0".repeat(LONGEST_REFERENCE)), Some(r"\u{1}")),
            (
                &format!("#x{}", "1".repeat(LONGEST_REFERENCE)),
                Some(&format!(r"\u{{{}}}", "1".repeat(LONGEST_REFERENCE))),
            ),
            (&"n".repeat(LONGEST_REFERENCE), Some(&format!(r"\&{};", "n".repeat(LONGEST_REFERENCE)))),
            (&"n".repeat(LONGEST_REFERENCE + 1), None),
            (&format!("#{}", "9".repeat(LONGEST_REFERENCE + 1)), None),
        ] {
            // If it is not a reference, the ampersand is not allowed, and the rest is text.
            let in_unparsed = expected.map_or_else(|| format!(r"\u{{26}}{reference};"), str::to_owned);
            let in_column =
                expected.map_or_else(|| format!("\u{fffd}{reference};"), |_| "\u{fffd}".to_owned());
            match resolve(reference) {
                Reference::Character(character) => {
                    assert_eq!(character.to_string(), in_unparsed, "{reference}")
                }
                Reference::Illegal(text) => {
                    let forms = (has_illegal(&text), replaced(&text), escaped(&text));
                    assert_eq!(forms, (true, in_column, in_unparsed), "{reference}");
                }
            }
        }
    }

    #[test]
    fn the_value_of_an_attribute_is_read_as_a_text_is() {
        for (value, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("&amp;a&lt;&#65;;", "&a<A;"),
            ("a & b", r"a \u{26} b"),
            ("&&amp;&", r"\u{26}&\u{26}"),
            ("&#11;x&nbsp;&a b;", r"\u{B}x\&nbsp;\u{26}a b;"),
        ] {
            assert_eq!(escaped(&unescaped(value)), expected, "{value}");
        }
    }

    #[test]
    fn a_beginning_cuts_no_escape() {
        let text = readable(b"ab\xffcd\x0b").0;
        for (most, expected) in
            [(0, ""), (2, "ab"), (3, "ab"), (4, "ab"), (5, r"ab\xFF"), (99, r"ab\xFFcd\u{B}")]
        {
            assert_eq!(escaped(beginning(&text, most)), expected, "{most}");
        }
    }
}
