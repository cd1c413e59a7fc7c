//! Verifies a sealed lake: walks the chain of digests and reads every object that they list. Trusts nothing but the public
//! keys that it is given.

mod chain;
mod objects;
mod report;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::hour::Hour;
use crate::layout::{EVIDENCE, ObjectKey, ObjectKind, SEALED};
use crate::signing::PublicKey;
use crate::store::{Found, Hashed, Location, Store, StoreError};
use crate::target::AccountRegion;

use chain::Chain;
use objects::{Listed, Unaccounted};
pub use report::{Fault, Kind, Scope, Verification};

/// What is verified, and against what.
#[derive(Debug)]
pub struct Verifier<'a> {
    /// Where the lake is read.
    pub store: &'a Store,
    /// Where that is.
    pub lake: &'a Location,
    /// Public keys that signatures are checked with.
    pub keys: &'a [PublicKey],
    /// The first hour; none for the beginning of each chain.
    pub from: Option<Hour>,
    /// The last hour; none for the newest that is closed.
    pub to: Option<Hour>,
    /// SHA-256 of digests, by their keys, that were noted elsewhere.
    pub known: BTreeMap<String, String>,
    /// After how many days evidence expires; none for never.
    pub retention_days: Option<u32>,
    /// What time it is: a digest is expected of every hour that is closed.
    pub now: Timestamp,
    /// Most objects that are read at a time.
    pub at_a_time: usize,
}

/// Why nothing could be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The lake could not be listed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no digest.
    #[error(
        "verifying {lake}: there is no digest in it, so nothing was ever sealed and nothing can be verified; check the place, \
         or seal it with `client-vpn-audit seal --lake {lake}`"
    )]
    NotSealed {
        /// The lake.
        lake: String,
    },
    /// No hour asked for has a digest, or must have one.
    #[error("verifying {lake}: none of the hours asked for is sealed or closed; ask for others")]
    NothingAskedFor {
        /// The lake.
        lake: String,
    },
}

impl Verifier<'_> {
    /// Verifies every account and Region of the lake. `told` gets the objects and the bytes that were read so far.
    ///
    /// # Errors
    /// When the lake cannot be listed, or holds no digest. What is wrong with what it holds is in the answer.
    pub async fn verify(&self, told: impl Fn(u64, u64)) -> Result<Verification, VerifyError> {
        let places = self.store.places().await?;
        let mut walk =
            Walk { verifier: self, told, verification: self.empty(), unaccounted: Unaccounted::default() };
        let mut is_sealed = false;
        for place in &places {
            is_sealed |= walk.place(place).await?;
        }
        if !is_sealed {
            return Err(VerifyError::NotSealed { lake: self.lake.to_string() });
        }
        walk.strays(&places).await?;
        walk.known().await?;
        let verification = walk.finish().await;
        if verification.scopes.iter().all(|scope| scope.digests == 0) && verification.faults.is_empty() {
            return Err(VerifyError::NothingAskedFor { lake: self.lake.to_string() });
        }
        Ok(verification)
    }

    fn empty(&self) -> Verification {
        let keys = self.keys.iter().map(|key| key.sha256.clone()).collect();
        Verification::new(self.lake.to_string(), keys)
    }

    /// The last hour of which a digest is expected.
    fn last_hour(&self) -> Hour {
        let newest = Hour::newest_closed(self.now);
        self.to.map_or(newest, |to| to.min(newest))
    }

    /// Whether a key is that of a digest of an hour that is closed.
    fn expects(&self, key: &ObjectKey) -> bool {
        key.kind == ObjectKind::Digest && key.hour <= Hour::newest_closed(self.now)
    }

    /// Whether an object's hour is among those asked for.
    fn asks_for(&self, hour: Hour) -> bool {
        self.from.is_none_or(|from| hour >= from) && self.to.is_none_or(|to| hour <= to)
    }

    /// Whether a day has to be walked: those of the hours asked for, and the day after them, whose digests list what was
    /// late.
    fn walks(&self, date: &str) -> bool {
        let a_day = SignedDuration::from_hours(24);
        let day_after =
            |to: Hour| Hour::containing(to.start().saturating_add(a_day).unwrap_or(to.start())).date();
        self.from.is_none_or(|from| date >= from.date().as_str())
            && self.to.is_none_or(|to| date <= day_after(to).as_str())
    }

    /// Whether evidence of this hour may have expired by now.
    fn has_expired(&self, hour: Hour) -> bool {
        let Some(days) = self.retention_days else {
            return false;
        };
        // S3 counts from the midnight after the object was put.
        let kept = SignedDuration::from_hours(24 * i64::from(days));
        self.now.duration_since(hour.start()) >= kept
    }
}

/// A verification on its way.
struct Walk<'a, F> {
    verifier: &'a Verifier<'a>,
    told: F,
    verification: Verification,
    unaccounted: Unaccounted,
}

impl<F: Fn(u64, u64)> Walk<'_, F> {
    /// Verifies one account and Region, day by day. Whether it has a digest.
    async fn place(&mut self, place: &AccountRegion) -> Result<bool, StoreError> {
        let verifier = self.verifier;
        let days = days(verifier.store, place).await?;
        let last = verifier.last_hour();
        let Some(mut chain) = Chain::begin(verifier, place, &days.of_digests).await? else {
            for date in &days.of_objects {
                self.unsealed_day(place, date).await?;
            }
            return Ok(false);
        };
        let first = verifier.from.map_or(chain.first_hour(), |from| from.max(chain.first_hour()));
        let mut scope = Scope::new(place, first, last);
        // What is late is listed by a digest of the same day or the next one.
        let mut listed = Listed::default();
        let mut dates: BTreeSet<String> = days.of_objects;
        dates.extend(days.of_digests);
        let mut waiting: Option<String> = None;
        for date in dates.into_iter().filter(|date| verifier.walks(date)) {
            chain.walk_day(&date, &mut scope, &mut listed, &mut self.verification.faults).await?;
            if let Some(date) = waiting.replace(date) {
                self.day(place, &date, &chain, &mut scope, &mut listed).await?;
            }
        }
        if let Some(date) = waiting {
            self.day(place, &date, &chain, &mut scope, &mut listed).await?;
        }
        chain.end(&scope, &mut self.verification.faults);
        self.unaccounted.missing(listed, verifier, &mut scope);
        self.verification.scopes.push(scope);
        Ok(true)
    }

    /// Holds the objects of a day against what digests list of it.
    async fn day(
        &mut self,
        place: &AccountRegion,
        date: &str,
        chain: &Chain<'_>,
        scope: &mut Scope,
        listed: &mut Listed,
    ) -> Result<(), StoreError> {
        let mut readable = Vec::new();
        for table in SEALED {
            for found in self.verifier.store.find(&place.day(table, date)).await? {
                let Some(key) = ObjectKey::parse(&found.key).filter(|key| key.kind == ObjectKind::Sealed)
                else {
                    self.unaccounted.extra(found, "its name is none that this program gives");
                    continue;
                };
                if !self.verifier.asks_for(key.hour) {
                    continue;
                }
                match listed.take(&key) {
                    sealed if found.hidden => {
                        // Lifecycle rules put a delete marker first.
                        if self.verifier.has_expired(key.hour) {
                            scope.expired += u64::from(sealed.is_some());
                        } else {
                            let fault = Fault::new(Kind::HiddenByDeleteMarker, found.key, report::HIDDEN);
                            self.verification.faults.push(fault);
                        }
                    }
                    Some(sealed) => readable.push((found, sealed)),
                    None => self.unlisted(&key, found, chain, scope),
                }
            }
        }
        let store = self.verifier.store;
        let hash = async |(found, sealed): (Found, objects::Sealed)| {
            let hashed = store.hash(&found).await;
            (found, sealed, hashed)
        };
        let mut hashed = stream::iter(readable).map(hash).buffer_unordered(self.verifier.at_a_time);
        while let Some((found, sealed, hashed)) = hashed.next().await {
            match hashed {
                Ok(hashed) => {
                    scope.read(hashed.bytes, sealed.late);
                    let (objects, bytes) = self.verification.read(hashed.bytes);
                    (self.told)(objects, bytes);
                    self.verification.faults.extend(objects::difference(&found, &sealed, hashed));
                }
                Err(error) => {
                    self.verification.faults.push(Fault::new(Kind::Unreadable, found.key, error.to_string()));
                }
            }
        }
        for (key, sealed) in listed.take_day(date) {
            if self.verifier.asks_for(key.hour) {
                self.unaccounted.not_found(key, sealed, self.verifier, scope);
            }
        }
        Ok(())
    }

    /// An object that no digest lists.
    fn unlisted(&mut self, key: &ObjectKey, found: Found, chain: &Chain<'_>, scope: &mut Scope) {
        let newest = chain.newest_hour();
        if key.hour > newest && key.hour <= Hour::containing(self.verifier.now).next() {
            scope.not_sealed_yet += 1;
        } else if key.hour <= newest && chain.lacks(key.hour) {
            // That its digest is missing or invalid is said already; who vouched for what is not known.
            scope.without_digest += 1;
        } else {
            let advice =
                "no digest lists it; where it came late, the next digest of its account and Region does";
            self.unaccounted.extra(found, advice);
        }
    }

    /// The objects of an account and Region without any digest.
    async fn unsealed_day(&mut self, place: &AccountRegion, date: &str) -> Result<(), StoreError> {
        for table in SEALED {
            for found in self.verifier.store.find(&place.day(table, date)).await? {
                self.unaccounted.extra(found, "its account and Region were never sealed");
            }
        }
        Ok(())
    }

    /// What lies in the folders of the evidence outside those that the program makes.
    async fn strays(&mut self, places: &[AccountRegion]) -> Result<(), StoreError> {
        let store = self.verifier.store;
        let advice = "this program puts nothing there, or not before its hour is closed";
        for table in EVIDENCE {
            let name = if table == "digests" { "digest_date=" } else { "snapshot_date=" };
            let mut strays = Vec::new();
            let mut folders = vec![(format!("{table}/"), 0)];
            while let Some((folder, depth)) = folders.pop() {
                let level = store.level(&folder).await?;
                for key in level.objects {
                    strays.extend(store.find(&key).await?.into_iter().filter(|found| found.key == key));
                }
                for child in level.folders {
                    let path = format!("{folder}{child}/");
                    let known = match depth {
                        0 => places
                            .iter()
                            .any(|place| path == format!("{table}/account_id={}/", place.account_id)),
                        1 => places.iter().any(|place| path == place.folder(table)),
                        _ => child
                            .strip_prefix(name)
                            .is_some_and(|date| Hour::parse(&format!("{date}T00")).is_some()),
                    };
                    if !known {
                        strays.extend(store.find(&path).await?);
                    } else if depth < 2 {
                        folders.push((path, depth + 1));
                    } else if table == "digests" {
                        let found = store.find(&path).await?.into_iter();
                        let is_ours = |found: &Found| {
                            ObjectKey::parse(&found.key).is_some_and(|key| self.verifier.expects(&key))
                        };
                        strays.extend(found.filter(|found| !is_ours(found)));
                    }
                }
            }
            for stray in strays {
                self.unaccounted.extra(stray, advice);
            }
        }
        Ok(())
    }

    /// Holds digests that are known from elsewhere against what is there, whatever the hours asked for.
    async fn known(&mut self) -> Result<(), StoreError> {
        for (name, known) in &self.verifier.known {
            let bytes = match ObjectKey::parse(name) {
                Some(key) => self.verifier.store.read(&key).await?,
                None => None,
            };
            let sha256 = bytes.map(|bytes| hex::encode(Sha256::digest(bytes)));
            let fault = match sha256 {
                Some(sha256) if sha256 == *known => continue,
                Some(sha256) => {
                    let message =
                        format!("has the SHA-256 {sha256}, and you know it by {known}: it was made anew");
                    Fault::new(Kind::Changed, name, message)
                }
                None => {
                    let message = format!("is not there, and you know it by the SHA-256 {known}");
                    Fault::new(Kind::DigestMissing, name, message)
                }
            };
            self.verification.faults.push(fault);
        }
        Ok(())
    }

    /// Tells renamed objects from missing and additional ones.
    async fn finish(self) -> Verification {
        let Walk { verifier, mut verification, unaccounted, .. } = self;
        let store = verifier.store;
        let hash = async |found: &Found| -> Option<Hashed> { store.hash(found).await.ok() };
        verification.faults.extend(unaccounted.faults(hash).await);
        verification
            .faults
            .sort_by(|one, other| (&one.object_key, one.kind).cmp(&(&other.object_key, other.kind)));
        verification
    }
}

/// The days that an account and Region have folders of.
struct Days {
    of_objects: BTreeSet<String>,
    of_digests: BTreeSet<String>,
}

async fn days(store: &Store, place: &AccountRegion) -> Result<Days, StoreError> {
    let mut days = Days { of_objects: BTreeSet::new(), of_digests: BTreeSet::new() };
    for table in EVIDENCE {
        let (days, name) = match table {
            "digests" => (&mut days.of_digests, "digest_date="),
            _ => (&mut days.of_objects, "snapshot_date="),
        };
        let folders = store.level(&place.folder(table)).await?.folders;
        let is_date = |date: &&str| Hour::parse(&format!("{date}T00")).is_some();
        days.extend(
            folders
                .iter()
                .filter_map(|name_of| name_of.strip_prefix(name))
                .filter(is_date)
                .map(str::to_owned),
        );
    }
    Ok(days)
}
