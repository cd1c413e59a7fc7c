//! Many accounts and Regions behind one port.

use super::*;
use crate::answer::Reply;
use crate::config::{MemberRole, Throttling};

const REGIONS: &[&str] = &["eu-central-1", "us-east-1"];

fn client(config: Config) -> Client {
    Client { endpoint: config.endpoints[0].id.clone(), state: State::new(config) }
}

/// Returns a client of three endpoints in each of two accounts and two Regions.
fn organisation() -> Client {
    client(Config::organisation(1, 2, REGIONS, 3, 12))
}

fn signed(access_key_id: &str, region: &str) -> Option<Signature> {
    let [access_key_id, region, service] = [access_key_id, region, "ec2"].map(str::to_owned);
    Some(Signature { access_key_id, region, service })
}

fn ids(reply: &Reply) -> Vec<String> {
    texts(reply, "clientVpnEndpointId")
}

const ENDPOINTS: &str = "Action=DescribeClientVpnEndpoints&Version=2016-11-15";

#[test]
fn the_signature_says_which_region_is_meant() {
    let client = organisation();
    let of = |region| {
        let places = client.state.places.at(&AccountRegion::new("123456789012", region));
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
    client.state.places.remove(&all[1], client.state.now());
    let token = texts(&first, "nextToken").remove(0);
    let second = client.reply(&format!("{ENDPOINTS}&MaxResults=5&NextToken={token}"));
    assert_eq!((ids(&first), ids(&second)), (all[..5].to_vec(), all[5..10].to_vec()));
    let abroad = client.reply_to(signed("AKIA", "us-east-1"), &format!("{ENDPOINTS}&NextToken={token}"));
    assert_eq!(code(&abroad), "400 InvalidNextToken");
}

const MEMBER: &str = "200000000000";

fn assume(client: &Client, role: &str, more: &str) -> Reply {
    client
        .reply(&format!("Action=AssumeRole&Version=2011-06-15&RoleArn={role}&RoleSessionName=audit-1{more}"))
}

fn member_arn() -> String {
    format!("arn:aws:iam::{MEMBER}:role/audit/reader")
}

/// Returns an access key for the member account.
fn key(client: &Client) -> String {
    texts(&assume(client, &member_arn(), ""), "AccessKeyId").remove(0)
}

#[test]
fn an_assumed_role_sees_its_own_account_and_no_other() {
    let client = organisation();
    let key = key(&client);
    let places = client.state.places.at(&AccountRegion::new(MEMBER, "us-east-1"));
    let expected: Vec<_> = places.iter().map(|listed| listed.fleet.endpoint().id.clone()).collect();
    assert_eq!(ids(&client.reply_to(signed(&key, "us-east-1"), ENDPOINTS)), expected);
    let question = format!("Action=DescribeClientVpnConnections&ClientVpnEndpointId={}", expected[0]);
    let rows = page(&client.reply_to(signed(&key, "us-east-1"), &question)).connections;
    assert_eq!(rows.len(), 12);
    for stranger in [signed("AKIA", "us-east-1"), signed(&key, "eu-central-1"), None] {
        let refused = client.reply_to(stranger, &question);
        assert_eq!(code(&refused), "400 InvalidClientVpnEndpointId.NotFound");
    }
}

#[test]
fn what_assume_role_hands_out_is_good_for_an_hour_and_names_the_session() {
    let client = organisation();
    let before = client.state.machine_time();
    let reply = assume(&client, &member_arn(), "&ExternalId=x:1");
    let arn = format!("arn:aws:sts::{MEMBER}:assumed-role/reader/audit-1");
    assert_eq!(texts(&reply, "Arn"), [arn.as_str()]);
    let expiration: Timestamp = texts(&reply, "Expiration")[0].parse().unwrap();
    assert!((3598..=3602).contains(&(expiration.as_second() - before.as_second())));
    let key = &texts(&reply, "AccessKeyId")[0];
    let identity = client.reply_to(signed(key, "us-east-1"), "Action=GetCallerIdentity&Version=2011-06-15");
    assert_eq!((texts(&identity, "Arn"), texts(&identity, "Account")), (vec![arn], vec![MEMBER.to_owned()]));
    let roles = client.state.sessions.roles();
    assert_eq!((roles[0].role_name.as_str(), roles[0].external_id.as_deref()), ("reader", Some("x:1")));
}

#[test]
fn a_role_is_assumed_by_its_name_and_external_id_alone() {
    let role = MemberRole { name: "reader".to_owned(), external_id: Some("secret-7".to_owned()) };
    let client = client(Config { member_role: Some(role), ..Config::organisation(1, 2, REGIONS, 1, 1) });
    let (right, denied) = (member_arn(), "403 AccessDenied");
    let other_role = right.replace("reader", "writer");
    let other_account = right.replace(MEMBER, "999999999999");
    let cases = [
        (right.as_str(), "&ExternalId=secret-7", "200 "),
        (&right, "", denied),
        (&right, "&ExternalId=secret-8", denied),
        (&other_role, "&ExternalId=secret-7", denied),
        (&other_account, "&ExternalId=secret-7", denied),
        ("reader", "&ExternalId=secret-7", "400 ValidationError"),
        (&right, "&ExternalId=%20%20", "400 ValidationError"),
        (&right, "&ExternalId=secret-7&DurationSeconds=60", "400 ValidationError"),
    ];
    for (arn, more, expected) in cases {
        assert_eq!(code(&assume(&client, arn, more)), expected, "{arn} {more}");
    }
    for name in ["", "x", "a%20b", &"x".repeat(65)] {
        let form = format!("Action=AssumeRole&RoleArn={right}&ExternalId=secret-7&RoleSessionName={name}");
        assert_eq!(code(&client.reply(&form)), "400 ValidationError", "{name}");
    }
    assert_eq!(client.state.sessions.roles().len(), 1);
}

#[test]
fn a_refused_account_gives_no_credentials_until_all_is_restored() {
    let client = organisation();
    let key = key(&client);
    client.state.outages.refuse_role(MEMBER);
    let refused = assume(&client, &member_arn(), "");
    assert_eq!(code(&refused), "403 AccessDenied");
    let message = "User: arn:aws:iam::123456789012:user/simulated is not authorized to perform: sts:AssumeRole on \
                   resource: arn:aws:iam::200000000000:role/audit/reader";
    assert_eq!(texts(&refused, "Message"), [message]);
    assert_eq!(client.reply_to(signed(&key, "us-east-1"), ENDPOINTS).status, 200);
    client.state.outages.restore();
    assert_eq!(assume(&client, &member_arn(), "").status, 200);
}

#[test]
fn expired_credentials_are_refused_and_new_ones_are_not() {
    let client = organisation();
    let old = key(&client);
    client.state.sessions.expire(MEMBER);
    let new = key(&client);
    let ask = |key: &str, form: &str| code(&client.reply_to(signed(key, "us-east-1"), form));
    assert_eq!(ask(&old, ENDPOINTS), "400 RequestExpired");
    assert_eq!(ask(&old, "Action=GetCallerIdentity"), "403 ExpiredToken");
    assert_eq!(ask(&new, ENDPOINTS), "200 ");
}

#[test]
fn a_region_out_of_order_is_so_for_every_account_and_action() {
    let client = organisation();
    let key = key(&client);
    let connections = format!("Action=DescribeClientVpnConnections&ClientVpnEndpointId={}", client.endpoint);
    let questions = [("AKIA", ENDPOINTS), (key.as_str(), ENDPOINTS), (&key, &connections)];
    let ask = || questions.map(|(key, form)| code(&client.reply_to(signed(key, "us-east-1"), form)));
    client.state.outages.disable("us-east-1");
    assert_eq!(ask(), ["401 AuthFailure"; 3]);
    client.state.outages.take_down("us-east-1");
    assert_eq!(ask(), ["503 "; 3]);
    assert_eq!(client.reply(ENDPOINTS).status, 200, "the home's Region works");
    assert_eq!(
        client.state.requests(FaultyAction::DescribeClientVpnConnections),
        2,
        "requests count whatever their outcome"
    );
    client.state.outages.restore();
    assert_eq!(ask()[..2], ["200 "; 2]);
}

#[test]
fn requests_beyond_the_bucket_are_throttled() {
    let throttling = Some(Throttling { capacity: 3, refill_per_second: 0 });
    let client = client(Config { throttling, ..Config::organisation(1, 2, REGIONS, 1, 1) });
    let mut codes: Vec<String> = (0..4).map(|_| code(&client.reply(ENDPOINTS))).collect();
    assert_eq!(codes.pop().as_deref(), Some("503 RequestLimitExceeded"));
    assert_eq!(codes, ["200 "; 3]);
    assert_eq!(client.ask("").unwrap().0.len(), 1, "another action has another bucket");
    assert_eq!(client.reply_to(signed("AKIA", "us-east-1"), ENDPOINTS).status, 200);
    assert_eq!(client.reply("Action=GetCallerIdentity").status, 200);
    assert_eq!(client.state.buckets.throttled(), 1);
}
