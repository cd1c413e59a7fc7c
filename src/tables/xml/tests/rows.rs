//! Rows, and the texts in them.

use super::*;
use crate::tables::endpoints::RawEndpoint;

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

#[test]
fn what_is_not_known_is_kept_under_its_name() {
    let content = "<newField>a &amp; b</newField><username>x</username><username>y</username>\
         <newSet a=\"1\"><item>1</item><item/></newSet><newEmpty/>\
         <status><code>active</code><message>m</message><reason>r</reason></status>\
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
        let RawConnection { username, status_code, status_message, posture_compliance_statuses, .. } =
            connection;
        assert_eq!((username.as_deref(), status_code.as_deref()), (Some("y"), Some("active")));
        assert_eq!(status_message.as_deref(), Some("m"));
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
            seen.push((endpoint.endpoint_id.as_deref().map(str::to_owned), Vec::from_iter(unknown)));
            Ok(())
        })
        .unwrap();
        let kept = kept.iter().map(|text| text.to_string()).collect();
        assert_eq!(seen, [(expected.map(str::to_owned), kept)], "{name}");
    }
    for field in ["targetNetworkId", "associationId"] {
        let ids = format!("<targetNetworkId>s</targetNetworkId><{field}>a</{field}><{field}>b</{field}>");
        let document = listing("DescribeClientVpnTargetNetworksResponse", "clientVpnTargetNetworks", &ids);
        assert_eq!(
            networks(&Body::new(document.as_bytes()), &asked(), |_| Ok(())),
            Err(MALFORMED),
            "{field}"
        );
    }
    let cidrs = "<destinationCidr>a</destinationCidr><destinationCidr>b</destinationCidr>";
    let document = listing("DescribeClientVpnAuthorizationRulesResponse", "authorizationRule", cidrs);
    assert_eq!(authorization_rules(&Body::new(document.as_bytes()), &asked(), |_| Ok(())), Err(MALFORMED));
    let document = listing("DescribeClientVpnRoutesResponse", "routes", cidrs);
    assert_eq!(routes(&Body::new(document.as_bytes()), &asked(), |_| Ok(())), Err(MALFORMED));
}

#[test]
fn an_empty_element_names_no_subnet() {
    let zones = "<availabilityZoneSet><item>eu-central-1a</item></availabilityZoneSet>";
    let read = |content: &str| {
        let root = "DescribeClientVpnTargetNetworksResponse";
        let list = "clientVpnTargetNetworks";
        let document = format!("<{root}><{list}><item>{content}</item></{list}></{root}>");
        let mut subnets = Vec::new();
        networks(&Body::new(document.as_bytes()), &asked(), |association| {
            subnets.push(association.subnet_id);
            Ok(())
        })
        .map(|_| subnets)
    };
    assert_eq!(read(&format!("<targetNetworkId/>{zones}")), Ok(vec![None]));
    assert_eq!(read(&format!("<targetNetworkId>s</targetNetworkId>{zones}")), Ok(vec![Some("s".to_owned())]));
    assert_eq!(read("<targetNetworkId/>"), Err(MALFORMED));
}

#[test]
fn an_endpoint_is_read_field_by_field() {
    let content = "<clientVpnEndpointId>id</clientVpnEndpointId><description>d</description><creationTime>c</creationTime>\
         <deletionTime>e</deletionTime><dnsName>n</dnsName><clientCidrBlock>b</clientCidrBlock><transportProtocol>p</transportProtocol>\
         <vpnPort>1</vpnPort><serverCertificateArn>a</serverCertificateArn><vpcId>v</vpcId>\
         <sessionTimeoutHours>2</sessionTimeoutHours><disconnectOnSessionTimeout>x</disconnectOnSessionTimeout>\
         <clientConnectOptions><enabled>y</enabled></clientConnectOptions>\
         <status><code>available</code><message>m</message></status><splitTunnel/>\
         <connectionLogOptions><Enabled>true</Enabled><CloudwatchLogGroup>g</CloudwatchLogGroup>\
         <CloudwatchLogStream>s</CloudwatchLogStream></connectionLogOptions>\
         <authenticationOptions><item><type>t</type><mutualAuthentication><c>d</c></mutualAuthentication></item>\
         <item><type>u</type></item></authenticationOptions>\
         <tagSet><item><key>k</key><value>v</value></item><item><key>alone</key></item></tagSet>\
         <securityGroupIdSet><item>sg-1</item></securityGroupIdSet><vpnProtocol>openvpn</vpnProtocol>\
         <transitGatewayConfiguration><transitGatewayId>tgw</transitGatewayId><new>t</new>\
         <availabilityZoneSet><item>eu-central-1a</item></availabilityZoneSet></transitGatewayConfiguration>\
         <devicePostureOptions><trustProviderSet><item><tenantId>1</tenantId><new>p</new></item></trustProviderSet>\
         </devicePostureOptions>";
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
        endpoint_id: text("id"),
        description: text("d"),
        creation_time: text("c"),
        deletion_time: text("e"),
        dns_name: text("n"),
        client_cidr_block: text("b"),
        transport_protocol: text("p"),
        vpn_port: text("1"),
        server_certificate_arn: text("a"),
        vpc_id: text("v"),
        session_timeout_hours: text("2"),
        disconnect_on_session_timeout: text("x"),
        client_connect_enabled: text("y"),
        status_code: text("available"),
        status_message: text("m"),
        split_tunnel: text(""),
        connection_log_enabled: text("true"),
        connection_log_group: text("g"),
        connection_log_stream: text("s"),
        vpn_protocol: text("openvpn"),
        transit_gateway_id: text("tgw"),
        availability_zones: Some(vec!["eu-central-1a".into()]),
        authentication_types: vec!["t".into(), "u".into()],
        tags: vec![(text("k"), text("v")), (text("alone"), None)],
        security_group_ids: Some(vec!["sg-1".into()]),
        unknown: crate::tables::unknown::Unknown {
            kept: vec![
                kept("authenticationOptions.item.mutualAuthentication.c", "d"),
                kept("transitGatewayConfiguration.new", "t"),
                kept("devicePostureOptions.trustProviderSet.item.new", "p"),
            ],
            more: 0,
        },
        ..RawEndpoint::default()
    };
    let [mut seen] = <[RawEndpoint<'_>; 1]>::try_from(seen).unwrap();
    let providers = std::mem::take(&mut seen.trust_providers);
    assert_eq!(seen, expected);
    assert_eq!(providers.iter().map(|provider| provider.text("tenantId")).collect::<Vec<_>>(), [Some("1")]);
}
