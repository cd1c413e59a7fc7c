//! The log groups of each account and Region.

use crate::account_region::AccountRegion;
use crate::log_group::LogGroup;
use std::collections::{BTreeMap, HashMap};
use std::sync::{PoisonError, RwLock};

/// The log groups of each account and Region.
#[derive(Debug)]
pub(crate) struct Groups {
    everywhere: Vec<LogGroup>,
    /// Those of places where a group was added, changed or removed.
    of_places: RwLock<HashMap<AccountRegion, BTreeMap<String, LogGroup>>>,
}

impl Groups {
    pub(crate) fn new(everywhere: Vec<LogGroup>) -> Self {
        Self { everywhere, of_places: RwLock::default() }
    }

    /// Returns the groups of a place, in order of their names.
    pub(crate) fn at(&self, location: &AccountRegion) -> Vec<LogGroup> {
        let of_places = self.of_places.read().unwrap_or_else(PoisonError::into_inner);
        let groups = of_places.get(location).cloned().unwrap_or_else(|| self.by_name());
        groups.into_values().collect()
    }

    pub(crate) fn find(&self, location: &AccountRegion, name: &str) -> Option<LogGroup> {
        self.at(location).into_iter().find(|group| group.name == name)
    }

    /// Adds a group, or gives one other settings.
    pub(crate) fn put(&self, location: &AccountRegion, group: LogGroup) {
        self.with(location, |groups| {
            groups.insert(group.name.clone(), group);
        });
    }

    pub(crate) fn remove(&self, location: &AccountRegion, name: &str) {
        self.with(location, |groups| {
            groups.remove(name);
        });
    }

    fn with(&self, location: &AccountRegion, change: impl FnOnce(&mut BTreeMap<String, LogGroup>)) {
        let mut of_places = self.of_places.write().unwrap_or_else(PoisonError::into_inner);
        change(of_places.entry(location.clone()).or_insert_with(|| self.by_name()));
    }

    fn by_name(&self) -> BTreeMap<String, LogGroup> {
        self.everywhere.iter().map(|group| (group.name.clone(), group.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_changed_in_its_own_place_alone() {
        let groups = Groups::new(vec![LogGroup::new("vpn")]);
        let (here, there) = (AccountRegion::new("1", "r"), AccountRegion::new("2", "r"));
        groups.put(&here, LogGroup { retention_days: Some(7), ..LogGroup::new("vpn") });
        groups.put(&here, LogGroup::new("app"));
        let names =
            |at: &AccountRegion| groups.at(at).into_iter().map(|group| group.name).collect::<Vec<_>>();
        assert_eq!(
            (names(&here), names(&there)),
            (vec!["app".to_owned(), "vpn".to_owned()], vec!["vpn".to_owned()])
        );
        assert_eq!(groups.find(&here, "vpn").and_then(|group| group.retention_days), Some(7));
        groups.remove(&there, "vpn");
        assert_eq!((groups.find(&there, "vpn"), groups.find(&here, "vpn").is_some()), (None, true));
    }
}
