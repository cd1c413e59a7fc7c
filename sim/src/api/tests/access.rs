//! Authorization rules, routes, authorization policies and revocation lists.

use super::*;
use crate::access::{Access, AuthorizationRule, RevocationList, Route, TransitGateway};
use std::collections::BTreeSet;
use std::sync::Arc;

const RULES: &str = "DescribeClientVpnAuthorizationRules";
const ROUTES: &str = "DescribeClientVpnRoutes";
const POLICY: &str = "GetClientVpnEndpointAuthorizationPolicy";
const LIST: &str = "ExportClientVpnClientCertificateRevocationList";

impl Client {
    pub(super) fn of(&self, action: &str, more: &str) -> Reply {
        let endpoint = &self.endpoint;
        self.reply(&format!("Action={action}&Version=2016-11-15&ClientVpnEndpointId={endpoint}{more}"))
    }

    fn access(&self) -> Arc<Access> {
        let fleet = self.state.places.find_anywhere(&self.endpoint).unwrap();
        self.state.access.of(&self.state.home, &fleet)
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Access)) {
        let mut access = Access::clone(&self.access());
        change(&mut access);
        let fleet = self.state.places.find_anywhere(&self.endpoint).unwrap();
        self.state.access.put(self.state.home.clone(), &fleet, access);
    }

    /// Gives the endpoint twelve rules and routes.
    pub(super) fn with_twelve() -> Self {
        let client = Self::new(5);
        client.change(|access| {
            let (rule, route) = (access.rules[0].clone(), access.routes[0].clone());
            let rule_of =
                |n| AuthorizationRule { destination_cidr: format!("10.0.{n}.0/24"), ..rule.clone() };
            access.rules = (0..12).map(rule_of).collect();
            let route_of = |n| Route { destination_cidr: format!("10.1.{n}.0/24"), ..route.clone() };
            access.routes = (0..12).map(route_of).collect();
        });
        client
    }

    /// Returns the content of each `element` of a listing, page by page.
    pub(super) fn paged(&self, action: &str, element: &str) -> Vec<Vec<String>> {
        let (mut pages, mut more) = (Vec::new(), "&MaxResults=5".to_owned());
        while pages.len() < 9 {
            let reply = self.of(action, &more);
            pages.push(texts(&reply, element));
            let Some(token) = texts(&reply, "nextToken").pop() else { break };
            more = format!("&MaxResults=5&NextToken={token}");
        }
        pages
    }
}

fn escaped(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.replace('"', "&quot;").replace('\'', "&apos;")
}

#[test]
fn rules_and_routes_are_those_in_force() {
    let mut client = Client::new(1);
    for endpoint in client.endpoint_ids() {
        client.endpoint = endpoint;
        let (access, rules, routes) = (client.access(), client.of(RULES, ""), client.of(ROUTES, ""));
        let of_rules = access.rules.iter().map(|rule| rule.destination_cidr.clone());
        assert_eq!(texts(&rules, "destinationCidr"), of_rules.collect::<Vec<_>>());
        let groups = access.rules.iter().filter_map(|rule| rule.group_id.as_deref());
        assert_eq!(texts(&rules, "groupId"), groups.map(escaped).collect::<Vec<_>>());
        let descriptions = access.rules.iter().filter_map(|rule| rule.description.as_deref());
        assert_eq!(texts(&rules, "description"), descriptions.map(escaped).collect::<Vec<_>>());
        let subnets = access.routes.iter().filter_map(|route| route.target_subnet.clone());
        assert_eq!(texts(&routes, "targetSubnet"), subnets.collect::<Vec<_>>());
        let origins = access.routes.iter().map(|route| route.origin.clone());
        assert_eq!(texts(&routes, "origin"), origins.collect::<Vec<_>>());
    }
}

#[test]
fn pages_make_up_a_list_of_rules_or_routes() {
    let client = Client::with_twelve();
    for (action, prefix) in [(RULES, "10.0"), (ROUTES, "10.1")] {
        let pages = client.paged(action, "destinationCidr");
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5, 2], "{action}");
        let expected: Vec<String> = (0..12).map(|n| format!("{prefix}.{n}.0/24")).collect();
        assert_eq!(pages.concat(), expected, "{action}");
    }
    let token = texts(&client.of(RULES, "&MaxResults=5"), "nextToken").remove(0);
    assert_eq!(code(&client.of(ROUTES, &format!("&NextToken={token}"))), "400 InvalidNextToken");
}

#[test]
fn filters_choose_rules_and_routes() {
    let client = Client::with_twelve();
    client.change(|access| {
        access.rules[3].group_id = Some("S-1-5-21-1".to_owned());
        access.rules[4].description = Some("a \"b\" <c>".to_owned());
        access.routes[5].origin = "other".to_owned();
        access.routes[6].target_subnet = Some("subnet-1".to_owned());
    });
    for (action, filter, value, expected) in [
        (RULES, "group-id", "S-1-5-21-1", "10.0.3.0/24"),
        (RULES, "description", "a+%22b%22+%3Cc%3E", "10.0.4.0/24"),
        (RULES, "destination-cidr", "10.0.7.0/24", "10.0.7.0/24"),
        (ROUTES, "origin", "other", "10.1.5.0/24"),
        (ROUTES, "target-subnet", "subnet-1", "10.1.6.0/24"),
        (ROUTES, "destination-cidr", "10.1.8.0/24", "10.1.8.0/24"),
    ] {
        let reply = client.of(action, &format!("&Filter.1.Name={filter}&Filter.1.Value.1={value}"));
        assert_eq!(texts(&reply, "destinationCidr"), [expected], "{action} {filter}");
    }
}

#[test]
fn an_endpoint_without_a_policy_or_a_revocation_list_has_an_empty_answer() {
    let client = Client::new(1);
    client.change(|access| (access.policy, access.revocation_list) = (None, None));
    let elements = |action: &str| {
        let text = String::from_utf8(client.of(action, "").body.to_vec()).unwrap();
        text.split_once("</requestId>").unwrap().1.to_owned()
    };
    let id = format!("<clientVpnEndpointId>{}</clientVpnEndpointId>", client.endpoint);
    assert_eq!(elements(POLICY), format!("{id}</{POLICY}Response>"));
    assert_eq!(elements(LIST), format!("</{LIST}Response>"));
}

#[test]
fn a_policy_and_a_revocation_list_are_those_in_force() {
    let client = Client::new(1);
    let time = Timestamp::from_second(1_795_420_800).unwrap();
    let list = RevocationList::of_serials(time, [1, 2]);
    let pem = list.pem();
    client.change(|access| access.revocation_list = Some(list));
    let reply = client.of(LIST, "");
    assert_eq!(texts(&reply, "certificateRevocationList"), [pem]);
    assert_eq!(texts(&reply, "code"), ["active"]);

    for (is_shadow, expected) in [(true, "enabled"), (false, "disabled")] {
        client.change(|access| access.policy.as_mut().unwrap().is_shadow = is_shadow);
        let reply = client.of(POLICY, "");
        let document = client.access().policy.as_ref().unwrap().document.clone();
        assert_eq!(texts(&reply, "policyDocument"), [escaped(&document)]);
        assert_eq!(texts(&reply, "shadowMode"), [expected]);
        assert_eq!(texts(&reply, "status").len(), 1);
    }
}

#[test]
fn an_endpoint_of_a_transit_gateway_has_zones_instead_of_subnets() {
    let client = Client::new(1);
    let both = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
    client.change(|access| {
        access.attach_to(TransitGateway {
            id: "tgw-1".to_owned(),
            attachment_id: "tgw-attach-1".to_owned(),
            availability_zones: both("eu-central-1a", "eu-central-1b"),
            availability_zone_ids: both("euc1-az2", "euc1-az3"),
        });
    });
    let endpoint = client.reply(&format!(
        "Action=DescribeClientVpnEndpoints&Version=2016-11-15&ClientVpnEndpointId.1={}",
        client.endpoint
    ));
    assert_eq!(texts(&endpoint, "transitGatewayId"), ["tgw-1"]);
    assert_eq!(texts(&endpoint, "vpcId"), [] as [&str; 0]);
    let zones = texts(&endpoint, "availabilityZoneSet");
    assert_eq!(zones, ["<item>eu-central-1a</item><item>eu-central-1b</item>"]);

    let networks = client.of("DescribeClientVpnTargetNetworks", "");
    assert_eq!(texts(&networks, "targetNetworkId"), [] as [&str; 0]);
    let ids = texts(&networks, "availabilityZoneIdSet");
    assert_eq!(ids, ["<item>euc1-az2</item>", "<item>euc1-az3</item>", "<item>euc1-az2</item>"]);

    let routes = client.of(ROUTES, "");
    assert_eq!(texts(&routes, "targetSubnet"), [] as [&str; 0]);
    assert!(texts(&routes, "transitGatewayAttachmentId").iter().all(|id| id == "tgw-attach-1"));
}

#[test]
fn endpoints_have_all_options_of_the_api() {
    let config = Config::fleet(1, 30, 1);
    let client = Client { endpoint: config.endpoints[0].id.clone(), state: State::new(config) };
    let reply = client.reply("Action=DescribeClientVpnEndpoints&Version=2016-11-15");
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    for expected in [
        "<dnsServer><item>10.0.",
        "<selfServiceSamlProviderArn>arn:aws:iam::123456789012:saml-provider/corp-portal<",
        "</CloudwatchLogGroup><CloudwatchLogStream>cvpn-endpoint-",
        "<IncludeAuthorizationPolicyContext>true</IncludeAuthorizationPolicyContext></connectionLogOptions>",
        "<selfServicePortalUrl>https://self-service.clientvpn.amazonaws.com/endpoints/cvpn-endpoint-",
        "<clientLoginBannerOptions><enabled>true</enabled><bannerText>Don&apos;t share",
        "<clientLoginBannerOptions><enabled>false</enabled></clientLoginBannerOptions>",
        "<clientRouteEnforcementOptions><enforced>true</enforced></clientRouteEnforcementOptions>",
        "<endpointIpAddressType>dual-stack</endpointIpAddressType><trafficIpAddressType>ipv4<",
        "<devicePostureOptions><trustProviderSet><item><trustProviderType>jamf</trustProviderType><tenantId>",
        "<publicSigningKeyUrl>https://crowdstrike.example/keys?tenant=1&amp;format=&lt;jwk&gt;<",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}

/// Returns the names of the elements of a document.
fn names(text: &str) -> BTreeSet<&str> {
    let inside = text.split('<').skip(1);
    let names = inside.filter_map(|tag| tag.split(|c: char| !c.is_alphanumeric()).next());
    names.filter(|name| !name.is_empty()).collect()
}

#[test]
fn answers_have_the_elements_of_those_that_aws_documents() {
    let client = Client::new(1);
    client.change(|access| {
        access.rules[0].description = Some("d".to_owned());
        access.rules[0].group_id = Some(String::new());
        access.policy.as_mut().unwrap().description = Some("d".to_owned());
    });
    for (action, sample) in [
        (RULES, include_str!("../../../../tests/fixtures/ec2-authorization-rules.xml")),
        (ROUTES, include_str!("../../../../tests/fixtures/ec2-routes.xml")),
        (POLICY, include_str!("../../../../tests/fixtures/ec2-authorization-policy.xml")),
    ] {
        let text = String::from_utf8(client.of(action, "").body.to_vec()).unwrap();
        let (ours, documented) = (names(&text), names(sample));
        assert_eq!(documented.difference(&ours).collect::<Vec<_>>(), [] as [&&str; 0], "{action}");
    }
}
