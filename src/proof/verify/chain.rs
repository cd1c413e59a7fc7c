//! The chain of digests of one account and Region, checked one after the other. It reads nothing itself.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::hour::{CLOSES_AFTER, Hour};
use crate::lake::keys::{ObjectKey, Table};
use crate::proof::digest::{DigestError, Predecessor, WrittenDigest};
use crate::proof::signing::PublicKey;
use crate::target::AccountRegion;

use super::report::{Fault, Kind, Scope, shortened};

/// Longest usual time from the close of an hour to its digest: the template seals four times an hour.
const SEALED_LATE_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// The content read under a digest's key.
#[derive(Debug)]
pub enum DigestReading {
    /// A digest of that key.
    Digest(Box<WrittenDigest>),
    /// Other bytes, of that SHA-256.
    Invalid(String, DigestError),
    /// Nothing that could be read.
    Nothing(Kind, String),
}

/// A digest that the next one must follow.
#[derive(Debug)]
pub struct Link {
    key: ObjectKey,
    sha256: String,
    signature: Option<String>,
    /// `true` if its signature is right.
    is_signed: bool,
    /// `true` if a fault names it.
    is_faulty: bool,
    /// Objects that it lists.
    entries: u64,
}

/// A digest that the one after it contradicts.
#[derive(Debug)]
struct Suspect {
    fault: Fault,
    entries: u64,
}

impl Link {
    /// Returns the digest before those that are walked; `None` if there is none.
    pub fn before(hour: Hour, place: &AccountRegion, reading: &DigestReading) -> Option<Link> {
        let (sha256, signature, entries) = match reading {
            DigestReading::Digest(written) => {
                (written.sha256.clone(), written.signature().map(str::to_owned), entries(written))
            }
            DigestReading::Invalid(sha256, _) => (sha256.clone(), None, 0),
            DigestReading::Nothing(..) => return None,
        };
        let key = ObjectKey::of_digest(place, hour);
        Some(Link { key, sha256, signature, is_signed: false, is_faulty: false, entries })
    }
}

/// A break between a digest and the one before it.
enum Broken {
    /// The digest states another SHA-256 than the one before it has.
    OtherBytes(String),
    /// The digest refers to the one before it in another wrong way.
    Link(&'static str),
    /// The digest is the first that exists, and was not the first.
    Beginning {
        /// The one that is missing.
        previous: String,
    },
}

/// The terms that a digest is checked by, besides the one before it.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The account and Region of the digests.
    pub place: &'a AccountRegion,
    /// Public keys that signatures are checked with.
    pub keys: &'a [PublicKey],
    /// The first hour that has a digest, whatever hours were requested.
    pub first: Hour,
    /// The newest.
    pub newest: Hour,
}

/// A chain that is walked hour by hour.
#[derive(Debug)]
pub struct Chain<'a> {
    terms: Terms<'a>,
    /// The lake that digests must be of; `None` before the first, in a directory: a copy of a lake may lie anywhere.
    lake: Option<String>,
    /// The digest read last.
    link: Option<Link>,
    /// A fault of the digest before the last, if the last contradicts it. The next digest shows which of the two was changed.
    suspect: Option<Suspect>,
    /// Entries of digests whose signature is wrong, or that the digest after them contradicts.
    not_proven: u64,
    /// The hour after the one walked last.
    next: Option<Hour>,
    /// Hours without a digest that can be read.
    lacking: Vec<(Hour, Hour)>,
    /// `true` if there were digests before the first.
    beginning_is_cut: bool,
    unknown_keys: BTreeMap<String, u64>,
}

impl<'a> Chain<'a> {
    /// Returns a chain of which nothing was walked, after the digest `link`.
    pub fn new(terms: Terms<'a>, lake: Option<String>, link: Option<Link>) -> Chain<'a> {
        Chain {
            terms,
            lake,
            link,
            suspect: None,
            not_proven: 0,
            next: None,
            lacking: Vec::new(),
            beginning_is_cut: false,
            unknown_keys: BTreeMap::new(),
        }
    }

    /// Returns the hour of the newest digest that exists.
    pub fn newest_hour(&self) -> Hour {
        self.terms.newest
    }

    /// Returns `true` for an hour that has no digest that can be read.
    pub fn lacks(&self, hour: Hour) -> bool {
        self.lacking.iter().any(|(from, to)| (*from..*to).contains(&hour))
            || self.beginning_is_cut && hour < self.terms.first
    }

    /// Returns the number of entries of digests that are faulty, so that these do not prove them.
    pub fn not_proven(&self) -> u64 {
        self.not_proven
    }

    /// Returns `true` for a digest of this lake that has a right signature, or if no keys are given.
    pub fn vouches(&self, written: &WrittenDigest) -> bool {
        let is_signed_by = |key: &PublicKey| {
            let is_right =
                |(sha256, signature)| sha256 == key.sha256 && key.verifies(&written.signed_text, signature);
            written.signed_with().is_some_and(is_right)
        };
        let is_signed = self.terms.keys.is_empty() || self.terms.keys.iter().any(is_signed_by);
        is_signed && self.lake.as_ref().is_none_or(|lake| *lake == written.digest.lake)
    }

    /// Checks the digest of `hour`, which is not before those that were walked.
    pub fn step(&mut self, hour: Hour, reading: &DigestReading, scope: &mut Scope, faults: &mut Vec<Fault>) {
        let expected = self.next.unwrap_or(scope.first_hour);
        self.without_digest(expected, hour, faults);
        self.next = Some(hour.next());
        let key = ObjectKey::of_digest(self.terms.place, hour);
        let already = faults.len();
        let written = match reading {
            DigestReading::Digest(written) => written,
            DigestReading::Invalid(sha256, problem) => {
                scope.digests += 1;
                self.lacking.push((hour, hour.next()));
                self.report_suspect(faults);
                faults.push(Fault::new(Kind::DigestInvalid, key.as_str(), problem.to_string()));
                let sha256 = sha256.clone();
                self.link = Some(Link {
                    key,
                    sha256,
                    signature: None,
                    is_signed: false,
                    is_faulty: true,
                    entries: 0,
                });
                return;
            }
            DigestReading::Nothing(kind, message) => {
                self.lacking.push((hour, hour.next()));
                self.report_suspect(faults);
                faults.push(Fault::new(*kind, key.as_str(), message));
                self.link = None;
                return;
            }
        };
        scope.digests += 1;
        let lake = self.lake.get_or_insert_with(|| written.digest.lake.clone());
        if *lake != written.digest.lake {
            let message = format!("is of the lake {}, and not of {lake}", shortened(&written.digest.lake));
            faults.push(Fault::new(Kind::DigestInvalid, key.as_str(), message));
        }
        let sealed_late =
            written.digest.sealed_at.duration_since(hour.end()) > CLOSES_AFTER + SEALED_LATE_AFTER;
        scope.sealed_late += u64::from(sealed_late);
        scope.sealed_as.get_or_insert_with(|| written.digest.lake.clone());
        let signature = self.signature(written);
        let is_signed = signature == Ok(true);
        scope.signatures += u64::from(is_signed);
        let entries = entries(written);
        if let Err(message) = signature {
            self.not_proven += entries;
            let message = format!("{message}; {}", therefore_not_proven(entries));
            faults.push(Fault::new(Kind::SignatureWrong, key.as_str(), message));
        }
        self.follow(&key, written, is_signed, faults);
        self.link = Some(Link {
            is_faulty: faults.iter().skip(already).any(|fault| fault.object_key == key.as_str()),
            key,
            sha256: written.sha256.clone(),
            signature: written.signature().map(str::to_owned),
            is_signed,
            entries,
        });
    }

    /// Reports the digest that the one after it contradicts, if there is one.
    fn report_suspect(&mut self, faults: &mut Vec<Fault>) {
        if let Some(Suspect { fault, entries }) = self.suspect.take() {
            self.not_proven += entries;
            faults.push(fault);
        }
    }

    /// Checks that a digest follows the one before it.
    fn follow(&mut self, key: &ObjectKey, written: &WrittenDigest, is_signed: bool, faults: &mut Vec<Fault>) {
        let before = self.link.take();
        match self.broken(written, before.as_ref(), key.hour) {
            None => self.report_suspect(faults),
            Some(Broken::Link(message)) => {
                self.report_suspect(faults);
                faults.push(Fault::new(Kind::ChainBroken, key.as_str(), message));
            }
            Some(Broken::Beginning { previous }) => {
                self.beginning_is_cut = true;
                let message =
                    format!("is not there, and {key} follows it: the beginning of the chain is cut");
                faults.push(Fault::new(Kind::DigestMissing, previous, message));
            }
            // The one before was changed itself, so its claim about its own predecessor proves nothing.
            Some(Broken::OtherBytes(sha256)) => {
                self.suspect = None;
                let Some(before) = before else { return };
                let message = format!(
                    "follows a digest of SHA-256 {sha256}, and that of the hour before has {}: one of the two was changed",
                    before.sha256
                );
                faults.push(Fault::new(Kind::ChainBroken, key.as_str(), message));
                // A right signature shows that the other one was changed.
                if !before.is_faulty && (is_signed || !before.is_signed) {
                    let message = format!(
                        "has the SHA-256 {}, and had {sha256} when the digest after it, {key}, was made; {}",
                        before.sha256,
                        therefore_not_proven(before.entries)
                    );
                    let fault = Fault::new(Kind::Changed, before.key.as_str(), message);
                    self.suspect = Some(Suspect { fault, entries: before.entries });
                }
            }
        }
    }

    fn broken(&self, written: &WrittenDigest, before: Option<&Link>, hour: Hour) -> Option<Broken> {
        let digest = &written.digest;
        let is_first = hour == self.terms.first;
        let Some(Predecessor { object_key, sha256, signature }) = &digest.previous else {
            let message = "says that it is the first, and there are digests before it";
            return (!is_first).then_some(Broken::Link(message));
        };
        let Some(before) = before else {
            // A missing later one is already a fault.
            return is_first.then(|| Broken::Beginning { previous: object_key.clone() });
        };
        if before.sha256 != *sha256 {
            return Some(Broken::OtherBytes(sha256.clone()));
        }
        let message = "names another signature than that of the hour before has";
        (before.signature != *signature).then_some(Broken::Link(message))
    }

    /// Notes the hours from `from` to before `to`, which have no digest.
    fn without_digest(&mut self, from: Hour, to: Hour, faults: &mut Vec<Fault>) {
        if from >= to {
            return;
        }
        self.report_suspect(faults);
        self.link = None;
        self.lacking.push((from, to));
        let message = match to.previous() {
            last if last == from => "there is no digest of this hour, and there are later ones".to_owned(),
            last => {
                format!("there is no digest of this hour and of those up to {last}, and there are later ones")
            }
        };
        let key = ObjectKey::of_digest(self.terms.place, from);
        faults.push(Fault::new(Kind::DigestMissing, key.as_str(), message));
    }

    /// Returns `true` if the digest is signed and its signature right; `false` if that is not known and reported elsewhere.
    fn signature(&mut self, written: &WrittenDigest) -> Result<bool, String> {
        let keys = self.terms.keys;
        let Some((sha256, signature)) = written.signed_with() else {
            // Without keys, no signature is required.
            return if keys.is_empty() { Ok(false) } else { Err("is not signed".to_owned()) };
        };
        let Some(key) = keys.iter().find(|key| key.sha256 == sha256) else {
            *self.unknown_keys.entry(sha256.to_owned()).or_default() += 1;
            return Ok(false);
        };
        if key.verifies(&written.signed_text, signature) {
            Ok(true)
        } else {
            Err(format!("its signature is not one of it by the key {sha256}"))
        }
    }

    /// Ends the walk: reports a chain that ends too early, and keys that are not known.
    pub fn end(&mut self, scope: &Scope, faults: &mut Vec<Fault>) {
        self.report_suspect(faults);
        let next = self.next.unwrap_or(scope.first_hour);
        if next <= scope.last_hour {
            let key = ObjectKey::of_digest(self.terms.place, next);
            let last = scope.last_hour;
            let message = format!(
                "there is no digest of this hour or of a later one, and those up to {last} are closed; where that one closed \
                 minutes ago its seal may be on its way"
            );
            faults.push(Fault::new(Kind::TailCut, key.as_str(), message));
        }
        for (sha256, digests) in &self.unknown_keys {
            let message = format!(
                "the public key of SHA-256 {sha256} is not given, and {digests} digests are signed with it"
            );
            faults.push(Fault::new(Kind::KeyUnknown, self.terms.place.folder(Table::Digests), message));
        }
    }
}

/// Returns the number of objects that a digest lists.
fn entries(written: &WrittenDigest) -> u64 {
    written.digest.objects.len() as u64
}

/// States that a digest that is faulty itself proves none of its entries, though the objects may be as it lists them.
fn therefore_not_proven(entries: u64) -> String {
    let what = match entries {
        0 => return "it has no entries".to_owned(),
        1 => "its one entry is".to_owned(),
        entries => format!("its {entries} entries are"),
    };
    format!("{what} therefore not proven, even where the objects are as it lists them")
}

#[cfg(test)]
mod tests;
