//! Byte and packet counts, which the API writes as decimal digits.

use super::TextMeaning;

/// Reads decimal digits without sign or leading zeros, up to the largest `bigint`.
pub(crate) fn read(text: &str) -> TextMeaning<i64> {
    let is_plain = text.bytes().all(|b| b.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    match text.parse() {
        Ok(count) if is_plain => TextMeaning::Value(count),
        _ => TextMeaning::Unparsed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_digits_are_counts() {
        for (text, count) in [("0", 0), ("7", 7), ("9223372036854775807", i64::MAX)] {
            assert_eq!(read(text), TextMeaning::Value(count), "{text}");
        }
    }

    #[test]
    fn all_else_is_kept_as_text() {
        for text in [
            "007",
            "+5",
            "-5",
            "-0",
            "1.0",
            "1e3",
            " 1",
            "1 ",
            "1,000",
            "٣",
            "abc",
            "0x10",
            "9223372036854775808",
        ] {
            assert_eq!(read(text), TextMeaning::Unparsed, "{text}");
        }
    }
}
