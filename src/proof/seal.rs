//! Seals the hours that are closed: for each account and Region one digest an hour, also of an empty hour, each chained to
//! the one before it. The chain that is continued is checked first, and so is the clock.

mod chain;
mod day;
mod digest_memory;
mod digests;
mod due_hours;
mod due_objects;
mod error;
mod named;
mod older;
mod report;
mod turns;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{OnceCell, Semaphore};

use crate::clock::Clock;
use crate::hour::Hour;
use crate::lake::keys::{Key, ObjectKey, Table};
use crate::lake::store::{Found, LARGEST_DOCUMENT, Location, Object, Put, Store, StoreError};
use crate::proof::digest::{Digest, OlderLeft, SCHEMA_VERSION, SealedObject, WrittenDigest};
use crate::proof::signing::Signer;
use crate::target::AccountRegion;

use chain::{ChainError, SealChain, SealLink};
use day::Days;
use digest_memory::DigestMemory;
use due_hours::{Bounds, SealPlan, is_retried};
use due_objects::{DueObjects, room_beside};
use error::SealError;
pub use report::{SealFailure, SealReport, Sealed};

/// Accounts and Regions that are sealed at a time.
const CONCURRENT_PLACES: usize = 16;

/// Most objects of one account and Region that are hashed at a time.
const CONCURRENT_HASHES: usize = 16;

/// Most objects of all accounts and Regions that are hashed at a time.
const CONCURRENT_HASHES_OF_ALL: usize = 64;

/// Most that the clock may be ahead of the store's own.
const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// The dependencies of sealing.
#[derive(Debug)]
pub struct Sealer<'a> {
    /// The store that objects are read from and digests go to.
    store: &'a Store,
    /// The lake's location.
    lake: &'a Location,
    signer: &'a Signer,
    clock: &'a Clock,
    memory: DigestMemory,
    hashes: Semaphore,
}

impl<'a> Sealer<'a> {
    /// Returns a sealer of the lake at the location `lake`, whose objects are in `store`.
    pub fn new(store: &'a Store, lake: &'a Location, signer: &'a Signer, clock: &'a Clock) -> Sealer<'a> {
        let hashes = Semaphore::new(CONCURRENT_HASHES_OF_ALL);
        Sealer { store, lake, signer, clock, memory: DigestMemory::new(), hashes }
    }
}

impl Sealer<'_> {
    /// Seals every closed hour that is not sealed yet, or those up to `hour`, of every account and Region that is `configured` or
    /// in the lake, several of them at a time; begins no digest after `deadline`, and nothing of an account and Region whose turn
    /// has not come then. If one account and Region fails, the others are still sealed.
    ///
    /// # Errors
    /// Returns an error if the accounts and Regions in the lake cannot be listed.
    pub async fn seal(
        &self,
        configured: &[AccountRegion],
        hour: Option<Hour>,
        deadline: Option<Timestamp>,
    ) -> Result<Vec<Sealed>, StoreError> {
        let mut places = self.store.places().await?;
        places.extend_from_slice(configured);
        places.sort();
        places.dedup();
        let clock_ahead = OnceCell::new();
        let turns = turns::in_turn(places, Hour::newest_closed(self.clock.now()));
        let seal = async |place| {
            let mut of_place = Sealed::nothing(&place);
            let bounds = Bounds { asked: hour, closed: Hour::newest_closed(self.clock.now()), deadline };
            if let Err(error) = self.seal_place(&place, bounds, &clock_ahead, &mut of_place).await {
                of_place.error = Some(SealFailure { code: error.code(), message: error.to_string() });
            }
            (place, of_place)
        };
        let mut sealed: Vec<(AccountRegion, Sealed)> =
            stream::iter(turns).map(seal).buffer_unordered(CONCURRENT_PLACES).collect().await;
        sealed.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(sealed.into_iter().map(|(_, sealed)| sealed).collect())
    }

    async fn seal_place(
        &self,
        place: &AccountRegion,
        bounds: Bounds,
        clock_ahead: &OnceCell<i64>,
        sealed: &mut Sealed,
    ) -> Result<(), SealError> {
        bounds.check_deadline(self.clock.now())?;
        if bounds.asked.is_none()
            && let Some(written) = self.sealed_before(place, bounds.closed).await?
        {
            sealed.note(&ObjectKey::of_digest(place, bounds.closed), &written.sha256);
            return Ok(());
        }
        let listed = self.newest_digests(place, bounds.closed).await?;
        let mut plan = match listed.newest() {
            None => SealPlan::first(bounds, self.oldest_hour(place).await?)?,
            Some(newest) => SealPlan::after(bounds, newest.hour),
        };
        if let Some(newest) = listed.newest().filter(|_| plan.is_done()) {
            let written = self.check_newest(newest, bounds.closed).await?;
            if let Some(asked) = bounds.asked.filter(|asked| *asked < newest.hour) {
                self.check_asked(place, asked).await?;
            }
            sealed.note(newest, &written.sha256);
            return Ok(());
        }
        let ahead = *clock_ahead.get_or_try_init(|| self.clock_ahead()).await?;
        sealed.clock_ahead_seconds = Some(ahead);
        let mut days = Days::new(self.store, place, plan.hour());
        let from = plan.checked_from();
        let mut chain = self.check_chain(place, from, Some(listed), |digest| days.listed(digest)).await?;
        if let Some(newest) = chain.newest() {
            sealed.note(&newest.key, &newest.sha256);
            plan.follow(newest.key.hour);
        }
        while let Some(hour) = plan.next(self.clock.now())? {
            let (due, problems) = self.due(place, hour, &chain, &mut days).await?;
            let (written, is_ours) = self.write(place, hour, due, ahead, &mut chain).await?;
            days.listed(&written);
            if is_ours {
                sealed.count(hour, &written);
            }
            sealed.note(&ObjectKey::of_digest(place, hour), &written.sha256);
            plan.sealed(problems);
        }
        Ok(plan.end()?)
    }

    /// Returns the seconds by which the clock is ahead of the store's own.
    async fn clock_ahead(&self) -> Result<i64, SealError> {
        let ours = self.clock.now();
        seconds_ahead(ours, self.store.time().await?)
    }

    /// Returns the hour of the oldest object; `None` if there is no object.
    async fn oldest_hour(&self, place: &AccountRegion) -> Result<Option<Hour>, StoreError> {
        let mut hours = Vec::new();
        for table in Table::SEALED {
            for date in self.store.days(table, place).await? {
                let found = self.store.find(&place.day(table, date)).await?;
                let first = found.iter().filter_map(|found| Some(ObjectKey::parse(&found.key)?.hour)).min();
                hours.extend(first);
                if first.is_some() {
                    break;
                }
            }
        }
        Ok(hours.into_iter().min())
    }

    /// Lists and hashes the objects for the digest of `hour`, the next of the chain. Returns them, and the problems with others.
    async fn due(
        &self,
        place: &AccountRegion,
        hour: Hour,
        chain: &SealChain<'_>,
        days: &mut Days<'_>,
    ) -> Result<(Due, Vec<String>), SealError> {
        let mut unlisted = due_objects::in_order(hour, days.unlisted(hour).await?);
        let left = chain.older_left(hour);
        let mut older_left = None;
        if let Some(left) = &left {
            let (older, left) = older::next(self.store, place, left, room_beside(&unlisted)).await?;
            unlisted.extend(older);
            older_left = left;
        }
        let mut due = DueObjects::new(hour);
        self.hash(unlisted, hour, &mut due).await?;
        let named = self.named(place, hour, due.objects(), left.as_ref()).await?;
        due.leave(&named.unread_records, named.problems);
        let room = room_beside(due.objects());
        self.hash(named.objects.into_iter().take(room).collect(), hour, &mut due).await?;
        let (objects, problems) = due.finish();
        Ok((Due { objects, older_left }, problems))
    }

    /// Hashes objects for the digest of `hour`.
    ///
    /// # Errors
    /// Returns an error if S3 returns none of the hour's own objects and they are retried.
    async fn hash(
        &self,
        objects: Vec<(ObjectKey, Found)>,
        hour: Hour,
        due: &mut DueObjects<StoreError>,
    ) -> Result<(), StoreError> {
        let hash = async |(key, found): (ObjectKey, Found)| {
            let _permit = self.hashes.acquire().await;
            (key, self.store.sha256(&found).await)
        };
        let mut hashed = stream::iter(objects).map(hash).buffered(CONCURRENT_HASHES);
        while let Some((key, hashed)) = hashed.next().await {
            due.add(&key, hashed);
        }
        let is_bucket = matches!(self.lake, Location::S3 { .. });
        due.settle(is_bucket && is_retried(hour, self.clock.now()))
    }

    /// Writes the digest of `hour`, or reads the one that another seal wrote meanwhile, and adds it to the chain. Returns it, and
    /// `true` if it is ours.
    async fn write(
        &self,
        place: &AccountRegion,
        hour: Hour,
        Due { objects, older_left }: Due,
        clock_ahead_seconds: i64,
        chain: &mut SealChain<'_>,
    ) -> Result<(WrittenDigest, bool), SealError> {
        let key = ObjectKey::of_digest(place, hour);
        let signed_with = self.signer.identification().await?;
        let digest = Digest {
            schema_version: SCHEMA_VERSION,
            lake: chain.lake().map_or_else(|| name_of(self.lake), str::to_owned),
            object_key: key.to_string(),
            start: hour.start(),
            end: hour.end(),
            sealed_at: self.clock.now(),
            clock_ahead_seconds,
            tool_version: crate::TOOL_VERSION.to_owned(),
            objects,
            older_left,
            previous: chain.newest().map(SealLink::as_predecessor),
            signed_with,
        };
        let composed = self.memory.take(composed_bytes(&digest)).await;
        let content =
            digest.content().map_err(|problem| SealError::Unwritable { key: key.to_string(), problem })?;
        let signature = self.signer.sign(&digest.signed_text(&content)).await?;
        let line = Digest::to_line(&content, signature.as_deref());
        let object = Object::from_bytes(line.as_bytes(), "application/json");
        let put = self.store.put_if_absent(Key::Digest { place, hour }, object).await?;
        let written = match put {
            Put::AlreadyThere => {
                drop((digest, content, line, composed));
                self.read_in_our_place(&key).await?
            }
            Put::Written => WrittenDigest::parse(&key, line.as_bytes())
                .map_err(|problem| SealError::Digest { key: key.to_string(), problem })?,
        };
        chain.follow(&key, &written)?;
        Ok((written, put == Put::Written))
    }

    /// Reads the digest that lies under the key of ours.
    async fn read_in_our_place(&self, key: &ObjectKey) -> Result<WrittenDigest, SealError> {
        let _memory = self.memory.take(LARGEST_DOCUMENT).await;
        match self.read(key).await {
            // In a directory, it may not be a file.
            Err(SealError::Store(error)) if matches!(self.lake, Location::Directory(_)) => {
                let problem = format!("cannot be read, and something lies under its name: {error}");
                Err(ChainError::Forged { key: key.to_string(), problem }.into())
            }
            read => read,
        }
    }
}

/// The objects of the next digest, and those older than the chain that it leaves.
#[derive(Debug)]
struct Due {
    objects: Vec<SealedObject>,
    older_left: Option<OlderLeft>,
}

/// Returns the bytes that a digest takes in memory while it is written: as values, as its content, as the line that is put, and once
/// more as values.
fn composed_bytes(digest: &Digest) -> u64 {
    const BESIDE_A_KEY: usize = 256;
    let objects = digest.objects.iter().map(|object| object.object_key.len() + BESIDE_A_KEY);
    4 * objects.sum::<usize>() as u64
}

/// Returns the seconds by which `ours` is ahead of the `stores` time.
fn seconds_ahead(ours: Timestamp, stores: Timestamp) -> Result<i64, SealError> {
    let ahead = ours.duration_since(stores);
    let seconds = ahead.as_secs();
    if ahead > MAX_AHEAD { Err(SealError::ClockAhead { ours, stores, seconds }) } else { Ok(seconds) }
}

/// Returns the name of the lake in digests for as long as the chain lasts.
fn name_of(lake: &Location) -> String {
    match lake {
        Location::S3 { .. } => lake.to_string(),
        Location::Directory(path) => {
            let path = path.canonicalize().unwrap_or_else(|_| path.clone());
            format!("file://{}", path.display())
        }
    }
}

#[cfg(test)]
mod tests;
