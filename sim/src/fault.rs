//! Ways to make the simulator misbehave.

mod odd;
mod odd_messages;
mod parse;
mod rules;

pub(crate) use odd::{odd_row, odd_text};
pub(crate) use odd_messages::odd_message;
pub use parse::ParseFaultError;
pub(crate) use rules::Rules;

use crate::connection::Connection;

/// The endpoint that rows name as theirs in [`FaultKind::WrongEndpointId`].
pub(crate) const OTHER_ENDPOINT: &str = "cvpn-endpoint-0fffffffffffffff0";

/// Bytes of a value that is longer than any reader keeps to its end: 64 KiB and one.
pub(crate) const LONG_VALUE: usize = (64 << 10) + 1;

/// A way to misbehave, and the requests that it affects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The kind of fault.
    pub kind: FaultKind,
    /// The endpoint that it affects, or the log group; `None` for all.
    pub endpoint_id: Option<String>,
    /// The first request that it affects. Requests of the action for the endpoint or log group are counted from 1, from the
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

/// Declares [`FaultyAction`]. Each line is an action under its own name.
macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident,)*) => {
        /// An action that faults can be injected into.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FaultyAction {
            $($(#[$doc])* $action,)*
        }

        impl FaultyAction {
            /// Every action that faults can be injected into.
            pub const ALL: &[Self] = &[$(Self::$action),*];

            /// Returns the name of the action, such as `DescribeClientVpnRoutes`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$action => stringify!($action),)*
                }
            }
        }
    };
}

actions! {
    /// EC2's `DescribeClientVpnConnections`.
    DescribeClientVpnConnections,
    /// EC2's `DescribeClientVpnEndpoints`. A request is for the first endpoint that it names, if it names one.
    DescribeClientVpnEndpoints,
    /// EC2's `DescribeClientVpnTargetNetworks`.
    DescribeClientVpnTargetNetworks,
    /// EC2's `DescribeClientVpnAuthorizationRules`.
    DescribeClientVpnAuthorizationRules,
    /// EC2's `DescribeClientVpnRoutes`.
    DescribeClientVpnRoutes,
    /// EC2's `ExportClientVpnClientCertificateRevocationList`.
    ExportClientVpnClientCertificateRevocationList,
    /// EC2's `GetClientVpnEndpointAuthorizationPolicy`.
    GetClientVpnEndpointAuthorizationPolicy,
    /// CloudWatch Logs' `FilterLogEvents`.
    FilterLogEvents,
    /// CloudWatch Logs' `DescribeLogGroups`.
    DescribeLogGroups,
}

/// A kind of fault. The names on the command line are these in kebab-case.
///
/// If several rules meet one request, latencies add up, the first one that forbids a proper answer decides, and
/// changes to rows and tokens are made in the order of the rules.
///
/// To add one, see CONTRIBUTING.md, "Add a fault of the simulator".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// 503 `RequestLimitExceeded`; of logs 400 `ThrottlingException`.
    Throttle,
    /// 500 `InternalError`; of logs 500 `ServiceUnavailableException`.
    InternalError,
    /// 503 with a page of HTML, as a load balancer sends it.
    Unavailable,
    /// 403 `UnauthorizedOperation`, also to a `DryRun`; of logs 400 `AccessDeniedException`.
    Unauthorized,
    /// 400 `InvalidAction`, also to a `DryRun`, as in a partition without the action; of logs 400 `UnknownOperationException`.
    UnknownAction,
    /// `InvalidClientVpnEndpointId.NotFound`, though the endpoint exists; of logs `ResourceNotFoundException`.
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
    /// 200 with a body of the right length that stops being XML, or JSON, half way.
    MalformedXml,
    /// The answer's token is the one that was sent. The first page is as it should be.
    RepeatToken,
    /// The answer's token is the one of two pages ago, so that two pages take turns for ever. The first two pages
    /// are as they should be. (With filters the circle may be longer than two.)
    CycleTokens,
    /// `InvalidPaginationToken`, of logs `InvalidParameterException`, to a request that carries a token. Others are answered
    /// as they should be.
    ExpireToken,
    /// No rows, and a token never seen before that leads to the page that was asked for.
    EmptyPage,
    /// Every field of every row, and every message of a log event, holds something that parsers trip over.
    OddValues,
    /// Exactly these rows, of connections only. The token is what it would have been.
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
    /// 200 with the list under another name.
    RenamedList,
    /// 200 with rows named `member`.
    MemberRows,
    /// 200 with everything one level deeper, in an element whose name ends with `Result`.
    ResultWrapper,
    /// 200 with the token in an element of another name.
    HiddenToken,
    /// 200 with a body of more than 16 MiB, most of it blanks.
    LargeBody,
    /// A token of more than 16 KiB.
    LongToken,
    /// The user name of every connection, or the description of every other row, has more than 64 KiB.
    LongValue,
    /// The answer has no list. Logs only, as are the following kinds.
    NoList,
    /// The answer has an object instead of its list.
    ListAsObject,
    /// Events arrived five minutes before they happened.
    ClockSkew,
    /// Events happen two hours from now.
    FutureTimes,
    /// Exactly events of these messages, at the time of the page's first event. The token is what it would have been.
    CustomMessages {
        /// The messages of the page.
        messages: Vec<String>,
    },
}
