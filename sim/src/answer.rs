//! An answer, complete or broken.

use crate::error::ApiError;
use crate::fault::FaultKind;
use crate::served::AnyPage;
use crate::xml;
use hyper::body::Bytes;
use std::time::Duration;

pub(crate) const XML_CONTENT_TYPE: &str = "text/xml;charset=UTF-8";
pub(crate) const JSON_CONTENT_TYPE: &str = "application/x-amz-json-1.1";

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
    /// The page that the body carries, if it does.
    pub(crate) page: Option<AnyPage>,
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

/// Returns the answer to a fault that cuts or spoils a body; `None` for other faults. `middle` is where an unframed body ends.
pub(crate) fn cut(
    fault: &FaultKind,
    body: &[u8],
    middle: usize,
    content_type: &'static str,
    request_id: &str,
) -> Option<Sending> {
    let half = body.len() / 2;
    let begun = |length, bytes: &[u8]| [head(request_id, content_type, length).as_bytes(), bytes].concat();
    match fault {
        FaultKind::CutBody => Some(Sending::broken(begun(Some(body.len()), first(body, half)), Then::Close)),
        FaultKind::CutBodyUnframed => Some(Sending::broken(begun(None, first(body, middle)), Then::Close)),
        FaultKind::StallBody => Some(Sending::broken(begun(Some(body.len()), first(body, half)), Then::Hold)),
        FaultKind::MalformedXml => Some(malformed(body, content_type, request_id)),
        _ => None,
    }
}

/// Returns a body as long as the proper one, of which only the first half is XML or JSON.
fn malformed(body: &[u8], content_type: &'static str, request_id: &str) -> Sending {
    let mut bytes = first(body, body.len() / 2).to_vec();
    bytes.resize(body.len(), b'<');
    let request_id = request_id.to_owned();
    Sending::Whole(Reply { status: 200, content_type, request_id, body: bytes.into(), page: None })
}

fn first(bytes: &[u8], count: usize) -> &[u8] {
    bytes.get(..count).unwrap_or(bytes)
}

/// Returns the head of a response that hyper would not write: it promises `length` bytes, or names no length at all.
fn head(request_id: &str, content_type: &str, length: Option<usize>) -> String {
    let framing = match length {
        Some(length) => format!("content-length: {length}"),
        None => "connection: close".to_owned(),
    };
    format!(
        "HTTP/1.1 200 OK\r\nserver: AmazonEC2\r\ncontent-type: {content_type}\r\nx-amzn-requestid: {request_id}\r\n{framing}\r\n\r\n"
    )
}
