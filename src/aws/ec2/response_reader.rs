//! Replaces the SDK's decoder with ours for the successful answers of one operation. The SDK still does all else: endpoint,
//! signature, retries, timeouts, and the decoding of errors.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ec2::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_ec2::config::{ConfigBag, FrozenLayer, Intercept, RuntimeComponents};
use aws_sdk_ec2::error::BoxError;
use aws_sdk_ec2::operation::describe_client_vpn_connections::{
    DescribeClientVpnConnections, DescribeClientVpnConnectionsOutput,
};
use aws_sdk_ec2::operation::describe_client_vpn_endpoints::{
    DescribeClientVpnEndpoints, DescribeClientVpnEndpointsOutput,
};
use aws_sdk_ec2::operation::describe_client_vpn_target_networks::{
    DescribeClientVpnTargetNetworks, DescribeClientVpnTargetNetworksOutput,
};
use aws_smithy_runtime_api::client::interceptors::context::{Error, Output};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse, SharedResponseDeserializer};

use crate::aws::errors::request_id;
use crate::limits::{Limit, PAGE_UNPARSED_BYTES, PAGE_UNPARSED_VALUES, VALUE_BYTES};
use crate::tables::connections::rows::{Rows, RowsBuilder};
use crate::tables::endpoints::Endpoint;
use crate::tables::typing::illegal::has_illegal;
use crate::tables::xml::{Body, DecodeError, PageEnd};
use crate::tables::{connections, endpoints};
use crate::target::EndpointId;

type ReadBody<T> = dyn Fn(&[u8]) -> Result<(PageEnd, T), DecodeError> + Send + Sync;

/// A reader of the answer of one call, which keeps the page until it is taken.
pub(super) struct ResponseReader<T> {
    operation: Operation,
    read: Arc<ReadBody<T>>,
    page: Arc<Mutex<Option<ReadPage<T>>>>,
}

/// The SDK's parts of an operation.
#[derive(Debug, Clone, Copy)]
struct Operation {
    /// The SDK's configuration, which contains its own deserializer.
    config: fn() -> Option<FrozenLayer>,
    empty_output: fn() -> Output,
}

/// The content of an answer.
#[derive(Debug)]
pub(super) struct ReadPage<T> {
    /// EC2's request id.
    pub request_id: Option<String>,
    /// The token of the next page, and the unknown elements.
    pub end: PageEnd,
    /// Size of the answer.
    pub bytes: usize,
    /// The rows, in AWS's order.
    pub rows: T,
}

impl ResponseReader<Rows> {
    /// Returns a reader of one answer about the connections of the endpoint `asked`.
    pub(super) fn connections(asked: &EndpointId) -> ResponseReader<Rows> {
        let operation = Operation {
            config: || DescribeClientVpnConnections::new().config(),
            empty_output: || Output::erase(DescribeClientVpnConnectionsOutput::builder().build()),
        };
        let asked = asked.clone();
        ResponseReader::new(operation, move |bytes| {
            let mut rows = RowsBuilder::default();
            let body = Body::new(bytes);
            let end = connections::decoder::connections(&body, |connection| {
                rows.append(&connections::typing::normalise(connection, &asked));
                let (values, bytes) = rows.unparsed_size();
                limit(values <= PAGE_UNPARSED_VALUES && bytes <= PAGE_UNPARSED_BYTES, Limit::PageUnparsed)
            })?;
            Ok((end, rows.finish()))
        })
    }
}

impl ResponseReader<Vec<Endpoint>> {
    /// Returns a reader of one answer about the endpoints of an account and Region. Their time and request id are not set yet.
    pub(super) fn endpoints() -> ResponseReader<Vec<Endpoint>> {
        let operation = Operation {
            config: || DescribeClientVpnEndpoints::new().config(),
            empty_output: || Output::erase(DescribeClientVpnEndpointsOutput::builder().build()),
        };
        ResponseReader::new(operation, |bytes| {
            let (mut endpoints, mut size) = (Vec::new(), 0);
            let body = Body::new(bytes);
            let end = endpoints::decoder::endpoints(&body, |raw| {
                let endpoint = endpoints::typing::normalise(raw);
                let of_texts = endpoint.unparsed.iter().map(|(name, text)| name.len() + text.len());
                size += of_texts.sum::<usize>();
                endpoints.push(endpoint);
                limit(size <= PAGE_UNPARSED_BYTES, Limit::PageUnparsed)
            })?;
            Ok((end, endpoints))
        })
    }
}

impl ResponseReader<Vec<String>> {
    /// Returns a reader of one answer about the networks of an endpoint.
    pub(super) fn networks() -> ResponseReader<Vec<String>> {
        let operation = Operation {
            config: || DescribeClientVpnTargetNetworks::new().config(),
            empty_output: || Output::erase(DescribeClientVpnTargetNetworksOutput::builder().build()),
        };
        ResponseReader::new(operation, |bytes| {
            let mut networks = Vec::new();
            let body = Body::new(bytes);
            let is_exact = |id: &Cow<'_, str>| (1..=VALUE_BYTES).contains(&id.len()) && !has_illegal(id);
            let end = endpoints::decoder::networks(&body, |id| {
                // A list without this one would state that it is not associated.
                let id = id.filter(is_exact).ok_or(DecodeError::Malformed)?;
                networks.push(id.into_owned());
                Ok(())
            })?;
            Ok((end, networks))
        })
    }
}

fn limit(is_met: bool, limit: Limit) -> Result<(), DecodeError> {
    if is_met { Ok(()) } else { Err(DecodeError::Limit(limit)) }
}

impl<T> ResponseReader<T> {
    fn new(
        operation: Operation,
        read: impl Fn(&[u8]) -> Result<(PageEnd, T), DecodeError> + Send + Sync + 'static,
    ) -> ResponseReader<T> {
        ResponseReader { operation, read: Arc::new(read), page: Arc::default() }
    }

    /// Takes the page that was read last; `None` if no answer was successful.
    pub(super) fn take(&self) -> Option<ReadPage<T>> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn read(&self, response: &HttpResponse) -> Result<ReadPage<T>, DecodeError> {
        // EC2 sends no other success status. 206 would be a partial answer.
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
