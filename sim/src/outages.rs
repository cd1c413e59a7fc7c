//! Accounts and Regions that do not work as they should.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// The current outages.
#[derive(Debug, Default)]
pub(crate) struct Outages(Mutex<Failing>);

#[derive(Debug, Default)]
struct Failing {
    accounts: BTreeSet<String>,
    down: BTreeSet<String>,
    disabled: BTreeSet<String>,
}

/// An outage of a Region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outage {
    Down,
    Disabled,
}

impl Outages {
    /// Refuses every role of this account.
    pub(crate) fn refuse_role(&self, account_id: &str) {
        self.with(|failing| failing.accounts.insert(account_id.to_owned()));
    }

    /// Takes EC2 out of order in this Region.
    pub(crate) fn take_down(&self, region: &str) {
        self.with(|failing| failing.down.insert(region.to_owned()));
    }

    /// Disables this Region for every account.
    pub(crate) fn disable(&self, region: &str) {
        self.with(|failing| failing.disabled.insert(region.to_owned()));
    }

    /// Ends all outages.
    pub(crate) fn restore(&self) {
        self.with(|failing| *failing = Failing::default());
    }

    pub(crate) fn refuses_role(&self, account_id: &str) -> bool {
        self.with(|failing| failing.accounts.contains(account_id))
    }

    /// Returns the outage of a Region. A Region that is down does not reveal that it is disabled.
    pub(crate) fn of_region(&self, region: &str) -> Option<Outage> {
        self.with(|failing| {
            let down = failing.down.contains(region).then_some(Outage::Down);
            down.or_else(|| failing.disabled.contains(region).then_some(Outage::Disabled))
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Failing) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outages_are_of_one_account_or_region_and_end_together() {
        let outages = Outages::default();
        outages.refuse_role("111122223333");
        outages.disable("us-east-1");
        outages.disable("eu-west-1");
        outages.take_down("us-east-1");
        let of = || (["us-east-1", "eu-west-1", "eu-central-1"]).map(|region| outages.of_region(region));
        assert_eq!(of(), [Some(Outage::Down), Some(Outage::Disabled), None]);
        assert!(outages.refuses_role("111122223333") && !outages.refuses_role("123456789012"));
        outages.restore();
        assert_eq!((of(), outages.refuses_role("111122223333")), ([None; 3], false));
    }
}
