//! An endpoint and its configuration, typed. Auditors request them beside its connections.

mod answer;
pub mod authorization_policy;
pub mod decoder;
pub mod networks;
pub mod revocation_list;
pub mod typing;

use std::borrow::Cow;
use std::collections::BTreeMap;

use arrow_array::ArrayRef;
use jiff::Timestamp;

use crate::answer_limits::UNKNOWN_FIELDS;
use crate::snapshot_time::SnapshotTime;
use crate::tables::column::{Column, ColumnType, column};
use crate::tables::configuration::object::RawObject;
use crate::tables::configuration::{
    ConfigurationRow, Flag, Id, Number, OwnedKind, OwnedText, OwnedTime, RawFields, configuration_fields,
    lists, maps,
};
use crate::tables::connections::rows::time;
use crate::tables::typing::unparsed::{LENGTH, MORE, Unparsed};
use crate::tables::unknown::Unknown;

/// The key and the value of a tag.
pub type RawTag<'a> = (Option<Cow<'a, str>>, Option<Cow<'a, str>>);

/// Names of the answers about one endpoint, with which their fields begin in `unparsed`.
const ANSWERS_OF_PARTS: [&str; 3] =
    ["clientVpnTargetNetworks", "authorizationPolicy", "certificateRevocationList"];

const NONE_SENT: Option<&str> = Some("AWS sent none");
const NO_POLICY: Option<&str> = Some(
    "it has none, or its status is creating, failed, deleting or deleted; if EC2 did not answer for it, or named a policy without its \
     document, `unparsed` has the error's code under `authorizationPolicy#error`",
);
const NO_POLICY_FIELD: Option<&str> =
    Some("it has no policy, or AWS sent none; if EC2 did not answer for it, as for `authorization_policy`");
const NO_RULES: Option<&str> = Some(
    "its status is deleted, or not all of its rules are known: `unparsed` then has the error's code under `authorizationRule#error`",
);
const NO_ROUTES: Option<&str> = Some(
    "its status is deleted, or not all of its routes are known: `unparsed` then has the error's code under `routes#error`",
);
const NO_LIST: Option<&str> = Some(
    "it has none, its status is deleted, or the list is in `unparsed`; if EC2 did not answer for it, `unparsed` has the error's \
     code under `certificateRevocationList#error`",
);

configuration_fields! {
    /// One endpoint as `DescribeClientVpnEndpoints` describes it, not yet checked. `None` means that the element was absent.
    /// Source: EC2 API reference, `ClientVpnEndpoint`.
    RawEndpoint {
        /// `securityGroupIdSet`
        pub security_group_ids: Option<Vec<Cow<'a, str>>>,
        /// `dnsServer`
        pub dns_servers: Option<Vec<Cow<'a, str>>>,
        /// `transitGatewayConfiguration.availabilityZoneSet`
        pub availability_zones: Option<Vec<Cow<'a, str>>>,
        /// `transitGatewayConfiguration.availabilityZoneIdSet`
        pub availability_zone_ids: Option<Vec<Cow<'a, str>>>,
        /// `authenticationOptions.item.type`
        pub authentication_types: Vec<Cow<'a, str>>,
        /// `devicePostureOptions.trustProviderSet`
        pub trust_providers: Vec<RawObject<'a>>,
        /// `associatedTargetNetwork`
        pub associated_target_networks: Vec<RawObject<'a>>,
        /// `tagSet.item.key` and `tagSet.item.value`
        pub tags: Vec<RawTag<'a>>,
        /// The fields that this program does not know.
        pub unknown: Unknown<'a>,
        /// `true` if the texts may have characters that XML does not allow, in the form of `crate::tables::typing::illegal`.
        pub is_odd: bool,
    }
    /// One endpoint with its configuration, as several actions of EC2 describe it. `None` means that AWS sent no value. Source:
    /// EC2 API reference, `ClientVpnEndpoint`, `TargetNetwork`, `GetClientVpnEndpointAuthorizationPolicy` and
    /// `ExportClientVpnClientCertificateRevocationList`.
    Endpoint {
        /// EC2's request id of the page that listed it.
        pub request_id: Option<String>,
        /// Time at which that page arrived.
        pub captured_at: Timestamp,
        /// The subnets it is associated with; `None` if they are not known.
        pub associated_networks: Option<Vec<String>>,
        /// Its associations with networks as JSON text; `None` if they are not known.
        pub network_associations: Option<String>,
        /// Its security groups.
        pub security_group_ids: Vec<String>,
        /// The DNS servers that clients use; `None` if it names none.
        pub dns_servers: Option<Vec<String>>,
        /// The Availability Zones of its transit gateway; `None` if it has none.
        pub availability_zones: Option<Vec<String>>,
        /// The ids of these Availability Zones.
        pub availability_zone_ids: Option<Vec<String>>,
        /// The ways in which its users authenticate.
        pub authentication_types: Vec<String>,
        /// The providers of device posture as JSON text.
        pub device_trust_providers: Option<String>,
        /// The networks of a field that AWS no longer fills, as JSON text.
        pub associated_target_networks: Option<String>,
        /// Time at which the last page of its authorization rules arrived; `None` if not all of them are known.
        pub authorization_rules_captured_at: Option<Timestamp>,
        /// Time at which the last page of its routes arrived; `None` if not all of them are known.
        pub routes_captured_at: Option<Timestamp>,
        /// Its authorization policy, if it has one and could be read.
        pub authorization_policy: AuthorizationPolicy,
        /// The list of revoked client certificates, if it has one and could be read.
        pub revocation_list: RevocationList,
        /// Its tags.
        pub tags: BTreeMap<String, String>,
        /// The API's field name to the text that could not be typed, or to that of a field that has no column.
        pub unparsed: BTreeMap<String, String>,
    }
    /// The columns of `endpoints`, in order. To add one, see CONTRIBUTING.md, "Add a column".
    COLUMNS {
        before {
            column("snapshot_time", ColumnType::Timestamp, None, "Time of the snapshot: the schedule's, whole seconds", None),
            column("captured_at", ColumnType::Timestamp, None, "When the page that held the endpoint arrived", None),
            column("request_id", ColumnType::String, None, "EC2's request id of that page, the same id CloudTrail logs", NONE_SENT),
        }
        fields {
            endpoint_id: Id, "clientVpnEndpointId", "The Client VPN endpoint";
            description: OwnedText, "description", "What its owner wrote about it";
            status_code: OwnedText, "status.code", "available, pending-associate, deleting, or another value that AWS sends";
            status_message: OwnedText, "status.message", "What AWS says about the status";
            creation_time: OwnedTime, "creationTime", "When it was created";
            deletion_time: OwnedTime, "deletionTime", "When it was deleted";
            dns_name: OwnedText, "dnsName", "The name that clients connect to";
            client_cidr_block: OwnedText, "clientCidrBlock", "The addresses that clients get";
            vpc_id: OwnedText, "vpcId", "Its VPC";
            split_tunnel: Flag, "splitTunnel", "true if only traffic to the networks of its routes goes through the tunnel; false if all traffic does";
            vpn_protocol: OwnedText, "vpnProtocol", "The protocol of the VPN, openvpn";
            transport_protocol: OwnedText, "transportProtocol", "udp or tcp";
            vpn_port: Number, "vpnPort", "The port that clients connect to";
            endpoint_ip_address_type: OwnedText, "endpointIpAddressType", "Addresses of the endpoint itself: ipv4, ipv6 or dual-stack";
            traffic_ip_address_type: OwnedText, "trafficIpAddressType", "Addresses of the traffic in the tunnel: ipv4, ipv6 or dual-stack";
            directory_id: OwnedText, "authenticationOptions.item.activeDirectory.directoryId", "The Active Directory that authenticates users";
            client_root_certificate_chain: OwnedText, "authenticationOptions.item.mutualAuthentication.clientRootCertificateChain", "ARN of the certificate that client certificates are checked against";
            saml_provider_arn: OwnedText, "authenticationOptions.item.federatedAuthentication.samlProviderArn", "The SAML provider that authenticates users";
            self_service_saml_provider_arn: OwnedText, "authenticationOptions.item.federatedAuthentication.selfServiceSamlProviderArn", "The SAML provider of the self-service portal";
            connection_log_enabled: Flag, "connectionLogOptions.Enabled", "true if AWS's own connection logging is on";
            connection_log_group: OwnedText, "connectionLogOptions.CloudwatchLogGroup", "The log group that it logs to";
            connection_log_stream: OwnedText, "connectionLogOptions.CloudwatchLogStream", "The log stream that it logs to";
            connection_log_policy_context: Flag, "connectionLogOptions.IncludeAuthorizationPolicyContext", "true if the log has the context in which the authorization policy was evaluated";
            session_timeout_hours: Number, "sessionTimeoutHours", "Hours after which a session ends";
            disconnect_on_session_timeout: Flag, "disconnectOnSessionTimeout", "true if a client is disconnected then; false if it reconnects by itself";
            client_connect_enabled: Flag, "clientConnectOptions.enabled", "true if a client connect handler looks at each new connection; posture is what it says";
            client_connect_function_arn: OwnedText, "clientConnectOptions.lambdaFunctionArn", "The Lambda function that is the client connect handler";
            client_connect_status_code: OwnedText, "clientConnectOptions.status.code", "applying or applied: the state of the client connect options";
            client_connect_status_message: OwnedText, "clientConnectOptions.status.message", "What AWS says about that state";
            client_login_banner_enabled: Flag, "clientLoginBannerOptions.enabled", "true if clients show a banner when a session begins";
            client_login_banner_text: OwnedText, "clientLoginBannerOptions.bannerText", "The text of the banner";
            client_route_enforced: Flag, "clientRouteEnforcementOptions.enforced", "true if clients restore the routes of the endpoint when the device changes them";
            self_service_portal_url: OwnedText, "selfServicePortalUrl", "The address of the self-service portal";
            server_certificate_arn: OwnedText, "serverCertificateArn", "The certificate that the endpoint presents";
            transit_gateway_id: OwnedText, "transitGatewayConfiguration.transitGatewayId", "The transit gateway that it is attached to";
            transit_gateway_attachment_id: OwnedText, "transitGatewayConfiguration.transitGatewayAttachmentId", "The attachment to that transit gateway";
        }
        after {
            column("availability_zones", ColumnType::StringList, Some("transitGatewayConfiguration.availabilityZoneSet"), "The Availability Zones of an endpoint with a transit gateway", NONE_SENT),
            column("availability_zone_ids", ColumnType::StringList, Some("transitGatewayConfiguration.availabilityZoneIdSet"), "The ids of these Availability Zones", NONE_SENT),
            column("associated_networks", ColumnType::StringList, Some("clientVpnTargetNetworks.item.targetNetworkId"), "The subnets it is associated with; an empty list for none", Some("its status is deleted, it was deleted between two calls, or EC2 did not answer for it: `unparsed` then has the error's code under `targetNetworkId#error`")),
            column("network_associations", ColumnType::String, Some("clientVpnTargetNetworks"), "Its associations with networks, as JSON: an array of objects with the API's names, each with its status and its subnet or Availability Zones", Some("as for `associated_networks`")),
            column("associated_target_networks", ColumnType::String, Some("associatedTargetNetwork"), "Networks in a field that AWS no longer uses, as JSON", NONE_SENT),
            column("security_group_ids", ColumnType::StringList, Some("securityGroupIdSet"), "Its security groups; an empty list for none", None),
            column("dns_servers", ColumnType::StringList, Some("dnsServer"), "The DNS servers that clients use", NONE_SENT),
            column("authentication_types", ColumnType::StringList, Some("authenticationOptions.item.type"), "certificate-authentication, directory-service-authentication, federated-authentication", None),
            column("device_trust_providers", ColumnType::String, Some("devicePostureOptions.trustProviderSet"), "The providers of device posture, as JSON: an array of objects with the API's names", NONE_SENT),
            column("authorization_rules_captured_at", ColumnType::Timestamp, None, "When the last page of its authorization rules arrived, even if it has no rule", NO_RULES),
            column("routes_captured_at", ColumnType::Timestamp, None, "When the last page of its routes arrived, even if it has no route", NO_ROUTES),
            column("authorization_policy", ColumnType::String, Some("authorizationPolicy.policyDocument"), "Its authorization policy, in Cedar", NO_POLICY),
            column("authorization_policy_description", ColumnType::String, Some("authorizationPolicy.description"), "What its owner wrote about the policy", NO_POLICY_FIELD),
            column("authorization_policy_shadow_mode", ColumnType::String, Some("authorizationPolicy.shadowMode"), "enabled if decisions of the policy are logged and not enforced, else disabled", NO_POLICY_FIELD),
            column("authorization_policy_status", ColumnType::String, Some("authorizationPolicy.status"), "creating, updating, active, failed or deleting", NO_POLICY_FIELD),
            column("revocation_list", ColumnType::String, Some("certificateRevocationList"), "The list of revoked client certificates as AWS sent it, if it is smaller than 256 KiB, and the lists of the endpoints before it in the object have less than 32 MiB", Some("as for `revocation_list_sha256`, or it is larger: then that is not null")),
            column("revocation_list_sha256", ColumnType::String, None, "SHA-256 of that text, in hexadecimal digits, whatever its size", NO_LIST),
            column("revocation_list_entries", ColumnType::Bigint, None, "Certificates that it revokes", Some("as for `revocation_list_sha256`, or it cannot be read as a revocation list: then `unparsed` has it too")),
            column("revocation_list_next_update", ColumnType::Timestamp, None, "Time until which it is valid; after that it has expired", Some("as for `revocation_list_entries`, or the list names no time")),
            column("revocation_list_status_code", ColumnType::String, Some("certificateRevocationList.status.code"), "pending or active", NO_LIST),
            column("revocation_list_status_message", ColumnType::String, Some("certificateRevocationList.status.message"), "What AWS says about that status", NO_LIST),
            column("tags", ColumnType::StringMap, Some("tagSet"), "Its tags", Some("it has none")),
            column("unparsed", ColumnType::StringMap, None, "API field name to the text that could not be typed, or to that of a field that has no column", Some("everything parsed")),
        }
    }
}

/// The authorization policy of an endpoint, as `GetClientVpnEndpointAuthorizationPolicy` answers. `None` where AWS sent no value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct AuthorizationPolicy {
    /// `policyDocument`
    pub document: Option<String>,
    /// `description`
    pub description: Option<String>,
    /// `shadowMode`
    pub shadow_mode: Option<String>,
    /// `status`
    pub status: Option<String>,
}

/// The list of revoked client certificates of an endpoint, as `ExportClientVpnClientCertificateRevocationList` answers. `None`
/// where AWS sent no value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct RevocationList {
    /// The list itself; `None` also if it is too large for a column.
    pub text: Option<String>,
    /// SHA-256 of its text, in hexadecimal digits.
    pub sha256: Option<String>,
    /// Certificates in it; `None` also if it cannot be read.
    pub entries: Option<i64>,
    /// Time until which it is valid; `None` also if it names none or cannot be read.
    pub next_update: Option<Timestamp>,
    /// `status.code`
    pub status_code: Option<String>,
    /// `status.message`
    pub status_message: Option<String>,
}

impl Endpoint {
    /// Returns `true` if it is listed although it no longer exists.
    pub fn is_deleted(&self) -> bool {
        self.status_code.as_deref() == Some("deleted")
    }

    /// Returns the bytes of its texts that come of other answers than the listing of endpoints, and of its unparsed fields.
    pub fn bytes_of_parts(&self) -> usize {
        let policy = &self.authorization_policy;
        let texts = [
            &self.network_associations,
            &policy.document,
            &policy.description,
            &policy.shadow_mode,
            &policy.status,
            &self.revocation_list.text,
            &self.revocation_list.status_message,
        ];
        let networks = self.associated_networks.iter().flatten().map(String::len).sum::<usize>();
        let unparsed = self.unparsed.iter().map(|(name, text)| name.len() + text.len()).sum::<usize>();
        texts.into_iter().flatten().map(String::len).sum::<usize>() + networks + unparsed
    }

    /// Removes what other answers than the listing of endpoints have of it, except for the codes of their errors. Its rules and routes
    /// are in other tables, so the times at which they were listed stay.
    pub fn forget_parts(&mut self) {
        (self.associated_networks, self.network_associations) = (None, None);
        self.authorization_policy = AuthorizationPolicy::default();
        self.revocation_list = RevocationList::default();
        // A path, a length or a number may follow the name.
        let is_of = |name: &str, answer| {
            name.strip_prefix(answer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '#', '[']))
        };
        let is_of_part = |name: &str| ANSWERS_OF_PARTS.iter().any(|answer| is_of(name, *answer));
        self.unparsed.retain(|name, _| name.ends_with("#error") || !is_of_part(name));
    }

    /// Adds what `parts`, which has nothing else, has of other answers than the listing of endpoints.
    pub fn add_parts(&mut self, parts: &Endpoint) {
        self.associated_networks.clone_from(&parts.associated_networks);
        self.network_associations.clone_from(&parts.network_associations);
        self.authorization_policy.clone_from(&parts.authorization_policy);
        self.revocation_list.clone_from(&parts.revocation_list);
        self.keep(parts.unparsed.clone());
    }

    /// Adds what another answer about it has beyond its columns: the second text of a name under `name[2]`. Beyond
    /// [`UNKNOWN_FIELDS`] texts, only those of columns are kept, and the number of the others.
    pub fn keep(&mut self, unparsed: BTreeMap<String, String>) {
        let mut more = 0_u64;
        for (name, text) in unparsed {
            if name == MORE {
                more = more.saturating_add(text.parse().unwrap_or(1));
                continue;
            }
            if self.unparsed.len() >= UNKNOWN_FIELDS && !is_of_column(&name) {
                more = more.saturating_add(1);
                continue;
            }
            let numbered = (2..).map(|number| format!("{name}[{number}]"));
            let mut keys = std::iter::once(name.clone()).chain(numbered);
            if let Some(key) = keys.find(|key| !self.unparsed.contains_key(key)) {
                self.unparsed.insert(key, text);
            }
        }
        if more > 0 {
            let before = self.unparsed.get(MORE).and_then(|before| before.parse::<u64>().ok()).unwrap_or(0);
            self.unparsed.insert(MORE.to_owned(), before.saturating_add(more).to_string());
        }
    }
}

/// Returns `true` if a name in `unparsed` is that of a column's source, or of the length of its text.
fn is_of_column(name: &str) -> bool {
    let name = name.strip_suffix(LENGTH).unwrap_or(name);
    COLUMNS.iter().any(|column| column.source == Some(name))
}

impl ConfigurationRow for Endpoint {
    const COLUMNS: &'static [Column] = COLUMNS;

    fn arrays(snapshot_time: SnapshotTime, rows: &[Endpoint]) -> Vec<(&'static str, ArrayRef)> {
        let texts = |text: fn(&Endpoint) -> &Option<String>| {
            OwnedText::array(rows.iter().map(|row| text(row).as_ref()))
        };
        let list = |list: fn(&Endpoint) -> Option<&Vec<String>>| lists(rows.iter().map(list));
        let times = |time: fn(&Endpoint) -> &Option<Timestamp>| {
            OwnedTime::array(rows.iter().map(|row| time(row).as_ref()))
        };
        let mut arrays = Endpoint::field_arrays(&rows.iter().collect::<Vec<&Endpoint>>());
        arrays.extend([
            ("snapshot_time", time(snapshot_time.timestamp(), rows.len())),
            ("captured_at", OwnedTime::array(rows.iter().map(|row| Some(&row.captured_at)))),
            ("request_id", texts(|row| &row.request_id)),
            ("availability_zones", list(|row| row.availability_zones.as_ref())),
            ("availability_zone_ids", list(|row| row.availability_zone_ids.as_ref())),
            ("associated_networks", list(|row| row.associated_networks.as_ref())),
            ("network_associations", texts(|row| &row.network_associations)),
            ("associated_target_networks", texts(|row| &row.associated_target_networks)),
            ("security_group_ids", list(|row| Some(&row.security_group_ids))),
            ("dns_servers", list(|row| row.dns_servers.as_ref())),
            ("authentication_types", list(|row| Some(&row.authentication_types))),
            ("device_trust_providers", texts(|row| &row.device_trust_providers)),
            ("authorization_rules_captured_at", times(|row| &row.authorization_rules_captured_at)),
            ("routes_captured_at", times(|row| &row.routes_captured_at)),
            ("authorization_policy", texts(|row| &row.authorization_policy.document)),
            ("authorization_policy_description", texts(|row| &row.authorization_policy.description)),
            ("authorization_policy_shadow_mode", texts(|row| &row.authorization_policy.shadow_mode)),
            ("authorization_policy_status", texts(|row| &row.authorization_policy.status)),
            ("revocation_list", texts(|row| &row.revocation_list.text)),
            ("revocation_list_sha256", texts(|row| &row.revocation_list.sha256)),
            (
                "revocation_list_entries",
                Number::array(rows.iter().map(|row| row.revocation_list.entries.as_ref())),
            ),
            ("revocation_list_next_update", times(|row| &row.revocation_list.next_update)),
            ("revocation_list_status_code", texts(|row| &row.revocation_list.status_code)),
            ("revocation_list_status_message", texts(|row| &row.revocation_list.status_message)),
            ("tags", maps(rows.iter().map(|row| &row.tags))),
            ("unparsed", maps(rows.iter().map(|row| &row.unparsed))),
        ]);
        arrays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_limit_of_unknown_fields_the_texts_of_columns_are_kept_and_the_others_counted() {
        let fields = |names: &[&str]| -> BTreeMap<String, String> {
            names.iter().map(|name| ((*name).to_owned(), "7".to_owned())).collect()
        };
        let unknown = (0..UNKNOWN_FIELDS).map(|number| (format!("f{number}"), "x".to_owned())).collect();
        let mut endpoint = Endpoint { unparsed: unknown, ..Endpoint::default() };
        endpoint.keep(fields(&["new", "clientVpnTargetNetworks", "clientVpnTargetNetworks#length"]));
        // An answer that had more itself.
        endpoint.keep(fields(&["newer", "#more"]));
        assert_eq!(endpoint.unparsed.len(), UNKNOWN_FIELDS + 3);
        let text = |name: &str| endpoint.unparsed.get(name).map(String::as_str);
        assert_eq!(text("clientVpnTargetNetworks").and(text("clientVpnTargetNetworks#length")), Some("7"));
        assert_eq!([text("new"), text("newer"), text("#more")], [None, None, Some("9")]);
    }

    #[test]
    fn the_second_text_of_a_name_has_a_number() {
        let mut endpoint = Endpoint::default();
        for text in ["a", "b", "c"] {
            endpoint.keep([("new".to_owned(), text.to_owned())].into());
        }
        let kept: Vec<(&str, &str)> =
            endpoint.unparsed.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(kept, [("new", "a"), ("new[2]", "b"), ("new[3]", "c")]);
    }
}
