//! What lies at a key already: it counts as captured only if it is an object that this program would have put there.

use crate::layout::Key;
use crate::ledger::{CaptureError, Outcome};
use crate::snapshot::{Identity, ObjectMetadata, PageTimes};
use crate::store::{Look, Store};

/// A complete object of the snapshot, in the lake already.
#[derive(Debug)]
pub(crate) struct Existing {
    pub object_key: String,
    pub rows: u64,
    pub bytes: u64,
    pub sha256: String,
    /// When its pages came; `None` of an object that does not say.
    pub times: Option<PageTimes>,
}

/// Returns the object at `key`, which has to be complete and of this `identity`; `None` if nothing lies there.
///
/// # Errors
/// With `ForeignObject` if something else lies there, and if it cannot be read.
pub(crate) async fn find_existing(
    store: &Store,
    key: Key<'_>,
    identity: &Identity,
) -> Result<Option<Existing>, CaptureError> {
    let object_key = store.object_key(key);
    let (hashed, tail) = match store.look(key).await? {
        Look::Nothing => return Ok(None),
        Look::Foreign(found) => return Err(foreign(&object_key, &found)),
        Look::Object { hashed, tail } => (hashed, tail),
    };
    let metadata = ObjectMetadata::read(&tail).map_err(|error| foreign(&object_key, &error.to_string()))?;
    if let Some(field) = metadata.difference(identity, Outcome::Complete.as_str()) {
        return Err(foreign(&object_key, &format!("its metadata has another {field}")));
    }
    Ok(Some(Existing {
        object_key,
        rows: metadata.rows,
        bytes: hashed.bytes,
        sha256: hex::encode(hashed.sha256),
        times: metadata.times(),
    }))
}

fn foreign(object_key: &str, found: &str) -> CaptureError {
    let message = format!(
        "looking at {object_key}: this program did not put what lies there ({found}); find out who put it there and keep \
         it elsewhere, then this snapshot can be repeated"
    );
    CaptureError::new("ForeignObject", message)
}
