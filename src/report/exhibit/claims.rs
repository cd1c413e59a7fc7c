//! The three claims of the cover: nothing was missed, nothing was changed, the clock was right. Each follows from what the proofs found,
//! and is said to be shown only if nothing is against it.

mod clock;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::ExhibitRequest;
use super::digests::DigestFigures;
use super::evidence::Evidence;
use super::population::{counted, grouped};
use super::verdict::{EvidenceState, Verdict};
use super::zoned_times::ZonedTimes;
use crate::hour::Hour;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::ReadObject;
use crate::proof::coverage::cloudwatch_counts::Witness;
use crate::proof::coverage::{LISTED_AFTER_END, LISTING};
use crate::proof::signing::PublicKey;
use crate::proof::verify::Verification;
use crate::report::plain_text::escaped;

pub(super) use clock::{CLOCK_LIMIT_SECONDS, clock};

/// The time before the record of an endpoint begins, of which nothing is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotOnRecord {
    /// The endpoint, or the list of endpoints, with every character visible.
    pub of: String,
    /// The time at which its record begins.
    pub begins: Timestamp,
}

/// Returns the endpoints and lists of endpoints whose record begins after the beginning of the period.
pub(super) fn not_on_record(evidence: &Evidence, from: Timestamp) -> Vec<NotOnRecord> {
    let endpoints =
        evidence.read.watched.iter().map(|watched| (escaped(&watched.endpoint_id), watched.record_begins));
    let listings = evidence.coverage.endpoints.iter().filter(|endpoint| endpoint.endpoint_id == LISTING);
    // An endpoint that was deleted before the first listing is nowhere.
    let listings =
        listings.map(|of| (format!("the list of endpoints of {} {}", of.account_id, of.region), of.from));
    let late = endpoints.chain(listings).filter(|(_, begins)| *begins > from);
    late.map(|(of, begins)| NotOnRecord { of, begins }).collect()
}

/// Returns the verdict on the claim that no connection of the period was missed.
pub(super) fn missed(request: &ExhibitRequest<'_>, evidence: &Evidence, times: &ZonedTimes) -> Verdict {
    let coverage = &evidence.coverage;
    let endpoints = &coverage.endpoints;
    let holes: usize = endpoints.iter().map(|endpoint| endpoint.holes.len()).sum();
    let holes = (holes > 0).then(|| {
        let minutes = hole_minutes(evidence, request.from);
        format!("{}, over {minutes} minutes of the period", counted(holes as u64, "hole"))
    });
    let missed = evidence.reconciliation.missed();
    if missed > 0 {
        let sentence = format!(
            "{} in no capture, by the connection logs. {}.",
            match missed {
                1 => "1 connection is".to_owned(),
                number => format!("{} connections are", grouped(number)),
            },
            holes.as_deref().unwrap_or("No gap of 60 minutes between complete captures, by the run records")
        );
        return Verdict::new(EvidenceState::Contradicted, sentence);
    }
    if endpoints.is_empty() {
        return Verdict::new(EvidenceState::InsufficientEvidence, "No endpoint is on record in this period.");
    }
    let differences = endpoints.iter().flat_map(|endpoint| endpoint.witness.iter().flatten());
    let higher = differences.filter(|difference| difference.is_higher()).count();
    if let Some(witness) =
        unwatched(request, evidence).find(|witness| has_connections(witness, evidence, request))
    {
        let sentence = format!(
            "An independent count has connections of {}, which is not on record in this period.",
            escaped(&witness.endpoint_id)
        );
        return Verdict::new(EvidenceState::Contradicted, sentence);
    }
    if let Some(holes) = holes {
        let sentence = format!("{holes}: a connection that began and ended in one can have been missed.");
        return Verdict::new(EvidenceState::NotShown, sentence);
    }
    if higher > 0 {
        let sentence = format!(
            "No gap of 60 minutes between complete captures, but an independent count is higher at {}.",
            counted(higher as u64, "capture")
        );
        return Verdict::new(EvidenceState::Contradicted, sentence);
    }
    if let Some(witness) = uncompared(request, evidence).next() {
        let sentence = format!(
            "No gap of 60 minutes between complete captures, but the independent count of {} was compared with no capture.",
            escaped(&witness.endpoint_id)
        );
        return Verdict::new(EvidenceState::NotShown, sentence);
    }
    let never_tried = evidence.never_tried().count() as u64;
    if let Some(first) = evidence.never_tried().next() {
        let sentence = format!(
            "{} in the configuration and was never captured: {}{}.",
            if never_tried == 1 {
                "1 endpoint is".to_owned()
            } else {
                format!("{never_tried} endpoints are")
            },
            escaped(&first.endpoint_id),
            if never_tried == 1 { "" } else { " and others" }
        );
        return Verdict::new(EvidenceState::NotShown, sentence);
    }
    if let Some(first) = not_on_record(evidence, request.from).first() {
        let sentence = format!(
            "The record of {} begins at {}: nothing is known of the period before.",
            first.of,
            times.text(first.begins)
        );
        return Verdict::new(EvidenceState::NotShown, sentence);
    }
    if !coverage.is_every_connection_seen() {
        let reasons = [
            (coverage.unreadable.len() as u64, "object that could not be read"),
            (coverage.clock_stepped.len() as u64, "capture whose clock stepped"),
            (coverage.of_another_time.len() as u64, "run record that states a capture of another time"),
            (coverage.not_sealed.len() as u64, "run record that no digest lists although its hour is sealed"),
        ];
        let sentence = format!(
            "No gap of 60 minutes between complete captures by the records that could be relied on; not by these: {}.",
            times_each(&reasons)
        );
        return Verdict::new(EvidenceState::InsufficientEvidence, sentence);
    }
    let unread = (evidence.read.unreadable.len() + evidence.ledger.missing.len()) as u64;
    let stated = &evidence.ledger.stated;
    let without_object = evidence.ledger.without_object;
    let differing = evidence.not_as_stated().len() as u64;
    let not_recorded =
        evidence.read.rows_by_object.keys().filter(|key| !stated.contains_key(*key)).count() as u64;
    let faults = evidence.verification.as_ref().map_or(0, |verification| verification.faults.len()) as u64;
    let of_other_times = evidence.of_other_times();
    if unread + faults + not_recorded + without_object + differing + of_other_times > 0 {
        let reasons = [
            (unread, "object that is not there or could not be read"),
            (not_recorded, "object that no run record names"),
            (without_object, "capture that names no object"),
            (differing, "object that is not as its run record states"),
            (of_other_times, "object whose rows arrived at other times than its run record states"),
            (faults, "fault of verify"),
        ];
        let sentence = format!(
            "No gap of 60 minutes between complete captures by the run records, but the lake is not as they state it: {}.",
            times_each(&reasons)
        );
        return Verdict::new(EvidenceState::InsufficientEvidence, sentence);
    }
    let without_id = evidence.rows_without_id();
    if without_id > 0 {
        let sentence = format!(
            "No gap of 60 minutes between complete captures, but {} without the id of a connection, in the period or the hour before or after \
             it: what they show is in no session.",
            match without_id {
                1 => "1 row is".to_owned(),
                number => format!("{} rows are", grouped(number)),
            }
        );
        return Verdict::new(EvidenceState::InsufficientEvidence, sentence);
    }
    if request.to > request.now {
        let sentence =
            format!("The period is not over: nothing is known after {}.", times.text(evidence.until));
        return Verdict::new(EvidenceState::InsufficientEvidence, sentence);
    }
    // Later than that, a last capture before the end of the period leaves a hole.
    if request.now.duration_since(request.to) < LISTED_AFTER_END {
        let sentence = "No gap of 60 minutes between complete captures so far, but the period ended less than 60 minutes before this \
                        report was made: only the next capture can show what came after the last one.";
        return Verdict::new(EvidenceState::InsufficientEvidence, sentence);
    }
    let reaching_out = match evidence.tallies.not_covered {
        0 => String::new(),
        number => format!(
            " Of {}, {} may be incomplete: they reach out of what is on record, or into a hole outside the period.",
            counted(evidence.tallies.sessions, "session"),
            grouped(number)
        ),
    };
    if evidence.ledger.attempts.values().all(|attempts| attempts.active.is_empty()) {
        let sentence = "No complete capture lies in the period, and the next one came in time: AWS lists a connection until 60 minutes after \
                        its end, as it says, so it would show what ended in the period.";
        return Verdict::new(EvidenceState::Shown, format!("{sentence}{reaching_out}"));
    }
    let sentence = format!(
        "No gap of 60 minutes between complete captures of any endpoint; if AWS lists ended connections for 60 minutes, as it says, none \
         was missed.{reaching_out}"
    );
    Verdict::new(EvidenceState::Shown, sentence)
}

/// Returns the independent counts of endpoints that are not on record.
pub(super) fn unwatched<'a>(
    request: &'a ExhibitRequest<'_>,
    evidence: &'a Evidence,
) -> impl Iterator<Item = &'a Witness> {
    let endpoints = &evidence.coverage.endpoints;
    let is_known = |witness: &&Witness| endpoints.iter().any(|of| of.endpoint_id == witness.endpoint_id);
    request.witnesses.iter().filter(move |witness| !is_known(witness))
}

/// Returns the independent counts of endpoints on record that have no number for any complete capture of the period.
fn uncompared<'a>(
    request: &'a ExhibitRequest<'_>,
    evidence: &'a Evidence,
) -> impl Iterator<Item = &'a Witness> {
    let compared = |id: &str| {
        let attempts = evidence.ledger.attempts.iter().filter(|(endpoint, _)| endpoint.endpoint_id == id);
        let captures: usize = attempts.map(|(_, attempts)| attempts.active.len()).sum();
        let of_endpoint = evidence.coverage.endpoints.iter().filter(|of| of.endpoint_id == id);
        let differences = of_endpoint.flat_map(|of| of.witness.iter().flatten());
        captures.saturating_sub(differences.filter(|difference| difference.witness.is_none()).count())
    };
    let is_known = |witness: &&Witness| {
        evidence.coverage.endpoints.iter().any(|of| of.endpoint_id == witness.endpoint_id)
    };
    request.witnesses.iter().filter(is_known).filter(move |witness| compared(&witness.endpoint_id) == 0)
}

/// Returns `true` if an independent count has a connection in the period.
fn has_connections(witness: &Witness, evidence: &Evidence, request: &ExhibitRequest<'_>) -> bool {
    witness.maximum(request.from, evidence.until).is_some_and(|most| most > 0.5)
}

/// Returns how many times there is each of these that there is.
fn times_each(reasons: &[(u64, &str)]) -> String {
    let there = reasons.iter().filter(|(count, _)| *count > 0);
    there.map(|(count, noun)| format!("{count} × {noun}")).collect::<Vec<_>>().join(", ")
}

/// Returns the minutes of the period that lie in a hole of some endpoint, rounded up; those of two endpoints at once count once.
fn hole_minutes(evidence: &Evidence, from: Timestamp) -> i64 {
    let holes = evidence.coverage.endpoints.iter().flat_map(|endpoint| &endpoint.holes);
    let mut times: Vec<(Timestamp, Timestamp)> =
        holes.map(|hole| (hole.gap.from.max(from), hole.gap.to.min(evidence.until))).collect();
    times.sort();
    let (mut until, mut seconds) = (from, 0);
    for (begins, ends) in times {
        let begins = begins.max(until);
        if ends > begins {
            seconds += ends.duration_since(begins).as_secs();
            until = ends;
        }
    }
    seconds.div_euclid(60) + i64::from(seconds.rem_euclid(60) > 0)
}

/// The facts that show if something was changed since it was sealed.
pub(super) struct SealFacts<'a> {
    /// The public keys that were given.
    pub keys: &'a [PublicKey],
    /// Every object that was read.
    pub inputs: &'a BTreeMap<String, ReadObject>,
    /// The result of `verify`, or the reason why nothing could be verified.
    pub verification: &'a Result<Verification, String>,
    /// The digests around these hours.
    pub digests: &'a DigestFigures,
    /// The last hour of which a digest must be there.
    pub expected_until: Hour,
    /// The last hour that the claim is about.
    pub last_hour: Hour,
}

/// Returns the verdict on the claim that nothing was changed since it was sealed.
pub(super) fn changed(facts: &SealFacts<'_>) -> Verdict {
    let inputs_changed = facts.inputs.values().filter(|object| object.has_changed).count();
    if inputs_changed > 0 {
        let sentence =
            format!("{} changed while this report was made.", counted(inputs_changed as u64, "object"));
        return Verdict::new(EvidenceState::Contradicted, sentence);
    }
    let verification = match facts.verification {
        Ok(verification) => verification,
        Err(problem) => {
            let sentence = format!("Not verified: {problem}.");
            return Verdict::new(EvidenceState::NotShown, sentence);
        }
    };
    if !verification.faults.is_empty() {
        let sentence = format!(
            "{}, with {} read: see the table of faults.",
            counted(verification.faults.len() as u64, "fault"),
            counted(verification.objects, "sealed object")
        );
        return Verdict::new(EvidenceState::Contradicted, sentence);
    }
    if facts.keys.is_empty() {
        let sentence = "Not verified: no public key was given, so no signature was checked. Whoever may write the lake could have made all \
                        of it again.";
        return Verdict::new(EvidenceState::NotShown, sentence);
    }
    if !verification.is_tamper_evident() {
        let sentence = "Not verified: not every digest is signed by a key that was given.";
        return Verdict::new(EvidenceState::NotShown, sentence);
    }
    let unsealed = unsealed(verification);
    let unverified = unverified(facts, verification);
    if unverified > 0 || unsealed > 0 && !is_sealed_to_the_last_snapshot(facts, verification) {
        let sentence = format!(
            "No difference from what was sealed, but {} not sealed: nothing shows that they are as they were written.",
            match unsealed + unverified {
                1 => "1 object is".to_owned(),
                number => format!("{number} objects are"),
            }
        );
        return Verdict::new(EvidenceState::NotShown, sentence);
    }
    let expired: u64 = verification.scopes.iter().map(|scope| scope.expired).sum();
    if expired > 0 {
        let sentence = format!(
            "No difference from what was sealed in what is there, but {} not there: nothing shows that they expired and were not removed.",
            match expired {
                1 => "1 sealed object is".to_owned(),
                number => format!("{} sealed objects are", grouped(number)),
            }
        );
        return Verdict::new(EvidenceState::InsufficientEvidence, sentence);
    }
    let digests = verification.scopes.iter().map(|scope| scope.digests).sum();
    let late = match verification.scopes.iter().map(|scope| scope.late).sum() {
        0 => String::new(),
        number => format!(
            " {} hour, or before there were digests: nothing shows what was there until then.",
            match number {
                1 => "1 of these objects was sealed late, after the digest of its".to_owned(),
                number => format!(
                    "{} of these objects were sealed late, after the digest of their",
                    grouped(number)
                ),
            }
        ),
    };
    let later = match unsealed {
        0 => String::new(),
        number => {
            format!(" {} of later hours, such as connection logs, not sealed yet.", counted(number, "object"))
        }
    };
    let newest = match facts.digests.newest_hours.as_slice() {
        [] => String::new(),
        [hour] => format!(" The newest digest is of {hour}."),
        hours => hours.iter().min().map_or(String::new(), |hour| {
            format!(" The newest digest of each account and Region is of {hour} or later.")
        }),
    };
    let key = match facts.keys {
        [key] => format!(", whose SHA-256 begins with {}", key.sha256.chars().take(12).collect::<String>()),
        _ => String::new(),
    };
    let sentence = format!(
        "No difference from what was sealed, in {} and {}, each signed by a key that was given{key}.{newest}{late}{later}",
        counted(verification.objects, "object"),
        counted(digests, "digest")
    );
    Verdict::new(EvidenceState::Shown, sentence)
}

/// Returns `true` if only objects of hours after those of the snapshots are not sealed: they cannot have changed since, and the claim is not
/// about them.
fn is_sealed_to_the_last_snapshot(facts: &SealFacts<'_>, verification: &Verification) -> bool {
    let newest = facts.digests.newest.values().map(|newest| ObjectKey::parse(&newest.key));
    verification.scopes.iter().all(|scope| scope.without_digest == 0)
        && newest.into_iter().all(|key| key.is_some_and(|key| key.hour >= facts.last_hour))
}

/// Returns the number of objects of snapshots that were read, of later hours than a digest must be there of, and of which there is none.
fn unverified(facts: &SealFacts<'_>, verification: &Verification) -> u64 {
    let is_later = |key: &ObjectKey| {
        let is_record = matches!(key.table, Table::Runs | Table::Digests);
        !is_record && facts.expected_until < key.hour && key.hour <= facts.last_hour
    };
    let later = facts.inputs.keys().filter_map(|key| ObjectKey::parse(key)).filter(is_later);
    later.filter(|key| !verification.scopes.iter().any(|scope| scope.reaches(key))).count() as u64
}

/// Returns the number of objects that no valid digest lists.
pub(super) fn unsealed(verification: &Verification) -> u64 {
    verification.scopes.iter().map(|scope| scope.not_sealed_yet + scope.without_digest).sum()
}
