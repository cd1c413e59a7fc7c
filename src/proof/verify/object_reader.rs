//! Objects that digests list, read several at a time and compared with what was sealed.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};

use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::{Found, Keep, LARGEST_DOCUMENT};

use super::content::FooterContent;
use super::listed_objects::{Day, ListedObject, difference};
use super::records::Records;
use super::report::{Kind, Scope};
use super::walk::Walk;

/// Size above which a run record is large. It is kept in memory while it is read.
const LARGE_RECORD_BYTES: u64 = 1 << 20;

/// Most large run records that are read at the same time.
const MAX_CONCURRENT_LARGE_RECORDS: usize = 1;

impl<F: Fn(u64, u64)> Walk<'_, F> {
    /// Reads objects and compares them with what was sealed. Passes unchanged run records to `records`. Returns the footers of
    /// other unchanged objects, and reports those that are not of their keys, because a digest also lists what somebody else
    /// put in the lake before it was made.
    pub async fn read(
        &mut self,
        objects: &[(Found, ObjectKey)],
        sealed: &Day,
        scope: &mut Scope,
        records: &mut Records,
        is_absent: impl Fn(&ObjectKey) -> bool,
    ) -> BTreeMap<ObjectKey, FooterContent> {
        let mut contents = BTreeMap::new();
        let store = self.verifier.store;
        for batch in [ReadBatch::Objects, ReadBatch::Records, ReadBatch::LargeRecords] {
            let is_run = batch != ReadBatch::Objects;
            let max_concurrency = match batch {
                ReadBatch::Objects | ReadBatch::Records => self.verifier.max_concurrency,
                ReadBatch::LargeRecords => self.verifier.max_concurrency.min(MAX_CONCURRENT_LARGE_RECORDS),
            };
            let objects = objects.iter().filter_map(|(found, key)| Some((found, key, sealed.get(key)?)));
            let objects = objects.filter(|(_, key, sealed)| ReadBatch::of(key, sealed) == batch);
            let examine = async |(found, key, sealed): (&Found, &ObjectKey, &ListedObject)| {
                let keep = if is_run { Keep::AllUpTo(LARGEST_DOCUMENT) } else { Keep::Tail };
                (found.clone(), key.clone(), sealed.clone(), store.examine(found, sealed.bytes, keep).await)
            };
            let mut examined = stream::iter(objects).map(examine).buffer_unordered(max_concurrency);
            while let Some((found, key, sealed, examined)) = examined.next().await {
                let examined = match examined {
                    Ok(examined) => examined,
                    Err(error) => {
                        self.fault(Kind::Unreadable, &found.key, error.to_string());
                        continue;
                    }
                };
                scope.read(examined.hashed.bytes, sealed.late);
                let (objects, bytes) = self.verification.read(examined.hashed.bytes);
                (self.on_progress)(objects, bytes);
                match difference(&found, &sealed, examined.hashed) {
                    Some(fault) => self.verification.faults.push(fault),
                    None if is_run => {
                        scope.run_records += 1;
                        records.add(&key, examined.kept.as_deref(), &is_absent);
                    }
                    None => {
                        let content = FooterContent::read(&key, &examined);
                        if let Some(problem) = content.problem() {
                            let message =
                                format!("is as it was sealed, and is not what its key names: {problem}");
                            self.fault(Kind::ObjectInvalid, key.as_str(), message);
                        }
                        contents.insert(key, content);
                    }
                }
            }
        }
        contents
    }
}

/// Objects that are read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadBatch {
    Objects,
    Records,
    LargeRecords,
}

impl ReadBatch {
    fn of(key: &ObjectKey, sealed: &ListedObject) -> ReadBatch {
        match key.table {
            Table::Runs if sealed.bytes <= LARGE_RECORD_BYTES => ReadBatch::Records,
            Table::Runs => ReadBatch::LargeRecords,
            _ => ReadBatch::Objects,
        }
    }
}
