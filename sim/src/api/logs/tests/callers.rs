//! Accounts, Regions, roles and quotas.

use super::*;
use crate::account_region::AccountRegion;
use crate::assumed::AssumedRole;

fn signed(region: &str, service: &str) -> Option<Signature> {
    let [access_key_id, region, service] = ["AKIA", region, service].map(str::to_owned);
    Some(Signature { access_key_id, region, service })
}

#[test]
fn a_request_is_for_the_account_and_region_it_was_signed_for() {
    let client = Client::of(Config::organisation(1, 1, &["eu-central-1", "us-east-1"], 6, 40));
    let body = json!({"logGroupName": "client-vpn", "startTime": NOW - HOUR}).to_string();
    let endpoints = |region: &str| {
        let (status, answer) = client.answer(signed(region, "logs"), "FilterLogEvents", body.as_bytes());
        assert_eq!(status, 200, "{answer}");
        let mut ids: Vec<_> =
            answer["events"].as_array().unwrap().iter().map(|found| endpoint_of(&event(found))).collect();
        ids.sort();
        ids.dedup();
        ids
    };
    let (home, abroad) = (endpoints("eu-central-1"), endpoints("us-east-1"));
    assert!(!home.is_empty() && !abroad.is_empty() && !home.iter().any(|id| abroad.contains(id)));
    let wrong = client.answer(signed("eu-central-1", "ec2"), "FilterLogEvents", body.as_bytes()).1;
    assert_eq!(wrong["__type"], "InvalidSignatureException");
    client.state.outages.disable("us-east-1");
    let disabled = client.answer(signed("us-east-1", "logs"), "FilterLogEvents", body.as_bytes()).1;
    assert_eq!(disabled["__type"], "UnrecognizedClientException");
}

#[test]
fn quotas_are_those_of_the_region() {
    let throttling = Some(Throttling::EC2);
    let client = Client::of(Config { throttling, ..Config::fleet(1, 1, 1) });
    for (region, action, allowed) in [
        ("us-east-1", "FilterLogEvents", 25),
        ("eu-central-1", "FilterLogEvents", 5),
        ("eu-west-1", "FilterLogEvents", 10),
        ("us-east-1", "DescribeLogGroups", 10),
    ] {
        assert_eq!(quota(action, region), allowed, "{region} {action}");
        // A bucket that was emptied in an hour has nothing to give now, however long this takes.
        let later = Instant::now() + std::time::Duration::from_secs(3600);
        let limit = Throttling { capacity: allowed, refill_per_second: allowed };
        let at = AccountRegion::new("123456789012", region);
        let admit = |_: &u32| client.state.buckets.admit_up_to(limit, action, &at, later);
        assert_eq!((0..100).filter(admit).count(), usize::try_from(allowed).unwrap());
        let error = client.answer(signed(region, "logs"), action, b"{}").1;
        assert_eq!(error["__type"], "ThrottlingException");
    }
}

#[test]
fn an_assumed_role_sees_the_logs_of_its_own_account_until_it_expires() {
    let client = Client::of(Config::organisation(1, 2, &["eu-central-1"], 6, 40));
    let places = client.state.places.all();
    let member = &places.last().unwrap().0.account_id;
    let role = AssumedRole {
        account_id: member.clone(),
        role_name: "audit".to_owned(),
        session_name: "audit-1".to_owned(),
        external_id: None,
    };
    let access_key_id = client.state.sessions.begin(role).access_key_id;
    let signature = || {
        Some(Signature { access_key_id: access_key_id.clone(), ..signed("eu-central-1", "logs").unwrap() })
    };
    let body = json!({"logGroupName": "client-vpn", "startTime": NOW - HOUR}).to_string();
    let (_, answer) = client.answer(signature(), "FilterLogEvents", body.as_bytes());
    let here = places.iter().filter(|(at, _)| at.account_id == *member);
    let ids: Vec<&str> = here.map(|(_, fleet)| fleet.endpoint().id.as_str()).collect();
    let events = answer["events"].as_array().unwrap();
    assert!(
        !events.is_empty() && events.iter().all(|found| ids.contains(&endpoint_of(&event(found)).as_str()))
    );
    let (_, groups) = client.answer(signature(), "DescribeLogGroups", b"{}");
    let arn = format!("arn:aws:logs:eu-central-1:{member}:log-group:client-vpn");
    assert_eq!(groups["logGroups"][0]["logGroupArn"], arn);
    client.state.sessions.expire(member);
    let (status, error) = client.answer(signature(), "DescribeLogGroups", b"{}");
    assert_eq!((status, &error["__type"]), (400, &json!("ExpiredTokenException")));
}
