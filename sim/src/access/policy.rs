//! Authorization policies.

use super::description;
use crate::logs::Policy;
use crate::people::People;
use crate::random::Stream;

/// The authorization policy of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationPolicy {
    /// The policy in Cedar.
    pub document: String,
    /// The description.
    pub description: Option<String>,
    /// `true` if verdicts are logged and not enforced.
    pub is_shadow: bool,
    /// The policy's state: `creating`, `updating`, `active`, `failed` or `deleting`.
    pub status: String,
}

/// Statements that are added to a policy.
const FURTHER_STATEMENTS: &[&str] = &[
    "",
    "\nforbid(principal, action, resource)\nwhen { context.crowdstrike.jailbroken == true };\n",
    "\n// Büro \"Süd\" & <Werk>\npermit(principal, action, resource)\n\
     when { context.saml.memberOf.contains(\"Büro \\\"Süd\\\" & <Werk>\") };\n",
];

/// Draws a policy for each endpoint with SAML, as its connection log has it, and for every fourth other one.
pub(super) fn draw(stream: &mut Stream, fleet: &People) -> Option<AuthorizationPolicy> {
    let logged = Policy::of(fleet);
    let (is_other, is_shadow) = (stream.one_in(4), stream.one_in(2));
    let (provider, is_shadow) = match logged {
        Some(policy) => (policy.provider, policy.is_shadow),
        None if is_other => ("jamf", is_shadow),
        None => return None,
    };
    let condition = match provider {
        "crowdstrike" => format!("context.crowdstrike.assessment.overall > {}", stream.between(30, 80)),
        _ => "context.jamf.diskEncryptionEnabled == true".to_owned(),
    };
    let further = stream.pick(FURTHER_STATEMENTS);
    Some(AuthorizationPolicy {
        document: format!("permit(principal, action, resource)\nwhen {{ {condition} }};\n{further}"),
        description: description(stream),
        is_shadow,
        status: stream.pick(&["active", "active", "active", "updating"]).to_owned(),
    })
}
