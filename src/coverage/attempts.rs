//! What the ledger has of each endpoint: the attempts at it, and between which listings of all endpoints it was there.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::ledger::Outcome;
use crate::ledger::recorded::{RecordedPlace, RecordedRun, RecordedTarget};

/// What stands for an endpoint's id where it is not an endpoint that was asked for but which endpoints there are.
pub const LISTING: &str = "*";

/// An account, a Region and an endpoint.
pub(super) type EndpointName = [String; 3];

/// One attempt at an endpoint.
#[derive(Debug)]
pub(super) struct Attempt {
    pub start: Timestamp,
    pub target: RecordedTarget,
}

impl Attempt {
    /// When the first and the last page arrived, of a complete capture.
    pub(super) fn complete(&self) -> Option<(Timestamp, Timestamp)> {
        let RecordedTarget { outcome: Outcome::Complete, first_page_at, last_page_at, .. } = self.target
        else {
            return None;
        };
        Some((first_page_at?, last_page_at?))
    }

    /// When it happened: when its pages arrived, or when it began.
    pub(super) fn at(&self) -> Timestamp {
        self.target.first_page_at.unwrap_or(self.start)
    }
}

/// Every attempt, by endpoint; under [`LISTING`] those at listing the endpoints themselves.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    of_endpoint: BTreeMap<EndpointName, Vec<Attempt>>,
    discovered: BTreeMap<EndpointName, Vec<Timestamp>>,
    gone: BTreeMap<EndpointName, Vec<Timestamp>>,
}

impl Attempts {
    /// Notes what a record tells.
    pub(super) fn note(&mut self, record: RecordedRun) {
        let RecordedRun { start, targets, places, .. } = record;
        for target in targets {
            self.push(Attempt { start, target });
        }
        for RecordedPlace { account_id, region, discovery } in places {
            let Some(discovery) = discovery else { continue };
            let name = |endpoint_id| [account_id.clone(), region.clone(), endpoint_id];
            for endpoint_id in discovery.discovered {
                self.discovered.entry(name(endpoint_id)).or_default().push(start);
            }
            for endpoint_id in discovery.gone {
                self.gone.entry(name(endpoint_id)).or_default().push(start);
            }
            let is_listed = discovery.error.is_none();
            let [account_id, region, endpoint_id] = name(LISTING.to_owned());
            let target = RecordedTarget {
                account_id,
                region,
                endpoint_id,
                outcome: if is_listed { Outcome::Complete } else { Outcome::Failed },
                active: 0,
                first_page_at: is_listed.then_some(start),
                last_page_at: is_listed.then_some(start),
                error: discovery.error,
            };
            self.push(Attempt { start, target });
        }
    }

    fn push(&mut self, attempt: Attempt) {
        let RecordedTarget { account_id, region, endpoint_id, .. } = &attempt.target;
        let name = [account_id.clone(), region.clone(), endpoint_id.clone()];
        self.of_endpoint.entry(name).or_default().push(attempt);
    }

    /// Every endpoint that was tried, in order, with the attempts at it.
    pub(super) fn endpoints(&self) -> impl Iterator<Item = (&EndpointName, &[Attempt])> {
        self.of_endpoint.iter().map(|(name, attempts)| (name, attempts.as_slice()))
    }

    /// The last listing before the first attempt at an endpoint, if that attempt is of the run which discovered it; none where it may
    /// have been there before. What is discovered later is no news: a late run compares with an older record.
    pub(super) fn not_there_yet(&self, name: &EndpointName) -> Option<Timestamp> {
        let first = self.of_endpoint.get(name)?.iter().map(|attempt| attempt.start).min()?;
        let discovered = self.discovered.get(name)?.iter().find(|discovered| **discovered <= first)?;
        let [account_id, region, _] = name;
        let listings = self.of_endpoint.get(&[account_id.clone(), region.clone(), LISTING.to_owned()])?;
        let complete = listings.iter().filter_map(|listing| Some(listing.complete()?.0));
        complete.filter(|listed| listed < discovered).max()
    }

    /// The first listing that did not have the endpoint any more, if nobody has tried it since: it may have come back.
    pub(super) fn gone(&self, name: &EndpointName) -> Option<Timestamp> {
        let last = self.of_endpoint.get(name)?.iter().map(Attempt::at).max()?;
        self.gone.get(name)?.iter().copied().filter(|gone| *gone > last).min()
    }
}
