use super::*;
use crate::tables::typing::illegal::has_illegal;

fn of_object(json: &str) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut json = Json::new(json);
    let read: Result<(), NotJson> = json.object(|name, json| {
        found.push((name.into_owned(), json.raw()?.to_owned()));
        Ok(())
    });
    read.and_then(|()| json.end()).is_ok().then_some(found)
}

#[test]
fn an_object_has_its_fields_in_order_and_a_name_as_often_as_it_occurs() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    for (json, expected) in [
        ("{}", Some(vec![])),
        (r#" {"a": 1 , "b":{"c":[ ]}} "#, Some(vec![pair("a", "1"), pair("b", r#"{"c":[ ]}"#)])),
        (r#"{"a":1,"a":2}"#, Some(vec![pair("a", "1"), pair("a", "2")])),
        (r#"{"\u0061\n":null}"#, Some(vec![pair("a\n", "null")])),
        ("{} {}", None),
        ("{\"a\":1", None),
        ("[]", None),
        ("\"text\"", None),
        ("", None),
        ("{\"a\":1,}", None),
        ("{,}", None),
        ("{\"a\"1}", None),
        ("{\"a\":1 \"b\":2}", None),
        ("{a:1}", None),
        (r#"{"\ud800":1}"#, Some(vec![pair("\u{1}#D800;", "1")])),
    ] {
        assert_eq!(of_object(json), expected, "{json}");
    }
}

#[test]
fn depth_needs_no_stack() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(of_object(&format!("{{\"a\":{deep}}}")), Some(vec![("a".to_owned(), deep)]));
}

#[test]
fn a_list_has_its_elements() {
    let elements = |json| {
        let (mut json, mut found) = (Json::new(json), Vec::new());
        let read: Result<(), NotJson> = json.list(|json| {
            found.push(json.raw()?);
            Ok(())
        });
        read.and_then(|()| json.end()).ok().map(|()| found)
    };
    assert_eq!(elements("[1, \"a\",[]]"), Some(vec!["1", "\"a\"", "[]"]));
    assert_eq!(elements("[ ]"), Some(vec![]));
    for json in ["{}", "[1", "[] []", "1", "[,]", "[1,]", "[1 2]", "[1}"] {
        assert_eq!(elements(json), None, "{json}");
    }
}

#[test]
fn escapes_are_resolved_and_what_is_no_character_can_be_restored() {
    use crate::tables::typing::illegal::escaped;
    for (json, expected, is_odd) in [
        (r#""plain é""#, "plain é", false),
        (r#""a\"b\\c\/d\t""#, "a\"b\\\\c/d\t", false),
        (r#""\u00e9\ud83d\udd12!""#, "é\u{1f512}!", false),
        (r#""\u000b""#, "\\u{B}", true),
        (r#""\u0001x""#, "\\u{1}x", true),
        (r#""\ud800""#, "\\u{D800}", true),
        (r#""\ud800\u0041""#, "\\u{D800}A", true),
        (r#""\udd12\ud83d""#, "\\u{DD12}\\u{D83D}", true),
        (r#""\ufffe""#, "\\u{FFFE}", true),
        (r#""\b\f\r\n\/ \u0041""#, "\\u{8}\\u{C}\r\n/ A", true),
    ] {
        let text = Json::new(json).text().unwrap();
        assert_eq!((escaped(&text).as_str(), has_illegal(&text)), (expected, is_odd), "{json}");
    }
}

#[test]
fn a_value_is_of_the_kind_that_its_first_byte_shows() {
    for (json, expected) in [
        ("null", Value::Null),
        ("-1.5e9", Value::Number("-1.5e9")),
        ("0", Value::Number("0")),
        ("true", Value::Other("true")),
        ("[1]", Value::Other("[1]")),
        ("{}", Value::Object("{}")),
        ("\"\"", Value::Text("".into())),
    ] {
        assert_eq!(Json::new(json).value(), Ok(expected), "{json}");
    }
}

#[test]
fn a_text_ends_where_a_reader_byte_by_byte_ends_it() {
    let is_end = |byte: u8| byte == b'"' || byte == b'\\' || byte < b' ';
    for length in 0..40 {
        for byte in 0..=255 {
            for at in 0..=length {
                // Bytes beside the limits, and such as need a borrow from their neighbour.
                for filler in [0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f, 0x80, 0xa0, 0xff] {
                    let mut bytes = vec![filler; length + 1];
                    bytes[at] = byte;
                    let expected = bytes.iter().position(|&byte| is_end(byte)).unwrap_or(bytes.len());
                    assert_eq!(plain_length(&bytes), expected, "{bytes:?}");
                }
            }
        }
    }
}

#[test]
fn an_escape_anywhere_is_read_as_the_library_reads_it() {
    for before in 0..20 {
        for after in 0..20 {
            for escape in ["\\\"", "\\\\", "\\/", "\\n", "\\\"\\\"", "\\u00e9", "é\\t全"] {
                let json = format!("\"{}{escape}{}\" ,", "x".repeat(before), "é".repeat(after));
                let mut read = Json::new(&json);
                let expected: String = serde_json::from_str(json.trim_end_matches(" ,")).unwrap();
                assert_eq!(read.text().as_deref(), Ok(expected.as_str()), "{json}");
                assert_eq!(read.peek(), Some(b','), "{json}");
            }
        }
    }
}

#[test]
fn what_is_no_text_is_refused() {
    for json in [
        "",
        "\"",
        "\"a",
        "\"a\\",
        "\"a\\x\"",
        "\"a\\u12\"",
        "\"a\nb\"",
        "\"a\n\"",
        "\"a\\\"\u{1}\"",
        "\"a\\\" and more\n\"",
        "\"a\\\"\n\"",
        "1",
        "null",
    ] {
        assert_eq!(Json::new(json).text(), Err(NotJson), "{json:?}");
    }
}
