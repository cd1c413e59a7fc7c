//! Parquet objects: encoded page by page into a temporary file and hashed on the way, so that
//! memory does not grow with the number of connections.

mod column_reader;
mod configuration;
mod connection_logs;
mod connections;
mod footer;
mod metadata;
mod temporary;
mod writer;

pub use column_reader::{LARGEST_READ_OBJECT, RowsError, read_columns};
pub use configuration::ConfigurationWriter;
pub use connection_logs::{LogWriter, read_event_ids};
pub use connections::{SnapshotWriter, check_temporary_space};
pub use footer::Ends;
pub use metadata::{
    Identity, ObjectMetadata, identity_of_configuration, identity_of_connection_logs, identity_of_connections,
};
pub use temporary::{SPACE_FOR_A_TARGET, TemporarySpace};
pub use writer::{Snapshot, SnapshotError};
