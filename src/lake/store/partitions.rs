//! The partitions of the tables: the accounts and Regions that they have folders of, the days of each, and the objects of days.

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::ToSpan;
use jiff::civil::Date;
use tracing::warn;

use super::{Backend, Found, Store, StoreError};
use crate::lake::keys::Table;
use crate::target::AccountRegion;

/// Most accounts whose Regions are listed at a time.
const CONCURRENT_LISTINGS: usize = 16;

impl Store {
    /// Lists every account and Region that any table of the evidence has a folder of, in order.
    ///
    /// # Errors
    /// If the folders cannot be listed.
    pub async fn places(&self) -> Result<Vec<AccountRegion>, StoreError> {
        let mut accounts = Vec::new();
        for table in Table::ALL {
            let folders = self.list_folder(&format!("{table}/")).await?.folders;
            accounts.extend(folders.into_iter().map(|account| (table, account)));
        }
        let regions_of = async |(table, account)| self.regions_of(table, account).await;
        let places = stream::iter(accounts).map(regions_of).buffered(CONCURRENT_LISTINGS);
        let mut places = places.try_concat().await?;
        places.sort();
        places.dedup();
        Ok(places)
    }

    /// Lists the Regions of which a table has a folder of an account.
    async fn regions_of(&self, table: Table, account: String) -> Result<Vec<AccountRegion>, StoreError> {
        let regions = match (&self.backend, self.list_folder(&format!("{table}/{account}/")).await) {
            (Backend::Directory(_), Err(error)) => {
                // One account's folder must not keep the others from being sealed; `verify` reports it.
                warn!(code = %error.code, %table, "not looked into: a folder that cannot be listed");
                return Ok(Vec::new());
            }
            (_, listing) => listing?.folders,
        };
        Ok(regions.iter().filter_map(|region| AccountRegion::parse(&account, region)).collect())
    }

    /// Lists the days of which a table has a folder of `place`, in order. Folders whose names are not days are not among them.
    ///
    /// # Errors
    /// If the folders cannot be listed.
    pub async fn days(&self, table: Table, place: &AccountRegion) -> Result<Vec<Date>, StoreError> {
        let folders = self.list_folder(&place.folder(table)).await?.folders;
        Ok(folders.iter().filter_map(|folder| table.parse_day(folder)).collect())
    }

    /// Lists the objects of a table from the day `first` to the day `last`, or to the newest if that is `None`, as
    /// [`find`](Store::find) lists those of one day. In S3 that is one listing.
    ///
    /// # Errors
    /// If not all could be listed.
    pub async fn find_days(
        &self,
        table: Table,
        place: &AccountRegion,
        first: Date,
        last: Option<Date>,
    ) -> Result<Vec<Found>, StoreError> {
        let is_asked = |date: Date| date >= first && last.is_none_or(|last| date <= last);
        match &self.backend {
            Backend::S3(store) => {
                // The names of the days' folders, without the slash: before and after the keys in them.
                let name = |date| place.day(table, date).trim_end_matches('/').to_owned();
                let after_last = last.and_then(|last| last.tomorrow().ok()).map(name);
                // Of days, `:` comes after the digits of them all.
                let after_all =
                    || name(first).rsplit_once('=').map(|(partition, _)| format!("{partition}=:"));
                let end = after_last.or_else(after_all);
                let folder = place.folder(table);
                let mut found = store.find_between(&folder, Some(&name(first)), end.as_deref()).await?;
                let is_of_day = |found: &Found| {
                    let day = found.key.strip_prefix(&folder).and_then(|rest| rest.split_once('/'));
                    day.and_then(|(day, _)| table.parse_day(day)).is_some_and(is_asked)
                };
                found.retain(is_of_day);
                Ok(found)
            }
            Backend::Directory(store) => {
                let dates: Vec<Date> = match last {
                    Some(last) => first.series(1.day()).take_while(|date| *date <= last).collect(),
                    None => {
                        self.days(table, place).await?.into_iter().filter(|date| is_asked(*date)).collect()
                    }
                };
                let mut found = Vec::new();
                for date in dates {
                    found.extend(store.find(&place.day(table, date))?);
                }
                Ok(found)
            }
        }
    }
}
