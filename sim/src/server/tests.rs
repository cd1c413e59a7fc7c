mod access;
mod logs;

use crate::{Config, Connection, Fault, FaultKind, Simulator};
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

async fn simulator() -> Simulator {
    let config = Config { record_served: true, ..Config::fleet(1, 1, 40) };
    Simulator::start(config, 0).await.unwrap()
}

fn request(simulator: &Simulator) -> String {
    let form = format!(
        "Action=DescribeClientVpnConnections&Version=2016-11-15&ClientVpnEndpointId={}",
        simulator.endpoint_ids()[0]
    );
    let head = "POST / HTTP/1.1\r\nhost: sim\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded";
    format!("{head}\r\ncontent-length: {}\r\n\r\n{form}", form.len())
}

async fn connect(simulator: &Simulator) -> TcpStream {
    TcpStream::connect(simulator.url().trim_start_matches("http://")).await.unwrap()
}

/// Sends a request, and returns everything that arrives on its connection and how the connection ends.
async fn ask(simulator: &Simulator) -> (String, std::io::Result<usize>) {
    let mut stream = connect(simulator).await;
    stream.write_all(request(simulator).as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer).await;
    (String::from_utf8(answer).unwrap(), end)
}

async fn ask_with(kind: FaultKind) -> (String, std::io::Result<usize>) {
    let simulator = simulator().await;
    simulator.inject(Fault::on(kind, 1));
    let answer = ask(&simulator).await;
    assert_eq!(simulator.served(), [], "a broken answer is no page");
    assert!(
        ask(&simulator).await.0.ends_with("</DescribeClientVpnConnectionsResponse>"),
        "the next one is whole"
    );
    assert_eq!((simulator.served().len(), simulator.requests()), (1, 2));
    answer
}

fn promised(answer: &str) -> Option<usize> {
    answer.split("\r\n").find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn a_whole_page_is_served_and_recorded() {
    let simulator = simulator().await;
    let (answer, end) = ask(&simulator).await;
    assert!(end.is_ok() && answer.starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(promised(&answer), Some(body(&answer).len()));
    let served = simulator.next_served().await;
    assert_eq!(served[0].connections.len(), 40);
    assert!(answer.contains(&format!("x-amzn-requestid: {}\r\n", served[0].request_id)));
    assert!(answer.contains(&format!("<requestId>{}</requestId>", served[0].request_id)));
    assert_eq!(simulator.served(), []);
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let (answer, end) = ask_with(FaultKind::Reset).await;
    assert_eq!(answer, "");
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_cut_body_ends_before_its_promised_length() {
    let (answer, end) = ask_with(FaultKind::CutBody).await;
    assert!(end.is_ok());
    assert_eq!(promised(&answer).unwrap() / 2, body(&answer).len());
}

#[tokio::test]
async fn an_unframed_cut_body_ends_after_a_row() {
    let (answer, end) = ask_with(FaultKind::CutBodyUnframed).await;
    assert!(end.is_ok() && answer.contains("\r\nconnection: close\r\n"));
    assert!(!answer.contains("content-length") && !answer.contains("transfer-encoding"));
    assert!(body(&answer).ends_with("</item>"));
    assert_eq!(body(&answer).matches("<connectionId>").count(), 20);
    assert!(!body(&answer).ends_with("</postureComplianceStatusSet>"));
}

#[tokio::test]
async fn malformed_xml_is_of_the_promised_length() {
    let (answer, _) = ask_with(FaultKind::MalformedXml).await;
    assert_eq!(promised(&answer), Some(body(&answer).len()));
    assert!(answer.ends_with("<<<<"));
}

#[tokio::test]
async fn a_hostile_answer_is_of_the_promised_length_and_counts_as_none() {
    for (kind, has) in [
        (FaultKind::RenamedList, "<connectionSet><item>"),
        (FaultKind::MemberRows, "<connections><member>"),
        (FaultKind::LargeBody, "  </DescribeClientVpnConnectionsResponse>"),
        (FaultKind::LongToken, "</connections><nextToken>tttt"),
    ] {
        let (answer, _) = ask_with(kind.clone()).await;
        assert_eq!(promised(&answer), Some(body(&answer).len()), "{kind:?}");
        assert!(body(&answer).contains(has), "{kind:?}");
    }
}

#[tokio::test]
async fn long_values_are_served() {
    let simulator = simulator().await;
    simulator.inject(Fault::on(FaultKind::LongValue, 1));
    let (answer, _) = ask(&simulator).await;
    let served = simulator.served();
    let name = served[0].connections[39].username.as_ref().unwrap();
    assert_eq!(name.len(), 64 * 1024 + 1);
    assert_eq!(body(&answer).matches(&format!("<username>{name}</username>")).count(), 40);
}

#[tokio::test]
async fn an_unavailable_service_answers_html() {
    let (answer, _) = ask_with(FaultKind::Unavailable).await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("content-type: text/html"));
}

#[tokio::test]
async fn a_stalled_answer_never_comes() {
    for (kind, starts) in [(FaultKind::Stall, false), (FaultKind::StallBody, true)] {
        let simulator = simulator().await;
        simulator.inject(Fault::on(kind, 1));
        let mut stream = connect(&simulator).await;
        stream.write_all(request(&simulator).as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let end = tokio::time::timeout(Duration::from_millis(200), stream.read_to_end(&mut answer)).await;
        assert!(end.is_err(), "still open");
        assert_eq!(!answer.is_empty(), starts);
        drop(stream);
        assert!(ask(&simulator).await.1.is_ok());
    }
}

#[tokio::test]
async fn latency_delays_an_answer() {
    let began = Instant::now();
    let simulator = simulator().await;
    simulator.inject(Fault::on(FaultKind::LatencyMillis(150), 1));
    ask(&simulator).await.1.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn a_page_that_its_client_did_not_take_was_not_served() {
    let simulator = simulator().await;
    let row = Connection { username: Some("x".repeat(1 << 20)), ..Connection::default() };
    simulator.inject(Fault::on(FaultKind::Custom { connections: vec![row; 64] }, 1));
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream =
        socket.connect(simulator.url().trim_start_matches("http://").parse().unwrap()).await.unwrap();
    stream.write_all(request(&simulator).as_bytes()).await.unwrap();
    stream.read_exact(&mut [0; 512]).await.unwrap();
    drop(stream);
    let gone = async {
        while !simulator.served().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
}

#[tokio::test]
async fn dropping_the_simulator_ends_its_connections() {
    let simulator = simulator().await;
    simulator.inject(Fault::always(FaultKind::Stall));
    let mut stream = connect(&simulator).await;
    stream.write_all(request(&simulator).as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let address = simulator.url().trim_start_matches("http://").to_owned();
    drop(simulator);
    stream.read_to_end(&mut Vec::new()).await.ok();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn the_header_says_for_which_region_a_request_is() {
    let config = Config::organisation(1, 1, &["eu-central-1", "us-east-1"], 1, 40);
    let simulator = Simulator::start(config, 0).await.unwrap();
    let [home, abroad] = &simulator.endpoints()[..] else { panic!("two endpoints") };
    for (region, id) in [("eu-central-1", &home.2), ("us-east-1", &abroad.2)] {
        let form = "Action=DescribeClientVpnEndpoints&Version=2016-11-15";
        let signature =
            format!("AWS4-HMAC-SHA256 Credential=AKIA/20261123/{region}/ec2/aws4_request, Signature=0");
        let head = format!("POST / HTTP/1.1\r\nhost: sim\r\nconnection: close\r\nauthorization: {signature}");
        let mut stream = connect(&simulator).await;
        let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{form}", form.len());
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains(&format!("<clientVpnEndpointId>{id}</clientVpnEndpointId>")), "{answer}");
        assert_eq!(answer.matches("<clientVpnEndpointId>").count(), 1);
    }
}
