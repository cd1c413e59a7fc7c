//! Authorization policies, and what they decide of a device.

use crate::config::Authentication;
use crate::people::People;
use crate::random::Stream;
use serde::Serialize;
use std::collections::BTreeMap;

/// The authorization policy of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Policy {
    /// `true` if verdicts are logged and not enforced.
    pub(crate) is_shadow: bool,
    pub(crate) provider: &'static str,
    /// `true` if the log has the context of each evaluation.
    pub(crate) has_context: bool,
}

/// The occasion of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    Attempt,
    Periodic,
}

/// `authorization-policy-evaluation` of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Evaluation {
    pub(crate) result: &'static str,
    evaluation_type: &'static str,
    shadow_mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    device_token_status: BTreeMap<&'static str, TokenStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<BTreeMap<&'static str, BTreeMap<&'static str, String>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct TokenStatus {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

const TOKEN_FAULTS: &[&str] = &[
    "token-expired",
    "signature-invalid",
    "token-malformed",
    "tenant-mismatch",
    "key-resolution-failed",
    "network-error",
    "internal-error",
];

impl Policy {
    /// Returns the policy of an endpoint with SAML; others have none.
    pub(crate) fn of(fleet: &People) -> Option<Self> {
        let mut traits = Stream::of(&[fleet.key(), 0x7065_726d]);
        let policy = Self {
            is_shadow: traits.one_in(2),
            provider: traits.pick(&["crowdstrike", "jamf"]),
            has_context: traits.one_in(2),
        };
        (fleet.endpoint().authentication == Authentication::Federated).then_some(policy)
    }

    pub(crate) fn permit(self, device_kind: &'static str, occasion: Occasion) -> Evaluation {
        self.evaluation(device_kind, occasion, "permit", TokenStatus { status: "validated", reason: None })
    }

    /// Returns a verdict that is not permit: the token was validated and the policy denies, or the token was not validated.
    pub(crate) fn refuse(self, device_kind: &'static str, occasion: Occasion, key: u64) -> Evaluation {
        let mut traits = Stream::of(&[key, 0x6465_6e79]);
        let (result, token) = if traits.one_in(2) {
            ("deny", TokenStatus { status: "validated", reason: None })
        } else {
            ("error", TokenStatus { status: "failed", reason: Some(traits.pick(TOKEN_FAULTS)) })
        };
        self.evaluation(device_kind, occasion, result, token)
    }

    fn evaluation(
        self,
        device_kind: &'static str,
        occasion: Occasion,
        result: &'static str,
        token: TokenStatus,
    ) -> Evaluation {
        let platform = BTreeMap::from([("platform", device_kind.to_owned())]);
        Evaluation {
            result,
            evaluation_type: match occasion {
                Occasion::Attempt => "connection-attempt",
                Occasion::Periodic => "periodic",
            },
            shadow_mode: if self.is_shadow { "enabled" } else { "disabled" },
            reason: (result != "permit").then_some("policy-deny"),
            device_token_status: BTreeMap::from([(self.provider, token)]),
            context: self.has_context.then(|| BTreeMap::from([("device", platform)])),
        }
    }
}
