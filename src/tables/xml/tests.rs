mod leaves;
mod limits;
mod listings;
mod rows;
mod shape;

use super::*;
use crate::tables::authorization_rules::authorization_rules;
use crate::tables::connections::RawConnection;
use crate::tables::connections::decoder::connections;
use crate::tables::endpoints::decoder::endpoints;
use crate::tables::endpoints::networks::networks;
use crate::tables::routes::routes;
use crate::target::EndpointId;

const MALFORMED: DecodeError = DecodeError::Malformed;

fn document(content: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<DescribeClientVpnConnectionsResponse>{content}</DescribeClientVpnConnectionsResponse>\n"
    )
}

fn asked() -> EndpointId {
    EndpointId::parse("cvpn-endpoint-0123456789abcdef0").unwrap()
}

/// Returns the token, and the number of connections.
fn count(bytes: &[u8]) -> Result<(Option<String>, usize), DecodeError> {
    let mut rows = 0;
    let end = connections(&Body::new(bytes), |_| {
        rows += 1;
        Ok(())
    })?;
    Ok((end.next_token, rows))
}

fn page(content: &str) -> Result<(Option<String>, usize), DecodeError> {
    count(document(content).as_bytes())
}

fn one_of<T>(content: &[u8], look: impl Fn(RawConnection<'_>) -> T) -> T {
    let [begin, end] = ["<connections><item>", "</item></connections>"];
    let document = document(&format!("{begin}\0{end}")).into_bytes();
    let at = document.iter().position(|&byte| byte == 0).unwrap();
    let document = [&document[..at], content, &document[at + 1..]].concat();
    let mut seen = None;
    connections(&Body::new(&document), |connection| {
        seen = Some(look(connection));
        Ok(())
    })
    .unwrap();
    seen.unwrap()
}

fn one<T>(content: &str, look: impl Fn(RawConnection<'_>) -> T) -> T {
    one_of(content.as_bytes(), look)
}

fn unknown<'c>(connection: &'c RawConnection<'_>) -> Vec<(&'c str, &'c str)> {
    connection.unknown.kept.iter().map(|(name, text)| (name.as_str(), text.as_ref())).collect()
}
