//! The rules in force, each with its own count of requests.

use super::{Fault, FaultKind, FaultyAction};
use std::sync::{Mutex, PoisonError};

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Rules(Mutex<Vec<Rule>>);

#[derive(Debug)]
struct Rule {
    action: FaultyAction,
    fault: Fault,
    /// Requests that matched since the rule was made.
    seen: usize,
}

impl Rule {
    fn concerns(&self, action: FaultyAction, endpoint_id: &str) -> bool {
        self.action == action && self.fault.endpoint_id.as_deref().is_none_or(|id| id == endpoint_id)
    }

    fn covers(&self, nth: usize) -> bool {
        (self.fault.first..=self.fault.last).contains(&nth)
    }
}

impl Rules {
    pub(crate) fn add(&self, action: FaultyAction, fault: Fault) {
        self.with(|rules| rules.push(Rule { action, fault, seen: 0 }));
    }

    pub(crate) fn clear(&self) {
        self.with(Vec::clear);
    }

    /// Counts a request, and returns the faults that apply to it.
    pub(crate) fn request(&self, action: FaultyAction, endpoint_id: &str) -> Vec<FaultKind> {
        self.with(|rules| {
            let concerned = rules.iter_mut().filter(|rule| rule.concerns(action, endpoint_id));
            concerned
                .filter_map(|rule| {
                    rule.seen += 1;
                    rule.covers(rule.seen).then(|| rule.fault.kind.clone())
                })
                .collect()
        })
    }

    /// Returns the fault that a `DryRun` would meet now; the `DryRun` does not count.
    pub(crate) fn dry_run(&self, action: FaultyAction, endpoint_id: &str) -> Option<FaultKind> {
        self.with(|rules| {
            let mut concerned = rules.iter().filter(|rule| rule.concerns(action, endpoint_id));
            let refuses =
                |kind: &FaultKind| matches!(kind, FaultKind::Unauthorized | FaultKind::UnknownAction);
            let met = concerned.find(|rule| refuses(&rule.fault.kind) && rule.covers(rule.seen + 1));
            met.map(|rule| rule.fault.kind.clone())
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<Rule>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: FaultyAction = FaultyAction::DescribeClientVpnConnections;

    #[test]
    fn a_rule_counts_the_requests_of_its_endpoint_from_its_injection() {
        let rules = Rules::default();
        rules.request(LISTING, "a");
        rules.add(LISTING, Fault { last: 3, ..Fault::on(FaultKind::Throttle, 2).at("a") });
        let hits: Vec<bool> =
            ["a", "b", "a", "a", "b", "a"].iter().map(|id| !rules.request(LISTING, id).is_empty()).collect();
        assert_eq!(hits, [false, false, true, true, false, false]);
    }

    #[test]
    fn a_rule_concerns_its_action_alone() {
        let rules = Rules::default();
        rules.add(LISTING, Fault::on(FaultKind::Throttle, 1));
        assert_eq!(rules.request(FaultyAction::DescribeClientVpnRoutes, "a"), []);
        assert_eq!(rules.request(LISTING, "a"), [FaultKind::Throttle]);
    }

    #[test]
    fn a_dry_run_is_denied_without_being_counted() {
        for kind in [FaultKind::Unauthorized, FaultKind::UnknownAction] {
            let rules = Rules::default();
            rules.add(LISTING, Fault::on(FaultKind::Throttle, 1));
            rules.add(LISTING, Fault::on(kind.clone(), 1));
            assert_eq!(rules.dry_run(LISTING, "a"), Some(kind.clone()));
            assert_eq!(rules.dry_run(LISTING, "a"), Some(kind.clone()));
            assert_eq!(rules.request(LISTING, "a"), [FaultKind::Throttle, kind]);
            assert_eq!(rules.dry_run(LISTING, "a"), None);
        }
    }
}
