//! The beginning of a capture, and clocks that are wrong.

use client_vpn_audit::aws::ec2::PageTimes;
use client_vpn_audit::capture::request::Progress;
use client_vpn_audit::clock::Clock;
use client_vpn_audit::invocation::handler::Auditor;
use client_vpn_audit::invocation::settings::Settings;
use jiff::SignedDuration;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Recorder, at};
use crate::harness::{sdk_config, snapshot};

/// An EC2 whose clock and ours move on by ten minutes with each request; it answers the first one with an error.
async fn slow_ec2(clock: Clock) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for number in 1.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await.unwrap();
            clock.set(at(10 * number));
            let (status, body) = match number {
                1 => ("503 Unavailable", String::new()),
                _ => {
                    let body = "<requestId>r</requestId><connections/>";
                    let operation = "DescribeClientVpnConnectionsResponse";
                    (
                        "200 OK",
                        format!(
                            "<{operation} xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">{body}</{operation}>"
                        ),
                    )
                }
            };
            let date = at(10 * number - 5).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            let head = format!(
                "HTTP/1.1 {status}\r\ndate: {date}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_begins_when_the_attempt_that_succeeded_was_sent() {
    let recorder = Recorder::new(1).await;
    recorder.world.clock.set(at(0));
    let url = slow_ec2(recorder.world.clock.clone()).await;
    let settings = Settings::parse(recorder.world.variables(&[])).unwrap();
    let sdk = sdk_config(&url, "eu-central-1");
    let auditor = Auditor::new(settings, sdk, recorder.world.clock.clone(), Progress::silent());
    let report = snapshot(&auditor, json!({"time": at(0).to_string()})).await;
    let entry = &report.record.targets[0];
    assert_eq!(entry.outcome.as_str(), "complete", "{entry:?}");
    // The first attempt was sent at 0 and took ten minutes, the second was sent then and took ten more.
    let times = PageTimes { first_page_requested_at: at(10), first_page_at: at(20), last_page_at: at(20) };
    assert_eq!(entry.tally.times, Some(times));
    assert_eq!(entry.tally.clock_difference_seconds, Some(0), "EC2's time lies between the two");
    let text = std::fs::read_to_string(recorder.world.lake().join(&report.run_keys[0])).unwrap();
    assert!(text.contains("\"first_page_requested_at\":\"2025-11-23T22:10:00.000Z\""), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_is_in_the_ledger() {
    let recorder = Recorder::new(1).await;
    for (ahead, expected) in [(0, 0), (300, 299), (-300, -300)] {
        let now = at(30) + SignedDuration::from_secs(ahead);
        recorder.world.simulator.set_time(at(30));
        recorder.world.clock.set(now);
        let fields = json!({"time": now.to_string(), "targets": ["*"]});
        let report = snapshot(&recorder.world.auditor(&[]), fields).await;
        assert_eq!(report.record.targets[0].tally.clock_difference_seconds, Some(expected), "{ahead}");
        let discovery = report.record.places[0].discovery.as_ref().unwrap();
        assert_eq!(discovery.clock_difference_seconds, Some(expected), "{ahead}");
        assert_eq!((discovery.first_page_requested_at, discovery.last_page_at), (Some(now), Some(now)));
    }
}
