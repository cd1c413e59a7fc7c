//! Authorization rules.

use super::{AccessStatus, description};
use crate::config::Authentication;
use crate::people::People;
use crate::random::Stream;
use serde::Serialize;

/// One authorization rule. Serialized under the API's names, absent fields left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizationRule {
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The group that the rule is for. For everybody it is empty, as in the answer that AWS documents, or absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
    /// `true` if the rule is for everybody.
    pub access_all: bool,
    /// The network that the rule is about.
    pub destination_cidr: String,
    /// The rule's state: `authorizing`, `active`, `failed` or `revoking`.
    pub status: AccessStatus,
}

const SAML_GROUPS: &[&str] =
    &["Engineering", "VPN Users", "Büro \"Süd\" & <Werk>", "o'brien-team", "arn:aws:example:group/finance"];

/// Draws one to six rules, no two for the same network and group.
pub(super) fn draw(stream: &mut Stream, fleet: &People) -> Vec<AuthorizationRule> {
    let count = stream.between(1, 6);
    (0..count).map(|index| rule(stream, fleet.endpoint().authentication, index)).collect()
}

fn rule(stream: &mut Stream, authentication: Authentication, index: i64) -> AuthorizationRule {
    let is_for_all = stream.one_in(2) || authentication == Authentication::Certificate;
    let group_id = match authentication {
        _ if is_for_all => stream.one_in(2).then(String::new),
        Authentication::DirectoryService => Some(sid(stream)),
        _ => Some(stream.pick(SAML_GROUPS).to_owned()),
    };
    let is_internet = index == 0 && stream.one_in(2);
    let network = format!("10.{}.{}.0/24", index * 40 + stream.between(0, 39), stream.between(0, 255));
    AuthorizationRule {
        description: description(stream),
        access_all: is_for_all,
        status: status(stream, !is_for_all),
        group_id,
        destination_cidr: if is_internet { "0.0.0.0/0".to_owned() } else { network },
    }
}

/// Draws the id of a group in Active Directory.
fn sid(stream: &mut Stream) -> String {
    let domain = [stream.number(), stream.number(), stream.number()].map(|part| part >> 32);
    format!("S-1-5-21-{}-{}-{}-{}", domain[0], domain[1], domain[2], stream.between(1000, 9999))
}

/// Draws a status. Only a group can be unknown.
fn status(stream: &mut Stream, is_for_group: bool) -> AccessStatus {
    match stream.between(1, 12) {
        1 => AccessStatus::of("authorizing"),
        2 | 3 if is_for_group => AccessStatus {
            code: "failed".to_owned(),
            message: Some("The group \"<unknown>\" & its members were not found.".to_owned()),
        },
        _ => AccessStatus::of("active"),
    }
}
