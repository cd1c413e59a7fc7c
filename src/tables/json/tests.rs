use proptest::prelude::*;

use super::*;
use crate::tables::typing::illegal::has_illegal;

fn of_object(json: &str) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut json = Json::new(json);
    let read: Result<(), NotJson> = json.object(|name, json| {
        found.push((name.into_owned(), json.raw()?.into_owned()));
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
            found.push(json.raw()?.into_owned());
            Ok(())
        });
        read.and_then(|()| json.end()).ok().map(|()| found)
    };
    assert_eq!(elements("[1, \"a\",[]]"), Some(["1", "\"a\"", "[]"].map(str::to_owned).to_vec()));
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
        ("-1.5e9", Value::Number("-1.5e9".into())),
        ("0", Value::Number("0".into())),
        ("true", Value::Other("true".into())),
        ("[1]", Value::Other("[1]".into())),
        ("{}", Value::Object("{}".into())),
        ("\"\"", Value::Text("".into())),
    ] {
        assert_eq!(Json::new(json).value(), Ok(expected), "{json}");
    }
}

#[test]
fn a_text_ends_where_the_library_ends_it() {
    for length in 0..40 {
        for at in 0..=length {
            for character in ('\0'..='\u{100}').chain(['\u{fffe}', '全']) {
                let text = format!("{}{character}{}", "x".repeat(at), "é".repeat(length - at));
                let json = format!("\"{text}\",");
                let library = serde_json::Deserializer::from_str(&json).into_iter::<String>().next();
                let expected = library.and_then(Result::ok);
                let found = Json::new(&json).text().ok().map(Cow::into_owned);
                assert_eq!(found, expected, "{json:?}");
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

type Fields<'a> = Vec<(String, Value<'a>)>;

/// Returns the fields of an object in a text, that text, and what follows it, if they can be read without a copy.
fn of_embedded(json: &str) -> Option<(Fields<'_>, &str, &str)> {
    let mut json = Json::new(json);
    let (fields, text) = json.embedded(fields)?;
    Some((fields, text, json.rest()))
}

fn fields<'a>(json: &mut Json<'a>) -> Result<Fields<'a>, NotJson> {
    let mut found = Vec::new();
    json.object(|name, json| {
        found.push((name.into_owned(), json.value()?));
        Ok::<(), NotJson>(())
    })?;
    Ok(found)
}

#[test]
fn json_in_a_text_is_read_where_it_stands_unless_it_has_other_escapes() {
    let text = |text: &'static str| Value::Text(text.into());
    for (json, expected) in [
        (r#""{}""#, Some(vec![])),
        (r#"  " { \"a\" : \"é\" } " "#, Some(vec![("a", text("é"))])),
        (r#""{\"a\":\"\",\"a\":\"]}{[,:\"}""#, Some(vec![("a", text("")), ("a", text("]}{[,:"))])),
        (
            r#""{\"a\":-1,\"b\":null,\"c\":true}""#,
            Some(vec![
                ("a", Value::Number("-1".into())),
                ("b", Value::Null),
                ("c", Value::Other("true".into())),
            ]),
        ),
        (
            r#""{\"a\":{\"b\":[\"}\",{}]},\"c\":[[],\"]\"]}""#,
            Some(vec![
                ("a", Value::Object(r#"{"b":["}",{}]}"#.into())),
                ("c", Value::Other(r#"[[],"]"]"#.into())),
            ]),
        ),
        ("a text", None),
        (r#""a text""#, None),
        (r#""""#, None),
        (r#""[]""#, None),
        (r#""{}x""#, None),
        (r#""{} {}""#, None),
        (r#""{}"#, None),
        (r#""{\"a\":1"#, None),
        // Quotation marks without a backslash end the text.
        (r#""{\"a\":\"b","c\"}""#, None),
        (r#""{\"a","b\":1}""#, None),
        (r#""{\"a\":\"a text of more than thirty-two bytes","c\"}""#, None),
        (r#""{\"a\":1\"}""#, None),
        (r#""{\"a\":}""#, None),
        (r#""{\"a\":01}""#, None),
        (r#""{\"a\":[1}""#, None),
        (r#""{\"a\":[1}]}""#, None),
        (r#""{\"a\":{\"b\"}}""#, None),
        (r#""{"a":1}""#, None),
        (r#""{\"a":1}""#, None),
        (r#""{\"a\":\"b"}""#, None),
        (r#""{\"a\":[\"b"]}""#, None),
        (r#""{\"a\":[\"b\\\"]}""#, None),
        // Only a copy without the escapes has these.
        (r#""{\"a\":\"\\\"\"}""#, None),
        (r#""{\"a\":\"\u0041\"}""#, None),
        (r#""{\n\"a\":1}""#, None),
        (r#""{\"a\":[\n]}""#, None),
        ("\"{\\\"a\\\":\\\"\u{1}\\\"}\"", None),
        ("\"{\\\"a\\\":\n1}\"", None),
        ("\"{\\\"a\\\":[\t]}\"", None),
        ("\"{} \n\"", None),
        ("\"\r{}\"", None),
    ] {
        let found = of_embedded(json).map(|(fields, _, _)| fields);
        let expected =
            expected.map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
        assert_eq!(found, expected, "{json}");
    }
    assert_eq!(of_embedded(r#" "{\"a\":1} " ,"#).unwrap().1, r#"{\"a\":1} "#);
    assert_eq!(of_embedded(r#" "{\"a\":1} " ,"#).unwrap().2, " ,");
}

/// Names and texts that look like parts of JSON.
const TEXT: &str = r#"[a{}\[\],:"\\ é\n]{0,6}"#;

/// Returns values of JSON.
fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        TEXT.prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(TEXT, inner, 0..4)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn json_in_a_text_is_the_same_with_and_without_a_copy(value in value(), cut in any::<prop::sample::Index>()) {
        let inner = value.to_string();
        let mut json = serde_json::Value::String(inner.clone()).to_string();
        let expected = fields(&mut Json::new(&inner)).ok();
        if let Some((found, _, rest)) = of_embedded(&json) {
            prop_assert_eq!(Some(found), expected);
            prop_assert_eq!(rest, "");
        } else {
            // One escape is part of each quotation mark; any other needs a copy.
            let has_other = inner.contains('\\') || inner.contains('\n');
            prop_assert!(expected.is_none() || has_other, "{}", inner);
        }
        let cut = (0..json.len()).rev().find(|&at| at <= cut.index(json.len()) && json.is_char_boundary(at));
        json.truncate(cut.unwrap_or_default());
        prop_assert!(of_embedded(&json).is_none());
    }
}
