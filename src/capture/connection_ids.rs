//! The ids of a listing's connections: the number of duplicates, and a check that another listing has them too.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Hashes of connection ids, eight bytes each: two ids of a million share one with a chance of 1 : 30 million.
#[derive(Debug, Default)]
pub(super) struct ConnectionIds {
    hashes: Vec<u64>,
    /// Connections without an id.
    absent: usize,
}

/// The distinct ids of a listing.
#[derive(Debug)]
pub(super) struct DistinctIds {
    sorted: Vec<u64>,
    absent: usize,
    /// Number of connections with an id that came before.
    pub duplicates: usize,
}

impl ConnectionIds {
    /// Records the ids of a page; `None` for a connection without an id.
    pub(super) fn note<'a>(&mut self, ids: impl Iterator<Item = Option<&'a str>>) {
        for id in ids {
            match id {
                Some(id) => self.hashes.push(hash(id)),
                None => self.absent += 1,
            }
        }
    }

    /// Returns the distinct ids. They are sorted only here: to look each id up as it comes takes more time and more memory.
    pub(super) fn distinct(self) -> DistinctIds {
        let ConnectionIds { mut hashes, absent } = self;
        let noted = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        DistinctIds { duplicates: noted - hashes.len(), sorted: hashes, absent }
    }
}

impl DistinctIds {
    /// Returns `true` if `other` has every connection of this listing. One without an id cannot be looked up.
    pub(super) fn is_contained_in(&self, other: &DistinctIds) -> bool {
        self.absent == 0 && self.sorted.iter().all(|hash| other.sorted.binary_search(hash).is_ok())
    }
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distinct(ids: &[Option<&str>]) -> DistinctIds {
        let mut noted = ConnectionIds::default();
        ids.iter().for_each(|id| noted.note([*id].into_iter()));
        noted.distinct()
    }

    #[test]
    fn an_id_that_came_before_is_counted_wherever_it_stands() {
        assert_eq!(distinct(&[]).duplicates, 0);
        assert_eq!(distinct(&[Some("a"), Some("b"), Some("a"), None, Some("a"), None]).duplicates, 2);
    }

    #[test]
    fn a_listing_is_contained_in_one_that_has_each_of_its_ids() {
        let (some, more) =
            (distinct(&[Some("b"), Some("a"), Some("b")]), distinct(&[Some("a"), Some("b"), None]));
        assert!(
            some.is_contained_in(&more)
                && some.is_contained_in(&some)
                && distinct(&[]).is_contained_in(&some)
        );
        assert!(!distinct(&[Some("c")]).is_contained_in(&more));
        assert!(!more.is_contained_in(&more), "a connection without an id may be another one there");
    }
}
