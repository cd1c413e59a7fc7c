mod callers;
mod faults;
mod groups;
mod sessions;

use super::*;
use crate::answer::Sending;
use crate::config::{Config, TimeSource};
use crate::log_event::LogEvent;
use crate::log_group::{LateEvents, LogGroup, LogGroupClass};
use crate::request::{Content, Request};
use crate::setup::Setup;
use crate::signature::Signature;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const NOW: i64 = 1_795_420_800_000;
const HOUR: i64 = 3_600_000;

/// A client of CloudWatch Logs, which returns the answer or the error code.
struct Client {
    state: State,
}

impl Client {
    /// Returns a client of six endpoints.
    fn new(connections: usize) -> Self {
        Self::of(Config::fleet(1, 6, connections))
    }

    fn of(config: Config) -> Self {
        let time = TimeSource::Manual(Timestamp::from_millisecond(NOW).unwrap());
        Self { state: State::new(Config { time, ..config }) }
    }

    /// Returns a client of six endpoints that log to a group of these settings.
    fn with_group(group: LogGroup) -> Self {
        Self::of(Config { log_groups: vec![group], ..Config::fleet(1, 6, 40) })
    }

    fn answer(&self, signature: Option<Signature>, action: &str, body: &[u8]) -> (u16, Value) {
        let target = format!("{TARGET_PREFIX}{action}");
        let content = Content::Json(JsonContent { target, body: body.to_vec() });
        match crate::api::answer(&self.state, Some(&Request { signature, content })).sending {
            Sending::Whole(reply) => {
                assert_eq!(reply.content_type, JSON_CONTENT_TYPE);
                (reply.status, serde_json::from_slice(&reply.body).unwrap())
            }
            Sending::Broken(broken) => panic!("broken: {broken:?}"),
        }
    }

    fn ask(&self, action: &str, body: &Value) -> Result<Value, String> {
        match self.answer(None, action, body.to_string().as_bytes()) {
            (200, answer) => Ok(answer),
            (status, error) => Err(format!("{status} {}", error["__type"].as_str().unwrap())),
        }
    }

    fn filter(&self, more: &Value) -> Result<(Vec<LogEvent>, Option<String>), String> {
        let mut body = json!({"logGroupName": "client-vpn", "startTime": NOW - HOUR});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.ask("FilterLogEvents", &body)?;
        let events = answer["events"].as_array().unwrap().iter().map(event);
        assert_eq!(answer["searchedLogStreams"], json!([]));
        Ok((events.collect(), answer["nextToken"].as_str().map(str::to_owned)))
    }

    /// Returns the events of all pages.
    fn all(&self, query: &Value) -> Vec<LogEvent> {
        let (mut events, mut token) = (Vec::new(), None);
        loop {
            let mut query = query.clone();
            query["nextToken"] = json!(token);
            let (more, next) = self.filter(&query).unwrap();
            events.extend(more);
            token = next;
            if token.is_none() {
                return events;
            }
        }
    }

    /// Returns the sizes of all pages until the last or the `most`th, and their tokens.
    fn pages(&self, limit: usize, most: usize) -> Vec<(usize, Option<String>)> {
        let mut pages: Vec<(usize, Option<String>)> = Vec::new();
        while pages.len() < most {
            let mut query = json!({"startTime": NOW - HOUR, "limit": limit});
            if let Some((_, token)) = pages.last() {
                query["nextToken"] = json!(token);
            }
            let (events, next) = self.filter(&query).unwrap();
            pages.push((events.len(), next));
            if pages.last().is_some_and(|(_, next)| next.is_none()) {
                break;
            }
        }
        pages
    }

    fn set_time(&self, millis: i64) {
        self.state.set_time(Timestamp::from_millisecond(millis).unwrap());
    }

    fn endpoint_ids(&self, is_logged: bool) -> Vec<String> {
        let listed = self.state.places.at(&self.state.home).into_iter();
        let chosen = listed.filter(|listed| Setup::of(&listed.fleet).is_logged == is_logged);
        chosen.map(|listed| listed.fleet.endpoint().id.clone()).collect()
    }
}

fn event(event: &Value) -> LogEvent {
    let text = |name: &str| event[name].as_str().unwrap().to_owned();
    LogEvent {
        log_stream_name: text("logStreamName"),
        timestamp: event["timestamp"].as_i64().unwrap(),
        message: text("message"),
        ingestion_time: event["ingestionTime"].as_i64().unwrap(),
        event_id: text("eventId"),
    }
}

fn message(event: &LogEvent) -> Value {
    serde_json::from_str(&event.message).unwrap()
}

/// Returns the endpoint that a connection log event is of.
fn endpoint_of(event: &LogEvent) -> String {
    message(event)["client-vpn-endpoint-id"].as_str().unwrap().to_owned()
}

#[test]
fn pages_make_up_the_listing_even_when_time_passes() {
    let client = Client::new(40);
    let query = json!({"startTime": NOW - 6 * HOUR, "endTime": NOW + HOUR});
    let all = client.all(&query);
    assert!(all.len() > 200, "{}", all.len());
    assert!(all.is_sorted_by_key(|event| (event.timestamp, event.ingestion_time)));
    let (mut events, mut token, mut time) = (Vec::new(), None, NOW);
    loop {
        let query =
            json!({"startTime": NOW - 6 * HOUR, "endTime": NOW + HOUR, "limit": 37, "nextToken": token});
        let (more, next) = client.filter(&query).unwrap();
        assert!(more.len() <= 37);
        events.extend(more);
        if next.is_none() {
            break;
        }
        token = next;
        time += HOUR / 4;
        client.set_time(time);
    }
    assert_eq!(events, all);
    assert!(client.all(&query).len() > all.len(), "more happened");
}

#[test]
fn pages_of_a_quiet_group_are_empty_and_more_follow() {
    let client = Client::new(0);
    let query = json!({"startTime": NOW - 60 * HOUR});
    let (events, next) = client.filter(&query).unwrap();
    assert!(events.is_empty() && next.is_some());
    assert_eq!(client.all(&query), []);
}

#[test]
fn a_page_is_of_a_megabyte_at_most() {
    let client = Client::new(3000);
    let (events, next) = client.filter(&json!({"startTime": NOW - 4 * HOUR})).unwrap();
    let bytes: usize = events.iter().map(|event| event.message.len() + 26).sum();
    assert!(bytes <= 1 << 20 && bytes > (1 << 20) - 2_000 && next.is_some(), "{bytes}");
}

#[test]
fn both_ends_of_a_window_are_in_it() {
    let client = Client::new(40);
    let all = client.all(&json!({"startTime": NOW - 6 * HOUR}));
    let time = all[9].timestamp;
    let at = |from: i64, to: i64| client.filter(&json!({"startTime": from, "endTime": to})).unwrap().0;
    assert!(at(time, time).contains(&all[9]));
    assert!(!at(time - HOUR, time - 1).contains(&all[9]) && !at(time + 1, time + HOUR).contains(&all[9]));
    assert_eq!(at(time, time - 1), []);
    let whole = all.iter().filter(|event| event.timestamp % 1000 == 0).count();
    assert!((all.len() / 6..all.len() / 3).contains(&whole), "{whole} of {}", all.len());
}

#[test]
fn a_token_is_for_the_listing_that_gave_it_and_for_a_day() {
    let client = Client::new(40);
    let (_, token) = client.filter(&json!({"startTime": NOW - HOUR, "limit": 5})).unwrap();
    let invalid = Err("400 InvalidParameterException".to_owned());
    let with =
        |from: i64, token: &str| client.filter(&json!({"startTime": from, "limit": 5, "nextToken": token}));
    let token = token.unwrap();
    assert!(with(NOW - HOUR, &token).is_ok());
    assert_eq!(with(NOW - HOUR + 1, &token), invalid);
    assert_eq!(with(NOW - HOUR, &token[1..]), invalid);
    client.set_time(NOW + 24 * HOUR);
    assert!(with(NOW - HOUR, &token).is_ok());
    client.set_time(NOW + 24 * HOUR + 1);
    assert_eq!(with(NOW - HOUR, &token), invalid);
}

#[test]
fn an_event_is_there_once_it_arrived() {
    let late = Some(LateEvents { one_in: 4, up_to: SignedDuration::from_hours(20) });
    let client = Client::with_group(LogGroup { late, ..LogGroup::new("client-vpn") });
    let window = json!({"startTime": NOW - 2 * HOUR, "endTime": NOW - HOUR});
    let first = client.all(&window);
    assert!(first.iter().all(|event| event.ingestion_time <= NOW));
    client.set_time(NOW + 21 * HOUR);
    let all = client.all(&window);
    assert!(first.iter().all(|event| all.contains(event)));
    let came_later = all.iter().filter(|event| event.ingestion_time > NOW).count();
    assert_eq!(came_later, all.len() - first.len());
    assert!((all.len() / 8..all.len() / 3).contains(&came_later), "{came_later} of {}", all.len());
    let delays = all.iter().map(|event| event.ingestion_time - event.timestamp);
    assert!(delays.clone().all(|delay| (200..=20 * HOUR).contains(&delay)));
    assert!(delays.filter(|delay| *delay < 60_000).count() > all.len() / 2);
}

#[test]
fn streams_are_chosen_by_name_or_by_prefix() {
    let client = Client::new(40);
    let endpoints = client.endpoint_ids(true);
    let of = |more: Value| {
        let mut query = json!({"startTime": NOW - 30 * HOUR});
        query.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client.all(&query)
    };
    let mine = |event: &&LogEvent| endpoint_of(event) == endpoints[0];
    let prefixed = of(json!({"logStreamNamePrefix": endpoints[0]}));
    assert_eq!(prefixed, of(json!({})).iter().filter(mine).cloned().collect::<Vec<_>>());
    let name = &prefixed[0].log_stream_name;
    assert!(name.starts_with(&format!("{}-eu-central-1-2026/11/", endpoints[0])), "{name}");
    let named = of(json!({"logStreamNames": [name, "x"]}));
    assert!(named.iter().all(|event| event.log_stream_name == *name));
    assert!(!named.is_empty() && named.len() < prefixed.len(), "a stream is of one day");
}

#[test]
fn requests_are_refused_as_cloudwatch_logs_does() {
    let client = Client::new(5);
    let invalid = "400 InvalidParameterException";
    let arn = |region: &str| format!("arn:aws:logs:{region}:123456789012:log-group:client-vpn");
    let cases = [
        ("FilterLogEvents", json!({}), invalid),
        (
            "FilterLogEvents",
            json!({"logGroupName": "client-vpn", "logGroupIdentifier": "client-vpn"}),
            invalid,
        ),
        ("FilterLogEvents", json!({"logGroupName": "a b"}), invalid),
        ("FilterLogEvents", json!({"logGroupName": "x".repeat(513)}), invalid),
        ("FilterLogEvents", json!({"logGroupName": "absent"}), "400 ResourceNotFoundException"),
        ("FilterLogEvents", json!({"logGroupIdentifier": arn("us-east-1")}), "400 ResourceNotFoundException"),
        ("FilterLogEvents", json!({"logGroupIdentifier": format!("{}:*", arn("eu-central-1"))}), invalid),
        ("FilterLogEvents", json!({"logGroupName": "client-vpn", "limit": 10_001}), invalid),
        ("FilterLogEvents", json!({"logGroupName": "client-vpn", "startTime": -1}), invalid),
        (
            "FilterLogEvents",
            json!({"logGroupName": "client-vpn", "startTime": "0"}),
            "400 SerializationException",
        ),
        ("FilterLogEvents", json!({"logGroupName": "client-vpn", "filterPattern": "x"}), invalid),
        ("FilterLogEvents", json!([]), "400 SerializationException"),
        ("DescribeLogGroups", json!({"limit": 51}), invalid),
        ("DescribeLogGroups", json!({"logGroupNamePrefix": "a", "logGroupNamePattern": "b"}), invalid),
        ("DescribeLogGroups", json!({"logGroupNamePrefix": "a", "logGroupIdentifiers": ["b"]}), invalid),
        ("DescribeLogGroups", json!({"nextToken": "x"}), invalid),
        ("PutLogEvents", json!({}), "400 UnknownOperationException"),
    ];
    let count = cases.len();
    for (action, body, expected) in cases {
        assert_eq!(client.ask(action, &body), Err(expected.to_owned()), "{action} {body}");
    }
    assert_eq!(client.answer(None, "FilterLogEvents", b"{").0, 400);
    assert!(client.filter(&json!({"limit": 10_000, "filterPattern": ""})).is_ok());
    assert!(
        client
            .ask("FilterLogEvents", &json!({"logGroupIdentifier": arn("eu-central-1"), "startTime": NOW}))
            .is_ok()
    );
    assert_eq!(client.state.log_requests(), count + 3);
}
