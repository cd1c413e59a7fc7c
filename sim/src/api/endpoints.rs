//! `DescribeClientVpnEndpoints`.

use super::document::Document;
use super::inquiry::Inquiry;
use super::tree::{self, Row};
use crate::config::Authentication;
use crate::element::Element;
use crate::error::ApiError;
use crate::location::Location;
use crate::parameters::is_filter;
use crate::place::Listed;
use crate::setup::Setup;

pub(crate) const LIST: &str = "clientVpnEndpoint";
const FILTERS: &[&str] = &["endpoint-id", "transport-protocol"];

pub(crate) fn describe(inquiry: &Inquiry<'_>) -> Result<Document, ApiError> {
    let Inquiry { location, parameters, .. } = inquiry;
    parameters.only(|name| {
        ["MaxResults", "NextToken"].contains(&name)
            || name.starts_with("ClientVpnEndpointId.")
            || is_filter(name)
    })?;
    let filters = parameters.filters(FILTERS)?;
    let ids = parameters.list("ClientVpnEndpointId");
    for id in &ids {
        inquiry.find(id)?;
    }
    let place = format!("{} {}", location.account_id, location.region);
    let matches = |listed: &Listed| {
        let id = listed.fleet.endpoint().id.as_str();
        let field = |name: &str| match name {
            "endpoint-id" => Some(id.to_owned()),
            _ => Some(Setup::of(&listed.fleet).transport_protocol.to_owned()),
        };
        (ids.is_empty() || ids.contains(&id)) && filters.match_all(field)
    };
    let matching = inquiry.state.places.at(location).into_iter().filter(matches);
    let rows = matching.map(|listed| (listed.number, endpoint(location, &listed)));
    tree::page(inquiry, LIST, &place, &filters, rows)
}

fn endpoint(location: &Location, listed: &Listed) -> Row {
    let fleet = &listed.fleet;
    let (id, Location { account_id: account, region }) = (&fleet.endpoint().id, location);
    let drawn = Setup::of(fleet);
    let setup = Setup { is_logged: drawn.is_logged != listed.log.is_switched(), ..drawn };
    let certificate =
        format!("arn:aws:acm:{region}:{account}:certificate/00000000-0000-4000-8000-000000000001");
    let kinds = options_of(fleet.endpoint().authentication).iter();
    let authentication = kinds.map(|kind| Element::Parent("item", option(*kind, account, &certificate)));
    let mut row = vec![
        Element::text("clientVpnEndpointId", id),
        Element::text("description", "Simulated endpoint"),
        Element::status(setup.status(), None),
        Element::text("creationTime", &setup.created),
        Element::text("dnsName", format!("*.{id}.prod.clientvpn.{region}.amazonaws.com")),
        Element::text("clientCidrBlock", format!("{}/12", fleet.client_range())),
        Element::flag("splitTunnel", setup.split_tunnel),
        Element::text("vpnProtocol", "openvpn"),
        Element::text("transportProtocol", setup.transport_protocol),
        Element::text("vpnPort", setup.vpn_port),
        Element::text("serverCertificateArn", &certificate),
        Element::Parent("authenticationOptions", authentication.collect()),
    ];
    row.extend(options(&setup, location, &listed.log.group));
    row.extend([
        Element::text("vpcId", &setup.vpc_id),
        Element::text("sessionTimeoutHours", setup.session_timeout_hours),
        Element::flag("disconnectOnSessionTimeout", setup.disconnect_on_session_timeout),
    ]);
    row
}

fn options(setup: &Setup, Location { account_id, region }: &Location, log_group: &str) -> [Element; 4] {
    // These names begin with capitals, as in EC2's own answers.
    let group = setup.is_logged.then(|| Element::text("CloudwatchLogGroup", log_group));
    let log = [Some(Element::flag("Enabled", setup.is_logged)), group];
    let arn = |function| format!("arn:aws:lambda:{region}:{account_id}:function:{function}");
    let connect = [
        Some(Element::flag("enabled", setup.connect_handler.is_some())),
        setup.connect_handler.map(|function| Element::text("lambdaFunctionArn", arn(function))),
        Some(Element::status("applied", None)),
    ];
    [
        Element::Parent("connectionLogOptions", log.into_iter().flatten().collect()),
        Element::Parent("tagSet", setup.tags.iter().map(|(key, value)| tag(key, value)).collect()),
        Element::items("securityGroupIdSet", &setup.security_group_ids),
        Element::Parent("clientConnectOptions", connect.into_iter().flatten().collect()),
    ]
}

fn tag(key: &str, value: &str) -> Element {
    Element::Parent("item", vec![Element::text("key", key), Element::text("value", value)])
}

/// Returns the options that an endpoint was made with. With Active Directory, clients have a certificate too.
fn options_of(authentication: Authentication) -> &'static [Authentication] {
    match authentication {
        Authentication::Certificate => &[Authentication::Certificate],
        Authentication::Federated => &[Authentication::Federated],
        Authentication::DirectoryService => &[Authentication::DirectoryService, Authentication::Certificate],
    }
}

fn option(authentication: Authentication, account: &str, certificate: &str) -> Vec<Element> {
    let (kind, element, content) = match authentication {
        Authentication::Certificate => {
            let content = Element::text("clientRootCertificateChain", certificate);
            ("certificate-authentication", "mutualAuthentication", content)
        }
        Authentication::Federated => {
            let provider = format!("arn:aws:iam::{account}:saml-provider/corp");
            let content = Element::text("samlProviderArn", provider);
            ("federated-authentication", "federatedAuthentication", content)
        }
        Authentication::DirectoryService => {
            let content = Element::text("directoryId", "d-0123456789");
            ("directory-service-authentication", "activeDirectory", content)
        }
    };
    vec![Element::text("type", kind), Element::Parent(element, vec![content])]
}
