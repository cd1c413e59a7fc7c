//! The contents of a denial of access: the action, the resource and the kind of policy, each of a fixed form. The caller, whom
//! AWS names first, is not kept.

use serde::Serialize;

use super::region_named;
use crate::target::{AccountId, EndpointId};

/// Actions that this program requests. Another one in a message is not from our request, and could be anything.
const ACTIONS: [&str; 23] = [
    "ec2:DescribeClientVpnConnections",
    "ec2:DescribeClientVpnEndpoints",
    "ec2:DescribeClientVpnTargetNetworks",
    "ec2:DescribeClientVpnAuthorizationRules",
    "ec2:DescribeClientVpnRoutes",
    "ec2:GetClientVpnEndpointAuthorizationPolicy",
    "ec2:ExportClientVpnClientCertificateRevocationList",
    "logs:DescribeLogGroups",
    "logs:FilterLogEvents",
    "logs:Unmask",
    "sts:AssumeRole",
    "sts:GetCallerIdentity",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:PutObject",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:GetBucketPolicy",
    "kms:Sign",
    "kms:GetPublicKey",
    "kms:GenerateDataKey",
    "kms:Decrypt",
    "kms:DescribeKey",
];

/// The access that AWS denied, as far as it can be reported without naming anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// The action; `None` if AWS named none that this program requests.
    pub action: Option<&'static str>,
    /// ARN of the resource; `None` if AWS named none, or one that could name a person.
    pub resource: Option<String>,
    /// The kind of policy that denies, or does not allow; `None` if AWS does not state it.
    pub policy: Option<PolicyKind>,
    /// `true` if a policy denies explicitly; otherwise none allows it.
    pub explicit: bool,
}

/// A kind of policy, as IAM has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyKind {
    /// A policy of the role or user.
    IdentityBased,
    /// A policy of the requested bucket, key or role.
    ResourceBased,
    /// The boundary of the role's permissions.
    PermissionsBoundary,
    /// A policy of the organisation, for accounts.
    ServiceControl,
    /// A policy of the organisation, for resources.
    ResourceControl,
    /// A policy of the session.
    Session,
    /// A policy of the VPC endpoint.
    VpcEndpoint,
}

impl PolicyKind {
    const ALL: [PolicyKind; 7] = [
        PolicyKind::IdentityBased,
        PolicyKind::ResourceBased,
        PolicyKind::PermissionsBoundary,
        PolicyKind::ServiceControl,
        PolicyKind::ResourceControl,
        PolicyKind::Session,
        PolicyKind::VpcEndpoint,
    ];

    /// Returns AWS's name for it.
    fn in_words(self) -> &'static str {
        match self {
            PolicyKind::IdentityBased => "identity-based policy",
            PolicyKind::ResourceBased => "resource-based policy",
            PolicyKind::PermissionsBoundary => "permissions boundary",
            PolicyKind::ServiceControl => "service control policy",
            PolicyKind::ResourceControl => "resource control policy",
            PolicyKind::Session => "session policy",
            PolicyKind::VpcEndpoint => "VPC endpoint policy",
        }
    }
}

impl Denial {
    /// Parses AWS's message about a request for `asked`.
    /// Source: IAM User Guide, "Troubleshoot access denied error messages".
    pub(super) fn read(message: &str, asked: &str) -> Denial {
        // The text before it is the caller, whose name may be anything.
        let said = message.split_once("perform: ").map_or("", |(_, said)| said);
        let word = |text: &str| {
            text.split([' ', ',', ';']).next().unwrap_or_default().trim_end_matches('.').to_owned()
        };
        let named = word(said);
        let resource = said.split_once("resource: ").map(|(_, resource)| word(resource));
        let first = |kind: &PolicyKind| said.find(kind.in_words()).map(|place| (place, *kind));
        Denial {
            action: ACTIONS.into_iter().find(|action| *action == named),
            resource: resource.filter(|arn| names_nobody(arn, asked)),
            policy: PolicyKind::ALL
                .iter()
                .filter_map(first)
                .min_by_key(|(place, _)| *place)
                .map(|(_, kind)| kind),
            explicit: said.contains("explicit deny"),
        }
    }

    /// Returns the message for a request that requires `permission` on `asked`.
    pub(super) fn in_words(&self, permission: &str, asked: &str) -> String {
        let action = self.action.unwrap_or(permission);
        let resource = self.resource.as_deref().unwrap_or(asked);
        let policy = self.policy.map(PolicyKind::in_words);
        match (policy, self.explicit) {
            (Some(policy), true) => {
                format!("the permission {action} on {resource} is denied explicitly by a {policy}")
            }
            (Some(policy), false) => {
                format!("the permission {action} on {resource} is missing: no {policy} allows it")
            }
            (None, true) => format!("the permission {action} on {resource} is denied explicitly by a policy"),
            (None, false) => {
                format!("the permission {action} on {resource} is missing, or a policy denies it")
            }
        }
    }
}

/// Returns `true` if an ARN can be kept: it has no free text, or is the requested one.
fn names_nobody(arn: &str, asked: &str) -> bool {
    if arn == asked || arn == "*" {
        return true;
    }
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, partition, service, region, account, resource] = parts.as_slice() else {
        return false;
    };
    let is_partition = partition.starts_with("aws") && partition.len() <= 20;
    let is_partition = is_partition && partition.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let is_place = || region_named(region).is_some() && AccountId::parse(account).is_some();
    is_partition
        && arn.starts_with("arn:")
        && match (*service, resource.split_once('/')) {
            ("ec2", Some(("client-vpn-endpoint", id))) => {
                is_place() && (id == "*" || EndpointId::parse(id).is_some())
            }
            ("kms", Some(("key", id))) => is_place() && is_key_id(id),
            _ => false,
        }
}

/// Returns `true` if a text is the id of a KMS key.
fn is_key_id(id: &str) -> bool {
    let digits = id.strip_prefix("mrk-").unwrap_or(id);
    let has_digit = digits.bytes().any(|b| b.is_ascii_digit());
    has_digit
        && (32..=36).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINT: &str =
        "arn:aws:ec2:eu-central-1:123456789012:client-vpn-endpoint/cvpn-endpoint-0123456789abcdef0";
    const USER: &str =
        "User: arn:aws:sts::123456789012:assumed-role/audit/maria@example.com is not authorized to perform: ";

    fn read(said: &str) -> Denial {
        Denial::read(&format!("{USER}{said}"), "arn:aws:s3:::evidence")
    }

    #[test]
    fn action_resource_and_policy_are_kept() {
        let denial = read(&format!(
            "ec2:DescribeClientVpnConnections on resource: {ENDPOINT} because no identity-based policy allows the \
             ec2:DescribeClientVpnConnections action"
        ));
        assert_eq!(
            denial,
            Denial {
                action: Some("ec2:DescribeClientVpnConnections"),
                resource: Some(ENDPOINT.to_owned()),
                policy: Some(PolicyKind::IdentityBased),
                explicit: false
            }
        );
        assert_eq!(
            denial.in_words("ec2:Other", "*"),
            format!(
                "the permission ec2:DescribeClientVpnConnections on {ENDPOINT} is missing: no identity-based policy allows it"
            )
        );
        let json = serde_json::to_value(&denial).unwrap();
        assert_eq!(json["policy"], "identity_based");
    }

    #[test]
    fn every_kind_of_policy_is_known() {
        for (said, policy, explicit) in [
            ("with an explicit deny in a service control policy", Some(PolicyKind::ServiceControl), true),
            (
                "with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/maria",
                Some(PolicyKind::ServiceControl),
                true,
            ),
            ("with an explicit deny in a resource control policy", Some(PolicyKind::ResourceControl), true),
            ("with an explicit deny in an identity-based policy", Some(PolicyKind::IdentityBased), true),
            (
                "because no resource-based policy allows the kms:Sign action",
                Some(PolicyKind::ResourceBased),
                false,
            ),
            (
                "because no permissions boundary allows the kms:Sign action",
                Some(PolicyKind::PermissionsBoundary),
                false,
            ),
            ("because no session policy allows the kms:Sign action", Some(PolicyKind::Session), false),
            (
                "because no VPC endpoint policy allows the kms:Sign action",
                Some(PolicyKind::VpcEndpoint),
                false,
            ),
            ("with an explicit deny", None, true),
            ("", None, false),
        ] {
            let denial = read(&format!("kms:Sign {said}"));
            assert_eq!(
                (denial.action, denial.policy, denial.explicit),
                (Some("kms:Sign"), policy, explicit),
                "{said}"
            );
        }
    }

    #[test]
    fn a_name_is_in_no_field() {
        for said in [
            "maria:Lopez",
            "ec2:MariaLopez on resource: maria.lopez",
            "sts:AssumeRole on resource: arn:aws:iam::123456789012:role/maria.lopez",
            "sts:AssumeRole on resource: arn:aws:sts::123456789012:assumed-role/audit/maria.lopez",
            "sts:AssumeRole on resource: arn:aws:iam::123456789012:user/maria.lopez",
            "s3:GetObject on resource: arn:aws:s3:::evidence/maria.lopez",
            "s3:GetObject on resource: arn:aws:s3:::maria.lopez",
            "kms:Sign on resource: arn:aws:kms:eu-central-1:123456789012:key/maria.lopez",
            "kms:Sign on resource: arn:aws:kms:eu-central-1:123456789012:alias/maria.lopez",
            "kms:Sign on resource: arn:maria:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "ec2:DescribeClientVpnEndpoints on resource: arn:aws:ec2:maria-lopez-1:123456789012:client-vpn-endpoint/*",
        ] {
            let kept = format!("{:?}", read(said)).to_lowercase();
            assert!(!kept.contains("maria") && !kept.contains("lopez"), "{said}: {kept}");
        }
        assert_eq!(Denial::read("maria.lopez may not", "*").action, None);
    }

    #[test]
    fn what_was_asked_for_is_kept() {
        let role = "arn:aws:iam::222233334444:role/audit/member";
        let denial = Denial::read(&format!("{USER}sts:AssumeRole on resource: {role}"), role);
        assert_eq!((denial.action, denial.resource.as_deref()), (Some("sts:AssumeRole"), Some(role)));
        let key = "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        assert_eq!(read(&format!("kms:Sign on resource: {key} because")).resource.as_deref(), Some(key));
    }
}
