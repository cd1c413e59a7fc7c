//! One HTTPS client for all clients of the SDK. Otherwise each would create its own, and read the TLS roots again, for each
//! account and Region.
//!
//! It reads every answer itself, up to a limit, except one that its caller streams. It sends no request for credentials
//! through a proxy.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, ConnectorBuilder, tls};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::config_bag::ConfigBag;

use crate::error_causes::chain;

/// Largest body of an answer, in bytes, unless its caller sets another limit.
pub(crate) const LARGEST_BODY: usize = 16 << 20;

/// Maximum number of bytes reserved for an answer before they arrive: about the size of a page of a thousand connections.
const LARGEST_RESERVATION: usize = 1 << 20;

/// Status of a proxy that asks for a name and a password.
const PROXY_AUTHENTICATION_REQUIRED: u16 = 407;

/// Variables that name a proxy.
pub(super) const PROXY_VARIABLES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// Addresses that provide credentials on EKS and EC2 over IPv6.
const METADATA_IPV6: [Ipv6Addr; 2] =
    [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)];

/// Failure of an exchange that returned no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransportError {
    /// The body exceeds the limit.
    #[error("the body of the answer is larger than {limit} bytes")]
    BodyTooLarge { limit: usize },
    /// The body ended too soon.
    #[error("the answer was cut off")]
    CutOff,
    /// The proxy did not forward the request.
    #[error("the proxy refused the request")]
    ProxyRefused { asks_for_password: bool },
    /// The endpoint is not a URL.
    #[error("the endpoint is no URL")]
    InvalidEndpoint,
    /// The answer is not HTTP.
    #[error("the answer is not HTTP")]
    NotHttp,
}

/// Handling of the body of one call's answer. As an interceptor it applies to the call it is added to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum BodyHandling {
    /// A body that is read at once, up to a number of bytes.
    AtMost(usize),
    /// A body left to the caller, if the answer is a success.
    Streamed,
}

impl Intercept for BodyHandling {
    fn name(&self) -> &'static str {
        "BodyHandling"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        context.request_mut().add_extension(*self);
        Ok(())
    }
}

/// Returns a client like the SDK's default one, with the proxies that the environment names (`HTTPS_PROXY`, `NO_PROXY`).
pub fn client() -> SharedHttpClient {
    let is_set = |name: &&str| variable(name).is_some_and(|value| !value.is_empty());
    // The first that is set, as in the SDK.
    let no_proxy = variable("NO_PROXY").or_else(|| variable("no_proxy")).unwrap_or_default();
    let proxied = PROXY_VARIABLES.iter().any(is_set) && !is_everything(&no_proxy);
    SharedHttpClient::new(Client {
        direct: client_with(ProxyConfig::disabled()),
        proxied: proxied.then(|| client_with(ProxyConfig::from_env())),
    })
}

/// Returns `true` if a `NO_PROXY` excludes every host. The SDK itself does not apply `*` to addresses.
fn is_everything(no_proxy: &str) -> bool {
    no_proxy.split(',').any(|entry| entry.trim() == "*")
}

#[expect(
    clippy::disallowed_methods,
    reason = "proxies have names that every program reads, and this is their door"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn client_with(proxy: ProxyConfig) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
        let mut connector = ConnectorBuilder::default().tls_provider(provider);
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.set_proxy_config(Some(proxy.clone()));
        connector.build()
    })
}

#[derive(Debug)]
struct Client {
    direct: SharedHttpClient,
    /// `None` without a proxy.
    proxied: Option<SharedHttpClient>,
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            direct: self.direct.http_connector(settings, components),
            proxied: self.proxied.as_ref().map(|client| client.http_connector(settings, components)),
        })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.direct.connector_metadata()
    }
}

#[derive(Debug)]
struct Connector {
    direct: SharedHttpConnector,
    proxied: Option<SharedHttpConnector>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(host) = host_of(request.uri()) else {
            return HttpConnectorFuture::ready(Err(for_good(TransportError::InvalidEndpoint)));
        };
        let proxied = self.proxied.as_ref().filter(|_| !hands_out_credentials(host));
        let body = request.extension::<BodyHandling>().copied().unwrap_or(BodyHandling::AtMost(LARGEST_BODY));
        let response = proxied.unwrap_or(&self.direct).call(request);
        HttpConnectorFuture::new(async move {
            let response = response.await.map_err(explained)?;
            if response.status().as_u16() == PROXY_AUTHENTICATION_REQUIRED {
                return Err(for_good(TransportError::ProxyRefused { asks_for_password: true }));
            }
            match body {
                BodyHandling::Streamed if response.status().is_success() => Ok(response),
                BodyHandling::Streamed => read(response, LARGEST_BODY).await,
                BodyHandling::AtMost(limit) => read(response, limit).await,
            }
        })
    }
}

/// Reads the body of an answer, regardless of the length that it declares.
async fn read(mut response: HttpResponse, limit: usize) -> Result<HttpResponse, ConnectorError> {
    let mut stream = ByteStream::new(response.take_body());
    // The length that the answer declares avoids copies, and may be false.
    let claimed = usize::try_from(stream.size_hint().0).unwrap_or(usize::MAX);
    let mut bytes = Vec::with_capacity(claimed.min(limit).min(LARGEST_RESERVATION));
    while let Some(chunk) = stream.next().await {
        let Ok(chunk) = chunk else {
            return Err(ConnectorError::io(TransportError::CutOff.into()));
        };
        if bytes.len() + chunk.len() > limit {
            return Err(for_good(TransportError::BodyTooLarge { limit }));
        }
        bytes.extend_from_slice(&chunk);
    }
    *response.body_mut() = SdkBody::from(bytes);
    Ok(response)
}

/// Returns an error that the SDK does not retry, since another attempt would fail too.
fn for_good(error: TransportError) -> ConnectorError {
    ConnectorError::other(error.into(), None)
}

/// Returns the error as one of ours if its text decides on a retry.
fn explained(error: ConnectorError) -> ConnectorError {
    let says =
        |text: &str| chain(&error as &(dyn Error + 'static)).any(|cause| cause.to_string().contains(text));
    if says("tunnel error: proxy authorization required") {
        return for_good(TransportError::ProxyRefused { asks_for_password: true });
    }
    if says("tunnel error: unsuccessful") {
        return ConnectorError::io(TransportError::ProxyRefused { asks_for_password: false }.into());
    }
    if error.is_user() {
        return for_good(TransportError::InvalidEndpoint);
    }
    if error.is_other() && error.as_other().is_none() {
        return for_good(TransportError::NotHttp);
    }
    error
}

/// Returns the host of a URL of HTTP, without brackets, user and port; `None` for anything else.
fn host_of(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(ipv6) => ipv6.split_once(']')?.0,
        None => host.split_once(':').map_or(host, |(host, _)| host),
    };
    (!host.is_empty()).then_some(host)
}

/// Returns `true` if the host provides credentials: EC2's instance metadata, ECS and EKS. They must not leave the machine.
fn hands_out_credentials(host: &str) -> bool {
    match host.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => is_link_local(address),
        Ok(IpAddr::V6(address)) => METADATA_IPV6.contains(&address),
        Err(_) => false,
    }
}

/// Returns `true` for 169.254.169.254 (EC2), 169.254.170.2 (ECS), 169.254.170.23 (EKS) and neighbours. No proxy reaches them.
fn is_link_local(address: Ipv4Addr) -> bool {
    address.is_link_local()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_come_without_a_proxy() {
        for (uri, direct) in [
            ("http://169.254.169.254/latest/api/token", true),
            ("http://169.254.169.254:80", true),
            ("http://169.254.170.2/v2/credentials/x", true),
            ("http://169.254.170.23/v1/credentials", true),
            ("http://[fd00:ec2::254]/latest", true),
            ("http://[fd00:0ec2:0:0:0:0:0:254]:80/latest", true),
            ("http://[fd00:ec2::23]/v1/credentials", true),
            ("http://[::ffff:169.254.169.254]/", true),
            ("https://user@169.254.169.254/", true),
            ("https://ec2.eu-central-1.amazonaws.com/", false),
            ("http://169.254.169.254.example.com/", false),
            ("http://169.254.169.254@proxy.example/", false),
            ("http://127.0.0.1:8080/", false),
            ("http://[fd00:ec2::253]/", false),
        ] {
            assert_eq!(hands_out_credentials(host_of(uri).unwrap()), direct, "{uri}");
        }
    }

    #[test]
    fn an_endpoint_is_a_url_of_http() {
        for uri in
            ["localhost:8080", "localhost", "ftp://localhost/", "http:///x", "//localhost", "", "http://[::1"]
        {
            assert_eq!(host_of(uri), None, "{uri}");
        }
        assert_eq!(host_of("HTTPS://Example.com:443?x"), Some("Example.com"));
    }

    #[test]
    fn a_star_excludes_every_host() {
        for (no_proxy, everything) in
            [("*", true), (" * ", true), ("localhost, *", true), ("*.example.com", false), ("", false)]
        {
            assert_eq!(is_everything(no_proxy), everything, "{no_proxy}");
        }
    }
}
