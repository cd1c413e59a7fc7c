//! Ways to make the simulator misbehave.

mod odd;
mod parse;
mod rules;

pub(crate) use odd::odd_row;
pub use parse::ParseFaultError;
pub(crate) use rules::Rules;

use crate::connection::Connection;

/// A way to misbehave, and the requests that it affects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The kind of fault.
    pub kind: FaultKind,
    /// The endpoint that it affects; `None` for all.
    pub endpoint_id: Option<String>,
    /// The first request that it affects. Requests for connections of the endpoint are counted from 1, from the
    /// moment the rule was injected; those with `DryRun` are not counted.
    pub first: usize,
    /// The last request that it affects.
    pub last: usize,
}

impl Fault {
    /// Returns a fault that affects every request.
    pub fn always(kind: FaultKind) -> Self {
        Self { kind, endpoint_id: None, first: 1, last: usize::MAX }
    }

    /// Returns a fault that affects the `n`th request only, counted from 1.
    pub fn on(kind: FaultKind, n: usize) -> Self {
        Self { kind, endpoint_id: None, first: n, last: n }
    }

    /// Returns the same fault for one endpoint only: its requests alone are counted.
    #[must_use]
    pub fn at(self, endpoint_id: impl Into<String>) -> Self {
        Self { endpoint_id: Some(endpoint_id.into()), ..self }
    }
}

/// A kind of fault. The names on the command line are these in kebab-case.
///
/// If several rules meet one request, latencies add up, the first one that forbids a proper answer decides, and
/// changes to rows and tokens are made in the order of the rules.
///
/// To add one, see CONTRIBUTING.md, "Add a fault of the simulator".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// 503 `RequestLimitExceeded`.
    Throttle,
    /// 500 `InternalError`.
    InternalError,
    /// 503 with a page of HTML, as a load balancer sends it.
    Unavailable,
    /// 403 `UnauthorizedOperation`, also to a `DryRun`.
    Unauthorized,
    /// `InvalidClientVpnEndpointId.NotFound`, though the endpoint exists.
    NotFound,
    /// The connection is reset before any answer.
    Reset,
    /// A length is promised, and the connection closed after half of it.
    CutBody,
    /// No length is promised, and the connection closed right after a row in the middle of the page, before its
    /// token: only the unfinished XML shows it.
    CutBodyUnframed,
    /// Not even headers come. The connection is held until the client leaves.
    Stall,
    /// Headers and half a body come. The connection is held until the client leaves.
    StallBody,
    /// 200 with a body of the right length that stops being XML half way.
    MalformedXml,
    /// The answer's token is the one that was sent. The first page is as it should be.
    RepeatToken,
    /// The answer's token is the one of two pages ago, so that two pages take turns for ever. The first two pages
    /// are as they should be. (With filters the circle may be longer than two.)
    CycleTokens,
    /// `InvalidPaginationToken` to a request that carries a token. Others are answered as they should be.
    ExpireToken,
    /// No rows, and a token never seen before that leads to the page that was asked for.
    EmptyPage,
    /// Every field of every row holds something that parsers trip over.
    OddValues,
    /// Exactly these rows. The token is what it would have been.
    Custom {
        /// The rows of the page.
        connections: Vec<Connection>,
    },
    /// The answer takes this many milliseconds longer.
    LatencyMillis(u64),
    /// Each row has elements that the API does not have today.
    UnknownField,
    /// The page's first row comes again as its last.
    DuplicateRow,
    /// The rows name another endpoint as theirs.
    WrongEndpointId,
}
