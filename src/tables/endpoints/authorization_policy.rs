//! The authorization policy of an endpoint. Source: EC2 API reference, `GetClientVpnEndpointAuthorizationPolicy`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::tables::configuration::object::ObjectShape;
use crate::tables::configuration::owned;
use crate::tables::endpoints::answer::{AnswerFields, answer};
use crate::tables::endpoints::{AuthorizationPolicy, Endpoint};
use crate::tables::typing::unparsed::Unparsed;
use crate::tables::xml::{Body, DecodeError, Shape};
use crate::target::EndpointId;

const SHAPE: Shape = Shape {
    root: "GetClientVpnEndpointAuthorizationPolicyResponse",
    list: "policyDocument",
    ids: &["policyDocument"],
    signs: &[],
};

const FIELDS: ObjectShape = ObjectShape {
    within: "",
    texts: &["clientVpnEndpointId", "policyDocument", "description", "shadowMode", "status"],
    lists: &[],
};

/// Prefix of the names of unknown fields in `unparsed`.
const WITHIN: &str = "authorizationPolicy.";

/// An authorization policy, and what AWS sent beside it.
pub type PolicyAnswer = (AuthorizationPolicy, BTreeMap<String, String>);

/// Reads the answer about the endpoint `asked`. One with nothing but its id means that it has no policy.
///
/// # Errors
/// Returns the errors of [`connections`](crate::tables::connections::decoder::connections), and [`DecodeError::Malformed`] for an
/// answer about another endpoint, or with unknown elements in place of a policy.
pub fn authorization_policy(body: &Body<'_>, asked: &EndpointId) -> Result<PolicyAnswer, DecodeError> {
    let AnswerFields { mut object, unknown, is_odd } = answer(body, &SHAPE, FIELDS)?;
    let mut take = |field| object.take(field, |_| true);
    if take("clientVpnEndpointId").is_none_or(|id| id != asked.as_str()) {
        return Err(DecodeError::Malformed);
    }
    let mut unparsed = Unparsed::new(is_odd);
    let mut text = |field: &'static str, text: Option<Cow<'_, str>>| {
        // An empty element has no value either.
        unparsed.column(field, text.filter(|text| !text.is_empty())?.into_owned().into()).map(Cow::into_owned)
    };
    let policy = AuthorizationPolicy {
        document: text("authorizationPolicy.policyDocument", take("policyDocument")),
        description: text("authorizationPolicy.description", take("description")),
        shadow_mode: text("authorizationPolicy.shadowMode", take("shadowMode")),
        status: text("authorizationPolicy.status", take("status")),
    };
    if policy.document.is_none() && !unknown.is_empty() {
        return Err(DecodeError::Malformed);
    }
    unparsed.keep(unknown.within(WITHIN));
    Ok((policy, owned(unparsed)))
}

impl Endpoint {
    /// Adds its authorization policy.
    pub fn add_policy(&mut self, (policy, unparsed): PolicyAnswer) {
        self.authorization_policy = policy;
        self.keep(unparsed);
    }
}
