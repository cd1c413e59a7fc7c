//! The shape of a document: what is a page, and what never is.

use super::*;

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

/// A CDATA section is a text like any other. Anywhere but in a field of a row, it is refused, as a comment is everywhere.
#[test]
fn character_data_in_a_field_is_its_text() {
    for (content, expected) in [
        ("<![CDATA[a & b]]>", "a & b"),
        ("<![CDATA[&amp;]]>", "&amp;"),
        ("<![CDATA[&]]>", "&"),
        ("<![CDATA[]]>", ""),
        ("a<![CDATA[b]]>c&lt;<![CDATA[<d>]]>", "abc<<d>"),
        (
            "<![CDATA[</commonName></item></connections><nextToken>t</nextToken>]]>",
            "</commonName></item></connections><nextToken>t</nextToken>",
        ),
        ("<![CDATA[<!-- x -->]]>", "<!-- x -->"),
    ] {
        let field = format!("<commonName>{content}</commonName>");
        one(&field, |connection| assert_eq!(connection.common_name.as_deref(), Some(expected), "{content}"));
        assert_eq!(
            page(&format!("<connections><item>{field}</item></connections>")),
            Ok((None, 1)),
            "{content}"
        );
    }
    let row = "<item><connectionId>c</connectionId></item>";
    for content in [
        format!("<connections>{row}<![CDATA[]]></connections>"),
        format!("<connections><![CDATA[{row}]]></connections>"),
        format!("<![CDATA[<connections>{row}</connections>]]>"),
        format!("<connections>{row}</connections><nextToken><![CDATA[t]]></nextToken>"),
        format!("<connections>{row}</connections><nextToken>t<![CDATA[]]></nextToken>"),
        format!("<connections>{row}</connections><other><![CDATA[t]]></other>"),
        "<connections><item><![CDATA[x]]><connectionId>c</connectionId></item></connections>".to_owned(),
        "<connections><item><status><![CDATA[x]]><code>c</code></status></item></connections>".to_owned(),
        "<connections><item><commonName>a<!-- x --></commonName></item></connections>".to_owned(),
        "<connections><item><commonName><![CDATA[a]]><!-- x --></commonName></item></connections>".to_owned(),
        "<connections><item><commonName><![CDATA[a</commonName></item></connections>".to_owned(),
    ] {
        assert_eq!(page(&content), Err(MALFORMED), "{content}");
    }
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
