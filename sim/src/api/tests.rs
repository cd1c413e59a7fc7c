mod access;
mod every_action;
mod organisation;
mod setup;

use super::*;
use crate::account_region::AccountRegion;
use crate::answer::{Reply, Sending};
use crate::config::{Config, TimeSource};
use crate::connection::Connection;
use crate::fault::{Fault, FaultKind, FaultyAction};
use crate::served::{AnyPage, ServedPage};
use crate::signature::Signature;
use jiff::Timestamp;

/// A client of a state, which returns the page or the error code.
struct Client {
    state: State,
    endpoint: String,
}

impl Client {
    fn new(connections: usize) -> Self {
        let time = TimeSource::Manual(Timestamp::from_second(1_795_420_800).unwrap());
        let state = State::new(Config { time, ..Config::fleet(1, 3, connections) });
        let endpoint = state.places.at(&state.home)[0].fleet.endpoint().id.clone();
        Self { state, endpoint }
    }

    fn endpoint_ids(&self) -> Vec<String> {
        let listed = self.state.places.at(&self.state.home).into_iter();
        listed.map(|listed| listed.fleet.endpoint().id.clone()).collect()
    }

    fn reply(&self, form: &str) -> Reply {
        self.reply_to(None, form)
    }

    fn reply_to(&self, signature: Option<Signature>, form: &str) -> Reply {
        let content = Content::Query(Parameters::parse("", form.as_bytes()));
        let request = Request { signature, content };
        match answer(&self.state, Some(&request)).sending {
            Sending::Whole(reply) => reply,
            Sending::Broken(broken) => panic!("broken: {broken:?}"),
        }
    }

    fn ask(&self, more: &str) -> Result<(Vec<Connection>, Option<String>), String> {
        let endpoint = &self.endpoint;
        let reply = self.reply(&format!(
            "Action=DescribeClientVpnConnections&Version=2016-11-15&ClientVpnEndpointId={endpoint}{more}"
        ));
        match reply.page {
            Some(AnyPage::Connections(page)) => Ok((page.connections, page.next_token)),
            _ => Err(code(&reply)),
        }
    }

    /// Returns the tokens of all pages until the last or the `most`th.
    fn tokens(&self, most: usize) -> Vec<Option<String>> {
        let mut tokens: Vec<Option<String>> = Vec::new();
        while tokens.len() < most {
            let more =
                tokens.last().cloned().flatten().map_or(String::new(), |token| format!("&NextToken={token}"));
            let (_, next) = self.ask(&format!("&MaxResults=5{more}")).unwrap();
            tokens.push(next);
            if tokens.last() == Some(&None) {
                break;
            }
        }
        tokens
    }
}

/// Returns the page of connections in an answer.
fn page(reply: &Reply) -> ServedPage {
    match &reply.page {
        Some(AnyPage::Connections(page)) => page.clone(),
        other => panic!("no page of connections: {other:?}"),
    }
}

fn code(reply: &Reply) -> String {
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    format!("{} {}", reply.status, code.map_or("", |(code, _)| code))
}

/// Returns the content of each `<name>` of an answer.
fn texts(reply: &Reply, name: &str) -> Vec<String> {
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let parts = text.split(&start).skip(1);
    parts.map(|part| part.split_once(&end).unwrap().0.to_owned()).collect()
}

#[test]
fn pages_make_up_the_listing_even_when_time_passes() {
    let client = Client::new(23);
    let (all, last) = client.ask("").unwrap();
    assert_eq!((all.len(), last), (23, None));
    let (mut rows, mut next) = client.ask("&MaxResults=5").unwrap();
    let mut time = client.state.now();
    while let Some(token) = next {
        time += jiff::SignedDuration::from_mins(30);
        client.state.set_time(time);
        let (more, token) = client.ask(&format!("&MaxResults=5&NextToken={token}")).unwrap();
        rows.extend(more);
        next = token;
    }
    assert_eq!(rows, all);
}

#[test]
fn a_listing_of_a_whole_number_of_pages_ends_without_an_empty_one() {
    assert_eq!(Client::new(10).tokens(9).len(), 2);
    assert_eq!(Client::new(0).ask("&MaxResults=5"), Ok((vec![], None)));
}

#[test]
fn a_token_is_for_the_listing_that_gave_it() {
    let mut client = Client::new(23);
    let token = client.ask("&MaxResults=5").unwrap().1.unwrap();
    let refused = Err("400 InvalidNextToken".to_owned());
    assert!(client.ask(&format!("&NextToken={token}")).is_ok());
    assert_eq!(client.ask(&format!("&NextToken={token}x")), refused);
    let filtered = format!("&NextToken={token}&Filter.1.Name=username&Filter.1.Value.1=a");
    assert_eq!(client.ask(&filtered), refused);
    client.endpoint = client.endpoint_ids().remove(1);
    assert_eq!(client.ask(&format!("&NextToken={token}")), refused);
}

#[test]
fn filters_choose_rows_over_all_pages() {
    let client = Client::new(3000);
    let (all, _) = client.ask("&MaxResults=1000").unwrap();
    let shared = &all[9];
    let form = |name: &str, value: &Option<String>| {
        format!("&MaxResults=5&Filter.1.Name={name}&Filter.1.Value.1={}", value.as_deref().unwrap())
    };
    let (rows, next) = client.ask(&form("username", &shared.username)).unwrap();
    assert_eq!((rows.len(), next), (2, None));
    assert!(rows.iter().all(|row| row.username == shared.username));
    let (rows, _) = client.ask(&form("connection-id", &shared.connection_id)).unwrap();
    assert_eq!(rows, std::slice::from_ref(shared));
    let both = format!(
        "{}&Filter.2.Name=connection-id&Filter.2.Value.1={}",
        form("username", &all[0].username),
        shared.connection_id.as_deref().unwrap()
    );
    assert_eq!(client.ask(&both), Ok((vec![], None)));
}

#[test]
fn requests_are_refused_as_ec2_does() {
    let client = Client::new(5);
    let id = &client.endpoint;
    let action = "Action=DescribeClientVpnConnections";
    let asked = format!("{action}&ClientVpnEndpointId={id}");
    let cases = [
        (String::new(), "400 MissingAction"),
        ("Action=DescribeInstances".to_owned(), "400 InvalidAction"),
        (format!("{asked}&Version=2011-01-01"), "400 InvalidAction"),
        (action.to_owned(), "400 MissingParameter"),
        (format!("{action}&ClientVpnEndpointId=vpc-1"), "400 InvalidClientVpnEndpointId.Malformed"),
        (
            format!("{action}&ClientVpnEndpointId=cvpn-endpoint-0123456789abcdef0"),
            "400 InvalidClientVpnEndpointId.NotFound",
        ),
        (format!("{asked}&MaxResults=4"), "400 InvalidParameterValue"),
        (format!("{asked}&Filter.1.Name=status&Filter.1.Value.1=active"), "400 InvalidParameterValue"),
        (format!("{asked}&Colour=red"), "400 UnknownParameter"),
        (format!("{asked}&DryRun=true"), "412 DryRunOperation"),
        (format!("{asked}&DryRun=perhaps"), "400 InvalidParameterValue"),
    ];
    for (form, expected) in cases {
        assert_eq!(code(&client.reply(&form)), expected, "{form}");
    }
    assert_eq!(
        client.state.requests(FaultyAction::DescribeClientVpnConnections),
        8,
        "those with the action and its version"
    );
}

#[test]
fn faults_with_an_error_answer_it() {
    let cases = [
        (FaultKind::Throttle, "503 RequestLimitExceeded"),
        (FaultKind::InternalError, "500 InternalError"),
        (FaultKind::Unavailable, "503 "),
        (FaultKind::Unauthorized, "403 UnauthorizedOperation"),
        (FaultKind::UnknownAction, "400 InvalidAction"),
        (FaultKind::NotFound, "400 InvalidClientVpnEndpointId.NotFound"),
    ];
    for (kind, expected) in cases {
        let client = Client::new(5);
        client.state.rules.add(FaultyAction::DescribeClientVpnConnections, Fault::on(kind, 2));
        assert!(client.ask("").is_ok());
        assert_eq!(client.ask(""), Err(expected.to_owned()));
        assert!(client.ask("").is_ok());
    }
}

#[test]
fn a_dry_run_meets_missing_permission_and_no_other_fault() {
    let client = Client::new(5);
    client.state.rules.add(FaultyAction::DescribeClientVpnConnections, Fault::always(FaultKind::Throttle));
    assert_eq!(client.ask("&DryRun=true"), Err("412 DryRunOperation".to_owned()));
    client.state.rules.clear();
    client
        .state
        .rules
        .add(FaultyAction::DescribeClientVpnConnections, Fault::always(FaultKind::Unauthorized));
    assert_eq!(client.ask("&DryRun=true"), Err("403 UnauthorizedOperation".to_owned()));
}

#[test]
fn a_repeated_token_is_the_one_that_was_sent() {
    let client = Client::new(50);
    client.state.rules.add(FaultyAction::DescribeClientVpnConnections, Fault::always(FaultKind::RepeatToken));
    let tokens = client.tokens(4);
    assert!(tokens[0].is_some() && tokens.iter().all(|token| *token == tokens[0]));
}

#[test]
fn cycling_tokens_take_turns() {
    let client = Client::new(50);
    client.state.rules.add(FaultyAction::DescribeClientVpnConnections, Fault::always(FaultKind::CycleTokens));
    let tokens = client.tokens(6);
    assert_ne!(tokens[0], tokens[1]);
    assert_eq!(tokens[0..2], tokens[2..4]);
    assert_eq!(tokens[0..2], tokens[4..6]);
}

#[test]
fn an_expired_token_refuses_pages_but_the_first() {
    let client = Client::new(50);
    client.state.rules.add(FaultyAction::DescribeClientVpnConnections, Fault::always(FaultKind::ExpireToken));
    let (_, token) = client.ask("&MaxResults=5").unwrap();
    let next = client.ask(&format!("&NextToken={}", token.unwrap()));
    assert_eq!(next, Err("400 InvalidPaginationToken".to_owned()));
}

#[test]
fn empty_pages_lose_no_row_and_never_repeat_a_token() {
    let client = Client::new(12);
    client.state.rules.add(
        FaultyAction::DescribeClientVpnConnections,
        Fault { last: 4, ..Fault::on(FaultKind::EmptyPage, 2) },
    );
    let tokens = client.tokens(9);
    assert_eq!(tokens.len(), 3 + 3);
    assert_eq!(tokens.iter().collect::<std::collections::BTreeSet<_>>().len(), 6);
}

#[test]
fn rows_are_bent_as_told() {
    let bent = |kind| {
        let client = Client::new(30);
        client.state.rules.add(FaultyAction::DescribeClientVpnConnections, Fault::always(kind));
        client.ask("").unwrap().0
    };
    let plain = Client::new(30).ask("").unwrap().0;
    assert_eq!(bent(FaultKind::Custom { connections: plain[3..5].to_vec() }), plain[3..5]);
    assert_eq!(bent(FaultKind::DuplicateRow), [plain.as_slice(), &plain[..1]].concat());
    assert!(
        bent(FaultKind::WrongEndpointId)
            .iter()
            .all(|row| row.client_vpn_endpoint_id != plain[0].client_vpn_endpoint_id)
    );
    let odd = bent(FaultKind::OddValues);
    assert!(odd.len() == 30 && odd.iter().zip(&plain).all(|(odd, plain)| odd.timestamp != plain.timestamp));
}

#[test]
fn an_unknown_field_is_in_each_row_beside_those_that_are_known() {
    let client = Client::new(5);
    client.state.rules.add(FaultyAction::DescribeClientVpnConnections, Fault::on(FaultKind::UnknownField, 1));
    let form = format!("Action=DescribeClientVpnConnections&ClientVpnEndpointId={}", client.endpoint);
    let (bent, plain) = (client.reply(&form), client.reply(&form));
    let (bent_page, plain_page) = (page(&bent), page(&plain));
    assert_eq!(bent_page.connections, plain_page.connections);
    assert_eq!((bent_page.unknown_fields.len(), plain_page.unknown_fields.len()), (2, 0));
    assert_eq!(String::from_utf8(bent.body.to_vec()).unwrap().matches("<clientDeviceType>").count(), 5);
}

#[test]
fn endpoints_are_described_in_pages_and_by_id() {
    let client = Client::new(1);
    let ids = |form: &str| {
        let body = client.reply(&format!("Action=DescribeClientVpnEndpoints&{form}")).body;
        String::from_utf8(body.to_vec()).unwrap().matches("<clientVpnEndpointId>").count()
    };
    assert_eq!(ids(""), 3);
    assert_eq!(ids(&format!("ClientVpnEndpointId.1={}", client.endpoint)), 1);
    assert_eq!(ids(&format!("Filter.1.Name=endpoint-id&Filter.1.Value.1={}", client.endpoint)), 1);
    let unknown = "Action=DescribeClientVpnEndpoints&ClientVpnEndpointId.1=cvpn-endpoint-01234567";
    assert_eq!(code(&client.reply(unknown)), "400 InvalidClientVpnEndpointId.NotFound");
}

#[test]
fn the_caller_is_of_the_configured_account() {
    let body = Client::new(1).reply("Action=GetCallerIdentity&Version=2011-06-15").body;
    assert!(String::from_utf8(body.to_vec()).unwrap().contains("<Account>123456789012</Account>"));
}

#[test]
fn a_row_takes_about_as_much_room_as_in_ec2() {
    let client = Client::new(1000);
    let sizes = client.endpoint_ids().into_iter().map(|id| {
        client.reply(&format!("Action=DescribeClientVpnConnections&ClientVpnEndpointId={id}")).body.len()
            / 1000
    });
    let sizes: Vec<usize> = sizes.collect();
    let mean = sizes.iter().sum::<usize>() / 3;
    assert!((620..=740).contains(&mean), "{sizes:?}");
}

#[test]
fn a_page_that_was_asked_for_before_is_the_same_bytes_again() {
    for (replay, same) in [(true, true), (false, false)] {
        let config = Config { replay, ..Config::fleet(1, 1, 12) };
        let client = Client { endpoint: config.endpoints[0].id.clone(), state: State::new(config) };
        let form = format!(
            "Action=DescribeClientVpnConnections&Version=2016-11-15&MaxResults=5&ClientVpnEndpointId={}",
            client.endpoint
        );
        let first = client.reply(&form);
        let again = client.reply(&form);
        assert_eq!((first.body == again.body, first.request_id == again.request_id), (same, same));
        assert_ne!(client.reply(&form.replace("MaxResults=5", "MaxResults=6")).body, first.body);
        client
            .state
            .rules
            .add(FaultyAction::DescribeClientVpnConnections, Fault::always(FaultKind::DuplicateRow));
        assert_ne!(client.reply(&form).body, first.body, "a fault is made anew");
    }
}
