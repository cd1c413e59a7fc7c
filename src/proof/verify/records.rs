//! Objects that run records name, compared with one another and with what the digests list.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::lake::keys::{ConfigurationTable, ObjectKey};
use crate::lake::ledger::recorded::{RecordError, RecordedRun};

use super::content::FooterContent;
use super::record::{Claim, Pages, Record, claims};
use super::report::{Fault, Kind, shortened};

/// Most missing objects of one run record that are reported one by one. A forged record can name any number.
const MOST_ABSENT: usize = 1000;

/// The state of an object according to other sources than the run records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known<'a> {
    /// A digest lists it, or it was read.
    As {
        /// Its size.
        bytes: u64,
        /// Its SHA-256, in hexadecimal.
        sha256: &'a str,
        /// Its footer; `None` if it was not read.
        content: Option<&'a FooterContent>,
    },
    /// It exists, or has expired; nothing else is known.
    Unknown,
    /// It does not exist, and no digest lists it.
    Absent,
}

/// An object, as the records read so far name it.
#[derive(Debug)]
struct NamedObject {
    claim: Claim,
    /// The record that names it first.
    by: String,
    /// The record that claims to have written it.
    writer: Option<String>,
}

/// The run records of a day, or of a snapshot, of one account and Region.
#[derive(Debug, Default)]
pub struct Records {
    named: BTreeMap<ObjectKey, NamedObject>,
    /// One of each kind for each key: a hostile record could contradict itself without end.
    faults: BTreeMap<(String, Kind), String>,
}

impl Records {
    /// Adds the bytes under the key of a run record. `None` stands for more bytes than a record has. Objects that are known
    /// to be absent are reported at once, and not kept.
    pub fn add(&mut self, key: &ObjectKey, bytes: Option<&[u8]>, is_absent: impl Fn(&ObjectKey) -> bool) {
        // A record that `coverage` cannot read is none here either. `coverage` reads it first, because it refuses too many
        // entries.
        let parse = |bytes| {
            RecordedRun::parse(bytes)?;
            Ok(serde_json::from_slice::<Record>(bytes)?)
        };
        match bytes.map(parse) {
            Some(Ok(record)) => self.add_record(key, &record, is_absent),
            Some(Err(error)) => {
                let error: RecordError = error;
                let message = shortened(&error.to_string());
                self.fault(Kind::RecordUnreadable, key, message);
            }
            None => {
                let most = crate::lake::store::LARGEST_DOCUMENT;
                self.fault(
                    Kind::RecordUnreadable,
                    key,
                    format!("has more than {most} bytes, which no run record has"),
                );
            }
        }
    }

    fn add_record(&mut self, key: &ObjectKey, record: &Record, is_absent: impl Fn(&ObjectKey) -> bool) {
        let (claims, contradictions) = claims(key, record);
        for (kind, message) in contradictions {
            self.fault(kind, key, message);
        }
        let (mut absent, named) = (0, claims.len());
        for claim in claims {
            if !is_absent(&claim.object) {
                self.add_claim(key, claim);
                continue;
            }
            absent += 1;
            if absent <= MOST_ABSENT {
                self.absent(&claim.object, key.as_str());
            }
        }
        if absent > MOST_ABSENT {
            let message = format!(
                "names {named} objects, of which {absent} are not there; {MOST_ABSENT} are named here"
            );
            self.fault(Kind::RecordedMissing, key, message);
        }
    }

    fn add_claim(&mut self, record: &ObjectKey, claim: Claim) {
        let by = record.to_string();
        let Some(named) = self.named.get_mut(&claim.object) else {
            let writer = claim.wrote.then(|| by.clone());
            self.named.insert(claim.object.clone(), NamedObject { claim, by, writer });
            return;
        };
        let difference = difference(&named.claim, &claim);
        let first = named.by.clone();
        let object = claim.object.clone();
        // The same configuration at the same time makes the same bytes, and S3 takes them for one put.
        let is_configuration = ConfigurationTable::ALL.iter().any(|table| table.table() == object.table);
        let may_be_both = is_configuration && difference.is_none();
        let twice = match &named.writer {
            Some(writer) if claim.wrote && !may_be_both => Some(writer.clone()),
            Some(_) => None,
            None => {
                named.writer = claim.wrote.then(|| by.clone());
                None
            }
        };
        fill(&mut named.claim, claim);
        if let Some(writer) = twice {
            self.fault(Kind::WrittenTwice, &object, format!("both {writer} and {by} say that they wrote it"));
        }
        if let Some(what) = difference {
            let message = format!("the run records {first} and {by} say different things of it: {what}");
            self.fault(Kind::RecordedOtherwise, &object, message);
        }
    }

    /// Returns `true` if a record names the object.
    pub fn name(&self, object: &ObjectKey) -> bool {
        self.named.contains_key(object)
    }

    /// Returns the objects that records name.
    pub fn objects(&self) -> impl Iterator<Item = &ObjectKey> {
        self.named.keys()
    }

    /// Compares the objects that records name with what is `known` of them.
    pub fn faults<'k>(mut self, known: impl Fn(&ObjectKey) -> Known<'k>) -> Vec<Fault> {
        for (object, NamedObject { claim, by, .. }) in std::mem::take(&mut self.named) {
            match known(&object) {
                Known::Unknown => {}
                Known::Absent => self.absent(&object, &by),
                Known::As { bytes, sha256, content } => {
                    let other_sha256 = claim.sha256.as_deref().is_some_and(|recorded| recorded != sha256);
                    let other_size = claim.bytes.is_some_and(|recorded| recorded != bytes);
                    if other_sha256 || other_size {
                        let recorded = shortened(claim.sha256.as_deref().unwrap_or("unknown"));
                        let size =
                            claim.bytes.map_or_else(|| "unknown".to_owned(), |bytes| bytes.to_string());
                        let message = format!(
                            "has {bytes} bytes of SHA-256 {sha256} by its digest, and {size} bytes of SHA-256 {recorded} by the \
                             run record {by}"
                        );
                        self.fault(Kind::RecordedOtherwise, &object, message);
                    } else if let Some(content) = content {
                        self.compare(&object, &claim, content, &by);
                    }
                }
            }
        }
        let faults = self.faults.into_iter();
        faults.map(|((key, kind), message)| Fault::new(kind, key, message)).collect()
    }

    /// Compares an object's footer with what the record `by` states of it.
    fn compare(&mut self, object: &ObjectKey, claim: &Claim, content: &FooterContent, by: &str) {
        // One that is not of its key is reported where it is read.
        let FooterContent::OfItsKey { outcome, rows, pages } = content else { return };
        let recorded = claim.rows.filter(|recorded| recorded != rows);
        if let Some(recorded) = recorded {
            let message = format!("has {rows} rows by its footer, and {recorded} by the run record {by}");
            self.fault(Kind::RecordedOtherwise, object, message);
        } else if claim.pages.is_some_and(|recorded| !are_equal(&recorded, pages)) {
            let message = format!("has other times of its pages in its metadata than in the run record {by}");
            self.fault(Kind::RecordedOtherwise, object, message);
        } else if let Some(recorded) = claim.outcome.filter(|recorded| recorded != outcome) {
            let (has, recorded) = (outcome.as_str(), recorded.as_str());
            let message = format!("is {has} by its footer, and {recorded} by the run record {by}");
            self.fault(Kind::RecordedOtherwise, object, message);
        }
    }

    fn absent(&mut self, object: &ObjectKey, by: &str) {
        let message = format!(
            "is not there, and no digest lists it; the run record {by} names it: it was removed before its hour was sealed"
        );
        self.fault(Kind::RecordedMissing, object, message);
    }

    fn fault(&mut self, kind: Kind, key: &ObjectKey, message: String) {
        self.faults.entry((key.to_string(), kind)).or_insert(message);
    }
}

/// Returns a fact that two records state differently of an object. A fact that one of them lacks is no difference.
fn difference(one: &Claim, other: &Claim) -> Option<&'static str> {
    let differences = [
        (both(&one.sha256, &other.sha256), "its SHA-256"),
        (both(&one.bytes, &other.bytes), "its size"),
        (both(&one.rows, &other.rows), "its rows"),
        (both(&one.outcome, &other.outcome), "its outcome"),
        (differ(one.pages, other.pages), "when its pages arrived"),
    ];
    differences.into_iter().find_map(|(is_other, what)| is_other.then_some(what))
}

/// Returns `true` if both records have the times of the pages and differ in them.
fn differ(one: Option<Pages>, other: Option<Pages>) -> bool {
    one.zip(other).is_some_and(|(one, other)| !are_equal(&one, &other))
}

/// Returns `true` if the times are equal to the millisecond, and none is missing in one of them only.
fn are_equal(one: &Pages, other: &Pages) -> bool {
    one.map(|time| time.map(millisecond)) == other.map(|time| time.map(millisecond))
}

/// Returns `true` if both are known and differ.
fn both<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
    one.is_some() && other.is_some() && one != other
}

fn millisecond(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// Adds the facts that the first record lacks.
fn fill(claim: &mut Claim, other: Claim) {
    claim.sha256 = claim.sha256.take().or(other.sha256);
    claim.bytes = claim.bytes.or(other.bytes);
    claim.rows = claim.rows.or(other.rows);
    claim.outcome = claim.outcome.or(other.outcome);
    claim.pages = claim.pages.or(other.pages);
}

#[cfg(test)]
mod tests;
