//! `DescribeClientVpnEndpoints`.

use super::{Answer, find, position};
use crate::config::Authentication;
use crate::error::ApiError;
use crate::fleet::Fleet;
use crate::parameters::{Parameters, is_filter};
use crate::place::Location;
use crate::random::Stream;
use crate::state::State;
use crate::token::Token;
use crate::xml::{self, Xml};
use jiff::Timestamp;
use std::sync::Arc;

const ACTION: &str = "DescribeClientVpnEndpoints";
const FILTERS: &[&str] = &["endpoint-id", "transport-protocol"];

pub(crate) fn describe(
    state: &State,
    location: &Location,
    parameters: &Parameters,
    request_id: String,
) -> Answer {
    match page(state, location, parameters) {
        Ok((fleets, next)) => {
            Answer::xml(render(location, &fleets, next.as_deref(), &request_id), request_id)
        }
        Err(error) => Answer::error(&error, request_id),
    }
}

type Page = (Vec<Arc<Fleet>>, Option<String>);

fn page(state: &State, location: &Location, parameters: &Parameters) -> Result<Page, ApiError> {
    parameters.only(|name| {
        ["MaxResults", "NextToken"].contains(&name)
            || name.starts_with("ClientVpnEndpointId.")
            || is_filter(name)
    })?;
    let filters = parameters.filters(FILTERS)?;
    let ids = parameters.list("ClientVpnEndpointId");
    for id in &ids {
        find(state, location, id)?;
    }
    if parameters.dry_run()? {
        return Err(ApiError::dry_run());
    }
    let listing = format!("{ACTION} {} {}", location.account_id, location.region);
    let position = position(state, parameters, &listing, filters.digest())?;
    let mut matching = state.places.at(location).into_iter().filter(|listed| {
        let id = listed.fleet.endpoint().id.as_str();
        let field = |name: &str| Some(if name == "endpoint-id" { id } else { "udp" }.to_owned());
        listed.number >= position.offset && (ids.is_empty() || ids.contains(&id)) && filters.match_all(field)
    });
    let fleets = matching.by_ref().take(position.size).map(|listed| listed.fleet).collect();
    let next = matching.next().map(|listed| Token { offset: listed.number, ..position.clone() });
    Ok((fleets, next.map(|token| state.sealer.seal(&token))))
}

fn render(location: &Location, fleets: &[Arc<Fleet>], next: Option<&str>, request_id: &str) -> Vec<u8> {
    Xml::document("DescribeClientVpnEndpointsResponse", Some(xml::EC2), |xml| {
        xml.text("requestId", request_id);
        xml.element("clientVpnEndpoint", |xml| {
            fleets.iter().for_each(|fleet| xml.element("item", |xml| endpoint(xml, location, fleet)));
        });
        xml.optional("nextToken", next);
    })
}

fn endpoint(xml: &mut Xml, location: &Location, fleet: &Fleet) {
    let (id, Location { account_id: account, region }) = (&fleet.endpoint().id, location);
    let mut traits = Stream::of(&[fleet.key(), 0x766e]);
    // Some day of the year 2024.
    let created = Timestamp::from_second(traits.between(1_704_067_200, 1_735_689_599));
    let created = created.unwrap_or(Timestamp::UNIX_EPOCH).strftime("%Y-%m-%dT%H:%M:%S").to_string();
    xml.text("clientVpnEndpointId", id);
    xml.text("description", "Simulated endpoint");
    xml.element("status", |xml| xml.text("code", "available"));
    xml.text("creationTime", &created);
    xml.text("dnsName", &format!("*.{id}.prod.clientvpn.{region}.amazonaws.com"));
    xml.text("clientCidrBlock", &format!("{}/12", fleet.client_range()));
    xml.text("splitTunnel", "true");
    xml.text("vpnProtocol", "openvpn");
    xml.text("transportProtocol", "udp");
    xml.text("vpnPort", "443");
    let certificate =
        format!("arn:aws:acm:{region}:{account}:certificate/00000000-0000-4000-8000-000000000001");
    xml.text("serverCertificateArn", &certificate);
    xml.element("authenticationOptions", |xml| {
        xml.element("item", |xml| {
            authentication(xml, fleet.endpoint().authentication, account, &certificate)
        });
    });
    xml.element("connectionLogOptions", |xml| {
        xml.text("Enabled", "true");
        xml.text("CloudwatchLogGroup", "client-vpn");
    });
    xml.element("tagSet", |xml| {
        xml.element("item", |xml| {
            xml.text("key", "Name");
            xml.text("value", "simulated");
        });
    });
    xml.text("vpcId", &format!("vpc-0{:016x}", traits.number()));
    xml.text("sessionTimeoutHours", traits.pick(&["8", "10", "12", "24"]));
}

fn authentication(xml: &mut Xml, authentication: Authentication, account: &str, certificate: &str) {
    match authentication {
        Authentication::Certificate => {
            xml.text("type", "certificate-authentication");
            xml.element("mutualAuthentication", |xml| xml.text("clientRootCertificateChain", certificate));
        }
        Authentication::Federated => {
            xml.text("type", "federated-authentication");
            let provider = format!("arn:aws:iam::{account}:saml-provider/corp");
            xml.element("federatedAuthentication", |xml| xml.text("samlProviderArn", &provider));
        }
        Authentication::DirectoryService => {
            xml.text("type", "directory-service-authentication");
            xml.element("activeDirectory", |xml| xml.text("directoryId", "d-0123456789"));
        }
    }
}
