//! CloudWatch Logs over HTTP.

use super::*;
use crate::{FaultyAction, TimeSource};

async fn simulator() -> Simulator {
    let time = TimeSource::Manual("2026-11-23T08:00:00Z".parse().unwrap());
    Simulator::start(Config { record_served: true, time, ..Config::fleet(1, 6, 40) }, 0).await.unwrap()
}

/// Sends a request for the events of half an hour, and returns everything that arrives and how the connection ends.
async fn ask(simulator: &Simulator) -> (String, std::io::Result<usize>) {
    let from = "2026-11-23T07:30:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let body = format!("{{\"logGroupName\":\"client-vpn\",\"startTime\":{from}}}");
    let head =
        "POST / HTTP/1.1\r\nhost: sim\r\nconnection: close\r\ncontent-type: application/x-amz-json-1.1";
    let target = "x-amz-target: Logs_20140328.FilterLogEvents";
    let request = format!("{head}\r\n{target}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let mut stream = connect(simulator).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer).await;
    (String::from_utf8(answer).unwrap(), end)
}

#[tokio::test]
async fn events_are_served_and_recorded_as_logged() {
    let simulator = simulator().await;
    let (answer, end) = ask(&simulator).await;
    assert!(end.is_ok() && answer.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(answer.contains("content-type: application/x-amz-json-1.1\r\n"));
    let served = simulator.served_logs().remove(0);
    assert!(answer.contains(&format!("x-amzn-requestid: {}\r\n", served.request_id)));
    let (from, to) = ("2026-11-23T07:30:00Z".parse().unwrap(), "2026-11-23T07:59:50Z".parse().unwrap());
    let logged = simulator.logged("123456789012", "eu-central-1", "client-vpn", from, to);
    assert!(served.events.len() > 20 && served.events.starts_with(&logged));
    assert_eq!((served.log_group.as_str(), served.next_token), ("client-vpn", None));
    assert_eq!((simulator.log_requests(), simulator.requests(), simulator.served()), (1, 0, vec![]));
}

#[tokio::test]
async fn broken_answers_are_no_pages() {
    for kind in [
        FaultKind::Reset,
        FaultKind::CutBody,
        FaultKind::CutBodyUnframed,
        FaultKind::MalformedXml,
        FaultKind::Unavailable,
        FaultKind::NoList,
    ] {
        let simulator = simulator().await;
        simulator.inject_into(FaultyAction::FilterLogEvents, Fault::on(kind.clone(), 1));
        let (answer, _) = ask(&simulator).await;
        assert_eq!(simulator.served_logs(), [], "{kind:?}");
        let is_cut = matches!(kind, FaultKind::CutBody | FaultKind::CutBodyUnframed);
        assert!(!is_cut || answer.contains("content-type: application/x-amz-json-1.1\r\n"), "{kind:?}");
        let promised_more = promised(&answer).is_some_and(|length| length > body(&answer).len());
        assert_eq!(promised_more, kind == FaultKind::CutBody, "{kind:?}");
        let (whole, _) = ask(&simulator).await;
        assert!(whole.ends_with('}') && simulator.served_logs().len() == 1, "{kind:?}");
    }
}
