//! Faults of the answers.

use super::*;
use crate::fault::{Fault, FaultKind, FaultyAction};

fn with(fault: Fault) -> Client {
    let client = Client::new(40);
    client.state.rules.add(FaultyAction::FilterLogEvents, fault);
    client
}

const LAST_HOUR: i64 = NOW - HOUR;

#[test]
fn faults_with_an_error_answer_it() {
    for (kind, expected) in [
        (FaultKind::Throttle, "400 ThrottlingException"),
        (FaultKind::InternalError, "500 ServiceUnavailableException"),
        (FaultKind::Unauthorized, "400 AccessDeniedException"),
        (FaultKind::UnknownAction, "400 UnknownOperationException"),
        (FaultKind::NotFound, "400 ResourceNotFoundException"),
    ] {
        let client = with(Fault::on(kind, 2).at("client-vpn"));
        assert!(client.filter(&json!({})).is_ok());
        assert_eq!(client.filter(&json!({})), Err(expected.to_owned()));
        assert!(client.filter(&json!({})).is_ok());
    }
}

#[test]
fn a_denial_names_the_caller_and_the_group() {
    let client = with(Fault::always(FaultKind::Unauthorized));
    let (_, error) = client.answer(None, "FilterLogEvents", b"{\"logGroupName\":\"client-vpn\"}");
    let expected = "User: arn:aws:iam::123456789012:user/simulated is not authorized to perform: logs:FilterLogEvents on \
                    resource: arn:aws:logs:eu-central-1:123456789012:log-group:client-vpn:log-stream: because no \
                    identity-based policy allows the logs:FilterLogEvents action";
    assert_eq!(error["message"], expected);
}

#[test]
fn tokens_repeat_take_turns_and_expire() {
    let repeating = with(Fault::always(FaultKind::RepeatToken)).pages(10, 4);
    assert!(repeating.iter().all(|(_, token)| *token == repeating[0].1));
    let cycling = with(Fault::always(FaultKind::CycleTokens)).pages(10, 6);
    let tokens: Vec<_> = cycling.into_iter().map(|(_, token)| token).collect();
    assert_ne!(tokens[0], tokens[1]);
    assert_eq!((&tokens[1..3], tokens[2] == tokens[1]), (&tokens[3..5], false));
    let expiring = with(Fault::always(FaultKind::ExpireToken));
    let (_, token) = expiring.filter(&json!({"startTime": LAST_HOUR, "limit": 10})).unwrap();
    let next = expiring.filter(&json!({"startTime": LAST_HOUR, "limit": 10, "nextToken": token}));
    assert_eq!(next, Err("400 InvalidParameterException".to_owned()));
}

#[test]
fn empty_pages_lose_no_event_and_never_repeat_a_token() {
    let plain = Client::new(40).pages(10, 99);
    let pages = with(Fault { last: 4, ..Fault::on(FaultKind::EmptyPage, 2) }).pages(10, 99);
    let sum = |pages: &[(usize, Option<String>)]| pages.iter().map(|(count, _)| count).sum::<usize>();
    assert_eq!((pages.len(), sum(&pages)), (plain.len() + 3, sum(&plain)));
    assert_eq!(pages.iter().collect::<std::collections::BTreeSet<_>>().len(), pages.len());
}

#[test]
fn a_fault_changes_every_event_of_its_page() {
    let plain = Client::new(40).filter(&json!({"startTime": LAST_HOUR})).unwrap().0;
    let bent = |kind| with(Fault::always(kind)).filter(&json!({"startTime": LAST_HOUR})).unwrap().0;
    assert_eq!(bent(FaultKind::DuplicateRow), [plain.as_slice(), &plain[..1]].concat());
    let odd = bent(FaultKind::OddValues);
    assert!(odd.len() == plain.len() && odd.len() > 16);
    assert!(
        odd.iter().zip(&plain).filter(|(odd, plain)| odd.message == plain.message).count() < odd.len() / 6
    );
    assert!(bent(FaultKind::ClockSkew).iter().all(|event| event.ingestion_time < event.timestamp));
    assert!(bent(FaultKind::FutureTimes).iter().all(|event| event.timestamp == NOW + 2 * HOUR));
    assert!(bent(FaultKind::WrongEndpointId).iter().all(|event| endpoint_of(event).len() == 32));
    let messages = vec!["one".to_owned(), String::new()];
    let custom = bent(FaultKind::CustomMessages { messages: messages.clone() });
    assert_eq!(custom.into_iter().map(|event| event.message).collect::<Vec<_>>(), messages);
}

#[test]
fn answers_take_other_shapes() {
    for (kind, action, shape) in [
        (FaultKind::NoList, FaultyAction::FilterLogEvents, "/searchedLogStreams"),
        (FaultKind::ListAsObject, FaultyAction::FilterLogEvents, "/events/item/0/message"),
        (FaultKind::RenamedList, FaultyAction::FilterLogEvents, "/logEvents/0/message"),
        (FaultKind::UnknownField, FaultyAction::FilterLogEvents, "/events/0/entityName"),
        (FaultKind::NoList, FaultyAction::DescribeLogGroups, ""),
        (FaultKind::ListAsObject, FaultyAction::DescribeLogGroups, "/logGroups/item/0/arn"),
        (FaultKind::RenamedList, FaultyAction::DescribeLogGroups, "/groups/0/arn"),
    ] {
        let client = Client::new(40);
        client.state.rules.add(action, Fault::on(kind.clone(), 1));
        let (name, list, query) = match action {
            FaultyAction::DescribeLogGroups => ("DescribeLogGroups", "logGroups", json!({})),
            _ => ("FilterLogEvents", "events", json!({"logGroupName": "client-vpn", "startTime": LAST_HOUR})),
        };
        let bent = client.ask(name, &query).unwrap();
        assert!(bent.pointer(shape).is_some(), "{kind:?} {bent}");
        assert!(!bent[list].is_array() || kind == FaultKind::UnknownField, "{kind:?}");
        assert!(client.ask(name, &query).unwrap()[list].is_array(), "the next one is as it should be");
    }
}

#[test]
fn faults_of_connections_are_none_of_logs() {
    let client = Client::new(40);
    client.state.rules.add(FaultyAction::DescribeClientVpnConnections, Fault::always(FaultKind::Throttle));
    assert!(client.filter(&json!({})).is_ok());
    assert_eq!(client.state.requests(FaultyAction::DescribeClientVpnConnections), 0);
}

#[test]
fn log_groups_have_faults_of_their_own() {
    let ask = |kind: FaultKind, query: &dyn Fn(Option<&str>) -> Value| {
        let log_groups = ["a", "b", "c"].map(LogGroup::new).to_vec();
        let client = Client::of(Config { log_groups, ..Config::fleet(1, 1, 1) });
        client.state.rules.add(FaultyAction::DescribeLogGroups, Fault::on(kind, 2));
        let first = client.ask("DescribeLogGroups", &query(None)).unwrap();
        let token = first["nextToken"].as_str().unwrap().to_owned();
        (client.ask("DescribeLogGroups", &query(Some(&token))), token)
    };
    let query = |token: Option<&str>| json!({"limit": 1, "nextToken": token});
    for (kind, expected) in [
        (FaultKind::Throttle, "400 ThrottlingException"),
        (FaultKind::Unauthorized, "400 AccessDeniedException"),
        (FaultKind::ExpireToken, "400 InvalidParameterException"),
    ] {
        assert_eq!(ask(kind, &query).0, Err(expected.to_owned()));
    }
    let (repeated, token) = ask(FaultKind::RepeatToken, &query);
    assert_eq!(repeated.unwrap()["nextToken"], token);
    let (empty, token) = ask(FaultKind::EmptyPage, &query);
    let empty = empty.unwrap();
    assert_eq!((&empty["logGroups"], empty["nextToken"] == token), (&json!([]), false));
    assert!(empty["nextToken"].is_string());
}
