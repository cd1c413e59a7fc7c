//! A verification in progress. It reads day by day, to keep memory from growing with the lake.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use crate::hour::Hour;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::{FolderListing, Found, Hashed, Irregular, StoreError};
use crate::target::AccountRegion;

use super::chain::{Chain, DigestReading, Link, Terms};
use super::content::FooterContent;
use super::listed_objects::{ListedObject, ListedObjects, Unaccounted};
use super::range::Range;
use super::records::{Known, Records};
use super::report::{self, Fault, Kind, Scope, Verification};
use super::{Verifier, digest_reader};

const UNLISTED: &str = "no digest lists it; if it came late, the next digest of its account and Region does";

const NEVER_SEALED: &str = "its account and Region were never sealed";

const NO_NAME_OF_OURS: &str = "its name is none that this program gives";

/// A verification in progress.
pub struct Walk<'a, F> {
    pub verifier: &'a Verifier<'a>,
    pub on_progress: F,
    pub verification: Verification,
    pub unaccounted: Unaccounted,
    /// The hours of the account and Region that is walked.
    pub range: Range,
}

/// The account and Region that is walked.
pub struct WalkedPlace<'a> {
    pub place: &'a AccountRegion,
    pub chain: Chain<'a>,
    pub scope: Scope,
    pub listed: ListedObjects,
    /// Objects that no digest lists so far.
    pub unlisted: BTreeMap<ObjectKey, Found>,
    /// Windows of connection logs that no record of their own day names: one of a later day does, since windows are read after they
    /// are due.
    unrecorded: BTreeMap<ObjectKey, (ListedObject, Option<FooterContent>)>,
}

impl<'a, F: Fn(u64, u64)> Walk<'a, F> {
    /// Returns a verification of which nothing was read.
    pub fn new(verifier: &'a Verifier<'a>, on_progress: F) -> Walk<'a, F> {
        let keys = verifier.keys.iter().map(|key| key.sha256.clone()).collect();
        let verification = Verification::new(verifier.lake.to_string(), keys);
        Walk {
            verifier,
            on_progress,
            verification,
            unaccounted: Unaccounted::default(),
            range: Range::default(),
        }
    }

    /// Verifies one account and Region, day by day. Returns false if it has no digest.
    pub async fn place(&mut self, place: &AccountRegion) -> Result<bool, StoreError> {
        let verifier = self.verifier;
        let days = self.days(place).await?;
        let Some((first, newest)) = digest_reader::ends(verifier, place, &days.of_digests).await? else {
            for date in days.of_objects {
                self.unsealed_day(place, date).await?;
            }
            return Ok(false);
        };
        self.range = Range::of(verifier, newest);
        let range = self.range;
        let terms = Terms { place, keys: verifier.keys, first, newest };
        let link = match verifier.from.filter(|from| *from > first) {
            None => None,
            Some(from) => {
                let before = from.previous();
                let reading = digest_reader::read(verifier.store, &ObjectKey::of_digest(place, before)).await;
                Link::before(before, place, &reading)
            }
        };
        let mut of_place = WalkedPlace {
            place,
            chain: Chain::new(terms, verifier.lake_of_digests(), link),
            scope: Scope::new(
                place,
                verifier.from.map_or(first, |from| from.max(first)),
                range.last_hour(verifier.now),
            ),
            listed: ListedObjects::default(),
            unlisted: BTreeMap::new(),
            unrecorded: BTreeMap::new(),
        };
        let first_date = first.date();
        if range.walks(first_date) {
            // It lists older objects, so it is read before any object.
            self.digests(&mut of_place, first_date).await?;
        }
        // A digest of the same day or the next one lists late objects.
        let dates: BTreeSet<Date> = days.of_objects.union(&days.of_digests).copied().collect();
        let mut waiting = None;
        for date in dates.into_iter().filter(|date| range.walks(*date)) {
            if date != first_date {
                self.digests(&mut of_place, date).await?;
            }
            if let Some(date) = waiting.replace(date) {
                self.day(&mut of_place, date).await?;
            }
        }
        if let Some(date) = waiting {
            self.day(&mut of_place, date).await?;
        }
        // Days whose folder no longer exists.
        for date in of_place.listed.dates() {
            self.day(&mut of_place, date).await?;
        }
        of_place.chain.end(&of_place.scope, &mut self.verification.faults);
        of_place.scope.not_proven = of_place.chain.not_proven();
        self.after_the_range(&mut of_place, &days.of_digests).await?;
        self.much_later(&mut of_place).await?;
        for found in of_place.unlisted.into_values() {
            self.extra(found, UNLISTED);
        }
        self.verification.scopes.push(of_place.scope);
        Ok(true)
    }

    /// Verifies the digests of a day, and adds the objects that they list.
    async fn digests(&mut self, of_place: &mut WalkedPlace<'_>, date: Date) -> Result<(), StoreError> {
        let place = of_place.place;
        for (hour, found) in digest_reader::of_day(self.verifier, place, date).await? {
            if hour < of_place.scope.first_hour {
                continue;
            }
            let reading = match found.irregular {
                Some(irregular) => DigestReading::Nothing(Kind::Irregular, irregular.to_string()),
                None => digest_reader::read(self.verifier.store, &ObjectKey::of_digest(place, hour)).await,
            };
            if found.versions > 1 {
                let message = format!("has {} versions, and digests are written once", found.versions);
                self.fault(Kind::Changed, &found.key, message);
            }
            of_place.chain.step(hour, &reading, &mut of_place.scope, &mut self.verification.faults);
            if let DigestReading::Digest(written) = reading {
                of_place.listed.add(&written, hour);
            }
        }
        Ok(())
    }

    /// Compares the objects of a day with what digests list of it, and its run records with both.
    async fn day(&mut self, of_place: &mut WalkedPlace<'_>, date: Date) -> Result<(), StoreError> {
        let (verifier, range) = (self.verifier, self.range);
        let mut sealed = of_place.listed.take_day(date);
        sealed.retain(|key, _| self.range.contains(key.hour));
        let (mut readable, mut there) = (Vec::new(), HashSet::new());
        for table in Table::SEALED {
            for found in self.find(&of_place.place.day(table, date)).await? {
                let key = ObjectKey::parse(&found.key).filter(|key| key.table == table);
                let Some(key) = key else {
                    self.extra(found, NO_NAME_OF_OURS);
                    continue;
                };
                if !self.range.contains(key.hour) {
                    continue;
                }
                let listed = sealed.get_mut(&key);
                if let Some(listed) = &listed
                    && found.hidden
                    && self.verifier.has_expired(listed.since)
                {
                    // Lifecycle rules put a delete marker first. The object counts as missing.
                    continue;
                }
                let is_listed = listed.map(|listed| listed.is_there = true).is_some();
                if self.is_irregular(&found) {
                    there.insert(key);
                } else if found.hidden {
                    if !self.verifier.has_expired(key.hour) {
                        self.fault(Kind::HiddenByDeleteMarker, &found.key, report::HIDDEN);
                    }
                    there.insert(key);
                } else if is_listed {
                    readable.push((found, key));
                } else {
                    there.insert(key.clone());
                    unlisted(self.verifier, key, found, of_place);
                }
            }
        }
        // Records of connection logs also name objects of other hours and days, of which nothing is known here.
        let is_absent = |key: &ObjectKey| {
            key.hour.date() == date
                && range.contains(key.hour)
                && !sealed.contains_key(key)
                && !there.contains(key)
                && !verifier.has_expired(key.hour)
        };
        let mut records = Records::default();
        let mut contents = self.read(&readable, &sealed, &mut of_place.scope, &mut records, is_absent).await;
        for (key, listed) in &sealed {
            if !listed.is_there {
                self.not_found(key, listed, &mut of_place.scope);
            }
            let is_ours = contents.get(key).is_some_and(|content| content.problem().is_none());
            // Its record may have expired with it.
            if is_ours && !self.verifier.has_expired(key.hour) && !records.name(key) {
                self.verification.not_recorded(key.as_str(), &mut of_place.scope);
                if key.table == Table::ConnectionLogs {
                    of_place.unrecorded.insert(key.clone(), (listed.clone(), contents.remove(key)));
                }
            }
        }
        let mut earlier = BTreeMap::new();
        for key in records.objects().filter(|key| key.hour.date() != date) {
            if let Some(of_earlier_day) = of_place.unrecorded.remove(key) {
                self.verification.recorded(key.as_str(), &mut of_place.scope);
                earlier.insert(key.clone(), of_earlier_day);
            }
        }
        let faults = records.faults(|key| match sealed.get(key) {
            Some(ListedObject { bytes, sha256, .. }) => {
                Known::As { bytes: *bytes, sha256, content: contents.get(key) }
            }
            None if is_absent(key) => Known::Absent,
            None => earlier.get(key).map_or(Known::Unknown, |(sealed, content)| Known::As {
                bytes: sealed.bytes,
                sha256: &sealed.sha256,
                content: content.as_ref(),
            }),
        });
        self.verification.faults.extend(faults);
        Ok(())
    }

    /// Notes a listed object that is missing, unless it has expired.
    pub fn not_found(&mut self, key: &ObjectKey, sealed: &ListedObject, scope: &mut Scope) {
        if self.verifier.has_expired(sealed.since) {
            scope.expired += 1;
        } else {
            self.unaccounted.missing(key.clone(), sealed.clone());
        }
    }

    /// Reports the objects of a day of an account and Region without any digest.
    async fn unsealed_day(&mut self, place: &AccountRegion, date: Date) -> Result<(), StoreError> {
        for table in Table::SEALED {
            for found in self.find(&place.day(table, date)).await? {
                self.extra(found, NEVER_SEALED);
            }
        }
        Ok(())
    }

    /// Compares digests that are known from elsewhere with those in the lake, whatever hours were requested.
    pub async fn known(&mut self) {
        for (name, known) in &self.verifier.known {
            let hash = |bytes: &[u8]| hex::encode(Sha256::digest(bytes));
            let sha256 = match ObjectKey::parse(name) {
                Some(key) => self.verifier.store.read_with(&key, hash).await,
                None => Ok(None),
            };
            match sha256 {
                Ok(Some(sha256)) if sha256 == *known => {}
                Ok(Some(sha256)) => {
                    let message =
                        format!("has the SHA-256 {sha256}, and you know it by {known}: it was recreated");
                    self.fault(Kind::Changed, name, message);
                }
                Ok(None) => {
                    let message = format!("is not there, and you know it by the SHA-256 {known}");
                    self.fault(Kind::DigestMissing, name, message);
                }
                Err(error) => self.fault(Kind::Unreadable, name, error.to_string()),
            }
        }
    }

    /// Separates renamed objects from missing and additional ones, and ends the report.
    pub async fn finish(self) -> Verification {
        let Walk { verifier, mut verification, unaccounted, .. } = self;
        let store = verifier.store;
        let hash = async |found: &Found| -> Option<Hashed> { store.hash(found).await.ok() };
        verification.faults.extend(unaccounted.faults(hash).await);
        let faults = &mut verification.faults;
        faults.sort_by(|one, other| (&one.object_key, one.kind).cmp(&(&other.object_key, other.kind)));
        // Two walks can meet the same object. Two keys that are unknown are two faults.
        faults.dedup_by(|one, other| {
            (&one.object_key, one.kind) == (&other.object_key, other.kind) && one.kind != Kind::KeyUnknown
        });
        verification
    }

    /// Returns `true` if it is no readable file, and reports it.
    pub fn is_irregular(&mut self, found: &Found) -> bool {
        if let Some(irregular) = found.irregular {
            self.irregular(&found.key, irregular);
        }
        found.irregular.is_some()
    }

    /// Reports that something irregular lies under a key.
    pub fn irregular(&mut self, key: &str, irregular: Irregular) {
        self.fault(Kind::Irregular, key, format!("{irregular}; find out who put it there"));
    }

    /// Reports a fault.
    pub fn fault(&mut self, kind: Kind, key: &str, message: impl Into<String>) {
        self.verification.faults.push(Fault::new(kind, key, message));
    }

    /// Lists a folder. In a directory, one that cannot be listed is a fault and keeps nothing else from being verified.
    pub async fn find(&mut self, folder: &str) -> Result<Vec<Found>, StoreError> {
        let found = self.verifier.store.find(folder).await;
        self.or_fault(folder, found)
    }

    /// Lists only the entries directly in a folder, in the same way.
    pub async fn list_folder(&mut self, folder: &str) -> Result<FolderListing, StoreError> {
        let level = self.verifier.store.list_folder(folder).await;
        self.or_fault(folder, level)
    }

    fn or_fault<T: Default>(&mut self, folder: &str, listed: Result<T, StoreError>) -> Result<T, StoreError> {
        match listed {
            Err(error) if self.verifier.is_directory() => {
                self.fault(Kind::Unreadable, folder, error.to_string());
                Ok(T::default())
            }
            listed => listed,
        }
    }

    async fn days(&mut self, place: &AccountRegion) -> Result<FolderDays, StoreError> {
        let mut days = FolderDays { of_objects: BTreeSet::new(), of_digests: BTreeSet::new() };
        for table in Table::ALL {
            let listed = self.verifier.store.days(table, place).await;
            let listed = self.or_fault(&place.folder(table), listed)?;
            if table == Table::Digests { &mut days.of_digests } else { &mut days.of_objects }.extend(listed);
        }
        Ok(days)
    }
}

/// The days that have a folder in an account and Region.
struct FolderDays {
    of_objects: BTreeSet<Date>,
    of_digests: BTreeSet<Date>,
}

/// Notes an object that no digest lists so far.
fn unlisted(verifier: &Verifier<'_>, key: ObjectKey, found: Found, of_place: &mut WalkedPlace<'_>) {
    let WalkedPlace { chain, scope, unlisted, .. } = of_place;
    let newest = chain.newest_hour();
    if key.hour > newest && key.hour <= Hour::containing(verifier.now).next() {
        scope.not_sealed_yet += 1;
    } else if key.hour <= newest && chain.lacks(key.hour) {
        // Its missing or invalid digest is already a fault.
        scope.without_digest += 1;
    } else {
        unlisted.insert(key, found);
    }
}
