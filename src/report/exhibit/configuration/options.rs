//! The options of an endpoint that are compared.

use std::sync::LazyLock;

use super::history::ConfigurationPart::{self, Networks, Options, Policy, RevocationList};

/// The columns of `endpoints` that say of a row what it is of, when it arrived, and what is not known.
const OF_ROWS: [&str; 5] =
    ["endpoint_id", "captured_at", "authorization_rules_captured_at", "routes_captured_at", "unparsed"];

/// The part, the column, and the field in `unparsed`. The list is that of `sql_fragments/configuration.sql`.
pub(super) const OPTIONS: [(ConfigurationPart, &str, &str); 51] = [
    (Options, "description", "description"),
    (Options, "status_code", "status.code"),
    (Options, "creation_time", "creationTime"),
    (Options, "deletion_time", "deletionTime"),
    (Options, "dns_name", "dnsName"),
    (Options, "client_cidr_block", "clientCidrBlock"),
    (Options, "vpc_id", "vpcId"),
    (Options, "split_tunnel", "splitTunnel"),
    (Options, "vpn_protocol", "vpnProtocol"),
    (Options, "transport_protocol", "transportProtocol"),
    (Options, "vpn_port", "vpnPort"),
    (Options, "endpoint_ip_address_type", "endpointIpAddressType"),
    (Options, "traffic_ip_address_type", "trafficIpAddressType"),
    (Options, "directory_id", "authenticationOptions.item.activeDirectory.directoryId"),
    (
        Options,
        "client_root_certificate_chain",
        "authenticationOptions.item.mutualAuthentication.clientRootCertificateChain",
    ),
    (Options, "saml_provider_arn", "authenticationOptions.item.federatedAuthentication.samlProviderArn"),
    (
        Options,
        "self_service_saml_provider_arn",
        "authenticationOptions.item.federatedAuthentication.selfServiceSamlProviderArn",
    ),
    (Options, "connection_log_enabled", "connectionLogOptions.Enabled"),
    (Options, "connection_log_group", "connectionLogOptions.CloudwatchLogGroup"),
    (Options, "connection_log_stream", "connectionLogOptions.CloudwatchLogStream"),
    (Options, "connection_log_policy_context", "connectionLogOptions.IncludeAuthorizationPolicyContext"),
    (Options, "session_timeout_hours", "sessionTimeoutHours"),
    (Options, "disconnect_on_session_timeout", "disconnectOnSessionTimeout"),
    (Options, "client_connect_enabled", "clientConnectOptions.enabled"),
    (Options, "client_connect_function_arn", "clientConnectOptions.lambdaFunctionArn"),
    (Options, "client_connect_status_code", "clientConnectOptions.status.code"),
    (Options, "client_login_banner_enabled", "clientLoginBannerOptions.enabled"),
    (Options, "client_login_banner_text", "clientLoginBannerOptions.bannerText"),
    (Options, "client_route_enforced", "clientRouteEnforcementOptions.enforced"),
    (Options, "self_service_portal_url", "selfServicePortalUrl"),
    (Options, "server_certificate_arn", "serverCertificateArn"),
    (Options, "transit_gateway_id", "transitGatewayConfiguration.transitGatewayId"),
    (Options, "transit_gateway_attachment_id", "transitGatewayConfiguration.transitGatewayAttachmentId"),
    (Options, "availability_zones", "transitGatewayConfiguration.availabilityZoneSet"),
    (Options, "availability_zone_ids", "transitGatewayConfiguration.availabilityZoneIdSet"),
    (Options, "security_group_ids", "securityGroupIdSet"),
    (Options, "dns_servers", "dnsServer"),
    (Options, "authentication_types", "authenticationOptions.item.type"),
    (Options, "device_trust_providers", "devicePostureOptions.trustProviderSet"),
    (Options, "associated_target_networks", "associatedTargetNetwork"),
    (Options, "tags", "tagSet"),
    (Networks, "associated_networks", ""),
    (Networks, "network_associations", "clientVpnTargetNetworks"),
    (Policy, "authorization_policy", "authorizationPolicy.policyDocument"),
    (Policy, "authorization_policy_description", "authorizationPolicy.description"),
    (Policy, "authorization_policy_shadow_mode", "authorizationPolicy.shadowMode"),
    (Policy, "authorization_policy_status", "authorizationPolicy.status"),
    (RevocationList, "revocation_list_sha256", "certificateRevocationList"),
    (RevocationList, "revocation_list_entries", ""),
    (RevocationList, "revocation_list_next_update", ""),
    (RevocationList, "revocation_list_status_code", "certificateRevocationList.status.code"),
];

/// The columns of `endpoints` that are read.
pub(super) static ENDPOINT_COLUMNS: LazyLock<Vec<&str>> =
    LazyLock::new(|| OF_ROWS.into_iter().chain(OPTIONS.iter().map(|(_, name, _)| *name)).collect());

/// The columns that have a JSON list of objects, whose order says nothing.
pub(super) const LISTS: [&str; 3] =
    ["network_associations", "device_trust_providers", "associated_target_networks"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_those_of_the_saved_query() {
        let query = include_str!("../../../../sql_fragments/configuration.sql");
        let words: String = query.split_whitespace().collect::<Vec<_>>().join(" ").replace("ROW( ", "ROW(");
        for (_, name, field) in OPTIONS {
            assert!(words.contains(&format!("'{name}', '{field}', ")), "{name}");
        }
        let rows = words.matches("ROW('").count();
        // Rules and routes have a row without a name each.
        assert_eq!(rows, OPTIONS.len() + 2);
    }
}
