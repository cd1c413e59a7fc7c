//! EC2 in one account and Region: pages of connections, requested within a budget.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::types::Filter as Ec2Filter;
use jiff::Timestamp;

use super::{Action, Page, PageError, PageRequest};
use crate::aws::errors::{Call, describe};
use crate::aws::identity::{MemberSession, OwnSession};
use crate::aws::rate_limits::Budget;
use crate::aws::request_times::{Timed, Timing};
use crate::aws::response_reader::{ReadPage, ResponseReader, exceeded};
use crate::aws::timeouts::for_each_attempt;
use crate::clock::Clock;
use crate::error_code::{AwsCode, ErrorCode};
use crate::tables::xml::PageEnd;
use crate::target::Target;

/// Maximum number of rows in a page of a listing that is kept in memory. Source: EC2 API reference, `MaxResults`.
pub(super) const PAGE_SIZE: i32 = 1000;

/// Time and attempts allowed for a call.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Timeout of one attempt at a call, so a stalled connection cannot use up the invocation.
    pub call_timeout: Duration,
    /// Attempts at a call, the first included.
    pub max_attempts: u32,
}

/// The session that provides the credentials for an account.
#[derive(Debug, Clone)]
pub(in crate::aws) enum Session {
    /// The program's own.
    Own(Arc<OwnSession>),
    /// Those of the role in another account.
    Member(Arc<MemberSession>),
}

impl Session {
    /// Returns the access key of valid credentials, which are requested if there are none.
    pub(in crate::aws) async fn access_key(&self) -> Result<String, PageError> {
        let credentials = match self {
            Session::Own(session) => session.credentials().await?,
            Session::Member(session) => session.credentials().await?,
        };
        Ok(credentials.access_key_id().to_owned())
    }

    /// Forgets the credentials with this access key.
    pub(in crate::aws) async fn forget(&self, access_key_id: &str) {
        match self {
            Session::Own(session) => session.forget(access_key_id).await,
            Session::Member(session) => session.forget(access_key_id).await,
        }
    }
}

/// EC2 in one account and Region as the source of pages.
#[derive(Debug, Clone)]
pub struct Ec2Source {
    client: Client,
    /// The client for the configuration of endpoints. Its failures leave the calls for connections as many retries as they have.
    configuration_client: Client,
    clock: Clock,
    session: Session,
    /// Budget for pages of connections, and for the configuration of endpoints, which is requested after these.
    budget: Budget,
}

impl Ec2Source {
    /// Returns a client with the credentials, the Region and, if set, the endpoint of `sdk`. The cost of retries is counted under
    /// `name`, separately for each account and Region, and for the configuration.
    pub(super) fn new(
        sdk: &SdkConfig,
        name: String,
        limits: Limits,
        clock: Clock,
        session: Session,
    ) -> Ec2Source {
        let config = |name: String| {
            aws_sdk_ec2::config::Builder::from(sdk)
                .retry_config(RetryConfig::standard().with_max_attempts(limits.max_attempts))
                .retry_partition(RetryPartition::custom(name).token_bucket(TokenBucket::default()).build())
                .timeout_config(for_each_attempt(limits.call_timeout))
                .build()
        };
        let configuration_client = Client::from_conf(config(format!("{name} configuration")));
        let client = Client::from_conf(config(name));
        Ec2Source { client, configuration_client, clock, session, budget: Budget::of_ec2() }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn configuration_client(&self) -> &Client {
        &self.configuration_client
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Starts timing a call that is about to be made.
    pub(super) fn timing(&self) -> Timing {
        Timing::new(&self.clock)
    }

    /// Returns the access key of the credentials that the next call is made with.
    ///
    /// # Errors
    /// Returns an error if there are none. The SDK would treat that as a failed connection, and retry.
    pub(super) async fn access_key(&self) -> Result<Option<String>, PageError> {
        self.session.access_key().await.map(Some)
    }

    /// Gets new credentials if EC2 no longer accepts those with the access key `key`. The failed call can then be repeated.
    ///
    /// # Errors
    /// Returns `error` if it has another cause, and an error if the role can no longer be assumed.
    pub(super) async fn renew_credentials(
        &self,
        error: PageError,
        key: Option<&str>,
    ) -> Result<(), PageError> {
        match key {
            Some(key) if error.is_expired_credentials() => {
                self.session.forget(key).await;
                self.session.access_key().await?;
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// Makes a call, and repeats it with new credentials if EC2 no longer accepts those that it was made with.
    ///
    /// # Errors
    /// Returns the call's error, or one if there are no credentials.
    pub(super) async fn with_credentials<T, F>(&self, call: impl Fn() -> F) -> Result<T, PageError>
    where
        F: Future<Output = Result<T, PageError>>,
    {
        let key = self.access_key().await?;
        match call().await {
            Ok(answer) => Ok(answer),
            Err(error) => {
                self.renew_credentials(error, key.as_deref()).await?;
                call().await
            }
        }
    }

    /// Reads one page.
    ///
    /// # Errors
    /// Returns an error if EC2 refuses, or if no attempt received a complete answer.
    pub async fn page(&self, request: PageRequest<'_>) -> Result<Page, PageError> {
        self.with_credentials(|| self.try_page(request)).await
    }

    async fn try_page(&self, request: PageRequest<'_>) -> Result<Page, PageError> {
        self.budget.wait().await;
        let filters = request.filters.iter().map(|filter| {
            Ec2Filter::builder().name(filter.name).set_values(Some(filter.values.clone())).build()
        });
        let filters: Vec<Ec2Filter> = filters.collect();
        let reader = ResponseReader::connections(&request.target.endpoint_id);
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
            .map_err(|error| page_error(error, Action::Connections, &request.target.arn(), request.token))?;
        let arrived_at = self.clock.now();
        // Never malformed here: the SDK reports success only after the reader has read the answer.
        let ReadPage { request_id, end, rows, .. } = reader.take().ok_or_else(malformed)?;
        let PageEnd { next_token, unknown_elements, .. } = end;
        let Timed { requested_at, clock_difference_seconds } = timing.of_answer(arrived_at);
        Ok(Page {
            request_id,
            requested_at,
            arrived_at,
            clock_difference_seconds,
            next_token,
            unknown_elements,
            rows,
        })
    }

    /// Checks that the connections of `target` may be read, without reading them.
    ///
    /// # Errors
    /// Returns an error if they may not be read, or if EC2 does not state that they may.
    pub async fn dry_run(&self, target: &Target) -> Result<(), PageError> {
        self.access_key().await?;
        let call = self
            .client
            .describe_client_vpn_connections()
            .client_vpn_endpoint_id(target.endpoint_id.as_str())
            .dry_run(true);
        match call.send().await {
            // EC2 answers a dry run with an error either way.
            Err(error) if AwsCode::DRY_RUN.is(error.code()) => Ok(()),
            Err(error) => Err(page_error(error, Action::Connections, &target.arn(), None)),
            Ok(_) => Ok(()),
        }
    }
}

/// Converts the SDK's error for a request with `token` to one that may be logged: the SDK's own texts can contain the request and
/// the answer.
pub(super) fn page_error<E>(
    error: SdkError<E>,
    action: Action,
    resource: &str,
    token: Option<&str>,
) -> PageError
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let call = Call { service: "EC2", permission: action.permission(), resource };
    let limit = exceeded(&error);
    let error = describe(&error, call);
    if let Some(limit) = limit {
        return PageError { request_id: error.request_id, ..PageError::limit(limit) };
    }
    let expired_token = error.refuses_token && token.is_some();
    PageError { expired_token, ..PageError::from(error) }
}

/// Returns the error for an answer that cannot be read.
pub(super) fn malformed() -> PageError {
    PageError::new(
        ErrorCode::MalformedResponse,
        "an answer of EC2 came that is cut off or is not of the form of this API; the next snapshot begins again",
    )
}
