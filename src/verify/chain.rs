//! The chain of digests of one account and Region.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};

use crate::digest::WrittenDigest;
use crate::hour::{CLOSES_AFTER, Hour};
use crate::layout::ObjectKey;
use crate::store::{Found, Location, StoreError};
use crate::target::AccountRegion;

use super::Verifier;
use super::objects::Listed;
use super::report::{Fault, HIDDEN, Kind, Scope};

/// How long after its hour has closed a digest is usually made: the template seals four times an hour.
const LATE: SignedDuration = SignedDuration::from_hours(1);

/// A digest that the next one must follow.
#[derive(Debug)]
struct Link {
    sha256: String,
    signature: Option<String>,
}

/// What is wrong with how a digest follows the one before it.
enum Broken {
    /// It follows another one.
    Link(String),
    /// It is the first that is there, and was not the first.
    Beginning {
        /// The one that is missing.
        previous: String,
    },
}

/// A chain that is walked hour by hour.
#[derive(Debug)]
pub struct Chain<'a> {
    verifier: &'a Verifier<'a>,
    place: &'a AccountRegion,
    /// Of all digests that are there, whatever the hours asked for.
    first: Hour,
    newest: Hour,
    /// The digest read last.
    link: Option<Link>,
    /// The hour after the one walked last.
    next: Option<Hour>,
    /// Hours without a digest that can be read.
    lacking: Vec<(Hour, Hour)>,
    /// Whether there were digests before the first.
    beginning_is_cut: bool,
    lake: Option<String>,
    unknown_keys: BTreeMap<String, u64>,
}

impl<'a> Chain<'a> {
    /// The chain of `place`, whose digests are of the days `dates`; none where there is no digest.
    pub async fn begin(
        verifier: &'a Verifier<'a>,
        place: &'a AccountRegion,
        dates: &BTreeSet<String>,
    ) -> Result<Option<Chain<'a>>, StoreError> {
        let mut first = None;
        for date in dates {
            first = digests_of(verifier, place, date).await?.keys().next().copied();
            if first.is_some() {
                break;
            }
        }
        let mut newest = None;
        for date in dates.iter().rev() {
            newest = digests_of(verifier, place, date).await?.keys().next_back().copied();
            if newest.is_some() {
                break;
            }
        }
        let (Some(first), Some(newest)) = (first, newest) else {
            return Ok(None);
        };
        let mut chain = Chain {
            verifier,
            place,
            first,
            newest,
            link: None,
            next: None,
            lacking: Vec::new(),
            beginning_is_cut: false,
            lake: None,
            unknown_keys: BTreeMap::new(),
        };
        chain.link = chain.link_before_the_range().await?;
        Ok(Some(chain))
    }

    /// The hour of the first digest that is there.
    pub fn first_hour(&self) -> Hour {
        self.first
    }

    /// The hour of the newest digest that is there.
    pub fn newest_hour(&self) -> Hour {
        self.newest
    }

    /// Whether an hour has no digest that can be read.
    pub fn lacks(&self, hour: Hour) -> bool {
        self.lacking.iter().any(|(from, to)| (*from..*to).contains(&hour))
            || self.beginning_is_cut && hour < self.first
    }

    /// The digest before the hours asked for, which their first digest follows.
    async fn link_before_the_range(&self) -> Result<Option<Link>, StoreError> {
        let Some(from) = self.verifier.from.filter(|from| *from > self.first) else {
            return Ok(None);
        };
        let key = ObjectKey::of_digest(self.place, from.previous());
        let bytes = self.verifier.store.read(&key).await?;
        Ok(bytes.map(|bytes| link(&bytes, WrittenDigest::parse(&key, &bytes).ok().as_ref())))
    }

    /// Verifies the digests of a day, and adds what they list.
    pub async fn walk_day(
        &mut self,
        date: &str,
        scope: &mut Scope,
        listed: &mut Listed,
        faults: &mut Vec<Fault>,
    ) -> Result<(), StoreError> {
        let found = digests_of(self.verifier, self.place, date).await?;
        for (hour, found) in found {
            if hour < scope.first_hour {
                continue;
            }
            let expected = self.next.unwrap_or(scope.first_hour);
            self.without_digest(expected, hour, faults);
            self.next = Some(hour.next());
            self.walk(hour, &found, scope, listed, faults).await;
        }
        Ok(())
    }

    /// Takes note of the hours from `from` to before `to`, of which there is no digest.
    fn without_digest(&mut self, from: Hour, to: Hour, faults: &mut Vec<Fault>) {
        if from >= to {
            return;
        }
        self.link = None;
        self.lacking.push((from, to));
        let message = match to.previous() {
            last if last == from => "there is no digest of this hour, and there are later ones".to_owned(),
            last => {
                format!("there is no digest of this hour and of those up to {last}, and there are later ones")
            }
        };
        faults.push(Fault::new(
            Kind::DigestMissing,
            ObjectKey::of_digest(self.place, from).as_str(),
            message,
        ));
    }

    async fn walk(
        &mut self,
        hour: Hour,
        found: &Found,
        scope: &mut Scope,
        listed: &mut Listed,
        faults: &mut Vec<Fault>,
    ) {
        let key = ObjectKey::of_digest(self.place, hour);
        let mut fault = |kind, message: String| faults.push(Fault::new(kind, key.as_str(), message));
        if found.versions > 1 {
            fault(Kind::Changed, format!("has {} versions, and digests are written once", found.versions));
        }
        let bytes = match self.verifier.store.read(&key).await {
            Ok(Some(bytes)) => bytes,
            absent => {
                match absent {
                    Err(error) => fault(Kind::Unreadable, error.to_string()),
                    Ok(_) => fault(Kind::HiddenByDeleteMarker, HIDDEN.to_owned()),
                }
                self.lacking.push((hour, hour.next()));
                self.link = None;
                return;
            }
        };
        scope.digests += 1;
        let parsed = WrittenDigest::parse(&key, &bytes);
        let before = self.link.replace(link(&bytes, parsed.as_ref().ok()));
        let written = match parsed {
            Ok(written) => written,
            Err(problem) => {
                fault(Kind::DigestInvalid, problem.to_string());
                self.lacking.push((hour, hour.next()));
                return;
            }
        };
        let lake = self.lake.get_or_insert_with(|| match self.verifier.lake {
            Location::S3 { .. } => self.verifier.lake.to_string(),
            // A copy of a lake may lie anywhere.
            Location::Directory(_) => written.digest.lake.clone(),
        });
        if *lake != written.digest.lake {
            let found: String = written.digest.lake.chars().take(200).flat_map(char::escape_debug).collect();
            fault(Kind::DigestInvalid, format!("is of the lake {found}, and not of {lake}"));
        }
        let sealed_late = written.digest.sealed_at.duration_since(hour.end()) > CLOSES_AFTER + LATE;
        scope.sealed_late += u64::from(sealed_late);
        scope.sealed_as.get_or_insert_with(|| written.digest.lake.clone());
        match self.broken(&written, before.as_ref(), hour) {
            Some(Broken::Link(message)) => fault(Kind::ChainBroken, message),
            Some(Broken::Beginning { previous }) => {
                self.beginning_is_cut = true;
                let message =
                    format!("is not there, and {key} follows it: the beginning of the chain is cut");
                faults.push(Fault::new(Kind::DigestMissing, previous, message));
            }
            None => {}
        }
        let mut fault = |kind, message: String| faults.push(Fault::new(kind, key.as_str(), message));
        match self.signature(&written) {
            Ok(true) => scope.signatures += 1,
            Ok(false) => {}
            Err(message) => fault(Kind::SignatureWrong, message),
        }
        for (key, object) in written.objects() {
            listed.add(key, object);
        }
    }

    /// What is wrong with what the digest says of the one before it.
    fn broken(&self, written: &WrittenDigest, before: Option<&Link>, hour: Hour) -> Option<Broken> {
        let digest = &written.digest;
        let (Some(previous), Some(sha256)) = (&digest.previous_object_key, &digest.previous_sha256) else {
            let is_first = hour == self.first;
            let message = "says that it is the first, and there are digests before it";
            return (!is_first).then(|| Broken::Link(message.to_owned()));
        };
        let Some(before) = before else {
            // That a later one is missing is said already.
            return (hour == self.first).then(|| Broken::Beginning { previous: previous.clone() });
        };
        if before.sha256 != *sha256 {
            let found = &before.sha256;
            return Some(Broken::Link(format!(
                "follows a digest of SHA-256 {sha256}, and that of the hour before has {found}"
            )));
        }
        (before.signature != digest.previous_signature)
            .then(|| Broken::Link("names another signature than that of the hour before has".to_owned()))
    }

    /// Whether the digest is signed and its signature right; false where that cannot be told and is said elsewhere.
    fn signature(&mut self, written: &WrittenDigest) -> Result<bool, String> {
        let keys = self.verifier.keys;
        let (Some(signature), Some(sha256)) = (&written.signature, &written.digest.public_key_sha256) else {
            // Without keys, nothing is asked of signatures.
            return if keys.is_empty() { Ok(false) } else { Err("is not signed".to_owned()) };
        };
        let Some(key) = keys.iter().find(|key| key.sha256 == *sha256) else {
            *self.unknown_keys.entry(sha256.clone()).or_default() += 1;
            return Ok(false);
        };
        if key.verifies(&written.signed_text, signature) {
            Ok(true)
        } else {
            Err(format!("its signature is not one of it by the key {sha256}"))
        }
    }

    /// What the end of the walk tells: whether the chain ends too early, and which keys were not known.
    pub fn end(&self, scope: &Scope, faults: &mut Vec<Fault>) {
        let next = self.next.unwrap_or(scope.first_hour);
        if next <= scope.last_hour {
            let key = ObjectKey::of_digest(self.place, next);
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
            faults.push(Fault::new(Kind::KeyUnknown, self.place.folder("digests"), message));
        }
    }
}

fn link(bytes: &[u8], written: Option<&WrittenDigest>) -> Link {
    Link {
        sha256: hex::encode(Sha256::digest(bytes)),
        signature: written.and_then(|written| written.signature.clone()),
    }
}

/// The digests of a day by their hour, but for those of hours that are not closed: they are none of ours.
async fn digests_of(
    verifier: &Verifier<'_>,
    place: &AccountRegion,
    date: &str,
) -> Result<BTreeMap<Hour, Found>, StoreError> {
    let found = verifier.store.find(&place.day_of_digests(date)).await?;
    let digests = found.into_iter().filter_map(|found| {
        let key = ObjectKey::parse(&found.key).filter(|key| verifier.expects(key))?;
        Some((key.hour, found))
    });
    Ok(digests.collect())
}
