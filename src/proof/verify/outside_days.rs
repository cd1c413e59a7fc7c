//! Objects in the folders of the evidence outside those that the program makes.

use crate::lake::keys::{ObjectKey, Table};
use crate::lake::store::{Found, Irregular, StoreError};
use crate::target::AccountRegion;

use super::walk::Walk;

const ADVICE: &str = "this program puts nothing there, or not before its hour is closed";

impl<F: Fn(u64, u64)> Walk<'_, F> {
    /// Reports everything below the tables of the evidence that is in no day of an account and Region. Readers of a table
    /// take all that they find below it.
    pub async fn strays(&mut self, places: &[AccountRegion]) -> Result<(), StoreError> {
        if self.verifier.is_directory() {
            for key in self.list_folder("").await?.objects {
                if Table::parse(&key).is_some() {
                    self.stray(&key).await?;
                }
            }
        }
        for table in Table::ALL {
            let mut folders = vec![(format!("{table}/"), 0)];
            while let Some((folder, depth)) = folders.pop() {
                let level = self.list_folder(&folder).await?;
                for key in level.objects {
                    self.stray(&key).await?;
                }
                for child in level.folders {
                    let path = format!("{folder}{child}/");
                    if !is_known(table, depth, &path, &child, places) {
                        self.stray(&path).await?;
                    } else if depth < 2 {
                        folders.push((path, depth + 1));
                    } else if table == Table::Digests {
                        self.stray_digests(&path).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Reports everything under a key, or in a folder and below it.
    async fn stray(&mut self, key: &str) -> Result<(), StoreError> {
        let is_folder = key.ends_with('/');
        let mut is_empty = true;
        for found in self.find(key).await? {
            // S3 lists by what keys begin with.
            if is_folder && found.key.starts_with(key) || found.key == key {
                is_empty = false;
                self.extra(found, ADVICE);
            }
        }
        // A bucket has no empty folders: the keys in it have characters that the listing could not carry.
        if is_folder && is_empty && !self.verifier.is_directory() {
            self.irregular(key, Irregular::Name);
        }
        Ok(())
    }

    /// Reports everything among the digests of a day that is no digest, or is one of an hour that is not closed.
    async fn stray_digests(&mut self, folder: &str) -> Result<(), StoreError> {
        for found in self.find(folder).await? {
            let is_ours = ObjectKey::parse(&found.key).is_some_and(|key| self.verifier.expects(&key));
            if !is_ours || found.irregular.is_some() {
                self.extra(found, ADVICE);
            }
        }
        Ok(())
    }

    /// Notes an object that no digest lists.
    pub fn extra(&mut self, found: Found, advice: &'static str) {
        if !self.is_irregular(&found) {
            self.unaccounted.extra(found, advice);
        }
    }
}

/// Returns `true` for the folders of accounts, Regions and days, which are walked.
fn is_known(table: Table, depth: usize, path: &str, child: &str, places: &[AccountRegion]) -> bool {
    match depth {
        0 => places.iter().any(|place| path == format!("{table}/account_id={}/", place.account_id)),
        1 => places.iter().any(|place| path == place.folder(table)),
        _ => table.parse_day(child).is_some(),
    }
}
