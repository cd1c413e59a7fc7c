use super::*;

fn session(id: &str, begin: &str, end: &str, device_ip: Option<&str>) -> Session {
    let (begin, end): (Timestamp, Timestamp) = (begin.parse().unwrap(), end.parse().unwrap());
    Session {
        connection_id: id.to_owned(),
        endpoint_id: "cvpn-endpoint-0".to_owned(),
        identity: Some("Maria".to_owned()),
        identity_key: Some("maria".to_owned()),
        connection_established_time: begin,
        ends_at: end,
        duration_seconds: end.duration_since(begin).as_secs(),
        begin_seen: true,
        device_ip: device_ip.map(str::to_owned),
        ..Session::default()
    }
}

fn findings(sessions: &[Session], zone: &str) -> Vec<(Rule, String, String)> {
    let mut findings = Findings::default();
    let (from, to) = ("2026-01-01T00:00:00Z".parse().unwrap(), "2027-01-01T00:00:00Z".parse().unwrap());
    for session in sessions {
        findings.add_session(session, from, to, &TimeZone::get(zone).unwrap());
    }
    findings.finish(&LogEvents::default(), None);
    let found = findings.list.into_iter();
    found.map(|of| (of.rule, of.connection_id.unwrap_or_default(), of.detail)).collect()
}

fn of(found: &[(Rule, String, String)], rule: Rule) -> Vec<(&str, &str)> {
    found.iter().filter(|of| of.0 == rule).map(|of| (of.1.as_str(), of.2.as_str())).collect()
}

#[test]
fn working_hours_are_those_of_the_time_zone() {
    // 2026-11-06 is a Friday.
    let sessions = [
        session("before", "2026-11-06T06:59:59Z", "2026-11-06T07:30:00Z", None),
        session("first", "2026-11-06T07:00:00Z", "2026-11-06T07:30:00Z", None),
        session("last", "2026-11-06T16:59:59Z", "2026-11-06T17:30:00Z", None),
        session("after", "2026-11-06T17:00:00Z", "2026-11-06T17:30:00Z", None),
        session("saturday", "2026-11-07T10:00:00Z", "2026-11-07T10:30:00Z", None),
    ];
    let found = findings(&sessions, "Europe/Berlin");
    assert_eq!(
        of(&found, Rule::OutsideWorkingHours),
        [
            ("before", "began on Friday at 07:59"),
            ("after", "began on Friday at 18:00"),
            ("saturday", "began on Saturday at 11:00"),
        ]
    );
}

#[test]
fn a_session_is_compared_with_those_that_began_before_it() {
    let sessions = [
        session("one", "2026-11-06T10:00:00Z", "2026-11-06T12:00:00Z", Some("198.51.100.1")),
        session("within", "2026-11-06T10:30:00Z", "2026-11-06T10:40:00Z", Some("198.51.100.1")),
        // Over the one that ended long ago, the first is still there.
        session("elsewhere", "2026-11-06T11:00:00Z", "2026-11-06T11:30:00Z", Some("203.0.113.9")),
        session("reconnected", "2026-11-06T11:59:00Z", "2026-11-06T13:00:00Z", Some("203.0.113.9")),
        session("unknown address", "2026-11-06T12:30:00Z", "2026-11-06T12:40:00Z", None),
    ];
    let found = findings(&sessions, "UTC");
    assert_eq!(
        of(&found, Rule::OverlappingSessions),
        [("within", "beside one"), ("elsewhere", "beside one"), ("unknown address", "beside reconnected")]
    );
    assert_eq!(
        of(&found, Rule::SeveralAddresses),
        [("elsewhere", "beside one, from 203.0.113.9 and 198.51.100.1")]
    );
}

#[test]
fn the_other_rules_have_their_thresholds() {
    let plain = || session("plain", "2026-11-06T10:00:00Z", "2026-11-06T21:59:59Z", None);
    let long = session("long", "2026-11-07T00:00:00Z", "2026-11-07T12:00:00Z", None);
    let compliant = Some(vec!["compliant".to_owned()]);
    let both = Some(vec!["compliant".to_owned(), "quarantined".to_owned()]);
    let sessions = [
        plain(),
        long,
        Session { posture_compliance_statuses: compliant, policy_denials: Some(0), ..plain() },
        Session {
            posture_compliance_statuses: both,
            policy_denials: Some(2),
            failed_to_terminate: true,
            ..plain()
        },
    ];
    let found = findings(&sessions, "UTC");
    assert_eq!(of(&found, Rule::LongSession), [("long", "12 hours at the least")]);
    assert_eq!(of(&found, Rule::PostureNotCompliant), [("plain", "quarantined")]);
    assert_eq!(of(&found, Rule::PolicyDenied), [("plain", "2 denials")]);
    assert_eq!(of(&found, Rule::FailedToTerminate), [("plain", "")]);
}
