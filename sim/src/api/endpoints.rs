//! `DescribeClientVpnEndpoints`.

use super::{Answer, find, position};
use crate::config::Authentication;
use crate::error::ApiError;
use crate::location::Location;
use crate::parameters::{Parameters, is_filter};
use crate::place::Listed;
use crate::setup::Setup;
use crate::state::State;
use crate::token::Token;
use crate::xml::{self, Xml};

const ACTION: &str = "DescribeClientVpnEndpoints";
const FILTERS: &[&str] = &["endpoint-id", "transport-protocol"];

pub(crate) fn describe(
    state: &State,
    location: &Location,
    parameters: &Parameters,
    request_id: String,
) -> Answer {
    match page(state, location, parameters) {
        Ok((endpoints, next)) => {
            Answer::xml(render(location, &endpoints, next.as_deref(), &request_id), request_id)
        }
        Err(error) => Answer::error(&error, request_id),
    }
}

type EndpointPage = (Vec<Listed>, Option<String>);

fn page(state: &State, location: &Location, parameters: &Parameters) -> Result<EndpointPage, ApiError> {
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
        let field = |name: &str| match name {
            "endpoint-id" => Some(id.to_owned()),
            _ => Some(Setup::of(&listed.fleet).transport_protocol.to_owned()),
        };
        listed.number >= position.offset && (ids.is_empty() || ids.contains(&id)) && filters.match_all(field)
    });
    let endpoints = matching.by_ref().take(position.size).collect();
    let next = matching.next().map(|listed| Token { offset: listed.number, ..position.clone() });
    Ok((endpoints, next.map(|token| state.sealer.seal(&token))))
}

fn render(location: &Location, endpoints: &[Listed], next: Option<&str>, request_id: &str) -> Vec<u8> {
    Xml::document("DescribeClientVpnEndpointsResponse", Some(xml::EC2), |xml| {
        xml.text("requestId", request_id);
        xml.element("clientVpnEndpoint", |xml| {
            endpoints.iter().for_each(|listed| xml.element("item", |xml| endpoint(xml, location, listed)));
        });
        xml.optional("nextToken", next);
    })
}

fn endpoint(xml: &mut Xml, location: &Location, listed: &Listed) {
    let fleet = &listed.fleet;
    let (id, Location { account_id: account, region }) = (&fleet.endpoint().id, location);
    let drawn = Setup::of(fleet);
    let setup = Setup { is_logged: drawn.is_logged != listed.log.is_switched(), ..drawn };
    xml.text("clientVpnEndpointId", id);
    xml.text("description", "Simulated endpoint");
    xml.element("status", |xml| xml.text("code", setup.status()));
    xml.text("creationTime", &setup.created);
    xml.text("dnsName", &format!("*.{id}.prod.clientvpn.{region}.amazonaws.com"));
    xml.text("clientCidrBlock", &format!("{}/12", fleet.client_range()));
    xml.flag("splitTunnel", setup.split_tunnel);
    xml.text("vpnProtocol", "openvpn");
    xml.text("transportProtocol", setup.transport_protocol);
    xml.text("vpnPort", setup.vpn_port);
    let certificate =
        format!("arn:aws:acm:{region}:{account}:certificate/00000000-0000-4000-8000-000000000001");
    xml.text("serverCertificateArn", &certificate);
    xml.element("authenticationOptions", |xml| {
        for authentication in options_of(fleet.endpoint().authentication) {
            xml.element("item", |xml| option(xml, *authentication, account, &certificate));
        }
    });
    options(xml, &setup, location, &listed.log.group);
    xml.text("vpcId", &setup.vpc_id);
    xml.text("sessionTimeoutHours", setup.session_timeout_hours);
    xml.flag("disconnectOnSessionTimeout", setup.disconnect_on_session_timeout);
}

fn options(xml: &mut Xml, setup: &Setup, Location { account_id, region }: &Location, log_group: &str) {
    // These names begin with capitals, as in EC2's own answers.
    xml.element("connectionLogOptions", |xml| {
        xml.flag("Enabled", setup.is_logged);
        xml.optional("CloudwatchLogGroup", setup.is_logged.then_some(log_group));
    });
    xml.element("tagSet", |xml| setup.tags.iter().for_each(|(key, value)| tag(xml, key, value)));
    xml.items("securityGroupIdSet", &setup.security_group_ids);
    xml.element("clientConnectOptions", |xml| {
        xml.flag("enabled", setup.connect_handler.is_some());
        if let Some(function) = setup.connect_handler {
            let arn = format!("arn:aws:lambda:{region}:{account_id}:function:{function}");
            xml.text("lambdaFunctionArn", &arn);
        }
        xml.element("status", |xml| xml.text("code", "applied"));
    });
}

fn tag(xml: &mut Xml, key: &str, value: &str) {
    xml.element("item", |xml| {
        xml.text("key", key);
        xml.text("value", value);
    });
}

/// Returns the options that an endpoint was made with. With Active Directory, clients have a certificate too.
fn options_of(authentication: Authentication) -> &'static [Authentication] {
    match authentication {
        Authentication::Certificate => &[Authentication::Certificate],
        Authentication::Federated => &[Authentication::Federated],
        Authentication::DirectoryService => &[Authentication::DirectoryService, Authentication::Certificate],
    }
}

fn option(xml: &mut Xml, authentication: Authentication, account: &str, certificate: &str) {
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
