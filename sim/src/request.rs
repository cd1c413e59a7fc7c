//! A request, in either of the protocols that are spoken here.

use crate::parameters::Parameters;
use crate::signature::Signature;

/// A request, and the signature that it came with.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) signature: Option<Signature>,
    pub(crate) content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    /// The Query protocol, of EC2 and STS.
    Query(Parameters),
    /// JSON 1.1, of CloudWatch Logs.
    Json(JsonContent),
}

/// A request in JSON 1.1.
#[derive(Debug)]
pub(crate) struct JsonContent {
    /// The header `X-Amz-Target`, such as `Logs_20140328.FilterLogEvents`.
    pub(crate) target: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Reads a request: one with a `target` is in JSON.
    pub(crate) fn read(authorization: Option<&str>, target: Option<&str>, query: &str, body: &[u8]) -> Self {
        let Some(target) = target else {
            let parameters = Parameters::parse(query, body);
            let signature = Signature::read(authorization, &parameters);
            return Self { signature, content: Content::Query(parameters) };
        };
        let signature = Signature::read(authorization, &Parameters::parse(query, &[]));
        let content = JsonContent { target: target.to_owned(), body: body.to_vec() };
        Self { signature, content: Content::Json(content) }
    }
}
