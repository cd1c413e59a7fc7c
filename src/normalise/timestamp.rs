//! Times, which the API writes as `2019-08-12 07:57:14`: no zone, UTC in practice.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::Reading;

/// The beginning of the year 1.
const FIRST_YEAR: Timestamp = Timestamp::constant(-62_135_596_800, 0);

/// Reads a time in the API's form, whose samples are in the EC2 API reference and those of the AWS CLI; one that would
/// print back differently is no such time.
pub(super) fn read(text: &str) -> Reading<Timestamp> {
    match civil(text.as_bytes()).and_then(|time| Offset::UTC.to_timestamp(time).ok()) {
        // Python's datetime, and so pyarrow, has no year 0.
        Some(time) if time >= FIRST_YEAR => Reading::Value(time),
        _ => Reading::Unparsed,
    }
}

/// Digit by digit: each row has four times, and to interpret a format for each took a fifth of a capture's CPU.
fn civil(text: &[u8]) -> Option<DateTime> {
    let &[y0, y1, y2, y3, b'-', o0, o1, b'-', d0, d1, b' ', h0, h1, b':', m0, m1, b':', s0, s1] = text else {
        return None;
    };
    let year = i16::from(two(y0, y1)?) * 100 + i16::from(two(y2, y3)?);
    DateTime::new(year, two(o0, o1)?, two(d0, d1)?, two(h0, h1)?, two(m0, m1)?, two(s0, s1)?, 0).ok()
}

/// A number of two digits.
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
            assert_eq!(read(text), Reading::Value(expected.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn all_else_is_kept_as_text() {
        for text in [
            "2019-08-12T07:57:14Z",
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
            assert_eq!(read(text), Reading::Unparsed, "{text}");
        }
    }

    /// What the format says, printed back.
    fn by_its_format(text: &str) -> Reading<Timestamp> {
        const FORMAT: &str = "%Y-%m-%d %H:%M:%S";
        let parsed = DateTime::strptime(FORMAT, text).and_then(|time| Offset::UTC.to_timestamp(time));
        match parsed {
            Ok(time) if time >= FIRST_YEAR && time.strftime(FORMAT).to_string() == text => {
                Reading::Value(time)
            }
            _ => Reading::Unparsed,
        }
    }

    proptest! {
        #[test]
        fn digit_by_digit_is_as_by_the_format(
            text in "[0-9]{4}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-6][0-9]:[0-6][0-9]|[0-9 :+-]{17,20}|.{19}",
            seconds in -62_200_000_000..=253_402_300_799_i64,
        ) {
            prop_assert_eq!(read(&text), by_its_format(&text));
            let text = Timestamp::from_second(seconds).unwrap().strftime("%Y-%m-%d %H:%M:%S").to_string();
            prop_assert_eq!(read(&text), by_its_format(&text));
        }
    }
}
