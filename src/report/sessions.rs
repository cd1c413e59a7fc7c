//! Sessions made from the lake itself: one row for each connection, as Athena makes the table `sessions`.
//!
//! `Sights` combines the rows of a connection, `Watch` has the captures of its endpoint, and `session` judges the one by the other,
//! all without I/O. `read_sessions` reads the objects. Endpoints are read one after the other, and the sessions of one are in memory until
//! they are passed on.

mod columns;
mod connection_logs;
mod counts;
mod reader;
mod rows;
mod selection;
mod session;
mod sights;
mod traced_logins;
mod watch;

pub use columns::{COLUMNS, Session, SessionColumn, SessionValue};
pub use counts::{ObjectRows, SessionProgress};
pub(in crate::report) use reader::Visibility;
pub use reader::{SessionsRead, WatchedEndpoint, read_sessions};
pub use selection::Selection;
pub use session::identity_key;
pub(in crate::report) use sights::placed_at;
pub use traced_logins::{TRACE_TOLERANCE, Trace, TraceError, TraceResult, Traced};

use crate::lake::store::StoreError;

/// A time in milliseconds since 1970, as the columns have it: rows are many.
pub(super) type Millis = i64;

/// Length of a day.
pub(super) const DAY: Millis = 24 * 60 * 60 * 1000;

/// Returns the day of a time, counted from 1970.
pub(super) fn day_of(time: Millis) -> i64 {
    time.div_euclid(DAY)
}

/// The reason why sessions could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SessionsError {
    /// The lake could not be listed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An endpoint has more connections than fit into memory.
    #[error(
        "LimitExceeded: {endpoint_id} has more than {most} connections in the days that are read; choose a shorter time with --from and --to"
    )]
    TooManyConnections {
        /// The endpoint.
        endpoint_id: String,
        /// The limit.
        most: usize,
    },
}
