//! The captures that the rhythm of the snapshots makes expect: the record has no schedule.

use super::endpoint_attempts::EndpointAttempts;
use super::evidence::Evidence;
use super::run_records::ReportedEndpoint;
use crate::proof::coverage::{EndpointCoverage, LISTING};

/// Captures of all endpoints in a period, by the rhythm of the snapshots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ExpectedCaptures {
    /// Times of the rhythm, of each endpoint from the beginning of its record.
    pub expected: u64,
    /// Those of them at which there was no attempt.
    pub not_attempted: u64,
}

impl ExpectedCaptures {
    /// Counts them. An endpoint that was hardly tried has the rhythm of the one of its account and Region that was tried most often. Returns `None` if it is not known, or if there is no endpoint.
    pub(super) fn of(evidence: &Evidence) -> Option<ExpectedCaptures> {
        let mut endpoints =
            evidence.coverage.endpoints.iter().filter(|of| of.endpoint_id != LISTING).peekable();
        endpoints.peek()?;
        endpoints.try_fold(ExpectedCaptures::default(), |sum, endpoint| {
            let own = evidence.ledger.attempts.get(&named(endpoint));
            let of_place = evidence.ledger.attempts.iter().filter(|(other, _)| {
                (&other.account_id, &other.region) == (&endpoint.account_id, &endpoint.region)
            });
            let most = of_place.map(|(_, attempts)| attempts).max_by_key(|of| of.snapshot_times.len())?;
            // One that was tried half as often, and at no other times, may have a schedule of its own.
            let is_own = |own: &&EndpointAttempts| {
                own.is_regular() && own.snapshot_times.len() * 2 >= most.snapshot_times.len()
            };
            let rhythm = own.filter(is_own).unwrap_or(most);
            let expected = rhythm.expected(endpoint.from.max(evidence.from), evidence.until)?;
            let attempted = own.map_or(0, |own| own.times_attempted(rhythm).unwrap_or(0));
            Some(ExpectedCaptures {
                expected: sum.expected + expected,
                not_attempted: sum.not_attempted + expected.saturating_sub(attempted),
            })
        })
    }

    /// Returns how many of these attempts were none of those that are expected.
    pub(super) fn beside(&self, attempted: u64) -> u64 {
        (attempted + self.not_attempted).saturating_sub(self.expected)
    }
}

fn named(endpoint: &EndpointCoverage) -> ReportedEndpoint {
    ReportedEndpoint {
        account_id: endpoint.account_id.clone(),
        region: endpoint.region.clone(),
        endpoint_id: endpoint.endpoint_id.clone(),
    }
}
