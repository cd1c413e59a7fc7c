//! An answer, complete or broken.

use crate::error::ApiError;
use crate::served::ServedPage;
use crate::xml;
use hyper::body::Bytes;
use std::time::Duration;

pub(crate) const XML_CONTENT_TYPE: &str = "text/xml;charset=UTF-8";

const UNAVAILABLE_PAGE: &str = "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n\
    <center><h1>503 Service Temporarily Unavailable</h1></center>\r\n</body>\r\n</html>\r\n";

/// An answer to a client, and its delay.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) delay: Duration,
    pub(crate) sending: Sending,
}

#[derive(Debug)]
pub(crate) enum Sending {
    Whole(Reply),
    Broken(Broken),
}

/// A proper HTTP response.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) request_id: String,
    pub(crate) body: Bytes,
    /// The page of connections that the body carries, if it does.
    pub(crate) page: Option<ServedPage>,
}

/// Bytes to be written past HTTP's rules, and the end of the connection after them.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) bytes: Vec<u8>,
    pub(crate) then: Then,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Close,
    Reset,
    /// No further bytes, and a wait until the client leaves.
    Hold,
}

impl Answer {
    pub(crate) fn error(error: &ApiError, request_id: String) -> Self {
        Sending::error(error, request_id).into()
    }

    /// Returns an error in STS's form.
    pub(crate) fn sts_error(error: &ApiError, request_id: String) -> Self {
        Sending::whole(error.status, xml::sts_error(error, &request_id), request_id).into()
    }

    pub(crate) fn xml(body: Vec<u8>, request_id: String) -> Self {
        Sending::whole(200, body, request_id).into()
    }
}

impl From<Sending> for Answer {
    fn from(sending: Sending) -> Self {
        Self { delay: Duration::ZERO, sending }
    }
}

impl Sending {
    pub(crate) fn error(error: &ApiError, request_id: String) -> Self {
        Self::whole(error.status, xml::error(error, &request_id), request_id)
    }

    /// Returns the answer of a load balancer with no server behind it.
    pub(crate) fn unavailable(request_id: String) -> Self {
        let body = Bytes::from_static(UNAVAILABLE_PAGE.as_bytes());
        Self::Whole(Reply { status: 503, content_type: "text/html", request_id, body, page: None })
    }

    fn whole(status: u16, body: Vec<u8>, request_id: String) -> Self {
        Self::Whole(Reply {
            status,
            content_type: XML_CONTENT_TYPE,
            request_id,
            body: body.into(),
            page: None,
        })
    }

    pub(crate) fn broken(bytes: Vec<u8>, then: Then) -> Self {
        Self::Broken(Broken { bytes, then })
    }
}

/// Returns the head of a response that hyper would not write: it promises `length` bytes, or names no length at all.
pub(crate) fn head(request_id: &str, length: Option<usize>) -> String {
    let framing = match length {
        Some(length) => format!("content-length: {length}"),
        None => "connection: close".to_owned(),
    };
    format!(
        "HTTP/1.1 200 OK\r\nserver: AmazonEC2\r\ncontent-type: {XML_CONTENT_TYPE}\r\nx-amzn-requestid: {request_id}\r\n{framing}\r\n\r\n"
    )
}
