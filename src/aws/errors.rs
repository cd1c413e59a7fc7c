//! Errors of AWS in our own words. AWS's messages quote the request and the caller, so none is passed on. This module keeps the
//! code and the request id of an answer, each if it has the form of one, and the action that a denial states.

mod credentials;
mod denial;
mod refused_token;
mod region;
mod request_id;

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{DispatchFailure, SdkError, ServiceError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::aws::https::TransportError;
use crate::error_causes::{self, chain};
use crate::error_code::{AwsCode, ErrorCode};

pub use credentials::CredentialsFailure;
pub(crate) use credentials::Provider;
pub use denial::{Denial, PolicyKind};
use refused_token::names_token;
pub(crate) use region::region_named;
pub(crate) use request_id::request_id;

/// A call of AWS, to describe its error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    /// Name of the service in messages: `EC2`.
    pub service: &'static str,
    /// The permission that the call requires.
    pub permission: &'static str,
    /// The ARN of the requested resource.
    pub resource: &'a str,
}

/// An error of AWS, without anything that could name a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AwsError {
    /// AWS's code, or one of ours.
    pub code: ErrorCode,
    /// Our message for it, with the next step.
    pub message: String,
    /// AWS's request id; `None` if there was no answer, or it had no id of that form.
    pub request_id: Option<String>,
    /// The denied access; `None` if the error is not a denial.
    pub denial: Option<Box<Denial>>,
    /// `true` if AWS refused the token of a listing: its code or message names one.
    pub refuses_token: bool,
}

impl AwsError {
    fn new(code: ErrorCode, message: impl Into<String>) -> AwsError {
        AwsError { code, message: message.into(), request_id: None, denial: None, refuses_token: false }
    }

    /// Returns `true` if the request got no answer, for a cause that the code names.
    pub(crate) fn is_own_cause(&self) -> bool {
        !matches!(self.code, ErrorCode::Aws(_)) && self.code.names_a_cause()
    }
}

/// Converts the SDK's error to one that may be logged: the SDK's own texts can contain the request and the answer.
pub(crate) fn describe<E>(error: &SdkError<E, HttpResponse>, call: Call<'_>) -> AwsError
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let service = call.service;
    match error {
        SdkError::ServiceError(answer) if answer.raw().status().is_success() => {
            malformed(answer.raw(), service)
        }
        SdkError::ServiceError(answer) => refused(answer, call),
        SdkError::ResponseError(answer) => malformed(answer.raw(), service),
        SdkError::TimeoutError(_) => {
            AwsError::new(ErrorCode::Timeout, format!("{service} did not answer in time, in any attempt"))
        }
        SdkError::DispatchFailure(failure) => not_sent(failure, service),
        // Its cause prints the request, filters included.
        _ => {
            let message =
                format!("the request could not be made; check the Region and AWS_ENDPOINT_URL for {service}");
            AwsError::new(ErrorCode::RequestFailed, message)
        }
    }
}

fn malformed(answer: &HttpResponse, service: &str) -> AwsError {
    let message = format!("an answer of {service} came that is cut off or is not of the form of this API");
    AwsError { request_id: request_id(answer), ..AwsError::new(ErrorCode::MalformedResponse, message) }
}

/// Returns the error for an answer that refuses the request.
fn refused<E: ProvideErrorMetadata>(answer: &ServiceError<E, HttpResponse>, call: Call<'_>) -> AwsError {
    let (service, status) = (call.service, answer.raw().status().as_u16());
    let request_id = request_id(answer.raw());
    let said = answer.err().message().unwrap_or_default();
    let see = request_id::hint(answer.raw(), request_id.as_deref());
    let code = match answer.err().code() {
        Some(code) => Some(AwsCode::parse(code)),
        None => code_of(service, status).map(Some),
    };
    let Some(code) = code else {
        let message = format!("{service} answered with status {status} and no error code of its own; {see}");
        return AwsError { request_id, ..AwsError::new(ErrorCode::RequestFailed, message) };
    };
    let Some(code) = code else {
        let message = format!(
            "{service} answered with status {status} and an error code of an unknown form, which is not repeated; {see}"
        );
        let refuses_token = names_token(said);
        return AwsError { request_id, refuses_token, ..AwsError::new(ErrorCode::RequestFailed, message) };
    };
    let denial = code.is_denial().then(|| Box::new(Denial::read(said, call.resource)));
    let message = match (&denial, code.advice()) {
        (Some(denial), _) => denial.in_words(call.permission, call.resource),
        (None, Some(advice)) => format!("{service} answered {}: {advice}", code.as_str()),
        (None, None) => format!("{service} answered {}; {see}", code.as_str()),
    };
    let refuses_token = code.refuses_token() || (!code.is_of_credentials() && names_token(said));
    AwsError { code: code.into(), message, request_id, denial, refuses_token }
}

/// Returns the code that a status means if an answer has no body, such as S3's to HEAD.
fn code_of(service: &str, status: u16) -> Option<AwsCode> {
    match status {
        301 | 307 if service == "S3" => Some(AwsCode::PERMANENT_REDIRECT),
        403 if service == "S3" => Some(AwsCode::ACCESS_DENIED),
        _ => None,
    }
}

/// Returns the error for a request that was not sent, or got no answer.
fn not_sent(failure: &DispatchFailure, service: &str) -> AwsError {
    let Some(error) = failure.as_connector_error() else {
        return AwsError::new(
            ErrorCode::ConnectionFailed,
            format!("{service} could not be asked; check the network"),
        );
    };
    if let Some(failure) = CredentialsFailure::within(error) {
        return failure.into();
    }
    if let Some(error) = chain(error).find_map(|cause| cause.downcast_ref::<TransportError>()) {
        return of_transport(error, service);
    }
    if failure.is_timeout() {
        return AwsError::new(
            ErrorCode::Timeout,
            format!("{service} could not be reached in time, in any attempt"),
        );
    }
    // A failure before the HTTP client is called has no kind. The client's errors without a kind are ours, handled above.
    if failure.is_other() && failure.as_other().is_none() {
        return not_made(error, service);
    }
    let cause = error_causes::of_the_system(error);
    let cause = cause.unwrap_or_else(|| "no connection came about, or it broke off".to_owned());
    let check = format!("check the network, the Region and AWS_ENDPOINT_URL for {service}");
    AwsError::new(ErrorCode::ConnectionFailed, format!("{service} could not be asked: {cause}; {check}"))
}

impl From<CredentialsFailure> for AwsError {
    fn from(failure: CredentialsFailure) -> AwsError {
        let message = failure.to_string();
        AwsError::new(failure.code, message)
    }
}

fn of_transport(error: &TransportError, service: &str) -> AwsError {
    match error {
        TransportError::BodyTooLarge { limit } => AwsError::new(
            ErrorCode::LimitExceeded,
            format!(
                "an answer of {service} has a body of more than {limit} bytes, the limit; nothing of it was used"
            ),
        ),
        TransportError::CutOff => AwsError::new(
            ErrorCode::MalformedResponse,
            format!("an answer of {service} came that is cut off or is not of the form of this API"),
        ),
        TransportError::ProxyRefused { asks_for_password } => {
            let why = if *asks_for_password {
                "it asks for a name and a password (407); give both in HTTPS_PROXY or HTTP_PROXY"
            } else {
                "it opened no connection; check that it allows the host"
            };
            AwsError::new(
                ErrorCode::ProxyRefused,
                format!(
                    "the proxy did not let the request to {service} pass: {why}, or name the host in NO_PROXY"
                ),
            )
        }
        TransportError::InvalidEndpoint => invalid_endpoint(service),
        TransportError::NotHttp => AwsError::new(
            ErrorCode::ConnectionFailed,
            format!("what answers for {service} does not speak HTTP; check the proxy and AWS_ENDPOINT_URL"),
        ),
    }
}

/// Returns the error for a request that the SDK could not make. The SDK's texts about endpoints are fixed.
fn not_made(error: &(dyn Error + 'static), service: &str) -> AwsError {
    let says = |parts: &[&str]| {
        chain(error).any(|cause| {
            let text = cause.to_string().to_lowercase();
            parts.iter().all(|part| text.contains(part))
        })
    };
    // This error prints the request, which can contain all the other words.
    if says(&["failed to apply endpoint"]) {
        return invalid_endpoint(service);
    }
    if says(&["auth scheme"]) || says(&["identity resolver"]) {
        return AwsError::new(
            ErrorCode::NoCredentials,
            "there are no credentials; set AWS_PROFILE or AWS_ACCESS_KEY_ID",
        );
    }
    let problem = if says(&["fips", "custom endpoint"]) {
        "AWS_USE_FIPS_ENDPOINT does not go with an endpoint of your own; unset it, or AWS_ENDPOINT_URL"
    } else if says(&["dualstack", "custom endpoint"]) {
        "AWS_USE_DUALSTACK_ENDPOINT does not go with an endpoint of your own; unset it, or AWS_ENDPOINT_URL"
    } else if says(&["fips"]) {
        "the Region has no endpoint of FIPS; unset AWS_USE_FIPS_ENDPOINT, or use another Region"
    } else if says(&["dualstack"]) {
        "the Region has no endpoint of dual stack; unset AWS_USE_DUALSTACK_ENDPOINT, or use another Region"
    } else if says(&["region"]) {
        "the Region is missing or is none; set AWS_REGION"
    } else {
        return invalid_endpoint(service);
    };
    AwsError::new(ErrorCode::EndpointInvalid, format!("there is no endpoint to ask {service} at: {problem}"))
}

fn invalid_endpoint(service: &str) -> AwsError {
    let problem =
        "AWS_ENDPOINT_URL, or the one for the service, is no URL; it begins with https:// or http://";
    AwsError::new(ErrorCode::EndpointInvalid, format!("there is no endpoint to ask {service} at: {problem}"))
}
