//! Replaces the SDK's decoder with ours for the successful answers of one operation. The SDK still does all else: endpoint,
//! signature, retries, timeouts, and the decoding of errors.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, Error, Output,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse, SharedResponseDeserializer};
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer};

use crate::answer_limits::Limit;
use crate::aws::errors::request_id;
use crate::tables::xml::{DecodeError, PageEnd};

type ReadBody<T> = dyn Fn(&[u8]) -> Result<(PageEnd, T), DecodeError> + Send + Sync;

/// A reader of the answer of one call, which keeps the page until it is taken.
pub(super) struct ResponseReader<T> {
    operation: SdkOperation,
    read: Arc<ReadBody<T>>,
    page: Arc<Mutex<Option<ReadPage<T>>>>,
}

/// The SDK's parts of an operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct SdkOperation {
    /// The SDK's configuration, which contains its own deserializer.
    pub config: fn() -> Option<FrozenLayer>,
    /// An output without values.
    pub empty_output: fn() -> Output,
}

/// The content of an answer.
#[derive(Debug)]
pub(super) struct ReadPage<T> {
    /// AWS's request id.
    pub request_id: Option<String>,
    /// The token of the next page, and the unknown elements.
    pub end: PageEnd,
    /// Size of the answer.
    pub bytes: usize,
    /// The rows, in AWS's order.
    pub rows: T,
}

/// Returns the error of a limit that is not met.
pub(super) fn limit(is_met: bool, limit: Limit) -> Result<(), DecodeError> {
    if is_met { Ok(()) } else { Err(DecodeError::Limit(limit)) }
}

/// Returns the limit that our decoder found exceeded; `None` if the error has another cause.
pub(super) fn exceeded(error: &(dyn std::error::Error + 'static)) -> Option<Limit> {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    match causes.find_map(|error| error.downcast_ref())? {
        DecodeError::Limit(limit) => Some(*limit),
        DecodeError::Malformed => None,
    }
}

impl<T> ResponseReader<T> {
    pub(super) fn new(
        operation: SdkOperation,
        read: impl Fn(&[u8]) -> Result<(PageEnd, T), DecodeError> + Send + Sync + 'static,
    ) -> ResponseReader<T> {
        ResponseReader { operation, read: Arc::new(read), page: Arc::default() }
    }

    /// Takes the page that was read last; `None` if no answer was successful.
    pub(super) fn take(&self) -> Option<ReadPage<T>> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn read(&self, response: &HttpResponse) -> Result<ReadPage<T>, DecodeError> {
        // AWS sends no other success status. 206 would be a partial answer.
        if response.status().as_u16() != 200 {
            return Err(DecodeError::Malformed);
        }
        let body = response.body().bytes().unwrap_or_default();
        let (end, rows) = (self.read)(body)?;
        let request_id = request_id(response);
        Ok(ReadPage { request_id, end, bytes: body.len(), rows })
    }
}

impl<T> Clone for ResponseReader<T> {
    fn clone(&self) -> ResponseReader<T> {
        ResponseReader { operation: self.operation, read: self.read.clone(), page: self.page.clone() }
    }
}

impl<T> fmt::Debug for ResponseReader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseReader")
    }
}

impl<T: Send + 'static> Intercept for ResponseReader<T> {
    fn name(&self) -> &'static str {
        "ResponseReader"
    }

    fn modify_before_deserialization(
        &self,
        _: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let of_the_sdk = (self.operation.config)().ok_or(NoDeserializer)?;
        let ours = PageDeserializer { of_the_sdk, reader: self.clone() };
        config.interceptor_state().store_put(SharedResponseDeserializer::new(ours));
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the SDK has no deserializer for this operation")]
struct NoDeserializer;

struct PageDeserializer<T> {
    /// The SDK's configuration of the operation, which contains its own deserializer.
    of_the_sdk: FrozenLayer,
    reader: ResponseReader<T>,
}

impl<T> fmt::Debug for PageDeserializer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageDeserializer")
    }
}

impl<T: Send + 'static> DeserializeResponse for PageDeserializer<T> {
    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        config: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        if !response.status().is_success() {
            let of_the_sdk = self.of_the_sdk.load::<SharedResponseDeserializer>();
            let of_the_sdk = of_the_sdk.ok_or_else(|| OrchestratorError::other(NoDeserializer))?;
            return of_the_sdk.deserialize_nonstreaming_with_config(response, config);
        }
        let page = self.reader.read(response).map_err(|error| match error {
            // The SDK treats this kind of error as a connection failure, and retries.
            DecodeError::Malformed => OrchestratorError::response(error.into()),
            // A retry would exceed the limit too.
            DecodeError::Limit(_) => OrchestratorError::other(error),
        })?;
        *self.reader.page.lock().unwrap_or_else(PoisonError::into_inner) = Some(page);
        // The output that the SDK passes on is empty: the page is kept here.
        Ok((self.reader.operation.empty_output)())
    }
}
