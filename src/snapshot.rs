//! Typed connections to Parquet bytes: encoded page by page into a temporary file and hashed on the way, so that
//! memory does not grow with the number of connections.

pub mod schema;

mod endpoints;
mod metadata;
mod rows;
mod temporary;
mod writer;

use arrow_array::builder::{MapBuilder, MapFieldNames, StringBuilder};

use schema::{MAP_ENTRY, map_key, map_value};

pub use endpoints::encode_endpoints;
pub use metadata::{
    Identity, ObjectMetadata, PageTimes, identity_of_connections, identity_of_endpoints,
};
pub use rows::{Rows, RowsBuilder};
pub use temporary::{SPACE_FOR_A_TARGET, TemporarySpace};
pub use writer::{Snapshot, SnapshotError, SnapshotWriter, check_temporary_space};

/// Makes a column of maps from text to text, under the names of the Parquet standard.
fn map_builder() -> MapBuilder<StringBuilder, StringBuilder> {
    let names = MapFieldNames {
        entry: MAP_ENTRY.to_owned(),
        key: map_key().name().clone(),
        value: map_value().name().clone(),
    };
    MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new())
        .with_keys_field(map_key())
        .with_values_field(map_value())
}
