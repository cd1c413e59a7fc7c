//! HTTP over TCP, and what breaks it.

use crate::answer::{Broken, Reply, Sending, Then};
use crate::api;
use crate::request::Request as ApiRequest;
use crate::served::Receipt;
use crate::state::State;
use crate::wire::{PageBody, Wire};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderName, HeaderValue, SERVER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Largest request that is read: more than any request of this API needs.
const MAX_REQUEST_BYTES: usize = 1 << 20;

/// Accepts connections for ever. They end with this future.
pub(crate) async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(connections.spawn(converse(stream, state.clone()))),
            // For example out of file descriptors: this passes, and an immediate retry would only spin.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Serves one connection, request after request, until either side ends it.
async fn converse(stream: TcpStream, state: Arc<State>) {
    stream.set_nodelay(true).ok();
    let receipt = Arc::new(Receipt::new(state.served.clone()));
    let (break_off, mut broken) = mpsc::channel::<Broken>(1);
    let wire = Wire { stream, receipt: receipt.clone() };
    let service = service_fn(move |request| {
        Box::pin(respond(request, state.clone(), receipt.clone(), break_off.clone()))
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(wire), service);
    tokio::select! {
        // A client may end the connection in any way.
        _ = &mut connection => {}
        Some(broken) = broken.recv() => {
            let stream = connection.into_parts().io.into_inner().stream;
            misbehave(stream, broken).await.ok();
        }
    }
}

async fn respond(
    request: Request<Incoming>,
    state: Arc<State>,
    receipt: Arc<Receipt>,
    break_off: mpsc::Sender<Broken>,
) -> Result<Response<PageBody>, Infallible> {
    let request = read(request).await;
    let answer = api::answer(&state, request.as_ref());
    let delay = answer.delay + state.latency;
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    match answer.sending {
        Sending::Whole(reply) => Ok(response(reply, state.now(), receipt)),
        Sending::Broken(broken) => {
            break_off.send(broken).await.ok();
            pending().await
        }
    }
}

/// Reads a request; `None` if it cannot be read.
async fn read(request: Request<Incoming>) -> Option<ApiRequest> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_REQUEST_BYTES).collect().await.ok()?.to_bytes();
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    let target = header(HeaderName::from_static("x-amz-target"));
    Some(ApiRequest::read(header(AUTHORIZATION), target, head.uri.query().unwrap_or_default(), &body))
}

fn response(reply: Reply, now: Timestamp, receipt: Arc<Receipt>) -> Response<PageBody> {
    let mut response = Response::new(PageBody::new(reply.body, reply.page, receipt));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    // Not the time of this machine, which the HTTP library would send.
    if let Ok(date) = HeaderValue::from_str(&now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()) {
        headers.insert(DATE, date);
    }
    headers.insert(SERVER, HeaderValue::from_static("AmazonEC2"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    if let Ok(request_id) = HeaderValue::from_str(&reply.request_id) {
        headers.insert(HeaderName::from_static("x-amzn-requestid"), request_id);
    }
    response
}

/// Sends a broken answer past HTTP, and ends the connection as it requires.
async fn misbehave(mut stream: TcpStream, broken: Broken) -> io::Result<()> {
    stream.write_all(&broken.bytes).await?;
    match broken.then {
        Then::Close => stream.shutdown().await,
        Then::Reset => stream.set_zero_linger(),
        Then::Hold => {
            let mut rest = [0; 1024];
            while stream.read(&mut rest).await? > 0 {}
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
