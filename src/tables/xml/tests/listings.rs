//! The rule that all listings of EC2 have in common.

use super::*;

#[test]
fn the_listings_have_one_rule() {
    type Count = fn(&Body<'_>) -> Result<PageEnd, DecodeError>;
    let listings: [(&str, &str, &str, Count); 5] = [
        ("DescribeClientVpnConnectionsResponse", "connections", "", |body| connections(body, |_| Ok(()))),
        ("DescribeClientVpnEndpointsResponse", "clientVpnEndpoint", "", |body| endpoints(body, |_| Ok(()))),
        (
            "DescribeClientVpnTargetNetworksResponse",
            "clientVpnTargetNetworks",
            "<targetNetworkId>s</targetNetworkId>",
            |body| networks(body, &asked(), |_| Ok(())),
        ),
        ("DescribeClientVpnAuthorizationRulesResponse", "authorizationRule", "", |body| {
            authorization_rules(body, &asked(), |_| Ok(()))
        }),
        ("DescribeClientVpnRoutesResponse", "routes", "", |body| routes(body, &asked(), |_| Ok(()))),
    ];
    for (root, list, row, read) in listings {
        let read = |content: &str| read(&Body::new(format!("<{root}>{content}</{root}>").as_bytes()));
        assert_eq!(read(&format!("<{list}/>")), Ok(PageEnd::default()), "{list}");
        let end =
            read(&format!("<{list}><item>{row}</item></{list}><nextToken>t</nextToken><new/>")).unwrap();
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
