use proptest::prelude::*;

use super::*;

fn document(content: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<DescribeClientVpnConnectionsResponse>{content}</DescribeClientVpnConnectionsResponse>\n"
    )
}

/// The token, and how many connections there are.
fn page(content: &str) -> Result<(Option<String>, usize), NotWhole> {
    let mut connections = 0;
    let token = decode(document(content).as_bytes(), |_| connections += 1)?;
    Ok((token, connections))
}

fn one<T>(content: &str, look: impl Fn(RawConnection<'_>) -> T) -> T {
    let document = document(&format!("<connections><item>{content}</item></connections>"));
    let mut seen = None;
    decode(document.as_bytes(), |connection| seen = Some(look(connection))).unwrap();
    seen.unwrap()
}

#[test]
fn a_document_is_whole_and_no_part_of_it_is() {
    let whole = document(
        "<connections>\n<item><username>a &amp; b</username></item></connections><nextToken>a&lt;!b</nextToken>",
    );
    let end = whole.trim_end().len();
    for length in 0..=whole.len() {
        assert_eq!(decode(&whole.as_bytes()[..length], drop).is_ok(), length >= end, "{length}");
    }
}

#[test]
fn what_the_sdk_would_misread_is_refused() {
    for content in [
        "<connections/><nextToken><![CDATA[token]]></nextToken>",
        "<connections/><nextToken>to<!-- x -->ken</nextToken>",
        "<connections><item/></connections><connections/>",
        "<connections/><nextToken>token</nextToken><nextToken/>",
        "<connections><item>a</item><<<<item>b</item></connections><nextToken>token</nextToken>",
        "<connections><item><connectionId>c2</item></connections><nextToken>token</nextToken>",
        "<connections><item>a</item></connections></DescribeClientVpnConnectionsResponse><item>b</item>",
        "<connections><item><connectionId>c2<</connections><nextToken>token</nextToken>",
        "<connections><item><connectionId>&nbsp;</connectionId></item></connections>",
        "<connections><item><connectionId><b/></connectionId></item></connections>",
        "<connections><item><newField><!-- x --></newField></item></connections>",
        "<connections><item a=></item></connections>",
        "<connections><item><>x</></item></connections>",
        "<connections><item><username>x</username </item></connections>",
    ] {
        assert_eq!(page(content), Err(NotWhole), "{content}");
    }
    let twice = document("<connections><item/></connections>").repeat(2);
    assert_eq!(decode(twice.as_bytes(), drop), Err(NotWhole));
    assert_eq!(decode(b"<Other/>", drop), Err(NotWhole));
    assert_eq!(decode(b"", drop), Err(NotWhole));
}

#[test]
fn absent_and_empty_are_told_apart() {
    assert_eq!(page(""), Ok((None, 0)));
    assert_eq!(page("<nextToken/>"), Ok((Some(String::new()), 0)));
    assert!(one("", |connection| connection == RawConnection::default()));
    one("<username/><commonName></commonName><postureComplianceStatusSet/><status/>", |empty| {
        assert_eq!((empty.username.as_deref(), empty.common_name.as_deref()), (Some(""), Some("")));
        assert_eq!(
            (empty.client_ip, empty.posture_compliance_statuses, empty.status_code),
            (None, Some(vec![]), None)
        );
    });
}

#[test]
fn texts_are_as_aws_wrote_them() {
    one("<username> a &lt;b&gt; &amp;&quot;&apos;&#233;&#xe9;\r\n\u{1f600} </username>", |connection| {
        assert_eq!(connection.username.as_deref(), Some(" a <b> &\"'\u{e9}\u{e9}\r\n\u{1f600} "));
    });
}

#[test]
fn what_is_not_known_is_kept_under_its_name() {
    let content = "<newField>a &amp; b</newField><username>x</username><username>y</username>\
         <newSet a=\"1\"><item>1</item><item/></newSet><newEmpty/>\
         <status><code>active</code><reason>r</reason></status>\
         <postureComplianceStatusSet><item>ok</item><member>m</member></postureComplianceStatusSet>";
    one(content, |connection| {
        let unknown: Vec<(&str, &str)> =
            connection.unknown.iter().map(|(name, text)| (name.as_str(), text.as_ref())).collect();
        assert_eq!(
            unknown,
            [
                ("newField", "a & b"),
                ("username", "x"),
                ("newSet", "<item>1</item><item/>"),
                ("newEmpty", ""),
                ("status.reason", "r"),
                ("postureComplianceStatusSet.member", "m"),
            ]
        );
        let RawConnection { username, status_code, posture_compliance_statuses, .. } = connection;
        assert_eq!((username.as_deref(), status_code.as_deref()), (Some("y"), Some("active")));
        assert_eq!(posture_compliance_statuses, Some(vec!["ok".into()]));
    });
}

#[test]
fn control_characters_are_no_xml_wherever_they_stand() {
    for at in [0, 1, 63, 64, 65, 200] {
        let mut text = "x".repeat(201);
        text.replace_range(at..=at, "\u{1}");
        let content = format!("<connections><item><username>{text}</username></item></connections>");
        assert_eq!(page(&content), Err(NotWhole), "{at}");
        assert_eq!(page(&content.replace('\u{1}', "\t")), Ok((None, 1)), "{at}");
    }
}

/// The same document with a space in each tag, which no plain leaf has: the library reads all of it.
fn without_plain_leaves(document: &str) -> String {
    document.replace('>', " >").replace("? >", "?>").replace("/ >", "/>")
}

fn read(document: &str) -> Result<(Option<String>, Vec<RawConnection<'_>>), NotWhole> {
    let mut connections = Vec::new();
    let token = decode(document.as_bytes(), |connection| connections.push(connection))?;
    Ok((token, connections))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn a_plain_leaf_is_what_the_library_reads(parts in proptest::collection::vec(prop_oneof![
        4 => "<(username|status|code|newField|item|postureComplianceStatusSet)>",
        4 => "</(username|status|code|newField|item|postureComplianceStatusSet)>",
        4 => "<username>[a-z é\n]{0,4}</username>",
        2 => "<(username|item)/>",
        2 => "<x:username>[a-z]{0,2}</x:username>",
        1 => "<1a>[a-z]</1a>",
        1 => "[a-z \n]{0,3}",
        1 => "&(amp|lt|nbsp|#65);",
        1 => "[<&\"=]",
    ], 0..12)) {
        let document = document(&format!("<connections><item>{}</item></connections>", parts.concat()));
        let by_the_library = without_plain_leaves(&document);
        prop_assume!(!document.contains(" >"));
        prop_assert_eq!(read(&document).map(plain), read(&by_the_library).map(plain), "{}", document);
    }
}

/// Without what differs because of the spaces: the XML in a field that is not known.
fn plain((token, connections): (Option<String>, Vec<RawConnection<'_>>)) -> (Option<String>, Vec<String>) {
    let text = |connection: &RawConnection<'_>| format!("{connection:?}").replace(" >", ">");
    (token, connections.iter().map(text).collect())
}
