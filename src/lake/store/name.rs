//! Names in a lake are bytes; keys are texts. A byte that no text has, or that a terminal would obey, stands in a key as
//! `\xHH`, and a backslash as `\\`, so that every name has one key and leads back to it. Keys of this program have neither.

/// Returns the key of a name.
pub(super) fn printable(name: &[u8]) -> String {
    let mut key = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '\\' => key.push_str("\\\\"),
                char if is_hidden(char) => escape(char.encode_utf8(&mut [0; 4]).as_bytes(), &mut key),
                char => key.push(char),
            }
        }
        escape(chunk.invalid(), &mut key);
    }
    key
}

/// Returns the name of a key.
pub(super) fn bytes(key: &str) -> Vec<u8> {
    let mut name = Vec::with_capacity(key.len());
    let mut rest = key;
    while let Some((before, escaped)) = rest.split_once('\\') {
        name.extend_from_slice(before.as_bytes());
        let byte = escaped.strip_prefix('x').and_then(|digits| digits.get(..2));
        match byte.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                name.push(byte);
                rest = escaped.get(3..).unwrap_or_default();
            }
            None => {
                name.push(b'\\');
                rest = escaped.strip_prefix('\\').unwrap_or(escaped);
            }
        }
    }
    name.extend_from_slice(rest.as_bytes());
    name
}

/// Decodes a text that S3 has encoded as in a URL.
pub(super) fn from_url(text: &str) -> Vec<u8> {
    let mut name = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(index) = rest.find(['%', '+']) {
        let (before, encoded) = rest.split_at(index);
        name.extend_from_slice(before.as_bytes());
        let byte = encoded.strip_prefix('%').and_then(|digits| digits.get(..2));
        match byte.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                name.push(byte);
                rest = encoded.get(3..).unwrap_or_default();
            }
            None => {
                name.push(if encoded.starts_with('+') { b' ' } else { b'%' });
                rest = encoded.get(1..).unwrap_or_default();
            }
        }
    }
    name.extend_from_slice(rest.as_bytes());
    name
}

/// Returns `true` if the character is invisible, or changes how others are displayed.
fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn escape(bytes: &[u8], key: &mut String) {
    for byte in bytes {
        key.push_str("\\x");
        key.push_str(&hex::encode([*byte]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_one_key_and_leads_back_to_it() {
        for (name, key) in [
            (b"20251122T210000Z_x.parquet".as_slice(), "20251122T210000Z_x.parquet"),
            (b"", ""),
            ("é ü".as_bytes(), "é ü"),
            (b"a\xff/b\xc3", "a\\xff/b\\xc3"),
            (b"a\\xff", "a\\\\xff"),
            (b"\\", "\\\\"),
            (b"\\\\\xfe\\", "\\\\\\\\\\xfe\\\\"),
            (b"a\x01\n\x1b[31m", "a\\x01\\x0a\\x1b[31m"),
            ("a\u{202e}b".as_bytes(), "a\\xe2\\x80\\xaeb"),
        ] {
            assert_eq!(printable(name), key);
            assert_eq!(bytes(key), name, "{key}");
        }
    }

    #[test]
    fn s3s_encoding_is_read() {
        for (text, name) in [
            ("connections/a%3D1/x.parquet", "connections/a=1/x.parquet"),
            ("a+b%2Bc", "a b+c"),
            ("%01%", "\u{1}%"),
            ("%C3%A9%zz", "é%zz"),
            ("", ""),
        ] {
            assert_eq!(from_url(text), name.as_bytes(), "{text}");
        }
    }
}
