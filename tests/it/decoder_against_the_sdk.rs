//! Our decoder of EC2's answers against the SDK's: the same rows, or a refusal. Over pages of the simulator, the samples of the
//! documentation, and what damage makes of them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::operation::describe_client_vpn_connections::DescribeClientVpnConnectionsOutput;
use aws_sdk_ec2::types::ClientVpnConnection;
use client_vpn_audit::tables::connections::RawConnection;
use client_vpn_audit::tables::connections::columns::COLUMNS;
use client_vpn_audit::tables::connections::decoder::connections;
use client_vpn_audit::tables::xml::Body;
use client_vpn_sim::{Fault, FaultKind};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::mutations::mutation;
use crate::harness::stub::Stub;
use crate::harness::{World, fleet, sdk_config, seeded};

const MUTATED_ANSWERS: usize = 2_000;

/// The field that is a list of texts. All others are texts.
const POSTURES: &str = "postureComplianceStatuses";

/// A CDATA section with the text `x`.
const CDATA: &str = "<![CDATA[x]]>";

/// Texts that change the meaning of XML when they are inserted.
const WORDS: &[&str] = &[
    "&amp;",
    "&#233;",
    "&#x1F600;",
    "&#0;",
    "&nbsp;",
    "&",
    "<",
    ">",
    "\"",
    CDATA,
    "<!-- x -->",
    "<?x y?>",
    "<!DOCTYPE x>",
    "<username>x</username>",
    "<username/>",
    "</username>",
    "<newField>y</newField>",
    "<status><code>active</code></status>",
    "<postureComplianceStatusSet><item>z</item></postureComplianceStatusSet>",
    "</item><item>",
    "<item>",
    "</item>",
    "<connections>",
    "</connections>",
    "<connections/>",
    "<nextToken>t</nextToken>",
    "<nextToken/>",
    "\r\n",
    " ",
    "é",
    "\u{0}",
    "<?xml version=\"1.0\"?>",
    "</DescribeClientVpnConnectionsResponse>",
    "<x:username>v</x:username>",
    " a=\"b\"",
    " a=b",
];

type Rows<'a> = (Vec<RawConnection<'a>>, Option<String>);

/// Decodes an answer with the SDK. Returns `None` if the SDK refuses it.
async fn by_the_sdk(url: &str) -> Option<Rows<'static>> {
    let sdk = sdk_config(url, "eu-central-1").into_builder().retry_config(RetryConfig::disabled()).build();
    let answer =
        Client::new(&sdk).describe_client_vpn_connections().client_vpn_endpoint_id("cvpn-endpoint-1").send();
    answer.await.ok().map(rows)
}

fn rows(output: DescribeClientVpnConnectionsOutput) -> Rows<'static> {
    (output.connections.unwrap_or_default().into_iter().map(row).collect(), output.next_token)
}

fn row(connection: ClientVpnConnection) -> RawConnection<'static> {
    let status = connection.status;
    let texts = [
        ("timestamp", connection.timestamp),
        ("connectionId", connection.connection_id),
        ("username", connection.username),
        ("connectionEstablishedTime", connection.connection_established_time),
        ("ingressBytes", connection.ingress_bytes),
        ("egressBytes", connection.egress_bytes),
        ("ingressPackets", connection.ingress_packets),
        ("egressPackets", connection.egress_packets),
        ("clientIp", connection.client_ip),
        ("clientIpv6Address", connection.client_ipv6_address),
        ("commonName", connection.common_name),
        ("status.code", status.as_ref().and_then(|status| Some(status.code.as_ref()?.as_str().to_owned()))),
        ("status.message", status.and_then(|status| status.message)),
        ("connectionEndTime", connection.connection_end_time),
        ("authorizationPolicyLastEvaluatedTime", connection.authorization_policy_last_evaluated_time),
    ];
    for source in COLUMNS.iter().filter_map(|column| column.source) {
        let is_taken = source == POSTURES || texts.iter().any(|(field, _)| *field == source);
        assert!(is_taken, "tests/it/decoder_against_the_sdk.rs does not take {source} from the SDK");
    }
    let mut row = RawConnection {
        client_vpn_endpoint_id: connection.client_vpn_endpoint_id.map(Cow::from),
        posture_compliance_statuses: connection
            .posture_compliance_statuses
            .map(|all| all.into_iter().map(Cow::from).collect()),
        ..RawConnection::default()
    };
    for (field, text) in texts {
        let column = row.text_mut(field);
        *column.unwrap_or_else(|| panic!("src/tables/connections/columns.rs has no column for {field}")) =
            text.map(Cow::from);
    }
    row
}

/// Decodes an answer with our decoder. Returns also the number of fields that we keep and the SDK drops, and `true` if there are
/// characters that XML does not allow.
fn by_us<'a>(body: &'a Body<'_>) -> Option<(Rows<'a>, usize, bool)> {
    let (mut rows, mut unknown, mut is_odd) = (Vec::new(), 0, false);
    let end = connections(body, |mut connection| {
        unknown += std::mem::take(&mut connection.unknown).kept.len();
        is_odd |= std::mem::take(&mut connection.is_odd);
        rows.push(connection);
        Ok(())
    });
    let end = end.ok()?;
    Some(((rows, end.next_token), unknown, is_odd || end.is_odd))
}

/// The same with, instead of all fields that we kept, those known ones that have elements in them.
fn with_elements<'a>(body: &'a Body<'_>) -> Option<(Rows<'a>, usize, bool)> {
    let mut with_elements = 0;
    let is_known = |name: &str| !["newField", "clientDeviceSet"].contains(&name);
    let is_counted = |(name, text): &&(String, Cow<'_, str>)| is_known(name) && text.contains('<');
    connections(body, |connection| {
        with_elements += connection.unknown.kept.iter().filter(is_counted).count();
        Ok(())
    })
    .ok()?;
    by_us(body).map(|(rows, _, is_odd)| (rows, with_elements, is_odd))
}

/// The body of an answer of the simulator's.
async fn answer(world: &World, endpoint_id: &str, more: &str) -> Vec<u8> {
    let url = world.simulator.url();
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
    let form = format!(
        "Action=DescribeClientVpnConnections&Version=2016-11-15&ClientVpnEndpointId={endpoint_id}{more}"
    );
    let head = "POST / HTTP/1.1\r\nhost: ec2\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded";
    let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{form}", form.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let body = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    answer.split_off(body)
}

async fn whole_bodies() -> Vec<Vec<u8>> {
    let world = World::new(fleet(3, 12)).await;
    let mut bodies = vec![
        include_bytes!("../fixtures/aws-cli.xml").to_vec(),
        include_bytes!("../fixtures/ec2-api-reference.xml").to_vec(),
    ];
    for endpoint_id in world.simulator.endpoint_ids() {
        for more in ["", "&MaxResults=5", "&Filter.1.Name=username&Filter.1.Value.1=nobody"] {
            bodies.push(answer(&world, &endpoint_id, more).await);
        }
    }
    for kind in [FaultKind::OddValues, FaultKind::UnknownField, FaultKind::EmptyPage, FaultKind::DuplicateRow]
    {
        world.simulator.inject(Fault::always(kind));
        bodies.push(answer(&world, &world.simulator.endpoint_ids()[0], "").await);
        world.simulator.clear_faults();
    }
    bodies
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_rows_or_a_refusal() {
    let whole = whole_bodies().await;
    let mut unknown_fields = 0;
    for body in &whole {
        let text = String::from_utf8_lossy(body);
        let stub = Stub::start(&[(200, &text)]).await;
        let body = Body::new(body);
        let (sdk, (ours, unknown, is_odd)) = (by_the_sdk(stub.url()).await, by_us(&body).unwrap());
        // Of characters that XML does not allow, it refuses the answer.
        assert_eq!(sdk.is_none(), is_odd, "{text}");
        if let Some(sdk) = sdk {
            assert_eq!(ours, sdk, "{text}");
        }
        unknown_fields += if is_odd { 0 } else { unknown };
    }
    assert_eq!(unknown_fields, 2 * 12, "those that the SDK drops are kept");

    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut runner = seeded();
    let mutations = prop::collection::vec(mutation(WORDS), 1..4);
    for _ in 0..MUTATED_ANSWERS {
        let (index, drawn) = (any::<Index>(), &mutations).new_tree(&mut runner).unwrap().current();
        // Damage to the declaration does not concern the rows, so it stays as it is.
        let body = &whole[index.index(whole.len())];
        let end = body.windows(2).position(|bytes| bytes == b"?>").map_or(0, |position| position + 2);
        let (mut declaration, mut rest) = (body[..end].to_vec(), body[end..].to_vec());
        drawn.iter().for_each(|mutation| mutation.apply(&mut rest, &whole));
        declaration.append(&mut rest);
        let body = declaration;
        // The stub takes texts.
        let text = String::from_utf8_lossy(&body).into_owned();
        // The SDK drops a CDATA section and the text after it, so it is served the section's text.
        let stub = Stub::start(&[(200, &text.replace(CDATA, "x"))]).await;
        let body = Body::new(text.as_bytes());
        let what = match (by_the_sdk(stub.url()).await, with_elements(&body)) {
            // It reads a part of a text that has an element in it.
            (Some(sdk), Some((ours, fields_with_elements, _))) if ours != sdk && fields_with_elements > 0 => {
                "read by us alone"
            }
            (Some(sdk), Some((ours, _, _))) => {
                assert_eq!(ours, sdk, "{text}");
                "the same rows"
            }
            (None, None) => "refused by both",
            // The SDK reads less than the answer contains.
            (Some(_), None) => "refused by us alone",
            // A field that is not known to have elements in it, or a character that XML does not allow: kept as text.
            (None, Some((_, fields_with_elements, is_odd))) => {
                assert!(fields_with_elements > 0 || is_odd, "the SDK refuses what we take: {text}");
                "read by us alone"
            }
        };
        *counts.entry(what).or_default() += 1;
    }
    println!("{counts:?}");
    let is_frequent = |kind| counts.get(kind).is_some_and(|&count| count > MUTATED_ANSWERS / 50);
    assert!(
        ["the same rows", "refused by both", "refused by us alone"].into_iter().all(is_frequent),
        "{counts:?}"
    );
}
