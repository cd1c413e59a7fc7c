//! Typed connections to Parquet bytes: encoded page by page into a temporary file and hashed on the way, so that
//! memory does not grow with the number of connections.

pub mod schema;

mod rows;
mod temporary;
mod writer;

pub use rows::{Rows, RowsBuilder};
pub use temporary::{SPACE_FOR_A_TARGET, TemporarySpace};
pub use writer::{Snapshot, SnapshotError, SnapshotWriter, check_temporary_space};
