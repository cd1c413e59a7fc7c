//! Copies of the objects that decide, byte for byte, under names that a flat folder can have.

use std::collections::{BTreeMap, BTreeSet};

use super::ObjectRole;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::parquet::LARGEST_READ_OBJECT;
use crate::lake::store::{Keep, Store, StoreError};
use crate::proof::coverage::Unreadable;
use crate::report::exhibit::ExhibitError;
use crate::report::exhibit::output_folder::OutputFolder;

/// Most characters of an object's name that the name of its copy has.
const LONGEST_NAME: usize = 150;

/// An object of the package.
#[derive(Debug, Clone)]
pub(in crate::report::exhibit) struct ObjectCopy {
    pub object_key: String,
    pub roles: BTreeSet<ObjectRole>,
    /// Name of the copy; `None` if the object could not be copied.
    pub file: Option<String>,
}

/// Copies these objects. Those that cannot be read are added to `unreadable`.
///
/// # Errors
/// Returns an error if a copy cannot be written.
pub(super) async fn copy(
    store: &Store,
    objects: BTreeMap<String, BTreeSet<ObjectRole>>,
    folder: &mut OutputFolder,
    unreadable: &mut Vec<Unreadable>,
) -> Result<Vec<ObjectCopy>, ExhibitError> {
    let mut copies = Vec::new();
    for (number, (object_key, roles)) in (1..).zip(objects) {
        let file = match bytes_of(store, &object_key).await {
            Ok(bytes) => {
                let name = name_of_copy(number, &object_key);
                folder.write(&name, &bytes)?;
                Some(name)
            }
            Err(problem) => {
                unreadable.push(Unreadable { object_key: object_key.clone(), problem });
                None
            }
        };
        copies.push(ObjectCopy { object_key, roles, file });
    }
    Ok(copies)
}

/// Reads an object; the reason in words if it cannot be read.
async fn bytes_of(store: &Store, object_key: &str) -> Result<Vec<u8>, String> {
    let gone = || "is not there any more".to_owned();
    let worded = |error: StoreError| error.to_string();
    let key = ObjectKey::parse(object_key).ok_or_else(|| "has no name of an object of a lake".to_owned())?;
    if matches!(key.table, Table::Runs | Table::Digests) {
        return store.read(&key).await.map_err(worded)?.ok_or_else(gone);
    }
    let found = store.find(object_key).await.map_err(worded)?;
    let found = found.into_iter().find(|found| found.key == object_key).ok_or_else(gone)?;
    let keep = Keep::AllUpTo(LARGEST_READ_OBJECT);
    let kept = store.examine(&found, LARGEST_READ_OBJECT, keep).await.map_err(worded)?.kept;
    kept.ok_or_else(|| format!("has more than {LARGEST_READ_OBJECT} bytes and is not copied"))
}

/// Returns the name of a copy: the number tells apart objects whose names differ in other characters only.
fn name_of_copy(number: usize, object_key: &str) -> String {
    let mut parts = object_key.split('/');
    let (table, name) = (parts.next().unwrap_or_default(), parts.next_back().unwrap_or_default());
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let begin = plain.len().saturating_sub(LONGEST_NAME);
    format!("{number:03}_{table}_{}", plain.get(begin..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_copy_is_plain_and_keeps_the_end_of_a_long_one() {
        let of =
            |name: &str| name_of_copy(7, &format!("connection_logs/account_id=1/region=r/date=d/{name}"));
        assert_eq!(
            of("20261101T000000Z_a%2Fb.parquet"),
            "007_connection_logs_20261101T000000Z_a_2Fb.parquet"
        );
        let long = of(&format!("{}é.parquet", "x".repeat(500)));
        assert_eq!(long, format!("007_connection_logs_{}_.parquet", "x".repeat(LONGEST_NAME - 9)));
    }
}
