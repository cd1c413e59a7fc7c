use super::*;
use crate::aws::ec2::PageTimes;
use crate::target::{AccountId, Region, Target};

fn target() -> Target {
    Target {
        account_id: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("eu-central-1").unwrap(),
        endpoint_id: EndpointId::parse("cvpn-endpoint-0123456789abcdef0").unwrap(),
    }
}

fn tally() -> Tally {
    let second = |second: i64| Timestamp::from_second(second).unwrap();
    Tally {
        pages: 2,
        rows_read: 5,
        active: 3,
        unparsed_values: 1,
        duplicates: 4,
        first_request_id: Some("first".to_owned()),
        last_request_id: Some("last".to_owned()),
        times: Some(PageTimes {
            first_page_requested_at: second(1),
            first_page_at: second(2),
            last_page_at: second(3),
        }),
        clock_difference_seconds: Some(-7),
        unknown_elements: ["b".to_owned(), "a".to_owned()].into(),
    }
}

fn written(object_key: &str, rows: u64, bytes: u64, sha256: &str) -> Written {
    Written { object_key: object_key.to_owned(), rows, bytes, sha256: sha256.to_owned() }
}

/// Earlier versions wrote these bytes. Digests and readers of the lake depend on the order and the nulls.
#[test]
fn entries_have_the_same_fields_in_the_same_order_with_and_without_an_object() {
    let complete = Entry {
        tally: tally(),
        capture_millis: 9,
        object: Some(written("key", 5, 10, "ab")),
        superseded: Some(written("other", 6, 11, "cd")),
        ..Entry::new(&target(), Outcome::Complete)
    };
    let endpoints = ConfigurationEntry {
        object: Some(written("other", 6, 11, "cd")),
        times: tally().times,
        ..ConfigurationEntry::new(Outcome::Complete)
    };
    let cases = [
        (
            "a target with an object",
            serde_json::to_string(&complete),
            r#"{"account_id":"111122223333","region":"eu-central-1","endpoint_id":"cvpn-endpoint-0123456789abcdef0","outcome":"complete","restrictions":[],"pages":2,"rows_read":5,"rows":5,"active":3,"unparsed_values":1,"duplicates":4,"first_request_id":"first","last_request_id":"last","first_page_requested_at":"1970-01-01T00:00:01.000Z","first_page_at":"1970-01-01T00:00:02.000Z","last_page_at":"1970-01-01T00:00:03.000Z","clock_difference_seconds":-7,"unknown_elements":["a","b"],"capture_millis":9,"bytes":10,"object_key":"key","sha256":"ab","superseded":{"object_key":"other","rows":6,"bytes":11,"sha256":"cd"},"error":null,"resume_token":null}"#,
        ),
        (
            "a target without an object",
            serde_json::to_string(&Entry::new(&target(), Outcome::Failed)),
            r#"{"account_id":"111122223333","region":"eu-central-1","endpoint_id":"cvpn-endpoint-0123456789abcdef0","outcome":"failed","restrictions":[],"pages":0,"rows_read":0,"rows":0,"active":0,"unparsed_values":0,"duplicates":0,"first_request_id":null,"last_request_id":null,"first_page_requested_at":null,"first_page_at":null,"last_page_at":null,"clock_difference_seconds":null,"unknown_elements":[],"capture_millis":0,"bytes":null,"object_key":null,"sha256":null,"superseded":null,"error":null,"resume_token":null}"#,
        ),
        (
            "endpoints with an object",
            serde_json::to_string(&endpoints),
            r#"{"outcome":"complete","rows":6,"bytes":11,"object_key":"other","sha256":"cd","first_page_requested_at":"1970-01-01T00:00:01.000Z","first_page_at":"1970-01-01T00:00:02.000Z","last_page_at":"1970-01-01T00:00:03.000Z","unknown_elements":[],"error":null}"#,
        ),
        (
            "endpoints without an object",
            serde_json::to_string(&ConfigurationEntry::new(Outcome::Failed)),
            r#"{"outcome":"failed","rows":0,"bytes":null,"object_key":null,"sha256":null,"first_page_requested_at":null,"first_page_at":null,"last_page_at":null,"unknown_elements":[],"error":null}"#,
        ),
    ];
    for (name, found, expected) in cases {
        assert_eq!(found.unwrap(), expected, "{name}");
    }
}
