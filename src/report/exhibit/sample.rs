//! A sample of the sessions, captures and holes that anybody can draw again with `sha256sum` and `sort`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::run_records::ReportedTarget;
use crate::lake::keys::ObjectKey;
use crate::lake::ledger::Outcome;
use crate::proof::coverage::Gap;
use crate::report::sessions::Session;

/// The request for a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleRequest {
    /// Sessions, captures and holes of each endpoint and month; all if there are fewer.
    pub size: usize,
    /// Text that decides which ones, together with their ids.
    pub seed: String,
}

/// The month in which a session, a capture or a hole began, in UTC.
type Month = Date;

/// A session of the sample.
#[derive(Debug, Clone)]
pub(super) struct SampledSession {
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

/// The members of a population with the lowest hashes, by endpoint and month.
#[derive(Debug)]
pub(super) struct Strata<T>(BTreeMap<(String, Month), BTreeMap<String, T>>);

impl<T> Strata<T> {
    /// Adds a member of the population, which stays if the SHA-256 of the seed, a line feed and its id is among the lowest of its endpoint
    /// and month.
    fn add(
        &mut self,
        request: &SampleRequest,
        (endpoint_id, at): (&str, Timestamp),
        id: &str,
        member: impl FnOnce() -> T,
    ) {
        let month = TimeZone::UTC.to_datetime(at).date().first_of_month();
        let stratum = self.0.entry((endpoint_id.to_owned(), month)).or_default();
        let sha256 = hash(&request.seed, id);
        let is_too_high = stratum.len() >= request.size
            && stratum.last_key_value().is_none_or(|(highest, _)| *highest < sha256);
        if is_too_high {
            return;
        }
        stratum.insert(sha256, member());
        if stratum.len() > request.size {
            stratum.pop_last();
        }
    }

    /// Returns the members with their months and hashes, by endpoint, month and hash.
    pub(super) fn members(&self) -> impl Iterator<Item = (Month, &str, &T)> {
        let member = |month: Month| move |(sha256, member)| (month, String::as_str(sha256), member);
        self.0.iter().flat_map(move |((_, month), stratum)| stratum.iter().map(member(*month)))
    }
}

impl<T> Default for Strata<T> {
    fn default() -> Strata<T> {
        Strata(BTreeMap::new())
    }
}

/// A sampled capture.
#[derive(Debug, Clone)]
pub(super) struct SampledCapture {
    /// Its row in the data file `captures`.
    pub row: Vec<Value>,
    /// The attempt.
    pub target: ReportedTarget,
    /// The time of its snapshot.
    pub snapshot_time: Timestamp,
    /// The run record.
    pub run_key: String,
}

/// A sampled hole.
#[derive(Debug, Clone)]
pub(super) struct SampledHole {
    /// Its row in the data file `holes`.
    pub row: Vec<Value>,
    pub endpoint_id: String,
    pub gap: Gap,
}

impl SampledHole {
    /// Returns the id that its hash is made of.
    pub(super) fn id(&self) -> String {
        hole_id(&self.endpoint_id, self.gap)
    }
}

fn hole_id(endpoint_id: &str, gap: Gap) -> String {
    format!("{endpoint_id} {:.3}", gap.from)
}

/// The sample in the making.
#[derive(Debug)]
pub(super) struct Sample {
    request: SampleRequest,
    sessions: Strata<SampledSession>,
    /// The sampled captures.
    pub captures: Strata<SampledCapture>,
    /// The sampled holes.
    pub holes: Strata<SampledHole>,
}

impl Sample {
    /// Returns a sample of nothing.
    pub(super) fn new(request: SampleRequest) -> Sample {
        Sample { request, sessions: Strata::default(), captures: Strata::default(), holes: Strata::default() }
    }

    /// Adds a session of the population.
    pub(super) fn add(&mut self, session: &Session) {
        let stratum = (session.endpoint_id.as_str(), session.connection_established_time);
        self.sessions.add(&self.request, stratum, &session.connection_id, || SampledSession {
            session: session.clone(),
            first: None,
            last: None,
        });
    }

    /// Adds an attempt of the population, with its row in the data file.
    pub(super) fn add_capture(
        &mut self,
        run_key: &ObjectKey,
        snapshot_time: Timestamp,
        target: &ReportedTarget,
        row: &[Value],
    ) {
        let id = format!("{run_key} {}", target.endpoint_id);
        self.captures.add(&self.request, (&target.endpoint_id, snapshot_time), &id, || SampledCapture {
            row: row.to_vec(),
            target: target.clone(),
            snapshot_time,
            run_key: run_key.to_string(),
        });
    }

    /// Adds a hole of the population, with its row in the data file.
    pub(super) fn add_hole(&mut self, endpoint_id: &str, gap: Gap, row: &[Value]) {
        let id = hole_id(endpoint_id, gap);
        self.holes.add(&self.request, (endpoint_id, gap.from), &id, || SampledHole {
            row: row.to_vec(),
            endpoint_id: endpoint_id.to_owned(),
            gap,
        });
    }

    /// Notes the capture of an endpoint that showed sampled sessions first or last: their times lie between those of its pages. Of
    /// captures at the same time, one of a part may not show a session that a complete one shows.
    pub(super) fn note_capture(&mut self, run_key: &ObjectKey, target: &ReportedTarget) {
        let (Some(begin), Some(end)) = (target.first_page_at, target.last_page_at) else { return };
        let Some(object_key) = target.object_key() else { return };
        let is_shown = |time: Timestamp| begin <= time && time <= end;
        let is_complete = matches!(target.outcome, Outcome::Complete | Outcome::AlreadyCaptured);
        let is_better = |known: &DecidingCapture| is_complete && !known.is_complete;
        let strata = self.sessions.0.iter_mut();
        let strata = strata.filter(|((endpoint_id, _), _)| *endpoint_id == target.endpoint_id);
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
        let captures = self.sessions().flat_map(|(_, _, sampled)| [&sampled.first, &sampled.last]);
        captures.flatten().map(|capture| capture.object_key.clone())
    }

    /// Returns the sessions with their months and hashes, by endpoint, month and hash.
    pub(super) fn sessions(&self) -> impl Iterator<Item = (Month, &str, &SampledSession)> {
        self.sessions.members()
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
            .map(|(month, sha256, of)| (month, of.session.endpoint_id.as_str(), sha256))
            .collect();
        let month = |month: i8| Date::constant(2026, month, 1);
        let of_one = [10, 11]
            .into_iter()
            .flat_map(|at| lowest.iter().map(move |sha256| (month(at), "one", sha256.as_str())));
        let alone = hash("seed", "alone");
        assert_eq!(found, of_one.chain([(month(11), "two", alone.as_str())]).collect::<Vec<_>>());
    }
}
