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

/// The statuses of a policy that may have no document.
const WITHOUT_DOCUMENT: &[&str] = &["creating", "failed", "deleting", "deleted"];

/// The answer about the authorization policy of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyAnswer {
    /// The policy, as far as AWS sent it.
    pub policy: AuthorizationPolicy,
    /// The fields that AWS sent beside it: the API's field name to the text.
    pub unparsed: BTreeMap<String, String>,
    /// `true` if the answer names a policy that must have a document, and does not have the document: then it is not known.
    pub lacks_document: bool,
}

/// Reads the answer about the endpoint `asked`. One with nothing but its id means that it has no policy.
///
/// # Errors
/// Returns the errors of [`connections`](crate::tables::connections::decoder::connections), and [`DecodeError::Malformed`] for an
/// answer about another endpoint.
pub fn authorization_policy(body: &Body<'_>, asked: &EndpointId) -> Result<PolicyAnswer, DecodeError> {
    let AnswerFields { mut object, unknown, is_odd } = answer(body, &SHAPE, FIELDS)?;
    let mut take = |field| object.take(field, |_| true);
    if take("clientVpnEndpointId").is_none_or(|id| id != asked.as_str()) {
        return Err(DecodeError::Malformed);
    }
    // An empty element has no value either.
    let mut sent = |field| take(field).filter(|text| !text.is_empty());
    let [document, description] = ["policyDocument", "description"].map(&mut sent);
    let [shadow_mode, status] = ["shadowMode", "status"].map(&mut sent);
    // A value may be there and too long for its column.
    let may_have_none = match &status {
        Some(status) => WITHOUT_DOCUMENT.contains(&status.as_ref()),
        None => description.is_none() && shadow_mode.is_none(),
    };
    let lacks_document = document.is_none() && (!unknown.is_empty() || !may_have_none);
    let mut unparsed = Unparsed::new(is_odd);
    let mut text = |field: &'static str, text: Option<Cow<'_, str>>| {
        unparsed.column(field, text?.into_owned().into()).map(Cow::into_owned)
    };
    let policy = AuthorizationPolicy {
        document: text("authorizationPolicy.policyDocument", document),
        description: text("authorizationPolicy.description", description),
        shadow_mode: text("authorizationPolicy.shadowMode", shadow_mode),
        status: text("authorizationPolicy.status", status),
    };
    unparsed.keep(unknown.within(WITHIN));
    Ok(PolicyAnswer { policy, unparsed: owned(unparsed), lacks_document })
}

impl Endpoint {
    /// Adds its authorization policy.
    pub fn add_policy(&mut self, answer: PolicyAnswer) {
        self.authorization_policy = answer.policy;
        self.keep(answer.unparsed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "cvpn-endpoint-0123456789abcdef0";

    fn read(content: &str) -> PolicyAnswer {
        let root = SHAPE.root;
        let document = format!(
            "<{root}><requestId>r</requestId><clientVpnEndpointId>{ID}</clientVpnEndpointId>{content}</{root}>"
        );
        authorization_policy(&Body::new(document.as_bytes()), &EndpointId::parse(ID).unwrap()).unwrap()
    }

    #[test]
    fn a_policy_without_its_document_is_not_understood_and_keeps_what_was_sent() {
        for (name, content, expected) in [
            ("nothing but the id", "", false),
            ("empty elements", "<policyDocument/><description/><shadowMode/><status></status>", false),
            ("a policy", "<policyDocument>p</policyDocument><status>active</status>", false),
            ("a policy with a new field", "<policyDocument>p</policyDocument><newField>x</newField>", false),
            ("active", "<status>active</status>", true),
            ("updating", "<policyDocument/><status>updating</status>", true),
            ("an unknown status", "<status>paused</status>", true),
            ("a description alone", "<description>d</description>", true),
            ("a shadow mode alone", "<shadowMode>disabled</shadowMode>", true),
            ("a new field alone", "<newField>x</newField>", true),
            ("deleted with a new field", "<status>deleted</status><newField>x</newField>", true),
            ("creating", "<status>creating</status><description>d</description>", false),
            ("failed", "<status>failed</status>", false),
            ("deleting", "<status>deleting</status><shadowMode>enabled</shadowMode>", false),
            ("deleted", "<status>deleted</status>", false),
        ] {
            assert_eq!(read(content).lacks_document, expected, "{name}");
        }
        let long = "x".repeat(70_000);
        for (field, expected) in
            [("status", true), ("description", true), ("shadowMode", true), ("policyDocument", false)]
        {
            let answer = read(&format!("<{field}>{long}</{field}>"));
            assert_eq!(
                (answer.lacks_document, answer.policy),
                (expected, AuthorizationPolicy::default()),
                "{field}"
            );
            assert!(answer.unparsed.contains_key(&format!("authorizationPolicy.{field}")));
        }
        let answer = read("<shadowMode>enabled</shadowMode><status>active</status><newField>x</newField>");
        let expected = AuthorizationPolicy {
            shadow_mode: Some("enabled".to_owned()),
            status: Some("active".to_owned()),
            ..AuthorizationPolicy::default()
        };
        assert_eq!(answer.policy, expected);
        let unparsed = BTreeMap::from([("authorizationPolicy.newField".to_owned(), "x".to_owned())]);
        assert_eq!(answer.unparsed, unparsed);
    }

    #[test]
    fn a_policy_with_characters_that_are_not_allowed_is_kept_in_unparsed() {
        let answer = read("<policyDocument>p\u{1}\u{fffe}</policyDocument><status>active</status>");
        assert_eq!(answer.policy.document.as_deref(), Some("p\u{fffd}\u{fffd}"));
        assert_eq!(answer.unparsed["authorizationPolicy.policyDocument"], "p\\u{1}\\u{FFFE}");
        assert!(!answer.lacks_document);
    }
}
