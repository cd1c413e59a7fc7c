//! `DescribeClientVpnEndpoints`.

use super::{Answer, is_endpoint_id, place};
use crate::config::Authentication;
use crate::error::ApiError;
use crate::fleet::Fleet;
use crate::parameters::{Parameters, is_filter};
use crate::random::Stream;
use crate::state::State;
use crate::token::Token;
use crate::xml::{self, Xml};
use jiff::Timestamp;

const ACTION: &str = "DescribeClientVpnEndpoints";
const FILTERS: &[&str] = &["endpoint-id", "transport-protocol"];

pub(crate) fn describe(state: &State, parameters: &Parameters, request_id: String) -> Answer {
    match page(state, parameters) {
        Ok((fleets, next)) => Answer::xml(render(state, &fleets, next.as_deref(), &request_id), request_id),
        Err(error) => Answer::error(&error, request_id),
    }
}

fn page<'a>(state: &'a State, parameters: &Parameters) -> Result<(Vec<&'a Fleet>, Option<String>), ApiError> {
    parameters.only(|name| {
        ["MaxResults", "NextToken"].contains(&name)
            || name.starts_with("ClientVpnEndpointId.")
            || is_filter(name)
    })?;
    let filters = parameters.filters(FILTERS)?;
    let ids = parameters.list("ClientVpnEndpointId");
    for id in &ids {
        if !is_endpoint_id(id) {
            return Err(ApiError::malformed_endpoint(id));
        }
        state.fleet(id).ok_or_else(|| ApiError::endpoint_not_found(id))?;
    }
    if parameters.dry_run()? {
        return Err(ApiError::dry_run());
    }
    let place = place(state, parameters, ACTION, filters.digest())?;
    let mut matching = state.fleets.iter().enumerate().skip(place.offset).filter(|(_, fleet)| {
        let id = fleet.endpoint().id.as_str();
        let field = |name: &str| Some(if name == "endpoint-id" { id } else { "udp" }.to_owned());
        (ids.is_empty() || ids.contains(&id)) && filters.match_all(field)
    });
    let fleets = matching.by_ref().take(place.size).map(|(_, fleet)| fleet).collect();
    let next = matching.next().map(|(offset, _)| state.sealer.seal(&Token { offset, ..place }));
    Ok((fleets, next))
}

fn render(state: &State, fleets: &[&Fleet], next: Option<&str>, request_id: &str) -> Vec<u8> {
    Xml::document("DescribeClientVpnEndpointsResponse", Some(xml::EC2), |xml| {
        xml.text("requestId", request_id);
        xml.element("clientVpnEndpoint", |xml| {
            fleets.iter().for_each(|fleet| xml.element("item", |xml| endpoint(xml, state, fleet)));
        });
        xml.optional("nextToken", next);
    })
}

fn endpoint(xml: &mut Xml, state: &State, fleet: &Fleet) {
    let (id, account, region) = (&fleet.endpoint().id, &state.account_id, &state.region);
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
