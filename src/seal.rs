//! Seals the hours that are closed: for each account and Region one digest an hour, also of an empty hour, each chained to
//! the one before it.

mod day;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::clock::Clock;
use crate::digest::{Digest, DigestError, SCHEMA_VERSION, SIGNATURE_ALGORITHM, SealedObject, WrittenDigest};
use crate::hour::Hour;
use crate::layout::{Key, ObjectKey, ObjectKind, SEALED};
use crate::signing::{Signer, SigningError};
use crate::store::{Found, Hashed, Location, Object, Put, Store, StoreError};
use crate::target::AccountRegion;

use day::Days;

/// Most objects that S3 is asked for at a time.
const AT_A_TIME: usize = 16;

/// How long after its end an hour waits for its own objects when none of them can be read.
const TRIED_AGAIN: SignedDuration = SignedDuration::from_hours(6);

/// What sealing needs of the outside.
#[derive(Debug)]
pub struct Sealer<'a> {
    /// Where objects are read and digests go.
    pub store: &'a Store,
    /// Where that is.
    pub lake: &'a Location,
    /// Who signs.
    pub signer: &'a Signer,
    /// What time it is.
    pub clock: &'a Clock,
}

/// What was sealed of one account and Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sealed {
    /// The account.
    pub account_id: String,
    /// The Region.
    pub region: String,
    /// The first hour of which a digest was written; null when none was.
    pub first_hour: Option<Hour>,
    /// The last one.
    pub last_hour: Option<Hour>,
    /// How many digests were written.
    pub digests: u64,
    /// How many objects they list.
    pub objects: u64,
    /// How many of these came after the digest of their hour.
    pub late: u64,
    /// Key of the newest digest, relative to the lake's prefix; null when there is none.
    pub digest_key: Option<String>,
    /// SHA-256 of its bytes, in hexadecimal. Who keeps it elsewhere can tell later if the chain was made anew.
    pub digest_sha256: Option<String>,
    /// Why not every hour was sealed; null when all were.
    pub error: Option<Failure>,
}

/// What stopped the sealing of an account and Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Stable word.
    pub code: String,
    /// What happened, and what to do.
    pub message: String,
}

/// Why an account and Region could not be sealed.
#[derive(Debug, thiserror::Error)]
enum SealError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Signing(#[from] SigningError),
    #[error("making the digest {key}: {problem}")]
    Unwritable { key: ObjectKey, problem: serde_json::Error },
    #[error("reading the digest {key}: it {problem}; nothing was sealed after it, find out who changed it")]
    Digest { key: ObjectKey, problem: DigestError },
    #[error(
        "reading the digest {key}: it is listed and not there, as after a delete marker; nothing was sealed after it, find \
         out who removed it and bring it back"
    )]
    DigestGone { key: ObjectKey },
    #[error(
        "reading the digest {key}: it is of the lake {found}, and this one is {lake}; nothing was sealed after it"
    )]
    OtherLake { key: ObjectKey, found: String, lake: String },
    #[error(
        "reading the digest {key}: its hour is not closed yet, so it is none of ours; nothing was sealed after it"
    )]
    ToCome { key: ObjectKey },
    #[error(
        "reading the digest {key}: it names our key, and its signature is none by it; nothing was sealed after it"
    )]
    Forged { key: ObjectKey },
    #[error("sealing {hour}: it lies before the first digest, which cannot get one before it any more")]
    BeforeTheChain { hour: Hour },
    #[error(
        "sealing all but what cannot be read: {error}, and {others} more; once it can be read, it is listed as late"
    )]
    Unreadable { error: StoreError, others: usize },
    #[error("sealing {hour}: the invocation's time is over; the next seal goes on here")]
    Deadline { hour: Hour },
}

impl SealError {
    fn code(&self) -> &str {
        match self {
            SealError::Store(error) => &error.code,
            SealError::Signing(error) => &error.code,
            SealError::Unwritable { .. } => "DigestUnwritable",
            SealError::Digest { .. } => "DigestInvalid",
            SealError::DigestGone { .. } => "DigestGone",
            SealError::OtherLake { .. } => "OtherLake",
            SealError::ToCome { .. } | SealError::Forged { .. } => "DigestForged",
            SealError::Unreadable { .. } => "ObjectUnreadable",
            SealError::BeforeTheChain { .. } => "BeforeTheChain",
            SealError::Deadline { .. } => "DeadlineExceeded",
        }
    }
}

impl Sealer<'_> {
    /// Seals every closed hour that is not sealed yet, or those up to `hour`, of every account and Region that is
    /// `configured` or in the lake; after `deadline` no more digest is begun. What goes wrong with one does not keep the
    /// others from being sealed.
    ///
    /// # Errors
    /// When it cannot be found out which accounts and Regions are in the lake.
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
                error: None,
            };
            if let Err(error) = self.seal_place(&place, hour, deadline, &mut of_place).await {
                of_place.error = Some(Failure { code: error.code().to_owned(), message: error.to_string() });
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
        sealed: &mut Sealed,
    ) -> Result<(), SealError> {
        let closed = Hour::newest_closed(self.clock.now());
        let until = asked.unwrap_or(closed);
        let mut previous = self.newest_digest(place).await?;
        if let Some((key, written)) = &previous {
            if key.hour > closed {
                return Err(SealError::ToCome { key: key.clone() });
            }
            if !self.signer.recognises(written).await? {
                return Err(SealError::Forged { key: key.clone() });
            }
        }
        if let (Some((key, _)), Some(asked)) = (&previous, asked)
            && asked < key.hour
            && self.store.read(&ObjectKey::of_digest(place, asked)).await?.is_none()
        {
            return Err(SealError::BeforeTheChain { hour: asked });
        }
        let mut hour = match &previous {
            Some((key, _)) => key.hour.next(),
            None => self.first_hour(place).await?.unwrap_or(until).min(until),
        };
        note(sealed, previous.as_ref());
        let mut unreadable = Vec::new();
        let mut days = Days::new(self.store, place);
        if previous.is_some() && hour <= until {
            for key in self.digests_of(place, &[hour.date_before(), hour.date()]).await? {
                days.listed(&self.read(&key).await?);
            }
        }
        while hour <= until {
            if deadline.is_some_and(|deadline| self.clock.now() >= deadline) {
                return Err(SealError::Deadline { hour });
            }
            let unlisted = days.unlisted(hour).await?;
            let (objects, unread) = self.hashed(unlisted, hour).await?;
            // What stays unreadable is among those of each hour.
            unreadable = unread;
            let (written, is_ours) = self.write(place, hour, objects, previous.as_ref()).await?;
            days.listed(&written);
            if is_ours {
                let objects = &written.digest.objects;
                sealed.first_hour.get_or_insert(hour);
                sealed.last_hour = Some(hour);
                sealed.digests += 1;
                sealed.objects += objects.len() as u64;
                sealed.late += objects.iter().filter(|object| object.late).count() as u64;
            }
            previous = Some((ObjectKey::of_digest(place, hour), written));
            note(sealed, previous.as_ref());
            hour = hour.next();
        }
        match unreadable.pop() {
            None => Ok(()),
            Some(error) => Err(SealError::Unreadable { error, others: unreadable.len() }),
        }
    }

    /// The digest that the next one follows; none where nothing was ever sealed.
    async fn newest_digest(
        &self,
        place: &AccountRegion,
    ) -> Result<Option<(ObjectKey, WrittenDigest)>, SealError> {
        let dates = dates(self.store, &place.folder("digests"), "digest_date=").await?;
        for date in dates.into_iter().rev() {
            if let Some(key) = self.digests_of(place, &[date]).await?.pop() {
                let written = self.read(&key).await?;
                return Ok(Some((key, written)));
            }
        }
        Ok(None)
    }

    /// The keys of all digests of these days, in order.
    async fn digests_of(
        &self,
        place: &AccountRegion,
        dates: &[String],
    ) -> Result<Vec<ObjectKey>, StoreError> {
        let mut keys = Vec::new();
        for date in dates {
            let found = self.store.find(&place.day_of_digests(date)).await?;
            keys.extend(found.iter().filter_map(|found| ObjectKey::parse(&found.key)));
        }
        keys.retain(|key| key.kind == ObjectKind::Digest);
        Ok(keys)
    }

    async fn read(&self, key: &ObjectKey) -> Result<WrittenDigest, SealError> {
        let bytes = self.store.read(key).await?;
        let bytes = bytes.ok_or_else(|| SealError::DigestGone { key: key.clone() })?;
        let written = WrittenDigest::parse(key, &bytes)
            .map_err(|problem| SealError::Digest { key: key.clone(), problem })?;
        // A directory may be moved, and a bucket may not.
        if let Location::S3 { .. } = self.lake
            && written.digest.lake != self.lake.to_string()
        {
            let (found, lake) = (written.digest.lake, self.lake.to_string());
            return Err(SealError::OtherLake { key: key.clone(), found, lake });
        }
        Ok(written)
    }

    /// The hour of the first object; none where there is no object.
    async fn first_hour(&self, place: &AccountRegion) -> Result<Option<Hour>, StoreError> {
        let mut hours = Vec::new();
        for table in SEALED {
            let dates = dates(self.store, &place.folder(table), "snapshot_date=").await?;
            for date in dates {
                let found = self.store.find(&place.day(table, &date)).await?;
                let first = found.iter().filter_map(|found| Some(ObjectKey::parse(&found.key)?.hour)).min();
                hours.extend(first);
                if first.is_some() {
                    break;
                }
            }
        }
        Ok(hours.into_iter().min())
    }

    /// The objects for the digest of `hour`, and what kept others from being read: one of them must not keep all from
    /// being sealed.
    ///
    /// # Errors
    /// When none of the hour's own objects can be read, as in a fault of S3: that is tried again for some hours.
    async fn hashed(
        &self,
        unlisted: Vec<(ObjectKey, Found)>,
        hour: Hour,
    ) -> Result<(Vec<SealedObject>, Vec<StoreError>), StoreError> {
        let hash = async |(key, found): (ObjectKey, Found)| (key, self.store.sha256(&found).await);
        let mut hashed = stream::iter(unlisted).map(hash).buffered(AT_A_TIME);
        let (mut objects, mut late, mut own) = (Vec::new(), Vec::new(), Vec::new());
        while let Some((key, hashed)) = hashed.next().await {
            match hashed {
                Ok(Hashed { bytes, sha256 }) => objects.push(SealedObject {
                    object_key: key.to_string(),
                    bytes,
                    sha256: hex::encode(sha256),
                    late: key.hour < hour,
                }),
                Err(error) if key.hour == hour => own.push(error),
                Err(error) => late.push(error),
            }
        }
        let is_new = self.clock.now().duration_since(hour.end()) < TRIED_AGAIN;
        match own.pop() {
            Some(error) if is_new && objects.iter().all(|object| object.late) => Err(error),
            last => {
                late.extend(own.into_iter().chain(last));
                Ok((objects, late))
            }
        }
    }

    /// Writes the digest of `hour`, or reads the one that another seal wrote meanwhile; and whether it is ours.
    async fn write(
        &self,
        place: &AccountRegion,
        hour: Hour,
        objects: Vec<SealedObject>,
        previous: Option<&(ObjectKey, WrittenDigest)>,
    ) -> Result<(WrittenDigest, bool), SealError> {
        let key = ObjectKey::of_digest(place, hour);
        let identification = self.signer.identification().await?;
        let (key_id, public_key_sha256) = identification.map(|of| (of.key_id, of.public_key_sha256)).unzip();
        let digest = Digest {
            schema_version: SCHEMA_VERSION,
            lake: previous.map_or_else(|| name_of(self.lake), |(_, previous)| previous.digest.lake.clone()),
            object_key: key.to_string(),
            start: hour.start(),
            end: hour.end(),
            sealed_at: self.clock.now(),
            tool_version: crate::TOOL_VERSION.to_owned(),
            objects,
            previous_object_key: previous.map(|(key, _)| key.to_string()),
            previous_sha256: previous.map(|(_, previous)| previous.sha256.clone()),
            previous_signature: previous.and_then(|(_, previous)| previous.signature.clone()),
            signature_algorithm: key_id.as_ref().map(|_| SIGNATURE_ALGORITHM.to_owned()),
            key_id,
            public_key_sha256,
        };
        let content =
            digest.content().map_err(|problem| SealError::Unwritable { key: key.clone(), problem })?;
        let signature = self.signer.sign(&digest.signed_text(&content)).await?;
        let line = Digest::to_line(&content, signature.as_deref());
        let object = Object::from_bytes(line.as_bytes(), "application/json");
        match self.store.put_if_absent(Key::Digest { place, hour }, object).await? {
            Put::AlreadyThere => Ok((self.read(&key).await?, false)),
            Put::Written => {
                let written = WrittenDigest::parse(&key, line.as_bytes())
                    .map_err(|problem| SealError::Digest { key, problem })?;
                Ok((written, true))
            }
        }
    }
}

fn note(sealed: &mut Sealed, newest: Option<&(ObjectKey, WrittenDigest)>) {
    sealed.digest_key = newest.map(|(key, _)| key.to_string());
    sealed.digest_sha256 = newest.map(|(_, written)| written.sha256.clone());
}

/// What the lake is called in digests for as long as the chain lasts.
fn name_of(lake: &Location) -> String {
    match lake {
        Location::S3 { .. } => lake.to_string(),
        Location::Directory(path) => {
            let path = path.canonicalize().unwrap_or_else(|_| path.clone());
            format!("file://{}", path.display())
        }
    }
}

/// The dates of the folders in `folder` that are called `name` and a date, in order.
async fn dates(store: &Store, folder: &str, name: &str) -> Result<Vec<String>, StoreError> {
    let folders = store.level(folder).await?.folders;
    Ok(folders.iter().filter_map(|folder| folder.strip_prefix(name)).map(str::to_owned).collect())
}
