//! Rows that parsers trip over.

use crate::connection::{Connection, ConnectionStatus};

/// A value of a field; `None` leaves the element out.
type Odd = Option<&'static str>;

const TEXTS: &[Odd] = &[
    Some(""),
    Some("-"),
    Some("NA"),
    Some("N/A"),
    None,
    Some("Zoë Müller-Łukasz 山田太郎 🙂"),
    Some("<&>\"'"),
    Some("&amp;lt; <item/> ]]> <!-- x -->"),
    Some("first line\nsecond line"),
    Some("\ttab"),
    Some("  blanks around  "),
    Some(" "),
    Some("null"),
    Some("e\u{301}\u{202e}gnp"),
    Some(TEXT_OF_5000_BYTES),
    Some("bad\u{b}name"),
    Some("C:\\dir\u{1}\u{fffe}"),
];

const TIMES: &[Odd] = &[
    Some(""),
    Some("-"),
    Some("NA"),
    Some("N/A"),
    None,
    Some("abc"),
    Some("2019-02-30 00:00:00"),
    Some("2019-08-12T07:57:14Z"),
    Some("2025-11-01T00:00:00.000Z"),
    Some("2025-11-01T00:00:00.250+01:00"),
    Some("2025-11-01T00:00:00.0001Z"),
    Some("2025-11-01\u{b}00:00:00"),
    Some(" 2019-08-12 07:57:14"),
    Some("2019-08-12 07:57:14 "),
    Some("2019-08-12 07:57:14.123"),
    Some("2019-08-12 07:57"),
    Some("2019-08-12 24:00:00"),
    Some("2016-12-31 23:59:60"),
    Some("2019-8-12 7:57:14"),
    Some("0000-00-00 00:00:00"),
    Some("99999-01-01 00:00:00"),
    Some("-0001-01-01 00:00:00"),
    Some("1565596634"),
    Some("2019-08-12 07:57:14 UTC"),
    Some("２０１９-08-12 07:57:14"),
];

const COUNTERS: &[Odd] = &[
    Some(""),
    Some("-"),
    Some("NA"),
    Some("N/A"),
    None,
    Some("abc"),
    Some("-1"),
    Some("+5"),
    Some("007"),
    Some("9223372036854775807"),
    Some("9223372036854775808"),
    Some("18446744073709551615"),
    Some("1234567890123456789012345678901234567890"),
    Some("1.5"),
    Some("1e3"),
    Some("1,024"),
    Some(" 12 "),
    Some("0x1f"),
    Some("١٢٣"),
    Some("NaN"),
    Some("12\u{b}"),
];

const CODES: &[Odd] = &[
    Some("hibernating"),
    Some(""),
    Some("-"),
    None,
    Some("ACTIVE"),
    Some(" active"),
    Some("active"),
    Some("terminated"),
];

const POSTURES: &[Option<&[&str]>] = &[
    None,
    Some(&[]),
    Some(&[""]),
    Some(&["", "compliant", ""]),
    Some(&["-"]),
    Some(&["ok", "odd\u{2}"]),
    Some(&["<&>\"'", "two\nlines", "übereinstimmend", TEXT_OF_5000_BYTES]),
    Some(&["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]),
];

/// 5,000 characters.
const TEXT_OF_5000_BYTES: &str = {
    const BYTES: [u8; 5000] = [b'x'; 5000];
    match str::from_utf8(&BYTES) {
        Ok(text) => text,
        Err(_) => "",
    }
};

/// Returns a row of which every field is odd. Rows differ: over 25 rows, every field takes every value it can have here.
pub(crate) fn odd_row(index: usize) -> Connection {
    // Fields start at different places of their list, to mix different values in one row.
    let time = |field: usize| value(TIMES, index + field);
    let counter = |field: usize| value(COUNTERS, index + field);
    let mut place = index;
    let texts = Connection::of_texts(|_| {
        place += 1;
        value(TEXTS, place)
    });
    Connection {
        timestamp: time(0),
        connection_established_time: time(5),
        connection_end_time: time(10),
        authorization_policy_last_evaluated_time: time(15),
        ingress_bytes: counter(0),
        egress_bytes: counter(3),
        ingress_packets: counter(6),
        egress_packets: counter(9),
        status: status(index),
        posture_compliance_statuses: posture(index),
        ..texts
    }
}

/// Returns a row's status; `None` for every ninth row.
fn status(index: usize) -> Option<ConnectionStatus> {
    let status = ConnectionStatus { code: value(CODES, index), message: value(TEXTS, index + 12) };
    (index % 9 != 8).then_some(status)
}

fn posture(index: usize) -> Option<Vec<String>> {
    let items = POSTURES.get(index % POSTURES.len()).copied().flatten();
    items.map(|items| items.iter().map(|item| (*item).to_owned()).collect())
}

/// Returns the text of a field of any other row; `None` leaves the element out.
pub(crate) fn odd_text(index: usize) -> Option<String> {
    value(TEXTS, index)
}

fn value(values: &[Odd], index: usize) -> Option<String> {
    values.get(index % values.len()).copied().flatten().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::ElementContent;

    #[test]
    fn every_odd_value_comes_up_within_twenty_five_rows() {
        let rows: Vec<_> = (0..25).map(odd_row).collect();
        for odd in TIMES {
            assert!(rows.iter().any(|row| row.connection_end_time.as_deref() == *odd), "{odd:?}");
        }
        for odd in COUNTERS {
            assert!(rows.iter().any(|row| row.ingress_bytes.as_deref() == *odd), "{odd:?}");
        }
        for odd in TEXTS {
            assert!(rows.iter().any(|row| row.username.as_deref() == *odd), "{odd:?}");
        }
        assert_eq!(TEXT_OF_5000_BYTES.len(), 5000);
    }

    #[test]
    fn the_texts_of_a_row_differ() {
        let mut texts = std::collections::BTreeSet::new();
        let mut fields = 0;
        odd_row(4).elements(|element, content| {
            // Times, counters, the status and the list have values of their own.
            let is_text =
                !element.ends_with("Time") && !element.ends_with("Bytes") && !element.ends_with("Packets");
            if let ElementContent::Text(text) = content
                && is_text
                && element != "timestamp"
            {
                texts.insert(text.to_owned());
                fields += 1;
            }
        });
        assert_eq!((texts.len(), fields), (6, 6), "{texts:?}");
    }
}
