//! The options of an endpoint.

use super::AccessStatus;
use crate::account_region::AccountRegion;
use crate::config::Authentication;
use crate::logs::Policy;
use crate::people::People;
use crate::random::Stream;
use crate::setup::Setup;

/// The options of an endpoint that can be changed, or that follow from them.
///
/// [`Simulator::switch_connection_log`](crate::Simulator::switch_connection_log) and
/// [`Simulator::log_to`](crate::Simulator::log_to) change the connection log and its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointOptions {
    /// The description.
    pub description: Option<String>,
    /// Addresses of DNS servers; empty for those of the device.
    pub dns_servers: Vec<String>,
    /// `true` if only the traffic of routes goes through the VPN.
    pub split_tunnel: bool,
    /// The port, 443 or 1194.
    pub vpn_port: u16,
    /// The certificate of the server.
    pub server_certificate_arn: String,
    /// The ways in which clients authenticate.
    pub authentication: Vec<AuthenticationOption>,
    /// The log stream; not sent while the connection log is off.
    pub log_stream: Option<String>,
    /// `true` if the connection log has the context of policy evaluations; `None` leaves the element out.
    pub log_policy_context: Option<bool>,
    /// The tags.
    pub tags: Vec<(String, String)>,
    /// The security groups.
    pub security_group_ids: Vec<String>,
    /// The VPC; `None` with a transit gateway.
    pub vpc_id: Option<String>,
    /// The address of the self-service portal.
    pub self_service_portal_url: Option<String>,
    /// The Lambda function that is called for each client.
    pub connect_handler_arn: Option<String>,
    /// The state of changes to the client connect handler: `applying` or `applied`.
    pub connect_handler_status: AccessStatus,
    /// Hours after which a session ends.
    pub session_timeout_hours: u32,
    /// The text that clients show at the beginning of a session.
    pub login_banner: Option<String>,
    /// `true` if clients keep the routes of the VPN on the device.
    pub is_route_enforced: bool,
    /// `true` if a client is disconnected after [`EndpointOptions::session_timeout_hours`].
    pub disconnect_on_session_timeout: bool,
    /// `ipv4`, `ipv6` or `dual-stack`, for the endpoint.
    pub endpoint_ip_address_type: String,
    /// `ipv4`, `ipv6` or `dual-stack`, for traffic inside the VPN.
    pub traffic_ip_address_type: String,
    /// The transit gateway; `None` for an endpoint of a VPC.
    pub transit_gateway: Option<TransitGateway>,
    /// The providers of device posture.
    pub trust_providers: Vec<TrustProvider>,
}

/// A way in which clients authenticate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthenticationOption {
    /// Client certificates.
    Certificate {
        /// The certificate that issued them.
        root_certificate_arn: String,
    },
    /// Active Directory.
    DirectoryService {
        /// The directory.
        directory_id: String,
    },
    /// SAML.
    Federated {
        /// The provider for clients.
        saml_provider_arn: String,
        /// The provider for the self-service portal.
        self_service_saml_provider_arn: Option<String>,
    },
}

/// The transit gateway of an endpoint without a VPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitGateway {
    /// `tgw-…`.
    pub id: String,
    /// `tgw-attach-…`.
    pub attachment_id: String,
    /// Names of Availability Zones. Each association is in one of them, in turn.
    pub availability_zones: Vec<String>,
    /// Ids of the same Availability Zones.
    pub availability_zone_ids: Vec<String>,
}

/// A provider of device posture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustProvider {
    /// `crowdstrike`, `jamf` or `jumpcloud`.
    pub provider_type: String,
    /// The account at the provider.
    pub tenant_id: Option<String>,
    /// The address of the provider's public key.
    pub public_signing_key_url: Option<String>,
}

const BANNERS: &[&str] =
    &["Authorized use only.", "Nur für Befugte & Gäste.\n\"Zürich\" <IT>", "Don't share this connection."];

/// Draws what the setup leaves open.
pub(super) fn draw(
    stream: &mut Stream,
    location: &AccountRegion,
    fleet: &People,
    setup: Setup,
) -> EndpointOptions {
    let AccountRegion { account_id: account, region } = location;
    let kind = fleet.endpoint().authentication;
    let certificate =
        format!("arn:aws:acm:{region}:{account}:certificate/00000000-0000-4000-8000-000000000001");
    let policy = Policy::of(fleet);
    let arn = |function| format!("arn:aws:lambda:{region}:{account}:function:{function}");
    let portal = format!("https://self-service.clientvpn.amazonaws.com/endpoints/{}", fleet.endpoint().id);
    let traffic = if kind == Authentication::DirectoryService { "dual-stack" } else { "ipv4" };
    EndpointOptions {
        description: Some("Simulated endpoint".to_owned()),
        dns_servers: dns_servers(stream),
        split_tunnel: setup.split_tunnel,
        vpn_port: setup.vpn_port.parse().unwrap_or(443),
        authentication: authentication(stream, kind, account, &certificate),
        server_certificate_arn: certificate,
        log_stream: stream.one_in(2).then(|| format!("{}-{region}", fleet.endpoint().id)),
        log_policy_context: policy.map(|policy| policy.has_context),
        tags: setup.tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        security_group_ids: setup.security_group_ids,
        vpc_id: Some(setup.vpc_id),
        // The portal asks for a user name.
        self_service_portal_url: (stream.one_in(2) && kind != Authentication::Certificate).then_some(portal),
        connect_handler_arn: setup.connect_handler.map(arn),
        connect_handler_status: AccessStatus::of("applied"),
        session_timeout_hours: setup.session_timeout_hours.parse().unwrap_or(24),
        login_banner: stream.one_in(2).then(|| stream.pick(BANNERS).to_owned()),
        is_route_enforced: stream.one_in(2),
        disconnect_on_session_timeout: setup.disconnect_on_session_timeout,
        endpoint_ip_address_type: stream.pick(&["ipv4", "dual-stack"]).to_owned(),
        traffic_ip_address_type: traffic.to_owned(),
        transit_gateway: None,
        trust_providers: policy.map(|policy| trust_provider(stream, policy)).into_iter().collect(),
    }
}

fn dns_servers(stream: &mut Stream) -> Vec<String> {
    (0..stream.between(0, 2)).map(|index| format!("10.0.{}.{}", stream.between(0, 255), index + 2)).collect()
}

/// Draws the options that an endpoint was made with. With Active Directory, clients have a certificate too.
fn authentication(
    stream: &mut Stream,
    kind: Authentication,
    account: &str,
    certificate: &str,
) -> Vec<AuthenticationOption> {
    let with_certificate = AuthenticationOption::Certificate { root_certificate_arn: certificate.to_owned() };
    let provider = |name| format!("arn:aws:iam::{account}:saml-provider/{name}");
    match kind {
        Authentication::Certificate => vec![with_certificate],
        Authentication::Federated => vec![AuthenticationOption::Federated {
            saml_provider_arn: provider("corp"),
            self_service_saml_provider_arn: stream.one_in(2).then(|| provider("corp-portal")),
        }],
        Authentication::DirectoryService => {
            let directory_id = "d-0123456789".to_owned();
            vec![AuthenticationOption::DirectoryService { directory_id }, with_certificate]
        }
    }
}

fn trust_provider(stream: &mut Stream, policy: Policy) -> TrustProvider {
    let provider = policy.provider;
    let url = format!("https://{provider}.example/keys?tenant=1&format=<jwk>");
    TrustProvider {
        provider_type: provider.to_owned(),
        tenant_id: Some(format!("tenant-{:08x}", stream.number() >> 32)),
        public_signing_key_url: stream.one_in(2).then_some(url),
    }
}
