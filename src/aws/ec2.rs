//! Pages of one target, from EC2: decoded, typed and laid out as columns as they are read, so that no row is held twice.

mod budget;
mod client;
mod endpoints;
pub mod pager;
mod response_reader;
pub mod resume_token;
mod sources;
mod timing;

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

use crate::aws::errors::{AwsError, CredentialsFailure, Denial};
use crate::aws::identity::AssumeRoleError;
use crate::error_code::ErrorCode;
use crate::limits::Limit;
use crate::tables::connections::rows::Rows;
use crate::target::Target;

pub use client::{Ec2Source, Limits};
pub use endpoints::EndpointListing;
pub use sources::Places;

/// When a listing was asked for and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageTimes {
    /// When the request of the first page was sent, in the attempt that succeeded.
    pub first_page_requested_at: Timestamp,
    /// When the first page arrived.
    pub first_page_at: Timestamp,
    /// When the last page arrived.
    pub last_page_at: Timestamp,
}

/// What is asked of EC2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// `DescribeClientVpnConnections`
    Connections,
    /// `DescribeClientVpnEndpoints`
    Endpoints,
    /// `DescribeClientVpnTargetNetworks`
    TargetNetworks,
}

impl Action {
    /// The permission that it takes.
    pub fn permission(self) -> &'static str {
        match self {
            Action::Connections => "ec2:DescribeClientVpnConnections",
            Action::Endpoints => "ec2:DescribeClientVpnEndpoints",
            Action::TargetNetworks => "ec2:DescribeClientVpnTargetNetworks",
        }
    }
}

/// What is asked of EC2 for one page.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest<'a> {
    /// Whose connections.
    pub target: &'a Target,
    /// Filters, which AND together; the values of one OR together.
    pub filters: &'a [Filter],
    /// Most connections of the page.
    pub page_size: PageSize,
    /// Which page; none for the first.
    pub token: Option<&'a str>,
}

/// Most connections of a page. It is always sent: EC2's default is undocumented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(u16);

impl PageSize {
    /// What is allowed, in words.
    pub const ALLOWED: &str = "a whole number from 5 to 1000";

    /// A size within EC2's bounds. Source: EC2 API reference, `MaxResults`.
    pub fn new(size: u64) -> Option<PageSize> {
        u16::try_from(size).ok().filter(|size| (5..=1000).contains(size)).map(PageSize)
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for PageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A filter of the API. Its values may name people.
#[derive(Clone, PartialEq, Eq)]
pub struct Filter {
    /// `connection-id` or `username`.
    pub name: &'static str,
    /// Values, any of which may match, case-sensitive.
    pub values: Vec<String>,
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} values)", self.name, self.values.len())
    }
}

/// One page of a listing.
#[derive(Debug)]
pub struct Page {
    /// EC2's request id.
    pub request_id: Option<String>,
    /// When the request of the attempt that succeeded was sent.
    pub requested_at: Timestamp,
    /// When the page was there.
    pub arrived_at: Timestamp,
    /// Seconds by which this machine's clock is ahead of EC2's; negative if it is behind. `None` if EC2 did not say.
    pub clock_difference_seconds: Option<i64>,
    /// Leads to the next page; none on the last.
    pub next_token: Option<String>,
    /// Names of elements beside the connections that this program does not know.
    pub unknown_elements: BTreeSet<String>,
    /// The connections, typed, in AWS's order.
    pub rows: Rows,
}

/// Returns the larger of two differences of clocks, whichever direction it has.
pub fn larger_difference(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    [one, other].into_iter().flatten().max_by_key(|seconds| seconds.unsigned_abs())
}

/// Why a page could not be had, after all retries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct PageError {
    /// EC2's error code, or one of ours.
    pub code: ErrorCode,
    /// What happened and what to do, in our own words.
    pub message: String,
    /// EC2's request id, where it answered.
    pub request_id: Option<String>,
    /// What was denied; `None` if it is not that.
    pub denial: Option<Box<Denial>>,
    /// `true` if EC2 no longer knows the token that was sent.
    pub(crate) expired_token: bool,
}

impl From<AssumeRoleError> for PageError {
    fn from(error: AssumeRoleError) -> PageError {
        let message = error.to_string();
        PageError {
            request_id: error.request_id,
            denial: error.denial,
            ..PageError::new(error.code, message)
        }
    }
}

impl From<CredentialsFailure> for PageError {
    fn from(failure: CredentialsFailure) -> PageError {
        AwsError::from(failure).into()
    }
}

impl From<AwsError> for PageError {
    fn from(error: AwsError) -> PageError {
        let AwsError { code, message, request_id, denial, .. } = error;
        PageError { request_id, denial, ..PageError::new(code, message) }
    }
}

impl PageError {
    /// Returns an error without an answer of EC2's.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> PageError {
        PageError { code, message: message.into(), request_id: None, denial: None, expired_token: false }
    }

    /// A listing that has no end.
    pub(crate) fn repeated_token() -> PageError {
        let message = "EC2 gave a token that leads to a page read before, so the listing has no end; the next \
                       snapshot begins anew";
        PageError::new(ErrorCode::RepeatedToken, message)
    }

    /// An answer, or a listing, that exceeds a limit.
    pub(crate) fn limit(limit: Limit) -> PageError {
        let message = format!("EC2's answers exceed a limit of this program: {limit}");
        PageError::new(ErrorCode::LimitExceeded, message)
    }

    /// Endpoints that cannot be captured, of so many that EC2 lists. Their ids are not repeated: nobody knows what they are.
    pub(crate) fn malformed_endpoints(odd: usize, listed: usize) -> PageError {
        let message = format!(
            "{odd} of {listed} endpoints that EC2 lists have no id of the form cvpn-endpoint-…, or two, so their \
             connections cannot be captured; their rows in the table endpoints show what EC2 sent"
        );
        PageError::new(ErrorCode::MalformedEndpoint, message)
    }

    /// A page that was not there when the invocation had to end.
    pub(crate) fn deadline() -> PageError {
        let message = "the invocation's time was running out; go on with resume_token where there is one, or give the \
                       function more time";
        PageError::new(ErrorCode::Deadline, message)
    }

    /// Returns `true` if the invocation's time was running out.
    pub(crate) fn is_deadline(&self) -> bool {
        self.code == ErrorCode::Deadline
    }

    /// Returns `true` if EC2 no longer accepts the credentials.
    fn is_expired_credentials(&self) -> bool {
        matches!(&self.code, ErrorCode::Aws(code) if code.is_expired_credentials())
    }

    /// Returns whether EC2 no longer knows the token that was sent, so the listing can only start at its first page.
    pub fn is_expired_token(&self) -> bool {
        self.expired_token
    }
}
