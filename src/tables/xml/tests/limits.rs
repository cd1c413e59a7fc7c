//! Limits of sizes and numbers.

use super::*;
use crate::answer_limits::{ATTRIBUTES, DEPTH, NAME_BYTES, TAG_BYTES};

#[test]
fn sizes_have_limits_with_names() {
    let token = |bytes: usize| format!("<connections/><nextToken>{}</nextToken>", "t".repeat(bytes));
    let in_row = |content: String| format!("<connections><item>{content}</item></connections>");
    let nested = |depth: usize| in_row(format!("<new>{}{}</new>", "<a>".repeat(depth), "</a>".repeat(depth)));
    let beside =
        |depth: usize| format!("<connections/>{}{}", "<a>".repeat(depth + 1), "</a>".repeat(depth + 1));
    let name = |bytes: usize| in_row(format!("<{}/>", "n".repeat(bytes)));
    let attributes = |count: usize| {
        in_row(format!("<new{}/>", (0..count).map(|n| format!(" a{n}=\"\"")).collect::<String>()))
    };
    let tag = |bytes: usize| in_row(format!("<new a=\"{}\"/>", "v".repeat(bytes - "new a=\"\"".len())));
    let rows = |count: usize| format!("<connections>{}</connections>", "<item/>".repeat(count));
    type Content<'c> = &'c dyn Fn(usize) -> String;
    let cases: [(&str, Content<'_>, usize, Limit); 7] = [
        ("token", &token, TOKEN_BYTES, Limit::Token),
        ("depth in a row", &nested, DEPTH, Limit::Depth),
        ("depth beside the list", &beside, DEPTH, Limit::Depth),
        ("name", &name, NAME_BYTES, Limit::Name),
        ("attributes", &attributes, ATTRIBUTES, Limit::Tag),
        ("tag", &tag, TAG_BYTES, Limit::Tag),
        ("rows", &rows, PAGE_ROWS, Limit::PageRows),
    ];
    for (case, content, most, limit) in cases {
        assert!(page(&content(most)).is_ok(), "{case}");
        assert_eq!(page(&content(most + 1)), Err(DecodeError::Limit(limit)), "{case}");
    }
}

#[test]
fn unknown_fields_of_a_row_are_counted_beyond_a_thousand() {
    one(&"<a/>".repeat(20_000), |row| {
        assert_eq!((row.unknown.kept.len(), row.unknown.more), (1_000, 19_000))
    });
}

#[test]
fn a_list_that_is_too_long_is_kept_as_text() {
    for items in
        ["<item>a</item>".repeat(1_001), format!("<item>{}</item><item>b</item>", "x".repeat(65_536))]
    {
        one(&format!("<postureComplianceStatusSet>{items}</postureComplianceStatusSet>"), |row| {
            assert_eq!(row.posture_compliance_statuses, None);
            assert_eq!(unknown(&row), [("postureComplianceStatusSet", items.as_str())]);
        });
    }
    one(
        &format!("<postureComplianceStatusSet>{}</postureComplianceStatusSet>", "<item/>".repeat(1_000)),
        |row| {
            assert_eq!((row.posture_compliance_statuses.unwrap().len(), row.unknown.kept.len()), (1_000, 0));
        },
    );
}
