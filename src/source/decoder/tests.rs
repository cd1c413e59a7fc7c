use super::*;

fn document(content: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<DescribeClientVpnConnectionsResponse>{content}</DescribeClientVpnConnectionsResponse>\n"
    )
}

fn page(content: &str) -> Result<DecodedPage, NotWhole> {
    decode(document(content).as_bytes())
}

fn one(content: &str) -> RawConnection {
    let page = page(&format!("<connections><item>{content}</item></connections>")).unwrap();
    page.connections.into_iter().next().unwrap()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_document_is_whole_and_no_part_of_it_is() {
    let whole = document(
        "<connections>\n<item><username>a &amp; b</username></item></connections><nextToken>a&lt;!b</nextToken>",
    );
    let end = whole.trim_end().len();
    for length in 0..=whole.len() {
        assert_eq!(decode(&whole.as_bytes()[..length]).is_ok(), length >= end, "{length}");
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
    ] {
        assert_eq!(page(content), Err(NotWhole), "{content}");
    }
    let twice = document("<connections><item/></connections>").repeat(2);
    assert_eq!(decode(twice.as_bytes()), Err(NotWhole));
    assert_eq!(decode(b"<Other/>"), Err(NotWhole));
    assert_eq!(decode(b""), Err(NotWhole));
}

#[test]
fn absent_and_empty_are_told_apart() {
    assert_eq!(page(""), Ok(DecodedPage::default()));
    assert_eq!(page("<nextToken/>").unwrap().next_token, some(""));
    assert_eq!(one(""), RawConnection::default());
    let empty = one("<username/><commonName></commonName><postureComplianceStatusSet/><status/>");
    assert_eq!((empty.username, empty.common_name, empty.client_ip), (some(""), some(""), None));
    assert_eq!((empty.posture_compliance_statuses, empty.status_code), (Some(vec![]), None));
}

#[test]
fn texts_are_as_aws_wrote_them() {
    let connection = one("<username> a &lt;b&gt; &amp;&quot;&apos;&#233;&#xe9;\r\n\u{1f600} </username>");
    assert_eq!(connection.username, some(" a <b> &\"'\u{e9}\u{e9}\r\n\u{1f600} "));
}

#[test]
fn what_is_not_known_is_kept_under_its_name() {
    let connection = one("<newField>a &amp; b</newField><username>x</username><username>y</username>\
         <newSet a=\"1\"><item>1</item><item/></newSet><newEmpty/>\
         <status><code>active</code><reason>r</reason></status>\
         <postureComplianceStatusSet><item>ok</item><member>m</member></postureComplianceStatusSet>");
    let unknown: Vec<(&str, &str)> =
        connection.unknown.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
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
    assert_eq!((connection.username, connection.status_code), (some("y"), some("active")));
    assert_eq!(connection.posture_compliance_statuses, Some(vec!["ok".to_owned()]));
}
