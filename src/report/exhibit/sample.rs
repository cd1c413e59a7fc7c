//! A sample of the sessions that anybody can draw again with `sha256sum` and `sort`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::run_records::ReportedTarget;
use crate::lake::keys::ObjectKey;
use crate::lake::ledger::Outcome;
use crate::report::sessions::Session;

/// The request for a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleRequest {
    /// Sessions of each endpoint and month; all if there are fewer.
    pub size: usize,
    /// Text that decides which ones, together with their ids.
    pub seed: String,
}

/// The month in which a session began, in UTC.
type Month = Date;

/// A session of the sample.
#[derive(Debug, Clone)]
pub(super) struct SampledSession {
    /// SHA-256 of the seed, a line feed and the id of the connection, in hexadecimal.
    pub sha256: String,
    /// The session.
    pub session: Session,
    /// The capture that showed it first; `None` if no run record that could be read has it.
    pub first: Option<DecidingCapture>,
    /// The capture that showed it last.
    pub last: Option<DecidingCapture>,
}

/// A capture that shows a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DecidingCapture {
    /// Its object.
    pub object_key: String,
    /// SHA-256 of the object, by the run record.
    pub sha256: Option<String>,
    /// EC2's request ids of the first and the last page, as in CloudTrail.
    pub request_ids: [Option<String>; 2],
    /// The run record.
    pub run_key: String,
    /// `true` if it is of all connections.
    pub is_complete: bool,
}

/// The sample in the making.
#[derive(Debug)]
pub(super) struct Sample {
    request: SampleRequest,
    strata: BTreeMap<(String, Month), BTreeMap<String, SampledSession>>,
}

impl Sample {
    /// Returns a sample of no session.
    pub(super) fn new(request: SampleRequest) -> Sample {
        Sample { request, strata: BTreeMap::new() }
    }

    /// Adds a session of the population, which stays if its hash is among the lowest of its endpoint and month.
    pub(super) fn add(&mut self, session: &Session) {
        let month = TimeZone::UTC.to_datetime(session.connection_established_time).date().first_of_month();
        let stratum = self.strata.entry((session.endpoint_id.clone(), month)).or_default();
        let sha256 = hash(&self.request.seed, &session.connection_id);
        let is_too_high = stratum.len() >= self.request.size
            && stratum.last_key_value().is_none_or(|(highest, _)| *highest < sha256);
        if is_too_high {
            return;
        }
        let sampled =
            SampledSession { sha256: sha256.clone(), session: session.clone(), first: None, last: None };
        stratum.insert(sha256, sampled);
        if stratum.len() > self.request.size {
            stratum.pop_last();
        }
    }

    /// Notes the capture of an endpoint that showed sampled sessions first or last: their times lie between those of its pages. Of
    /// captures at the same time, one of a part may not show a session that a complete one shows.
    pub(super) fn note_capture(&mut self, run_key: &ObjectKey, target: &ReportedTarget) {
        let (Some(begin), Some(end)) = (target.first_page_at, target.last_page_at) else { return };
        let Some(object_key) = target.object_key() else { return };
        let is_shown = |time: Timestamp| begin <= time && time <= end;
        let is_complete = matches!(target.outcome, Outcome::Complete | Outcome::AlreadyCaptured);
        let is_better = |known: &DecidingCapture| is_complete && !known.is_complete;
        let strata =
            self.strata.iter_mut().filter(|((endpoint_id, _), _)| *endpoint_id == target.endpoint_id);
        for sampled in strata.flat_map(|(_, stratum)| stratum.values_mut()) {
            let session = &sampled.session;
            for (time, capture) in
                [(session.first_seen, &mut sampled.first), (session.last_seen, &mut sampled.last)]
            {
                if is_shown(time) && capture.as_ref().is_none_or(is_better) {
                    *capture = Some(DecidingCapture {
                        object_key: object_key.to_string(),
                        sha256: target.sha256.clone(),
                        request_ids: [target.first_request_id.clone(), target.last_request_id.clone()],
                        run_key: run_key.to_string(),
                        is_complete,
                    });
                }
            }
        }
    }

    /// Returns the keys of the objects that show the sessions first and last.
    pub(super) fn object_keys(&self) -> impl Iterator<Item = String> {
        let captures = self.sessions().flat_map(|(_, sampled)| [&sampled.first, &sampled.last]);
        captures.flatten().map(|capture| capture.object_key.clone())
    }

    /// Returns the sessions, by endpoint, month and hash.
    pub(super) fn sessions(&self) -> impl Iterator<Item = (Month, &SampledSession)> {
        self.strata.iter().flat_map(|((_, month), stratum)| stratum.values().map(|sampled| (*month, sampled)))
    }
}

fn hash(seed: &str, id: &str) -> String {
    hex::encode(Sha256::digest(format!("{seed}\n{id}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(endpoint_id: &str, id: &str, begin: &str) -> Session {
        Session {
            endpoint_id: endpoint_id.to_owned(),
            connection_id: id.to_owned(),
            connection_established_time: begin.parse().unwrap(),
            ..Session::default()
        }
    }

    #[test]
    fn the_lowest_hashes_of_each_endpoint_and_month_are_taken() {
        // printf 'seed\nID' | sha256sum
        assert_eq!(hash("seed", "a"), hex::encode(Sha256::digest(b"seed\na")));
        let ids: Vec<String> = (0..50).map(|number| format!("id-{number}")).collect();
        let mut sample = Sample::new(SampleRequest { size: 3, seed: "seed".to_owned() });
        for id in &ids {
            sample.add(&session("one", id, "2026-10-31T23:59:59Z"));
            sample.add(&session("one", id, "2026-11-01T00:00:00Z"));
        }
        sample.add(&session("two", "alone", "2026-11-01T00:00:00Z"));
        let mut hashes: Vec<String> = ids.iter().map(|id| hash("seed", id)).collect();
        hashes.sort();
        let lowest = &hashes[..3];
        let found: Vec<(Month, &str, &str)> = sample
            .sessions()
            .map(|(month, of)| (month, of.session.endpoint_id.as_str(), of.sha256.as_str()))
            .collect();
        let month = |month: i8| Date::constant(2026, month, 1);
        let of_one = [10, 11]
            .into_iter()
            .flat_map(|at| lowest.iter().map(move |sha256| (month(at), "one", sha256.as_str())));
        let alone = hash("seed", "alone");
        assert_eq!(found, of_one.chain([(month(11), "two", alone.as_str())]).collect::<Vec<_>>());
    }
}
