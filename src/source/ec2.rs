//! EC2 in one account and Region: pages of connections, asked for within a budget.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_ec2::config::timeout::TimeoutConfig;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::operation::RequestId;
use aws_sdk_ec2::types::Filter as Ec2Filter;
use jiff::Timestamp;

use super::budget::Budget;
use super::response_reader::{ReadPage, ResponseReader};
use super::timing::{Timed, Timing};
use super::{Action, Filter, Page, PageError, PageRequest};
use crate::causes;
use crate::clock::Clock;
use crate::identity::MemberSession;
use crate::target::Target;

/// Longest message of EC2's that is passed on, in characters.
const MESSAGE: usize = 300;

/// How long, and how often, a call is tried.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Longest time of one attempt at a call, so that a stalled connection cannot eat the invocation.
    pub call_timeout: Duration,
    /// Attempts at a call, the first included.
    pub max_attempts: u32,
}

/// EC2 in one account and Region as the source of pages.
#[derive(Debug, Clone)]
pub struct Ec2Source {
    client: Client,
    clock: Clock,
    /// The role that was assumed to get there; none in the own account.
    session: Option<Arc<MemberSession>>,
    /// For pages of connections. The other actions are called once for each endpoint, which no bucket feels.
    budget: Budget,
}

impl Ec2Source {
    /// A client with the credentials, the Region and, where set, the endpoint of `sdk`. What retries cost is counted under
    /// `name`, for each account and Region by itself.
    pub fn new(
        sdk: &SdkConfig,
        name: String,
        limits: Limits,
        clock: Clock,
        session: Option<Arc<MemberSession>>,
    ) -> Ec2Source {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(limits.call_timeout).build();
        let config = aws_sdk_ec2::config::Builder::from(sdk)
            .retry_config(RetryConfig::standard().with_max_attempts(limits.max_attempts))
            .retry_partition(RetryPartition::custom(name).token_bucket(TokenBucket::default()).build())
            .timeout_config(timeouts)
            .build();
        Ec2Source { client: Client::from_conf(config), clock, session, budget: Budget::new() }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn session(&self) -> Option<&MemberSession> {
        self.session.as_deref()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Watches a call that is about to be made.
    pub(super) fn timing(&self) -> Timing {
        Timing::new(&self.clock)
    }

    /// The credentials that the next call is made with; none in the own account.
    ///
    /// # Errors
    /// When the role cannot be assumed. The SDK would take that for a connection that did not come about.
    pub(super) async fn access_key(&self) -> Result<Option<String>, PageError> {
        match &self.session {
            Some(session) => Ok(Some(session.credentials().await?.access_key_id().to_owned())),
            None => Ok(None),
        }
    }

    /// Gets new credentials where EC2 takes those of an assumed role, with the access key `key`, no longer: then what failed is worth
    /// another call.
    ///
    /// # Errors
    /// With `error` where it is another one, and where the role cannot be assumed any more.
    pub(super) async fn renew_credentials(
        &self,
        error: PageError,
        key: Option<&str>,
    ) -> Result<(), PageError> {
        match (&self.session, key) {
            (Some(session), Some(key)) if error.is_expired_credentials() => {
                session.forget(key).await;
                session.credentials().await?;
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// Reads one page.
    ///
    /// # Errors
    /// When EC2 refuses, or no whole answer came in all attempts.
    pub async fn page(&self, request: PageRequest<'_>) -> Result<Page, PageError> {
        let key = self.access_key().await?;
        match self.try_page(request).await {
            Ok(page) => Ok(page),
            Err(error) => {
                self.renew_credentials(error, key.as_deref()).await?;
                self.try_page(request).await
            }
        }
    }

    async fn try_page(&self, request: PageRequest<'_>) -> Result<Page, PageError> {
        self.budget.wait().await;
        let filters = request.filters.iter().map(|filter| {
            Ec2Filter::builder().name(filter.name).set_values(Some(filter.values.clone())).build()
        });
        let filters: Vec<Ec2Filter> = filters.collect();
        let reader = ResponseReader::new(&request.target.endpoint_id);
        let timing = self.timing();
        self.client
            .describe_client_vpn_connections()
            .client_vpn_endpoint_id(request.target.endpoint_id.as_str())
            .set_filters((!filters.is_empty()).then_some(filters))
            .max_results(i32::from(request.page_size.get()))
            .set_next_token(request.token.map(str::to_owned))
            .customize()
            .interceptor(reader.clone())
            .interceptor(self.budget.clone())
            .interceptor(timing.clone())
            .send()
            .await
            .map_err(|error| {
                page_error(error, Action::Connections, &request.target.arn(), request.filters)
            })?;
        let arrived_at = self.clock.now();
        // An answer that the SDK takes for successful without having had it read: it never comes to that.
        let ReadPage { request_id, next_token, rows } = reader.take().ok_or_else(malformed)?;
        let Timed { requested_at, clock_difference_seconds } = timing.of_answer(arrived_at);
        Ok(Page { request_id, requested_at, arrived_at, clock_difference_seconds, next_token, rows })
    }

    /// Asks whether the connections of `target` may be read, without reading them.
    ///
    /// # Errors
    /// When they may not, or when EC2 did not say.
    pub async fn dry_run(&self, target: &Target) -> Result<(), PageError> {
        self.access_key().await?;
        let call = self
            .client
            .describe_client_vpn_connections()
            .client_vpn_endpoint_id(target.endpoint_id.as_str())
            .dry_run(true);
        match call.send().await {
            // EC2 answers a dry run with an error either way.
            Err(error) if error.code() == Some("DryRunOperation") => Ok(()),
            Err(error) => Err(page_error(error, Action::Connections, &target.arn(), &[])),
            Ok(_) => Ok(()),
        }
    }
}

/// What the SDK reports, in words that may be logged: its own texts can hold the whole request and answer.
pub(super) fn page_error<E>(
    error: SdkError<E>,
    action: Action,
    resource: &str,
    filters: &[Filter],
) -> PageError
where
    E: Error + ProvideErrorMetadata + 'static,
    SdkError<E>: RequestId,
{
    let request_id = error.request_id().map(str::to_owned);
    let (code, message) = match &error {
        SdkError::ServiceError(service) if service.raw().status().is_success() => {
            return PageError { request_id, ..malformed() };
        }
        SdkError::ServiceError(service) => match service.err().code().filter(|code| is_code(code)) {
            // EC2's own message names the caller.
            Some(code @ "UnauthorizedOperation") => {
                let permission = action.permission();
                (code, format!("the permission {permission} on {resource} is missing, or a policy denies it"))
            }
            Some(code) => (code, without_values(service.err().message().unwrap_or_default(), filters)),
            None => {
                let status = service.raw().status();
                ("RequestFailed", format!("EC2 answered with status {status} and no error code of its own"))
            }
        },
        SdkError::ResponseError(_) => return PageError { request_id, ..malformed() },
        SdkError::TimeoutError(_) => ("Timeout", "EC2 did not answer in time, in any attempt".to_owned()),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            ("Timeout", "EC2 could not be reached in time, in any attempt".to_owned())
        }
        SdkError::DispatchFailure(failure) => {
            let cause = failure.as_connector_error().and_then(|error| causes::of_the_system(error));
            let cause = cause.unwrap_or_else(|| "no connection came about, or it broke off".to_owned());
            let check = "check the credentials, the network, the Region and AWS_ENDPOINT_URL_EC2";
            ("ConnectionFailed", format!("EC2 could not be asked: {cause}; {check}"))
        }
        // Its cause prints the request, filters included.
        _ => (
            "RequestFailed",
            "the request could not be made; check the Region and AWS_ENDPOINT_URL_EC2".to_owned(),
        ),
    };
    PageError { code: code.to_owned(), message: printable(&message), request_id }
}

/// An answer that cannot be read.
pub(super) fn malformed() -> PageError {
    let message = "an answer came that is cut off or is not the XML of this API";
    PageError { code: "MalformedResponse".to_owned(), message: message.to_owned(), request_id: None }
}

/// Whether a text is of the form of an error code, such as `InvalidClientVpnEndpointId.NotFound`.
fn is_code(text: &str) -> bool {
    (1..=100).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// EC2 may quote what was asked, and the values of filters name people.
fn without_values(message: &str, filters: &[Filter]) -> String {
    let values = filters.iter().flat_map(|filter| &filter.values).filter(|value| !value.is_empty());
    values.fold(message.to_owned(), |message, value| message.replace(value.as_str(), "…"))
}

/// One line of at most [`MESSAGE`] characters.
fn printable(message: &str) -> String {
    message.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_filtered_by_is_not_repeated() {
        let filters = [Filter { name: "username", values: vec!["maria.lopez".to_owned(), String::new()] }];
        assert_eq!(without_values("Value (maria.lopez) is invalid", &filters), "Value (…) is invalid");
    }

    #[test]
    fn a_code_is_one_word() {
        assert!(is_code("InvalidClientVpnEndpointId.NotFound"));
        assert!(!is_code("maria lopez") && !is_code("") && !is_code(&"x".repeat(101)));
    }
}
