//! The digests of an account and Region as they lie in the lake, read and checked.

use futures_util::{StreamExt, stream};
use jiff::civil::Date;

use crate::hour::Hour;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::{Found, LARGEST_DOCUMENT, Location};
use crate::proof::digest::WrittenDigest;
use crate::snapshot_time::FIRST_DATE;
use crate::target::AccountRegion;

use super::Sealer;
use super::chain::{ChainError, SealChain};
use super::due_hours::CHECKED_HOURS;
use super::error::SealError;

/// Most digests of an account and Region that are read at a time.
const CONCURRENT_READS: usize = 8;

/// Hours before the newest closed one of which the digests are listed at first: those that a seal of one hour checks, and some more.
const LISTED_HOURS: i32 = CHECKED_HOURS + 4;

/// The digests of an account and Region from a day on, in order.
#[derive(Debug)]
pub(super) struct ListedDigests {
    /// The first day.
    from: Date,
    digests: Vec<ListedDigest>,
}

/// A digest, as it is listed.
#[derive(Debug, Clone)]
struct ListedDigest {
    key: ObjectKey,
    bytes: u64,
}

impl ListedDigests {
    /// Returns the key of the newest; `None` if there is none.
    pub(super) fn newest(&self) -> Option<&ObjectKey> {
        self.digests.last().map(|digest| &digest.key)
    }
}

impl Sealer<'_> {
    /// Lists the digests that a seal needs if the newest closed hour is the only one that is due. If there are none, lists the newest
    /// day that has any.
    pub(super) async fn newest_digests(
        &self,
        place: &AccountRegion,
        closed: Hour,
    ) -> Result<ListedDigests, SealError> {
        let listed = self.list_digests(place, closed.earlier(LISTED_HOURS).date()).await?;
        if listed.newest().is_some() {
            return Ok(listed);
        }
        for date in self.store.days(Table::Digests, place).await?.into_iter().rev() {
            let listed = self.list_digests(place, date).await?;
            if listed.newest().is_some() {
                return Ok(listed);
            }
        }
        Ok(listed)
    }

    /// Returns the digest of the newest closed hour, checked as far as that can be done without the others; `None` if digests must be listed:
    /// it is not there or cannot be read, or there is one of the next hour. Two gets cost less than a listing. A clock that was ahead has left
    /// a digest of the next hour too; one of a later hour alone is found by the next seal that writes.
    pub(super) async fn sealed_before(
        &self,
        place: &AccountRegion,
        closed: Hour,
    ) -> Result<Option<WrittenDigest>, SealError> {
        let memory = self.memory.take(LARGEST_DOCUMENT).await;
        let key = ObjectKey::of_digest(place, closed);
        let written = match self.read_if_there(&key).await {
            Ok(Some(written)) => written,
            Ok(None) | Err(SealError::Store(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        self.new_chain().await?.begin(&key, &written)?;
        drop(memory);
        let to_come = self.store.read_with(&ObjectKey::of_digest(place, closed.next()), |_| ()).await;
        Ok(matches!(to_come, Ok(None)).then_some(written))
    }

    /// Checks the newest digest as far as that can be done without the others, and returns it.
    pub(super) async fn check_newest(
        &self,
        key: &ObjectKey,
        closed: Hour,
    ) -> Result<WrittenDigest, SealError> {
        let _memory = self.memory.take(LARGEST_DOCUMENT).await;
        let written = self.read(key).await?;
        let mut chain = self.new_chain().await?;
        chain.begin(key, &written)?;
        if key.hour <= closed {
            Ok(written)
        } else if chain.is_ours() {
            Err(SealError::MadeAhead { key: key.to_string() })
        } else {
            Err(SealError::ToCome { key: key.to_string() })
        }
    }

    /// Checks that a requested hour before the newest digest has one.
    pub(super) async fn check_asked(&self, place: &AccountRegion, asked: Hour) -> Result<(), SealError> {
        let missing = ObjectKey::of_digest(place, asked);
        if self.store.read_with(&missing, |_| ()).await?.is_some() {
            return Ok(());
        }
        let listed = self.list_digests(place, FIRST_DATE).await?;
        match listed.digests.iter().find(|digest| digest.key.hour > asked) {
            Some(next) if listed.digests.first().is_some_and(|first| first.key.hour <= asked) => {
                Err(gone(&missing, &next.key))
            }
            _ => Err(SealError::BeforeTheChain { hour: asked }),
        }
    }

    /// Checks the chain from the digest before the hour `from` on, and passes each digest of that hour and later ones to `each`.
    /// `listed` are digests that were listed already; others are listed if these are not enough.
    pub(super) async fn check_chain(
        &self,
        place: &AccountRegion,
        from: Hour,
        listed: Option<ListedDigests>,
        mut each: impl FnMut(&WrittenDigest),
    ) -> Result<SealChain<'_>, SealError> {
        let mut chain = self.new_chain().await?;
        let listed = match listed.filter(|listed| listed.from <= from.date()) {
            Some(listed) => listed,
            None => self.list_digests(place, from.date()).await?,
        };
        let (before, digests): (Vec<_>, Vec<_>) =
            listed.digests.into_iter().partition(|digest| digest.key.hour < from);
        let Some(first) = digests.first().map(|digest| digest.key.clone()) else {
            return Ok(chain);
        };
        let missing = ObjectKey::of_digest(place, first.hour.previous());
        let listed_bytes = before.last().filter(|digest| digest.key == missing).map(|digest| digest.bytes);
        let memory = self.memory.take(listed_bytes.unwrap_or(LARGEST_DOCUMENT)).await;
        match self.read_if_there(&missing).await? {
            Some(written) => chain.begin(&missing, &written)?,
            None if !before.is_empty() || self.has_digest_before(place, listed.from).await? => {
                return Err(gone(&missing, &first));
            }
            None => {}
        }
        drop(memory);
        let read = async |ListedDigest { key, bytes }| {
            let memory = self.memory.take(bytes).await;
            (self.read(&key).await, key, memory)
        };
        let mut digests = std::pin::pin!(stream::iter(digests).map(read).buffered(CONCURRENT_READS));
        while let Some((written, key, _memory)) = digests.next().await {
            let written = written?;
            chain.follow(&key, &written)?;
            each(&written);
        }
        Ok(chain)
    }

    async fn has_digest_before(&self, place: &AccountRegion, date: Date) -> Result<bool, SealError> {
        let dates = self.store.days(Table::Digests, place).await?;
        for date in dates.into_iter().rev().filter(|day| *day < date) {
            if !digests_in(self.store.find(&place.day(Table::Digests, date)).await?)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns a chain without a digest.
    pub(super) async fn new_chain(&self) -> Result<SealChain<'_>, SealError> {
        // A directory may be moved, and a bucket may not.
        let lake = match self.lake {
            Location::S3 { .. } => Some(self.lake.to_string()),
            Location::Directory(_) => None,
        };
        Ok(SealChain::new(self.signer.public_key().await?, lake))
    }

    /// Lists the digests of the day `from` and later ones.
    async fn list_digests(&self, place: &AccountRegion, from: Date) -> Result<ListedDigests, SealError> {
        let found = self.store.find_days(Table::Digests, place, from, None).await?;
        Ok(ListedDigests { from, digests: digests_in(found)? })
    }

    /// Reads a digest that is listed.
    pub(super) async fn read(&self, key: &ObjectKey) -> Result<WrittenDigest, SealError> {
        self.read_if_there(key).await?.ok_or_else(|| SealError::Hidden { key: key.to_string() })
    }

    /// Reads a digest; `None` if there is none.
    async fn read_if_there(&self, key: &ObjectKey) -> Result<Option<WrittenDigest>, SealError> {
        let written = self.store.read_with(key, |bytes| WrittenDigest::parse(key, bytes)).await?;
        let invalid = |problem| SealError::Digest { key: key.to_string(), problem };
        written.transpose().map_err(invalid)
    }
}

/// Returns the digests among the objects of their folders, in order.
fn digests_in(found: Vec<Found>) -> Result<Vec<ListedDigest>, SealError> {
    let mut digests = Vec::new();
    for found in found {
        let Some(key) = ObjectKey::parse(&found.key).filter(|key| key.table == Table::Digests) else {
            continue;
        };
        if let Some(irregular) = found.irregular {
            return Err(ChainError::Forged { key: key.to_string(), problem: irregular.to_string() }.into());
        }
        // The size is that of the first version, and the last one is read.
        let bytes = if found.versions > 1 { LARGEST_DOCUMENT } else { found.bytes };
        digests.push(ListedDigest { key, bytes });
    }
    Ok(digests)
}

fn gone(missing: &ObjectKey, next: &ObjectKey) -> SealError {
    ChainError::Gone { missing: missing.to_string(), next: next.to_string() }.into()
}
