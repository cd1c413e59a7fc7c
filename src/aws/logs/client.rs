//! CloudWatch Logs in one account and Region: pages of events, requested within a budget.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_config::SdkConfig;
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_cloudwatchlogs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudwatchlogs::operation::filter_log_events::{FilterLogEvents, FilterLogEventsOutput};
use aws_smithy_runtime_api::client::interceptors::context::Output;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use jiff::Timestamp;

use super::{EventsPage, EventsRequest, malformed, over_limit};
use crate::answer_limits::{Limit, PAGE_UNPARSED_BYTES, PAGE_UNPARSED_VALUES};
use crate::aws::ec2::{Limits, PageError, Session};
use crate::aws::errors::{Call, describe};
use crate::aws::rate_limits::Budget;
use crate::aws::request_times::Timing;
use crate::aws::response_reader::{ReadPage, ResponseReader, SdkOperation, exceeded, limit};
use crate::aws::timeouts::for_each_attempt;
use crate::clock::Clock;
use crate::tables::connection_logs::decoder::events;
use crate::tables::connection_logs::rows::{EventRows, EventRowsBuilder};
use crate::tables::connection_logs::typing::normalise;
use crate::target::Region;

/// CloudWatch Logs in one account and Region.
#[derive(Debug, Clone)]
pub struct LogSource {
    client: Client,
    clock: Clock,
    session: Session,
    /// Budget for pages of events. The other action is called once for each log group.
    budget: Budget,
}

impl LogSource {
    /// Returns a client with the credentials, the Region and, if set, the endpoint of `sdk`. The cost of retries is counted under
    /// `name`.
    pub(super) fn new(
        sdk: &SdkConfig,
        name: String,
        limits: Limits,
        clock: Clock,
        session: Session,
        region: &Region,
    ) -> LogSource {
        let config = aws_sdk_cloudwatchlogs::config::Builder::from(sdk)
            .retry_config(RetryConfig::standard().with_max_attempts(limits.max_attempts))
            .retry_partition(RetryPartition::custom(name).token_bucket(TokenBucket::default()).build())
            .timeout_config(for_each_attempt(limits.call_timeout))
            .build();
        LogSource { client: Client::from_conf(config), clock, session, budget: Budget::of_logs(region) }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the access key of the credentials that the next call is made with.
    ///
    /// # Errors
    /// Returns an error if there are none. The SDK would treat that as a failed connection, and retry.
    pub(super) async fn access_key(&self) -> Result<String, PageError> {
        self.session.access_key().await
    }

    /// Gets new credentials if CloudWatch Logs no longer accepts those with the access key `key`. The failed call can then be
    /// repeated.
    ///
    /// # Errors
    /// Returns `error` if it has another cause, and an error if the role can no longer be assumed.
    pub(super) async fn renew_credentials(&self, error: PageError, key: &str) -> Result<(), PageError> {
        if !error.is_expired_credentials() {
            return Err(error);
        }
        self.session.forget(key).await;
        self.session.access_key().await.map(|_| ())
    }

    /// Reads one page.
    ///
    /// # Errors
    /// Returns an error if CloudWatch Logs refuses, or if no attempt received a complete answer.
    pub async fn page(&self, request: &EventsRequest<'_>) -> Result<EventsPage, PageError> {
        let key = self.access_key().await?;
        match self.try_page(request).await {
            Ok(page) => Ok(page),
            Err(error) => {
                self.renew_credentials(error, &key).await?;
                self.try_page(request).await
            }
        }
    }

    async fn try_page(&self, request: &EventsRequest<'_>) -> Result<EventsPage, PageError> {
        self.budget.wait().await;
        let events = Arc::new(AtomicU64::new(0));
        let reader = reader(request, events.clone());
        let timing = Timing::new(&self.clock);
        let sent = self
            .client
            .filter_log_events()
            .log_group_name(request.group.name())
            .start_time(request.start.as_millisecond())
            .end_time(request.end.as_millisecond())
            .set_unmask(request.unmask.then_some(true))
            .set_limit(request.limit)
            .set_next_token(request.token.map(str::to_owned))
            .customize()
            .interceptor(reader.clone())
            .interceptor(self.budget.clone())
            .interceptor(timing.clone())
            .send()
            .await;
        sent.map_err(|error| page_error(error, "logs:FilterLogEvents", &request.group.arn(), request.token))?;
        let arrived_at: Timestamp = self.clock.now();
        // Never malformed here: the SDK reports success only after the reader has read the answer.
        let ReadPage { request_id, end, rows, .. } = reader.take().ok_or_else(malformed)?;
        Ok(EventsPage {
            request_id,
            requested_at: timing.of_answer(arrived_at).requested_at,
            arrived_at,
            next_token: end.next_token,
            unknown_elements: end.unknown_elements,
            rows,
            events: events.load(Ordering::Relaxed),
        })
    }
}

/// Returns a reader of one answer, which counts its events.
fn reader(request: &EventsRequest<'_>, count: Arc<AtomicU64>) -> ResponseReader<EventRows> {
    let operation = SdkOperation {
        config: || FilterLogEvents::new().config(),
        empty_output: || Output::erase(FilterLogEventsOutput::builder().build()),
    };
    let (room, known) = (request.foreign_room, request.known.clone());
    ResponseReader::new(operation, move |bytes| {
        let mut rows = EventRowsBuilder::new(room);
        let mut of_page = 0;
        let end = events(bytes, |mut event| {
            of_page += 1;
            if known.as_ref().is_some_and(|known| known.contains(&event.event_id)) {
                return Ok(());
            }
            rows.append(&normalise(&mut event));
            let (values, bytes) = rows.unparsed_size();
            limit(values <= PAGE_UNPARSED_VALUES && bytes <= PAGE_UNPARSED_BYTES, Limit::PageUnparsed)
        })?;
        count.store(of_page, Ordering::Relaxed);
        Ok((end, rows.finish()))
    })
}

/// Converts the SDK's error for a request with `token` to one that may be logged.
pub(super) fn page_error<E>(
    error: SdkError<E>,
    permission: &'static str,
    resource: &str,
    token: Option<&str>,
) -> PageError
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let limit = exceeded(&error);
    let error = describe(&error, Call { service: "CloudWatch Logs", permission, resource });
    if let Some(limit) = limit {
        return PageError { request_id: error.request_id, ..over_limit(limit) };
    }
    let expired_token = error.refuses_token && token.is_some();
    PageError { expired_token, ..PageError::from(error) }
}
