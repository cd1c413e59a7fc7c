//! Parquet objects: encoded page by page into a temporary file and hashed on the way, so that
//! memory does not grow with the number of connections.

mod endpoints;
mod layout;
mod metadata;
mod temporary;
mod writer;

pub use endpoints::encode_endpoints;
pub use layout::Ends;
pub use metadata::{Identity, ObjectMetadata, identity_of_connections, identity_of_endpoints};
pub use temporary::{SPACE_FOR_A_TARGET, TemporarySpace};
pub use writer::{Snapshot, SnapshotError, SnapshotWriter, check_temporary_space};
