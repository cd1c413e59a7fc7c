//! Puts [`decode`](super::decoder::decode) in the place of the SDK's decoder for the successful answers of one operation. The
//! SDK goes on to do all else: endpoint, signature, retries, timeouts, and the decoding of errors.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ec2::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_ec2::config::{ConfigBag, FrozenLayer, Intercept, RuntimeComponents};
use aws_sdk_ec2::error::BoxError;
use aws_sdk_ec2::operation::RequestId;
use aws_sdk_ec2::operation::describe_client_vpn_connections::{
    DescribeClientVpnConnections, DescribeClientVpnConnectionsOutput,
};
use aws_smithy_runtime_api::client::interceptors::context::{Error, Output};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse, SharedResponseDeserializer};

use super::decoder::{DecodedPage, NotWhole, decode};

/// Reads the answer of one call, and keeps the page until it is taken.
#[derive(Debug, Clone, Default)]
pub(super) struct ResponseReader(Arc<Mutex<Option<ReadPage>>>);

/// A page and the request that it answers.
#[derive(Debug)]
pub(super) struct ReadPage {
    /// EC2's request id.
    pub request_id: Option<String>,
    /// What the answer says.
    pub page: DecodedPage,
}

impl ResponseReader {
    /// The page that was read last; none where no answer was successful.
    pub(super) fn take(&self) -> Option<ReadPage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
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
        let ours = PageDeserializer { of_the_sdk, read: self.clone() };
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
    read: ResponseReader,
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
        let page = decode(response.body().bytes().unwrap_or_default()).map_err(not_whole)?;
        let request_id = response.request_id().map(str::to_owned);
        *self.read.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(ReadPage { request_id, page });
        // What the SDK passes on has nothing in it: the page is here.
        Ok(Output::erase(DescribeClientVpnConnectionsOutput::builder().build()))
    }
}
