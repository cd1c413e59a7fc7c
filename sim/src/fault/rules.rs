//! The rules in force, each with its own count of requests.

use super::{Fault, FaultKind};
use std::sync::{Mutex, PoisonError};

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Rules(Mutex<Vec<Rule>>);

#[derive(Debug)]
struct Rule {
    fault: Fault,
    /// Requests that matched since the rule was made.
    seen: usize,
}

impl Rule {
    fn concerns(&self, endpoint_id: &str) -> bool {
        self.fault.endpoint_id.as_deref().is_none_or(|id| id == endpoint_id)
    }

    fn covers(&self, nth: usize) -> bool {
        (self.fault.first..=self.fault.last).contains(&nth)
    }
}

impl Rules {
    pub(crate) fn add(&self, fault: Fault) {
        self.with(|rules| rules.push(Rule { fault, seen: 0 }));
    }

    pub(crate) fn clear(&self) {
        self.with(Vec::clear);
    }

    /// Counts a request, and returns the faults that apply to it.
    pub(crate) fn request(&self, endpoint_id: &str) -> Vec<FaultKind> {
        self.with(|rules| {
            let concerned = rules.iter_mut().filter(|rule| rule.concerns(endpoint_id));
            concerned
                .filter_map(|rule| {
                    rule.seen += 1;
                    rule.covers(rule.seen).then(|| rule.fault.kind.clone())
                })
                .collect()
        })
    }

    /// Returns `true` if a `DryRun` now, which does not count, would be denied.
    pub(crate) fn deny(&self, endpoint_id: &str) -> bool {
        self.with(|rules| {
            rules.iter().any(|rule| {
                let next = rule.seen + 1;
                rule.fault.kind == FaultKind::Unauthorized && rule.concerns(endpoint_id) && rule.covers(next)
            })
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<Rule>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_counts_the_requests_of_its_endpoint_from_its_injection() {
        let rules = Rules::default();
        rules.request("a");
        rules.add(Fault { last: 3, ..Fault::on(FaultKind::Throttle, 2).at("a") });
        let hits: Vec<bool> =
            ["a", "b", "a", "a", "b", "a"].iter().map(|id| !rules.request(id).is_empty()).collect();
        assert_eq!(hits, [false, false, true, true, false, false]);
    }

    #[test]
    fn a_dry_run_is_denied_without_being_counted() {
        let rules = Rules::default();
        rules.add(Fault::on(FaultKind::Unauthorized, 1));
        assert!(rules.deny("a") && rules.deny("a"));
        assert_eq!(rules.request("a"), [FaultKind::Unauthorized]);
        assert!(!rules.deny("a"));
    }
}
