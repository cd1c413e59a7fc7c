//! An object, as an entry of the ledger names it.

use serde::{Serialize, Serializer};

/// An object that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Its key, or its path within the lake's directory.
    pub object_key: String,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// The fields of an entry that name its object.
#[derive(Serialize)]
struct ObjectFields<'a> {
    rows: u64,
    bytes: Option<u64>,
    object_key: Option<&'a str>,
    sha256: Option<&'a str>,
}

/// Writes an object in the fields of its entry; without one, no rows and nulls.
pub(super) fn or_nulls<S: Serializer>(object: &Option<Written>, serializer: S) -> Result<S::Ok, S::Error> {
    let object = object.as_ref();
    let fields = ObjectFields {
        rows: object.map_or(0, |object| object.rows),
        bytes: object.map(|object| object.bytes),
        object_key: object.map(|object| object.object_key.as_str()),
        sha256: object.map(|object| object.sha256.as_str()),
    };
    fields.serialize(serializer)
}
