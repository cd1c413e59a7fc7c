//! Errors as CloudWatch Logs answers them.

use crate::error::ApiError;
use serde_json::json;

/// Renders an error in JSON 1.1.
pub(crate) fn body(error: &ApiError) -> Vec<u8> {
    json!({"__type": error.code, "message": error.message}).to_string().into_bytes()
}

pub(crate) fn unknown_operation() -> ApiError {
    new("UnknownOperationException", "")
}

pub(crate) fn serialization() -> ApiError {
    new("SerializationException", "Could not parse request body")
}

pub(crate) fn wrong_service() -> ApiError {
    new("InvalidSignatureException", "Credential should be scoped to correct service: 'logs'.")
}

/// Returns the error for a Region that the account has not enabled.
pub(crate) fn unrecognized_client() -> ApiError {
    new("UnrecognizedClientException", "The security token included in the request is invalid.")
}

pub(crate) fn expired_token() -> ApiError {
    new("ExpiredTokenException", "The security token included in the request is expired")
}

pub(crate) fn throttled() -> ApiError {
    new("ThrottlingException", "Rate exceeded")
}

pub(crate) fn internal() -> ApiError {
    ApiError { status: 500, ..new("ServiceUnavailableException", "The service cannot complete the request.") }
}

pub(crate) fn invalid_parameter(message: impl Into<String>) -> ApiError {
    new("InvalidParameterException", message)
}

/// Returns the error for a token that this listing did not give, or that is older than a day.
pub(crate) fn invalid_token() -> ApiError {
    invalid_parameter("The specified nextToken is invalid.")
}

pub(crate) fn group_not_found() -> ApiError {
    new("ResourceNotFoundException", "The specified log group does not exist.")
}

/// Returns the error for a class of log group that cannot be read event by event.
pub(crate) fn invalid_operation(class: &str) -> ApiError {
    new("InvalidOperationException", format!("FilterLogEvents is not supported for log group class {class}."))
}

/// Returns the error for an action that the caller may not take.
pub(crate) fn access_denied(caller: &str, action: &str, resource: &str) -> ApiError {
    let message = format!(
        "User: {caller} is not authorized to perform: {action} on resource: {resource} because no identity-based policy \
         allows the {action} action"
    );
    new("AccessDeniedException", message)
}

fn new(code: &'static str, message: impl Into<String>) -> ApiError {
    ApiError { status: 400, code, message: message.into() }
}
