//! Faults past HTTP of the actions about access.

use super::*;
use crate::FaultyAction::{self, *};

const ACTIONS: [FaultyAction; 4] = [
    DescribeClientVpnAuthorizationRules,
    DescribeClientVpnRoutes,
    ExportClientVpnClientCertificateRevocationList,
    GetClientVpnEndpointAuthorizationPolicy,
];

/// Sends a request for an action, and returns everything that arrives and how the connection ends.
async fn ask_for(simulator: &Simulator, action: FaultyAction) -> (String, std::io::Result<usize>) {
    let request = request(simulator).replace("DescribeClientVpnConnections", action.name());
    let (head, form) = request.split_once("\r\n\r\n").unwrap();
    let (head, _) = head.rsplit_once("\r\n").unwrap();
    let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{form}", form.len());
    let mut stream = connect(simulator).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer).await;
    (String::from_utf8_lossy(&answer).into_owned(), end)
}

async fn ask_once_with(kind: FaultKind, action: FaultyAction) -> (String, std::io::Result<usize>) {
    let simulator = simulator().await;
    simulator.inject_into(action, Fault::on(kind, 1));
    let answer = ask_for(&simulator, action).await;
    let root_end = format!("</{}Response>", action.name());
    assert!(ask_for(&simulator, action).await.0.ends_with(&root_end), "the next one is whole");
    assert_eq!((simulator.action_requests(action), simulator.requests()), (2, 0));
    answer
}

#[tokio::test]
async fn an_answer_is_cut_or_reset() {
    for action in ACTIONS {
        let (answer, end) = ask_once_with(FaultKind::Reset, action).await;
        assert_eq!((answer.as_str(), end.unwrap_err().kind()), ("", ErrorKind::ConnectionReset));
        let (answer, _) = ask_once_with(FaultKind::CutBody, action).await;
        assert!(promised(&answer).unwrap() > body(&answer).len(), "{action:?}");
        let (answer, _) = ask_once_with(FaultKind::CutBodyUnframed, action).await;
        assert!(!answer.contains("content-length") && !answer.ends_with("Response>"), "{action:?}");
        assert!(answer.ends_with("</item>") || answer.ends_with("</requestId>"), "{action:?}");
    }
}

#[tokio::test]
async fn a_stalled_answer_never_comes_to_its_end() {
    for action in ACTIONS {
        for kind in [FaultKind::Stall, FaultKind::StallBody] {
            let simulator = simulator().await;
            simulator.inject_into(action, Fault::on(kind, 1));
            let answer = tokio::time::timeout(Duration::from_millis(100), ask_for(&simulator, action)).await;
            assert!(answer.is_err(), "{action:?}");
        }
    }
}

#[tokio::test]
async fn a_change_is_in_force_from_the_next_answer_on() {
    let simulator = simulator().await;
    let id = simulator.endpoint_ids().remove(0);
    let before = simulator.access(&id).unwrap();
    assert_eq!(simulator.access("cvpn-endpoint-0123456789abcdef0"), None);
    let cidr = |answer: &str| answer.contains("<destinationCidr>192.168.7.0/24</destinationCidr>");
    assert!(!cidr(&ask_for(&simulator, DescribeClientVpnAuthorizationRules).await.0));
    simulator.change_access(&id, |access| access.rules[0].destination_cidr = "192.168.7.0/24".to_owned());
    assert!(cidr(&ask_for(&simulator, DescribeClientVpnAuthorizationRules).await.0));
    let after = simulator.access(&id).unwrap();
    assert_eq!((after.routes == before.routes, after.rules == before.rules), (true, false));

    let endpoint = Config::fleet(1, 1, 40).endpoints.remove(0);
    simulator.remove_endpoint(&id);
    assert_eq!(simulator.access(&id), None);
    simulator.add_endpoint("123456789012", "eu-central-1", endpoint);
    assert_eq!(simulator.access(&id), Some(before), "a new endpoint of the same id has no changes");
}
