//! Times. The API writes them as `2019-08-12 07:57:14`, those of endpoints as `2019-08-12T07:57:14`: no zone, UTC in practice.
//! Other implementations of the API write RFC 3339.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::TextMeaning;

/// The beginning of the year 1.
const FIRST_YEAR: Timestamp = Timestamp::constant(-62_135_596_800, 0);

/// Reads a time in the API's form, with `separator` between date and time of day, or in that of RFC 3339, if it is exact in
/// milliseconds and not before the year 1.
pub(crate) fn read(text: &str, separator: u8) -> TextMeaning<Timestamp> {
    match instant(text.as_bytes(), separator) {
        // Python's datetime, and so pyarrow, has no year 0.
        Some(time) if time >= FIRST_YEAR => TextMeaning::Value(time),
        _ => TextMeaning::Unparsed,
    }
}

fn instant(text: &[u8], separator: u8) -> Option<Timestamp> {
    let (civil, rest) = text.split_first_chunk()?;
    let (between, civil) = civil_time(civil)?;
    let utc = Offset::UTC.to_timestamp(civil).ok()?;
    if rest.is_empty() {
        return (between == separator).then_some(utc);
    }
    let (millis, rest) = fraction(rest)?;
    let since_utc = offset(rest)?;
    let instant = utc.checked_sub(SignedDuration::from_mins(since_utc)).ok()?;
    let instant = instant.checked_add(SignedDuration::from_millis(millis)).ok()?;
    matches!(between, b'T' | b't').then_some(instant)
}

/// Parses a time digit by digit: each row has four, and to interpret a format for each took a fifth of a capture's CPU. Also
/// returns the byte between date and time of day.
fn civil_time(text: &[u8; 19]) -> Option<(u8, DateTime)> {
    let &[y0, y1, y2, y3, b'-', o0, o1, b'-', d0, d1, between, h0, h1, b':', m0, m1, b':', s0, s1] = text
    else {
        return None;
    };
    let year = i16::from(two(y0, y1)?) * 100 + i16::from(two(y2, y3)?);
    let time = DateTime::new(year, two(o0, o1)?, two(d0, d1)?, two(h0, h1)?, two(m0, m1)?, two(s0, s1)?, 0);
    Some((between, time.ok()?))
}

/// Parses a fraction of a second in milliseconds, if it is exact in them. Also returns the rest of the text.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', text)) = text.split_first() else {
        return Some((0, text));
    };
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(digits).filter(|(digits, _)| !digits.is_empty())?;
    let (millis, beyond) = digits.split_at(digits.len().min(3));
    let is_exact = beyond.iter().all(|&digit| digit == b'0');
    let millis = [100, 10, 1].iter().zip(millis).map(|(unit, digit)| unit * i64::from(digit - b'0')).sum();
    is_exact.then_some((millis, rest))
}

/// Parses an offset from UTC, in minutes. RFC 3339 has `-00:00` for a time of UTC whose place is not known.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, text) = match text {
        b"Z" | b"z" => return Some(0),
        [b'+', text @ ..] => (1, text),
        [b'-', text @ ..] => (-1, text),
        _ => return None,
    };
    let &[h0, h1, b':', m0, m1] = text else { return None };
    let (hours, minutes) = (i64::from(two(h0, h1)?), i64::from(two(m0, m1)?));
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// Parses a number of two digits.
fn two(tens: u8, ones: u8) -> Option<i8> {
    let digit = |byte: u8| char::from(byte).to_digit(10).and_then(|digit| i8::try_from(digit).ok());
    Some(digit(tens)? * 10 + digit(ones)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_form_of_the_api_is_read_as_utc() {
        for (text, expected) in [
            ("2019-08-12 07:57:14", "2019-08-12T07:57:14Z"),
            ("2024-02-29 23:59:59", "2024-02-29T23:59:59Z"),
            ("1969-12-31 23:59:59", "1969-12-31T23:59:59Z"),
            ("0001-01-01 00:00:00", "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(read(text, b' '), TextMeaning::Value(expected.parse().unwrap()), "{text}");
        }
        let expected = TextMeaning::Value("2019-08-12T07:57:14Z".parse().unwrap());
        assert_eq!(read("2019-08-12T07:57:14", b'T'), expected);
        assert_eq!(read("2019-08-12T07:57:14", b' '), TextMeaning::Unparsed);
        assert_eq!(read("2019-08-12 07:57:14", b'T'), TextMeaning::Unparsed);
    }

    #[test]
    fn rfc_3339_is_an_instant_if_that_is_exact() {
        for (text, expected) in [
            ("2025-11-01T00:00:00Z", Some("2025-11-01T00:00:00Z")),
            ("2025-11-01T00:00:00.000Z", Some("2025-11-01T00:00:00Z")),
            ("2025-11-01T00:00:00+01:00", Some("2025-10-31T23:00:00Z")),
            ("2025-11-01T00:00:00.000+01:00", Some("2025-10-31T23:00:00Z")),
            ("2025-11-01T00:00:00-09:30", Some("2025-11-01T09:30:00Z")),
            ("2025-11-01T00:00:00+23:59", Some("2025-10-31T00:01:00Z")),
            ("2025-11-01T00:00:00-00:00", Some("2025-11-01T00:00:00Z")),
            ("2025-11-01t00:00:00z", Some("2025-11-01T00:00:00Z")),
            ("2025-11-01T00:00:00.5Z", Some("2025-11-01T00:00:00.5Z")),
            ("2025-11-01T00:00:00.123Z", Some("2025-11-01T00:00:00.123Z")),
            ("2025-11-01T00:00:00.123000000000000Z", Some("2025-11-01T00:00:00.123Z")),
            ("1969-12-31T23:59:59.999Z", Some("1969-12-31T23:59:59.999Z")),
            ("0001-01-01T00:00:00Z", Some("0001-01-01T00:00:00Z")),
            ("0000-12-31T23:59:59-00:01", Some("0001-01-01T00:00:59Z")),
            ("0001-01-01T00:00:00+00:01", None),
            ("0000-01-01T00:00:00Z", None),
            ("9999-12-31T23:59:59Z", None),
            ("10000-01-01T00:00:00Z", None),
            ("2025-11-01T00:00:00.1234Z", None),
            ("2025-11-01T00:00:00.Z", None),
            ("2025-11-01T00:00:00,5Z", None),
            ("2025-11-01T00:00:00.5", None),
            ("2025-11-01T24:00:00Z", None),
            ("2016-12-31T23:59:60Z", None),
            ("2025-02-29T00:00:00Z", None),
            ("2025-11-01T00:00Z", None),
            ("2025-11-01T00:00:00+24:00", None),
            ("2025-11-01T00:00:00+01:60", None),
            ("2025-11-01T00:00:00+0100", None),
            ("2025-11-01T00:00:00+01", None),
            ("2025-11-01T00:00:00 Z", None),
            ("2025-11-01T00:00:00Z ", None),
            ("2025-11-01T00:00:00Z+01:00", None),
            ("2025-11-01 00:00:00Z", None),
            ("2025-11-01_00:00:00Z", None),
            ("20251101T000000Z", None),
            ("２025-11-01T00:00:00Z", None),
        ] {
            let expected =
                expected.map_or(TextMeaning::Unparsed, |time| TextMeaning::Value(time.parse().unwrap()));
            assert_eq!((read(text, b' '), read(text, b'T')), (expected, expected), "{text}");
        }
    }

    #[test]
    fn all_else_is_kept_as_text() {
        for text in [
            "2019-08-12 07:57",
            "2019-08-12 07:57:14.5",
            "2019-08-12 07:57:14 UTC",
            " 2019-08-12 07:57:14",
            "2019-08-12  07:57:14",
            "2019-8-12 7:57:14",
            "2019-02-30 00:00:00",
            "2016-12-31 23:59:60",
            "2019-08-12 24:00:00",
            "99999-01-01 00:00:00",
            "0000-12-31 23:59:59",
            "1565596634",
            "soon",
        ] {
            assert_eq!(read(text, b' '), TextMeaning::Unparsed, "{text}");
        }
    }

    /// Reads a text by the format, if it prints back to itself.
    fn by_its_format(text: &str) -> TextMeaning<Timestamp> {
        const FORMAT: &str = "%Y-%m-%d %H:%M:%S";
        let parsed = DateTime::strptime(FORMAT, text).and_then(|time| Offset::UTC.to_timestamp(time));
        match parsed {
            Ok(time) if time >= FIRST_YEAR && time.strftime(FORMAT).to_string() == text => {
                TextMeaning::Value(time)
            }
            _ => TextMeaning::Unparsed,
        }
    }

    proptest! {
        #[test]
        fn digit_by_digit_is_as_by_the_format(
            text in "[0-9]{4}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-6][0-9]:[0-6][0-9]|[0-9 :+-]{17,20}|.{19}",
            seconds in -62_200_000_000..=253_402_300_799_i64,
        ) {
            prop_assert_eq!(read(&text, b' '), by_its_format(&text));
            let text = Timestamp::from_second(seconds).unwrap().strftime("%Y-%m-%d %H:%M:%S").to_string();
            prop_assert_eq!(read(&text, b' '), by_its_format(&text));
        }
    }
}
