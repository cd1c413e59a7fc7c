//! The digests of an account and Region as they lie in the lake, read and checked.

use futures_util::{StreamExt, stream};
use jiff::civil::Date;

use crate::hour::Hour;
use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::Location;
use crate::proof::digest::WrittenDigest;
use crate::target::AccountRegion;

use super::Sealer;
use super::chain::{ChainError, SealChain};
use super::error::SealError;

/// Most digests or run records that are read at a time. A parsed digest may have some 16 MiB.
pub(super) const CONCURRENT_READS: usize = 4;

impl Sealer<'_> {
    /// Returns the key of the newest digest; `None` if nothing was ever sealed.
    pub(super) async fn newest_digest(&self, place: &AccountRegion) -> Result<Option<ObjectKey>, SealError> {
        let dates = self.store.days(Table::Digests, place).await?;
        for date in dates.into_iter().rev() {
            if let Some(key) = self.digests_of(place, date).await?.pop() {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    /// Checks the newest digest as far as that can be done without the others, and returns it.
    pub(super) async fn check_newest(
        &self,
        key: &ObjectKey,
        closed: Hour,
    ) -> Result<WrittenDigest, SealError> {
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
        for date in self.store.days(Table::Digests, place).await? {
            match self.digests_of(place, date).await?.into_iter().next() {
                Some(first) if first.hour > asked => break,
                Some(next) => return Err(gone(&missing, &next)),
                None => {}
            }
        }
        Err(SealError::BeforeTheChain { hour: asked })
    }

    /// Checks the chain from the digest before the day `from` on, and passes each digest of that day and later ones to `each`.
    pub(super) async fn check_chain(
        &self,
        place: &AccountRegion,
        from: Date,
        mut each: impl FnMut(&WrittenDigest),
    ) -> Result<SealChain<'_>, SealError> {
        let mut chain = self.new_chain().await?;
        let dates = self.store.days(Table::Digests, place).await?;
        let (before, dates): (Vec<Date>, Vec<Date>) = dates.into_iter().partition(|date| *date < from);
        let mut keys = Vec::new();
        for date in dates {
            keys.extend(self.digests_of(place, date).await?);
        }
        let Some(first) = keys.first() else {
            return Ok(chain);
        };
        let missing = ObjectKey::of_digest(place, first.hour.previous());
        if self.store.read_with(&missing, |_| ()).await?.is_some() {
            chain.begin(&missing, &self.read(&missing).await?)?;
        } else {
            for date in before.into_iter().rev() {
                if !self.digests_of(place, date).await?.is_empty() {
                    return Err(gone(&missing, first));
                }
            }
        }
        let read = async |key: ObjectKey| (self.read(&key).await, key);
        let mut digests = std::pin::pin!(stream::iter(keys).map(read).buffered(CONCURRENT_READS));
        while let Some((written, key)) = digests.next().await {
            let written = written?;
            chain.follow(&key, &written)?;
            each(&written);
        }
        Ok(chain)
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

    /// Lists the keys of the digests of a day, in order.
    async fn digests_of(&self, place: &AccountRegion, date: Date) -> Result<Vec<ObjectKey>, SealError> {
        let found = self.store.find(&place.day(Table::Digests, date)).await?;
        let mut keys = Vec::new();
        for found in found {
            let Some(key) = ObjectKey::parse(&found.key).filter(|key| key.table == Table::Digests) else {
                continue;
            };
            if let Some(irregular) = found.irregular {
                return Err(
                    ChainError::Forged { key: key.to_string(), problem: irregular.to_string() }.into()
                );
            }
            keys.push(key);
        }
        Ok(keys)
    }

    /// Reads a digest that is listed.
    pub(super) async fn read(&self, key: &ObjectKey) -> Result<WrittenDigest, SealError> {
        let written = self.store.read_with(key, |bytes| WrittenDigest::parse(key, bytes)).await?;
        let written = written.ok_or_else(|| SealError::Hidden { key: key.to_string() })?;
        written.map_err(|problem| SealError::Digest { key: key.to_string(), problem })
    }
}

fn gone(missing: &ObjectKey, next: &ObjectKey) -> SealError {
    ChainError::Gone { missing: missing.to_string(), next: next.to_string() }.into()
}
