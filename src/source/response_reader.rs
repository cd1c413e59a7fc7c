//! Puts [`decode`] in the place of the SDK's decoder for the successful answers of one operation. The SDK goes on to do all
//! else: endpoint, signature, retries, timeouts, and the decoding of errors.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ec2::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_ec2::config::{ConfigBag, FrozenLayer, Intercept, RuntimeComponents};
use aws_sdk_ec2::error::BoxError;
use aws_sdk_ec2::operation::describe_client_vpn_connections::{
    DescribeClientVpnConnections, DescribeClientVpnConnectionsOutput,
};
use aws_smithy_runtime_api::client::interceptors::context::{Error, Output};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse, SharedResponseDeserializer};

use super::decoder::{NotWhole, decode};
use crate::aws_errors::request_id;
use crate::normalise::normalise;
use crate::snapshot::{Rows, RowsBuilder};
use crate::target::EndpointId;

/// Reads the answer of one call, and keeps the page until it is taken.
#[derive(Debug, Clone)]
pub(super) struct ResponseReader {
    asked: EndpointId,
    page: Arc<Mutex<Option<ReadPage>>>,
}

/// What an answer says.
#[derive(Debug)]
pub(super) struct ReadPage {
    /// EC2's request id.
    pub request_id: Option<String>,
    /// Leads to the next page; empty or none on the last.
    pub next_token: Option<String>,
    /// The connections, in AWS's order.
    pub rows: Rows,
}

impl ResponseReader {
    /// A reader of one answer about the connections of the endpoint `asked`.
    pub(super) fn new(asked: &EndpointId) -> ResponseReader {
        ResponseReader { asked: asked.clone(), page: Arc::default() }
    }

    /// The page that was read last; none where no answer was successful.
    pub(super) fn take(&self) -> Option<ReadPage> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn read(&self, response: &HttpResponse) -> Result<ReadPage, NotWhole> {
        let mut rows = RowsBuilder::default();
        let body = response.body().bytes().unwrap_or_default();
        let next_token = decode(body, |connection| rows.append(&normalise(connection, &self.asked)))?;
        let request_id = request_id(response);
        Ok(ReadPage { request_id, next_token, rows: rows.finish() })
    }
}

impl Intercept for ResponseReader {
    fn name(&self) -> &'static str {
        "ResponseReader"
    }

    fn modify_before_deserialization(
        &self,
        _: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let of_the_sdk = DescribeClientVpnConnections::new().config().ok_or(NoDeserializer)?;
        let ours = PageDeserializer { of_the_sdk, reader: self.clone() };
        config.interceptor_state().store_put(SharedResponseDeserializer::new(ours));
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the SDK has no deserializer for this operation")]
struct NoDeserializer;

#[derive(Debug)]
struct PageDeserializer {
    /// What the SDK configures for the operation: its own deserializer is in it.
    of_the_sdk: FrozenLayer,
    reader: ResponseReader,
}

impl DeserializeResponse for PageDeserializer {
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
        // The SDK takes this kind of error for a fault of the connection, and tries again.
        let not_whole = |error: NotWhole| OrchestratorError::response(error.into());
        let page = self.reader.read(response).map_err(not_whole)?;
        *self.reader.page.lock().unwrap_or_else(PoisonError::into_inner) = Some(page);
        // What the SDK passes on has nothing in it: the page is here.
        Ok(Output::erase(DescribeClientVpnConnectionsOutput::builder().build()))
    }
}
