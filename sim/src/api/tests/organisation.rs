//! Many accounts and Regions behind one port.

use super::*;

const REGIONS: &[&str] = &["eu-central-1", "us-east-1"];

fn client(config: Config) -> Client {
    Client { endpoint: config.endpoints[0].id.clone(), state: State::new(config) }
}

/// Three endpoints in each of two accounts and two Regions.
fn organisation() -> Client {
    client(Config::organisation(1, 2, REGIONS, 3, 12))
}

fn signed(access_key_id: &str, region: &str) -> Option<Signature> {
    Some(Signature { access_key_id: access_key_id.to_owned(), region: region.to_owned() })
}

/// What stands in each `<name>` of an answer.
fn texts(reply: &Reply, name: &str) -> Vec<String> {
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let parts = text.split(&start).skip(1);
    parts.map(|part| part.split_once(&end).unwrap().0.to_owned()).collect()
}

fn ids(reply: &Reply) -> Vec<String> {
    texts(reply, "clientVpnEndpointId")
}

const ENDPOINTS: &str = "Action=DescribeClientVpnEndpoints&Version=2016-11-15";

#[test]
fn the_signature_says_which_region_is_meant() {
    let client = organisation();
    let of = |region| {
        let places = client.state.places.at(&Location::new("123456789012", region));
        places.iter().map(|listed| listed.fleet.endpoint().id.clone()).collect::<Vec<_>>()
    };
    let home = ids(&client.reply(ENDPOINTS));
    assert_eq!(home, of("eu-central-1"));
    assert_eq!(ids(&client.reply_to(signed("AKIA", "eu-central-1"), ENDPOINTS)), home);
    let abroad = ids(&client.reply_to(signed("AKIA", "us-east-1"), ENDPOINTS));
    assert_eq!((abroad.len(), abroad), (3, of("us-east-1")));
    assert_eq!(ids(&client.reply_to(signed("AKIA", "eu-west-1"), ENDPOINTS)), [] as [&str; 0]);
}

#[test]
fn an_endpoint_elsewhere_is_not_found() {
    let client = organisation();
    for question in [
        format!("{ENDPOINTS}&ClientVpnEndpointId.1={}", client.endpoint),
        format!("Action=DescribeClientVpnConnections&ClientVpnEndpointId={}", client.endpoint),
    ] {
        assert_eq!(client.reply(&question).status, 200);
        let elsewhere = client.reply_to(signed("AKIA", "us-east-1"), &question);
        assert_eq!(code(&elsewhere), "400 InvalidClientVpnEndpointId.NotFound", "{question}");
    }
}

#[test]
fn a_replayed_page_is_for_its_own_region() {
    let client = client(Config { replay: true, ..Config::organisation(1, 1, REGIONS, 1, 12) });
    let question = format!("Action=DescribeClientVpnConnections&ClientVpnEndpointId={}", client.endpoint);
    assert_eq!(client.reply(&question).body, client.reply(&question).body);
    assert_eq!(client.reply_to(signed("AKIA", "us-east-1"), &question).status, 400);
}

#[test]
fn a_listing_of_endpoints_goes_on_where_it_was_when_one_is_removed() {
    let client = client(Config::fleet(1, 12, 1));
    let all = ids(&client.reply(ENDPOINTS));
    let first = client.reply(&format!("{ENDPOINTS}&MaxResults=5"));
    client.state.places.remove(&all[1]);
    let token = texts(&first, "nextToken").remove(0);
    let second = client.reply(&format!("{ENDPOINTS}&MaxResults=5&NextToken={token}"));
    assert_eq!((ids(&first), ids(&second)), (all[..5].to_vec(), all[5..10].to_vec()));
    let abroad = client.reply_to(signed("AKIA", "us-east-1"), &format!("{ENDPOINTS}&NextToken={token}"));
    assert_eq!(code(&abroad), "400 InvalidNextToken");
}
