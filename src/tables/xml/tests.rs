use proptest::prelude::*;

use super::*;
use crate::limits::{ATTRIBUTES, DEPTH, NAME_BYTES, TAG_BYTES};
use crate::tables::connections::RawConnection;
use crate::tables::connections::decoder::connections;
use crate::tables::endpoints::RawEndpoint;
use crate::tables::endpoints::decoder::{endpoints, networks};

const MALFORMED: DecodeError = DecodeError::Malformed;

fn document(content: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<DescribeClientVpnConnectionsResponse>{content}</DescribeClientVpnConnectionsResponse>\n"
    )
}

/// Returns the token, and the number of connections.
fn count(bytes: &[u8]) -> Result<(Option<String>, usize), DecodeError> {
    let mut rows = 0;
    let end = connections(&Body::new(bytes), |_| {
        rows += 1;
        Ok(())
    })?;
    Ok((end.next_token, rows))
}

fn page(content: &str) -> Result<(Option<String>, usize), DecodeError> {
    count(document(content).as_bytes())
}

fn one_of<T>(content: &[u8], look: impl Fn(RawConnection<'_>) -> T) -> T {
    let [begin, end] = ["<connections><item>", "</item></connections>"];
    let document = document(&format!("{begin}\0{end}")).into_bytes();
    let at = document.iter().position(|&byte| byte == 0).unwrap();
    let document = [&document[..at], content, &document[at + 1..]].concat();
    let mut seen = None;
    connections(&Body::new(&document), |connection| {
        seen = Some(look(connection));
        Ok(())
    })
    .unwrap();
    seen.unwrap()
}

fn one<T>(content: &str, look: impl Fn(RawConnection<'_>) -> T) -> T {
    one_of(content.as_bytes(), look)
}

#[test]
fn a_document_is_whole_and_no_part_of_it_is() {
    let whole = document(
        "<connections>\n<item><username>a &amp; b</username></item></connections><nextToken>a&lt;!b</nextToken>",
    );
    let end = whole.trim_end().len();
    for length in 0..=whole.len() {
        assert_eq!(count(&whole.as_bytes()[..length]).is_ok(), length >= end, "{length}");
    }
    // The same applies to a document with bytes that are not UTF-8, even if it is cut within one.
    let odd = [whole.as_bytes(), b""].concat();
    let at = odd.iter().position(|&byte| byte == b'&').unwrap();
    let odd = [&odd[..at], b"\xff\x01\xe2\x82", &odd[at..]].concat();
    let end = odd.len() - 1;
    for length in 0..=odd.len() {
        assert_eq!(count(&odd[..length]).is_ok(), length >= end, "{length}");
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
        "<connections><item><newField><!-- x --></newField></item></connections>",
        "<connections><item a=></item></connections>",
        "<connections><item><>x</></item></connections>",
        "<connections><item><username>x</username </item></connections>",
        "<connections><item a=\"<\"></item></connections>",
        "<connections><item><connectionId>c</connectionId><connectionId>d</connectionId></item></connections>",
        "<connections><item><connectionId>c</connectionId><connectionId/></item></connections>",
    ] {
        assert_eq!(page(content), Err(MALFORMED), "{content}");
    }
    let twice = document("<connections><item/></connections>").repeat(2);
    assert_eq!(count(twice.as_bytes()), Err(MALFORMED));
    assert_eq!(count(b"<Other/>"), Err(MALFORMED));
    assert_eq!(count(b""), Err(MALFORMED));
}

/// A list of no rows is the worst misreading of an answer.
#[test]
fn an_answer_of_another_shape_is_never_a_page() {
    let row = "<item><connectionId>c</connectionId></item>";
    let list = format!("<connections>{row}</connections>");
    for (name, content) in [
        ("no list", "<requestId>r</requestId>".to_owned()),
        ("nothing", String::new()),
        ("text alone", "no connections".to_owned()),
        ("rows as member", list.replace("item", "member")),
        ("rows as Item", list.replace("item", "Item")),
        ("a member among the items", list.replace("</item>", "</item><member/>")),
        ("another list", list.replace("connections", "connectionSet")),
        ("a list named otherwise but for case", list.replace("connections", "Connections")),
        ("another list beside it", format!("<connections/>{}", list.replace("connections", "connectionSet"))),
        ("rows beside it", format!("<connections/>{row}")),
        ("a row's fields beside it", "<connections/><more><ConnectionID>c</ConnectionID></more>".to_owned()),
        (
            "one level deeper",
            format!("<DescribeClientVpnConnectionsResult>{list}</DescribeClientVpnConnectionsResult>"),
        ),
        ("an empty one beside one that is deeper", format!("<connections/><Result>{list}</Result>")),
        (
            "deeper, by case",
            format!("<connections/><r><s>{}</s></r>", list.replace("connections", "CONNECTIONS")),
        ),
        ("two lists", format!("{list}<connections/>")),
        ("two lists, by case", "<connections/><Connections/>".to_owned()),
        ("two lists, by prefix", "<connections/><x:connections/>".to_owned()),
        ("a list of another namespace", list.replace("connections", "x:connections")),
        ("rows of another namespace", list.replace("item", "x:item")),
        ("a list with a namespace of its own", "<connections xmlns=\"urn:x\"/>".to_owned()),
        ("a list that is nil", "<connections xsi:nil=\"true\"/>".to_owned()),
        ("a list with an attribute", "<connections total=\"5\"></connections>".to_owned()),
        ("text in the list", "<connections>none</connections>".to_owned()),
        ("text behind a row", list.replace("</connections>", "x</connections>")),
        ("text before a row", list.replace("<connections>", "<connections>x")),
        ("text beside the list", "<connections/>x".to_owned()),
        ("text before the list", "x<connections/>".to_owned()),
        ("a reference beside the list", "<connections/>&amp;".to_owned()),
        ("a blank reference in the list", "<connections>&#32;</connections>".to_owned()),
        ("a token in the list", "<connections><nextToken>t</nextToken></connections>".to_owned()),
        ("a token deeper", "<connections/><page><nextToken>t</nextToken></page>".to_owned()),
        ("a token deeper still", "<connections/><a><b><c><NextToken/></c></b></a>".to_owned()),
        ("a token by case", "<connections/><NextToken>t</NextToken>".to_owned()),
        ("a token with an underscore", "<connections/><next_token>t</next_token>".to_owned()),
        ("another token", "<connections/><paginationToken>t</paginationToken>".to_owned()),
        ("two tokens", "<connections/><nextToken>t</nextToken><nextToken>t</nextToken>".to_owned()),
        ("two empty tokens", "<connections/><nextToken/><nextToken/>".to_owned()),
        ("a token with an attribute", "<connections/><nextToken a=\"b\">t</nextToken>".to_owned()),
        ("a token of another namespace", "<connections/><x:nextToken>t</x:nextToken>".to_owned()),
        ("a token with an element", "<connections/><nextToken><t/></nextToken>".to_owned()),
        ("a token in the request id", "<connections/><requestId><nextToken/></requestId>".to_owned()),
        ("an error", "<Errors><Error><Code>c</Code></Error></Errors><connections/>".to_owned()),
        ("an error in another element", "<x><Errors/></x><connections/>".to_owned()),
        ("a fault", "<Fault><faultcode>c</faultcode></Fault><connections/>".to_owned()),
        ("rows beside the list", format!("<connections/>{}", list.replace("connections", "connectionSet"))),
        (
            "rows without an id",
            "<connections/><sessionSet><item><username>u</username></item></sessionSet>".to_owned(),
        ),
        ("a list whose name has the list's", "<connections/><clientVpnConnections/>".to_owned()),
        ("a numbered list", "<connections/><connections.1/>".to_owned()),
        ("a row beside the list", "<connections/><item><a/></item>".to_owned()),
        ("a member beside the list", "<connections/><member/>".to_owned()),
        ("an error alone", "<connections/><Error/>".to_owned()),
        ("a comment", "<!-- x --><connections/>".to_owned()),
        ("a comment in the list", "<connections><!-- x --></connections>".to_owned()),
        ("an instruction", "<?x y?><connections/>".to_owned()),
        ("character data", "<![CDATA[]]><connections/>".to_owned()),
        ("character data in the list", "<connections><![CDATA[]]></connections>".to_owned()),
        (
            "a control character in a name",
            "<connections><item><user\u{1}name/></item></connections>".to_owned(),
        ),
        ("a control character beside the list", "<connections/>\u{b}".to_owned()),
        ("a control character in the list", "<connections>\u{b}</connections>".to_owned()),
        (
            "a control character in an attribute's name",
            "<connections><item \u{b}=\"\"/></connections>".to_owned(),
        ),
        (
            "a noncharacter in an element's name",
            "<connections><item><a\u{ffff}/></item></connections>".to_owned(),
        ),
        (
            "a noncharacter in an attribute's name",
            "<connections><item a\u{fffe}=\"\"/></connections>".to_owned(),
        ),
        ("an ampersand beside the list", "<connections/>&".to_owned()),
        ("an ampersand in the list", "<connections>&</connections>".to_owned()),
        ("an ampersand in a token", "<connections/><nextToken>t&t</nextToken>".to_owned()),
        ("a control character in a token", "<connections/><nextToken>t\u{b}</nextToken>".to_owned()),
        ("one by reference in a token", "<connections/><nextToken>t&#11;</nextToken>".to_owned()),
        ("another list in another element", "<connections/><r><connectionSet/></r>".to_owned()),
        ("another list, deeper", "<connections/><r><s><clientVpnConnections/></s></r>".to_owned()),
        (
            "another list in the request id",
            "<connections/><requestId><connectionSet/></requestId>".to_owned(),
        ),
        (
            "a token as attribute of the request id",
            "<requestId nextToken=\"t\">r</requestId><connections/>".to_owned(),
        ),
        ("one of another element", "<connections/><more next-token=\"t\"/>".to_owned()),
        ("one deeper", "<connections/><more><a><b x:NextToken=\"\"/></a></more>".to_owned()),
        ("one of the list", "<connections nextToken=\"t\"/>".to_owned()),
        ("one of a row", "<connections><item nextToken=\"t\"/></connections>".to_owned()),
        ("one of a field", "<connections><item><username nextToken=\"t\"/></item></connections>".to_owned()),
        ("one in a field", "<connections><item><new><a token=\"t\"/></new></item></connections>".to_owned()),
    ] {
        assert_eq!(page(&content), Err(MALFORMED), "{name}: {content}");
    }
}

/// Rows within a row would be one row.
#[test]
fn a_row_never_has_rows_in_it() {
    let row = "<connectionId>c</connectionId><username>u</username>";
    let in_row = |content: &str| page(&format!("<connections><item>{content}</item></connections>"));
    let rows = |name: &str| format!("<{name}>{row}</{name}>").repeat(1_000);
    for (name, content) in [
        ("rows", rows("item")),
        ("an empty row", "<item/>".to_owned()),
        ("rows as member", rows("member")),
        ("rows as Item", rows("Item")),
        ("rows behind a field", format!("<username>u</username>{}", rows("item"))),
        ("the list", format!("<connections>{}</connections>", rows("member"))),
        ("the list without rows", "<connections/>".to_owned()),
        ("the list by case", "<CONNECTIONS/>".to_owned()),
        ("a list whose name has the list's", "<clientVpnConnections.1/>".to_owned()),
        ("another list", format!("<connectionSet>{}</connectionSet>", rows("item"))),
        ("rows in a field", format!("<page>{}</page>", rows("item"))),
        ("rows deeper in a field", format!("<page><rows>{}</rows></page>", rows("row"))),
        ("rows in a field that is known", format!("<username>{}</username>", rows("item"))),
        ("rows in a status", format!("<status>{}</status>", rows("item"))),
        ("rows in a status's code", format!("<status><code>{}</code></status>", rows("item"))),
        ("the list in a status", "<status><connections/></status>".to_owned()),
        (
            "rows in a list of texts",
            format!("<postureComplianceStatusSet>{}</postureComplianceStatusSet>", rows("item")),
        ),
        (
            "rows in a list of texts, as member",
            format!("<postureComplianceStatusSet>{}</postureComplianceStatusSet>", rows("member")),
        ),
        ("a token", "<nextToken>t</nextToken>".to_owned()),
        ("a token by case", "<Next_Token/>".to_owned()),
        ("a token in a field", "<page><paginationToken/></page>".to_owned()),
        ("rows without a row around them", row.repeat(1_000)),
    ] {
        assert_eq!(in_row(&content), Err(MALFORMED), "{name}");
    }
    for (name, content) in [
        ("a list of its own", "<deviceSet><item><username>u</username></item><member/></deviceSet>"),
        ("a token of its own", "<deviceToken>t</deviceToken><authToken><value/></authToken>"),
        ("an error of its own", "<lastError><code>c</code></lastError><error/>"),
        ("the number of connections before it", "<connectionCount>1</connectionCount>"),
    ] {
        assert_eq!(in_row(content), Ok((None, 1)), "{name}");
    }
}

#[test]
fn a_document_of_another_kind_is_never_a_page() {
    let root = "DescribeClientVpnConnectionsResponse";
    for (name, document) in [
        (
            "an error with status 200",
            "<Response><Errors><Error><Code>c</Code></Error></Errors></Response>".to_owned(),
        ),
        ("an error of the query protocol", "<ErrorResponse><Error/></ErrorResponse>".to_owned()),
        (
            "another operation",
            "<DescribeClientVpnEndpointsResponse><connections/></DescribeClientVpnEndpointsResponse>"
                .to_owned(),
        ),
        ("a root by case", format!("<{0}><connections/></{0}>", root.to_lowercase())),
        ("an empty root", format!("<{root}/>")),
        ("a list alone", "<connections/>".to_owned()),
        ("blanks", " \n".to_owned()),
        ("JSON", "{\"Connections\":[]}".to_owned()),
        ("HTML", "<html><body>OK</body></html>".to_owned()),
        ("a document type", format!("<!DOCTYPE x [<!ENTITY a \"b\">]><{root}><connections/></{root}>")),
        (
            "another encoding",
            format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><{root}><connections/></{root}>"),
        ),
        ("a token as attribute of the root", format!("<{root} nextToken=\"t1\"><connections/></{root}>")),
        ("one by case", format!("<{root} xmlns=\"urn:ec2\" NEXT-TOKEN=\"\"><connections/></{root}>")),
        ("text before the root", format!("x<{root}><connections/></{root}>")),
        ("text behind the root", format!("<{root}><connections/></{root}>x")),
        ("a second root", format!("<{root}><connections/></{root}><more/>")),
        ("UTF-16", format!("<{root}><connections/></{root}>").chars().flat_map(|c| [c, '\0']).collect()),
    ] {
        assert_eq!(count(document.as_bytes()), Err(MALFORMED), "{name}");
    }
}

#[test]
fn the_same_shape_in_other_words_is_read() {
    let root = "DescribeClientVpnConnectionsResponse";
    for (name, document, expected) in [
        ("an empty list", format!("<{root}><connections/></{root}>"), (None, 0)),
        ("without a request id", format!("<{root}><connections></connections></{root}>"), (None, 0)),
        (
            "a namespace",
            format!("<{root} xmlns=\"urn:ec2\"><connections><item/></connections></{root}>"),
            (None, 1),
        ),
        (
            "one prefix for all",
            format!(
                "<e:{root} xmlns:e=\"urn:ec2\"><e:connections><e:item/></e:connections><e:nextToken>t</e:nextToken></e:{root}>"
            ),
            (Some("t".to_owned()), 1),
        ),
        (
            "a declaration and a mark of byte order",
            format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><{root}><connections/></{root}>"),
            (None, 0),
        ),
        (
            "the token before the list",
            format!("<{root}><nextToken>t</nextToken><connections/></{root}>"),
            (Some("t".to_owned()), 0),
        ),
        (
            "an unknown element in a row",
            format!("<{root}><connections><item><new><item/></new></item></connections></{root}>"),
            (None, 1),
        ),
        (
            "a namespace that is named as the token is",
            format!("<{root} xmlns:nextToken=\"urn:ec2\"><connections/></{root}>"),
            (None, 0),
        ),
    ] {
        assert_eq!(count(document.as_bytes()), Ok(expected), "{name}");
    }
}

#[test]
fn unknown_elements_beside_the_list_are_recorded_by_name() {
    let names = |content: &str| {
        connections(&Body::new(document(content).as_bytes()), |_| Ok(())).unwrap().unknown_elements
    };
    assert_eq!(names("<requestId>r</requestId><connections/>").len(), 0);
    let content =
        "<warnings><item><code>c</code></item></warnings><connections/><note a=\"b\">x &amp; y</note><note/>";
    assert_eq!(Vec::from_iter(names(content)), ["note", "warnings"]);
    let odd = format!("<connections/><x:Größe/><{}/>", "a".repeat(100));
    assert_eq!(Vec::from_iter(names(&odd)), ["Gr??e".to_owned(), "a".repeat(64)]);
    let many: String = (0..500).map(|number| format!("<a{number}/>")).collect();
    assert_eq!(names(&format!("<connections/>{many}")).len(), 20);
}

#[test]
fn the_listings_have_one_rule() {
    type Count = fn(&Body<'_>) -> Result<PageEnd, DecodeError>;
    let listings: [(&str, &str, Count); 3] = [
        ("DescribeClientVpnConnectionsResponse", "connections", |body| connections(body, |_| Ok(()))),
        ("DescribeClientVpnEndpointsResponse", "clientVpnEndpoint", |body| endpoints(body, |_| Ok(()))),
        ("DescribeClientVpnTargetNetworksResponse", "clientVpnTargetNetworks", |body| {
            networks(body, |_| Ok(()))
        }),
    ];
    for (root, list, read) in listings {
        let read = |content: &str| read(&Body::new(format!("<{root}>{content}</{root}>").as_bytes()));
        assert_eq!(read(&format!("<{list}/>")), Ok(PageEnd::default()), "{list}");
        let end = read(&format!("<{list}><item/></{list}><nextToken>t</nextToken><new/>")).unwrap();
        assert_eq!((end.next_token.as_deref(), end.unknown_elements.len()), (Some("t"), 1), "{list}");
        for content in [
            "<requestId>r</requestId>".to_owned(),
            format!("<{list}><member/></{list}>"),
            format!("<{list}s><item/></{list}s>"),
            format!("<Result><{list}/></Result>"),
            format!("<{list}/><Result><{}/></Result>", list.to_uppercase()),
            format!("<{list}/><NextToken>t</NextToken>"),
            format!("<{list}/><{list}/>"),
            format!("<{list}>x</{list}>"),
            format!("<{list}/><result><my{list}s/></result>"),
            format!("<{list}/><result nextToken=\"t\"/>"),
            format!("<{list}><item><item/></item></{list}>"),
            format!("<{list}><item><{list}><member/></{list}></item></{list}>"),
            format!("<{list}><item><page><{list}s/></page></item></{list}>"),
            format!("<{list}><item><NextToken/></item></{list}>"),
        ] {
            assert_eq!(read(&content), Err(MALFORMED), "{content}");
        }
    }
}

#[test]
fn absent_and_empty_are_told_apart() {
    assert_eq!(page("<connections/><nextToken/>"), Ok((Some(String::new()), 0)));
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

fn unknown<'c>(connection: &'c RawConnection<'_>) -> Vec<(&'c str, &'c str)> {
    connection.unknown.kept.iter().map(|(name, text)| (name.as_str(), text.as_ref())).collect()
}

#[test]
fn what_is_not_known_is_kept_under_its_name() {
    let content = "<newField>a &amp; b</newField><username>x</username><username>y</username>\
         <newSet a=\"1\"><item>1</item><item/></newSet><newEmpty/>\
         <status><code>active</code><reason>r</reason></status>\
         <postureComplianceStatusSet><item>ok</item><member>m</member></postureComplianceStatusSet>";
    one(content, |connection| {
        assert_eq!(
            unknown(&connection),
            [
                ("newField", "a & b"),
                ("username", "x"),
                ("newSet@a", "1"),
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
fn a_row_of_another_form_is_kept_as_it_is() {
    one(
        "stray<connectionId><b>c</b></connectionId>&amp;<status>active</status><username>u</username> ",
        |row| {
            assert_eq!(
                unknown(&row),
                [
                    ("#text", "stray"),
                    ("connectionId", "<b>c</b>"),
                    ("#text", "&"),
                    ("status.#text", "active")
                ]
            );
            assert_eq!((row.connection_id, row.username.as_deref()), (None, Some("u")));
        },
    );
    let mut seen = Vec::new();
    let document = document("<connections><item>a</item><item b=\"&lt;\" xmlns:x=\"y\"/></connections>");
    let body = Body::new(document.as_bytes());
    connections(&body, |row| {
        seen.push(row.unknown.kept);
        Ok(())
    })
    .unwrap();
    let kept = |name: &str, text: &'static str| vec![(name.to_owned(), text.into())];
    assert_eq!(seen, [kept("#text", "a"), kept("@b", "<")]);
}

#[test]
fn characters_that_xml_does_not_allow_stay_in_texts() {
    for (name, content, expected) in [
        ("raw", &b"<username>bad\x0bname</username>"[..], "bad\u{b}name"),
        ("a byte", b"<username>M\xfcller</username>", "M\u{1}\u{fc}ller"),
        ("by reference", b"<username>a&#11;b</username>", "a\u{b}b"),
        ("a surrogate by reference", b"<username>a&#xD800;b</username>", "a\u{1}#D800;b"),
        ("an entity that nobody defined", b"<username>a&nbsp;b</username>", "a\u{1}&nbsp;b"),
        ("a bare ampersand", b"<username>a & b</username>", "a \u{1}#26; b"),
        ("bare ampersands alone", b"<username>&&</username>", "\u{1}#26;\u{1}#26;"),
        ("one before a word", b"<username>R&D</username>", "R\u{1}#26;D"),
        ("one before a semicolon", b"<username>a & b; c</username>", "a \u{1}#26; b; c"),
        ("a reference that does not end", b"<username>&#x41</username>", "\u{1}#26;#x41"),
        ("a reference without a number", b"<username>&#x;</username>", "\u{1}#26;#x;"),
        (
            "a number that is too large",
            b"<username>&#x110000000000000000000000000000000;</username>",
            "\u{1}#110000000000000000000000000000000;",
        ),
    ] {
        one_of(content, |connection| {
            assert_eq!((connection.username.as_deref(), connection.is_odd), (Some(expected), true), "{name}");
        });
    }
    let content = "<newSet><item>\u{b}&#11;</item></newSet><postureComplianceStatusSet><item>a\u{2}</item><item>b</item>\
         </postureComplianceStatusSet>";
    one(content, |row| {
        assert_eq!(
            unknown(&row),
            [
                ("newSet", "<item>\u{b}&#11;</item>"),
                ("postureComplianceStatusSet", "<item>a\u{2}</item><item>b</item>"),
            ]
        );
        assert_eq!(row.posture_compliance_statuses, Some(vec!["a\u{2}".into(), "b".into()]));
    });
    one("<username>\u{fdd0}\u{7f}</username>", |row| assert!(!row.is_odd));
    let content = "<username a=\"\u{b}\">u</username><commonName a=\"&#11; & &lt;\" b='\"'>c</commonName><new>a & <b c=\"&\"/></new>&";
    one(content, |row| {
        assert_eq!((row.username.as_deref(), row.common_name.as_deref()), (Some("u"), Some("c")));
        assert_eq!(
            unknown(&row),
            [
                ("username@a", "\u{b}"),
                ("commonName@a", "\u{b} \u{1}#26; <"),
                ("commonName@b", "\""),
                ("new", "a & <b c=\"&\"/>"),
                ("#text", "\u{1}#26;"),
            ]
        );
        assert!(row.is_odd);
    });
}

#[test]
fn what_is_not_allowed_beside_the_list_is_passed_over() {
    for content in [
        "<requestId>a & b</requestId><connections/>",
        "<requestId a=\"&#11;\">r</requestId><connections/>",
        "<connections/><more>R&D &nbsp;<a b=\"&\"/></more>",
    ] {
        let document = document(content);
        let end = connections(&Body::new(document.as_bytes()), |_| Ok(())).unwrap();
        assert!(end.is_odd, "{content}");
    }
}

#[test]
fn what_is_said_twice_of_one_field_is_kept() {
    one("<clientVpnEndpointId>a</clientVpnEndpointId><clientVpnEndpointId>b</clientVpnEndpointId>", |row| {
        let kept = unknown(&row);
        assert_eq!(
            (row.client_vpn_endpoint_id.as_deref(), kept),
            (Some("b"), vec![("clientVpnEndpointId", "a")])
        );
    });
    let listing =
        |root: &str, list: &str, row: &str| format!("<{root}><{list}><item>{row}</item></{list}></{root}>");
    for (name, ids, expected, kept) in [
        (
            "two",
            "<clientVpnEndpointId>a</clientVpnEndpointId><clientVpnEndpointId>b</clientVpnEndpointId>",
            None,
            &["a", "b"][..],
        ),
        (
            "the same",
            "<clientVpnEndpointId>a</clientVpnEndpointId><clientVpnEndpointId>a</clientVpnEndpointId>",
            None,
            &["a", "a"],
        ),
        (
            "an empty one",
            "<clientVpnEndpointId>a</clientVpnEndpointId><clientVpnEndpointId/>",
            None,
            &["a", ""],
        ),
        ("one", "<clientVpnEndpointId>a</clientVpnEndpointId>", Some("a"), &[]),
    ] {
        let document = listing("DescribeClientVpnEndpointsResponse", "clientVpnEndpoint", ids);
        let body = Body::new(document.as_bytes());
        let mut seen = Vec::new();
        endpoints(&body, |endpoint| {
            let unknown = endpoint.unknown.kept.iter().map(|(_, text)| text.to_string());
            seen.push((
                endpoint.client_vpn_endpoint_id.as_deref().map(str::to_owned),
                Vec::from_iter(unknown),
            ));
            Ok(())
        })
        .unwrap();
        let kept = kept.iter().map(|text| text.to_string()).collect();
        assert_eq!(seen, [(expected.map(str::to_owned), kept)], "{name}");
    }
    let ids = "<targetNetworkId>a</targetNetworkId><targetNetworkId>b</targetNetworkId>";
    let document = listing("DescribeClientVpnTargetNetworksResponse", "clientVpnTargetNetworks", ids);
    assert_eq!(networks(&Body::new(document.as_bytes()), |_| Ok(())), Err(MALFORMED));
}

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

#[test]
fn an_endpoint_is_read_field_by_field() {
    let content = "<clientVpnEndpointId>id</clientVpnEndpointId><status><code>available</code></status><splitTunnel/>\
         <connectionLogOptions><Enabled>true</Enabled><CloudwatchLogStream>s</CloudwatchLogStream></connectionLogOptions>\
         <authenticationOptions><item><type>t</type><mutualAuthentication><c>d</c></mutualAuthentication></item>\
         <item><type>u</type></item></authenticationOptions>\
         <tagSet><item><key>k</key><value>v</value></item><item><key>alone</key></item></tagSet>\
         <securityGroupIdSet><item>sg-1</item></securityGroupIdSet><vpnProtocol>openvpn</vpnProtocol>";
    let document = format!(
        "<DescribeClientVpnEndpointsResponse><clientVpnEndpoint><item>{content}</item></clientVpnEndpoint>\
         </DescribeClientVpnEndpointsResponse>"
    );
    let body = Body::new(document.as_bytes());
    let mut seen = Vec::new();
    endpoints(&body, |endpoint| {
        seen.push(endpoint);
        Ok(())
    })
    .unwrap();
    let text = |text: &'static str| Some(Cow::from(text));
    let kept = |name: &str, text: &'static str| (name.to_owned(), Cow::from(text));
    let expected = RawEndpoint {
        client_vpn_endpoint_id: text("id"),
        status_code: text("available"),
        split_tunnel: text(""),
        connection_log_enabled: text("true"),
        authentication_types: vec!["t".into(), "u".into()],
        tags: vec![(text("k"), text("v")), (text("alone"), None)],
        security_group_ids: Some(vec!["sg-1".into()]),
        unknown: crate::tables::unknown::Unknown {
            kept: vec![
                kept("connectionLogOptions.CloudwatchLogStream", "s"),
                kept("authenticationOptions.item.mutualAuthentication", "<c>d</c>"),
                kept("vpnProtocol", "openvpn"),
            ],
            more: 0,
        },
        ..RawEndpoint::default()
    };
    assert_eq!(seen, [expected]);
}

/// Returns the same document with a space in each tag, which no plain leaf has: the library reads all of it.
fn without_plain_leaves(document: &str) -> String {
    document.replace('>', " >").replace("? >", "?>").replace("/ >", "/>")
}

/// Returns the token and the connections, without the spaces' effect on the XML in an unknown field.
fn read(document: &str) -> Result<(Option<String>, Vec<String>), DecodeError> {
    let mut rows = Vec::new();
    let body = Body::new(document.as_bytes());
    let end = connections(&body, |connection| {
        rows.push(format!("{connection:?}").replace(" >", ">"));
        Ok(())
    })?;
    Ok((end.next_token, rows))
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
        prop_assert_eq!(read(&document), read(&by_the_library), "{}", document);
    }
}
