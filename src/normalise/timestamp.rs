//! Times, which the API writes as `2019-08-12 07:57:14`: no zone, UTC in practice.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::Reading;

/// How the API writes a time. Source: the samples in the EC2 API reference and of the AWS CLI.
const FORMAT: &str = "%Y-%m-%d %H:%M:%S";

/// The beginning of the year 1.
const FIRST_YEAR: Timestamp = Timestamp::constant(-62_135_596_800, 0);

/// Reads a time in the API's form; one that would print back differently is no such time.
pub(super) fn read(text: &str) -> Reading<Timestamp> {
    let parsed = DateTime::strptime(FORMAT, text).and_then(|time| Offset::UTC.to_timestamp(time));
    match parsed {
        // Python's datetime, and so pyarrow, has no year 0.
        Ok(time) if time >= FIRST_YEAR && time.strftime(FORMAT).to_string() == text => Reading::Value(time),
        _ => Reading::Unparsed,
    }
}

#[cfg(test)]
mod tests {
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
}
