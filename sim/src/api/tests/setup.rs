//! Descriptions of endpoints and their networks.

use super::*;
use crate::answer::Reply;

const ENDPOINTS: &str = "Action=DescribeClientVpnEndpoints&Version=2016-11-15";

/// Returns a client of twelve endpoints.
fn client() -> Client {
    let config = Config::fleet(1, 12, 1);
    Client { endpoint: config.endpoints[0].id.clone(), state: State::new(config) }
}

fn networks(client: &Client, endpoint_id: &str, more: &str) -> Reply {
    let action = "Action=DescribeClientVpnTargetNetworks&Version=2016-11-15";
    client.reply(&format!("{action}&ClientVpnEndpointId={endpoint_id}{more}"))
}

/// Returns an endpoint with more than one network, and its networks.
fn endpoint_with_networks(client: &Client) -> (String, Vec<String>) {
    let ids = client.endpoint_ids().into_iter();
    let mut with = ids.map(|id| {
        let networks = texts(&networks(client, &id, ""), "associationId");
        (id, networks)
    });
    with.find(|(_, networks)| networks.len() > 1).unwrap()
}

#[test]
fn an_endpoint_is_available_where_it_has_a_network() {
    let client = client();
    let reply = client.reply(ENDPOINTS);
    // Each endpoint has another status inside its client connect options.
    let statuses: Vec<String> = texts(&reply, "status").into_iter().step_by(2).collect();
    for (id, status) in texts(&reply, "clientVpnEndpointId").iter().zip(statuses) {
        let networks = networks(&client, id, "");
        let expected =
            if texts(&networks, "associationId").is_empty() { "pending-associate" } else { "available" };
        assert_eq!(status, format!("<code>{expected}</code>"), "{id}");
    }
}

#[test]
fn an_endpoint_is_described_with_the_names_that_sdks_know() {
    let client = client();
    let text = String::from_utf8(client.reply(ENDPOINTS).body.to_vec()).unwrap();
    let arn = "arn:aws:lambda:eu-central-1:123456789012:function:AWSClientVPN-posture";
    let applied = "<status><code>applied</code></status>";
    for expected in [
        "<splitTunnel>true</splitTunnel>".to_owned(),
        "<splitTunnel>false</splitTunnel>".to_owned(),
        "<vpnPort>1194</vpnPort>".to_owned(),
        "<connectionLogOptions><Enabled>false</Enabled></connectionLogOptions>".to_owned(),
        "<connectionLogOptions><Enabled>true</Enabled><CloudwatchLogGroup>client-vpn</CloudwatchLogGroup>"
            .to_owned(),
        format!("<clientConnectOptions><enabled>false</enabled>{applied}</clientConnectOptions>"),
        format!("<enabled>true</enabled><lambdaFunctionArn>{arn}</lambdaFunctionArn>{applied}"),
        "<disconnectOnSessionTimeout>true</disconnectOnSessionTimeout>".to_owned(),
        "<securityGroupIdSet><item>sg-0".to_owned(),
        "<key>team &lt;&amp;&gt; &quot;odd&quot;</key>".to_owned(),
    ] {
        assert!(text.contains(&expected), "{expected}\n{text}");
    }
}

#[test]
fn the_protocol_filter_chooses_by_the_endpoints_own() {
    let client = client();
    let of = |protocol: &str| {
        let form = format!("{ENDPOINTS}&Filter.1.Name=transport-protocol&Filter.1.Value.1={protocol}");
        texts(&client.reply(&form), "transportProtocol")
    };
    let (udp, tcp) = (of("udp"), of("tcp"));
    assert!(udp.iter().all(|protocol| protocol == "udp") && tcp.iter().all(|protocol| protocol == "tcp"));
    assert!(!udp.is_empty() && !tcp.is_empty());
    assert_eq!(udp.len() + tcp.len(), 12);
}

#[test]
fn networks_belong_to_their_endpoint_and_its_vpc() {
    let client = client();
    let (endpoint, associations) = endpoint_with_networks(&client);
    let reply = networks(&client, &endpoint, "");
    let described = client.reply(&format!("{ENDPOINTS}&ClientVpnEndpointId.1={endpoint}"));
    let count = associations.len();
    assert_eq!(texts(&reply, "vpcId"), vec![texts(&described, "vpcId").remove(0); count]);
    assert_eq!(
        texts(&reply, "securityGroups"),
        vec![texts(&described, "securityGroupIdSet").remove(0); count]
    );
    assert_eq!(texts(&reply, "clientVpnEndpointId"), vec![endpoint; count]);
    assert_eq!(texts(&reply, "status"), vec!["<code>associated</code>"; count]);
    assert!(texts(&reply, "targetNetworkId").iter().all(|id| id.starts_with("subnet-0") && id.len() == 24));
    assert!(associations.iter().all(|id| id.starts_with("cvpn-assoc-0") && id.len() == 28));
    assert_eq!(texts(&reply, "nextToken"), [] as [&str; 0]);
}

#[test]
fn networks_are_chosen_by_association_and_filter() {
    let client = client();
    let (endpoint, associations) = endpoint_with_networks(&client);
    let second = &associations[1];
    let subnet = &texts(&networks(&client, &endpoint, ""), "targetNetworkId")[1];
    for more in [
        format!("&AssociationIds.1={second}"),
        format!("&Filter.1.Name=association-id&Filter.1.Value.1={second}"),
        format!("&Filter.1.Name=target-network-id&Filter.1.Value.1={subnet}"),
    ] {
        assert_eq!(texts(&networks(&client, &endpoint, &more), "associationId"), [second.as_str()], "{more}");
    }
    let none = networks(&client, &endpoint, "&Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1");
    assert_eq!(texts(&none, "associationId"), [] as [&str; 0]);
}

#[test]
fn requests_for_networks_are_refused_as_ec2_does() {
    let client = client();
    let endpoint = &client.endpoint;
    let cases = [
        ("", "", "400 MissingParameter"),
        ("vpc-1", "", "400 InvalidClientVpnEndpointId.Malformed"),
        ("cvpn-endpoint-0123456789abcdef0", "", "400 InvalidClientVpnEndpointId.NotFound"),
        (endpoint, "&AssociationIds.1=cvpn-assoc-1", "400 InvalidClientVpnAssociationId.NotFound"),
        (endpoint, "&MaxResults=4", "400 InvalidParameterValue"),
        (endpoint, "&Filter.1.Name=state&Filter.1.Value.1=x", "400 InvalidParameterValue"),
        (endpoint, "&Colour=red", "400 UnknownParameter"),
        (endpoint, "&DryRun=true", "412 DryRunOperation"),
        (endpoint, "&NextToken=x", "400 InvalidNextToken"),
    ];
    for (endpoint_id, more, expected) in cases {
        assert_eq!(code(&networks(&client, endpoint_id, more)), expected, "{endpoint_id} {more}");
    }
}
