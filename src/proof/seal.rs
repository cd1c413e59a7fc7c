//! Seals the hours that are closed: for each account and Region one digest an hour, also of an empty hour, each chained to
//! the one before it. The chain that is continued is checked first, and so is the clock.

mod chain;
mod day;
mod digests;
mod error;
mod named;
mod older;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::sync::OnceCell;

use crate::clock::Clock;
use crate::error_code::ErrorCode;
use crate::hour::Hour;
use crate::lake::keys::{Key, ObjectKey, Table};
use crate::lake::store::{Found, Hashed, Location, Object, Put, Store, StoreError};
use crate::proof::digest::{Digest, MAX_OBJECTS, OlderLeft, SCHEMA_VERSION, SealedObject, WrittenDigest};
use crate::proof::signing::Signer;
use crate::target::AccountRegion;

use chain::{Chain, ChainError, Link};
use day::Days;
use error::SealError;

/// Most objects that S3 is asked for at a time.
const CONCURRENT_HASHES: usize = 16;

/// Time after its end for which an hour waits for its own objects if S3 returns none of them, and for a run record to be read.
const RETRY_PERIOD: SignedDuration = SignedDuration::from_hours(6);

/// Most that the clock may be ahead of the store's own.
const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Most hours that the first digest lies before the newest closed hour, or before the requested hour.
const FIRST_DIGEST_HOURS: i32 = 48;

/// Hours before the next digest whose digests are checked at least.
const CHECKED_HOURS: i32 = 48;

/// The dependencies of sealing.
#[derive(Debug)]
pub struct Sealer<'a> {
    /// The store that objects are read from and digests go to.
    pub store: &'a Store,
    /// The lake's location.
    pub lake: &'a Location,
    /// The signer.
    pub signer: &'a Signer,
    /// The clock.
    pub clock: &'a Clock,
}

/// The result of sealing one account and Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sealed {
    /// The account.
    pub account_id: String,
    /// The Region.
    pub region: String,
    /// The first hour of which a digest was written; null if none was.
    pub first_hour: Option<Hour>,
    /// The last one.
    pub last_hour: Option<Hour>,
    /// Number of digests written.
    pub digests: u64,
    /// Number of objects that they list.
    pub objects: u64,
    /// Number of these that came after the digest of their hour.
    pub late: u64,
    /// Key of the newest digest, relative to the lake's prefix; null if there is none.
    pub digest_key: Option<String>,
    /// SHA-256 of its bytes, in hexadecimal. A copy kept elsewhere shows later if the chain was recreated.
    pub digest_sha256: Option<String>,
    /// Seconds by which the clock was ahead of the store's own; negative if it was behind; null if there was nothing to seal.
    pub clock_ahead_seconds: Option<i64>,
    /// Reason why not every hour was sealed; null if all were.
    pub error: Option<SealFailure>,
}

/// The error that stopped the sealing of an account and Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SealFailure {
    /// The code.
    pub code: ErrorCode,
    /// The problem, and the remedy.
    pub message: String,
}

impl Sealer<'_> {
    /// Seals every closed hour that is not sealed yet, or those up to `hour`, of every account and Region that is `configured` or
    /// in the lake; begins no digest after `deadline`. If one account and Region fails, the others are still sealed.
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
        let mut sealed = Vec::new();
        for place in places {
            let mut of_place = Sealed {
                account_id: place.account_id.to_string(),
                region: place.region.to_string(),
                first_hour: None,
                last_hour: None,
                digests: 0,
                objects: 0,
                late: 0,
                digest_key: None,
                digest_sha256: None,
                clock_ahead_seconds: None,
                error: None,
            };
            if let Err(error) = self.seal_place(&place, hour, deadline, &clock_ahead, &mut of_place).await {
                of_place.error = Some(SealFailure { code: error.code(), message: error.to_string() });
            }
            sealed.push(of_place);
        }
        Ok(sealed)
    }

    async fn seal_place(
        &self,
        place: &AccountRegion,
        asked: Option<Hour>,
        deadline: Option<Timestamp>,
        clock_ahead: &OnceCell<i64>,
        sealed: &mut Sealed,
    ) -> Result<(), SealError> {
        let closed = Hour::newest_closed(self.clock.now());
        let until = asked.unwrap_or(closed);
        let newest = self.newest_digest(place).await?;
        let mut hour = match &newest {
            None => self.first_hour(place, asked, closed).await?,
            Some(newest) => {
                let written = self.check_newest(newest, closed).await?;
                if let Some(asked) = asked.filter(|asked| *asked < newest.hour) {
                    self.check_asked(place, asked).await?;
                }
                sealed.note(newest, &written.sha256);
                newest.hour.next()
            }
        };
        if hour > until {
            return Ok(());
        }
        let ahead = *clock_ahead.get_or_try_init(|| self.clock_ahead()).await?;
        sealed.clock_ahead_seconds = Some(ahead);
        let mut days = Days::new(self.store, place, hour);
        let from = hour.earlier(CHECKED_HOURS).date();
        let mut chain = self.check_chain(place, from, |digest| days.listed(digest)).await?;
        // Another seal may have continued the chain meanwhile.
        hour = chain.newest().map_or(hour, |newest| newest.key.hour.next());
        let mut problems = Vec::new();
        while hour <= until {
            if deadline.is_some_and(|deadline| self.clock.now() >= deadline) {
                return Err(SealError::Deadline { hour });
            }
            let due = self.due(place, hour, chain.newest(), &mut days).await?;
            // Objects that stay unreadable are among those of each hour, except those older than yesterday.
            problems.retain(|problem| !due.problems.contains(problem));
            problems.extend(due.problems);
            let (written, is_ours) =
                self.write(place, hour, due.objects, due.older_left, ahead, &mut chain).await?;
            days.listed(&written);
            if is_ours {
                sealed.count(hour, &written);
            }
            sealed.note(&ObjectKey::of_digest(place, hour), &written.sha256);
            hour = hour.next();
        }
        match problems.pop() {
            None => Ok(()),
            Some(problem) => Err(SealError::Unreadable { problem, others: problems.len() }),
        }
    }

    /// Returns the seconds by which the clock is ahead of the store's own.
    async fn clock_ahead(&self) -> Result<i64, SealError> {
        let ours = self.clock.now();
        seconds_ahead(ours, self.store.time().await?)
    }

    /// Returns the hour of the first digest: that of the oldest object, if it is not too long ago.
    async fn first_hour(
        &self,
        place: &AccountRegion,
        asked: Option<Hour>,
        closed: Hour,
    ) -> Result<Hour, SealError> {
        let until = asked.unwrap_or(closed);
        match self.oldest_hour(place).await? {
            Some(oldest) if oldest <= until => Ok(oldest.max(until.earlier(FIRST_DIGEST_HOURS))),
            _ if until < closed.earlier(FIRST_DIGEST_HOURS) => {
                Err(SealError::BeforeTheRecord { hour: until })
            }
            _ => Ok(until),
        }
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

    /// Lists and hashes the objects for the digest of `hour`, which follows `newest`.
    async fn due(
        &self,
        place: &AccountRegion,
        hour: Hour,
        newest: Option<&Link>,
        days: &mut Days<'_>,
    ) -> Result<Due, SealError> {
        let mut unlisted = days.unlisted(hour).await?;
        unlisted.truncate(MAX_OBJECTS);
        // At the beginning of a chain, and until all of it is listed.
        let left = match newest {
            None => Some(OlderLeft { after: None, before: hour.date_before() }),
            Some(newest) => newest.older_left.clone(),
        };
        let mut due = Due::default();
        if let Some(left) = &left {
            let room = MAX_OBJECTS.saturating_sub(unlisted.len());
            let (older, left) = older::next(self.store, place, left, room).await?;
            unlisted.extend(older);
            due.older_left = left;
        }
        self.hash(unlisted, hour, &mut due).await?;
        let named = self.named(place, hour, &due.objects, left.as_ref()).await?;
        due.objects.retain(|object| !named.unread_records.contains(&object.object_key));
        due.problems.extend(named.problems);
        let room = MAX_OBJECTS.saturating_sub(due.objects.len());
        self.hash(named.objects.into_iter().take(room).collect(), hour, &mut due).await?;
        due.objects.sort_by(|one, other| one.object_key.cmp(&other.object_key));
        Ok(due)
    }

    /// Hashes objects for the digest of `hour`, and notes why some could not be read: one of them must not keep all from being
    /// sealed.
    ///
    /// # Errors
    /// Returns an error if S3 returns none of the hour's own objects, as during an outage: that is retried for some hours.
    async fn hash(
        &self,
        objects: Vec<(ObjectKey, Found)>,
        hour: Hour,
        due: &mut Due,
    ) -> Result<(), StoreError> {
        let hash = async |(key, found): (ObjectKey, Found)| (key, self.store.sha256(&found).await);
        let mut hashed = stream::iter(objects).map(hash).buffered(CONCURRENT_HASHES);
        let mut own = Vec::new();
        while let Some((key, hashed)) = hashed.next().await {
            match hashed {
                Ok(Hashed { bytes, sha256 }) => due.objects.push(SealedObject {
                    object_key: key.to_string(),
                    bytes,
                    sha256: hex::encode(sha256),
                    late: key.hour < hour,
                }),
                Err(error) if key.hour == hour => own.push(error),
                Err(error) => due.problems.push(error.to_string()),
            }
        }
        let is_new = self.clock.now().duration_since(hour.end()) < RETRY_PERIOD;
        let waits = is_new && matches!(self.lake, Location::S3 { .. });
        match own.pop() {
            Some(error) if waits && due.objects.iter().all(|object| object.late) => Err(error),
            last => {
                due.problems.extend(own.into_iter().chain(last).map(|error| error.to_string()));
                Ok(())
            }
        }
    }

    /// Writes the digest of `hour`, or reads the one that another seal wrote meanwhile, and adds it to the chain. Returns it, and
    /// `true` if it is ours.
    async fn write(
        &self,
        place: &AccountRegion,
        hour: Hour,
        objects: Vec<SealedObject>,
        older_left: Option<OlderLeft>,
        clock_ahead_seconds: i64,
        chain: &mut Chain<'_>,
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
            previous: chain.newest().map(Link::as_predecessor),
            signed_with,
        };
        let content =
            digest.content().map_err(|problem| SealError::Unwritable { key: key.to_string(), problem })?;
        let signature = self.signer.sign(&digest.signed_text(&content)).await?;
        let line = Digest::to_line(&content, signature.as_deref());
        let object = Object::from_bytes(line.as_bytes(), "application/json");
        let put = self.store.put_if_absent(Key::Digest { place, hour }, object).await?;
        let written = match put {
            Put::AlreadyThere => self.read_in_our_place(&key).await?,
            Put::Written => WrittenDigest::parse(&key, line.as_bytes())
                .map_err(|problem| SealError::Digest { key: key.to_string(), problem })?,
        };
        chain.follow(&key, &written)?;
        Ok((written, put == Put::Written))
    }

    /// Reads the digest that lies under the key of ours.
    async fn read_in_our_place(&self, key: &ObjectKey) -> Result<WrittenDigest, SealError> {
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

/// The content of the next digest.
#[derive(Debug, Default)]
struct Due {
    objects: Vec<SealedObject>,
    older_left: Option<OlderLeft>,
    /// Reasons why others could not be read.
    problems: Vec<String>,
}

impl Sealed {
    /// Notes the newest digest.
    fn note(&mut self, key: &ObjectKey, sha256: &str) {
        self.digest_key = Some(key.to_string());
        self.digest_sha256 = Some(sha256.to_owned());
    }

    /// Counts a digest that was written.
    fn count(&mut self, hour: Hour, written: &WrittenDigest) {
        let objects = &written.digest.objects;
        self.first_hour.get_or_insert(hour);
        self.last_hour = Some(hour);
        self.digests += 1;
        self.objects += objects.len() as u64;
        self.late += objects.iter().filter(|object| object.late).count() as u64;
    }
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
