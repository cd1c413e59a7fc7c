//! Strays: objects and folders where the ledger has folders of accounts, Regions and days only.

use futures_util::{StreamExt, stream};

use super::Unreadable;
use crate::lake::keys::Table;
use crate::lake::store::{FolderListing, Store, StoreError};
use crate::target::{AccountId, AccountRegion};

/// Accounts whose folders are listed at a time.
const CONCURRENT_ACCOUNTS: usize = 16;

pub(super) const FIND_OUT: &str = "find out who put it there";

/// Lists everything above the days of the ledger that is no folder of it: a link in place of one hides all records below it.
///
/// # Errors
/// If a folder cannot be listed.
pub(super) async fn find_strays(store: &Store) -> Result<Vec<Unreadable>, StoreError> {
    let mut strays = Vec::new();
    if store.is_directory() {
        // A bucket has only the folders in its objects' names, and not everybody may list all of it.
        for key in store.list_folder("").await?.objects {
            if matches!(Table::parse(&key), Some(Table::Runs | Table::Digests)) {
                let problem = format!("lies in place of a folder of the evidence; {FIND_OUT}");
                strays.push(Unreadable { object_key: key, problem });
            }
        }
    }
    let ledger = format!("{}/", Table::Runs);
    let FolderListing { folders, objects } = store.list_folder(&ledger).await?;
    strays.extend(objects.into_iter().map(among_folders));
    let (accounts, others): (Vec<String>, Vec<String>) =
        folders.into_iter().partition(|name| is_account(name));
    let is_no_account =
        |name| stray(format!("{ledger}{name}/"), "is a folder where the ledger has accounts only");
    strays.extend(others.into_iter().map(is_no_account));
    let of_account = |account| strays_of_account(store, &ledger, account);
    let mut of_accounts =
        std::pin::pin!(stream::iter(accounts).map(of_account).buffered(CONCURRENT_ACCOUNTS));
    while let Some(of_account) = of_accounts.next().await {
        strays.extend(of_account?);
    }
    Ok(strays)
}

async fn strays_of_account(
    store: &Store,
    ledger: &str,
    account: String,
) -> Result<Vec<Unreadable>, StoreError> {
    let folder = format!("{ledger}{account}/");
    let FolderListing { folders, objects } = store.list_folder(&folder).await?;
    let mut strays: Vec<Unreadable> = objects.into_iter().map(among_folders).collect();
    for name in folders {
        let path = format!("{folder}{name}/");
        match AccountRegion::parse(&account, &name) {
            Some(_) => strays.extend(strays_among_days(store, &path).await?),
            None => strays.push(stray(path, "is a folder where the ledger has Regions only")),
        }
    }
    Ok(strays)
}

async fn strays_among_days(store: &Store, folder: &str) -> Result<Vec<Unreadable>, StoreError> {
    let FolderListing { folders, objects } = store.list_folder(folder).await?;
    let mut strays: Vec<Unreadable> = objects.into_iter().map(among_folders).collect();
    for name in folders.into_iter().filter(|name| Table::Runs.parse_day(name).is_none()) {
        strays.push(stray(format!("{folder}{name}/"), "is a folder where the ledger has days only"));
    }
    Ok(strays)
}

fn among_folders(object_key: String) -> Unreadable {
    stray(object_key, "lies where the ledger has folders only")
}

fn stray(object_key: String, what: &str) -> Unreadable {
    Unreadable { object_key, problem: format!("{what}; {FIND_OUT}") }
}

/// Returns `true` for the name of an account's folder.
fn is_account(folder: &str) -> bool {
    folder.strip_prefix("account_id=").is_some_and(|id| AccountId::parse(id).is_some())
}
