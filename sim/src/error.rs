//! Errors as EC2 and STS answer them.

/// An error answer: HTTP status, code and message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl ApiError {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(crate) fn missing_action() -> Self {
        Self::new(400, "MissingAction", "The request must contain the parameter Action")
    }

    pub(crate) fn invalid_action(action: &str, version: &str) -> Self {
        let version = if version.is_empty() { "2016-11-15" } else { version };
        let message = format!("The action {action} is not valid for version {version} of this web service.");
        Self::new(400, "InvalidAction", message)
    }

    pub(crate) fn unknown_parameter(name: &str) -> Self {
        Self::new(400, "UnknownParameter", format!("The parameter {name} is not recognized"))
    }

    pub(crate) fn missing_parameter(name: &str) -> Self {
        Self::new(400, "MissingParameter", format!("The request must contain the parameter {name}"))
    }

    pub(crate) fn invalid_value(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameterValue", message)
    }

    pub(crate) fn malformed_request() -> Self {
        Self::new(400, "MalformedQueryString", "The request could not be read")
    }

    pub(crate) fn filter_limit() -> Self {
        Self::new(400, "FilterLimitExceeded", "The maximum number of filter values is 200")
    }

    pub(crate) fn malformed_endpoint(id: &str) -> Self {
        let message = format!("Invalid id: \"{id}\" (expecting \"cvpn-endpoint-...\")");
        Self::new(400, "InvalidClientVpnEndpointId.Malformed", message)
    }

    pub(crate) fn endpoint_not_found(id: &str) -> Self {
        Self::new(400, "InvalidClientVpnEndpointId.NotFound", format!("Endpoint {id} does not exist"))
    }

    pub(crate) fn association_not_found(id: &str) -> Self {
        let message = format!("Association {id} does not exist");
        Self::new(400, "InvalidClientVpnAssociationId.NotFound", message)
    }

    /// Returns the error for a token that this listing did not give.
    pub(crate) fn invalid_token() -> Self {
        Self::new(400, "InvalidNextToken", "The token is not valid for this request")
    }

    /// Returns the error for an expired token.
    pub(crate) fn expired_token() -> Self {
        Self::new(400, "InvalidPaginationToken", "The pagination token has expired")
    }

    pub(crate) fn dry_run() -> Self {
        Self::new(412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(403, "UnauthorizedOperation", "You are not authorized to perform this operation.")
    }

    /// Returns the error for a Region that the account has not enabled.
    pub(crate) fn auth_failure() -> Self {
        let message = "AWS was not able to validate the provided access credentials";
        Self::new(401, "AuthFailure", message)
    }

    /// Returns EC2's error for expired credentials.
    pub(crate) fn request_expired() -> Self {
        Self::new(400, "RequestExpired", "Request has expired.")
    }

    /// Returns STS's error for expired credentials.
    pub(crate) fn expired_credentials() -> Self {
        Self::new(403, "ExpiredToken", "The security token included in the request is expired")
    }

    pub(crate) fn access_denied(message: impl Into<String>) -> Self {
        Self::new(403, "AccessDenied", message)
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationError", message)
    }

    pub(crate) fn throttled() -> Self {
        Self::new(503, "RequestLimitExceeded", "Request limit exceeded.")
    }

    pub(crate) fn internal() -> Self {
        Self::new(500, "InternalError", "An internal error has occurred")
    }
}
