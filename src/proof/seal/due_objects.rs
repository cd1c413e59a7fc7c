//! The objects that are due for the next digest, in order and up to the limit, and the problems with others. It is
//! fed with the results of hashing, and reads nothing itself.

use std::collections::BTreeSet;
use std::fmt;

use crate::hour::Hour;
use crate::lake::keys::ObjectKey;
use crate::lake::store::Hashed;
use crate::proof::digest::{MAX_OBJECTS, SealedObject};

/// Returns as many of the unlisted objects as the digest of `hour` may list: first the hour's own, and then in the order of the
/// keys.
pub fn in_order<T>(hour: Hour, mut objects: Vec<(ObjectKey, T)>) -> Vec<(ObjectKey, T)> {
    objects.sort_by(|(one, _), (other, _)| {
        (one.hour != hour, one.as_str()).cmp(&(other.hour != hour, other.as_str()))
    });
    objects.truncate(MAX_OBJECTS);
    objects
}

/// Returns the number of objects that a digest with `objects` has room for.
pub fn room_beside<T>(objects: &[T]) -> usize {
    MAX_OBJECTS.saturating_sub(objects.len())
}

/// The objects of one digest in the making. `E` is the reason why an object could not be read.
#[derive(Debug)]
pub struct DueObjects<E> {
    hour: Hour,
    objects: Vec<SealedObject>,
    /// Reasons for objects of the hour itself, until they are settled.
    own: Vec<E>,
    problems: Vec<String>,
}

impl<E: fmt::Display> DueObjects<E> {
    /// Returns the objects for the digest of `hour`: none so far.
    pub fn new(hour: Hour) -> DueObjects<E> {
        DueObjects { hour, objects: Vec::new(), own: Vec::new(), problems: Vec::new() }
    }

    /// Returns the objects so far.
    pub fn objects(&self) -> &[SealedObject] {
        &self.objects
    }

    /// Takes an object, or the reason why it could not be read.
    pub fn add(&mut self, key: &ObjectKey, hashed: Result<Hashed, E>) {
        match hashed {
            Ok(Hashed { bytes, sha256 }) => self.objects.push(SealedObject {
                object_key: key.to_string(),
                bytes,
                sha256: hex::encode(sha256),
                late: key.hour < self.hour,
            }),
            Err(error) if key.hour == self.hour => self.own.push(error),
            Err(error) => self.problems.push(error.to_string()),
        }
    }

    /// Decides on the objects that could not be read: one of them must not keep all from being sealed.
    ///
    /// # Errors
    /// Returns an error if the hour `waits` and none of its own objects could be read, as during an outage: that is retried for
    /// some hours.
    pub fn settle(&mut self, waits: bool) -> Result<(), E> {
        let has_own = self.objects.iter().any(|object| !object.late);
        match self.own.pop() {
            Some(error) if waits && !has_own => Err(error),
            last => {
                let own = self.own.drain(..).chain(last);
                self.problems.extend(own.map(|error| error.to_string()));
                Ok(())
            }
        }
    }

    /// Leaves run records that could not be read for the next digest, and takes the problems that kept others from being looked
    /// for.
    pub fn leave(&mut self, unread_records: &BTreeSet<String>, problems: Vec<String>) {
        self.objects.retain(|object| !unread_records.contains(&object.object_key));
        self.problems.extend(problems);
    }

    /// Returns the objects in the order of their keys, and the problems with others.
    pub fn finish(mut self) -> (Vec<SealedObject>, Vec<String>) {
        self.objects.sort_by(|one, other| one.object_key.cmp(&other.object_key));
        (self.objects, self.problems)
    }
}

#[cfg(test)]
mod tests;
