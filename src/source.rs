//! Pages of one target, from EC2: decoded, typed and laid out as columns as they are read, so that no row is held twice.

pub mod decoder;
mod ec2;
pub mod pager;
mod response_reader;
pub mod resume_token;

use std::fmt;

use jiff::Timestamp;

use crate::snapshot::Rows;
use crate::target::Target;

pub use ec2::{Ec2Source, Limits};

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
    /// When the page was there.
    pub arrived_at: Timestamp,
    /// Leads to the next page; none on the last.
    pub next_token: Option<String>,
    /// The connections, typed, in AWS's order.
    pub rows: Rows,
}

/// Why a page could not be had, after all retries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct PageError {
    /// EC2's error code, or one of ours: `Timeout`, `ConnectionFailed`, `MalformedResponse`, `RequestFailed`.
    pub code: String,
    /// What EC2 said, or what happened and what to do.
    pub message: String,
    /// EC2's request id, where it answered.
    pub request_id: Option<String>,
}

impl PageError {
    /// Whether EC2 no longer knows the token, so that the listing can only start anew.
    pub fn is_expired_token(&self) -> bool {
        matches!(self.code.as_str(), "InvalidPaginationToken" | "InvalidNextToken")
    }
}
