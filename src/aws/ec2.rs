//! Pages of one target, from EC2. They are decoded, typed and laid out as columns while they are read, so no row is held twice.

mod bounded_listing;
mod client;
mod endpoint_configuration;
mod endpoints;
pub mod pager;
mod response_reader;
pub mod resume_token;
mod sources;

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

use crate::answer_limits::Limit;
use crate::aws::errors::{AwsError, CredentialsFailure, Denial};
use crate::aws::identity::AssumeRoleError;
use crate::error_code::ErrorCode;
use crate::tables::connections::rows::Rows;
use crate::target::Target;

pub(in crate::aws) use client::Session;
pub use client::{Ec2Source, Limits};
pub use endpoint_configuration::{EndpointRows, ListedRows};
pub use endpoints::EndpointListing;
pub use sources::Places;

/// Times at which a listing was requested and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageTimes {
    /// Time at which the request for the first page was sent, in the attempt that succeeded.
    pub first_page_requested_at: Timestamp,
    /// Time at which the first page arrived.
    pub first_page_at: Timestamp,
    /// Time at which the last page arrived.
    pub last_page_at: Timestamp,
}

impl PageTimes {
    /// Returns the times of one page.
    pub(crate) fn of_page(requested_at: Timestamp, arrived_at: Timestamp) -> PageTimes {
        PageTimes {
            first_page_requested_at: requested_at,
            first_page_at: arrived_at,
            last_page_at: arrived_at,
        }
    }

    /// Returns the times of these pages and of others.
    pub(crate) fn with(self, others: PageTimes) -> PageTimes {
        let begins_earlier = others.first_page_requested_at < self.first_page_requested_at;
        let first = if begins_earlier { others } else { self };
        PageTimes { last_page_at: self.last_page_at.max(others.last_page_at), ..first }
    }
}

/// An action of EC2's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// `DescribeClientVpnConnections`
    Connections,
    /// `DescribeClientVpnEndpoints`
    Endpoints,
    /// `DescribeClientVpnTargetNetworks`
    TargetNetworks,
    /// `DescribeClientVpnAuthorizationRules`
    AuthorizationRules,
    /// `DescribeClientVpnRoutes`
    Routes,
    /// `GetClientVpnEndpointAuthorizationPolicy`
    AuthorizationPolicy,
    /// `ExportClientVpnClientCertificateRevocationList`
    RevocationList,
}

impl Action {
    /// Returns the permission that the action requires.
    pub fn permission(self) -> &'static str {
        match self {
            Action::Connections => "ec2:DescribeClientVpnConnections",
            Action::Endpoints => "ec2:DescribeClientVpnEndpoints",
            Action::TargetNetworks => "ec2:DescribeClientVpnTargetNetworks",
            Action::AuthorizationRules => "ec2:DescribeClientVpnAuthorizationRules",
            Action::Routes => "ec2:DescribeClientVpnRoutes",
            Action::AuthorizationPolicy => "ec2:GetClientVpnEndpointAuthorizationPolicy",
            Action::RevocationList => "ec2:ExportClientVpnClientCertificateRevocationList",
        }
    }
}

/// A request for one page.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest<'a> {
    /// The target whose connections are requested.
    pub target: &'a Target,
    /// Filters, combined with AND; the values of one filter are combined with OR.
    pub filters: &'a [Filter],
    /// Maximum number of connections in the page.
    pub page_size: PageSize,
    /// Token of the page; `None` for the first page.
    pub token: Option<&'a str>,
}

/// Maximum number of connections in a page. It is always sent: EC2's default is undocumented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(u16);

impl PageSize {
    /// Description of the allowed sizes.
    pub const ALLOWED: &str = "a whole number from 5 to 1000";

    /// Returns a size; `None` if it is not within EC2's bounds. Source: EC2 API reference, `MaxResults`.
    pub fn new(size: u64) -> Option<PageSize> {
        u16::try_from(size).ok().filter(|size| (5..=1000).contains(size)).map(PageSize)
    }

    /// Returns the number.
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
    /// Time at which the request was sent, in the attempt that succeeded.
    pub requested_at: Timestamp,
    /// Time at which the page arrived.
    pub arrived_at: Timestamp,
    /// Seconds by which this machine's clock is ahead of EC2's; negative if it is behind. `None` if EC2 did not report its time.
    pub clock_difference_seconds: Option<i64>,
    /// Token of the next page; `None` on the last page.
    pub next_token: Option<String>,
    /// Names of elements beside the connections that this program does not know.
    pub unknown_elements: BTreeSet<String>,
    /// The connections, typed, in AWS's order.
    pub rows: Rows,
}

/// Returns the larger of two clock differences, regardless of direction.
pub fn larger_difference(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    [one, other].into_iter().flatten().max_by_key(|seconds| seconds.unsigned_abs())
}

/// Failure to read a page, after all retries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct PageError {
    /// EC2's error code, or one of ours.
    pub code: ErrorCode,
    /// The cause and the next step, in our own words.
    pub message: String,
    /// EC2's request id, if it answered.
    pub request_id: Option<String>,
    /// The denied access; `None` if the error is not a denial.
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
    /// Returns an error without an answer from EC2.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> PageError {
        PageError { code, message: message.into(), request_id: None, denial: None, expired_token: false }
    }

    /// Returns the error for a listing that has no end.
    pub(crate) fn repeated_token() -> PageError {
        let message = "EC2 gave a token that leads to a page read before, so the listing has no end; the next \
                       snapshot begins anew";
        PageError::new(ErrorCode::RepeatedToken, message)
    }

    /// Returns the error for an answer or a listing that exceeds a limit.
    pub(crate) fn limit(limit: Limit) -> PageError {
        let message = format!("EC2's answers exceed a limit of this program: {limit}");
        PageError::new(ErrorCode::LimitExceeded, message)
    }

    /// Returns the error for `odd` of `listed` endpoints that cannot be captured. Their ids may be anything and are not repeated.
    pub(crate) fn malformed_endpoints(odd: usize, listed: usize) -> PageError {
        let message = format!(
            "{odd} of {listed} endpoints that EC2 lists have no id of the form cvpn-endpoint-…, or two, so their \
             connections cannot be captured; their rows in the table endpoints show what EC2 sent"
        );
        PageError::new(ErrorCode::MalformedEndpoint, message)
    }

    /// Returns the error for an answer that names an authorization policy, and does not have its document.
    pub(crate) fn no_policy_document() -> PageError {
        let message = "EC2 named an authorization policy without its document, so the policy is not known; the next \
                       snapshot reads it again";
        PageError::new(ErrorCode::MalformedResponse, message)
    }

    /// Returns the error for an answer that has something else in place of a revocation list.
    pub(crate) fn no_revocation_list() -> PageError {
        let message = "EC2 answered with fields that this program does not know, and without a revocation list, so the list is \
                       not known; unparsed of the endpoint has the fields; upgrade this program if there is a newer version";
        PageError::new(ErrorCode::MalformedResponse, message)
    }

    /// Returns the error for a page that had not arrived when the invocation had to end.
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
    pub(in crate::aws) fn is_expired_credentials(&self) -> bool {
        matches!(&self.code, ErrorCode::Aws(code) if code.is_expired_credentials())
    }

    /// Returns `true` if EC2 no longer knows the token that was sent, so the listing can only start at its first page.
    pub fn is_expired_token(&self) -> bool {
        self.expired_token
    }
}
